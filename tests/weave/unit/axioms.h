/*
 * Small straight-line programs of atomic operations, judged by the axioms of RC11 and C++20, by enumeration.
 *
 * Nothing here is shared with core/weak.c: an execution is a choice of a store for each load ("reads from") and of an
 * order for the stores to each variable ("modification order"), accepted when the axioms hold.
 */
#ifndef AXIOMS_H
#define AXIOMS_H

#include "core/core.h"

enum { AXIOM_PROCESSES = 4, AXIOM_LENGTH = 5, AXIOM_PLACES = 3, AXIOM_OUTCOMES = 8192 };

enum axiom_op { AXIOM_LOAD, AXIOM_STORE, AXIOM_ADD, AXIOM_FENCE };

struct axiom_instruction {
    enum axiom_op op;
    int place;
    enum order order;
};

struct axiom_program {
    int processes;
    int length[AXIOM_PROCESSES];
    struct axiom_instruction code[AXIOM_PROCESSES][AXIOM_LENGTH];
};

/* What was read by each instruction, and what is left. Stores write what axiom_value says, additions add 1. */
struct axiom_outcome {
    uint8_t seen[AXIOM_PROCESSES][AXIOM_LENGTH];
    uint8_t last[AXIOM_PLACES];
};

struct axiom_outcomes {
    int count;
    struct axiom_outcome outcome[AXIOM_OUTCOMES];
};

static inline uint8_t axiom_value(int process, int index)
{
    return (uint8_t)(10 * (1 + AXIOM_LENGTH * process + index));
}

void axiom_add(struct axiom_outcomes *outcomes, const struct axiom_outcome *outcome);
int axiom_find(const struct axiom_outcomes *outcomes, const struct axiom_outcome *outcome);
/*
 * All outcomes that RC11 and C++20 allow; and those of them for which the order of the seq_cst operations agrees with
 * one in which all operations are executed, as every one of the others' does unless a variable is used with seq_cst and
 * weaker orders.
 */
void axiom_enumerate(const struct axiom_program *program, struct axiom_outcomes *allowed,
                     struct axiom_outcomes *executable);

#endif
