/*
** secrets.h - values that a backup leaves out because their names look like secrets.
**
** A member of a settings document, at any depth, whose name matches a pattern (*KEY*, *SECRET*,
** *TOKEN*, *PASSWORD*, letter case ignored; option secret_names has others) becomes null. What it
** was is told by a keyed digest in a section of its own, so that a restore can say whether the
** value that it finds is the same:
**
**   "secret_digests":{"algorithm":"HMAC-SHA-256","salt":"<64 hex digits>","values":[
**     {"section":"app_settings","path":"/gemini_api_key","hmac":"<64 hex digits>"},...]}
**
** The salt is random and new in each backup, so digests of two backups cannot be compared. It
** stands beside them: who has the file can try guesses, which finds a short password but no random
** key. The digest is over section, NUL, path, NUL, 's' and the decoded text of a string, or 'j' and
** the JSON text without white space of anything else.
*/
#ifndef ADCP_OPS_SECRETS_H
#define ADCP_OPS_SECRETS_H

#include "base/map.h"
#include "ops/options.h"
#include "ops/text_list.h"

#define ADCP_SECRETS_SECTION "secret_digests"

/* ---- backup ---- */

typedef struct AdcpSecrets AdcpSecrets;

/* Options secret_names and include_secrets, borrowed; a name that can match nothing is a warning, an empty one
** an error. NULL on error. */
AdcpSecrets *adcp_secrets_open(const AdcpOptions *options, AdcpTextList *warnings, AdcpError *err);

/* Appends the document with null for its secrets; adds "section/path" of each to names. */
void adcp_secrets_redact(AdcpSecrets *secrets, const char *section, const AdcpBuf *text,
                         AdcpBuf *out, AdcpTextList *names, AdcpError *err);

/* The value of the section secret_digests; empty when nothing was left out. */
const AdcpBuf *adcp_secrets_digests(AdcpSecrets *secrets);
void adcp_secrets_close(AdcpSecrets *secrets);

/* Whether a member of that name is left out where option secret_names does not say otherwise. */
bool adcp_secret_is_name(const char *name, AdcpError *err);

/* ---- restore ---- */

typedef struct AdcpSecretDigests AdcpSecretDigests;

/* Of the section's text; NULL text (none was left out): an empty set. NULL on error. */
AdcpSecretDigests *adcp_secret_digests_open(const char *json, size_t n, AdcpError *err);

/* Whether the value at that place was left out. False with err set when out of memory. */
bool adcp_secret_left_out(const AdcpSecretDigests *digests, const char *section,
                          const char *pointer, AdcpError *err);

/* Whether it was left out and was this one: JSON text. */
bool adcp_secret_same(const AdcpSecretDigests *digests, const char *section, const char *pointer,
                      const AdcpBuf *value, AdcpError *err);

/* Whether the secrets of a document that is backed up are those that were left out there: all of them, with
** these values. One that is null was null. */
bool adcp_secrets_are_same(AdcpSecrets *secrets, const AdcpSecretDigests *digests,
                           const char *section, const AdcpBuf *text, AdcpError *err);

/* How many were left out. */
size_t adcp_secret_count(const AdcpSecretDigests *digests);
void adcp_secret_digests_close(AdcpSecretDigests *digests);

#endif
