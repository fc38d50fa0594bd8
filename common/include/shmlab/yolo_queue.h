/*
 * Lab 6: the circular queue of video frames with their detections, five slots in POSIX shared memory.
 *
 *     producer: wait EMPTY, lock MUTEX, fill the slot at write_idx, advance it modulo 5, count++,
 *               unlock, post FULL
 *     consumer: wait FULL, lock MUTEX, read the slot at read_idx, advance it modulo 5, count--,
 *               unlock, post EMPTY
 *
 * With one producer and one consumer EMPTY and FULL alone give each side its slot for itself, so a program
 * may fill or read the slot outside the lock and hold MUTEX only for the three indices, as ours do.
 *
 * The names derive from a prefix P (default "YOLO"): shared memory /P_QUEUE_SHM, semaphores /P_EMPTY (starts
 * at 5), /P_FULL (0), /P_MUTEX (1).
 */
#ifndef SHMLAB_YOLO_QUEUE_H
#define SHMLAB_YOLO_QUEUE_H

#include "shmlab/detection.h"

#define QUEUE_PREFIX "YOLO"

enum {
    QUEUE_SLOTS = 5,
    QUEUE_DETECTIONS = 200,
    QUEUE_WIDTH = 640, /* pixels */
    QUEUE_HEIGHT = 640,
    QUEUE_CHANNELS = 3, /* blue, green, red */
    QUEUE_PIXEL_BYTES = QUEUE_WIDTH * QUEUE_HEIGHT * QUEUE_CHANNELS,

    /* Lock bytes on the shared memory object, see presence.h. */
    QUEUE_PRESENCE_PRODUCER = 0, /* exclusively, by the producer */
    QUEUE_PRESENCE_CONSUMER = 1, /* exclusively, by the consumer */
    /* Exclusively, by a producer that repairs what a dead consumer left, and by a consumer while it takes its
     * role: it finds CONSUMER and KNOWN free, and claims CONSUMER. */
    QUEUE_PRESENCE_REPAIR = 2,
    /* Exclusively, by a producer that has seen its consumer, until that one's end was noticed and repaired; a
     * consumer touches no semaphore before it is known. */
    QUEUE_PRESENCE_KNOWN = 3,
};

/* slide:slot */
struct queue_slot {
    int32_t frame_id; /* 1, 2, 3 ... without a gap */
    int32_t width;    /* QUEUE_WIDTH */
    int32_t height;   /* QUEUE_HEIGHT */
    int32_t channels; /* QUEUE_CHANNELS */
    int32_t num_detections;
    struct detection detections[QUEUE_DETECTIONS]; /* unused ones are zero; boxes are inside the frame */
    uint8_t pixels[QUEUE_PIXEL_BYTES];             /* row by row from the top, 3 bytes a pixel */
};
/* slide:end */

struct yolo_queue {
    int32_t write_idx; /* slot that is filled next */
    int32_t read_idx;  /* slot that is read next */
    int32_t count;     /* slots published and not yet released */
    struct queue_slot slots[QUEUE_SLOTS];
};

_Static_assert(offsetof(struct queue_slot, frame_id) == 0, "frame_id is at 0");
_Static_assert(offsetof(struct queue_slot, width) == 4, "width is at 4");
_Static_assert(offsetof(struct queue_slot, height) == 8, "height is at 8");
_Static_assert(offsetof(struct queue_slot, channels) == 12, "channels is at 12");
_Static_assert(offsetof(struct queue_slot, num_detections) == 16, "num_detections is at 16");
_Static_assert(offsetof(struct queue_slot, detections) == 20, "the detections begin at 20");
_Static_assert(offsetof(struct queue_slot, pixels) == 4820, "the pixels begin at 4820");
_Static_assert(sizeof(struct queue_slot) == 1233620, "a slot is 1,233,620 bytes");
_Static_assert(offsetof(struct yolo_queue, write_idx) == 0, "write_idx is at 0");
_Static_assert(offsetof(struct yolo_queue, read_idx) == 4, "read_idx is at 4");
_Static_assert(offsetof(struct yolo_queue, count) == 8, "count is at 8");
_Static_assert(offsetof(struct yolo_queue, slots) == 12, "the slots begin at 12");
_Static_assert(sizeof(struct yolo_queue) == 6168112, "the queue is 6,168,112 bytes");

#endif
