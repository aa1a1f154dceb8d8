/*
** interrupt.h - lets sqlite3_interrupt stop work that steps no statement: reading a file.
*/
#ifndef ADCP_OPS_INTERRUPT_H
#define ADCP_OPS_INTERRUPT_H

#include "archive/archive_read.h"
#include "db/db.h"

typedef struct AdcpInterrupt {
  sqlite3 *handle; /* borrowed */
  AdcpInterruptProbe probe;
} AdcpInterrupt;

/* Zero-initialised before; closing is always allowed. */
void adcp_interrupt_open(AdcpInterrupt *interrupt, AdcpDb *db);

/* Sets ADCP_INTERRUPT when the connection was interrupted. */
void adcp_interrupt_check(AdcpInterrupt *interrupt, AdcpError *err);

/* The same as a checkpoint of an archive reader; borrows interrupt. */
AdcpCheckpoint adcp_interrupt_checkpoint(AdcpInterrupt *interrupt);
void adcp_interrupt_close(AdcpInterrupt *interrupt);

#endif
