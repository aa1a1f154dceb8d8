/*
** container.c - tells containers by bytes, path and name (contract in container.h).
*/
#include "stream/container.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* First byte of the text behind a UTF-8 byte order mark and JSON white space; 0 when there is
** none. */
static uint8_t first_text_byte(const uint8_t *bytes, size_t n) {
  size_t i = n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  for( ; i < n; i++ ) {
    uint8_t c = bytes[i];
    if( c != ' ' && c != '\t' && c != '\r' && c != '\n' ) return c;
  }
  return 0;
}

/* A frame of text, or one to be skipped: pzstd writes one in front of each. */
static bool is_zstd(const uint8_t *bytes, size_t n) {
  if( n < 4 ) return false;
  bool skippable = (bytes[0] & 0xf0) == 0x50 && memcmp(bytes + 1, "\x2a\x4d\x18", 3) == 0;
  return skippable || memcmp(bytes, "\x28\xb5\x2f\xfd", 4) == 0;
}

AdcpContainer adcp_container_detect(const uint8_t *bytes, size_t n) {
  if( n >= 2 && memcmp(bytes, "\x1f\x8b", 2) == 0 ) return ADCP_CONTAINER_GZIP;
  if( is_zstd(bytes, n) ) return ADCP_CONTAINER_ZSTD;
  if( first_text_byte(bytes, n) == '{' ) return ADCP_CONTAINER_PLAIN;
  return ADCP_CONTAINER_UNKNOWN;
}

const char *adcp_container_name(AdcpContainer container) {
  switch( container ) {
  case ADCP_CONTAINER_PLAIN: return "none";
  case ADCP_CONTAINER_GZIP: return "gzip";
  case ADCP_CONTAINER_ZSTD: return "zstd";
  case ADCP_CONTAINER_UNKNOWN: break;
  }
  return "unknown";
}

const char *adcp_container_suffix(AdcpContainer container) {
  switch( container ) {
  case ADCP_CONTAINER_GZIP: return ".json.gz";
  case ADCP_CONTAINER_ZSTD: return ".json.zst";
  default: return ".json";
  }
}

static int has_suffix(const char *path, const char *suffix) {
  size_t n = strlen(path), m = strlen(suffix);
  return n >= m && strcasecmp(path + n - m, suffix) == 0;
}

AdcpContainer adcp_container_of_path(const char *path) {
  if( has_suffix(path, ".gz") ) return ADCP_CONTAINER_GZIP;
  if( has_suffix(path, ".zst") ) return ADCP_CONTAINER_ZSTD;
  return ADCP_CONTAINER_PLAIN;
}
