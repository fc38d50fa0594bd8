/*
 * Reading a whole file: see file_bytes.h.
 */
#define _GNU_SOURCE
#include "file_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "explain.h"

/* Read up to size bytes; fewer only at the end of the file. Returns how many, or -1 with errno. */
static ssize_t read_fully(int fd, uint8_t *data, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t part = read(fd, data + done, size - done);
        if (part == 0)
            break;
        if (part < 0 && errno == EINTR)
            continue;
        if (part < 0)
            return -1;
        done += (size_t)part;
    }
    return (ssize_t)done;
}

static int read_descriptor(struct file_bytes *bytes, int fd, const char *path, size_t limit, char *error, size_t size)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return explain_errno(error, size, path, NULL);
    if (S_ISDIR(status.st_mode))
        return explain(error, size, "%s: a folder, not a file: name a file in it", path);
    if (!S_ISREG(status.st_mode))
        return explain(error, size, "%s: not a regular file: name one", path);
    if ((uintmax_t)status.st_size > limit)
        return explain(error, size, "%s: %jd bytes, more than the %zu that are read here: take a smaller file", path,
                       (intmax_t)status.st_size, limit);
    bytes->data = malloc((size_t)status.st_size + 1);
    if (bytes->data == NULL)
        return explain_errno(error, size, path, NULL);
    ssize_t count = read_fully(fd, bytes->data, (size_t)status.st_size);
    if (count < 0) {
        explain_errno(error, size, path, NULL);
        file_bytes_free(bytes);
        return -1;
    }
    bytes->size = (size_t)count;
    bytes->data[bytes->size] = 0;
    return 0;
}

int file_bytes_read(struct file_bytes *bytes, const char *path, size_t limit, char *error, size_t size)
{
    *bytes = (struct file_bytes){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* not to wait for the other end of a pipe */
    if (fd < 0)
        return explain_errno(error, size, path, errno == ENOENT ? "check the path" : NULL);
    int result = read_descriptor(bytes, fd, path, limit, error, size);
    close(fd);
    return result;
}

void file_bytes_free(struct file_bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct file_bytes){0};
}
