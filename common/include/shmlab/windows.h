/*
 * What the Windows programs need and Windows does not have as the labs want it: messages with the error's symbol, a
 * Ctrl-C that can be waited for, roles, a monotonic clock. The counterparts on Linux are shmlab/error.h, stop.h,
 * presence.h and clock.h.
 */
#ifndef SHMLAB_WINDOWS_H
#define SHMLAB_WINDOWS_H

#include <stdbool.h>
#include <stdio.h> /* __MINGW_PRINTF_FORMAT */

#include <windows.h>

/* "PROGRAM: what: next" on standard error; next may be NULL. Returns EXIT_FAILURE, as the next one does. */
int windows_report(const char *next, const char *what, ...) __attribute__((format(__MINGW_PRINTF_FORMAT, 2, 3)));

/* "PROGRAM: what: ERROR_FILE_NOT_FOUND (2, File not found): next", from GetLastError(). */
int windows_report_last(const char *next, const char *what, ...) __attribute__((format(__MINGW_PRINTF_FORMAT, 2, 3)));

/*
 * Ctrl-C, Ctrl-Break, a closed window and the end of the session set this event (manual reset); main waits for it and
 * leaves through its own clean-up. Returns NULL after a message. Once a program.
 */
HANDLE windows_stop_event(void);

/* What set it: "Ctrl-C". */
const char *windows_stop_name(void);

/* Call it when the clean-up is done: for a closed window, Windows ends the process as soon as the handler returns, so
 * the handler waits for this (HandlerRoutine, CTRL_CLOSE_EVENT). */
void windows_stop_done(void);

/*
 * A role is a named mutex that its holder keeps until it ends. Windows gives it back whatever the end: released means
 * that the holder left in order, abandoned that it died (WaitForSingleObject, WAIT_ABANDONED).
 */
enum windows_role {
    WINDOWS_ROLE_OURS,
    WINDOWS_ROLE_TAKEN,  /* somebody else holds it */
    WINDOWS_ROLE_FAILED, /* see GetLastError() */
};

/* Take it, or return at once. *role is a handle, to be given to windows_role_leave, or NULL. */
enum windows_role windows_role_take(const char *name, HANDLE *role);
void windows_role_leave(HANDLE role); /* NULL is allowed */

enum windows_holder {
    WINDOWS_HOLDER_NONE, /* it is free, or there is none of that name */
    WINDOWS_HOLDER_LIVES,
    WINDOWS_HOLDER_DIED, /* and nobody has been told: only the first that waits for the mutex after a death is */
};

/* Who holds this role? Leaves everything as it is, a death that is still to be told included. */
enum windows_holder windows_role_holder(const char *name);

/* The value of an option, from low to high; false after a message. An integer is decimal, or hexadecimal with 0x. */
bool windows_integer(const char *option, const char *text, long long low, long long high, long long *number);
bool windows_number(const char *option, const char *text, double low, double high, double *number);

/* Seconds of a monotonic clock, from an arbitrary moment. */
double windows_seconds(void);

/* A limit in seconds as WaitFor... wants it: milliseconds, rounded up, and INFINITE never by accident. */
DWORD windows_milliseconds(double seconds);

#endif
