/* Lab 1's programs: the bytes in the segment, start and end of the writer, the Python reader. */
#define _GNU_SOURCE
#include "support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRITER SOLUTION("lab1_layout", "writer")
#define LAYOUT SOLUTION("lab1_layout", "layout")
#define READER SCRIPT("lab1_layout", "reader.py")

/* The published table, written out again on purpose: the test must not share a mistake with the headers. */
static void bytes_are_as_published(void **state)
{
    (void)state;
    const char *name = unique_object();
    struct process writer;
    unsigned char bytes[1024];
    int32_t integer;
    double temperature;
    float coordinates[3];
    int64_t timestamp;

    START(&writer, WRITER, "--name", name);
    EXPECT(&writer, "press Enter");
    int fd = shm_open(name, O_RDONLY, 0);
    struct stat info;
    assert_int_equal(fstat(fd, &info), 0);
    assert_int_equal(info.st_size, 1024);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(read(fd, bytes, sizeof bytes), sizeof bytes);
    close(fd);

    memcpy(&integer, bytes + 0, 4);
    assert_int_equal(integer, writer.pid);
    char last_line[64];
    snprintf(last_line, sizeof last_line, "Written by process %d", (int)writer.pid);
    assert_non_null(strstr((char *)bytes + 4, last_line));
    assert_int_equal(bytes[504], 1);
    for (size_t at = 505; at < 508; at++)
        assert_int_equal(bytes[at], 0);
    memcpy(&integer, bytes + 508, 4);
    assert_int_equal(integer, 42);
    memcpy(&temperature, bytes + 512, 8);
    assert_true(temperature == 23.5);
    memcpy(coordinates, bytes + 520, 12);
    assert_true(coordinates[0] == 10.5F && coordinates[1] == 20.3F && coordinates[2] == 30.8F);
    assert_int_not_equal(bytes[532], 0);
    for (size_t at = 582; at < 588; at++)
        assert_int_equal(bytes[at], 0);
    memcpy(&timestamp, bytes + 588, 8);
    assert_in_range(timestamp, INT64_C(1700000000000), INT64_C(4000000000000));
    for (int i = 0; i < 10; i++) {
        memcpy(&integer, bytes + 596 + 4 * i, 4);
        assert_int_equal(integer, 10 * (i + 1));
    }
    for (size_t at = 636; at < 1024; at++)
        assert_int_equal(bytes[at], 0);

    process_send(&writer, "\n");
    FINISH(&writer, 0);
    assert_none_left(name);
}

static void python_reads_what_c_writes(void **state)
{
    (void)state;
    const char *name = unique_object();
    struct process writer, reader;

    START(&writer, WRITER, "--name", name);
    EXPECT(&writer, "press Enter");
    START(&reader, SHMLAB_PYTHON, READER, "--name", name);
    EXPECT(&reader, "42");
    EXPECT(&reader, "23.5");
    EXPECT(&reader, "10.5");
    EXPECT(&reader, "20.3");
    EXPECT(&reader, "30.8");
    FINISH(&reader, 0);
    START(&reader, SHMLAB_PYTHON, FOREIGN, "read", "lab1", name);
    EXPECT(&reader, "[10, 20, 30, 40, 50, 60, 70, 80, 90, 100]");
    FINISH(&reader, 0);
    process_signal(&writer, SIGTERM);
    FINISH(&writer, 0);
    assert_none_left(name);
}

static void python_reads_a_foreign_writer(void **state)
{
    (void)state;
    const char *name = unique_object();
    struct process writer, reader;

    START(&writer, SHMLAB_PYTHON, FOREIGN, "write", "lab1", name);
    EXPECT(&writer, "written");
    START(&reader, SHMLAB_PYTHON, READER, "--name", name);
    EXPECT(&reader, "Grüße");
    EXPECT(&reader, "-7");
    EXPECT(&reader, "Zoë");
    EXPECT(&reader, "1234567890123");
    EXPECT(&reader, "9 8 7 6 5 4 3 2 1 0");
    FINISH(&reader, 0);
    process_end_input(&writer);
    FINISH(&writer, 0);
    assert_none_left(name);
}

static void reader_without_writer_says_what_to_do(void **state)
{
    (void)state;
    struct process reader;

    START(&reader, SHMLAB_PYTHON, READER, "--name", unique_object());
    EXPECT(&reader, "ENOENT");
    EXPECT(&reader, "writer");
    FINISH(&reader, 1);
}

static void second_writer_is_refused(void **state)
{
    (void)state;
    const char *name = unique_object();
    struct process first, second;

    START(&first, WRITER, "--name", name);
    EXPECT(&first, "press Enter");
    START(&second, WRITER, "--name", name, "--hold", "0");
    EXPECT(&second, "another writer holds it");
    FINISH(&second, 1);
    process_send(&first, "\n");
    FINISH(&first, 0);
    assert_none_left(name);
}

static void end_of_input_is_not_enter(void **state)
{
    (void)state;
    const char *name = unique_object();
    struct process writer;

    START(&writer, WRITER, "--name", name);
    EXPECT(&writer, "press Enter");
    process_end_input(&writer);
    assert_true(
        object_left(name)); /* it cannot have ended at once; that it goes on waiting is seen by the signal's name */
    process_signal(&writer, SIGINT);
    EXPECT(&writer, "Interrupt");
    FINISH(&writer, 0);
    assert_none_left(name);
}

static void killed_at_any_moment_the_next_start_recovers(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGKILL};
    const char *name = unique_object();
    struct process writer;

    for (int round = 0; round < ROUNDS_KILLING; round++) {
        int number = signals[random_below(4)];

        START(&writer, WRITER, "--name", name);
        random_delay();
        process_signal(&writer, number);
        int status = process_finish(&writer);
        /* A signal before the handlers are in place ends it as any program; nothing exists by then. */
        assert_true(status == 0 || status == KILLED + number);
        process_close(&writer);
        if (status == 0)
            assert_none_left(name);
    }
    START(&writer, WRITER, "--name", name, "--hold", "0");
    FINISH(&writer, 0);
    assert_none_left(name);
}

/* A foreign writer that takes no lock loses the name, is told of in no silence, and its readers keep what they have. */
static void object_without_a_lock_is_replaced_not_overwritten(void **state)
{
    (void)state;
    const char *name = unique_object();
    struct process writer;
    int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    char first = 0;

    assert_int_equal(ftruncate(fd, 1024), 0);
    assert_int_equal(pwrite(fd, "x", 1, 0), 1);
    START(&writer, WRITER, "--name", name, "--hold", "0");
    EXPECT(&writer, "replacing");
    EXPECT(&writer, "one that takes no lock would lose it");
    FINISH(&writer, 0);
    assert_int_equal(pread(fd, &first, 1, 0), 1);
    assert_int_equal(first, 'x');
    close(fd);
    assert_none_left(name);
}

static void object_of_another_program_is_left_alone(void **state)
{
    (void)state;
    const char *name = unique_object();
    struct process writer;
    struct stat info;
    int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);

    assert_int_equal(ftruncate(fd, 244), 0);
    START(&writer, WRITER, "--name", name, "--hold", "0");
    EXPECT(&writer, "has 244 bytes, not 1024");
    FINISH(&writer, 1);
    assert_int_equal(fstat(fd, &info), 0);
    assert_int_equal(info.st_size, 244);
    assert_true(object_left(name));
    close(fd);
    shm_unlink(name);
}

static void name_that_was_taken_over_is_left_alone(void **state)
{
    (void)state;
    const char *name = unique_object();
    struct process first, second;

    START(&first, WRITER, "--name", name);
    EXPECT(&first, "press Enter");
    assert_int_equal(shm_unlink(name), 0);
    START(&second, WRITER, "--name", name);
    EXPECT(&second, "press Enter");
    process_send(&first, "\n");
    EXPECT(&first, "somebody removed");
    FINISH(&first, 1);
    assert_true(object_left(name));
    process_send(&second, "\n");
    FINISH(&second, 0);
    assert_none_left(name);
}

/* Closed standard streams: no message of ours may end up in the segment, and no object may become standard input. */
static void closed_streams_do_no_harm(void **state)
{
    (void)state;
    const char *name = unique_object();
    struct process shell, reader;
    char command[512];

    snprintf(command, sizeof command, "echo started; exec %s --name %s <&- >&-", WRITER, name);
    START(&shell, "/bin/sh", "-c", command);
    EXPECT(&shell, "started");
    bool complete = false;
    while (!complete) {
        START(&reader, SHMLAB_PYTHON, READER, "--name", name);
        complete = process_expect(&reader, "process_id");
        if (complete) {
            char line[32];
            snprintf(line, sizeof line, "%d", (int)shell.pid);
            EXPECT(&reader, line);
            EXPECT(&reader, "Hello from the C writer!");
        }
        process_finish(&reader);
        process_close(&reader);
    }
    process_signal(&shell, SIGTERM);
    FINISH(&shell, 0);
    assert_none_left(name);
}

static void layout_shows_both_tables(void **state)
{
    (void)state;
    struct process layout;

    START(&layout, LAYOUT);
    EXPECT(&layout, "timestamp         8     584       0        588       0   <- they disagree");
    EXPECT(&layout, "632                640");
    EXPECT(&layout, "all 9 natural offsets and the size are right");
    FINISH(&layout, 0);
}

static void wrong_usage_is_status_2(void **state)
{
    (void)state;
    struct process writer;

    START(&writer, WRITER, "--hold", "soon");
    EXPECT(&writer, "--hold wants a number");
    FINISH(&writer, 2);
    START(&writer, WRITER, "--name", "/a/b");
    FINISH(&writer, 2);
    START(&writer, WRITER, "extra");
    FINISH(&writer, 2);
    START(&writer, WRITER, "--mode", "0200");
    EXPECT(&writer, "the owner able to read and write");
    FINISH(&writer, 2);
    START(&writer, WRITER, "--version");
    EXPECT(&writer, "shmlab");
    FINISH(&writer, 0);
    START(&writer, "/bin/sh", "-c", LAYOUT " > /dev/full");
    EXPECT(&writer, "standard output: No space left on device");
    FINISH(&writer, 1);
    START(&writer, WRITER, "--help");
    EXPECT(&writer, "--name");
    FINISH(&writer, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_as_published),
        cmocka_unit_test(python_reads_what_c_writes),
        cmocka_unit_test(python_reads_a_foreign_writer),
        cmocka_unit_test(reader_without_writer_says_what_to_do),
        cmocka_unit_test(second_writer_is_refused),
        cmocka_unit_test(end_of_input_is_not_enter),
        cmocka_unit_test(killed_at_any_moment_the_next_start_recovers),
        cmocka_unit_test(object_without_a_lock_is_replaced_not_overwritten),
        cmocka_unit_test(object_of_another_program_is_left_alone),
        cmocka_unit_test(name_that_was_taken_over_is_left_alone),
        cmocka_unit_test(closed_streams_do_no_harm),
        cmocka_unit_test(layout_shows_both_tables),
        cmocka_unit_test(wrong_usage_is_status_2),
    };
    return cmocka_run_group_tests_name("lab 1", tests, NULL, NULL);
}
