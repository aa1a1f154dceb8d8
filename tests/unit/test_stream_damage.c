/*
** test_stream_damage.c - damaged files, lying indexes, full disks and no memory: always an error,
** never other text than was written.
*/
#include "stream/block_read.h"
#include "stream/block_write.h"

#include <errno.h>
#include <stdatomic.h>
#include <zlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "stream_file.h"
#include "unit.h"

static char path[128];

/* A small container in memory. */
typedef struct Sample {
  uint8_t *text;
  size_t text_size; /* the end line included */
  uint8_t *file;
  size_t file_size;
  Written written;
} Sample;

static Sample make_sample(AdcpContainer container, size_t n) {
  AdcpError err = ADCP_ERROR_INIT;
  WriteHow how = {container, 6, 0, 300, 0, 200};
  size_t line = sizeof END_LINE - 1;
  Sample sample = {.text = data_make(n + line, KIND_ROWS, 3), .text_size = n + line};
  memcpy(sample.text + n, END_LINE, line);
  sample.written = stream_write(path, sample.text, n, &how, &err);
  CHECK(err.rc == ADCP_OK);
  sample.file = data_get_file(path, &sample.file_size);
  return sample;
}

static void free_sample(Sample *sample) {
  free(sample->text);
  free(sample->file);
  free(sample->written.index);
}

/* Reads a changed file. 0: an error; 1: the text; 2: other text without an error. */
static int outcome(const Sample *sample, const uint8_t *file, size_t n, bool use_index,
                   int threads) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf buf = {0};
  data_put_file(path, file, n);
  stream_read_all(path, use_index ? &sample->written : NULL, threads, 1000, &buf, &err);
  int result = 0;
  if( err.rc == ADCP_OK ) {
    bool ok = buf.size == sample->text_size && memcmp(buf.data, sample->text, buf.size) == 0;
    result = ok ? 1 : 2;
  } else {
    CHECK_CASE(err.rc == ADCP_CORRUPT || err.rc == ADCP_NOTADB, "%s", adcp_error_message(&err));
    CHECK_CASE(strstr(adcp_error_message(&err), path) != NULL, "%s", adcp_error_message(&err));
    /* What was given out before the error may end early, but blocks are given out checked. */
    size_t checked = use_index && buf.size > sample->text_size - 300 ? 0 : buf.size;
    if( use_index ) CHECK(checked == 0 || memcmp(buf.data, sample->text, checked) == 0);
  }
  adcp_buf_free(&buf);
  adcp_error_clear(&err);
  return result;
}

static void test_flips(void) {
  Sample sample = make_sample(ADCP_CONTAINER_GZIP, 1500);
  static const uint8_t masks[] = {0x01, 0x10, 0x80, 0xff};
  int errors = 0, same = 0;
  for( size_t i = 0; i < sample.file_size; i++ ) {
    for( int m = 0; m < 4; m++ ) {
      sample.file[i] ^= masks[m];
      for( int use_index = 0; use_index < 2; use_index++ ) {
        int result = outcome(&sample, sample.file, sample.file_size, use_index, m == 3 ? 2 : 0);
        CHECK_CASE(result != 2, "byte %zu ^ %02x, index %d", i, masks[m], use_index);
        if( result == 0 ) errors++;
        if( result == 1 ) same++;
        /* The text may be what it was only where the header's time and system were changed, or
        ** bits that deflate ignores. */
        if( result == 1 && i >= 10 && masks[m] == 0xff ) CHECK_CASE(0, "byte %zu unnoticed", i);
      }
      sample.file[i] ^= masks[m];
    }
  }
  CHECK(errors > (int)sample.file_size * 7 && same < 100);
  CHECK(outcome(&sample, sample.file, sample.file_size, true, 2) == 1);
  free_sample(&sample);
}

static void test_truncations(void) {
  Sample sample = make_sample(ADCP_CONTAINER_GZIP, 1500);
  for( size_t n = 0; n < sample.file_size; n++ ) {
    CHECK_CASE(outcome(&sample, sample.file, n, true, n % 3 == 0 ? 2 : 0) == 0, "%zu bytes", n);
    CHECK_CASE(outcome(&sample, sample.file, n, false, 0) == 0, "%zu bytes", n);
  }
  free_sample(&sample);
}

/* In a plain file the blocks are protected; what follows them is the archive's to check. */
static void test_plain_flips(void) {
  Sample sample = make_sample(ADCP_CONTAINER_PLAIN, 1500);
  for( size_t i = 0; i < (size_t)sample.written.tail_offset; i++ ) {
    sample.file[i] ^= 1;
    CHECK_CASE(outcome(&sample, sample.file, sample.file_size, true, 0) == 0, "byte %zu", i);
    sample.file[i] ^= 1;
  }
  for( size_t n = 0; n <= (size_t)sample.written.tail_offset; n++ ) {
    CHECK_CASE(outcome(&sample, sample.file, n, true, 0) == 0, "%zu bytes", n);
  }
  free_sample(&sample);
}

/* ---- messages ---- */

static void check_message(const uint8_t *file, size_t n, const Written *written, const char *part) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf buf = {0};
  data_put_file(path, file, n);
  stream_read_all(path, written, 1, 1000, &buf, &err);
  CHECK(err.rc == ADCP_CORRUPT);
  CHECK_CASE(strstr(adcp_error_message(&err), part) != NULL, "\"%s\" lacks \"%s\"",
             adcp_error_message(&err), part);
  adcp_buf_free(&buf);
  adcp_error_clear(&err);
}

static void test_messages(void) {
  Sample sample = make_sample(ADCP_CONTAINER_GZIP, 1500);
  char part[100];
  size_t size = sample.file_size;
  uint8_t *more = malloc(size + 3);
  memcpy(more, sample.file, size);
  memcpy(more + size, "abc", 3);
  snprintf(part, sizeof part, "has 3 bytes after its end, from byte %zu on", size);
  check_message(more, size + 3, &sample.written, part);
  check_message(more, size + 3, NULL, part);
  free(more);

  check_message(sample.file, size - 1, &sample.written, "is incomplete");
  check_message(sample.file, size - 1, NULL, "is incomplete");
  check_message(sample.file, 12, NULL, "is incomplete: it stops at byte 12");
  snprintf(part, sizeof part, "block 1 at byte %u",
           (unsigned)(10 + sample.written.index[0].size_bytes));
  sample.file[10 + sample.written.index[0].size_bytes + 20] ^= 0xff;
  check_message(sample.file, size, &sample.written, part);
  free_sample(&sample);
}

/* After an error the other blocks can still be read. */
static void test_other_blocks(void) {
  Sample sample = make_sample(ADCP_CONTAINER_GZIP, 3000);
  AdcpError err = ADCP_ERROR_INIT;
  uint8_t text[300];
  sample.file[10 + sample.written.index[0].size_bytes + 20] ^= 0xff;
  data_put_file(path, sample.file, sample.file_size);
  AdcpInFile *file = adcp_infile_open(NULL, path, ADCP_NO_CHECKPOINT, &err);
  AdcpBlockReader *reader = adcp_block_reader_open(file, 2, &err);
  adcp_block_reader_set_index(reader, sample.written.index, sample.written.count, &err);
  for( int round = 0; round < 3; round++ ) {
    for( int64_t i = 0; i < 5; i++ ) {
      adcp_block_reader_seek(reader, (AdcpBlockPosition){i, 0}, &err);
      size_t got = adcp_block_reader_read(reader, text, 300, &err);
      CHECK(i == 1 ? got == 0 && err.rc == ADCP_CORRUPT
                   : got == 300 && memcmp(text, sample.text + 300 * i, 300) == 0);
      adcp_error_clear(&err);
    }
  }
  adcp_block_reader_close(reader);
  adcp_infile_close(file);
  free_sample(&sample);
}

/* ---- indexes that lie ---- */

static void check_index_refused(const Sample *sample, AdcpBlockEntry entry, size_t count) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBlockEntry entries[8];
  for( size_t i = 0; i < 8; i++ ) entries[i] = entry;
  data_put_file(path, sample->file, sample->file_size);
  AdcpInFile *file = adcp_infile_open(NULL, path, ADCP_NO_CHECKPOINT, &err);
  AdcpBlockReader *reader = adcp_block_reader_open(file, 0, &err);
  adcp_block_reader_set_index(reader, entries, count, &err);
  CHECK_CASE(err.rc == ADCP_CORRUPT, "%u %u", entry.size_bytes, entry.raw_bytes);
  adcp_error_clear(&err);
  adcp_block_reader_rewind(reader, &err); /* without an index again: from the start */
  CHECK(adcp_block_reader_read(reader, &(uint8_t){0}, 1, &err) == 1);
  adcp_block_reader_close(reader);
  adcp_infile_close(file);
}

static void test_lies(void) {
  Sample sample = make_sample(ADCP_CONTAINER_GZIP, 1500);
  uint32_t size = (uint32_t)sample.file_size;
  check_index_refused(&sample, (AdcpBlockEntry){100, 0, 0}, 1);
  check_index_refused(&sample, (AdcpBlockEntry){0, 100, 0}, 1);
  check_index_refused(&sample, (AdcpBlockEntry){100, ADCP_MAX_BLOCK_BYTES + 1, 0}, 1);
  check_index_refused(&sample, (AdcpBlockEntry){100, 100 * ADCP_MAX_INFLATE_RATIO + 65, 0}, 1);
  check_index_refused(&sample, (AdcpBlockEntry){300, 100, 0}, 1);
  check_index_refused(&sample, (AdcpBlockEntry){size, 1000, 0}, 1);
  check_index_refused(&sample, (AdcpBlockEntry){size / 4, 1000, 0}, 5);
  check_index_refused(&sample, (AdcpBlockEntry){UINT32_MAX, UINT32_MAX, 0}, 8);

  /* One that could be, but is not. */
  AdcpBlockEntry *last = &sample.written.index[sample.written.count - 1];
  last->raw_bytes--;
  CHECK(outcome(&sample, sample.file, sample.file_size, true, 1) == 0);
  last->raw_bytes += 2;
  CHECK(outcome(&sample, sample.file, sample.file_size, true, 1) == 0);
  last->raw_bytes--;
  last->size_bytes--;
  CHECK(outcome(&sample, sample.file, sample.file_size, true, 1) == 0);
  last->size_bytes++;
  CHECK(outcome(&sample, sample.file, sample.file_size, true, 1) == 1);
  sample.written.count--; /* the last block is then read in sequence */
  CHECK(outcome(&sample, sample.file, sample.file_size, true, 1) == 1);
  sample.written.count = 0;
  CHECK(outcome(&sample, sample.file, sample.file_size, true, 1) == 1);
  free_sample(&sample);
}

/* ---- the disk ---- */

static int writes_left;

static ssize_t full_disk(int fd, const void *bytes, size_t n) {
  if( writes_left-- > 0 ) return write(fd, bytes, n);
  errno = ENOSPC;
  return -1;
}

static void test_full_disk(void) {
  AdcpSystemCalls calls = *adcp_system_calls();
  calls.xWrite = full_disk;
  uint8_t *text = data_make(100000, KIND_MIXED, 9);
  unlink(path);
  for( int i = 0; i <= 12; i++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    WriteHow how = {ADCP_CONTAINER_GZIP, 6, i % 3, 10000, 5, 100};
    writes_left = i;
    adcp_system_calls_replace(&calls);
    Written w = stream_write(path, text, 100000, &how, &err);
    adcp_system_calls_replace(NULL);
    CHECK_CASE(err.rc == ADCP_FULL, "%d writes: %s", i, adcp_error_message(&err));
    CHECK(strstr(adcp_error_message(&err), path) != NULL);
    CHECK(access(path, F_OK) != 0);
    adcp_error_clear(&err);
    free(w.index);
  }
  free(text);
}

/* ---- memory ---- */

static atomic_int allocations_left;

static void *limited_malloc(size_t size) {
  return atomic_fetch_sub(&allocations_left, 1) > 0 ? malloc(size) : NULL;
}
static void *limited_realloc(void *old, size_t size) {
  return atomic_fetch_sub(&allocations_left, 1) > 0 ? realloc(old, size) : NULL;
}

/* Every allocation fails once, in writer and reader; nothing leaks (the sanitizer looks). */
static void test_no_memory(AdcpContainer container, bool use_index, int threads) {
  static const AdcpMemMethods limited = {limited_malloc, limited_realloc, free};
  size_t n = 3000;
  uint8_t *text = data_make(n, KIND_ROWS, 2);
  WriteHow how = {container, 6, threads, 300, 0, 200};
  int write_failures = 0, read_failures = 0;
  for( int i = 0; i < 1000; i++ ) {
    AdcpError err = ADCP_ERROR_INIT, read_err = ADCP_ERROR_INIT;
    AdcpBuf buf = {0};
    atomic_store(&allocations_left, i);
    adcp_mem_replace(&limited);
    Written w = stream_write(path, text, n, &how, &err);
    adcp_mem_replace(NULL);
    CHECK(err.rc == ADCP_OK || err.rc == ADCP_NOMEM);
    if( err.rc == ADCP_OK ) {
      adcp_buf_reserve(&buf, 10000);
      atomic_store(&allocations_left, i - write_failures);
      adcp_mem_replace(&limited);
      stream_read_all(path, use_index ? &w : NULL, threads, 500, &buf, &read_err);
      adcp_mem_replace(NULL);
      CHECK(read_err.rc == ADCP_OK || read_err.rc == ADCP_NOMEM);
      if( read_err.rc == ADCP_OK ) CHECK(buf.size > n && memcmp(buf.data, text, n) == 0);
    }
    write_failures += err.rc != ADCP_OK;
    read_failures += read_err.rc != ADCP_OK;
    bool is_done = err.rc == ADCP_OK && read_err.rc == ADCP_OK;
    adcp_error_clear(&err);
    adcp_error_clear(&read_err);
    adcp_buf_free(&buf);
    free(w.index);
    if( is_done ) break;
  }
  CHECK_CASE(write_failures > 5 && read_failures > 3, "%d %d", write_failures, read_failures);
  free(text);
}

int main(void) {
  char folder[64];
  const char *base = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%.30s/adcp_damage_XXXXXX", base ? base : "/tmp");
  if( mkdtemp(folder) == NULL ) return 1;
  snprintf(path, sizeof path, "%s/text", folder);
  test_flips();
  test_truncations();
  test_plain_flips();
  test_messages();
  test_other_blocks();
  test_lies();
  test_full_disk();
  for( int threads = 0; threads <= 2; threads += 2 ) {
    test_no_memory(ADCP_CONTAINER_GZIP, true, threads);
    test_no_memory(ADCP_CONTAINER_GZIP, false, threads);
    test_no_memory(ADCP_CONTAINER_PLAIN, true, threads);
  }
  unlink(path);
  rmdir(folder);
  return unit_done();
}
