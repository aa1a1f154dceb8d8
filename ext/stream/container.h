/*
** container.h - the containers a backup comes in, told by their first bytes.
*/
#ifndef ADCP_STREAM_CONTAINER_H
#define ADCP_STREAM_CONTAINER_H

#include <stddef.h>
#include <stdint.h>

typedef enum AdcpContainer {
  ADCP_CONTAINER_UNKNOWN,
  ADCP_CONTAINER_PLAIN, /* '{' after an optional BOM and white space */
  ADCP_CONTAINER_GZIP,  /* 1f 8b */
  ADCP_CONTAINER_ZSTD   /* 28 b5 2f fd, or 5x 2a 4d 18 */
} AdcpContainer;

/* One block of the index: what the manifest says of it. In a plain file size equals raw. */
typedef struct AdcpBlockEntry {
  uint32_t size_bytes; /* in the file */
  uint32_t raw_bytes;  /* inflated; 1 to ADCP_MAX_BLOCK_BYTES */
  uint32_t crc32;      /* of the raw bytes (zlib's crc32) */
} AdcpBlockEntry;

/* A place in the raw text. */
typedef struct AdcpBlockPosition {
  int64_t block;  /* index into the block list */
  int64_t offset; /* bytes into that block's raw text */
} AdcpBlockPosition;

/* By the first bytes of a file (16 are enough unless it starts with white space). */
AdcpContainer adcp_container_detect(const uint8_t *bytes, size_t n);
const char *adcp_container_name(AdcpContainer container); /* "none", "gzip", "zstd", "unknown" */

/* How names of backups end: ".json", ".json.gz", ".json.zst". Not for UNKNOWN. */
const char *adcp_container_suffix(AdcpContainer container);

/* By the suffix of a path: .gz gives GZIP, .zst ZSTD, anything else PLAIN. */
AdcpContainer adcp_container_of_path(const char *path);

#endif
