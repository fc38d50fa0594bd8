/* Lab 4's programs: nothing lost or doubled between several processes, clean-up by the last one out, dead peers. */
#define _GNU_SOURCE
#include "support.h"

#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shmlab/bounded_buffer.h"
#include "shmlab/presence.h"

#define PRODUCER SOLUTION("lab4_semaphores", "producer")
#define CONSUMER SOLUTION("lab4_semaphores", "consumer")
#define PYTHON   SCRIPT("lab4_semaphores", "consumer.py")

static int semaphore_value(const char *prefix, const char *name)
{
    char path[128];
    int value = -1;

    snprintf(path, sizeof path, "/%s_%s", prefix, name);
    sem_t *semaphore = sem_open(path, 0);
    if (semaphore == SEM_FAILED)
        return -1;
    sem_getvalue(semaphore, &value);
    sem_close(semaphore);
    return value;
}

static void objects_are_as_documented(void **state)
{
    (void)state;
    const char *prefix = unique_name();
    struct process producer, consumer;
    char path[128];
    uint32_t header[8];

    START(&producer, PRODUCER, "--prefix", prefix, "--items", "3", "--capacity", "5");
    EXPECT(&producer, "put item 3 of producer 1");
    snprintf(path, sizeof path, "/%s_buffer", prefix);
    int fd = shm_open(path, O_RDONLY, 0);
    struct stat info;
    assert_int_equal(fstat(fd, &info), 0);
    assert_int_equal(info.st_size, 32 + 5 * 64);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(read(fd, header, sizeof header), sizeof header);
    close(fd);
    static const uint32_t expected[8] = {0x46554253, 1, 64, 5, 0, 3, 3, 0};
    assert_memory_equal(header, expected, sizeof header);
    assert_int_equal(semaphore_value(prefix, "empty"), 2);
    assert_int_equal(semaphore_value(prefix, "full"), 3);
    assert_int_equal(semaphore_value(prefix, "mutex"), 1);

    START(&consumer, CONSUMER, "--prefix", prefix, "--items", "3");
    EXPECT(&consumer, "got item 3 of producer 1");
    FINISH(&consumer, 0);
    FINISH(&producer, 0);
    assert_none_left(prefix);
}

enum { PRODUCERS = 2, CONSUMERS = 2, ITEMS = 1000 }; /* what one consumer prints fits into a pipe */

/* Every item of every producer once, and in each consumer's output a producer's items in their order. */
static void items_check(struct process consumers[], size_t count)
{
    static unsigned char seen[PRODUCERS + 1][ITEMS + 1];

    memset(seen, 0, sizeof seen);
    for (size_t c = 0; c < count; c++) {
        int last[PRODUCERS + 1] = {0};
        for (const char *at = consumers[c].text; (at = strstr(at, "got item ")) != NULL; at++) {
            int item = 0, producer = 0;
            assert_int_equal(sscanf(at, "got item %d of producer %d", &item, &producer), 2);
            assert_in_range(producer, 1, PRODUCERS);
            assert_in_range(item, last[producer] + 1, ITEMS);
            last[producer] = item;
            assert_int_equal(seen[producer][item]++, 0);
        }
    }
    for (int producer = 1; producer <= PRODUCERS; producer++)
        for (int item = 1; item <= ITEMS; item++)
            assert_int_equal(seen[producer][item], 1);
}

static void nothing_is_lost_or_doubled(void **state)
{
    (void)state;
    const char *prefix = unique_name();
    struct process producers[PRODUCERS], consumers[CONSUMERS];

    START(&consumers[0], CONSUMER, "--prefix", prefix, "--items", "1000");
    START(&producers[0], PRODUCER, "--prefix", prefix, "--items", "1000", "--id", "1", "--quiet", "--capacity", "3");
    START(&producers[1], PRODUCER, "--prefix", prefix, "--items", "1000", "--id", "2", "--quiet", "--capacity", "3");
    START(&consumers[1], SHMLAB_PYTHON, PYTHON, "--prefix", prefix, "--items", "1000");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(process_finish(&consumers[i]), 0);
        FINISH(&producers[i], 0);
    }
    items_check(consumers, CONSUMERS);
    for (int i = 0; i < CONSUMERS; i++)
        process_close(&consumers[i]);
    assert_none_left(prefix);
}

static void foreign_peers_interoperate(void **state)
{
    (void)state;
    const char *prefix = unique_name();
    struct process producer, consumer, foreign;

    /* a foreign consumer of our producer */
    START(&foreign, SHMLAB_PYTHON, FOREIGN, "read", "lab4", prefix, "20");
    START(&producer, PRODUCER, "--prefix", prefix, "--items", "20", "--id", "3", "--capacity", "4");
    EXPECT(&foreign, "(3, 20, 'item 20 of producer 3')");
    FINISH(&foreign, 0);
    FINISH(&producer, 0);
    assert_none_left(prefix);

    /* a foreign producer beside ours, for our consumers */
    static const char *const consumers[][8] = {{CONSUMER}, {SHMLAB_PYTHON, PYTHON}};
    for (size_t i = 0; i < 2; i++) {
        const char *argv[8] = {consumers[i][0], consumers[i][1]};
        const char *const rest[] = {"--prefix", prefix, "--items", "20"};
        memcpy(argv + (argv[1] != NULL ? 2 : 1), rest, sizeof rest);

        START(&producer, PRODUCER, "--prefix", prefix, "--items", "10");
        EXPECT(&producer, "put item 8");
        START(&foreign, SHMLAB_PYTHON, FOREIGN, "write", "lab4", prefix, "10");
        start(&consumer, argv);
        EXPECT(&consumer, "foreign 10");
        FINISH(&consumer, 0);
        FINISH(&foreign, 0);
        FINISH(&producer, 0);
        assert_none_left(prefix);
    }
}

/* The page's own creator, with its locks: our consumers join it; without them, our producer says what it does. */
static void foreign_creator_is_a_full_member(void **state)
{
    (void)state;
    const char *prefix = unique_name();
    struct process producer, consumer, foreign;

    START(&foreign, SHMLAB_PYTHON, FOREIGN, "write", "lab4", prefix, "20");
    START(&consumer, CONSUMER, "--prefix", prefix, "--items", "20");
    EXPECT(&consumer, "foreign 20");
    FINISH(&consumer, 0);
    FINISH(&foreign, 0);
    assert_none_left(prefix);

    char path[128], byte = 0;
    snprintf(path, sizeof path, "/%s_buffer", prefix);
    int fd = shm_open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    assert_int_equal(ftruncate(fd, 32 + 64), 0);
    assert_int_equal(pwrite(fd, "x", 1, 40), 1);
    START(&consumer, CONSUMER, "--prefix", prefix, "--timeout", "0");
    EXPECT(&consumer, "nobody holds the lock of the buffer that is there");
    FINISH(&consumer, 1);
    START(&producer, PRODUCER, "--prefix", prefix, "--items", "1", "--timeout", "0");
    EXPECT(&producer, "replacing");
    FINISH(&producer, 1); /* nobody takes it */
    assert_int_equal(pread(fd, &byte, 1, 40), 1);
    assert_int_equal(byte, 'x');
    close(fd);
    assert_none_left(prefix);
}

static void name_that_was_removed_is_noticed(void **state)
{
    (void)state;
    const char *prefix = unique_name();
    struct process producer;
    char path[128];

    snprintf(path, sizeof path, "/%s_buffer", prefix);
    START(&producer, PRODUCER, "--prefix", prefix, "--capacity", "1", "--items", "2", "--timeout", "1000");
    EXPECT(&producer, "put item 1");
    assert_int_equal(shm_unlink(path), 0);
    EXPECT(&producer, "somebody removed");
    FINISH(&producer, 1);
    assert_none_left(prefix);

    /* a consumer that waits alone; what was put before is its */
    static const char *const consumers[][4] = {{CONSUMER, "--prefix"}, {SHMLAB_PYTHON, PYTHON, "--prefix"}};
    for (size_t i = 0; i < 2; i++) {
        const char *argv[8] = {consumers[i][0], consumers[i][1], consumers[i][2]};
        struct process consumer;

        argv[i + 2] = prefix;
        argv[i + 3] = "--timeout";
        argv[i + 4] = "1000";
        START(&producer, PRODUCER, "--prefix", prefix, "--items", "1");
        start(&consumer, argv);
        EXPECT(&consumer, "got item 1");
        FINISH(&producer, 0);
        assert_int_equal(shm_unlink(path), 0);
        EXPECT(&consumer, "somebody removed");
        EXPECT(&consumer, "got 1 of 10 items");
        FINISH(&consumer, 1);
        assert_none_left(prefix);

        /* one that ends by a signal before it has looked is the last one out as well */
        START(&producer, PRODUCER, "--prefix", prefix, "--items", "1");
        start(&consumer, argv);
        EXPECT(&consumer, "got item 1");
        FINISH(&producer, 0);
        assert_int_equal(shm_unlink(path), 0);
        process_signal(&consumer, SIGTERM);
        FINISH(&consumer, 1);
        assert_none_left(prefix);

        /* somebody who is still there may put something in: the consumer waits as long as it was told to */
        argv[i + 4] = "0.6";
        START(&producer, PRODUCER, "--prefix", prefix, "--items", "1");
        EXPECT(&producer, "put item 1");
        int fd = shm_open(path, O_RDWR, 0);
        assert_int_equal(presence_claim(fd, BUFFER_PRESENCE, PRESENCE_SHARED), 0);
        start(&consumer, argv);
        EXPECT(&consumer, "got item 1");
        FINISH(&producer, 0);
        assert_int_equal(shm_unlink(path), 0);
        EXPECT(&consumer, "nothing came for 0.6 s");
        FINISH(&consumer, 1);
        close(fd);
        for (size_t k = 0; k < 3; k++) { /* we were the last one out */
            snprintf(path, sizeof path, "/%s_%s", prefix, (const char *const[]){"empty", "full", "mutex"}[k]);
            assert_int_equal(sem_unlink(path), 0);
        }
        snprintf(path, sizeof path, "/%s_buffer", prefix);
        assert_none_left(prefix);
    }
}

static void two_sets_of_names_do_not_meet(void **state)
{
    (void)state;
    const char *prefixes[] = {unique_name(), unique_name()};
    struct process producers[2], consumers[2];

    for (int i = 0; i < 2; i++)
        START(&producers[i], PRODUCER, "--prefix", prefixes[i], "--id", i == 0 ? "5" : "6");
    for (int i = 0; i < 2; i++)
        START(&consumers[i], CONSUMER, "--prefix", prefixes[i]);
    for (int i = 0; i < 2; i++) {
        EXPECT(&consumers[i], i == 0 ? "got item 10 of producer 5" : "got item 10 of producer 6");
        FINISH(&consumers[i], 0);
        FINISH(&producers[i], 0);
        assert_none_left(prefixes[i]);
    }
}

static void blocks_when_full_and_when_empty(void **state)
{
    (void)state;
    const char *prefix = unique_name();
    struct process producer, consumer;

    START(&producer, PRODUCER, "--prefix", prefix, "--items", "5", "--capacity", "2");
    EXPECT(&producer, "put item 2");
    while (semaphore_value(prefix, "empty") != 0)
        continue;
    START(&consumer, CONSUMER, "--prefix", prefix, "--items", "6");
    EXPECT(&consumer, "got item 5");
    while (semaphore_value(prefix, "full") != 0)
        continue;
    process_signal(&consumer, SIGINT);
    EXPECT(&consumer, "got 5 of 6 items");
    FINISH(&consumer, 1);
    FINISH(&producer, 0);
    assert_none_left(prefix);
}

static void hostile_header_does_no_harm(void **state)
{
    (void)state;
    const char *prefix = unique_name();
    struct process producer, consumer;
    char path[128];
    static const uint32_t capacities[] = {0, UINT32_MAX};

    for (size_t i = 0; i < 2; i++) {
        START(&producer, PRODUCER, "--prefix", prefix, "--items", "8", "--capacity", "4");
        EXPECT(&producer, "put item 4");
        snprintf(path, sizeof path, "/%s_buffer", prefix);
        int fd = shm_open(path, O_RDWR, 0);
        START(&consumer, SHMLAB_PYTHON, PYTHON, "--prefix", prefix, "--items", "8");
        EXPECT(&consumer, "item 1 of");
        assert_int_equal(pwrite(fd, &capacities[i], 4, 12), 4); /* from now on the header lies about the capacity */
        close(fd);
        EXPECT(&consumer, "item 8 of");
        FINISH(&consumer, 0);
        FINISH(&producer, 0);
        assert_none_left(prefix);
    }
}

static void nobody_waits_for_ever(void **state)
{
    (void)state;
    const char *prefix = unique_name();
    struct process program;

    START(&program, PRODUCER, "--prefix", prefix, "--items", "9", "--timeout", "0");
    EXPECT(&program, "stayed full");
    FINISH(&program, 1);
    START(&program, CONSUMER, "--prefix", prefix, "--timeout", "0");
    EXPECT(&program, "no producer came");
    FINISH(&program, 1);
    START(&program, SHMLAB_PYTHON, PYTHON, "--prefix", prefix, "--timeout", "0");
    FINISH(&program, 1);
    assert_none_left(prefix);
}

static void killed_at_any_moment_the_next_start_recovers(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGKILL};
    const char *prefix = unique_name();

    for (int round = 0; round < ROUNDS_KILLING; round++) {
        struct process peers[4]; /* two producers, two consumers */
        int number = signals[random_below(4)];
        unsigned victim = random_below(4);

        for (unsigned i = 0; i < 4; i++) /* only the victim's output is read, so only the victim talks */
            START(&peers[i], i < 2 ? PRODUCER : CONSUMER, "--prefix", prefix, "--items", "1000000000",
                  i == victim ? "--timeout" : "--quiet", i == victim ? "30" : NULL);
        EXPECT(&peers[victim], victim < 2 ? "put item 2 " : "got item");
        random_delay();
        process_signal(&peers[victim], number);
        FINISH(&peers[victim], number == SIGKILL ? KILLED + SIGKILL : 1);
        for (unsigned i = 0; i < 4; i++) {
            if (i == victim)
                continue;
            process_signal(&peers[i], SIGTERM);
            int status = process_finish(&peers[i]); /* it may not have got so far as to install its handlers */
            assert_true(status == 1 || status == KILLED + SIGTERM);
            process_close(&peers[i]);
        }
        if (number == SIGKILL && victim < 2) { /* it may have been the only one attached: the next start recovers */
            START(&peers[0], PRODUCER, "--prefix", prefix, "--items", "1");
            START(&peers[2], CONSUMER, "--prefix", prefix, "--items", "1");
            FINISH(&peers[2], 0);
            FINISH(&peers[0], 0);
        }
        assert_none_left(prefix); /* the last one out removes all, whoever was killed */
    }
}

static void all_killed_and_the_next_start_recovers(void **state)
{
    (void)state;
    const char *prefix = unique_name();
    struct process producer, consumer;

    START(&producer, PRODUCER, "--prefix", prefix, "--items", "20");
    EXPECT(&producer, "put item 8");
    process_signal(&producer, SIGKILL);
    FINISH(&producer, KILLED + SIGKILL);
    assert_int_equal(semaphore_value(prefix, "full"), 8);

    START(&consumer, CONSUMER, "--prefix", prefix);
    EXPECT(&consumer, "waiting for a producer"); /* not fooled by what is left */
    START(&producer, PRODUCER, "--prefix", prefix, "--id", "4");
    EXPECT(&consumer, "got item 1 of producer 4");
    FINISH(&consumer, 0);
    FINISH(&producer, 0);
    assert_none_left(prefix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_as_documented),
        cmocka_unit_test(nothing_is_lost_or_doubled),
        cmocka_unit_test(foreign_peers_interoperate),
        cmocka_unit_test(foreign_creator_is_a_full_member),
        cmocka_unit_test(name_that_was_removed_is_noticed),
        cmocka_unit_test(two_sets_of_names_do_not_meet),
        cmocka_unit_test(blocks_when_full_and_when_empty),
        cmocka_unit_test(hostile_header_does_no_harm),
        cmocka_unit_test(nobody_waits_for_ever),
        cmocka_unit_test(all_killed_and_the_next_start_recovers),
        cmocka_unit_test(killed_at_any_moment_the_next_start_recovers),
    };
    return cmocka_run_group_tests_name("lab 4", tests, NULL, NULL);
}
