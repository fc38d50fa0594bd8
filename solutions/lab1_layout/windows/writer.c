/*
 * Lab 1 on Windows, writer: put the sample data into a named file mapping, hold it there.
 *
 *     writer [--name Local\IPCSharedMemory] [--hold SECONDS]
 *
 * The mapping lives as long as somebody has a handle or a view of it. There is nothing to remove, and a
 * writer that was killed leaves nothing; but a reader keeps the object, and its name, after its writer's end.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "shared_data.h"
#include "shmlab/windows.h"

enum { ROLE_CAPACITY = 300, WRONG_USAGE = 2 };

struct settings {
    const char *name;
    double hold; /* seconds; negative: until Enter */
};

static int64_t milliseconds_since_1970(void)
{
    FILETIME now;
    ULARGE_INTEGER ticks; /* of 100 ns since 1601 */

    GetSystemTimeAsFileTime(&now);
    ticks.LowPart = now.dwLowDateTime;
    ticks.HighPart = now.dwHighDateTime;
    return (int64_t)(ticks.QuadPart / 10000) - INT64_C(11644473600000);
}

static void sample_fill(struct shared_data *data)
{
    static const float coordinates[SHARED_DATA_COORDINATES] = {10.5F, 20.3F, 30.8F};
    DWORD capacity = sizeof data->user_name;

    memset(data, 0, sizeof *data);
    snprintf(data->message, sizeof data->message,
             "Hello from the C writer!\n"
             "This text lies in shared memory:\n"
             "no copy was sent, you look at the very bytes.\n"
             "Written by process %lu",
             GetCurrentProcessId());
    if (!GetUserNameA(data->user_name, &capacity))
        memcpy(data->user_name, "unknown", sizeof "unknown");
    data->process_id = (int32_t)GetCurrentProcessId();
    data->counter = 42;
    data->temperature = 23.5;
    memcpy(data->coordinates, coordinates, sizeof data->coordinates);
    data->timestamp = milliseconds_since_1970();
    for (int i = 0; i < SHARED_DATA_ARRAY_LENGTH; i++)
        data->data_array[i] = 10 * (i + 1);
}

static void sample_publish(struct shared_data *shared)
{
    struct shared_data sample;

    memset(shared, 0, SHARED_DATA_SEGMENT_SIZE);
    sample_fill(&sample);
    memcpy(shared, &sample, sizeof sample); /* data_ready is false in the sample */
    /* release: pairs with the acquire load in the reader's data_wait */
    __atomic_store_n(&shared->data_ready, true, __ATOMIC_RELEASE);
}

/* Ctrl-C does not interrupt a read, as a signal does on Linux: a thread reads, and main waits for both
 * events. */
static DWORD WINAPI enter_wait(void *enter)
{
    int byte = getchar();

    while (byte != EOF && byte != '\n')
        byte = getchar();
    if (byte == '\n') /* the end of the input is no Enter */
        SetEvent(enter);
    return 0;
}

static int mapping_hold(const struct settings *settings, HANDLE stop)
{
    HANDLE enter = CreateEventA(NULL, TRUE, FALSE, NULL);
    HANDLE waits[] = {stop, enter};
    HANDLE thread = NULL;

    if (enter == NULL)
        return windows_report_last(NULL, "CreateEvent");
    printf("writer: %d bytes in %s, struct at 0 to %d\n", SHARED_DATA_SEGMENT_SIZE, settings->name,
           SHARED_DATA_SIZE - 1);
    if (settings->hold < 0) {
        thread = CreateThread(NULL, 0, enter_wait, enter, 0, NULL);
        if (thread == NULL)
            return windows_report_last(NULL, "CreateThread");
        printf("writer: press Enter to end\n");
    }
    fflush(stdout);
    DWORD limit = settings->hold < 0 ? INFINITE : windows_milliseconds(settings->hold);
    if (WaitForMultipleObjects(2, waits, FALSE, limit) == WAIT_OBJECT_0)
        printf("writer: %s\n", windows_stop_name());
    if (thread != NULL)
        CloseHandle(thread);
    return EXIT_SUCCESS; /* the event stays open: the thread may still set it */
}

static int mapping_serve(const struct settings *settings, HANDLE stop)
{
    HANDLE mapping = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0,
                                        SHARED_DATA_SEGMENT_SIZE, settings->name);
    bool existed = GetLastError() == ERROR_ALREADY_EXISTS;
    int status;

    if (mapping == NULL)
        return windows_report_last("choose another --name", "CreateFileMapping(%s)", settings->name);
    struct shared_data *shared = MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, SHARED_DATA_SEGMENT_SIZE);
    if (shared == NULL) { /* a mapping that is too small gives ERROR_ACCESS_DENIED */
        status = windows_report_last(existed ? "it belongs to another program: choose another --name" : NULL,
                                     "MapViewOfFile(%s, %d bytes)", settings->name, SHARED_DATA_SEGMENT_SIZE);
    } else {
        if (existed)
            printf("writer: %s was there already: a reader has it open\n", settings->name);
        sample_publish(shared);
        status = mapping_hold(settings, stop);
        UnmapViewOfFile(shared);
    }
    CloseHandle(mapping);
    return status;
}

static bool settings_read(struct settings *settings, int argc, char **argv)
{
    static const struct option options[] = {
        {"name", required_argument, NULL, 'n'}, {"hold", required_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};

    for (int key; (key = getopt_long(argc, argv, "", options, NULL)) != -1;)
        if (key == 'n')
            settings->name = optarg;
        else if (key != 'h' || !windows_number("--hold", optarg, 0, 86400, &settings->hold))
            return false;
    return optind == argc;
}

int main(int argc, char **argv)
{
    struct settings settings = {.name = SHARED_DATA_WINDOWS_NAME, .hold = -1};
    char name[ROLE_CAPACITY];
    HANDLE role;

    if (!settings_read(&settings, argc, argv)) {
        fprintf(stderr, "usage: writer [--name %s] [--hold SECONDS]\n", SHARED_DATA_WINDOWS_NAME);
        return WRONG_USAGE;
    }
    HANDLE stop = windows_stop_event();
    if (stop == NULL)
        return EXIT_FAILURE;
    /* A mapping that exists does not prove another writer: a reader that came first may have made it
     * (Python's mmap.mmap(-1, size, tagname) does), or one keeps it after its writer's end. So the role has a
     * name of its own. */
    snprintf(name, sizeof name, "%s_WRITER", settings.name);
    enum windows_role taken = windows_role_take(name, &role);
    if (taken == WINDOWS_ROLE_TAKEN)
        return windows_report("end it, or choose another --name", "another writer holds %s", settings.name);
    if (taken == WINDOWS_ROLE_FAILED)
        return windows_report_last("choose another --name", "CreateMutex(%s)", name);
    int status = mapping_serve(&settings, stop);
    windows_role_leave(role);
    printf("writer: done\n");
    fflush(stdout);
    windows_stop_done();
    return status;
}
