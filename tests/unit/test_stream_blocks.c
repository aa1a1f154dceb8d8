/*
** test_stream_blocks.c - texts through writer and reader; the files through gunzip, python3 and
** zlib.
*/
#include "stream/block_read.h"
#include "stream/block_write.h"

#include <zlib.h>
#include <zstd.h>

#include "base/limits.h"
#include "stream_file.h"
#include "unit.h"

static char path[128];

static bool same(const AdcpBuf *buf, const uint8_t *text, size_t n) {
  size_t line = sizeof END_LINE - 1;
  return buf->size == n + line && (n == 0 || memcmp(buf->data, text, n) == 0) &&
         memcmp(buf->data + n, END_LINE, line) == 0;
}

static void check_read(const uint8_t *text, size_t n, const Written *written, int threads,
                       size_t piece) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf buf = {0};
  stream_read_all(path, written, threads, piece, &buf, &err);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  CHECK_CASE(same(&buf, text, n), "%zu bytes, index %d, threads %d, piece %zu", n, written != NULL,
             threads, piece);
  adcp_buf_free(&buf);
  adcp_error_clear(&err);
}

/* The whole file, the header and the end by the letter; its text by other programs. */
static void check_gzip_file(const uint8_t *text, size_t n, bool use_programs) {
  size_t size, line = sizeof END_LINE - 1, all = n + line;
  uint8_t *file = data_get_file(path, &size), *out = malloc(all + 2);
  CHECK(memcmp(file, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10) == 0);
  CHECK(memcmp(file + size - 8 - line, END_LINE, line) == 0);
  CHECK(file[size - 8 - line - 5] == 1);
  z_stream z = {0};
  inflateInit2(&z, 31);
  z.next_in = file;
  z.avail_in = (uInt)size;
  z.next_out = out;
  z.avail_out = (uInt)all + 1;
  CHECK(inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_in == 0 && z.total_out == all);
  CHECK(n == 0 || memcmp(out, text, n) == 0);
  inflateEnd(&z);
  if( use_programs ) {
    char command[512];
    snprintf(command, sizeof command, "gunzip -t < %s", path);
    CHECK(data_run(command, out, 1) == 0);
    snprintf(command, sizeof command,
             "python3 -c 'import sys,zlib;sys.stdout.buffer.write(zlib.decompress("
             "open(\"%s\",\"rb\").read(),wbits=31))'",
             path);
    CHECK(data_run(command, out, all + 1) == (long)all);
    CHECK(n == 0 || memcmp(out, text, n) == 0);
    CHECK(memcmp(out + n, END_LINE, line) == 0);
  }
  free(file);
  free(out);
}

/* The end by the letter; the text, end line included, by another program. */
static void check_zstd_file(const uint8_t *text, size_t n, bool use_programs) {
  size_t size, line = sizeof END_LINE - 1, all = n + line;
  uint8_t *file = data_get_file(path, &size), *out = malloc(all + 1);
  CHECK(memcmp(file + size - line, END_LINE, line) == 0);
  CHECK(memcmp(file + size - line - 9, "\x28\xb5\x2f\xfd\x20", 5) == 0);
  if( use_programs ) {
    char command[512];
    snprintf(command, sizeof command, "zstd -qdc %s", path);
    CHECK(data_run(command, out, all + 1) == (long)all);
    CHECK(n == 0 || memcmp(out, text, n) == 0);
    CHECK(memcmp(out + n, END_LINE, line) == 0);
  }
  free(file);
  free(out);
}

/* Every block by itself, by its library, at its place. */
static void check_index(const uint8_t *text, const Written *w, AdcpContainer container) {
  bool is_gzip = container == ADCP_CONTAINER_GZIP;
  size_t size, offset = is_gzip ? 10 : 0;
  uint8_t *file = data_get_file(path, &size), *raw = malloc(ADCP_MAX_BLOCK_BYTES + 1);
  for( size_t i = 0; i < w->count; i++ ) {
    const AdcpBlockEntry *entry = &w->index[i];
    CHECK(crc32(0, text, entry->raw_bytes) == entry->crc32);
    if( is_gzip ) {
      z_stream z = {0};
      inflateInit2(&z, -15);
      z.next_in = file + offset;
      z.avail_in = entry->size_bytes;
      z.next_out = raw;
      z.avail_out = entry->raw_bytes + 1;
      inflate(&z, Z_SYNC_FLUSH);
      CHECK(z.avail_in == 0 && z.total_out == entry->raw_bytes && (z.data_type & 7) == 0);
      CHECK(memcmp(raw, text, entry->raw_bytes) == 0);
      inflateEnd(&z);
    } else if( container == ADCP_CONTAINER_ZSTD ) {
      CHECK(ZSTD_decompress(raw, ADCP_MAX_BLOCK_BYTES, file + offset, entry->size_bytes) ==
            entry->raw_bytes);
      CHECK(memcmp(raw, text, entry->raw_bytes) == 0);
    } else {
      CHECK(memcmp(file + offset, text, entry->raw_bytes) == 0);
    }
    offset += entry->size_bytes;
    text += entry->raw_bytes;
  }
  CHECK((int64_t)offset == w->tail_offset);
  free(file);
  free(raw);
}

static void round_trip(const uint8_t *text, size_t n, const WriteHow *how, bool use_programs) {
  AdcpError err = ADCP_ERROR_INIT;
  Written w = stream_write(path, text, n, how, &err);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  bool is_plain = how->container == ADCP_CONTAINER_PLAIN;
  if( how->container == ADCP_CONTAINER_GZIP ) check_gzip_file(text, n, use_programs);
  if( how->container == ADCP_CONTAINER_ZSTD ) check_zstd_file(text, n, use_programs);
  check_index(text, &w, how->container);
  if( !is_plain || n > 0 ) {
    check_read(text, n, NULL, 0, 4096);
    check_read(text, n, &w, how->threads, 100000);
  }
  free(w.index);
}

static const size_t block = ADCP_BLOCK_BYTES;

static void test_sizes(AdcpContainer container) {
  const size_t sizes[] = {0, 1, 2, 1000, block - 1, block, block + 1, 3 * block, 3 * block + 77};
  for( size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++ ) {
    for( int kind = 0; kind < KIND_COUNT; kind++ ) {
      uint8_t *text = data_make(sizes[s], (TextKind)kind, s + 1);
      size_t tail = sizes[s] > block ? 1000 : 0;
      WriteHow how = {container, 6, (int)s % 3, 0, s + 7, tail};
      round_trip(text, sizes[s], &how, kind == 0);
      free(text);
    }
  }
}

static void test_levels(void) {
  uint8_t *text = data_make(700000, KIND_MIXED, 5);
  for( int level = 1; level <= 12; level++ ) {
    WriteHow how = {ADCP_CONTAINER_GZIP, level, 2, 0, 3, 500};
    round_trip(text, 700000, &how, false);
  }
  free(text);
}

static void test_large(void) {
  size_t n = 20 * 1000 * 1000;
  uint8_t *text = data_make(n, KIND_MIXED, 8);
  WriteHow how = {ADCP_CONTAINER_GZIP, 1, 2, 0, 9, 100000};
  round_trip(text, n, &how, true);
  free(text);
}

/* Threads and the way the text was handed over do not show in the file, at levels of different
** compressors and of their different ways. */
static void test_same_bytes(AdcpContainer container, int level) {
  size_t n = 1500 * 1000, first_size = 0, size;
  uint8_t *text = data_make(n, KIND_MIXED, 6), *first = NULL;
  for( int threads = 0; threads <= 4; threads++ ) {
    for( uint64_t seed = 0; seed < 2; seed++ ) {
      AdcpError err = ADCP_ERROR_INIT;
      WriteHow how = {container, level, threads, 50000, seed * 77, 0};
      Written w = stream_write(path, text, n, &how, &err);
      CHECK(err.rc == ADCP_OK && w.count == 30);
      uint8_t *file = data_get_file(path, &size);
      if( first == NULL ) {
        first = file;
        first_size = size;
      } else {
        CHECK_CASE(size == first_size && memcmp(file, first, size) == 0, "level %d, threads %d",
                   level, threads);
        free(file);
      }
      free(w.index);
    }
  }
  free(first);
  free(text);
}

/* ---- the writer's book-keeping ---- */

static void test_positions(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBlockWriterOptions options = {
      .container = ADCP_CONTAINER_GZIP, .level = 6, .threads = 2, .block_bytes = 100};
  AdcpOutFile *file = adcp_outfile_open(NULL, path, ADCP_OUT_REPLACE, ADCP_NO_CHECKPOINT, &err);
  AdcpBlockWriter *w = adcp_block_writer_open(file, &options, &err);
  uint8_t *text = data_make(1000, KIND_ROWS, 1);
  size_t count = 9;
  CHECK(adcp_outfile_position(file) == 10);
  adcp_block_writer_cut(w, &err);
  CHECK(adcp_block_writer_position(w).block == 0 && adcp_block_writer_position(w).offset == 0);
  adcp_block_writer_append(w, text, 60, &err);
  CHECK(adcp_block_writer_position(w).block == 0 && adcp_block_writer_position(w).offset == 60);
  adcp_block_writer_append(w, text + 60, 190, &err);
  CHECK(adcp_block_writer_position(w).block == 2 && adcp_block_writer_position(w).offset == 50);
  adcp_block_writer_cut(w, &err);
  adcp_block_writer_cut(w, &err);
  CHECK(adcp_block_writer_position(w).block == 3 && adcp_block_writer_position(w).offset == 0);
  adcp_block_writer_append(w, text + 250, 100, &err);
  CHECK(adcp_block_writer_position(w).block == 4 && adcp_block_writer_position(w).offset == 0);
  CHECK(adcp_block_writer_raw_bytes(w) == 350);
  adcp_block_writer_append(w, text + 350, 10, &err);
  adcp_block_writer_drain(w, &err);
  const AdcpBlockEntry *index = adcp_block_writer_index(w, &count);
  CHECK(count == 5 && index[2].raw_bytes == 50 && index[4].raw_bytes == 10);
  CHECK(adcp_block_writer_crc32(w, 0) == crc32(0, text, 360));
  CHECK(adcp_block_writer_crc32(w, 3) == crc32(0, text + 250, 110));
  CHECK(adcp_block_writer_crc32(w, 5) == 0);
  adcp_block_writer_close(w);
  adcp_outfile_close(file);
  adcp_block_writer_close(NULL);
  free(text);
  CHECK(err.rc == ADCP_OK);
}

/* ---- going to places ---- */

static void check_at(AdcpBlockReader *reader, const uint8_t *text, size_t block_bytes,
                     AdcpBlockPosition position, size_t n) {
  AdcpError err = ADCP_ERROR_INIT;
  uint8_t got[5000];
  size_t done = 0, start = (size_t)position.block * block_bytes + (size_t)position.offset;
  adcp_block_reader_seek(reader, position, &err);
  CHECK(adcp_block_reader_text_offset(reader) == (int64_t)start);
  while( done < n ) {
    size_t more = adcp_block_reader_read(reader, got + done, n - done, &err);
    if( more == 0 ) break;
    done += more;
  }
  CHECK(done == n && memcmp(got, text + start, n) == 0);
  CHECK(adcp_block_reader_text_offset(reader) == (int64_t)(start + n));
  CHECK(err.rc == ADCP_OK);
}

static int64_t place_block(const AdcpBlockReader *reader) {
  int64_t number, offset;
  adcp_block_reader_place(reader, &number, &offset);
  return offset > 0 ? number : -2;
}

static void test_seek(AdcpContainer container, int threads) {
  AdcpError err = ADCP_ERROR_INIT;
  size_t n = 40 * 3000 + 5000;
  uint64_t state = 12;
  uint8_t *text = data_make(n, KIND_ROWS, 2), byte;
  WriteHow how = {container, 6, 1, 3000, 0, 5000};
  Written w = stream_write(path, text, n, &how, &err);
  CHECK(w.count == 40);
  AdcpInFile *file = adcp_infile_open(NULL, path, ADCP_NO_CHECKPOINT, &err);
  AdcpBlockReader *reader = adcp_block_reader_open(file, threads, &err);
  CHECK(adcp_block_reader_container(reader) == container);
  CHECK(adcp_block_reader_first_offset(reader) == (container == ADCP_CONTAINER_GZIP ? 10 : 0));

  AdcpBuf buf = {0};
  adcp_block_reader_tail(reader, &buf, &err);
  CHECK(buf.size == ADCP_TAIL_BYTES && memmem(buf.data, buf.size, END_LINE, sizeof END_LINE - 1));
  adcp_buf_clear(&buf);
  adcp_block_reader_seek_file(reader, w.tail_offset, &err);
  stream_read_rest(reader, 999, &buf, &err);
  CHECK(err.rc == ADCP_OK && same(&buf, text + n - 5000, 5000));
  CHECK(adcp_block_reader_text_offset(reader) == -1);

  adcp_block_reader_set_index(reader, w.index, w.count, &err);
  for( int i = 0; i < 600; i++ ) {
    AdcpBlockPosition at = {data_random(&state) % 40, data_random(&state) % 3001};
    if( i % 4 == 1 ) at = (AdcpBlockPosition){i % 40, 17}; /* forwards, some steps at a time */
    check_at(reader, text, 3000, at, data_random(&state) % 5000);
  }
  check_at(reader, text, 3000, (AdcpBlockPosition){40, 0}, 4999);
  check_at(reader, text, 3000, (AdcpBlockPosition){39, 3000}, 4999);
  check_at(reader, text, 3000, (AdcpBlockPosition){7, 2999}, 1);
  CHECK(place_block(reader) == 7);

  for( int i = 0; i < 2; i++ ) { /* to the end, with all checks, more than once */
    adcp_buf_clear(&buf);
    adcp_block_reader_rewind(reader, &err);
    stream_read_rest(reader, 7000, &buf, &err);
    CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
    CHECK(same(&buf, text, n));
    CHECK(adcp_block_reader_read(reader, &byte, 1, &err) == 0);
    adcp_buf_clear(&buf);
    adcp_block_reader_seek(reader, (AdcpBlockPosition){20, 1}, &err);
    stream_read_rest(reader, 7000, &buf, &err);
    CHECK(err.rc == ADCP_OK && same(&buf, text + 60001, n - 60001));
  }

  const AdcpBlockPosition wrong[] = {{41, 0}, {40, 1}, {-1, 0}, {3, -1}, {3, 3001}, {INT64_MAX, 0}};
  for( size_t i = 0; i < 6; i++ ) {
    adcp_block_reader_seek(reader, wrong[i], &err);
    CHECK(err.rc == ADCP_CORRUPT);
    adcp_error_clear(&err);
  }
  adcp_block_reader_seek_file(reader, 1 << 30, &err);
  CHECK(err.rc == ADCP_CORRUPT);
  adcp_error_clear(&err);
  adcp_buf_free(&buf);
  adcp_block_reader_close(reader);
  adcp_infile_close(file);
  free(w.index);
  free(text);
}

/* ---- containers ---- */

static void test_detect(void) {
  const struct {
    const char *bytes;
    size_t n;
    AdcpContainer container;
  } cases[] = {
      {"{}", 2, ADCP_CONTAINER_PLAIN},
      {" \t\r\n{", 5, ADCP_CONTAINER_PLAIN},
      {"\xef\xbb\xbf\r\n{", 6, ADCP_CONTAINER_PLAIN},
      {"\x1f\x8b\x08", 3, ADCP_CONTAINER_GZIP},
      {"\x28\xb5\x2f\xfd", 4, ADCP_CONTAINER_ZSTD},
      {"\x28\xb5\x2f", 3, ADCP_CONTAINER_UNKNOWN},
      {"\x50\x2a\x4d\x18", 4, ADCP_CONTAINER_ZSTD},
      {"\x5f\x2a\x4d\x18", 4, ADCP_CONTAINER_ZSTD},
      {"\x60\x2a\x4d\x18", 4, ADCP_CONTAINER_UNKNOWN},
      {"\x50\x2a\x4d", 3, ADCP_CONTAINER_UNKNOWN},
      {"\x1f", 1, ADCP_CONTAINER_UNKNOWN},
      {"", 0, ADCP_CONTAINER_UNKNOWN},
      {"   ", 3, ADCP_CONTAINER_UNKNOWN},
      {"[1]", 3, ADCP_CONTAINER_UNKNOWN},
      {"SQLite format 3", 16, ADCP_CONTAINER_UNKNOWN},
  };
  for( size_t i = 0; i < sizeof cases / sizeof cases[0]; i++ ) {
    CHECK(adcp_container_detect((const uint8_t *)cases[i].bytes, cases[i].n) == cases[i].container);
  }
  CHECK(adcp_container_of_path("a/b.json.gz") == ADCP_CONTAINER_GZIP);
  CHECK(adcp_container_of_path("B.JSON.GZ") == ADCP_CONTAINER_GZIP);
  CHECK(adcp_container_of_path("b.json.zst") == ADCP_CONTAINER_ZSTD);
  CHECK(adcp_container_of_path("b.gz.json") == ADCP_CONTAINER_PLAIN);
  CHECK(adcp_container_of_path("") == ADCP_CONTAINER_PLAIN);
  CHECK_TEXT(adcp_container_name(ADCP_CONTAINER_PLAIN), "none");
  CHECK_TEXT(adcp_container_name(ADCP_CONTAINER_GZIP), "gzip");
  CHECK_TEXT(adcp_container_name(ADCP_CONTAINER_ZSTD), "zstd");
  CHECK_TEXT(adcp_container_name(ADCP_CONTAINER_UNKNOWN), "unknown");
}

static void check_refused(const char *bytes, size_t n, AdcpRc rc) {
  AdcpError err = ADCP_ERROR_INIT;
  data_put_file(path, (const uint8_t *)bytes, n);
  AdcpInFile *file = adcp_infile_open(NULL, path, ADCP_NO_CHECKPOINT, &err);
  CHECK(adcp_block_reader_open(file, 0, &err) == NULL);
  CHECK(err.rc == rc && strstr(adcp_error_message(&err), path));
  adcp_infile_close(file);
  adcp_error_clear(&err);
}

/* ---- gzip files of other programs ---- */

/* command makes a gzip file of the file: it has two places for the path. */
static void check_foreign(const char *command, const uint8_t *text, size_t n) {
  char line[700];
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf buf = {0};
  uint8_t none[1];
  const char *rest = strstr(command, "%s") + 2;
  const char *last = strstr(rest, "%s");
  snprintf(line, sizeof line, "%.*s%s%.*s%s%s", (int)(rest - 2 - command), command, path,
           (int)(last - rest), rest, path, last + 2);
  CHECK_CASE(data_run(line, none, 1) == 0, "%s", line);
  stream_read_all(path, NULL, 2, 5000, &buf, &err);
  CHECK_CASE(err.rc == ADCP_OK, "%s: %s", line, adcp_error_message(&err));
  CHECK_CASE(buf.size == n && memcmp(buf.data, text, n) == 0, "%s", line);
  adcp_buf_free(&buf);
  adcp_error_clear(&err);
}

static void test_foreign(void) {
  size_t n = 300000;
  uint8_t *text = data_make(n, KIND_ROWS, 4);
  const char *const commands[] = {
      "f=%s; gzip -9 < $f > $f.t; mv $f.t %s",
      "f=%s; cp $f $f.n; gzip -N -f $f.n; mv $f.n.gz %s", /* with name and time in the header */
      "python3 -c 'import gzip;f=\"%s\";b=open(f,\"rb\").read();"
      "open(\"%s\",\"wb\").write(b\"\".join(gzip.compress(b[i:i+7001]) "
      "for i in range(0,len(b),7001)))'", /* 43 members */
  };
  for( size_t i = 0; i < 3; i++ ) {
    data_put_file(path, text, n);
    check_foreign(commands[i], text, n);
  }
  free(text);
}

int main(void) {
  char folder[64];
  const char *base = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%.30s/adcp_blocks_XXXXXX", base ? base : "/tmp");
  if( mkdtemp(folder) == NULL ) return 1;
  snprintf(path, sizeof path, "%s/text", folder);
  test_sizes(ADCP_CONTAINER_GZIP);
  test_sizes(ADCP_CONTAINER_PLAIN);
  test_sizes(ADCP_CONTAINER_ZSTD);
  test_levels();
  test_large();
  test_same_bytes(ADCP_CONTAINER_GZIP, 1);
  test_same_bytes(ADCP_CONTAINER_GZIP, 6);
  test_same_bytes(ADCP_CONTAINER_PLAIN, 6);
  test_same_bytes(ADCP_CONTAINER_ZSTD, 3);
  test_same_bytes(ADCP_CONTAINER_ZSTD, 6);
  test_positions();
  for( int threads = 0; threads <= 4; threads += 2 ) {
    test_seek(ADCP_CONTAINER_GZIP, threads);
    test_seek(ADCP_CONTAINER_PLAIN, threads);
    test_seek(ADCP_CONTAINER_ZSTD, threads);
  }
  test_detect();
  check_refused("", 0, ADCP_NOTADB);
  check_refused("[1]", 3, ADCP_NOTADB);
  test_foreign();
  unlink(path);
  rmdir(folder);
  return unit_done();
}
