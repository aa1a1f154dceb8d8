/*
** compressor_default.c - which library this build compresses with: the only place that knows.
**
** libdeflate is 1.6 to 2 times as fast as zlib at the same size. -DADCP_WITHOUT_LIBDEFLATE builds
** without it (leave compress_libdeflate.c out then).
*/
#include "stream/compressor.h"

#include <zlib.h>

const AdcpCompressor *adcp_compressor_default(void) {
#ifdef ADCP_WITHOUT_LIBDEFLATE
  return &adcp_compressor_zlib;
#else
  return &adcp_compressor_libdeflate;
#endif
}

uint32_t adcp_crc32(uint32_t crc, const void *bytes, size_t n) {
  return adcp_compressor_default()->xCrc32(crc, bytes, n);
}

uint32_t adcp_crc32_combine(uint32_t crc, uint32_t crc_next, int64_t size_next) {
  return (uint32_t)crc32_combine(crc, crc_next, (z_off_t)size_next);
}
