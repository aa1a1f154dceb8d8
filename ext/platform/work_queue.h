/*
** work_queue.h - jobs done by worker threads, taken back in the order they were put.
**
** One owner puts and takes; workers only run the function on jobs. Bounded: at most `capacity` jobs
** are in the queue. An owner who waits for a job that nobody has begun runs it itself, so that zero
** threads, or threads that get no processor, are never slower than a plain loop. Threads block all
** signals. If threads cannot be started the queue works with fewer, down to none.
*/
#ifndef ADCP_PLATFORM_WORK_QUEUE_H
#define ADCP_PLATFORM_WORK_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct AdcpWorkQueue AdcpWorkQueue;

/* Does one job. Runs on any thread; touches nothing but the job; calls no SQLite but on a connection
** that is the job's own. A failure is recorded in the job. */
typedef void (*AdcpWorkFunction)(void *job);

AdcpWorkQueue *adcp_work_queue_open(int threads, size_t capacity, AdcpWorkFunction function,
                                    AdcpError *err);

/* A queue whose jobs are done one after the other, in the order they were put, by one thread
** (threaded) or the owner: for work that goes on where the last job ended, such as a digest. */
AdcpWorkQueue *adcp_work_queue_open_serial(bool threaded, size_t capacity,
                                           AdcpWorkFunction function, AdcpError *err);
bool adcp_work_queue_full(const AdcpWorkQueue *queue);
bool adcp_work_queue_empty(const AdcpWorkQueue *queue);

/* Puts a job (borrowed until taken). The queue must not be full. */
void adcp_work_queue_put(AdcpWorkQueue *queue, void *job);

/* True when the oldest job is done, so that a take would not wait. */
bool adcp_work_queue_ready(AdcpWorkQueue *queue);

/* The same, after waiting for it at most so long; a job that nobody has begun is done first. */
bool adcp_work_queue_wait(AdcpWorkQueue *queue, int milliseconds);

/* The oldest job, done; waits for it or does it. The queue must not be empty. */
void *adcp_work_queue_take(AdcpWorkQueue *queue);

/* Drops jobs not begun, waits for those begun, joins the threads, frees. NULL is allowed. Jobs stay
** the caller's. */
void adcp_work_queue_close(AdcpWorkQueue *queue);

/* Processors this process may use (sched_getaffinity), at least 1; and those besides the caller's, who
** works too: as many threads as keep all busy. One more made a backup 10 % slower. */
int adcp_processor_count(void);
int adcp_spare_processors(void);

/* Threads for a document of so many bytes of text (0: not known): as many as were asked for, or for
** ADCP_AUTO_THREADS none when it is small, else adcp_spare_processors. */
#define ADCP_AUTO_THREADS (-1)
int adcp_threads_for_text(int asked, int64_t bytes);

#endif
