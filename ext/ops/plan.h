/*
** plan.h - what a restore will do, decided before anything is done.
**
** From a backup's head, the live schema and the options come: the tables to create and to fill, the
** other objects to create, and the live objects that have to go. A plan changes nothing and borrows
** everything it is made of.
**
**   whole     everything of the backup takes the place of everything live (full, no selection)
**   replace   selected tables and views take the place of live ones of the same name; others stay
**   data only live tables stay, their rows are replaced; columns are matched by name
**   merge     live tables stay, rows are added to theirs; columns are matched by name
**
** Of a table only a part of the rows may be restored, and tables may come along that were not
** selected (row_choice.h). A part never takes the place of live rows.
*/
#ifndef ADCP_OPS_PLAN_H
#define ADCP_OPS_PLAN_H

#include "archive/archive_read.h"
#include "base/texts.h"
#include "codec/schema.h"
#include "db/db.h"
#include "db/merge_key.h"
#include "db/transaction.h"
#include "ops/options.h"
#include "ops/redaction.h"
#include "ops/row_choice.h"

/* A table of the backup. */
typedef struct AdcpPlanTable {
  const AdcpTable *source;     /* of the backup */
  const AdcpObject *object;    /* its definition in the backup, or NULL: sqlite_* tables */
  const AdcpTable *live;       /* the live table of the target name, or NULL */
  const AdcpChosenTable *part; /* only its chosen rows are filled in; NULL: all */
  char *target;                /* name in the database; owned */
  bool create;                 /* run its CREATE */
  bool
      schema_row_only; /* virtual, module not loaded: its row in sqlite_schema is written instead */
  bool fill;           /* load its rows */
  bool match_columns;  /* by name, into the live table's */
  bool verify;         /* its rows, read again, must give the backup's digest */
  bool bare;           /* virtual: its rows do not come */
  bool unordered; /* they may stand in another order here: compared with the rows as they came */
  char loaded_sha256[ADCP_SHA256_HEX + 1]; /* of these, unordered: the digest once all have come */
  bool anew; /* full-text index: made from the rows that it is over, not the backup's of it */
  const AdcpTable *takes; /* a live table that is no index's now and becomes a part of one: its rows
                          ** go; or NULL */
} AdcpPlanTable;

/* An index, view or trigger of the backup to create. */
typedef struct AdcpPlanObject {
  const AdcpObject *object;
  char *name; /* in the database; owned */
  char *on;   /* the table it belongs to, in the database; owned */
} AdcpPlanObject;

typedef struct AdcpPlan {
  AdcpTransaction *transaction; /* borrowed; to be kept ready after each change of the schema */
  bool whole, data_only, merge;
  bool knows_foreign_keys; /* the backup says which its tables have */
  AdcpPlanTable *tables;   /* in the order of the backup's schema */
  size_t table_count;
  AdcpMap by_source; /* name in the backup -> AdcpPlanTable */
  AdcpPlanObject *objects;
  size_t object_count;
  const AdcpObject **drops; /* live tables, views, and (whole) everything else that has to go */
  size_t drop_count;
  AdcpRedacted *redacted; /* owned: the columns that the backup says it redacted */
  AdcpTexts warnings;     /* for the report */
} AdcpPlan;

/* NULL on error. backup_type as the backup's metadata says; choice NULL: all rows of what is
** selected. */
AdcpPlan *adcp_plan_open(AdcpDb *db, const AdcpArchiveHead *head, const char *backup_type,
                         const AdcpSchema *live, const AdcpOptions *options,
                         const AdcpRowChoice *choice);
void adcp_plan_close(AdcpPlan *plan);

/* By which keys rows that are merged into the live table of this entry are found (db/merge_key.h). */
void adcp_plan_merge_keys(const AdcpPlan *plan, const AdcpPlanTable *entry, AdcpDb *db,
                          AdcpMergeKeys *keys);

void adcp_plan_warn(AdcpPlan *plan, AdcpError *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Warns when the database keeps text otherwise than the one that was backed up, whose encoding that was.
** An error where it cannot keep the text of a name or a definition. To be called where the database has
** not taken the encoding and would not (empty_shape.h). */
void adcp_plan_check_encoding(AdcpPlan *plan, AdcpDb *db, const char *encoding);

/* ADCP_TOOBIG when more is to be made than option max_objects (default ADCP_MAX_OBJECTS) allows. */
void adcp_plan_check_size(const AdcpPlan *plan, const AdcpOptions *options, AdcpError *err);

/* Sets an error that lists the live tables whose rows would be lost, if there are any and force is
** not given; or, with force too, when a part of a table would take their place. */
void adcp_plan_check_force(const AdcpPlan *plan, AdcpDb *db, const AdcpSchema *live, bool force);

/* sqlite_sequence and sqlite_stat speak of tables by name: unless everything is restored (whole), a
** row of the former is taken when its table is filled, and of the latter none is. This is that table,
** for values of a row of the backup's `sequence`, or NULL. */
const AdcpPlanTable *adcp_plan_counter(const AdcpPlan *plan, const AdcpTable *sequence,
                                       const AdcpValue *values);

/* True when there are rows that the restore replaces or, merging, may change: in a merge triggers
** can reach any table. */
bool adcp_plan_touches_rows(const AdcpPlan *plan, AdcpDb *db, const AdcpSchema *live);

/* True when any table has a row, virtual ones by what the database holds of them. */
bool adcp_plan_any_rows(AdcpDb *db, const AdcpSchema *live);

#endif
