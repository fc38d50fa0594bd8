/*
 * Lab 4, challenge: the notice board, eight lines in a System V segment that are changed together, under the
 * lock of rwlock.h. Segment and semaphore set have the same key and live until `board remove`.
 */
#ifndef LAB4_BOARD_H
#define LAB4_BOARD_H

#include <stddef.h>
#include <stdint.h>

#define BOARD_KEY_PATH "/tmp" /* ftok(path, id) */

enum { BOARD_KEY_ID = 66 /* 'B' */, BOARD_LINES = 8, BOARD_LINE_CAPACITY = 56 };

#define BOARD_LINE_FORMAT "notice %d, line %d"

struct board {
    int32_t begun; /* number of the notice that was begun last, from 1 */
    int32_t done;  /* of the one that was finished last: another one when its writer was killed */
    char lines[BOARD_LINES][BOARD_LINE_CAPACITY]; /* each NUL-terminated */
};

_Static_assert(offsetof(struct board, begun) == 0, "begun is at 0");
_Static_assert(offsetof(struct board, done) == 4, "done is at 4");
_Static_assert(offsetof(struct board, lines) == 8, "the lines begin at 8");
_Static_assert(sizeof(struct board) == 456, "a board is 456 bytes");

#endif
