/*
** safety.h - the safety backup: a restore first backs up the database that it is about to change.
**
**     safety = adcp_safety_open(&request, &db, options);
**     adcp_safety_write(safety, &mark, &coming);   in the restore's transaction, nothing changed yet
**     adcp_safety_watch(safety, &coming);          likewise
**     ...
**     adcp_safety_compare(safety, totals);     before the commit
**     adcp_safety_close(safety, fate);
**
** It is a whole backup of the one database (all of db->schema, whatever part of it the restore is
** about), so what brings it back is a restore like any other (undo.h). It is written in the
** transaction that the restore then uses: no change of another connection comes between.
**
** Where it goes is decided by option "safety_backup": a path, true (the folder of backups), false
** (nowhere); without the option the folder of backups if setting backup_dir names one.
*/
#ifndef ADCP_OPS_SAFETY_H
#define ADCP_OPS_SAFETY_H

#include "archive/format.h"
#include "db/db.h"
#include "ops/request.h"

typedef struct AdcpSafety AdcpSafety;

/* Whether one is to be made, and where: the path of option "safety_backup", or the folder. The
** caller frees the text; NULL when none is wanted, and on error. options: of a restore. */
char *adcp_safety_place(const AdcpConfig *config, AdcpDb *db, const AdcpOptions *options);

/* The error that a restore would give for what can be seen beforehand: a path that is taken. Only
** where one is wanted. */
void adcp_safety_check(const AdcpConfig *config, const AdcpOptions *options, AdcpError *err);

/* Writes nothing yet. Borrows db, options and the request's config until close. NULL on error. */
AdcpSafety *adcp_safety_open(const AdcpRequest *request, AdcpDb *db, const AdcpOptions *options);

/* What the database is after the restore, where that is known before it: totals of a backup that is then
** the whole database, derived tables too. NULL: not known. */
typedef struct AdcpSafetyComing {
  const AdcpArchiveTotals *totals; /* borrowed */
  int64_t user_version, application_id;
} AdcpSafetyComing;

/* Backs up, if one is wanted and was not written yet; a failure is an error of the restore. A path that
** is taken is one, unless the database holds already what comes. */
void adcp_safety_write(AdcpSafety *safety, const AdcpSafetyMark *mark,
                       const AdcpSafetyComing *coming);

/* Where none was written, but that of an earlier restore could be undone: looks whether the database holds
** already what is restored, so that the earlier one stays the last that changed anything. Where what comes is
** not known nothing is looked at, which would take as long as the database is large for what may be a few
** rows. */
void adcp_safety_watch(AdcpSafety *safety, const AdcpSafetyComing *coming);

/* Takes the file away again when the restore has changed nothing: SQLite may evaluate a call more
** than once, and the repetition must not take the place of what the first call replaced. restored:
** of a backup that is now the whole database, derived tables too; NULL: the database is hashed. */
void adcp_safety_compare(AdcpSafety *safety, const AdcpArchiveTotals *restored);

/* Where it stands; NULL when none was written. Borrowed. */
const char *adcp_safety_path(const AdcpSafety *safety);

/* What became of the restore decides what becomes of the file. */
typedef enum AdcpSafetyFate {
  ADCP_SAFETY_USED,   /* committed: it stays, and the connection remembers it for adcp_undo */
  ADCP_SAFETY_UNUSED, /* the database is as it was: the file is removed */
  ADCP_SAFETY_UNSURE  /* the caller's transaction is gone, or left open: it stays */
} AdcpSafetyFate;

/* An error names the file when it stays. NULL is allowed. */
void adcp_safety_close(AdcpSafety *safety, AdcpSafetyFate fate);

#endif
