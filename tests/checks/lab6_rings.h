/* Three challenges of lab 6, rings without a lock: their checks, for the table in lab6_yolo_queue.c. */
#ifndef CHECKS_LAB6_RINGS_H
#define CHECKS_LAB6_RINGS_H

#include "check.h"

/* lab6_spsc.c: one producer, one consumer, messages of one size. */
void spsc_phases(struct check *check);
void spsc_order(struct check *check);

/* lab6_fanout.c: many readers of one stream. */
void fanout_readers(struct check *check);
void fanout_order(struct check *check);
void fanout_race(struct check *check);

/* lab6_record.c: messages of any size. */
void record_bytes(struct check *check);
void record_hostile(struct check *check);
void record_order(struct check *check);

#endif
