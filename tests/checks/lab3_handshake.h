/* Lab 3: what its checks share with those that only instructors have. */
#ifndef CHECKS_LAB3_HANDSHAKE_H
#define CHECKS_LAB3_HANDSHAKE_H

#include "address.h"
#include "box.h"
#include "check.h"

/* The limit of every wait, in seconds: longer than any look that the check takes, and shorter than the machine has been
 * running, so that a program that never begins to count (patience_begin) ends at once, on every machine. */
#define LAB3_LIMIT "100"

struct program *lab3_writer(struct check *check, const struct address *address, const char *messages);
struct program *lab3_reader(struct check *check, const struct address *address, const char *messages);

/* The writer's mailbox, once its first message is in it. */
struct mailbox *lab3_box_of(struct check *check, struct program *writer, const struct address *address);
/* A mailbox of the check's own. */
struct mailbox *lab3_box_make(struct check *check, const struct address *address);

/* Give the writer the box back, and run it instruction by instruction until it hands over message `number`; then use
 * the box in that very moment. */
void lab3_publication(struct check *check, struct program *writer, struct mailbox *box, int number);
/* Hand the reader a message, run it instruction by instruction until it gives the box back, and use the box in that
 * very moment. */
void lab3_hand_back(struct check *check, struct program *reader, struct mailbox *box, int number);

/* The segment is there when the reader starts: before it sleeps for the first time, it has found it. */
void lab3_attached(struct check *check, struct program *reader, const struct address *address);
void lab3_await_empty(struct check *check, struct mailbox *box, struct program *reader);
/* It has printed messages 1 to `last` of this writer, in order, once each. */
void lab3_letters(struct check *check, struct program *reader, pid_t writer, int last);

/* lab3_handshake_instructor.c, which no student has */
CHECK_HIDDEN(lab3_letters_odd);
CHECK_HIDDEN(lab3_late);
CHECK_HIDDEN(lab3_ids);

#endif
