/*
** trial.h - restores a backup into a private temporary database, to see that it can be done.
**
** Own connection, own file without a name: nothing of the caller's is touched. What only an
** application registers (functions, collations) is put there as a stub and told as a warning; a
** failure that may come from that is a warning too, and so is what a restore has to be allowed first.
*/
#ifndef ADCP_OPS_TRIAL_H
#define ADCP_OPS_TRIAL_H

#include "db/db.h"
#include "ops/config.h"
#include "ops/findings.h"
#include "ops/interrupt.h"
#include "ops/options.h"

typedef struct AdcpTrial {
  const AdcpConfig *config; /* of the caller: its root holds the trial too */
  const char *path;
  const AdcpArchiveReader *archive; /* what is there, open */
  int threads;
  int64_t max_objects;        /* that may be made */
  const AdcpOptions *options; /* of the validation: "modules" that may be run */
  const char *schema;         /* of the private connection: "main" or "temp" */
  AdcpDb *db; /* the caller's: whose interrupt ends the trial, and whose error is set then */
  AdcpInterrupt *interrupt;
  AdcpFindings *findings;
  bool is_legacy; /* format 2.0: rows for the application's own schema, which is made first */
  const AdcpTexts
      *functions; /* that the schema calls and SQLite does not have, as far as is known */
} AdcpTrial;

/* Restores with verification of rows and schema, then looks at foreign keys and integrity. For
** format 2.0 whoever reads the file has looked at what its rows refer to. */
void adcp_trial_restore(const AdcpTrial *trial);

#endif
