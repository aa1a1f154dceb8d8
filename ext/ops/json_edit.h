/*
** json_edit.h - a JSON document with single values exchanged and every other byte as it was.
**
** The document is walked once; each member of an object, at any depth, is shown by its place, a
** JSON Pointer (RFC 6901) such as "/llm/keys/0/secret". A visitor that wants the value is given its
** text and says what stands in its place. Members of a value that was taken are not shown.
*/
#ifndef ADCP_OPS_JSON_EDIT_H
#define ADCP_OPS_JSON_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

typedef struct AdcpJsonVisitor {
  void *context; /* borrowed */
  /* key: up to its first zero byte, if it has any. */
  bool (*xWants)(void *context, const char *pointer, const char *key);
  /* value: its text as it stands. Appends to out what is to stand there instead. */
  void (*xTake)(void *context, const char *pointer, const AdcpBuf *value, AdcpBuf *out);
} AdcpJsonVisitor;

/* Appends the edited document to out. Err: CORRUPT with the byte when the text is not JSON. */
void adcp_json_edit(const char *text, size_t n, const AdcpJsonVisitor *visitor, AdcpBuf *out,
                    AdcpError *err);

/* What stands in a pointer for a zero byte of a key, which would end it: no other key has these bytes. */
#define ADCP_JSON_POINTER_NUL "\xc0\x80"

/* Appends "/key", escaped as a part of a JSON Pointer. */
void adcp_json_pointer_append(AdcpBuf *pointer, const char *key, size_t n);

#endif
