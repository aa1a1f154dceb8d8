/*
** selection.h - which tables an operation is about: the options tables, exclude_tables,
** exclude_data.
**
** Patterns are SQLite GLOBs on table and view names, letter case kept. Indexes and triggers
** follow their table, shadow tables their virtual table, and an external-content FTS table the
** table that it indexes; what is excluded is never a shadow table by its own name, which would leave a
** damaged virtual table. A pattern that matches nothing is an error with the nearest name, or with what lists the names.
*/
#ifndef ADCP_OPS_SELECTION_H
#define ADCP_OPS_SELECTION_H

#include "codec/schema.h"
#include "ops/options.h"

typedef struct AdcpSelection AdcpSelection;

/* Whose schema it is, for messages. */
typedef enum AdcpSelectionOf {
  ADCP_SELECTION_OF_DATABASE,
  ADCP_SELECTION_OF_BACKUP
} AdcpSelectionOf;

/* Reads the options (those that the function has) and checks every pattern against schema. Borrows
** both. NULL on error. */
AdcpSelection *adcp_selection_open(const AdcpOptions *options, const AdcpSchema *schema,
                                   AdcpSelectionOf of, AdcpError *err);
void adcp_selection_close(AdcpSelection *selection);

/* False when neither tables nor exclude_tables was given: everything is selected. */
bool adcp_selection_partial(const AdcpSelection *selection);

/* Whether a table's or view's definition / a table's rows are selected. */
bool adcp_selection_table(const AdcpSelection *selection, const char *name);
bool adcp_selection_rows(const AdcpSelection *selection, const AdcpTable *table);

/* Whether exclude_tables or exclude_data names the table, so that its rows are not wanted whatever
** else speaks for them. */
bool adcp_selection_excludes(const AdcpSelection *selection, const AdcpTable *table);

/* Whether an object of the schema is selected, by the rules above. */
bool adcp_selection_object(const AdcpSelection *selection, const AdcpObject *object);

#endif
