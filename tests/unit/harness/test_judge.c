/* The judge with checks that misbehave: each is one record, and the next check goes on. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the above first */
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "compile.h"
#include "judge.h"
#include "objects.h"

const struct lab *const judge_labs[] = {NULL}; /* here the labs are made up */

static void good(struct check *check)
{
    (void)check;
}

static void bad(struct check *check)
{
    ADVISE(check, .file = "file.c", .line = 7, .cause = "a cause");
    FAIL(check, .expected = "one", .found = "\033[31mtwo\xFF");
}

static void crashes(struct check *check)
{
    (void)check;
    raise(SIGSEGV);
}

static void silent(struct check *check)
{
    (void)check;
    _exit(0);
}

static void refuses(struct check *check)
{
    check_skip(check, "a reason");
}

/* A program that leaves a segment, and a child that would outlive it. */
static void litters(struct check *check)
{
    const char *name = check_name(check);

    RUN(check, 0, "/bin/sh", "-c", check_text(check, "printf x > /dev/shm%s", name));
    RUN(check, 0, "/usr/bin/ipcmk", "-M", "512"); /* under a key of its own choice: found by its creator */
    RUN(check, 0, "/bin/sh", "-c", "sleep 1000 >/dev/null 2>&1 &");
}

static void reports_litter(struct check *check)
{
    check_leaks(check);
}

static const struct check_case cases[] = {
    {.name = "good", .points = 10, .title = "t", .concept = "c", .hints = {"1", "2", "3"}, .run = good},
    {.name = "bad", .points = 20, .title = "t", .concept = "c", .hints = {"1", "2", "3"}, .run = bad},
    {.name = "needs_bad",
     .points = 5,
     .title = "t",
     .concept = "c",
     .hints = {"1", "2", "3"},
     .needs = {"bad"},
     .run = good},
    {.name = "crashes", .points = 20, .title = "t", .concept = "c", .hints = {"1", "2", "3"}, .run = crashes},
    {.name = "silent", .points = 20, .title = "t", .concept = "c", .hints = {"1", "2", "3"}, .run = silent},
    {.name = "refuses", .points = 20, .title = "t", .concept = "c", .hints = {"1", "2", "3"}, .run = refuses},
    {.name = "litters", .points = 20, .title = "t", .concept = "c", .hints = {"1", "2", "3"}, .run = litters},
    {.name = "extra",
     .points = 7,
     .challenge = true,
     .title = "t",
     .concept = "c",
     .hints = {"1", "2", "3"},
     .run = good},
    {.name = "hidden",
     .points = 5,
     .title = "t",
     .concept = "c",
     .hints = {"1", "2", "3"},
     .visibility = CHECK_INSTRUCTOR},
    {.name = "leaks",
     .points = 1,
     .title = "t",
     .concept = "c",
     .hints = {"1", "2", "3"},
     .last = true,
     .run = reports_litter},
};
static const struct lab lab = {
    .name = "lab9_made_up", .title = "made up", .cases = cases, .case_count = sizeof cases / sizeof cases[0]};

static const char *member(const json_t *verdict, const char *name, const char *key)
{
    size_t i;
    json_t *check;

    json_array_foreach(json_object_get(verdict, "checks"), i, check)
    {
        if (strcmp(json_string_value(json_object_get(check, "name")), name) == 0) {
            const char *text = json_string_value(json_object_get(check, key));
            return text != NULL ? text : "";
        }
    }
    fail_msg("no check %s", name);
    return NULL;
}

static json_t *run(const char *only)
{
    char folder[] = "/tmp/shmlab-test-XXXXXX", command[64];
    assert_non_null(mkdtemp(folder));
    const struct judge_order order = {
        .lab = &lab, .folder = folder, .only = only, .results = folder, .jobs = 3};
    json_t *verdict = judge_run(&order);

    assert_non_null(verdict);
    for (size_t i = 0; i < lab.case_count; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s.txt", folder, cases[i].name);
        unlink(path);
    }
    snprintf(command, sizeof command, "%s", folder);
    assert_int_equal(rmdir(folder), 0);
    return verdict;
}

static void each_check_is_one_record(void **state)
{
    (void)state;
    json_t *verdict = run(NULL);

    assert_string_equal(member(verdict, "good", "outcome"), "passed");
    assert_string_equal(member(verdict, "bad", "outcome"), "failed");
    assert_string_equal(member(verdict, "bad", "found"), "?[31mtwo?");
    assert_string_equal(member(verdict, "bad", "cause"), "a cause");
    assert_string_equal(member(verdict, "needs_bad", "outcome"), "skipped");
    assert_string_equal(member(verdict, "crashes", "outcome"), "error");
    assert_string_equal(member(verdict, "silent", "outcome"), "error");
    assert_string_equal(member(verdict, "refuses", "outcome"), "skipped");
    assert_string_equal(member(verdict, "litters", "outcome"), "passed");
    assert_string_equal(member(verdict, "hidden", "outcome"), "hidden");
    assert_string_equal(member(verdict, "leaks", "outcome"), "failed");
    assert_int_equal(json_integer_value(json_object_get(verdict, "points")), 30);
    assert_int_equal(json_integer_value(json_object_get(verdict, "challenge_points")), 7);
    assert_non_null(strstr(member(verdict, "leaks", "found"), "POSIX shared memory /shmlab_"));
    assert_non_null(strstr(member(verdict, "leaks", "found"), "512 bytes, attached 0 times"));
    json_decref(verdict);
}

static void one_check_runs_with_what_it_needs(void **state)
{
    (void)state;
    json_t *verdict = run("needs_bad");

    assert_int_equal(json_array_size(json_object_get(verdict, "checks")), 2);
    assert_string_equal(member(verdict, "needs_bad", "outcome"), "skipped");
    json_decref(verdict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_check_is_one_record),
        cmocka_unit_test(one_check_runs_with_what_it_needs),
    };
    return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
