/*
 * Shared memory that is handed over through a channel of the kernel: a pipe, a pair of sockets, an eventfd, a stream on
 * a pipe, or the end of a pipe.
 *
 * variant: pipe: CHANNEL=1 => pass
 * variant: socket: CHANNEL=2 => pass
 * variant: eventfd: CHANNEL=3 => pass
 * variant: stream: CHANNEL=4 => pass
 * variant: end: CHANNEL=5 => pass
 * variant: poll: CHANNEL=6 => pass
 * variant: select: CHANNEL=7 => pass
 * variant: full: CHANNEL=8 => pass
 * variant: pipe_early: CHANNEL=1 EARLY => race early-publication
 * variant: socket_early: CHANNEL=2 EARLY => race early-publication
 * variant: eventfd_early: CHANNEL=3 EARLY => race early-publication
 * variant: poll_early: CHANNEL=6 EARLY => race early-publication
 * variant: silent: CHANNEL=1 SILENT => deadlock everybody-waits
 * run: all
 */
#include "../subject.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>

struct shared {
    int value;
};

static int ends[2], back[2];
enum { LARGE = 70000 }; /* more than a pipe holds: pipe(7) */

static void send_word(void)
{
    static char large[LARGE];
    uint64_t one = 1;
    FILE *stream;
    switch (CHANNEL) {
    case 3:
        if (write(ends[1], &one, sizeof one) != sizeof one)
            exit(2);
        return;
    case 4:
        stream = fdopen(ends[1], "w");
        fprintf(stream, "%d\n", 7);
        fclose(stream);
        return;
    case 5:
        close(ends[1]);
        return;
    case 8:
        if (write(ends[1], large, sizeof large) != sizeof large)
            exit(2);
        return;
    default:
        if (write(ends[1], "x", 1) != 1)
            exit(2);
    }
}

static void receive_word(void)
{
    char byte, line[20];
    uint64_t count;
    struct pollfd ready = {.fd = ends[0], .events = POLLIN};
    fd_set set;
    long all = 0;
    ssize_t got;
    switch (CHANNEL) {
    case 3:
        if (read(ends[0], &count, sizeof count) != sizeof count || count != 1)
            exit(3);
        return;
    case 4:
        if (fgets(line, sizeof line, fdopen(ends[0], "r")) == NULL || atoi(line) != 7)
            exit(3);
        return;
    case 5:
        if (read(ends[0], &byte, 1) != 0)
            exit(3);
        return;
    case 6:
        if (poll(&ready, 1, -1) != 1)
            exit(3);
        break;
    case 7:
        FD_ZERO(&set);
        FD_SET(ends[0], &set);
        if (select(ends[0] + 1, &set, NULL, NULL, NULL) != 1)
            exit(3);
        break;
    case 8:
        for (char part[50000]; all < LARGE && (got = read(ends[0], part, sizeof part)) > 0;)
            all += got;
        if (all != LARGE)
            exit(3);
        return;
    default:
        break;
    }
    if (read(ends[0], &byte, 1) != 1)
        exit(3);
}

static void parent_role(struct shared *shared)
{
#ifdef EARLY
    send_word();
    shared->value = 42; /* MISTAKE */
#elif defined(SILENT)
    char byte;
    shared->value = 42;
    ssize_t got = read(back[0], &byte, 1); /* MISTAKE */
    if (got != 1)
        exit(3);
    send_word();
#else
    shared->value = 42;
    send_word();
#endif
}

static void child_role(const struct shared *shared)
{
    if (CHANNEL == 5)
        close(ends[1]);
    receive_word();
    if (shared->value != 42) /* MISTAKE */
        exit(4);
}

int main(void)
{
    struct shared *shared = subject_share(sizeof *shared);
    int made = CHANNEL == 2 ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : pipe(ends);
    if (CHANNEL == 3)
        ends[0] = ends[1] = eventfd(0, 0);
    if (made != 0 || pipe(back) != 0)
        return 1;
    pid_t child_id = fork();
    if (child_id == 0) {
        child_role(shared);
        exit(0);
    }
    parent_role(shared);
    return subject_join(child_id);
}
