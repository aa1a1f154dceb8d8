/*
** test_codec_number.c - number text against the C library's exact printf and strtod, and Node's
** Number::toString where there is a node.
**
** The C library is the oracle only: it rounds correctly in the C locale, which a test may rely on.
*/
#include "unit.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "codec/number.h"

static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

static double double_of(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static bool same_double(double a, double b) {
  return memcmp(&a, &b, sizeof a) == 0;
}

static double random_double(void) {
  for( ;; ) {
    double value = double_of(next_random());
    if( isfinite(value) ) return value;
  }
}

static const char *real_text(double value) {
  static char text[ADCP_REAL_TEXT_MAX + 1];
  text[adcp_real_text(value, text)] = 0;
  return text;
}

static AdcpNumber parse(const char *text) {
  return adcp_number_parse((const uint8_t *)text, strlen(text));
}

/* ---- writing ---- */

/* Reads back to the same double, by strtod and by our own reader, which finds it canonical. */
static bool round_trips(double value) {
  const char *text = real_text(value);
  AdcpNumber number = parse(text);
  return same_double(strtod(text, NULL), value) && number.kind == ADCP_NUMBER_REAL &&
         same_double(number.real, value) && number.canonical && number.length == strlen(text);
}

/* The significant digits of a text, without zeros at either end. */
static size_t digits_of(const char *text, char *digits) {
  size_t n = 0;
  for( ; *text && *text != 'e'; text++ ) {
    if( *text >= '0' && *text <= '9' && (n || *text != '0') ) digits[n++] = *text;
  }
  while( n && digits[n - 1] == '0' ) n--;
  digits[n] = 0;
  return n;
}

/* The fewest digits with which printf's rounding reads back. Exact except at powers of two, where
** the nearest decimal of a length can lie outside the (lopsided) interval while a farther one is
** inside. */
static bool is_shortest(double value) {
  char expected[64], digits[64], ours[64];
  for( int precision = 0; precision < 17; precision++ ) {
    snprintf(expected, sizeof expected, "%.*e", precision, value);
    if( same_double(strtod(expected, NULL), value) ) break;
  }
  digits_of(expected, digits);
  digits_of(real_text(value), ours);
  return strcmp(digits, ours) == 0;
}

static void writes_any_double(void) {
  long wrong = 0, longer = 0;
  for( int i = 0; i < 1000000; i++ ) wrong += !round_trips(random_double());
  for( int i = 0; i < 100000; i++ ) {
    double value = random_double();
    longer += !is_shortest(value);
    value = double_of(next_random() >> 12); /* subnormal */
    wrong += !round_trips(value);
    if( i % 10 == 0 ) longer += !is_shortest(value);
  }
  CHECK(wrong == 0);
  CHECK(longer == 0);
}

static void writes_powers(void) {
  long wrong = 0, longer = 0;
  for( int i = -1074; i < 1024; i++ ) {
    double power = ldexp(1, i);
    wrong += !round_trips(power) || !round_trips(-power);
    wrong += !round_trips(nextafter(power, 0)) || !round_trips(nextafter(power, 1e308));
    longer += !is_shortest(nextafter(power, 1e308));
  }
  for( int i = -323; i <= 308; i++ ) {
    char text[16], expected[400];
    snprintf(text, sizeof text, "1e%+d", i);
    double power = strtod(text, NULL);
    wrong += !round_trips(power) || !is_shortest(power);
    wrong += !round_trips(nextafter(power, 0)) || !round_trips(nextafter(power, INFINITY));
    if( i < -6 || i > 20 ) {
      CHECK_TEXT(real_text(power), text);
    } else {
      snprintf(expected, sizeof expected, "%.*f", i < 0 ? -i : 1, power);
      CHECK_TEXT(real_text(power), expected);
    }
  }
  CHECK(wrong == 0);
  CHECK(longer == 0);
}

static void writes_decimals(void) {
  static const double scales[] = {1, 10, 100, 1000, 1e4, 1e6, 1e8};
  long wrong = 0, longer = 0;
  for( int i = 0; i < 300000; i++ ) {
    int64_t units = (int64_t)(next_random() >> (14 + next_random() % 50));
    double value = (double)units / scales[next_random() % 7];
    wrong += !round_trips(value);
    if( i % 8 == 0 ) longer += !is_shortest(value);
  }
  CHECK(wrong == 0);
  CHECK(longer == 0);
}

static void writes_known_texts(void) {
  static const struct {
    double value;
    const char *text;
  } cases[] = {{0, "0.0"},
               {-0.0, "-0.0"},
               {1, "1.0"},
               {-1.5, "-1.5"},
               {0.1, "0.1"},
               {0.3, "0.3"},
               {0.1 + 0.2, "0.30000000000000004"},
               {19.99, "19.99"},
               {123456789012345680.0, "123456789012345680.0"},
               {9007199254740991.0, "9007199254740991.0"},
               {9007199254740992.0, "9007199254740992.0"},
               {9007199254740994.0, "9007199254740994.0"},
               {1e20, "100000000000000000000.0"},
               {123456789012345683968.0, "123456789012345680000.0"},
               {1e21, "1e+21"},
               {-1.5e21, "-1.5e+21"},
               {1e22, "1e+22"},
               {1e23, "1e+23"},
               {0.000001, "0.000001"},
               {0.00000123, "0.00000123"},
               {1e-7, "1e-7"},
               {1.25e-7, "1.25e-7"},
               {5e-324, "5e-324"},
               {2.2250738585072014e-308, "2.2250738585072014e-308"},
               {2.225073858507201e-308, "2.225073858507201e-308"},
               {1.7976931348623157e308, "1.7976931348623157e+308"},
               {4.35, "4.35"},
               {2e-44, "2e-44"},
               {9.5367431640625e-7, "9.5367431640625e-7"},
               {1e15, "1000000000000000.0"},
               {1e13, "10000000000000.0"},
               {9999999999999.99, "9999999999999.99"},
               {99999999999999.98, "99999999999999.98"},
               {0.01, "0.01"},
               {0.005, "0.005"}};
  for( size_t i = 0; i < sizeof cases / sizeof cases[0]; i++ ) {
    CHECK_TEXT(real_text(cases[i].value), cases[i].text);
  }
}

static void writes_integers(void) {
  char expected[32], text[ADCP_INTEGER_TEXT_MAX + 1];
  long wrong = 0;
  for( int i = 0; i < 200000; i++ ) {
    int64_t value = (int64_t)next_random() >> (next_random() % 64);
    if( i < 20 ) value = INT64_MIN >> i; /* INT64_MIN first */
    if( i >= 20 && i < 58 ) value = (int64_t)pow(10, i / 2 - 10) - i % 2;
    if( i == 60 ) value = INT64_MAX;
    snprintf(expected, sizeof expected, "%" PRId64, value);
    text[adcp_integer_text(value, text)] = 0;
    AdcpNumber number = parse(text);
    wrong += strcmp(text, expected) != 0 || number.kind != ADCP_NUMBER_INTEGER;
    wrong += number.integer != value || !number.canonical || number.length != strlen(text);
  }
  CHECK(wrong == 0);
}

/* ---- reading ---- */

/* Compares with strtod; a double out of range is a kind of its own. */
static bool reads_right(const char *text) {
  AdcpNumber number = parse(text);
  double expected = strtod(text, NULL);
  if( isinf(expected) ) return number.kind == ADCP_NUMBER_RANGE && !number.canonical;
  bool canonical = strcmp(real_text(expected), text) == 0;
  return number.kind == ADCP_NUMBER_REAL && same_double(number.real, expected) &&
         number.length == strlen(text) && number.canonical == canonical;
}

static size_t random_digits(char *to, size_t n) {
  for( size_t i = 0; i < n; i++ ) to[i] = (char)('0' + next_random() % 10);
  return n;
}

/* Any sign, 1 to 800 digits with the point anywhere, any exponent. */
static void reads_long_texts(void) {
  static char text[2000];
  long wrong = 0;
  for( int i = 0; i < 100000; i++ ) {
    size_t n = 0, most = i % 50 ? 25 : 800;
    if( next_random() % 2 ) text[n++] = '-';
    size_t whole = next_random() % most;
    if( whole == 0 ) {
      text[n++] = '0';
    } else {
      text[n++] = (char)('1' + next_random() % 9);
      n += random_digits(text + n, whole - 1);
    }
    text[n++] = '.';
    size_t zeros = next_random() % 4 ? 0 : next_random() % 330;
    memset(text + n, '0', zeros);
    n += zeros;
    n += random_digits(text + n, 1 + next_random() % most);
    int exponent = (int)(next_random() % 800) - 400;
    if( i % 3 ) n += (size_t)snprintf(text + n, 16, i % 2 ? "e%d" : "E%+03d", exponent);
    text[n] = 0;
    if( !reads_right(text) && wrong++ < 5 ) fprintf(stderr, "  wrong: %s\n", text);
  }
  CHECK(wrong == 0);
}

/* Short texts, where most forms are nearly canonical. */
static void judges_canonical_form(void) {
  static const char *const endings[] = {"", "0", "00", "e0", "e+0", "E5", "e-7", "e+21", "e21"};
  char text[64];
  long wrong = 0;
  for( int i = 0; i < 300000; i++ ) {
    uint64_t whole = next_random() >> (next_random() % 64);
    uint64_t fraction = next_random() >> (next_random() % 64);
    if( next_random() % 4 == 0 ) whole = 0;
    if( next_random() % 8 == 0 ) fraction = 0;
    snprintf(text, sizeof text, "%s%" PRIu64 ".%.*s%" PRIu64 "%s", i % 4 ? "" : "-", whole,
             (int)(next_random() % 8), "00000000", fraction, endings[next_random() % 9]);
    wrong += !reads_right(text);
  }
  CHECK(wrong == 0);
}

/* The exact middle of two neighbours (printf gives every digit of it), a bit below and a bit above.
** */
static void reads_middles(void) {
  static char text[1300];
  long wrong = 0;
  for( int i = 0; i < 6000; i++ ) {
    double low = fabs(random_double());
    if( i % 8 == 0 ) low = double_of(next_random() >> (12 + next_random() % 52)); /* subnormal */
    if( i % 8 == 1 ) low = ldexp(1, (int)(next_random() % 2090) - 1074);
    if( i % 8 > 4 ) low = ldexp(low, -ilogb(low) + (int)(next_random() % 120) - 60);
    double high = nextafter(low, INFINITY);
    if( isinf(high) || low == 0 ) continue;
    long double middle = ((long double)low + (long double)high) / 2; /* 54 bits: exact */
    snprintf(text, 1000, "%.800Le", middle);
    wrong += !reads_right(text);
    size_t last = strcspn(text, "e") - 1; /* a zero: no middle has 800 digits */
    text[last] = '1';
    wrong += !reads_right(text);
    text[last] = '0';
    while( text[last] == '0' ) last--;
    if( text[last] == '.' ) continue;
    text[last]--;
    wrong += !reads_right(text);
    text[last]++;
    if( fabs(low) < 1e30 && low > 1e-30 ) {
      snprintf(text, sizeof text, "%.200Lf", middle);
      wrong += !reads_right(text);
    }
  }
  CHECK(wrong == 0);
}

static void reads_the_edges(void) {
  static const char *const cases[] = {"1.7976931348623157e308",
                                      "1.7976931348623158e308",
                                      "1.7976931348623159e308",
                                      "179769313486231580793728971405303415079934132710037826936173"
                                      "778980444968292764750946649017977"
                                      "587207096330286416692887910946555547851940402630657488671505"
                                      "820681908902000708383676273854845"
                                      "817711531764475730270069855571366959622842914819860834936475"
                                      "292719074168444365510704342711559"
                                      "699508093042880177904174497791.999e0",
                                      "1.0e309",
                                      "1e400",
                                      "-1e400",
                                      "1e999999999999999999999",
                                      "1e-999999999999999999999",
                                      "0e999999",
                                      "0.0e-999999",
                                      "2.4703282292062327e-324",
                                      "2.4703282292062328e-324",
                                      "2.47e-324",
                                      "4.9e-324",
                                      "1e-323",
                                      "1e-342",
                                      "1e-343",
                                      "9999999999999999999e-343",
                                      "2.2250738585072011e-308",
                                      "2.2250738585072012e-308",
                                      "9007199254740993.0",
                                      "9007199254740993.00000000000000000000001",
                                      "9007199254740992.99999999999999999999999",
                                      "36198520334859520000.0",
                                      "1.0",
                                      "1.00",
                                      "-0.0",
                                      "0.0",
                                      "0.00",
                                      "-0.00",
                                      "0.000001",
                                      "0.0000001",
                                      "1e+21",
                                      "1e21",
                                      "1.5e+300",
                                      "1E+21",
                                      "100000000000000000000.0",
                                      "1000000000000000000000.0",
                                      "4503599627370497.5",
                                      "8.5e-1",
                                      "0.1000000000000000055511151231257827",
                                      "123456789012345.0",
                                      "999999999999999.9",
                                      "18446744073709551615.0",
                                      "18446744073709551616.0",
                                      "99999999999999999999.0"};
  for( size_t i = 0; i < sizeof cases / sizeof cases[0]; i++ ) {
    CHECK_CASE(reads_right(cases[i]), "%s", cases[i]);
  }
  static char zeros[1200000]; /* an exponent that only undoes the zeros */
  memset(zeros, '0', sizeof zeros);
  zeros[1] = '.';
  snprintf(zeros + 1000000, 20, "125e1000000");
  AdcpNumber number = parse(zeros);
  CHECK(number.kind == ADCP_NUMBER_REAL && number.real == 12.5);
  CHECK(strtod(zeros, NULL) == 12.5);
}

static void reads_integers(void) {
  static const struct {
    const char *text;
    AdcpNumberKind kind;
    int64_t integer;
    bool canonical;
  } cases[] = {{"0", ADCP_NUMBER_INTEGER, 0, true},
               {"-0", ADCP_NUMBER_INTEGER, 0, false},
               {"-1", ADCP_NUMBER_INTEGER, -1, true},
               {"9223372036854775807", ADCP_NUMBER_INTEGER, INT64_MAX, true},
               {"-9223372036854775808", ADCP_NUMBER_INTEGER, INT64_MIN, true},
               {"9223372036854775808", ADCP_NUMBER_RANGE, 0, false},
               {"-9223372036854775809", ADCP_NUMBER_RANGE, 0, false},
               {"18446744073709551617", ADCP_NUMBER_RANGE, 0, false},
               {"100000000000000000000000", ADCP_NUMBER_RANGE, 0, false}};
  for( size_t i = 0; i < sizeof cases / sizeof cases[0]; i++ ) {
    AdcpNumber number = parse(cases[i].text);
    CHECK_CASE(number.kind == cases[i].kind && number.integer == cases[i].integer &&
                   number.canonical == cases[i].canonical && number.length == strlen(cases[i].text),
               "%s", cases[i].text);
  }
}

static void holds_to_the_grammar(void) {
  static const char *const invalid[] = {"",    "-",   "+1",  ".5",  "-.5",  "1.",   "1.e5", "1e",
                                        "1e+", "1E-", "01",  "-01", "00",   "00.5", "a",    "-a",
                                        "NaN", "inf", "--1", " 1",  "1.-5", "1e.5"};
  for( size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++ ) {
    CHECK_CASE(parse(invalid[i]).kind == ADCP_NUMBER_INVALID, "%s", invalid[i]);
  }
  static const struct {
    const char *text;
    size_t length;
  } parts[] = {{"1,", 1},    {"12]", 2}, {"1.5}", 3},  {"1e5 ", 3}, {"-0\n", 2},
               {"1.2.3", 3}, {"1-2", 1}, {"1e5e5", 3}, {"0x10", 1}, {"1e5.5", 3}};
  for( size_t i = 0; i < sizeof parts / sizeof parts[0]; i++ ) {
    CHECK_CASE(parse(parts[i].text).length == parts[i].length, "%s", parts[i].text);
  }
}

/* ---- Node ---- */

static const char node_script[] =
    "const v=new DataView(new ArrayBuffer(8));let bad=0,n=0;"
    "for(const l of require('fs').readFileSync(0,'utf8').split('\\n')){if(!l)continue;"
    "const [b,t]=l.split(' ');v.setBigUint64(0,BigInt('0x'+b));let s=String(v.getFloat64(0));"
    "if(!/[.e]/.test(s))s+='.0';n++;if(s!==t&&t!=='-0.0'){bad++;console.error(b,t,s)}}"
    "process.exit(bad||n!==22098?1:0)";

static void agrees_with_node(void) {
  if( system("node -e 0 >/dev/null 2>&1") != 0 ) {
    printf("no node here: Number::toString is not compared\n");
    return;
  }
  char command[1000];
  snprintf(command, sizeof command, "node -e \"%s\"", node_script);
  FILE *node = popen(command, "w");
  CHECK(node != NULL);
  if( node == NULL ) return;
  for( int i = 0; i < 20000 + 2098; i++ ) {
    double value = i < 20000 ? random_double() : ldexp(1, i - 20000 - 1074);
    if( i < 5000 ) value = (double)(int64_t)next_random() / (i % 2 ? 1e6 : 1e12);
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    fprintf(node, "%016" PRIx64 " %s\n", bits, real_text(value));
  }
  CHECK(pclose(node) == 0);
}

int main(void) {
  writes_known_texts();
  writes_any_double();
  writes_powers();
  writes_decimals();
  writes_integers();
  reads_long_texts();
  judges_canonical_form();
  reads_middles();
  reads_the_edges();
  reads_integers();
  holds_to_the_grammar();
  agrees_with_node();
  return unit_done();
}
