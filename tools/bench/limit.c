/* Limits of the machine: see limit.h. */
#include "limit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"

enum {
    SLOTS = QUEUE_SLOTS,
    STRIDE = (FRAME_SIZE + FRAME_STEP - 1) / FRAME_STEP * FRAME_STEP,
    SMALL = 16384, /* bytes: fits into any first-level cache twice */
    WARM = 10,
};

struct memory {
    _Alignas(PAIR_CACHE_LINES) _Atomic uint32_t word[SIDES][PAIR_CACHE_LINES / sizeof(uint32_t)];
    int segment; /* of the start-up test */
    _Alignas(FRAME_STEP) unsigned char slots[SLOTS][STRIDE];
};

void *limit_memory(void)
{
    struct memory *memory = pair_map(sizeof *memory);

    if (memory != NULL)
        memory->segment = -1;
    return memory;
}

void limit_memory_free(void *memory)
{
    if (memory != NULL)
        munmap(memory, sizeof(struct memory));
}

/* Two private buffers, touched. */
static char *buffers_new(struct pair_report *report)
{
    char *buffers = aligned_alloc(FRAME_STEP, 2 * STRIDE);

    if (buffers == NULL)
        pair_fail(report, "aligned_alloc");
    else
        memset(buffers, 1, 2 * STRIDE);
    return buffers;
}

/* Keep the compiler from leaving out a copy that nobody reads. */
static void used(const void *memory)
{
    __asm__ volatile("" : : "r"(memory) : "memory");
}

/* A copies; B keeps the other CPU from everybody else until A is done, as a spinning receiver does. */
static bool copies_on_one_core(const struct limit_run *run, enum side side, struct pair_shared *shared, size_t size,
                               bool slots)
{
    struct memory *memory = run->memory;
    struct pair_report *report = &shared->report[side];
    char *buffers = buffers_new(report);

    if (buffers == NULL)
        return false;
    pair_meet(shared, side, 0);
    if (side == SIDE_B)
        pair_begin(report);
    for (uint64_t i = 0; side == SIDE_A && i < WARM + run->count; i++) {
        char *to = slots ? (char *)memory->slots[i % SLOTS] : buffers + STRIDE;
        if (i == WARM)
            pair_begin(report);
        memcpy(to, buffers, size);
        used(to);
    }
    atomic_store_explicit(&memory->word[side][0], side == SIDE_A, memory_order_release);
    while (atomic_load_explicit(&memory->word[SIDE_A][0], memory_order_acquire) == 0) /* pairs with the store */
        clock_relax();
    pair_end(report);
    report->arrived = run->count;
    free(buffers);
    return true;
}

static bool copy_small(void *context, enum side side, struct pair_shared *shared)
{
    return copies_on_one_core(context, side, shared, SMALL, false);
}

static bool copy_private(void *context, enum side side, struct pair_shared *shared)
{
    return copies_on_one_core(context, side, shared, FRAME_SIZE, false);
}

static bool copy_to_slots(void *context, enum side side, struct pair_shared *shared)
{
    return copies_on_one_core(context, side, shared, FRAME_SIZE, true);
}

/*
 * A copies a frame into a slot, then B copies it out, never both at once. So A writes lines that B read last,
 * and B reads lines that A wrote last. Only the copies count, not the waiting between them.
 */
static bool copy_alternating(void *context, enum side side, struct pair_shared *shared)
{
    struct limit_run *run = context;
    struct memory *memory = run->memory;
    struct pair_report *report = &shared->report[side];
    char *mine = buffers_new(report);
    int64_t copying = 0;

    if (mine == NULL)
        return false;
    atomic_store(&memory->word[side][0], 0);
    pair_meet(shared, side, 0);
    for (uint32_t i = 0; i < WARM + run->count; i++) {
        char *slot = (char *)memory->slots[i % SLOTS];
        uint32_t turn = side == SIDE_A ? i : i + 1; /* A waits for B's copy before, B for A's copy of this one */
        while (atomic_load_explicit(&memory->word[!side][0], memory_order_acquire) < turn)
            clock_relax();
        if (side == SIDE_A)
            frame_stamp(mine, FRAME_SIZE, i);
        int64_t begin = clock_now_ns();
        memcpy(side == SIDE_A ? slot : mine, side == SIDE_A ? mine : slot, FRAME_SIZE);
        int64_t end = clock_now_ns();
        if (side == SIDE_B && !pair_note(report, frame_verify(mine, FRAME_SIZE, i), i, i))
            break;
        copying += i < WARM ? 0 : end - begin;
        if (i + 1 == WARM)
            pair_begin(report);
        atomic_store_explicit(&memory->word[side][0], i + 1, memory_order_release); /* pairs with the load above */
    }
    pair_end(report);
    report->waited = report->end - report->begin - copying;
    report->arrived = run->count;
    free(mine);
    return report->torn + report->lost + report->doubled == 0;
}

/* A word there, a word back, each in a line of its own. */
static bool line_ping_pong(void *context, enum side side, struct pair_shared *shared)
{
    struct limit_run *run = context;
    struct memory *memory = run->memory;
    struct pair_report *report = &shared->report[side];
    uint32_t warm = 1000;

    atomic_store(&memory->word[side][0], 0);
    pair_meet(shared, side, 0);
    for (uint32_t i = 1; i <= warm + run->count; i++) {
        if (side == SIDE_A)
            atomic_store_explicit(&memory->word[SIDE_A][0], i, memory_order_release);
        while (atomic_load_explicit(&memory->word[!side][0], memory_order_acquire) != i)
            clock_relax();
        if (side == SIDE_B)
            atomic_store_explicit(&memory->word[SIDE_B][0], i, memory_order_release);
        if (i == warm)
            pair_begin(report);
    }
    pair_end(report);
    report->arrived = run->count;
    return true;
}

static bool segment_touch(int fd, struct pair_report *report)
{
    char *bytes = mmap(NULL, sizeof(struct yolo_queue), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (bytes == MAP_FAILED)
        return pair_fail(report, "mmap");
    for (size_t at = 0; at < sizeof(struct yolo_queue); at += FRAME_STEP)
        *(volatile char *)(bytes + at) = 1;
    munmap(bytes, sizeof(struct yolo_queue));
    return true;
}

/*
 * How long until a new segment of lab 6's size is there and both sides have touched every page: A makes and
 * touches, then B touches. A memfd is a shared memory object without a name, so nothing can be left behind;
 * B reaches it through /proc, as it shares no descriptors with A.
 */
static bool segment_start(void *context, enum side side, struct pair_shared *shared)
{
    struct limit_run *run = context;
    struct memory *memory = run->memory;
    struct pair_report *report = &shared->report[side];
    bool done = true;
    char path[64];

    for (uint32_t i = 0; done && i < run->count; i++) {
        if (side == SIDE_A) {
            if (i == 0)
                pair_begin(report);
            int fd = memfd_create("shmlab-bench", MFD_CLOEXEC);
            done = fd != -1 && (errno = posix_fallocate(fd, 0, sizeof(struct yolo_queue))) == 0;
            done = (done || pair_fail(report, "posix_fallocate")) && segment_touch(fd, report);
            memory->segment = done ? fd : -1;
            *(volatile pid_t *)memory->slots[0] = getpid();
            pair_meet(shared, side, 2 * i);
            pair_meet(shared, side, 2 * i + 1);
            pair_end(report);
            close(fd);
        } else {
            pair_meet(shared, side, 2 * i);
            snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)*(volatile pid_t *)memory->slots[0], memory->segment);
            int fd = open(path, O_RDWR | O_CLOEXEC);
            done = (fd != -1 || pair_fail(report, path)) && segment_touch(fd, report);
            close(fd);
            pair_meet(shared, side, 2 * i + 1);
        }
    }
    report->arrived = run->count;
    return done;
}

const struct limit limits[] = {
    {"ping-pong", "cache line there and back", false, 0, SIDE_A, line_ping_pong},
    {"copy-small", "memcpy of 16 KiB, one core", true, SMALL, SIDE_A, copy_small},
    {"copy-private", "M1: memcpy, private to private, one core", true, FRAME_SIZE, SIDE_A, copy_private},
    {"copy-slots", "M2: memcpy, private to 5 slots, one core", true, FRAME_SIZE, SIDE_A, copy_to_slots},
    {"copy-in", "M3: copy in, lines last read by the other core", true, FRAME_SIZE, SIDE_A, copy_alternating},
    {"copy-out", "M4: copy out, lines last written by the other core", true, FRAME_SIZE, SIDE_B, copy_alternating},
    {"start", "segment made and touched by both sides", false, 0, SIDE_A, segment_start},
    {NULL, NULL, false, 0, SIDE_A, NULL},
};
