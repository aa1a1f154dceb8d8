/*
** token.h - a tokenizer for schema SQL, and edits on it by token.
**
** Tokens as SQLite's own tokenizer makes them (identifiers bare or in "", [], ``, strings '',
** numbers, comments, operators). Used to find the parts of a CREATE statement, never to
** understand expressions.
*/
#ifndef ADCP_DB_TOKEN_H
#define ADCP_DB_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "codec/schema.h"

typedef enum AdcpTokenType {
  ADCP_TOKEN_END,
  ADCP_TOKEN_SPACE,  /* white space and comments */
  ADCP_TOKEN_WORD,   /* bare identifier or keyword */
  ADCP_TOKEN_QUOTED, /* "x", [x], `x`, 'x' */
  ADCP_TOKEN_OTHER,
  ADCP_TOKEN_ILLEGAL
} AdcpTokenType;

/* The token at sql[0] (n bytes left) and its length (at least 1 unless END). */
AdcpTokenType adcp_token_next(const char *sql, size_t n, size_t *length);

/* The text inside a quoted token (doubled quotes made single), owned by the caller; NULL when out
** of memory. */
char *adcp_token_dequote(const char *token, size_t size, AdcpError *err);

/* True when the token is that bare word (given in upper case), in any letter case of ASCII. */
bool adcp_token_is_word(const char *token, size_t size, const char *word);

/* True when the token, bare or in any quotes, is that name, in any letter case of ASCII. */
bool adcp_token_is_name(const char *token, size_t size, AdcpTokenType type, const char *name,
                        AdcpError *err);

/* True when one of the text's tokens is that bare word. */
bool adcp_token_has_word(const char *sql, const char *word);

/* Of a CREATE TABLE from *at to end: the next value of a DEFAULT that stands in parentheses, these
** included; *at moves behind it. NULL when there is none. */
const char *adcp_token_next_default(const char **at, const char *end, size_t *size);

/* How many tokens that are no white space the text has; counted up to `most` and one more. */
size_t adcp_token_count(const char *sql, size_t most);

/* True when the text holds only white space, comments and semicolons. */
bool adcp_token_is_blank(const char *sql);

/* The parts of a CREATE statement as it stands in sqlite_schema. Offsets into the SQL. */
typedef struct AdcpCreate {
  AdcpObjectType type;
  bool is_virtual, is_temp, is_unique, if_not_exists, as_select;
  bool has_schema_name;      /* the name is written schema.name */
  size_t schema_at;          /* the schema's name token; name_at when there is none */
  size_t name_at, name_size; /* the object's own name token */
  char *name;                /* dequoted; owned */
  const char *event;         /* trigger: "DELETE", "INSERT" or "UPDATE"; NULL otherwise */
  size_t on_at, on_size;     /* index, trigger: the table name token after ON; 0 otherwise */
  size_t on_schema_at;       /* the schema's name token before it; on_at when there is none */
  char *on_name;             /* dequoted; owned; NULL otherwise */
  char *on_schema;           /* trigger ON schema.name: dequoted; owned; NULL otherwise */
  char *module;              /* virtual: dequoted; owned; NULL otherwise */
  size_t module_args_at;     /* virtual: offset of '(' after the module, 0 without */
} AdcpCreate;

/* Parses the head of a CREATE TABLE / VIRTUAL TABLE / INDEX / VIEW / TRIGGER; false with err
** (ADCP_CORRUPT: what was found where which part was expected) when it is none. A trigger's ON is
** found past BEFORE/AFTER/INSTEAD OF, the event, and UPDATE OF column names. */
bool adcp_create_parse(const char *sql, AdcpCreate *create, AdcpError *err);

/* The same for a text that need not be one: that it is none is no error. */
bool adcp_create_recognize(const char *sql, AdcpCreate *create, AdcpError *err);
void adcp_create_free(AdcpCreate *create);

/* Appends sql with "schema". before the object's name (schema NULL: without) and, when new_name /
** new_on is not NULL, with these names instead of the written ones. */
void adcp_create_splice(AdcpBuf *out, const char *sql, const AdcpCreate *create, const char *schema,
                        const char *new_name, const char *new_on);

#endif
