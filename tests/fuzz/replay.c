/*
 * Where there is no libFuzzer: give a target each file of the folders that are named, once. Options of libFuzzer, which
 * begin with '-', are passed over.
 */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { INPUT_MAX = 1 << 20 };

static uint8_t input[INPUT_MAX];

static int file_replay(const char *folder, const char *name)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return EXIT_FAILURE;
    }
    size_t size = fread(input, 1, sizeof input, file);
    fclose(file);
    LLVMFuzzerTestOneInput(input, size);
    return EXIT_SUCCESS;
}

static int folder_replay(const char *folder, int *count)
{
    DIR *directory = opendir(folder);
    int status = EXIT_SUCCESS;

    if (directory == NULL) {
        perror(folder);
        return EXIT_FAILURE;
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (entry->d_name[0] != '.') {
            status |= file_replay(folder, entry->d_name);
            ++*count;
        }
    closedir(directory);
    return status;
}

int main(int argc, char **argv)
{
    int status = EXIT_SUCCESS, count = 0;

    for (int i = 1; i < argc; i++)
        if (argv[i][0] != '-')
            status |= folder_replay(argv[i], &count);
    printf("%d inputs\n", count);
    return count > 0 ? status : EXIT_FAILURE;
}
