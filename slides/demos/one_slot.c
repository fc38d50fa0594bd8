/*
 * Lab 6: a video stream through one slot, without any waiting. The producer overwrites what the consumer has
 * not read, and the consumer reads again what it has read already.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "demo.h"
#include "shmlab/yolo_queue.h"

enum { FRAMES = 200 };

struct slot {
    _Atomic int frame_id;
    _Atomic bool last; /* the stream has ended */
    _Atomic uint8_t pixels[QUEUE_PIXEL_BYTES];
};

/* slide:stream */
static void frame_render(struct slot *slot, int id)
{
    for (int i = 0; i < QUEUE_PIXEL_BYTES; i++) /* every frame in a colour of its own */
        atomic_store_explicit(&slot->pixels[i], (uint8_t)id, memory_order_relaxed);
    atomic_store_explicit(&slot->frame_id, id, memory_order_release);
}

static void producer_work(void *memory)
{
    struct slot *slot = memory;

    for (int id = 1; id <= FRAMES; id++)
        frame_render(slot, id); /* and on to the next: has anybody seen it? */
    atomic_store_explicit(&slot->last, true, memory_order_release);
}
/* slide:end */

/* Is the frame of one colour? */
static bool frame_whole(const struct slot *slot)
{
    uint8_t colour = atomic_load_explicit(&slot->pixels[0], memory_order_relaxed);
    bool whole = true;

    for (int i = 0; i < QUEUE_PIXEL_BYTES; i++)
        whole &= atomic_load_explicit(&slot->pixels[i], memory_order_relaxed) == colour;
    return whole;
}

int main(int argc, char **argv)
{
    demo_help(argc, argv, "Stream 200 frames through one slot of shared memory, without any waiting.");
    struct slot *slot = demo_share(sizeof *slot);
    int previous = 0, seen = 0, again = 0, torn = 0;
    pid_t producer = demo_child(producer_work, slot);

    while (!atomic_load_explicit(&slot->last, memory_order_acquire)) {
        int id = atomic_load_explicit(&slot->frame_id, memory_order_acquire);
        if (id == 0)
            continue;
        bool whole = frame_whole(slot);
        seen += id != previous;
        again += id == previous;
        torn += !whole;
        previous = id;
    }
    demo_await(producer);
    printf("%d frames sent: %d seen, %d missed\n", FRAMES, seen, FRAMES - seen);
    printf("%d looks at a frame that was seen already\n", again);
    printf("%d looks at a torn picture: half of one frame, half of the next\n", torn);
    return EXIT_FAILURE;
}
