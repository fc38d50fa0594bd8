/*
 * Peers that obey: programs of tests/checks/programs that take one step of a student's code when told, a
 * command a line, and answer each with a line that begins with "> ". So a check of labs 4 and 6 can look at memory
 * between any two steps.
 */
#ifndef CHECKS_PEERS_H
#define CHECKS_PEERS_H

#include "check.h"

/* Give a command, and do not wait for the answer. */
void peer_tell(struct program *peer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The next answer, without its "> ". None: fails the check, with what the peer was told last, and how it ended. */
const char *peer_answer(struct program *peer);

/* The same; NULL when there is none, for checks that know why. */
const char *peer_heard(struct program *peer);

/* Both. */
const char *peer_ask(struct program *peer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Fail the check unless the answer is the expected one: `what` says what gives it. */
void peer_require(struct program *peer, const char *what, const char *found, const char *expected);

/* No more commands: it ends, with status 0. */
void peer_finish(struct program *peer);

/* One more instruction of a peer that watch_seize has taken over, in the midst of a command. */
void peer_step(struct program *peer);

/*
 * What the machine happens to keep in order, the language need not: build this peer with ThreadSanitizer,
 * which goes by the language, start it on the object `name`, and let it send so many messages from thread to
 * thread ("threads N"). Fails the check when a data race is reported; where there is no ThreadSanitizer the
 * transcript says so.
 */
void peer_threads(struct check *check, const char *program, const char *name, int messages);

/*
 * The same, of a peer whose waits end at once by order ("sem_clockwait:1+:ETIMEDOUT"): the check fails when it has
 * waited for more than `most` seconds by its own clock, or for less than `least`.
 */
const char *peer_ask_within(struct program *peer, const char *command, double least, double most);

/* A Python program that fell over an exception of its own, instead of saying what is wrong, fails the check. */
void traceback_refuse(struct program *program);

#endif
