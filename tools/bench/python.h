/*
 * Rows in which Python is the consumer: a C producer fills slots of lab 6's format, python_consumer.py uses
 * them. And Python's own ways, for which the script is both sides.
 */
#ifndef BENCH_PYTHON_H
#define BENCH_PYTHON_H

#include "channel.h"

enum transport {
    TRANSPORT_HELPER,    /* the ring of ring.h; Python waits and releases in one call into a small library */
    TRANSPORT_EVENTFD,   /* five slots, two eventfds as semaphores: nothing but Python's standard library */
    TRANSPORT_REFERENCE, /* lab 6: our producer's queue, our consumer.py's Queue */
    TRANSPORT_PYTHON,    /* what multiprocessing offers; the script is both sides */
};

enum content { CONTENT_HEADER, CONTENT_DETECTIONS, CONTENT_BYTES };

struct python_row {
    const char *id, *title;
    enum waits waits;
    const char *copies, *touches;
    enum transport transport;
    enum content content; /* what the producer fills in again for every frame */
    uint32_t detections;  /* that the header tells of */
    const char *use;      /* what the script does with a frame: its --use */
    const char *package;  /* as in struct channel */
};

/* NULL id at the end. */
extern const struct python_row python_rows[];

/* A run of a row: the context of the pair. */
struct python_run {
    const struct python_row *row;
    uint64_t warm, count;
    struct link link;  /* TRANSPORT_REFERENCE: of channel_lab6_reference */
    struct ring *ring; /* TRANSPORT_HELPER, TRANSPORT_EVENTFD: the slots */
    size_t mapped;
    struct pair_report *report; /* what the script reports */
    int ring_fd, report_fd, full_fd, empty_fd;
};

/* Make what both sides need. False with errno. python_close must be called in any case. */
bool python_open(struct python_run *run, const struct python_row *row, uint64_t warm, uint64_t count);

/* The function of a struct pair_job. */
bool python_side(void *context, enum side side, struct pair_shared *shared);

void python_close(struct python_run *run);

#endif
