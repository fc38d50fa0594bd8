/*
 * Slots of lab 6's queue whose every byte follows from a seed and a frame number, so that two processes know
 * what must be there without telling each other: the checks and programs/lab6_peer.c.
 */
#ifndef CHECKS_LAB6_PATTERN_H
#define CHECKS_LAB6_PATTERN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "shmlab/yolo_queue.h"

enum {
    PATTERN_CLASSES = 80,
};

/* splitmix64, by Sebastiano Vigna: any state will do, the stream has every 64-bit number once. */
static inline uint64_t pattern_next(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15U;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

static inline int32_t pattern_below(uint64_t *state, uint32_t limit)
{
    return (int32_t)(pattern_next(state) % limit);
}

static inline uint64_t pattern_begin(uint64_t seed, int32_t frame)
{
    return seed * 1000003U + (uint64_t)(uint32_t)frame;
}

static inline void pattern_header(struct queue_slot *slot, int32_t frame, int32_t detections)
{
    slot->frame_id = frame;
    slot->width = QUEUE_WIDTH;
    slot->height = QUEUE_HEIGHT;
    slot->channels = QUEUE_CHANNELS;
    slot->num_detections = detections;
}

/* Every byte: header, 0 to 200 detections inside the frame and zero after them, noise for a picture. */
static inline void pattern_fill(struct queue_slot *slot, uint64_t seed, int32_t frame)
{
    uint64_t state = pattern_begin(seed, frame);
    int32_t count = pattern_below(&state, QUEUE_DETECTIONS + 1);

    pattern_header(slot, frame, count);
    memset(slot->detections, 0, sizeof slot->detections);
    for (int32_t i = 0; i < count; i++)
        slot->detections[i] = (struct detection){
            .class_id = pattern_below(&state, PATTERN_CLASSES),
            .confidence = (float)pattern_below(&state, 1001) / 1000,
            .x = pattern_below(&state, QUEUE_WIDTH / 2),
            .y = pattern_below(&state, QUEUE_HEIGHT / 2),
            .width = 1 + pattern_below(&state, QUEUE_WIDTH / 2),
            .height = 1 + pattern_below(&state, QUEUE_HEIGHT / 2),
        };
    for (size_t at = 0; at < sizeof slot->pixels; at += sizeof state) {
        uint64_t noise = pattern_next(&state);
        memcpy(slot->pixels + at, &noise, sizeof noise);
    }
}

/* Offset of the first byte in which they differ, -1 when none does. */
static inline long pattern_difference(const struct queue_slot *expected, const struct queue_slot *found)
{
    const unsigned char *a = (const unsigned char *)expected, *b = (const unsigned char *)found;

    if (memcmp(a, b, sizeof *expected) == 0)
        return -1;
    for (size_t at = 0;; at++)
        if (a[at] != b[at])
            return (long)at;
}

/* Stamped slots, for thousands of frames: so many places of the picture instead of a megabyte. */
static inline size_t pattern_place(size_t i, size_t stamps)
{
    return i * (QUEUE_PIXEL_BYTES / stamps);
}

static inline uint8_t pattern_stamp(uint64_t seed, int32_t frame, size_t i)
{
    uint64_t state = pattern_begin(seed, frame) + i;

    return (uint8_t)pattern_next(&state);
}

static inline void pattern_fill_stamps(struct queue_slot *slot, uint64_t seed, int32_t frame, size_t stamps)
{
    pattern_header(slot, frame, 0);
    for (size_t i = 0; i < stamps; i++)
        slot->pixels[pattern_place(i, stamps)] = pattern_stamp(seed, frame, i);
}

/* Offset of the first byte that is wrong, -1 when none is. */
static inline long pattern_difference_stamps(const struct queue_slot *slot, uint64_t seed, int32_t frame, size_t stamps)
{
    if (slot->frame_id != frame)
        return offsetof(struct queue_slot, frame_id);
    for (size_t i = 0; i < stamps; i++)
        if (slot->pixels[pattern_place(i, stamps)] != pattern_stamp(seed, frame, i))
            return (long)(offsetof(struct queue_slot, pixels) + pattern_place(i, stamps));
    return -1;
}

#endif
