/*
** read_ahead.c - the events of an archive reader, made ahead of their use (contract in
** read_ahead.h).
**
**   reader -> [batch being filled] -> queue -> [batch the caller reads] -> back to the queue
**
** A batch is filled by a job of a serial queue, so the reader is used by one thread at a time. A
** batch ends when it is full or at an event that halts: jobs begun after that find the reader
** halted and do nothing, until the caller has gone past the event. Then all batches are back, and
** the first one is filled by the caller itself: a thread is asked for only when a table has more.
**
** Without a thread there are no batches: the caller gets the reader's own events and rows.
**
** The caller's checkpoint is the caller's to look at: while it waits for a batch it does so every few
** milliseconds, and when it is to stop it stops the job, which may be reading text without a row.
*/
#include "archive/read_ahead.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#include "archive/archive_reader.h"
#include "archive/row_batch.h"
#include "base/mem.h"
#include "platform/work_queue.h"

#define BATCHES 3

/* Between two looks at the checkpoint while a job is waited for. */
#define WAIT_MS 20

typedef struct Batch {
  AdcpReadAhead *ahead;
  bool has_end;           /* the batch ends with an event that halts */
  AdcpArchiveEvent end;   /* that event */
  const AdcpValue *large; /* end is ROW: its values, which the reader holds */
  AdcpRowBatch rows;
} Batch;

struct AdcpReadAhead {
  AdcpError *err; /* borrowed */

  /* Used by the job that is running; by the caller when none is. */
  AdcpArchiveReader *archive;
  AdcpError archive_err;
  size_t width;            /* values in a row of the reader's table */
  const AdcpValue *unread; /* a row that the reader stands on and that fitted into no batch yet */
  bool halted;

  /* Makes a job that runs on another thread end with an error. */
  atomic_bool stopped;

  /* The caller's. */
  pthread_t caller;
  AdcpCheckpoint checkpoint; /* xCheck NULL: none, or the reader calls it itself */
  int threads;
  AdcpArchiveEvent event; /* the current one */
  AdcpWorkQueue *queue;   /* NULL: without a thread, and without batches */
  Batch *batches[BATCHES];
  Batch *now;                    /* being read; NULL before the first event */
  size_t row;                    /* in it, the next one */
  int64_t row_number;            /* of the current row, in its table */
  const AdcpArchiveTable *table; /* of the current event */
  const AdcpValue *values;       /* of the current row */
};

/* ---- filling, on any thread ---- */

static void halt(Batch *batch, AdcpArchiveEvent event) {
  batch->has_end = true;
  batch->end = event;
  batch->ahead->halted = true;
}

/* Copies the row; false when the batch is to be handed over first. */
static bool take_row(Batch *batch, const AdcpValue *values) {
  AdcpReadAhead *ahead = batch->ahead;
  ahead->unread = NULL;
  if( adcp_row_batch_add(&batch->rows, values) ) return true;
  if( batch->rows.rows ) {
    ahead->unread = values;
  } else {
    batch->large = values;
    halt(batch, ADCP_ARCHIVE_ROW);
  }
  return false;
}

static void fill_batch(void *argument) {
  Batch *batch = argument;
  AdcpReadAhead *ahead = batch->ahead;
  batch->has_end = false;
  batch->large = NULL;
  adcp_row_batch_clear(&batch->rows, ahead->width);
  if( ahead->halted ) return;
  if( ahead->unread && !take_row(batch, ahead->unread) ) return;
  for( ;; ) {
    AdcpArchiveEvent event = adcp_archive_next(ahead->archive);
    if( event == ADCP_ARCHIVE_ROW ) {
      if( !take_row(batch, adcp_archive_row(ahead->archive)) ) return;
      continue;
    }
    if( event == ADCP_ARCHIVE_TABLE_BEGIN ) {
      ahead->width = adcp_table_value_count(adcp_archive_table(ahead->archive)->table);
    }
    halt(batch, event);
    return;
  }
}

/* ---- batches, by the caller ---- */

/* Gives all batches but the current one to the queue. */
static void start_queue(AdcpReadAhead *ahead) {
  for( size_t i = 0; i < BATCHES; i++ ) {
    if( ahead->batches[i] != ahead->now ) adcp_work_queue_put(ahead->queue, ahead->batches[i]);
  }
}

static void check(AdcpReadAhead *ahead, AdcpError *err) {
  if( ahead->checkpoint.xCheck ) ahead->checkpoint.xCheck(ahead->checkpoint.context, err);
}

/* The reader's checkpoint, on the thread that runs the job. */
static void check_job(void *context, AdcpError *err) {
  AdcpReadAhead *ahead = context;
  if( pthread_equal(ahead->caller, pthread_self()) ) {
    check(ahead, err);
  } else if( atomic_load(&ahead->stopped) ) {
    adcp_error_set(err, ADCP_INTERRUPT, "stopped");
  }
}

/* The oldest job, done; after an error without what is left of it. */
static Batch *take_job(AdcpReadAhead *ahead) {
  while( !adcp_work_queue_wait(ahead->queue, WAIT_MS) ) {
    if( ahead->err->rc == ADCP_OK ) check(ahead, ahead->err);
    if( ahead->err->rc ) atomic_store(&ahead->stopped, true);
  }
  return adcp_work_queue_take(ahead->queue);
}

/* Until no job is left that uses the reader. */
static void take_all(AdcpReadAhead *ahead) {
  while( !adcp_work_queue_empty(ahead->queue) ) take_job(ahead);
}

/* After an event that halted: the jobs behind it did nothing. */
static void go_on(AdcpReadAhead *ahead) {
  take_all(ahead);
  if( ahead->err->rc ) return;
  ahead->halted = false;
  fill_batch(ahead->now);
  if( !ahead->now->has_end ) start_queue(ahead);
}

static void next_batch(AdcpReadAhead *ahead) {
  ahead->row = 0;
  check(ahead, ahead->err);
  if( ahead->now->has_end ) {
    go_on(ahead);
  } else {
    adcp_work_queue_put(ahead->queue, ahead->now);
    ahead->now = take_job(ahead);
  }
}

/* ---- opening and closing ---- */

/* One thread reads ahead, and keeps a processor busy; others inflate for it. One to inflate beside the
** only thread would move each block between processors. */
static void prepare_threads(AdcpReadAhead *ahead, AdcpCheckpoint checkpoint) {
  adcp_archive_set_threads(ahead->archive, ahead->threads - 1);
  ahead->archive->input.checkpoint = (AdcpCheckpoint){ahead, check_job};
  ahead->checkpoint = checkpoint;
  ahead->caller = pthread_self();
  for( size_t i = 0; i < BATCHES; i++ ) {
    Batch *batch = adcp_malloc(sizeof *batch);
    if( batch == NULL ) {
      adcp_error_nomem(ahead->err);
      return;
    }
    ahead->batches[i] = batch;
    batch->ahead = ahead;
  }
  ahead->queue = adcp_work_queue_open_serial(true, BATCHES, fill_batch, ahead->err);
}

/* For the reader that its caller opens next, with the error archive_err. */
static AdcpReadAhead *new_ahead(AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpReadAhead *ahead = adcp_calloc(1, sizeof *ahead);
  if( ahead == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  ahead->err = err;
  return ahead;
}

static AdcpReadAhead *start(AdcpReadAhead *ahead, int threads, AdcpCheckpoint checkpoint) {
  AdcpError *err = ahead->err;
  adcp_error_move(err, &ahead->archive_err);
  if( ahead->archive ) {
    int64_t text_bytes = adcp_archive_head(ahead->archive)->totals.raw_bytes;
    ahead->threads = adcp_threads_for_text(threads, text_bytes);
  }
  if( ahead->threads > 0 ) prepare_threads(ahead, checkpoint);
  if( err->rc == ADCP_OK ) return ahead;
  adcp_read_ahead_close(ahead);
  return NULL;
}

AdcpReadAhead *adcp_read_ahead_open(const AdcpRoot *root, const char *path, int threads,
                                    AdcpCheckpoint checkpoint, AdcpError *err) {
  AdcpReadAhead *ahead = new_ahead(err);
  if( ahead == NULL ) return NULL;
  ahead->archive = adcp_archive_reader_open_checked(root, path, 0, checkpoint, &ahead->archive_err);
  return start(ahead, threads, checkpoint);
}

AdcpReadAhead *adcp_read_ahead_open_again(const AdcpArchiveReader *first, int threads,
                                          AdcpCheckpoint checkpoint, AdcpError *err) {
  AdcpReadAhead *ahead = new_ahead(err);
  if( ahead == NULL ) return NULL;
  ahead->archive = adcp_archive_reader_open_again(first, 0, checkpoint, &ahead->archive_err);
  return start(ahead, threads, checkpoint);
}

void adcp_read_ahead_close(AdcpReadAhead *ahead) {
  if( ahead == NULL ) return;
  atomic_store(&ahead->stopped, true);
  adcp_work_queue_close(ahead->queue);
  for( size_t i = 0; i < BATCHES; i++ ) adcp_free(ahead->batches[i]);
  adcp_archive_reader_close(ahead->archive);
  adcp_error_clear(&ahead->archive_err);
  adcp_free(ahead);
}

/* ---- events ---- */

static AdcpArchiveEvent fail(AdcpReadAhead *ahead) {
  adcp_error_move(ahead->err, &ahead->archive_err);
  return ADCP_ARCHIVE_ERROR;
}

/* An event that the reader stands on, with the values of a ROW. */
static AdcpArchiveEvent take(AdcpReadAhead *ahead, AdcpArchiveEvent event,
                             const AdcpValue *values) {
  if( event == ADCP_ARCHIVE_ERROR ) return fail(ahead);
  if( event == ADCP_ARCHIVE_TABLE_BEGIN ) ahead->row_number = 0;
  if( event == ADCP_ARCHIVE_ROW ) ahead->row_number++;
  ahead->values = values;
  ahead->table = adcp_archive_table(ahead->archive);
  return event;
}

/* The event at the end of the batch; it stays there until the caller goes on. */
static AdcpArchiveEvent take_end(AdcpReadAhead *ahead) {
  const Batch *batch = ahead->now;
  ahead->row = batch->rows.rows + 1;
  return take(ahead, batch->end, batch->large);
}

/* The reader's own event, without a copy. */
static AdcpArchiveEvent next_of_reader(AdcpReadAhead *ahead) {
  AdcpArchiveEvent event = adcp_archive_next(ahead->archive);
  return take(ahead, event, event == ADCP_ARCHIVE_ROW ? adcp_archive_row(ahead->archive) : NULL);
}

static AdcpArchiveEvent next_of_batches(AdcpReadAhead *ahead) {
  if( ahead->now == NULL ) {
    ahead->now = ahead->batches[0];
    go_on(ahead);
  }
  for( ;; ) {
    const Batch *batch = ahead->now;
    if( ahead->row < batch->rows.rows ) {
      ahead->values = batch->rows.values + batch->rows.width * ahead->row++;
      ahead->row_number++;
      return ADCP_ARCHIVE_ROW;
    }
    if( batch->has_end && ahead->row == batch->rows.rows ) return take_end(ahead);
    next_batch(ahead);
    if( ahead->err->rc ) return ADCP_ARCHIVE_ERROR;
  }
}

AdcpArchiveEvent adcp_read_ahead_next(AdcpReadAhead *ahead) {
  ahead->values = NULL;
  ahead->event = ahead->err->rc ? ADCP_ARCHIVE_ERROR
                 : ahead->queue ? next_of_batches(ahead)
                                : next_of_reader(ahead);
  return ahead->event;
}

int adcp_read_ahead_threads(const AdcpReadAhead *ahead) {
  return ahead->threads;
}

const AdcpArchiveHead *adcp_read_ahead_head(const AdcpReadAhead *ahead) {
  return adcp_archive_head(ahead->archive);
}

const AdcpArchiveReader *adcp_read_ahead_archive(const AdcpReadAhead *ahead) {
  return ahead ? ahead->archive : NULL;
}

const AdcpArchiveTable *adcp_read_ahead_table(const AdcpReadAhead *ahead) {
  return ahead->table;
}

const AdcpValue *adcp_read_ahead_row(const AdcpReadAhead *ahead) {
  assert(ahead->values != NULL);
  return ahead->values;
}

int64_t adcp_read_ahead_row_number(const AdcpReadAhead *ahead) {
  return ahead->row_number;
}

void adcp_read_ahead_skip_table(AdcpReadAhead *ahead) {
  assert(ahead->event == ADCP_ARCHIVE_TABLE_BEGIN);
  adcp_archive_skip_table(ahead->archive);
}

void adcp_read_ahead_defer_digest(AdcpReadAhead *ahead) {
  assert(ahead->event == ADCP_ARCHIVE_TABLE_BEGIN);
  adcp_archive_defer_digest(ahead->archive);
}

void adcp_read_ahead_check(AdcpReadAhead *ahead, AdcpError *found) {
  AdcpArchiveEvent event;
  atomic_store(&ahead->stopped, true); /* nobody wants what they read */
  if( ahead->queue ) take_all(ahead);
  atomic_store(&ahead->stopped, false);
  ahead->halted = true;
  adcp_error_clear(&ahead->archive_err);
  adcp_archive_rewind(ahead->archive);
  do {
    event = adcp_archive_next(ahead->archive);
  } while( event != ADCP_ARCHIVE_END && event != ADCP_ARCHIVE_ERROR );
  adcp_error_move(found, &ahead->archive_err);
}
