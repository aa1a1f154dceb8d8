/*
** dbsame.c - are two SQLite databases the same, to the last bit of the last value?
**
**   dbsame [options] A B
**     --ignore GLOB      leave out what has that name, or belongs to a table of that name
**     --no-rowid GLOB    tables whose hidden rowids may differ (their rows stand in the same order)
**     --auto-vacuum      auto_vacuum must be the same too
**     --no-integrity     without PRAGMA integrity_check (a collation or function is not there)
**     --load FILE        load an extension, for its modules, collations and functions
**
** Compared are: encoding, user_version, application_id; the rows of sqlite_schema (type, name,
** tbl_name, sql) as a set; every table's rows by rowid, or by primary key for WITHOUT ROWID, with
** the storage class and the exact bytes of each value (reals by their bits, text as it is stored,
** UTF-16 included) and with the rowid itself; sqlite_sequence and the sqlite_stat tables as sets;
** integrity_check. Virtual tables are compared by their shadow tables and, where their module is
** there, by what a SELECT gives.
**
** This is the judge of the extension, so it shares no code with it. Exit status: 0 the same, 1
** different (the first differences are printed), 2 it could not be found out.
*/
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_GLOBS       64
#define SHOWN_PER_TABLE 3  /* more of one table says little more */
#define SHOWN_IN_ALL    20 /* a screen */
#define SHOWN_BYTES     32 /* of a text or blob, before "..." */

/* Columns of one SELECT: twice as many and the rowid must stay within SQLite's 2000. A table that
** is wider is walked several times. */
#define COLUMNS_AT_ONCE 900

typedef struct Globs {
  const char *glob[MAX_GLOBS];
  int count;
} Globs;

typedef struct Comparison {
  sqlite3 *db[2];
  bool utf16; /* both are UTF-16 databases */
  Globs ignore;
  Globs no_rowid;
  const char *extension;
  bool auto_vacuum;
  bool no_integrity;
  const char *place; /* what is being compared, for messages */
  long place_differences;
  long differences;
  long tables, rows, objects;
} Comparison;

static const char side_name[2] = {'A', 'B'};

/* ---- messages ---- */

static void give_up(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void give_up(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fputs("dbsame: ", stderr);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  exit(2);
}

static void set_place(Comparison *c, const char *place) {
  c->place = place;
  c->place_differences = 0;
}

/* Counts a difference; true when it is to be printed, its place being printed already. */
static bool differs(Comparison *c) {
  c->differences++;
  c->place_differences++;
  if( c->place_differences > SHOWN_PER_TABLE || c->differences > SHOWN_IN_ALL ) return false;
  printf("%s: ", c->place);
  return true;
}

static bool matches(const Globs *globs, const char *name) {
  for( int i = 0; i < globs->count; i++ ) {
    if( sqlite3_strglob(globs->glob[i], name) == 0 ) return true;
  }
  return false;
}

/* ---- statements ---- */

static char *format_sql(const char *format, ...) {
  va_list args;
  va_start(args, format);
  char *sql = sqlite3_vmprintf(format, args);
  va_end(args);
  if( sql == NULL ) give_up("out of memory");
  return sql;
}

/* NULL when the statement cannot be prepared; frees sql. */
static sqlite3_stmt *try_prepare(sqlite3 *db, char *sql) {
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
  sqlite3_free(sql);
  return rc == SQLITE_OK ? stmt : NULL;
}

static sqlite3_stmt *prepare(sqlite3 *db, char *sql) {
  sqlite3_stmt *stmt = try_prepare(db, sql);
  if( stmt == NULL ) give_up("%s", sqlite3_errmsg(db));
  return stmt;
}

/* A row, or the end; a failure ends the program. */
static bool step(sqlite3_stmt *stmt) {
  int rc = sqlite3_step(stmt);
  if( rc != SQLITE_ROW && rc != SQLITE_DONE ) {
    give_up("%s", sqlite3_errmsg(sqlite3_db_handle(stmt)));
  }
  return rc == SQLITE_ROW;
}

static const char *text(sqlite3_stmt *stmt, int column) {
  const char *value = (const char *)sqlite3_column_text(stmt, column);
  return value ? value : "";
}

/* ---- values ---- */

/* The bytes of a TEXT or BLOB. Of a TEXT as UTF-8: in a UTF-8 database these are the stored bytes,
** valid or not. In a UTF-16 database tables are read through CAST (see append_value). */
static const void *value_bytes(sqlite3_stmt *stmt, int column, int *size) {
  const void *bytes = sqlite3_column_type(stmt, column) == SQLITE_TEXT
                          ? (const void *)sqlite3_column_text(stmt, column)
                          : sqlite3_column_blob(stmt, column);
  *size = sqlite3_column_bytes(stmt, column);
  return bytes;
}

static bool same_value(sqlite3_stmt *const stmt[2], int column) {
  int type = sqlite3_column_type(stmt[0], column);
  if( type != sqlite3_column_type(stmt[1], column) ) return false;
  if( type == SQLITE_NULL ) return true;
  if( type == SQLITE_INTEGER ) {
    return sqlite3_column_int64(stmt[0], column) == sqlite3_column_int64(stmt[1], column);
  }
  if( type == SQLITE_FLOAT ) {
    double a = sqlite3_column_double(stmt[0], column);
    double b = sqlite3_column_double(stmt[1], column);
    return memcmp(&a, &b, sizeof(a)) == 0;
  }
  int size[2];
  const void *a = value_bytes(stmt[0], column, &size[0]);
  const void *b = value_bytes(stmt[1], column, &size[1]);
  return size[0] == size[1] && (size[0] == 0 || memcmp(a, b, (size_t)size[0]) == 0);
}

static void print_bytes(const unsigned char *bytes, int size, bool as_text) {
  int shown = size < SHOWN_BYTES ? size : SHOWN_BYTES;
  fputs(as_text ? "'" : "x'", stdout);
  for( int i = 0; i < shown; i++ ) {
    if( !as_text )
      printf("%02x", bytes[i]);
    else if( bytes[i] >= ' ' && bytes[i] <= '~' )
      putchar(bytes[i]);
    else
      printf("\\x%02x", bytes[i]);
  }
  printf("'%s (%d bytes)", shown < size ? "..." : "", size);
}

static void print_value(sqlite3_stmt *stmt, int column) {
  int type = sqlite3_column_type(stmt, column);
  int size;
  if( type == SQLITE_NULL ) {
    fputs("NULL", stdout);
  } else if( type == SQLITE_INTEGER ) {
    printf("integer %lld", (long long)sqlite3_column_int64(stmt, column));
  } else if( type == SQLITE_FLOAT ) {
    double value = sqlite3_column_double(stmt, column);
    unsigned long long bits;
    memcpy(&bits, &value, sizeof(bits));
    printf("real %.17g (bits %016llx)", value, bits);
  } else {
    const unsigned char *bytes = value_bytes(stmt, column, &size);
    fputs(type == SQLITE_TEXT ? "text " : "blob ", stdout);
    print_bytes(bytes, size, type == SQLITE_TEXT);
  }
}

/* ---- rows ---- */

/* How the rows of both sides are walked. */
typedef struct Walk {
  sqlite3_stmt *stmt[2];
  bool keyed; /* column 0 is the rowid: rows that are on one side only are told from changed ones */
  bool may_fail; /* a virtual table may refuse to be read, the same way on both sides */
  int rc[2];
  long number; /* of the row, from 1 */
} Walk;

static void advance(Walk *walk, int side) {
  walk->rc[side] = sqlite3_step(walk->stmt[side]);
  if( walk->rc[side] == SQLITE_ROW || walk->rc[side] == SQLITE_DONE || walk->may_fail ) return;
  give_up("%s", sqlite3_errmsg(sqlite3_db_handle(walk->stmt[side])));
}

static void print_row_name(const Walk *walk, int side) {
  if( walk->keyed )
    printf("rowid %lld", (long long)sqlite3_column_int64(walk->stmt[side], 0));
  else
    printf("row number %ld", walk->number);
}

static void report_single_row(Comparison *c, Walk *walk, int side) {
  if( differs(c) ) {
    print_row_name(walk, side);
    printf(" is only in %c\n", side_name[side]);
  }
  advance(walk, side);
}

static void compare_row(Comparison *c, Walk *walk) {
  int columns = sqlite3_column_count(walk->stmt[0]);
  for( int i = 0; i < columns; i++ ) {
    if( same_value(walk->stmt, i) ) continue;
    if( differs(c) ) {
      print_row_name(walk, 0);
      printf(", %s: ", sqlite3_column_name(walk->stmt[0], i));
      print_value(walk->stmt[0], i);
      fputs(" in A, ", stdout);
      print_value(walk->stmt[1], i);
      fputs(" in B\n", stdout);
    }
    break;
  }
  c->rows++;
  advance(walk, 0);
  advance(walk, 1);
}

static void report_end(Comparison *c, Walk *walk) {
  bool failed[2];
  for( int side = 0; side < 2; side++ ) {
    while( walk->rc[side] == SQLITE_ROW ) {
      report_single_row(c, walk, side);
      walk->number++;
    }
    failed[side] = walk->rc[side] != SQLITE_DONE;
  }
  if( failed[0] == failed[1] || !differs(c) ) return;
  int side = failed[0] ? 0 : 1;
  printf("cannot be read in %c: %s\n", side_name[side], sqlite3_errmsg(c->db[side]));
}

/* Walks both statements, which it finalizes. */
static void compare_rows(Comparison *c, Walk *walk) {
  int columns[2] = {sqlite3_column_count(walk->stmt[0]), sqlite3_column_count(walk->stmt[1])};
  if( columns[0] != columns[1] ) {
    if( differs(c) ) printf("%d columns in A, %d in B\n", columns[0], columns[1]);
  } else {
    advance(walk, 0);
    advance(walk, 1);
    for( walk->number = 1; walk->rc[0] == SQLITE_ROW && walk->rc[1] == SQLITE_ROW;
         walk->number++ ) {
      sqlite3_int64 a = walk->keyed ? sqlite3_column_int64(walk->stmt[0], 0) : 0;
      sqlite3_int64 b = walk->keyed ? sqlite3_column_int64(walk->stmt[1], 0) : 0;
      if( a != b )
        report_single_row(c, walk, a < b ? 0 : 1);
      else
        compare_row(c, walk);
    }
    report_end(c, walk);
  }
  sqlite3_finalize(walk->stmt[0]);
  sqlite3_finalize(walk->stmt[1]);
}

/* ---- how a table is read ---- */

typedef struct Table {
  char *name;
  bool is_virtual;
  bool without_rowid;
} Table;

/* One column for a SELECT. Text of a UTF-16 database is read as its stored bytes, which
** sqlite3_column_text would convert (and mend); its storage class stands beside it. */
static void append_value(const Comparison *c, sqlite3_str *sql, const char *name) {
  if( sqlite3_str_length(sql) > 0 ) sqlite3_str_appendall(sql, ", ");
  if( !c->utf16 ) {
    sqlite3_str_appendf(sql, "\"%w\" AS \"%w\"", name, name);
    return;
  }
  sqlite3_str_appendf(sql,
                      "typeof(\"%w\") AS \"typeof %w\", CASE typeof(\"%w\") WHEN 'text' "
                      "THEN CAST(\"%w\" AS BLOB) ELSE \"%w\" END AS \"%w\"",
                      name, name, name, name, name, name);
}

/* What one scan of a table reads. */
typedef struct Scan {
  const Table *table;
  int first;      /* column */
  bool keyed;     /* the rowid comes first */
  bool generated; /* with the generated columns */
} Scan;

/* The columns of a scan for a SELECT; the caller frees. */
static char *values_sql(const Comparison *c, sqlite3 *db, const Scan *scan) {
  sqlite3_str *sql = sqlite3_str_new(db);
  sqlite3_stmt *stmt =
      prepare(db, format_sql("SELECT name, hidden FROM pragma_table_xinfo(%Q) LIMIT %d OFFSET %d",
                             scan->table->name, COLUMNS_AT_ONCE, scan->first));
  while( step(stmt) ) {
    if( scan->generated || sqlite3_column_int(stmt, 1) == 0 ) append_value(c, sql, text(stmt, 0));
  }
  sqlite3_finalize(stmt);
  if( sqlite3_str_length(sql) == 0 ) sqlite3_str_appendall(sql, "NULL");
  return sqlite3_str_finish(sql);
}

typedef enum Key { PRIMARY_KEY, ALL_COLUMNS } Key;

/* ORDER BY terms. BINARY tells apart whatever another collation may take as equal. */
static char *order_sql(sqlite3 *db, const char *table, Key key) {
  sqlite3_str *sql = sqlite3_str_new(db);
  sqlite3_stmt *stmt =
      prepare(db, format_sql("SELECT name FROM pragma_table_xinfo(%Q) WHERE pk>0 OR %d ORDER BY pk",
                             table, key == ALL_COLUMNS));
  while( step(stmt) ) {
    if( sqlite3_str_length(sql) > 0 ) sqlite3_str_appendall(sql, ", ");
    sqlite3_str_appendf(sql, "\"%w\" COLLATE BINARY", text(stmt, 0));
  }
  sqlite3_finalize(stmt);
  return sqlite3_str_finish(sql);
}

/* The first name that reaches the rowid; NULL when there is none: columns may hide all three. */
static const char *rowid_name(sqlite3 *db, const Table *table) {
  static const char *const names[] = {"rowid", "_rowid_", "oid"};
  const char *found = NULL;
  for( int i = 0; i < 3 && found == NULL && !table->without_rowid; i++ ) {
    sqlite3_stmt *stmt =
        prepare(db, format_sql("SELECT 1 FROM pragma_table_xinfo(%Q) WHERE name=%Q COLLATE NOCASE",
                               table->name, names[i]));
    if( !step(stmt) ) found = names[i];
    sqlite3_finalize(stmt);
  }
  return found;
}

/* SQLite's own tables that are rewritten at will: their rows count as a set. */
static bool is_set(const char *name) {
  return sqlite3_stricmp(name, "sqlite_sequence") == 0 ||
         sqlite3_strnicmp(name, "sqlite_stat", 11) == 0;
}

static sqlite3_stmt *prepare_scan(const Comparison *c, sqlite3 *db, const Scan *scan) {
  const Table *table = scan->table;
  const char *rowid = rowid_name(db, table);
  char *values = values_sql(c, db, scan);
  char *order = NULL;
  char *sql;
  if( is_set(table->name) || table->without_rowid ) {
    order = order_sql(db, table->name, table->without_rowid ? PRIMARY_KEY : ALL_COLUMNS);
    sql = format_sql("SELECT %s FROM main.\"%w\" ORDER BY %s", values, table->name, order);
  } else if( rowid == NULL ) {
    /* NOT INDEXED: the table itself is scanned, which is rowid order. */
    sql = format_sql("SELECT %s FROM main.\"%w\" NOT INDEXED", values, table->name);
  } else {
    sql = format_sql("SELECT %s%s%s FROM main.\"%w\" ORDER BY %s", scan->keyed ? rowid : "",
                     scan->keyed ? ", " : "", values, table->name, rowid);
  }
  sqlite3_free(order);
  sqlite3_free(values);
  return try_prepare(db, sql);
}

/* Generated columns are compared too, unless a function that they call is missing. */
static sqlite3_stmt *open_scan(const Comparison *c, sqlite3 *db, Scan scan) {
  sqlite3_stmt *stmt = prepare_scan(c, db, &scan);
  scan.generated = false;
  if( stmt == NULL ) stmt = prepare_scan(c, db, &scan);
  if( stmt == NULL ) give_up("table \"%s\": %s", scan.table->name, sqlite3_errmsg(db));
  return stmt;
}

static int count_columns(sqlite3 *db, const Table *table) {
  sqlite3_stmt *stmt =
      prepare(db, format_sql("SELECT count(*) FROM pragma_table_xinfo(%Q)", table->name));
  int count = step(stmt) ? sqlite3_column_int(stmt, 0) : 0;
  sqlite3_finalize(stmt);
  return count;
}

static void compare_table(Comparison *c, const Table *table) {
  Scan scan = {.table = table, .generated = true};
  scan.keyed = !is_set(table->name) && !matches(&c->no_rowid, table->name) &&
               rowid_name(c->db[0], table) != NULL && rowid_name(c->db[1], table) != NULL;
  int columns = count_columns(c->db[0], table);
  long rows = c->rows;
  for( ; scan.first < columns && c->place_differences == 0; scan.first += COLUMNS_AT_ONCE ) {
    Walk walk = {.keyed = scan.keyed};
    walk.stmt[0] = open_scan(c, c->db[0], scan);
    walk.stmt[1] = open_scan(c, c->db[1], scan);
    c->rows = rows;
    compare_rows(c, &walk);
  }
}

/* A virtual table's rows as its module gives them; its shadow tables are compared as tables. */
static void compare_virtual(Comparison *c, const Table *table) {
  Walk walk = {.may_fail = true, .keyed = true};
  static const char *const scans[] = {"SELECT rowid, * FROM main.\"%w\" ORDER BY rowid",
                                      "SELECT * FROM main.\"%w\""};
  for( int i = 0; i < 2 && (walk.stmt[0] == NULL || walk.stmt[1] == NULL); i++ ) {
    walk.keyed = i == 0;
    for( int side = 0; side < 2; side++ ) {
      sqlite3_finalize(walk.stmt[side]);
      walk.stmt[side] = try_prepare(c->db[side], format_sql(scans[i], table->name));
    }
  }
  if( walk.stmt[0] != NULL && walk.stmt[1] != NULL ) {
    compare_rows(c, &walk);
    return;
  }
  if( (walk.stmt[0] != NULL || walk.stmt[1] != NULL) && differs(c) ) {
    printf("can be read in %c only\n", side_name[walk.stmt[0] != NULL ? 0 : 1]);
  }
  sqlite3_finalize(walk.stmt[0]);
  sqlite3_finalize(walk.stmt[1]);
}

/* ---- schema ---- */

/* Both schemas in the same order. A trigger and a table may share a name. */
static const char objects_sql[] =
    "SELECT name, type, tbl_name, sql, CAST(sql AS BLOB), CAST(name AS BLOB) "
    "FROM main.sqlite_schema ORDER BY CAST(name AS BLOB), type";

/* The order of objects_sql. */
static int compare_names(sqlite3_stmt *const stmt[2]) {
  int size[2];
  const void *a = value_bytes(stmt[0], 5, &size[0]);
  const void *b = value_bytes(stmt[1], 5, &size[1]);
  int shorter = size[0] < size[1] ? size[0] : size[1];
  int order = shorter > 0 ? memcmp(a, b, (size_t)shorter) : 0;
  if( order == 0 ) order = size[0] - size[1];
  return order != 0 ? order : strcmp(text(stmt[0], 1), text(stmt[1], 1));
}

static bool step_object(const Comparison *c, sqlite3_stmt *stmt) {
  bool more = step(stmt);
  while( more && (matches(&c->ignore, text(stmt, 0)) || matches(&c->ignore, text(stmt, 2))) ) {
    more = step(stmt);
  }
  return more;
}

static void compare_object(Comparison *c, sqlite3_stmt *const stmt[2]) {
  bool same = same_value(stmt, 2) && same_value(stmt, 4);
  c->objects++;
  if( same || !differs(c) ) return;
  printf("%s \"%s\" is defined otherwise\n  A: %s\n  B: %s\n", text(stmt[0], 1), text(stmt[0], 0),
         text(stmt[0], 3), text(stmt[1], 3));
}

static void compare_schema(Comparison *c) {
  sqlite3_stmt *stmt[2];
  bool more[2];
  set_place(c, "schema");
  for( int side = 0; side < 2; side++ ) {
    stmt[side] = prepare(c->db[side], format_sql("%s", objects_sql));
    more[side] = step_object(c, stmt[side]);
  }
  while( more[0] || more[1] ) {
    int order = !more[0] ? 1 : !more[1] ? -1 : compare_names(stmt);
    int single = order < 0 ? 0 : 1;
    if( order == 0 ) {
      compare_object(c, stmt);
    } else if( differs(c) ) {
      printf("%s \"%s\" is only in %c\n", text(stmt[single], 1), text(stmt[single], 0),
             side_name[single]);
    }
    if( order <= 0 ) more[0] = step_object(c, stmt[0]);
    if( order >= 0 ) more[1] = step_object(c, stmt[1]);
  }
  sqlite3_finalize(stmt[0]);
  sqlite3_finalize(stmt[1]);
}

/* True when the other side has a table of that name and shape, so that rows can be compared. */
static bool has_table(sqlite3 *db, const Table *table) {
  sqlite3_stmt *stmt =
      prepare(db, format_sql("SELECT (type='virtual')=%d AND wr=%d FROM pragma_table_list "
                             "WHERE schema='main' AND name=%Q",
                             table->is_virtual, table->without_rowid, table->name));
  bool has = step(stmt) && sqlite3_column_int(stmt, 0);
  sqlite3_finalize(stmt);
  return has;
}

/* Every table of A that B has too; that one side lacks a table was found in the schema. */
static void compare_tables(Comparison *c) {
  sqlite3_stmt *stmt =
      prepare(c->db[0], format_sql("SELECT name, type='virtual', wr FROM pragma_table_list WHERE "
                                   "schema='main' AND type<>'view' AND name<>'sqlite_schema' "
                                   "ORDER BY name"));
  while( step(stmt) ) {
    Table table = {format_sql("%s", text(stmt, 0)), sqlite3_column_int(stmt, 1) != 0,
                   sqlite3_column_int(stmt, 2) != 0};
    if( !matches(&c->ignore, table.name) && has_table(c->db[1], &table) ) {
      char *place = format_sql("table \"%s\"", table.name);
      set_place(c, place);
      c->tables++;
      if( table.is_virtual )
        compare_virtual(c, &table);
      else
        compare_table(c, &table);
      sqlite3_free(place);
    }
    sqlite3_free(table.name);
  }
  sqlite3_finalize(stmt);
}

/* ---- the database as a whole ---- */

/* Compares what a PRAGMA says, all its rows. */
static void compare_pragma(Comparison *c, const char *pragma) {
  Walk walk = {0};
  char *place = format_sql("PRAGMA %s", pragma);
  set_place(c, place);
  for( int side = 0; side < 2; side++ ) {
    walk.stmt[side] = prepare(c->db[side], format_sql("PRAGMA main.%s", pragma));
  }
  long rows = c->rows;
  compare_rows(c, &walk);
  c->rows = rows;
  sqlite3_free(place);
}

static bool is_utf16(sqlite3 *db) {
  sqlite3_stmt *stmt = prepare(db, format_sql("PRAGMA encoding"));
  bool is = step(stmt) && strncmp(text(stmt, 0), "UTF-16", 6) == 0;
  sqlite3_finalize(stmt);
  return is;
}

static void compare_all(Comparison *c) {
  compare_pragma(c, "encoding");
  if( c->differences > 0 ) {
    puts("nothing else is compared: stored text differs everywhere");
    return;
  }
  compare_pragma(c, "user_version");
  compare_pragma(c, "application_id");
  if( c->auto_vacuum ) compare_pragma(c, "auto_vacuum");
  compare_schema(c);
  c->utf16 = is_utf16(c->db[0]);
  compare_tables(c);
  if( !c->no_integrity ) compare_pragma(c, "integrity_check");
}

/* One read transaction each, so that what is compared holds still. */
static sqlite3 *open_database(const Comparison *c, const char *path) {
  sqlite3 *db = NULL;
  char *message = NULL;
  if( sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ) {
    give_up("%s: %s", path, sqlite3_errmsg(db));
  }
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
  if( c->extension != NULL &&
      sqlite3_load_extension(db, c->extension, NULL, &message) != SQLITE_OK ) {
    give_up("%s: %s", c->extension, message ? message : "cannot be loaded");
  }
  if( sqlite3_exec(db, "BEGIN; SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL) !=
      SQLITE_OK ) {
    give_up("%s: %s", path, sqlite3_errmsg(db));
  }
  return db;
}

static int usage(void) {
  fputs("usage: dbsame [--ignore GLOB] [--no-rowid GLOB] [--auto-vacuum] [--no-integrity] "
        "[--load FILE] A B\n",
        stderr);
  return 2;
}

static void add_glob(Globs *globs, const char *glob) {
  if( globs->count == MAX_GLOBS ) give_up("more than %d patterns", MAX_GLOBS);
  globs->glob[globs->count++] = glob;
}

/* Reads the options; returns the index of the first database, or 0. */
static int read_options(int argc, char **argv, Comparison *c) {
  int i = 1;
  for( ; i < argc && argv[i][0] == '-'; i++ ) {
    const char *name = argv[i];
    const char *value = i + 1 < argc ? argv[i + 1] : NULL;
    if( strcmp(name, "--auto-vacuum") == 0 ) {
      c->auto_vacuum = true;
    } else if( strcmp(name, "--no-integrity") == 0 ) {
      c->no_integrity = true;
    } else if( value == NULL ) {
      return 0;
    } else {
      if( strcmp(name, "--ignore") == 0 )
        add_glob(&c->ignore, value);
      else if( strcmp(name, "--no-rowid") == 0 )
        add_glob(&c->no_rowid, value);
      else if( strcmp(name, "--load") == 0 )
        c->extension = value;
      else
        return 0;
      i++;
    }
  }
  return i + 2 == argc ? i : 0;
}

int main(int argc, char **argv) {
  Comparison c = {0};
  int first = read_options(argc, argv, &c);
  if( first == 0 ) return usage();
  for( int side = 0; side < 2; side++ ) c.db[side] = open_database(&c, argv[first + side]);
  compare_all(&c);
  sqlite3_close(c.db[0]);
  sqlite3_close(c.db[1]);
  printf("%s: %ld difference%s in %ld schema objects, %ld tables, %ld rows\n",
         c.differences ? "different" : "the same", c.differences, c.differences == 1 ? "" : "s",
         c.objects, c.tables, c.rows);
  return c.differences ? 1 : 0;
}
