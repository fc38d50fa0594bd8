/*
 * Lab 3: checks that only instructors have. They ask what the public ones ask, with letters, numbers and keys that no
 * student has read.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <string.h>

#include "lab3_handshake.h"
#include "objects.h"
#include "shmlab/mailbox.h"
#include "watch.h"

/* What a mailbox may hold. */
static const struct {
    int32_t counter;
    const char *text;
} letters[] = {
    {7, "seven"},
    {7, "seven, once more"},
    {7, "seven, once more"},
    {0, ""},
    {INT_MIN, ""},
    {INT_MAX, "%s%n%d%%"},
    {-1, " begins with a blank"},
    {8, "Gr\xC3\xBC\xC3\x9F"
        "e"},
    {8, "x"},
};
enum { LETTERS = sizeof letters / sizeof letters[0] };

void lab3_letters_odd(struct check *check)
{
    struct address address = address_draw(check, MAILBOX_KEY_ID);
    struct mailbox *box = lab3_box_make(check, &address);
    struct program *reader = lab3_reader(check, &address, check_text(check, "%d", LETTERS));

    ADVISE(check, .file = "reader.c", .line = check_line(check, "reader.c", "mailbox_receive("),
           .cause = "the flag alone says that there is a message; what is in it decides nothing",
           .next = "wait for ready, copy all of counter and message, clear ready");
    lab3_attached(check, reader, &address);
    size_t seen = 0;
    for (int i = 0; i < LETTERS; i++) {
        const char *line = check_text(check, "received #%d: %s\n", letters[i].counter, letters[i].text);
        box_put(box, letters[i].counter, letters[i].text);
        lab3_await_empty(check, box, reader);
        AWAIT(check, strchr(program_output(reader) + seen, '\n') != NULL || !program_runs(reader),
              "a line of the reader's");
        const char *said = program_output(reader) + seen, *found = strstr(said, "received #");
        REQUIRE(check, found != NULL && strncmp(found, line, strlen(line)) == 0,
                .expected = check_text(check, "\"%.*s\"", (int)strlen(line) - 1, line),
                .found = check_text(check, "\"%.*s\"", (int)strcspn(said, "\n"), said));
        seen = (size_t)(found - program_output(reader)) + strlen(line);
    }
    program_ends(reader, 0);
}

/* The first messages are looked at by everybody. */
void lab3_late(struct check *check)
{
    enum { FIRST = 10, LAST = 12 };
    struct address address = address_draw(check, MAILBOX_KEY_ID), own = address_draw(check, MAILBOX_KEY_ID);
    const char *count = check_text(check, "%d", LAST);
    struct program *writer = lab3_writer(check, &address, count);
    struct mailbox *box = lab3_box_of(check, writer, &address);

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "void mailbox_send("),
           .cause = "later messages are sent in another way than the first ones",
           .next = "one way for all: fill the box, then ready, with release");
    for (int number = 2; number < FIRST; number++) {
        watch_waits(writer, "while ready is set");
        box_give_back(box);
        AWAIT(check, box_full(box) || !program_runs(writer), "the writer sends the next message");
    }
    for (int number = FIRST; number <= LAST; number++) {
        watch_waits(writer, "while ready is set");
        lab3_publication(check, writer, box, number);
    }
    box_give_back(box);
    program_ends(writer, 0);

    ADVISE(check, .file = "reader.c", .line = check_line(check, "reader.c", "mailbox_receive("),
           .cause = "later messages are taken in another way than the first ones",
           .next = "one way for all: copy the box, then ready, with release");
    box = lab3_box_make(check, &own);
    struct program *reader = lab3_reader(check, &own, count);
    lab3_attached(check, reader, &own);
    for (int number = 1; number < FIRST; number++) {
        box_put(box, number, "not looked at");
        lab3_await_empty(check, box, reader);
    }
    for (int number = FIRST; number <= LAST; number++) {
        watch_waits(reader, "while ready is clear");
        lab3_hand_back(check, reader, box, number);
    }
    program_ends(reader, 0);
}

static struct program *pair_writer(struct check *check, const struct address *address, const char *id)
{
    return START(check, "writer", "--key-path", address->path, "--key-id", id, "--messages", "6", "--timeout",
                 LAB3_LIMIT);
}

static struct program *pair_reader(struct check *check, const char *program, const struct address *address,
                                   const char *id)
{
    return START(check, program, "--key-path", address->path, "--key-id", id, "--timeout", LAB3_LIMIT, "--messages",
                 "6");
}

/* The writer makes the key of its options: its removal is made to fail, so that what it has created can be looked at.
 */
static void id_require(struct check *check, int id)
{
    struct address address = address_draw(check, id);

    check_pardon_leaks(check);
    check_inject(check, "shmctl/IPC_RMID:0:EPERM");
    struct program *writer =
        START(check, "writer", "--key-path", address.path, "--key-id", check_text(check, "%d", id), "--timeout", "0");
    program_wait(writer);
    check_inject(check, NULL);
    REQUIRE(check, sysv_look(check, address.key).exists,
            .expected = check_text(check, "a segment with the key of --key-path and --key-id %d", id), .found = "none");
    sysv_remove(check, address.key);
}

/* Two pairs, each with a path and a number of its own. */
void lab3_ids(struct check *check)
{
    enum { FIRST = 1, SECOND = 254 };
    struct address one = address_draw(check, FIRST), two = address_draw(check, SECOND);

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "shmget("),
           .cause = "a key that does not come from the options", .next = "options->key");
    id_require(check, FIRST);
    id_require(check, SECOND);
    struct program *writer = pair_writer(check, &one, "1"), *other = pair_writer(check, &two, "254");
    lab3_box_of(check, writer, &one);
    lab3_box_of(check, other, &two);
    struct program *taker = pair_reader(check, "reader", &two, "254"),
                   *reader = pair_reader(check, "reader", &one, "1");
    program_ends(reader, 0);
    program_ends(writer, 0);
    program_ends(taker, 0);
    program_ends(other, 0);
    lab3_letters(check, reader, writer->own_pid, 6);
    lab3_letters(check, taker, other->own_pid, 6);
}
