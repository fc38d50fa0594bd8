/*
 * The second challenge of lab 5, by hand: one process gives snapshots away, each as a descriptor, the other
 * takes them.
 *
 *     hand --give [--socket hand.sock]      a snapshot of its own for each that connects, until Ctrl-C
 *     ... in another terminal: hand --take  one for each Enter; or: hand_reader.py
 *
 * The snapshots need no detector: all records of number k are filled with k.
 */
#define _GNU_SOURCE /* ppoll, accept4 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "handover.h"
#include "shmlab/error.h"
#include "shmlab/options.h"
#include "shmlab/stop.h"

enum { WAITING_MAX = 8 };

struct options {
    const char *socket;
    bool give, take;
};

static error_t option_parse(int key, char *text, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 's':
        options->socket = text;
        return 0;
    case 'g':
        options->give = true;
        return 0;
    case 't':
        options->take = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is one argument too many", text);
        return 0;
    case ARGP_KEY_END:
        if (options->give == options->take)
            argp_error(state, "--give or --take?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_list[] = {
    {"give", 'g', 0, 0, "Give a new snapshot to each process that connects", 0},
    {"take", 't', 0, 0, "Take a snapshot for each Enter", 0},
    {"socket", 's', "PATH", 0, "The UNIX socket where they meet (default " HANDOVER_SOCKET ")", 0},
    {0},
};
static const struct argp argp = {
    .options = option_list,
    .parser = option_parse,
    .doc = "A challenge of lab 5: a snapshot without a name, handed over as a sealed descriptor.",
};

/* The socket's address; false after a message: the path is too long. */
static bool address_fill(struct sockaddr_un *address, const char *path)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address->sun_path) {
        error_report("choose a shorter --socket", "%s has more than %zu bytes", path,
                     sizeof address->sun_path - 1);
        return false;
    }
    memcpy(address->sun_path, path, strlen(path) + 1);
    return true;
}

/* ---- The giver ---- */

/* A socket that listens at the path, for this user alone. Returns it, or -1 after a message. */
static int giver_listen(const char *path)
{
    struct sockaddr_un address;

    if (!address_fill(&address, path))
        return -1;
    int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener == -1) {
        error_report_errno(NULL, "socket");
        return -1;
    }
    mode_t before =
        umask(0177); /* to connect one has to be allowed to write: unix(7), "Pathname socket ownership" */
    int failed = bind(listener, (struct sockaddr *)&address, sizeof address);
    umask(before);
    if (failed == -1)
        error_report_errno(
            errno == EADDRINUSE ? "another giver is at work; or one was killed: remove the file" : NULL,
            "bind(%s)", path);
    else if (listen(listener, WAITING_MAX) == 0)
        return listener;
    else
        error_report_errno(NULL, "listen(%s)", path);
    close(listener);
    return -1;
}

/* Number k: every record says so. Returns 0, or 1 after a message. */
static int giver_hand(int connection, int32_t k)
{
    struct snapshot snapshot = {.count = SNAPSHOT_RECORDS};

    for (int i = 0; i < SNAPSHOT_RECORDS; i++)
        snapshot.records[i] = (struct detection){k, 1, k, k, k, k};
    int fd = handover_make(&snapshot);
    if (fd == -1)
        return error_report_errno(errno == ENOSYS ? "write handover_make in handover.c" : NULL,
                                  "snapshot %d is not made", (int)k);
    int failed = handover_send(connection, fd);
    if (failed == -1)
        error_report_errno("its taker has gone?", "snapshot %d is not given", (int)k);
    close(fd); /* the taker has a descriptor of its own; without one the object ends here */
    if (failed == 0)
        printf("hand: snapshot %d is given\n", (int)k);
    fflush(stdout);
    return 0;
}

static int give(const struct options *options)
{
    sigset_t ending, before;

    /* Signals come only while ppoll waits, so that none is missed between the look at it and the wait. */
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGHUP);
    sigprocmask(SIG_BLOCK, &ending, &before);
    int listener = giver_listen(options->socket), status = EXIT_SUCCESS;
    if (listener == -1)
        return EXIT_FAILURE;
    printf("hand: giving at %s; Ctrl-C ends\n", options->socket);
    fflush(stdout);
    for (int32_t k = 1; status == EXIT_SUCCESS && stop_signal() == 0;) {
        struct pollfd wanted = {.fd = listener, .events = POLLIN};
        if (ppoll(&wanted, 1, NULL, &before) == -1)
            continue; /* a signal */
        int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (connection == -1)
            continue; /* it has gone again */
        status = giver_hand(connection, k++);
        close(connection);
    }
    unlink(options->socket);
    close(listener);
    return status;
}

/* ---- The taker ---- */

/* A connection to the giver, or -1 after a message. */
static int taker_connect(const char *path)
{
    struct sockaddr_un address;

    if (!address_fill(&address, path))
        return -1;
    int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (connection != -1 && connect(connection, (struct sockaddr *)&address, sizeof address) == 0)
        return connection;
    error_report_errno("start the giver first, or pass its --socket", "connect(%s)", path);
    if (connection != -1)
        close(connection);
    return -1;
}

static enum handover_end taker_take(int connection, struct snapshot *snapshot)
{
    int fd;
    enum handover_end end = handover_receive(connection, &fd);

    if (end != HANDOVER_DONE)
        return end;
    end = handover_take(fd, snapshot);
    close(fd);
    return end;
}

/* What came of take number `turn`, in a line. */
static void turn_tell(long turn, enum handover_end end, const struct snapshot *snapshot)
{
    switch (end) {
    case HANDOVER_DONE:
        printf("hand: %ld: took snapshot %d\n", turn, (int)snapshot->records[0].class_id);
        break;
    case HANDOVER_FAILED:
        printf("hand: %ld: refused: %s\n", turn, strerror(errno));
        break;
    case HANDOVER_FOREIGN:
        printf("hand: %ld: refused: this is no message of a giver with one descriptor\n", turn);
        break;
    case HANDOVER_UNSEALED:
        printf("hand: %ld: refused: the object is not sealed, so it could shrink or change\n", turn);
        break;
    case HANDOVER_SIZE:
        printf("hand: %ld: refused: the object does not have the size of a snapshot\n", turn);
        break;
    }
    fflush(stdout);
}

static int take(const struct options *options)
{
    char line[16];
    bool all = true;

    printf("hand: press Enter to take a snapshot, Ctrl-D to end\n");
    fflush(stdout);
    for (long turn = 1; fgets(line, sizeof line, stdin) != NULL; turn++) {
        int connection = taker_connect(options->socket);
        if (connection == -1)
            return EXIT_FAILURE;
        struct snapshot snapshot;
        enum handover_end end = taker_take(connection, &snapshot);
        close(connection);
        turn_tell(turn, end, &snapshot);
        all = all && end == HANDOVER_DONE;
    }
    return all ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct options options = {.socket = HANDOVER_SOCKET};

    options_parse(&argp, argc, argv, &options);
    stop_on_signals();
    return options.give ? give(&options) : take(&options);
}
