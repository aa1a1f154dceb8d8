/*
** verify.h - the restored rows, read again before the commit: are they the backup's?
**
** Large tables are read on a thread while the caller makes the indexes, where the database allows it
** (db/side_view.h); all others, and whatever is not equal or cannot be read there, by the caller.
*/
#ifndef ADCP_OPS_VERIFY_H
#define ADCP_OPS_VERIFY_H

#include "archive/archive_read.h"
#include "db/db.h"
#include "ops/interrupt.h"
#include "ops/plan.h"
#include "ops/progress.h"

typedef struct AdcpVerify AdcpVerify;

/* After the rows, before indexes, views and triggers. Everything is borrowed until close. NULL on
** error. */
AdcpVerify *adcp_verify_open(AdcpDb *db, const AdcpPlan *plan, const AdcpArchiveHead *head,
                             int threads);

/* After all else: waits for what is being read, reads the rest. Sets ADCP_MISMATCH, or the error of
** reading. progress: stage "verify" was begun; may be NULL. */
void adcp_verify_finish(AdcpVerify *verify, AdcpInterrupt *interrupt, AdcpProgress *progress);

/* Before the transaction ends, whatever has happened. NULL is allowed. */
void adcp_verify_close(AdcpVerify *verify);

#endif
