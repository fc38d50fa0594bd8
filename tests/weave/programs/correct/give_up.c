/*
 * A reader whose peer never comes gives up after a time limit of its own.
 *
 * expect: pass
 * run: reader
 */
#include "../subject.h"

#include <time.h>

enum { SECONDS = 5 };

int main(void)
{
    _Atomic bool *ready = subject_share(sizeof *ready);
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    while (!atomic_load_explicit(ready, memory_order_acquire)) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec - start.tv_sec >= SECONDS)
            return 0;
        usleep(1000);
    }
    return 1;
}
