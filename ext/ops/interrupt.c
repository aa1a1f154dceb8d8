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

static void check_handle(void *context, AdcpError *err) {
  if( err->rc == ADCP_OK && adcp_db_is_interrupted(context) ) {
    adcp_error_set(err, ADCP_INTERRUPT, "%s", sqlite3_errstr(SQLITE_INTERRUPT));
  }
}

AdcpCheckpoint adcp_interrupt_checkpoint_of(sqlite3 *handle) {
  return handle ? (AdcpCheckpoint){handle, check_handle} : (AdcpCheckpoint){0};
}

void adcp_interrupt_close(AdcpInterrupt *interrupt) {
  adcp_interrupt_probe_close(&interrupt->probe);
}
