/*
** other.h - a second process with a connection of its own to the database under test.
**
** Locks of one process do not hinder each other as those of two do. The process is made once,
** before SQLite is used; it ends with its parent.
*/
#ifndef ADCP_TESTS_FAULT_OTHER_H
#define ADCP_TESTS_FAULT_OTHER_H

void other_start(void);
void other_open(const char *path); /* connects */
void other_run(const char *sql);   /* returns when it has been run */
void other_close(void);            /* disconnects; what was open is rolled back */

#endif
