/*
** test_ops_options.c - options documents, their defaults, durations.
*/
#include <stdlib.h>

#include "ops/backup.h"
#include "ops/duration.h"
#include "ops/prune.h"
#include "ops/restore.h"
#include "ops/validate.h"
#include "unit.h"

static const char *const choices[] = {"one", "two", NULL};
static const AdcpOptionSpec specs[] = {
    {"flag", ADCP_OPTION_BOOL, 0, 0, NULL},    {"count", ADCP_OPTION_INTEGER, -1, 10, NULL},
    {"text", ADCP_OPTION_TEXT, 0, 0, NULL},    {"choice", ADCP_OPTION_TEXT, 0, 0, choices},
    {"names", ADCP_OPTION_NAMES, 0, 0, NULL},  {"map", ADCP_OPTION_MAP, 0, 0, NULL},
    {"age", ADCP_OPTION_DURATION, 0, 0, NULL},
};
static const AdcpOptionTable table = {specs, sizeof specs / sizeof *specs, "option"};

static AdcpOptions *parse(const char *json, const AdcpOptions *defaults, AdcpError *err) {
  return adcp_options_parse(json, json ? strlen(json) : 0, &table, defaults, err);
}

static void test_errors(void) {
  static const struct {
    const char *json, *message;
  } cases[] = {
      {"{\"flags\":true}", "unknown option \"flags\"; did you mean \"flag\"?"},
      {"{\"zzzzzzzz\":1}", "unknown option \"zzzzzzzz\"; known options are flag, count, text, "
                           "choice, names, map, age"},
      {"{\"a_name_that_is_much_longer_than_the_name_of_any_option_that_anybody_would_ever_give\":"
       "1}",
       "unknown option "
       "\"a_name_that_is_much_longer_than_the_name_of_any_option_that_\"; "
       "known options are flag, count, text, choice, names, map, age"},
      {"{\"flag\":1}", "option \"flag\" must be true or false"},
      {"{\"count\":11}", "option \"count\" must be a whole number from -1 to 10"},
      {"{\"count\":1.5}", "option \"count\" must be a whole number from -1 to 10"},
      {"{\"count\":\"1\"}", "option \"count\" must be a whole number from -1 to 10"},
      {"{\"text\":1}", "option \"text\" must be a string"},
      {"{\"choice\":\"three\"}",
       "option \"choice\" is \"three\", but must be one of \"one\", \"two\""},
      {"{\"names\":[1]}", "option \"names\" must be a string or an array of strings"},
      {"{\"map\":{\"a\":1}}", "option \"map\" must be an object whose values are strings"},
      {"{\"names\":{}}", "option \"names\" must be a string or an array of strings"},
      {"{\"map\":[]}", "option \"map\" must be an object whose values are strings"},
      {"{\"age\":1}", "option \"age\" must be a duration in years, months, days and hours, such "
                      "as \"1y6m\" or \"7d12h\""},
      {"{\"age\":\"1w\"}",
       "option \"age\" must be a duration in years, months, days and hours, such "
       "as \"1y6m\" or \"7d12h\""},
      {"{\"flag\":true,\"flag\":true}", "option \"flag\" is given twice"},
      {"{\"map\":{\"a\":\"1\",\"A\":\"2\",\"a\":\"3\"}}", "option \"map\": \"a\" is given twice"},
      {"{\"count\":06}", "the options are not JSON (byte 9)"},
      {"{\"count\":6.}", "the options are not JSON (byte 9)"},
      {"{\"count\":-06}", "the options are not JSON (byte 9)"},
      {"{\"text\":\"a\tb\"}", "the options are not JSON (byte 10)"
                              ": in a text a line break is written \\n, a tab \\t"},
      {"{\"text\":\"\\\"\n\"}", "the options are not JSON (byte 11)"
                                ": in a text a line break is written \\n, a tab \\t"},
      {"{\"names\":[\"\x01\"]}", "the options are not JSON (byte 11)"
                                 ": in a text a line break is written \\n, a tab \\t"},
      {"[]", "the options must be one JSON object, such as {\"threads\":2}"},
      {"{} {}", "the options must be one JSON object, such as {\"threads\":2}"},
      {"{\"flag\":", "the options are not JSON (byte 7)"},
  };
  for( size_t i = 0; i < sizeof cases / sizeof *cases; i++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    CHECK_CASE(parse(cases[i].json, NULL, &err) == NULL, "%s", cases[i].json);
    CHECK_TEXT(adcp_error_message(&err), cases[i].message);
    adcp_error_clear(&err);
  }
}

static void test_defaults(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpOptions *defaults =
      parse("{\"flag\":true,\"count\":3,\"names\":[\"a\",\"b\"],\"text\":\"d\"}", NULL, &err);
  AdcpOptions *options = parse("{\"count\":4,\"text\":null,\"map\":{\"k\":\"v\"}}", defaults, &err);
  CHECK(err.rc == ADCP_OK && options != NULL);
  adcp_options_free(defaults); /* nothing of it is borrowed */
  CHECK(adcp_options_bool(options, "flag", false));
  CHECK(adcp_options_integer(options, "count", 0) == 4);
  CHECK_TEXT(adcp_options_text(options, "text", "none"), "d");
  CHECK(adcp_options_name_count(options, "names") == 2);
  CHECK_TEXT(adcp_options_name(options, "names", 1), "b");
  CHECK(!adcp_options_has(options, "choice"));
  adcp_options_free(options);
}

static void check_written(const AdcpOptions *options, const char *name, const char *json) {
  AdcpBuf out = {0};
  adcp_options_write(options, name, &out);
  CHECK_TEXT(adcp_buf_text(&out), json);
  adcp_buf_free(&out);
}

static void test_set(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpOptions *options = parse(NULL, NULL, &err);
  adcp_options_set(options, "map", "{\"a\":\"\\u00e9\\\"\"}", 16, &err);
  adcp_options_set(options, "names", "\"x\"", 3, &err);
  adcp_options_set(options, "count", "7", 1, &err);
  adcp_options_set(options, "flag", "false", 5, &err);
  CHECK(err.rc == ADCP_OK);
  check_written(options, "map", "{\"a\":\"\xc3\xa9\\\"\"}");
  check_written(options, "names", "\"x\"");
  check_written(options, "count", "7");
  check_written(options, "flag", "false");
  check_written(options, "text", "null");
  adcp_options_set(options, "count", "70", 2, &err);
  CHECK(err.rc == ADCP_ERROR);
  adcp_error_clear(&err);
  adcp_options_set(options, "count", "1 2", 3, &err);
  CHECK_TEXT(adcp_error_message(&err), "the value of option \"count\" is not JSON");
  adcp_error_clear(&err);
  check_written(options, "count", "7");
  adcp_options_set(options, "count", "null", 4, &err);
  check_written(options, "count", "null");
  adcp_options_free(options);
}

/* One setting is the default of every option of its name, so these have to be alike; those of
** another type ("level" of a validation is a word) take no default. */
static void test_options_of_one_name(void) {
  const AdcpOptionTable *const tables[] = {&adcp_backup_options, &adcp_restore_options,
                                           &adcp_validate_options, &adcp_prune_options};
  for( size_t i = 0; i < 4; i++ ) {
    for( size_t j = 0; j < i; j++ ) {
      for( size_t k = 0; k < tables[i]->count; k++ ) {
        for( size_t l = 0; l < tables[j]->count; l++ ) {
          const AdcpOptionSpec *a = &tables[i]->specs[k], *b = &tables[j]->specs[l];
          if( strcmp(a->name, b->name) != 0 || a->type != b->type ) continue;
          CHECK_CASE(a->min == b->min && a->max == b->max, "%s", a->name);
        }
      }
    }
  }
}

static void test_durations(void) {
  static const char *const bad[] = {"",    "1",   "h",       "1w",
                                    "1 d", "-1d", "1d1d",    "1.5h",
                                    "1dh", "d1",  "100001h", "99999999999999999999h"};
  AdcpDuration d;
  for( size_t i = 0; i < sizeof bad / sizeof *bad; i++ ) {
    CHECK_CASE(!adcp_duration_parse(bad[i], &d), "%s", bad[i]);
  }
  CHECK(adcp_duration_parse("2y5m7d3h", &d) && d.years == 2 && d.months == 5 && d.days == 7 &&
        d.hours == 3);
  CHECK(adcp_duration_parse("36h", &d) && d.hours == 36 && d.days == 0);
  /* Moments by `date -u -d ... +%s`. */
  static const struct {
    const char *duration;
    int64_t moment, before;
  } cases[] = {
      {"1d", 1709251200, 1709164800},       /* 2024-03-01 -> 2024-02-29 */
      {"1y", 1709164800, 1677628800},       /* 2024-02-29 -> 2023-03-01 */
      {"1m", 1711843200, 1709337600},       /* 2024-03-31 -> 2024-03-02 */
      {"36h", 1709251200, 1709121600},      /* 2024-03-01 00:00 -> 2024-02-28 12:00 */
      {"1y1m1d1h", 1704067200, 1669762800}, /* 2024-01-01 00:00 -> 2022-11-29 23:00 */
  };
  for( size_t i = 0; i < sizeof cases / sizeof *cases; i++ ) {
    CHECK(adcp_duration_parse(cases[i].duration, &d));
    int64_t before = adcp_duration_before(cases[i].moment, &d);
    CHECK_CASE(before == cases[i].before, "%s: %lld", cases[i].duration, (long long)before);
  }
}

int main(void) {
  test_errors();
  test_defaults();
  test_set();
  test_options_of_one_name();
  test_durations();
  return unit_done();
}
