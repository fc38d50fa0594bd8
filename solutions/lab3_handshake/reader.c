/*
 * Lab 3, reader: take messages out of the mailbox.
 *
 *     reader [--key-path /tmp] [--key-id 65] [--messages 5] [--timeout S]
 *     ... in another terminal: writer; either may start first
 *
 * Protocol: while ready is true the box is the reader's. It copies counter and message, then clears ready
 * (release); from then on the box is the writer's again.
 */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "options.h"
#include "patience.h"
#include "shmlab/clock.h"
#include "shmlab/error.h"
#include "shmlab/mailbox.h"
#include "shmlab/stop.h"

static const double retry_seconds = 0.01; /* between two looks for the segment */

struct letter {
    int counter;
    char message[MAILBOX_MESSAGE_CAPACITY];
};

/* Wait for a message, copy it and give the box back. */
static enum patience_end mailbox_receive(struct mailbox *box, struct patience *patience,
                                         struct letter *letter)
{
    // shmlab:cut 6 Wait until ready is set, copy counter and message, give the box back.
    // shmlab:text Whatever is in shared memory, letter->message must end with a NUL.
    /* slide:receive */
    patience_begin(patience);
    /* acquire: pairs with the release in the writer's mailbox_send; the message is complete when we see true
     */
    while (!atomic_load_explicit(&box->ready, memory_order_acquire)) {
        enum patience_end end = patience_step(patience);
        if (end != PATIENCE_GO_ON)
            return end;
    }
    letter->counter = box->counter;
    memcpy(letter->message, box->message, sizeof letter->message);
    letter->message[sizeof letter->message - 1] = '\0'; /* whatever the writer did */
    /* release: pairs with the acquire in the writer's mailbox_await_empty; our copying is over when it sees
     * false */
    atomic_store_explicit(&box->ready, false, memory_order_release);
    /* slide:end */
    return PATIENCE_GO_ON;
    // shmlab:give (void)box;
    // shmlab:give (void)patience;
    // shmlab:give *letter = (struct letter){.counter = 0};
    // shmlab:give return PATIENCE_TIMEOUT;
    // shmlab:end
}

static int failure_report(enum patience_end end, int number, double limit)
{
    switch (end) {
    case PATIENCE_STOPPED:
        return error_report(NULL, "%s: still waiting for message #%d", strsignal(stop_signal()), number);
    case PATIENCE_GONE:
        return error_report("start both again, with the same --messages",
                            "the writer is gone before message #%d", number);
    default:
        return error_report("is the writer stuck?", "no message #%d within %g s", number, limit);
    }
}

/* Take all messages; PATIENCE_GONE with *number 1 means that there never was one. */
static enum patience_end messages_receive(struct mailbox *box, int shmid, const struct lab3_options *options,
                                          int *number)
{
    struct patience patience = {.shmid = shmid, .limit = options->timeout};
    struct letter letter;

    for (*number = 1; *number <= options->messages; ++*number) {
        enum patience_end end = mailbox_receive(box, &patience, &letter);
        if (end != PATIENCE_GO_ON)
            return end;
        patience.peer_seen = true; /* somebody sent it, even if we never looked while it was attached */
        printf("reader: received #%d: %s\n", letter.counter, letter.message);
        fflush(stdout);
    }
    return PATIENCE_GO_ON;
}

/* Did a writer that was killed leave it? Then nobody but us is attached and its creator does not exist any
 * more. */
static bool segment_stale(int id)
{
    // shmlab:cut 7 IPC_STAT tells shm_nattch and shm_cpid; kill(pid, 0) asks whether a process exists, kill(2).
    struct shmid_ds info;

    return shmctl(id, IPC_STAT, &info) == 0 && info.shm_nattch <= 1 && kill(info.shm_cpid, 0) == -1 &&
           errno == ESRCH;
    // shmlab:give (void)id;
    // shmlab:give return false;
    // shmlab:end
}

/*
 * Attach to the mailbox of a living writer if there is one now. Returns 1 with *box and *id, 0 when there is
 * none yet, -1 after a message.
 */
static int mailbox_attach(const struct lab3_options *options, struct mailbox **box, int *id)
{
    // shmlab:cut 5 Find the segment and attach to it. That there is none yet is no error.
    // shmlab:text Nor is it that it was removed between your two calls (EIDRM, EINVAL of shmat).
    // shmlab:text Every other failure is one: say which call, and return -1.
    *id = shmget(options->key, sizeof(struct mailbox), 0);
    if (*id == -1 && errno == ENOENT)
        return 0;
    if (*id == -1) {
        error_report_errno("it belongs to another program or user: choose another --key-id",
                           "shmget(key 0x%08x)", (unsigned)options->key);
        return -1;
    }
    *box = shmat(*id, NULL, 0);
    if (*box == (void *)-1) {
        if (errno == EIDRM || errno == EINVAL) /* removed between the two calls */
            return 0;
        error_report_errno("it belongs to another user", "shmat(id %d)", *id);
        return -1;
    }
    // shmlab:give (void)options;
    // shmlab:give *box = NULL;
    // shmlab:give *id = -1;
    // shmlab:give if (*id == -1)
    // shmlab:give     return 0;
    // shmlab:end
    if (!segment_stale(*id))
        return 1;
    shmdt(*box);
    return 0;
}

/* Retry until a mailbox is there. Returns 0 or 1 (after a message), fit for an exit status. */
static int mailbox_find(const struct lab3_options *options, struct mailbox **box, int *id)
{
    struct deadline deadline = deadline_in(options->timeout);
    bool told = false;

    for (;;) {
        int found = mailbox_attach(options, box, id);
        if (found != 0)
            return found == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
        if (!told) {
            printf("reader: waiting for a writer (key 0x%08x)\n", (unsigned)options->key);
            fflush(stdout);
            told = true;
        }
        if (deadline_passed(&deadline))
            return error_report("start the writer, or check --key-path and --key-id",
                                "no writer came within %g s (key 0x%08x)", options->timeout,
                                (unsigned)options->key);
        if (!stop_sleep(retry_seconds))
            return error_report(NULL, "%s", strsignal(stop_signal()));
    }
}

int main(int argc, char **argv)
{
    struct lab3_options options;

    if (lab3_options_parse(&options, "Take messages out of a mailbox in shared memory.", argc, argv) != 0)
        return EXIT_FAILURE;
    stop_on_signals();

    for (;;) {
        struct mailbox *box = NULL;
        int id, number;

        if (mailbox_find(&options, &box, &id) != 0)
            return EXIT_FAILURE;
        enum patience_end end = messages_receive(box, id, &options, &number);
        shmdt(box);
        if (end == PATIENCE_GO_ON)
            return EXIT_SUCCESS;
        if (end != PATIENCE_GONE || number > 1)
            return failure_report(end, number, options.timeout);
        /* A writer cleared a stale mailbox away, or died before its first message: wait for the next one. */
    }
}
