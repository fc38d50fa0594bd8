/*
 * A whole regular file in memory.
 */
#ifndef SHMLAB_FILE_BYTES_H
#define SHMLAB_FILE_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct file_bytes {
    uint8_t *data; /* a zero byte follows the last one; NULL when empty */
    size_t size;
};

/*
 * Read the file, at most `limit` bytes of it. Anything but a regular file (a folder, a pipe that would never
 * end) and a larger file are errors: a sentence is left in error. Returns 0 or -1.
 */
int file_bytes_read(struct file_bytes *bytes, const char *path, size_t limit, char *error, size_t size);

void file_bytes_free(struct file_bytes *bytes);

#endif
