/*
** info.h - how the database and its backups are; and what one backup says of itself.
*/
#ifndef ADCP_OPS_INFO_H
#define ADCP_OPS_INFO_H

#include "ops/request.h"

/* Without a path: {"database":{...},"backup_dir":{...},"warnings":[...]}. With one: the header and
** the counts of that backup, from its head and tail. Appends a JSON object. */
void adcp_info(const AdcpRequest *request, AdcpBuf *report, AdcpError *err);

#endif
