/*
** key_range.c - limits by affinity and collation (contract in key_range.h).
*/
#include "sql/key_range.h"

#include "db/affinity.h"
#include "sql/range.h"

static void forget(AdcpKeyRange *range, int i) {
  sqlite3_value_free(range->kept[i]);
  range->kept[i] = NULL;
  range->is_limited[i] = false;
}

void adcp_key_range_clear(AdcpKeyRange *range) {
  for( int i = 0; i < 2; i++ ) forget(range, i);
}

/* ---- one value ---- */

/* As it is in the database: SQLite's conversion to UTF-8 loses what is not valid UTF-16. */
static AdcpValue text_of(sqlite3_value *value, AdcpEncoding encoding, AdcpError *err) {
  AdcpValue text = {.type = encoding == ADCP_UTF8 ? ADCP_TEXT : ADCP_TEXT16};
  bool is_utf8 = text.type == ADCP_TEXT;
  text.size = (size_t)(is_utf8 ? sqlite3_value_bytes(value) : sqlite3_value_bytes16(value));
  text.bytes = is_utf8 ? sqlite3_value_text(value) : sqlite3_value_text16le(value);
  if( text.bytes == NULL ) adcp_error_nomem(err);
  return text;
}

static AdcpValue limit_value(sqlite3_value *value, AdcpDb *db) {
  switch( sqlite3_value_type(value) ) {
  case SQLITE_INTEGER:
    return (AdcpValue){.type = ADCP_INTEGER, .integer = sqlite3_value_int64(value)};
  case SQLITE_FLOAT: return (AdcpValue){.type = ADCP_REAL, .real = sqlite3_value_double(value)};
  default: return text_of(value, adcp_db_encoding(db), db->err);
  }
}

static AdcpAffinity affinity_of(const AdcpKey *key) {
  size_t place = adcp_row_order_key_place(key->order, 0);
  AdcpAffinity affinity = ADCP_AFFINITY_BLOB;
  for( size_t i = 0; i < key->table->column_count; i++ ) {
    const AdcpColumn *column = &key->table->columns[i];
    if( adcp_column_stored(column) && adcp_table_value_place(key->table, i) == place ) {
      affinity = adcp_affinity_of(column->decl_type);
    }
  }
  return affinity;
}

/* False where a comparison would change the value first, and so its place among the keys. */
static bool keeps(AdcpAffinity affinity, int type) {
  if( type == SQLITE_TEXT ) return affinity < ADCP_AFFINITY_NUMERIC;
  bool is_number = type == SQLITE_INTEGER || type == SQLITE_FLOAT;
  return is_number && affinity != ADCP_AFFINITY_TEXT;
}

/* Where the other side is of numeric affinity (an INTEGER column, a CAST), a key's text that looks
** like a number is compared as one: below every text, or beside a number. All such texts stand in
** front of this one, in any encoding: they begin with a digit, a sign, a point or white space. */
static const AdcpValue BEHIND_NUMBERS = {
    .type = ADCP_TEXT, .bytes = (const uint8_t *)":", .size = 1};

/* Moves a greatest value so far; false where that cannot be told. */
static bool admit_numbers(const AdcpKey *key, AdcpValue *greatest) {
  if( !adcp_row_order_first_is_binary(key->order) ) return false;
  if( adcp_row_order_compare_first(key->order, greatest, &BEHIND_NUMBERS) < 0 ) {
    *greatest = BEHIND_NUMBERS;
  }
  return true;
}

/* True where no key behind the greatest value can be wanted. A key of numeric affinity has no text
** that looks like a number; ANY would be of that affinity, but in a STRICT table it converts nothing. */
static bool is_exact(const AdcpKey *key, AdcpAffinity affinity, const AdcpKeyLimit *limit) {
  if( sqlite3_value_type(limit->value) == SQLITE_TEXT ) {
    return limit->letter == '=' || limit->kind == ADCP_LIMIT_LITERAL;
  }
  bool is_any = key->table->strict && affinity == ADCP_AFFINITY_NUMERIC;
  return affinity >= ADCP_AFFINITY_NUMERIC && !is_any;
}

static void take_side(AdcpKeyRange *range, int i, AdcpKey *key, const AdcpKeyLimit *limit,
                      AdcpAffinity affinity) {
  sqlite3_value *kept = range->kept[i] = sqlite3_value_dup(limit->value);
  if( kept == NULL ) {
    adcp_error_nomem(key->db.err);
    return;
  }
  range->first[i] = limit_value(kept, &key->db);
  range->is_limited[i] =
      i == 0 || is_exact(key, affinity, limit) || admit_numbers(key, &range->first[i]);
}

static void take_value(AdcpKeyRange *range, AdcpKey *key, const AdcpKeyLimit *limit) {
  AdcpAffinity affinity = affinity_of(key);
  if( !keeps(affinity, sqlite3_value_type(limit->value)) ) return;
  bool lower = adcp_range_is_lower(limit->letter), upper = adcp_range_is_upper(limit->letter);
  if( lower ) take_side(range, 0, key, limit, affinity);
  if( upper ) take_side(range, 1, key, limit, affinity);
}

/* ---- several ---- */

static void move_side(AdcpKeyRange *to, AdcpKeyRange *from, int i) {
  forget(to, i);
  to->is_limited[i] = from->is_limited[i];
  to->first[i] = from->first[i];
  to->kept[i] = from->kept[i];
  from->kept[i] = NULL;
  from->is_limited[i] = false;
}

/* Keeps on each side what both allow. */
static void widen(AdcpKeyRange *range, AdcpKeyRange *other, const AdcpKey *key) {
  for( int i = 0; i < 2; i++ ) {
    if( !range->is_limited[i] ) continue;
    if( !other->is_limited[i] ) {
      forget(range, i);
      continue;
    }
    int order = adcp_row_order_compare_first(key->order, &other->first[i], &range->first[i]);
    if( i ? order > 0 : order < 0 ) move_side(range, other, i);
  }
  adcp_key_range_clear(other);
}

/* From the least value of IN to the greatest. NULL is equal to nothing. */
static void take_list(AdcpKeyRange *range, AdcpKey *key, const AdcpKeyLimit *limit) {
  AdcpKeyLimit one = {'=', ADCP_LIMIT_COMPUTED, NULL};
  bool first = true;
  int rc = sqlite3_vtab_in_first(limit->value, &one.value);
  for( ; rc == SQLITE_OK && one.value; rc = sqlite3_vtab_in_next(limit->value, &one.value) ) {
    AdcpKeyRange other = {0};
    if( sqlite3_value_type(one.value) == SQLITE_NULL ) continue;
    take_value(first ? range : &other, key, &one);
    if( !first ) widen(range, &other, key);
    first = false;
  }
  if( rc == SQLITE_NOMEM ) adcp_error_nomem(key->db.err);
}

void adcp_key_range_narrow(AdcpKeyRange *range, AdcpKey *key, const AdcpKeyLimit *limit) {
  AdcpKeyRange other = {0};
  if( limit->kind == ADCP_LIMIT_LIST ) {
    take_list(&other, key, limit);
  } else {
    take_value(&other, key, limit);
  }
  for( int i = 0; i < 2; i++ ) {
    if( other.is_limited[i] && !range->is_limited[i] ) move_side(range, &other, i);
  }
  adcp_key_range_clear(&other);
}

/* ---- in the file ---- */

static const AdcpValue *side(const AdcpKeyRange *range, int i) {
  return range->is_limited[i] ? &range->first[i] : NULL;
}

const AdcpValue *adcp_key_range_begin(const AdcpKeyRange *range, const AdcpRowOrder *order) {
  return side(range, adcp_row_order_first_descends(order) ? 1 : 0);
}

const AdcpValue *adcp_key_range_end(const AdcpKeyRange *range, const AdcpRowOrder *order) {
  return side(range, adcp_row_order_first_descends(order) ? 0 : 1);
}
