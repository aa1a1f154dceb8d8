/*
** log.c - one JSON line an operation (contract in log.h).
*/
#include "ops/log.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "codec/json_write.h"
#include "ops/clock.h"
#include "ops/own_file.h"
#include "platform/file.h"
#include "platform/root.h"
#include "platform/write.h"

/* The members of a report that a log line takes over. */
static const char *const figures[] = {"tables", "rows",    "size_bytes",
                                      "valid",  "applied", "deleted"};

static void copy_figures(AdcpJsonWriter *w, const cJSON *report) {
  for( size_t i = 0; i < sizeof figures / sizeof *figures; i++ ) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(report, figures[i]);
    if( cJSON_IsNumber(item) ) {
      adcp_json_member_integer(w, figures[i], (int64_t)item->valuedouble);
    } else if( cJSON_IsBool(item) ) {
      adcp_json_member_bool(w, figures[i], cJSON_IsTrue(item));
    }
  }
}

static void write_line(AdcpBuf *line, const AdcpLogEntry *entry, const AdcpError *outcome) {
  char now[ADCP_TIME_TEXT_SIZE];
  bool failed = outcome->rc != ADCP_OK;
  cJSON *report =
      failed ? NULL : cJSON_ParseWithLength((const char *)entry->report->data, entry->report->size);
  const cJSON *path = cJSON_GetObjectItemCaseSensitive(report, "path");
  if( path == NULL ) path = cJSON_GetObjectItemCaseSensitive(report, "backup_dir"); /* a prune */
  adcp_clock_text(now, adcp_clock_seconds());
  AdcpJsonWriter w = {line, false};
  adcp_json_begin_object(&w);
  adcp_json_member_string(&w, "time", now);
  adcp_json_member_string(&w, "operation", entry->operation);
  adcp_json_member_string(&w, "outcome", failed ? "error" : "ok");
  adcp_json_member_integer(&w, "duration_ms", entry->duration_ms);
  adcp_json_member_string(&w, "path", cJSON_IsString(path) ? path->valuestring : entry->path);
  const cJSON *safety = cJSON_GetObjectItemCaseSensitive(report, "safety_backup");
  if( cJSON_IsString(safety) ) {
    adcp_json_member_string(&w, "safety_backup", safety->valuestring);
  }
  copy_figures(&w, report);
  if( failed ) adcp_json_member_string(&w, "error", adcp_error_message(outcome));
  adcp_json_end_object(&w);
  adcp_buf_append_byte(line, '\n');
  cJSON_Delete(report);
}

static void append(const AdcpConfig *config, const char *path, const AdcpBuf *line,
                   AdcpError *err) {
  const AdcpRoot *root = adcp_config_root(config);
  adcp_own_file_refuse(&(AdcpDb){adcp_config_handle(config), "main", err}, path);
  if( err->rc ) return;
  int fd = adcp_path_open(root, path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK, 0600);
  if( fd < 0 ) {
    adcp_root_errno(root, err, ADCP_CANTOPEN, errno, "cannot write the log %s", path);
    return;
  }
  ssize_t n = adcp_write_some(fd, line->data, line->size);
  if( n != (ssize_t)line->size ) {
    adcp_error_errno(err, ADCP_IOERR, n < 0 ? errno : ENOSPC, "cannot write the log %s", path);
  }
  adcp_system_calls()->xClose(fd);
}

/* False where there is no such folder: then nothing is written there. */
static bool open_place(AdcpPlace *place, const AdcpConfig *config, const char *path,
                       AdcpError *err) {
  int rc = adcp_place_open(place, adcp_config_root(config), path, ADCP_LINKS_FOLLOWED);
  if( rc != 0 && errno == ENOMEM ) adcp_error_nomem(err);
  return rc == 0;
}

void adcp_log_refuse(const AdcpConfig *config, const char *path, AdcpError *err) {
  const char *log = adcp_options_text(adcp_config_options(config), "log_file", NULL);
  AdcpPlace of_log = ADCP_PLACE_INIT, of_path = ADCP_PLACE_INIT;
  if( log == NULL || err->rc ) return;
  if( open_place(&of_log, config, log, err) && open_place(&of_path, config, path, err) &&
      adcp_place_same(&of_log, &of_path) ) {
    adcp_error_set(err, ADCP_CANTOPEN,
                   "cannot write %s: it is the log of this connection, to which a line of this is "
                   "added in the end; give another path, or set log_file to another",
                   path);
  }
  adcp_place_close(&of_log);
  adcp_place_close(&of_path);
}

void adcp_log_write(const AdcpConfig *config, const AdcpLogEntry *entry, const AdcpError *outcome) {
  const char *path = adcp_options_text(adcp_config_options(config), "log_file", NULL);
  if( path == NULL ) return;
  AdcpBuf line = {0};
  AdcpError err = ADCP_ERROR_INIT;
  write_line(&line, entry, outcome);
  if( adcp_buf_check(&line, &err) ) append(config, path, &line, &err);
  if( err.rc ) sqlite3_log((int)err.rc, "adcp: %s", adcp_error_message(&err));
  adcp_buf_free(&line);
  adcp_error_clear(&err);
}
