/*
** validate.h - reads a backup from its first byte to its last and says what is wrong with it.
**
**     validate = adcp_validate_open(&request, err);
**     while( adcp_validate_step(validate) ){}
**     adcp_validate_finish(validate, &report);
**     adcp_validate_close(validate);
**
** What is wrong with the backup is a finding of the report, {"valid":false,"errors":[...]}; err is
** for what is wrong with the call: a file that cannot be opened, an option, an interrupt, no
** memory. Nothing is changed anywhere.
*/
#ifndef ADCP_OPS_VALIDATE_H
#define ADCP_OPS_VALIDATE_H

#include "base/buf.h"
#include "ops/findings.h"
#include "ops/request.h"

typedef struct AdcpValidate AdcpValidate;

extern const AdcpOptionTable adcp_validate_options; /* docs/validate.md */

AdcpValidate *adcp_validate_open(const AdcpRequest *request, AdcpError *err);
bool adcp_validate_step(AdcpValidate *validate);

/* Tries a restore (level "full") and appends the report, a JSON object; report may be NULL. */
void adcp_validate_finish(AdcpValidate *validate, AdcpBuf *report);

/* What was found, after finish; borrowed until close. */
const AdcpFindings *adcp_validate_findings(const AdcpValidate *validate);
void adcp_validate_close(AdcpValidate *validate);

/* Reads a backup to its last byte, on the connection of a request for something else: ADCP_CORRUPT when
** it is not valid. */
void adcp_validate_file(const AdcpRequest *request, const char *path, AdcpError *err);

#endif
