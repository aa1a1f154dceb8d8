/*
** row_read.h - parses the text of one row into values.
**
** Works on contiguous text: when the row does not end within it, the caller gets more text and
** parses again from the row's start. Keys may come in any order and with white space, but must be
** exactly the table's; a duplicate, missing or unknown key, an unknown tag, or nesting elsewhere is
** an error that names the key.
*/
#ifndef ADCP_ARCHIVE_ROW_READ_H
#define ADCP_ARCHIVE_ROW_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/schema.h"
#include "codec/value.h"

typedef struct AdcpRowReader AdcpRowReader;

typedef enum AdcpRowStatus { ADCP_ROW_DONE, ADCP_ROW_MORE, ADCP_ROW_BAD } AdcpRowStatus;

AdcpRowReader *adcp_row_reader_open(const AdcpTable *table, AdcpError *err);

/* Parses the object that starts at text[0] == '{'. DONE: *size is its length. MORE: it does not end
** within n bytes. BAD: err is set, with the column and the byte within the row. Does not change the
** text. */
AdcpRowStatus adcp_row_parse(AdcpRowReader *reader, const uint8_t *text, size_t n, size_t *size,
                             AdcpError *err);

/* Of the values of the row that was parsed, the most bytes that a text or blob may have. */
size_t adcp_row_longest(const AdcpRowReader *reader);

/* True when the parsed text is exactly what adcp_row_write would write: its digest can be taken
** from the text. */
bool adcp_row_is_canonical(const AdcpRowReader *reader);

/* The values of the row that was parsed, in the order of the writer. Decodes escapes and base64 IN
** PLACE in text, the same memory that was parsed (or moved copy of it, same content): call once,
** after digest and text were taken. The values borrow text. */
const AdcpValue *adcp_row_values(AdcpRowReader *reader, uint8_t *text);
void adcp_row_reader_close(AdcpRowReader *reader);

#endif
