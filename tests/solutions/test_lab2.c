/* Lab 2's programs: System V segment, its facts, stale segments, Enter and signals, C and Python readers. */
#define _GNU_SOURCE
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>

#define WRITER SOLUTION("lab2_sysv", "writer")
#define READER SOLUTION("lab2_sysv", "reader")
#define PYTHON SCRIPT("lab2_sysv", "reader.py")

static int segment_make(const char *key, size_t size)
{
    int id = shmget((key_t)strtol(key, NULL, 0), size, IPC_CREAT | IPC_EXCL | 0600);

    assert_int_not_equal(id, -1);
    return id;
}

static void segment_is_as_documented(void **state)
{
    (void)state;
    const char *key = unique_key();
    struct process writer;
    struct shmid_ds info;

    START(&writer, WRITER, "--key", key);
    EXPECT(&writer, "press Enter");
    int id = shmget((key_t)strtol(key, NULL, 0), 0, 0);
    assert_int_equal(shmctl(id, IPC_STAT, &info), 0);
    assert_int_equal(info.shm_segsz, 1024);
    assert_int_equal(info.shm_perm.mode & 0777, 0600);
    assert_int_equal(info.shm_nattch, 1);
    assert_int_equal(info.shm_cpid, writer.pid);

    const unsigned char *bytes = shmat(id, NULL, SHM_RDONLY);
    assert_ptr_not_equal(bytes, (void *)-1);
    static const int32_t array[10] = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100};
    assert_memory_equal(bytes + 596, array, sizeof array);
    assert_int_equal(bytes[504], 1);
    shmdt(bytes);
    process_send(&writer, "\n");
    FINISH(&writer, 0);
    assert_false(segment_left(key));
}

static void readers_print_every_field(const char *const argv[], struct process *writer)
{
    struct process reader;
    char last_line[64];

    start(&reader, argv);
    snprintf(last_line, sizeof last_line, "Written by process %d", (int)writer->pid);
    EXPECT(&reader, last_line);
    EXPECT(&reader, "42");
    EXPECT(&reader, "23.5");
    EXPECT(&reader, "10.5 20.3 30.8");
    EXPECT(&reader, "10 20 30 40 50 60 70 80 90 100");
    FINISH(&reader, 0);
}

static void c_and_python_read_what_c_writes(void **state)
{
    (void)state;
    const char *key = unique_key();
    struct process writer, foreign;

    START(&writer, WRITER, "--key", key);
    EXPECT(&writer, "press Enter");
    readers_print_every_field((const char *const[]){READER, "--key", key, NULL}, &writer);
    readers_print_every_field((const char *const[]){SHMLAB_PYTHON, PYTHON, "--key", key, NULL}, &writer);
    START(&foreign, SHMLAB_PYTHON, FOREIGN, "read", "lab2", key);
    EXPECT(&foreign, "[10, 20, 30, 40, 50, 60, 70, 80, 90, 100]");
    FINISH(&foreign, 0);
    process_signal(&writer, SIGINT);
    FINISH(&writer, 0);
    assert_false(segment_left(key));
}

static void c_and_python_read_a_foreign_writer(void **state)
{
    (void)state;
    const char *key = unique_key();
    struct process writer, reader;

    START(&writer, SHMLAB_PYTHON, FOREIGN, "write", "lab2", key);
    EXPECT(&writer, "written");
    START(&reader, READER, "--key", key);
    EXPECT(&reader, "Grüße");
    EXPECT(&reader, "-7");
    EXPECT(&reader, "Zoë");
    EXPECT(&reader, "1234567890123");
    EXPECT(&reader, "9 8 7 6 5 4 3 2 1 0");
    FINISH(&reader, 0);
    START(&reader, SHMLAB_PYTHON, PYTHON, "--key", key);
    EXPECT(&reader, "1234567890123");
    EXPECT(&reader, "9 8 7 6 5 4 3 2 1 0");
    FINISH(&reader, 0);
    process_end_input(&writer);
    FINISH(&writer, 0);
    assert_false(segment_left(key));
}

static void readers_without_segment_say_what_to_do(void **state)
{
    (void)state;
    const char *key = unique_key();
    struct process reader;

    START(&reader, READER, "--key", key);
    EXPECT(&reader, "ENOENT (No such file or directory): start the writer first, or pass its --key");
    FINISH(&reader, 1);
    START(&reader, SHMLAB_PYTHON, PYTHON, "--key", key);
    EXPECT(&reader, "ENOENT");
    FINISH(&reader, 1);
}

static void stale_segment_of_the_right_size_is_adopted(void **state)
{
    (void)state;
    const char *key = unique_key();
    struct process writer;

    segment_make(key, 1024);
    START(&writer, WRITER, "--key", key, "--hold", "0");
    EXPECT(&writer, "using it again");
    FINISH(&writer, 0);
    assert_false(segment_left(key));
}

static void segment_of_another_size_is_refused(void **state)
{
    (void)state;
    const char *key = unique_key();
    struct process program;
    int id = segment_make(key, 512);

    START(&program, WRITER, "--key", key, "--hold", "0");
    EXPECT(&program, "has 512 bytes, not 1024");
    FINISH(&program, 1);
    START(&program, READER, "--key", key);
    EXPECT(&program, "EINVAL");
    FINISH(&program, 1);
    START(&program, SHMLAB_PYTHON, PYTHON, "--key", key);
    FINISH(&program, 1);
    assert_true(segment_left(key)); /* not ours: untouched */
    assert_int_equal(shmctl(id, IPC_RMID, NULL), 0);
}

static void segment_in_use_is_refused(void **state)
{
    (void)state;
    const char *key = unique_key();
    struct process first, second;

    START(&first, WRITER, "--key", key);
    EXPECT(&first, "press Enter");
    START(&second, WRITER, "--key", key, "--hold", "0");
    EXPECT(&second, "is in use");
    FINISH(&second, 1);
    process_signal(&first, SIGTERM);
    FINISH(&first, 0);
    assert_false(segment_left(key));
}

static void killed_at_any_moment_the_next_start_recovers(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGKILL};
    const char *key = unique_key();
    struct process writer;

    for (int round = 0; round < ROUNDS_KILLING; round++) {
        int number = signals[random_below(4)];

        START(&writer, WRITER, "--key", key);
        random_delay();
        process_signal(&writer, number);
        int status = process_finish(&writer);
        assert_true(status == 0 || status == KILLED + number);
        process_close(&writer);
        if (status == 0)
            assert_false(segment_left(key));
    }
    START(&writer, WRITER, "--key", key, "--hold", "0");
    FINISH(&writer, 0);
    assert_false(segment_left(key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segment_is_as_documented),
        cmocka_unit_test(c_and_python_read_what_c_writes),
        cmocka_unit_test(c_and_python_read_a_foreign_writer),
        cmocka_unit_test(readers_without_segment_say_what_to_do),
        cmocka_unit_test(stale_segment_of_the_right_size_is_adopted),
        cmocka_unit_test(segment_of_another_size_is_refused),
        cmocka_unit_test(segment_in_use_is_refused),
        cmocka_unit_test(killed_at_any_moment_the_next_start_recovers),
    };
    return cmocka_run_group_tests_name("lab 2", tests, NULL, NULL);
}
