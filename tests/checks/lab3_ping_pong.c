/*
 * Lab 3, challenge: messages in both directions. The check answers the student's ping, and asks the student's
 * pong.py, before the two meet. The layout is written out here, from the handout: a student may have changed
 * ping_pong.h.
 */
#define _GNU_SOURCE
#include "lab3_ping_pong.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "box.h"
#include "compile.h"
#include "objects.h"
#include "shmlab/mailbox.h"
#include "watch.h"
#include "weave.h"

enum { KEY_ID = 80, MANY = 500 };

struct boxes {
    struct mailbox ping, pong;
};

/* As in lab3_handshake.c: longer than any look, shorter than the machine has been running. */
static const char limit[] = "100"; /* seconds */

static struct program *ping_start(struct check *check, const struct address *address, const char *messages)
{
    return START(check, "ping", "--key-path", address->path, "--messages", messages, "--timeout", limit);
}

static struct program *pong_start(struct check *check, const struct address *address, const char *messages)
{
    return START(check, "pong.py", "--key-path", address->path, "--messages", messages, "--timeout", limit);
}

/* Wait until the program has filled the box, or emptied it. */
static void box_await(struct check *check, struct program *program, const struct mailbox *box, bool full,
                      const char *what)
{
    AWAIT(check, box_full(box) == full || !program_runs(program), what);
    REQUIRE(check, box_full(box) == full, .expected = what, .found = program_ending(program));
}

static void box_require(struct check *check, const struct mailbox *box, int number, const char *format,
                        const char *where)
{
    char wanted[MAILBOX_MESSAGE_CAPACITY];

    snprintf(wanted, sizeof wanted, "%s #%d", format, number);
    REQUIRE(check,
            box->counter == number && memchr(box->message, '\0', sizeof box->message) != NULL &&
                strcmp(box->message, wanted) == 0,
            .expected = check_text(check, "%s: counter %d, message \"%s\"", where, number, wanted),
            .found = check_text(check, "counter %d, message \"%.*s\"", box->counter, (int)sizeof box->message,
                                box->message));
}

/* ---- Each with the check on the other side ---- */

static struct boxes *boxes_of_ping(struct check *check, struct program *ping, const struct address *address)
{
    AWAIT(check, address_there(address) || !program_runs(ping), "ping creates the segment");
    struct object object = sysv_look(check, address->key);
    REQUIRE(check, object.size == sizeof(struct boxes),
            .expected = check_text(check, "a segment of %zu bytes", sizeof(struct boxes)),
            .found = object.exists ? check_text(check, "%zu bytes", object.size)
                                   : check_text(check, "no segment; ping printed:\n%s", program_output(ping)));
    REQUIRE(check, object.mode == 0600, .expected = "a segment of mode 0600",
            .found = check_text(check, "mode %04o", object.mode), .line = check_line(check, "ping.c", "shmget("),
            .cause = "the access bits are missing in shmget's flags, or typed in", .next = "... | (int)options.mode");
    return sysv_attach(check, address->key);
}

/* A segment that is there is another ping's. */
static void ping_refuses(struct check *check)
{
    struct address address = address_draw(check, KEY_ID);

    sysv_create(check, address.key, sizeof(struct boxes), 0600);
    struct boxes *boxes = sysv_attach(check, address.key);
    ADVISE(check, .file = "ping.c", .line = check_line(check, "ping.c", "shmget("),
           .cause = "without IPC_EXCL shmget gives a segment that somebody else has made",
           .next = "IPC_CREAT | IPC_EXCL");
    struct program *ping = ping_start(check, &address, "1");
    AWAIT(check, box_full(&boxes->ping) || !program_runs(ping), "ping sends #1, or ends");
    bool there = address_there(&address);
    REQUIRE(check, !box_full(&boxes->ping), .expected = "a segment with ping's key that is there already is refused",
            .found = "ping uses it");
    program_ends(ping, 1);
    REQUIRE(check, there, .expected = "the segment of another ping stays", .found = "it is gone");
}

void ping_asks(struct check *check)
{
    enum { LOOKED_AT = 3, ROUNDS = 11 /* a text that is longer by one, too */ };
    struct address address = address_draw(check, KEY_ID);
    struct program *ping = ping_start(check, &address, check_text(check, "%d", ROUNDS));

    ADVISE(check, .file = "ping.c", .line = check_line(check, "ping.c", "enum patience_end answer_get("),
           .cause = "each box has one writer and one reader; in the second one ping is the reader",
           .next = "wait for the first box to be empty, fill it; wait for the second to be full, empty it");
    struct boxes *boxes = boxes_of_ping(check, ping, &address);
    for (int number = 1; number <= ROUNDS; number++) {
        box_await(check, ping, &boxes->ping, true, check_text(check, "ping sends #%d", number));
        box_require(check, &boxes->ping, number, "Ping", "in the first box");
        if (number <= LOOKED_AT)
            watch_waits(ping, "for the answer");
        box_put(&boxes->pong, number, check_text(check, "Pong #%d", number));
        box_await(check, ping, &boxes->pong, false, check_text(check, "ping takes answer #%d", number));
        if (number == ROUNDS)
            break;
        if (number <= LOOKED_AT) {
            program_expect(ping, check_text(check, "#%d was answered", number));
            watch_waits(ping, "while the first box is full");
        }
        box_require(check, &boxes->ping, number, "Ping", "in the first box, which nobody has emptied");
        box_give_back(&boxes->ping);
    }
    program_ends(ping, 0);
    sysv_detach(check, boxes);
    REQUIRE(check, !address_there(&address), .expected = "no segment after ping's end",
            .found = "the segment is still there");

    address = address_draw(check, KEY_ID);
    ping = ping_start(check, &address, "1");
    boxes = boxes_of_ping(check, ping, &address);
    box_await(check, ping, &boxes->ping, true, "ping sends #1");
    box_put(&boxes->pong, 7, "Pong #7");
    ADVISE(check, .file = "ping.c", .line = check_line(check, "ping.c", "enum patience_end answer_get("),
           .cause = "what was taken out of the second box is not what is returned");
    program_ends(ping, 1);
    ping_refuses(check);
}

void ping_text(struct check *check)
{
    check_sanitize_one(check, "ping");
    check_pardon_leaks(check); /* a sanitizer ends the program on the spot */
    struct address address = address_draw(check, KEY_ID);
    struct program *ping = ping_start(check, &address, "1");
    struct boxes *boxes = boxes_of_ping(check, ping, &address);
    char whole[MAILBOX_MESSAGE_CAPACITY + 1];

    ADVISE(check, .file = "ping.c", .line = check_line(check, "ping.c", "answer->message"),
           .cause =
               "what comes out of shared memory is taken for a text that ends, or the NUL goes after the array's end",
           .next = "the last byte of the copy is message[sizeof message - 1], and it is 0");
    box_await(check, ping, &boxes->ping, true, "ping sends #1");
    memset(whole, 'x', sizeof whole);
    check_note(check, "the answer is 100 bytes without a NUL");
    box_put(&boxes->pong, 1, whole);
    program_wait(ping);
    program_sanitized(ping);
    program_ends(ping, 1);
}

/* A signal ends its wait: then the box is still not its own. */
static void pong_stops(struct check *check)
{
    struct address address = address_draw(check, KEY_ID);

    sysv_create(check, address.key, sizeof(struct boxes), 0600);
    struct boxes *boxes = sysv_attach(check, address.key);
    struct program *pong = pong_start(check, &address, "3");
    box_put(&boxes->ping, 40, "Ping #40");
    box_await(check, pong, &boxes->pong, true, "pong.py answers ping #40");
    box_await(check, pong, &boxes->ping, false, "pong.py gives the first box back");
    box_put(&boxes->ping, 41, "Ping #41");
    box_await(check, pong, &boxes->ping, false, "pong.py takes ping #41");
    watch_waits(pong, "while its first answer has not been taken");
    program_signal(pong, SIGTERM);
    program_ends(pong, 1);
    box_require(check, &boxes->pong, 40, "Pong", "in the second box, which nobody has emptied when SIGTERM came");
}

void pong_answers(struct check *check)
{
    struct address address = address_draw(check, KEY_ID);

    ADVISE(check, .file = "pong.py", .line = check_line(check, "pong.py", "def send("),
           .cause = "an answer overwrites the one before it, or is handed over before it is complete",
           .next = "wait until the flag is 0, fill counter and message, then store_release(1)");
    sysv_create(check, address.key, sizeof(struct boxes), 0600);
    struct boxes *boxes = sysv_attach(check, address.key);
    struct program *pong = pong_start(check, &address, "3");
    box_put(&boxes->ping, 40, "Ping #40");
    box_await(check, pong, &boxes->pong, true, "pong.py answers ping #40");
    box_require(check, &boxes->pong, 40, "Pong", "in the second box");
    box_await(check, pong, &boxes->ping, false, "pong.py gives the first box back");
    box_put(&boxes->ping, 41, "Ping #41");
    box_await(check, pong, &boxes->ping, false, "pong.py takes ping #41");
    watch_waits(pong, "while its first answer has not been taken");
    box_require(check, &boxes->pong, 40, "Pong", "in the second box, which nobody has emptied");
    for (int number = 41; number <= 42; number++) {
        box_give_back(&boxes->pong);
        box_await(check, pong, &boxes->pong, true, check_text(check, "pong.py answers ping #%d", number));
        box_require(check, &boxes->pong, number, "Pong", "in the second box");
        if (number == 41)
            box_put(&boxes->ping, 42, "Ping #42");
    }
    program_ends(pong, 0);
    pong_stops(check);
}

/* ---- Both ---- */

void ping_pong_pass(struct check *check)
{
    const char *many = check_text(check, "%d", MANY);

    ADVISE(check, .file = "ping.c", .line = check_line(check, "ping.c", "enum patience_end answer_get("));
    for (int first = 0; first < 2; first++) {
        struct address address = address_draw(check, KEY_ID);
        struct program *pong = first == 0 ? pong_start(check, &address, many) : NULL;
        if (pong != NULL)
            program_expect(pong, "waiting for a writer");
        struct program *ping = ping_start(check, &address, many);
        if (pong == NULL)
            pong = pong_start(check, &address, many);
        program_expect(ping, check_text(check, "%d answers", MANY));
        program_ends(ping, 0);
        program_ends(pong, 0);
    }
    struct address address = address_draw(check, KEY_ID);
    struct program *ping = ping_start(check, &address, "1000000000");
    struct program *pong = pong_start(check, &address, "1000000000");
    program_expect(ping, "#5 was answered");
    program_signal(pong, SIGKILL);
    program_wait(pong);
    ADVISE(check, .file = "ping.c", .line = check_line(check, "ping.c", "enum patience_end box_await("),
           .cause = "the flag will never change again: no process is there that could change it",
           .next = "return what patience_step says, unless it is PATIENCE_GO_ON");
    program_ends(ping, 1);
    REQUIRE(check, !address_there(&address), .expected = "no segment after ping's end",
            .found = "the segment is still there");
}

void ping_pong_race(struct check *check)
{
    ADVISE(check, .file = "ping.c");
    CHECK_WEAVE(check, .title = "ping and pong.py",
                .programs = {{"ping", "--messages", "2"}, {"pong.py", "--messages", "2"}}, .options = {"--bound", "1"});
}
