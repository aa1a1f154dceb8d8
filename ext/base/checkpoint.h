/*
** checkpoint.h - asks, in the middle of long work, whether to go on.
*/
#ifndef ADCP_BASE_CHECKPOINT_H
#define ADCP_BASE_CHECKPOINT_H

#include "base/error.h"

typedef struct AdcpCheckpoint {
  void *context; /* borrowed */
  /* Sets err to stop (ADCP_INTERRUPT). NULL: nobody is asked. */
  void (*xCheck)(void *context, AdcpError *err);
} AdcpCheckpoint;

#define ADCP_NO_CHECKPOINT ((AdcpCheckpoint){NULL, NULL})

#endif
