/*
** addition.c - the records that the reference runner does not have; sltrun.c describes them.
*/
#include "slt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* adcp:connection NAME [PATH [plain]] */
static bool do_connection(Run *run, Tokens token) {
  char *path = run_expand(run, token[2]);
  bool plain = strcmp(token[3], "plain") == 0;
  bool ok = connection_use(run, token[1], path[0] ? path : NULL, !plain);
  free(path);
  return ok;
}

/* adcp:file exists PATH, adcp:file missing PATH */
static bool do_file(Run *run, Tokens token) {
  bool want = strcmp(token[1], "exists") == 0;
  if( !want && strcmp(token[1], "missing") != 0 ) {
    return run_complain(run, "adcp:file wants \"exists\" or \"missing\"");
  }
  char *path = run_expand(run, script_after_words(run->script.line, 2));
  struct stat info;
  bool is = lstat(path, &info) == 0;
  if( is != want ) run_complain(run, "%s is %s", path, is ? "there" : "not there");
  free(path);
  return is == want;
}

/* The command's output as lines, its standard error with it; returns the exit status. */
static int run_shell(const char *command, Result *lines) {
  char *text = NULL;
  size_t capacity = 0;
  ssize_t n;
  fflush(NULL);
  FILE *pipe = popen(command, "re");
  if( pipe == NULL ) return -1;
  while( (n = getline(&text, &capacity, pipe)) > 0 ) {
    if( text[n - 1] == '\n' ) text[n - 1] = 0;
    result_append(lines, text[0] ? text : "(empty)");
  }
  free(text);
  int status = pclose(pipe);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* adcp:shell STATUS, the command's lines, and the output after "----" if it matters. */
static bool do_shell(Run *run, Tokens token) {
  bool any_failure = strcmp(token[1], "fail") == 0;
  char *end = token[1];
  long want = strtol(token[1], &end, 10);
  bool known = any_failure || (end != token[1] && *end == 0);
  char *script = run_read_query(run);
  /* Other programs load an extension that was built with a sanitizer only where run.sh prepares them. */
  const char *extension = run->extension, *loadable = getenv("ADCP_PROGRAM_SO");
  if( loadable != NULL ) run->extension = loadable;
  char *expanded = run_expand(run, script);
  run->extension = extension;
  char *command = sqlite3_mprintf("exec 2>&1\n%s\n", expanded);
  Result lines = {0};
  bool ok = known;
  if( !known ) run_complain(run, "adcp:shell wants an exit status or \"fail\"");
  if( ok ) {
    int status = run_shell(command, &lines);
    ok = any_failure ? status > 0 : status == want;
    if( !ok ) {
      run_complain(run, "exit status %d, expected %s; the output was:", status, token[1]);
      for( size_t i = 0; i < lines.count; i++ ) fprintf(stderr, "    %s\n", lines.values[i]);
    }
  }
  if( ok && strcmp(run->script.line, "----") == 0 ) ok = run_compare(run, &lines);
  result_free(&lines);
  sqlite3_free(command);
  free(expanded);
  free(script);
  return ok;
}

bool addition_run(Run *run, Tokens token, bool *ok, bool *counts) {
  *counts = true;
  if( strcmp(token[0], "adcp:connection") == 0 ) {
    *ok = do_connection(run, token);
    *counts = !*ok;
  } else if( strcmp(token[0], "adcp:close") == 0 ) {
    *ok = connection_close(run, token[1]);
    *counts = !*ok;
  } else if( strcmp(token[0], "adcp:file") == 0 ) {
    *ok = do_file(run, token);
  } else if( strcmp(token[0], "adcp:shell") == 0 ) {
    *ok = do_shell(run, token);
  } else {
    return false;
  }
  return true;
}
