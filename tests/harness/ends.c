/* See ends.h. What a process waits for comes from proc(5): syscall, maps, stat, status. */
#define _GNU_SOURCE
#include "ends.h"

#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "context.h"
#include "shmlab/clock.h"
#include "text.h"

enum {
    STALL = 10, /* seconds without any change: nothing but the check's own limit would end it */
    ARGUMENTS = 6,
    FAMILY = 64, /* processes that are looked at */
};

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
                "a call was made to fail, and its result is used all the same: a failed shmat returns (void *)-1, "
                "mmap MAP_FAILED, sem_open SEM_FAILED, none of them NULL";
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

/* Does it sleep until somebody else does something? */
static bool look_waits(const struct look *look)
{
    if (look->state != 'S')
        return false;
    switch (look->call) {
    case SYS_futex:
        return look->argument[3] == 0; /* no time limit: futex(2) */
    case SYS_semtimedop:
        return look->argument[3] == 0;
#ifdef SYS_semop
    case SYS_semop:
#endif
    case SYS_wait4:
    case SYS_read:
    case SYS_msgrcv:
        return true;
    default:
        return false;
    }
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

    if (look->call == SYS_read)
        return look->argument[0] == 0 ? "waits for input" : "sleeps in read: for another process to write";
    if (look->call == SYS_wait4)
        return "waits for the end of a child";
    if (look->call == SYS_msgrcv)
        return "sleeps in msgrcv: nobody sends a message";
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

/* Look at every process of the check. Returns a number that changes when one of them does anything; 0: not all sleep.
 */
static uint64_t family_look(struct check *check, const char **said)
{
    pid_t list[FAMILY];
    uint64_t hash = TEXT_HASH;
    size_t looked = 0;

    *said = "";
    check->asleep_locked = false;
    for (size_t i = 0; i < check->program_count; i++) {
        struct program *program = check->programs[i];
        size_t count = program->ended || program->process.pid == 0 ? 0 : family_list(program->process.pid, list, 0);
        for (size_t k = 0; k < count; k++) {
            struct look look;
            if (!look_at(list[k], &look) || look.state == 'Z')
                continue;
            if (!look_waits(&look))
                return 0;
            looked++;
            const unsigned long long done[] = {
                (unsigned long long)look.pid,  look.user,       look.system, look.switches,
                (unsigned long long)look.call, look.argument[0]};
            hash = text_hash(hash, done, sizeof done);
            check->asleep_locked |= look.call != SYS_read && look.call != SYS_wait4;
            *said = check_text(check, "%s\n  %s%s %s", *said, program->short_name, k > 0 ? " (a child of it)" : "",
                               sleep_text(check, &look));
        }
    }
    return looked > 0 ? hash : 0;
}

bool ends_stalled(struct check *check)
{
    const char *said;

    if (clock_now() < check->looked + 1)
        return check->asleep_seconds >= STALL;
    check->looked = clock_now();
    uint64_t now = family_look(check, &said);

    check->asleep_seconds = now != 0 && now == check->asleep ? check->asleep_seconds + 1 : 0;
    check->asleep = now;
    check->asleep_said = said;
    return check->asleep_seconds >= STALL;
}

bool ends_locked(const struct check *check)
{
    return check->asleep_seconds > 0 && check->asleep_locked;
}

const char *ends_asleep(struct check *check)
{
    return check->asleep_seconds > 0 ? check->asleep_said : "";
}
