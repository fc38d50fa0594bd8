/* See demo.h. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "demo.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shmlab/error.h"
#include "shmlab/options.h"

void demo_help(int argc, char **argv, const char *text)
{
    const struct argp argp = {.doc = text};

    options_parse(&argp, argc, argv, NULL);
}

/* slide:share */
void *demo_share(size_t size)
{
    int flags = MAP_SHARED | MAP_ANONYMOUS;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);

    if (memory == MAP_FAILED)
        exit(error_report_errno("is the machine out of memory?", "mmap(%zu bytes)", size));
    return memory;
}
/* slide:end */

pid_t demo_child(void (*work)(void *memory), void *memory)
{
    pid_t parent = getpid();

    fflush(stdout); /* or the child would print our unwritten lines once more */
    pid_t child = fork();

    if (child == -1)
        exit(error_report_errno(NULL, "fork"));
    if (child > 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before we asked to be told */
        _exit(EXIT_FAILURE);
    work(memory);
    fflush(stdout);
    _exit(EXIT_SUCCESS);
}

int demo_await(pid_t child)
{
    int status;

    if (waitpid(child, &status, WUNTRACED) == -1)
        exit(error_report_errno(NULL, "waitpid(%d)", (int)child));
    return status;
}
