/*
** feed.h - rows of ours as a table that one statement reads: FROM adcp_feed(?).
**
** INSERT ... SELECT from it takes a fifth to a third less time than binding and stepping an INSERT
** for each row. The module exists while a feed is open; what it gives hangs on a pointer that only
** our own statement is bound to, so that nobody else can read anything through it.
*/
#ifndef ADCP_DB_FEED_H
#define ADCP_DB_FEED_H

#include "codec/value.h"
#include "db/db.h"

/* Where rows come from: values borrowed until the next call, NULL when there are no more. */
typedef struct AdcpRowSource {
  void *context; /* borrowed */
  const AdcpValue *(*xNext)(void *context);
} AdcpRowSource;

typedef struct AdcpFeed AdcpFeed;

/* A feed of rows with `count` columns c0, c1, ...; column i is the value at places[i] of a row
** (borrowed). One at a time on a connection. NULL with err set. */
AdcpFeed *adcp_feed_open(AdcpDb *db, const size_t *places, size_t count);

/* What the statement calls it: "adcp_feed", or another name if a table has that one. */
const char *adcp_feed_name(const AdcpFeed *feed);

/* Binds the feed to parameter 1 of the statement that reads it. */
int adcp_feed_bind(AdcpFeed *feed, sqlite3_stmt *stmt);

/* What the next run of the statement reads: at most `limit` rows of the source. Nothing is read
** beyond them. */
void adcp_feed_set(AdcpFeed *feed, AdcpRowSource source, int64_t limit);

/* Rows read since then; and whether the source was at its end. */
int64_t adcp_feed_rows(const AdcpFeed *feed);
bool adcp_feed_at_end(const AdcpFeed *feed);

/* After the statement was finalized. NULL is allowed. */
void adcp_feed_close(AdcpFeed *feed);

#endif
