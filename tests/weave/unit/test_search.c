/*
 * The search against a brute-force explorer: on thousands of small random programs both must see the same
 * outcomes, with pruning and without, at every bound.
 */
#include "model.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RUNS = 1000000, DEFAULT_PROGRAMS = 3000, DEFAULT_UNBOUNDED = 1000, ANY_BOUND = 100 };

static struct search_options options_for(int bound, bool prune)
{
    return (struct search_options){
        .bound = bound, .prune = prune, .keep_going = true, .most_runs = MOST_RUNS, .seed = 1};
}

/* How many programs to try; WEAVE_PROGRAMS=100000 for a long night. */
static uint64_t programs_wanted(uint64_t normally)
{
    const char *text = getenv("WEAVE_PROGRAMS");
    return text == NULL ? normally : strtoull(text, NULL, 10);
}

/*
 * A program without a race must show every outcome. After a race the values of plain data mean nothing and
 * their order is not part of a state, so only which data can race must agree.
 */
static void assert_same(const struct model_program *program, uint64_t seed, const char *what,
                        const struct model_outcomes *expected, const struct model_outcomes *seen)
{
    unsigned raced = model_outcomes_raced(expected);
    bool same = raced != 0 ? model_outcomes_raced(seen) == raced : model_outcomes_equal(expected, seen);
    if (same)
        return;
    model_print(program);
    fail_msg("seed %llu, %s: %zu outcomes (races %x), expected %zu (races %x)", (unsigned long long)seed, what,
             seen->count, model_outcomes_raced(seen), expected->count, raced);
}

static void compare_with_brute_force(uint64_t seed, int bound, bool every_access)
{
    struct model_program program = model_random(seed);
    struct model_outcomes expected = model_brute(&program, bound, every_access);
    for (int prune = 0; prune < 2; prune++) {
        struct search_options options = options_for(bound, prune == 1);
        struct search_result result;
        options.stop_at_known = seed % 2 == 0;
        struct model_outcomes seen = model_weave(&program, &options, every_access, &result);
        assert_true(result.complete);
        assert_same(&program, seed, prune ? "pruned" : "not pruned", &expected, &seen);
        model_outcomes_free(&seen);
    }
    model_outcomes_free(&expected);
}

static void test_bounded_searches_see_what_brute_force_sees(void **state)
{
    (void)state;
    enum { BOUNDS = 3 };
    uint64_t programs = programs_wanted(DEFAULT_PROGRAMS);
    for (uint64_t seed = 1; seed <= programs; seed++)
        for (int bound = 0; bound < BOUNDS; bound++)
            compare_with_brute_force(seed, bound, false);
}

static void test_plain_accesses_as_points(void **state)
{
    (void)state;
    uint64_t programs = programs_wanted(DEFAULT_UNBOUNDED);
    for (uint64_t seed = 1; seed <= programs; seed++)
        compare_with_brute_force(seed, 2, true);
}

static void test_unbounded_searches_see_what_brute_force_sees(void **state)
{
    (void)state;
    uint64_t programs = programs_wanted(DEFAULT_UNBOUNDED);
    for (uint64_t seed = 1; seed <= programs; seed++) {
        struct model_program program = model_random(seed);
        struct model_outcomes expected = model_brute(&program, ANY_BOUND, false);
        struct search_options options = options_for(SEARCH_UNBOUNDED, true);
        struct model_outcomes seen = model_weave(&program, &options, false, NULL);
        assert_same(&program, seed, "unbounded", &expected, &seen);
        model_outcomes_free(&expected);
        model_outcomes_free(&seen);
    }
}

/* Delay bounding counts differently: pruned and not pruned must agree. */
static void test_pruning_changes_nothing_under_delay_bounding(void **state)
{
    (void)state;
    uint64_t programs = programs_wanted(DEFAULT_UNBOUNDED);
    for (uint64_t seed = 1; seed <= programs; seed++) {
        struct model_program program = model_random(seed);
        struct search_options all = options_for(2, false), pruned = options_for(2, true);
        all.delay = pruned.delay = true;
        struct model_outcomes expected = model_weave(&program, &all, false, NULL);
        struct model_outcomes seen = model_weave(&program, &pruned, false, NULL);
        assert_same(&program, seed, "delay bounding", &expected, &seen);
        model_outcomes_free(&expected);
        model_outcomes_free(&seen);
    }
}

/* Where a run ends at a known state, what it leaves out adds nothing: the same schedules come next. */
static void test_stopping_at_known_states_changes_nothing(void **state)
{
    (void)state;
    enum { PROGRAMS = 300 };
    for (uint64_t seed = 1; seed <= PROGRAMS; seed++) {
        struct model_program program = model_random(seed);
        struct search_options whole = options_for(2, true), stopped = options_for(2, true);
        struct search_result one, other;
        stopped.stop_at_known = true;
        whole.delay = stopped.delay = seed % 2 == 0;
        struct model_outcomes expected = model_weave(&program, &whole, false, &one);
        struct model_outcomes seen = model_weave(&program, &stopped, false, &other);
        assert_same(&program, seed, "stopped at known states", &expected, &seen);
        assert_int_equal(one.runs, other.runs);
        assert_int_equal(one.pruned, other.pruned);
        model_outcomes_free(&expected);
        model_outcomes_free(&seen);
    }
}

/* What has no place in the table is explored again where it is met again: more runs, and nothing else. */
static void test_a_full_table_changes_nothing(void **state)
{
    (void)state;
    enum { PROGRAMS = 300, SLOTS = 8 };
    uint64_t runs = 0, more = 0;
    for (uint64_t seed = 1; seed <= PROGRAMS; seed++) {
        struct model_program program = model_random(seed);
        struct search_options large = options_for(2, true), small = options_for(2, true);
        struct search_result one, other;
        small.most_known = SLOTS;
        large.stop_at_known = small.stop_at_known = seed % 2 == 0;
        struct model_outcomes expected = model_weave(&program, &large, false, &one);
        struct model_outcomes seen = model_weave(&program, &small, false, &other);
        assert_same(&program, seed, "a full table", &expected, &seen);
        assert_true(other.complete);
        assert_true(other.runs >= one.runs);
        runs += one.runs;
        more += other.runs;
        model_outcomes_free(&expected);
        model_outcomes_free(&seen);
    }
    assert_true(more > runs);
}

/* It grows as far as it may, forgets nothing then, and takes up what it has with more of the bound left. */
static void test_the_table_of_known_states_grows_to_its_end(void **state)
{
    (void)state;
    enum { LEFT = 3, KEPT = WEAVE_KNOWN / 2 };
    const uint64_t odd = 0x9e3779b97f4a7c15u; /* spreads numbers over all bits */
    struct known *known = calloc(1, sizeof *known);
    assert_non_null(known);
    known_forget(known);
    for (uint64_t i = 1; i <= KEPT + 1; i++)
        known_add(known, &(struct decision){.state = i * odd}, LEFT, 0);
    assert_int_equal(known->used, KEPT);
    for (uint64_t i = 1; i <= KEPT; i++) {
        struct decision decision = {.state = i * odd};
        assert_true(known_has(known, &decision, LEFT, 0));
        assert_false(known_has(known, &decision, LEFT + 1, 0));
    }
    assert_false(known_has(known, &(struct decision){.state = (KEPT + 1) * odd}, LEFT, 0));
    known_add(known, &(struct decision){.state = odd}, LEFT + 1, 0);
    assert_true(known_has(known, &(struct decision){.state = odd}, LEFT + 1, 0));
    free(known);
}

/* Otherwise there would be no point in it. */
static void test_pruning_saves_runs(void **state)
{
    (void)state;
    enum { PROGRAMS = 200 };
    uint64_t with = 0, without = 0;
    for (uint64_t seed = 1; seed <= PROGRAMS; seed++) {
        struct model_program program = model_random(seed);
        struct search_options all = options_for(SEARCH_UNBOUNDED, false), pruned = options_for(SEARCH_UNBOUNDED, true);
        struct search_result result;
        struct model_outcomes seen = model_weave(&program, &all, false, &result);
        without += result.runs;
        model_outcomes_free(&seen);
        seen = model_weave(&program, &pruned, false, &result);
        with += result.runs;
        model_outcomes_free(&seen);
    }
    print_message("%llu runs with pruning, %llu without\n", (unsigned long long)with, (unsigned long long)without);
    assert_true(with * 2 < without);
}

/* Random strategies: nothing that cannot happen, and the same from the same seed. */
static void random_strategy(enum strategy strategy)
{
    enum { PROGRAMS = 300, RUNS = 60 };
    for (uint64_t seed = 1; seed <= PROGRAMS; seed++) {
        struct model_program program = model_random(seed);
        struct search_options options = {.strategy = strategy, .keep_going = true, .most_runs = RUNS, .seed = seed};
        struct search_result first, second;
        struct model_outcomes possible = model_brute(&program, ANY_BOUND, false);
        struct model_outcomes seen = model_weave(&program, &options, false, &first);
        struct model_outcomes again = model_weave(&program, &options, false, &second);
        assert_int_equal(first.runs, RUNS);
        assert_int_equal(first.failures, second.failures);
        assert_false(first.complete);
        assert_true(model_outcomes_equal(&seen, &again));
        for (size_t i = 0; i < seen.count; i++)
            assert_true(model_outcomes_have(&possible, &seen.outcome[i]));
        model_outcomes_free(&possible);
        model_outcomes_free(&seen);
        model_outcomes_free(&again);
    }
}

static void test_random_walks_are_possible_and_repeatable(void **state)
{
    (void)state;
    random_strategy(STRATEGY_RANDOM);
}

static void test_pct_is_possible_and_repeatable(void **state)
{
    (void)state;
    random_strategy(STRATEGY_PCT);
}

/* ABBA: a deadlock that needs one preemption. */
static const struct model_program abba = {
    .processes = 2,
    .length = {4, 4},
    .code = {{{MODEL_LOCK, 0, 0, 0}, {MODEL_LOCK, 1, 0, 0}, {MODEL_UNLOCK, 1, 0, 0}, {MODEL_UNLOCK, 0, 0, 0}},
             {{MODEL_LOCK, 1, 0, 0}, {MODEL_LOCK, 0, 0, 0}, {MODEL_UNLOCK, 0, 0, 0}, {MODEL_UNLOCK, 1, 0, 0}}},
};

static void test_the_search_ends_at_the_first_failure(void **state)
{
    (void)state;
    struct search_options options = options_for(2, true);
    struct search_result result;
    options.keep_going = false;
    options.iterate = true;
    struct model_outcomes seen = model_weave(&abba, &options, false, &result);
    assert_int_equal(result.failures, 1);
    assert_int_equal(result.bound, 1); /* none without an unforced switch */
    assert_false(result.complete);
    model_outcomes_free(&seen);
}

static void test_a_limit_of_runs_is_kept_and_told(void **state)
{
    (void)state;
    struct search_options options = options_for(SEARCH_UNBOUNDED, false);
    struct search_result result;
    options.most_runs = 3;
    struct model_outcomes seen = model_weave(&abba, &options, false, &result);
    assert_int_equal(result.runs, 3);
    assert_false(result.complete);
    model_outcomes_free(&seen);
}

static void test_costs(void **state)
{
    (void)state;
    struct search_options preemptions = {.bound = 2}, delays = {.bound = 2, .delay = true},
                          unbounded = {.bound = SEARCH_UNBOUNDED};
    struct decision goes_on = {.mask = 7, .kind = DECIDE_TURN, .normal = 1, .current = 1};
    assert_int_equal(search_cost(&preemptions, &goes_on, 1), 0);
    assert_int_equal(search_cost(&preemptions, &goes_on, 0), 1);
    assert_int_equal(search_cost(&preemptions, &goes_on, 2), 1);
    assert_int_equal(search_cost(&delays, &goes_on, 2), 1);
    assert_int_equal(search_cost(&delays, &goes_on, 0), 2);
    assert_int_equal(search_cost(&unbounded, &goes_on, 0), 0);
    struct decision blocked = {.mask = 5, .kind = DECIDE_TURN, .normal = 2, .current = -1};
    assert_int_equal(search_cost(&preemptions, &blocked, 0), 0);
    assert_int_equal(search_cost(&delays, &blocked, 0), 1);
    struct decision yields = {.mask = 3, .kind = DECIDE_TURN, .normal = 0, .current = 1, .yielded = 1};
    assert_int_equal(search_cost(&preemptions, &yields, 0), 0);
    assert_int_equal(search_cost(&preemptions, &yields, 1), 1);
    struct decision store = {.mask = 3, .kind = DECIDE_DELAY_STORE};
    assert_int_equal(search_cost(&preemptions, &store, 1), 0); /* what memory does is no switch */
    assert_int_equal(search_cost(&delays, &store, 1), 0);
    assert_int_equal(search_old_cost(&store, 0), 0);
    assert_int_equal(search_old_cost(&store, 1), 1);
    struct decision read = {.mask = 7, .kind = DECIDE_READ, .free = 4};
    assert_int_equal(search_cost(&preemptions, &read, 1), 0);
    assert_int_equal(search_old_cost(&read, 0), 0);
    assert_int_equal(search_old_cost(&read, 1), 1);
    assert_int_equal(search_old_cost(&read, 2), 0);
    struct decision wakes = {.mask = 3, .kind = DECIDE_WAKE_SPURIOUSLY};
    assert_int_equal(search_cost(&preemptions, &wakes, 1), 1);
    assert_int_equal(search_old_cost(&wakes, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_costs),
        cmocka_unit_test(test_the_search_ends_at_the_first_failure),
        cmocka_unit_test(test_a_limit_of_runs_is_kept_and_told),
        cmocka_unit_test(test_stopping_at_known_states_changes_nothing),
        cmocka_unit_test(test_a_full_table_changes_nothing),
        cmocka_unit_test(test_the_table_of_known_states_grows_to_its_end),
        cmocka_unit_test(test_pruning_saves_runs),
        cmocka_unit_test(test_bounded_searches_see_what_brute_force_sees),
        cmocka_unit_test(test_plain_accesses_as_points),
        cmocka_unit_test(test_unbounded_searches_see_what_brute_force_sees),
        cmocka_unit_test(test_pruning_changes_nothing_under_delay_bounding),
        cmocka_unit_test(test_random_walks_are_possible_and_repeatable),
        cmocka_unit_test(test_pct_is_possible_and_repeatable),
    };
    return cmocka_run_group_tests_name("weave search", tests, NULL, NULL);
}
