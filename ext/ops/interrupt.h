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

/* A checkpoint that keeps no statement, for readers that live as long as a cursor or a virtual table. Its
** reader is used while a statement of the connection runs, or it looks at nothing (handle NULL). */
AdcpCheckpoint adcp_interrupt_checkpoint_of(sqlite3 *handle);
void adcp_interrupt_close(AdcpInterrupt *interrupt);

#endif
