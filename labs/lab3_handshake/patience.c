/* See patience.h. */
#define _DEFAULT_SOURCE /* SHM_DEST */
#define _XOPEN_SOURCE   700
#include "patience.h"

#include <errno.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "shmlab/clock.h"
#include "shmlab/stop.h"

enum {
    SPIN_STEPS = 100, /* about the time that two cores need to hand a cache line over and back */
    SLEEP_FIRST_NS = 2000,
    SLEEP_LAST_NS = 1000000,
};

void patience_begin(struct patience *patience)
{
    patience->end = deadline_in(patience->limit);
    patience->steps = 0;
}

static void peer_look(struct patience *patience)
{
    struct shmid_ds info;

    if (shmctl(patience->shmid, IPC_STAT, &info) == -1) {
        patience->peer_gone = errno == EIDRM || errno == EINVAL; /* removed */
        return;
    }
    if (info.shm_nattch > 1)
        patience->peer_seen = true;
    else if (patience->peer_seen)
        patience->peer_gone = true;
    if ((info.shm_perm.mode & SHM_DEST) != 0) /* marked for removal: no new peer can find it */
        patience->peer_gone = true;
}

enum patience_end patience_step(struct patience *patience)
{
    if (stop_signal() != 0)
        return PATIENCE_STOPPED;
    if (patience->steps++ < SPIN_STEPS)
        return PATIENCE_GO_ON;
    if (patience->peer_gone)
        return PATIENCE_GONE; /* the flag was read again since we found out: what the peer did last was not
                                 missed */
    peer_look(patience);
    if (patience->peer_gone)
        return PATIENCE_GO_ON;
    if (deadline_passed(&patience->end))
        return PATIENCE_TIMEOUT;

    unsigned doublings = patience->steps - SPIN_STEPS - 1;
    int64_t sleep_ns = doublings < 9 ? (int64_t)SLEEP_FIRST_NS << doublings : SLEEP_LAST_NS;
    return stop_sleep((double)sleep_ns / 1e9) ? PATIENCE_GO_ON : PATIENCE_STOPPED;
}
