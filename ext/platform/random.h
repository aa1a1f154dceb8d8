/*
** random.h - bytes that nobody can foresee, from the operating system.
*/
#ifndef ADCP_PLATFORM_RANDOM_H
#define ADCP_PLATFORM_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Fills out with n of them. */
void adcp_random_bytes(uint8_t *out, size_t n, AdcpError *err);

#endif
