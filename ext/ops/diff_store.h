/*
** diff_store.h - differences that are read before they are wanted, kept on disk.
**
**     store = adcp_diff_store_open(db);
**     while( ... ) adcp_diff_store_add(store, item);
**     while( (item = adcp_diff_store_next(store)) != NULL ) ...
**     adcp_diff_store_close(store);
**
** In a private database whose file has no name (db/scratch.h): memory is its page cache.
*/
#ifndef ADCP_OPS_DIFF_STORE_H
#define ADCP_OPS_DIFF_STORE_H

#include "ops/diff.h"

typedef struct AdcpDiffStore AdcpDiffStore;

/* db and its error are borrowed until close. NULL on error. */
AdcpDiffStore *adcp_diff_store_open(AdcpDb *db);
void adcp_diff_store_add(AdcpDiffStore *store, const AdcpDiffItem *item);

/* In the order in which they came; borrowed until the next call. NULL at the end or on error. Once it was
** called, nothing more can be added. */
const AdcpDiffItem *adcp_diff_store_next(AdcpDiffStore *store);

/* NULL is allowed. */
void adcp_diff_store_close(AdcpDiffStore *store);

#endif
