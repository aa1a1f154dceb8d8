/*
** work_queue.c - ordered jobs on worker threads (contract in work_queue.h).
**
** A ring of slots with three counters that only grow:
**
**     head <= begun <= tail       slot i is at i modulo capacity
**     [head, begun)               running or done
**     [begun, tail)               nobody has begun them
**
** One mutex guards begun, tail and the slots' marks; head is the owner's alone. Threads are started
** when a job is put that no idle thread waits for: short work costs no thread. While the owner
** waits for the oldest job it does others that nobody has begun; in a serial queue only while none
** is running.
*/
#include "platform/work_queue.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>

#include "base/limits.h"
#include "base/mem.h"

/* Text of a document below which threads take longer to start and to wake than they help a reader: 1.2 MB
** are restored in 15 ms instead of 19 ms without, 5.4 MB in 55 ms instead of 48 ms. */
#define SMALL_BYTES (2 * 1024 * 1024)

typedef struct Slot {
  void *job;
  bool is_done;
} Slot;

struct AdcpWorkQueue {
  AdcpWorkFunction function;
  pthread_mutex_t mutex;
  pthread_cond_t work; /* a job was put, or the queue closes */
  pthread_cond_t done; /* a job was done */
  Slot *slots;
  size_t capacity;
  uint64_t head, begun, tail;
  int idle;         /* threads that wait for work */
  int thread_count; /* started */
  int max_threads;  /* may be started */
  bool is_serial;
  bool is_busy; /* serial: a job is running */
  bool is_closing;
  pthread_t threads[ADCP_MAX_THREADS];
};

static Slot *slot_at(AdcpWorkQueue *queue, uint64_t index) {
  return &queue->slots[index % queue->capacity];
}

/* True when there is a job that may be begun. */
static bool can_begin(const AdcpWorkQueue *queue) {
  return queue->begun < queue->tail && !queue->is_busy;
}

/* Does the oldest job that nobody has begun. Called and returns with the mutex held. */
static void do_next(AdcpWorkQueue *queue) {
  Slot *slot = slot_at(queue, queue->begun++);
  queue->is_busy = queue->is_serial;
  pthread_mutex_unlock(&queue->mutex);
  queue->function(slot->job);
  pthread_mutex_lock(&queue->mutex);
  queue->is_busy = false;
  slot->is_done = true;
}

/* A thread that found a serial queue busy waits until it is told. */
static void do_next_by_owner(AdcpWorkQueue *queue) {
  do_next(queue);
  if( queue->is_serial && can_begin(queue) ) pthread_cond_signal(&queue->work);
}

static void *worker(void *argument) {
  AdcpWorkQueue *queue = argument;
  pthread_mutex_lock(&queue->mutex);
  while( !queue->is_closing ) {
    if( !can_begin(queue) ) {
      queue->idle++;
      pthread_cond_wait(&queue->work, &queue->mutex);
      queue->idle--;
    } else {
      do_next(queue);
      pthread_cond_signal(&queue->done);
    }
  }
  pthread_mutex_unlock(&queue->mutex);
  return NULL;
}

/* Starts one more thread, with all signals blocked: they are the host's to handle. When that is
** impossible the queue goes on with those it has. */
static void start_thread(AdcpWorkQueue *queue) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  if( pthread_create(&queue->threads[queue->thread_count], NULL, worker, queue) == 0 ) {
    queue->thread_count++;
  } else {
    queue->max_threads = queue->thread_count;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Sets up what needs a destructor; false when the system has no resources for it. */
static bool init_locks(AdcpWorkQueue *queue) {
  if( pthread_mutex_init(&queue->mutex, NULL) != 0 ) return false;
  if( pthread_cond_init(&queue->work, NULL) == 0 ) {
    if( pthread_cond_init(&queue->done, NULL) == 0 ) return true;
    pthread_cond_destroy(&queue->work);
  }
  pthread_mutex_destroy(&queue->mutex);
  return false;
}

AdcpWorkQueue *adcp_work_queue_open(int threads, size_t capacity, AdcpWorkFunction function,
                                    AdcpError *err) {
  assert(threads >= 0 && threads <= ADCP_MAX_THREADS && capacity > 0);
  if( err->rc != ADCP_OK ) return NULL;
  AdcpWorkQueue *queue = adcp_calloc(1, sizeof *queue);
  Slot *slots = adcp_calloc(capacity, sizeof *slots);
  if( queue == NULL || slots == NULL || !init_locks(queue) ) {
    adcp_free(queue);
    adcp_free(slots);
    adcp_error_nomem(err);
    return NULL;
  }
  queue->function = function;
  queue->slots = slots;
  queue->capacity = capacity;
  queue->max_threads = threads;
  return queue;
}

AdcpWorkQueue *adcp_work_queue_open_serial(bool threaded, size_t capacity,
                                           AdcpWorkFunction function, AdcpError *err) {
  AdcpWorkQueue *queue = adcp_work_queue_open(threaded, capacity, function, err);
  if( queue ) queue->is_serial = true;
  return queue;
}

bool adcp_work_queue_full(const AdcpWorkQueue *queue) {
  return queue->tail - queue->head == queue->capacity;
}

bool adcp_work_queue_empty(const AdcpWorkQueue *queue) {
  return queue->tail == queue->head;
}

void adcp_work_queue_put(AdcpWorkQueue *queue, void *job) {
  assert(!adcp_work_queue_full(queue));
  pthread_mutex_lock(&queue->mutex);
  Slot *slot = slot_at(queue, queue->tail++);
  slot->job = job;
  slot->is_done = false;
  bool is_short_of_threads = (uint64_t)queue->idle < queue->tail - queue->begun;
  pthread_cond_signal(&queue->work);
  pthread_mutex_unlock(&queue->mutex);
  if( is_short_of_threads && queue->thread_count < queue->max_threads ) start_thread(queue);
}

bool adcp_work_queue_ready(AdcpWorkQueue *queue) {
  if( adcp_work_queue_empty(queue) ) return false;
  pthread_mutex_lock(&queue->mutex);
  bool is_ready = slot_at(queue, queue->head)->is_done;
  pthread_mutex_unlock(&queue->mutex);
  return is_ready;
}

static struct timespec time_in(int milliseconds) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  at.tv_sec += milliseconds / 1000;
  at.tv_nsec += milliseconds % 1000 * 1000000L;
  if( at.tv_nsec >= 1000000000L ) {
    at.tv_nsec -= 1000000000L;
    at.tv_sec++;
  }
  return at;
}

bool adcp_work_queue_wait(AdcpWorkQueue *queue, int milliseconds) {
  if( adcp_work_queue_empty(queue) ) return false;
  struct timespec until = time_in(milliseconds);
  pthread_mutex_lock(&queue->mutex);
  const Slot *oldest = slot_at(queue, queue->head);
  if( !oldest->is_done && can_begin(queue) ) do_next_by_owner(queue);
  int rc = 0;
  while( !oldest->is_done && rc == 0 ) {
    rc = pthread_cond_timedwait(&queue->done, &queue->mutex, &until);
  }
  bool is_done = oldest->is_done;
  pthread_mutex_unlock(&queue->mutex);
  return is_done;
}

void *adcp_work_queue_take(AdcpWorkQueue *queue) {
  assert(!adcp_work_queue_empty(queue));
  pthread_mutex_lock(&queue->mutex);
  Slot *oldest = slot_at(queue, queue->head);
  while( !oldest->is_done ) {
    if( can_begin(queue) ) {
      do_next_by_owner(queue);
    } else {
      pthread_cond_wait(&queue->done, &queue->mutex);
    }
  }
  pthread_mutex_unlock(&queue->mutex);
  queue->head++;
  return oldest->job;
}

void adcp_work_queue_close(AdcpWorkQueue *queue) {
  if( queue == NULL ) return;
  pthread_mutex_lock(&queue->mutex);
  queue->is_closing = true;
  pthread_cond_broadcast(&queue->work);
  pthread_mutex_unlock(&queue->mutex);
  for( int i = 0; i < queue->thread_count; i++ ) pthread_join(queue->threads[i], NULL);
  pthread_cond_destroy(&queue->done);
  pthread_cond_destroy(&queue->work);
  pthread_mutex_destroy(&queue->mutex);
  adcp_free(queue->slots);
  adcp_free(queue);
}

int adcp_processor_count(void) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if( sched_getaffinity(0, sizeof set, &set) != 0 ) return 1;
  int count = CPU_COUNT(&set);
  return count > 0 ? count : 1;
}

int adcp_spare_processors(void) {
  return adcp_processor_count() - 1;
}

int adcp_threads_for_text(int asked, int64_t bytes) {
  if( asked >= 0 ) return asked;
  return bytes > 0 && bytes < SMALL_BYTES ? 0 : adcp_spare_processors();
}
