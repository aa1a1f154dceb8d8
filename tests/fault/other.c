/*
** other.c - a second process with a connection of its own (contract in other.h).
**
** A request is a letter and a text that ends with a zero byte; the answer is one byte.
*/
#include "other.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int to_other = -1;

static void serve(int socket) {
  char request[1024];
  sqlite3 *db = NULL;
  for( ssize_t n; (n = read(socket, request, sizeof request)) > 0; ) {
    switch( request[0] ) {
    case 'o': sqlite3_open(request + 1, &db); break;
    case 'r': sqlite3_exec(db, request + 1, NULL, NULL, NULL); break;
    case 'c':
      sqlite3_close(db);
      db = NULL;
      break;
    }
    if( write(socket, "", 1) != 1 ) break;
  }
  _exit(0);
}

void other_start(void) {
  int pair[2];
  if( socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0 ) {
    perror("socketpair");
    exit(2);
  }
  fflush(stdout);
  if( fork() == 0 ) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(pair[0]);
    serve(pair[1]);
  }
  close(pair[1]);
  to_other = pair[0];
}

static void request(char what, const char *text) {
  char message[1024], answer;
  int n = snprintf(message, sizeof message, "%c%s", what, text);
  if( write(to_other, message, (size_t)n + 1) != n + 1 || read(to_other, &answer, 1) != 1 ) {
    fprintf(stderr, "the other process is gone\n");
    exit(2);
  }
}

void other_open(const char *path) {
  request('o', path);
}

void other_run(const char *sql) {
  request('r', sql);
}

void other_close(void) {
  request('c', "");
}
