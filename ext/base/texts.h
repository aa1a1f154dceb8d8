/*
** texts.h - a growing array of texts, such as the warnings of an operation.
**
** Zero-filled is empty. The array owns its texts; they and their places stay until it is freed.
*/
#ifndef ADCP_BASE_TEXTS_H
#define ADCP_BASE_TEXTS_H

#include <stdarg.h>
#include <stddef.h>

#include "base/error.h"

typedef struct AdcpTexts {
  char **items;
  size_t count;
} AdcpTexts;

/* Adds a text, also where err is set already. Out of memory: nothing is added and err is set. */
void adcp_texts_add(AdcpTexts *texts, AdcpError *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void adcp_texts_addv(AdcpTexts *texts, AdcpError *err, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* Leaves it empty. */
void adcp_texts_free(AdcpTexts *texts);

#endif
