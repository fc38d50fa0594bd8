/*
 * Lab 1 on Windows, reader: print what a writer put into a named file mapping.
 *
 *     reader [--name Local\IPCSharedMemory] [--wait SECONDS]
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shared_data.h"
#include "shmlab/windows.h"

enum { WRONG_USAGE = 2, RETRY_MILLISECONDS = 10 };

struct settings {
    const char *name;
    double wait; /* seconds, for the writer and for its data */
};

/* Open, not create: CreateFileMapping would make an empty object and see nothing wrong. NULL after a message.
 */
static HANDLE mapping_open(const struct settings *settings, double end)
{
    HANDLE mapping;

    while ((mapping = OpenFileMappingA(FILE_MAP_READ, FALSE, settings->name)) == NULL) {
        if (GetLastError() != ERROR_FILE_NOT_FOUND || windows_seconds() >= end) {
            windows_report_last("start the writer first, or pass its --name", "OpenFileMapping(%s)",
                                settings->name);
            return NULL;
        }
        Sleep(RETRY_MILLISECONDS);
    }
    return mapping;
}

static bool data_wait(const struct shared_data *shared, double end)
{
    /* acquire: pairs with the release store in the writer's sample_publish */
    while (!__atomic_load_n(&shared->data_ready, __ATOMIC_ACQUIRE)) {
        if (windows_seconds() >= end)
            return false;
        Sleep(RETRY_MILLISECONDS);
    }
    return true;
}

static void text_print(const char *label, const char *text, size_t capacity)
{
    printf("%-12s ", label);
    for (size_t i = 0; i < capacity && text[i] != '\0'; i++) {
        putchar(text[i]);
        if (text[i] == '\n')
            printf("%13s", "");
    }
    printf("\n");
}

static void data_print(const struct shared_data *data)
{
    printf("%-12s %d\n", "process_id", data->process_id);
    text_print("message", data->message, sizeof data->message);
    printf("%-12s %d\n", "counter", data->counter);
    printf("%-12s %.1f\n", "temperature", data->temperature);
    printf("%-12s %.1f %.1f %.1f\n", "coordinates", (double)data->coordinates[0],
           (double)data->coordinates[1], (double)data->coordinates[2]);
    text_print("user_name", data->user_name, sizeof data->user_name);
    printf("%-12s %" PRId64 "\n%-12s", "timestamp", data->timestamp, "data_array");
    for (int i = 0; i < SHARED_DATA_ARRAY_LENGTH; i++)
        printf(" %d", data->data_array[i]);
    printf("\n");
}

static bool settings_read(struct settings *settings, int argc, char **argv)
{
    static const struct option options[] = {
        {"name", required_argument, NULL, 'n'}, {"wait", required_argument, NULL, 'w'}, {NULL, 0, NULL, 0}};

    for (int key; (key = getopt_long(argc, argv, "", options, NULL)) != -1;)
        if (key == 'n')
            settings->name = optarg;
        else if (key != 'w' || !windows_number("--wait", optarg, 0, 86400, &settings->wait))
            return false;
    return optind == argc;
}

int main(int argc, char **argv)
{
    struct settings settings = {.name = SHARED_DATA_WINDOWS_NAME};

    if (!settings_read(&settings, argc, argv)) {
        fprintf(stderr, "usage: reader [--name %s] [--wait SECONDS]\n", SHARED_DATA_WINDOWS_NAME);
        return WRONG_USAGE;
    }
    double end = windows_seconds() + settings.wait;
    HANDLE mapping = mapping_open(&settings, end);
    if (mapping == NULL)
        return EXIT_FAILURE;
    const struct shared_data *shared = MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, SHARED_DATA_SEGMENT_SIZE);
    if (shared == NULL) {
        windows_report_last("another program uses this name, or its writer has another layout",
                            "MapViewOfFile(%s, %d bytes)", settings.name, SHARED_DATA_SEGMENT_SIZE);
        CloseHandle(mapping);
        return EXIT_FAILURE;
    }
    struct shared_data data;
    bool ready = data_wait(shared, end);
    memcpy(&data, shared, sizeof data);
    UnmapViewOfFile(shared);
    CloseHandle(mapping);
    if (!ready)
        return windows_report("the writer is still at work, or died there: try again", "%s is not filled",
                              settings.name);
    data_print(&data);
    return EXIT_SUCCESS;
}
