/*
** measure.c - runs one shell command and says what it cost.
**
**   measure COMMAND      prints: exit status, wall s, user s, system s, peak KiB
**
** CPU is that of all processes the command waited for; peak is the largest single one of them. A
** process begins with the peak of the one that started it, so this program is small on purpose: the
** figure of a larger parent (an interpreter) would hide what is looked for.
*/
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds_of(struct timeval time) {
  return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  if( argc != 2 ) {
    fputs("usage: measure COMMAND\n", stderr);
    return 2;
  }
  double start = now();
  pid_t child = fork();
  if( child == 0 ) {
    execlp("bash", "bash", "-o", "pipefail", "-c", argv[1], (char *)NULL);
    _exit(127);
  }
  int status = 0;
  struct rusage usage;
  if( child < 0 || wait4(child, &status, 0, &usage) != child ) {
    perror("measure");
    return 2;
  }
  printf("%d %.4f %.4f %.4f %ld\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128, now() - start,
         seconds_of(usage.ru_utime), seconds_of(usage.ru_stime), usage.ru_maxrss);
  return 0;
}
