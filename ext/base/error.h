/*
** error.h - the one error idiom: an AdcpError in the handle of an operation.
**
** The first error wins: setting an error on one that is set already does nothing. Helpers that
** take an AdcpError are no-ops (returning 0, NULL or false) once it is set, so that an operation
** reads as a straight line and looks at err->rc once at its end.
**
** Result codes have the values of SQLite's primary result codes, so that they go to
** sqlite3_result_error_code unchanged; this layer knows SQLite by these numbers only.
**
** An AdcpError is owned by one operation and used by one thread. Zero-initialise it
** (ADCP_ERROR_INIT or memset) and clear it at the end; clearing is always allowed.
*/
#ifndef ADCP_BASE_ERROR_H
#define ADCP_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

typedef enum AdcpRc {
  ADCP_OK = 0,
  ADCP_ERROR = 1,       /* anything without a better code */
  ADCP_PERM = 3,        /* access refused by the operating system */
  ADCP_BUSY = 5,        /* another process or connection holds the database */
  ADCP_LOCKED = 6,      /* a statement of this connection is in the way */
  ADCP_NOMEM = 7,       /* out of memory */
  ADCP_READONLY = 8,    /* the database cannot be written */
  ADCP_INTERRUPT = 9,   /* sqlite3_interrupt */
  ADCP_IOERR = 10,      /* a read or write failed */
  ADCP_CORRUPT = 11,    /* a backup is damaged */
  ADCP_FULL = 13,       /* no space */
  ADCP_CANTOPEN = 14,   /* a path cannot be opened */
  ADCP_TOOBIG = 18,     /* a limit of limits.h or of SQLite */
  ADCP_CONSTRAINT = 19, /* rows violate a constraint */
  ADCP_MISMATCH = 20,   /* what was restored is not what the backup holds */
  ADCP_MISUSE = 21,     /* called in a way or place that cannot be served */
  ADCP_AUTH = 23,       /* an authorizer said no */
  ADCP_NOTADB = 26      /* not a backup at all */
} AdcpRc;

typedef struct AdcpError {
  AdcpRc rc;     /* ADCP_OK until the first error */
  char *message; /* owned; NULL when rc is ADCP_OK or when there was no memory for it */
} AdcpError;

#define ADCP_ERROR_INIT                                                                            \
  { ADCP_OK, 0 }

/* Sets rc and a printf-formatted message, unless an error is set already. rc must not be ADCP_OK.
** Never pass floating-point formats: they depend on the locale. */
void adcp_error_set(AdcpError *err, AdcpRc rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void adcp_error_setv(AdcpError *err, AdcpRc rc, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* Sets ADCP_NOMEM; needs no memory itself. */
void adcp_error_nomem(AdcpError *err);

/* Sets an error from errno: rc from the errno (ENOSPC and EDQUOT give FULL, EACCES and EPERM give
** PERM, ENOMEM gives NOMEM, else `rc`) and "<formatted>: <strerror>" as the message. */
void adcp_error_errno(AdcpError *err, AdcpRc rc, int error_number, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void adcp_error_errnov(AdcpError *err, AdcpRc rc, int error_number, const char *format,
                       va_list args) __attribute__((format(printf, 4, 0)));

/* Puts context before / a clause after the message of an error that is set; no-op without one.
** Each layer adds context at most once on the way up. */
void adcp_error_prepend(AdcpError *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void adcp_error_append(AdcpError *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts "<object>: " before a message that does not name the object yet. NULL object: no-op. */
void adcp_error_name(AdcpError *err, const char *object);

/* The message, never NULL: a fixed text for ADCP_OK and for no memory. */
const char *adcp_error_message(const AdcpError *err);

/* Moves the error of `from` into `to` (unless `to` is set) and leaves `from` clear. */
void adcp_error_move(AdcpError *to, AdcpError *from);

/* Frees the message and makes the error ADCP_OK again. */
void adcp_error_clear(AdcpError *err);

#endif
