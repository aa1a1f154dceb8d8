/*
** test_archive_ahead.c - reading ahead gives the events of the plain reader, with and without a
** thread: rows, large rows, skipped tables, errors where they stand.
*/
#include <zlib.h>

#include "archive/read_ahead.h"
#include "archive/row_batch.h"
#include "platform/work_queue.h"
#include "archive_fixture.h"
#include "base/mem.h"
#include "unit.h"

static const char METADATA[] = "{\"format\":\"adcp-backup\",\"version\":\"3.0\"}";
static char DIR_TEMPLATE[] = "/tmp/adcp-ahead-XXXXXX";
static char path[128];
static uint8_t large[300000];

/* Of white space: more than a reader passes in some looks at a checkpoint. */
#define WIDE_MIB 200

static const AdcpCheckpoint no_checkpoint = {0};

/* Tables of no, few and many rows, with a large row now and then; 3 values a row. */
static const struct {
  const char *name;
  int rows, large_every;
} tables[] = {
    {"empty", 0, 0}, {"few", 3, 0}, {"large", 5, 2}, {"many", 20000, 0}, {"mixed", 3000, 700},
};
#define TABLES (sizeof tables / sizeof tables[0])

static void make_row(size_t table, int i, AdcpValue values[3], char text[64]) {
  int every = tables[table].large_every;
  snprintf(text, 64, "row %d of %s, \"quoted\"", i, tables[table].name);
  values[0] = fix_integer(i);
  values[1] = fix_text(text);
  values[2] =
      every && i % every == 1 ? fix_bytes(ADCP_BLOB, large, sizeof large) : fix_real(i / 8.0);
}

static void write_tables(AdcpArchiveWriter *w, const AdcpSchema *schema) {
  for( size_t t = 0; t < TABLES; t++ ) {
    adcp_archive_begin_table(w, &schema->tables[t]);
    for( int i = 0; i < tables[t].rows; i++ ) {
      AdcpValue values[3];
      char text[64];
      make_row(t, i, values, text);
      adcp_archive_write_row(w, values);
    }
    adcp_archive_end_table(w);
  }
}

static void write_backup(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSchema *schema = adcp_schema_new(&err);
  uint64_t seed = 9;
  for( size_t i = 0; i < sizeof large; i++ ) large[i] = (uint8_t)(fix_random(&seed) >> 30);
  for( size_t t = 0; t < TABLES; t++ ) {
    fix_table(schema, ADCP_TABLE_ORDINARY, false, tables[t].name, "a", "b", "c", (char *)NULL);
  }
  adcp_schema_index(schema, &err);
  AdcpBlockWriterOptions options = {.container = ADCP_CONTAINER_GZIP, .level = 1};
  AdcpArchiveWriter *w = adcp_archive_writer_open(NULL, path, ADCP_OUT_REPLACE, &options, &err);
  adcp_archive_write_section(w, "backup_metadata", METADATA, sizeof METADATA - 1);
  adcp_archive_write_schema(w, schema);
  adcp_archive_begin_tables(w);
  write_tables(w, schema);
  adcp_archive_finish(w, NULL);
  adcp_archive_commit(w);
  adcp_archive_writer_close(w);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  adcp_error_clear(&err);
  adcp_schema_free(schema);
}

static bool is_row(AdcpReadAhead *ahead, size_t table, int i) {
  AdcpValue values[3];
  char text[64];
  const AdcpValue *got = adcp_read_ahead_row(ahead);
  make_row(table, i, values, text);
  for( int k = 0; k < 3; k++ ) {
    if( !fix_same(&got[k], &values[k]) ) return false;
  }
  return adcp_read_ahead_row_number(ahead) == i + 1;
}

/* Reads all, leaving table `skipped` out. */
static void test_events(int threads, size_t skipped) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpReadAhead *ahead = adcp_read_ahead_open(NULL, path, threads, no_checkpoint, &err);
  CHECK(ahead != NULL && adcp_read_ahead_head(ahead)->table_count == TABLES);
  int64_t text_bytes = adcp_read_ahead_head(ahead)->totals.raw_bytes;
  CHECK(adcp_read_ahead_threads(ahead) == adcp_threads_for_text(threads, text_bytes));
  for( size_t t = 0; t < TABLES; t++ ) {
    CHECK(adcp_read_ahead_next(ahead) == ADCP_ARCHIVE_TABLE_BEGIN);
    CHECK_TEXT(adcp_read_ahead_table(ahead)->table->name, tables[t].name);
    if( t == skipped ) adcp_read_ahead_skip_table(ahead);
    int wrong = 0, rows = t == skipped ? 0 : tables[t].rows;
    for( int i = 0; i < rows; i++ ) {
      if( adcp_read_ahead_next(ahead) != ADCP_ARCHIVE_ROW || !is_row(ahead, t, i) ) wrong++;
    }
    CHECK_CASE(wrong == 0, "table %s, %d threads", tables[t].name, threads);
    CHECK(adcp_read_ahead_next(ahead) == ADCP_ARCHIVE_TABLE_END);
  }
  CHECK(adcp_read_ahead_next(ahead) == ADCP_ARCHIVE_END);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  adcp_read_ahead_close(ahead);
}

/* Closed in the middle, with batches on their way. */
static void test_close_early(int threads, int rows) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpReadAhead *ahead = adcp_read_ahead_open(NULL, path, threads, no_checkpoint, &err);
  for( int i = 0; i < rows; i++ ) adcp_read_ahead_next(ahead);
  CHECK(err.rc == ADCP_OK);
  adcp_read_ahead_close(ahead);
}

/* Events until the error, and its message: the same as from the plain reader. */
static void test_damage(int threads, size_t at) {
  AdcpError plain_err = ADCP_ERROR_INIT, err = ADCP_ERROR_INIT;
  long plain = 0, events = 0;
  AdcpBuf good = {0};
  fix_read_file(path, &good);
  good.data[at] ^= 0x5a;
  char damaged[160];
  snprintf(damaged, sizeof damaged, "%s.damaged", path);
  fix_write_file(damaged, good.data, good.size);
  AdcpArchiveReader *r = adcp_archive_reader_open(NULL, damaged, threads, &plain_err);
  while( r && adcp_archive_next(r) > ADCP_ARCHIVE_ERROR && plain < 1000000 ) plain++;
  AdcpReadAhead *ahead = adcp_read_ahead_open(NULL, damaged, threads, no_checkpoint, &err);
  while( ahead && adcp_read_ahead_next(ahead) > ADCP_ARCHIVE_ERROR && events < 1000000 ) events++;
  CHECK(plain_err.rc == ADCP_CORRUPT && err.rc == ADCP_CORRUPT);
  CHECK_CASE(events == plain, "%ld events instead of %ld", events, plain);
  CHECK_TEXT(adcp_error_message(&err), adcp_error_message(&plain_err));
  adcp_archive_reader_close(r);
  adcp_read_ahead_close(ahead);
  adcp_error_clear(&plain_err);
  adcp_error_clear(&err);
  adcp_buf_free(&good);
}

static void stop(void *context, AdcpError *err) {
  int *calls = context;
  if( ++*calls == 5 ) adcp_error_set(err, ADCP_INTERRUPT, "stopped");
}

static void test_checkpoint(int threads) {
  AdcpError err = ADCP_ERROR_INIT;
  int calls = 0;
  AdcpCheckpoint checkpoint = {&calls, stop};
  AdcpReadAhead *ahead = adcp_read_ahead_open(NULL, path, threads, checkpoint, &err);
  while( ahead && adcp_read_ahead_next(ahead) > ADCP_ARCHIVE_ERROR ) {
  }
  CHECK(err.rc == ADCP_INTERRUPT && calls == 5);
  adcp_read_ahead_close(ahead);
  adcp_error_clear(&err);
}

/* White space in front of the last row of all, in a file that another tool compressed. */
static void write_wide(const char *wide) {
  static uint8_t blank[1 << 20];
  AdcpBuf text = {0};
  CHECK(fix_run(DIR_TEMPLATE, "gzip -dc $D/b.json.gz > $D/text"));
  char plain[160];
  snprintf(plain, sizeof plain, "%s/text", DIR_TEMPLATE);
  fix_read_file(plain, &text);
  const char *last = memmem(text.data, text.size, "row 2999 of mixed", 17);
  size_t at = last ? (size_t)(last - (const char *)text.data) : 0;
  while( at && text.data[at] != '\n' ) at--;
  memset(blank, ' ', sizeof blank);
  gzFile file = gzopen(wide, "wb1");
  CHECK(file && last && gzwrite(file, text.data, (unsigned)at) == (int)at);
  for( int i = 0; i < WIDE_MIB; i++ ) gzwrite(file, blank, sizeof blank);
  gzwrite(file, text.data + at, (unsigned)(text.size - at));
  CHECK(gzclose(file) == Z_OK);
  adcp_buf_free(&text);
}

/* Of the checkpoint after the opening, so many calls until it says stop. */
typedef struct Countdown {
  bool on;
  int left;
} Countdown;

static void count_down(void *context, AdcpError *err) {
  Countdown *countdown = context;
  if( countdown->on && --countdown->left == 0 ) adcp_error_set(err, ADCP_INTERRUPT, "stopped");
}

/* A thread that meets no row for long is stopped while it is waited for, and by a close. */
static void test_wide(int threads) {
  char wide[160];
  snprintf(wide, sizeof wide, "%s.wide", path);
  write_wide(wide);
  for( int closed = 0; closed < 2; closed++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    Countdown countdown = {0};
    AdcpCheckpoint checkpoint = {&countdown, count_down};
    AdcpReadAhead *ahead = adcp_read_ahead_open(NULL, wide, threads, checkpoint, &err);
    CHECK_CASE(ahead != NULL, "%s", adcp_error_message(&err));
    AdcpArchiveEvent event = ADCP_ARCHIVE_END;
    int rows = -1;
    while( ahead && rows < 2500 && event > ADCP_ARCHIVE_ERROR ) {
      event = adcp_read_ahead_next(ahead);
      if( event == ADCP_ARCHIVE_TABLE_BEGIN ) rows = -1;
      bool last = strcmp(adcp_read_ahead_table(ahead)->table->name, "mixed") == 0;
      if( event == ADCP_ARCHIVE_ROW && last ) rows++;
    }
    countdown = (Countdown){true, 4};
    while( !closed && adcp_read_ahead_next(ahead) > ADCP_ARCHIVE_ERROR ) rows++;
    CHECK_CASE(closed || (err.rc == ADCP_INTERRUPT && rows < 2999), "%d rows", rows);
    adcp_read_ahead_close(ahead);
    adcp_error_clear(&err);
  }
}

static void test_batch(void) {
  static AdcpRowBatch batch;
  AdcpValue values[2] = {fix_bytes(ADCP_BLOB, large, ADCP_BATCH_BYTES / 2), fix_null()};
  adcp_row_batch_clear(&batch, 2);
  CHECK(adcp_row_batch_add(&batch, values) && adcp_row_batch_add(&batch, values));
  values[0].size = 1;
  CHECK(!adcp_row_batch_add(&batch, values) && batch.rows == 2);
  values[0].size = 0;
  CHECK(adcp_row_batch_add(&batch, values) && batch.rows == 3);
  CHECK(batch.values[2].bytes != large && fix_same(&batch.values[4], &values[0]));
  adcp_row_batch_clear(&batch, ADCP_BATCH_VALUES + 1);
  CHECK(!adcp_row_batch_add(&batch, values) && batch.rows == 0);
}

int main(void) {
  snprintf(path, sizeof path, "%s/b.json.gz", fix_scratch(DIR_TEMPLATE));
  write_backup();
  test_batch();
  test_events(ADCP_AUTO_THREADS, TABLES);
  for( int threads = 0; threads <= 4; threads += threads + 1 ) {
    for( size_t skipped = 0; skipped <= TABLES; skipped++ ) test_events(threads, skipped);
    for( int rows = 0; rows < 20000; rows = rows * 3 + 1 ) test_close_early(threads, rows);
    for( size_t at = 3000; at < 400000; at += 90000 ) test_damage(threads, at);
    test_checkpoint(threads);
    if( threads == 1 ) test_wide(threads);
  }
  CHECK(fix_run(DIR_TEMPLATE, "rm -r $D"));
  return unit_done();
}
