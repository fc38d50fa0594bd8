/* What hostile.py puts in front of each sample. A sample that gets what it must not have says so: breach(). */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <unistd.h>

/* In two parts, so that no compiler's message about these lines holds the word. */
static inline void breach(const char *what)
{
    printf("BRE" "ACH: %s\n", what);
    fflush(stdout);
}

/* A call was refused: there is no more to be had. Try again a hundred times a second, which takes whatever becomes free, and
 * does not burn the processors that the other tests want; endless_loop and the floods do. */
static inline void try_again(void)
{
    usleep(10000);
}

static inline void try_to_read(const char *path)
{
    char text[4096];
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    ssize_t got = fd != -1 ? read(fd, text, sizeof text) : -1;

    if (got > 0) {
        breach(path);
        fwrite(text, 1, (size_t)got, stdout);
    }
}

static inline void try_to_write(const char *path)
{
    int fd = open(path, O_WRONLY | O_APPEND);

    if (fd != -1 && write(fd, "100 of 100", 10) > 0)
        breach(path);
}
