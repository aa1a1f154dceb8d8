/*
** lost.h - the power fails in the middle of a scenario.
*/
#ifndef ADCP_TESTS_FAULT_LOST_H
#define ADCP_TESTS_FAULT_LOST_H

#include <stdbool.h>

/* Runs every scenario that writes (whose name has only_scenario; the short ones when brief) once,
** recording what reaches the files (record.h), and judges `points` states that a power failure
** could have left, with all that was written and not synced kept, lost, torn or garbled. */
void lost_run(const char *only_scenario, long points, bool brief);

#endif
