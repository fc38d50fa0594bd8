/*
 * The logic of weave without any process: happens-before, shadow memory, spinning, decisions, state hashes.
 *
 * Everything works on a struct control and the number of the process that acts; nothing here calls the
 * system, so the runtime, the runner and the unit tests use the same code. The caller holds the turn.
 */
#ifndef WEAVE_CORE_H
#define WEAVE_CORE_H

#include "control.h"

#include <stdbool.h>

/* C11 memory orders, with the values that compilers pass to __tsan_atomic*. */
enum order { ORDER_RELAXED, ORDER_CONSUME, ORDER_ACQUIRE, ORDER_RELEASE, ORDER_BOTH, ORDER_SEQUENTIAL };

/* run.c: preparing a run. */
void run_clear(struct control *control);
/* The first moment of `process`, started by the runner. */
void run_start_process(struct control *control, int process);
/* A child of `parent` in a free slot: it knows what the parent knows. Returns the slot or -1. */
int run_add_child(struct control *control, int parent);
/* `process`, which held the turn or not, has ended with its exit_status. Returns who runs next, or DECIDE_OVER. */
int run_end_process(struct control *control, int process);

/* objects.c */
/* The object with this key, made when missing; NULL when the table is full (the run then ends with ENDING_LIMIT). */
struct object *object_find(struct control *control, uint64_t key, enum object_kind kind);
int object_index(const struct control *control, const struct object *object);
/* The object changed its state: whoever is blocked on it may try again, whoever polls it may look again. */
void object_changed(struct control *control, struct object *object);

/* order.c: what is ordered before what. */
void order_acquire(struct control *control, int process, struct object *object);
void order_release(struct control *control, int process, struct object *object);
/* An atomic load, store or read-modify-write of `object` with a C11 order. */
void order_load(struct control *control, int process, struct object *object, int order);
void order_store(struct control *control, int process, struct object *object, int order, bool update);
void order_fence(struct control *control, int process, int order);
/* What a store of `order` would publish now; used when the store itself comes later. */
struct clock order_published(const struct control *control, int process, int order);
/* An event of `process` on `object`, for the state hash only. */
void order_note(struct control *control, int process, struct object *object, uint64_t tag);

/* Later steps of the process are told apart from those it has published. */
void order_tick(struct process *p, int process);

/* weak.c: which stores a load may read, and where a store may come in modification order. */
/* The history of an atomic variable whose value in memory is `memory`; NULL: it has none, only the newest value counts.
 */
struct location *weak_locate(struct control *control, struct object *object, uint32_t where, uint32_t size,
                             uint64_t memory);
/* A load's choice: the index of a store. */
int weak_choose_load(struct control *control, int process, struct location *location, int order, uint16_t site);
/* The same for the reading half of a read-modify-write: a store that no other one has read. */
int weak_choose_update(struct control *control, int process, struct location *location, int order);
/* The same for a compare-and-exchange: it succeeds when the value is `expected`. */
int weak_choose_compare(struct control *control, int process, struct location *location, int order, int failure,
                        uint16_t site, uint64_t expected);
/* A store's choice: it will have this index. */
int weak_choose_store(struct control *control, int process, struct location *location, int order);
void weak_load(struct control *control, int process, struct object *object, struct location *location, int index,
               int order);
/* `update`: it is the other half of a read-modify-write that has read the one before. Returns the index. */
int weak_store(struct control *control, int process, struct object *object, struct location *location, int index,
               uint64_t value, int order, bool update);
/* How many stores are newer than this one. */
int weak_newer(const struct location *location, int index);
/* What if: how the operation at this site shall be made stronger, or NULL. */
const struct stronger *weak_stronger(const struct control *control, int process, uint16_t site);

/* shadow.c: one history per shared byte. */
/* Whether the last write to any byte of the range was a plain one: by whom, when. */
bool shadow_plain_write(struct control *control, uint32_t where, uint32_t size, struct store *found);
void shadow_access(struct control *control, int process, uint32_t where, uint32_t size, unsigned flags, uint16_t site);
/* The bytes now hold other values: wakes whoever busy-waits on them. */
void shadow_changed(struct control *control, int process, uint32_t where, uint32_t size);
/* The newest change in the range, as a value of control.changes. */
uint32_t shadow_stamp(struct control *control, uint32_t where, uint32_t size);
/* Whether the byte was ever accessed atomically. */
bool shadow_atomics(struct control *control, uint32_t where);

/* spin.c: recognising busy waiting. */
/*
 * `process` is about to read `where` at `site`. True when it has read all of this before and nothing has
 * changed: it would go round its loop again, so it should wait until something changes.
 */
bool spin_check(struct control *control, int process, uint32_t where, uint32_t size, uint16_t site, bool atomic);
/* The read was made: remember it. */
void spin_remember(struct control *control, int process, uint32_t where, uint32_t size, uint16_t site);
/* What was read there is old already: it is no reason to wait. */
void spin_old(struct control *control, int process, uint32_t where);
/* The process changed something: what it read before no longer makes a loop. */
void spin_progress(struct control *control, int process);
/* Wake those whose watched values changed. */
void spin_wake(struct control *control);

/* decide.c: who runs next. */
enum { DECIDE_OVER = -1, DECIDE_FAIRNESS = 400 };
/* The process that runs next; `current` could go on, or -1. DECIDE_OVER: the run has ended, control->ending
 * says how. */
int decide_turn(struct control *control, int current);
/* A yes-or-no decision of `process`: no is normal, yes costs one from the bound. */
bool decide_choice(struct control *control, int process, enum decision_kind kind);
/* One of several, 0 is normal; `mask` says which are possible. */
int decide_pick(struct control *control, int process, enum decision_kind kind, uint16_t mask, uint16_t free);
/* Choices and steps count; false ends the run (ENDING_STEPS). */
bool decide_step(struct control *control, int process);
uint64_t decide_random(struct control *control);
/* Equal hashes: the runs so far differ only in the order of independent steps. */
uint64_t decide_state(const struct control *control);
/* `process` waits. Call decide_turn(control, -1) next. */
void decide_block(struct control *control, int process, enum process_state state, enum wait_kind wait,
                  const struct object *object, uint16_t site);
/* The process has ended: wakes those who wait for that. */
void decide_ended(struct control *control, int process);
/* Make a process ready again after it was blocked, spinning or parked. */
void decide_ready(struct control *control, int process);
void decide_finish(struct control *control, enum ending ending);

/* known.c: states that need not be explored again. */
/* What a decision costs when `choice` is taken, of the two bounds. */
int known_cost(const struct bounds *bounds, const struct decision *decision, int choice);
int known_old_cost(const struct decision *decision, int choice);
/* Whether the state of this decision was explored with as much of the bounds left. */
bool known_has(const struct known *known, const struct decision *decision, int left, int old_left);
void known_add(struct known *known, const struct decision *decision, int left, int old_left);
void known_forget(struct known *known);
/* Before a run. */
void known_begin(struct known *known, bool stops);
/* A decision was made: the run may end here (ENDING_KNOWN). */
void known_decided(struct control *control, const struct decision *decision);

/* record.c: the trace and the findings. */
struct event *record_event(struct control *control, int process, enum event_kind kind, uint16_t site);
void record_race(struct control *control, const struct race *race);
struct misuse *record_misuse(struct control *control, int process, enum misuse_kind kind, uint16_t site);
/* Called at each new race and misuse; NULL: nobody wants to know. */
extern void (*record_announce)(void);
/* The number of this site, stored once. */
uint16_t record_site(struct control *control, const struct site *site);

#endif
