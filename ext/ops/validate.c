/*
** validate.c - every byte, digest, count and schema text of a backup (contract in validate.h).
*/
#include "ops/validate.h"

#include <string.h>

#include "archive/archive_read.h"
#include "base/limits.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "db/db.h"
#include "db/vet.h"
#include "ops/backup_dir.h"
#include "ops/clock.h"
#include "ops/interrupt.h"
#include "ops/metadata.h"
#include "ops/options.h"
#include "platform/work_queue.h"

#define STEP_ROWS    4096
#define MAX_FINDINGS 100 /* a report is for reading; a damaged table is one finding */

static const char *const invalid_choices[] = {"report", "error", NULL};

static const AdcpOptionSpec option_specs[] = {
    {"on_invalid", ADCP_OPTION_TEXT, 0, 0, invalid_choices},
    {"threads", ADCP_OPTION_INTEGER, 0, ADCP_MAX_THREADS, NULL},
};

const AdcpOptionTable adcp_validate_options = {
    option_specs, sizeof option_specs / sizeof *option_specs, "option"};

struct AdcpValidate {
  AdcpDb db;
  AdcpError *err; /* of the call */
  char *path;
  int64_t started_ms;
  AdcpOptions *options;
  AdcpError found; /* of the backup: the reader's */
  AdcpArchiveReader *archive;
  const AdcpArchiveHead *head; /* NULL when the file could not be read as a backup */
  size_t table;                /* the one being read, by its place in head->tables */
  int64_t rows, tables;        /* read, of ordinary tables */
  char *findings[MAX_FINDINGS];
  size_t finding_count;
  AdcpInterrupt interrupt;
};

/* Turns the reader's error into a finding, or into an error of the call where it is none of the backup. */
static void take_finding(AdcpValidate *validate) {
  AdcpError *found = &validate->found;
  if( found->rc == ADCP_OK ) return;
  bool of_call = found->rc == ADCP_NOMEM || found->rc == ADCP_INTERRUPT || found->rc == ADCP_PERM ||
                 found->rc == ADCP_CANTOPEN;
  if( of_call ) {
    adcp_error_move(validate->err, found);
    return;
  }
  if( validate->finding_count < MAX_FINDINGS ) {
    char *text = adcp_strdup(adcp_error_message(found));
    if( text )
      validate->findings[validate->finding_count++] = text;
    else
      adcp_error_nomem(validate->err);
  }
  adcp_error_clear(found);
}

static void vet_schema(AdcpValidate *validate) {
  const AdcpSchema *schema = validate->head->schema;
  AdcpVetter *vetter = adcp_vetter_open(validate->err);
  for( size_t i = 0; i < schema->object_count && !validate->err->rc; i++ ) {
    if( schema->objects[i].sql == NULL ) continue;
    adcp_vet_object(vetter, schema, &schema->objects[i]);
    if( validate->err->rc == ADCP_CORRUPT || validate->err->rc == ADCP_ERROR ) {
      adcp_error_move(&validate->found, validate->err);
      take_finding(validate);
      adcp_vetter_close(vetter); /* its errors stick to it */
      vetter = adcp_vetter_open(validate->err);
    }
  }
  adcp_vetter_close(vetter);
}

static void read_head(AdcpValidate *validate) {
  AdcpDatabaseFigures figures;
  validate->head = adcp_archive_head(validate->archive);
  adcp_metadata_read(&figures, validate->head->metadata, &validate->found);
  take_finding(validate);
  vet_schema(validate);
}

/* "latest" becomes the path that it stands for. */
static void find_backup(AdcpValidate *validate, const AdcpRequest *request) {
  char *path = adcp_backup_dir_find(request->config, &validate->db, request->path);
  if( path == NULL ) return;
  adcp_free(validate->path);
  validate->path = path;
}

AdcpValidate *adcp_validate_open(const AdcpRequest *request, AdcpError *err) {
  AdcpValidate *validate = adcp_calloc(1, sizeof *validate);
  if( validate == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  validate->err = err;
  validate->db = (AdcpDb){request->handle, "main", err};
  validate->started_ms = adcp_clock_ms();
  validate->path = adcp_strdup(request->path);
  if( validate->path == NULL ) adcp_error_nomem(err);
  validate->options = adcp_request_options(request, &adcp_validate_options, err);
  find_backup(validate, request);
  adcp_interrupt_open(&validate->interrupt, &validate->db);
  if( err->rc ) return validate;
  int threads = (int)adcp_options_integer(validate->options, "threads", adcp_processor_count());
  validate->archive = adcp_archive_reader_open_checked(
      validate->path, threads, adcp_interrupt_checkpoint(&validate->interrupt), &validate->found);
  take_finding(validate);
  if( validate->archive && !err->rc ) read_head(validate);
  return validate;
}

/* After damage: goes on with the next table, where positions are known. */
static bool go_on(AdcpValidate *validate) {
  take_finding(validate);
  validate->table++;
  if( validate->err->rc || !validate->head->indexed ) return false;
  if( validate->table >= validate->head->table_count ) return false;
  adcp_archive_seek_table(validate->archive, validate->table);
  return true;
}

/* 1 while an ordinary table is read: shadow tables are not what an application counts. */
static int counts(const AdcpValidate *validate) {
  return adcp_archive_table(validate->archive)->table->kind == ADCP_TABLE_ORDINARY;
}

bool adcp_validate_step(AdcpValidate *validate) {
  if( validate == NULL || validate->err->rc || validate->archive == NULL ) return false;
  for( int i = 0; i < STEP_ROWS; i++ ) {
    switch( adcp_archive_next(validate->archive) ) {
    case ADCP_ARCHIVE_TABLE_BEGIN:
      validate->table = (size_t)(adcp_archive_table(validate->archive) - validate->head->tables);
      break;
    case ADCP_ARCHIVE_ROW: validate->rows += counts(validate); break;
    case ADCP_ARCHIVE_TABLE_END: validate->tables += counts(validate); break;
    case ADCP_ARCHIVE_END: return false;
    case ADCP_ARCHIVE_ERROR:
      if( !go_on(validate) ) return false;
    }
  }
  return !validate->err->rc;
}

/* ---- the report ---- */

static void write_texts(AdcpJsonWriter *w, const char *key, char *const *texts, size_t count) {
  adcp_json_key(w, key);
  adcp_json_begin_array(w);
  for( size_t i = 0; i < count; i++ ) adcp_json_string(w, texts[i]);
  adcp_json_end_array(w);
}

static void write_head(AdcpValidate *validate, AdcpJsonWriter *w) {
  const AdcpArchiveHead *head = validate->head;
  adcp_json_member_string(w, "format_version", head->version);
  adcp_json_member_string(w, "compression", adcp_container_name(head->container));
  adcp_json_member_integer(w, "tables", validate->tables);
  adcp_json_member_integer(w, "rows", validate->rows);
  adcp_json_member_integer(w, "size_bytes", head->totals.file_bytes);
  adcp_json_member_integer(w, "uncompressed_bytes", head->totals.raw_bytes);
  adcp_json_member_string(w, "content_sha256", head->totals.content_sha256);
}

void adcp_validate_finish(AdcpValidate *validate, AdcpBuf *report) {
  if( validate == NULL || validate->err->rc ) return;
  bool valid = validate->finding_count == 0;
  if( !valid &&
      strcmp(adcp_options_text(validate->options, "on_invalid", "report"), "error") == 0 ) {
    adcp_error_set(validate->err, ADCP_CORRUPT, "%s", validate->findings[0]);
    return;
  }
  const AdcpArchiveHead *head = validate->head;
  AdcpJsonWriter w = {report, false};
  adcp_json_begin_object(&w);
  adcp_json_member_bool(&w, "valid", valid);
  write_texts(&w, "errors", validate->findings, validate->finding_count);
  write_texts(&w, "warnings", head ? head->warnings : NULL, head ? head->warning_count : 0);
  adcp_json_member_string(&w, "path", validate->path);
  if( head ) write_head(validate, &w);
  adcp_json_member_integer(&w, "duration_ms", adcp_clock_ms() - validate->started_ms);
  adcp_json_end_object(&w);
}

void adcp_validate_close(AdcpValidate *validate) {
  if( validate == NULL ) return;
  for( size_t i = 0; i < validate->finding_count; i++ ) adcp_free(validate->findings[i]);
  adcp_error_name(validate->err, validate->path);
  adcp_archive_reader_close(validate->archive);
  adcp_interrupt_close(&validate->interrupt);
  adcp_error_clear(&validate->found);
  adcp_options_free(validate->options);
  adcp_free(validate->path);
  adcp_free(validate);
}
