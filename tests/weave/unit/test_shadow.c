/*
 * Shadow memory: which accesses race, to the byte, whatever their sizes; against a naive table with one entry
 * a byte.
 */
#include "core/core.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROCESSES = 3, BASE = 4096, BYTES = 64 };

static int setup(void **state)
{
    static struct control *control; /* one for all tests: each begins with a clear run */
    if (control == NULL && (control = calloc(1, sizeof *control)) == NULL)
        return -1;
    run_clear(control);
    control->slots = PROCESSES;
    for (int i = 0; i < PROCESSES; i++)
        run_start_process(control, i);
    *state = control;
    return 0;
}

static uint32_t races_after(struct control *control, int process, uint32_t offset, uint32_t size, unsigned flags)
{
    static uint16_t site; /* a new one each time, so that no race counts as known */
    shadow_access(control, process, BASE + offset, size, flags, ++site);
    return control->races;
}

static void hand_over(struct control *control, int from, int to)
{
    struct object *object = object_find(control, 99, OBJECT_SEMAPHORE);
    order_release(control, from, object);
    order_acquire(control, to, object);
}

static void test_reads_do_not_race(void **state)
{
    assert_int_equal(races_after(*state, 0, 0, 8, 0), 0);
    assert_int_equal(races_after(*state, 1, 0, 8, 0), 0);
}

static void test_a_write_races_with_unordered_reads_and_writes(void **state)
{
    assert_int_equal(races_after(*state, 0, 0, 4, ACCESS_WRITE), 0);
    assert_int_equal(races_after(*state, 1, 0, 4, 0), 1);
    assert_int_equal(races_after(*state, 2, 0, 4, ACCESS_WRITE), 3); /* with the write and with the read */
}

static void test_ordered_accesses_do_not_race(void **state)
{
    struct control *control = *state;
    assert_int_equal(races_after(control, 0, 0, 4, ACCESS_WRITE), 0);
    hand_over(control, 0, 1);
    assert_int_equal(races_after(control, 1, 0, 4, ACCESS_WRITE), 0);
    assert_int_equal(races_after(control, 0, 0, 4, 0), 1); /* the other way nothing was handed over */
}

static void test_neighbours_do_not_race(void **state)
{
    assert_int_equal(races_after(*state, 0, 8, 4, ACCESS_WRITE), 0);
    assert_int_equal(races_after(*state, 1, 4, 4, ACCESS_WRITE), 0);
    assert_int_equal(races_after(*state, 1, 12, 4, ACCESS_WRITE), 0);
    assert_int_equal(races_after(*state, 1, 7, 1, ACCESS_WRITE), 0);
    assert_int_equal(races_after(*state, 1, 11, 1, ACCESS_WRITE), 1); /* the last byte does */
}

static void test_atomic_operations_race_with_plain_ones_only(void **state)
{
    assert_int_equal(races_after(*state, 0, 0, 4, ACCESS_WRITE | ACCESS_ATOMIC), 0);
    assert_int_equal(races_after(*state, 1, 0, 4, ACCESS_WRITE | ACCESS_ATOMIC), 0);
    assert_true(shadow_atomics(*state, BASE));
    assert_false(shadow_atomics(*state, BASE + 4));
    assert_int_equal(races_after(*state, 2, 0, 4, 0), 1);
}

static void test_a_trapped_access_counts_as_atomic_beside_an_atomic_one(void **state)
{
    assert_int_equal(races_after(*state, 0, 0, 4, ACCESS_WRITE | ACCESS_ATOMIC), 0);
    assert_int_equal(races_after(*state, 1, 0, 4, ACCESS_TRAPPED), 0);
    assert_int_equal(races_after(*state, 0, 8, 4, ACCESS_WRITE), 0);
    assert_int_equal(races_after(*state, 1, 8, 4, ACCESS_TRAPPED), 1);
}

static void test_a_too_weak_order_is_told_apart(void **state)
{
    struct control *control = *state;
    struct object *flag = object_find(control, 1, OBJECT_ATOMIC);
    assert_int_equal(races_after(control, 0, 0, 4, ACCESS_WRITE), 0);
    order_store(control, 0, flag, ORDER_RELAXED, false);
    order_load(control, 1, flag, ORDER_ACQUIRE);
    assert_int_equal(races_after(control, 1, 0, 4, 0), 1);
    assert_true(control->race[0].hypothetical);
    assert_int_equal(races_after(control, 2, 0, 4, 0), 2);
    assert_false(control->race[1].hypothetical);
}

static void test_the_same_two_places_are_reported_once(void **state)
{
    struct control *control = *state;
    for (uint32_t i = 0; i < 8; i++) {
        shadow_access(control, 0, BASE + i, 1, ACCESS_WRITE, 1);
        shadow_access(control, 1, BASE + i, 1, 0, 2);
    }
    assert_int_equal(control->races, 1);
    assert_int_equal(control->race[0].process[0], 0);
    assert_int_equal(control->race[0].process[1], 1);
}

static void test_stamps_follow_changes_of_the_bytes(void **state)
{
    struct control *control = *state;
    control->changes = 5;
    shadow_changed(control, 0, BASE + 8, 4);
    assert_int_equal(shadow_stamp(control, BASE + 8, 4), 5);
    assert_int_equal(shadow_stamp(control, BASE + 11, 8), 5);
    assert_int_equal(shadow_stamp(control, BASE + 4, 4), 0);
    assert_int_equal(shadow_stamp(control, BASE + 12, 4), 0);
}

/* A loop over a megabyte must not fill the table. */
static void test_equal_neighbours_share_a_cell(void **state)
{
    struct control *control = *state;
    enum { MEGABYTE = 1 << 20, STEP = 8, FEW = 8 };
    for (uint32_t i = 0; i < MEGABYTE; i += STEP)
        shadow_access(control, 0, BASE + i, STEP, ACCESS_WRITE, 1);
    assert_true(control->cells < FEW);
    assert_int_equal(control->ending, ENDING_NONE);
}

static void test_a_full_table_ends_the_run(void **state)
{
    struct control *control = *state;
    for (uint32_t i = 0; i < WEAVE_CELLS && control->ending == ENDING_NONE; i++)
        shadow_access(control, 0, BASE + 2 * i, 1, ACCESS_WRITE, 1);
    assert_int_equal(control->ending, ENDING_LIMIT);
}

/* ---- against one entry a byte ---- */

struct naive_byte {
    uint32_t write_time, read_time[PROCESSES];
    int writer;
    bool atomic_write, atomic_read[PROCESSES];
};

static bool naive_races(const struct control *control, const struct naive_byte *byte, int me, bool write, bool atomic)
{
    const struct clock *known = &control->process[me].sync;
    if (byte->write_time != 0 && byte->writer != me && !(atomic && byte->atomic_write) &&
        !clock_covers(known, byte->writer, byte->write_time))
        return true;
    for (int i = 0; write && i < PROCESSES; i++)
        if (i != me && byte->read_time[i] != 0 && !(atomic && byte->atomic_read[i]) &&
            !clock_covers(known, i, byte->read_time[i]))
            return true;
    return false;
}

static void naive_note(const struct control *control, struct naive_byte *byte, int me, bool write, bool atomic)
{
    uint32_t now = control->process[me].sync.at[me];
    if (write) {
        byte->write_time = now;
        byte->writer = me;
        byte->atomic_write = atomic;
    } else {
        byte->read_time[me] = now;
        byte->atomic_read[me] = atomic;
    }
}

static void random_history(uint64_t seed)
{
    enum { STEPS = 200, LARGEST = 16, HANDS_OVER_IN = 5, ATOMIC_IN = 4 };
    struct naive_byte byte[BYTES] = {{0}};
    void *state = NULL;
    assert_int_equal(setup(&state), 0);
    struct control *control = state;
    control->random = seed * 2 + 1;
    for (int step = 0; step < STEPS; step++) {
        int me = (int)(decide_random(control) % PROCESSES);
        if (decide_random(control) % HANDS_OVER_IN == 0) {
            hand_over(control, me, (me + 1) % PROCESSES);
            continue;
        }
        bool write = decide_random(control) % 2 == 0, atomic = decide_random(control) % ATOMIC_IN == 0;
        uint32_t size = 1 + (uint32_t)(decide_random(control) % LARGEST);
        uint32_t offset = (uint32_t)(decide_random(control) % (BYTES - size));
        bool expected = false;
        for (uint32_t i = offset; i < offset + size; i++) {
            expected |= naive_races(control, &byte[i], me, write, atomic);
            naive_note(control, &byte[i], me, write, atomic);
        }
        control->races = 0;
        unsigned flags = (write ? ACCESS_WRITE : 0) | (atomic ? ACCESS_ATOMIC : 0);
        shadow_access(control, me, BASE + offset, size, flags, (uint16_t)(step + 1));
        if ((control->races > 0) != expected)
            fail_msg("seed %llu, step %d: %u races, expected %s", (unsigned long long)seed, step, control->races,
                     expected ? "some" : "none");
    }
}

static void test_random_histories_agree_with_one_entry_a_byte(void **state)
{
    (void)state;
    enum { HISTORIES = 2000 };
    for (uint64_t seed = 1; seed <= HISTORIES; seed++)
        random_history(seed);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_reads_do_not_race),
        TEST(test_a_write_races_with_unordered_reads_and_writes),
        TEST(test_ordered_accesses_do_not_race),
        TEST(test_neighbours_do_not_race),
        TEST(test_atomic_operations_race_with_plain_ones_only),
        TEST(test_a_trapped_access_counts_as_atomic_beside_an_atomic_one),
        TEST(test_a_too_weak_order_is_told_apart),
        TEST(test_the_same_two_places_are_reported_once),
        TEST(test_stamps_follow_changes_of_the_bytes),
        TEST(test_equal_neighbours_share_a_cell),
        TEST(test_a_full_table_ends_the_run),
        cmocka_unit_test(test_random_histories_agree_with_one_entry_a_byte),
    };
    return cmocka_run_group_tests_name("weave shadow memory", tests, NULL, NULL);
}
