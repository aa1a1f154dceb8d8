/*
** redaction.h - columns that a backup writes as NULL: option redact, {"redact":["user.password"]}.
**
** The digests of a backup are over what is written, so that it is whole in itself. A column that
** could not be restored as NULL (NOT NULL, part of the primary key) is refused.
*/
#ifndef ADCP_OPS_REDACTION_H
#define ADCP_OPS_REDACTION_H

#include <cjson/cJSON.h>

#include "base/name_map.h"
#include "codec/schema.h"
#include "codec/value.h"
#include "ops/options.h"
#include "ops/text_list.h"

typedef struct AdcpRedaction AdcpRedaction;

/* Borrows schema: what is written. "table.column" of each goes to names, what they leave to see to
** warnings. NULL on error. */
AdcpRedaction *adcp_redaction_open(const AdcpOptions *options, const AdcpSchema *schema,
                                   AdcpTextList *names, AdcpTextList *warnings, AdcpError *err);

/* The values to write for a row: borrowed until the next call. */
const AdcpValue *adcp_redaction_apply(AdcpRedaction *redaction, const AdcpTable *table,
                                      const AdcpValue *values);

/* Whether a column of the table of that name (n bytes) is redacted. */
bool adcp_redaction_concerns(AdcpRedaction *redaction, const char *name, size_t n, AdcpError *err);
void adcp_redaction_close(AdcpRedaction *redaction);

/* The columns that a backup says it redacted, from its backup_metadata: the first item, or NULL. */
const cJSON *adcp_redacted_columns(const cJSON *metadata);

/* The same to be asked for. Zero-initialise. */
typedef struct AdcpRedacted {
  AdcpNameMap places; /* "table.column" */
  AdcpBuf place;
} AdcpRedacted;

void adcp_redacted_read(AdcpRedacted *redacted, const cJSON *metadata, AdcpError *err);

/* Whether a column is one of them, letter case ignored. */
bool adcp_redacted_has(AdcpRedacted *redacted, const char *table, const char *column,
                       AdcpError *err);
/* For a merge, which updates rows: makes copy the live table with those columns, redacted in the
** backup's table of the name `source`, marked as hidden, so that no NULL takes the place of a value. Returns
** copy's columns, which the caller frees with adcp_free; NULL (and copy not set) when nothing is
** redacted, or on error. */
AdcpColumn *adcp_redacted_hide(AdcpRedacted *redacted, const char *source, const AdcpTable *live,
                               AdcpTable *copy, AdcpError *err);
void adcp_redacted_free(AdcpRedacted *redacted);

#endif
