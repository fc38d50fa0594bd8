/* The programs from outside: usage, every row with a few messages, and that Ctrl-C leaves nothing behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <glob.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "process.h"

static int program_run(struct process *process, const char *const argv[])
{
    assert_true(process_start(process, argv));
    return process_finish(process);
}

static void usage_is_explained(void **state)
{
    const char *const help[] = {BENCH_PROGRAM, "--help", NULL}, *const wrong[] = {BENCH_PROGRAM, "--nonsense", NULL},
                      *const none[] = {BENCH_PROGRAM, "--list", "--only", "no-such-row", NULL};
    struct process process;

    (void)state;
    assert_int_equal(program_run(&process, help), 0);
    assert_non_null(strstr(process.text, "--json"));
    process_close(&process);
    assert_int_equal(program_run(&process, wrong), 2);
    process_close(&process);
    assert_int_equal(program_run(&process, none), 2);
    assert_non_null(strstr(process.text, "look at --list"));
    process_close(&process);
}

/* Rows that a line of --list says are skipped may be; all others must verify what they carried. */
static void every_row_carries_its_messages(void **state)
{
    const char *const argv[] = {BENCH_PROGRAM, "--smoke", NULL};
    struct process process;

    (void)state;
    int status = program_run(&process, argv);
    if (status != 0)
        print_message("%s", process.text);
    assert_int_equal(status, 0);
    assert_null(strstr(process.text, "FAILED"));
    assert_non_null(strstr(process.text, "lab6-reference.stream"));
    assert_non_null(strstr(process.text, "python-mp-queue"));
    process_close(&process);
}

static void hand_overs_are_complete(void **state)
{
    const char *const argv[] = {HANDOVER_PROGRAM, "--count", "20000", NULL};
    struct process process;

    (void)state;
    assert_int_equal(program_run(&process, argv), 0);
    assert_null(strstr(process.text, "FAILED"));
    assert_non_null(strstr(process.text, "20000 arrived"));
    process_close(&process);
}

static int files_matching(const char *pattern, pid_t pid)
{
    char text[128];
    glob_t found;

    snprintf(text, sizeof text, pattern, (long)pid);
    int count = glob(text, 0, NULL, &found) == 0 ? (int)found.gl_pathc : 0;
    globfree(&found);
    return count;
}

static void interrupted(const char *row, int number)
{
    const char *const argv[] = {BENCH_PROGRAM, "--only", row, "--rounds", "64", "--seconds", "86400", NULL};
    struct process process;

    assert_true(process_start(&process, argv));
    pid_t pid = process.pid;
    assert_true(process_expect(&process, "calibrating"));
    process_signal(&process, number);
    assert_int_equal(process_finish(&process), 1);
    assert_non_null(strstr(process.text, "nothing is left behind"));
    process_close(&process);
    assert_int_equal(files_matching("/dev/shm/*BENCH-%ld*", pid), 0);
    assert_int_equal(files_matching("/dev/shm/*shmlab-bench-%ld*", pid), 0);
    assert_int_equal(files_matching("/dev/mqueue/shmlab-bench-%ld*", pid), 0);
    assert_int_equal(files_matching("/tmp/shmlab-bench-%ld*", pid), 0);
}

static void an_interrupt_leaves_nothing_behind(void **state)
{
    (void)state;
    interrupted("lab6-reference.*", SIGINT);
    interrupted("lab6-reference.*", SIGTERM);
    interrupted("*-queue.*", SIGINT);
    interrupted("python-*", SIGINT);
    interrupted("[ip][ci][ep]*.[rs]*", SIGINT); /* iceoryx last; pipes, so that there is a row without it */
}

/* How many System V queues or semaphore sets there are in our name space; the file has a heading. */
static int objects_in(const char *path)
{
    FILE *file = fopen(path, "re");
    int lines = -1, byte;

    assert_non_null(file);
    while ((byte = fgetc(file)) != EOF)
        lines += byte == '\n';
    fclose(file);
    return lines;
}

/* In a name space of our own, where nobody else makes any; the last test, because there is no way back. */
static void system_v_objects_are_removed(void **state)
{
    (void)state;
    if (unshare(CLONE_NEWIPC) == -1 && unshare(CLONE_NEWUSER | CLONE_NEWIPC) == -1) {
        print_message("no name space for System V objects: %s\n", strerror(errno));
        skip();
    }
    interrupted("sysv-*", SIGINT);
    assert_int_equal(objects_in("/proc/sysvipc/msg"), 0);
    assert_int_equal(objects_in("/proc/sysvipc/sem"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usage_is_explained),           cmocka_unit_test(every_row_carries_its_messages),
        cmocka_unit_test(hand_overs_are_complete),      cmocka_unit_test(an_interrupt_leaves_nothing_behind),
        cmocka_unit_test(system_v_objects_are_removed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
