/*
** load.h - loading the extension while something fails.
*/
#ifndef ADCP_TESTS_FAULT_LOAD_H
#define ADCP_TESTS_FAULT_LOAD_H

/* sqlite3_adcp_init, with and without ADCP_CONFIG: everything is registered, or nothing and an
** error that names the cause. */
void load_run(const char *only_kind);

#endif
