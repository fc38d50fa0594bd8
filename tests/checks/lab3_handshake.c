/*
 * Lab 3, the mailbox: the checks.
 *
 * Most of them play one side themselves, in memory, so that the other side meets a peer that is as slow, as
 * early or as dead as the check wants. Two stop the student's program between any two instructions (watch.h),
 * so that the order of its stores is seen and not guessed from a run that went well.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "address.h"
#include "box.h"
#include "check.h"
#include "compile.h"
#include "lab3_handshake.h"
#include "lab3_ping_pong.h"
#include "objects.h"
#include "said.h"
#include "shmlab/error.h"
#include "shmlab/mailbox.h"
#include "todo.h"
#include "watch.h"
#include "weave.h"

enum { MANY = 500, STEPS_MAX = 2000000 };

static const char endless[] = "1000000000";

struct program *lab3_writer(struct check *check, const struct address *address, const char *messages)
{
    return START(check, "writer", "--key-path", address->path, "--messages", messages, "--timeout", LAB3_LIMIT);
}

struct program *lab3_reader(struct check *check, const struct address *address, const char *messages)
{
    return START(check, "reader", "--key-path", address->path, "--messages", messages, "--timeout", LAB3_LIMIT);
}

static const char *message_of(struct check *check, pid_t writer, int number)
{
    return check_text(check, MAILBOX_MESSAGE_FORMAT, number, (int)writer);
}

/* Somebody who does not wait removes the mailbox under our hands, and then ends: the verdict is the same at
 * whatever moment we notice. */
static void kept_require(struct check *check, struct program *writer, bool kept)
{
    if (!kept)
        AWAIT(check, !program_runs(writer), "the writer ends");
    REQUIRE(check, kept, .expected = "the writer creates a segment and keeps it until all messages are taken",
            .found = program_ending(writer));
}

/* The writer's mailbox, once its first message is in it, and what the kernel says of it. */
static struct mailbox *box_seen(struct check *check, struct program *writer, const struct address *address,
                                struct object *object)
{
    struct mailbox *box;
    bool refused; /* it is there, but not for us */

    do {
        AWAIT(check, address_there(address) || !program_runs(writer), "the writer creates the segment");
        *object = sysv_look(check, address->key);
        box = object->exists ? shmat(object->id, NULL, 0) : (void *)-1;
        refused = box == (void *)-1 && errno == EACCES;
    } while (box == (void *)-1 && !refused && program_runs(writer));
    REQUIRE(check, !refused, .expected = "a segment of mode 0600",
            .found = "a segment that its owner may not read and write");
    kept_require(check, writer, box != (void *)-1);
    REQUIRE(check, object->size == sizeof(struct mailbox),
            .expected = check_text(check, "a segment of %zu bytes", sizeof(struct mailbox)),
            .found = check_text(check, "%zu bytes", object->size));
    AWAIT(check, box_full(box) || !program_runs(writer), "the writer sets ready");
    kept_require(check, writer, watch_stays(writer));
    REQUIRE(check, box_full(box), .expected = "the writer waits until a reader has cleared ready",
            .found = "it has cleared ready itself");
    return box;
}

/* The mailbox alone. */
struct mailbox *lab3_box_of(struct check *check, struct program *writer, const struct address *address)
{
    struct object object;

    return box_seen(check, writer, address, &object);
}

/* Does the mailbox hold message `number` of this writer, complete? */
static void box_require(struct check *check, const struct mailbox *box, pid_t writer, int number, const char *when)
{
    const char *message = message_of(check, writer, number);
    int32_t counter = box->counter;

    REQUIRE(check, counter == number, .expected = check_text(check, "counter is %d %s", number, when),
            .found = check_text(check, "counter is %d", counter));
    REQUIRE(check, memchr(box->message, '\0', sizeof box->message) != NULL,
            .expected = check_text(check, "message ends with a NUL %s", when), .found = "100 bytes and no NUL");
    REQUIRE(check, strcmp(box->message, message) == 0,
            .expected = check_text(check, "message is \"%s\" %s", message, when),
            .found = check_text(check, "message is \"%s\"", box->message));
}

/* ---- The writer ---- */

static void bytes(struct check *check)
{
    struct address address = address_draw(check, MAILBOX_KEY_ID);
    struct program *writer = lab3_writer(check, &address, "1");

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "void mailbox_send("),
           .next = "mailbox.h has the struct: set its members, ready last");
    struct object object;
    struct mailbox *box = box_seen(check, writer, &address, &object);
    const unsigned char *raw = (const unsigned char *)box;
    box_require(check, box, writer->own_pid, 1, "in the first message");
    REQUIRE(check, raw[offsetof(struct mailbox, ready)] == 1, .expected = "the byte at 104 is 1: true",
            .found = check_text(check, "it is %u", raw[offsetof(struct mailbox, ready)]));
    for (size_t i = offsetof(struct mailbox, ready) + 1; i < sizeof *box; i++)
        REQUIRE(check, raw[i] == 0, .expected = "the bytes after the flag, 105 to 107, are zero",
                .found = check_text(check, "byte %zu is %u", i, raw[i]),
                .cause = "the flag is one byte; a store of four overwrites the padding");
    box_give_back(box);
    program_ends(writer, 0);
}

/* What the writer creates, looked at when it has ended: its removal is made to fail, and one that waits for nobody yet
 * is gone at once. */
static struct object created_look(struct check *check, const char *mode)
{
    struct address address = address_draw(check, MAILBOX_KEY_ID);

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "int segment_create("));
    check_pardon_leaks(check);
    check_inject(check, "shmctl/IPC_RMID:0:EPERM");
    struct program *writer = START(check, "writer", "--key-path", address.path, "--timeout", "0", "--mode", mode);
    program_wait(writer);
    check_inject(check, NULL);
    struct object object = sysv_look(check, address.key);
    if (!object.exists)
        FAIL(check, .expected = "a segment with the key of --key-path and --key-id",
             .found = check_text(check, "none; the writer printed:\n%s", program_output(writer)),
             .cause = "nobody creates it yet, or with another key",
             .next = todo_next(check, "writer.c", "one that is there already, see `ipcs -m`", 1,
                               "shmget(options->key, ...): the key is made already"));
    sysv_remove(check, address.key);
    return object;
}

static void creates(struct check *check)
{
    struct object object = created_look(check, "0600");

    REQUIRE(check, object.size == sizeof(struct mailbox),
            .expected = check_text(check, "a segment of %zu bytes", sizeof(struct mailbox)),
            .found = check_text(check, "%zu bytes", object.size), .next = "sizeof(struct mailbox)");
}

static void mode(struct check *check)
{
    static const char *const modes[] = {"0600", "0640"};

    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct object object = created_look(check, modes[i]);
        REQUIRE(check, object.mode == strtoul(modes[i], NULL, 8),
                .expected = check_text(check, "mode %s with --mode %s", modes[i], modes[i]),
                .found = check_text(check, "mode %04o", object.mode), .line = check_line(check, "writer.c", "shmget("),
                .cause = "the access bits are missing in shmget's flags, or typed in",
                .next = "... | (int)options->mode");
    }
}

static void removes(struct check *check)
{
    struct address address = address_draw(check, MAILBOX_KEY_ID);

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "messages_send(box"),
           .cause = "a System V segment lives until somebody removes it; the end of its creator is not enough",
           .next = "shmctl(id, IPC_RMID, NULL) at the one place that every path passes; `ipcs -m` shows what is left");
    struct program *writer = START(check, "writer", "--key-path", address.path, "--timeout", "0");
    int status = program_wait(writer);
    if (status != 0) /* 0: it does not wait for a reader, yet */
        program_ends(writer, 1);
    REQUIRE(check, !address_there(&address), .expected = "no segment after a writer that found no reader",
            .found = "the segment is still there");
    if (status == 0)
        return;
    address = address_draw(check, MAILBOX_KEY_ID);
    writer = lab3_writer(check, &address, "1");
    struct mailbox *box = lab3_box_of(check, writer, &address);
    box_give_back(box);
    sysv_detach(check, box);
    program_ends(writer, 0);
    REQUIRE(check, !address_there(&address), .expected = "no segment after the writer's end",
            .found = "the segment is still there");
}

static void slow_reader(struct check *check)
{
    struct address address = address_draw(check, MAILBOX_KEY_ID);
    struct program *writer = lab3_writer(check, &address, "4");
    struct mailbox *box = lab3_box_of(check, writer, &address);

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "mailbox_await_empty("),
           .cause = "the writer goes on while ready is set: the next message overwrites one that nobody has taken",
           .next = "while ready is set, the box is the reader's: wait in mailbox_await_empty until it is clear");
    for (int number = 1; number <= 4; number++) {
        AWAIT(check, box_full(box) || !program_runs(writer), "the writer sends the next message");
        watch_waits(writer, "while ready is set");
        box_require(check, box, writer->own_pid, number, "while nobody has taken it");
        REQUIRE(check, box_full(box), .expected = "ready stays set until the reader clears it",
                .found = "the writer has cleared it");
        memset(box->message, 0xFF, sizeof box->message); /* so that the next one brings a NUL of its own */
        box_give_back(box);
    }
    program_ends(writer, 0);
}

/* The writer, stopped, has just handed over message `number`: let it go on with a box that somebody else uses. */
static void handed_over_watch(struct check *check, struct program *writer, struct mailbox *box, int number)
{
    static const char scribble[] = "the reader's affair";
    struct mailbox before;

    memcpy(&before, box, sizeof before);
    check_note(check, "ready is set: the check overwrites counter and message at once");
    box->counter = -1;
    memcpy(box->message, scribble, sizeof scribble);
    watch_release(writer);
    watch_waits(writer, "while ready is set");
    REQUIRE(check, !program_said(writer, scribble) && !program_said(writer, "#-1"),
            .expected = check_text(check, "the writer does not look into the box once it has sent #%d", number),
            .found = check_text(check, "it printed:\n%s", program_output(writer)), .file = "writer.c",
            .line = check_line(check, "writer.c", "writer: sent #"),
            .cause = "from the store of ready on the box is the reader's: what it prints may be gone, or half a "
                     "message",
            .next = "print your own copy of the text, not box->message");
    box->counter = before.counter;
    memcpy(box->message, before.message, sizeof before.message);
}

/* Run the writer instruction by instruction until it hands over message `number`. */
void lab3_publication(struct check *check, struct program *writer, struct mailbox *box, int number)
{
    int32_t counter = box->counter;
    enum step_result result = STEP_DONE;
    long steps = 0;

    watch_seize(writer);
    box_give_back(box);
    while (!box_full(box) && result == STEP_DONE && steps++ < STEPS_MAX)
        result = watch_step(writer);
    REQUIRE(check, box_full(box), .expected = check_text(check, "the writer sends message #%d", number),
            .found = result == STEP_ENDED ? "it ended" : "it did not, in two million instructions");
    REQUIRE(check, box->counter != counter || box->counter == number,
            .expected = check_text(check, "counter is %d when ready becomes true", number),
            .found = check_text(check, "it is still %d: that of the message before", box->counter));
    box_require(check, box, writer->own_pid, number, "at the very instruction that sets ready");
    handed_over_watch(check, writer, box, number);
}

static void publication(struct check *check)
{
    struct address address = address_draw(check, MAILBOX_KEY_ID);
    struct program *writer = lab3_writer(check, &address, "3");
    struct mailbox *box = lab3_box_of(check, writer, &address);
    int line = check_line(check, "writer.c", "&box->ready, true");

    ADVISE(check, .file = "writer.c", .line = line != 0 ? line : check_line(check, "writer.c", "void mailbox_send("),
           .cause = "ready is set before the message is complete; a reader that looks at that moment takes half of it. "
                    "It may go well a million times",
           .next = "first counter and message, then ready, with memory_order_release: that order is the whole lab");
    watch_waits(writer, "while ready is set");
    for (int number = 2; number <= 3; number++)
        lab3_publication(check, writer, box, number);
    box_give_back(box);
    program_ends(writer, 0);
}

/* ---- The reader ---- */

/* A mailbox of the check's own. */
struct mailbox *lab3_box_make(struct check *check, const struct address *address)
{
    sysv_create(check, address->key, sizeof(struct mailbox), 0600);
    return sysv_attach(check, address->key);
}

void lab3_await_empty(struct check *check, struct mailbox *box, struct program *reader)
{
    AWAIT(check, !box_full(box) || !program_runs(reader), "the reader clears ready");
    REQUIRE(check, !box_full(box), .expected = "the reader takes the message and clears ready",
            .found = check_text(check, "ready is still set; %s", program_ending(reader)));
}

/* A line that can only come from the mailbox. */
static const char *letter_draw(struct check *check, int number)
{
    const char *text = check_text(check, "letter %d, %08lx", number, random());

    check_varies(check, "letter", strchr(text, ',') + 2);
    return text;
}

/* The segment is there when the reader starts: before it sleeps for the first time, it has found it. */
void lab3_attached(struct check *check, struct program *reader, const struct address *address)
{
    watch_waits(reader, "until a message comes");
    REQUIRE(check, address_attached(address) > 1, .expected = "the reader attaches to the segment that is there",
            .found = "it waits, and only the check is attached",
            .line = check_line(check, "reader.c", "int mailbox_attach("), .file = "reader.c",
            .cause = "shmget with the same key, without IPC_CREAT, and shmat",
            .next = "see mailbox_attach in reader.c");
}

static void receives(struct check *check)
{
    struct address address = address_draw(check, MAILBOX_KEY_ID);
    struct mailbox *box = lab3_box_make(check, &address);
    struct program *reader = lab3_reader(check, &address, "4");
    static const int32_t counters[] = {1, 2, 70000, -5};
    char whole[MAILBOX_MESSAGE_CAPACITY + 1];

    ADVISE(check, .file = "reader.c", .line = check_line(check, "reader.c", "mailbox_receive("),
           .cause = "what is printed comes from somewhere else than the mailbox, or only a part of it is copied",
           .next = "copy box->counter and box->message into letter, then clear ready");
    srandom((unsigned)getpid());
    lab3_attached(check, reader, &address);
    for (int i = 0; i < 3; i++) {
        const char *letter = letter_draw(check, i + 1);
        box_put(box, counters[i], letter);
        program_expect(reader, check_text(check, "received #%d: %s\n", counters[i], letter));
        lab3_await_empty(check, box, reader);
    }
    memset(whole, 'x', sizeof whole);
    whole[sizeof whole - 1] = '\0';
    check_note(check, "a message of 100 bytes without a NUL");
    ADVISE(check, .file = "reader.c", .line = check_line(check, "reader.c", "mailbox_receive("),
           .cause = "100 bytes and no NUL among them: printf reads on after letter->message. Never trust what "
                    "is in shared memory",
           .next = "letter->message must end with a NUL, whatever was copied: set its last byte");
    box_put(box, counters[3], whole);
    program_expect(reader, check_text(check, "received #%d: %.*s\n", counters[3], MAILBOX_MESSAGE_CAPACITY - 1, whole));
    program_ends(reader, 0);
    REQUIRE(check, address_there(&address), .expected = "the reader leaves the segment alone: it is the writer's",
            .found = "the reader has removed it",
            .cause = "IPC_RMID in the reader: other readers, and the writer, still need the segment",
            .next = "the reader detaches, and nothing else");
}

static void slow_writer(struct check *check)
{
    struct address address = address_draw(check, MAILBOX_KEY_ID);
    struct mailbox *box = lab3_box_make(check, &address);

    ADVISE(check, .file = "reader.c", .line = check_line(check, "reader.c", "mailbox_receive("),
           .cause = "the message is copied before ready was seen set, so it is the one before, or half of the next",
           .next = "wait first, copy then: while (!ready) patience_step");
    box_fill(box, 99, "not a message yet");
    struct program *reader = lab3_reader(check, &address, "3");
    for (int number = 1; number <= 3; number++) {
        const char *letter = letter_draw(check, number);
        lab3_attached(check, reader, &address);
        watch_waits(reader, "while ready is clear");
        REQUIRE(check, !program_said(reader, "#99"), .expected = "nothing is received while ready is clear",
                .found = program_output(reader));
        box_put(box, number, letter);
        program_expect(reader, check_text(check, "received #%d: %s\n", number, letter));
        lab3_await_empty(check, box, reader);
        box_fill(box, 99, "not a message yet"); /* and not handed over */
    }
    program_ends(reader, 0);
}

/* Run the reader instruction by instruction until it gives the box back, and use the box in that very moment. */
void lab3_hand_back(struct check *check, struct program *reader, struct mailbox *box, int number)
{
    const char *letter = letter_draw(check, number);
    enum step_result result = STEP_DONE;
    struct mailbox before;
    long steps = 0;

    watch_seize(reader);
    box_put(box, number, letter);
    memcpy(&before, box, sizeof before);
    while (box_full(box) && result == STEP_DONE && steps++ < STEPS_MAX)
        result = watch_step(reader);
    REQUIRE(check, !box_full(box), .expected = "the reader takes the message and clears ready",
            .found = result == STEP_ENDED ? "it ended" : "it did not, in two million instructions");
    REQUIRE(check, memcmp(&before, box, offsetof(struct mailbox, ready)) == 0,
            .expected = "the reader changes nothing but ready", .found = "counter or message has changed");
    check_note(check, "ready is clear: the check overwrites the message at once, as a fast writer might");
    box->counter = -1;
    memset(box->message, '#', sizeof box->message - 1);
    watch_release(reader);
    program_expect(reader, check_text(check, "received #%d: %s\n", number, letter));
}

static void hand_back(struct check *check)
{
    struct address address = address_draw(check, MAILBOX_KEY_ID);
    struct mailbox *box = lab3_box_make(check, &address);
    struct program *reader = lab3_reader(check, &address, "2");
    int line = check_line(check, "reader.c", "&box->ready, false");

    ADVISE(check, .file = "reader.c", .line = line != 0 ? line : check_line(check, "reader.c", "mailbox_receive("),
           .cause = "ready is cleared before the copy is complete; a fast writer overwrites what is being copied",
           .next = "first copy counter and message, then clear ready, with memory_order_release");
    lab3_attached(check, reader, &address);
    for (int number = 1; number <= 2; number++) {
        watch_waits(reader, "while ready is clear");
        lab3_hand_back(check, reader, box, number);
    }
    program_ends(reader, 0);
}

/* ---- Both ---- */

/* Messages 1 to `last` of this writer, in order, once each. */
void lab3_letters(struct check *check, struct program *reader, pid_t writer, int last)
{
    const char *at = program_output(reader);
    int number = 0;

    while ((at = strstr(at, "received #")) != NULL) {
        const char *line = check_text(check, "%.*s", (int)strcspn(at, "\n"), at);
        const char *wanted = check_text(check, "received #%d: %s", number + 1, message_of(check, writer, number + 1));
        REQUIRE(check, strcmp(line, wanted) == 0, .expected = check_text(check, "\"%s\"", wanted),
                .found = check_text(check, "\"%s\"", line),
                .cause = "a message was lost, doubled or mixed: both sides must wait for the flag, always");
        number++;
        at += strlen(line);
    }
    REQUIRE(check, number == last, .expected = check_text(check, "%d messages, each once, in order", last),
            .found = check_text(check, "%d", number));
}

static void pair_require(struct check *check, struct program *writer, struct program *reader, int last,
                         const struct address *address)
{
    pid_t pid = writer->own_pid;

    program_ends(reader, 0);
    program_ends(writer, 0);
    lab3_letters(check, reader, pid, last);
    if (address_there(address)) /* what `removes` is about */
        sysv_remove(check, address->key);
}

static void either_first(struct check *check)
{
    struct address address = address_draw(check, MAILBOX_KEY_ID);

    check_note(check, "the writer starts first");
    struct program *writer = lab3_writer(check, &address, "5");
    lab3_box_of(check, writer, &address);
    struct program *reader = lab3_reader(check, &address, "5");
    pair_require(check, writer, reader, 5, &address);

    address = address_draw(check, MAILBOX_KEY_ID);
    check_note(check, "the reader starts first");
    ADVISE(check, .file = "reader.c", .line = check_line(check, "reader.c", "mailbox_attach("),
           .cause = "that there is no segment yet is taken for an error",
           .next = "mailbox_attach returns 0 for ENOENT, and mailbox_find tries again");
    reader = lab3_reader(check, &address, "5");
    watch_waits(reader, "while there is no writer");
    writer = lab3_writer(check, &address, "5");
    pair_require(check, writer, reader, 5, &address);
}

static void many(struct check *check)
{
    struct address address = address_draw(check, MAILBOX_KEY_ID);
    const char *count = check_text(check, "%d", MANY);
    struct program *writer = lab3_writer(check, &address, count);
    struct program *reader = lab3_reader(check, &address, count);

    ADVISE(check, .cause = "it goes well most of the time: both sides must look at the flag with acquire, and set or "
                           "clear it with release, as the last thing they do");
    pair_require(check, writer, reader, MANY, &address);
}

static void python(struct check *check)
{
    struct address address = address_draw(check, MAILBOX_KEY_ID);

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "void mailbox_send("),
           .cause = "reader.py follows the published bytes and the published protocol, and nothing else");
    struct program *writer = lab3_writer(check, &address, "5");
    lab3_box_of(check, writer, &address);
    struct program *reader = START(check, "reader.py", "--key-path", address.path, "--timeout", LAB3_LIMIT);
    pair_require(check, writer, reader, 5, &address);
}

static void no_busy_core(struct check *check)
{
    struct address address = address_draw(check, MAILBOX_KEY_ID), nowhere = address_draw(check, MAILBOX_KEY_ID),
                   own = address_draw(check, MAILBOX_KEY_ID);
    struct program *writer = lab3_writer(check, &address, "1");
    struct program *early = lab3_reader(check, &nowhere, "1");

    lab3_box_make(check, &own);
    struct program *reader = lab3_reader(check, &own, "1");
    lab3_box_of(check, writer, &address);
    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "mailbox_await_empty("));
    watch_rests(writer, "while ready is set");
    ADVISE(check, .file = "reader.c", .line = check_line(check, "reader.c", "mailbox_receive("));
    watch_rests(reader, "while ready is clear");
    ADVISE(check, .file = "reader.c", .line = check_line(check, "reader.c", "mailbox_find("));
    watch_rests(early, "while there is no writer");
}

/* ---- When things go wrong ---- */

/* It ends with status 1. What it printed, which nobody has counted, stays out of the finding. */
static void end_require(struct check *check, struct program *program)
{
    int status = program_wait(program);

    REQUIRE(check, status == 1, .expected = check_text(check, "%s ends with exit status 1", program->short_name),
            .found = status_text(check, status));
}

static void dead_peer(struct check *check)
{
    struct address address = address_draw(check, MAILBOX_KEY_ID);
    struct program *writer = lab3_writer(check, &address, endless);
    struct program *reader = lab3_reader(check, &address, endless);

    program_expect(reader, "received #3");
    program_signal(reader, SIGKILL);
    program_wait(reader);
    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "mailbox_await_empty("),
           .cause = "the flag will never change again: no process is there that could change it",
           .next = "ask patience_step in every round, and return what it says unless that is PATIENCE_GO_ON");
    end_require(check, writer);
    if (address_there(&address)) /* what `removes` is about */
        sysv_remove(check, address.key);

    address = address_draw(check, MAILBOX_KEY_ID);
    writer = lab3_writer(check, &address, endless);
    reader = lab3_reader(check, &address, endless);
    program_expect(reader, "received #3");
    program_signal(writer, SIGKILL);
    program_wait(writer);
    ADVISE(check, .file = "reader.c", .line = check_line(check, "reader.c", "mailbox_receive("),
           .cause = "the flag will never change again: no process is there that could change it",
           .next = "ask patience_step in every round, and return what it says unless that is PATIENCE_GO_ON");
    end_require(check, reader);
}

static void signals(struct check *check)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct address address = address_draw(check, MAILBOX_KEY_ID), own = address_draw(check, MAILBOX_KEY_ID);
        struct program *writer = lab3_writer(check, &address, "1");
        struct mailbox *box = lab3_box_make(check, &own);
        struct program *reader = lab3_reader(check, &own, "1");

        ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "messages_send(box"),
               .cause = "a path on which the writer ends without passing the removal",
               .next = "return PATIENCE_STOPPED up to main, and remove the segment there");
        lab3_box_of(check, writer, &address);
        watch_waits(writer, "while ready is set");
        program_signal(writer, numbers[i]);
        program_ends(writer, 1);
        REQUIRE(check, !address_there(&address),
                .expected = check_text(check, "no segment after SIG%s to the writer", sigabbrev_np(numbers[i])),
                .found = "the segment is still there");

        ADVISE(check, .file = "reader.c", .line = check_line(check, "reader.c", "mailbox_receive("),
               .cause = "a loop that waits takes no notice of what patience_step says",
               .next = "return PATIENCE_STOPPED as any other end but PATIENCE_GO_ON, up to main");
        lab3_attached(check, reader, &own);
        watch_waits(reader, "while ready is clear");
        program_signal(reader, numbers[i]);
        program_ends(reader, 1);
        REQUIRE(check, address_there(&own) && !box_full(box),
                .expected = "the reader leaves the segment as it is: it is the writer's", .found = "it does not");
    }
}

/* A segment whose creator is dead. */
static void orphan_make(struct check *check, const struct address *address, size_t size)
{
    pid_t child = check_fork(check);

    if (child == 0)
        _exit(shmget((key_t)strtol(address->key, NULL, 10), size, IPC_CREAT | IPC_EXCL | 0600) == -1);
    int status;
    waitpid(child, &status, 0);
    if (status != 0)
        check_broken(check, "cannot make a segment with key %s", address->key);
    check_varies(check, "pid", check_text(check, "%d", (int)child));
    sysv_look(check, address->key); /* its id varies, too */
    check_pardon_leaks(check);      /* it is no program's fault if that one stays */
    check_note(check, "a process that is dead now has left a segment of %zu bytes with that key", size);
}

/* A creator that lives and is not attached, and one that the kernel says belongs to somebody else (EPERM), are no dead
 * ones: the reader takes the message, the writer refuses the segment. */
static void living_creator(struct check *check)
{
    struct address address = address_draw(check, MAILBOX_KEY_ID);
    struct mailbox *box = lab3_box_make(check, &address);

    check_note(check, "the creator of the mailbox, this check, lives, and is not attached");
    box_put(box, 1, "of the living");
    sysv_detach(check, box);
    ADVISE(check, .file = "reader.c", .line = check_line(check, "reader.c", "bool segment_stale("),
           .cause = "that nobody is attached does not mean that the creator is dead",
           .next = "both: nobody else attached, and kill(pid, 0) fails with ESRCH");
    struct program *reader = lab3_reader(check, &address, "1");
    program_expect(reader, "received #1: of the living");
    program_ends(reader, 0);
    sysv_remove(check, address.key);

    address = address_draw(check, MAILBOX_KEY_ID);
    orphan_make(check, &address, sizeof(struct mailbox));
    box = sysv_attach(check, address.key);
    box_put(box, 1, "of another user");
    sysv_detach(check, box);
    check_note(check, "kill fails with EPERM: the creator is another user's process, and lives");
    ADVISE(check, .file = "reader.c", .line = check_line(check, "reader.c", "bool segment_stale("),
           .cause = "kill fails with EPERM for a living process of another user: only ESRCH means dead",
           .next = "kill(pid, 0) == -1 && errno == ESRCH");
    check_inject(check, "kill:0:EPERM");
    reader = lab3_reader(check, &address, "1");
    program_expect(reader, "received #1: of another user");
    program_ends(reader, 0);
    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "int stale_remove("),
           .cause = "kill fails with EPERM for a living process of another user: only ESRCH means dead",
           .next = "refuse unless kill(pid, 0) == -1 && errno == ESRCH");
    struct program *writer = START(check, "writer", "--key-path", address.path, "--messages", "1", "--timeout", "0");
    program_ends(writer, 1);
    check_inject(check, NULL);
    REQUIRE(check, address_there(&address), .expected = "the segment of another user's living writer stays",
            .found = "the writer has removed it");
    sysv_remove(check, address.key);
}

static void stale_mailbox(struct check *check)
{
    struct address address = address_draw(check, MAILBOX_KEY_ID);

    orphan_make(check, &address, sizeof(struct mailbox));
    struct mailbox *box = sysv_attach(check, address.key);
    box_put(box, 1, "a message of the dead");
    sysv_detach(check, box);

    ADVISE(check, .file = "reader.c", .line = check_line(check, "reader.c", "bool segment_stale("),
           .cause = "the segment of a writer that was killed looks like a full mailbox",
           .next = "nobody else attached, and no process with the creator's number: kill(pid, 0), ESRCH");
    struct program *reader = lab3_reader(check, &address, "5");
    watch_waits(reader, "while the only mailbox is a dead writer's");
    REQUIRE(check, !program_said(reader, "received"), .expected = "a dead writer's message is not taken",
            .found = program_output(reader));

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "int stale_remove("),
           .cause = "what a killed writer left behind keeps out every later one",
           .next = "remove it when its creator is dead and its size is the mailbox's; then create again");
    struct program *writer = lab3_writer(check, &address, "5");
    pair_require(check, writer, reader, 5, &address);
}

static void foreign_segment(struct check *check)
{
    struct address address = address_draw(check, MAILBOX_KEY_ID);

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "int stale_remove("),
           .cause = "keys may collide (ftok(3) says so): a segment of another size is another program's, a living "
                    "creator's is in use",
           .next = "look at shm_segsz and shm_cpid before you remove anything");
    orphan_make(check, &address, 50);
    struct program *writer = lab3_writer(check, &address, "1");
    program_ends(writer, 1);
    struct object object = sysv_look(check, address.key);
    sysv_remove(check, address.key); /* its creator is dead: nobody else would */
    REQUIRE(check, object.exists && object.size == 50,
            .expected = "a segment of 50 bytes, another program's, is refused and stays",
            .found = object.exists ? check_text(check, "there is one of %zu bytes now", object.size)
                                   : "the writer has removed it");

    address = address_draw(check, MAILBOX_KEY_ID);
    writer = lab3_writer(check, &address, "1");
    struct mailbox *box = lab3_box_of(check, writer, &address);
    struct program *second = lab3_writer(check, &address, "1");
    program_ends(second, 1);
    REQUIRE(check, address_there(&address), .expected = "a second writer leaves the first one's segment alone",
            .found = "it is gone");
    box_require(check, box, writer->own_pid, 1, "after a second writer was refused");
    box_give_back(box);
    program_ends(writer, 0);
    living_creator(check);
}

static void fault_require(struct check *check, const char *program, const char *fault, int number,
                          const struct address *address)
{
    check_inject(check, fault);
    struct program *run = START(check, program, "--key-path", address->path, "--timeout", "0");
    check_inject(check, NULL);
    program_ends(run, 1);
    REQUIRE(check, program_names_error(run, number),
            .expected = check_text(check, "a message that names %s when %.*s fails", error_symbol(number),
                                   (int)strcspn(fault, ":"), fault),
            .found = check_text(check, "it printed:\n%s", program_output(run)));
}

/* The segment goes between shmget and shmat, and the next writer's is there: the reader is early, and comes again. */
static void gone_between(struct check *check, struct mailbox *box, const struct address *address, const char *fault)
{
    box_put(box, 1, "of the next writer");
    ADVISE(check, .file = "reader.c", .line = check_line(check, "reader.c", "shmat("),
           .cause = "a segment that is removed between shmget and shmat is taken for an error: it was none any more",
           .next = "EIDRM and EINVAL of shmat mean \"not yet\", as ENOENT of shmget does");
    check_inject(check, fault);
    struct program *reader = lab3_reader(check, address, "1");
    check_inject(check, NULL);
    program_ends(reader, 0);
}

static void errors(struct check *check)
{
    struct address address = address_draw(check, MAILBOX_KEY_ID);

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "int segment_create("));
    fault_require(check, "writer", "shmget:1:ENOSPC", ENOSPC, &address);
    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "shmat("),
           .cause = "the segment was created, and the path of this error ends without removing it");
    fault_require(check, "writer", "shmat:1:ENOMEM", ENOMEM, &address);
    REQUIRE(check, !address_there(&address), .expected = "no segment after a writer that could not attach",
            .found = "the segment is still there");

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "IPC_RMID"),
           .cause = "a removal that fails leaves the segment behind, and nobody is told");
    check_pardon_leaks(check); /* it is made to leave it */
    fault_require(check, "writer", "shmctl/IPC_RMID:1:EPERM", EPERM, &address);
    sysv_remove(check, address.key);

    ADVISE(check, .file = "reader.c", .line = check_line(check, "reader.c", "mailbox_attach("),
           .cause = "only ENOENT means \"not yet\"; every other error will not go away by waiting");
    fault_require(check, "reader", "shmget:1:EACCES", EACCES, &address);
    struct mailbox *box = lab3_box_make(check, &address);
    fault_require(check, "reader", "shmat:1:EACCES", EACCES, &address);
    gone_between(check, box, &address, "shmat:1:EIDRM");
    gone_between(check, box, &address, "shmat:1:EINVAL");
}

static void sanitizers(struct check *check)
{
    check_sanitize(check);
    struct address address = address_draw(check, MAILBOX_KEY_ID);
    struct program *writer = lab3_writer(check, &address, "5");
    struct program *reader = lab3_reader(check, &address, "5");
    program_wait(reader);
    program_wait(writer);
    program_sanitized(writer);
    program_sanitized(reader);
    program_ends(reader, 0);
    program_ends(writer, 0);

    address = address_draw(check, MAILBOX_KEY_ID);
    struct mailbox *box = lab3_box_make(check, &address);
    char whole[MAILBOX_MESSAGE_CAPACITY + 1];
    memset(whole, 'x', sizeof whole);
    box_put(box, 1, whole);
    reader = lab3_reader(check, &address, "1");
    program_wait(reader);
    program_sanitized(reader);
}

/* ---- Every interleaving ---- */

static void race(struct check *check)
{
    check_varies(check, "key", check_text(check, "0x%08x", (unsigned)ftok(MAILBOX_KEY_PATH, MAILBOX_KEY_ID)));
    CHECK_WEAVE(check, .title = "a writer and a reader",
                .programs = {{"writer", "--messages", "3"}, {"reader", "--messages", "3"}});
}

/* ---- The table ---- */

static const struct check_case cases[] = {
    CASE_BUILDS("Writer and reader compile"),
    {.name = "creates",
     .points = 4,
     .title = "The writer creates a segment with its key and the mailbox's size",
     .concept = "shmget, once more",
     .hints = {"As in lab 2: a key, a size, and flags in which the access bits are.",
               "writer.c, segment_create; mailbox.h has the struct.",
               "shmget(options->key, sizeof(struct mailbox), IPC_CREAT | IPC_EXCL | (int)options->mode)"},
     .needs = {"builds"},
     .limit = LIMIT_QUICK,
     .run = creates},
    {.name = "mode",
     .points = 2,
     .title = "The segment has the mode that --mode asks for",
     .concept = "who may attach is said at creation",
     .hints = {"A segment has access bits as a file has.", "shmget(2): the low nine bits of the flags.",
               "... | (int)options->mode"},
     .needs = {"creates"},
     .limit = LIMIT_QUICK,
     .run = mode},
    {.name = "removes",
     .points = 4,
     .title = "The writer's end removes the segment, whether its messages were taken or not",
     .concept = "lifetime of a System V segment: until it is removed",
     .hints = {"A segment outlives every process. The one that created it removes it: on every path.",
               "writer.c, main: one place after messages_send and after the failed shmat.",
               "if (shmctl(id, IPC_RMID, NULL) == -1) status = error_report_errno(...);"},
     .needs = {"creates"},
     .limit = LIMIT_QUICK,
     .run = removes},
    {.name = "bytes",
     .points = 6,
     .title = "The first message is in the mailbox at the published bytes",
     .concept = "a struct in shared memory with a flag",
     .hints = {"The mailbox is a struct mailbox (mailbox.h) at the segment's beginning; box points to it.",
               "writer.c, mailbox_send: set counter, fill message, then set ready.",
               "box->counter = number; snprintf(box->message, sizeof box->message, \"%s\", message); and "
               "atomic_store_explicit(&box->ready, true, memory_order_release);"},
     .needs = {"builds"},
     .limit = LIMIT_QUICK,
     .run = bytes},
    {.name = "slow_reader",
     .points = 8,
     .title = "The writer touches nothing while ready is set, and sends the next message once it is clear",
     .concept = "a flag that says whose turn it is",
     .hints = {"While ready is set, the box is the reader's, however long it takes.",
               "writer.c, mailbox_await_empty: loop while ready is set; ask patience_step in each round.",
               "patience_begin(patience); while (atomic_load_explicit(&box->ready, memory_order_acquire)) { end = "
               "patience_step(patience); if (end != PATIENCE_GO_ON) return end; }"},
     .needs = {"bytes"},
     .limit = LIMIT_QUICK,
     .run = slow_reader},
    {.name = "publication",
     .points = 8,
     .title = "At the very instruction that sets ready, counter and message are complete",
     .concept = "publication: the flag is stored last, with release",
     .hints = {"A reader may look between any two of your stores. The flag promises that all others are done.",
               "writer.c, mailbox_send: which store comes last? May the compiler move the others after it?",
               "Store ready last, with memory_order_release: no store before it may move after it "
               "(C17 5.1.2.4, 7.17.3)."},
     .needs = {"slow_reader"},
     .limit = LIMIT_LONG,
     .run = publication},
    {.name = "receives",
     .points = 8,
     .title = "The reader prints what is in the mailbox, and gives the box back",
     .concept = "copy out of shared memory before you use it",
     .hints = {"What is in shared memory may change, and may be wrong. Copy it, make the copy safe, work on that.",
               "reader.c, mailbox_attach finds and attaches; mailbox_receive waits, copies and clears ready.",
               "letter->counter = box->counter; memcpy(letter->message, box->message, sizeof letter->message); the "
               "last byte of the copy is 0; then atomic_store_explicit(&box->ready, false, memory_order_release);"},
     .needs = {"builds"},
     .limit = LIMIT_QUICK,
     .run = receives},
    {.name = "slow_writer",
     .points = 6,
     .title = "The reader takes nothing while ready is clear, whatever is in the box",
     .concept = "wait first, look then",
     .hints = {"While ready is clear the box is the writer's, and may hold half a message.",
               "reader.c, mailbox_receive: the copy comes after the loop that waits.",
               "while (!atomic_load_explicit(&box->ready, memory_order_acquire)) { ... patience_step ... }"},
     .needs = {"receives"},
     .limit = LIMIT_QUICK,
     .run = slow_writer},
    {.name = "hand_back",
     .points = 7,
     .title = "At the very instruction that clears ready, the reader's copy is complete",
     .concept = "giving back is a publication, too",
     .hints = {"From the moment that ready is clear, the writer may write. Everything that you want from the box you "
               "must have by then.",
               "reader.c, mailbox_receive: does anything read box-> after the store to ready?",
               "Clear ready last, with memory_order_release: no load before it may move after it."},
     .needs = {"slow_writer"},
     .limit = LIMIT_QUICK,
     .run = hand_back},
    {.name = "race",
     .points = 9,
     .title = "In every order of steps, writer and reader touch the box only when it is theirs",
     .concept = "happens before: release, acquire, and what a processor may do without them",
     .hints = {"That it went well proves nothing: this machine keeps an order that C does not promise you. Which "
               "operation says that everything before it comes first?",
               "Look at each access to ready in writer.c and reader.c, and name its partner in the other file. "
               "make replay3 shows the steps.",
               "Every store to ready: memory_order_release. Every load: memory_order_acquire. Payload before the "
               "store, and after the load."},
     .needs = {"bytes", "receives"},
     .limit = LIMIT_EXPLORE,
     .run = race},
    {.name = "either_first",
     .points = 6,
     .title = "Five messages pass in order, whichever program starts first",
     .concept = "start order is nobody's to choose",
     .hints = {"A reader that starts first finds no segment. That is no error, only early.",
               "reader.c, mailbox_attach: ENOENT means \"not yet\", and mailbox_find comes again.",
               "if (*id == -1 && errno == ENOENT) return 0;"},
     .needs = {"publication", "hand_back"},
     .limit = LIMIT_QUICK,
     .run = either_first},
    {.name = "many",
     .points = 2,
     .title = "Five hundred messages pass, each once and in order",
     .concept = "a protocol holds in every round, not in most",
     .hints = {"What goes wrong once in a hundred messages goes wrong.",
               "Both sides: is there a path on which somebody touches the box out of turn?",
               "Writer: send, then wait. Reader: wait, copy, clear. Nothing else touches the box."},
     .needs = {"either_first"},
     .limit = LIMIT_LONG,
     .run = many},
    {.name = "python",
     .points = 4,
     .title = "The Python reader takes your writer's messages",
     .concept = "a protocol is bytes and order, not a language",
     .hints = {"reader.py was written from the published table. If it cannot read you, you do not meet the table.",
               "Compare reader.py, receive, with your mailbox_receive.",
               "struct mailbox as it is in mailbox.h, ready as one byte that is 0 or 1."},
     .needs = {"publication"},
     .limit = LIMIT_QUICK,
     .run = python},
    {.name = "no_busy_core",
     .points = 6,
     .title = "A program that waits sleeps",
     .concept = "waiting without burning a core",
     .hints = {"A loop that only looks takes a whole processor away from those who have something to do, perhaps from "
               "the very process that it waits for.",
               "patience.h: how does patience_step wait, and why not at once with a sleep?",
               "Every loop that waits calls patience_step (or stop_sleep) in every round."},
     .needs = {"slow_reader", "slow_writer"},
     .limit = LIMIT_QUICK,
     .run = no_busy_core},
    {.name = "dead_peer",
     .points = 6,
     .title = "When one is killed, the other notices, says so and ends",
     .concept = "nobody waits for a dead process",
     .hints = {"A process that is killed clears no flag. Something else must tell: the kernel counts who is attached.",
               "patience_step returns PATIENCE_GONE; do your loops hand it on?",
               "enum patience_end end = patience_step(patience); if (end != PATIENCE_GO_ON) return end;"},
     .needs = {"either_first"},
     .limit = LIMIT_QUICK,
     .run = dead_peer},
    {.name = "signals",
     .points = 4,
     .title = "After SIGINT, SIGTERM or SIGHUP either program cleans up and ends",
     .concept = "every way out passes the clean-up",
     .hints = {"Ctrl-C must not leave a segment behind.",
               "stop_on_signals sets a flag; patience_step returns PATIENCE_STOPPED.",
               "Return what patience_step says; main removes the segment after messages_send."},
     .needs = {"removes", "slow_reader", "receives"},
     .limit = LIMIT_QUICK,
     .run = signals},
    {.name = "stale_mailbox",
     .points = 3,
     .title = "A segment that a killed writer left is ignored by readers and removed by the next writer",
     .concept = "state that outlives its process",
     .hints = {"SIGKILL cannot be caught, so somebody else must put things right: the next to come.",
               "reader.c, segment_stale; writer.c, stale_remove. IPC_STAT: shm_nattch, shm_cpid, shm_segsz.",
               "kill(info.shm_cpid, 0) == -1 && errno == ESRCH: its creator is dead."},
     .needs = {"either_first"},
     .limit = LIMIT_QUICK,
     .run = stale_mailbox},
    {.name = "foreign_segment",
     .points = 2,
     .title = "Another program's segment, or a living writer's, is refused and left alone",
     .concept = "never remove what is not yours",
     .hints = {"A key is a number; two programs may have chosen the same.",
               "writer.c, stale_remove: compare shm_segsz, ask for the creator, and only then remove.",
               "if (info.shm_segsz != sizeof(struct mailbox)) refuse; if (kill(info.shm_cpid, 0) == 0 || errno != "
               "ESRCH) refuse;"},
     .needs = {"stale_mailbox"},
     .limit = LIMIT_QUICK,
     .run = foreign_segment},
    {.name = "errors",
     .points = 2,
     .title = "A call that fails is named, and nothing is left behind",
     .concept = "every call may fail",
     .hints = {"Which error means \"not yet\", and which will still be there in an hour?",
               "reader.c, mailbox_attach: after shmget, and after shmat. writer.c: shmat fails when the segment is "
               "already there.",
               "error_report_errno(next step, \"shmget(key 0x%08x)\", ...); return -1;"},
     .needs = {"removes", "slow_reader", "receives"},
     .limit = LIMIT_QUICK,
     .run = errors},
    {.name = "ping",
     .points = 6,
     .challenge = true,
     .title = "Ping sends, waits for each answer, and touches a box only when it is its own",
     .concept = "two mailboxes, one for each direction",
     .hints = {"Each box is a mailbox as before. In the second one your program is the reader.",
               "ping.c, answer_get: four turns. Whose is each box before, and after?",
               "box_await(&boxes->ping, false, ...), fill it, store true; box_await(&boxes->pong, true, ...), "
               "copy, store false."},
     .needs = {"either_first"},
     .programs = {"ping"},
     .limit = LIMIT_QUICK,
     .run = ping_asks},
    {.name = "ping_text",
     .points = 1,
     .challenge = true,
     .title = "An answer without a NUL harms nobody",
     .concept = "what comes out of shared memory is no text until you have made it one",
     .hints = {"The other side may have written anything. Where does your copy end?",
               "ping.c, answer_get, after the copy of the message.",
               "answer->message[sizeof answer->message - 1] = '\\0';"},
     .needs = {"ping"},
     .programs = {"ping"},
     .limit = LIMIT_BUILD,
     .run = ping_text},
    {.name = "pong",
     .points = 6,
     .challenge = true,
     .title = "The Python program answers each ping with its number, and overwrites no answer",
     .concept = "the writer's half of the protocol, in Python",
     .hints = {"A writer waits until the box is empty, fills it, and sets the flag last.",
               "pong.py, AnswerBox.send; _await_ready takes the flag's value that is wanted.",
               "box = Mailbox.from_buffer(self._segment.view, self._offset); ...; del box; "
               "self._ready.store_release(1)"},
     .needs = {"either_first"},
     .programs = {"ping"},
     .limit = LIMIT_QUICK,
     .run = pong_answers},
    {.name = "ping_pong",
     .points = 3,
     .challenge = true,
     .title =
         "Five hundred pings are answered, whichever program starts first, and ping notices when the other is killed",
     .concept = "C and Python, in both directions",
     .hints = {"Each side alone was right with the check on the other side. What do they do to each other?",
               "Both: does one of them look at a box while the other owns it?",
               "Return what patience_step says, and remove the segment on every path."},
     .needs = {"ping", "pong"},
     .programs = {"ping"},
     .limit = LIMIT_LONG,
     .run = ping_pong_pass},
    {.name = "ping_pong_race",
     .points = 4,
     .challenge = true,
     .title = "In every order of steps, ping and pong.py touch a box only when it is theirs",
     .concept = "release and acquire across languages",
     .hints = {"The partner of your store is a load in Python, and it pairs all the same.",
               "ping.c: each atomic operation and its partner in reader.py or pong.py.",
               "memory_order_release for both stores, memory_order_acquire for the load."},
     .needs = {"ping", "pong"},
     .programs = {"ping"},
     .limit = LIMIT_EXPLORE,
     .run = ping_pong_race},
    {.name = "letters",
     .points = 0,
     .title = "The reader takes whatever a mailbox may hold: no text, the same number twice, percent signs",
     .concept = "what is handed over is bytes, and a flag",
     .hints = {"What the public checks ask for a few numbers holds for all of them.",
               "Which number in your code is one that the handout does not name?",
               "No number, name or order may be special."},
     .needs = {"receives", "slow_writer"},
     .limit = LIMIT_QUICK,
     .visibility = CHECK_INSTRUCTOR,
     .run = lab3_letters_odd},
    {.name = "late",
     .points = 0,
     .title = "Messages ten to twelve are published and given back as the first ones are",
     .concept = "a protocol holds in every round",
     .hints = {"What the public checks ask for a few numbers holds for all of them.",
               "Which number in your code is one that the handout does not name?",
               "No number, name or order may be special."},
     .needs = {"publication", "hand_back"},
     .limit = LIMIT_LONG,
     .visibility = CHECK_INSTRUCTOR,
     .run = lab3_late},
    {.name = "ids",
     .points = 0,
     .title = "Two pairs with other numbers of --key-id pass their messages beside each other",
     .concept = "a key is made of a path and a number",
     .hints = {"What the public checks ask for a few numbers holds for all of them.",
               "Which number in your code is one that the handout does not name?",
               "No number, name or order may be special."},
     .needs = {"either_first"},
     .limit = LIMIT_LONG,
     .visibility = CHECK_INSTRUCTOR,
     .run = lab3_ids},
    CASE_WARNINGS(1, "bytes", "receives"),
    {.name = "sanitizers",
     .points = 1,
     .title = "AddressSanitizer and UBSan find nothing",
     .concept = "memory errors that do not show",
     .hints = {"A message without a NUL makes printf read on, into whatever follows.",
               "The report in the transcript begins with what happened, then come the lines of your files.",
               "letter->message[sizeof letter->message - 1] = '\\0';"},
     .needs = {"either_first"},
     .limit = LIMIT_BUILD,
     .run = sanitizers},
    {.name = "leaks",
     .points = 1,
     .title = "No program of yours has left a segment behind",
     .concept = "lifetime of a System V segment: until it is removed",
     .hints = {"The list names what was left, with its key, its size and its creator.",
               "`ipcs -m` shows it while it is there, `ipcrm -M KEY` removes one.",
               "writer.c, main: every path after segment_create passes the removal."},
     .needs = {"slow_reader"},
     .limit = LIMIT_QUICK,
     .last = true,
     .run = check_leaks},
};

const struct lab lab3_handshake = {
    .name = "lab3_handshake",
    .title = "the handshake",
    .files = {"writer.c", "reader.c", "ping.c", "pong.py"},
    .programs = {{"writer", {"writer.c", "options.c", "patience.c"}, LINK_COMMON},
                 {"reader", {"reader.c", "options.c", "patience.c"}, LINK_COMMON},
                 {"ping", {"ping.c", "options.c", "patience.c"}, LINK_COMMON}},
    .challenges = {"ping"},
    .cases = cases,
    .case_count = sizeof cases / sizeof cases[0],
};
