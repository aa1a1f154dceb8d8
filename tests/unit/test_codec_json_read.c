/*
** test_codec_json_read.c - the pull reader: layouts, pieces, damage, raw elements, no memory.
**
** What a reader saw is written back by the JSON writer, which makes one text of all layouts of a
** document. Python's json module says of damaged documents whether they are JSON.
*/
#include "unit.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "codec/json_read.h"
#include "codec/json_write.h"

/* ---- an input that hands a text out in pieces ---- */

typedef struct Source {
  const char *text;
  size_t size, at;
  size_t piece;   /* bytes a read; 0: as many as asked for */
  size_t fail_at; /* position at which reading fails; 0: never */
} Source;

static size_t read_source(void *context, uint8_t *to, size_t size, AdcpError *err) {
  Source *source = context;
  if( source->fail_at && source->at >= source->fail_at ) {
    adcp_error_set(err, ADCP_IOERR, "the disk is gone");
    return 0;
  }
  size_t n = source->size - source->at;
  if( n > size ) n = size;
  if( source->piece && n > source->piece ) n = source->piece;
  memcpy(to, source->text + source->at, n);
  source->at += n;
  return n;
}

static AdcpJsonReader *open_source(Source *source, AdcpError *err) {
  return adcp_json_reader_open((AdcpTextInput){source, read_source}, err);
}

static Source source_of(const char *text, size_t piece) {
  return (Source){text, strlen(text), 0, piece, 0};
}

/* ---- writing back what was read ---- */

static void write_token(AdcpJsonWriter *w, const AdcpJsonReader *r, AdcpJsonToken token) {
  size_t size = 0;
  const char *text = NULL;
  if( token == ADCP_JSON_KEY || token == ADCP_JSON_STRING || token == ADCP_JSON_NUMBER ) {
    text = adcp_json_text(r, &size);
    CHECK(text[size] == 0);
  }
  switch( token ) {
  case ADCP_JSON_BEGIN_OBJECT: adcp_json_begin_object(w); break;
  case ADCP_JSON_END_OBJECT: adcp_json_end_object(w); break;
  case ADCP_JSON_BEGIN_ARRAY: adcp_json_begin_array(w); break;
  case ADCP_JSON_END_ARRAY: adcp_json_end_array(w); break;
  case ADCP_JSON_KEY: adcp_json_key_n(w, text, size); break;
  case ADCP_JSON_STRING: adcp_json_string_n(w, (const uint8_t *)text, size); break;
  case ADCP_JSON_NUMBER: adcp_json_raw(w, text, size); break;
  case ADCP_JSON_TRUE: adcp_json_bool(w, true); break;
  case ADCP_JSON_FALSE: adcp_json_bool(w, false); break;
  case ADCP_JSON_NULL: adcp_json_null(w); break;
  case ADCP_JSON_ERROR:
  case ADCP_JSON_END: break;
  }
}

/* Reads all of the source and writes it to out; the result code. */
static AdcpRc read_all(Source *source, AdcpBuf *out, AdcpError *err) {
  AdcpJsonWriter w = {out, false};
  AdcpJsonReader *r = open_source(source, err);
  if( r == NULL ) return err->rc;
  AdcpJsonToken token;
  int64_t last = -1;
  do {
    token = adcp_json_next(r);
    if( token == ADCP_JSON_ERROR ) break;
    CHECK(adcp_json_token_offset(r) > last && adcp_json_token_offset(r) <= adcp_json_offset(r));
    last = adcp_json_token_offset(r);
    write_token(&w, r, token);
  } while( token != ADCP_JSON_END );
  if( token == ADCP_JSON_END ) {
    CHECK(adcp_json_depth(r) == 0 && adcp_json_offset(r) == (int64_t)source->size);
    CHECK(adcp_json_next(r) == ADCP_JSON_END);
  } else {
    CHECK(err->rc != ADCP_OK && adcp_json_next(r) == ADCP_JSON_ERROR);
    adcp_json_skip(r);
    CHECK(!adcp_json_raw_begin(r) && !adcp_json_raw_more(r));
  }
  adcp_json_reader_close(r);
  return err->rc;
}

/* ---- good documents ---- */

static const char *const documents[] = {
    "{}",
    "[]",
    "0",
    "\"\"",
    "null",
    "[1,-2,3.5e+7,0.0,-0,true,false,null,\"x\"]",
    "{\"a\":{\"b\":[{},[],[[[]]],{\"c\":{}}]},\"\":\"\"}",
    "{\"k\xc3\xa9y\":\"\xe2\x82\xac \xf0\x9f\x98\x80 \xed\x9f\xbf\xee\x80\x80\",\"n\":12}",
    "[\"a\\\"b\\\\c\\n\\t\\r\\b\\f\\u0000\\u001f\"]",
    "[{\"id\":1,\"name\":\"a\"},{\"id\":2,\"name\":null}]",
};
enum { DOCUMENTS = sizeof documents / sizeof documents[0] };

/* The document with white space before and after each of its tokens. */
static void spread(const char *document, AdcpBuf *out) {
  bool in_string = false;
  for( const char *p = document; *p; p++ ) {
    bool punctuation = !in_string && strchr("{}[]:,", *p);
    if( punctuation ) adcp_buf_append_str(out, " \r\n\t");
    adcp_buf_append_byte(out, (uint8_t)*p);
    if( punctuation ) adcp_buf_append_str(out, "\n  ");
    if( *p == '\\' ) {
      adcp_buf_append_byte(out, (uint8_t) * ++p);
    } else if( *p == '"' ) {
      in_string = !in_string;
    }
  }
}

static void expect_same(const char *layout, const char *expected) {
  for( size_t piece = 0; piece <= 8; piece++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    AdcpBuf out = {0};
    Source source = source_of(layout, piece);
    CHECK_CASE(read_all(&source, &out, &err) == ADCP_OK, "%s: %s", layout,
               adcp_error_message(&err));
    CHECK_TEXT(adcp_buf_text(&out), expected);
    adcp_buf_free(&out);
    adcp_error_clear(&err);
  }
}

static void layouts_are_one(void) {
  for( size_t i = 0; i < DOCUMENTS; i++ ) {
    AdcpBuf layout = {0};
    expect_same(documents[i], documents[i]);
    adcp_buf_append_str(&layout, "\xef\xbb\xbf \n");
    spread(documents[i], &layout);
    adcp_buf_append_str(&layout, "\r\n\r\n");
    expect_same(adcp_buf_text(&layout), documents[i]);
    adcp_buf_free(&layout);
  }
  expect_same("[\"\\u00e9\\u20AC\\uD83d\\uDe00\\/\\\"\"]",
              "[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80/\\\"\"]");
  expect_same("{\"\\u0041\\u0000z\":\"\\ud800\\udc00\\udbff\\udfff\"}",
              "{\"A\\u0000z\":\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"}");
}

/* ---- bad documents ---- */

static void expect_corrupt(const char *text, size_t size, size_t piece) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf out = {0};
  char *exact = malloc(size ? size : 1);
  memcpy(exact, text, size);
  Source source = {exact, size, 0, piece, 0};
  AdcpRc rc = read_all(&source, &out, &err);
  long long at = -1;
  const char *place = strstr(adcp_error_message(&err), "at byte ");
  bool placed = place && sscanf(place, "at byte %lld:", &at) == 1;
  CHECK_CASE(rc == ADCP_CORRUPT && placed && at >= 0 && at <= (long long)size, "%.*s: %s",
             (int)size, text, adcp_error_message(&err));
  free(exact);
  adcp_buf_free(&out);
  adcp_error_clear(&err);
}

static void rejects_bad_documents(void) {
  static const char *const bad[] = {"",
                                    " ",
                                    "\xef\xbb\xbf",
                                    "\xef\xbb",
                                    "[1,]",
                                    "[,1]",
                                    "[1,,2]",
                                    "[,]",
                                    "[1 2]",
                                    "[1:2]",
                                    "[1}",
                                    "{]",
                                    "]",
                                    "}",
                                    ",",
                                    ":",
                                    "{\"a\"}",
                                    "{\"a\":}",
                                    "{\"a\":1,}",
                                    "{,\"a\":1}",
                                    "{\"a\":1,,\"b\":2}",
                                    "{\"a\" 1}",
                                    "{\"a\"::1}",
                                    "{\"a\":1 \"b\":2}",
                                    "{a:1}",
                                    "{1:1}",
                                    "{'a':1}",
                                    "{\"a\":1:2}",
                                    "{null:1}",
                                    "[01]",
                                    "[1.]",
                                    "[.5]",
                                    "[1e]",
                                    "[1e+]",
                                    "[-]",
                                    "[+1]",
                                    "[1.5.5]",
                                    "[1-2]",
                                    "[--1]",
                                    "[0x10]",
                                    "[NaN]",
                                    "[Infinity]",
                                    "[-Infinity]",
                                    "[1a]",
                                    "[True]",
                                    "[tru]",
                                    "[truee]",
                                    "[nul]",
                                    "[nulll]",
                                    "[falsy]",
                                    "[\"a]",
                                    "[\"\\\"]",
                                    "[\"\\x\"]",
                                    "[\"\\U0041\"]",
                                    "[\"\\u004\"]",
                                    "[\"\\u004g\"]",
                                    "[\"\\u 041\"]",
                                    "[\"\\ud800\"]",
                                    "[\"\\udc00\"]",
                                    "[\"\\ud800x\"]",
                                    "[\"\\ud800\\n\"]",
                                    "[\"\\ud800\\ud800\"]",
                                    "[\"\\ud800\\u0041\"]",
                                    "[\"\\udc00\\ud800\"]",
                                    "[\"\\ud83d \\ude00\"]",
                                    "[\"a\nb\"]",
                                    "[\"a\tb\"]",
                                    "[\"\x01\"]",
                                    "[\"\x1f\"]",
                                    "{\"a\nb\":1}",
                                    "[\"\xff\"]",
                                    "[\"\x80\"]",
                                    "[\"\xc3\"]",
                                    "[\"\xc0\x80\"]",
                                    "[\"\xed\xa0\x80\"]",
                                    "[\"\xf4\x90\x80\x80\"]",
                                    "[\"\xe2\x82\"]",
                                    "[\"\xf0\x9f\x98\"]",
                                    "[\"\xc3\\u00a9\"]",
                                    "\xff",
                                    "[\xc3\xa9]",
                                    "[1]]",
                                    "[1] 2",
                                    "[1],",
                                    "{}{}",
                                    "null null",
                                    "1 2",
                                    "\"a\"\"b\"",
                                    "[1]x",
                                    "[1]\xef\xbb\xbf",
                                    "\xef\xbb\xbf\xef\xbb\xbf[1]",
                                    "[1]\f",
                                    "[\v1]",
                                    "[\xc2\xa0 1]",
                                    "// x\n1",
                                    "/**/1",
                                    "[1]/",
                                    "#"};
  for( size_t i = 0; i < sizeof bad / sizeof bad[0]; i++ ) {
    for( size_t piece = 0; piece <= 7; piece++ ) expect_corrupt(bad[i], strlen(bad[i]), piece);
  }
  expect_corrupt("[\"a\0b\"]", 7, 0);
  expect_corrupt("[1]\0", 4, 0);
  expect_corrupt("\0", 1, 1);
}

static void rejects_truncated_documents(void) {
  for( size_t i = 0; i < DOCUMENTS; i++ ) {
    if( strchr("[{\"", documents[i][0]) == NULL ) continue; /* part of a number is a number */
    AdcpBuf layout = {0};
    spread(documents[i], &layout);
    size_t size = strlen(adcp_buf_text(&layout));
    while( strchr(" \r\n\t", layout.data[size - 1]) ) size--;
    for( size_t n = 0; n < size; n++ ) {
      expect_corrupt((const char *)layout.data, n, 0);
      expect_corrupt((const char *)layout.data, n, 1);
    }
    adcp_buf_free(&layout);
  }
}

static void names_the_place(void) {
  static const struct {
    const char *text;
    long long at;
  } cases[] = {{"[1,]", 3},
               {"{\"a\" 1}", 5},
               {"[1] x", 4},
               {"[\"ab\xff\"]", 4},
               {"[\"ab\\x\"]", 4},
               {"[\"ab\n\"]", 4},
               {"[12,01]", 4},
               {"[1", 2},
               {"[\"abc", 5},
               {"[\"\\ud800\"]", 2},
               {"[true,fals]", 6},
               {"  ", 2},
               {"[\"\xc3\xa9\xff\"]", 4}};
  for( size_t i = 0; i < sizeof cases / sizeof cases[0]; i++ ) {
    for( size_t piece = 0; piece <= 3; piece++ ) {
      AdcpError err = ADCP_ERROR_INIT;
      AdcpBuf out = {0};
      Source source = source_of(cases[i].text, piece);
      char expected[40];
      snprintf(expected, sizeof expected, "not valid JSON at byte %lld: ", cases[i].at);
      read_all(&source, &out, &err);
      CHECK_CASE(strncmp(adcp_error_message(&err), expected, strlen(expected)) == 0, "%s: %s",
                 cases[i].text, adcp_error_message(&err));
      adcp_buf_free(&out);
      adcp_error_clear(&err);
    }
  }
}

/* ---- limits and failures ---- */

static AdcpRc read_nested(size_t depth) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf text = {0}, out = {0};
  for( size_t i = 0; i < depth; i++ ) adcp_buf_append_str(&text, i % 3 ? "[" : "{\"k\":");
  adcp_buf_append_str(&text, "1");
  for( size_t i = depth; i-- > 0; ) adcp_buf_append_str(&text, i % 3 ? "]" : "}");
  Source source = source_of(adcp_buf_text(&text), 0);
  AdcpRc rc = read_all(&source, &out, &err);
  if( rc == ADCP_OK ) CHECK_TEXT(adcp_buf_text(&out), (const char *)text.data);
  adcp_buf_free(&text);
  adcp_buf_free(&out);
  adcp_error_clear(&err);
  return rc;
}

static void depth_is_limited(void) {
  CHECK(read_nested(ADCP_MAX_JSON_DEPTH) == ADCP_OK);
  CHECK(read_nested(ADCP_MAX_JSON_DEPTH + 1) == ADCP_TOOBIG);
  CHECK(read_nested(100000) == ADCP_TOOBIG);
}

/* Tokens far longer than the window, with multi-byte characters and escapes across its ends. */
static void long_tokens(void) {
  AdcpBuf text = {0};
  for( int token = 0; token < 3; token++ ) {
    adcp_buf_append_str(&text, token == 0 ? "[\"" : ",\"");
    for( int i = 0; i < 60000; i++ ) adcp_buf_append_str(&text, "a\xe2\x82\xac\\n\xf0\x9f\x98\x80");
    adcp_buf_append_str(&text, "\"");
  }
  adcp_buf_append_str(&text, ",");
  for( int i = 0; i < 200000; i++ ) adcp_buf_append_byte(&text, (uint8_t)('1' + i % 9));
  adcp_buf_append_str(&text, "]");
  static const size_t pieces[] = {0, 1, 4093};
  for( size_t i = 0; i < 3; i++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    AdcpBuf out = {0};
    Source source = source_of(adcp_buf_text(&text), pieces[i]);
    CHECK(read_all(&source, &out, &err) == ADCP_OK);
    CHECK(out.size == text.size && memcmp(out.data, text.data, out.size) == 0);
    adcp_buf_free(&out);
    adcp_error_clear(&err);
  }
  adcp_buf_free(&text);
}

static void input_errors_pass(void) {
  const char *text = "{\"a\":[1,2,\"text with \\u00e9\",true]}";
  for( size_t at = 1; at < strlen(text); at++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    AdcpBuf out = {0};
    Source source = source_of(text, 1);
    source.fail_at = at;
    CHECK(read_all(&source, &out, &err) == ADCP_IOERR);
    CHECK_TEXT(adcp_error_message(&err), "the disk is gone");
    adcp_buf_free(&out);
    adcp_error_clear(&err);
  }
}

static int allocations_left;

static void *counted_realloc(void *old, size_t size) {
  return allocations_left-- > 0 ? realloc(old, size) : NULL;
}

static void *counted_malloc(size_t size) {
  return counted_realloc(NULL, size);
}

static const AdcpMemMethods counted = {counted_malloc, counted_realloc, free};

/* Each allocation fails once. */
static void lack_of_memory(void) {
  AdcpBuf text = {0};
  adcp_buf_append_str(&text, "[12,\"");
  for( int i = 0; i < 300000; i++ ) adcp_buf_append_byte(&text, 'x');
  adcp_buf_append_str(&text, "\",34]");
  AdcpRc rc = ADCP_NOMEM;
  int allowed = 0;
  for( ; rc == ADCP_NOMEM && allowed < 100; allowed++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    Source source = {(const char *)text.data, text.size, 0, 0, 0};
    adcp_mem_replace(&counted);
    allocations_left = allowed;
    AdcpJsonReader *r = open_source(&source, &err);
    while( r && adcp_json_next(r) > ADCP_JSON_END ) {
    }
    rc = err.rc;
    adcp_json_reader_close(r);
    adcp_mem_replace(NULL);
    adcp_error_clear(&err);
  }
  CHECK(rc == ADCP_OK && allowed > 4);
  adcp_buf_free(&text);
}

/* ---- skip, capture ---- */

static void skips_and_captures(void) {
  static const char text[] = "{\"skip\" : {\"a\":[1,{\"b\":\"\\u00e9\"}]} , \"take\" :\t{ \"x\" : "
                             "[ 1,  \"\\u00e9\\n\xc3\xa9\" ] ,"
                             "\"y\":-1.50 } , \"list\":[ 1 , \"\\\"]\" , [ ] ], \"last\":12 }";
  for( size_t piece = 0; piece <= 9; piece++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    AdcpBuf out = {0};
    Source source = source_of(text, piece);
    AdcpJsonReader *r = open_source(&source, &err);
    CHECK(adcp_json_next(r) == ADCP_JSON_BEGIN_OBJECT && adcp_json_next(r) == ADCP_JSON_KEY);
    adcp_json_skip(r);
    CHECK(adcp_json_next(r) == ADCP_JSON_KEY);
    CHECK_TEXT(adcp_json_text(r, NULL), "take");
    adcp_json_capture(r, &out);
    CHECK_TEXT(adcp_buf_text(&out), "{ \"x\" : [ 1,  \"\\u00e9\\n\xc3\xa9\" ] ,\"y\":-1.50 }");
    CHECK(adcp_json_next(r) == ADCP_JSON_KEY && adcp_json_depth(r) == 1);
    CHECK(adcp_json_next(r) == ADCP_JSON_BEGIN_ARRAY);
    adcp_json_skip(r);
    adcp_buf_clear(&out);
    adcp_buf_append_str(&out, "before:");
    adcp_json_capture(r, &out);
    CHECK_TEXT(adcp_buf_text(&out), "before:\"\\\"]\"");
    adcp_json_capture(r, &out);
    CHECK_TEXT(adcp_buf_text(&out), "before:\"\\\"]\"[ ]");
    CHECK(adcp_json_next(r) == ADCP_JSON_END_ARRAY);
    CHECK(adcp_json_next(r) == ADCP_JSON_KEY);
    adcp_buf_clear(&out);
    adcp_json_capture(r, &out);
    CHECK_TEXT(adcp_buf_text(&out), "12");
    CHECK(adcp_json_next(r) == ADCP_JSON_END_OBJECT && adcp_json_next(r) == ADCP_JSON_END);
    adcp_json_reader_close(r);
    adcp_buf_free(&out);
    adcp_error_clear(&err);
  }
}

/* A value longer than the window, captured; then skipped, which must not make the window grow. */
static void passes_long_values(void) {
  AdcpBuf text = {0}, out = {0};
  AdcpError err = ADCP_ERROR_INIT;
  adcp_buf_append_str(&text, "[[\"");
  for( int i = 0; i < 100000; i++ ) adcp_buf_append_str(&text, "\xc3\xa9\\u20ac");
  adcp_buf_append_str(&text, "\", 1 ],2]");
  Source source = {(const char *)text.data, text.size, 0, 1021, 0};
  AdcpJsonReader *r = open_source(&source, &err);
  adcp_json_next(r);
  adcp_json_capture(r, &out);
  CHECK(out.size == text.size - 4 && memcmp(out.data, text.data + 1, out.size) == 0);
  CHECK(adcp_json_next(r) == ADCP_JSON_NUMBER && adcp_json_next(r) == ADCP_JSON_END_ARRAY);
  adcp_json_reader_close(r);

  source.at = 0;
  adcp_mem_replace(&counted);
  allocations_left = 2; /* the reader and its window */
  r = open_source(&source, &err);
  adcp_json_next(r);
  allocations_left = 1; /* a number's text */
  adcp_json_skip(r);
  CHECK(err.rc == ADCP_OK);
  CHECK(adcp_json_next(r) == ADCP_JSON_NUMBER && adcp_json_next(r) == ADCP_JSON_END_ARRAY);
  adcp_json_reader_close(r);
  adcp_mem_replace(NULL);
  adcp_buf_free(&out);
  adcp_buf_free(&text);
  adcp_error_clear(&err);
}

static void checks_what_it_passes(void) {
  static const char *const bad[] = {"[[1,]]",    "[\"\xff\"]", "[\"\\ud800\"]",
                                    "[{\"a\"}]", "[\"a",       "[01]"};
  for( size_t i = 0; i < sizeof bad / sizeof bad[0]; i++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    Source source = source_of(bad[i], 1);
    AdcpJsonReader *r = open_source(&source, &err);
    adcp_json_next(r);
    adcp_json_skip(r);
    CHECK_CASE(err.rc == ADCP_CORRUPT, "%s", bad[i]);
    adcp_json_reader_close(r);
    adcp_error_clear(&err);
  }
}

/* ---- raw elements ---- */

/* Reads numbers as raw elements; each ends before ',', white space or ']'. Their sum. */
static long raw_sum(AdcpJsonReader *r) {
  long sum = 0;
  while( adcp_json_raw_begin(r) ) {
    size_t size, n = 0;
    for( ;; ) {
      const uint8_t *window = adcp_json_raw_window(r, &size);
      while( n < size && window[n] >= '0' && window[n] <= '9' ) n++;
      if( n < size || !adcp_json_raw_more(r) ) break;
    }
    if( n == 0 ) break;
    char text[32] = {0};
    memcpy(text, adcp_json_raw_bytes(r), n);
    sum += strtol(text, NULL, 10);
    adcp_json_raw_end(r, n);
  }
  return sum;
}

static void raw_elements(void) {
  static const char text[] = "{\"t\":[ 1 ,22,\n333\n, 4444],\"none\":[ ],\"after\":[5,6]}";
  for( size_t piece = 0; piece <= 9; piece++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    Source source = source_of(text, piece);
    AdcpJsonReader *r = open_source(&source, &err);
    adcp_json_next(r);
    adcp_json_next(r);
    CHECK(adcp_json_next(r) == ADCP_JSON_BEGIN_ARRAY);
    CHECK(raw_sum(r) == 4800 && adcp_json_depth(r) == 1);
    CHECK(adcp_json_next(r) == ADCP_JSON_KEY && adcp_json_next(r) == ADCP_JSON_BEGIN_ARRAY);
    CHECK(!adcp_json_raw_begin(r) && err.rc == ADCP_OK && adcp_json_depth(r) == 1);
    CHECK(adcp_json_next(r) == ADCP_JSON_KEY && adcp_json_next(r) == ADCP_JSON_BEGIN_ARRAY);
    CHECK(adcp_json_raw_begin(r));
    adcp_json_raw_end(r, 1);
    CHECK(adcp_json_next(r) == ADCP_JSON_NUMBER); /* raw and not raw mix */
    CHECK_TEXT(adcp_json_text(r, NULL), "6");
    CHECK(adcp_json_next(r) == ADCP_JSON_END_ARRAY && adcp_json_next(r) == ADCP_JSON_END_OBJECT);
    CHECK(adcp_json_next(r) == ADCP_JSON_END && err.rc == ADCP_OK);
    adcp_json_reader_close(r);
    adcp_error_clear(&err);
  }
}

/* Each raw_more doubles what is unread at least, until the input ends. */
static void raw_window_grows(void) {
  AdcpBuf text = {0};
  AdcpError err = ADCP_ERROR_INIT;
  adcp_buf_append_byte(&text, '[');
  for( size_t i = 0; i < 500000; i++ ) adcp_buf_append_byte(&text, (uint8_t)('a' + i % 26));
  Source source = {(const char *)text.data, text.size, 0, 100, 0};
  AdcpJsonReader *r = open_source(&source, &err);
  adcp_json_next(r);
  CHECK(adcp_json_raw_begin(r));
  size_t size, calls = 0, before = 0;
  long wrong = 0;
  adcp_json_raw_window(r, &size);
  for( before = size; adcp_json_raw_more(r); before = size, calls++ ) {
    const uint8_t *window = adcp_json_raw_window(r, &size);
    wrong += size < 2 * before && size != text.size - 1;
    wrong += memcmp(window, text.data + 1, size) != 0;
  }
  CHECK(wrong == 0 && size == text.size - 1 && calls < 15 && err.rc == ADCP_OK);
  CHECK(adcp_json_offset(r) == 1);
  adcp_json_reader_close(r);
  adcp_buf_free(&text);
  adcp_error_clear(&err);
}

static void raw_errors(void) {
  static const char *const bad[] = {"[", "[1", "[1 2]", "[1}", "[1,"};
  for( size_t i = 0; i < sizeof bad / sizeof bad[0]; i++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    Source source = source_of(bad[i], 1);
    AdcpJsonReader *r = open_source(&source, &err);
    adcp_json_next(r);
    raw_sum(r);
    CHECK_CASE(err.rc == ADCP_CORRUPT, "%s", bad[i]);
    adcp_json_reader_close(r);
    adcp_error_clear(&err);
  }
  /* After a comma the bracket is given to the caller, whose parser knows no element that begins so.
  ** */
  AdcpError err = ADCP_ERROR_INIT;
  Source source = source_of("[1,]", 0);
  AdcpJsonReader *r = open_source(&source, &err);
  adcp_json_next(r);
  CHECK(adcp_json_raw_begin(r));
  adcp_json_raw_end(r, 1);
  CHECK(adcp_json_raw_begin(r) && *adcp_json_raw_bytes(r) == ']');
  CHECK(adcp_json_next(r) == ADCP_JSON_ERROR && err.rc == ADCP_CORRUPT);
  adcp_json_reader_close(r);
  adcp_error_clear(&err);
}

/* ---- restart ---- */

static void restarts(void) {
  static const char text[] = "[10,20,30],\"k\":1,\"l\":2}";
  AdcpError err = ADCP_ERROR_INIT;
  Source source = source_of(text, 2);
  AdcpJsonReader *r = open_source(&source, &err);
  for( size_t at = 3; at <= 4; at++ ) { /* at the comma, and behind it */
    source.at = at;
    adcp_json_reader_restart(r, 1000 + (int64_t)at, ADCP_JSON_BEGIN_ARRAY);
    CHECK(raw_sum(r) == 50 && err.rc == ADCP_OK && adcp_json_depth(r) == 0);
    CHECK(adcp_json_offset(r) == 1010);
  }
  for( size_t at = 10; at <= 11; at++ ) {
    source.at = at;
    adcp_json_reader_restart(r, 5, ADCP_JSON_BEGIN_OBJECT);
    CHECK(adcp_json_next(r) == ADCP_JSON_KEY);
    CHECK_TEXT(adcp_json_text(r, NULL), "k");
    adcp_json_skip(r);
    CHECK(adcp_json_next(r) == ADCP_JSON_KEY && adcp_json_next(r) == ADCP_JSON_NUMBER);
    CHECK(adcp_json_next(r) == ADCP_JSON_END_OBJECT && adcp_json_next(r) == ADCP_JSON_END);
  }
  source.at = 9;
  adcp_json_reader_restart(r, 0, ADCP_JSON_BEGIN_ARRAY);
  CHECK(!adcp_json_raw_begin(r) && err.rc == ADCP_OK);
  source.at = 0;
  adcp_json_reader_restart(r, 7, ADCP_JSON_END);
  CHECK(adcp_json_next(r) == ADCP_JSON_BEGIN_ARRAY && adcp_json_token_offset(r) == 7);
  adcp_json_reader_close(r);
  CHECK(err.rc == ADCP_OK);
}

/* ---- Python ---- */

static const char python_script[] =
    "import sys,json\n"
    "def refuse(x): raise ValueError(x)\n"
    "def load(b):\n"
    "  v=json.loads(b.decode('utf-8'),parse_constant=refuse,object_pairs_hook=lambda p:p)\n"
    "  json.dumps(v,ensure_ascii=False).encode('utf-8')\n"
    "  return v\n"
    "bad=n=good=0\n"
    "for line in sys.stdin:\n"
    "  doc,ok,out=line.rstrip('\\n').split(' ')\n"
    "  n+=1\n"
    "  try: want=load(bytes.fromhex(doc)); valid=1\n"
    "  except (ValueError,RecursionError): valid=0\n"
    "  good+=valid\n"
    "  if valid!=int(ok) or (valid and repr(load(bytes.fromhex(out)))!=repr(want)):\n"
    "    bad+=1; print('Python differs:',bytes.fromhex(doc),ok,file=sys.stderr)\n"
    "sys.exit(bad or n!=20000 or good<2000 or good>18000)\n";

static void print_hex(FILE *to, const AdcpBuf *bytes) {
  for( size_t i = 0; i < bytes->size; i++ ) fprintf(to, "%02x", bytes->data[i]);
}

static uint64_t random_state = 88172645463325252u;

static uint32_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (uint32_t)(random_state >> 16);
}

/* Zero to two changes: a byte replaced, removed, doubled or put in from another place. */
static void damage(AdcpBuf *text) {
  static const char bytes[] = "{}[]:,\"\\u0019deE+-.tfn \n\t\x01\x7f\xc3\xa9\xed\xf0/";
  for( uint32_t changes = next_random() % 3; changes > 0 && text->size > 0; changes-- ) {
    size_t at = next_random() % text->size;
    uint8_t byte = (uint8_t)bytes[next_random() % (sizeof bytes - 1)];
    uint32_t kind = next_random() % 3;
    if( kind == 0 ) {
      text->data[at] = byte;
    } else if( kind == 1 ) {
      memmove(text->data + at, text->data + at + 1, text->size - at - 1);
      text->size--;
    } else {
      adcp_buf_append_byte(text, 0);
      memmove(text->data + at + 1, text->data + at, text->size - at - 1);
      text->data[at] = byte;
    }
  }
}

static void agrees_with_python(void) {
  const char *python = getenv("PYTHON");
  char command[400];
  setenv("ADCP_TEST_SCRIPT", python_script, 1);
  snprintf(command, sizeof command, "%s -c 'import os; exec(os.environ[\"ADCP_TEST_SCRIPT\"])'",
           python ? python : "python3");
  FILE *pipe = popen(command, "w");
  CHECK(pipe != NULL);
  if( pipe == NULL ) return;
  for( int i = 0; i < 20000; i++ ) {
    AdcpBuf text = {0}, out = {0};
    AdcpError err = ADCP_ERROR_INIT;
    if( i % 2 ) {
      spread(documents[next_random() % DOCUMENTS], &text);
    } else {
      adcp_buf_append_str(&text, documents[next_random() % DOCUMENTS]);
    }
    damage(&text);
    Source source = {(const char *)text.data, text.size, 0, next_random() % 4, 0};
    bool valid = read_all(&source, &out, &err) == ADCP_OK;
    print_hex(pipe, &text);
    fprintf(pipe, " %d ", valid);
    print_hex(pipe, &out);
    fputc('\n', pipe);
    adcp_buf_free(&text);
    adcp_buf_free(&out);
    adcp_error_clear(&err);
  }
  CHECK(pclose(pipe) == 0);
}

int main(void) {
  layouts_are_one();
  rejects_bad_documents();
  rejects_truncated_documents();
  names_the_place();
  depth_is_limited();
  long_tokens();
  input_errors_pass();
  lack_of_memory();
  skips_and_captures();
  passes_long_values();
  checks_what_it_passes();
  raw_elements();
  raw_window_grows();
  raw_errors();
  restarts();
  agrees_with_python();
  return unit_done();
}
