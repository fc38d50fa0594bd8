/* See shmlab/windows.h. */
#include "shmlab/windows.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_CAPACITY = 2048, TEXT_CAPACITY = 256 };

static const double wait_longest = 2e9; /* milliseconds; INFINITE is 4294967295 */

static const char *program_name(void)
{
    static char name[64];

    if (name[0] == '\0') {
        char path[MAX_PATH] = "";
        GetModuleFileNameA(NULL, path, sizeof path);
        const char *base = strrchr(path, '\\');
        snprintf(name, sizeof name, "%.63s", base != NULL ? base + 1 : path);
        char *dot = strrchr(name, '.');
        if (dot != NULL)
            *dot = '\0';
    }
    return name;
}

/* The errors that these labs meet; winerror.h has them all. */
static const char *error_symbol(DWORD number)
{
    static const struct {
        DWORD number;
        const char *symbol;
    } errors[] = {
        {ERROR_FILE_NOT_FOUND, "ERROR_FILE_NOT_FOUND"},
        {ERROR_PATH_NOT_FOUND, "ERROR_PATH_NOT_FOUND"},
        {ERROR_ACCESS_DENIED, "ERROR_ACCESS_DENIED"},
        {ERROR_INVALID_HANDLE, "ERROR_INVALID_HANDLE"},
        {ERROR_NOT_ENOUGH_MEMORY, "ERROR_NOT_ENOUGH_MEMORY"},
        {ERROR_ALREADY_EXISTS, "ERROR_ALREADY_EXISTS"},
        {ERROR_NOT_OWNER, "ERROR_NOT_OWNER"},
        {ERROR_TOO_MANY_POSTS, "ERROR_TOO_MANY_POSTS"},
        {ERROR_COMMITMENT_LIMIT, "ERROR_COMMITMENT_LIMIT"},
    };

    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (errors[i].number == number)
            return errors[i].symbol;
    return "error";
}

static void line_print(const char *next, DWORD number, const char *what, va_list list)
{
    char line[LINE_CAPACITY], text[TEXT_CAPACITY] = "";

    vsnprintf(line, sizeof line, what, list);
    fflush(stdout); /* what the program said before comes before it */
    fprintf(stderr, "%s: %s", program_name(), line);
    if (number != 0) {
        FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, number, 0, text, sizeof text,
                       NULL);
        text[strcspn(text, ".\r\n")] = '\0';
        fprintf(stderr, ": %s (%lu, %s)", error_symbol(number), number, text);
    }
    fprintf(stderr, "%s%s\n", next != NULL ? ": " : "", next != NULL ? next : "");
    fflush(stderr);
}

int windows_report(const char *next, const char *what, ...)
{
    va_list list;

    va_start(list, what);
    line_print(next, 0, what, list);
    va_end(list);
    return EXIT_FAILURE;
}

int windows_report_last(const char *next, const char *what, ...)
{
    DWORD number = GetLastError();
    va_list list;

    va_start(list, what);
    line_print(next, number, what, list);
    va_end(list);
    return EXIT_FAILURE;
}

static HANDLE stop_event, done_event;
static volatile LONG stop_kind = -1;

/* Runs in a thread of its own (HandlerRoutine). */
static BOOL WINAPI stop_handler(DWORD kind)
{
    InterlockedExchange(&stop_kind, (LONG)kind);
    SetEvent(stop_event);
    if (kind != CTRL_C_EVENT && kind != CTRL_BREAK_EVENT)
        WaitForSingleObject(done_event, INFINITE); /* pairs with windows_stop_done */
    return TRUE;
}

HANDLE windows_stop_event(void)
{
    stop_event = CreateEventA(NULL, TRUE, FALSE, NULL);
    done_event = CreateEventA(NULL, TRUE, FALSE, NULL);
    if (stop_event == NULL || done_event == NULL || !SetConsoleCtrlHandler(stop_handler, TRUE)) {
        windows_report_last(NULL, "SetConsoleCtrlHandler");
        return NULL;
    }
    return stop_event;
}

const char *windows_stop_name(void)
{
    switch (stop_kind) {
    case CTRL_C_EVENT:
        return "Ctrl-C";
    case CTRL_BREAK_EVENT:
        return "Ctrl-Break";
    case CTRL_CLOSE_EVENT:
        return "the window was closed";
    default:
        return "the session ends";
    }
}

void windows_stop_done(void)
{
    SetEvent(done_event);
}

enum windows_role windows_role_take(const char *name, HANDLE *role)
{
    *role = CreateMutexA(NULL, FALSE, name);
    if (*role == NULL)
        return WINDOWS_ROLE_FAILED;
    DWORD got = WaitForSingleObject(*role, 0);
    if (got == WAIT_OBJECT_0 || got == WAIT_ABANDONED)
        return WINDOWS_ROLE_OURS;
    CloseHandle(*role);
    *role = NULL;
    return got == WAIT_TIMEOUT ? WINDOWS_ROLE_TAKEN : WINDOWS_ROLE_FAILED;
}

void windows_role_leave(HANDLE role)
{
    if (role != NULL) {
        ReleaseMutex(role);
        CloseHandle(role);
    }
}

/* The state of a mutex without taking it, as ntdll.dll tells it to those who debug: Win32 has no call for it. */
struct mutant_state {
    LONG count; /* 1: it is free */
    BOOLEAN ours, abandoned;
};
typedef LONG(WINAPI *mutant_query)(HANDLE mutex, int what, struct mutant_state *state, ULONG size, ULONG *length);
enum { MUTANT_BASIC_INFORMATION = 0 };

enum windows_holder windows_role_holder(const char *name)
{
    struct mutant_state state = {.count = 1};
    FARPROC call = GetProcAddress(GetModuleHandleA("ntdll.dll"), "NtQueryMutant");
    HANDLE role = OpenMutexA(SYNCHRONIZE | MUTEX_MODIFY_STATE, FALSE, name); /* whose bit is MUTANT_QUERY_STATE, too */

    if (role != NULL) {
        if (call != NULL)
            ((mutant_query)(void (*)(void))call)(role, MUTANT_BASIC_INFORMATION, &state, sizeof state, NULL);
        CloseHandle(role);
    }
    return state.count <= 0 ? WINDOWS_HOLDER_LIVES : state.abandoned ? WINDOWS_HOLDER_DIED : WINDOWS_HOLDER_NONE;
}

bool windows_integer(const char *option, const char *text, long long low, long long high, long long *number)
{
    char *end;

    errno = 0;
    *number = strtoll(text, &end, 0);
    if (end != text && *end == '\0' && errno == 0 && *number >= low && *number <= high)
        return true;
    windows_report(NULL, "%s wants a whole number from %lld to %lld, not '%s'", option, low, high, text);
    return false;
}

bool windows_number(const char *option, const char *text, double low, double high, double *number)
{
    char *end;

    *number = strtod(text, &end);
    /* written so that not-a-number is refused too */
    if (end != text && *end == '\0' && *number >= low && *number <= high)
        return true;
    windows_report(NULL, "%s wants a number from %g to %g, not '%s'", option, low, high, text);
    return false;
}

double windows_seconds(void)
{
    LARGE_INTEGER now, rate;

    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&rate);
    return (double)now.QuadPart / (double)rate.QuadPart;
}

DWORD windows_milliseconds(double seconds)
{
    double milliseconds = seconds * 1e3;

    if (milliseconds <= 0)
        return 0;
    return milliseconds < wait_longest ? (DWORD)milliseconds + 1 : (DWORD)wait_longest;
}
