/*
** findings.c - what a validation found (contract in findings.h).
*/
#include "ops/findings.h"

#include <string.h>

#include "base/mem.h"

static const struct {
  AdcpSeverity severity;
  const char *code, *hint;
} kinds[] = {
    [ADCP_FINDING_NOT_A_BACKUP] = {ADCP_SEVERITY_ERROR, "not_a_backup",
                                   "give the path of a file that adcp_backup wrote"},
    [ADCP_FINDING_INCOMPLETE] = {ADCP_SEVERITY_ERROR, "incomplete",
                                 "the file was cut off; copy it again or take another backup"},
    [ADCP_FINDING_DAMAGED] = {ADCP_SEVERITY_ERROR, "damaged",
                              "copy the file again or take another backup; tables that are not "
                              "named can be restored with exclude_tables"},
    [ADCP_FINDING_UNSUPPORTED] = {ADCP_SEVERITY_ERROR, "unsupported",
                                  "use the release of adcp that wrote it"},
    [ADCP_FINDING_TOO_LARGE] = {ADCP_SEVERITY_ERROR, "too_large",
                                "the file goes beyond a limit of the format"},
    [ADCP_FINDING_UNREADABLE] = {ADCP_SEVERITY_ERROR, "unreadable",
                                 "look at the disk or the network that the file is on"},
    [ADCP_FINDING_SCHEMA_TEXT] = {ADCP_SEVERITY_ERROR, "schema_text",
                                  "the schema is not what a database holds: do not restore it"},
    [ADCP_FINDING_RESTORE_FAILED] = {ADCP_SEVERITY_ERROR, "restore_failed", "take another backup"},
    [ADCP_FINDING_REWRITTEN] = {ADCP_SEVERITY_WARNING, "rewritten",
                                "content is proven by its digests; only speed is lost"},
    [ADCP_FINDING_FUTURE] = {ADCP_SEVERITY_WARNING, "future",
                             "set the clock right, or move the file out of the folder: 'latest' "
                             "takes it for the newest"},
    [ADCP_FINDING_FOREIGN_KEY] = {ADCP_SEVERITY_WARNING, "foreign_key",
                                  "the database had it when it was backed up, or its parent was "
                                  "left out; a restore keeps it"},
    [ADCP_FINDING_INTEGRITY] = {ADCP_SEVERITY_WARNING, "integrity",
                                "the database had it when it was backed up; a restore keeps it"},
    [ADCP_FINDING_APPLICATION] = {ADCP_SEVERITY_WARNING, "application",
                                  "register it on the connection that restores"},
    [ADCP_FINDING_NOT_TRIED] = {ADCP_SEVERITY_WARNING, "not_tried",
                                "what is in the file was checked all the same"},
};

bool adcp_failure_is_of_machine(const AdcpError *failure) {
  switch( failure->rc ) {
  case ADCP_NOMEM:
  case ADCP_FULL:
  case ADCP_CANTOPEN:
  case ADCP_PERM:
  case ADCP_INTERRUPT: return true;
  default: return false;
  }
}

const char *adcp_finding_code(AdcpFindingCode code) {
  return kinds[code].code;
}

const char *adcp_finding_hint(AdcpFindingCode code) {
  return kinds[code].hint;
}

void adcp_findings_add(AdcpFindings *findings, AdcpFindingCode code, const char *object,
                       int64_t row, const char *message, AdcpError *err) {
  if( err->rc ) return;
  AdcpSeverity severity = kinds[code].severity;
  size_t *found = severity == ADCP_SEVERITY_ERROR ? &findings->errors : &findings->warnings;
  if( (*found)++ >= ADCP_MAX_FINDINGS ) return;
  AdcpFinding *larger = adcp_realloc(findings->items, (findings->count + 1) * sizeof *larger);
  if( larger ) findings->items = larger;
  char *name = object ? adcp_strdup(object) : NULL;
  char *text = adcp_strdup(message);
  if( larger && text && (name || object == NULL) ) {
    findings->items[findings->count++] = (AdcpFinding){severity, code, name, row, text};
    return;
  }
  adcp_free(name);
  adcp_free(text);
  adcp_error_nomem(err);
}

void adcp_findings_free(AdcpFindings *findings) {
  for( size_t i = 0; i < findings->count; i++ ) {
    adcp_free(findings->items[i].object);
    adcp_free(findings->items[i].message);
  }
  adcp_free(findings->items);
  memset(findings, 0, sizeof *findings);
}
