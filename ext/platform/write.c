/*
** write.c - writes without signals (contract in write.h).
**
** The kernel sends both signals to the thread that writes, so that holding them back there is enough.
** Three system calls more than the write itself: a backup writes blocks, and a log lines.
*/
#include "platform/write.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
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

/* Writes on from *done up to n. 0 at the end, or an errno: EAGAIN where the stream has no room now. */
static int write_on(int fd, const void *bytes, size_t n, size_t *done) {
  while( *done < n ) {
    ssize_t put = adcp_write_some(fd, (const uint8_t *)bytes + *done, n - *done);
    if( put > 0 ) {
      *done += (size_t)put;
    } else if( put == 0 ) {
      return EIO;
    } else if( errno != EINTR ) {
      return errno;
    }
  }
  return 0;
}

int adcp_write_all(int fd, const void *bytes, size_t n) {
  size_t done = 0;
  return write_on(fd, bytes, n, &done);
}

/* Until there is room. An end of the other side is found by the write. 0 also when the checkpoint set err. */
static int wait_for_room(int fd, const AdcpCheckpoint *checkpoint, AdcpError *err) {
  struct pollfd room = {.fd = fd, .events = POLLOUT};
  int ready = adcp_system_calls()->xPoll(&room, 1, 0);
  while( ready <= 0 && err->rc == ADCP_OK ) {
    if( ready < 0 && errno != EINTR ) return errno;
    if( checkpoint->xCheck ) checkpoint->xCheck(checkpoint->context, err);
    if( err->rc == ADCP_OK ) ready = adcp_system_calls()->xPoll(&room, 1, ADCP_WAIT_MS);
  }
  return 0;
}

/* What is written at once. A descriptor that blocks is not ours to change, and waits within the call for
** room for all of it: a pipe that has room at all has it for PIPE_BUF bytes. */
static size_t piece_of(int fd, size_t n) {
  int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_NONBLOCK) ? n : PIPE_BUF;
}

int adcp_write_stream(int fd, const void *bytes, size_t n, const AdcpCheckpoint *checkpoint,
                      AdcpError *err) {
  size_t piece = piece_of(fd, n);
  size_t done = 0;
  int error_number = 0;
  while( done < n && (error_number == 0 || error_number == EAGAIN) ) {
    error_number = wait_for_room(fd, checkpoint, err);
    if( error_number || err->rc ) return error_number;
    size_t to = n - done > piece ? done + piece : n;
    error_number = write_on(fd, bytes, to, &done);
  }
  return error_number;
}
