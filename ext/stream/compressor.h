/*
** compressor.h - libraries that compress and inflate one block, behind one table.
**
** A block's compressed form is a "run": deflate blocks that refer to nothing before the run, none
** with the final bit, byte-aligned, the last one an empty stored block (00 00 ff ff). Runs stand
** one after the other in a deflate stream. Runs of different libraries differ in bytes and are read
** alike. zstd fits the same table: a block's form there is a frame.
**
** A state belongs to one job and is used by one thread at a time.
*/
#ifndef ADCP_STREAM_COMPRESSOR_H
#define ADCP_STREAM_COMPRESSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Levels when none is asked for: the libraries' own. */
#define ADCP_GZIP_LEVEL 6
#define ADCP_ZSTD_LEVEL 3

/* Bytes that xInflate may write behind the run it is given. */
#define ADCP_RUN_SLACK 16

typedef struct AdcpCompressor {
  const char *name;

  /* A state for compressing at a level of 1 to 12 (a library with fewer levels uses its highest);
  ** NULL when out of memory. */
  void *(*xOpenDeflate)(int level);
  void (*xCloseDeflate)(void *state); /* NULL is allowed */

  /* Room that xDeflate needs for n raw bytes, whatever they are. */
  size_t (*xBound)(void *state, size_t n);

  /* Compresses n > 0 raw bytes to a run. out has at least xBound bytes. Returns the run's size, 0
  ** when the library failed. Same level and raw bytes: same run, whatever the state did before. */
  size_t (*xDeflate)(void *state, const uint8_t *raw, size_t n, uint8_t *out);

  /* A state for inflating; NULL when out of memory. The members from here on are NULL in a library
  ** that only writes. */
  void *(*xOpenInflate)(void);
  void (*xCloseInflate)(void *state); /* NULL is allowed */

  /* Inflates a run of exactly `size` bytes to exactly raw_size bytes; false when it is not that.
  ** run has ADCP_RUN_SLACK more bytes, which are overwritten. */
  bool (*xInflate)(void *state, uint8_t *run, size_t size, uint8_t *raw, size_t raw_size);

  /* zlib's crc32, continued from crc (0 to begin). */
  uint32_t (*xCrc32)(uint32_t crc, const void *bytes, size_t n);
} AdcpCompressor;

extern const AdcpCompressor adcp_compressor_zlib;
extern const AdcpCompressor adcp_compressor_zstd;       /* frames, not runs */
extern const AdcpCompressor adcp_compressor_libdeflate; /* not in builds without libdeflate */
extern const AdcpCompressor adcp_compressor_isal; /* writes only; not in builds without ISA-L */

/* The one that this build writes gzip of a level with, or reads gzip with (level 0);
** compressor_default.c. */
const AdcpCompressor *adcp_compressor_default(int level);

/* CRC-32 of blocks of any container, by the one that reads; continued from crc. */
uint32_t adcp_crc32(uint32_t crc, const void *bytes, size_t n);

/* CRC-32 of two texts that stand one after the other, from that of each and the second's size. */
uint32_t adcp_crc32_combine(uint32_t crc, uint32_t crc_next, int64_t size_next);

#endif
