/*
** end_line.c - the last line of a backup (contract and layout in end_line.h).
*/
#include "archive/end_line.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define START  "\"" ADCP_END_KEY "\":{\"manifest_at\":\""
#define MIDDLE "\",\"manifest_crc32\":\""
#define STOP   "\"}}"

#define TEXT_AT_START ",\"" ADCP_TEXT_AT_KEY "\":\""
#define TEXT_AT_STOP  "\"},\n"

enum { AT_DIGITS = 20, CRC_DIGITS = 8, GZIP_TRAILER = 8 };

void adcp_end_line_write(char line[ADCP_END_LINE_BYTES + 1], int64_t manifest_at, uint32_t crc32) {
  int n = snprintf(line, ADCP_END_LINE_BYTES + 1, START "%020" PRId64 MIDDLE "%08" PRIx32 STOP "\n",
                   manifest_at, crc32);
  assert(n == ADCP_END_LINE_BYTES);
  (void)n;
}

/* A text that has to be walked over piece by piece. */
typedef struct Walk {
  const uint8_t *at, *end;
} Walk;

static Walk walk_of(const char *text) {
  return (Walk){(const uint8_t *)text, (const uint8_t *)text + strlen(text)};
}

static bool walk_text(Walk *walk, const char *text) {
  size_t n = strlen(text);
  if( (size_t)(walk->end - walk->at) < n || memcmp(walk->at, text, n) != 0 ) return false;
  walk->at += n;
  return true;
}

/* `count` lower-case digits of a base up to 16. */
static bool walk_digits(Walk *walk, int count, uint64_t base, uint64_t *value) {
  static const char DIGITS[] = "0123456789abcdef";
  *value = 0;
  if( walk->end - walk->at < count ) return false;
  for( ; count > 0; count--, walk->at++ ) {
    const char *digit = memchr(DIGITS, *walk->at, (size_t)base);
    if( digit == NULL || *value > (UINT64_MAX - base) / base ) return false;
    *value = *value * base + (uint64_t)(digit - DIGITS);
  }
  return true;
}

static bool walk_manifest_at(Walk *walk, int64_t *manifest_at) {
  uint64_t value;
  bool good = walk_digits(walk, AT_DIGITS, 10, &value) && value <= INT64_MAX;
  if( good ) *manifest_at = (int64_t)value;
  return good;
}

static bool walk_crc32(Walk *walk, uint32_t *crc32) {
  uint64_t value;
  bool good = walk_digits(walk, CRC_DIGITS, 16, &value);
  if( good ) *crc32 = (uint32_t)value;
  return good;
}

bool adcp_end_line_manifest_at(const char *text, int64_t *manifest_at) {
  Walk walk = walk_of(text);
  return walk_manifest_at(&walk, manifest_at) && walk.at == walk.end;
}

bool adcp_end_line_crc32(const char *text, uint32_t *crc32) {
  Walk walk = walk_of(text);
  return walk_crc32(&walk, crc32) && walk.at == walk.end;
}

/* Where the last end line begins, or SIZE_MAX. */
static size_t find_start(const AdcpBuf *tail) {
  size_t n = sizeof START - 1;
  for( size_t i = tail->size >= n ? tail->size - n + 1 : 0; i-- > 0; ) {
    if( memcmp(tail->data + i, START, n) == 0 ) return i;
  }
  return SIZE_MAX;
}

/* In a gzip file the trailer follows the line at once; in a plain one white space may. */
static bool find_in(const AdcpBuf *tail, AdcpEndLine *line) {
  size_t start = find_start(tail);
  if( start == SIZE_MAX ) return false;
  line->size_bytes = tail->size - start;
  line->crc32 = (uint32_t)crc32_z(0, tail->data + start, line->size_bytes);
  Walk walk = {tail->data + start, tail->data + tail->size};
  bool good = walk_text(&walk, START) && walk_manifest_at(&walk, &line->manifest_at) &&
              walk_text(&walk, MIDDLE) && walk_crc32(&walk, &line->manifest_crc32) &&
              walk_text(&walk, STOP);
  while( walk.at < walk.end && strchr(" \t\r\n", *walk.at) && *walk.at ) walk.at++;
  return good && walk.at == walk.end;
}

/* In a plain file the text in front of the line is seen: the manifest's last member counts there. */
static void take_text_at(const AdcpBuf *tail, AdcpEndLine *line) {
  size_t length = strlen(TEXT_AT_START) + AT_DIGITS + strlen(TEXT_AT_STOP);
  size_t start = tail->size - line->size_bytes;
  if( start < length ) return;
  Walk walk = {tail->data + start - length, tail->data + start};
  int64_t at;
  if( !walk_text(&walk, TEXT_AT_START) || !walk_manifest_at(&walk, &at) ||
      !walk_text(&walk, TEXT_AT_STOP) ) {
    return;
  }
  line->unpacked = at != line->manifest_at;
  line->manifest_at = at;
}

bool adcp_end_line_find(AdcpBlockReader *blocks, AdcpEndLine *line, AdcpError *err) {
  AdcpBuf tail = {0};
  AdcpContainer container = adcp_block_reader_container(blocks);
  bool is_gzip = container == ADCP_CONTAINER_GZIP;
  size_t trailer = is_gzip ? GZIP_TRAILER : 0;
  adcp_block_reader_tail(blocks, &tail, err);
  bool found = err->rc == ADCP_OK && tail.size >= trailer;
  if( found ) {
    tail.size -= trailer;
    found = find_in(&tail, line);
    line->unpacked = false;
    if( found && container == ADCP_CONTAINER_PLAIN ) take_text_at(&tail, line);
  }
  adcp_buf_free(&tail);
  return found;
}
