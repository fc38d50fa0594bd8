/*
 * Small abstract programs for testing the search: the same program is run by two explorers that share no
 * code.
 *
 * model_weave.c runs it on the core as the runtime does and lets runner/search.c choose the schedules;
 * model_brute.c walks all interleavings by recursion and works out happens-before from sets of events. Both
 * collect outcomes.
 */
#ifndef MODEL_H
#define MODEL_H

#include "runner/search.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MODEL_PROCESSES = 3,
    MODEL_LENGTH = 6,
    MODEL_ATOMICS = 2,
    MODEL_DATA = 2,
    MODEL_SEMAPHORES = 2,
};

enum model_op {
    MODEL_LOAD,
    MODEL_STORE,
    MODEL_ADD,
    MODEL_AWAIT, /* busy waits until the variable has the value */
    MODEL_FENCE,
    MODEL_READ, /* plain */
    MODEL_WRITE,
    MODEL_WAIT, /* semaphores */
    MODEL_POST,
    MODEL_LOCK,
    MODEL_UNLOCK, /* a lock that the process does not hold: nothing happens */
    MODEL_YIELD,
    MODEL_SKIP, /* over the next instruction, unless the last value read is `value` */
    MODEL_OPS
};

struct model_instruction {
    enum model_op op;
    int place;
    int value;
    enum order order;
};

struct model_program {
    int processes;
    int length[MODEL_PROCESSES];
    struct model_instruction code[MODEL_PROCESSES][MODEL_LENGTH];
    int semaphore[MODEL_SEMAPHORES]; /* first values */
};

/* All that can be seen at the end of a run. Bytes only: compared by memcmp. */
struct model_outcome {
    uint8_t atomic[MODEL_ATOMICS];
    uint8_t data[MODEL_DATA];
    uint8_t semaphore[MODEL_SEMAPHORES];
    uint8_t seen[MODEL_PROCESSES][MODEL_LENGTH]; /* values read, by instruction; 255: not executed */
    uint8_t ended;                               /* processes, a bit each */
    uint8_t raced;                               /* data, a bit each */
};

struct model_outcomes {
    struct model_outcome *outcome; /* sorted, without repetition; owned */
    size_t count, room;
};

/* A random program; the same seed gives the same one. */
struct model_program model_random(uint64_t seed);
void model_print(const struct model_program *program);

void model_outcomes_add(struct model_outcomes *outcomes, const struct model_outcome *outcome);
bool model_outcomes_have(const struct model_outcomes *outcomes, const struct model_outcome *outcome);
bool model_outcomes_equal(const struct model_outcomes *one, const struct model_outcomes *other);
void model_outcomes_free(struct model_outcomes *outcomes);
/* The data that raced in any outcome, a bit each. */
unsigned model_outcomes_raced(const struct model_outcomes *outcomes);

/* All interleavings with at most `bound` preemptions; SEARCH_UNBOUNDED: all. */
struct model_outcomes model_brute(const struct model_program *program, int bound, bool every_access);

/* The same by weave's search. `result` may be NULL. */
struct model_outcomes model_weave(const struct model_program *program, const struct search_options *options,
                                  bool every_access, struct search_result *result);

#endif
