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
/* slide:await */
static enum patience_end mailbox_await_empty(struct mailbox *box, struct patience *patience)
{
    // shmlab:cut 4 While ready is set, the box is the reader's: wait, one patience_step after the other.
    // shmlab:text Which memory order does the load need, and with which store does it pair?
    patience_begin(patience);
    /* acquire: pairs with the release in the reader's mailbox_receive; its copying is over before we write
     * again */
    while (atomic_load_explicit(&box->ready, memory_order_acquire)) {
        enum patience_end end = patience_step(patience);
        if (end != PATIENCE_GO_ON)
            return end;
    }
    return PATIENCE_GO_ON;
    // shmlab:give (void)box;
    // shmlab:give (void)patience;
    // shmlab:give return PATIENCE_GO_ON;
    // shmlab:end
}
/* slide:end */

/* Fill the box, which must be ours, and hand it over. */
/* slide:send */
static void mailbox_send(struct mailbox *box, int number, const char *message)
{
    // shmlab:cut 3 Fill counter and message, then hand the box over. Which of the three stores comes last?
    box->counter = number;
    snprintf(box->message, sizeof box->message, "%s", message);
    /* release: pairs with the acquire in the reader's mailbox_receive; who sees true sees the message as well
     */
    atomic_store_explicit(&box->ready, true, memory_order_release);
    // shmlab:give (void)box;
    // shmlab:give (void)number;
    // shmlab:give (void)message;
    // shmlab:end
}
/* slide:end */

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
    // shmlab:cut 8 Whose is it? Refuse one of another size, and one whose creator is alive; remove a dead one's.
    // shmlab:text IPC_STAT tells shm_segsz and shm_cpid; kill(pid, 0) asks whether a process exists, kill(2).
    struct shmid_ds info;
    int id = shmget(key, 0, 0);

    if (id == -1 && errno == ENOENT)
        return 0; /* its owner removed it in the meantime */
    if (id == -1 || shmctl(id, IPC_STAT, &info) == -1) {
        error_report_errno("choose another --key-id", "shmget(key 0x%08x)", (unsigned)key);
        return -1;
    }
    if (info.shm_segsz != sizeof(struct mailbox)) {
        error_report("it belongs to another program: choose another --key-id",
                     "segment id %d (key 0x%08x) has %zu bytes, not %zu", id, (unsigned)key, info.shm_segsz,
                     sizeof(struct mailbox));
        return -1;
    }
    if (kill(info.shm_cpid, 0) == 0 || errno != ESRCH) {
        error_report("end that one first; if it is no writer, `ipcrm -m ID` removes the segment; or choose "
                     "another --key-id",
                     "segment id %d (key 0x%08x) was created by process %d, which is alive", id,
                     (unsigned)key, (int)info.shm_cpid);
        return -1;
    }
    printf("writer: removing segment id %d that process %d left behind\n", id, (int)info.shm_cpid);
    if (shmctl(id, IPC_RMID, NULL) == -1 && errno != EIDRM && errno != EINVAL) {
        error_report_errno(NULL, "shmctl(id %d, IPC_RMID)", id);
        return -1;
    }
    return 0;
    // shmlab:give error_report("TODO 1 makes one; TODO 8 deals with one that is there already, see `ipcs -m`",
    // shmlab:give              "no segment of ours with key 0x%08x", (unsigned)key);
    // shmlab:give return -1;
    // shmlab:end
}

/* Create the segment. Returns its id, or -1 after a message. */
static int segment_create(const struct lab3_options *options)
{
    for (;;) {
        // shmlab:cut 1 Create the segment, with the mode asked for, and return its id. One that is there already
        // shmlab:text (EEXIST) is for stale_remove below; every other error is reported and final.
        /* A new segment is all zero: an empty mailbox. A reader that waits cannot find a half-made one. */
        int id = shmget(options->key, sizeof(struct mailbox), IPC_CREAT | IPC_EXCL | (int)options->mode);
        if (id != -1)
            return id;
        if (errno != EEXIST) {
            error_report_errno("see `ipcs -lm` and `ipcs -m`", "shmget(key 0x%08x)", (unsigned)options->key);
            return -1;
        }
        // shmlab:end
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
    // shmlab:cut 2 The writer removes the segment, however the sending ended.
    if (shmctl(id, IPC_RMID, NULL) == -1)
        status = error_report_errno("see `ipcs -m`", "shmctl(id %d, IPC_RMID)", id);
    // shmlab:end
    return status;
}
