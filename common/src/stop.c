/* Ending on request: see shmlab/stop.h. */
#define _GNU_SOURCE /* ppoll */
#include "shmlab/stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "shmlab/clock.h"

static volatile sig_atomic_t requested;

static void stop_handler(int number)
{
    requested = number;
}

static const int stop_numbers[] = {SIGINT, SIGTERM, SIGHUP};
enum { STOP_NUMBERS = sizeof stop_numbers / sizeof stop_numbers[0] };

void stop_on_signals(void)
{
    struct sigaction action = {.sa_handler = stop_handler};

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < STOP_NUMBERS; i++) {
        struct sigaction before;
        if (stop_numbers[i] == SIGHUP && sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler == SIG_IGN)
            continue; /* nohup(1) wants it so */
        sigaction(stop_numbers[i], &action, NULL);
    }
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

int stop_signal(void)
{
    return requested;
}

/*
 * ppoll with our signals let through only inside the call: a signal that comes between the look at the flag
 * and the sleep is held back until the sleep, and so ends it. Returns what ppoll returns; ns < 0: no limit.
 */
static int stop_poll(struct pollfd *fds, nfds_t count, int64_t ns)
{
    sigset_t ours, before;

    sigemptyset(&ours);
    for (size_t i = 0; i < STOP_NUMBERS; i++)
        sigaddset(&ours, stop_numbers[i]);
    sigprocmask(SIG_BLOCK, &ours, &before);

    int ready = 0;
    if (requested == 0) {
        struct timespec limit = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
        ready = ppoll(fds, count, ns < 0 ? NULL : &limit, &before);
    }
    int number = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = number;
    return ready;
}

bool stop_sleep(double seconds)
{
    int64_t end = clock_now_ns() + (int64_t)(seconds * 1e9);

    for (int64_t left; requested == 0 && (left = end - clock_now_ns()) > 0;)
        stop_poll(NULL, 0, left);
    return requested == 0;
}

/* Can Enter come from standard input? Reading a terminal from a background job would stop the process (SIGTTIN). */
static bool input_is_ours(void)
{
    return !isatty(STDIN_FILENO) || tcgetpgrp(STDIN_FILENO) == getpgrp();
}

enum stop_reason stop_wait(double seconds)
{
    static const int64_t background_look_ns = 200000000; /* how often a background job asks whether it is in front */
    int64_t end = clock_now_ns() + (int64_t)(seconds * 1e9);
    bool open = true;

    while (requested == 0) {
        int64_t left = seconds < 0 ? -1 : end - clock_now_ns();
        if (seconds >= 0 && left <= 0)
            return STOP_TIME;

        bool ours = open && input_is_ours();
        if (open && !ours && (left < 0 || left > background_look_ns))
            left = background_look_ns;
        struct pollfd input = {.fd = ours ? STDIN_FILENO : -1, .events = POLLIN};
        if (stop_poll(&input, 1, left) <= 0 || input.revents == 0)
            continue;

        char byte;
        ssize_t got = read(STDIN_FILENO, &byte, 1);
        if (got == 1 && byte == '\n')
            return STOP_ENTER;
        if (got == 0 || (got == -1 && errno != EINTR && errno != EAGAIN))
            open = false; /* at its end, as with `writer < /dev/null`: not an Enter */
    }
    return STOP_SIGNAL;
}
