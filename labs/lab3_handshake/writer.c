/*
 * Lab 3, writer: hand messages to a reader through a mailbox with a ready flag.
 *
 *     writer [--key-path /tmp] [--key-id 65] [--messages 5] [--timeout S]
 *     ... in another terminal: reader, or reader.py; either may start first
 *
 * Protocol: while ready is false the box is the writer's. It fills counter and message, then sets ready
 * (release); from then on the box is the reader's, until the reader clears ready. The writer creates the
 * segment and removes it.
 */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

#include "options.h"
#include "patience.h"
#include "shmlab/error.h"
#include "shmlab/mailbox.h"
#include "shmlab/stop.h"

/* Wait until the box is empty, that is ours. */
static enum patience_end mailbox_await_empty(struct mailbox *box, struct patience *patience)
{
    /* TODO 4: While ready is set, the box is the reader's: wait, one patience_step after the other.
     * Which memory order does the load need, and with which store does it pair? */
    (void)box;
    (void)patience;
    return PATIENCE_GO_ON;
}

/* Fill the box, which must be ours, and hand it over. */
static void mailbox_send(struct mailbox *box, int number, const char *message)
{
    /* TODO 3: Fill counter and message, then hand the box over. Which of the three stores comes last? */
    (void)box;
    (void)number;
    (void)message;
}

static int failure_report(enum patience_end end, int number, double limit)
{
    switch (end) {
    case PATIENCE_STOPPED:
        return error_report(NULL, "%s: message #%d was not taken", strsignal(stop_signal()), number);
    case PATIENCE_GONE:
        return error_report("start both again", "the reader is gone and did not take message #%d", number);
    default:
        return error_report("start the reader, or check that both use the same --key-path and --key-id",
                            "nobody took message #%d within %g s", number, limit);
    }
}

static int messages_send(struct mailbox *box, int shmid, const struct lab3_options *options)
{
    struct patience patience = {.shmid = shmid, .limit = options->timeout};
    char message[MAILBOX_MESSAGE_CAPACITY];

    for (int number = 1; number <= options->messages; number++) {
        snprintf(message, sizeof message, MAILBOX_MESSAGE_FORMAT, number, (int)getpid());
        mailbox_send(box, number, message);
        printf("writer: sent #%d: %s\n", number, message); /* our own copy: the box is the reader's now */
        fflush(stdout);

        enum patience_end end = mailbox_await_empty(box, &patience);
        if (end != PATIENCE_GO_ON)
            return failure_report(end, number, options->timeout);
        patience.peer_seen = true; /* somebody took it, even if we never looked while it was attached */
    }
    printf("writer: all %d messages were taken\n", options->messages);
    return EXIT_SUCCESS;
}

/* A segment with our key is there. Remove it if its writer is dead; 0 when the way is free, -1 after a
 * message. */
static int stale_remove(key_t key)
{
    /* TODO 8: Whose is it? Refuse one of another size, and one whose creator is alive; remove a dead one's.
     * IPC_STAT tells shm_segsz and shm_cpid; kill(pid, 0) asks whether a process exists, kill(2). */
    error_report("TODO 1 makes one; TODO 8 deals with one that is there already, see `ipcs -m`",
                 "no segment of ours with key 0x%08x", (unsigned)key);
    return -1;
}

/* Create the segment. Returns its id, or -1 after a message. */
static int segment_create(const struct lab3_options *options)
{
    for (;;) {
        /* TODO 1: Create the segment, with the mode asked for, and return its id. One that is there already
         * (EEXIST) is for stale_remove below; every other error is reported and final. */
        if (stale_remove(options->key) == -1)
            return -1;
    }
}

int main(int argc, char **argv)
{
    struct lab3_options options;

    if (lab3_options_parse(&options, "Hand messages to a reader through a mailbox in shared memory.", argc,
                           argv) != 0)
        return EXIT_FAILURE;
    stop_on_signals();

    int id = segment_create(&options);
    if (id == -1)
        return EXIT_FAILURE;

    int status = EXIT_FAILURE;
    struct mailbox *box = shmat(id, NULL, 0);
    if (box == (void *)-1) {
        error_report_errno(NULL, "shmat(id %d)", id);
    } else {
        status = messages_send(box, id, &options);
        shmdt(box);
    }
    /* TODO 2: The writer removes the segment, however the sending ended. */
    return status;
}
