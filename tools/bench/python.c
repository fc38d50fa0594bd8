/* Python as the consumer: see python.h. BENCH_PYTHON, BENCH_SCRIPT and BENCH_HELPER come from CMake. */
#include "python.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "ring.h"

enum { PYTHON_BOXES = 8 /* detections in the frames whose boxes are drawn */, ARGUMENT = 24 };

#define HELPER  .waits = WAITS_SPINNING, .transport = TRANSPORT_HELPER
#define EVENTFD .waits = WAITS_BLOCKED, .transport = TRANSPORT_EVENTFD
#define LAB6    .waits = WAITS_BLOCKED, .transport = TRANSPORT_REFERENCE
#define ITSELF  .waits = WAITS_BLOCKED, .transport = TRANSPORT_PYTHON, .content = CONTENT_BYTES

const struct python_row python_rows[] = {
    {.id = "python-header-helper",
     .title = "header only, C helper",
     .copies = "0",
     .touches = "Python: 20 bytes",
     .content = CONTENT_HEADER,
     .use = "header",
     HELPER},
    {.id = "python-header-eventfd",
     .title = "header only, eventfd",
     .copies = "0",
     .touches = "Python: 20 bytes",
     .content = CONTENT_HEADER,
     .use = "header",
     EVENTFD},
    {.id = "python-header-lab6",
     .title = "header only, lab 6's consumer.py",
     .copies = "0",
     .touches = "Python: 20 bytes",
     .content = CONTENT_HEADER,
     .use = "header",
     LAB6},
    {.id = "python-detections",
     .title = "header + 200 detections, C helper",
     .copies = "0",
     .touches = "Python: 4,820 bytes",
     .content = CONTENT_DETECTIONS,
     .detections = QUEUE_DETECTIONS,
     .use = "detections",
     HELPER},
    {.id = "python-detections-lab6",
     .title = "header + 200 detections, lab 6's consumer.py",
     .copies = "0",
     .touches = "Python: 4,820 bytes",
     .content = CONTENT_DETECTIONS,
     .detections = QUEUE_DETECTIONS,
     .use = "detections",
     LAB6},
    {.id = "python-bytes",
     .title = "all bytes copied out, C helper",
     .copies = "2",
     .touches = "C in, Python out",
     .content = CONTENT_BYTES,
     .use = "bytes",
     HELPER},
    {.id = "python-bytes-eventfd",
     .title = "all bytes copied out, eventfd",
     .copies = "2",
     .touches = "C in, Python out",
     .content = CONTENT_BYTES,
     .use = "bytes",
     EVENTFD},
    {.id = "python-bmp",
     .title = "8 boxes drawn, BMP written",
     .copies = "2",
     .touches = "C in, Python out, file",
     .content = CONTENT_BYTES,
     .detections = PYTHON_BOXES,
     .use = "bmp",
     HELPER},
    {.id = "python-ppm",
     .title = "8 boxes drawn, PPM (RGB) written",
     .copies = "2",
     .touches = "C in, Python out, file",
     .content = CONTENT_BYTES,
     .detections = PYTHON_BOXES,
     .use = "ppm",
     HELPER},
    {.id = "python-png",
     .title = "8 boxes drawn, PNG (level 1) written",
     .copies = "2",
     .touches = "C in, Python out, file",
     .content = CONTENT_BYTES,
     .detections = PYTHON_BOXES,
     .use = "png",
     HELPER},
    {.id = "python-shared-memory",
     .title = "multiprocessing.shared_memory + 2 Semaphores",
     .copies = "2",
     .touches = "Python in, Python out",
     .use = "shared-memory",
     ITSELF},
    {.id = "python-os-pipe",
     .title = "os.pipe (1 MiB)",
     .copies = "2",
     .touches = "kernel in, kernel out",
     .use = "os-pipe",
     ITSELF},
    {.id = "python-mp-pipe",
     .title = "multiprocessing.Pipe",
     .copies = "3",
     .touches = "kernel in, kernel out, Python",
     .use = "mp-pipe",
     ITSELF},
    {.id = "python-mp-queue",
     .title = "multiprocessing.Queue",
     .copies = "5",
     .touches = "pickle, kernel, pickle",
     .use = "mp-queue",
     ITSELF},
    {.id = NULL},
};

/* Shared memory that a program we start can map too: it inherits the descriptor. */
static void *shared_file(const char *name, size_t size, int *fd)
{
    *fd = memfd_create(name, MFD_CLOEXEC);
    if (*fd == -1 || (errno = posix_fallocate(*fd, 0, (off_t)size)) != 0)
        return NULL;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, *fd, 0);
    return memory != MAP_FAILED ? memory : NULL;
}

bool python_open(struct python_run *run, const struct python_row *row, uint64_t warm, uint64_t count)
{
    *run = (struct python_run){.row = row, .warm = warm, .count = count};
    run->ring_fd = run->report_fd = run->full_fd = run->empty_fd = -1;
    run->report = shared_file("report", sizeof *run->report, &run->report_fd);
    if (run->report == NULL)
        return false;
    if (row->transport == TRANSPORT_PYTHON)
        return true;
    if (row->transport == TRANSPORT_REFERENCE) {
        run->link = (struct link){.channel = &channel_lab6_reference, .size = FRAME_SIZE};
        return run->link.channel->open(&run->link);
    }
    run->mapped = ring_size(FRAME_SIZE);
    run->ring = shared_file("ring", run->mapped, &run->ring_fd);
    run->full_fd = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC);
    run->empty_fd = eventfd(RING_SLOTS, EFD_SEMAPHORE | EFD_CLOEXEC);
    if (run->ring == NULL || run->full_fd == -1 || run->empty_fd == -1)
        return false;
    run->ring->stride = (run->mapped - sizeof *run->ring) / RING_SLOTS;
    return true;
}

void python_close(struct python_run *run)
{
    const int descriptors[] = {run->ring_fd, run->report_fd, run->full_fd, run->empty_fd};
    int error = errno;

    if (run->link.channel != NULL)
        run->link.channel->close(&run->link);
    if (run->ring != NULL)
        munmap(run->ring, run->mapped);
    if (run->report != NULL)
        munmap(run->report, sizeof *run->report);
    for (size_t i = 0; i < sizeof descriptors / sizeof descriptors[0]; i++)
        if (descriptors[i] != -1)
            close(descriptors[i]);
    errno = error;
}

/* --- side A: the producer --- */

/* Boxes all over the frame, each somewhat different: class, confidence, corner, size. */
static void detections_fill(struct queue_slot *slot, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        slot->detections[i] = (struct detection){
            .class_id = (int32_t)(i % 80),
            .confidence = (float)(i + 1) / (QUEUE_DETECTIONS + 1),
            .x = (int32_t)(i * 67 % 500),
            .y = (int32_t)(i * 41 % 500),
            .width = 40 + (int32_t)(i % 7) * 15,
            .height = 60 + (int32_t)(i % 5) * 15,
        };
}

/* What changes from frame to frame. */
static void slot_fill(const struct python_row *row, struct queue_slot *slot, struct queue_slot *frame, uint64_t number)
{
    struct queue_slot *to = row->content == CONTENT_BYTES ? frame : slot;

    to->frame_id = (int32_t)number;
    to->width = QUEUE_WIDTH;
    to->height = QUEUE_HEIGHT;
    to->channels = QUEUE_CHANNELS;
    to->num_detections = (int32_t)row->detections;
    if (row->content == CONTENT_DETECTIONS)
        memcpy(slot->detections, frame->detections, sizeof frame->detections);
    if (row->content != CONTENT_BYTES)
        return;
    frame_stamp((char *)frame + FRAME_STEP, FRAME_SIZE - FRAME_STEP, number); /* after the header's page */
    memcpy(slot, frame, sizeof *slot);
}

static bool token_take(int fd)
{
    uint64_t token;

    while (read(fd, &token, sizeof token) == -1)
        if (errno != EINTR)
            return false;
    return true;
}

static bool token_give(int fd)
{
    const uint64_t token = 1;

    return write(fd, &token, sizeof token) == sizeof token;
}

static void *slot_acquire(struct python_run *run, struct ring_end *end)
{
    switch (run->row->transport) {
    case TRANSPORT_REFERENCE:
        return run->link.channel->acquire(&run->link);
    case TRANSPORT_EVENTFD:
        return token_take(run->empty_fd) ? ring_slot(end) : NULL;
    case TRANSPORT_HELPER:
    case TRANSPORT_PYTHON:
        break;
    }
    while (!ring_has_room(end))
        clock_relax();
    return ring_slot(end);
}

static bool slot_publish(struct python_run *run, struct ring_end *end)
{
    if (run->row->transport == TRANSPORT_REFERENCE)
        return run->link.channel->publish(&run->link);
    ring_publish(end);
    return run->row->transport != TRANSPORT_EVENTFD || token_give(run->full_fd);
}

static bool frames_produce(struct python_run *run, struct pair_report *report)
{
    struct queue_slot *frame = calloc(1, sizeof *frame);
    struct ring_end end = {.ring = run->ring};
    bool done = frame != NULL || pair_fail(report, "calloc");

    if (done)
        detections_fill(frame, QUEUE_DETECTIONS);
    for (uint64_t number = 1; done && number <= run->warm + run->count; number++) {
        void *slot = slot_acquire(run, &end);
        done = slot != NULL || pair_fail(report, "acquire");
        if (number == run->warm)
            pair_begin(report);
        if (done)
            slot_fill(run->row, slot, frame, number);
        done = done && (slot_publish(run, &end) || pair_fail(report, "publish"));
    }
    pair_end(report);
    free(frame);
    return done;
}

/* --- side B: the script --- */

static const char *transport_id(enum transport transport)
{
    static const char *const ids[] = {"helper", "eventfd", "reference", "python"};

    return ids[transport];
}

static bool script_start(const struct python_run *run, struct pair_report *report)
{
    const int inherited[] = {run->report_fd, run->ring_fd, run->full_fd, run->empty_fd};
    char numbers[6][ARGUMENT], prefix[ARGUMENT + sizeof "BENCH-"];

    for (size_t i = 0; i < sizeof inherited / sizeof inherited[0]; i++) {
        snprintf(numbers[i], ARGUMENT, "%d", inherited[i]);
        if (inherited[i] != -1 && fcntl(inherited[i], F_SETFD, 0) == -1)
            return pair_fail(report, "fcntl");
    }
    snprintf(numbers[4], ARGUMENT, "%llu", (unsigned long long)run->warm);
    snprintf(numbers[5], ARGUMENT, "%llu", (unsigned long long)run->count);
    snprintf(prefix, sizeof prefix, "BENCH-%ld", (long)getppid());
    execl(BENCH_PYTHON, BENCH_PYTHON, "-X", "pycache_prefix=" BENCH_PYCACHE, BENCH_SCRIPT, "--transport",
          transport_id(run->row->transport), "--use", run->row->use, "--report", numbers[0], "--ring", numbers[1],
          "--full", numbers[2], "--empty", numbers[3], "--warm", numbers[4], "--count", numbers[5], "--prefix", prefix,
          "--helper", BENCH_HELPER, (char *)NULL);
    return pair_fail(report, "execl of the Python interpreter");
}

bool python_side(void *context, enum side side, struct pair_shared *shared)
{
    struct python_run *run = context;

    if (side == SIDE_B)
        return script_start(run, &shared->report[side]);
    return run->row->transport == TRANSPORT_PYTHON || frames_produce(run, &shared->report[side]);
}
