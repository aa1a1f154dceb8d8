/*
** value.h - one SQLite value, as it travels between a database and a backup.
**
** A value borrows its bytes from whoever made it (the column of a statement, the window of a
** reader) until that moves on; nothing here owns memory.
*/
#ifndef ADCP_CODEC_VALUE_H
#define ADCP_CODEC_VALUE_H

#include <stddef.h>
#include <stdint.h>

typedef enum AdcpValueType {
  ADCP_NULL,
  ADCP_INTEGER, /* integer */
  ADCP_REAL,    /* real; never NaN: SQLite stores NaN as NULL */
  ADCP_TEXT,    /* bytes, meant to be UTF-8 but possibly not valid; NUL bytes allowed */
  ADCP_TEXT16,  /* bytes, UTF-16LE that is NOT valid UTF-16 (UTF-16 databases only) */
  ADCP_BLOB     /* bytes */
} AdcpValueType;

typedef struct AdcpValue {
  AdcpValueType type;
  union {
    int64_t integer;
    double real;
  };
  const uint8_t *bytes; /* borrowed; TEXT, TEXT16, BLOB; may be NULL when size is 0 */
  size_t size;          /* bytes */
} AdcpValue;

/* The bytes of a TEXT, TEXT16 or BLOB, never NULL: to SQLite a NULL pointer is NULL, not an empty
** value, and an empty text is a table's name, too. */
static inline const char *adcp_value_bytes(const AdcpValue *value) {
  return value->size ? (const char *)value->bytes : "";
}

#endif
