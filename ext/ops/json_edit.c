/*
** json_edit.c - exchanges single values of a JSON document (contract in json_edit.h).
*/
#include "ops/json_edit.h"

#include "archive/json_parts.h"
#include "base/limits.h"
#include "base/mem.h"

/* An open object or array. */
typedef struct Level {
  size_t pointer_size; /* of its own pointer */
  bool is_array;
  long long index; /* of the next element */
} Level;

typedef struct Walk {
  const char *text;
  size_t copied; /* bytes of text that are in out, or replaced */
  AdcpJsonReader *json;
  const AdcpJsonVisitor *visitor;
  AdcpBuf *out, pointer, value;
  AdcpError *err;
  size_t depth;
  Level levels[ADCP_MAX_JSON_DEPTH + 1];
} Walk;

void adcp_json_pointer_append(AdcpBuf *pointer, const char *key, size_t n) {
  adcp_buf_append_byte(pointer, '/');
  for( size_t i = 0; i < n; i++ ) {
    if( key[i] == '~' ) {
      adcp_buf_append_str(pointer, "~0");
    } else if( key[i] == '/' ) {
      adcp_buf_append_str(pointer, "~1");
    } else if( key[i] == 0 ) {
      adcp_buf_append_str(pointer, ADCP_JSON_POINTER_NUL);
    } else {
      adcp_buf_append_byte(pointer, (uint8_t)key[i]);
    }
  }
}

/* Takes the value that comes next out of the document and puts the visitor's in its place. */
static void take(Walk *walk, const char *pointer) {
  adcp_buf_clear(&walk->value);
  adcp_json_capture(walk->json, &walk->value);
  if( walk->err->rc ) return;
  size_t end = (size_t)adcp_json_offset(walk->json);
  size_t start = end - walk->value.size;
  adcp_buf_append(walk->out, walk->text + walk->copied, start - walk->copied);
  walk->visitor->xTake(walk->visitor->context, pointer, &walk->value, walk->out);
  walk->copied = end;
}

static void visit_key(Walk *walk) {
  size_t n;
  const char *key = adcp_json_text(walk->json, &n);
  walk->pointer.size = walk->levels[walk->depth - 1].pointer_size;
  adcp_json_pointer_append(&walk->pointer, key, n);
  const char *pointer = adcp_buf_text(&walk->pointer);
  if( pointer && walk->visitor->xWants(walk->visitor->context, pointer, key) ) take(walk, pointer);
}

/* Before a value that is an element of an array. */
static void count_element(Walk *walk) {
  Level *level = walk->depth ? &walk->levels[walk->depth - 1] : NULL;
  if( level == NULL || !level->is_array ) return;
  walk->pointer.size = level->pointer_size;
  adcp_buf_appendf(&walk->pointer, "/%lld", level->index++);
}

static void visit(Walk *walk) {
  for( ;; ) {
    AdcpJsonToken token = adcp_json_next(walk->json);
    switch( token ) {
    case ADCP_JSON_ERROR:
    case ADCP_JSON_END: return;
    case ADCP_JSON_KEY: visit_key(walk); break;
    case ADCP_JSON_BEGIN_OBJECT:
    case ADCP_JSON_BEGIN_ARRAY:
      count_element(walk);
      walk->levels[walk->depth++] = (Level){walk->pointer.size, token == ADCP_JSON_BEGIN_ARRAY, 0};
      break;
    case ADCP_JSON_END_OBJECT:
    case ADCP_JSON_END_ARRAY: walk->depth--; break;
    default: count_element(walk);
    }
  }
}

void adcp_json_edit(const char *text, size_t n, const AdcpJsonVisitor *visitor, AdcpBuf *out,
                    AdcpError *err) {
  if( err->rc ) return;
  AdcpMemoryText memory = {(const uint8_t *)text, n};
  Walk *walk = adcp_calloc(1, sizeof *walk);
  if( walk == NULL ) {
    adcp_error_nomem(err);
    return;
  }
  walk->text = text;
  walk->visitor = visitor;
  walk->out = out;
  walk->err = err;
  walk->json = adcp_json_reader_open(adcp_memory_input(&memory), err);
  if( walk->json ) visit(walk);
  if( err->rc == ADCP_OK ) adcp_buf_append(out, text + walk->copied, n - walk->copied);
  adcp_buf_check(&walk->pointer, err);
  adcp_buf_check(out, err);
  adcp_json_reader_close(walk->json);
  adcp_buf_free(&walk->pointer);
  adcp_buf_free(&walk->value);
  adcp_free(walk);
}
