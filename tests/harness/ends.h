/* How a program ended, or why it does not: what a crash usually comes from, and where a process sleeps. */
#ifndef HARNESS_ENDS_H
#define HARNESS_ENDS_H

#include "check.h"

/* A status is put into words: a crash, or that it did not end, is what the failure is about. */
void ends_note(struct check *check, int status);

/* Does this status, as program_wait gives it, tell of a crash or of a limit of the kernel's? */
bool ends_crashed(int status);

/* The usual cause and the next step of this end, in place of what the check says of other failures; nothing is changed
 * where the end says nothing by itself. */
void ends_explain(const struct check *check, struct finding *finding);

/* A failure of a call that its message names has a usual cause, too. */
void ends_explain_message(const char *said, struct finding *finding);

/* "signal", "limit", "flood", "processes"; NULL: it ended by itself, or nobody knows. */
const char *ends_word(const struct check *check);

/*
 * To be asked again and again while the check waits for something: have all processes that it started been asleep
 * for so long, waiting without a limit that comes soon and without a change, that nothing can come any more? One that
 * looks at shared memory again and again, with naps in between, may give up by itself: it does not count as asleep.
 * What it finds out about where each of them sleeps is kept for ends_asleep.
 */
bool ends_stalled(struct check *check);

/* Does one of them wait for a lock or a semaphore? */
bool ends_locked(const struct check *check);

/* Where the processes sleep, a line each; "" when not all of them do. */
const char *ends_asleep(struct check *check);

#endif
