/* Medians, ratios, and when to say "inconclusive". */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "statistics.h"

static void assert_near(double value, double expected)
{
    assert_true(value > expected - 1e-9 && value < expected + 1e-9);
}

static void quantiles_lie_between_neighbours(void **state)
{
    double odd[] = {5, 1, 3}, even[] = {4, 1, 3, 2}, one[] = {7};

    (void)state;
    assert_near(statistics_quantile(odd, 3, 0.5), 3);
    assert_near(statistics_quantile(even, 4, 0.5), 2.5);
    assert_near(statistics_quantile(even, 4, 0), 1);
    assert_near(statistics_quantile(even, 4, 1), 4);
    assert_near(statistics_quantile(even, 4, 0.25), 1.75);
    assert_near(statistics_quantile(one, 1, 0.99), 7);
}

static void too_few_rounds_are_inconclusive(void **state)
{
    struct series series;

    (void)state;
    series_clear(&series);
    assert_false(series_figure(&series).conclusive);
    series_note(&series, 0, 1);
    series_note(&series, 5, 2);
    assert_false(series_figure(&series).conclusive);
    series_note(&series, 9, 30);
    struct figure figure = series_figure(&series);
    assert_true(figure.conclusive);
    assert_near(figure.median, 2);
    assert_near(figure.low, 1);
    assert_near(figure.high, 30);
    assert_int_equal(figure.rounds, 3);
}

static void ratios_are_taken_within_a_round(void **state)
{
    struct series over, under;

    (void)state;
    series_clear(&over);
    series_clear(&under);
    /* Both drift by a factor of ten; the ratio is 2, 2, 3 all the same. */
    const double overs[] = {2, 20, 300}, unders[] = {1, 10, 100};
    for (int i = 0; i < 3; i++) {
        series_note(&over, i, overs[i]);
        series_note(&under, i, unders[i]);
    }
    assert_near(series_ratio(&over, &under).median, 2);
    assert_near(series_ratio(&over, &under).high, 3);
    under.clean[1] = false; /* two common rounds are left */
    assert_false(series_ratio(&over, &under).conclusive);
}

static void rounds_with_an_odd_floor_are_dropped(void **state)
{
    struct series floor, row;
    const double floors[] = {200, 210, 32, 190, 480};

    (void)state;
    series_clear(&floor);
    series_clear(&row);
    for (int i = 0; i < 5; i++) {
        series_note(&floor, i, floors[i]);
        series_note(&row, i, 1000 + i);
    }
    struct series *const all[] = {&row};
    assert_int_equal(series_drop_odd(&floor, all, 1), 2);
    assert_true(row.clean[0] && row.clean[1] && row.clean[3]);
    assert_false(row.clean[2] || row.clean[4]);
}

static void values_of_moved_cpus_are_dropped(void **state)
{
    struct series usual, floor, row;
    const double floors[] = {100, 390, 120, 60, 95};

    (void)state;
    series_clear(&usual);
    series_clear(&floor);
    series_clear(&row);
    for (int i = 0; i < 5; i++) {
        series_note(&usual, i, 100);
        series_note(&floor, i, floors[i]);
        series_note(&row, i, 7);
    }
    assert_int_equal(series_drop_moved(&usual, &floor, &row), 2);
    assert_true(row.clean[0] && row.clean[2] && row.clean[4]);
    assert_false(row.clean[1] || row.clean[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_lie_between_neighbours),     cmocka_unit_test(too_few_rounds_are_inconclusive),
        cmocka_unit_test(ratios_are_taken_within_a_round),      cmocka_unit_test(values_of_moved_cpus_are_dropped),
        cmocka_unit_test(rounds_with_an_odd_floor_are_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
