/*
 * The last line of a file, and the first one: see last_words.h.
 */
#define _GNU_SOURCE /* pread */
#include "last_words.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void last_words(int fd, char *line, size_t size)
{
    char tail[LAST_WORDS_MAX];
    const off_t room = sizeof tail - 1;
    off_t end = lseek(fd, 0, SEEK_END);
    ssize_t count = pread(fd, tail, (size_t)room, end > room ? end - room : 0);
    while (count > 0 && (tail[count - 1] == '\n' || tail[count - 1] == '\0'))
        count--;
    tail[count > 0 ? count : 0] = '\0';
    const char *last = strrchr(tail, '\n');
    snprintf(line, size, "%s", last != NULL ? last + 1 : tail);
}

void first_words(int fd, char *line, size_t size)
{
    char head[LAST_WORDS_MAX];
    ssize_t count = pread(fd, head, sizeof head - 1, 0);

    head[count > 0 ? count : 0] = '\0';
    head[strcspn(head, "\n")] = '\0';
    const char *who = head[0] == '[' ? strstr(head, "] ") : NULL;
    snprintf(line, size, "%s", who != NULL ? who + 2 : head);
}
