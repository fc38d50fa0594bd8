/* See shmlab/clock.h. */
#define _POSIX_C_SOURCE 200809L
#include "shmlab/clock.h"

#define NS_PER_SECOND INT64_C(1000000000)

static const double longest_seconds = 1e9; /* 30 years: further points in time would not fit the number */

int64_t clock_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail: a clock that every Linux has, an address of ours */
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

int64_t clock_now_ms(void)
{
    return clock_now_ns() / 1000000;
}

double clock_now(void)
{
    return (double)clock_now_ns() / 1e9;
}

struct deadline deadline_in(double seconds)
{
    struct deadline deadline = {.seconds = seconds};

    deadline_restart(&deadline);
    return deadline;
}

void deadline_restart(struct deadline *deadline)
{
    double seconds = deadline->seconds;

    if (!(seconds < longest_seconds)) /* a NaN, too */
        seconds = longest_seconds;
    deadline->end_ns = clock_now_ns() + (seconds > 0 ? (int64_t)(seconds * 1e9) : 0);
}

bool deadline_passed(const struct deadline *deadline)
{
    return clock_now_ns() >= deadline->end_ns;
}

double deadline_left(const struct deadline *deadline)
{
    int64_t left = deadline->end_ns - clock_now_ns();

    return left > 0 ? (double)left / 1e9 : 0;
}

struct timespec deadline_timespec(const struct deadline *deadline)
{
    return (struct timespec){.tv_sec = (time_t)(deadline->end_ns / NS_PER_SECOND),
                             .tv_nsec = (long)(deadline->end_ns % NS_PER_SECOND)};
}
