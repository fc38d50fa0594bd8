/*
 * Other programs: exec and what is made of it. The new program takes part in the run in the place of the old one: its
 * library finds the control segment by a descriptor that lasts, and goes on with the turn that the old one had.
 */
#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { WORDS = 256, ENVIRONMENT = 1024, OWN_VARIABLES = 5, VARIABLE = 300 };

/* ---- images: which program a process runs, and where it is in memory ---- */

static int image_of_main(struct dl_phdr_info *info, size_t size, void *base)
{
    (void)size;
    *(uint64_t *)base = info->dlpi_addr;
    return 1; /* the first one is the program: dl_iterate_phdr(3) */
}

uint64_t image_base(void)
{
    uint64_t base = 0;
    dl_iterate_phdr(image_of_main, &base);
    return base;
}

/* Kept from run to run, since sites speak of them. */
static uint8_t image_number(const char *path)
{
    struct control *control = runtime.control;
    uint32_t i = 0;
    for (; i < control->images; i++)
        if (strcmp(control->image[WEAVE_PROCESSES + i].path, path) == 0)
            return (uint8_t)(WEAVE_PROCESSES + i);
    if (i == WEAVE_IMAGES - WEAVE_PROCESSES)
        unmodelled("runs many different programs", CALLER);
    snprintf(control->image[WEAVE_PROCESSES + i].path, sizeof control->image[0].path, "%s", path);
    control->images = i + 1;
    return (uint8_t)(WEAVE_PROCESSES + i);
}

/* ---- going over into another program ---- */

/* As runner/options.c: compiled with our callbacks. */
static bool exec_is_instrumented(const char *path)
{
    static const char callback[] = "__tsan_init";
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    bool found = false;
    if (file >= 0 && REAL(fstat)(file, &status) == 0 && status.st_size > 0) {
        void *bytes = REAL(mmap)(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
        if (bytes != MAP_FAILED) {
            found = REAL(memmem)(bytes, (size_t)status.st_size, callback, sizeof callback) != NULL;
            REAL(munmap)(bytes, (size_t)status.st_size);
        }
    }
    if (file >= 0)
        syscall(SYS_close, file);
    return found;
}

static bool exec_is_ours(const char *variable)
{
    static const char *const names[] = {WEAVE_ENV_CONTROL "=", WEAVE_ENV_SLOT "=", WEAVE_ENV_PEER "=",
                                        WEAVE_ENV_ENTER "=", "LD_PRELOAD="};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strncmp(variable, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

/* The environment of the new program, with what its library needs; false: too large. */
static bool exec_environment(char **all, char own[OWN_VARIABLES][VARIABLE], char *const environment[], bool peer)
{
    int count = 0, used = 0;
    for (; environment != NULL && environment[used] != NULL; used++) {
        if (count + OWN_VARIABLES + 1 >= ENVIRONMENT)
            return false;
        if (!exec_is_ours(environment[used]))
            all[count++] = environment[used];
    }
    snprintf(own[0], VARIABLE, WEAVE_ENV_CONTROL "=%d", runtime.descriptor);
    snprintf(own[1], VARIABLE, WEAVE_ENV_SLOT "=%d", runtime.me);
    snprintf(own[2], VARIABLE, WEAVE_ENV_ENTER "=1");
    if (snprintf(own[3], VARIABLE, "LD_PRELOAD=%s", runtime.library) >= VARIABLE)
        return false;
    snprintf(own[4], VARIABLE, WEAVE_ENV_PEER "=trap");
    for (int i = 0; i < OWN_VARIABLES - !peer; i++)
        all[count++] = own[i];
    all[count] = NULL;
    return true;
}

/* What a process knows of the run outside of its memory: whether it still has the descriptor of the control segment. */
static bool exec_can_enter(void)
{
    struct stat status;
    return runtime.descriptor >= 0 && REAL(fstat)(runtime.descriptor, &status) == 0 &&
           status.st_ino == runtime.control_inode;
}

static int exec_go(const char *path, char *const words[], char *const environment[], const char *call, const void *pc)
{
    static char *all[ENVIRONMENT];
    static char own[OWN_VARIABLES][VARIABLE];
    if (!runtime.on)
        return REAL(execve)(path, words, environment);
    if (access(path, X_OK) != 0)
        return -1;
    bool peer = !exec_is_instrumented(path);
    if (!exec_can_enter() || !exec_environment(all, own, environment, peer))
        unmodelled(call, pc);
    struct process *p = runtime.self;
    turn_sync();
    uint8_t before = p->image, image = image_number(path);
    record_event(runtime.control, runtime.me, EVENT_EXEC, site_at(pc))->value = image;
    p->history = hash_mix(hash_mix(p->history, EVENT_EXEC), key_of_text(path));
    p->image = image;
    p->entering = 1; /* until its library is there: see watch_died */
    p->uninstrumented = peer;
    p->reads = 0;
    fcntl(runtime.descriptor, F_SETFD, 0);
    signal_leave_run();
    REAL(execve)(path, words, all);
    int saved = errno;
    signal_enter_run();
    fcntl(runtime.descriptor, F_SETFD, FD_CLOEXEC);
    p->image = before;
    p->entering = 0;
    errno = saved;
    return -1;
}

void exec_entered(void)
{
    struct image *image = &runtime.control->image[runtime.self->image % WEAVE_IMAGES];
    image->base = image_base();
    runtime.self->entering = 0;
    runtime.forked = true;
}

/* Along PATH, as execvp(3) does. */
static int exec_search(const char *file, char *const words[], char *const environment[], const char *call,
                       const void *pc)
{
    char path[PATH_MAX];
    const char *folders = getenv("PATH");
    if (strchr(file, '/') != NULL)
        return exec_go(file, words, environment, call, pc);
    for (const char *at = folders == NULL ? "/bin:/usr/bin" : folders; *at != '\0';) {
        size_t length = strcspn(at, ":");
        snprintf(path, sizeof path, "%.*s%s%s", (int)length, at, length > 0 ? "/" : "", file);
        if (access(path, X_OK) == 0)
            return exec_go(path, words, environment, call, pc);
        at += length + (at[length] == ':');
    }
    errno = ENOENT;
    return -1;
}

WEAVE_EXPORT int execve(const char *path, char *const words[], char *const environment[])
{
    return exec_go(path, words, environment, "uses execve", CALLER);
}

WEAVE_EXPORT int execv(const char *path, char *const words[])
{
    return exec_go(path, words, environ, "uses execv", CALLER);
}

WEAVE_EXPORT int execvp(const char *file, char *const words[])
{
    return exec_search(file, words, environ, "uses execvp", CALLER);
}

WEAVE_EXPORT int execvpe(const char *file, char *const words[], char *const environment[])
{
    return exec_search(file, words, environment, "uses execvpe", CALLER);
}

WEAVE_EXPORT int fexecve(int descriptor, char *const words[], char *const environment[])
{
    char link[40], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = runtime.on ? REAL(readlink)(link, path, sizeof path - 1) : -1;
    path[length < 0 ? 0 : length] = '\0';
    return length < 0 ? REAL(fexecve)(descriptor, words, environment)
                      : exec_go(path, words, environment, "uses fexecve", CALLER);
}

/* The words of execl and its relatives up to the NULL. False: too many. */
static bool words_take(char **words, const char *first, va_list arguments)
{
    words[0] = (char *)(uintptr_t)first;
    for (int i = 0; words[i] != NULL; words[i] = va_arg(arguments, char *))
        if (++i == WORDS) {
            errno = E2BIG;
            return false;
        }
    return true;
}

WEAVE_EXPORT int execl(const char *path, const char *word, ...)
{
    char *words[WORDS];
    va_list arguments;
    va_start(arguments, word);
    bool fit = words_take(words, word, arguments);
    va_end(arguments);
    return fit ? exec_go(path, words, environ, "uses execl", CALLER) : -1;
}

WEAVE_EXPORT int execlp(const char *file, const char *word, ...)
{
    char *words[WORDS];
    va_list arguments;
    va_start(arguments, word);
    bool fit = words_take(words, word, arguments);
    va_end(arguments);
    return fit ? exec_search(file, words, environ, "uses execlp", CALLER) : -1;
}

WEAVE_EXPORT int execle(const char *path, const char *word, ...)
{
    char *words[WORDS];
    va_list arguments;
    va_start(arguments, word);
    bool fit = words_take(words, word, arguments);
    char *const *environment = fit ? va_arg(arguments, char *const *) : NULL;
    va_end(arguments);
    return fit ? exec_go(path, words, environment, "uses execle", CALLER) : -1;
}

/* ---- starting one in a child ---- */

enum { NOT_STARTED = 127 };

static pid_t exec_child(const char *file, char *const words[], char *const environment[], bool search, const char *call,
                        const void *pc)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    if (search)
        exec_search(file, words, environment, call, pc);
    else
        exec_go(file, words, environment, call, pc);
    _exit(NOT_STARTED);
}

static int spawn(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, char *const words[], char *const environment[], bool search,
                 const void *pc)
{
    short flags = 0;
    if (attributes != NULL)
        posix_spawnattr_getflags(attributes, &flags);
    if (actions != NULL || flags != 0)
        unmodelled("uses posix_spawn with actions", pc);
    if (!search && access(file, X_OK) != 0)
        return errno;
    pid_t child = exec_child(file, words, environment, search, "uses posix_spawn", pc);
    if (child > 0 && pid != NULL)
        *pid = child;
    return child > 0 ? 0 : errno;
}

WEAVE_EXPORT int posix_spawn(pid_t *restrict pid, const char *restrict path, const posix_spawn_file_actions_t *actions,
                             const posix_spawnattr_t *restrict attributes, char *const words[restrict],
                             char *const environment[restrict])
{
    return runtime.on ? spawn(pid, path, actions, attributes, words, environment, false, CALLER)
                      : REAL(posix_spawn)(pid, path, actions, attributes, words, environment);
}

WEAVE_EXPORT int posix_spawnp(pid_t *restrict pid, const char *restrict file, const posix_spawn_file_actions_t *actions,
                              const posix_spawnattr_t *restrict attributes, char *const words[restrict],
                              char *const environment[restrict])
{
    return runtime.on ? spawn(pid, file, actions, attributes, words, environment, true, CALLER)
                      : REAL(posix_spawnp)(pid, file, actions, attributes, words, environment);
}

static int exec_wait(pid_t child, const void *pc)
{
    int status = -1;
    while (process_wait(child, &status, 0, pc) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}

WEAVE_EXPORT int system(const char *command)
{
    if (!runtime.on)
        return REAL(system)(command);
    if (command == NULL)
        return 1; /* there is a shell */
    pid_t child = exec_child("/bin/sh", (char *[]){"sh", "-c", (char *)(uintptr_t)command, NULL}, environ, false,
                             "uses system", CALLER);
    if (child < 0)
        return -1;
    return exec_wait(child, CALLER);
}

enum { STREAMS = 16 };
static struct {
    FILE *stream;
    pid_t child;
} opened[STREAMS];

WEAVE_EXPORT FILE *popen(const char *command, const char *mode)
{
    int ends[2], slot = 0;
    if (!runtime.on)
        return REAL(popen)(command, mode);
    while (slot < STREAMS && opened[slot].stream != NULL)
        slot++;
    bool reads = mode[0] == 'r';
    if (slot == STREAMS || pipe2(ends, O_CLOEXEC) != 0)
        return NULL;
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[reads ? 1 : 0], reads ? STDOUT_FILENO : STDIN_FILENO);
        exec_go("/bin/sh", (char *[]){"sh", "-c", (char *)(uintptr_t)command, NULL}, environ, "uses popen", CALLER);
        _exit(NOT_STARTED);
    }
    close(ends[reads ? 1 : 0]);
    FILE *stream = child < 0 ? NULL : fdopen(ends[reads ? 0 : 1], reads ? "r" : "w");
    opened[slot].stream = stream;
    opened[slot].child = child;
    return stream;
}

WEAVE_EXPORT int pclose(FILE *stream)
{
    for (int i = 0; i < STREAMS; i++) {
        if (opened[i].stream != stream)
            continue;
        opened[i].stream = NULL;
        fclose(stream);
        return exec_wait(opened[i].child, CALLER);
    }
    return REAL(pclose)(stream);
}
