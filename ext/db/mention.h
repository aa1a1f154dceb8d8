/*
** mention.h - the tables and views that the text of a view or trigger names.
**
** Told by tokens, without understanding the statement: a word counts that is the name of a table or
** view, except behind a dot that stands behind "new", "old" or such a name, where it is a column. A
** column or an alias of that name counts too; a string does not.
*/
#ifndef ADCP_DB_MENTION_H
#define ADCP_DB_MENTION_H

#include <stdbool.h>

#include "base/name_map.h"
#include "codec/schema.h"

/* Fills an empty map with the schema's tables and views (AdcpObject), which it borrows. */
void adcp_mention_relations(AdcpNameMap *relations, const AdcpSchema *schema, AdcpError *err);

typedef void (*AdcpMentioned)(void *context, const AdcpObject *relation);

/* Calls once for each of relations that stands behind the view's name, or behind the trigger's ON
** and table, in the order of the text. object has a text. */
void adcp_mention_each(const AdcpObject *object, AdcpNameMap *relations, AdcpMentioned mentioned,
                       void *context, AdcpError *err);

/* Whether a word of its text, quoted or not, is the name: of a column, say. */
bool adcp_mention_has_name(const AdcpObject *object, const char *name, AdcpError *err);

#endif
