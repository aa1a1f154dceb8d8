/*
** test_ops_clock.c - times as text and back.
*/
#include <stdlib.h>

#include "ops/clock.h"
#include "unit.h"

int main(void) {
  /* Moments by `date -u -d ... +%s`. */
  static const struct {
    const char *text;
    int64_t seconds; /* -1: not a time */
  } cases[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"2024-02-29T23:59:59Z", 1709251199},
      {"2024-05-01T10:00:00.123456", 1714557600},
      {"2024-05-01 10:00:00", 1714557600},
      {"2024-05-01T12:00:00+02:00", 1714557600},
      {"2024-05-01T04:30:00.5-05:30", 1714557600},
      {"2024-05-01T10:00:00.123456Z", 1714557600},
      {"2024-13-01T10:00:00Z", -1},
      {"2024-00-01T10:00:00Z", -1},
      {"2024-05-32T10:00:00Z", -1},
      {"2024-05-01T24:00:00Z", -1},
      {"2024-05-01T10:00Z", -1},
      {"2024-05-01", -1},
      {"2024-05-01T10:00:00+2", -1},
      {"2024-05-01T10:00:00Zulu", -1},
      {"20240501T100000Z", -1},
      {"2024-05 01T10:00:00Z", -1},
      {"2024-05-01T10.00:00Z", -1},
      {"2024-05-00T10:00:00Z", -1},
      {"2024-5-01T10:00:00Z", -1},
      {"2024-05-0xT10:00:00Z", -1},
      {"2024-05-01Tx0:00:00Z", -1},
      {"2024-05-01T10:60:00Z", -1},
      {"2024-05-01T10:x0:00Z", -1},
      {"2024-05-01T10:00:61Z", -1},
      {"2024-05-01T10:00:xxZ", -1},
      {"2024-05-01T10:00:00+24:00", -1},
      {"2024-05-01T10:00:00+x1:00", -1},
      {"2024-05-01T10:00:00+01:60", -1},
      {"2024-05-01T10:00:00+01:x0", -1},
      {"2024-05-01T10:00:00+01.00", -1},
      {"2024-05-01T10:00:00 01:00", -1},
      {"now", -1},
      {"", -1},
  };
  for( size_t i = 0; i < sizeof cases / sizeof *cases; i++ ) {
    int64_t seconds = -1;
    bool good = adcp_clock_parse(cases[i].text, &seconds);
    CHECK_CASE(good == (cases[i].seconds >= 0) && (!good || seconds == cases[i].seconds),
               "%s: %lld", cases[i].text, (long long)seconds);
  }
  char text[ADCP_TIME_TEXT_SIZE], name[ADCP_TIME_NAME_SIZE];
  setenv("SOURCE_DATE_EPOCH", "1709251199", 1);
  adcp_clock_text(text, adcp_clock_seconds());
  adcp_clock_name(name, adcp_clock_seconds());
  CHECK_TEXT(text, "2024-02-29T23:59:59Z");
  CHECK_TEXT(name, "20240229_235959");
  CHECK(adcp_clock_seconds() == 1709251199);
  CHECK(!adcp_clock_is_future(-1) && !adcp_clock_is_future(1709251199 + ADCP_CLOCK_MARGIN_S));
  CHECK(adcp_clock_is_future(1709251199 + ADCP_CLOCK_MARGIN_S + 1));
  /* What is no number does not stop the clock. */
  static const char *const others[] = {"", "soon", "1709251199s", "99999999999999999999", NULL};
  for( size_t i = 0; others[i]; i++ ) {
    setenv("SOURCE_DATE_EPOCH", others[i], 1);
    CHECK_CASE(adcp_clock_seconds() > 1709251199, "%s", others[i]);
  }
  return unit_done();
}
