/*
** container_methods.c - the list of containers (contract in container_methods.h).
*/
#include "stream/container_methods.h"

const AdcpContainerMethods *adcp_container_methods(AdcpContainer container, AdcpError *err) {
  switch( container ) {
  case ADCP_CONTAINER_PLAIN: return &adcp_container_plain;
  case ADCP_CONTAINER_GZIP: return &adcp_container_gzip;
  case ADCP_CONTAINER_ZSTD: return &adcp_container_zstd;
  case ADCP_CONTAINER_UNKNOWN: break;
  }
  adcp_error_set(err, ADCP_NOTADB,
                 "not a backup: begins with neither { nor gzip's 1f 8b nor zstd's 28 b5 2f fd");
  return NULL;
}

void adcp_container_fail_trailing(const AdcpInFile *file, int64_t at, AdcpError *err) {
  adcp_error_set(err, ADCP_CORRUPT, "%s has %lld bytes after its end, from byte %lld on",
                 adcp_infile_path(file), (long long)(adcp_infile_size(file) - at), (long long)at);
}
