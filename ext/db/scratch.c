/*
** scratch.c - a private database beside the caller's connection (contract in scratch.h).
*/
#include "db/scratch.h"

#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "base/name_map.h"
#include "base/texts.h"
#include "db/borrow.h"
#include "db/function_list.h"
#include "db/stub.h"

#define PROBE_STEPS                                                                                \
  2000 /* of the virtual machine between two looks at the interrupt: below a millisecond */

/* A function of the caller's, called by a statement of its own. */
typedef struct Borrowed {
  struct Borrowed *next;
  AdcpScratch *scratch;
  char *name;
  sqlite3_stmt *stmt; /* owned; NULL until the first call */
  int argc;           /* that stmt is for */
} Borrowed;

struct AdcpScratch {
  AdcpDb *caller; /* borrowed */
  AdcpDb db;
  AdcpInterruptProbe probe;
  Borrowed *borrowed;
  AdcpBorrowedCollations collations;
};

static Borrowed *borrow(AdcpScratch *scratch, const char *name) {
  Borrowed *entry = adcp_calloc(1, sizeof *entry);
  char *copy = entry ? adcp_strdup(name) : NULL;
  if( copy == NULL ) {
    adcp_free(entry);
    adcp_error_nomem(scratch->db.err);
    return NULL;
  }
  *entry = (Borrowed){scratch->borrowed, scratch, copy, NULL, 0};
  scratch->borrowed = entry;
  return entry;
}

/* ---- functions ---- */

static sqlite3_stmt *prepare_call(AdcpDb *caller, const char *name, int argc) {
  sqlite3_str *sql = sqlite3_str_new(NULL);
  sqlite3_str_appendf(sql, "SELECT \"%w\"(", name);
  for( int i = 0; i < argc; i++ ) sqlite3_str_appendall(sql, i ? ", ?" : "?");
  sqlite3_str_appendall(sql, ")");
  char *text = sqlite3_str_finish(sql);
  sqlite3_stmt *stmt = NULL;
  if( text ) sqlite3_prepare_v2(caller->handle, text, -1, &stmt, NULL);
  sqlite3_free(text);
  return stmt;
}

static void report_failure(sqlite3_context *context, sqlite3 *handle) {
  int rc = sqlite3_errcode(handle);
  if( rc == SQLITE_NOMEM ) {
    sqlite3_result_error_nomem(context);
  } else {
    sqlite3_result_error(context, sqlite3_errmsg(handle), -1);
    sqlite3_result_error_code(context, rc);
  }
}

static void xCall(sqlite3_context *context, int argc, sqlite3_value **argv) {
  Borrowed *function = sqlite3_user_data(context);
  AdcpDb *caller = function->scratch->caller;
  if( function->stmt == NULL || function->argc != argc ) {
    adcp_db_finalize(function->stmt);
    function->stmt = prepare_call(caller, function->name, argc);
    function->argc = argc;
  }
  int rc = function->stmt ? SQLITE_OK : SQLITE_ERROR;
  for( int i = 0; i < argc && rc == SQLITE_OK; i++ ) {
    rc = sqlite3_bind_value(function->stmt, i + 1, argv[i]);
  }
  if( rc == SQLITE_OK && sqlite3_step(function->stmt) == SQLITE_ROW ) {
    sqlite3_result_value(context, sqlite3_column_value(function->stmt, 0));
  } else {
    report_failure(context, caller->handle);
  }
  if( function->stmt ) sqlite3_reset(function->stmt);
}

static bool add_call(AdcpScratch *scratch, const char *name, int argc, int flags) {
  Borrowed *function = borrow(scratch, name);
  if( function == NULL ) return false;
  int rc = sqlite3_create_function_v2(scratch->db.handle, name, argc, SQLITE_UTF8 | flags, function,
                                      xCall, NULL, NULL, NULL);
  if( rc != SQLITE_OK ) adcp_db_fail(&scratch->db, rc);
  return rc == SQLITE_OK;
}

/* What the functions of that name all are, and, of DIRECTONLY, what one of them is; -1: there is none. */
static int flags_of(AdcpDb *db, const char *name) {
  int of_all = SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, of_one = 0;
  bool found = false;
  AdcpListedFunction function;
  sqlite3_stmt *list = adcp_function_list(db);
  while( adcp_function_next(db, list, &function) ) {
    if( !function.scalar || !adcp_name_equal(function.name, name) ) continue;
    found = true;
    of_all &= function.flags;
    of_one |= function.flags & SQLITE_DIRECTONLY;
  }
  adcp_db_finalize(list);
  return found ? of_all | of_one : -1;
}

bool adcp_scratch_add_function(AdcpScratch *scratch, const char *message) {
  const char *name = adcp_stub_missing_name(message);
  if( name == NULL || sqlite3_strnicmp(name, "adcp_", 5) == 0 ) return false;
  int flags = flags_of(scratch->caller, name);
  return flags >= 0 && add_call(scratch, name, -1, flags);
}

/* ---- functions in place of SQLite's own ---- */

static void read_own_names(AdcpNameMap *own, AdcpDb *db) {
  AdcpListedFunction function;
  sqlite3_stmt *list = adcp_function_list(db);
  while( adcp_function_next(db, list, &function) ) {
    if( function.own ) adcp_name_map_put(own, function.name, own, db->err);
  }
  adcp_db_finalize(list);
}

/* Those that the application registered under a name of SQLite's, with their number of arguments: its
** lower() for all of Unicode, or the LIKE of PRAGMA case_sensitive_like. */
static void add_replaced(AdcpScratch *scratch) {
  AdcpDb *caller = scratch->caller;
  AdcpNameMap own = {0};
  AdcpListedFunction function;
  read_own_names(&own, caller);
  sqlite3_stmt *list = adcp_function_list(caller);
  while( adcp_function_next(caller, list, &function) ) {
    const char *name = function.name;
    int flags = function.flags & (SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY | SQLITE_INNOCUOUS);
    if( function.own || !function.scalar ) continue;
    if( adcp_name_map_get(&own, name, strlen(name), caller->err) ) {
      add_call(scratch, name, function.argc, flags);
    }
  }
  adcp_db_finalize(list);
  adcp_name_map_free(&own);
}

/* ---- collations ---- */

static void xCollationNeeded(void *argument, sqlite3 *handle, int encoding, const char *name) {
  AdcpScratch *scratch = argument;
  (void)encoding;
  adcp_borrow_collation(&scratch->collations, scratch->caller, handle, name);
}

/* ---- the connection ---- */

void adcp_scratch_trust_schema(AdcpScratch *scratch, bool trust) {
  sqlite3_db_config(scratch->db.handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, (int)trust, NULL);
}

void adcp_scratch_check(AdcpScratch *scratch) {
  adcp_interrupt_probe_check(&scratch->probe, scratch->caller);
}

static int xProgress(void *argument) {
  AdcpScratch *scratch = argument;
  adcp_scratch_check(scratch);
  return scratch->db.err->rc != ADCP_OK;
}

/* ---- adcp itself ---- */

/* Where an application has adcp as an automatic extension, it is here too, with settings of its own,
** that is without the caller's root: an expression is to read no file by its relations. (Its functions
** are DIRECTONLY, and ops/row_where.c takes none.) */
static void remove_relations(AdcpDb *db) {
  AdcpTexts others = {0};
  bool there = false;
  sqlite3_stmt *stmt = adcp_db_prepare_list(db, "PRAGMA module_list");
  while( adcp_db_step(db, stmt) ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 0);
    bool own = name && sqlite3_strnicmp(name, "adcp_", 5) == 0;
    there = there || own;
    if( name && !own ) adcp_texts_add(&others, db->err, "%s", name);
  }
  adcp_db_finalize(stmt);
  const char **kept = there ? adcp_calloc(others.count + 1, sizeof *kept) : NULL;
  if( there && kept == NULL ) adcp_error_nomem(db->err);
  for( size_t i = 0; kept && i < others.count; i++ ) kept[i] = others.items[i];
  if( kept && !db->err->rc ) sqlite3_drop_modules(db->handle, kept);
  adcp_free((void *)kept);
  adcp_texts_free(&others);
}

/* Nothing has to survive: no journal. Old definitions may hold "strings", new expressions
** may not, or a misspelt column would be one. */
static void configure(AdcpScratch *scratch, const AdcpScratchOptions *options) {
  AdcpDb *db = &scratch->db;
  sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
  sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
  sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 1, NULL);
  if( options->encoding && options->encoding[0] ) {
    adcp_db_exec(db, "PRAGMA encoding = %Q", options->encoding);
  }
  remove_relations(db);
  adcp_db_exec(db, "ATTACH '' AS own");
  adcp_db_exec(db, "PRAGMA journal_mode = OFF");
  adcp_db_exec(db, "PRAGMA ignore_check_constraints = ON");
  /* The caller's may be the application's. */
  adcp_forget_collation(db, "NOCASE");
  adcp_forget_collation(db, "RTRIM");
  sqlite3_collation_needed(db->handle, scratch, xCollationNeeded);
  add_replaced(scratch);
  adcp_db_set_progress(db->handle, PROBE_STEPS, xProgress, scratch);
}

AdcpScratch *adcp_scratch_open(AdcpDb *caller, const AdcpScratchOptions *options) {
  if( caller->err->rc ) return NULL;
  AdcpScratch *scratch = adcp_calloc(1, sizeof *scratch);
  if( scratch == NULL ) {
    adcp_error_nomem(caller->err);
    return NULL;
  }
  scratch->caller = caller;
  adcp_interrupt_probe_open(&scratch->probe, caller);
  sqlite3 *handle = NULL;
  int rc = sqlite3_open_v2("", &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
  scratch->db = (AdcpDb){handle, "main", caller->err};
  if( rc == SQLITE_OK ) {
    configure(scratch, options);
  } else {
    adcp_error_set(caller->err, rc == SQLITE_NOMEM ? ADCP_NOMEM : ADCP_CANTOPEN,
                   "no temporary database: %s", sqlite3_errstr(rc));
  }
  if( caller->err->rc == ADCP_OK ) return scratch;
  adcp_scratch_close(scratch);
  return NULL;
}

AdcpDb *adcp_scratch_db(AdcpScratch *scratch) {
  return &scratch->db;
}

void adcp_scratch_close(AdcpScratch *scratch) {
  if( scratch == NULL ) return;
  sqlite3_close(scratch->db.handle);
  while( scratch->borrowed ) {
    Borrowed *entry = scratch->borrowed;
    scratch->borrowed = entry->next;
    adcp_db_finalize(entry->stmt);
    adcp_free(entry->name);
    adcp_free(entry);
  }
  adcp_borrowed_collations_free(&scratch->collations);
  adcp_interrupt_probe_close(&scratch->probe);
  adcp_free(scratch);
}
