/*
** findings.h - what a validation found, as records: the report of adcp_validate and the rows of
** adcp_check.
*/
#ifndef ADCP_OPS_FINDINGS_H
#define ADCP_OPS_FINDINGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef enum AdcpSeverity {
  ADCP_SEVERITY_ERROR,  /* the backup must not be restored */
  ADCP_SEVERITY_WARNING /* it can be, and this should be known */
} AdcpSeverity;

/* The kind of a finding: a word for programs and the next step for people. */
typedef enum AdcpFindingCode {
  ADCP_FINDING_NOT_A_BACKUP,
  ADCP_FINDING_INCOMPLETE,
  ADCP_FINDING_DAMAGED,
  ADCP_FINDING_UNSUPPORTED,
  ADCP_FINDING_TOO_LARGE,
  ADCP_FINDING_UNREADABLE,
  ADCP_FINDING_SCHEMA_TEXT,
  ADCP_FINDING_RESTORE_FAILED,
  ADCP_FINDING_REWRITTEN,
  ADCP_FINDING_FUTURE,
  ADCP_FINDING_FOREIGN_KEY,
  ADCP_FINDING_INTEGRITY,
  ADCP_FINDING_APPLICATION,
  ADCP_FINDING_NOT_TRIED
} AdcpFindingCode;

typedef struct AdcpFinding {
  AdcpSeverity severity;
  AdcpFindingCode code;
  char *object;  /* owned: name of the table or other object; NULL when it is about the file */
  int64_t row;   /* its number, or its rowid (foreign keys); 0 when it is about no row */
  char *message; /* owned */
} AdcpFinding;

/* Zero-initialise. */
typedef struct AdcpFindings {
  AdcpFinding *items; /* owned; errors and warnings in the order in which they were found */
  size_t count;
  size_t errors, warnings; /* found; more than are kept when they are above ADCP_MAX_FINDINGS */
} AdcpFindings;

#define ADCP_MAX_FINDINGS                                                                          \
  100 /* of each severity: a report is for reading; a damaged table is one finding */

/* True for failures that say nothing of the file: no memory, no room, no descriptor, no right, an
** interrupt. Whoever reads it tells them as an error of the call. */
bool adcp_failure_is_of_machine(const AdcpError *failure);

const char *adcp_finding_code(AdcpFindingCode code);
const char *adcp_finding_hint(AdcpFindingCode code);

/* Keeps a finding; object may be NULL. The severity is that of the code. */
void adcp_findings_add(AdcpFindings *findings, AdcpFindingCode code, const char *object,
                       int64_t row, const char *message, AdcpError *err);
void adcp_findings_free(AdcpFindings *findings);

#endif
