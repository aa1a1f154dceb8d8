/*
** row_choice.h - which rows of a backup are restored: options where, with_parents, with_children.
**
** Rows that match come back, with_children those that refer to them, and theirs; with_parents then
** all that any of these refer to, and so on. The tables concerned are read once before the restore
** and put, some thousand rows at a time, into a private database (db/scratch.h), where SQLite
** itself evaluates expressions and compares keys; only numbers of rows and the values of keys stay
** there, on disk. The caller's database is not looked at.
**
**     choice = adcp_row_choice_open(&call);        NULL when nothing of it is asked for
**     facts = adcp_row_choice_table(choice, name);
**     adcp_row_choice_begin(choice, name);
**     why = adcp_row_choice_next(choice, 1);  ...  every row in the file's order
**     adcp_row_choice_end(choice);
**     adcp_row_choice_close(choice);
*/
#ifndef ADCP_OPS_ROW_CHOICE_H
#define ADCP_OPS_ROW_CHOICE_H

#include "archive/archive_read.h"
#include "base/texts.h"
#include "codec/json_write.h"
#include "db/db.h"
#include "ops/options.h"

/* The options, for a table of option specs. Without option "tables" everything comes back anyway:
** then with_parents and with_children change nothing, and where is refused. */
#define ADCP_ROW_CHOICE_OPTIONS                                                                    \
  {"where", ADCP_OPTION_TARGETS, 0, 0, NULL}, {"with_parents", ADCP_OPTION_BOOL, 0, 0, NULL}, {    \
    "with_children", ADCP_OPTION_BOOL, 0, 0, NULL                                                  \
  }

/* Why a row is restored; the first that holds. */
typedef enum AdcpRowWhy {
  ADCP_ROW_LEFT,    /* it is not */
  ADCP_ROW_MATCHED, /* its table is selected, and it matches the table's "where" if there is one */
  ADCP_ROW_CHILD,   /* it refers to a row that matched, or to a child of one */
  ADCP_ROW_PARENT   /* a row that is restored refers to it */
} AdcpRowWhy;

/* What is known of a table before it is restored. */
typedef struct AdcpChosenTable {
  bool along;   /* not selected: it comes along with others, or has no row that does */
  bool part;    /* rows are restored one by one as chosen; otherwise all of them */
  int64_t rows; /* chosen */
  int64_t matched, children, parents;
  char sha256[ADCP_SHA256_HEX + 1]; /* of the rows noted, after adcp_row_choice_end */
} AdcpChosenTable;

typedef struct AdcpRowChoice AdcpRowChoice;

typedef struct AdcpRowChoiceCall {
  AdcpDb *db; /* borrowed until close: functions, collations, interrupt, error */
  const AdcpArchiveReader *archive; /* the backup, whose file is read once more while this opens */
  const AdcpArchiveHead *head;      /* its head; borrowed until close */
  const AdcpOptions *options;       /* of a restore; borrowed until close */
} AdcpRowChoiceCall;

AdcpRowChoice *adcp_row_choice_open(const AdcpRowChoiceCall *call);

/* NULL for a NULL choice and for tables that the choice does not concern: those are restored, or
** not, as without it. Valid until close. */
const AdcpChosenTable *adcp_row_choice_table(const AdcpRowChoice *choice, const char *name);

/* The rows of a table that is a part: begin, all its rows from number 1 on, end. Those that are
** noted make the table's sha256, for a verification. */
void adcp_row_choice_begin(AdcpRowChoice *choice, const char *name);
AdcpRowWhy adcp_row_choice_next(AdcpRowChoice *choice, int64_t number);
void adcp_row_choice_note(AdcpRowChoice *choice, const AdcpValue *values);
void adcp_row_choice_end(AdcpRowChoice *choice);

/* For the report: how many rows of a table were written, and how many live ones kept instead. Of a
** table that the choice does not concern, or without a choice, nothing is done. */
void adcp_row_choice_count(AdcpRowChoice *choice, const char *name, int64_t written, int64_t kept);

/* "parts":[...] for the report; nothing for NULL. */
void adcp_row_choice_report(const AdcpRowChoice *choice, AdcpJsonWriter *w);

/* Texts about references that lead to no row of the backup; NULL for NULL. */
const AdcpTexts *adcp_row_choice_warnings(const AdcpRowChoice *choice);

/* Parents that are there already stay as they are in a merge, unless {"on_conflict":"update"} was
** said: who brings a row back does not ask for old states of what it refers to. */
bool adcp_row_choice_updates_parents(const AdcpOptions *options);

void adcp_row_choice_close(AdcpRowChoice *choice);

#endif
