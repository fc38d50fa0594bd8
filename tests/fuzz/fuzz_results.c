/* A result.json that was damaged, or edited by hand, through every exporter. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export.h"
#include "fuzz.h"
#include "statistics.h"

static char folder[64];

static void file_write(const char *name, const void *bytes, size_t size)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    fuzz_require(file != NULL && fwrite(bytes, 1, size, file) == size && fclose(file) == 0, "a file can be written");
}

static void folder_remove(void)
{
    static const char *const names[] = {"submissions/ada/result.json", "submissions/ada", "submissions", "class.json",
                                        ""};
    char path[128];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        if (unlink(path) == -1)
            rmdir(path);
    }
}

static void folder_make(void)
{
    static const char class[] = "{\"schema\": \"shmlab-class/1\", \"grader\": \"1\", \"tests\": \"t\", \"labs\": [1],"
                                " \"isolation\": \"full\", \"submissions\": [\"ada\"]}";
    char path[128];

    snprintf(folder, sizeof folder, "/tmp/shmlab-fuzz-%d", (int)getpid());
    snprintf(path, sizeof path, "%s/submissions/ada", folder);
    fuzz_require(mkdir(folder, 0700) == 0, "a folder can be made");
    atexit(folder_remove);
    path[strlen(path) - strlen("/ada")] = '\0';
    fuzz_require(mkdir(path, 0700) == 0, "a folder can be made");
    path[strlen(path)] = '/';
    fuzz_require(mkdir(path, 0700) == 0, "a folder can be made");
    file_write("class.json", class, strlen(class));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static export_class_function *const of_class[] = {csv_checks_write, csv_labs_write, csv_course_write, html_write,
                                                      junit_write};
    static export_submission_function *const of_one[] = {gradescope_write, autolab_write, classroom_write};
    struct class_results results = {0};
    json_t *submission;
    size_t k;

    if (folder[0] == '\0')
        folder_make();
    file_write("submissions/ada/result.json", data, size);
    if (!class_read(&results, folder, NULL))
        return 0;
    const struct export_order order = {.results = &results};
    for (size_t i = 0; i < sizeof of_class / sizeof of_class[0]; i++)
        of_class[i](fuzz_nowhere(), &order);
    json_array_foreach (results.submissions, k, submission)
        for (size_t i = 0; i < sizeof of_one / sizeof of_one[0]; i++)
            of_one[i](fuzz_nowhere(), &order, submission);
    class_release(&results);
    return 0;
}
