/*
 * The work that channels do: the same loops for all of them. Side A asks or produces, side B answers or
 * consumes; everything that arrives is verified.
 */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include "channel.h"

enum work {
    WORK_ROUND_TRIP, /* 64 bytes there and back */
    WORK_HAND_OVER,  /* the header of a frame slot there and back, in place */
    WORK_STREAM,     /* frames from a private buffer into a private buffer */
    WORK_PIPELINE,   /* render a frame in private memory, carry it, sum it up in private memory */
    WORK_IN_PLACE,   /* the same in the slot, without a copy */
    WORK_HEADERS,    /* frame slots of which only the header is touched: the rate of the protocol itself */
    WORK_MESSAGES,   /* 64 bytes one way, as many as go */
    WORK_PACED,      /* 64 bytes every 50 us: how long until the receiver has them */
    WORKS,
};

enum { PACE_NS = 50000, HEADER_STAMPS = 5 /* words: the header of a slot of lab 6 */ };

struct task {
    struct link link;
    enum work work;
    uint64_t warm;     /* messages before the timed ones */
    uint64_t count;    /* messages that are timed */
    double *latencies; /* WORK_PACED: count of them, in seconds, shared memory */
};

/* "round-trip" and so on, as options and JSON have it. */
const char *work_id(enum work work);

/* Does the channel lend its memory, which WORK_HAND_OVER, WORK_IN_PLACE and WORK_HEADERS need? */
bool work_fits(enum work work, const struct channel *channel);

/* Bytes of a message of this work on this channel, and whether each is answered: link.size, link.answers. */
void work_set_up(struct task *task, const struct channel *channel, enum work work);

/* The two functions of a struct pair_job whose context is a struct task. */
bool work_prepare(void *context, enum side side, struct pair_shared *shared);
bool work_run(void *context, enum side side, struct pair_shared *shared);

#endif
