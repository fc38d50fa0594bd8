/* lab reset: back to the starter, with a backup. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"
#include "process.h"
#include "shmlab/error.h"
#include "starters.h"
#include "toolchain.h"

/* Run a program to its end; false after a message. */
static bool command_run(const char *const argv[])
{
    struct process process;

    if (!process_start(&process, argv))
        return false;
    int status = process_finish(&process);
    if (status != 0)
        error_report(NULL, "%s: %s", argv[0], process.text);
    process_close(&process);
    return status == 0;
}

/* Copy the student's folder to labs/.backup/. Returns the copy's path, to be freed; NULL after a message. */
static char *backup_make(const struct lab_options *options, const char *folder)
{
    char *path, date[32];
    time_t now = time(NULL);
    struct tm local;

    strftime(date, sizeof date, "%Y%m%d-%H%M%S", localtime_r(&now, &local));
    mkdir(TOOLCHAIN_SOURCE "/labs/.backup", 0777);
    if (asprintf(&path, TOOLCHAIN_SOURCE "/labs/.backup/%s-%s", options->lab->name, date) == -1)
        return NULL;
    if (access(path, F_OK) == 0) {
        error_report("wait a second", "%s exists", path);
    } else {
        const char *const command[] = {"/bin/cp", "-a", "--", folder, path, NULL};
        if (command_run(command))
            return path;
    }
    free(path);
    return NULL;
}

static bool starter_restore(const struct lab_options *options, const char *folder)
{
    const char *starters = starters_folder();
    char *from;

    if (starters == NULL || asprintf(&from, "%s/%s/.", starters, options->lab->name) == -1)
        return false;
    const char *const command[] = {"/bin/cp", "-r", "--", from, folder, NULL};
    bool done = command_run(command);
    free(from);
    return done;
}

int lab_reset(const struct lab_options *options)
{
    char question[160];
    int number = lab_number(options->lab), status = EXIT_FAILURE;

    snprintf(question, sizeof question, "Put lab %d back to its beginning? Your files go to labs/.backup.", number);
    if (!options->yes && !lab_confirm(question)) {
        printf("Nothing was changed.\n");
        return EXIT_FAILURE;
    }
    char *folder = lab_folder(options);
    char *backup = backup_make(options, folder);
    if (backup != NULL && starter_restore(options, folder)) {
        printf("Lab %d is as it came; your files are in %s\n", number, backup + strlen(TOOLCHAIN_SOURCE "/"));
        status = EXIT_SUCCESS;
    }
    free(backup);
    free(folder);
    return status;
}
