/*
** stages.c - where the time of a backup and a restore goes, stage by stage, on one thread.
**
**   stages DATABASE FOLDER      FOLDER takes the files that are made on the way
**   stages rows DATABASE        reads every row and makes its text, once; prints nothing
**
** Each line does all that the line before it does and one thing more; the second figure is what
** that adds. Everything runs on this thread, so that processor time is the measure and other work on the
** machine matters little.
*/
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "archive/archive_read.h"
#include "archive/archive_write.h"
#include "archive/row_digest.h"
#include "archive/row_write.h"
#include "db/catalog.h"
#include "db/load.h"
#include "db/order.h"
#include "db/scan.h"
#include "ops/hash.h"
#include "stream/block_read.h"

#define PATH_MAX_BYTES 1024

typedef struct Bench {
  AdcpError err;
  AdcpDb db;
  AdcpSchema *schema;
  char backup[PATH_MAX_BYTES];
  char copy[PATH_MAX_BYTES];
  double began, before;
  int64_t rows, bytes;
} Bench;

static double cpu_seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void check(Bench *bench) {
  if( bench->err.rc == ADCP_OK ) return;
  fprintf(stderr, "stages: %s\n", adcp_error_message(&bench->err));
  exit(1);
}

static void check_sqlite(Bench *bench, int rc) {
  if( rc != SQLITE_OK ) adcp_error_set(&bench->err, ADCP_ERROR, "SQLite: error %d", rc);
  check(bench);
}

static void begin(Bench *bench) {
  bench->began = cpu_seconds();
}

/* Prints a stage that continues those before it. */
static void end(Bench *bench, const char *stage) {
  double all = cpu_seconds() - bench->began;
  check(bench);
  printf("  %-52s %8.3f s %+8.3f s\n", stage, all, all - bench->before);
  bench->before = all;
}

static void heading(Bench *bench, const char *text) {
  printf("%s\n", text);
  bench->before = 0;
}

static bool has_rows(const AdcpTable *table) {
  return table->kind != ADCP_TABLE_VIRTUAL;
}

/* ---- backup ---- */

typedef struct Text {
  AdcpRowDigest *digest; /* NULL: the text is dropped */
  int64_t bytes;
} Text;

static void take_text(void *context, const void *bytes, size_t n, AdcpError *err) {
  Text *text = context;
  (void)err;
  text->bytes += (int64_t)n;
  if( text->digest ) adcp_row_digest_add(text->digest, bytes, n);
}

static void scan_table(Bench *bench, const AdcpTable *table, AdcpTextSink *sink) {
  AdcpScan *scan = adcp_scan_open(&bench->db, table);
  AdcpRowWriter *writer = adcp_row_writer_open(table, &bench->err);
  const AdcpValue *values;
  while( (values = adcp_scan_next(scan)) != NULL ) {
    bench->rows++;
    if( sink ) adcp_row_write(writer, values, *sink, &bench->err);
  }
  adcp_row_writer_close(writer);
  adcp_scan_close(scan);
}

static void scan_all(Bench *bench, AdcpTextSink *sink) {
  bench->rows = 0;
  for( size_t i = 0; i < bench->schema->table_count; i++ ) {
    if( has_rows(&bench->schema->tables[i]) ) scan_table(bench, &bench->schema->tables[i], sink);
  }
}

static void write_backup(Bench *bench, AdcpContainer container, int level) {
  AdcpBlockWriterOptions options = {.container = container, .level = level};
  AdcpArchiveWriter *out =
      adcp_archive_writer_open(NULL, bench->backup, ADCP_OUT_REPLACE, &options, &bench->err);
  check(bench);
  adcp_archive_write_section(out, "backup_metadata",
                             "{\"format\":\"adcp-backup\",\"version\":\"3.0\"}",
                             strlen("{\"format\":\"adcp-backup\",\"version\":\"3.0\"}"));
  adcp_archive_write_schema(out, bench->schema);
  adcp_archive_begin_tables(out);
  for( size_t i = 0; i < bench->schema->table_count; i++ ) {
    const AdcpTable *table = &bench->schema->tables[i];
    if( !has_rows(table) ) continue;
    AdcpScan *scan = adcp_scan_open(&bench->db, table);
    const AdcpValue *values;
    adcp_archive_begin_table(out, table);
    while( (values = adcp_scan_next(scan)) != NULL ) adcp_archive_write_row(out, values);
    adcp_archive_end_table(out);
    adcp_scan_close(scan);
  }
  adcp_archive_finish(out, NULL);
  adcp_archive_commit(out);
  adcp_archive_writer_close(out);
}

static void time_backup(Bench *bench) {
  Text text = {0};
  AdcpTextSink sink = {&text, take_text};
  heading(bench, "backup");
  scan_all(bench, NULL); /* so that the first stage does not pay for reading the file */
  begin(bench), scan_all(bench, NULL), end(bench, "scan");
  begin(bench), scan_all(bench, &sink), end(bench, "+ row text");
  bench->bytes = text.bytes;
  text.digest = adcp_row_digest_open(&bench->err);
  begin(bench), scan_all(bench, &sink), end(bench, "+ SHA-256");
  adcp_row_digest_close(text.digest);
  begin(bench), write_backup(bench, ADCP_CONTAINER_PLAIN, 0), end(bench, "+ blocks, CRC-32, file");
  double plain = bench->before;
  begin(bench), write_backup(bench, ADCP_CONTAINER_GZIP, 1), end(bench, "+ gzip level 1");
  bench->before = plain;
  begin(bench), write_backup(bench, ADCP_CONTAINER_GZIP, 6), end(bench, "+ gzip level 6 instead");
}

/* ---- restore ---- */

static void inflate_all(Bench *bench) {
  static uint8_t bytes[65536];
  AdcpInFile *file = adcp_infile_open(NULL, bench->backup, ADCP_NO_CHECKPOINT, &bench->err);
  AdcpArchiveReader *archive = adcp_archive_reader_open(NULL, bench->backup, 0, &bench->err);
  check(bench);
  const AdcpArchiveHead *head = adcp_archive_head(archive);
  AdcpBlockReader *reader = adcp_block_reader_open(file, 0, &bench->err);
  adcp_block_reader_set_index(reader, head->blocks, head->block_count, &bench->err);
  adcp_block_reader_rewind(reader, &bench->err);
  while( adcp_block_reader_read(reader, bytes, sizeof bytes, &bench->err) > 0 ) {
  }
  adcp_block_reader_close(reader);
  adcp_archive_reader_close(archive);
  adcp_infile_close(file);
}

typedef enum Depth { PARSE, DECODE, INSERT } Depth;

static void take_event(Bench *bench, AdcpArchiveReader *archive, AdcpArchiveEvent event,
                       AdcpDb *target, AdcpLoad **load) {
  if( event == ADCP_ARCHIVE_ROW && !target ) {
    adcp_archive_row(archive);
  } else if( event == ADCP_ARCHIVE_ROW ) {
    adcp_load_row(*load, adcp_archive_row(archive));
  } else if( event == ADCP_ARCHIVE_TABLE_BEGIN && target ) {
    const AdcpTable *table = adcp_archive_table(archive)->table;
    AdcpLoadOptions options = {table->name, NULL, ADCP_CONFLICT_ABORT, true};
    adcp_db_exec(target, "DELETE FROM \"%w\"", table->name);
    *load = adcp_load_open(target, table, &options);
  } else if( event == ADCP_ARCHIVE_TABLE_END && target ) {
    adcp_load_close(*load);
  }
  check(bench);
}

static void read_rows(Bench *bench, Depth depth, AdcpDb *target) {
  AdcpArchiveReader *archive = adcp_archive_reader_open(NULL, bench->backup, 0, &bench->err);
  AdcpArchiveEvent event;
  AdcpLoad *load = NULL;
  check(bench);
  while( (event = adcp_archive_next(archive)) != ADCP_ARCHIVE_END ) {
    check(bench);
    if( depth != PARSE ) take_event(bench, archive, event, target, &load);
  }
  adcp_archive_reader_close(archive);
}

/* Creates what the backup's schema has of a kind, as it stands there. */
static void create_objects(Bench *bench, AdcpDb *target, bool indexes) {
  for( size_t i = 0; i < bench->schema->object_count; i++ ) {
    const AdcpObject *object = &bench->schema->objects[i];
    const AdcpTable *table = adcp_schema_table(bench->schema, object->name);
    bool is_index = object->type == ADCP_OBJECT_INDEX;
    bool is_table = object->type == ADCP_OBJECT_TABLE && table &&
                    (table->kind == ADCP_TABLE_ORDINARY || table->kind == ADCP_TABLE_VIRTUAL);
    if( object->sql && (indexes ? is_index : is_table) ) adcp_db_exec(target, "%s", object->sql);
  }
}

static void digest_tables(Bench *bench, AdcpDb *target) {
  AdcpRowHash *hash = adcp_row_hash_open(false, &bench->err);
  for( size_t i = 0; i < bench->schema->table_count; i++ ) {
    AdcpArchiveTable entry = {.table = &bench->schema->tables[i]};
    if( has_rows(entry.table) ) adcp_hash_scan(target, NULL, hash, ADCP_ROWS_IN_ORDER, &entry);
  }
  adcp_row_hash_close(hash);
}

static void time_insert(Bench *bench) {
  AdcpDb target = {NULL, "main", &bench->err};
  unlink(bench->copy);
  check_sqlite(bench, sqlite3_open(bench->copy, &target.handle));
  int on = 0;
  sqlite3_db_config(target.handle, SQLITE_DBCONFIG_DEFENSIVE, 0, &on);
  adcp_db_exec(&target, "BEGIN IMMEDIATE");
  create_objects(bench, &target, false);
  begin(bench), read_rows(bench, INSERT, &target), end(bench, "+ INSERT");
  heading(bench, "restore, the rest: each by itself");
  begin(bench), create_objects(bench, &target, true), end(bench, "indexes");
  bench->before = 0;
  begin(bench), adcp_db_exec(&target, "PRAGMA foreign_key_check"), end(bench, "foreign keys");
  bench->before = 0;
  begin(bench), digest_tables(bench, &target), end(bench, "scan of what was restored");
  bench->before = 0;
  begin(bench), adcp_db_exec(&target, "COMMIT"), end(bench, "COMMIT");
  sqlite3_close(target.handle);
}

static void time_restore(Bench *bench) {
  heading(bench, "restore");
  begin(bench), inflate_all(bench), end(bench, "inflate, CRC-32");
  begin(bench), read_rows(bench, PARSE, NULL), end(bench, "+ parse, SHA-256");
  begin(bench), read_rows(bench, DECODE, NULL), end(bench, "+ values");
  time_insert(bench);
}

static void open_database(Bench *bench, const char *path) {
  bench->db = (AdcpDb){NULL, "main", &bench->err};
  check_sqlite(bench, sqlite3_open_v2(path, &bench->db.handle, SQLITE_OPEN_READONLY, NULL));
  bench->schema = adcp_catalog_read(&bench->db);
  check(bench);
  adcp_schema_sort(bench->schema, &bench->err);
  adcp_db_exec(&bench->db, "BEGIN");
}

/* The yardstick for what looks at the content of a database. */
static void serialise_once(Bench *bench) {
  Text text = {0};
  AdcpTextSink sink = {&text, take_text};
  scan_all(bench, &sink);
  check(bench);
}

int main(int argc, char **argv) {
  Bench bench = {.err = ADCP_ERROR_INIT};
  if( argc != 3 ) {
    fputs("usage: stages DATABASE FOLDER | stages rows DATABASE\n", stderr);
    return 2;
  }
  if( strcmp(argv[1], "rows") == 0 ) {
    open_database(&bench, argv[2]);
    serialise_once(&bench);
    adcp_schema_free(bench.schema);
    sqlite3_close(bench.db.handle);
    return 0;
  }
  snprintf(bench.backup, sizeof bench.backup, "%s/stages.json.gz", argv[2]);
  snprintf(bench.copy, sizeof bench.copy, "%s/stages.db", argv[2]);
  open_database(&bench, argv[1]);
  time_backup(&bench);
  time_restore(&bench);
  printf("%lld rows, %lld bytes of row text\n", (long long)bench.rows, (long long)bench.bytes);
  adcp_schema_free(bench.schema);
  sqlite3_close(bench.db.handle);
  unlink(bench.backup);
  unlink(bench.copy);
  return 0;
}
