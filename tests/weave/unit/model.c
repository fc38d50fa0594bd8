/* Random programs and sets of outcomes. */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned model_draw(uint64_t *state, unsigned below)
{
    *state ^= *state << 13; /* xorshift64 (Marsaglia 2003) */
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (unsigned)(*state >> 33) % below;
}

/* A few operations on few places meet more often than many on many. */
struct palette {
    enum model_op op[4];
    unsigned places;
};

static struct palette model_random_palette(uint64_t *state)
{
    static const enum model_op often[] = {MODEL_LOAD,  MODEL_LOAD,   MODEL_STORE, MODEL_STORE, MODEL_ADD,  MODEL_AWAIT,
                                          MODEL_READ,  MODEL_WRITE,  MODEL_WAIT,  MODEL_POST,  MODEL_LOCK, MODEL_LOCK,
                                          MODEL_FENCE, MODEL_UNLOCK, MODEL_YIELD, MODEL_SKIP};
    struct palette palette = {.places = 1 + model_draw(state, 2)};
    for (size_t i = 0; i < sizeof palette.op / sizeof palette.op[0]; i++)
        palette.op[i] = often[model_draw(state, sizeof often / sizeof often[0])];
    return palette;
}

static struct model_instruction model_random_instruction(uint64_t *state, const struct palette *palette)
{
    static const enum order orders[] = {ORDER_RELAXED, ORDER_ACQUIRE, ORDER_RELEASE, ORDER_BOTH, ORDER_SEQUENTIAL};
    enum { VALUES = 4 };
    struct model_instruction it = {
        .op = palette->op[model_draw(state, sizeof palette->op / sizeof palette->op[0])],
        .place = (int)model_draw(state, palette->places),
        .value = (int)model_draw(state, VALUES),
        .order = orders[model_draw(state, sizeof orders / sizeof orders[0])],
    };
    if (it.op == MODEL_AWAIT && it.value == 0)
        it.value = 1; /* waiting for the first value ends at once */
    return it;
}

struct model_program model_random(uint64_t seed)
{
    enum { THREE_IN = 4, LONGEST_OF_THREE = 3 };
    uint64_t state = hash_mix(seed, 1) | 1;
    struct palette palette = model_random_palette(&state);
    struct model_program program = {.processes = model_draw(&state, THREE_IN) == 0 ? 3 : 2};
    unsigned longest = program.processes == 3 ? LONGEST_OF_THREE : MODEL_LENGTH;
    for (int i = 0; i < program.processes; i++) {
        program.length[i] = 1 + (int)model_draw(&state, longest);
        for (int k = 0; k < program.length[i]; k++)
            program.code[i][k] = model_random_instruction(&state, &palette);
    }
    for (int i = 0; i < MODEL_SEMAPHORES; i++)
        program.semaphore[i] = (int)model_draw(&state, 2);
    return program;
}

void model_print(const struct model_program *program)
{
    static const char *const names[] = {"load", "store", "add",  "await",  "fence", "read",       "write",
                                        "wait", "post",  "lock", "unlock", "yield", "skip unless"};
    for (int i = 0; i < program->processes; i++)
        for (int k = 0; k < program->length[i]; k++) {
            const struct model_instruction *it = &program->code[i][k];
            fprintf(stderr, "process %d: %s place %d value %d order %d\n", i + 1, names[it->op], it->place, it->value,
                    (int)it->order);
        }
}

/* The place where the outcome is, or belongs. */
static size_t model_outcomes_find(const struct model_outcomes *outcomes, const struct model_outcome *outcome)
{
    size_t low = 0;
    for (size_t high = outcomes->count; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(&outcomes->outcome[middle], outcome, sizeof *outcome) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool model_outcomes_have(const struct model_outcomes *outcomes, const struct model_outcome *outcome)
{
    size_t at = model_outcomes_find(outcomes, outcome);
    return at < outcomes->count && memcmp(&outcomes->outcome[at], outcome, sizeof *outcome) == 0;
}

void model_outcomes_add(struct model_outcomes *outcomes, const struct model_outcome *outcome)
{
    enum { FIRST_ROOM = 64 };
    if (model_outcomes_have(outcomes, outcome))
        return;
    if (outcomes->count == outcomes->room) {
        outcomes->room = outcomes->room == 0 ? FIRST_ROOM : outcomes->room * 2;
        outcomes->outcome = realloc(outcomes->outcome, outcomes->room * sizeof *outcomes->outcome);
        if (outcomes->outcome == NULL)
            abort();
    }
    size_t at = model_outcomes_find(outcomes, outcome);
    memmove(&outcomes->outcome[at + 1], &outcomes->outcome[at], (outcomes->count - at) * sizeof *outcome);
    outcomes->outcome[at] = *outcome;
    outcomes->count++;
}

bool model_outcomes_equal(const struct model_outcomes *one, const struct model_outcomes *other)
{
    return one->count == other->count &&
           (one->count == 0 || memcmp(one->outcome, other->outcome, one->count * sizeof *one->outcome) == 0);
}

void model_outcomes_free(struct model_outcomes *outcomes)
{
    free(outcomes->outcome);
    *outcomes = (struct model_outcomes){0};
}

unsigned model_outcomes_raced(const struct model_outcomes *outcomes)
{
    unsigned raced = 0;
    for (size_t i = 0; i < outcomes->count; i++)
        raced |= outcomes->outcome[i].raced;
    return raced;
}
