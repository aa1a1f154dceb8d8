/*
** borrow.c - collations of the caller's connection (contract in borrow.h).
*/
#include "db/borrow.h"

#include <string.h>

#include "base/mem.h"
#include "db/text16.h"

typedef struct AdcpBorrowedCollation {
  struct AdcpBorrowedCollation *next;
  AdcpDb *caller;
  sqlite3_stmt *stmt; /* owned */
} Borrowed;

static sqlite3_stmt *prepare(AdcpDb *db, const char *name, int *rc) {
  char *sql =
      sqlite3_mprintf("SELECT (?1 COLLATE \"%w\" > ?2) - (?1 COLLATE \"%w\" < ?2)", name, name);
  sqlite3_stmt *stmt = NULL;
  if( sql == NULL ) adcp_error_nomem(db->err);
  *rc = sql ? sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL) : SQLITE_NOMEM;
  sqlite3_free(sql);
  return stmt;
}

static int compare(AdcpDb *db, sqlite3_stmt *stmt, const AdcpValue *a, const AdcpValue *b) {
  int order = 0, rc = adcp_text_bind(stmt, 1, a);
  if( rc == SQLITE_OK ) rc = adcp_text_bind(stmt, 2, b);
  if( rc != SQLITE_OK ) adcp_db_fail(db, rc);
  if( adcp_db_step(db, stmt) ) order = sqlite3_column_int(stmt, 0);
  sqlite3_reset(stmt);
  return order;
}

static int xCompare(void *argument, int a_size, const void *a, int b_size, const void *b) {
  Borrowed *collation = argument;
  AdcpValue texts[] = {{.type = ADCP_TEXT, .bytes = a, .size = (size_t)a_size},
                       {.type = ADCP_TEXT, .bytes = b, .size = (size_t)b_size}};
  return compare(collation->caller, collation->stmt, &texts[0], &texts[1]);
}

bool adcp_borrow_collation(AdcpBorrowedCollations *list, AdcpDb *caller, sqlite3 *handle,
                           const char *name) {
  int rc;
  sqlite3_stmt *stmt = prepare(caller, name, &rc);
  /* ERROR: the caller has none either, which SQLite says best. */
  if( rc != SQLITE_OK && rc != SQLITE_ERROR ) adcp_db_fail(caller, rc);
  Borrowed *entry = stmt ? adcp_calloc(1, sizeof *entry) : NULL;
  if( entry == NULL ) {
    if( stmt ) adcp_error_nomem(caller->err);
    adcp_db_finalize(stmt);
    return false;
  }
  *entry = (Borrowed){list->first, caller, stmt};
  list->first = entry;
  rc = sqlite3_create_collation(handle, name, SQLITE_UTF8, entry, xCompare);
  if( rc != SQLITE_OK ) {
    AdcpDb db = {handle, "main", caller->err};
    adcp_db_fail(&db, rc);
  }
  return rc == SQLITE_OK;
}

void adcp_forget_collation(AdcpDb *db, const char *name) {
  if( db->err->rc ) return;
  int rc = sqlite3_create_collation(db->handle, name, SQLITE_UTF8, NULL, NULL);
  if( rc != SQLITE_OK ) adcp_db_fail(db, rc);
}

/* Letters of ASCII and others, spaces and other white space, one text that begins as the other. */
static const char *const probes[] = {"a",
                                     "A",
                                     "b",
                                     "B",
                                     "Z",
                                     "_",
                                     "\xc3\xa4",
                                     "\xc3\x84",
                                     "",
                                     " ",
                                     "a ",
                                     "a\t",
                                     "ab",
                                     "AB ",
                                     "a-b",
                                     "1",
                                     "10",
                                     "2",
                                     "e",
                                     "\xc3\xa9",
                                     "\xc3\x9f",
                                     "ss",
                                     "\xf0\x90\x90\x80",
                                     "\xf0\x90\x90\xa8"};
#define PROBES (sizeof probes / sizeof *probes)

/* What SQLite's own function says: of the letters of ASCII the small ones; no spaces at the end. */
static int compare_own(bool folds, const AdcpValue *a, const AdcpValue *b) {
  size_t sizes[] = {a->size, b->size};
  const uint8_t *bytes[] = {a->bytes, b->bytes};
  for( int i = 0; i < 2 && !folds; i++ ) {
    while( sizes[i] && bytes[i][sizes[i] - 1] == ' ' ) sizes[i]--;
  }
  size_t n = sizes[0] < sizes[1] ? sizes[0] : sizes[1];
  int order = folds ? sqlite3_strnicmp((const char *)a->bytes, (const char *)b->bytes, (int)n)
                    : memcmp(a->bytes, b->bytes, n);
  if( order == 0 ) order = (sizes[0] > sizes[1]) - (sizes[0] < sizes[1]);
  return (order > 0) - (order < 0);
}

bool adcp_collation_is_own(AdcpDb *db, const char *name) {
  int rc;
  bool own = true;
  sqlite3_stmt *stmt = db->err->rc ? NULL : prepare(db, name, &rc);
  for( size_t i = 0; i < PROBES * PROBES && own && stmt; i++ ) {
    const char *texts[] = {probes[i / PROBES], probes[i % PROBES]};
    AdcpValue a = {.type = ADCP_TEXT, .bytes = (const uint8_t *)texts[0], .size = strlen(texts[0])};
    AdcpValue b = {.type = ADCP_TEXT, .bytes = (const uint8_t *)texts[1], .size = strlen(texts[1])};
    bool folds = sqlite3_stricmp(name, "NOCASE") == 0;
    own = compare(db, stmt, &a, &b) == compare_own(folds, &a, &b);
  }
  adcp_db_finalize(stmt);
  return own;
}

void adcp_borrowed_collations_free(AdcpBorrowedCollations *list) {
  while( list->first ) {
    Borrowed *entry = list->first;
    list->first = entry->next;
    adcp_db_finalize(entry->stmt);
    adcp_free(entry);
  }
}
