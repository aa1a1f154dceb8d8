/*
** progress.c - the bar, the lines and the hook (contract in progress.h).
**
**   [############--------] 61 %  3/12 tables  1234567 rows  85 MB/s  0:12 left       a terminal
**   adcp_backup: 61 %, 3 of 12 tables, 1234567 of 2000000 rows, 85 MB/s, 0:12 left   anything else
*/
#include "ops/progress.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "ops/clock.h"
#include "platform/write.h"

#define BAR_WIDTH    20
#define FAST_MS      100  /* between two reports to a terminal or an application */
#define SLOW_MS      1000 /* between two lines of a log */
#define ERASE_TO_END "\033[K"

struct AdcpProgress {
  AdcpError *err;                 /* borrowed */
  const adcp_progress_hook *hook; /* borrowed; NULL without */
  bool shown;                     /* on stderr */
  bool terminal;                  /* stderr is one */
  int64_t started_ms, stage_ms, hook_ms, shown_ms;
  adcp_progress now;
  int64_t rows_before, bytes_before; /* of the tables that are done */
  int64_t table_rows, table_bytes;   /* of the current one */
};

AdcpProgress *adcp_progress_open(const AdcpRequest *request, const AdcpOptions *options,
                                 const char *operation, AdcpError *err) {
  const adcp_progress_hook *hook = adcp_config_progress(request->config);
  if( err->rc ) return NULL;
  bool shown = adcp_options_bool(options, "progress", false);
  if( !shown && hook == NULL ) return NULL;
  AdcpProgress *progress = adcp_calloc(1, sizeof *progress);
  if( progress == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  progress->err = err;
  progress->hook = hook;
  progress->shown = shown;
  progress->terminal = isatty(STDERR_FILENO);
  progress->started_ms = progress->stage_ms = progress->shown_ms = adcp_clock_ms();
  progress->now.operation = operation;
  progress->now.stage = "rows";
  return progress;
}

/* ---- what is shown ---- */

static int percent(const adcp_progress *now) {
  if( now->rows_total <= 0 ) return 100;
  int64_t done = now->rows_done < now->rows_total ? now->rows_done : now->rows_total;
  return (int)((double)done * 100 / (double)now->rows_total);
}

static void append_time(AdcpBuf *text, int64_t seconds) {
  if( seconds >= 3600 )
    adcp_buf_appendf(text, "%lld:%02d", (long long)(seconds / 3600), (int)(seconds / 60 % 60));
  else
    adcp_buf_appendf(text, "%d", (int)(seconds / 60));
  adcp_buf_appendf(text, ":%02d", (int)(seconds % 60));
}

/* Speed since the stage began, and how long the rest will take at that speed: not yet after a few rows,
** whose time is that of the start. */
static void append_speed(AdcpBuf *text, const AdcpProgress *progress, const char *separator) {
  const adcp_progress *now = &progress->now;
  int64_t elapsed = adcp_clock_ms() - progress->stage_ms + 1;
  adcp_buf_appendf(text, "%s%lld MB/s", separator, (long long)(now->bytes_done / elapsed / 1000));
  if( now->rows_done <= 0 || now->rows_done >= now->rows_total ) return;
  if( elapsed < 1000 && percent(now) < 1 ) return;
  double left =
      (double)elapsed / (double)now->rows_done * (double)(now->rows_total - now->rows_done);
  adcp_buf_append_str(text, separator);
  append_time(text, (int64_t)(left / 1000) + 1);
  adcp_buf_append_str(text, " left");
}

static void append_bar(AdcpBuf *text, const AdcpProgress *progress) {
  const adcp_progress *now = &progress->now;
  int filled = percent(now) * BAR_WIDTH / 100;
  adcp_buf_append_str(text, "\r[");
  for( int i = 0; i < BAR_WIDTH; i++ ) adcp_buf_append_byte(text, i < filled ? '#' : '-');
  adcp_buf_appendf(text, "] %d %%  %lld/%lld tables  %lld rows", percent(now),
                   (long long)now->tables_done, (long long)now->tables_total,
                   (long long)now->rows_done);
  append_speed(text, progress, "  ");
  adcp_buf_append_str(text, ERASE_TO_END);
}

static void append_line(AdcpBuf *text, const AdcpProgress *progress) {
  const adcp_progress *now = &progress->now;
  adcp_buf_appendf(text, "%s: %s%s%d %%, %lld of %lld tables, %lld of %lld rows", now->operation,
                   strcmp(now->stage, "rows") == 0 ? "" : now->stage,
                   strcmp(now->stage, "rows") == 0 ? "" : ", ", percent(now),
                   (long long)now->tables_done, (long long)now->tables_total,
                   (long long)now->rows_done, (long long)now->rows_total);
  append_speed(text, progress, ", ");
  adcp_buf_append_byte(text, '\n');
}

/* What cannot be shown is nobody's error. */
static void show(const AdcpBuf *text) {
  if( !text->oom && adcp_write_some(STDERR_FILENO, text->data, text->size) < 0 ) return;
}

static void show_progress(AdcpProgress *progress) {
  AdcpBuf text = {0};
  if( progress->terminal ) {
    append_bar(&text, progress);
  } else {
    append_line(&text, progress);
  }
  show(&text);
  adcp_buf_free(&text);
}

/* True when the application wants to go on. */
static bool call_hook(AdcpProgress *progress) {
  progress->now.elapsed_ms = adcp_clock_ms() - progress->started_ms;
  return progress->hook->xProgress(progress->hook->context, &progress->now) == 0;
}

/* Reports to whoever has not heard for long enough. */
static void report(AdcpProgress *progress) {
  int64_t now = adcp_clock_ms();
  if( progress->shown && now - progress->shown_ms >= (progress->terminal ? FAST_MS : SLOW_MS) ) {
    progress->shown_ms = now;
    show_progress(progress);
  }
  if( progress->hook && now - progress->hook_ms >= FAST_MS ) {
    progress->hook_ms = now;
    if( !call_hook(progress) ) {
      adcp_error_set(progress->err, ADCP_INTERRUPT, "stopped by the application");
    }
  }
}

/* ---- counting ---- */

void adcp_progress_stage(AdcpProgress *progress, const char *stage, int64_t tables, int64_t rows) {
  if( progress == NULL ) return;
  adcp_progress *now = &progress->now;
  now->stage = stage;
  now->tables_total = tables;
  now->rows_total = rows;
  now->tables_done = now->rows_done = now->bytes_done = 0;
  progress->rows_before = progress->bytes_before = 0;
  progress->stage_ms = adcp_clock_ms();
  report(progress);
}

void adcp_progress_begin_table(AdcpProgress *progress, const char *name, int64_t rows,
                               int64_t bytes) {
  if( progress == NULL ) return;
  adcp_progress_end_table(progress); /* one that damage cut short */
  progress->now.table = name;
  progress->table_rows = rows;
  progress->table_bytes = bytes;
}

void adcp_progress_rows(AdcpProgress *progress, int64_t rows, int64_t bytes) {
  if( progress == NULL || progress->now.table == NULL || progress->err->rc ) return;
  if( bytes < 0 ) {
    double part = progress->table_rows > 0 ? (double)rows / (double)progress->table_rows : 0;
    bytes = progress->bytes_before + (int64_t)(part * (double)progress->table_bytes);
  }
  progress->now.rows_done = progress->rows_before + rows;
  progress->now.bytes_done = bytes;
  report(progress);
}

void adcp_progress_end_table(AdcpProgress *progress) {
  if( progress == NULL || progress->now.table == NULL ) return;
  progress->now.table = NULL;
  progress->now.tables_done++;
  progress->rows_before += progress->table_rows;
  progress->bytes_before += progress->table_bytes;
  progress->now.rows_done = progress->rows_before;
  if( progress->table_bytes ) progress->now.bytes_done = progress->bytes_before;
  report(progress);
}

void adcp_progress_close(AdcpProgress *progress) {
  if( progress == NULL ) return;
  bool failed = progress->err->rc != ADCP_OK;
  AdcpBuf text = {0};
  progress->now.stage = "done";
  progress->now.table = NULL;
  if( progress->shown ) {
    if( !failed ) show_progress(progress);
    if( progress->terminal ) adcp_buf_append_byte(&text, '\n');
    show(&text);
  }
  if( progress->hook && !failed ) call_hook(progress); /* too late to stop anything */
  adcp_buf_free(&text);
  adcp_free(progress);
}
