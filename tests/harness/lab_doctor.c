/* lab doctor: what this machine offers to the labs, a line each, with advice where something is missing. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"
#include "machine.h"
#include "process.h"
#include "scratch.h"
#include "shmlab/shared_data_contract.h"
#include "toolchain.h"

/* Findings so far. */
struct doctor {
    int missing; /* without it a lab does not work */
    int poor;    /* without it some checks are not judged */
};

static void line_print(struct doctor *doctor, bool good, bool needed, const char *what, const char *advice)
{
    printf("  %-5s %s\n", good ? "ok" : needed ? "BAD" : "note", what);
    if (!good && advice != NULL)
        printf("        -> %s\n", advice);
    if (!good && needed)
        doctor->missing++;
}

/* First line of what a command prints, in `line`; false when it fails. */
static bool command_line(const char *const argv[], char *line, size_t size)
{
    struct process process;

    line[0] = '\0';
    if (!process_start(&process, argv))
        return false;
    int status = process_finish(&process);
    snprintf(line, size, "%.*s", (int)strcspn(process.text, "\n"), process.text);
    process_close(&process);
    return status == 0;
}

static void tools_look(struct doctor *doctor)
{
    char line[256], text[512];
    const char *const compiler[] = {TOOLCHAIN_COMPILER, "--version", NULL};
    const char *const python[] = {TOOLCHAIN_PYTHON, "--version", NULL};

    bool good = command_line(compiler, line, sizeof line);
    snprintf(text, sizeof text, "compiler: %s", line);
    line_print(doctor, good, true, text, "install it: apt install build-essential");
    good = command_line(python, line, sizeof line);
    snprintf(text, sizeof text, "Python: %s", line);
    line_print(doctor, good, true, text, "install it: apt install python3");
    good = TOOLCHAIN_DARKNET != 0;
    line_print(doctor, good, false,
               good ? "Darknet: found" : "Darknet: not found; lab 6 runs on the scene's ground truth",
               "install it and configure anew: apt install darknet");
}

static void answer_print(struct doctor *doctor, bool needed, const struct machine_answer answer, const char *costs)
{
    char what[512];

    snprintf(what, sizeof what, "%s%s%s", answer.what, answer.good ? "" : "; costs ", answer.good ? "" : costs);
    line_print(doctor, answer.good, needed, what, answer.cure);
    doctor->poor += !answer.good;
}

/* What no check can do without, and then what some want: the labs of those are told. */
static void machine_try(struct doctor *doctor)
{
    const char *folder = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";

    answer_print(doctor, true, machine_folder(folder), "every check");
    answer_print(doctor, true, machine_results(TOOLCHAIN_BUILD), "every check");
    answer_print(doctor, true, machine_files(), "every check");
    answer_print(doctor, true, machine_processes(), "every check");
    answer_print(doctor, true, machine_posix(MACHINE_PICTURES), "labs 1, 4, 5 and 6");
    answer_print(doctor, true, machine_sysv(), "labs 2 and 3");
    answer_print(doctor, false, machine_native(), "steps, sanitizers and races of all labs");
    answer_print(doctor, false, machine_preload(), "errors in labs 2 to 5, long_name in lab 1");
    answer_print(doctor, false, machine_steps(), "put_order and get_order in lab 4, order in lab 6");
    answer_print(doctor, false, machine_sanitizer(SANITIZER_ADDRESS, NULL), "sanitizers in all labs");
    answer_print(doctor, false, machine_sanitizer(SANITIZER_LEAK, NULL),
                 "no points: sanitizers do not look for leaks of memory");
    answer_print(doctor, false, machine_sanitizer(SANITIZER_THREAD, NULL), "the orders of lab 6's challenges");
    answer_print(doctor, false, machine_namespaces(), "the races of labs 3, 4 and 6, and the instructor's grader");
    answer_print(doctor, false, machine_weave(), "the races of labs 3, 4 and 6");
    line_print(doctor, access("/usr/bin/bwrap", X_OK) == 0, false, "bubblewrap: needed by the instructor's grader only",
               "apt install bubblewrap");
}

static bool name_documented(const char *entry)
{
    static const char *const names[] = {"IPCSharedMemory",  "shmlab_buffer", "sem.shmlab_empty", "sem.shmlab_full",
                                        "sem.shmlab_mutex", "ipc_dog_shm",   "YOLO_QUEUE_SHM",   "sem.YOLO_EMPTY",
                                        "sem.YOLO_FULL",    "sem.YOLO_MUTEX"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(entry, names[i]) == 0)
            return true;
    return false;
}

static void scratch_tell(const char *path, void *data)
{
    char text[512];

    snprintf(text, sizeof text, "%s is left of a run that was killed", path);
    line_print(data, false, false, text, "nobody uses it any more: remove it with rm -r");
}

/* What earlier runs with the default names left: told, never removed. */
static void leftovers_look(struct doctor *doctor)
{
    DIR *directory = opendir("/dev/shm");
    char text[512];
    int found = 0;

    for (const struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        if (!name_documented(entry->d_name))
            continue;
        snprintf(text, sizeof text, "/dev/shm/%s is there", entry->d_name);
        line_print(doctor, false, false, text, "if no program of yours is running, remove it with rm");
        found++;
    }
    if (directory != NULL)
        closedir(directory);
    int id = shmget(SHARED_DATA_KEY, 0, 0);
    struct shmid_ds info;
    if (id != -1 && shmctl(id, IPC_STAT, &info) == 0) {
        snprintf(text, sizeof text, "System V segment with key %d: id %d, attached %lu times, created by process %d",
                 SHARED_DATA_KEY, id, (unsigned long)info.shm_nattch, (int)info.shm_cpid);
        line_print(doctor, false, false, text, "attached 0 times: it was left behind; ipcrm -m ID removes it");
        found++;
    }
    found += scratch_abandoned(scratch_tell, doctor);
    if (found == 0)
        line_print(doctor, true, false, "nothing is left behind: no object with a documented name, no folder", NULL);
}

int lab_doctor(const struct lab_options *options)
{
    struct doctor doctor = {0};

    (void)options;
    tools_look(&doctor);
    machine_try(&doctor);
    leftovers_look(&doctor);
    if (doctor.missing > 0)
        printf("Fix what is BAD first.\n");
    else if (doctor.poor > 0)
        printf("The labs work here. A check that wants what is missing is not judged, and costs no points.\n");
    else
        printf("Everything that the labs need is there.\n");
    return doctor.missing == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
