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
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compile.h"
#include "judge.h"
#include "objects.h"
#include "render.h"
#include "text.h"
#include "toolchain.h"

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

static void not_here(struct check *check)
{
    check_unjudged(check, "no such kernel");
}

/* No library gets into a program that is linked statically: what it does says nothing about failing calls. */
static void shim_stays_out(struct check *check)
{
    check_inject(check, "shmget:1:EACCES");
    RUN(check, 0, STATIC_PROGRAM);
}

static void shim_stays_out_of_a_failure(struct check *check)
{
    check_inject(check, "shmget:1:EACCES");
    RUN(check, 1, STATIC_PROGRAM);
}

/* The second of two calls fails, and a third one is never made. A program finds no trace of the order. */
static void shim_fails_a_call(struct check *check)
{
    static const char *const script = "import ctypes, os, sys\n"
                                      "libc = ctypes.CDLL(None, use_errno=True)\n"
                                      "ids = [libc.shmget(0, 512, 0o1600) for _ in range(2)]\n"
                                      "print(ids[1] == -1 and ctypes.get_errno())\n"
                                      "libc.shmctl(ids[0], 0, None)\n"
                                      "mine = open('/proc/self/environ').read()\n"
                                      "print('hidden' if 'SHMLAB' not in mine and 'LD_PRELOAD' not in mine and\n"
                                      "      'LD_PRELOAD' not in os.environ else mine)\n";
    const char *const argv[] = {TOOLCHAIN_PYTHON, "-c", script, NULL};

    check_inject(check, "shmget:2:ENOMEM");
    struct program *program = check_run(check, 0, argv);
    REQUIRE(check, program_said(program, "12\n") && program_said(program, "hidden"), .expected = "ENOMEM, hidden",
            .found = program_output(program));
    REQUIRE(check, program_injected(program) == 1, .found = "another number of failures");
    check_inject(check, "shmget:3:ENOMEM");
    program = check_run(check, 0, argv);
    REQUIRE(check, program_injected(program) == 0, .found = "a call failed that was not made");
}

/* There, but closed to everybody who is not root; and there, but of another kind: none. */
static void finds_closed_segment(struct check *check)
{
    const char *key = check_key(check);

    sysv_create(check, key, 512, 0);
    sysv_missing(check, key, "a segment");
}

static void finds_closed_semaphore(struct check *check)
{
    const char *name = check_name(check);

    semaphore_create(check, name, 1);
    chmod(check_text(check, "/dev/shm/sem.%s", name + 1), 0);
    semaphore_missing(check, name);
}

static void bombs(struct check *check)
{
    RUN(check, 0, CROWD_PROGRAM);
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
    {.name = "needs_needs_bad",
     .points = 5,
     .title = "t",
     .concept = "c",
     .hints = {"1", "2", "3"},
     .needs = {"needs_bad"},
     .run = good},
    {.name = "not_here", .points = 11, .title = "t", .concept = "c", .hints = {"1", "2", "3"}, .run = not_here},
    {.name = "needs_both",
     .points = 1,
     .title = "t",
     .concept = "c",
     .hints = {"1", "2", "3"},
     .needs = {"refuses", "not_here"},
     .run = good},
    {.name = "litters", .points = 20, .title = "t", .concept = "c", .hints = {"1", "2", "3"}, .run = litters},
    {.name = "static", .title = "t", .concept = "c", .hints = {"1", "2", "3"}, .run = shim_stays_out},
    {.name = "static_fails",
     .title = "t",
     .concept = "c",
     .hints = {"1", "2", "3"},
     .run = shim_stays_out_of_a_failure},
    {.name = "closed", .title = "t", .concept = "c", .hints = {"1", "2", "3"}, .run = finds_closed_segment},
    {.name = "closed_semaphore", .title = "t", .concept = "c", .hints = {"1", "2", "3"}, .run = finds_closed_semaphore},
    {.name = "bombs", .title = "t", .concept = "c", .hints = {"1", "2", "3"}, .run = bombs},
    {.name = "fault", .title = "t", .concept = "c", .hints = {"1", "2", "3"}, .run = shim_fails_a_call},
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

/* ---- Checks whose outcome depends on how often they ran ---- */

static int *turns; /* shared with the checks */

static void third_fails(struct check *check)
{
    if (++*turns == 3)
        FAIL(check, .expected = "another turn", .found = check_text(check, "turn %d", *turns));
}

static void third_passes(struct check *check)
{
    if (++*turns != 3)
        FAIL(check, .expected = "another turn", .found = check_text(check, "turn %d", *turns));
}

static void first_litters(struct check *check)
{
    if (++*turns == 1)
        RUN(check, 0, "/bin/sh", "-c", check_text(check, "printf x > /dev/shm%s", check_name(check)));
}

#define CHANCY(function)                                                                                              \
    {                                                                                                                 \
        .name = #function, .title = "t", .concept = "c", .hints = {"1", "2", "3"}, .needs = {"good"}, .run = function \
    }
static const struct check_case chancy_cases[] = {
    {.name = "good", .title = "t", .concept = "c", .hints = {"1", "2", "3"}, .run = good},
    CHANCY(bad),
    CHANCY(third_fails),
    CHANCY(third_passes),
    CHANCY(first_litters),
};
static const struct lab chancy = {.name = "lab8_chancy",
                                  .title = "made up",
                                  .cases = chancy_cases,
                                  .case_count = sizeof chancy_cases / sizeof chancy_cases[0]};

/* ---- Programs that end otherwise than they should: the advice of the check is about something else ---- */

static char own_path[512]; /* of this test, which is a program, too: see main */

static void advised(struct check *check)
{
    ADVISE(check, .file = "file.c", .line = 7, .cause = "something else", .next = "something else");
}

static void bus_error(struct check *check)
{
    advised(check);
    RUN(check, 0, "/bin/sh", "-c", "kill -BUS $$");
}

static void floods(struct check *check)
{
    advised(check);
    RUN(check, 0, "/bin/sh", "-c", "exec tr '\\0' x </dev/zero");
}

static void refused(struct check *check)
{
    advised(check);
    RUN(check, 0, "/bin/sh", "-c", "echo 'producer: ftruncate: EINVAL (Invalid argument)'; exit 1");
}

static void sleeps(struct check *check)
{
    advised(check);
    RUN(check, 0, own_path, check_name(check));
}

static void other_status(struct check *check)
{
    advised(check);
    RUN(check, 3, "/bin/sh", "-c", "exit 4");
}

/* It ends, and its child holds its output. */
static void leaves_a_child(struct check *check)
{
    RUN(check, 3, "/bin/sh", "-c", "echo said; sleep 1000 & exit 3");
}

/* What the check sees is not what has happened. */
static void crashes_unseen(struct check *check)
{
    struct program *program = START(check, "/bin/sh", "-c", "kill -SEGV $$");

    advised(check);
    AWAIT(check, !program_runs(program), "it ends");
    FAIL(check, .expected = "something", .found = "nothing");
}

/* Somebody cuts an object while the check looks at it. */
static void cut_object(struct check *check)
{
    const char *name = check_name(check);
    volatile char *memory = posix_create(check, name, 4096, 0600);

    RUN(check, 0, "/bin/sh", "-c", check_text(check, "true >/dev/shm%s", name));
    memory[0] = 1;
}

#define ENDS(function, how_long)                                                                                      \
    {                                                                                                                 \
        .name = #function, .title = "t", .concept = "c", .hints = {"1", "2", "3"}, .limit = how_long, .run = function \
    }
static const struct check_case ends_cases[] = {
    ENDS(bus_error, LIMIT_QUICK),      ENDS(floods, LIMIT_LONG),        ENDS(refused, LIMIT_QUICK),
    ENDS(sleeps, LIMIT_LONG),          ENDS(other_status, LIMIT_QUICK), ENDS(leaves_a_child, LIMIT_QUICK),
    ENDS(crashes_unseen, LIMIT_QUICK), ENDS(cut_object, LIMIT_QUICK),
};
static const struct lab ends = {.name = "lab6_ends",
                                .title = "made up",
                                .cases = ends_cases,
                                .case_count = sizeof ends_cases / sizeof ends_cases[0]};

/* Nothing is wrong with these. */
static const struct check_case right_cases[] = {
    {.name = "good", .points = 89, .title = "t", .concept = "c", .hints = {"1", "2", "3"}, .run = good},
    {.name = "not_here", .points = 11, .title = "t", .concept = "c", .hints = {"1", "2", "3"}, .run = not_here},
};
static const struct lab right = {.name = "lab7_right",
                                 .title = "made up",
                                 .cases = right_cases,
                                 .case_count = sizeof right_cases / sizeof right_cases[0]};

static const char *member(const json_t *verdict, const char *name, const char *key)
{
    size_t i;
    json_t *check;

    json_array_foreach (json_object_get(verdict, "checks"), i, check) {
        if (strcmp(json_string_value(json_object_get(check, "name")), name) == 0) {
            const char *text = json_string_value(json_object_get(check, key));
            return text != NULL ? text : "";
        }
    }
    fail_msg("no check %s", name);
    return NULL;
}

/* Says what the check has found where its outcome is another one. */
static void outcome_is(const json_t *verdict, const char *name, const char *outcome)
{
    if (strcmp(member(verdict, name, "outcome"), outcome) != 0)
        print_error("%s: %s\n", name, member(verdict, name, "found"));
    assert_string_equal(member(verdict, name, "outcome"), outcome);
}

static json_t *lab_run(const struct lab *of, const char *only, int repeat)
{
    char folder[] = "/tmp/shmlab-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    const struct judge_order order = {
        .lab = of, .folder = folder, .only = only, .results = folder, .jobs = 3, .repeat = repeat};
    json_t *verdict = judge_run(&order);

    assert_non_null(verdict);
    for (size_t i = 0; i < of->case_count; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s.txt", folder, of->cases[i].name);
        unlink(path);
    }
    assert_int_equal(rmdir(folder), 0);
    return verdict;
}

static json_t *run(const char *only)
{
    return lab_run(&lab, only, 0);
}

static json_t *run_again(const char *only, int repeat)
{
    *turns = 0;
    return lab_run(&chancy, only, repeat);
}

static void each_check_is_one_record(void **state)
{
    (void)state;
    json_t *verdict = run(NULL);

    outcome_is(verdict, "good", "passed");
    outcome_is(verdict, "bad", "failed");
    assert_string_equal(member(verdict, "bad", "found"), "\xEF\xBF\xBDtwo\xEF\xBF\xBD");
    assert_string_equal(member(verdict, "bad", "cause"), "a cause");
    outcome_is(verdict, "needs_bad", "skipped");
    outcome_is(verdict, "crashes", "error");
    outcome_is(verdict, "silent", "error");
    outcome_is(verdict, "refuses", "skipped");
    outcome_is(verdict, "needs_needs_bad", "skipped"); /* a failure reaches that far */
    outcome_is(verdict, "not_here", "unjudged");
    assert_string_equal(member(verdict, "not_here", "found"), "no such kernel");
    outcome_is(verdict, "needs_both", "passed"); /* nobody has failed */
    outcome_is(verdict, "static", "error");
    outcome_is(verdict, "static_fails", "error");
    assert_non_null(strstr(member(verdict, "static_fails", "found"), "shmlab_shim.so did not get into it"));
    outcome_is(verdict, "fault", "passed");
    outcome_is(verdict, "bombs", "failed");
    assert_non_null(strstr(member(verdict, "bombs", "found"), "more than 256 of them"));
    assert_non_null(
        strstr(member(verdict, "closed", "found"), "a segment with mode 0000, which even you may not open"));
    assert_non_null(strstr(member(verdict, "closed_semaphore", "found"), "one with mode 0000, which even you"));
    outcome_is(verdict, "litters", "passed");
    outcome_is(verdict, "hidden", "hidden");
    outcome_is(verdict, "leaks", "failed");
    assert_int_equal(json_integer_value(json_object_get(verdict, "points")), 31);
    assert_int_equal(json_integer_value(json_object_get(verdict, "points_unjudged")), 11);
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
    outcome_is(verdict, "needs_bad", "skipped");
    json_decref(verdict);
}

static void what_is_not_judged_here_is_not_wrong(void **state)
{
    (void)state;
    json_t *verdict = lab_run(&right, NULL, 0);
    struct render render = {.width = 100, .source = "", .plain = true};
    char *text = NULL;
    size_t size = 0;

    assert_true(verdict_right(verdict));
    assert_true(verdict_full(verdict));
    render.stream = open_memstream(&text, &size);
    assert_non_null(render.stream);
    render_sum(&render, verdict);
    fclose(render.stream);
    assert_string_equal(text, "89 of 89 judged points; 11 not judged on this machine: see make doctor\n");
    free(text);
    json_decref(verdict);
    verdict = run(NULL);
    assert_false(verdict_right(verdict));
    json_decref(verdict);
}

static void what_is_damaged_is_empty(void **state)
{
    (void)state;
    json_t *wrong = json_pack("{s:i, s:s, s:{}}", "text", 7, "outcome", "fantastic", "number");

    assert_string_equal(verdict_text(NULL, "text"), "");
    assert_string_equal(verdict_text(wrong, "text"), "");
    assert_int_equal(verdict_integer(wrong, "number"), 0);
    assert_false(verdict_is(wrong, "text", "7"));
    assert_int_equal(outcome_of(NULL), OUTCOME_PENDING);
    assert_int_equal(outcome_of(wrong), OUTCOME_PENDING);
    assert_null(verdict_check(wrong, "good"));
    for (int i = 0; i < OUTCOMES; i++) {
        verdict_outcome(wrong, (enum outcome)i);
        assert_int_equal(outcome_of(wrong), i);
    }
    json_decref(wrong);
}

static void an_end_has_a_cause_of_its_own(void **state)
{
    (void)state;
    json_t *verdict = lab_run(&ends, NULL, 0);

    assert_string_equal(member(verdict, "bus_error", "ended"), "signal");
    assert_non_null(strstr(member(verdict, "bus_error", "cause"), "shorter than the mapping"));
    assert_non_null(strstr(member(verdict, "bus_error", "next"), "ftruncate"));
    assert_string_equal(member(verdict, "floods", "ended"), "flood");
    assert_non_null(strstr(member(verdict, "floods", "found"), "it printed more than 16 MiB and was ended"));
    assert_true(strlen(member(verdict, "floods", "found")) < 1000);
    assert_non_null(strstr(member(verdict, "floods", "found"), "... (at least 64 KiB more)"));
    assert_string_equal(member(verdict, "floods", "heir"), ""); /* it left nobody, however full its pipe was */
    assert_non_null(strstr(member(verdict, "refused", "cause"), "not open for writing"));
    assert_string_equal(member(verdict, "refused", "ended"), "");
    assert_string_equal(member(verdict, "sleeps", "ended"), "limit");
    assert_non_null(strstr(member(verdict, "sleeps", "found"), "sleeps in sem_wait on /shmlab_"));
    assert_non_null(strstr(member(verdict, "sleeps", "found"), "whose value is 0"));
    assert_non_null(strstr(member(verdict, "sleeps", "cause"), "no process is left"));
    assert_string_equal(member(verdict, "other_status", "cause"), "something else");
    outcome_is(verdict, "leaves_a_child", "passed");
    assert_string_equal(member(verdict, "leaves_a_child", "heir"), "sh");
    assert_string_equal(member(verdict, "crashes_unseen", "ended"), "signal");
    assert_non_null(
        strstr(member(verdict, "crashes_unseen", "found"), "nothing\n`sh -c kill -SEGV $$` was ended by signal"));
    outcome_is(verdict, "cut_object", "failed");
    assert_non_null(strstr(member(verdict, "cut_object", "found"), "made shorter"));
    json_decref(verdict);
}

static void long_lines_are_cut(void **state)
{
    (void)state;
    char line[1000];

    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    memcpy(line + TEXT_LINE - 1, "\xC3\xA4", 2); /* no half character */
    char *clip = text_clip(line);
    assert_int_equal(strlen(clip), TEXT_LINE - 1 + strlen("... (760 bytes more)"));
    assert_non_null(strstr(clip, "x... (760 bytes more)"));
    free(clip);
    clip = text_clip("one\ntwo\n");
    assert_string_equal(clip, "one\ntwo\n");
    free(clip);
}

/* "3/2": of three runs two have passed. */
static const char *tally(const json_t *verdict, const char *name)
{
    static char text[32];
    size_t i;
    json_t *check;

    text[0] = '\0';
    json_array_foreach (json_object_get(verdict, "checks"), i, check) {
        if (strcmp(json_string_value(json_object_get(check, "name")), name) == 0 &&
            json_object_get(check, "runs") != NULL)
            snprintf(text, sizeof text, "%d/%d", (int)json_integer_value(json_object_get(check, "runs")),
                     (int)json_integer_value(json_object_get(check, "runs_passed")));
    }
    return text;
}

static void a_check_runs_again_while_its_outcome_stays_the_same(void **state)
{
    (void)state;
    json_t *verdict = run_again("bad", 4);
    assert_string_equal(tally(verdict, "bad"), "4/0");
    outcome_is(verdict, "bad", "failed");
    assert_string_equal(tally(verdict, "good"), ""); /* it was only needed */
    json_decref(verdict);

    verdict = run_again("third_fails", 2);
    assert_string_equal(tally(verdict, "third_fails"), "2/2");
    outcome_is(verdict, "third_fails", "passed");
    json_decref(verdict);

    verdict = run_again("third_fails", 5);
    assert_string_equal(tally(verdict, "third_fails"), "3/2");
    outcome_is(verdict, "third_fails", "failed");
    json_decref(verdict);

    verdict = run_again("third_passes", 5);
    assert_string_equal(tally(verdict, "third_passes"), "3/1");
    outcome_is(verdict, "third_passes", "failed"); /* what failed counts */
    assert_string_equal(member(verdict, "third_passes", "found"), "turn 1");
    json_decref(verdict);
}

static void what_any_run_left_behind_stays(void **state)
{
    (void)state;
    json_t *verdict = run_again("first_litters", 3);

    assert_string_equal(tally(verdict, "first_litters"), "3/3");
    assert_int_equal(json_array_size(json_object_get(verdict, "leaks")), 1);
    json_decref(verdict);
}

/* As a program: wait for a semaphore that nobody posts. */
static int wait_for_ever(const char *name)
{
    sem_t *semaphore = sem_open(name, O_CREAT | O_EXCL, 0600, 0);

    return semaphore != SEM_FAILED && sem_wait(semaphore) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return wait_for_ever(argv[1]);
    if (readlink("/proc/self/exe", own_path, sizeof own_path - 1) == -1)
        return EXIT_FAILURE;
    turns = mmap(NULL, sizeof *turns, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (turns == MAP_FAILED)
        return EXIT_FAILURE;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_check_is_one_record),
        cmocka_unit_test(what_is_not_judged_here_is_not_wrong),
        cmocka_unit_test(what_is_damaged_is_empty),
        cmocka_unit_test(an_end_has_a_cause_of_its_own),
        cmocka_unit_test(long_lines_are_cut),
        cmocka_unit_test(one_check_runs_with_what_it_needs),
        cmocka_unit_test(a_check_runs_again_while_its_outcome_stays_the_same),
        cmocka_unit_test(what_any_run_left_behind_stays),
    };
    return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
