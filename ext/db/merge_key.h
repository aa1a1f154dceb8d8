/*
** merge_key.h - by which keys of a live table rows that are merged into it can be found.
**
** A backup may lack values of some of the table's columns: they were redacted, are newer than the
** backup, or were generated in it. In a key such a column has its default, which says nothing of the
** row: who found a row by it would take another's.
*/
#ifndef ADCP_DB_MERGE_KEY_H
#define ADCP_DB_MERGE_KEY_H

#include "base/name_map.h"
#include "base/texts.h"
#include "codec/schema.h"
#include "db/db.h"

typedef struct AdcpMergeKeys {
  AdcpNameMap
      unfilled; /* AdcpColumn of the live table that get no value of the backup, or are computed
                        ** from one that gets none */
  AdcpTexts targets; /* unique keys of filled columns, as a conflict target: ("a" COLLATE "BINARY"),
                        ** with the WHERE of a partial one. Without the primary key */
  AdcpTexts unusable; /* the others that a row could meet all the same, by a default: ("a", "b") */
  AdcpTexts unusable_indexes; /* the names of those of them that have expressions */
  AdcpTexts lacking;          /* unfilled columns of keys, each once */
  bool any;                   /* the table has a key, */
  bool finds;                 /* and one that rows are found by */
} AdcpMergeKeys;

/* Rows come as values of `source`'s columns, matched by name. Columns of `live` that are marked as hidden
** get none. Nothing is read of the keys, and `unfilled` is empty, where every column gets a value. Keys are told by their
** columns: the WHERE of a partial index may name any. Zero-initialise; free also after an error. */
void adcp_merge_keys_read(AdcpMergeKeys *keys, AdcpDb *db, const AdcpTable *source,
                          const AdcpTable *live);
void adcp_merge_keys_free(AdcpMergeKeys *keys);

/* Appends the names of `lacking`: "a", "b". */
void adcp_merge_keys_list(const AdcpMergeKeys *keys, AdcpBuf *out);

/* The first unfilled column that the text names up to the end of its first parentheses, or NULL: of
** UNIQUE (a, b) WHERE c one of a and b. */
const char *adcp_merge_keys_unfilled(AdcpMergeKeys *keys, const char *text, AdcpError *err);

#endif
