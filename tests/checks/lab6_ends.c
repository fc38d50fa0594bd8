/* Lab 6, the circular queue: the end of a stream, Ctrl-C, deaths, and what is left when somebody died. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "compile.h"
#include "lab6_queue.h"
#include "objects.h"
#include "peers.h"
#include "watch.h"

enum { ORDER_STEPS_MAX = 1000000, HOLD_CALLS_MAX = 10000 };
static void producer_end(struct program *producer, bool by_force)
{
    if (by_force) {
        program_signal(producer, SIGKILL);
        program_wait(producer);
    } else {
        peer_end(producer);
    }
}

/* Everything is read: the end is told, and which of the two it was. */
static void end_require(struct program *consumer, const char *end)
{
    struct check *check = consumer->check;
    const char *found = peer_ask(consumer, "full " PATIENT);
    bool confused = strcmp(found, "ended") == 0 || strcmp(found, "died") == 0;
    struct finding finding = {
        .expected = check_text(check, "when everything is read queue_acquire_full gives: %s", end),
        .found = found,
    };

    if (strcmp(found, end) == 0)
        return;
    if (confused) {
        finding.cause =
            "both ends leave the role free; a producer that ended has removed the name, a dead one could not";
        finding.next = "presence_current: the name still leads here: QUEUE_DIED; it does not: QUEUE_ENDED";
    }
    check_fail(check, &finding);
}

/* Three frames are unread when the producer ends: they are read, and then the end is told. */
static void last_frames_after(struct check *check, bool by_force)
{
    enum { UNREAD = 3 };
    struct queue_names names = queue_names_make(check);
    const char *end = by_force ? "died" : "ended";
    uint64_t seed = seed_draw(check);

    check_note(check, "the producer %s with %d frames unread", by_force ? "is killed" : "ends", UNREAD);
    struct program *producer = peer_create(check, &names, seed);
    struct program *consumer = peer_join(producer, &names, seed);
    for (int frame = 1; frame <= UNREAD; frame++)
        produce_step(producer, frame, "before its end");
    producer_end(producer, by_force);
    for (int frame = 1; frame <= UNREAD; frame++)
        consume_step(consumer, frame, check_text(check, "when the producer has %s,", end));
    end_require(consumer, end);
    peer_end(consumer);
}

/* Does a program that waits look up with this call, or has it only waited? */
static bool call_looks(long call)
{
    return call == SYS_fcntl || call == SYS_openat; /* presence_held, presence_current */
}

static bool call_waits(long call)
{
    return call == SYS_futex || call == SYS_clock_nanosleep || call == SYS_nanosleep;
}

/*
 * Tell the consumer to wait for a frame and stop it between the two halves of its decision: it has waited for
 * FULL in vain, and is about to look whether the producer is there. False when it has answered without such a
 * look.
 */
static bool held_before_look(struct program *consumer)
{
    bool waited = false;
    long call = -1;

    watch_seize(consumer);
    peer_tell(consumer, "full " PATIENT);
    for (long i = 0; i < HOLD_CALLS_MAX && call != SYS_write; i++) {
        if (watch_call(consumer, &call) != STEP_DONE)
            break;
        waited = waited || call_waits(call);
        if (waited && call_looks(call))
            return true;
    }
    return false;
}

/* A frame comes, and the producer goes, while the consumer is between its look at FULL and its look at the producer. */
static void last_frames_between(struct check *check, bool by_force)
{
    struct queue_names names = queue_names_make(check);
    const char *end = by_force ? "died" : "ended";
    uint64_t seed = seed_draw(check);

    check_note(check, "frame 2 is published, and the producer %s, between two looks of the consumer",
               by_force ? "is killed" : "ends");
    struct program *producer = peer_create(check, &names, seed);
    struct program *consumer = peer_join(producer, &names, seed);
    produce_step(producer, 1, "at first");
    consume_step(consumer, 1, "at first");
    bool held = held_before_look(consumer);
    produce_step(producer, 2, "as its last frame,");
    producer_end(producer, by_force);
    watch_release(consumer);
    REQUIRE(check, held, .expected = "while it waits, queue_acquire_full looks whether the producer is there",
            .found = check_text(check, "no look: it answered %s", peer_answer(consumer)),
            .cause = "a wait that lasts for the whole time at once, or gives up at once",
            .next = "slice_wait in a loop; after each slice peer_lost and presence_current");
    peer_require(
        consumer,
        check_text(check, "FULL was empty; then frame 2 came and the producer %s; queue_acquire_full gives", end),
        peer_answer(consumer), "done 1");
    peer_require(consumer, "the slot's bytes are", peer_ask(consumer, "test 2"), "right");
    peer_require(consumer, "queue_release gives", peer_ask(consumer, "release"), "done");
    end_require(consumer, end);
    peer_end(consumer);
}

void lab6_last_frames(struct check *check)
{
    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_acquire_full("),
           .cause = "what was published before the end is still good, and an end is one only when FULL is empty",
           .next = "when the producer is gone look at FULL once more, without waiting, and only then believe it");
    last_frames_after(check, false);
    last_frames_after(check, true);
    last_frames_between(check, false);
    last_frames_between(check, true);
}
/* From the sixth frame on there is a consumer for sure. */
static struct program *pair_start(struct check *check, const struct queue_names *names, struct program **consumer)
{
    struct program *producer = START(check, PRODUCER(*names, "--timeout", PATIENT));

    *consumer = START(check, "consumer", "--prefix", names->prefix, "--timeout", ENDLESS, "--quiet");
    program_expect(producer, "frame 6:");
    return producer;
}

/* The same with consumer.py and a peer that streams without end. */
static struct program *python_start(struct check *check, const struct queue_names *names, struct program **consumer)
{
    struct program *producer = peer_create(check, names, 1);

    peer_tell(producer, "stream produce 1 1000000 1 1000 " ENDLESS);
    *consumer = START(check, PYTHON, "--prefix", names->prefix, "--timeout", ENDLESS, "--view", "none");
    const struct yolo_queue *shared = posix_map(check, names->shm, sizeof *shared);
    AWAIT(check, __atomic_load_n(&shared->slots[0].frame_id, __ATOMIC_RELAXED) > 1,
          "consumer.py gives slot 0 back, and the producer fills it again");
    return producer;
}

static void python_ctrl_c(struct check *check)
{
    struct queue_names names = queue_names_make(check);
    struct program *consumer, *producer = python_start(check, &names, &consumer);

    program_signal(producer, SIGINT);
    peer_answer(producer);
    peer_end(producer);
    program_expect(consumer, "the producer has ended");
    program_ends(consumer, 0);
    queue_none_require(check, &names, "after Ctrl-C for the producer");

    names = queue_names_make(check);
    producer = python_start(check, &names, &consumer);
    program_signal(consumer, SIGINT);
    program_ends(consumer, 1);
    const char *found = peer_answer(producer);
    REQUIRE(check, strstr(found, ": gone") != NULL,
            .expected = "queue_acquire_free gives gone when the consumer has ended", .found = found);
    peer_end(producer);
    queue_none_require(check, &names, "after Ctrl-C for consumer.py");
}

void lab6_ctrl_c(struct check *check)
{
    struct queue_names names = queue_names_make(check);
    struct program *consumer, *producer = pair_start(check, &names, &consumer);

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_acquire_free("),
           .cause = "a wait that goes on when slice_wait says QUEUE_STOPPED",
           .next = "return QUEUE_STOPPED to the caller: it cleans up and says why it ends");
    program_signal(producer, SIGINT);
    program_ends(producer, 1);
    REQUIRE(check, program_said(producer, "Interrupt"), .expected = "the producer ends for the signal's sake",
            .found = "it ended, and did not say \"Interrupt\"");
    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_acquire_full("),
           .cause = "a wait that lasts for the whole time at once: nobody looks whether the other side is still there",
           .next = "wait in slices; between two of them peer_lost and presence_current tell");
    program_expect(consumer, "the producer has ended");
    program_ends(consumer, 0);
    queue_none_require(check, &names, "after Ctrl-C for the producer");

    names = queue_names_make(check);
    producer = pair_start(check, &names, &consumer);
    program_signal(consumer, SIGINT);
    program_ends(consumer, 1);
    REQUIRE(check, program_said(consumer, "Interrupt"), .expected = "the consumer ends for the signal's sake",
            .found = "it ended, and did not say \"Interrupt\"");
    program_expect(producer, "the consumer has gone");
    program_ends(producer, 1);
    queue_none_require(check, &names, "after Ctrl-C for the consumer");
    python_ctrl_c(check);
}

void lab6_killed(struct check *check)
{
    struct queue_names names = queue_names_make(check);
    struct program *consumer, *producer = python_start(check, &names, &consumer);

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_acquire_free("),
           .cause = "a wait in which nobody looks whether the other side is still there",
           .next = "wait in slices; between two of them peer_lost tells");
    program_signal(producer, SIGKILL);
    program_expect(consumer, "the producer died");
    program_ends(consumer, 1);
    queue_none_require(check, &names, "after consumer.py of a dead producer");

    names = queue_names_make(check);
    producer = pair_start(check, &names, &consumer);
    program_signal(consumer, SIGKILL);
    program_expect(producer, "the consumer has gone");
    program_ends(producer, 1);
    queue_none_require(check, &names, "after the producer of a dead consumer");
}

/* A step that asks for MUTEX, which the check holds, and is told to stop. */
static void lock_refused(struct program *peer, const struct foreign *foreign, const char *command,
                         struct queue_state expected)
{
    struct check *check = peer->check;
    const char *found = peer_answer(peer);

    REQUIRE(check, strcmp(found, "done") != 0,
            .expected = check_text(check, "%s does not succeed while somebody else holds MUTEX", command),
            .found = "done", .cause = "what queue_lock returns was not looked at");
    expected.mutex = 0;
    queue_state_require(check, &foreign->names, foreign->shared, check_text(check, "when a %s has given up", command),
                        expected);
}

void lab6_gives_up(struct check *check)
{
    uint64_t seed = seed_draw(check);
    struct queue_names names = queue_names_make(check);
    struct program *producer = peer_create(check, &names, seed);
    struct foreign behind = foreign_open(check, names), before = foreign_create(check, 0);

    foreign_push(&before, pattern_make(check, seed, 1));
    struct program *consumer = peer_attach(check, &before.names, seed);
    peer_ask(producer, "free " PATIENT);
    peer_ask(producer, "fill 1");
    peer_ask(consumer, "full " PATIENT);
    sem_wait(behind.mutex);
    sem_wait(before.mutex);
    check_note(check, "the check holds MUTEX of both queues");
    peer_tell(producer, "publish");
    peer_tell(consumer, "release");
    watch_waits(producer, "while somebody else holds MUTEX");
    watch_waits(consumer, "while somebody else holds MUTEX");
    program_signal(producer, SIGINT);
    program_signal(consumer, SIGINT);
    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_publish("),
           .next = "enum queue_end result = queue_lock(queue, 1); if (result != QUEUE_DONE) return result;");
    lock_refused(producer, &behind, "publish", (struct queue_state){0, 0, 0, 4, 0, 0});
    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_release("),
           .next = "return what queue_lock says, unless it is QUEUE_DONE or QUEUE_DIED");
    lock_refused(consumer, &before, "release", (struct queue_state){1, 0, 1, 4, 0, 0});
    check_pardon_leaks(check);
    peer_end(consumer);
    peer_end(producer);
    foreign_remove(&before);
}

/* ---- Challenge ---- */

/* A consumer dies at one of the places where it can; the next one reads on, and nothing is lost. */
static void recover_once(struct check *check, int unread, int moment)
{
    static const char *const moments[] = {"with a slot in hand", "with MUTEX taken", "between read_idx and count"};
    struct queue_names names = queue_names_make(check);
    uint64_t seed = seed_draw(check);
    const char *when = check_text(check, "after a consumer's death %s, %d frames unread", moments[moment], unread);

    check_note(check, "%s", when);
    struct program *producer = peer_create(check, &names, seed);
    struct program *consumer = peer_join(producer, &names, seed);
    struct yolo_queue *shared = posix_map(check, names.shm, sizeof *shared);
    for (int frame = 1; frame <= unread; frame++)
        produce_step(producer, frame, "before the death");
    peer_ask(producer, "free 0"); /* a token in the hand when the queue is not full */
    bool holds = unread < QUEUE_SLOTS;
    peer_ask(consumer, "full " PATIENT);
    if (moment >= 1)
        sem_trywait(semaphore_open(check, names.mutex));
    if (moment == 2)
        shared->read_idx = 1;
    program_signal(consumer, SIGKILL);
    program_wait(consumer);

    int done = moment == 2 ? 1 : 0, written = unread;
    if (holds) { /* its slot is published in spite of all */
        peer_ask(producer, "fill %d", ++written);
        peer_require(producer, check_text(check, "%s queue_publish gives", when), peer_ask(producer, "publish"),
                     "done");
    }
    const char *found = peer_ask(producer, "free 0");
    if (strncmp(found, "done", 4) == 0) /* the loss was noticed before, while it waited for MUTEX */
        peer_ask(producer, "fill %d", ++written), peer_ask(producer, "publish");
    queue_state_require(check, &names, shared, when, queue_state_after(written, done));
    struct program *heir = peer_join(producer, &names, seed);
    for (int frame = done + 1; frame <= written; frame++)
        consume_step(heir, frame, when);
    peer_end(heir);
    peer_end(producer);
}

/* A repair can tell full from empty only when read_idx goes on before count goes down. */
static void recovery_order(struct check *check)
{
    struct queue_names names = queue_names_make(check);
    uint64_t seed = seed_draw(check);
    struct program *producer = peer_create(check, &names, seed);
    struct program *consumer = peer_join(producer, &names, seed);
    const struct yolo_queue *shared = posix_map(check, names.shm, sizeof *shared);

    produce_step(producer, 1, "before the release");
    peer_ask(consumer, "full " PATIENT);
    watch_seize(consumer);
    peer_tell(consumer, "release");
    for (long steps = 0; shared->count == 1 && steps < ORDER_STEPS_MAX; steps++)
        if (watch_step(consumer) != STEP_DONE)
            FAIL(check, .expected = "the consumer comes through its release", .found = "it does not");
    REQUIRE(check, shared->read_idx == 1, .file = QUEUE, .line = check_line(check, QUEUE, "queue_release("),
            .expected = "read_idx has gone on when count goes down", .found = "count is 0, and read_idx is still 0",
            .cause = "the two were changed in the other order, by you or by the compiler",
            .next = "read_idx first; where the compiler turns them round, two atomic stores with "
                    "__atomic_signal_fence between them keep the order");
    watch_release(consumer);
    peer_require(consumer, "release gives", peer_answer(consumer), "done");
    peer_end(consumer);
    peer_end(producer);
}

/* The same of consumer.py; both in one instruction is right as well. */
static void recovery_order_python(struct check *check)
{
    struct foreign foreign = foreign_create(check, 0);
    struct program *peer = START(check, PROGRAMS "lab6_peer.py", check_text(check, "%s/" PYTHON, check_folder(check)));

    peer_require(peer, "consumer.attach gives", peer_ask(peer, "attach %s", foreign.names.prefix), "done");
    foreign_push(&foreign, pattern_make(check, seed_draw(check), 1));
    peer_require(peer, "Queue.acquire gives", peer_ask(peer, "full " PATIENT), "done");
    const char *changed = peer_ask(peer, "order");
    REQUIRE(check, strcmp(changed, "count") != 0, .file = PYTHON, .line = check_line(check, PYTHON, "def release"),
            .expected = "Queue.release changes read_idx first, then count",
            .found = "count has gone down, and read_idx has not gone on",
            .cause = "a producer that finds you dead between the two cannot tell full from empty",
            .next = "the two lines in the other order, as in queue_release of queue.c");
    peer_ask(peer, "close");
    program_end_input(peer);
    program_ends(peer, 0);
}

void lab6_recovery(struct check *check)
{
    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "queue_repair("),
           .cause = "tokens that died with the consumer: the indices tell how many frames are unread, the "
                    "semaphores must say the same",
           .next = "unread from write_idx and read_idx; EMPTY = 5 - held - unread, FULL = unread, MUTEX = 1");
    /* The full queue first: its producer holds no slot, so that what a repair has left undone is seen at
     * once, and not when queue_publish has waited for MUTEX to no end. */
    for (int moment = 0; moment < 3; moment++) {
        recover_once(check, QUEUE_SLOTS, moment);
        recover_once(check, 2, moment);
    }
    recovery_order(check);
    recovery_order_python(check);
}

/* ---- Care ---- */

void lab6_sanitizers(struct check *check)
{
    struct queue_names names = queue_names_make(check);

    check_sanitize_one(check, PEER);
    struct program *producer = peer_create(check, &names, 1);
    struct program *consumer = peer_join(producer, &names, 1);
    for (int frame = 1; frame <= 7; frame++) {
        produce_step(producer, frame, "with sanitizers");
        consume_step(consumer, frame, "with sanitizers");
    }
    peer_ask(consumer, "close");
    program_end_input(consumer);
    program_wait(consumer);
    program_sanitized(consumer);
    peer_ask(producer, "close");
    program_end_input(producer);
    program_wait(producer);
    program_sanitized(producer);
}
