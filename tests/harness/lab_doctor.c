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
#include "process.h"
#include "scratch.h"
#include "shmlab/shared_data_contract.h"
#include "toolchain.h"

enum { LEAST_SHM = 32 << 20, LEAST_SEGMENTS = 64 };

/* Findings so far: anything without which a lab does not work. */
struct doctor {
    int missing;
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

static long number_read(const char *path)
{
    FILE *file = fopen(path, "re");
    long number = -1;

    if (file == NULL)
        return -1;
    if (fscanf(file, "%ld", &number) != 1)
        number = -1;
    fclose(file);
    return number;
}

static void limits_look(struct doctor *doctor)
{
    char text[256];
    struct shminfo info = {0};
    struct statvfs space = {0};

    /* shmctl(2): IPC_INFO, with that structure behind the pointer */
    bool asked = shmctl(0, IPC_INFO, (struct shmid_ds *)(void *)&info) != -1;
    snprintf(text, sizeof text, "System V shared memory: %lu segments at most, the largest %lu KiB", info.shmmni,
             info.shmmax >> 10);
    line_print(doctor, asked && info.shmmni >= LEAST_SEGMENTS && info.shmmax >= SHARED_DATA_SEGMENT_SIZE, true, text,
               "raise /proc/sys/kernel/shmmni and shmmax, or ask whoever runs the machine");
    bool there = statvfs("/dev/shm", &space) == 0;
    unsigned long long free_bytes = (unsigned long long)space.f_bavail * space.f_frsize;
    snprintf(text, sizeof text, "/dev/shm: %llu MiB free", free_bytes >> 20);
    line_print(doctor, there && free_bytes >= LEAST_SHM, true, there ? text : "/dev/shm: missing",
               "mount it (mount -t tmpfs tmpfs /dev/shm); in a container: docker run --shm-size=256m");
    snprintf(text, sizeof text, "processes: %ld at most on this machine", number_read("/proc/sys/kernel/pid_max"));
    line_print(doctor, true, false, text, NULL);
}

static void objects_try(struct doctor *doctor)
{
    char name[64];

    snprintf(name, sizeof name, "/shmlab_doctor_%d", (int)getpid());
    int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    bool good = fd != -1 && ftruncate(fd, 1) == 0;
    int number = errno;
    if (fd != -1) {
        close(fd);
        shm_unlink(name);
    }
    char text[128];
    snprintf(text, sizeof text, "POSIX shared memory can be created%s%s", good ? "" : ": ",
             good ? "" : strerror(number));
    line_print(doctor, good, true, text, "look at the permissions of /dev/shm: they should be 1777");
    int id = shmget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
    number = errno;
    good = id != -1;
    if (good)
        shmctl(id, IPC_RMID, NULL);
    snprintf(text, sizeof text, "System V shared memory can be created%s%s", good ? "" : ": ",
             good ? "" : strerror(number));
    line_print(doctor, good, true, text, "a sandbox may forbid it (some containers do): run the labs outside");
}

/* Could the grader shut programs in? Asked in a child, which is what would be changed. */
static void sandbox_look(struct doctor *doctor)
{
    int status = 0;

    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(unshare(CLONE_NEWUSER | CLONE_NEWIPC) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    if (child > 0)
        waitpid(child, &status, 0);
    line_print(doctor, child > 0 && status == 0, false, "user namespaces: needed by the instructor's grader only",
               "see /proc/sys/user/max_user_namespaces");
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
    limits_look(&doctor);
    objects_try(&doctor);
    sandbox_look(&doctor);
    leftovers_look(&doctor);
    printf(doctor.missing == 0 ? "Everything that the labs need is there.\n" : "Mend what is BAD first.\n");
    return doctor.missing == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
