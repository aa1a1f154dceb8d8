/*
** interrupt.c - the interrupt flag of a connection as a checkpoint (contract in interrupt.h).
*/
#include "ops/interrupt.h"

void adcp_interrupt_open(AdcpInterrupt *interrupt, AdcpDb *db) {
  interrupt->handle = db->handle;
  adcp_interrupt_probe_open(&interrupt->probe, db);
}

void adcp_interrupt_check(AdcpInterrupt *interrupt, AdcpError *err) {
  AdcpDb db = {interrupt->handle, "main", err};
  adcp_interrupt_probe_check(&interrupt->probe, &db);
}

static void check(void *context, AdcpError *err) {
  adcp_interrupt_check(context, err);
}

AdcpCheckpoint adcp_interrupt_checkpoint(AdcpInterrupt *interrupt) {
  return (AdcpCheckpoint){interrupt, check};
}

void adcp_interrupt_close(AdcpInterrupt *interrupt) {
  adcp_interrupt_probe_close(&interrupt->probe);
}
