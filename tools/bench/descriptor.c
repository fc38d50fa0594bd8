/* Whole messages through descriptors: see descriptor.h. */
#include "descriptor.h"

#include <errno.h>
#include <unistd.h>

static size_t part(size_t left, size_t piece)
{
    return piece != 0 && piece < left ? piece : left;
}

bool descriptor_write(int fd, const void *bytes, size_t size, size_t piece)
{
    const char *at = bytes;

    while (size > 0) {
        ssize_t sent = write(fd, at, part(size, piece));
        if (sent == -1 && errno == EINTR)
            continue;
        if (sent == -1)
            return false;
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

bool descriptor_read(int fd, void *bytes, size_t size, size_t piece)
{
    char *at = bytes;

    while (size > 0) {
        ssize_t got = read(fd, at, part(size, piece));
        if (got == -1 && errno == EINTR)
            continue;
        if (got == 0)
            errno = EPIPE;
        if (got <= 0)
            return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

void descriptor_close(int *fd)
{
    if (*fd != -1)
        close(*fd);
    *fd = -1;
}
