/* Lab 5, the challenge: a sequence lock, looked at instruction by instruction (watch.h). */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "lab5_snapshot.h"
#include "objects.h"
#include "todo.h"
#include "watch.h"
#include "weave.h"

/* The live snapshot, from the table in the handout. */
struct live {
    uint32_t magic, version;
    uint32_t sequence, checksum;
    struct snapshot snapshot;
};

enum { LIVE_SIZE = 260 };
static const uint32_t live_magic = 0x4556494CU, live_version = 1;

static uint32_t live_sequence(const struct live *live)
{
    return __atomic_load_n(&live->sequence, __ATOMIC_ACQUIRE);
}

static uint32_t checksum_of(const struct snapshot *snapshot)
{
    return (uint32_t)crc32(0, (const Bytef *)snapshot, sizeof *snapshot);
}

/* Number k, as live.c fills it. */
static struct snapshot round_of(int32_t k)
{
    struct snapshot snapshot = {.count = SNAPSHOT_RECORDS};

    for (int i = 0; i < SNAPSHOT_RECORDS; i++)
        snapshot.records[i] = (struct detection){k, 1, k, k, k, k};
    return snapshot;
}

/* What must be there whenever the number is even. */
static void live_require(struct check *check, const struct live *live, uint32_t sequence,
                         const struct snapshot *expected, const char *when)
{
    struct finding finding = {0};
    struct snapshot found = live->snapshot;

    REQUIRE(check, live_sequence(live) == sequence,
            .expected = check_text(check, "%s sequence is %u", when, (unsigned)sequence),
            .found = check_text(check, "%u", (unsigned)live_sequence(live)));
    if (!snapshot_equal(check, expected, &found, &finding)) {
        finding.expected = check_text(check, "%s, sequence %u: %s", when, (unsigned)sequence, finding.expected);
        check_fail(check, &finding);
    }
    REQUIRE(check, live->checksum == checksum_of(expected),
            .expected = check_text(check, "%s the checksum is the CRC-32 of the 244 bytes, 0x%08x", when,
                                   (unsigned)checksum_of(expected)),
            .found = check_text(check, "0x%08x", (unsigned)live->checksum));
}

void lab5_live_bytes(struct check *check)
{
    const char *name = check_name(check);
    struct live *live = posix_create(check, name, LIVE_SIZE, 0600);
    enum { DIED_AT = 7 };

    ADVISE(check, .file = SEQUENCE, .line = check_line(check, SEQUENCE, "sequence_publish("),
           .next = todo_next(check, SEQUENCE, "(void)snapshot;", 9,
                             "odd, words and checksum, even: two steps for each snapshot"));
    check_note(check, "a writer died here in the middle: sequence is %d", DIED_AT);
    live->sequence = DIED_AT;
    live->snapshot = round_of(77);
    struct program *writer = START(check, "live", "--write", "--name", name);
    program_expect(writer, "press Enter");
    REQUIRE(check, live->magic == live_magic && live->version == live_version,
            .expected = "magic \"LIVE\" and version 1",
            .found = check_text(check, "0x%08x and %u", (unsigned)live->magic, (unsigned)live->version));
    struct snapshot empty = {0};
    live_require(check, live, DIED_AT + 1, &empty, "after the first, empty snapshot");
    for (int32_t k = 1; k <= 3; k++) {
        struct snapshot expected = round_of(k);
        program_send(writer, "\n");
        program_expect(writer, check_text(check, "snapshot %d is published", k));
        live_require(check, live, DIED_AT + 1 + 2 * (uint32_t)k, &expected, check_text(check, "after snapshot %d", k));
    }
    program_end_input(writer);
    program_ends(writer, 0);
    REQUIRE(check, !posix_look(check, name).exists, .expected = "no object when the writer has ended",
            .found = "it is still there");
}

/* What one instruction of the writer did to the object. */
static void live_step_require(struct check *check, const struct live *before, const struct live *after,
                              const struct snapshot *expected)
{
    bool changed =
        memcmp(&before->snapshot, &after->snapshot, sizeof after->snapshot) != 0 || before->checksum != after->checksum;

    REQUIRE(check, !changed || (before->sequence % 2 == 1 && after->sequence == before->sequence),
            .expected = "words and checksum change only while sequence is odd",
            .found = check_text(check, "one of them was stored while sequence was %u", (unsigned)before->sequence),
            .cause = "a reader that takes the snapshot now finds the same even number twice, and half of a snapshot");
    REQUIRE(check, after->sequence == before->sequence || after->sequence == before->sequence + 1,
            .expected = check_text(check, "sequence goes from %u to %u, or stays", (unsigned)before->sequence,
                                   (unsigned)before->sequence + 1),
            .found = check_text(check, "%u", (unsigned)after->sequence),
            .cause = "a number that comes again makes two snapshots look like one");
    if (after->sequence != before->sequence && after->sequence % 2 == 0)
        live_require(check, after, after->sequence, expected, "at the instruction that makes it even");
}

void lab5_live_writer(struct check *check)
{
    const char *name = check_name(check);
    struct live *live = posix_create(check, name, LIVE_SIZE, 0600);
    struct program *writer = START(check, "live", "--write", "--name", name);
    struct snapshot expected = round_of(1);
    long steps = 0;

    ADVISE(check, .file = SEQUENCE, .line = check_line(check, SEQUENCE, "sequence_publish("),
           .next = "odd before the first word, even after the checksum, nothing else in between");
    program_expect(writer, "press Enter");
    uint32_t first = live_sequence(live);
    watch_seize(writer);
    program_send(writer, "\n");
    struct live before = *live;
    for (; live_sequence(live) != first + 2 && steps < STEPS_MAX; steps++) {
        if (!program_step(writer))
            FAIL(check, .expected = "the writer publishes snapshot 1",
                 .found = check_text(check, "it ended: %s", status_text(check, program_wait(writer))));
        struct live after = *live;
        live_step_require(check, &before, &after, &expected);
        before = after;
        REQUIRE(check, steps + 1 < STEPS_MAX, .expected = "the writer publishes snapshot 1",
                .found = "it did not, in three million instructions");
    }
    watch_release(writer);
    program_expect(writer, "snapshot 1 is published");
    live_require(check, live, first + 2, &expected, "after snapshot 1");
    program_end_input(writer);
    program_ends(writer, 0);
}

/* Half of the next snapshot, or its other half, while the reader is stopped. */
static void live_write_half(struct live *live, int32_t number)
{
    struct snapshot next = round_of(number / 2);
    enum { HALF = 5 };

    live->sequence++;
    if (number % 2 == 0) {
        memcpy(live->snapshot.records, next.records, HALF * sizeof next.records[0]);
        return;
    }
    __atomic_thread_fence(__ATOMIC_RELEASE);
    live->snapshot = next;
    live->checksum = checksum_of(&next);
}

/* Nobody writes: a reader that takes nothing now never will, and need not be watched instruction by instruction. */
static void live_quiet(struct check *check)
{
    const char *name = check_name(check);
    struct live *live = posix_create(check, name, LIVE_SIZE, 0600);

    *live = (struct live){.magic = live_magic, .version = live_version, .sequence = 6, .snapshot = round_of(3)};
    live->checksum = checksum_of(&live->snapshot);
    struct program *reader = START(check, "live", "--read", "--rounds", "1", "--name", name, "--timeout", "0");
    int status = program_wait(reader);
    REQUIRE(check, status == 0 && program_said(reader, "number 3"),
            .expected = "while nobody writes, and sequence is 6, the reader takes snapshot 3",
            .found = check_text(check, "%s; %s", status_text(check, status), program_said_text(reader)),
            .cause = "every try ends without a copy that is believed",
            .next = todo_next(check, SEQUENCE, "(void)tries;", 10,
                              "the same even number before and after the copy, and the right checksum: SEQUENCE_DONE"));
}

void lab5_live_reader(struct check *check)
{
    enum { EVERY = 397, HALVES = 50, ROUNDS = 6 };
    const char *name = check_name(check);
    struct live *live = posix_create(check, name, LIVE_SIZE, 0600);
    int32_t halves = 2;

    ADVISE(check, .file = SEQUENCE, .line = check_line(check, SEQUENCE, "sequence_take("),
           .cause = "sequence was not looked at twice, or an odd number was taken for a good one",
           .next = "look, copy, look again: only the same even number makes the copy a snapshot");
    live_quiet(check);
    *live = (struct live){.magic = live_magic, .version = live_version, .snapshot = {.count = 10}};
    live_write_half(live, halves++);
    check_note(check, "half of a snapshot is there, sequence is %u", (unsigned)live->sequence);
    struct program *reader = START(check, "live", "--read", "--name", name, "--timeout", "3600");
    program_expect(reader, "press Enter");
    watch_seize(reader);
    for (int i = 0; i < ROUNDS; i++)
        program_send(reader, "\n");
    program_end_input(reader);
    check_note(check, "from here on the check writes half a snapshot each %d instructions", EVERY);
    long steps = 1;
    for (; program_step(reader); steps++) {
        if (halves < HALVES && steps % EVERY == 0)
            live_write_half(live, halves++);
        REQUIRE(check, steps < STEPS_MAX, .expected = check_text(check, "%d whole snapshots", ROUNDS),
                .found = "not so many in three million instructions: it never takes one");
    }
    check_note(check, "%ld instructions, %d half snapshots", steps, halves);
    int status = program_wait(reader);
    REQUIRE(check, status == 0, .expected = check_text(check, "%d snapshots are taken, all of them whole", ROUNDS),
            .found = check_text(check, "%s: %s", status_text(check, status), program_last_line(reader)));
    said_require(reader, check_text(check, "%d snapshots, none of them torn", ROUNDS));
    const char *last = strstr(program_output(reader), "number ");
    int number = last != NULL ? atoi(last + strlen("number ")) : 0;
    REQUIRE(check, number >= 2 && number <= (halves - 1) / 2,
            .expected = check_text(check, "the last one that it took is one of those that were there, 2 to %d",
                                   (halves - 1) / 2),
            .found = check_text(check, "number %d", number));
}

void lab5_live_refuses(struct check *check)
{
    static const struct {
        const char *what, *says;
        uint32_t magic, version, sequence, checksum;
    } cases[] = {
        {"the checksum is another's", "damaged", 0, 0, 0, 1},
        {"the version is 2", "version", 0, 3, 0, 0},
        {"magic is another's", "version", 1, 0, 0, 0},
        {"a writer died in the middle", "no whole snapshot", 0, 0, 1, 0},
    };

    ADVISE(check, .file = SEQUENCE, .line = check_line(check, SEQUENCE, "sequence_take("),
           .cause = "what came out of shared memory was believed",
           .next = "SEQUENCE_FOREIGN first, SEQUENCE_DAMAGED for a whole copy with a wrong checksum, "
                   "SEQUENCE_BUSY after the last try");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *name = check_name(check);
        struct live *live = posix_create(check, name, LIVE_SIZE, 0600);
        live->snapshot = round_of(5);
        live->magic = live_magic ^ cases[i].magic;
        live->version = live_version ^ cases[i].version;
        live->sequence = 6 ^ cases[i].sequence;
        live->checksum = checksum_of(&live->snapshot) ^ cases[i].checksum;
        check_note(check, "%s", cases[i].what);
        struct program *reader = START(check, "live", "--read", "--rounds", "1", "--name", name, "--timeout", "0.05");
        program_ends_because(reader, 1, cases[i].what);
        said_require(reader, cases[i].says);
    }
}

/* Every order of steps, and every value that a load may read: C17 5.1.2.4, 7.17.3 and 7.17.4. */
void lab5_live_race(struct check *check)
{
    ADVISE(check, .file = SEQUENCE, .line = check_line(check, SEQUENCE, "sequence_publish("),
           .cause =
               "what this machine keeps in order the language need not: a store may be seen before the one that is "
               "above it",
           .next = "odd relaxed, release fence, words relaxed, even with release; acquire load, words relaxed, acquire "
                   "fence, the second look");
    CHECK_WEAVE(check, .title = "a reader, and a writer that overwrites the snapshot once",
                .programs = {{"lab5_lock", "write", "/ipc_dog_live"}, {"lab5_lock", "read", "/ipc_dog_live"}},
                .options = {"--first", "1", "--bound", "1", "--weak=1"},
                .exit_means = "the reader took half of one snapshot and half of the next");
}
