/*
 * Lab 3, challenge: send pings, and wait for the answer to each.
 *
 *     ping [--key-path /tmp] [--key-id 80] [--messages 5] [--timeout S]
 *     ... in another terminal: pong.py; either may start first
 */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "options.h"
#include "patience.h"
#include "ping_pong.h"
#include "shmlab/clock.h"
#include "shmlab/error.h"
#include "shmlab/stop.h"

struct answer {
    int counter;
    char message[MAILBOX_MESSAGE_CAPACITY];
};

/* Wait until this box's flag is as we want it: then the box is ours. */
static enum patience_end box_await(struct mailbox *box, bool wanted, struct patience *patience)
{
    /* TODO 10: Wait until ready is as it is wanted. The other side is written in Python: which of its calls
     * is your load's partner? */
    (void)box;
    (void)wanted;
    (void)patience;
    return PATIENCE_TIMEOUT;
}

/* Send ping `number` and take its answer. */
static enum patience_end answer_get(struct ping_pong *boxes, int number, struct patience *patience,
                                    struct answer *answer)
{
    /* TODO 11: Put number and PING_FORMAT into the first box, when it is yours; take the answer out of the
     * second one, and give it back. Four turns: which of them are stores with release? */
    (void)number;
    *answer = (struct answer){.counter = 0};
    return box_await(&boxes->pong, true, patience);
}

static int failure_report(enum patience_end end, int number, double limit)
{
    switch (end) {
    case PATIENCE_STOPPED:
        return error_report(NULL, "%s: ping #%d is without an answer", strsignal(stop_signal()), number);
    case PATIENCE_GONE:
        return error_report("start both again, with the same --messages",
                            "the other side is gone and did not answer ping #%d", number);
    default:
        return error_report("start pong.py, or check that both use the same --key-path and --key-id",
                            "no answer to ping #%d within %g s", number, limit);
    }
}

/* The answer to a ping carries its number, in the counter and in the text. */
static int answer_check(const struct answer *answer, int number)
{
    char wanted[MAILBOX_MESSAGE_CAPACITY];

    snprintf(wanted, sizeof wanted, PONG_FORMAT, number);
    if (answer->counter == number && strcmp(answer->message, wanted) == 0)
        return EXIT_SUCCESS;
    return error_report(NULL, "ping #%d was answered with #%d: %s", number, answer->counter, answer->message);
}

static int pings_send(struct ping_pong *boxes, int shmid, const struct lab3_options *options)
{
    struct patience patience = {.shmid = shmid, .limit = options->timeout};
    double begin = 0;

    for (int number = 1; number <= options->messages; number++) {
        struct answer answer;
        enum patience_end end = answer_get(boxes, number, &patience, &answer);
        if (end != PATIENCE_GO_ON)
            return failure_report(end, number, options->timeout);
        if (answer_check(&answer, number) != EXIT_SUCCESS)
            return EXIT_FAILURE;
        patience.peer_seen = true;
        if (number == 1) /* how long the other side took to start says nothing about the round trip */
            begin = clock_now();
        if (number <= MAILBOX_MESSAGES)
            printf("ping: #%d was answered: %s\n", number, answer.message);
        fflush(stdout);
    }
    printf("ping: %d answers", options->messages);
    if (options->messages > 1)
        printf(", %.1f us for each", (clock_now() - begin) * 1e6 / (options->messages - 1));
    printf("\n");
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct lab3_options options;

    if (lab3_options_parse_with(&options, PING_PONG_KEY_ID, "Send pings, and wait for the answers.", argc,
                                argv) != 0)
        return EXIT_FAILURE;
    stop_on_signals();

    /* TODO 9: Create the segment for both mailboxes, as the writer does; refuse one that is there. */
    int id = -1;
    if (id == -1)
        return error_report("TODO 9 in ping.c", "there is no segment yet");
    int status = EXIT_FAILURE;
    struct ping_pong *boxes = shmat(id, NULL, 0);
    if (boxes == (void *)-1) {
        error_report_errno(NULL, "shmat(id %d)", id);
    } else {
        status = pings_send(boxes, id, &options);
        shmdt(boxes);
    }
    /* TODO 9: And remove it again. */
    return status;
}
