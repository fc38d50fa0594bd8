/* See ends.h. What a process waits for comes from proc(5): syscall, maps, stat, status. */
#define _GNU_SOURCE
#include "ends.h"

#include <ctype.h>
#include <dirent.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "context.h"
#include "shmlab/clock.h"
#include "stack.h"
#include "text.h"

enum {
    STALL = 5, /* seconds without any change: nothing but the check's own limit would end it */
    RETRIES = 20,
    ARGUMENTS = 6,
    FAMILY = 64, /* processes that are looked at */
};

/* Seconds: what ends a sleep so much later ends none that a check waits for. */
static const double sleep_far = 30;

/* ---- Crashes ---- */

static const struct crash {
    int number;
    const char *cause, *next;
} crashes[] = {
    {SIGSEGV,
     "an address that leads nowhere: NULL, (void *)-1 or MAP_FAILED from a call that failed, a mapping for reading "
     "only, or "
     "a pointer that another process has stored",
     "run it in gdb: after the crash `bt` shows the line"},
    {SIGBUS, "memory that is mapped, but not there: the object is shorter than the mapping",
     "ftruncate before mmap, and look at its result; `ls -l /dev/shm` shows the size"},
    {SIGABRT, "it ended itself: an assertion did not hold, or the library found its memory damaged",
     "its last words say which"},
    {SIGFPE, "an integer divided by zero, perhaps by a number from shared memory",
     "look at the divisor before you divide"},
    {SIGXFSZ, "a file that grows without end: this is the largest that a program may write",
     "what ends the loop that writes?"},
    {SIGXCPU, "a loop without end, which computes all the time", "what ends the loop, and who changes that?"},
    {SIGILL, "it jumped to where no program is: a damaged pointer or stack",
     "look for an array that is written beyond its end"},
};

bool ends_crashed(int status)
{
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
        if (status - 256 == crashes[i].number)
            return true;
    return false;
}

void ends_note(struct check *check, int status)
{
    if (status == -1 || ends_crashed(status))
        check->told = status;
}

void ends_explain(const struct check *check, struct finding *finding)
{
    int number = check->told - 256;

    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++) {
        if (number != crashes[i].number)
            continue;
        finding->cause = crashes[i].cause;
        finding->next = crashes[i].next;
        if (check->faulted && number == SIGSEGV) {
            finding->cause =
                "a call was made to fail, and its result is used all the same: a failed shmat returns (void *)-1 and "
                "mmap MAP_FAILED, which are not NULL, and sem_open returns SEM_FAILED";
            finding->next = "look at the result on the next line";
        }
    }
    if (check->flooded) {
        finding->cause = "a loop that prints does not end";
        finding->next = "what ends the loop, and who changes that?";
    }
}

const char *ends_word(const struct check *check)
{
    return check->crowded      ? "processes"
           : check->flooded    ? "flood"
           : check->told == -1 ? "limit"
           : check->told > 255 ? "signal"
                               : NULL;
}

/* ---- Calls that failed ---- */

void ends_explain_message(const char *said, struct finding *finding)
{
    static const struct {
        const char *call, *error, *cause, *next;
    } known[] = {
        {"ftruncate", "EINVAL", "the descriptor is not open for writing, or the size is negative",
         "shm_open with O_RDWR"},
        {"shm_open", "EINVAL", "the name is not one slash and then no other one: shm_open(3)", "print the name"},
        {"sem_open", "EINVAL",
         "the name is not one slash and then no other one, or the first value is too large: sem_open(3)",
         "print the name and the value; the mode comes before the value"},
        {"mmap", "EACCES", "the descriptor is not open as the mapping asks: PROT_WRITE and MAP_SHARED need O_RDWR",
         "compare shm_open's flags with mmap's"},
        {"mmap", "EINVAL", "a length of 0, or neither MAP_SHARED nor MAP_PRIVATE",
         "look at mmap's second and fourth argument"},
        {"shmget", "EINVAL", "there is a smaller segment with this key, or the size is 0", "look at `ipcs -m`"},
        {"shmget", "EACCES",
         "the segment's access bits do not allow it: they are the low 9 bits of the flags that created it",
         "look at `ipcs -m`"},
        {"shmat", "EACCES",
         "the segment's access bits do not allow it: they are the low 9 bits of the flags that created it",
         "look at `ipcs -m`"},
        {"sem_open", "EACCES", "the semaphore's mode does not allow it: the third argument, before the first value",
         "look at `ls -l /dev/shm`"},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        for (const char *at = strstr(said, known[i].call); at != NULL; at = strstr(at + 1, known[i].call))
            if (memmem(at, strcspn(at, "\n"), known[i].error, strlen(known[i].error)) != NULL) {
                finding->cause = known[i].cause;
                finding->next = known[i].next;
                return;
            }
}

/* ---- Where a process sleeps ---- */

/* A process as it is now. */
struct look {
    pid_t pid;
    char state;
    unsigned long long user, system, switches;
    long call;
    unsigned long long argument[ARGUMENTS];
    bool polls; /* it sleeps for a moment only, to look again */
};

/* A small file of /proc/PID; false when it cannot be read. */
static bool proc_read(pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    FILE *file = fopen(path, "re");
    size_t got = file != NULL ? fread(text, 1, size - 1, file) : 0;
    if (file != NULL)
        fclose(file);
    text[got] = '\0';
    return got > 0;
}

static bool look_at(pid_t pid, struct look *look)
{
    char text[2048];

    *look = (struct look){.pid = pid, .call = -1};
    if (!proc_read(pid, "stat", text, sizeof text))
        return false;
    const char *rest = strrchr(text, ')'); /* proc(5): the name may hold anything, but is in parentheses */
    if (rest == NULL || sscanf(rest + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &look->state,
                               &look->user, &look->system) != 3)
        return false;
    if (!proc_read(pid, "status", text, sizeof text))
        return false;
    const char *switches = strstr(text, "\nvoluntary_ctxt_switches:");
    look->switches = switches != NULL ? strtoull(strchr(switches, ':') + 1, NULL, 10) : 0;
    unsigned long long *a = look->argument;
    if (proc_read(pid, "syscall", text, sizeof text)) /* "running" while it runs; refused where we may not look */
        sscanf(text, "%ld %llx %llx %llx %llx %llx %llx", &look->call, &a[0], &a[1], &a[2], &a[3], &a[4], &a[5]);
    return true;
}

/* Memory of the process; false when it cannot be read. */
static bool memory_read(pid_t pid, unsigned long long address, void *bytes, size_t size)
{
    const struct iovec here = {bytes, size}, there = {(void *)(uintptr_t)address, size};

    return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

/* Seconds until a sleep ends by itself; sleep_far or more: not while anybody waits for it. `clock` -1: counted from its
 * begin. */
static double sleep_left(const struct look *look, int argument, clockid_t clock)
{
    struct timespec end, now = {0};

    if (look->argument[argument] == 0)
        return sleep_far;
    if (!memory_read(look->pid, look->argument[argument], &end, sizeof end))
        return 0;
    if (clock != -1)
        clock_gettime(clock, &now);
    return (double)(end.tv_sec - now.tv_sec) + (double)(end.tv_nsec - now.tv_nsec) / 1e9;
}

/* futex(2): FUTEX_WAIT counts from its begin, all others have a point of time. */
static double futex_left(const struct look *look)
{
    bool relative = ((unsigned)look->argument[1] & (unsigned)FUTEX_CMD_MASK) == FUTEX_WAIT;

    return sleep_left(look, 3,
                      relative                                          ? -1
                      : (look->argument[1] & FUTEX_CLOCK_REALTIME) != 0 ? CLOCK_REALTIME
                                                                        : CLOCK_MONOTONIC);
}

/* How long does this process sleep, unless somebody else does something? -1: it does not, or nobody knows. */
static double look_left(const struct look *look)
{
    if (look->state != 'S')
        return -1;
    switch (look->call) {
    case SYS_futex:
        return futex_left(look);
    case SYS_semtimedop:
        return sleep_left(look, 3, -1);
    case SYS_clock_nanosleep:
        return sleep_left(look, 2, look->argument[1] == TIMER_ABSTIME ? (clockid_t)look->argument[0] : -1);
    case SYS_ppoll:
        return sleep_left(look, 2, -1);
#ifdef SYS_nanosleep
    case SYS_nanosleep:
        return sleep_left(look, 0, -1);
#endif
#ifdef SYS_poll
    case SYS_poll:
        return (int)look->argument[2] < 0 ? sleep_far : (int)look->argument[2] / 1000.0;
#endif
#ifdef SYS_pause
    case SYS_pause:
#endif
#ifdef SYS_semop
    case SYS_semop:
#endif
    case SYS_rt_sigsuspend:
    case SYS_wait4:
    case SYS_read:
    case SYS_msgrcv:
        return sleep_far;
    default:
        return -1;
    }
}

/* A clock's sleep, and not a wait for something: what it is that is looked for in between cannot be seen. */
static bool look_is_nap(const struct look *look)
{
#ifdef SYS_nanosleep
    if (look->call == SYS_nanosleep)
        return true;
#endif
    return look->call == SYS_clock_nanosleep || look->call == SYS_ppoll;
}

/* Does it sleep until somebody else does something, or wake up now and then to see whether somebody has? */
static bool look_waits(struct look *look)
{
    double left = look_left(look);

    look->polls =
        left >= 0 && left < sleep_far; /* of one that sleeps so long at a time only a few are seen: not enough */
    return left >= sleep_far || look->polls;
}

/* What shared memory of the process holds: the beginning of each mapping, where indices and flags are. */
static uint64_t memory_hash(pid_t pid, uint64_t hash)
{
    enum { PAGE = 4096 };
    char path[64], line[512], page[PAGE];

    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        unsigned long long begin;
        char access[8];
        if (sscanf(line, "%llx-%*x %7s", &begin, access) == 2 && access[3] == 's' &&
            (strstr(line, "/SYSV") != NULL || strstr(line, "/dev/shm/") != NULL) &&
            memory_read(pid, begin, page, sizeof page))
            hash = text_hash(hash, page, sizeof page);
    }
    if (maps != NULL)
        fclose(maps);
    return hash;
}

/* The name of a file by its inode number: sem_open(3) of glibc makes a semaphore under another name, which maps shows.
 */
static void name_by_inode(pid_t pid, unsigned long long inode, char *name, size_t size)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/root/dev/shm", (int)pid); /* its own, should it be behind walls */
    DIR *folder = opendir(path);
    for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        if (entry->d_ino == inode)
            snprintf(name, size, "/dev/shm/%.240s", entry->d_name);
    if (folder != NULL)
        closedir(folder);
}

/* The object that an address of the process belongs to, and the offset in it. */
static bool object_at(pid_t pid, unsigned long long address, char *name, size_t size, unsigned long long *offset)
{
    char path[64], line[512];
    bool found = false;

    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    while (maps != NULL && !found && fgets(line, sizeof line, maps) != NULL) {
        unsigned long long begin, end, start, inode;
        int at = 0;
        if (sscanf(line, "%llx-%llx %*s %llx %*s %llu %n", &begin, &end, &start, &inode, &at) < 4 || address < begin ||
            address >= end)
            continue;
        snprintf(name, size, "%.*s", (int)strcspn(line + at, " \n"), line + at);
        if (strncmp(name, "/dev/shm/", strlen("/dev/shm/")) == 0)
            name_by_inode(pid, inode, name, size);
        *offset = address - begin + start;
        found = true;
    }
    if (maps != NULL)
        fclose(maps);
    return found;
}

/* glibc's semaphore begins with its value on a 64-bit machine: the lower half of an 8-byte word. */
static bool semaphore_value_at(pid_t pid, const char *name, unsigned long long offset, unsigned *value)
{
    uint32_t word;
    char path[320];

    snprintf(path, sizeof path, "/proc/%d/root%s", (int)pid, name);
    FILE *file = fopen(path, "re");
    bool good = file != NULL && fseek(file, (long)offset, SEEK_SET) == 0 && fread(&word, sizeof word, 1, file) == 1;

    if (file != NULL)
        fclose(file);
    if (good)
        *value = word;
    return good;
}

/* An object's name, of which the first part differs from run to run: "shmlab_4711_0_mutex". */
static const char *name_told(struct check *check, const char *name)
{
    const char *last = strrchr(name, '_');
    const char *told = check_text(check, "%s", name);

    check_varies(check, last != NULL && !isdigit((unsigned char)last[1]) ? check_text(check, "name%s", last) : "name",
                 told);
    return told;
}

/* "sleeps in sem_wait on /shmlab_mutex, whose value is 0" */
static const char *sleep_text(struct check *check, const struct look *look)
{
    static const char memory[] = "/dev/shm/", semaphore[] = "/dev/shm/sem.";
    char name[256] = "";
    unsigned long long offset = 0;
    unsigned value = 0;

    if (look->polls && look_is_nap(look))
        return "sleeps a moment, looks at what has not changed, and sleeps again";
    if (look_is_nap(look))
        return look_left(look) > sleep_far ? "sleeps for a fixed time, and waits for nobody"
                                           : "waits for input or a signal";
    if (look->call == SYS_read)
        return look->argument[0] == 0 ? "waits for input" : "sleeps in read: for another process to write";
    if (look->call == SYS_wait4)
        return "waits for the end of a child";
    if (look->call == SYS_msgrcv)
        return "sleeps in msgrcv: nobody sends a message";
#ifdef SYS_poll
    if (look->call == SYS_poll)
        return "waits for input or a signal";
#endif
#ifdef SYS_pause
    if (look->call == SYS_pause)
        return "waits for a signal";
#endif
    if (look->call == SYS_rt_sigsuspend)
        return "waits for a signal";
    if (look->call != SYS_futex)
        return check_text(check, "sleeps in semop on semaphore set id %llu", look->argument[0]);
    if (!object_at(look->pid, look->argument[0], name, sizeof name, &offset))
        return "sleeps in futex";
    if (strncmp(name, semaphore, strlen(semaphore)) == 0 && semaphore_value_at(look->pid, name, offset, &value))
        return check_text(check, "sleeps in sem_wait on /%s, whose value is %u",
                          name_told(check, name + strlen(semaphore)), value);
    if (strncmp(name, memory, strlen(memory)) == 0)
        return check_text(check, "sleeps on a lock or semaphore at byte %llu of /%s", offset,
                          name_told(check, name + strlen(memory)));
    if (strncmp(name, "/SYSV", 5) == 0)
        return check_text(check, "sleeps on a lock or semaphore at byte %llu of its System V segment", offset);
    return "sleeps on a lock of its own";
}

/* ---- All of them ---- */

/* The descendants of a process, it itself first. */
static size_t family_list(pid_t pid, pid_t list[], size_t count)
{
    char text[1024], name[64];
    size_t first = count;

    if (count < FAMILY)
        list[count++] = pid;
    for (size_t i = first; i < count; i++) {
        snprintf(name, sizeof name, "task/%d/children", (int)list[i]);
        if (!proc_read(list[i], name, text, sizeof text))
            continue;
        for (char *at = text, *end; count < FAMILY; at = end) {
            long child = strtol(at, &end, 10);
            if (end == at || child <= 0)
                break;
            list[count++] = (pid_t)child;
        }
    }
    return count;
}

/* A look at one that waits, or at one that is awake for a moment only: then the next look finds it asleep. */
static bool look_asleep(pid_t pid, struct look *look)
{
    const struct timespec moment = {.tv_nsec = 1000000};

    for (int i = 0; i < RETRIES; i++) {
        if (!look_at(pid, look) || look->state == 'Z' || look_waits(look))
            return true;
        nanosleep(&moment, NULL);
    }
    return false;
}

/* The line in which it sleeps. One that looks again and again may be awake by the time that its stack is read. */
static const char *asleep_line(struct check *check, pid_t pid, const struct look *look)
{
    struct look again = *look;
    bool there = false;
    const char *line = NULL;

    for (int i = 0; i < RETRIES && !there; i++) {
        line = stack_line(check, pid, again.call, &there);
        if (!there && !look_asleep(pid, &again))
            break;
    }
    return line;
}

/* One process of the check: into the hash goes all that changes when it does anything. */
static bool process_look(struct check *check, const struct program *program, pid_t pid, uint64_t *hash, bool *enough)
{
    struct look look;

    if (!look_asleep(pid, &look))
        return false;
    if (look.state == 'Z' || look.state == '\0')
        return true;
    unsigned long long done[] = {(unsigned long long)look.pid,  look.user,       look.system, look.switches,
                                 (unsigned long long)look.call, look.argument[0]};
    *hash = look.polls ? memory_hash(pid, *hash) : text_hash(*hash, done, sizeof done);
    *hash = text_hash(*hash, &program->process.printed, sizeof program->process.printed);
    *enough &= !look.polls; /* one that looks again and again may count, and give up by itself */
    check->asleep_locked |= look.call == SYS_futex || look.call == SYS_semtimedop;
    const char *line =
        check->asleep_seconds + 1 == STALL ? asleep_line(check, pid, &look) : NULL; /* costly: see ends_stalled */
    check->asleep_said = check_text(check, "%s\n  %s%s %s%s%s", check->asleep_said, program->short_name,
                                    pid != program->process.pid ? " (a child of it)" : "", sleep_text(check, &look),
                                    line != NULL ? ", called at " : "", line != NULL ? line : "");
    return true;
}

/* Look at every process of the check. Returns a number that changes when one of them does anything; 0: not all sleep.
 */
static uint64_t family_look(struct check *check, bool *enough)
{
    pid_t list[FAMILY];
    uint64_t hash = TEXT_HASH;

    check->asleep_said = "";
    check->asleep_locked = false;
    *enough = true;
    for (size_t i = 0; i < check->program_count; i++) {
        const struct program *program = check->programs[i];
        size_t count = program->ended || program->process.pid == 0 ? 0 : family_list(program->process.pid, list, 0);
        for (size_t k = 0; k < count; k++)
            if (!process_look(check, program, list[k], &hash, enough))
                return 0;
    }
    return check->asleep_said[0] != '\0' ? hash : 0;
}

bool ends_stalled(struct check *check)
{
    bool enough;

    if (clock_now() < check->looked + 1)
        return check->stalled;
    check->looked = clock_now();
    const char *said = check->asleep_said;
    uint64_t now = family_look(check, &enough);

    if (now != 0 && now == check->asleep && check->asleep_seconds >= STALL)
        check->asleep_said = said; /* with the lines: they are looked up once, when it begins to be told */
    check->asleep_seconds = now != 0 && now == check->asleep ? check->asleep_seconds + 1 : 0;
    check->asleep = now;
    check->stalled = check->asleep_seconds >= STALL && enough; /* `enough`: see process_look */
    return check->stalled;
}

bool ends_locked(const struct check *check)
{
    return check->asleep_seconds > 0 && check->asleep_locked;
}

const char *ends_asleep(struct check *check)
{
    return check->asleep_seconds > 0 ? check->asleep_said : "";
}
