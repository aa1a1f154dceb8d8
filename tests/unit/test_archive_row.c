/*
** test_archive_row.c - names, row text and its parser: what a row looks like is written down here
** by hand, and python3's json reads what we write.
*/
#include "unit.h"

#include <math.h>

#include "archive/name.h"
#include "archive_fixture.h"
#include "codec/base64.h"

/* ---- names ---- */

static void check_name(const char *name, const char *spelling) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf out = {0};
  adcp_name_encode(&out, name);
  CHECK_TEXT(adcp_buf_text(&out), spelling);
  char *back = adcp_name_decode(spelling, strlen(spelling), &err);
  CHECK(err.rc == ADCP_OK);
  CHECK_TEXT(back, name);
  adcp_free(back);
  adcp_buf_free(&out);
  adcp_error_clear(&err);
}

static void check_no_name(const char *spelling, size_t n) {
  AdcpError err = ADCP_ERROR_INIT;
  CHECK_CASE(adcp_name_decode(spelling, n, &err) == NULL && err.rc == ADCP_CORRUPT, "%s", spelling);
  adcp_error_clear(&err);
}

static void test_names(void) {
  check_name("id", "id");
  check_name("", "");
  check_name("$rowid", "$$rowid");
  check_name("$", "$$");
  check_name("$$", "$$$");
  check_name("$text:", "$$text:");
  check_name("a\"b\\\n", "a\"b\\\n");
  check_name("\xc3\xa9", "\xc3\xa9");
  check_name("\xff", "$text:/w==");
  check_name("$\x80", "$text:JIA=");
  check_no_name("$rowid", 6);
  check_no_name("$", 1);
  check_no_name("a\0b", 3);
  check_no_name("$text:YWJj", 10); /* "abc" has a plain spelling */
  check_no_name("$text:/w=", 9);
  check_no_name("$text:/wA=", 10); /* a zero byte */
  check_no_name("$text:", 6);
}

/* ---- what a row looks like ---- */

typedef struct Expected {
  AdcpValue value;
  const char *text;   /* in an ordinary table */
  const char *shadow; /* in a shadow table; NULL: the same */
} Expected;

#define TEXT(literal)                                                                              \
  { ADCP_TEXT, {0}, (const uint8_t *)(literal), sizeof(literal) - 1 }
#define BYTES(type_, literal)                                                                      \
  { type_, {0}, (const uint8_t *)(literal), sizeof(literal) - 1 }
#define INTEGER(i)                                                                                 \
  { .type = ADCP_INTEGER, .integer = (i) }
#define REAL(r)                                                                                    \
  { .type = ADCP_REAL, .real = (r) }

static const Expected EXPECTED[] = {
    {{.type = ADCP_NULL}, "null", NULL},
    {INTEGER(0), "0", NULL},
    {INTEGER(-1), "-1", NULL},
    {INTEGER(INT64_MAX), "9223372036854775807", NULL},
    {INTEGER(INT64_MIN), "-9223372036854775807", NULL}, /* replaced below: no literal for it */
    {INTEGER(999999999999999999), "999999999999999999", NULL},
    {INTEGER(1000000000000000000), "1000000000000000000", NULL},
    {REAL(0.0), "0.0", NULL},
    {REAL(-0.0), "-0.0", NULL},
    {REAL(1.0), "1.0", NULL},
    {REAL(0.1), "0.1", NULL},
    {REAL(1e21), "1e+21", NULL},
    {REAL(1e20), "100000000000000000000.0", NULL},
    {REAL(1e-7), "1e-7", NULL},
    {REAL(5e-324), "5e-324", NULL},
    {REAL(1.7976931348623157e308), "1.7976931348623157e+308", NULL},
    {REAL(9007199254740993.0), "9007199254740992.0", NULL},
    {REAL(__builtin_inf()), "{\"$real\":\"Infinity\"}", NULL},
    {REAL(-__builtin_inf()), "{\"$real\":\"-Infinity\"}", NULL},
    {TEXT(""), "\"\"", NULL},
    {TEXT("plain text of some length, 40 bytes......"),
     "\"plain text of some length, 40 bytes......\"", NULL},
    {TEXT("\"\\/\b\f\n\r\t"), "\"\\\"\\\\/\\b\\f\\n\\r\\t\"", NULL},
    {TEXT("\0\x01\x0b\x1f\x7f"), "\"\\u0000\\u0001\\u000b\\u001f\x7f\"", NULL},
    {TEXT("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"), "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"",
     NULL},
    {TEXT("\xff"), "{\"$text\":\"/w==\"}", NULL},
    {TEXT("ab\xed\xa0\x80"), "{\"$text\":\"YWLtoIA=\"}", NULL},
    {BYTES(ADCP_TEXT16, "\x00\xd8"), "{\"$text16\":\"ANg=\"}", NULL},
    {BYTES(ADCP_BLOB, ""), "{\"$blob\":\"\"}", "{\"$hex\":\"\"}"},
    {BYTES(ADCP_BLOB, "\x00\xff\x10"), "{\"$blob\":\"AP8Q\"}", "{\"$hex\":\"00ff10\"}"},
    {BYTES(ADCP_BLOB, "f"), "{\"$blob\":\"Zg==\"}", "{\"$hex\":\"66\"}"},
};
enum { EXPECTED_COUNT = sizeof EXPECTED / sizeof EXPECTED[0] };

static AdcpSchema *one_table(AdcpTableKind kind, bool rowid, const char *a, const char *b,
                             const char *c) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSchema *schema = adcp_schema_new(&err);
  fix_table(schema, kind, rowid, "t", a, b, c, (char *)NULL);
  return schema;
}

/* Parses a text and gives a copy of its outcome: "rows as text", or the message. */
static AdcpRowStatus parse(const AdcpTable *table, const char *text, size_t n, bool *canonical,
                           char **outcome) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpRowReader *reader = adcp_row_reader_open(table, &err);
  uint8_t *copy = adcp_malloc(n + 1); /* exactly as long: reading beyond it is seen by ASan */
  memcpy(copy, text, n);
  size_t size = 0;
  *outcome = NULL;
  AdcpRowStatus status = adcp_row_parse(reader, copy, n, &size, &err);
  if( status == ADCP_ROW_DONE ) {
    *canonical = adcp_row_is_canonical(reader);
    CHECK(memcmp(copy, text, n) == 0 && size <= n);
    *outcome = fix_row_text(table, adcp_row_values(reader, copy));
  } else if( status == ADCP_ROW_BAD ) {
    *outcome = adcp_strdup(adcp_error_message(&err));
  }
  CHECK((status == ADCP_ROW_BAD) == (err.rc != ADCP_OK));
  adcp_free(copy);
  adcp_row_reader_close(reader);
  adcp_error_clear(&err);
  return status;
}

/* Text of one value in a row, as written; and read back to the same value. */
static void check_value(const AdcpTable *table, const AdcpValue *value, const char *text) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpValue values[3] = {fix_integer(7), *value, fix_null()};
  AdcpBuf want = {0};
  adcp_buf_appendf(&want, "{\"$rowid\":7,\"v\":%s,\"w\":null}", text);
  char *got = fix_row_text(table, values);
  CHECK_TEXT(got, adcp_buf_text(&want));
  AdcpRowReader *reader = adcp_row_reader_open(table, &err);
  size_t size = 0;
  CHECK(adcp_row_parse(reader, want.data, want.size, &size, &err) == ADCP_ROW_DONE);
  CHECK_CASE(size == want.size && adcp_row_is_canonical(reader), "%s", text);
  const AdcpValue *back = adcp_row_values(reader, want.data);
  for( int i = 0; i < 3; i++ ) CHECK_CASE(fix_same(&back[i], &values[i]), "%s", text);
  adcp_row_reader_close(reader);
  adcp_free(got);
  adcp_buf_free(&want);
  adcp_error_clear(&err);
}

static void test_values(void) {
  AdcpSchema *ordinary = one_table(ADCP_TABLE_ORDINARY, true, "v", "w", NULL);
  AdcpSchema *shadow = one_table(ADCP_TABLE_SHADOW, true, "v", "w", NULL);
  for( int i = 0; i < EXPECTED_COUNT; i++ ) {
    const Expected *e = &EXPECTED[i];
    AdcpValue value = e->value;
    const char *text = e->text;
    if( value.type == ADCP_INTEGER && value.integer == INT64_MIN ) text = "-9223372036854775808";
    check_value(&ordinary->tables[0], &value, text);
    check_value(&shadow->tables[0], &value, e->shadow ? e->shadow : text);
  }
  adcp_schema_free(ordinary);
  adcp_schema_free(shadow);
}

static void test_keys(void) {
  AdcpSchema *schema = one_table(ADCP_TABLE_ORDINARY, true, "$rowid", "a\"b\n", "\xff");
  AdcpValue values[4] = {fix_integer(1), fix_integer(2), fix_integer(3), fix_integer(4)};
  const char *want = "{\"$rowid\":1,\"$$rowid\":2,\"a\\\"b\\n\":3,\"$text:/w==\":4}";
  char *text = fix_row_text(&schema->tables[0], values);
  CHECK_TEXT(text, want);
  char *outcome;
  bool canonical = false;
  CHECK(parse(&schema->tables[0], want, strlen(want), &canonical, &outcome) == ADCP_ROW_DONE);
  CHECK(canonical);
  CHECK_TEXT(outcome, want);
  adcp_free(outcome);
  adcp_free(text);
  adcp_schema_free(schema);
  schema = one_table(ADCP_TABLE_ORDINARY, false, NULL, NULL, NULL);
  text = fix_row_text(&schema->tables[0], NULL);
  CHECK_TEXT(text, "{}");
  CHECK(parse(&schema->tables[0], "{}", 2, &canonical, &outcome) == ADCP_ROW_DONE && canonical);
  adcp_free(outcome);
  adcp_free(text);
  adcp_schema_free(schema);
}

/* ---- other spellings of the same row ---- */

typedef struct Spelling {
  const char *text;
  const char *same_as; /* canonical text, or part of the message when bad */
  bool bad;
} Spelling;

#define ROW(value) "{\"a\":" value ",\"b\":1}"

static const Spelling SPELLINGS[] = {
    {ROW("1"), ROW("1"), false},
    {"{ \"a\" : 1 ,\r\n\t\"b\" : 1 }", ROW("1"), false},
    {"{\"b\":1,\"a\":1}", ROW("1"), false},
    {"{\"\\u0061\":1,\"b\":1}", ROW("1"), false},
    {ROW("-0"), ROW("0"), false},
    {ROW("1.00"), ROW("1.0"), false},
    {ROW("1e2"), ROW("100.0"), false},
    {ROW("1E400"), "SQLite cannot hold", true},
    {ROW("9223372036854775808"), "another tool changed numbers", true},
    {ROW("-9223372036854775808"), ROW("-9223372036854775808"), false},
    {ROW("01"), "is not a number", true},
    {ROW("-"), "is not a number", true},
    {ROW("1."), "is not a number", true},
    {ROW("+1"), "is no value of a row", true},
    {ROW("\"\\/\\u0041\\u00e9\\ud83d\\ude00\""), ROW("\"/A\xc3\xa9\xf0\x9f\x98\x80\""), false},
    {ROW("\"\\u000A\\u000b\""), ROW("\"\\n\\u000b\""), false},
    {ROW("\"\\u000B\""), ROW("\"\\u000b\""), false},
    {ROW("\"\\u0008\\u0009\\u000a\\u000c\\u000d\\u001f\""), ROW("\"\\b\\t\\n\\f\\r\\u001f\""),
     false},
    {ROW("\"\\u000C\""), ROW("\"\\f\""), false},
    {ROW("\"\\u000D\""), ROW("\"\\r\""), false},
    {ROW("\"\\u0022\""), ROW("\"\\\"\""), false},
    {ROW("\"\\ud83d\""), "half a surrogate pair", true},
    {ROW("\"\\ud83dabcdefgh\""), "half a surrogate pair", true},
    {ROW("\"\\ude00abcdefgh\""), "half a surrogate pair", true},
    {ROW("\"\\ud83d\\u0041ab\""), "half a surrogate pair", true},
    {ROW("\"\\u00g0\""), "four hexadecimal digits", true},
    {ROW("\"\\x\""), "unknown escape", true},
    {ROW("\"\n\""), "control character", true},
    {ROW("\"\xff\""), "not valid UTF-8", true},
    {ROW("\"\xed\xa0\x80\""), "not valid UTF-8", true},
    {ROW("{ \"$blob\" : \"AP8Q\" }"), ROW("{\"$blob\":\"AP8Q\"}"), false},
    {ROW("{\"$hex\":\"00ff10\"}"), ROW("{\"$blob\":\"AP8Q\"}"), false},
    {ROW("{\"$blob\":\"\\u0041P8Q\"}"), ROW("{\"$blob\":\"AP8Q\"}"), false},
    {ROW("{\"$blob\":\"\\/w==\"}"), ROW("{\"$blob\":\"/w==\"}"), false},
    {ROW("{\"\\u0024blob\":\"AP8Q\"}"), ROW("{\"$blob\":\"AP8Q\"}"), false},
    {ROW("{\"$blob\":\"AP8\"}"), "not base64", true},
    {ROW("{\"$blob\":\"AP8=AP8=\"}"), "not base64", true},
    {ROW("{\"$blob\":\"AP9=\"}"), "not base64", true},
    {ROW("{\"$hex\":\"0F\"}"), "hexadecimal", true},
    {ROW("{\"$hex\":\"0\"}"), "hexadecimal", true},
    {ROW("{\"$text\":\"YWJj\"}"), ROW("\"abc\""), false},
    {ROW("{\"$text\":\"\"}"), ROW("\"\""), false},
    {ROW("{\"$text\":\"YW\"}"), "not base64", true},
    {ROW("{\"$real\":\"Infinity\"}"), ROW("{\"$real\":\"Infinity\"}"), false},
    {ROW("{\"$real\":\"NaN\"}"), "neither", true},
    {ROW("{\"$real\":1}"), "not a string", true},
    {ROW("{\"$text16\":\"2D\"}"), "a $text16 that is not base64", true},
    {ROW("{\"$real\":\"-Infinity\"}"), ROW("{\"$real\":\"-Infinity\"}"), false},
    {ROW("{\"$real\":\"Infinit\\u0079\"}"), ROW("{\"$real\":\"Infinity\"}"), false},
    {ROW("{\"\\u0024a_tag_that_is_longer_than_any_that_there_is_or_ever_will_be_in_this_format\":"
         "\"x\"}"),
     "tag that is not known", true},
    {ROW("{\"$a_tag_that_is_longer_than_any_that_there_is_or_ever_will_be_in_this_format\":\"x\"}"),
     "tag that is not known", true},
    {ROW("\"\\ud83d\\ud83d\""), "half a surrogate pair", true},
    {ROW("\"\\ud83d\\x\""), "half a surrogate pair", true},
    {ROW("\"\\ud83d\\ue000\""), "half a surrogate pair", true},
    {ROW("{\"$date\":\"x\"}"), "tag that is not known", true},
    {ROW("{}"), "without a tag", true},
    {ROW("{\"$blob\":\"\",\"$blob\":\"\"}"), "more than its tag", true},
    {ROW("[]"), "an array", true},
    {ROW("true"), "true or false", true},
    {ROW("nul"), "no value of a row", true},
    {ROW(""), "no value of a row", true},
    {"{\"a\":1,\"b\":1,\"c\":1}", "key \"c\" is no column", true},
    {"{\"a\":1}", "column \"b\" is missing", true},
    {"{\"b\":1}", "column \"a\" is missing", true},
    {"{}", "column \"a\" is missing", true},
    {"{\"a\":1,\"b\":1,\"a\":1}", "column \"a\" stands twice", true},
    {"{\"a\":1,\"a\":1}", "column \"a\" stands twice", true},
    {"{\"a\":1,\"b\":1,}", "a key is missing", true},
    {"{,\"a\":1,\"b\":1}", "a key is missing", true},
    {"{\"a\" 1,\"b\":1}", "':'", true},
    {"{\"a\":1 \"b\":1}", "not followed by a comma", true},
    {"[1,2]", "not an object", true},
};

static void test_spellings(void) {
  AdcpSchema *schema = one_table(ADCP_TABLE_ORDINARY, false, "a", "b", NULL);
  for( size_t i = 0; i < sizeof SPELLINGS / sizeof SPELLINGS[0]; i++ ) {
    const Spelling *s = &SPELLINGS[i];
    bool canonical = false;
    char *outcome;
    AdcpRowStatus status =
        parse(&schema->tables[0], s->text, strlen(s->text), &canonical, &outcome);
    if( s->bad ) {
      CHECK_CASE(status == ADCP_ROW_BAD && strstr(outcome, s->same_as), "%s: %s", s->text,
                 outcome ? outcome : "not bad");
    } else {
      CHECK_CASE(status == ADCP_ROW_DONE, "%s: %s", s->text, outcome ? outcome : "more");
      CHECK_TEXT(outcome, s->same_as);
      CHECK_CASE(canonical == (strcmp(s->text, s->same_as) == 0), "%s", s->text);
    }
    adcp_free(outcome);
  }
  adcp_schema_free(schema);
}

/* What is wrong in the middle of a long value is found too: it is checked in pieces. */
static void test_long_tags(void) {
  static const struct {
    const char *tag;
    char good;
    const char *wrong, *message;
  } cases[] = {{"$blob", 'A', "A===", "not base64"},   {"$blob", 'A', "AA==", "not base64"},
               {"$blob", 'A', "A?AA", "not base64"},   {"$hex", '0', "0F00", "hexadecimal"},
               {"$text16", 'A', "AA==", "not base64"}, {"$hex", '0', "00.0", "hexadecimal"}};
  AdcpSchema *schema = one_table(ADCP_TABLE_ORDINARY, false, "a", "b", NULL);
  static char text[20000];
  for( size_t i = 0; i < sizeof cases / sizeof *cases; i++ ) {
    for( size_t at = 0; at <= 12000; at += 508 ) {
      int n = snprintf(text, sizeof text, "{\"a\":{\"%s\":\"", cases[i].tag);
      memset(text + n, cases[i].good, 16000);
      memcpy(text + n + at, cases[i].wrong, 4);
      memcpy(text + n + 16000, "\"},\"b\":1}", 10);
      bool canonical;
      char *outcome;
      AdcpRowStatus status = parse(&schema->tables[0], text, strlen(text), &canonical, &outcome);
      CHECK_CASE(status == ADCP_ROW_BAD && strstr(outcome, cases[i].message), "%s at %zu: %s",
                 cases[i].wrong, at, outcome ? outcome : "not bad");
      adcp_free(outcome);
    }
  }
  adcp_schema_free(schema);
}

/* Every prefix of a row asks for more; nothing reads beyond it. */
static void test_prefixes(void) {
  AdcpSchema *schema = one_table(ADCP_TABLE_ORDINARY, false, "a", "b", "c");
  static const char *const rows[] = {
      "{\"a\":-12.5e3,\"b\":\"x\\ud83d\\ude00\\n\xf0\x9f\x98\x80\",\"c\":{\"$blob\":\"AP8Q\"}}",
      "{ \"c\" : null , \"b\" : 12 , \"a\" : { \"$text\" : \"/w==\" } }"};
  for( int i = 0; i < 2; i++ ) {
    size_t n = strlen(rows[i]);
    for( size_t k = 0; k <= n; k++ ) {
      bool canonical;
      char *outcome;
      AdcpRowStatus status = parse(&schema->tables[0], rows[i], k, &canonical, &outcome);
      CHECK_CASE(status == (k < n ? ADCP_ROW_MORE : ADCP_ROW_DONE), "%.*s: %s", (int)k, rows[i],
                 outcome ? outcome : "");
      adcp_free(outcome);
    }
  }
  adcp_schema_free(schema);
}

/* ---- large values: in pieces, the same text ---- */

typedef struct PieceSink {
  AdcpBuf text;
  size_t largest;
} PieceSink;

static void take_piece(void *context, const void *bytes, size_t n, AdcpError *err) {
  (void)err;
  PieceSink *sink = context;
  adcp_buf_append(&sink->text, bytes, n);
  if( n > sink->largest ) sink->largest = n;
}

static void check_large(const AdcpTable *table, AdcpValueType type, const uint8_t *bytes, size_t n,
                        size_t most) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpValue values[2] = {fix_bytes(type, bytes, n), fix_integer(5)};
  AdcpBuf want = {0};
  adcp_buf_append_str(&want, "{\"a\":");
  adcp_value_write(&want, &values[0], table->kind == ADCP_TABLE_SHADOW);
  adcp_buf_append_str(&want, ",\"b\":5}");
  PieceSink pieces = {0};
  AdcpTextSink sink = {&pieces, take_piece};
  AdcpRowWriter *writer = adcp_row_writer_open(table, &err);
  CHECK(adcp_row_size(writer, values) == (int64_t)want.size);
  CHECK(adcp_row_size_most(writer, n) >= (int64_t)want.size);
  adcp_row_write(writer, values, sink, &err);
  adcp_row_writer_close(writer);
  CHECK(err.rc == ADCP_OK && pieces.text.size == want.size &&
        memcmp(pieces.text.data, want.data, want.size) == 0);
  CHECK_CASE(pieces.largest <= most, "largest piece %zu", pieces.largest);
  AdcpRowReader *reader = adcp_row_reader_open(table, &err);
  size_t size;
  CHECK(adcp_row_parse(reader, want.data, want.size, &size, &err) == ADCP_ROW_DONE);
  CHECK(adcp_row_is_canonical(reader));
  CHECK(fix_same(&adcp_row_values(reader, want.data)[0], &values[0]));
  adcp_row_reader_close(reader);
  adcp_buf_free(&want);
  adcp_buf_free(&pieces.text);
}

static void test_large(void) {
  AdcpSchema *schema = one_table(ADCP_TABLE_ORDINARY, false, "a", "b", NULL);
  AdcpSchema *shadow = one_table(ADCP_TABLE_SHADOW, false, "a", "b", NULL);
  size_t n = 1000003;
  uint8_t *bytes = adcp_malloc(n);
  uint64_t seed = 42;
  for( size_t i = 0; i < n; i++ ) bytes[i] = (uint8_t)fix_random(&seed);
  for( size_t k = 0; k < 4; k++ ) {
    check_large(&schema->tables[0], ADCP_BLOB, bytes, n - k, 70000);
    check_large(&shadow->tables[0], ADCP_BLOB, bytes, n - k, 100000);
    check_large(&schema->tables[0], ADCP_TEXT, bytes, n - k, 70000); /* not UTF-8 */
  }
  for( size_t shift = 0; shift < 4; shift++ ) { /* characters of 4 bytes across the pieces */
    memset(bytes, 'x', shift);
    for( size_t i = shift; i + 4 <= n; i += 4 ) memcpy(bytes + i, "\xf0\x9f\x98\x80", 4);
    check_large(&schema->tables[0], ADCP_TEXT, bytes, shift + (n - shift) / 4 * 4, 70000);
  }
  memset(bytes, 1, n); /* six characters each */
  check_large(&schema->tables[0], ADCP_TEXT, bytes, n, 300000);
  adcp_free(bytes);
  adcp_schema_free(schema);
  adcp_schema_free(shadow);
}

/* ---- python3 reads what we write ---- */

static const char ORACLE[] =
    "import json,sys,base64,struct\n"
    "def one(v):\n"
    "  if v is None: return 'n'\n"
    "  if isinstance(v,int): return 'i%d'%v\n"
    "  if isinstance(v,float): return 'r'+struct.pack('>d',v).hex()\n"
    "  if isinstance(v,str): return 't'+v.encode().hex()\n"
    "  (k,s),=v.items()\n"
    "  if k=='$real': return 'r'+struct.pack('>d',float(s)).hex()\n"
    "  if k=='$hex': return 'b'+bytes.fromhex(s).hex()\n"
    "  return {'$text':'t','$text16':'u','$blob':'b'}[k]+base64.b64decode(s,validate=True).hex()\n"
    "for line in open(sys.argv[1],'rb'):\n"
    "  row=json.loads(line.decode())\n"
    "  assert list(row)==['$rowid','a','b','c'],line\n"
    "  print(' '.join(one(v) for v in row.values()))\n";

static void append_plain(AdcpBuf *out, const AdcpValue *value) {
  uint64_t bits;
  switch( value->type ) {
  case ADCP_NULL: adcp_buf_append_str(out, "n"); return;
  case ADCP_INTEGER: adcp_buf_appendf(out, "i%lld", (long long)value->integer); return;
  case ADCP_REAL:
    memcpy(&bits, &value->real, sizeof bits);
    adcp_buf_appendf(out, "r%016llx", (unsigned long long)bits);
    return;
  default: break;
  }
  adcp_buf_append_byte(out, value->type == ADCP_TEXT ? 't' : value->type == ADCP_BLOB ? 'b' : 'u');
  for( size_t i = 0; i < value->size; i++ ) adcp_buf_appendf(out, "%02x", value->bytes[i]);
}

static AdcpValue random_value(uint64_t *seed, uint8_t room[64]) {
  uint64_t bits = fix_random(seed);
  size_t n = bits % 40;
  for( size_t i = 0; i < n; i++ ) {
    uint64_t r = fix_random(seed);
    room[i] = (uint8_t)(bits & 64 ? r : r % 128);
  }
  switch( bits >> 32 & 7 ) {
  case 0: return fix_null();
  case 1: return fix_integer((int64_t)fix_random(seed) >> (bits >> 40 & 63));
  case 2: {
    double real;
    uint64_t pattern = fix_random(seed);
    memcpy(&real, &pattern, sizeof real);
    return isnan(real) ? fix_real(__builtin_inf()) : fix_real(real);
  }
  case 3: return fix_real((double)(int64_t)(fix_random(seed) % 100000) / 100);
  case 4: return fix_bytes(ADCP_BLOB, room, n);
  case 5: return fix_bytes(ADCP_TEXT16, room, n | 1);
  default: return fix_bytes(ADCP_TEXT, room, n);
  }
}

static void test_python(void) {
  char dir[] = "/tmp/adcp-row-XXXXXX";
  fix_scratch(dir);
  AdcpSchema *schema = one_table(ADCP_TABLE_ORDINARY, true, "a", "b", "c");
  AdcpBuf rows = {0}, want = {0}, got = {0};
  uint64_t seed = 7;
  uint8_t room[4][64] = {{0}};
  for( int i = 0; i < 20000; i++ ) {
    AdcpValue values[4];
    values[0] = fix_integer(i);
    for( int k = 1; k < 4; k++ ) values[k] = random_value(&seed, room[k]);
    char *text = fix_row_text(&schema->tables[0], values);
    adcp_buf_append_str(&rows, text);
    adcp_buf_append_byte(&rows, '\n');
    for( int k = 0; k < 4; k++ ) {
      append_plain(&want, &values[k]);
      adcp_buf_append_byte(&want, k < 3 ? ' ' : '\n');
    }
    bool canonical = false;
    char *outcome;
    parse(&schema->tables[0], text, strlen(text), &canonical, &outcome);
    CHECK_CASE(canonical && outcome && strcmp(outcome, text) == 0, "%s", text);
    adcp_free(outcome);
    adcp_free(text);
  }
  char path[64];
  snprintf(path, sizeof path, "%s/rows", dir);
  fix_write_file(path, rows.data, rows.size);
  snprintf(path, sizeof path, "%s/oracle.py", dir);
  fix_write_file(path, ORACLE, sizeof ORACLE - 1);
  CHECK(fix_run(dir, "/usr/bin/python3 $D/oracle.py $D/rows > $D/out"));
  snprintf(path, sizeof path, "%s/out", dir);
  fix_read_file(path, &got);
  CHECK(got.size == want.size && memcmp(got.data, want.data, want.size) == 0);
  CHECK(fix_run(dir, "rm -r $D"));
  adcp_buf_free(&rows);
  adcp_buf_free(&want);
  adcp_buf_free(&got);
  adcp_schema_free(schema);
}

/* ---- mutated rows: never a crash, and what is called canonical is ---- */

static void test_mutations(void) {
  AdcpSchema *schema = one_table(ADCP_TABLE_ORDINARY, true, "a", "b", "c");
  static const char ALPHABET[] = "{}[]\",:\\u0123d8xAe+-.$ \n\xff\xc3\xa9t";
  static const char ROW_TEXT[] =
      "{\"$rowid\":12,\"a\":1.5,\"b\":\"x\\n\\u0001\xc3\xa9\",\"c\":{\"$text\":\"/w==\"}}";
  uint64_t seed = 99;
  for( int i = 0; i < 60000; i++ ) {
    char text[sizeof ROW_TEXT];
    memcpy(text, ROW_TEXT, sizeof text);
    size_t n = sizeof text - 1;
    for( uint64_t changes = 1 + fix_random(&seed) % 3; changes > 0; changes-- ) {
      text[fix_random(&seed) % n] = ALPHABET[fix_random(&seed) % (sizeof ALPHABET - 1)];
    }
    bool canonical = false;
    char *outcome;
    if( parse(&schema->tables[0], text, n, &canonical, &outcome) == ADCP_ROW_DONE ) {
      size_t m = strlen(outcome);
      bool same = m <= n && memcmp(outcome, text, m) == 0 && (m == n || text[m - 1] == '}');
      if( canonical != same ) {
        CHECK_CASE(0, "%.*s is %s", (int)n, text, canonical ? "canonical" : "not canonical");
      }
    }
    adcp_free(outcome);
  }
  CHECK(1);
  adcp_schema_free(schema);
}

int main(void) {
  test_names();
  test_values();
  test_keys();
  test_spellings();
  test_long_tags();
  test_prefixes();
  test_large();
  test_python();
  test_mutations();
  return unit_done();
}
