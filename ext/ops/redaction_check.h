/*
** redaction_check.h - what rows with redacted columns may not pass when they are restored.
**
** A column that is NOT NULL or part of the primary key is refused (redaction.h). Other rules hang on
** what an expression makes of NULL, or on rows of other tables: of these the report of the backup warns.
*/
#ifndef ADCP_OPS_REDACTION_CHECK_H
#define ADCP_OPS_REDACTION_CHECK_H

#include "db/db.h"
#include "ops/redaction.h"

/* Warns of computed columns that are NOT NULL, of unique indexes of expressions or computed columns, or
** with a WHERE, and of foreign keys of other tables. write_rows: for each table of the schema. */
void adcp_redaction_check(AdcpDb *db, const AdcpSchema *schema, const bool *write_rows,
                          const AdcpRedaction *redaction, AdcpTextList *warnings);

#endif
