/* The challenge of lab 3, two mailboxes: its checks, for the table in lab3_handshake.c. */
#ifndef CHECKS_LAB3_PING_PONG_H
#define CHECKS_LAB3_PING_PONG_H

#include "check.h"

void ping_asks(struct check *check);
void ping_text(struct check *check);
void pong_answers(struct check *check);
void ping_pong_pass(struct check *check);
void ping_pong_race(struct check *check);

#endif
