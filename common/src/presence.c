/* Who is there: open file description locks, see shmlab/presence.h. */
#define _GNU_SOURCE          /* F_OFD_SETLK, F_OFD_GETLK */
#define _FILE_OFFSET_BITS 64 /* presence_say locks past 4 GiB */
#include "shmlab/presence.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct flock presence_lock(int byte, short type)
{
    /* l_pid must be 0 for open file description locks: fcntl(2) */
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
}

static int presence_set(int fd, int byte, enum presence_kind kind, int command)
{
    struct flock lock = presence_lock(byte, kind == PRESENCE_EXCLUSIVE ? F_WRLCK : F_RDLCK);

    if (fcntl(fd, command, &lock) == 0)
        return 0;
    if (errno == EACCES) /* POSIX allows either number for "somebody holds it" */
        errno = EAGAIN;
    return -1;
}

int presence_claim(int fd, int byte, enum presence_kind kind)
{
    return presence_set(fd, byte, kind, F_OFD_SETLK);
}

int presence_claim_wait(int fd, int byte, enum presence_kind kind)
{
    return presence_set(fd, byte, kind, F_OFD_SETLKW);
}

int presence_release(int fd, int byte)
{
    struct flock lock = presence_lock(byte, F_UNLCK);

    return fcntl(fd, F_OFD_SETLK, &lock);
}

int presence_held(int fd, int byte)
{
    /* A write lock conflicts with every lock of others, so the question finds holders of both kinds. */
    struct flock lock = presence_lock(byte, F_WRLCK);

    if (fcntl(fd, F_OFD_GETLK, &lock) == -1)
        return -1;
    return lock.l_type != F_UNLCK;
}

enum { NUMBERS_SHIFT = 32 }; /* a number n is said on byte 2^32 + n */

int presence_say(int fd, uint32_t number)
{
    struct flock lock = presence_lock(0, F_WRLCK);

    lock.l_start = ((off_t)1 << NUMBERS_SHIFT) + number;
    return fcntl(fd, F_OFD_SETLK, &lock);
}

int presence_heard(int fd, uint32_t *number)
{
    struct flock lock = presence_lock(0, F_WRLCK);

    lock.l_start = lock.l_len = (off_t)1 << NUMBERS_SHIFT;
    if (fcntl(fd, F_OFD_GETLK, &lock) == -1) /* leaves the first lock in the way */
        return -1;
    if (lock.l_type == F_UNLCK)
        return 0;
    *number = (uint32_t)(lock.l_start - ((off_t)1 << NUMBERS_SHIFT));
    return 1;
}

bool presence_current(int fd, const char *name)
{
    struct stat ours, named;
    int now = shm_open(name, O_RDONLY, 0);

    if (now == -1)
        return false;
    bool same =
        fstat(fd, &ours) == 0 && fstat(now, &named) == 0 && ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
    close(now);
    return same;
}

/* Open or create; -1 with errno, ENOENT when the object vanished between the two attempts. */
static int object_open(const char *name, mode_t mode, bool *created)
{
    int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, mode);

    *created = fd != -1;
    if (fd == -1 && errno == EEXIST)
        return shm_open(name, O_RDWR, 0);
    if (fd != -1)
        fchmod(fd, mode); /* past the umask */
    return fd;
}

int presence_open(const char *name, mode_t mode, int byte, bool *created)
{
    /* Again whenever the object was removed between our opening it and our locking it. */
    for (;;) {
        int fd = object_open(name, mode, created);
        if (fd == -1 && errno == ENOENT)
            continue;
        if (fd == -1)
            return -1;

        int failed = presence_claim(fd, byte, PRESENCE_EXCLUSIVE);
        if (failed == 0 && presence_current(fd, name))
            return fd;
        int number = errno;
        close(fd);
        if (failed != 0) {
            errno = number;
            return -1;
        }
    }
}
