/*
** write.c - writes without signals (contract in write.h).
**
** The kernel sends both signals to the thread that writes, so that holding them back there is enough.
** Three system calls more than the write itself: a backup writes blocks, and a log lines.
*/
#include "platform/write.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>

#include "platform/file.h"

/* SIGPIPE and SIGXFSZ on this thread: held back, and what has to be put back. */
typedef struct Held {
  sigset_t before; /* the mask */
  sigset_t ours;   /* not pending before: those were the host's, and stay pending */
} Held;

static void hold(Held *held) {
  static const int numbers[] = {SIGPIPE, SIGXFSZ};
  sigset_t all, pending;
  sigemptyset(&all);
  sigemptyset(&held->ours);
  sigemptyset(&pending);
  sigpending(&pending);
  for( size_t i = 0; i < sizeof numbers / sizeof *numbers; i++ ) {
    sigaddset(&all, numbers[i]);
    if( !sigismember(&pending, numbers[i]) ) sigaddset(&held->ours, numbers[i]);
  }
  pthread_sigmask(SIG_BLOCK, &all, &held->before);
}

/* Takes back what the write left pending. */
static void consume(const Held *held) {
  const struct timespec now = {0, 0};
  while( sigtimedwait(&held->ours, NULL, &now) > 0 || errno == EINTR ) continue;
}

ssize_t adcp_write_some(int fd, const void *bytes, size_t n) {
  Held held;
  hold(&held);
  ssize_t put = adcp_system_calls()->xWrite(fd, bytes, n);
  int error_number = errno;
  /* A pipe that loses its reader in the middle gives a short write, and the signal. */
  if( put < 0 || (size_t)put < n ) consume(&held);
  pthread_sigmask(SIG_SETMASK, &held.before, NULL);
  errno = error_number;
  return put;
}

int adcp_write_all(int fd, const void *bytes, size_t n) {
  const uint8_t *from = bytes;
  while( n > 0 ) {
    ssize_t put = adcp_write_some(fd, from, n);
    if( put > 0 ) {
      from += put;
      n -= (size_t)put;
    } else if( put == 0 ) {
      return EIO;
    } else if( errno != EINTR ) {
      return errno;
    }
  }
  return 0;
}
