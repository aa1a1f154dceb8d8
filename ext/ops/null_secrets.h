/*
** null_secrets.h - secrets that a backup has as null because they were that, not because they were left
** out.
**
** In the file both are null. Where one was left out a restore keeps the value that is there
** (secrets.h); one that was null is null again, and what is there goes: a warning says so.
*/
#ifndef ADCP_OPS_NULL_SECRETS_H
#define ADCP_OPS_NULL_SECRETS_H

#include "ops/secrets.h"
#include "ops/text_file.h"

/* text: the section of the backup; file: the one that it is to replace, if that is there and is JSON.
** Names are those that are left out by default. */
void adcp_null_secrets_warn(const AdcpSecretDigests *digests, const char *section,
                            const AdcpBuf *text, const AdcpTextFile *file, AdcpTextList *warnings,
                            AdcpError *err);

#endif
