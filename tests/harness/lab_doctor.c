/* lab doctor: what this machine offers to the labs, a line each, with advice where something is missing. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
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
#include "render.h"
#include "scratch.h"
#include "shmlab/shared_data_contract.h"
#include "toolchain.h"

/* Findings so far. */
struct doctor {
    int missing; /* without it a lab does not work */
    int poor;    /* without it some checks are not judged */
};

/* Standard output; in a file lines are not broken. */
static struct render screen(void)
{
    struct render render = render_to(stdout);

    if (render.rows == 0)
        render.width = INT_MAX;
    return render;
}

static void line_print(struct doctor *doctor, bool good, bool needed, const char *what, const char *advice)
{
    struct render render = screen();

    render_behind(&render, good ? "  ok    " : needed ? "  BAD   " : "  note  ", what);
    if (!good && advice != NULL)
        render_behind(&render, "        -> ", advice);
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
               "install it and configure again: apt install darknet");
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

/* A name that a check drew, "shmlab_PID_N" (check_prefix), whose process is gone. */
static bool name_abandoned(const char *entry)
{
    int pid, number;
    const char *name = strncmp(entry, "sem.", 4) == 0 ? entry + 4 : entry;

    return sscanf(name, "shmlab_%d_%d", &pid, &number) == 2 && kill(pid, 0) == -1 && errno == ESRCH;
}

/* Segments of this user with a key as checks draw them (check_key), which nobody has attached, of a creator who is
 * gone. */
static int segments_look(struct doctor *doctor)
{
    enum { KEY_FIRST = 100000000, KEY_LAST = 1100000000 };
    struct shm_info all;
    int last = shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&all), found = 0; /* shmctl(2): that command's argument */
    char text[256];

    for (int i = 0; i <= last; i++) {
        struct shmid_ds info;
        int id = machine_segment(i, &info);
        if (id == -1 || info.shm_perm.uid != geteuid() || info.shm_nattch > 0 || info.shm_perm.__key < KEY_FIRST ||
            info.shm_perm.__key > KEY_LAST || kill(info.shm_cpid, 0) == 0 || errno != ESRCH)
            continue;
        snprintf(text, sizeof text, "System V segment with id %d is left of a run that was killed", id);
        line_print(doctor, false, false, text, "ipcrm -m ID removes it");
        found++;
    }
    return found;
}

/* Programs of a run that is over: its folder, and their files in it, are gone. */
static int programs_look(struct doctor *doctor)
{
    static const char gone[] = " (deleted)";
    DIR *processes = opendir("/proc");
    char path[64], file[512], text[640];
    int found = 0;

    for (const struct dirent *entry; processes != NULL && (entry = readdir(processes)) != NULL;) {
        snprintf(path, sizeof path, "/proc/%.20s/exe", entry->d_name);
        ssize_t length = entry->d_name[0] > '0' && entry->d_name[0] <= '9' ? readlink(path, file, sizeof file - 1) : -1;
        if (length < (ssize_t)sizeof gone)
            continue;
        file[length] = '\0';
        if (strstr(file, "/" SCRATCH_NAME) == NULL || strcmp(file + length - (sizeof gone - 1), gone) != 0)
            continue;
        snprintf(text, sizeof text, "process %.20s still runs: %.500s", entry->d_name, file);
        line_print(doctor, false, false, text, "a program of a run that is over: kill -9 and its number ends it");
        found++;
    }
    if (processes != NULL)
        closedir(processes);
    return found;
}

/* What earlier runs left, with the default names or with drawn ones: told, never removed. */
static void leftovers_look(struct doctor *doctor)
{
    DIR *directory = opendir("/dev/shm");
    char text[512];
    int found = 0;

    for (const struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        bool abandoned = name_abandoned(entry->d_name);
        if (!abandoned && !name_documented(entry->d_name))
            continue;
        snprintf(text, sizeof text, "/dev/shm/%s is %s", entry->d_name,
                 abandoned ? "left of a run that was killed" : "there");
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
    found += segments_look(doctor) + programs_look(doctor) + scratch_abandoned(scratch_tell, doctor);
    if (found == 0)
        line_print(doctor, true, false, "nothing is left behind: no object, no program, no folder", NULL);
}

int lab_doctor(const struct lab_options *options)
{
    struct doctor doctor = {0};
    struct render render = screen();

    (void)options;
    tools_look(&doctor);
    machine_try(&doctor);
    leftovers_look(&doctor);
    if (doctor.missing > 0)
        render_behind(&render, "", "Fix what is BAD first.");
    else if (doctor.poor > 0)
        render_behind(&render, "",
                      "The labs work here. A check that wants what is missing is not judged, and costs no points.");
    else
        render_behind(&render, "", "Everything that the labs need is there.");
    return doctor.missing == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
