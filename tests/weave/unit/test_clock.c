/* Vector clocks and what C11 says of atomic operations and fences: core/clock.h and core/order.c. */
#include "core/core.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

enum { WRITER, READER, THIRD, PROCESSES };

static int setup(void **state)
{
    struct control *control = calloc(1, sizeof *control);
    if (control == NULL)
        return -1;
    run_clear(control);
    control->slots = PROCESSES;
    for (int i = 0; i < PROCESSES; i++)
        run_start_process(control, i);
    *state = control;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static struct object *flag_of(struct control *control)
{
    return object_find(control, 1, OBJECT_ATOMIC);
}

/* Whether `process` knows the moment that was the writer's present when the test began. */
static bool knows_first_moment(const struct control *control, int process)
{
    return clock_covers(&control->process[process].sync, WRITER, 1);
}

static void test_join_takes_the_larger_entries(void **state)
{
    (void)state;
    struct clock one = {{3, 0, 5}}, other = {{1, 4, 5}};
    clock_join(&one, &other);
    assert_int_equal(one.at[0], 3);
    assert_int_equal(one.at[1], 4);
    assert_int_equal(one.at[2], 5);
    assert_int_equal(other.at[0], 1); /* unchanged */
}

static void test_covers_the_past_and_the_present_only(void **state)
{
    (void)state;
    struct clock clock = {{0, 7}};
    assert_true(clock_covers(&clock, 1, 6));
    assert_true(clock_covers(&clock, 1, 7));
    assert_false(clock_covers(&clock, 1, 8));
    assert_false(clock_covers(&clock, 0, 1));
}

static void test_processes_start_unordered(void **state)
{
    struct control *control = *state;
    assert_false(knows_first_moment(control, READER));
    assert_false(clock_covers(&control->process[WRITER].sync, READER, 1));
}

/* Each pair of orders of a store and the load that reads it: only release with acquire (or stronger) orders. */
static void test_every_pair_of_orders(void **state)
{
    for (int store = ORDER_RELAXED; store <= ORDER_SEQUENTIAL; store++)
        for (int load = ORDER_RELAXED; load <= ORDER_SEQUENTIAL; load++) {
            assert_int_equal(teardown(state), 0);
            assert_int_equal(setup(state), 0);
            struct control *control = *state;
            order_store(control, WRITER, flag_of(control), store, false);
            order_load(control, READER, flag_of(control), load);
            bool releases = store == ORDER_RELEASE || store == ORDER_BOTH || store == ORDER_SEQUENTIAL;
            bool acquires = load != ORDER_RELAXED && load != ORDER_RELEASE;
            assert_int_equal(knows_first_moment(control, READER), releases && acquires);
            assert_true(clock_covers(&control->process[READER].hypothetical, WRITER, 1));
        }
}

static void test_what_follows_a_release_is_not_published(void **state)
{
    struct control *control = *state;
    order_store(control, WRITER, flag_of(control), ORDER_RELEASE, false);
    uint32_t after = control->process[WRITER].sync.at[WRITER];
    order_load(control, READER, flag_of(control), ORDER_ACQUIRE);
    assert_false(clock_covers(&control->process[READER].sync, WRITER, after));
}

/* 7.17.4 p2: release fence, relaxed store, relaxed load, acquire fence. */
static void test_two_fences_order(void **state)
{
    struct control *control = *state;
    order_fence(control, WRITER, ORDER_RELEASE);
    order_store(control, WRITER, flag_of(control), ORDER_RELAXED, false);
    order_load(control, READER, flag_of(control), ORDER_RELAXED);
    assert_false(knows_first_moment(control, READER));
    order_fence(control, READER, ORDER_ACQUIRE);
    assert_true(knows_first_moment(control, READER));
}

static void test_a_fence_on_the_wrong_side_orders_nothing(void **state)
{
    struct control *control = *state;
    order_store(control, WRITER, flag_of(control), ORDER_RELAXED, false);
    order_fence(control, WRITER, ORDER_RELEASE); /* too late */
    order_fence(control, READER, ORDER_ACQUIRE); /* too early */
    order_load(control, READER, flag_of(control), ORDER_RELAXED);
    assert_false(knows_first_moment(control, READER));
}

/* 5.1.2.4 p10: a read-modify-write of somebody else continues a release sequence, a store ends it. */
static void test_release_sequences(void **state)
{
    struct control *control = *state;
    order_store(control, WRITER, flag_of(control), ORDER_RELEASE, false);
    order_load(control, THIRD, flag_of(control), ORDER_RELAXED);
    order_store(control, THIRD, flag_of(control), ORDER_RELAXED, true);
    order_load(control, READER, flag_of(control), ORDER_ACQUIRE);
    assert_true(knows_first_moment(control, READER));
    assert_false(knows_first_moment(control, THIRD));

    order_store(control, WRITER, flag_of(control), ORDER_RELEASE, false);
    uint32_t published = control->process[WRITER].sync.at[WRITER] - 1;
    order_store(control, THIRD, flag_of(control), ORDER_RELAXED, false);
    order_load(control, READER, flag_of(control), ORDER_ACQUIRE);
    assert_false(clock_covers(&control->process[READER].sync, WRITER, published));
}

static void test_order_is_transitive(void **state)
{
    struct control *control = *state;
    struct object *second = object_find(control, 2, OBJECT_ATOMIC);
    order_store(control, WRITER, flag_of(control), ORDER_RELEASE, false);
    order_load(control, THIRD, flag_of(control), ORDER_ACQUIRE);
    order_store(control, THIRD, second, ORDER_RELEASE, false);
    order_load(control, READER, second, ORDER_ACQUIRE);
    assert_true(knows_first_moment(control, READER));
}

static void test_locks_and_posts_collect_all_pasts(void **state)
{
    struct control *control = *state;
    struct object *semaphore = object_find(control, 3, OBJECT_SEMAPHORE);
    order_release(control, WRITER, semaphore);
    order_release(control, THIRD, semaphore);
    order_acquire(control, READER, semaphore);
    assert_true(knows_first_moment(control, READER));
    assert_true(clock_covers(&control->process[READER].sync, THIRD, 1));
    assert_false(clock_covers(&control->process[THIRD].sync, WRITER, 1));
}

static void test_a_child_knows_what_its_parent_did_and_not_what_it_does(void **state)
{
    struct control *control = *state;
    int child = run_add_child(control, WRITER);
    assert_int_equal(child, PROCESSES);
    assert_true(knows_first_moment(control, child));
    assert_false(clock_covers(&control->process[child].sync, WRITER, control->process[WRITER].sync.at[WRITER]));
    assert_false(clock_covers(&control->process[WRITER].sync, child, 1));
}

static void test_there_is_room_for_so_many_children_and_no_more(void **state)
{
    struct control *control = *state;
    for (int i = PROCESSES; i < WEAVE_PROCESSES; i++)
        assert_int_equal(run_add_child(control, WRITER), i);
    assert_int_equal(run_add_child(control, WRITER), -1);
}

/* Independent steps in either order lead to the same state, dependent ones to different states. */
static uint64_t state_after(void **state, int first, int second, uint64_t first_object, uint64_t second_object)
{
    assert_int_equal(teardown(state), 0);
    assert_int_equal(setup(state), 0);
    struct control *control = *state;
    order_store(control, first, object_find(control, first_object, OBJECT_ATOMIC), ORDER_RELEASE, false);
    order_store(control, second, object_find(control, second_object, OBJECT_ATOMIC), ORDER_RELEASE, false);
    return decide_state(control);
}

static void test_states_forget_the_order_of_independent_steps_only(void **state)
{
    assert_true(state_after(state, WRITER, READER, 1, 2) == state_after(state, READER, WRITER, 2, 1));
    assert_true(state_after(state, WRITER, READER, 1, 1) != state_after(state, READER, WRITER, 1, 1));
    assert_true(state_after(state, WRITER, READER, 1, 2) != state_after(state, WRITER, READER, 2, 1));
}

static void test_objects_are_found_again_until_the_table_is_full(void **state)
{
    struct control *control = *state;
    for (uint64_t key = 1; key <= WEAVE_OBJECTS; key++)
        assert_int_equal(object_index(control, object_find(control, key, OBJECT_ATOMIC)), (int)key - 1);
    for (uint64_t key = 1; key <= WEAVE_OBJECTS; key++)
        assert_int_equal(object_index(control, object_find(control, key, OBJECT_ATOMIC)), (int)key - 1);
    assert_int_equal(control->ending, ENDING_NONE);
    object_find(control, WEAVE_OBJECTS + 1, OBJECT_ATOMIC);
    assert_int_equal(control->ending, ENDING_LIMIT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_join_takes_the_larger_entries),
        TEST(test_covers_the_past_and_the_present_only),
        TEST(test_processes_start_unordered),
        TEST(test_every_pair_of_orders),
        TEST(test_what_follows_a_release_is_not_published),
        TEST(test_two_fences_order),
        TEST(test_a_fence_on_the_wrong_side_orders_nothing),
        TEST(test_release_sequences),
        TEST(test_order_is_transitive),
        TEST(test_locks_and_posts_collect_all_pasts),
        TEST(test_a_child_knows_what_its_parent_did_and_not_what_it_does),
        TEST(test_there_is_room_for_so_many_children_and_no_more),
        TEST(test_states_forget_the_order_of_independent_steps_only),
        TEST(test_objects_are_found_again_until_the_table_is_full),
    };
    return cmocka_run_group_tests_name("weave clocks", tests, NULL, NULL);
}
