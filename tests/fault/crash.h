/*
** crash.h - the process dies in the middle of a scenario, and the next one judges.
*/
#ifndef ADCP_TESTS_FAULT_CRASH_H
#define ADCP_TESTS_FAULT_CRASH_H

#include "case.h"

/* Kills a child process at operation `at` of the mode's kind, or, with FAULT_TIME, at a time that
** follows from `at`. True when the child came through. */
bool crash_case(const Scenario *scenario, const Mode *mode, long at, const Reference *reference);

/* Opens what a dead process left: the law of case.h as far as it can be seen from outside.
** c->db is open afterwards. */
void judge_after_crash(Case *c, bool survived, const Reference *reference);

#endif
