/*
** number.h - number text, exact both ways and independent of the locale.
**
** REAL text is ECMAScript's Number::toString (shortest digits that read back to the same double,
** the closest of these), plus ".0" if that has neither '.' nor 'e'; minus zero is "-0.0".
** Infinities have no JSON number: the row codec tags them.
*/
#ifndef ADCP_CODEC_NUMBER_H
#define ADCP_CODEC_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADCP_INTEGER_TEXT_MAX 20 /* "-9223372036854775808" */
#define ADCP_REAL_TEXT_MAX    32 /* longest is 25: "-1.2345678901234567e-308", plus ".0" */

/* Both write without a terminating zero and return the length. value must be finite for real. */
size_t adcp_integer_text(int64_t value, char out[ADCP_INTEGER_TEXT_MAX]);
size_t adcp_real_text(double value, char out[ADCP_REAL_TEXT_MAX]);

typedef enum AdcpNumberKind {
  ADCP_NUMBER_INVALID, /* not a JSON number */
  ADCP_NUMBER_INTEGER, /* no '.', 'e' or 'E', and fits int64 */
  ADCP_NUMBER_REAL,    /* has '.', 'e' or 'E'; correctly rounded; may overflow to RANGE */
  ADCP_NUMBER_RANGE    /* an integer outside int64, or a real outside the finite doubles */
} AdcpNumberKind;

typedef struct AdcpNumber {
  AdcpNumberKind kind;
  int64_t integer; /* INTEGER */
  double real;     /* REAL: nearest double, ties to even */
  bool canonical;  /* the text is exactly what adcp_integer_text / adcp_real_text writes */
  size_t length;   /* bytes of the number; what follows is not looked at beyond its first byte */
} AdcpNumber;

/* Reads the JSON number (RFC 8259 grammar) at text, at most n bytes. An integer "-0" is INTEGER 0,
** not canonical. The caller must see to it that the number ends within n bytes or that n is all
** there is. */
AdcpNumber adcp_number_parse(const uint8_t *text, size_t n);

#endif
