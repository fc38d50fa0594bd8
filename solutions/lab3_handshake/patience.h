/*
 * Waiting for the peer of lab 3: bounded, without burning a core, and not for somebody who is gone.
 *
 *     patience_begin(&patience);
 *     while (the flag is not as wanted)
 *         if ((end = patience_step(&patience)) != PATIENCE_GO_ON)
 *             return end;
 *
 * The first steps come back at once (a peer at work answers within a microsecond), later ones sleep, twice as
 * long each time up to a millisecond, and look around: System V counts the attachments to a
 * segment, and the kernel corrects the count when one dies, SIGKILL included. So "attached once is only me"
 * proves that the peer is gone.
 */
#ifndef LAB3_PATIENCE_H
#define LAB3_PATIENCE_H

#include <stdbool.h>

#include "shmlab/clock.h"

enum patience_end {
    PATIENCE_GO_ON,   /* look at the flag again */
    PATIENCE_STOPPED, /* a signal asked us to end */
    PATIENCE_TIMEOUT, /* nothing happened for the time limit */
    PATIENCE_GONE,    /* the peer was there and is gone, or has removed the segment */
};

struct patience {
    int shmid;      /* the segment whose attach count tells about the peer */
    double limit;   /* seconds */
    bool peer_seen; /* the peer was attached at some time */
    bool peer_gone; /* ... and is not any more: said at the step after next, so that the flag is read once
                       more */
    struct deadline end; /* of this wait: `limit` after patience_begin */
    unsigned steps;
};

/* Start waiting again; what is known of the peer stays known. */
void patience_begin(struct patience *patience);

enum patience_end patience_step(struct patience *patience);

#endif
