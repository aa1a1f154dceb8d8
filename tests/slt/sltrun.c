/*
** sltrun.c - runs sqllogictest scripts against SQLite with the extension loaded.
**
**   sltrun [--strict] [--extension SO] [--keep] [-ht N] SCRIPT...
**
** Records of sqllogictest, with the meaning that SQLite's own runner gives them:
**
**   statement ok | error              SQL up to a blank line
**   query TYPES [nosort | rowsort | valuesort] [label]
**                                     SQL, "----", the values one a line; or, when there are more
**                                     than the threshold, "N values hashing to MD5"
**   hash-threshold N                  8 until set, 0 for never
**   skipif NAME, onlyif NAME          before a record; our name is "sqlite"
**   halt                              ends the script
**
** Each script gets a scratch folder and the connection "main" on test.db in it. Without --strict:
**
**   ${DIR}, ${SO}, ${ROOT}            in SQL, commands, paths and values: the scratch folder, the
**                                     extension's file, the value of ADCP_ROOT
**   statement error TEXT              the message must contain TEXT, or match /REGEX/ (POSIX,
**                                     extended)
**   adcp:connection NAME [PATH [plain]]
**                                     what follows runs on NAME, opened first if it is not open:
**                                     at PATH, or test.db; "plain" is without the extension
**   adcp:close NAME                   closes a connection
**   adcp:file exists | missing PATH
**   adcp:shell STATUS | fail          a command for sh up to a blank line or "----"; then, if it
**                                     matters, its output: both streams, an empty line is
**                                     "(empty)"
**
** and three things that the reference lets pass are failures: values that are missing or too many,
** an error while a query is stepped, and a second statement in a query.
**
** A failure is printed as file:line, what was expected and what came. The last line is "N passed,
** N failed", counted in records that test something.
*/
#include "slt.h"

#include <ftw.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define DEFAULT_HASH_THRESHOLD 8 /* the reference runner's */
#define SHOWN_VALUES           20
#define LABEL_CHARACTERS       20 /* the reference cuts the label of a query that it runs */

static const char engine_name[] = "sqlite";

bool run_complain(const Run *run, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fprintf(stderr, "%s:%d: ", run->script.path, run->record_line);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  return false;
}

static void out_of_memory(void) {
  fputs("out of memory\n", stderr);
  exit(2);
}

/* ---- text ---- */

/* The value of "${NAME}" at text, or NULL; *length is that of the name with its brackets. */
static const char *variable_at(const Run *run, const char *text, size_t *length) {
  const char *root = getenv("ADCP_ROOT");
  const struct {
    const char *name;
    const char *value;
  } variables[] = {
      {"${DIR}", run->dir},
      {"${SO}", run->extension ? run->extension : ""},
      {"${ROOT}", root ? root : "."},
  };
  for( size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++ ) {
    *length = strlen(variables[i].name);
    if( strncmp(text, variables[i].name, *length) == 0 ) return variables[i].value;
  }
  return NULL;
}

char *run_expand(const Run *run, const char *text) {
  char *expanded = NULL;
  size_t size, length;
  FILE *out = open_memstream(&expanded, &size);
  if( out == NULL ) out_of_memory();
  while( *text != 0 ) {
    const char *value = run->strict ? NULL : variable_at(run, text, &length);
    if( value != NULL ) {
      fputs(value, out);
      text += length;
    } else {
      fputc(*text++, out);
    }
  }
  if( fclose(out) != 0 ) out_of_memory();
  return expanded;
}

static void append_line(const Run *run, FILE *out) {
  if( ftell(out) > 0 ) fputc('\n', out);
  fputs(run->script.line, out);
}

char *run_read_statement(Run *run) {
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  if( out == NULL ) out_of_memory();
  while( script_next_line(&run->script) && run->script.line[0] != 0 ) append_line(run, out);
  if( fclose(out) != 0 ) out_of_memory();
  return text;
}

char *run_read_query(Run *run) {
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  if( out == NULL ) out_of_memory();
  while( !script_next_is_blank(&run->script) && script_next_line(&run->script) &&
         run->script.line[0] != 0 && strcmp(run->script.line, "----") != 0 ) {
    append_line(run, out);
  }
  if( fclose(out) != 0 ) out_of_memory();
  return text;
}

/* ---- statements ---- */

/* TEXT is part of the message, or /REGEX/ matches it. */
static bool message_matches(const Run *run, const char *pattern, const char *message) {
  size_t n = strlen(pattern);
  if( n < 3 || pattern[0] != '/' || pattern[n - 1] != '/' ) {
    return strstr(message, pattern) != NULL;
  }
  char *inner = strndup(pattern + 1, n - 2);
  regex_t regex;
  if( inner == NULL ) out_of_memory();
  bool ok = regcomp(&regex, inner, REG_EXTENDED | REG_NOSUB) == 0;
  if( ok ) {
    ok = regexec(&regex, message, 0, NULL, 0) == 0;
    regfree(&regex);
  } else {
    run_complain(run, "not a regular expression: %s", inner);
  }
  free(inner);
  return ok;
}

static bool judge_statement(const Run *run, Tokens token, const char *pattern, int rc,
                            const char *message) {
  if( strcmp(token[1], "ok") == 0 ) {
    return rc == SQLITE_OK || run_complain(run, "statement failed: %s (code %d)", message, rc);
  }
  if( strcmp(token[1], "error") != 0 ) {
    return run_complain(run, "a statement is \"ok\" or \"error\", not \"%s\"", token[1]);
  }
  if( rc == SQLITE_OK ) return run_complain(run, "statement passed, expected an error");
  if( run->strict || pattern[0] == 0 || message_matches(run, pattern, message) ) return true;
  return run_complain(run, "another error\n    expected: %s\n    got:      %s", pattern, message);
}

static bool run_statement(Run *run, Tokens token) {
  char *pattern = run_expand(run, script_after_words(run->script.line, 2));
  char *script_sql = run_read_statement(run);
  char *sql = run_expand(run, script_sql);
  char *message = NULL;
  int rc = sqlite3_exec(run->db, sql, NULL, NULL, &message);
  bool ok = judge_statement(run, token, pattern, rc, message ? message : sqlite3_errstr(rc));
  sqlite3_free(message);
  free(sql);
  free(script_sql);
  free(pattern);
  return ok;
}

/* ---- queries ---- */

static bool types_known(const Run *run, const char *types) {
  size_t good = strspn(types, "TIR");
  if( types[good] != 0 ) return run_complain(run, "unknown type letter '%c'", types[good]);
  return true;
}

/* True when SQL holds another statement. */
static bool has_statement(sqlite3 *db, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  bool is = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK || stmt != NULL;
  sqlite3_finalize(stmt);
  return is;
}

static bool fetch(const Run *run, const char *sql, const char *types, Result *result) {
  sqlite3_stmt *stmt = NULL;
  const char *tail = NULL;
  int rc = sqlite3_prepare_v2(run->db, sql, -1, &stmt, &tail);
  if( rc != SQLITE_OK ) return run_complain(run, "query failed: %s", sqlite3_errmsg(run->db));
  bool ok = sqlite3_column_count(stmt) == (int)strlen(types);
  if( !ok ) {
    run_complain(run, "the query has %d columns, expected %d", sqlite3_column_count(stmt),
                 (int)strlen(types));
  }
  while( ok && (rc = sqlite3_step(stmt)) == SQLITE_ROW ) result_append_row(result, stmt, types);
  if( ok && !run->strict && rc != SQLITE_DONE ) {
    ok = run_complain(run, "query failed: %s", sqlite3_errmsg(run->db));
  }
  sqlite3_finalize(stmt);
  if( ok && !run->strict && has_statement(run->db, tail) ) {
    ok = run_complain(run, "a query is one statement; behind it stands: %s", tail);
  }
  return ok;
}

static bool sort_result(const Run *run, const char *method, const char *types, Result *result) {
  if( method[0] == 0 || strcmp(method, "nosort") == 0 ) return true;
  if( strcmp(method, "rowsort") == 0 ) {
    result_sort(result, strlen(types));
  } else if( strcmp(method, "valuesort") == 0 ) {
    result_sort(result, 1);
  } else {
    return run_complain(run, "unknown sort method \"%s\"", method);
  }
  return true;
}

/* Results of one label must be the same; the first one that is seen sets it. */
static bool label_agrees(Run *run, const char *name, const char *hash) {
  for( Label *at = run->labels; at != NULL; at = at->next ) {
    if( strcmp(at->name, name) != 0 ) continue;
    if( strcmp(at->hash, hash) == 0 ) return true;
    return run_complain(run, "the result of label \"%s\" is not what it was before", name);
  }
  Label *added = calloc(1, sizeof(*added));
  if( added == NULL ) out_of_memory();
  snprintf(added->name, sizeof(added->name), "%s", name);
  snprintf(added->hash, sizeof(added->hash), "%s", hash);
  added->next = run->labels;
  run->labels = added;
  return true;
}

static void print_values(const char *title, const Result *values) {
  fprintf(stderr, "    %s (%zu):\n", title, values->count);
  for( size_t i = 0; i < values->count && i < SHOWN_VALUES; i++ ) {
    fprintf(stderr, "      %s\n", values->values[i]);
  }
  if( values->count > SHOWN_VALUES ) fputs("      ...\n", stderr);
}

/* The reference compares as far as both go; without --strict both must end together. */
static bool same_values(const Run *run, const Result *expected, const Result *got, size_t *at) {
  size_t shorter = expected->count < got->count ? expected->count : got->count;
  for( *at = 0; *at < shorter; ++*at ) {
    if( strcmp(expected->values[*at], got->values[*at]) != 0 ) return false;
  }
  return run->strict || expected->count == got->count;
}

bool run_compare(Run *run, const Result *got) {
  Result expected = {0};
  size_t at = 0;
  /* A query without "----" expects nothing; the reference then takes its last line of SQL. */
  bool dashes = strcmp(run->script.line, "----") == 0;
  if( dashes ) script_next_line(&run->script);
  if( dashes || run->strict ) {
    for( ; run->script.line[0] != 0; script_next_line(&run->script) ) {
      char *line = run_expand(run, run->script.line);
      result_append(&expected, line);
      free(line);
    }
  }
  bool ok = same_values(run, &expected, got, &at);
  if( !ok ) {
    run_complain(run, "wrong result from value %zu on", at + 1);
    print_values("expected", &expected);
    print_values("got", got);
  }
  result_free(&expected);
  return ok;
}

/* Above the threshold the hash stands for the values. */
static bool compare_hash(Run *run, const Result *result, const char *hash) {
  char line[80];
  snprintf(line, sizeof(line), "%zu values hashing to %s", result->count, hash);
  if( strcmp(run->script.line, "----") == 0 ) script_next_line(&run->script);
  if( strcmp(run->script.line, line) == 0 ) return true;
  run_complain(run, "wrong result hash\n    expected: %s\n    got:      %s", run->script.line,
               line);
  print_values("values", result);
  return false;
}

static bool judge_query(Run *run, Tokens token, Result *result) {
  char hash[RESULT_HASH_TEXT];
  bool ok = sort_result(run, token[2], token[1], result);
  result_hash(result, hash);
  token[3][LABEL_CHARACTERS] = 0;
  if( token[3][0] != 0 && !label_agrees(run, token[3], hash) ) ok = false;
  if( run->hash_threshold > 0 && result->count > (size_t)run->hash_threshold ) {
    return compare_hash(run, result, hash) && ok;
  }
  return run_compare(run, result) && ok;
}

static bool run_query(Run *run, Tokens token) {
  if( !types_known(run, token[1]) ) return false;
  char *script_sql = run_read_query(run);
  char *sql = run_expand(run, script_sql);
  Result result = {0};
  bool ok = fetch(run, sql, token[1], &result) && judge_query(run, token, &result);
  result_free(&result);
  free(sql);
  free(script_sql);
  return ok;
}

/* A query that is skipped still says what the results of its label are. */
static bool check_skipped_label(Run *run, Tokens token) {
  char hash[RESULT_HASH_TEXT];
  Result expected = {0};
  free(run_read_query(run));
  if( strcmp(run->script.line, "----") == 0 ) script_next_line(&run->script);
  if( run->script.line[0] == 0 ) return true;
  if( sscanf(run->script.line, "%*d values hashing to %32s", hash) != 1 ) {
    for( ; run->script.line[0] != 0; script_next_line(&run->script) ) {
      result_append(&expected, run->script.line);
    }
    result_hash(&expected, hash);
    result_free(&expected);
  }
  return label_agrees(run, token[3], hash);
}

/* ---- records ---- */

typedef enum Verdict { NEUTRAL, PASSED, FAILED, FAILED_STOP, STOP } Verdict;

static Verdict verdict_of(bool ok) {
  return ok ? PASSED : FAILED;
}

/* Goes over the conditions in front of a record; true when the record is not for us. */
static bool skip_conditions(Run *run, Tokens token) {
  bool skip = false;
  while( strcmp(token[0], "skipif") == 0 || strcmp(token[0], "onlyif") == 0 ) {
    bool ours = strcasecmp(token[1], engine_name) == 0;
    if( ours == (token[0][0] == 's') ) skip = true;
    script_next_line(&run->script);
    script_tokens(&run->script, token);
    run->record_line = run->script.number;
  }
  return skip;
}

static Verdict run_skipped(Run *run, Tokens token) {
  if( strcmp(token[0], "query") != 0 || token[3][0] == 0 ) return NEUTRAL;
  return check_skipped_label(run, token) ? NEUTRAL : FAILED;
}

static Verdict run_record(Run *run) {
  Tokens token;
  bool ok, counts;
  run->record_line = run->script.number;
  script_tokens(&run->script, token);
  if( skip_conditions(run, token) ) return run_skipped(run, token);
  if( strcmp(token[0], "hash-threshold") == 0 ) {
    if( !run->threshold_fixed ) run->hash_threshold = (int)strtol(token[1], NULL, 10);
    return NEUTRAL;
  }
  if( strcmp(token[0], "halt") == 0 ) {
    printf("%s:%d: halt\n", run->script.path, run->record_line);
    return STOP;
  }
  if( !run->strict && addition_run(run, token, &ok, &counts) ) {
    return counts ? verdict_of(ok) : NEUTRAL;
  }
  bool statement = strcmp(token[0], "statement") == 0;
  if( !statement && strcmp(token[0], "query") != 0 ) {
    run_complain(run, "unknown record \"%s\"; the rest of the script is not run", token[0]);
    return FAILED_STOP;
  }
  if( !statement && token[1][0] == 0 ) {
    run_complain(run, "a query without types; the rest of the script is not run");
    return FAILED_STOP;
  }
  if( run->db == NULL ) return verdict_of(run_complain(run, "the connection was closed"));
  return verdict_of(statement ? run_statement(run, token) : run_query(run, token));
}

static void run_records(Run *run) {
  Verdict verdict = NEUTRAL;
  while( verdict != STOP && verdict != FAILED_STOP && script_next_record(&run->script) ) {
    verdict = run_record(run);
    if( verdict == PASSED ) run->passed++;
    if( verdict == FAILED || verdict == FAILED_STOP ) run->failed++;
  }
}

/* ---- scripts ---- */

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *place) {
  (void)info;
  (void)type;
  (void)place;
  return remove(path);
}

static bool make_scratch(Run *run) {
  const char *parent = getenv("TMPDIR");
  int n = snprintf(run->dir, sizeof(run->dir), "%s/slt.XXXXXX", parent ? parent : "/tmp");
  if( n < (int)sizeof(run->dir) && mkdtemp(run->dir) != NULL ) return true;
  run->dir[0] = 0;
  return run_complain(run, "no scratch folder below %s", parent ? parent : "/tmp");
}

static void remove_scratch(const Run *run) {
  if( run->dir[0] == 0 ) return;
  if( run->keep )
    printf("%s: scratch folder %s\n", run->script.path, run->dir);
  else
    nftw(run->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* One script from a fresh state; adds its counts. What goes wrong outside a record counts as one
** failure. */
static void run_script(const Run *options, const char *path, long *passed, long *failed) {
  Run run = *options;
  bool ok = script_open(&run.script, path) && make_scratch(&run) &&
            connection_use(&run, "main", NULL, true);
  if( ok ) run_records(&run);
  if( !connection_close_all(&run) ) ok = false;
  remove_scratch(&run);
  while( run.labels != NULL ) {
    Label *next = run.labels->next;
    free(run.labels);
    run.labels = next;
  }
  script_close(&run.script);
  *passed += run.passed;
  *failed += run.failed + (ok ? 0 : 1);
}

static int usage(void) {
  fputs("usage: sltrun [--strict] [--extension SO] [--keep] [-ht N] SCRIPT...\n", stderr);
  return 2;
}

/* Reads the options into *options; returns the index of the first script, or 0. */
static int read_options(int argc, char **argv, Run *options) {
  int i = 1;
  for( ; i < argc && argv[i][0] == '-'; i++ ) {
    const char *name = argv[i] + (argv[i][1] == '-' ? 2 : 1);
    if( strcmp(name, "strict") == 0 )
      options->strict = true;
    else if( strcmp(name, "keep") == 0 )
      options->keep = true;
    else if( strcmp(name, "extension") == 0 && i + 1 < argc )
      options->extension = argv[++i];
    else if( strcmp(name, "ht") == 0 && i + 1 < argc ) {
      options->hash_threshold = (int)strtol(argv[++i], NULL, 10);
      options->threshold_fixed = true;
    } else
      return 0;
  }
  return i < argc ? i : 0;
}

int main(int argc, char **argv) {
  Run options = {.hash_threshold = DEFAULT_HASH_THRESHOLD};
  long passed = 0, failed = 0;
  int first = read_options(argc, argv, &options);
  if( first == 0 ) return usage();
  for( int i = first; i < argc; i++ ) run_script(&options, argv[i], &passed, &failed);
  fflush(stderr);
  printf("%ld passed, %ld failed\n", passed, failed);
  return failed ? 1 : 0;
}
