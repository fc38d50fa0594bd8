/*
 * Goals, JSON and plot of a run that is made up, so that the right answers are known. The plot is written to
 * the file that the environment variable BENCH_TEST_PLOT names; CTest has xmllint look at it afterwards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "goals.h"
#include "plot.h"
#include "report.h"
#include "table.h"

static const char *plot_path;
static struct run run;
static const struct machine machine = {.date = "2026-01-02T03:04:05Z",
                                       .cpu = "A <fine> & \"fast\" CPU",
                                       .cpus = 2,
                                       .kernel = "Linux",
                                       .compiler = "cc",
                                       .flags = "-O2",
                                       .libc = "libc",
                                       .python = "Python",
                                       .version = "shmlab"};

static void value_set(const char *id, double value, int rounds)
{
    for (int i = 0; i < run.count; i++)
        if (strcmp(run.result[i].row.id, id) == 0)
            for (int round = 0; round < rounds; round++)
                series_note(&run.result[i].value, round, value * (1 + round));
}

static int run_make(void **state)
{
    (void)state;
    if (!run_prepare(&run))
        return -1;
    run.rounds = 3;
    value_set("ring.stream", 10000, 3);
    value_set("pipe.stream", 1000, 3);        /* 10 x: met */
    value_set("tcp.stream", 9000, 3);         /* 1.1 x: not met */
    value_set("unix-stream.stream", 1000, 2); /* inconclusive */
    value_set("ring.headers", 3.5e6, 3);      /* 7e6 by its median: met */
    value_set("limit.ping-pong", 100e-9, 3);
    value_set("flag.round-trip", 150e-9, 3);      /* 1.5 x: met */
    value_set("flag-line.round-trip", 130e-9, 3); /* 1.3 x: not met, but within a fifth */
    value_set("tcp.round-trip", 15e-6, 3);
    value_set("pipe.round-trip", 3e-6, 3); /* the best of the kernel's that were measured: 20 x */
    run.result[0].verified = 12;
    for (int i = 0; i < run.count; i++)
        if (strcmp(run.result[i].row.id, "nng.stream") == 0) {
            run.result[i].state = STATE_SKIPPED;
            strcpy(run.result[i].reason, "not installed: apt install libnng-dev");
        }
    return 0;
}

static const struct goal_result *goal_find(const struct goal_result results[], int count, const char *over,
                                           const char *under)
{
    for (int i = 0; i < count; i++)
        if (strcmp(results[i].goal->over, over) == 0 &&
            (under == NULL ? results[i].goal->under == NULL
                           : results[i].goal->under != NULL && strcmp(results[i].goal->under, under) == 0))
            return &results[i];
    fail_msg("no goal %s / %s", over, under != NULL ? under : "-");
    return NULL;
}

static void goals_are_judged(void **state)
{
    struct goal_result results[GOALS_MAX];
    int count = goals_judge(&run, results);

    (void)state;
    assert_int_equal(goal_find(results, count, "ring.stream", "pipe.stream")->verdict, GOAL_MET);
    assert_int_equal(goal_find(results, count, "ring.stream", "tcp.stream")->verdict, GOAL_NOT_MET);
    assert_false(goal_find(results, count, "ring.stream", "tcp.stream")->in_slack);
    assert_int_equal(goal_find(results, count, "ring.stream", "unix-stream.stream")->verdict, GOAL_INCONCLUSIVE);
    assert_int_equal(goal_find(results, count, "ring.stream", "nng.stream")->verdict, GOAL_NOT_MEASURED);
    assert_int_equal(goal_find(results, count, "ring.headers", NULL)->verdict, GOAL_MET);
    assert_int_equal(goal_find(results, count, "flag.round-trip", "limit.ping-pong")->verdict, GOAL_MET);
    const struct goal_result *line = goal_find(results, count, "flag-line.round-trip", "limit.ping-pong");
    assert_int_equal(line->verdict, GOAL_NOT_MET);
    assert_true(line->in_slack);
}

static void every_goal_names_rows_that_exist(void **state)
{
    struct goal_result results[GOALS_MAX];
    int count = goals_judge(&run, results);

    (void)state;
    for (int i = 0; i < count; i++) {
        if (strcmp(results[i].goal->over, "best-kernel") != 0)
            assert_non_null(run_find(&run, results[i].goal->over));
        if (results[i].goal->under != NULL)
            assert_non_null(run_find(&run, results[i].goal->under));
    }
}

static json_t *row_of(json_t *report, const char *id)
{
    size_t index;
    json_t *row;

    json_array_foreach (json_object_get(report, "rows"), index, row)
        if (strcmp(json_string_value(json_object_get(row, "id")), id) == 0)
            return row;
    return NULL;
}

static void the_report_has_its_documented_shape(void **state)
{
    json_t *report = report_new(&run, &machine, "bench --json x.json");
    const char *format, *date, *command, *cpu;
    int rounds, frame;
    double median;

    (void)state;
    assert_non_null(report);
    assert_int_equal(json_unpack(report, "{s:s, s:s, s:s, s:{s:s}, s:{s:i}, s:i}", "format", &format, "date", &date,
                                 "command", &command, "machine", "cpu", &cpu, "method", "rounds", &rounds,
                                 "frame_bytes", &frame),
                     0);
    assert_string_equal(format, "shmlab-bench/1");
    assert_string_equal(date, machine.date);
    assert_string_equal(cpu, machine.cpu);
    assert_int_equal(rounds, 3);
    assert_int_equal(frame, 1233620);
    assert_int_equal(json_array_size(json_object_get(report, "rows")), run.count);
    assert_int_equal(json_unpack(row_of(report, "pipe.stream"), "{s:f}", "median", &median), 0);
    assert_true(median > 1999 && median < 2001);
    assert_string_equal(json_string_value(json_object_get(row_of(report, "pipe.stream"), "waits")), "sleeps");
    json_decref(report);
}

static void inconclusive_rows_carry_no_figure(void **state)
{
    json_t *report = report_new(&run, &machine, "bench");
    json_t *row = row_of(report, "unix-stream.stream"), *skipped = row_of(report, "nng.stream");

    (void)state;
    assert_string_equal(json_string_value(json_object_get(row, "state")), "inconclusive");
    assert_null(json_object_get(row, "median"));
    assert_null(json_object_get(row, "values"));
    assert_string_equal(json_string_value(json_object_get(skipped, "state")), "skipped");
    assert_non_null(strstr(json_string_value(json_object_get(skipped, "reason")), "libnng-dev"));
    json_decref(report);
}

/* All that a function prints, in memory. */
static char *printed(void (*print)(FILE *, const struct run *, const struct machine *))
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    assert_non_null(out);
    print(out, &run, &machine);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void the_table_says_inconclusive_and_skipped(void **state)
{
    char *text = printed(table_print);

    (void)state;
    assert_non_null(strstr(text, "20,000 /s")); /* the median of ring.stream's three rounds */
    assert_non_null(strstr(text, "inconclusive"));
    assert_non_null(strstr(text, "waits by"));
    assert_non_null(strstr(text, "not installed: apt install libnng-dev"));
    free(text);
}

static void the_plot_is_drawn(void **state)
{
    char *text = printed(plot_draw);

    (void)state;
    assert_non_null(strstr(text, "<title id='t'>"));
    assert_non_null(strstr(text, "<desc id='d'>"));
    assert_null(strstr(text, "<fine>")); /* the machine's name is escaped */
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf<"));
    free(text);
    assert_int_equal(plot_write(&run, &machine, plot_path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goals_are_judged),
        cmocka_unit_test(every_goal_names_rows_that_exist),
        cmocka_unit_test(the_report_has_its_documented_shape),
        cmocka_unit_test(inconclusive_rows_carry_no_figure),
        cmocka_unit_test(the_table_says_inconclusive_and_skipped),
        cmocka_unit_test(the_plot_is_drawn),
    };

    plot_path = getenv("BENCH_TEST_PLOT") != NULL ? getenv("BENCH_TEST_PLOT") : "/dev/null";
    return cmocka_run_group_tests(tests, run_make, NULL);
}
