/*
** row_keys.h - the keys of a table's rows, as row writer and row reader need them.
**
** For a table with a hidden rowid and the columns name, price the pieces are `{"$rowid":`,
** `,"name":` and `,"price":`, one behind the other in one memory block: a canonical row is these
** pieces with the values between them and a "}" at its end.
*/
#ifndef ADCP_ARCHIVE_ROW_KEYS_H
#define ADCP_ARCHIVE_ROW_KEYS_H

#include <stddef.h>

#include "base/buf.h"
#include "codec/schema.h"

#define ADCP_ROWID_KEY "$rowid"

typedef struct AdcpRowKeys {
  size_t count;        /* values in a row */
  AdcpBuf pieces;      /* the text of all pieces */
  size_t *starts;      /* owned; count + 1 offsets into pieces */
  AdcpBuf names;       /* the keys by themselves, not escaped, each zero-terminated */
  size_t *name_starts; /* owned; count + 1 offsets into names */
} AdcpRowKeys;

/* keys is zero-initialised; it is to be freed also after an error. */
void adcp_row_keys_build(AdcpRowKeys *keys, const AdcpTable *table, AdcpError *err);
void adcp_row_keys_free(AdcpRowKeys *keys);

static inline const uint8_t *adcp_row_key_piece(const AdcpRowKeys *keys, size_t i, size_t *size) {
  *size = keys->starts[i + 1] - keys->starts[i];
  return keys->pieces.data + keys->starts[i];
}

static inline const char *adcp_row_key_name(const AdcpRowKeys *keys, size_t i, size_t *size) {
  *size = keys->name_starts[i + 1] - keys->name_starts[i] - 1;
  return (const char *)keys->names.data + keys->name_starts[i];
}

#endif
