/*
 * A producer or consumer that does one step of the student's queue.c at a time, as it is told: the checks of
 * lab 6 look at memory and semaphores between any two steps.
 *
 *     lab6_peer SEED [COMMAND...]
 *
 * The commands, or those on standard input, one a line; each answer is a line that begins with "> ".
 *
 *     create PREFIX [MODE] | attach PREFIX 0 or 1
 *     meet                                notice the consumer, as the next queue_acquire_free would
 *     free SECONDS | full SECONDS         done SLOT, timeout, ended, died, gone, stuck, stopped
 *     fill FRAME                          write the slot that is ours
 *     test FRAME                          right, or the first wrong byte
 *     publish | release
 *     stream produce|consume FIRST LAST STAMPS PAUSE [PATIENCE]
 *                                         all these frames, with so many STAMPS instead of a
 *                                         picture (0: whole), PAUSE microseconds in between;
 *                                         PATIENCE: seconds that it waits for a slot
 *     close                               frames that nobody will read
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab6_pattern.h"
#include "queue.h"
#include "shmlab/presence.h"
#include "shmlab/stop.h"

enum { LINE = 256, WORDS = 8 };
static const double patience_seconds = 20; /* of a stream: far beyond what any step of the other side takes */

struct peer {
    uint64_t seed;
    struct queue queue;
    bool open;
    struct queue_slot *free_slot;
    const struct queue_slot *full_slot;
    struct queue_slot *expected; /* scratch */
};

static const char *end_name(enum queue_end end)
{
    static const char *const names[] = {
        [QUEUE_DONE] = "done", [QUEUE_STOPPED] = "stopped", [QUEUE_TIMEOUT] = "timeout", [QUEUE_ENDED] = "ended",
        [QUEUE_DIED] = "died", [QUEUE_GONE] = "gone",       [QUEUE_STUCK] = "stuck",
    };

    return (size_t)end < sizeof names / sizeof names[0] ? names[end] : "something unknown";
}

static enum queue_end slot_acquire(struct peer *peer, bool produce, double seconds)
{
    return produce ? queue_acquire_free(&peer->queue, &peer->free_slot, seconds)
                   : queue_acquire_full(&peer->queue, &peer->full_slot, seconds);
}

/* Number of the slot in hand; -1 when the pointer leads to none. */
static long slot_number(const struct peer *peer, bool produce)
{
    const struct queue_slot *slot = produce ? peer->free_slot : peer->full_slot;

    for (int k = 0; k < QUEUE_SLOTS; k++)
        if (slot == &peer->queue.shared->slots[k])
            return k;
    return -1;
}

static void command_acquire(struct peer *peer, bool produce, double seconds)
{
    enum queue_end end = slot_acquire(peer, produce, seconds);

    if (end == QUEUE_DONE)
        printf("> done %ld\n", slot_number(peer, produce));
    else
        printf("> %s\n", end_name(end));
}

static long slot_difference(struct peer *peer, int32_t frame, uint8_t *wanted)
{
    *wanted = 0;
    pattern_fill(peer->expected, peer->seed, frame);
    long at = pattern_difference(peer->expected, peer->full_slot);
    if (at >= 0)
        *wanted = ((const uint8_t *)peer->expected)[at];
    return at;
}

static void command_fill(struct peer *peer, int32_t frame)
{
    if (slot_number(peer, true) == -1) {
        printf("> there is no slot\n");
        return;
    }
    pattern_fill(peer->free_slot, peer->seed, frame);
    printf("> done\n");
}

static void command_test(struct peer *peer, int32_t frame)
{
    uint8_t wanted;

    if (slot_number(peer, false) == -1) {
        printf("> there is no slot\n");
        return;
    }
    long at = slot_difference(peer, frame, &wanted);
    if (at == -1)
        printf("> right\n");
    else
        printf("> byte %ld of the slot is 0x%02x, not 0x%02x\n", at, ((const uint8_t *)peer->full_slot)[at], wanted);
}

/* One frame of a stream. False after the answer. */
static bool stream_step(struct peer *peer, bool produce, int32_t frame, size_t stamps, double patience)
{
    uint8_t wanted;
    enum queue_end end = slot_acquire(peer, produce, patience);

    if (end == QUEUE_DONE && slot_number(peer, produce) == -1) {
        printf("> frame %d: the slot is none of the five\n", (int)frame);
        return false;
    }
    if (end == QUEUE_DONE && produce && stamps == 0)
        pattern_fill(peer->free_slot, peer->seed, frame);
    if (end == QUEUE_DONE && produce && stamps > 0)
        pattern_fill_stamps(peer->free_slot, peer->seed, frame, stamps);
    if (end == QUEUE_DONE && !produce) {
        long at = stamps == 0 ? slot_difference(peer, frame, &wanted)
                              : pattern_difference_stamps(peer->full_slot, peer->seed, frame, stamps);
        if (at != -1) {
            printf("> frame %d: frame_id is %d, and byte %ld of the slot is wrong\n", (int)frame,
                   (int)peer->full_slot->frame_id, at);
            return false;
        }
    }
    if (end == QUEUE_DONE)
        end = produce ? queue_publish(&peer->queue) : queue_release(&peer->queue);
    if (end != QUEUE_DONE)
        printf("> frame %d: %s\n", (int)frame, end_name(end));
    return end == QUEUE_DONE;
}

static void command_stream(struct peer *peer, char *const words[])
{
    bool produce = strcmp(words[1], "produce") == 0;
    int32_t last = atoi(words[3]);
    size_t stamps = (size_t)atoi(words[4]);
    double pause = atof(words[5]) / 1e6;
    double patience = words[6][0] != '\0' ? atof(words[6]) : patience_seconds;

    for (int32_t frame = atoi(words[2]); frame <= last; frame++) {
        if (!stream_step(peer, produce, frame, stamps, patience))
            return;
        if (pause > 0)
            stop_sleep(pause);
    }
    printf("> done %d\n", (int)last);
}

/* What queue.c does at its next look at the consumer (peer_lost), so that a check need not wait for one. */
static void command_meet(struct peer *peer)
{
    peer->queue.peer_seen = true;
    int failed = presence_claim(peer->queue.fd, QUEUE_PRESENCE_KNOWN, PRESENCE_EXCLUSIVE);
    printf("> %s\n", failed == 0 ? "done" : "somebody else knows it");
}

static void command_close(struct peer *peer)
{
    int unread = peer->open ? queue_close(&peer->queue) : 0;

    peer->open = false;
    printf("> %d\n", unread);
}

/* Split a line at its spaces; words that are not there are empty. */
static void line_split(char *line, char *words[WORDS])
{
    char *rest = line;

    for (size_t i = 0; i < WORDS; i++) {
        char *word = strtok_r(NULL, " \n", &rest);
        words[i] = word != NULL ? word : line + strlen(line);
    }
}

static void command_run(struct peer *peer, char *const words[])
{
    const char *command = words[0];

    if (strcmp(command, "create") == 0 || strcmp(command, "attach") == 0) {
        mode_t mode = words[2][0] != '\0' ? (mode_t)strtoul(words[2], NULL, 8) : 0600;
        int failed = command[0] == 'c' ? queue_create(&peer->queue, words[1], mode)
                                       : queue_attach(&peer->queue, words[1], patience_seconds);
        peer->open = failed == 0;
        printf("> %d\n", failed);
    } else if (strcmp(command, "close") == 0) {
        command_close(peer);
    } else if (!peer->open) {
        printf("> there is no queue\n");
    } else if (strcmp(command, "meet") == 0) {
        command_meet(peer);
    } else if (strcmp(command, "free") == 0 || strcmp(command, "full") == 0) {
        command_acquire(peer, strcmp(command, "free") == 0, atof(words[1]));
    } else if (strcmp(command, "fill") == 0) {
        command_fill(peer, atoi(words[1]));
    } else if (strcmp(command, "test") == 0) {
        command_test(peer, atoi(words[1]));
    } else if (strcmp(command, "publish") == 0 || strcmp(command, "release") == 0) {
        printf("> %s\n", end_name(command[0] == 'p' ? queue_publish(&peer->queue) : queue_release(&peer->queue)));
    } else if (strcmp(command, "stream") == 0) {
        command_stream(peer, words);
    } else {
        printf("> what is '%s'?\n", command);
    }
}

static void line_run(struct peer *peer, char *line)
{
    char *words[WORDS];

    line_split(line, words);
    command_run(peer, words);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct peer peer = {.seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 0};
    char line[LINE];

    stop_on_signals();
    peer.expected = malloc(sizeof *peer.expected);
    if (peer.expected == NULL)
        return EXIT_FAILURE;
    for (int i = 2; i < argc; i++)
        line_run(&peer, argv[i]);
    while (argc <= 2 && fgets(line, sizeof line, stdin) != NULL)
        line_run(&peer, line);
    if (peer.open)
        queue_close(&peer.queue);
    free(peer.expected);
    return EXIT_SUCCESS;
}
