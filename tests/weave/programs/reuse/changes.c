/*
 * Changes all of a process that is undone at the end of a run, and ends with 1 where it finds something changed at its
 * beginning.
 */
#include "../subject.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { LARGE = 1 << 20, SMALL = 100, MASK = 0123 };

static int written[LARGE / sizeof(int)], counted = 7;
static char *kept;
static void *mapped;

static void handler(int signal)
{
    (void)signal;
}

/* Far down the stack. */
__attribute__((noinline)) static int deep(int depth)
{
    volatile char room[LARGE / 2];
    room[0] = (char)depth;
    return depth == 0 ? room[0] : room[0] + deep(depth - 1);
}

static int is_changed(void)
{
    struct sigaction action;
    mode_t mask = umask(0);
    umask(mask);
    sigaction(SIGUSR2, NULL, &action);
    int descriptor = open("/dev/null", O_RDONLY);
    int changed = counted != 7 || written[LARGE / sizeof(int) - 1] != 0 || kept != NULL || mapped != NULL ||
                  getenv("CHANGED") != NULL || mask == MASK || action.sa_handler != SIG_DFL || descriptor != 3;
    close(descriptor);
    return changed;
}

static void change(void)
{
    counted += deep(3);
    written[LARGE / sizeof(int) - 1] = written[0] = 1;
    kept = malloc(SMALL);
    mapped = malloc(LARGE); /* a mapping of its own */
    memset(mapped, 1, LARGE);
    memset(kept, 1, SMALL);
    setenv("CHANGED", "yes", 1);
    umask(MASK);
    signal(SIGUSR2, handler);
    if (open("/dev/null", O_RDONLY) != 3 || open("/dev/zero", O_RDONLY) != 4)
        exit(2);
}

int main(void)
{
    int changed = is_changed();
    change();
    atomic_int *number = subject_share(sizeof *number);
    atomic_fetch_add(number, 1);
    printf("%d\n", changed);
    atomic_fetch_add(number, 1);
    return changed;
}
