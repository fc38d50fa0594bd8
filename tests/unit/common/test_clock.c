/* Points in time on the monotonic clock: see shmlab/clock.h. */
#include "shmlab/clock.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void never_goes_back(void **state)
{
    int64_t before = clock_now_ns();

    (void)state;
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_now_ns();
        assert_true(now >= before);
        before = now;
    }
    assert_true(clock_now_ms() >= before / 1000000);
    assert_true(clock_now() >= (double)before / 1e9);
}

static void no_time_has_passed_already(void **state)
{
    struct deadline now = deadline_in(0), before = deadline_in(-1);

    (void)state;
    assert_true(deadline_passed(&now));
    assert_true(deadline_passed(&before));
    assert_true(deadline_left(&before) == 0);
}

static void a_long_time_never_passes(void **state)
{
    const double seconds[] = {3600, 1e9, 1e12, INFINITY, NAN};

    (void)state;
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        struct deadline deadline = deadline_in(seconds[i]);
        assert_false(deadline_passed(&deadline));
        assert_true(deadline_left(&deadline) > 0);
        assert_true(deadline.end_ns > clock_now_ns());
    }
}

static void passes_when_its_time_is_over(void **state)
{
    int64_t begin = clock_now_ns();
    struct deadline deadline = deadline_in(0.001);

    (void)state;
    assert_true(deadline_left(&deadline) <= 0.001);
    while (!deadline_passed(&deadline))
        continue;
    assert_true(clock_now_ns() - begin >= 1000000);
    assert_true(deadline_left(&deadline) == 0);
    deadline.seconds = 3600;
    deadline_restart(&deadline);
    assert_false(deadline_passed(&deadline));
}

static void timespec_is_the_same_point(void **state)
{
    struct deadline deadline = deadline_in(1.75);
    struct timespec time = deadline_timespec(&deadline);

    (void)state;
    assert_true(time.tv_nsec >= 0 && time.tv_nsec < 1000000000);
    assert_true((int64_t)time.tv_sec * 1000000000 + time.tv_nsec == deadline.end_ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_goes_back),
        cmocka_unit_test(no_time_has_passed_already),
        cmocka_unit_test(a_long_time_never_passes),
        cmocka_unit_test(passes_when_its_time_is_over),
        cmocka_unit_test(timespec_is_the_same_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
