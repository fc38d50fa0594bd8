/*
 * Weak memory against the axioms: on small random programs no outcome that RC11 or C++20 forbids is seen, and all that
 * they allow are seen, but for one thing: the order of the seq_cst operations is the one in which they are executed,
 * which mixed seq_cst and weaker accesses to one variable need not have ("out of reach").
 *
 * WEAVE_PROGRAMS: how many programs of each family.
 */
#include "axioms.h"
#include "runner/search.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = 4096, STEP = 16, PLACES = 2, PROGRAMS = 100, ALL_OLD = 1000, MOST_UNPRUNED = 6, MOST_RUNS = 10000000 };

/* ---- a program on the core ---- */

struct machine {
    const struct axiom_program *program;
    struct control *control;
    int at[AXIOM_PROCESSES];
    bool asked[AXIOM_PROCESSES];
    uint64_t floor[AXIOM_PROCESSES]
                  [AXIOM_PLACES]; /* history of the oldest store that may be read: never an older one */
    struct axiom_outcome outcome;
    uint64_t memory[AXIOM_PLACES];
    struct axiom_outcomes *outcomes;
};

static int index_of(const struct location *location, uint64_t history)
{
    for (int i = 0; i < location->stores; i++)
        if (location->store[i].history == history)
            return i;
    return -1; /* forgotten: the oldest, or older */
}

/* What was read cannot be followed by an older store. */
static void never_older(struct machine *m, int me, int place, const struct location *location, int index)
{
    uint64_t *floor = &m->floor[me][place];
    assert_true(index >= index_of(location, *floor));
    *floor = location->store[index].history;
}

static void act_on(struct machine *m, int me, const struct axiom_instruction *it, struct object *object,
                   struct location *location)
{
    struct control *c = m->control;
    int order = (int)it->order, index, at = m->at[me];
    if (it->op == AXIOM_STORE) {
        index = weak_choose_store(c, me, location, order);
        index = weak_store(c, me, object, location, index, axiom_value(me, at), order, false);
        never_older(m, me, it->place, location, index);
        return;
    }
    index = it->op == AXIOM_LOAD ? weak_choose_load(c, me, location, order, (uint16_t)(1 + me * AXIOM_LENGTH + at))
                                 : weak_choose_update(c, me, location, order);
    uint64_t old = location->store[index].value;
    m->outcome.seen[me][at] = (uint8_t)old;
    never_older(m, me, it->place, location, index);
    weak_load(c, me, object, location, index, order);
    if (it->op == AXIOM_ADD)
        weak_store(c, me, object, location, index + 1, old + 1, order, true);
}

static void act(struct machine *m, int me)
{
    struct control *c = m->control;
    const struct axiom_instruction *it = &m->program->code[me][m->at[me]];
    if (it->op == AXIOM_FENCE) {
        order_fence(c, me, (int)it->order);
        return;
    }
    uint32_t where = FIRST + (uint32_t)it->place * STEP;
    struct object *object = object_find(c, (uint64_t)(it->place + 1), OBJECT_ATOMIC);
    struct location *location = weak_locate(c, object, where, 1, m->memory[it->place]);
    assert_non_null(location);
    act_on(m, me, it, object, location);
    shadow_access(c, me, where, 1, ACCESS_ATOMIC | (it->op == AXIOM_LOAD ? 0 : ACCESS_WRITE), 1);
    m->memory[it->place] = location->store[location->stores - 1].value;
    if (it->op != AXIOM_LOAD)
        spin_progress(c, me);
}

static int turns(struct machine *m, int me)
{
    m->control->turn = me;
    for (;;) {
        if (m->at[me] == m->program->length[me]) {
            decide_ended(m->control, me);
            return decide_turn(m->control, -1);
        }
        const struct axiom_instruction *it = &m->program->code[me][m->at[me]];
        bool point = it->op != AXIOM_FENCE || it->order == ORDER_SEQUENTIAL;
        if (point && !m->asked[me]) {
            m->asked[me] = true;
            decide_step(m->control, me);
            int next = decide_turn(m->control, me);
            if (next != me)
                return next;
        }
        act(m, me);
        m->asked[me] = false;
        m->at[me]++;
    }
}

static void callback(void *context, struct search_run *run)
{
    struct machine *m = context;
    struct control *c = m->control;
    c->strategy = (int32_t)run->strategy;
    c->max_steps = 10000;
    c->weak = 1;
    c->prescribed = run->prescribed;
    if (run->prescribed > 0)
        memcpy(c->prescription, run->prescription, run->prescribed);
    c->random = run->seed | 1;
    run_clear(c);
    known_begin(&c->known, run->stop_at_known);
    c->slots = m->program->processes;
    for (int i = 0; i < c->slots; i++)
        run_start_process(c, i);
    memset(m->at, 0, sizeof m->at);
    memset(m->asked, 0, sizeof m->asked);
    memset(m->floor, 0, sizeof m->floor);
    memset(m->memory, 0, sizeof m->memory);
    memset(&m->outcome, UINT8_MAX, sizeof m->outcome);
    for (int turn = decide_turn(c, -1); turn != DECIDE_OVER;)
        turn = turns(m, turn);
    run->decision = c->decision;
    run->decisions = c->decisions;
    run->steps = c->steps;
    run->failed = false;
    if (c->ending == ENDING_KNOWN) /* what comes of it was seen before */
        return;
    assert_int_equal(c->ending, ENDING_NORMAL);
    for (int p = 0; p < AXIOM_PLACES; p++)
        m->outcome.last[p] = (uint8_t)m->memory[p];
    axiom_add(m->outcomes, &m->outcome);
}

static uint32_t explore(const struct axiom_program *program, int bound, int old, bool prune,
                        struct axiom_outcomes *outcomes)
{
    static struct control *control;
    if (control == NULL)
        control = calloc(1, sizeof *control);
    assert_non_null(control);
    struct machine m = {.program = program, .control = control, .outcomes = outcomes};
    struct search_options options = {.bound = bound,
                                     .old_bound = old,
                                     .prune = prune,
                                     .stop_at_known = prune,
                                     .known = &control->known,
                                     .keep_going = true,
                                     .most_runs = MOST_RUNS,
                                     .seed = 1};
    struct search_result result;
    outcomes->count = 0;
    assert_int_equal(search_explore(&options, callback, &m, &result), 0);
    assert_true(result.complete);
    return result.runs;
}

/* ---- random programs ---- */

enum family { NO_SC, SC_FENCES, SC_ACCESSES, MIXED, SEQUENCES, FENCED_ACCESSES, READERS, FAMILIES };
static const char *const family_names[] = {"no seq_cst", "seq_cst fences",    "all accesses seq_cst",
                                           "mixed",      "release sequences", "accesses and fences",
                                           "readers"};

static unsigned draw(uint64_t *state, unsigned below)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (unsigned)(*state >> 33) % below;
}

/* An order for an access that is not seq_cst. */
static enum order weak_order(uint64_t *state, enum axiom_op op)
{
    if (draw(state, 3) > 0)
        return ORDER_RELAXED;
    return op == AXIOM_LOAD ? ORDER_ACQUIRE : op == AXIOM_STORE ? ORDER_RELEASE : ORDER_BOTH;
}

/* An access, a seq_cst fence, an access: what fences are for. */
static struct axiom_program fenced_program(uint64_t *state, enum family family)
{
    struct axiom_program p = {.processes = 2 + (int)draw(state, 3)};
    for (int i = 0; i < p.processes; i++) {
        p.length[i] = p.processes > 2 && draw(state, 2) == 0 ? 1 : 3;
        for (int k = 0; k < p.length[i]; k++) {
            struct axiom_instruction *it = &p.code[i][k];
            it->op = k == 1 ? AXIOM_FENCE : draw(state, 2) == 0 ? AXIOM_LOAD : AXIOM_STORE;
            it->place = k == 0 ? (int)draw(state, PLACES) : 1 - p.code[i][0].place;
            it->order = k == 1 ? ORDER_SEQUENTIAL : weak_order(state, it->op);
            if (k != 1 && family == MIXED && draw(state, 2) == 0)
                it->order = ORDER_SEQUENTIAL;
            if (k == 1 && draw(state, 5) == 0)
                it->order = ORDER_BOTH;
        }
    }
    return p;
}

static struct axiom_instruction random_instruction(uint64_t *state, enum family family, bool updates)
{
    static const enum order fences[] = {ORDER_ACQUIRE, ORDER_RELEASE, ORDER_BOTH, ORDER_SEQUENTIAL};
    bool fences_sc = family == SC_FENCES || family == MIXED;
    struct axiom_instruction it = {.place = (int)draw(state, PLACES)};
    unsigned what = draw(state, 10);
    it.op = what < 4 ? AXIOM_LOAD : what < 8 ? AXIOM_STORE : what == 8 && updates ? AXIOM_ADD : AXIOM_FENCE;
    if (it.op == AXIOM_FENCE) {
        it.order = fences[draw(state, fences_sc ? 4 : 3)];
        if (fences_sc && draw(state, 2) == 0)
            it.order = ORDER_SEQUENTIAL;
        return it;
    }
    it.order = weak_order(state, it.op);
    if (family == SC_ACCESSES || (family == MIXED && draw(state, 2) == 0))
        it.order = ORDER_SEQUENTIAL;
    return it;
}

/* A message, a read-modify-write by somebody else (or two) on its flag, a reader. */
static struct axiom_program sequence_program(uint64_t *state)
{
    struct axiom_program p = {.processes = 3, .length = {2, 1 + (int)draw(state, 2), 2}};
    enum axiom_op first = draw(state, 4) == 0 ? AXIOM_ADD : AXIOM_STORE;
    p.code[0][0] = (struct axiom_instruction){AXIOM_STORE, 0, ORDER_RELAXED};
    p.code[0][1] = (struct axiom_instruction){first, 1, draw(state, 3) == 0 ? ORDER_RELAXED : ORDER_RELEASE};
    for (int k = 0; k < p.length[1]; k++)
        p.code[1][k] =
            (struct axiom_instruction){draw(state, 4) == 0 ? AXIOM_STORE : AXIOM_ADD, 1, weak_order(state, AXIOM_ADD)};
    for (int k = 0; k < p.length[1]; k++)
        if (p.code[1][k].op == AXIOM_STORE && p.code[1][k].order == ORDER_BOTH)
            p.code[1][k].order = ORDER_RELEASE;
    p.code[2][0] = (struct axiom_instruction){AXIOM_LOAD, 1, draw(state, 3) == 0 ? ORDER_RELAXED : ORDER_ACQUIRE};
    p.code[2][1] = (struct axiom_instruction){AXIOM_LOAD, 0, ORDER_RELAXED};
    return p;
}

/* A load or a store, with seq_cst in one of so many cases. */
static struct axiom_instruction access_to(uint64_t *state, int place, unsigned sequential_in)
{
    enum axiom_op op = draw(state, 2) == 0 ? AXIOM_LOAD : AXIOM_STORE;
    enum order order = draw(state, sequential_in) == 0 ? ORDER_SEQUENTIAL : ORDER_RELAXED;
    return (struct axiom_instruction){op, place, order};
}

/* Store buffering where one side has a seq_cst store or load, and the other a seq_cst fence. */
static struct axiom_program fence_against_access(uint64_t *state)
{
    struct axiom_program p = {.processes = 2, .length = {2, 3}};
    p.code[0][0] = access_to(state, 0, 1);
    p.code[0][1] = access_to(state, 1, 2);
    p.code[1][0] = access_to(state, 1, 3);
    p.code[1][1] = (struct axiom_instruction){AXIOM_FENCE, 0, ORDER_SEQUENTIAL};
    p.code[1][2] = access_to(state, 0, 3);
    return p;
}

/* A store whose reader then looks at another variable, against a store there and a look back; with or without fences.
 */
static struct axiom_program readers_program(uint64_t *state)
{
    static const enum axiom_op op[3][2] = {{AXIOM_STORE}, {AXIOM_LOAD, AXIOM_LOAD}, {AXIOM_STORE, AXIOM_LOAD}};
    static const int place[3][2] = {{0}, {0, 1}, {1, 0}};
    struct axiom_program p = {.processes = 3};
    for (int i = 0; i < 3; i++) {
        bool fence = draw(state, 4) == 0;
        for (int k = 0; k < (i == 0 ? 1 : 2); k++) {
            if (k == 1 && fence)
                p.code[i][p.length[i]++] = (struct axiom_instruction){AXIOM_FENCE, 0, ORDER_SEQUENTIAL};
            enum order order = draw(state, 4) > 0 ? ORDER_SEQUENTIAL : weak_order(state, op[i][k]);
            p.code[i][p.length[i]++] = (struct axiom_instruction){op[i][k], place[i][k], order};
        }
    }
    if (draw(state, 2) == 0)
        p.code[0][0].order = ORDER_RELAXED;
    return p;
}

static struct axiom_program random_program(uint64_t seed, enum family family)
{
    uint64_t state = hash_mix(seed, 7 + (uint64_t)family) | 1;
    if (family == SEQUENCES)
        return sequence_program(&state);
    if (family == FENCED_ACCESSES)
        return fence_against_access(&state);
    if (family == READERS)
        return readers_program(&state);
    if ((family == SC_FENCES || family == MIXED) && seed % 2 == 0)
        return fenced_program(&state, family);
    struct axiom_program p = {.processes = 2 + (int)draw(&state, 2)};
    bool updates = draw(&state, 2) == 0;
    int left = 7;
    for (int i = 0; i < p.processes; i++) {
        int length = 1 + (int)draw(&state, p.processes == 2 ? 4 : 3);
        for (int k = 0; k < length && left > 0; k++, left--)
            p.code[i][p.length[i]++] = random_instruction(&state, family, updates);
    }
    return p;
}

/* ---- comparing ---- */

static int length_of(const struct axiom_program *p)
{
    int length = 0;
    for (int i = 0; i < p->processes; i++)
        length += p->length[i];
    return length;
}

static void print(const char *what, const struct axiom_program *p, const struct axiom_outcome *o)
{
    static const char *const ops[] = {"load", "store", "add", "fence"};
    fprintf(stderr, "%s:\n", what);
    for (int i = 0; i < p->processes; i++)
        for (int k = 0; k < p->length[i]; k++)
            fprintf(stderr, "  p%d: %s %c order %d value %d seen %d\n", i, ops[p->code[i][k].op],
                    'x' + p->code[i][k].place, (int)p->code[i][k].order, axiom_value(i, k), o->seen[i][k]);
    fprintf(stderr, "  last %d %d\n", o->last[0], o->last[1]);
}

/* How many outcomes of `some` are not in `all`; the first one is told, if there is something to call it. */
static int missing(const struct axiom_program *p, const struct axiom_outcomes *some, const struct axiom_outcomes *all,
                   const char *what)
{
    int count = 0;
    for (int i = 0; i < some->count; i++)
        if (axiom_find(all, &some->outcome[i]) < 0 && count++ == 0 && what != NULL)
            print(what, p, &some->outcome[i]);
    return count;
}

static unsigned long programs_wanted(void)
{
    const char *wanted = getenv("WEAVE_PROGRAMS");
    return wanted == NULL ? PROGRAMS : strtoul(wanted, NULL, 10);
}

/* All of them are allowed, and all that are allowed are there. */
static void compare_family(enum family family)
{
    static struct axiom_outcomes allowed, executable, seen, sequential;
    unsigned long outcomes = 0, weak = 0, missed = 0, forbidden = 0, beyond = 0;
    for (unsigned long seed = 1; seed <= programs_wanted(); seed++) {
        struct axiom_program p = random_program(seed, family);
        axiom_enumerate(&p, &allowed, &executable);
        explore(&p, SEARCH_UNBOUNDED, ALL_OLD, true, &seen);
        explore(&p, SEARCH_UNBOUNDED, 0, true, &sequential);
        outcomes += (unsigned long)allowed.count;
        weak += (unsigned long)(allowed.count - sequential.count);
        forbidden += (unsigned long)missing(&p, &seen, &allowed, "seen, but forbidden");
        forbidden += (unsigned long)missing(&p, &sequential, &seen, "without old values, but not with them");
        missed += (unsigned long)missing(&p, &executable, &seen, "allowed, but not seen");
        beyond += (unsigned long)(allowed.count - executable.count);
    }
    print_message(
        "%s: %lu outcomes, %lu of them not sequentially consistent, %lu out of reach; %lu forbidden, %lu missed\n",
        family_names[family], outcomes, weak, beyond, forbidden, missed);
    assert_int_equal(forbidden, 0);
    assert_int_equal(missed, 0);
    if (family != SC_ACCESSES)
        assert_true(weak > 0); /* or the programs could not tell */
}

static void test_without_seq_cst(void **state)
{
    (void)state;
    compare_family(NO_SC);
}

static void test_seq_cst_fences(void **state)
{
    (void)state;
    compare_family(SC_FENCES);
}

static void test_seq_cst_accesses(void **state)
{
    (void)state;
    compare_family(SC_ACCESSES);
}

static void test_mixed_accesses(void **state)
{
    (void)state;
    compare_family(MIXED);
}

static void test_release_sequences(void **state)
{
    (void)state;
    compare_family(SEQUENCES);
}

static void test_fences_against_accesses(void **state)
{
    (void)state;
    compare_family(FENCED_ACCESSES);
}

static void test_readers(void **state)
{
    (void)state;
    compare_family(READERS);
}

/* Bounded or not, leaving out what was seen before leaves out no outcome: hashes have all that the future depends on.
 */
static void test_pruning_changes_nothing(void **state)
{
    static const struct {
        int switches, olds;
    } bounds[] = {{0, 1}, {1, 1}, {2, 1}, {1, 2}, {SEARCH_UNBOUNDED, ALL_OLD}};
    static struct axiom_outcomes seen, pruned;
    (void)state;
    unsigned long runs = 0, pruned_runs = 0;
    for (unsigned long seed = 1; seed <= programs_wanted(); seed++)
        for (int family = 0; family < FAMILIES; family++) {
            struct axiom_program p = random_program(seed, (enum family)family);
            for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
                if (bounds[i].switches == SEARCH_UNBOUNDED && length_of(&p) > MOST_UNPRUNED)
                    continue;
                runs += explore(&p, bounds[i].switches, bounds[i].olds, false, &seen);
                pruned_runs += explore(&p, bounds[i].switches, bounds[i].olds, true, &pruned);
                assert_int_equal(missing(&p, &seen, &pruned, "not seen when pruned"), 0);
                assert_int_equal(missing(&p, &pruned, &seen, "seen only when pruned"), 0);
            }
        }
    print_message("%lu runs, %lu pruned\n", runs, pruned_runs);
    assert_true(pruned_runs < runs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_seq_cst),   cmocka_unit_test(test_seq_cst_fences),
        cmocka_unit_test(test_seq_cst_accesses),  cmocka_unit_test(test_mixed_accesses),
        cmocka_unit_test(test_release_sequences), cmocka_unit_test(test_fences_against_accesses),
        cmocka_unit_test(test_readers),           cmocka_unit_test(test_pruning_changes_nothing),
    };
    return cmocka_run_group_tests_name("weave weak memory", tests, NULL, NULL);
}
