/*
 * What a program said last, in a file that took its messages.
 */
#ifndef SHMLAB_LAST_WORDS_H
#define SHMLAB_LAST_WORDS_H

#include <stddef.h>

enum { LAST_WORDS_MAX = 512 };

/* The last line of the file that is not empty, or as much of its end as fits into line (size bytes). */
void last_words(int fd, char *line, size_t size);

/* The first one, without "[part of the program] " before it: what led to all that was said later. */
void first_words(int fd, char *line, size_t size);

#endif
