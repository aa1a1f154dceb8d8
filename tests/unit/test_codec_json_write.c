/*
** test_codec_json_write.c - string escapes against their definition, the document writer, no
** memory.
*/
#include "unit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "codec/json_write.h"

static uint64_t random_state = 88172645463325252u;

static uint32_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (uint32_t)(random_state >> 16);
}

/* The rule, a byte at a time. */
static size_t slow_quote(char *to, const uint8_t *bytes, size_t n) {
  size_t size = 0;
  to[size++] = '"';
  for( size_t i = 0; i < n; i++ ) {
    uint8_t c = bytes[i];
    const char *letters = "b\bf\fn\nr\rt\t\"\"\\\\", *found = NULL;
    for( const char *p = letters; *p && c && !found; p += 2 ) found = (uint8_t)p[1] == c ? p : NULL;
    if( found ) {
      to[size++] = '\\';
      to[size++] = *found;
    } else if( c < 0x20 ) {
      size += (size_t)snprintf(to + size, 7, "\\u%04x", c);
    } else {
      to[size++] = (char)c;
    }
  }
  to[size++] = '"';
  return size;
}

/* Texts from "all plain" to "all special", in memory of exactly their size, appended one to the
** other. */
static void quoting(void) {
  long wrong = 0;
  static char expected[6 * 9000 + 3];
  AdcpBuf buf = {0};
  for( unsigned round = 0; round < 6000; round++ ) {
    size_t n = round % 50 ? next_random() % 80 : next_random() % 9000;
    uint8_t *bytes = malloc(n ? n : 1);
    for( size_t i = 0; i < n; i++ ) {
      bool special = next_random() % 16 < round % 17;
      bytes[i] = (uint8_t)(special ? "\"\\\n\t\r\b\f\v\0\x1f"[next_random() % 10]
                                   : (char)(0x20 + next_random() % 0xe0));
    }
    size_t size = slow_quote(expected, bytes, n), before = buf.size;
    adcp_json_quote(&buf, bytes, n);
    wrong += buf.size != before + size || memcmp(buf.data + before, expected, size) != 0;
    free(bytes);
    if( round % 100 == 0 ) adcp_buf_free(&buf);
  }
  CHECK(wrong == 0);
  adcp_buf_free(&buf);
}

static void every_byte(void) {
  AdcpBuf buf = {0};
  char expected[16];
  for( unsigned c = 0; c < 256; c++ ) {
    uint8_t byte = (uint8_t)c;
    size_t n = slow_quote(expected, &byte, 1);
    adcp_buf_clear(&buf);
    adcp_json_quote(&buf, &byte, 1);
    CHECK_CASE(buf.size == n && memcmp(buf.data, expected, n) == 0, "byte %u", c);
  }
  adcp_buf_clear(&buf);
  adcp_json_quote(&buf, (const uint8_t *)"\0\x1f\x7f/\xc3\xa9", 6);
  CHECK_TEXT(adcp_buf_text(&buf), "\"\\u0000\\u001f\x7f/\xc3\xa9\"");
  adcp_buf_clear(&buf);
  adcp_json_quote(&buf, NULL, 0);
  CHECK_TEXT(adcp_buf_text(&buf), "\"\"");
  adcp_buf_free(&buf);
}

/* The longest escapes only, in a buffer that has no room to spare. */
static void all_escapes(void) {
  AdcpBuf buf = {0};
  static uint8_t bytes[5000];
  static char expected[6 * sizeof bytes + 3];
  memset(bytes, 1, sizeof bytes);
  size_t size = slow_quote(expected, bytes, sizeof bytes);
  adcp_json_quote(&buf, bytes, sizeof bytes);
  CHECK(buf.size == size && memcmp(buf.data, expected, size) == 0);
  adcp_buf_free(&buf);
}

static void lossy(void) {
  AdcpBuf buf = {0};
  adcp_json_quote_lossy(&buf, "a\xff\"\xc3\xa9\xe2\x82");
  CHECK_TEXT(adcp_buf_text(&buf), "\"a\xef\xbf\xbd\\\"\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\"");
  adcp_buf_free(&buf);
}

static void documents(void) {
  AdcpBuf buf = {0};
  AdcpJsonWriter w = {&buf, false};
  adcp_json_begin_object(&w);
  adcp_json_member_string(&w, "name", "caf\xc3\xa9");
  adcp_json_member_string(&w, "none", NULL);
  adcp_json_member_integer(&w, "rows", -5);
  adcp_json_member_bool(&w, "valid", true);
  adcp_json_key(&w, "list");
  adcp_json_begin_array(&w);
  adcp_json_newline(&w);
  adcp_json_integer(&w, INT64_MIN);
  adcp_json_newline(&w);
  adcp_json_begin_array(&w);
  adcp_json_end_array(&w);
  adcp_json_begin_object(&w);
  adcp_json_end_object(&w);
  adcp_json_real(&w, -1.5);
  adcp_json_bool(&w, false);
  adcp_json_null(&w);
  adcp_json_raw(&w, "{\"a\":1}", 7);
  adcp_json_string_n(&w, (const uint8_t *)"x\0y", 3);
  adcp_json_end_array(&w);
  adcp_json_key_n(&w, "k\"2", 3);
  adcp_json_begin_object(&w);
  adcp_json_member_integer(&w, "n", 0);
  adcp_json_end_object(&w);
  adcp_json_end_object(&w);
  CHECK_TEXT(adcp_buf_text(&buf),
             "{\"name\":\"caf\xc3\xa9\",\"none\":null,\"rows\":-5,\"valid\":true,\"list\":[\n"
             "-9223372036854775808,\n[],{},-1.5,false,null,{\"a\":1},\"x\\u0000y\"],"
             "\"k\\\"2\":{\"n\":0}}");
  adcp_buf_free(&buf);
}

static void *no_realloc(void *old, size_t size) {
  return size > 2000 ? NULL : realloc(old, size);
}

static void *no_malloc(size_t size) {
  return no_realloc(NULL, size);
}

static const AdcpMemMethods limited = {no_malloc, no_realloc, free};

static void without_memory(void) {
  AdcpBuf buf = {0};
  AdcpJsonWriter w = {&buf, false};
  char text[4000];
  memset(text, 't', sizeof text - 1);
  text[sizeof text - 1] = 0;
  adcp_mem_replace(&limited);
  adcp_json_begin_array(&w);
  adcp_json_string(&w, text);
  adcp_json_end_array(&w);
  CHECK(buf.oom);
  adcp_buf_free(&buf);
  adcp_mem_replace(NULL);
}

int main(void) {
  quoting();
  every_byte();
  all_escapes();
  lossy();
  documents();
  without_memory();
  return unit_done();
}
