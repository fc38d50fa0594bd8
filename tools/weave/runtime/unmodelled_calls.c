/*
 * Calls that synchronise processes and that weave does not know: a run that makes one cannot be judged, and
 * says so.
 *
 * To let them happen would be worse: the order that they make would be invisible, and races be reported that
 * are none.
 */
#include "runtime.h"

#include <mqueue.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

void unmodelled(const char *what, const void *pc)
{
    if (!runtime.on)
        return;
    struct control *control = runtime.control;
    access_settle();
    size_t i = 0;
    for (; i + 1 < sizeof control->unmodelled && what[i] != '\0'; i++)
        control->unmodelled[i] = what[i];
    control->unmodelled[i] = '\0';
    control->unmodelled_site = site_at(pc);
    decide_finish(control, ENDING_UNMODELLED);
    turn_end_run();
}

#define UNMODELLED(type, call, parameters, arguments) \
    WEAVE_EXPORT type call parameters                 \
    {                                                 \
        unmodelled("uses " #call, CALLER);            \
        return REAL(call) arguments;                  \
    }

UNMODELLED(int, msgsnd, (int queue, const void *message, size_t size, int flags), (queue, message, size, flags))
UNMODELLED(ssize_t, msgrcv, (int queue, void *message, size_t size, long type, int flags),
           (queue, message, size, type, flags))
UNMODELLED(int, mq_send, (mqd_t queue, const char *message, size_t size, unsigned priority),
           (queue, message, size, priority))
UNMODELLED(ssize_t, mq_receive, (mqd_t queue, char *message, size_t size, unsigned *priority),
           (queue, message, size, priority))
UNMODELLED(int, mq_timedsend,
           (mqd_t queue, const char *message, size_t size, unsigned priority, const struct timespec *until),
           (queue, message, size, priority, until))
UNMODELLED(ssize_t, mq_timedreceive,
           (mqd_t queue, char *restrict message, size_t size, unsigned *restrict priority,
            const struct timespec *restrict until),
           (queue, message, size, priority, until))
UNMODELLED(int, timer_create, (clockid_t clock, struct sigevent *restrict event, timer_t *restrict timer),
           (clock, event, timer))
UNMODELLED(int, signalfd, (int descriptor, const sigset_t *mask, int flags), (descriptor, mask, flags))
UNMODELLED(int, sigqueue, (pid_t process, int signal, const union sigval value), (process, signal, value))

/* ---- other programs ---- */

/* What another program does to shared memory would not be seen. */
UNMODELLED(int, execv, (const char *path, char *const words[]), (path, words))
UNMODELLED(int, execve, (const char *path, char *const words[], char *const environment[]), (path, words, environment))
UNMODELLED(int, execvp, (const char *file, char *const words[]), (file, words))
UNMODELLED(int, execvpe, (const char *file, char *const words[], char *const environment[]), (file, words, environment))
UNMODELLED(int, fexecve, (int descriptor, char *const words[], char *const environment[]),
           (descriptor, words, environment))
UNMODELLED(int, posix_spawn,
           (pid_t *restrict pid, const char *restrict path, const posix_spawn_file_actions_t *actions,
            const posix_spawnattr_t *restrict attributes, char *const words[restrict],
            char *const environment[restrict]),
           (pid, path, actions, attributes, words, environment))
UNMODELLED(int, posix_spawnp,
           (pid_t *restrict pid, const char *restrict file, const posix_spawn_file_actions_t *actions,
            const posix_spawnattr_t *restrict attributes, char *const words[restrict],
            char *const environment[restrict]),
           (pid, file, actions, attributes, words, environment))
UNMODELLED(int, system, (const char *command), (command))
UNMODELLED(FILE *, popen, (const char *command, const char *mode), (command, mode))

enum { WORDS = 256 };

/* The words of execl and its relatives up to the NULL. False: too many. */
static bool words_take(char **words, const char *first, va_list arguments)
{
    words[0] = (char *)(uintptr_t)first;
    for (int i = 0; words[i] != NULL; words[i] = va_arg(arguments, char *))
        if (++i == WORDS)
            return false;
    return true;
}

WEAVE_EXPORT int execl(const char *path, const char *word, ...)
{
    char *words[WORDS];
    unmodelled("uses execl", CALLER);
    va_list arguments;
    va_start(arguments, word);
    bool fit = words_take(words, word, arguments);
    va_end(arguments);
    return fit ? REAL(execv)(path, words) : -1;
}

WEAVE_EXPORT int execlp(const char *file, const char *word, ...)
{
    char *words[WORDS];
    unmodelled("uses execlp", CALLER);
    va_list arguments;
    va_start(arguments, word);
    bool fit = words_take(words, word, arguments);
    va_end(arguments);
    return fit ? REAL(execvp)(file, words) : -1;
}

WEAVE_EXPORT int execle(const char *path, const char *word, ...)
{
    char *words[WORDS];
    unmodelled("uses execle", CALLER);
    va_list arguments;
    va_start(arguments, word);
    bool fit = words_take(words, word, arguments);
    char *const *environment = fit ? va_arg(arguments, char *const *) : NULL;
    va_end(arguments);
    return fit ? REAL(execve)(path, words, environment) : -1;
}
