/* The challenge of lab 4, a readers-writer lock: its checks, for the table in lab4_semaphores.c. */
#ifndef CHECKS_LAB4_BOARD_H
#define CHECKS_LAB4_BOARD_H

#include "check.h"

void rwlock_readers(struct check *check);
void rwlock_writer(struct check *check);
void rwlock_fair(struct check *check);
void rwlock_killed(struct check *check);
void rwlock_race(struct check *check);

#endif
