/*
** text_file.h - reads a small file whole.
*/
#ifndef ADCP_OPS_TEXT_FILE_H
#define ADCP_OPS_TEXT_FILE_H

#include "base/buf.h"
#include "base/checkpoint.h"
#include "platform/root.h"

typedef struct AdcpTextFile {
  const AdcpRoot *root;
  const char *path;
  AdcpCheckpoint checkpoint; /* asked while a pipe gives nothing */
} AdcpTextFile;

/* Appends the file's bytes. Err: CANTOPEN or PERM as adcp_infile_open has them; TOOBIG above
** ADCP_MAX_SETTINGS_BYTES. */
void adcp_text_file_read(const AdcpTextFile *from, AdcpBuf *text, AdcpError *err);

/* The same for a JSON document: without its BOM and the white space around it, and checked from end
** to end. ERROR with the byte where it is none; TOOBIG above ADCP_MAX_SETTINGS_DEPTH too. */
void adcp_json_file_read(const AdcpTextFile *from, AdcpBuf *text, AdcpError *err);

#endif
