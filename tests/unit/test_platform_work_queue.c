/*
** test_platform_work_queue.c - jobs come back in order, all of them done once, whatever the threads
** do.
*/
#include "platform/work_queue.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#include "base/mem.h"
#include "unit.h"

#define JOBS 400

typedef struct Job {
  int input;
  int output;
  int runs;
  unsigned pause_us;
} Job;

static Job jobs[JOBS];

static uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static void work(void *argument) {
  Job *job = argument;
  struct timespec pause = {0, (long)job->pause_us * 1000};
  if( job->pause_us ) nanosleep(&pause, NULL);
  job->output = job->input * 3 + 1;
  job->runs++;
}

static void take_one(AdcpWorkQueue *queue, int *taken) {
  Job *job = adcp_work_queue_take(queue);
  CHECK_CASE(job == &jobs[*taken], "job %d", *taken);
  CHECK(job->runs == 1 && job->output == job->input * 3 + 1);
  ++*taken;
}

/* Puts and takes at random, within the bounds. */
static void test_order(int threads, size_t capacity, uint32_t seed) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpWorkQueue *queue = adcp_work_queue_open(threads, capacity, work, &err);
  CHECK(queue && err.rc == ADCP_OK);
  int put = 0, taken = 0;
  for( int i = 0; i < JOBS; i++ ) {
    jobs[i] = (Job){.input = i, .pause_us = threads ? next_random(&seed) % 150 : 0};
  }
  while( taken < JOBS ) {
    bool may_put = put < JOBS && !adcp_work_queue_full(queue);
    if( may_put && (adcp_work_queue_empty(queue) || next_random(&seed) % 3) ) {
      adcp_work_queue_put(queue, &jobs[put++]);
    } else {
      take_one(queue, &taken);
    }
    CHECK((size_t)(put - taken) <= capacity);
  }
  CHECK(adcp_work_queue_empty(queue));
  CHECK(!adcp_work_queue_ready(queue));
  adcp_work_queue_close(queue);
}

/* Waiting ends when the time is over or the job is done; one that nobody has begun is done. */
static void test_wait(int threads, bool is_serial) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpWorkQueue *queue = is_serial ? adcp_work_queue_open_serial(threads > 0, 4, work, &err)
                                   : adcp_work_queue_open(threads, 4, work, &err);
  CHECK(!adcp_work_queue_wait(queue, 0));
  for( int i = 0; i < 3; i++ ) {
    jobs[i] = (Job){.input = i, .pause_us = i == 0 ? 100000 : 0};
    adcp_work_queue_put(queue, &jobs[i]);
  }
  int taken = 0, waits = 0;
  while( taken < 3 ) {
    if( adcp_work_queue_wait(queue, 5) ) {
      CHECK(adcp_work_queue_ready(queue));
      take_one(queue, &taken);
    } else if( ++waits > 100000 ) {
      break;
    }
  }
  CHECK_CASE(taken == 3 && adcp_work_queue_empty(queue), "%d threads: %d", threads, taken);
  adcp_work_queue_close(queue);
}

/* Closing with jobs in the queue drops those not begun and waits for the others. */
static void test_close_early(int threads) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpWorkQueue *queue = adcp_work_queue_open(threads, 16, work, &err);
  for( int i = 0; i < 16; i++ ) {
    jobs[i] = (Job){.input = i, .pause_us = 500};
    adcp_work_queue_put(queue, &jobs[i]);
  }
  CHECK(adcp_work_queue_full(queue));
  adcp_work_queue_close(queue);
  for( int i = 0; i < 16; i++ ) CHECK(jobs[i].runs <= 1);
}

/* ---- one after the other ---- */

static atomic_int running;
static int sequence, overlaps, out_of_order;

static void work_in_turn(void *argument) {
  Job *job = argument;
  if( atomic_fetch_add(&running, 1) != 0 ) overlaps++;
  if( job->input != sequence++ ) out_of_order++; /* no lock: the queue's promise is the lock */
  work(job);
  atomic_fetch_sub(&running, 1);
}

/* The owner takes while the worker runs, and must not run the next job beside it. */
static void test_serial(bool threaded, size_t capacity, unsigned pause_us) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpWorkQueue *queue = adcp_work_queue_open_serial(threaded, capacity, work_in_turn, &err);
  int put = 0, taken = 0;
  sequence = overlaps = out_of_order = 0;
  while( taken < JOBS ) {
    while( put < JOBS && !adcp_work_queue_full(queue) ) {
      jobs[put] = (Job){.input = put, .pause_us = put % 3 ? pause_us : 0};
      adcp_work_queue_put(queue, &jobs[put++]);
    }
    take_one(queue, &taken);
  }
  CHECK(sequence == JOBS && overlaps == 0 && out_of_order == 0);
  adcp_work_queue_close(queue);
}

/* ---- what a worker may not do ---- */

static atomic_int blocked_everywhere = 1;

static void look_at_signals(void *argument) {
  pthread_t *owner = argument;
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  if( !pthread_equal(*owner, pthread_self()) && !sigismember(&mask, SIGINT) ) {
    atomic_store(&blocked_everywhere, 0);
  }
  nanosleep(&(struct timespec){0, 1000000}, NULL);
}

static void test_signals(void) {
  AdcpError err = ADCP_ERROR_INIT;
  pthread_t owner = pthread_self();
  sigset_t before, after;
  pthread_sigmask(SIG_SETMASK, NULL, &before);
  AdcpWorkQueue *queue = adcp_work_queue_open(3, 8, look_at_signals, &err);
  for( int i = 0; i < 8; i++ ) adcp_work_queue_put(queue, &owner);
  for( int i = 0; i < 8; i++ ) adcp_work_queue_take(queue);
  adcp_work_queue_close(queue);
  pthread_sigmask(SIG_SETMASK, NULL, &after);
  CHECK(atomic_load(&blocked_everywhere));
  CHECK(sigismember(&before, SIGINT) == sigismember(&after, SIGINT));
}

/* ---- no memory ---- */

static void *refuse(size_t size) {
  (void)size;
  return NULL;
}
static void *refuse_again(void *old, size_t size) {
  (void)old;
  (void)size;
  return NULL;
}
static void release(void *block) {
  (void)block;
}

static void test_no_memory(void) {
  static const AdcpMemMethods none = {refuse, refuse_again, release};
  AdcpError err = ADCP_ERROR_INIT;
  adcp_mem_replace(&none);
  CHECK(adcp_work_queue_open(2, 4, work, &err) == NULL);
  CHECK(err.rc == ADCP_NOMEM);
  adcp_mem_replace(NULL);
  adcp_error_clear(&err);
  adcp_work_queue_close(NULL);
}

/* None for a small text, unless they are asked for. */
static void test_threads_for_text(void) {
  CHECK(adcp_threads_for_text(ADCP_AUTO_THREADS, 1) == 0);
  CHECK(adcp_threads_for_text(ADCP_AUTO_THREADS, 2 * 1024 * 1024 - 1) == 0);
  CHECK(adcp_threads_for_text(ADCP_AUTO_THREADS, 2 * 1024 * 1024) == adcp_spare_processors());
  CHECK(adcp_threads_for_text(ADCP_AUTO_THREADS, 0) == adcp_spare_processors());
  for( int asked = 0; asked < 4; asked++ ) CHECK(adcp_threads_for_text(asked, 1) == asked);
}

int main(void) {
  test_threads_for_text();
  for( int threads = 0; threads <= 4; threads++ ) {
    test_order(threads, 1, 7u + (uint32_t)threads);
    test_order(threads, (size_t)threads + 2, 11u + (uint32_t)threads);
    test_close_early(threads);
  }
  for( int threads = 0; threads <= 2; threads++ ) {
    test_wait(threads, false);
    test_wait(threads, true);
  }
  test_order(64, 66, 5);
  for( size_t capacity = 1; capacity <= 4; capacity++ ) {
    test_serial(false, capacity, 0);
    test_serial(true, capacity, 0);
    test_serial(true, capacity, 50);
  }
  test_signals();
  test_no_memory();
  CHECK(adcp_processor_count() >= 1);
  return unit_done();
}
