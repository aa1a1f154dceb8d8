/*
** validate.c - every byte, digest, count and schema text of a backup (contract in validate.h).
*/
#include "ops/validate.h"

#include <stdio.h>
#include <string.h>

#include "archive/archive_read.h"
#include "base/limits.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "db/db.h"
#include "db/vet.h"
#include "ops/backup_dir.h"
#include "ops/clock.h"
#include "ops/description.h"
#include "ops/interrupt.h"
#include "ops/listing.h"
#include "ops/metadata.h"
#include "ops/options.h"
#include "ops/progress.h"
#include "ops/legacy.h"
#include "ops/trial.h"
#include "platform/work_queue.h"

#define STEP_ROWS 4096

static const char *const invalid_choices[] = {"report", "error", NULL};
static const char *const level_choices[] = {"quick", "standard", "full", NULL};

static const AdcpOptionSpec option_specs[] = {
    {"level", ADCP_OPTION_TEXT, 0, 0, level_choices},
    {"on_invalid", ADCP_OPTION_TEXT, 0, 0, invalid_choices},
    {"max_objects", ADCP_OPTION_INTEGER, 0, INT32_MAX, NULL},
    {"modules", ADCP_OPTION_NAMES, 0, 0, NULL},
    {"threads", ADCP_OPTION_INTEGER, 0, ADCP_MAX_THREADS, NULL},
    {"progress", ADCP_OPTION_BOOL, 0, 0, NULL},
};

const AdcpOptionTable adcp_validate_options = {
    option_specs, sizeof option_specs / sizeof *option_specs, "option"};

struct AdcpValidate {
  AdcpDb db;
  AdcpError *err; /* of the call */
  const AdcpConfig *config;
  char *path;
  int64_t started_ms;
  AdcpOptions *options;
  AdcpError found; /* of the backup: the reader's */
  AdcpArchiveReader *archive;
  const AdcpArchiveHead *head; /* NULL when the file could not be read as a backup */
  size_t table;                /* the one being read, by its place in head->tables */
  int64_t rows, tables;        /* read, of ordinary tables */
  const char *level;
  int threads;
  bool has_rows_only; /* no definitions: nothing to restore by itself */
  bool needs_trust;   /* only a restore with trust_schema takes it */
  AdcpFindings findings;
  AdcpTexts functions; /* that the schema calls and SQLite does not have */
  AdcpInterrupt interrupt;
  AdcpProgress *progress;
};

static AdcpFindingCode code_of(const AdcpError *found) {
  switch( found->rc ) {
  case ADCP_NOTADB: return ADCP_FINDING_NOT_A_BACKUP;
  case ADCP_TOOBIG: return ADCP_FINDING_TOO_LARGE;
  case ADCP_IOERR: return ADCP_FINDING_UNREADABLE;
  case ADCP_ERROR: return ADCP_FINDING_UNSUPPORTED;
  default: break;
  }
  bool cut = strstr(adcp_error_message(found), "incomplete") != NULL;
  return cut ? ADCP_FINDING_INCOMPLETE : ADCP_FINDING_DAMAGED;
}

/* Turns an error into a finding, or into an error of the call where it is none of the backup. */
static void take_finding(AdcpValidate *validate, AdcpFindingCode code, const char *object,
                         int64_t row) {
  AdcpError *found = &validate->found;
  if( found->rc == ADCP_OK ) return;
  if( adcp_failure_is_of_machine(found) ) {
    adcp_error_move(validate->err, found);
  } else {
    adcp_findings_add(&validate->findings, code, object, row, adcp_error_message(found),
                      validate->err);
  }
  adcp_error_clear(found);
}

/* The same for the reader's error, with the table and row it stands at. */
static void take_reader_finding(AdcpValidate *validate) {
  const AdcpArchiveTable *table = validate->head ? adcp_archive_table(validate->archive) : NULL;
  take_finding(validate, code_of(&validate->found), table ? table->table->name : NULL,
               table ? adcp_archive_failed_row(validate->archive) : 0);
}

static void take_functions(AdcpValidate *validate, const AdcpTexts *missing) {
  for( size_t i = 0; i < missing->count; i++ ) {
    adcp_texts_add(&validate->functions, validate->err, "%s", missing->items[i]);
  }
}

/* What the vetter has against an object. That it needs trust says nothing against the file. */
static void take_vetted(AdcpValidate *validate, const AdcpObject *object) {
  AdcpRc rc = validate->err->rc;
  AdcpFindingCode code = rc == ADCP_TOOBIG ? ADCP_FINDING_TOO_LARGE
                         : rc == ADCP_AUTH ? ADCP_FINDING_NOT_TRIED
                                           : ADCP_FINDING_SCHEMA_TEXT;
  if( rc != ADCP_CORRUPT && rc != ADCP_ERROR && rc != ADCP_TOOBIG && rc != ADCP_AUTH ) return;
  if( rc == ADCP_AUTH ) validate->needs_trust = true;
  adcp_error_move(&validate->found, validate->err);
  take_finding(validate, code, object->name, 0);
}

/* As a restore on this connection would see it; a trial calls none of its functions. Those that are missing
** are told by themselves. */
static void take_untrusted(AdcpValidate *validate, AdcpVetter *vetter) {
  const AdcpObject *object = adcp_vetter_check_unguarded(vetter, &validate->db);
  if( object == NULL ) object = adcp_vetter_check_needs(vetter, &validate->db, false);
  if( object == NULL ) return;
  adcp_error_move(&validate->found, validate->err);
  take_finding(validate, ADCP_FINDING_UNTRUSTED, object->name, 0);
}

static void vet_schema(AdcpValidate *validate) {
  const AdcpSchema *schema = validate->head->schema;
  const AdcpObject **order = adcp_vet_order(schema, validate->err);
  AdcpVetter *vetter = adcp_vetter_open(validate->err);
  adcp_vetter_hear(vetter, &validate->db);
  for( size_t i = 0; order && i < schema->object_count && !validate->err->rc; i++ ) {
    if( order[i]->sql == NULL ) continue;
    adcp_vet_object(vetter, schema, order[i]);
    take_vetted(validate, order[i]);
  }
  if( vetter ) take_functions(validate, adcp_vetter_missing(vetter));
  take_untrusted(validate, vetter);
  adcp_vetter_close(vetter);
  adcp_free((void *)order);
}

static void look_at_date(AdcpValidate *validate) {
  AdcpListingEntry entry;
  AdcpBuf text = {0};
  adcp_listing_describe(&entry, validate->path, validate->head, validate->err);
  if( adcp_clock_is_future(entry.created) ) {
    adcp_buf_appendf(&text, "it is dated in the future, %s", entry.created_at);
    const char *message = adcp_buf_text(&text);
    if( adcp_buf_check(&text, validate->err) ) {
      adcp_findings_add(&validate->findings, ADCP_FINDING_FUTURE, NULL, 0, message, validate->err);
    }
  }
  adcp_buf_free(&text);
  adcp_listing_entry_clear(&entry);
}

static void read_head(AdcpValidate *validate) {
  AdcpDatabaseFigures figures;
  validate->head = adcp_archive_head(validate->archive);
  adcp_metadata_read(&figures, validate->head, &validate->found);
  take_finding(validate, ADCP_FINDING_DAMAGED, NULL, 0);
  validate->has_rows_only = strcmp(figures.backup_type, "data") == 0;
  if( !adcp_legacy_is(validate->head) ) {
    adcp_description_check(validate->head->schema, figures.backup_type, &validate->found);
    take_finding(validate, ADCP_FINDING_DAMAGED, NULL, 0);
  }
  for( size_t i = 0; i < validate->head->warnings.count; i++ ) {
    adcp_findings_add(&validate->findings, ADCP_FINDING_REWRITTEN, NULL, 0,
                      validate->head->warnings.items[i], validate->err);
  }
  if( !validate->err->rc ) look_at_date(validate);
  if( strcmp(validate->level, "quick") != 0 ) vet_schema(validate);
}

/* "latest" becomes the path that it stands for. */
static void find_backup(AdcpValidate *validate, const AdcpRequest *request) {
  char *path = adcp_backup_dir_find(request->config, &validate->db, request->path);
  if( path == NULL ) return;
  adcp_free(validate->path);
  validate->path = path;
}

static void open_progress(AdcpValidate *validate, const AdcpRequest *request) {
  const AdcpArchiveHead *head = validate->head;
  int64_t rows = 0;
  validate->progress =
      adcp_progress_open(request, validate->options, "adcp_validate", validate->err);
  for( size_t i = 0; i < head->table_count; i++ ) rows += head->tables[i].rows;
  adcp_progress_stage(validate->progress, "rows", (int64_t)head->table_count, rows);
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
  validate->config = request->config;
  validate->path = adcp_strdup(request->path);
  if( validate->path == NULL ) adcp_error_nomem(err);
  validate->options = adcp_request_options(request, &adcp_validate_options, err);
  find_backup(validate, request);
  adcp_interrupt_open(&validate->interrupt, &validate->db);
  if( err->rc ) return validate;
  validate->level = adcp_options_text(validate->options, "level", "full");
  validate->threads = (int)adcp_options_integer(validate->options, "threads", ADCP_AUTO_THREADS);
  validate->archive = adcp_archive_reader_open_checked(
      adcp_config_root(request->config), validate->path, validate->threads,
      adcp_interrupt_checkpoint(&validate->interrupt), &validate->found);
  take_reader_finding(validate);
  if( validate->archive && !err->rc ) read_head(validate);
  if( validate->head && !err->rc ) open_progress(validate, request);
  return validate;
}

/* After damage: goes on with the next table, where positions are known. */
static bool go_on(AdcpValidate *validate) {
  take_reader_finding(validate);
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

static void begin_table(AdcpValidate *validate, const AdcpArchiveTable *table) {
  validate->table = (size_t)(table - validate->head->tables);
  adcp_progress_begin_table(validate->progress, table->table->name, table->rows, table->bytes);
}

bool adcp_validate_step(AdcpValidate *validate) {
  if( validate == NULL || validate->err->rc || validate->archive == NULL ) return false;
  if( strcmp(validate->level, "quick") == 0 ) return false;
  for( int i = 0; i < STEP_ROWS; i++ ) {
    switch( adcp_archive_next(validate->archive) ) {
    case ADCP_ARCHIVE_TABLE_BEGIN:
      begin_table(validate, adcp_archive_table(validate->archive));
      break;
    case ADCP_ARCHIVE_ROW: validate->rows += counts(validate); break;
    case ADCP_ARCHIVE_TABLE_END:
      validate->tables += counts(validate);
      adcp_progress_end_table(validate->progress);
      break;
    case ADCP_ARCHIVE_END: return false;
    case ADCP_ARCHIVE_ERROR:
      if( !go_on(validate) ) return false;
    }
  }
  adcp_progress_rows(validate->progress, adcp_archive_row_number(validate->archive), -1);
  return !validate->err->rc;
}

/* ---- the report ---- */

static void write_messages(AdcpValidate *validate, AdcpJsonWriter *w, const char *key,
                           AdcpSeverity severity) {
  const AdcpFindings *findings = &validate->findings;
  adcp_json_key(w, key);
  adcp_json_begin_array(w);
  for( size_t i = 0; i < findings->count; i++ ) {
    if( findings->items[i].severity == severity ) adcp_json_string(w, findings->items[i].message);
  }
  size_t found = severity == ADCP_SEVERITY_ERROR ? findings->errors : findings->warnings;
  if( found > ADCP_MAX_FINDINGS ) {
    char text[80];
    snprintf(text, sizeof text, "and %zu more, which are not listed", found - ADCP_MAX_FINDINGS);
    adcp_json_string(w, text);
  }
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

static void write_report(AdcpValidate *validate, AdcpBuf *report) {
  AdcpJsonWriter w = {report, false};
  adcp_json_begin_object(&w);
  adcp_json_member_bool(&w, "valid", validate->findings.errors == 0);
  write_messages(validate, &w, "errors", ADCP_SEVERITY_ERROR);
  write_messages(validate, &w, "warnings", ADCP_SEVERITY_WARNING);
  adcp_json_member_string(&w, "level", validate->level);
  adcp_json_member_string(&w, "path", validate->path);
  if( validate->head ) write_head(validate, &w);
  adcp_json_member_integer(&w, "duration_ms", adcp_clock_ms() - validate->started_ms);
  adcp_json_end_object(&w);
}

/* Only what reads well is worth a trial, and nobody has said that this is to be trusted. */
static void try_restore(AdcpValidate *validate) {
  bool full = strcmp(validate->level, "full") == 0;
  if( !full || validate->findings.errors || validate->needs_trust ) return;
  bool is_legacy = adcp_legacy_is(validate->head);
  if( validate->has_rows_only && !is_legacy ) {
    adcp_findings_add(&validate->findings, ADCP_FINDING_NOT_TRIED, NULL, 0,
                      "the backup holds rows without definitions; a restore was not tried",
                      validate->err);
    return;
  }
  int64_t max_objects = adcp_options_integer(validate->options, "max_objects", ADCP_MAX_OBJECTS);
  AdcpTrial trial = {.config = validate->config,
                     .path = validate->path,
                     .archive = validate->archive,
                     .threads = validate->threads,
                     .max_objects = max_objects,
                     .options = validate->options,
                     .db = &validate->db,
                     .interrupt = &validate->interrupt,
                     .findings = &validate->findings,
                     .is_legacy = is_legacy,
                     .functions = &validate->functions};
  adcp_trial_restore(&trial);
}

void adcp_validate_finish(AdcpValidate *validate, AdcpBuf *report) {
  if( validate == NULL || validate->err->rc ) return;
  try_restore(validate);
  const AdcpFindings *findings = &validate->findings;
  bool refuse = strcmp(adcp_options_text(validate->options, "on_invalid", "report"), "error") == 0;
  for( size_t i = 0; i < findings->count && refuse; i++ ) {
    if( findings->items[i].severity != ADCP_SEVERITY_ERROR ) continue;
    adcp_error_set(validate->err, ADCP_CORRUPT, "%s", findings->items[i].message);
  }
  if( validate->err->rc == ADCP_OK && report ) write_report(validate, report);
}

const AdcpFindings *adcp_validate_findings(const AdcpValidate *validate) {
  return &validate->findings;
}

void adcp_validate_close(AdcpValidate *validate) {
  if( validate == NULL ) return;
  adcp_progress_close(validate->progress);
  adcp_findings_free(&validate->findings);
  adcp_texts_free(&validate->functions);
  adcp_error_name(validate->err, validate->path);
  adcp_archive_reader_close(validate->archive);
  adcp_interrupt_close(&validate->interrupt);
  adcp_error_clear(&validate->found);
  adcp_options_free(validate->options);
  adcp_free(validate->path);
  adcp_free(validate);
}

void adcp_validate_file(const AdcpRequest *request, const char *path, AdcpError *err) {
  static const char options[] =
      "{\"on_invalid\":\"error\",\"level\":\"standard\",\"progress\":false}";
  AdcpRequest of_file = *request;
  of_file.path = path;
  of_file.options = options;
  of_file.options_size = sizeof options - 1;
  AdcpValidate *validate = adcp_validate_open(&of_file, err);
  while( adcp_validate_step(validate) ) {
  }
  adcp_validate_finish(validate, NULL);
  adcp_validate_close(validate);
}
