/*
 * What travels, and how it is known to have arrived whole: every message carries its number many times over,
 * from its first bytes to its last. A message that mixes two numbers was torn; a number that comes late,
 * twice or never betrays a lost or doubled one.
 */
#ifndef BENCH_PAYLOAD_H
#define BENCH_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "shmlab/yolo_queue.h"

enum {
    MESSAGE_SIZE = 64,                      /* bytes of a small message: one cache line */
    FRAME_SIZE = sizeof(struct queue_slot), /* bytes of a large one: 1,233,620, a slot of lab 6 */
    FRAME_STEP = 4096,                      /* bytes from stamp to stamp: every page carries one */
    STAMPS = MESSAGE_SIZE / sizeof(uint32_t),
};

/* A small message. The number is kept to 32 bits: stamps are compared, never used as an index. */
struct message {
    uint32_t stamp[STAMPS];
};

enum verdict { ARRIVED, TORN, OTHER_NUMBER };

static inline void message_fill(struct message *message, uint64_t number)
{
    for (size_t i = 0; i < STAMPS; i++)
        message->stamp[i] = (uint32_t)number;
}

/* The first `stamps` words arrived; do they belong to message `number`? *found is what the first one says. */
static inline enum verdict message_verify(const struct message *message, size_t stamps, uint64_t number,
                                          uint32_t *found)
{
    uint32_t differs = 0;

    for (size_t i = 0; i < stamps; i++)
        differs |= message->stamp[i] ^ message->stamp[0];
    *found = message->stamp[0];
    if (differs != 0)
        return TORN;
    return *found == (uint32_t)number ? ARRIVED : OTHER_NUMBER;
}

/* Stamp a frame of any size: its number at its begin, at every FRAME_STEP and in its last bytes. */
static inline void frame_stamp(void *frame, size_t size, uint64_t number)
{
    for (size_t at = 0; at + sizeof number <= size; at += FRAME_STEP)
        memcpy((char *)frame + at, &number, sizeof number);
    memcpy((char *)frame + size - sizeof number, &number, sizeof number);
}

static inline enum verdict frame_verify(const void *frame, size_t size, uint64_t number)
{
    uint64_t first, stamp, differs = 0;

    memcpy(&first, frame, sizeof first);
    for (size_t at = FRAME_STEP; at + sizeof stamp <= size; at += FRAME_STEP) {
        memcpy(&stamp, (const char *)frame + at, sizeof stamp);
        differs |= stamp ^ first;
    }
    memcpy(&stamp, (const char *)frame + size - sizeof stamp, sizeof stamp);
    if ((differs | (stamp ^ first)) != 0)
        return TORN;
    return first == number ? ARRIVED : OTHER_NUMBER;
}

/* A word that fills frame `number`, different from frame to frame in every byte that a memset could leave. */
static inline uint8_t frame_colour(uint64_t number)
{
    return (uint8_t)(number * 37 + 1);
}

/* Render: every byte of the frame after its number gets the frame's colour. */
static inline void frame_render(void *frame, size_t size, uint64_t number)
{
    memset((char *)frame + sizeof number, frame_colour(number), size - sizeof number);
    memcpy(frame, &number, sizeof number);
}

/* Read every byte: the sum of its words, in four sums so that the additions do not wait for each other. */
static inline uint64_t frame_sum(const void *frame, size_t size)
{
    uint64_t a = 0, b = 0, c = 0, d = 0, word[4];
    const char *at = (const char *)frame + sizeof(uint64_t);
    size_t left = size - sizeof(uint64_t);

    for (; left >= sizeof word; left -= sizeof word, at += sizeof word) {
        memcpy(word, at, sizeof word);
        a += word[0];
        b += word[1];
        c += word[2];
        d += word[3];
    }
    for (; left > 0; left--, at++)
        a += (uint8_t)*at;
    return a + b + c + d;
}

/* What frame_sum gives for a frame that frame_render made. */
static inline uint64_t frame_sum_expected(size_t size, uint64_t number)
{
    uint64_t colour = frame_colour(number), word = colour * UINT64_C(0x0101010101010101);
    size_t body = size - sizeof(uint64_t), words = body / 32 * 4;

    return word * words + colour * (body % 32);
}

static inline enum verdict frame_check(const void *frame, size_t size, uint64_t number)
{
    uint64_t found;

    memcpy(&found, frame, sizeof found);
    if (frame_sum(frame, size) != frame_sum_expected(size, found))
        return TORN;
    return found == number ? ARRIVED : OTHER_NUMBER;
}

#endif
