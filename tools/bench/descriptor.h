/* Whole messages through descriptors that may take or give a part of one. */
#ifndef BENCH_DESCRIPTOR_H
#define BENCH_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>

/* Write all of it; at most `piece` bytes a call, 0: as much as goes. False with errno. */
bool descriptor_write(int fd, const void *bytes, size_t size, size_t piece);

/* Read all of it. False with errno; EPIPE when the other side has gone. */
bool descriptor_read(int fd, void *bytes, size_t size, size_t piece);

/* Close and forget, if open. */
void descriptor_close(int *fd);

#endif
