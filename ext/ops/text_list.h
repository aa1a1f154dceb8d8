/*
** text_list.h - a growing list of texts for a report: warnings, names.
**
** Zero-initialise. Out of memory is sticky in the buffers and found by adcp_text_list_check.
*/
#ifndef ADCP_OPS_TEXT_LIST_H
#define ADCP_OPS_TEXT_LIST_H

#include "codec/json_write.h"

typedef struct AdcpTextList {
  AdcpBuf json; /* the strings as JSON, with commas between them */
  size_t count;
} AdcpTextList;

void adcp_text_list_add(AdcpTextList *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Writes "key":[...]. */
void adcp_text_list_write(const AdcpTextList *list, AdcpJsonWriter *w, const char *key);

/* The same items within an array that is being written. */
void adcp_text_list_write_items(const AdcpTextList *list, AdcpJsonWriter *w);

bool adcp_text_list_check(const AdcpTextList *list, AdcpError *err);
void adcp_text_list_free(AdcpTextList *list);

#endif
