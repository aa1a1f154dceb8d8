/*
** compressor_default.c - which library this build compresses with: the only place that knows.
**
** libdeflate is 1.6 to 2 times as fast as zlib at the same size, and ISA-L, at the lowest level, twice
** as fast again. -DADCP_WITHOUT_LIBDEFLATE builds without the first (leave compress_libdeflate.c out
** then); the Makefile adds -DADCP_WITH_ISAL where the second is there.
*/
#include "stream/compressor.h"

#include <zlib.h>

const AdcpCompressor *adcp_compressor_default(int level) {
#ifdef ADCP_WITH_ISAL
  if( level == 1 ) return &adcp_compressor_isal;
#endif
  (void)level;
#ifdef ADCP_WITHOUT_LIBDEFLATE
  return &adcp_compressor_zlib;
#else
  return &adcp_compressor_libdeflate;
#endif
}

uint32_t adcp_crc32(uint32_t crc, const void *bytes, size_t n) {
  return adcp_compressor_default(0)->xCrc32(crc, bytes, n);
}

uint32_t adcp_crc32_combine(uint32_t crc, uint32_t crc_next, int64_t size_next) {
  return (uint32_t)crc32_combine(crc, crc_next, (z_off_t)size_next);
}
