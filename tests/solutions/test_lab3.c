/* Lab 3's programs: the mailbox between C and Python, start orders, dead peers. */
#define _GNU_SOURCE
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <unistd.h>

#define WRITER SOLUTION("lab3_handshake", "writer")
#define READER SOLUTION("lab3_handshake", "reader")
#define PYTHON SCRIPT("lab3_handshake", "reader.py")

static char key_path[] = "/tmp/shmlabtest.XXXXXX"; /* a file of ours: ftok makes a key of it that nobody else has */

static bool mailbox_left(void)
{
    return shmget(ftok(key_path, 65), 0, 0) != -1;
}

static void five_messages(struct process *reader, int from)
{
    char line[80];

    for (int number = from; number <= 5; number++) {
        snprintf(line, sizeof line, "received #%d: Message #%d from Writer Process (PID: ", number, number);
        EXPECT(reader, line);
    }
}

static const char *const c_reader[] = {READER, "--key-path", key_path, NULL};
static const char *const python_reader[] = {SHMLAB_PYTHON, PYTHON, "--key-path", key_path, NULL};

static void writer_first(const char *const reader_argv[])
{
    struct process writer, reader;

    START(&writer, WRITER, "--key-path", key_path);
    EXPECT(&writer, "sent #1");
    start(&reader, reader_argv);
    five_messages(&reader, 1);
    FINISH(&reader, 0);
    EXPECT(&writer, "all 5 messages were taken");
    FINISH(&writer, 0);
    assert_false(mailbox_left());
}

static void reader_first(const char *const reader_argv[])
{
    struct process writer, reader;

    start(&reader, reader_argv);
    EXPECT(&reader, "waiting");
    START(&writer, WRITER, "--key-path", key_path);
    five_messages(&reader, 1);
    FINISH(&reader, 0);
    FINISH(&writer, 0);
    assert_false(mailbox_left());
}

static void either_side_first_in_c(void **state)
{
    (void)state;
    writer_first(c_reader);
    reader_first(c_reader);
}

static void either_side_first_with_python(void **state)
{
    (void)state;
    writer_first(python_reader);
    reader_first(python_reader);
}

static void mailbox_is_as_documented(void **state)
{
    (void)state;
    struct process writer;
    struct shmid_ds info;
    char message[64];
    int32_t counter;

    START(&writer, WRITER, "--key-path", key_path);
    EXPECT(&writer, "sent #1");
    int id = shmget(ftok(key_path, 65), 0, 0);
    assert_int_equal(shmctl(id, IPC_STAT, &info), 0);
    assert_int_equal(info.shm_segsz, 108);
    assert_int_equal(info.shm_perm.mode & 0777, 0600);
    const char *bytes = shmat(id, NULL, SHM_RDONLY);
    assert_ptr_not_equal(bytes, (void *)-1);
    memcpy(&counter, bytes, 4);
    assert_int_equal(counter, 1);
    snprintf(message, sizeof message, "Message #1 from Writer Process (PID: %d)", (int)writer.pid);
    assert_string_equal(bytes + 4, message);
    assert_int_equal(bytes[104], 1);
    shmdt(bytes);
    process_signal(&writer, SIGTERM);
    EXPECT(&writer, "message #1 was not taken");
    FINISH(&writer, 1);
    assert_false(mailbox_left());
}

static void foreign_peers_interoperate(void **state)
{
    (void)state;
    struct process writer, reader;

    START(&reader, SHMLAB_PYTHON, FOREIGN, "read", "lab3", key_path);
    START(&writer, WRITER, "--key-path", key_path);
    EXPECT(&reader, "5 Message #5 from Writer Process");
    FINISH(&reader, 0);
    FINISH(&writer, 0);

    const char *const *const readers[] = {c_reader, python_reader};
    for (size_t i = 0; i < 2; i++) {
        start(&reader, readers[i]);
        EXPECT(&reader, "waiting");
        START(&writer, SHMLAB_PYTHON, FOREIGN, "write", "lab3", key_path);
        EXPECT(&reader, "received #1: foreign 1");
        EXPECT(&reader, "received #5: foreign 5");
        FINISH(&reader, 0);
        FINISH(&writer, 0);
    }
    assert_false(mailbox_left());
}

static void writer_is_told_that_the_reader_died(void **state)
{
    (void)state;
    struct process writer, reader;

    START(&writer, WRITER, "--key-path", key_path, "--messages", "1000000000");
    START(&reader, READER, "--key-path", key_path, "--messages", "1000000000");
    EXPECT(&reader, "received #3");
    process_signal(&reader, SIGKILL);
    FINISH(&reader, KILLED + SIGKILL);
    EXPECT(&writer, "the reader is gone");
    FINISH(&writer, 1);
    assert_false(mailbox_left());
}

static void reader_is_told_that_the_writer_died(void **state)
{
    (void)state;
    static const char *const readers[][10] = {
        {READER, "--key-path", key_path, "--messages", "1000000000", NULL},
        {SHMLAB_PYTHON, PYTHON, "--key-path", key_path, "--messages", "1000000000", NULL},
    };

    for (size_t i = 0; i < 2; i++) {
        struct process writer, reader;

        START(&writer, WRITER, "--key-path", key_path, "--messages", "1000000000");
        start(&reader, readers[i]);
        EXPECT(&reader, "received #3");
        process_signal(&writer, SIGKILL);
        FINISH(&writer, KILLED + SIGKILL);
        EXPECT(&reader, "the writer is gone");
        FINISH(&reader, 1);
        assert_true(mailbox_left()); /* it was not the reader's to remove ... */
        writer_first(c_reader);      /* ... and the next writer puts it right */
    }
}

static void reader_ignores_a_dead_writers_mailbox(void **state)
{
    (void)state;
    const char *const *const readers[] = {c_reader, python_reader};

    for (size_t i = 0; i < 2; i++) {
        struct process dead, writer, reader;

        START(&dead, WRITER, "--key-path", key_path);
        EXPECT(&dead, "sent #1");
        process_signal(&dead, SIGKILL);
        FINISH(&dead, KILLED + SIGKILL);
        start(&reader, readers[i]);
        EXPECT(&reader, "waiting");
        START(&writer, WRITER, "--key-path", key_path);
        EXPECT(&writer, "left behind");
        five_messages(&reader, 1);
        FINISH(&reader, 0);
        FINISH(&writer, 0);
        assert_false(mailbox_left());
    }
}

static void second_writer_and_foreign_segment_are_refused(void **state)
{
    (void)state;
    struct process first, second;

    START(&first, WRITER, "--key-path", key_path);
    EXPECT(&first, "sent #1");
    START(&second, WRITER, "--key-path", key_path);
    EXPECT(&second, "which is alive");
    FINISH(&second, 1);
    process_signal(&first, SIGINT);
    FINISH(&first, 1);

    int id = shmget(ftok(key_path, 65), 50, IPC_CREAT | IPC_EXCL | 0600);
    START(&second, WRITER, "--key-path", key_path);
    EXPECT(&second, "has 50 bytes, not 108");
    FINISH(&second, 1);
    assert_int_equal(shmctl(id, IPC_RMID, NULL), 0);
}

static void nobody_waits_for_ever(void **state)
{
    (void)state;
    struct process program;

    START(&program, WRITER, "--key-path", key_path, "--timeout", "0");
    EXPECT(&program, "nobody took message #1");
    FINISH(&program, 1);
    START(&program, READER, "--key-path", key_path, "--timeout", "0");
    EXPECT(&program, "no writer came");
    FINISH(&program, 1);
    START(&program, SHMLAB_PYTHON, PYTHON, "--key-path", key_path, "--timeout", "0");
    FINISH(&program, 1);
    assert_false(mailbox_left());
}

static void killed_at_any_moment_the_next_start_recovers(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGKILL};
    struct process writer, reader;

    for (int round = 0; round < ROUNDS_KILLING; round++) {
        int number = signals[random_below(4)];
        bool kill_writer = random_below(2) == 0;
        char line[32];

        START(&writer, WRITER, "--key-path", key_path, "--messages", "1000000000");
        START(&reader, READER, "--key-path", key_path, "--messages", "1000000000");
        snprintf(line, sizeof line, "received #%u:", 1 + random_below(20));
        EXPECT(&reader, line);
        random_delay();
        process_signal(kill_writer ? &writer : &reader, number);
        int expected = number == SIGKILL ? KILLED + SIGKILL : 1;
        FINISH(&writer, kill_writer ? expected : 1);
        FINISH(&reader, kill_writer ? 1 : expected);
        if (number != SIGKILL || !kill_writer)
            assert_false(mailbox_left());
    }
    writer_first(c_reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mailbox_is_as_documented),
        cmocka_unit_test(either_side_first_in_c),
        cmocka_unit_test(either_side_first_with_python),
        cmocka_unit_test(foreign_peers_interoperate),
        cmocka_unit_test(writer_is_told_that_the_reader_died),
        cmocka_unit_test(reader_is_told_that_the_writer_died),
        cmocka_unit_test(reader_ignores_a_dead_writers_mailbox),
        cmocka_unit_test(second_writer_and_foreign_segment_are_refused),
        cmocka_unit_test(nobody_waits_for_ever),
        cmocka_unit_test(killed_at_any_moment_the_next_start_recovers),
    };
    int file = mkstemp(key_path);

    if (file == -1) {
        perror(key_path);
        return 1;
    }
    int failed = cmocka_run_group_tests_name("lab 3", tests, NULL, NULL);
    close(file);
    unlink(key_path);
    return failed;
}
