/*
** call.h - what every scalar function does around its operation: read arguments, hand out the
** result.
**
**     AdcpCall call;
**     adcp_call_begin(&call, context, "adcp_backup");
**     adcp_call_path(&call, argv[0], ADCP_ARGUMENT_REQUIRED);
**     ... the operation, with call.request, call.report and call.err ...
**     adcp_call_end(&call);
**
** A function's user data is the AdcpConfig of its connection. Errors are SQL errors under the
** function's name, and also go to SQLite's log; operations are written to the log_file too.
*/
#ifndef ADCP_SQL_CALL_H
#define ADCP_SQL_CALL_H

#include "base/buf.h"
#include "ops/request.h"

typedef struct AdcpCall {
  sqlite3_context *context;
  const char *function;
  AdcpRequest request;
  AdcpBuf report; /* JSON: the result */
  AdcpError err;
  int64_t started_ms;
  bool in_transaction; /* of the caller, when the call began */
} AdcpCall;

typedef enum AdcpArgument { ADCP_ARGUMENT_REQUIRED, ADCP_ARGUMENT_OPTIONAL } AdcpArgument;

void adcp_call_begin(AdcpCall *call, sqlite3_context *context, const char *function);

/* The path of a file, and the options, from an argument; OPTIONAL lets NULL be no path. */
void adcp_call_path(AdcpCall *call, sqlite3_value *value, AdcpArgument presence);
void adcp_call_options(AdcpCall *call, sqlite3_value *value);

/* Any argument (number: from 1) as text, borrowed; NULL for NULL, and on error. A NUL character is one: C
** would read another text than SQL has. */
const char *adcp_argument_text(sqlite3_value *value, int number, AdcpError *err);

/* Sets the result, the report or the error, and frees both. */
void adcp_call_end(AdcpCall *call);

/* The same when the function has set its result itself; an error still wins. */
void adcp_call_end_with_result(AdcpCall *call);

/* The same for a long operation, which the log_file tells of. */
void adcp_call_end_logged(AdcpCall *call);

/* SQLite ends a transaction at an I/O error, also where it was only read: adds that to the error of
** a call that began in a transaction of the caller, when it is gone. Restores say so themselves. */
void adcp_call_say_rolled_back(AdcpError *err, sqlite3 *db, bool in_transaction);

/* The message of an error under the name of a function or module, for sqlite3_free; NULL: no memory.
** SQLite takes nothing of a text above SQLITE_LIMIT_LENGTH, and has none of its own below a limit of
** 22: it is cut to the limit. */
char *adcp_call_message(sqlite3 *db, const char *name, const AdcpError *err);

/* The code that an error is handed to SQLite with. At some SQLite does more than end the statement:
** inside a transaction CORRUPT forbids every further write and makes COMMIT fail (3.39 and later),
** IOERR, FULL and NOMEM undo the transaction where the statement reads a table: as if the database
** were meant, where it is a file beside it. These become SQLITE_ERROR there. */
int adcp_result_code(sqlite3 *db, AdcpRc rc);

#endif
