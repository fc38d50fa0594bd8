/* The quiet gate's judgement, on texts and readings that are made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gate.h"

static void running_threads_are_read(void **state)
{
    (void)state;
    assert_int_equal(gate_runnable("0.20 0.18 0.12 1/80 11206\n"), 1);
    assert_int_equal(gate_runnable("12.01 9.00 8.00 14/312 1\n"), 14);
    assert_int_equal(gate_runnable(""), -1);
    assert_int_equal(gate_runnable("no numbers"), -1);
}

static void idle_time_is_read(void **state)
{
    struct gate_reading reading = {0};

    (void)state;
    assert_true(gate_idle("cpu  10 20 30 4000 500 6 7 8 0 0\ncpu0 1 1 1 1 1\ncpu1 1 1 1 1 1\nintr 5\n", 100, &reading));
    assert_true(reading.idle > 44.99 && reading.idle < 45.01);
    assert_int_equal(reading.cpus, 2);
    assert_false(gate_idle("intr 5\n", 100, &reading));
}

static void foreign_time_is_what_nobody_of_us_had(void **state)
{
    /* One second on two CPUs: we had 1.5 of them, 0.2 were idle, so 0.3 went elsewhere. */
    const struct gate_reading begin = {.now = 10, .idle = 5, .own = 3, .cpus = 2};
    const struct gate_reading end = {.now = 11, .idle = 5.2, .own = 4.5, .cpus = 2};

    (void)state;
    assert_true(gate_foreign(&begin, &end) > 0.299 && gate_foreign(&begin, &end) < 0.301);
    assert_false(gate_is_clean(&begin, &end));
}

static void a_little_noise_is_let_through(void **state)
{
    const struct gate_reading begin = {.now = 0, .idle = 0, .own = 0, .cpus = 2};
    const struct gate_reading quiet = {.now = 1, .idle = 0.9, .own = 1.0, .cpus = 2};
    const struct gate_reading noisy = {.now = 1, .idle = 0.8, .own = 1.0, .cpus = 2};

    (void)state;
    assert_true(gate_is_clean(&begin, &quiet));
    assert_false(gate_is_clean(&begin, &noisy));
    assert_true(gate_share_is_clean(0.05));
    assert_false(gate_share_is_clean(0.2));
}

static void this_machine_can_be_read(void **state)
{
    struct gate_reading begin, end;

    (void)state;
    assert_true(gate_read(&begin));
    for (volatile int i = 0; i < 10000000; i++)
        continue;
    assert_true(gate_read(&end));
    assert_true(begin.cpus > 0);
    assert_true(end.now > begin.now);
    assert_true(end.own > begin.own);
    assert_true(end.idle >= begin.idle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(running_threads_are_read),
        cmocka_unit_test(idle_time_is_read),
        cmocka_unit_test(foreign_time_is_what_nobody_of_us_had),
        cmocka_unit_test(a_little_noise_is_let_through),
        cmocka_unit_test(this_machine_can_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
