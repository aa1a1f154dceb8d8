/*
** write_run.c - pages on their way to a database file (contract in write_run.h).
*/
#include "db/write_run.h"

#include <string.h>

#include "base/mem.h"
#include "db/system_file.h"

#define RUN_BYTES ADCP_SYSTEM_FILE_BYTES

/* Whether the bytes continue the run or lie within it, and there is room. */
static bool takes(const AdcpWriteRun *run, int n, int64_t offset) {
  if( run->size == 0 || offset < run->at ) return false;
  return offset <= run->at + run->size && offset + n <= run->at + RUN_BYTES;
}

int adcp_write_run_flush(AdcpWriteRun *run, const sqlite3_io_methods *methods, sqlite3_file *file) {
  if( run->size == 0 ) return SQLITE_OK;
  int rc = methods->xWrite(file, run->bytes, (int)run->size, run->at);
  if( rc == SQLITE_OK ) run->size = 0;
  return rc;
}

int adcp_write_run_add(AdcpWriteRun *run, const sqlite3_io_methods *methods, sqlite3_file *file,
                       const void *from, int n, int64_t offset) {
  if( !takes(run, n, offset) ) {
    int rc = adcp_write_run_flush(run, methods, file);
    run->size = 0;
    if( rc != SQLITE_OK ) return rc;
    if( run->bytes == NULL ) run->bytes = adcp_malloc(RUN_BYTES);
    if( run->bytes == NULL || n > RUN_BYTES ) return methods->xWrite(file, from, n, offset);
    run->at = offset;
  }
  int64_t end = offset - run->at + n;
  memcpy(run->bytes + (offset - run->at), from, (size_t)n);
  if( end > run->size ) run->size = end;
  return SQLITE_OK;
}

void adcp_write_run_clip(AdcpWriteRun *run, int64_t size) {
  int64_t left = size - run->at;
  if( left < run->size ) run->size = left < 0 ? 0 : left;
}

void adcp_write_run_free(AdcpWriteRun *run) {
  adcp_free(run->bytes);
  *run = (AdcpWriteRun){0};
}
