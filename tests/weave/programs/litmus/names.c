/*
 * Shared memory that is handed over, or guarded, through something that has a name in the file system: a FIFO, a
 * socket, a lock on bytes of a file, a file or folder that only one process can make.
 *
 * variant: fifo: NAME=1 => pass
 * variant: fifo_early: NAME=1 EARLY => race early-publication
 * variant: socket: NAME=2 => pass
 * variant: socket_early: NAME=2 EARLY => race early-publication
 * variant: bytes: NAME=3 FIRST=0 LENGTH=0 => pass
 * variant: other_bytes: NAME=3 FIRST=4 LENGTH=4 => race no-lock
 * variant: readers: NAME=3 FIRST=0 LENGTH=0 READERS => race no-lock
 * variant: lockf: NAME=4 => pass
 * variant: exclusive: NAME=5 => pass
 * variant: folder: NAME=6 => pass
 * variant: undone: NAME=7 => pass
 * run: all
 */
#include "../subject.h"

#include <sched.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#ifndef FIRST
#define FIRST  0
#define LENGTH 0
#endif
#ifdef READERS
#define KIND F_RDLCK
#else
#define KIND F_WRLCK
#endif

struct shared {
    int value;
};

static const struct sockaddr_un place = {AF_UNIX, "/dev/shm/socket"};
static int file, set, listening;
static bool child;

/* The child takes all bytes, its parent those of the variant. */
static void lock(short kind, int first, int length)
{
    struct flock bytes = {.l_type = kind, .l_whence = SEEK_SET, .l_start = first, .l_len = length};
    if (fcntl(file, F_SETLKW, &bytes) != 0)
        exit(2);
}

static void take(int first, int length)
{
    struct sembuf down = {0, -1, SEM_UNDO};
    switch (NAME) {
    case 3:
        lock(KIND, first, length);
        return;
    case 4:
        if (lockf(file, F_LOCK, 0) != 0)
            exit(2);
        return;
    case 5:
        while (open("/dev/shm/lock", O_CREAT | O_EXCL | O_CLOEXEC, 0600) < 0)
            usleep(10);
        return;
    case 6:
        while (mkdir("/dev/shm/lock", 0700) != 0)
            sched_yield();
        return;
    default:
        if (semop(set, &down, 1) != 0)
            exit(2);
    }
}

static void give(int first, int length)
{
    struct sembuf up = {0, 1, SEM_UNDO};
    switch (NAME) {
    case 3:
        lock(F_UNLCK, first, length);
        return;
    case 4:
        if (lockf(file, F_ULOCK, 0) != 0)
            exit(2);
        return;
    case 5:
        unlink("/dev/shm/lock");
        return;
    case 6:
        rmdir("/dev/shm/lock");
        return;
    default:
        if (!child && semop(set, &up, 1) != 0) /* the kernel undoes the child's at its end: semop(2) */
            exit(2);
    }
}

static int send_end(void)
{
    if (NAME == 1)
        return open("/dev/shm/fifo", O_WRONLY);
    int end = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(end, (const struct sockaddr *)&place, sizeof place) != 0)
        exit(3);
    return end;
}

static void guarded(struct shared *shared, int first, int length)
{
    take(first, length);
    shared->value++; /* MISTAKE */
    give(first, length);
}

static void child_role(struct shared *shared)
{
    if (NAME > 2) {
        guarded(shared, 0, FIRST == 0 ? 0 : 4);
        return;
    }
#ifndef EARLY
    shared->value = 42;
#endif
    if (write(send_end(), "x", 1) != 1)
        exit(4);
#ifdef EARLY
    shared->value = 42; /* MISTAKE */
#endif
}

static void parent_role(struct shared *shared)
{
    char byte;
    if (NAME > 2) {
        guarded(shared, FIRST, LENGTH);
        return;
    }
    int end = NAME == 1 ? open("/dev/shm/fifo", O_RDONLY) : accept(listening, NULL, NULL);
    if (read(end, &byte, 1) != 1 || shared->value != 42)
        exit(5);
}

int main(void)
{
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    file = open("/dev/shm/file", O_CREAT | O_RDWR, 0600);
    set = semget(IPC_PRIVATE, 1, 0600);
    listening = socket(AF_UNIX, SOCK_STREAM, 0);
    if (mkfifo("/dev/shm/fifo", 0600) != 0 || semctl(set, 0, SETVAL, 1) != 0 ||
        bind(listening, (const struct sockaddr *)&place, sizeof place) != 0 || listen(listening, 1) != 0)
        return 1;
    if (fork() == 0) {
        child = true;
        child_role(shared);
        _exit(0);
    }
    parent_role(shared);
    int status;
    return wait(&status) < 0 || status != 0;
}
