/* See peers.h. */
#define _GNU_SOURCE
#include "peers.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "watch.h"

#define PYTHON "consumer.py"

enum { TOLD_MAX = 32 };

/* What each peer was told last, for the finding about one that does not answer. */
static struct {
    const struct program *peer;
    const char *step;
} told[TOLD_MAX];

static const char **told_step(const struct program *peer)
{
    size_t i = 0;

    while (i + 1 < TOLD_MAX && told[i].peer != NULL && told[i].peer != peer)
        i++;
    told[i].peer = peer;
    return &told[i].step;
}

static void send_line(struct program *peer, const char *format, va_list list)
{
    char line[256];

    vsnprintf(line, sizeof line, format, list);
    *told_step(peer) = check_text(peer->check, "%s", line);
    program_send(peer, check_text(peer->check, "%s\n", line));
}

void peer_tell(struct program *peer, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    send_line(peer, format, list);
    va_end(list);
}

/* The last line that a program has printed: of a Python program that fell, its exception. */
static const char *last_line(struct program *program)
{
    const char *text = program_output(program);
    size_t end = strlen(text);

    while (end > 0 && text[end - 1] == '\n')
        end--;
    size_t begin = end;
    while (begin > 0 && text[begin - 1] != '\n')
        begin--;
    return check_text(program->check, "%.*s", (int)(end - begin), text + begin);
}

/* The line of consumer.py that a traceback names last, 0: none. */
static int traceback_line(struct program *program)
{
    static const char place[] = "/" PYTHON "\", line ";
    const char *text = program_output(program);
    int line = 0;

    for (const char *at = text; (at = strstr(at, place)) != NULL; at += sizeof place - 1)
        line = atoi(at + sizeof place - 1);
    return line;
}

/* An exception ended it: the line of consumer.py is to blame from which it came. */
static void traceback_blame(struct program *peer)
{
    int line = traceback_line(peer);

    if (line == 0)
        return;
    struct check *check = peer->check;
    const char *expected = check_text(check, "%s comes back from \"%s\"", PYTHON, *told_step(peer));
    /* header is given, and raises what it finds: what led it there is acquire */
    if (line > check_line(check, PYTHON, "def header") && line < check_line(check, PYTHON, "def detections"))
        FAIL(check, .expected = expected, .found = last_line(peer), .file = PYTHON,
             .line = check_line(check, PYTHON, "def acquire"),
             .cause = "self._slot is not where the slot begins: no header is there",
             .next = "yolo_queue.SLOT_OFFSETS, by read_idx");
    FAIL(check, .expected = expected, .found = last_line(peer), .file = PYTHON, .line = line,
         .cause = "an exception that nobody catches: the last line of Python's traceback says which, and "
                  "`where` is the line of yours from which it came",
         .next = "the whole traceback is in the transcript");
}

static _Noreturn void answer_missing(struct program *peer)
{
    struct check *check = peer->check;
    bool python = strstr(peer->short_name, ".py") != NULL;
    bool over = peer->process.output == -1;
    const char *found = "no answer within the limit: it waits for something";

    if (over) {
        const char *status = status_text(check, program_wait(peer));
        const char *last = last_line(peer);
        traceback_blame(peer);
        found = last[0] == '\0' || last[0] == '>'
                    ? check_text(check, "it ended: %s", status)
                    : check_text(check, "it ended: %s; its last line is\n%s", status, last);
    }
    FAIL(check, .expected = check_text(check, "%s comes back from \"%s\"", peer->short_name, *told_step(peer)),
         .found = found, .cause = over ? "a step that crashed" : "a wait that nobody ends",
         .next = check_text(check,
                            "the head of tests/checks/programs/%s%s says what the steps are, the transcript "
                            "which ones there were",
                            peer->short_name, python ? "" : ".c"));
}

const char *peer_heard(struct program *peer)
{
    while (program_prints(peer, "> ")) {
        size_t begin = peer->process.seen;
        bool line = begin == 2 || peer->process.text[begin - 3] == '\n';
        if (line && program_prints(peer, "\n"))
            return check_text(peer->check, "%.*s", (int)(peer->process.seen - begin - 1), peer->process.text + begin);
    }
    return NULL;
}

const char *peer_answer(struct program *peer)
{
    const char *answer = peer_heard(peer);

    if (answer == NULL)
        answer_missing(peer);
    return answer;
}

const char *peer_ask(struct program *peer, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    send_line(peer, format, list);
    va_end(list);
    return peer_answer(peer);
}

void peer_require(struct program *peer, const char *what, const char *found, const char *expected)
{
    REQUIRE(peer->check, strcmp(found, expected) == 0, .expected = check_text(peer->check, "%s: %s", what, expected),
            .found = check_text(peer->check, "%s", found));
}

void peer_finish(struct program *peer)
{
    program_end_input(peer);
    program_ends(peer, 0);
}

void peer_step(struct program *peer)
{
    if (watch_step(peer) != STEP_DONE)
        FAIL(peer->check, .expected = "the step comes to its end", .found = "it does not");
}

void peer_threads(struct check *check, const char *program, const char *name, int messages)
{
    check_sanitize_threads(check, program);
    struct program *peer = START(check, program, name);
    peer_tell(peer, "threads %d", messages);
    REQUIRE(check, program_prints(peer, "> "),
            .expected = check_text(check, "%d messages go through the ring", messages),
            .found = "the program ended, or waits");
    program_end_input(peer);
    program_wait(peer);
    REQUIRE(check, !program_said(peer, "data race"),
            .expected = "ThreadSanitizer sees that each message is handed over before the other side touches it",
            .found = "it reports a data race: the transcript says which two lines touch the same bytes");
    REQUIRE(check, program_said(peer, "> done"),
            .expected = check_text(check, "%d messages, whole and in order", messages), .found = program_output(peer));
}

static size_t answers_count(struct program *peer)
{
    const char *text = program_output(peer);
    size_t count = strncmp(text, "> ", 2) == 0;

    while ((text = strstr(text, "\n> ")) != NULL) {
        count++;
        text++;
    }
    return count;
}

const char *peer_ask_within(struct program *peer, const char *command, double least, double most)
{
    struct check *check = peer->check;
    size_t before = answers_count(peer);
    double begin = program_waited(peer);

    peer_tell(peer, "%s", command);
    AWAIT(check, answers_count(peer) > before || !program_runs(peer) || program_waited(peer) - begin > most,
          check_text(check, "%s comes back from \"%s\"", peer->short_name, command))
    continue;
    double waited = program_waited(peer) - begin;
    REQUIRE(check, waited <= most, .expected = check_text(check, "%s gives up within %.0f s", peer->short_name, most),
            .found = check_text(check, "more than %.0f s have passed by its own clock, and it still waits", most));
    const char *answer = peer_answer(peer);
    REQUIRE(check, waited >= least || program_injected(peer) == 0, /* it waits by other calls: in true time */
            .expected = check_text(check, "%s waits for %.0f s before it gives up", peer->short_name, least),
            .found = check_text(check, "\"%s\" gave \"%s\" after %.1f s", command, answer, waited));
    return answer;
}

void traceback_refuse(struct program *program)
{
    REQUIRE(program->check, !program_said(program, "Traceback (most recent call last)"),
            .expected = check_text(program->check, "%s ends in order", program->short_name),
            .found = check_text(program->check, "it fell: %s", last_line(program)),
            .cause = "an exception that nobody catches; the whole traceback is in the transcript");
}
