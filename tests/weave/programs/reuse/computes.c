/* Computes for a while in every run: the processor time of all runs together is more than the limit of one. */
#include "../subject.h"

#include <stdatomic.h>
#include <time.h>

enum { COMPUTING_NANOSECONDS = 20000000 };

static int64_t used(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int main(void)
{
    atomic_int *number = subject_share(sizeof *number);
    for (int64_t end = used() + COMPUTING_NANOSECONDS; used() < end;)
        ;
    atomic_fetch_add(number, 1);
    atomic_fetch_add(number, 1);
    return 0;
}
