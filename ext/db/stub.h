/*
** stub.h - stand-ins for functions and collations that an application would have registered.
**
** They let the SQL of a schema be prepared, and tables be made, on a private connection. Their
** results mean nothing: whoever uses them says what could not be judged.
*/
#ifndef ADCP_DB_STUB_H
#define ADCP_DB_STUB_H

#include "base/error.h"
#include "db/sqlite.h"

/* A deterministic and harmless function of any number of arguments that gives NULL. False when
** SQLite does not take it; err is set when there is no memory. */
bool adcp_stub_function(sqlite3 *handle, const char *name, AdcpError *err);

/* The function that SQLite's message misses, within it; NULL when it is about something else. */
const char *adcp_stub_missing_name(const char *message);

/* Adds to SQLite's message what to do, where it is about a function or a collation that is missing, or
** that a schema may not use. */
void adcp_stub_advise(AdcpError *err);

/* The one that the connection's last error misses, or has with another number of arguments; false
** when it is about something else. */
bool adcp_stub_missing_function(sqlite3 *handle, AdcpError *err);

/* A collation that compares bytes; err as above. */
void adcp_stub_collation(sqlite3 *handle, const char *name, int encoding, AdcpError *err);

#endif
