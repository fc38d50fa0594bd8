/*
 * States whose continuations were all run, with the parts of the bounds that were left for them.
 *
 * They are in the control segment: the search enters them, and a process that comes to one of them again ends the run
 * there. An open hash that grows when it is half full.
 */
#include "core.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 1 << 12 };

static int known_passed_over(const struct decision *decision, int choice)
{
    int count = 0;
    for (int i = decision->normal; i != choice; i = (i + 1) % WEAVE_PROCESSES)
        count += decision->mask >> i & 1;
    return count;
}

/* What memory does, and not who runs: it has a bound of its own. */
static bool known_is_of_memory(const struct decision *decision)
{
    return decision->kind == DECIDE_READ || decision->kind == DECIDE_PLACE || decision->kind == DECIDE_DELAY_STORE;
}

int known_cost(const struct bounds *bounds, const struct decision *decision, int choice)
{
    if (bounds->unbounded || known_is_of_memory(decision))
        return 0;
    if (decision->kind == DECIDE_WAKE_SPURIOUSLY)
        return choice != 0;
    if (bounds->delay)
        return known_passed_over(decision, choice);
    if (decision->current < 0)
        return 0; /* somebody has to be chosen */
    return decision->yielded ? choice == decision->current : choice != decision->current;
}

int known_old_cost(const struct decision *decision, int choice)
{
    return known_is_of_memory(decision) && choice != 0 && !(decision->free >> choice & 1);
}

/* Who could go on matters for what later decisions cost, so it belongs to the state; 0 marks a free slot. */
static uint64_t known_state(const struct decision *decision)
{
    uint64_t who = (uint64_t)(decision->current + 1) * 256 + (uint64_t)decision->yielded * 128 + decision->kind;
    uint64_t state = hash_mix(decision->state, who * 16 + decision->normal);
    return state == 0 ? 1 : state;
}

/* The slot of this state, or the free one where it belongs. A program may have written here: it ends in any case. */
static uint32_t known_slot(const struct known *known, uint64_t state)
{
    const uint32_t last = (known->slots - 1) & (WEAVE_KNOWN - 1);
    uint32_t slot = (uint32_t)(state >> 20) & last;
    for (uint32_t i = 0; i < last && known->state[slot] != 0 && known->state[slot] != state; i++)
        slot = (slot + 1) & last;
    return slot;
}

static int known_old_left(int old_left)
{
    return old_left < 0 ? 0 : old_left < WEAVE_KNOWN_OLDS ? old_left : WEAVE_KNOWN_OLDS - 1;
}

bool known_has(const struct known *known, const struct decision *decision, int left, int old_left)
{
    uint64_t state = known_state(decision);
    uint32_t slot = known_slot(known, state);
    for (int i = known_old_left(old_left); known->state[slot] == state && i < WEAVE_KNOWN_OLDS; i++)
        if (known->left[slot][i] > left)
            return true;
    return false;
}

static uint32_t known_most(const struct known *known)
{
    return known->most == 0 || known->most > WEAVE_KNOWN ? WEAVE_KNOWN : known->most;
}

void known_forget(struct known *known)
{
    uint32_t most = known_most(known), first = most < FIRST_SLOTS ? most : FIRST_SLOTS;
    if (known->slots < first || known->slots > most)
        known->slots = first;
    memset(known->state, 0, known->slots * sizeof *known->state);
    known->used = 0;
}

static void known_put(struct known *known, uint64_t state, const int16_t *left)
{
    uint32_t slot = known_slot(known, state);
    known->state[slot] = state;
    memcpy(known->left[slot], left, sizeof known->left[slot]);
}

/* Twice as large; when memory is short it stays as it is. */
static void known_grow(struct known *known)
{
    uint32_t slots = known->slots, kept = 0;
    if (slots >= known_most(known))
        return;
    struct {
        uint64_t state;
        int16_t left[WEAVE_KNOWN_OLDS];
    } *copy = malloc(slots * sizeof *copy);
    if (copy == NULL)
        return;
    for (uint32_t i = 0; i < slots; i++)
        if (known->state[i] != 0) {
            copy[kept].state = known->state[i];
            memcpy(copy[kept++].left, known->left[i], sizeof copy->left);
        }
    known->slots = slots * 2;
    memset(known->state, 0, known->slots * sizeof *known->state);
    for (uint32_t i = 0; i < kept; i++)
        known_put(known, copy[i].state, copy[i].left);
    free(copy);
}

void known_add(struct known *known, const struct decision *decision, int left, int old_left)
{
    static const int16_t never[WEAVE_KNOWN_OLDS];
    uint64_t state = known_state(decision);
    uint32_t slot = known_slot(known, state);
    if (known->state[slot] != state) {
        if (known->used >= known->slots / 2)
            known_grow(known);
        if (known->used >= known->slots / 2)
            return; /* full: more is explored than necessary */
        known_put(known, state, never);
        known->used++;
        slot = known_slot(known, state);
    }
    known->left[slot][known_old_left(old_left)] = (int16_t)(left + 1);
}

void known_begin(struct known *known, bool stops)
{
    known->stops = stops;
    known->spent = known->old_spent = 0;
}

void known_decided(struct control *control, const struct decision *decision)
{
    struct known *known = &control->known;
    if (!known->stops)
        return;
    int left = known->bounds.unbounded ? 0 : known->bounds.turns - known->spent;
    /* What was found is told with all that comes after it. */
    bool clean = control->races == 0 && control->misuses == 0;
    if (control->decisions >= control->prescribed && clean &&
        known_has(known, decision, left, known->bounds.olds - known->old_spent))
        decide_finish(control, ENDING_KNOWN);
    known->spent += known_cost(&known->bounds, decision, decision->choice);
    known->old_spent += known_old_cost(decision, decision->choice);
}
