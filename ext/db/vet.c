/*
** vet.c - makes sure that schema text of a backup is what it says (contract in vet.h).
**
** Two private connections to empty in-memory databases. On `tables` nothing ever runs: tables,
** virtual tables and views are only prepared there, for SQLite resolves nothing outside of them
** then. An index or a trigger needs its table; `stubs` holds that one table, made by its own
** CREATE TABLE once that is vetted, or an empty view in place of a view. One stub at a time: many
** would slow each other down.
**
** The authorizer answers for both: it knows which object is expected, counts its CREATE and
** denies all that the CREATE statements were not seen to ask for (listed on 3.40.1).
*/
#include "db/vet.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/name_map.h"
#include "db/fts.h"
#include "db/function_list.h"
#include "db/stub.h"
#include "db/token.h"

/* Application functions that one schema may use. */
#define MAX_FUNCTIONS 500

/* Names before a parenthesis that the texts which use unknown functions may have. */
#define MAX_STUBS 10000

/* What is read again because a function of SQLite's has another number of arguments in a text: SQLite
** tells one a time. 70 such in a text of 1 MB took ten seconds. */
#define MAX_REREAD_BYTES (8 * 1024 * 1024)

/* In place of a CREATE action: the value of a column's DEFAULT is selected. */
#define OF_DEFAULT SQLITE_SELECT

/* A function that tables and indexes call, and of what goes into TEMP views and triggers. */
typedef struct Call {
  char *name;                   /* owned */
  const AdcpObject *default_of; /* a table that calls it in a DEFAULT, or NULL */
  const AdcpObject *made_with;  /* a table or index that calls it when it is made, or NULL */
  const AdcpObject *named_by;   /* a view or trigger whose text seems to call it, or NULL */
  bool known, usable; /* while a list of functions is read: it is in it; one may be called */
} Call;

/* A collation that SQLite itself does not have and that a table or index is made with. */
typedef struct Collation {
  char *name;               /* owned */
  const AdcpObject *object; /* the first one */
  struct Collation *next;
} Collation;

struct AdcpVetter {
  AdcpError *err;           /* borrowed */
  sqlite3 *tables, *stubs;  /* owned */
  const AdcpSchema *schema; /* borrowed: the one schema of this vetter */
  AdcpMap by_name;          /* its tables and views: AdcpObject */
  AdcpNameMap ordinary;     /* its ordinary tables, when they are asked for */
  const AdcpObject *stub;   /* whose stub exists */
  const AdcpObject *unmade; /* the last that has none because of an error */
  AdcpError why;            /* that error */
  bool named;               /* by_name is filled */
  const AdcpObject *object; /* expected by the authorizer; NULL: our own statements */
  int create_action;        /* SQLITE_CREATE_... expected */
  int created;              /* times it was seen */
  bool loads_extension;     /* a function was denied */
  bool trusted;             /* fts4 tables may name functions */
  int function_count;       /* registered one by one, on either connection */
  int stub_count;           /* registered on both because a text has the name */
  size_t reread_bytes;
  AdcpNameMap own;     /* functions that SQLite has */
  AdcpNameMap stubbed; /* those of stub_count */
  const char *excess;  /* a function above MAX_FUNCTIONS that a text calls; SQLite's */
  AdcpDb caller;       /* whose interrupt is heard; handle NULL: nobody's */
  AdcpInterruptProbe probe;
  Call **calls; /* owned, each owned */
  size_t call_count;
  AdcpNameMap by_call;   /* the same by name */
  AdcpTexts missing;     /* functions that SQLite does not have */
  AdcpNameMap noted;     /* the same by name */
  Collation *collations; /* owned, the last first */
};

/* ---- what SQLite asks ---- */

static bool same_name(const char *a, const char *b) {
  return a && b && sqlite3_stricmp(a, b) == 0;
}

static bool starts_with(const char *name, const char *prefix) {
  return name && sqlite3_strnicmp(name, prefix, (int)strlen(prefix)) == 0;
}

static bool is_schema_table(const char *name) {
  return same_name(name, "sqlite_master") || same_name(name, "sqlite_schema");
}

static int allow_if(bool allowed) {
  return allowed ? SQLITE_OK : SQLITE_DENY;
}

/* The object itself; with a table also the indexes of its keys and the table of AUTOINCREMENT. */
static int authorize_create(AdcpVetter *vetter, int action, const char *name, const char *on) {
  const AdcpObject *object = vetter->object;
  bool of_table = action == SQLITE_CREATE_INDEX || action == SQLITE_CREATE_TRIGGER;
  if( action == vetter->create_action && same_name(name, object->name) &&
      (!of_table || same_name(on, object->tbl_name)) ) {
    vetter->created++;
    return SQLITE_OK;
  }
  if( vetter->create_action != SQLITE_CREATE_TABLE ) return SQLITE_DENY;
  if( action == SQLITE_CREATE_TABLE ) return allow_if(same_name(name, "sqlite_sequence"));
  return allow_if(action == SQLITE_CREATE_INDEX && starts_with(name, "sqlite_autoindex_") &&
                  same_name(on, object->name));
}

static Call *add_call(AdcpVetter *vetter, const char *name) {
  Call **calls = adcp_realloc(vetter->calls, (vetter->call_count + 1) * sizeof(*calls));
  if( calls ) vetter->calls = calls;
  Call *call = calls ? adcp_calloc(1, sizeof *call) : NULL;
  char *copy = call ? adcp_strdup(name) : NULL;
  if( copy == NULL ) {
    adcp_free(call);
    adcp_error_nomem(vetter->err);
    return NULL;
  }
  call->name = copy;
  calls[vetter->call_count++] = call;
  adcp_name_map_put(&vetter->by_call, copy, call, vetter->err);
  return call;
}

/* The call of that name, noted anew if need be; NULL on error. */
static Call *find_call(AdcpVetter *vetter, const char *name) {
  if( vetter->err->rc ) return NULL;
  Call *call = adcp_name_map_get(&vetter->by_call, name, strlen(name), vetter->err);
  return call || vetter->err->rc ? call : add_call(vetter, name);
}

static bool makes_table_or_index(const AdcpVetter *vetter) {
  return vetter->create_action == SQLITE_CREATE_TABLE ||
         vetter->create_action == SQLITE_CREATE_INDEX;
}

/* What a view or a trigger calls, a restore does not: it makes them when it has run everything, and
** no full-text index is rebuilt from a view (check_rebuild). */
static void note_call(AdcpVetter *vetter, const char *name) {
  bool of_default = vetter->create_action == OF_DEFAULT;
  if( !of_default && !makes_table_or_index(vetter) ) return;
  Call *call = find_call(vetter, name);
  if( call && of_default && call->default_of == NULL ) call->default_of = vetter->object;
  if( call && !of_default && call->made_with == NULL ) call->made_with = vetter->object;
}

static bool loads_code(const char *function) {
  return same_name(function, "load_extension") || same_name(function, "fts3_tokenizer");
}

/* False when there are too many. */
static bool note_missing(AdcpVetter *vetter, const char *name) {
  if( adcp_name_map_get(&vetter->noted, name, strlen(name), vetter->err) ) return true;
  if( vetter->missing.count >= MAX_FUNCTIONS ) return false;
  adcp_name_map_put(&vetter->noted, name, vetter, vetter->err);
  adcp_texts_add(&vetter->missing, vetter->err, "%s", name);
  return true;
}

static int authorize_function(AdcpVetter *vetter, const char *name) {
  bool denied = loads_code(name);
  if( denied ) vetter->loads_extension = true;
  if( !denied ) note_call(vetter, name);
  bool is_stub = adcp_name_map_get(&vetter->stubbed, name, strlen(name), vetter->err) != NULL;
  if( is_stub && !note_missing(vetter, name) ) {
    vetter->excess = name;
    denied = true;
  }
  return allow_if(!denied);
}

static int xAuthorize(void *context, int action, const char *a, const char *b, const char *schema,
                      const char *inner) {
  AdcpVetter *vetter = context;
  (void)inner;
  if( vetter->object == NULL ) return SQLITE_OK;
  if( action == SQLITE_FUNCTION ) return authorize_function(vetter, b);
  if( action == SQLITE_SELECT ) return allow_if(vetter->create_action == OF_DEFAULT);
  if( !same_name(schema, "main") ) return SQLITE_DENY;
  switch( action ) {
  case SQLITE_CREATE_TABLE:
  case SQLITE_CREATE_INDEX:
  case SQLITE_CREATE_VIEW:
  case SQLITE_CREATE_TRIGGER:
  case SQLITE_CREATE_VTABLE: return authorize_create(vetter, action, a, b);
  case SQLITE_INSERT:
  case SQLITE_UPDATE: return allow_if(is_schema_table(a));
  case SQLITE_READ: return allow_if(is_schema_table(a) || same_name(a, vetter->object->tbl_name));
  case SQLITE_REINDEX: return allow_if(same_name(a, vetter->object->name));
  default: return SQLITE_DENY;
  }
}

/* ---- what the application would have registered ---- */

static void note_collation(AdcpVetter *vetter, const char *name) {
  if( vetter->object == NULL || !makes_table_or_index(vetter) ) return;
  Collation *collation = adcp_calloc(1, sizeof *collation);
  char *copy = collation ? adcp_strdup(name) : NULL;
  if( copy == NULL ) {
    adcp_free(collation);
    adcp_error_nomem(vetter->err);
    return;
  }
  *collation = (Collation){copy, vetter->object, vetter->collations};
  vetter->collations = collation;
}

static void xCollationNeeded(void *context, sqlite3 *handle, int encoding, const char *name) {
  AdcpVetter *vetter = context;
  note_collation(vetter, name);
  adcp_stub_collation(handle, name, encoding, vetter->err);
}

static void read_own_functions(AdcpVetter *vetter) {
  if( vetter->own.map.count ) return;
  AdcpDb db = {vetter->tables, "main", vetter->err};
  AdcpListedFunction function;
  sqlite3_stmt *list = adcp_function_list(&db);
  while( adcp_function_next(&db, list, &function) ) {
    adcp_name_map_put(&vetter->own, function.name, vetter, vetter->err);
  }
  adcp_db_finalize(list);
}

static bool has_function(AdcpVetter *vetter, const char *name) {
  size_t size = strlen(name);
  return adcp_name_map_get(&vetter->own, name, size, vetter->err) ||
         adcp_name_map_get(&vetter->stubbed, name, size, vetter->err);
}

/* Owned; NULL on error. */
static char *name_of_token(const char *token, size_t size, AdcpError *err) {
  char *name = *token == '"' || *token == '[' || *token == '`'
                   ? adcp_token_dequote(token, size, err)
                   : adcp_strndup(token, size);
  if( name == NULL ) adcp_error_nomem(err);
  return name;
}

static void add_stub(AdcpVetter *vetter, const char *token, size_t size) {
  char *name = name_of_token(token, size, vetter->err);
  if( name && !has_function(vetter, name) && vetter->stub_count < MAX_STUBS &&
      adcp_stub_function(vetter->tables, name, vetter->err) &&
      adcp_stub_function(vetter->stubs, name, vetter->err) ) {
    adcp_name_map_put(&vetter->stubbed, name, vetter, vetter->err);
    vetter->stub_count++;
  }
  adcp_free(name);
}

/* Gives every name of the text that stands before a parenthesis. Some are types or tables. */
static void each_called(AdcpVetter *vetter, const char *sql,
                        void (*called)(AdcpVetter *vetter, const char *token, size_t size)) {
  const char *word = NULL;
  size_t word_size = 0, size;
  for( size_t left = strlen(sql); left > 0 && !vetter->err->rc; sql += size, left -= size ) {
    AdcpTokenType type = adcp_token_next(sql, left, &size);
    if( type == ADCP_TOKEN_SPACE ) continue;
    if( word && *sql == '(' ) called(vetter, word, word_size);
    bool is_name = type == ADCP_TOKEN_WORD || type == ADCP_TOKEN_QUOTED;
    word = is_name ? sql : NULL;
    word_size = size;
  }
}

/* Registers those that are no functions of SQLite's: of those that are called the authorizer hears. */
static void add_stubs(AdcpVetter *vetter, const char *sql) {
  read_own_functions(vetter);
  if( vetter->own.map.count ) each_called(vetter, sql, add_stub); /* else the list cannot be read */
}

/* True when a prepare of the text has more of its functions after this; an error, or false, when
** SQLite's message is about something else. One scan finds them, for each prepare reads the text
** anew; what is left are functions of operators (REGEXP) and other numbers of arguments. */
static bool add_missing_functions(AdcpVetter *vetter, sqlite3 *handle, const char *sql) {
  const char *missing = adcp_stub_missing_name(sqlite3_errmsg(handle));
  if( vetter->function_count >= MAX_FUNCTIONS ) return false;
  if( missing == NULL ) {
    bool registered =
        vetter->reread_bytes <= MAX_REREAD_BYTES && adcp_stub_missing_function(handle, vetter->err);
    vetter->function_count += registered;
    if( registered ) vetter->reread_bytes += strlen(sql);
    return registered;
  }
  char *name = adcp_strdup(missing); /* the message goes with the next statement */
  if( name == NULL ) {
    adcp_error_nomem(vetter->err);
    return false;
  }
  add_stubs(vetter, sql);
  bool registered = adcp_name_map_get(&vetter->stubbed, name, strlen(name), vetter->err) != NULL;
  if( !registered && note_missing(vetter, name) ) {
    registered = adcp_stub_function(handle, name, vetter->err);
    vetter->function_count += registered;
  }
  adcp_free(name);
  return registered;
}

/* ---- open and close ---- */

static sqlite3 *open_private(AdcpVetter *vetter) {
  sqlite3 *handle = NULL;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX;
  int rc = sqlite3_open_v2(":memory:", &handle, flags, NULL);
  if( rc != SQLITE_OK ) {
    adcp_error_set(vetter->err, rc == SQLITE_NOMEM ? ADCP_NOMEM : ADCP_ERROR,
                   "no in-memory database for vetting: %s", sqlite3_errstr(rc));
    return handle;
  }
  /* Schemas from before SQLite 3.29 may hold "text" where 'text' is meant. */
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 1, NULL);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 1, NULL);
  sqlite3_collation_needed(handle, vetter, xCollationNeeded);
  sqlite3_set_authorizer(handle, xAuthorize, vetter);
  return handle;
}

AdcpVetter *adcp_vetter_open(AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpVetter *vetter = adcp_calloc(1, sizeof(*vetter));
  if( vetter == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  vetter->err = err;
  vetter->tables = open_private(vetter);
  vetter->stubs = open_private(vetter);
  if( err->rc == ADCP_OK ) return vetter;
  adcp_vetter_close(vetter);
  return NULL;
}

void adcp_vetter_close(AdcpVetter *vetter) {
  if( vetter == NULL ) return;
  adcp_interrupt_probe_close(&vetter->probe);
  sqlite3_close(vetter->tables);
  sqlite3_close(vetter->stubs);
  adcp_map_free(&vetter->by_name);
  adcp_name_map_free(&vetter->ordinary);
  adcp_name_map_free(&vetter->by_call);
  adcp_name_map_free(&vetter->own);
  adcp_name_map_free(&vetter->stubbed);
  adcp_name_map_free(&vetter->noted);
  adcp_texts_free(&vetter->missing);
  adcp_error_clear(&vetter->why);
  for( size_t i = 0; i < vetter->call_count; i++ ) {
    adcp_free(vetter->calls[i]->name);
    adcp_free(vetter->calls[i]);
  }
  adcp_free(vetter->calls);
  while( vetter->collations ) {
    Collation *collation = vetter->collations;
    vetter->collations = collation->next;
    adcp_free(collation->name);
    adcp_free(collation);
  }
  adcp_free(vetter);
}

/* ---- the shape ---- */

static void refuse(AdcpVetter *vetter, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void refuse(AdcpVetter *vetter, const char *format, ...) {
  va_list args;
  va_start(args, format);
  adcp_error_setv(vetter->err, ADCP_CORRUPT, format, args);
  va_end(args);
}

static const char *type_name(const AdcpCreate *create) {
  return create->is_virtual ? "virtual table" : adcp_object_type_name(create->type);
}

static void check_names(AdcpVetter *vetter, const AdcpObject *object, const AdcpCreate *create) {
  const char *on = create->on_name ? create->on_name : create->name;
  if( create->type != object->type || strcmp(create->name, object->name) != 0 ) {
    refuse(vetter, "SQL that creates %s \"%s\" instead", type_name(create), create->name);
  } else if( !same_name(on, object->tbl_name) ) {
    refuse(vetter, "SQL for table \"%s\", but stands under table \"%s\"", on, object->tbl_name);
  } else if( !starts_with(object->sql, "create") ) {
    /* Behind a space, a comment or a byte order mark SQLite runs it, but does not read it again. */
    refuse(vetter, "SQL that does not begin with CREATE");
  } else if( create->is_temp ) {
    refuse(vetter, "SQL that creates it as TEMP");
  } else if( create->has_schema_name ) {
    refuse(vetter, "SQL that names a schema before its name");
  } else if( create->as_select ) {
    refuse(vetter, "SQL that fills it by AS SELECT");
  }
}

static bool is_full_text(const AdcpCreate *create) {
  return create->is_virtual &&
         (adcp_fts_is_fts4(create->module) || same_name(create->module, "fts5"));
}

static bool has_ordinary(AdcpVetter *vetter, const char *name) {
  const AdcpSchema *schema = vetter->schema;
  bool known = vetter->ordinary.map.count > 0;
  for( size_t i = 0; !known && i < schema->table_count && !vetter->err->rc; i++ ) {
    AdcpTable *table = &schema->tables[i];
    if( table->kind != ADCP_TABLE_ORDINARY ) continue;
    adcp_name_map_put(&vetter->ordinary, table->name, table, vetter->err);
  }
  return adcp_name_map_get(&vetter->ordinary, name, strlen(name), vetter->err) != NULL;
}

/* A rebuild runs what the index names as its content: never a view or a module's own function, which
** could give rows without end. No backup is made so (ops/fts_leave.h). */
static void check_rebuild(AdcpVetter *vetter, const AdcpObject *object) {
  char *content = adcp_fts_content_table(object->sql, vetter->err);
  if( content && !has_ordinary(vetter, content) ) {
    refuse(vetter,
           "SQL of an index over \"%s\", which is no table of it, but is described with "
           "\"rebuild\"",
           content);
  }
  adcp_free(content);
}

/* What the backup says of the table's module is what plans are made on: it must be true. A table marked
** "rebuild" gets INSERT INTO t(t) VALUES('rebuild'), which other modules would take for a row. */
static void check_module(AdcpVetter *vetter, const AdcpObject *object, const AdcpCreate *create) {
  const AdcpTable *table = adcp_schema_table(vetter->schema, object->name);
  if( vetter->err->rc || object->type != ADCP_OBJECT_TABLE || table == NULL ) return;
  if( create->is_virtual != (table->kind == ADCP_TABLE_VIRTUAL) ) {
    refuse(vetter, "SQL that creates a %s, but is described as %s table", type_name(create),
           adcp_table_kind_name(table->kind));
  } else if( create->is_virtual && !same_name(create->module, table->module) ) {
    refuse(vetter, "SQL that uses the module \"%s\", but is described with \"%s\"", create->module,
           table->module ? table->module : "");
  } else if( table->rebuild && !is_full_text(create) ) {
    refuse(vetter, "SQL of a %s that is no full-text index, but is described with \"rebuild\"",
           type_name(create));
  } else if( table->rebuild ) {
    check_rebuild(vetter, object);
  }
}

static int create_action(const AdcpCreate *create) {
  if( create->is_virtual ) return SQLITE_CREATE_VTABLE;
  switch( create->type ) {
  case ADCP_OBJECT_INDEX: return SQLITE_CREATE_INDEX;
  case ADCP_OBJECT_VIEW: return SQLITE_CREATE_VIEW;
  case ADCP_OBJECT_TRIGGER: return SQLITE_CREATE_TRIGGER;
  default: return SQLITE_CREATE_TABLE;
  }
}

/* False too for what cannot be read: that is refused for something else. */
static bool makes_virtual_table(const char *sql) {
  AdcpError trouble = ADCP_ERROR_INIT;
  AdcpCreate create;
  bool found = false;
  if( adcp_create_parse(sql, &create, &trouble) ) {
    found = create.is_virtual;
    adcp_create_free(&create);
  }
  adcp_error_clear(&trouble);
  return found;
}

_Static_assert(ADCP_MAX_SQL_TOKENS == 1000000 && ADCP_MAX_MODULE_SQL_BYTES == 16 << 20 &&
                   ADCP_MAX_FTS_PREFIXES == 100,
               "the texts below say so");

static bool has_many_prefixes(const char *sql, size_t size) {
  if( size <= 2 * ADCP_MAX_FTS_PREFIXES ) return false; /* each has a digit and a comma */
  AdcpError trouble = ADCP_ERROR_INIT;
  bool found = adcp_fts_prefix_count(sql, &trouble) > ADCP_MAX_FTS_PREFIXES;
  adcp_error_clear(&trouble);
  return found;
}

const char *adcp_vet_too_long(const char *sql) {
  size_t size = strlen(sql);
  if( size > ADCP_MAX_SQL_TOKENS &&
      adcp_token_count(sql, ADCP_MAX_SQL_TOKENS) > ADCP_MAX_SQL_TOKENS ) {
    return "more than 1000000 words";
  }
  if( has_many_prefixes(sql, size) ) return "more than 100 prefix indexes for fts4";
  bool too_long = size > ADCP_MAX_MODULE_SQL_BYTES && makes_virtual_table(sql);
  return too_long ? "more than 16 MiB for a module" : NULL;
}

/* The CREATE action that the authorizer has to see; 0 when the shape is wrong. */
static int check_shape(AdcpVetter *vetter, const AdcpObject *object) {
  AdcpCreate create;
  int action = 0;
  const char *too_long = object->sql ? adcp_vet_too_long(object->sql) : NULL;
  if( object->sql == NULL ) {
    refuse(vetter, "no SQL");
  } else if( starts_with(object->name, "sqlite_") ) {
    refuse(vetter, "a name that SQLite reserves for itself");
  } else if( too_long ) {
    adcp_error_set(vetter->err, ADCP_TOOBIG, "SQL of %s", too_long);
  } else if( adcp_create_parse(object->sql, &create, vetter->err) ) {
    check_names(vetter, object, &create);
    check_module(vetter, object, &create);
    action = create_action(&create);
    adcp_create_free(&create);
  }
  return vetter->err->rc ? 0 : action;
}

/* ---- SQLite's own judgement ---- */

static void refuse_prepared(AdcpVetter *vetter, sqlite3 *handle, int rc) {
  if( rc == SQLITE_NOMEM ) {
    adcp_error_nomem(vetter->err);
  } else if( vetter->loads_extension ) {
    refuse(vetter, "SQL that would load code");
  } else if( vetter->excess ) {
    refuse(vetter, "SQL that SQLite refuses: no such function: %s", vetter->excess);
  } else if( rc == SQLITE_AUTH ) {
    refuse(vetter, "SQL that does something else than to create it");
  } else {
    refuse(vetter, "SQL that SQLite refuses: %s", sqlite3_errmsg(handle));
  }
}

/* Prepares under the authorizer, which expects the action. */
static sqlite3_stmt *prepare_as(AdcpVetter *vetter, sqlite3 *handle, const AdcpObject *object,
                                int action, const char *sql, const char **tail, int *result) {
  sqlite3_stmt *stmt = NULL;
  int rc = *result = SQLITE_OK;
  do {
    if( vetter->caller.handle ) adcp_interrupt_probe_check(&vetter->probe, &vetter->caller);
    if( vetter->err->rc ) return NULL;
    vetter->object = object;
    vetter->create_action = action;
    vetter->created = 0;
    vetter->loads_extension = false;
    vetter->excess = NULL;
    rc = sqlite3_prepare_v2(handle, sql, -1, &stmt, tail);
    vetter->object = NULL;
  } while( rc == SQLITE_ERROR && add_missing_functions(vetter, handle, sql) );
  *result = rc;
  return stmt;
}

static sqlite3_stmt *prepare_expected(AdcpVetter *vetter, sqlite3 *handle, const AdcpObject *object,
                                      int action) {
  const char *tail = NULL;
  int rc;
  sqlite3_stmt *stmt = prepare_as(vetter, handle, object, action, object->sql, &tail, &rc);
  if( rc != SQLITE_OK ) refuse_prepared(vetter, handle, rc);
  if( vetter->err->rc ) {
    /* refused */
  } else if( !adcp_token_is_blank(tail) ) {
    refuse(vetter, "SQL of more than one statement");
  } else if( vetter->created != 1 || sqlite3_stmt_isexplain(stmt) ) {
    refuse(vetter, "SQL that does not create it");
  }
  return stmt;
}

/* ---- defaults ---- */

/* Whether the value can call no function: it has no name, no operator that is a word, and no ->. */
static bool calls_nothing(const char *value, size_t size) {
  size_t length;
  if( memchr(value, '>', size) ) return false;
  for( AdcpTokenType type; (type = adcp_token_next(value, size, &length)) != ADCP_TOKEN_END;
       value += length, size -= length ) {
    if( type == ADCP_TOKEN_WORD || type == ADCP_TOKEN_QUOTED ) return false;
  }
  return true;
}

/* Whether a value that is refused where it is used, and at no CREATE, may stand: a row value, or RAISE(),
** which is told when all functions have been seen. Other errors could hide a call, for at an INSERT
** SQLite does not resolve the value again: of likelihood(f(), 2) it would call f. */
static bool is_harmless(const AdcpVetter *vetter, int rc, const char *value, size_t size) {
  static const char raise[] = "RAISE() may only be used within a trigger-program";
  if( rc != SQLITE_ERROR || vetter->loads_extension ) return false;
  return strcmp(sqlite3_errmsg(vetter->tables), raise) == 0 || calls_nothing(value, size);
}

/* SQLite resolves a DEFAULT when it is first used, with an INSERT, so that its CREATE tells nothing. */
static void vet_default(AdcpVetter *vetter, const AdcpObject *object, const char *value,
                        size_t size) {
  AdcpBuf sql = {0};
  adcp_buf_append_str(&sql, "SELECT ");
  adcp_buf_append(&sql, value, size);
  const char *text = adcp_buf_text(&sql);
  if( adcp_buf_check(&sql, vetter->err) ) {
    const char *tail;
    int rc;
    sqlite3_finalize(prepare_as(vetter, vetter->tables, object, OF_DEFAULT, text, &tail, &rc));
    if( rc != SQLITE_OK && !is_harmless(vetter, rc, value, size) ) {
      refuse_prepared(vetter, vetter->tables, rc);
    }
  }
  adcp_buf_free(&sql);
}

static void vet_defaults(AdcpVetter *vetter, const AdcpObject *object) {
  const char *at = object->sql, *end = at + strlen(at), *value;
  size_t size;
  while( !vetter->err->rc && (value = adcp_token_next_default(&at, end, &size)) != NULL ) {
    vet_default(vetter, object, value, size);
  }
}

/* ---- what goes into TEMP ---- */

/* SQLite trusts TEMP whatever the connection says: what stands there calls any function. */
static bool is_temp(const char *schema) {
  return schema && sqlite3_stricmp(schema, "temp") == 0;
}

static void note_named(AdcpVetter *vetter, const char *token, size_t size) {
  char *name = name_of_token(token, size, vetter->err);
  Call *call = name ? find_call(vetter, name) : NULL;
  if( call && call->named_by == NULL ) call->named_by = vetter->object;
  adcp_free(name);
}

/* What a view or a trigger calls is not resolved when it is made: its text tells. Operators call functions
** by their own names. */
static void note_all_named(AdcpVetter *vetter, const AdcpObject *object) {
  static const char *const operators[] = {"LIKE", "GLOB", "REGEXP", "MATCH"};
  vetter->object = object;
  each_called(vetter, object->sql, note_named);
  for( size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++ ) {
    if( adcp_token_has_word(object->sql, operators[i]) ) {
      note_named(vetter, operators[i], strlen(operators[i]));
    }
  }
  if( strstr(object->sql, "->") ) note_named(vetter, "->", 2);
  if( strstr(object->sql, "->>") ) note_named(vetter, "->>", 3);
  vetter->object = NULL;
}

/* Last of all: whoever goes on after ADCP_AUTH has vetted everything else. */
static void check_named_functions(AdcpVetter *vetter, const AdcpObject *object) {
  AdcpTexts functions = {0};
  if( vetter->err->rc ) return;
  adcp_fts_functions(object->sql, &functions, vetter->err);
  for( size_t i = 0; i < functions.count; i++ ) {
    if( loads_code(functions.items[i]) ) refuse(vetter, "SQL that would load code");
  }
  if( functions.count && !vetter->trusted ) {
    adcp_error_set(
        vetter->err, ADCP_AUTH,
        "\"compress=\" or \"uncompress=\": unsafe use of functions, since fts4 would call "
        "any of this connection that the backup names; allow it with "
        "{\"trust_schema\":true} if you trust the file, or leave the table out with "
        "option exclude_tables of adcp_restore");
  }
  adcp_texts_free(&functions);
}

static void add_context(AdcpVetter *vetter, const AdcpObject *object) {
  if( vetter->err->rc == ADCP_NOMEM || vetter->err->rc == ADCP_INTERRUPT ) return;
  adcp_error_prepend(vetter->err, "%s \"%s\" of the backup has ",
                     adcp_object_type_name(object->type), object->name);
}

/* ---- stubs ---- */

static void run_own(AdcpVetter *vetter, const char *format, const char *name) {
  char *sql = sqlite3_mprintf(format, name);
  int rc = sql ? sqlite3_exec(vetter->stubs, sql, NULL, NULL, NULL) : SQLITE_NOMEM;
  sqlite3_free(sql);
  if( rc == SQLITE_NOMEM ) adcp_error_nomem(vetter->err);
  if( rc ) refuse(vetter, "a table that cannot be made: %s", sqlite3_errmsg(vetter->stubs));
}

static void drop_stub(AdcpVetter *vetter) {
  const AdcpObject *old = vetter->stub;
  vetter->stub = NULL;
  if( old == NULL ) return;
  run_own(vetter,
          old->type == ADCP_OBJECT_VIEW ? "DROP VIEW main.\"%w\"" : "DROP TABLE main.\"%w\"",
          old->name);
}

static void make_stub(AdcpVetter *vetter, const AdcpObject *table) {
  int action = check_shape(vetter, table);
  if( action == SQLITE_CREATE_VIEW ) {
    run_own(vetter, "CREATE VIEW main.\"%w\" AS SELECT 1", table->name);
  } else if( action == SQLITE_CREATE_TABLE ) {
    sqlite3_stmt *stmt = prepare_expected(vetter, vetter->stubs, table, action);
    if( !vetter->err->rc && sqlite3_step(stmt) != SQLITE_DONE ) {
      refuse_prepared(vetter, vetter->stubs, sqlite3_errcode(vetter->stubs));
    }
    sqlite3_finalize(stmt);
  } else {
    refuse(vetter, "an index or trigger, which a virtual table cannot have");
  }
  if( vetter->err->rc ) {
    add_context(vetter, table);
    vetter->unmade = table;
    adcp_error_clear(&vetter->why);
    adcp_error_set(&vetter->why, vetter->err->rc, "%s", adcp_error_message(vetter->err));
  } else {
    vetter->stub = table;
  }
}

/* Not before an index or a trigger comes: who vets one table of many has no use for it. */
static void index_names(AdcpVetter *vetter) {
  const AdcpSchema *schema = vetter->schema;
  if( vetter->named ) return;
  vetter->named = true;
  for( size_t i = 0; i < schema->object_count; i++ ) {
    AdcpObject *object = &schema->objects[i];
    if( object->type == ADCP_OBJECT_INDEX || object->type == ADCP_OBJECT_TRIGGER ) continue;
    adcp_map_put(&vetter->by_name, object->name, strlen(object->name), object, vetter->err);
  }
}

static void need_stub(AdcpVetter *vetter, const AdcpObject *object) {
  index_names(vetter);
  const AdcpObject *table =
      adcp_map_get(&vetter->by_name, object->tbl_name, strlen(object->tbl_name));
  if( table && table == vetter->stub ) return;
  if( table && table == vetter->unmade ) {
    adcp_error_set(vetter->err, vetter->why.rc, "%s", adcp_error_message(&vetter->why));
    return;
  }
  drop_stub(vetter);
  if( vetter->err->rc ) return;
  if( table ) {
    make_stub(vetter, table);
  } else {
    refuse(vetter, "no table: there is no \"%s\"", object->tbl_name);
    add_context(vetter, object);
  }
}

/* ---- vetting ---- */

void adcp_vet_object(AdcpVetter *vetter, const AdcpSchema *schema, const AdcpObject *object) {
  if( vetter == NULL || vetter->err->rc ) return;
  assert(vetter->schema == NULL || vetter->schema == schema);
  vetter->schema = schema;
  bool automatic = object->type == ADCP_OBJECT_INDEX && object->sql == NULL;
  if( automatic && starts_with(object->name, "sqlite_autoindex_") ) return;
  int action = check_shape(vetter, object);
  if( vetter->err->rc ) {
    add_context(vetter, object);
    return;
  }
  bool on_table = action == SQLITE_CREATE_INDEX || action == SQLITE_CREATE_TRIGGER;
  if( on_table ) need_stub(vetter, object);
  if( vetter->err->rc ) return;
  sqlite3 *handle = on_table ? vetter->stubs : vetter->tables;
  sqlite3_finalize(prepare_expected(vetter, handle, object, action));
  if( action == SQLITE_CREATE_TABLE && !vetter->err->rc ) vet_defaults(vetter, object);
  if( is_temp(vetter->caller.schema) && !vetter->err->rc &&
      (action == SQLITE_CREATE_VIEW || action == SQLITE_CREATE_TRIGGER) ) {
    note_all_named(vetter, object);
  }
  if( action == SQLITE_CREATE_VTABLE ) check_named_functions(vetter, object);
  if( vetter->err->rc ) add_context(vetter, object);
}

void adcp_vetter_hear(AdcpVetter *vetter, const AdcpDb *caller) {
  if( vetter == NULL ) return;
  vetter->caller = (AdcpDb){caller->handle, caller->schema, vetter->err};
  adcp_interrupt_probe_open(&vetter->probe, &vetter->caller);
}

void adcp_vetter_trust(AdcpVetter *vetter) {
  if( vetter ) vetter->trusted = true;
}

const AdcpTexts *adcp_vetter_missing(const AdcpVetter *vetter) {
  return &vetter->missing;
}

/* ---- the order ---- */

typedef struct Placed {
  const AdcpObject *object;
  size_t table; /* place of the first object that stands on the same table */
} Placed;

static int compare_placed(const void *a, const void *b) {
  const Placed *x = a, *y = b;
  if( x->table != y->table ) return x->table < y->table ? -1 : 1;
  return (x->object > y->object) - (x->object < y->object);
}

static void find_tables(Placed *placed, const AdcpSchema *schema, AdcpError *err) {
  AdcpMap first = {0}; /* Placed by tbl_name */
  for( size_t i = 0; i < schema->object_count && !err->rc; i++ ) {
    const char *name = schema->objects[i].tbl_name;
    const Placed *found = adcp_map_get(&first, name, strlen(name));
    placed[i] = (Placed){&schema->objects[i], found ? found->table : i};
    if( found == NULL ) adcp_map_put(&first, name, strlen(name), &placed[i], err);
  }
  adcp_map_free(&first);
}

const AdcpObject **adcp_vet_order(const AdcpSchema *schema, AdcpError *err) {
  if( err->rc ) return NULL;
  size_t count = schema->object_count;
  Placed *placed = adcp_calloc(count + 1, sizeof *placed);
  const AdcpObject **order = adcp_calloc(count + 1, sizeof(*order));
  if( placed && order ) {
    find_tables(placed, schema, err);
    qsort(placed, count, sizeof *placed, compare_placed);
    for( size_t i = 0; i < count; i++ ) order[i] = placed[i].object;
  } else {
    adcp_error_nomem(err);
  }
  adcp_free(placed);
  if( err->rc == ADCP_OK ) return order;
  adcp_free((void *)order);
  return NULL;
}

/* ---- trust ---- */

/* A schema that is not trusted is refused what is neither; both refuse or take the others alike. */
#define DIRECT_OR_INNOCUOUS (SQLITE_DIRECTONLY | SQLITE_INNOCUOUS)

/* The call of the schema's that the function is for, or NULL. */
static Call *call_of(AdcpVetter *vetter, const AdcpListedFunction *function, AdcpError *err) {
  return adcp_name_map_get(&vetter->by_call, function->name, strlen(function->name), err);
}

/* False where nothing is known: the application lets something not be asked. */
static bool take_answer(AdcpError *trouble, AdcpError *err) {
  bool answered = trouble->rc == ADCP_OK;
  if( trouble->rc != ADCP_NOMEM && trouble->rc != ADCP_INTERRUPT ) adcp_error_clear(trouble);
  adcp_error_move(err, trouble);
  return answered;
}

/* Where the application does not let the list be read, nothing is trusted. */
bool adcp_vetter_may_trust(AdcpVetter *vetter, AdcpDb *db) {
  if( vetter == NULL || db->err->rc || vetter->call_count == 0 ) return false;
  AdcpError trouble = ADCP_ERROR_INIT;
  AdcpDb trial = {db->handle, db->schema, &trouble};
  AdcpListedFunction function;
  bool needed = false, others = false;
  sqlite3_stmt *list = adcp_function_list(&trial);
  while( !others && adcp_function_next(&trial, list, &function) ) {
    if( (function.flags & DIRECT_OR_INNOCUOUS) != 0 || !call_of(vetter, &function, &trouble) )
      continue;
    needed = needed || function.own;
    others = !function.own;
  }
  adcp_db_finalize(list);
  return take_answer(&trouble, db->err) && needed && !others;
}

/* Whether SQLite would run it though the schema is not trusted. */
static bool is_unguarded(const Call *call, bool temp) {
  return call->default_of || (temp && (call->made_with || call->named_by));
}

/* A function of the connection's that is called so, and that is not marked innocuous. */
static const Call *unsafe_call(AdcpVetter *vetter, AdcpDb *db) {
  const Call *found = NULL;
  bool temp = is_temp(db->schema);
  AdcpListedFunction function;
  sqlite3_stmt *list = adcp_function_list(db);
  while( found == NULL && adcp_function_next(db, list, &function) ) {
    if( function.own || (function.flags & SQLITE_INNOCUOUS) != 0 ) continue;
    const Call *call = call_of(vetter, &function, db->err);
    if( call && is_unguarded(call, temp) ) found = call;
  }
  adcp_db_finalize(list);
  return found;
}

/* Where the list cannot be read, every function that SQLite has not is taken for an unsafe one. */
static const Call *missing_call(AdcpVetter *vetter, bool temp, AdcpError *err) {
  read_own_functions(vetter);
  for( size_t i = 0; i < vetter->call_count; i++ ) {
    const Call *call = vetter->calls[i];
    size_t size = strlen(call->name);
    bool missing = adcp_name_map_get(&vetter->noted, call->name, size, err) ||
                   (call->named_by && !adcp_name_map_get(&vetter->own, call->name, size, err));
    if( missing && is_unguarded(call, temp) ) return call;
  }
  return NULL;
}

static const AdcpObject *refuse_unguarded(const Call *call, AdcpError *err) {
  static const char advice[] = "which is a function of this connection; allow it with "
                               "{\"trust_schema\":true} if you trust the file";
  const AdcpObject *object = call->default_of  ? call->default_of
                             : call->made_with ? call->made_with
                                               : call->named_by;
  const char *type = adcp_object_type_name(object->type);
  if( call->default_of ) {
    adcp_error_set(err, ADCP_ERROR,
                   "table \"%s\" of the backup has a DEFAULT: unsafe use of %s(), %s", object->name,
                   call->name, advice);
  } else {
    adcp_error_set(
        err, ADCP_ERROR,
        "%s \"%s\" of the backup cannot go into TEMP, of which SQLite trusts everything: "
        "unsafe use of %s(), %s",
        type, object->name, call->name, advice);
  }
  return object;
}

const AdcpObject *adcp_vetter_check_unguarded(AdcpVetter *vetter, AdcpDb *db) {
  if( vetter == NULL || vetter->trusted || vetter->call_count == 0 || db->err->rc ) return NULL;
  AdcpError trouble = ADCP_ERROR_INIT;
  AdcpDb trial = {db->handle, db->schema, &trouble};
  const Call *call = unsafe_call(vetter, &trial);
  if( !take_answer(&trouble, db->err) && !db->err->rc ) {
    call = missing_call(vetter, is_temp(db->schema), db->err);
  }
  return call && !db->err->rc ? refuse_unguarded(call, db->err) : NULL;
}

/* Which calls the list has a function for. Of those of one name that differ in their arguments one is
** enough, and what is trusted of SQLite's own is decided by adcp_vetter_may_trust. */
static void find_usable(AdcpVetter *vetter, AdcpDb *db) {
  AdcpListedFunction function;
  for( size_t i = 0; i < vetter->call_count; i++ ) {
    vetter->calls[i]->known = vetter->calls[i]->usable = false;
  }
  sqlite3_stmt *list = adcp_function_list(db);
  while( adcp_function_next(db, list, &function) ) {
    Call *call = call_of(vetter, &function, db->err);
    if( call == NULL ) continue;
    bool trusted = function.own || vetter->trusted || (function.flags & SQLITE_INNOCUOUS) != 0;
    call->known = true;
    if( trusted && (function.flags & SQLITE_DIRECTONLY) == 0 ) call->usable = true;
  }
  adcp_db_finalize(list);
}

/* Of what is said in SQLite's words, what a restore would say, too. */
static const AdcpObject *blame(const AdcpVetter *vetter, const AdcpObject *object, AdcpError *err) {
  bool of_table = object->type == ADCP_OBJECT_TABLE;
  const AdcpTable *table = of_table ? adcp_schema_table(vetter->schema, object->name) : NULL;
  adcp_stub_advise(err);
  adcp_error_prepend(err, "creating %s%s \"%s\": ", table && table->shadow_of ? "shadow " : "",
                     adcp_object_type_name(object->type), object->name);
  return object;
}

/* What is not in the list and not missed by SQLite either is left to it. */
static bool is_refused(AdcpVetter *vetter, const Call *call, bool missing, AdcpError *err) {
  if( call->made_with == NULL || call->usable ) return false;
  if( call->known || !missing ) return call->known;
  return adcp_name_map_get(&vetter->noted, call->name, strlen(call->name), err) != NULL;
}

static const AdcpObject *check_calls(AdcpVetter *vetter, AdcpDb *db, bool missing) {
  AdcpError trouble = ADCP_ERROR_INIT;
  AdcpDb trial = {db->handle, db->schema, &trouble};
  if( vetter->call_count ) find_usable(vetter, &trial);
  if( !take_answer(&trouble, db->err) ) return NULL;
  for( size_t i = 0; i < vetter->call_count && !db->err->rc; i++ ) {
    const Call *call = vetter->calls[i];
    if( !is_refused(vetter, call, missing, db->err) ) continue;
    adcp_error_set(db->err, ADCP_ERROR, call->known ? "unsafe use of %s()" : "no such function: %s",
                   call->name);
    return blame(vetter, call->made_with, db->err);
  }
  return NULL;
}

/* An application may register a collation when it is asked for, so that no list has them all. */
static bool is_missing(AdcpDb *db, const Collation *collation) {
  AdcpError trouble = ADCP_ERROR_INIT;
  AdcpDb trial = {db->handle, db->schema, &trouble};
  adcp_db_finalize(adcp_db_prepare(&trial, "SELECT ?1 = ?2 COLLATE \"%w\"", collation->name));
  bool missing = trouble.rc == ADCP_ERROR && starts_with(adcp_error_message(&trouble), "no such ");
  take_answer(&trouble, db->err);
  return missing;
}

static const AdcpObject *check_collations(AdcpVetter *vetter, AdcpDb *db) {
  const Collation *found = NULL;
  for( const Collation *c = vetter->collations; c && !db->err->rc; c = c->next ) {
    if( is_missing(db, c) ) found = c;
  }
  if( found == NULL || db->err->rc ) return NULL;
  adcp_error_set(db->err, ADCP_ERROR, "no such collation sequence: %s", found->name);
  return blame(vetter, found->object, db->err);
}

const AdcpObject *adcp_vetter_check_needs(AdcpVetter *vetter, AdcpDb *db, bool missing) {
  if( vetter == NULL || db->err->rc ) return NULL;
  const AdcpObject *object = check_calls(vetter, db, missing);
  if( object || !missing || db->err->rc ) return object;
  return check_collations(vetter, db);
}

/* ---- modules ---- */

bool adcp_module_is_safe(const char *module) {
  static const char *const safe[] = {"fts3", "fts4", "fts5", "rtree", "rtree_i32", "geopoly", NULL};
  for( size_t i = 0; safe[i]; i++ ) {
    if( same_name(module, safe[i]) ) return true;
  }
  return false;
}

void adcp_modules_read(AdcpNameMap *modules, AdcpDb *db) {
  sqlite3_stmt *stmt = adcp_db_prepare_list(db, "PRAGMA module_list");
  while( adcp_db_step(db, stmt) ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 0);
    if( name == NULL ) adcp_error_nomem(db->err);
    if( name ) adcp_name_map_put(modules, name, modules, db->err);
  }
  adcp_db_finalize(stmt);
}
