/* Lab 6's programs: the bytes of the queue, C and Python and foreign peers, start orders, dead peers. */
#define _GNU_SOURCE
#include "support.h"

#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shmlab/detector.h"
#include "shmlab/presence.h"
#include "shmlab/scene.h"
#include "shmlab/source.h"
#include "shmlab/yolo_queue.h"

#define PRODUCER SOLUTION("lab6_yolo_queue", "producer")
#define CONSUMER SOLUTION("lab6_yolo_queue", "consumer")
#define PYTHON   SCRIPT("lab6_yolo_queue", "consumer.py")
#define TRUTH    "--detector", "truth"

/* Written out again on purpose. */
enum { SLOT_SIZE = 1233620, QUEUE_SIZE = 6168112 };

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

static const unsigned char *queue_map(const char *prefix)
{
    char path[128];
    struct stat info;

    snprintf(path, sizeof path, "/%s_QUEUE_SHM", prefix);
    int fd = shm_open(path, O_RDONLY, 0);
    assert_int_equal(fstat(fd, &info), 0);
    assert_int_equal(info.st_size, QUEUE_SIZE);
    assert_int_equal(info.st_mode & 0777, 0600);
    const unsigned char *bytes = mmap(NULL, QUEUE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(bytes, MAP_FAILED);
    close(fd);
    return bytes;
}

/* The published table, written out again on purpose; the pixels are those that the scene renders for the same seed. */
static void queue_is_as_documented(void **state)
{
    (void)state;
    const char *prefix = unique_name();
    struct process producer;
    char error[256];
    struct frame frame;
    struct detection truth[SCENE_OBJECTS_MAX];

    START(&producer, PRODUCER, "--prefix", prefix, TRUTH, "--source", "scene:7");
    EXPECT(&producer, "frame 5:");
    while (semaphore_value(prefix, "FULL") != 5)
        continue;
    assert_int_equal(semaphore_value(prefix, "EMPTY"), 0);
    assert_int_equal(semaphore_value(prefix, "MUTEX"), 1);

    const unsigned char *bytes = queue_map(prefix);
    static const int32_t control[3] = {0, 0, 5};
    assert_memory_equal(bytes, control, 12);
    struct source *source = source_open("scene:7", 640, 640, error, sizeof error);
    assert_non_null(source);
    assert_int_equal(frame_create(&frame, 640, 640), 0);
    for (int k = 0; k < 5; k++) {
        const unsigned char *slot = bytes + 12 + (size_t)k * SLOT_SIZE;
        assert_int_equal(source_next(source, &frame, error, sizeof error), 1);
        int count = source_truth(source, truth, SCENE_OBJECTS_MAX);
        int32_t header[5] = {k + 1, 640, 640, 3, count};
        assert_memory_equal(slot, header, sizeof header);
        assert_memory_equal(slot + 20, truth, (size_t)count * 24);
        for (size_t at = 20 + (size_t)count * 24; at < 4820; at++)
            assert_int_equal(slot[at], 0);
        assert_memory_equal(slot + 4820, frame.pixels, 640 * 640 * 3);
    }
    frame_destroy(&frame);
    source_close(source);
    munmap((void *)(uintptr_t)bytes, QUEUE_SIZE);
    process_signal(&producer, SIGINT);
    FINISH(&producer, 1);
    assert_none_left(prefix);
}

static void frames_arrive(const char *const consumer_argv[], const char *prefix, bool consumer_first)
{
    struct process producer, consumer;

    if (consumer_first) {
        start(&consumer, consumer_argv);
        EXPECT(&consumer, "waiting for a producer");
    }
    START(&producer, PRODUCER, "--prefix", prefix, TRUTH, "--frames", "23");
    if (!consumer_first) {
        EXPECT(&producer, "frame 5:");
        start(&consumer, consumer_argv);
    }
    EXPECT(&consumer, "23 frames (1 to 23)");
    FINISH(&consumer, 0);
    assert_null(strstr(producer.text, "gap"));
    FINISH(&producer, 0);
    assert_none_left(prefix);
}

static void either_side_first_in_c_and_python(void **state)
{
    (void)state;
    const char *prefix = unique_name();
    const char *const c[] = {CONSUMER, "--prefix", prefix, NULL};
    const char *const python[] = {SHMLAB_PYTHON, PYTHON, "--prefix", prefix, "--view", "none", NULL};

    for (int first = 0; first < 2; first++) {
        frames_arrive(c, prefix, first == 1);
        frames_arrive(python, prefix, first == 1);
    }
}

static void name_that_was_removed_is_noticed(void **state)
{
    (void)state;
    const char *prefix = unique_name();
    struct process producer;
    char path[128];

    snprintf(path, sizeof path, "/%s_QUEUE_SHM", prefix);
    START(&producer, PRODUCER, "--prefix", prefix, TRUTH, "--frames", "9", "--timeout", "1000");
    EXPECT(&producer, "frame 5");
    assert_int_equal(shm_unlink(path), 0);
    EXPECT(&producer, "somebody removed");
    FINISH(&producer, 1);
    assert_none_left(prefix);

    /* and the producer dies: the consumer removes the rest */
    const char *const c[] = {CONSUMER, "--prefix", prefix, NULL};
    const char *const python[] = {SHMLAB_PYTHON, PYTHON, "--prefix", prefix, "--view", "none", NULL};
    for (int i = 0; i < 2; i++) {
        struct process consumer;

        START(&producer, PRODUCER, "--prefix", prefix, TRUTH, "--frames", "1000000", "--fps", "1000");
        start(&consumer, i == 0 ? c : python);
        EXPECT(&producer, "frame 9"); /* the consumer has seen it: there are five slots */
        assert_int_equal(shm_unlink(path), 0);
        process_signal(&producer, SIGKILL);
        FINISH(&producer, KILLED + SIGKILL);
        process_finish(&consumer);
        process_close(&consumer);
        assert_none_left(prefix);
    }
}

/* Numbers go with the names that their producer says, and with no others. */
static void names_are_the_producers(void **state)
{
    (void)state;
    const char *prefix = unique_name();
    struct process producer, consumer;

    START(&producer, PRODUCER, "--prefix", prefix, TRUTH, "--frames", "3");
    START(&consumer, SHMLAB_PYTHON, PYTHON, "--prefix", prefix, "--view", "none", "--model", "coco");
    EXPECT(&consumer, "  circle");
    EXPECT(&consumer, "the names are the producer's, shapes; it does not use coco");
    FINISH(&consumer, 0);
    FINISH(&producer, 0);

    START(&producer, SHMLAB_PYTHON, FOREIGN, "write", "lab6", prefix, "4");
    START(&consumer, SHMLAB_PYTHON, PYTHON, "--prefix", prefix, "--view", "none");
    EXPECT(&consumer, "  circle");
    FINISH(&consumer, 0);
    FINISH(&producer, 0);
    assert_none_left(prefix);
}

static void foreign_peers_interoperate(void **state)
{
    (void)state;
    const char *prefix = unique_name();
    struct process producer, consumer;

    START(&consumer, SHMLAB_PYTHON, FOREIGN, "read", "lab6", prefix, "12");
    START(&producer, PRODUCER, "--prefix", prefix, TRUTH, "--frames", "12");
    EXPECT(&consumer, "mark 0xcdcd1e78");
    EXPECT(&consumer, "(1, 640, 640, 3, ");
    EXPECT(&consumer, "(12, 640, 640, 3, ");
    EXPECT(&consumer, "True");
    FINISH(&consumer, 0);
    FINISH(&producer, 0);
    assert_none_left(prefix);

    const char *const consumers[][10] = {
        {CONSUMER, "--prefix", prefix, "--frames", "12", NULL},
        {SHMLAB_PYTHON, PYTHON, "--prefix", prefix, "--frames", "12", "--view", "none", NULL},
    };
    for (size_t i = 0; i < 2; i++) {
        START(&producer, SHMLAB_PYTHON, FOREIGN, "write", "lab6", prefix, "12");
        start(&consumer, consumers[i]);
        EXPECT(&consumer, "12 frames (1 to 12), 12 detections");
        FINISH(&consumer, 0);
        FINISH(&producer, 0);
        assert_none_left(prefix);
    }
}

static void darknet_looks_into_the_slots(void **state)
{
    (void)state;
    const char *prefix = unique_name();
    struct process producer, consumer;

    if (!detector_available()) {
        print_message("skipped: built without libdarknet\n");
        skip();
    }
    START(&producer, PRODUCER, "--prefix", prefix, "--frames", "20");
    EXPECT(&producer, "shapes.cfg");
    START(&consumer, SHMLAB_PYTHON, PYTHON, "--prefix", prefix, "--view", "none");
    EXPECT(&consumer, "20 frames (1 to 20)");
    FINISH(&consumer, 0);
    EXPECT(&producer, "detections: ");
    FINISH(&producer, 0);
    assert_none_left(prefix);
}

static void second_of_each_role_is_refused(void **state)
{
    (void)state;
    const char *prefix = unique_name();
    struct process producer, consumer, second;

    START(&producer, PRODUCER, "--prefix", prefix, TRUTH, "--quiet");
    EXPECT(&producer, "a consumer may come");
    START(&second, PRODUCER, "--prefix", prefix, TRUTH);
    EXPECT(&second, "a producer is running");
    FINISH(&second, 1);
    START(&consumer, CONSUMER, "--prefix", prefix);
    EXPECT(&consumer, "frame 1:");
    START(&second, CONSUMER, "--prefix", prefix);
    EXPECT(&second, "another consumer is attached");
    FINISH(&second, 1);
    START(&second, SHMLAB_PYTHON, PYTHON, "--prefix", prefix, "--view", "none");
    EXPECT(&second, "another consumer");
    FINISH(&second, 1);
    process_signal(&producer, SIGTERM);
    FINISH(&producer, 1);
    FINISH(&consumer, 0);
    assert_none_left(prefix);
}

static void consumers_come_and_go(void **state)
{
    (void)state;
    const char *prefix = unique_name();
    const char *const consumers[][10] = {
        {CONSUMER, "--prefix", prefix, "--frames", "7", NULL},
        {SHMLAB_PYTHON, PYTHON, "--prefix", prefix, "--frames", "7", "--view", "none", NULL},
    };
    struct process producer, consumer;

    START(&producer, PRODUCER, "--prefix", prefix, TRUTH, "--wait");
    for (int round = 0; round < 4; round++) {
        char line[64];
        start(&consumer, consumers[round % 2]);
        snprintf(line, sizeof line, "7 frames (%d to %d)", 7 * round + 1, 7 * round + 7);
        EXPECT(&consumer, line); /* nothing is lost between two consumers */
        FINISH(&consumer, 0);
    }
    process_signal(&producer, SIGTERM);
    FINISH(&producer, 1);
    assert_none_left(prefix);
}

/* Become the consumer as the programs do, take the token of a frame, and vanish with it as if killed. */
static void die_with_a_frame(const char *prefix)
{
    char path[128];
    int fd = -1;

    snprintf(path, sizeof path, "/%s_QUEUE_SHM", prefix);
    while ((fd = shm_open(path, O_RDWR, 0)) == -1)
        continue;
    while (presence_held(fd, QUEUE_PRESENCE_KNOWN) == 1) /* the one before; nobody comes but us */
        continue;
    assert_int_equal(presence_claim(fd, QUEUE_PRESENCE_CONSUMER, PRESENCE_EXCLUSIVE), 0);
    while (presence_held(fd, QUEUE_PRESENCE_KNOWN) != 1)
        continue;
    snprintf(path, sizeof path, "/%s_FULL", prefix);
    sem_t *full = sem_open(path, 0);
    assert_ptr_not_equal(full, SEM_FAILED);
    assert_int_equal(sem_wait(full), 0);
    sem_close(full);
    close(fd); /* the kernel drops the lock, as it does for the dead */
}

static void no_token_is_lost_with_a_consumer_that_is_replaced_at_once(void **state)
{
    (void)state;
    const char *prefix = unique_name();
    const char *const consumers[][10] = {
        {CONSUMER, "--prefix", prefix, "--frames", "12", NULL},
        {SHMLAB_PYTHON, PYTHON, "--prefix", prefix, "--frames", "12", "--view", "none", NULL},
    };

    for (size_t i = 0; i < 2; i++) {
        struct process producer, consumer;

        START(&producer, PRODUCER, "--prefix", prefix, TRUTH, "--wait", "--frames", "12", "--quiet");
        for (int death = 0; death < QUEUE_SLOTS + 2; death++) /* more often than there are tokens to lose */
            die_with_a_frame(prefix);
        start(&consumer, consumers[i]);
        EXPECT(&consumer, "12 frames (1 to 12)");
        FINISH(&consumer, 0);
        FINISH(&producer, 0);
        assert_none_left(prefix);
    }
}

static void producers_come_and_go(void **state)
{
    (void)state;
    const char *prefix = unique_name();
    const char *const consumers[][10] = {
        {CONSUMER, "--prefix", prefix, "--wait", "--frames", "18", NULL},
        {SHMLAB_PYTHON, PYTHON, "--prefix", prefix, "--wait", "--frames", "18", "--view", "none", NULL},
    };
    struct process producer, consumer;

    for (size_t i = 0; i < 2; i++) {
        start(&consumer, consumers[i]);
        for (int round = 0; round < 2; round++) {
            START(&producer, PRODUCER, "--prefix", prefix, TRUTH, "--frames", "9");
            FINISH(&producer, 0);
        }
        EXPECT(&consumer, "18 frames (1 to 9)");
        FINISH(&consumer, 0);
        assert_none_left(prefix);
    }
}

static void two_sets_of_names_do_not_meet(void **state)
{
    (void)state;
    const char *prefixes[] = {unique_name(), unique_name()};
    struct process producers[2], consumers[2];

    for (int i = 0; i < 2; i++) {
        START(&producers[i], PRODUCER, "--prefix", prefixes[i], TRUTH, "--frames", i == 0 ? "30" : "40", "--quiet");
        START(&consumers[i], CONSUMER, "--prefix", prefixes[i], "--quiet");
    }
    for (int i = 0; i < 2; i++) {
        EXPECT(&consumers[i], i == 0 ? "30 frames (1 to 30)" : "40 frames (1 to 40)");
        FINISH(&consumers[i], 0);
        FINISH(&producers[i], 0);
        assert_none_left(prefixes[i]);
    }
}

static void nobody_waits_for_ever(void **state)
{
    (void)state;
    const char *prefix = unique_name();
    struct process program;

    START(&program, PRODUCER, "--prefix", prefix, TRUTH, "--timeout", "0");
    EXPECT(&program, "the queue stayed full");
    FINISH(&program, 1);
    START(&program, CONSUMER, "--prefix", prefix, "--timeout", "0");
    EXPECT(&program, "no producer came");
    FINISH(&program, 1);
    START(&program, SHMLAB_PYTHON, PYTHON, "--prefix", prefix, "--timeout", "0", "--view", "none");
    FINISH(&program, 1);
    START(&program, PRODUCER, "--prefix", prefix, "--source", "/nonexistent");
    EXPECT(&program, "/nonexistent");
    FINISH(&program, 1);
    assert_none_left(prefix);
}

/* One of a running pair is signalled; the other one must say so and end, and nothing may stay behind. */
static void pair_kill(const char *prefix, const char *const consumer_argv[], bool kill_producer, int number)
{
    struct process producer, consumer;
    char line[32];

    START(&producer, PRODUCER, "--prefix", prefix, TRUTH, "--timeout", kill_producer ? "31" : "30");
    start(&consumer, consumer_argv);
    struct process *victim = kill_producer ? &producer : &consumer;
    struct process *other = kill_producer ? &consumer : &producer;
    snprintf(line, sizeof line, "frame %u:", 6 + random_below(10)); /* from 6 on, a consumer is there for sure */
    EXPECT(&producer, line);
    random_delay();
    process_signal(victim, number);
    int status = process_finish(victim);
    assert_true(status == (number == SIGKILL ? KILLED + SIGKILL : 1));

    status = process_finish(other);
    if (!kill_producer)
        assert_non_null(strstr(other->text, "the consumer has gone"));
    else if (number == SIGKILL)
        assert_non_null(strstr(other->text, "the producer died"));
    else
        assert_non_null(strstr(other->text, "the producer has ended"));
    if (status != (kill_producer && number != SIGKILL ? 0 : 1)) {
        print_error("the other one ended with %d; it printed:\n%s\n", status, other->text);
        fail();
    }
    process_close(&producer);
    process_close(&consumer);
    assert_none_left(prefix);
}

static void killed_at_any_moment_nothing_stays_behind(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGKILL};
    const char *prefix = unique_name();
    const char *const c[] = {CONSUMER, "--prefix", prefix, "--quiet", NULL};
    const char *const python[] = {SHMLAB_PYTHON, PYTHON, "--prefix", prefix, "--view", "none", NULL};

    for (int round = 0; round < ROUNDS_KILLING; round++) /* a Python process starts ten times more slowly */
        pair_kill(prefix, round % 10 == 0 ? python : c, random_below(2) == 0, signals[random_below(4)]);
}

static void both_killed_and_the_next_start_recovers(void **state)
{
    (void)state;
    const char *prefix = unique_name();
    const char *const c[] = {CONSUMER, "--prefix", prefix, NULL};

    for (int round = 0; round < ROUNDS_KILLING / 10; round++) {
        struct process producer, consumer;

        START(&producer, PRODUCER, "--prefix", prefix, TRUTH);
        START(&consumer, CONSUMER, "--prefix", prefix, "--quiet");
        EXPECT(&producer, "frame 7:");
        process_signal(&consumer, SIGSTOP); /* so that it cannot clean up after the producer */
        process_signal(&producer, SIGKILL);
        FINISH(&producer, KILLED + SIGKILL);
        process_signal(&consumer, SIGKILL);
        FINISH(&consumer, KILLED + SIGKILL);
        assert_true(object_left(prefix));
        frames_arrive(c, prefix, false);
    }
}

static void rings_carry_everything(void **state)
{
    (void)state;
    struct process program;

    START(&program, SOLUTION("lab6_yolo_queue", "spsc"), "--messages", "20000");
    EXPECT(&program, "20000 messages, whole and in order");
    FINISH(&program, 0);
    START(&program, SOLUTION("lab6_yolo_queue", "fanout"), "--messages", "20000", "--readers", "4");
    EXPECT(&program, "20000 messages sent"); /* after the last reader's line */
    for (int reader = 1; reader <= 4; reader++) {
        char line[32];
        snprintf(line, sizeof line, "reader %d: ", reader);
        assert_non_null(strstr(program.text, line));
    }
    FINISH(&program, 0);
    START(&program, SOLUTION("lab6_yolo_queue", "record"), "--messages", "20000");
    EXPECT(&program, "20000 messages, "); /* whose lengths follow from their numbers */
    EXPECT(&program, "whole and in order");
    FINISH(&program, 0);
    START(&program, SOLUTION("lab6_yolo_queue", "fanout"), "--readers", "5");
    EXPECT(&program, "from 0 to 4");
    FINISH(&program, 2);
}

/* ---- This process is the producer ---- */

enum { PUBLISHED = 3 };

static void semaphore_make(const char *prefix, const char *name, unsigned value)
{
    char path[128];

    snprintf(path, sizeof path, "/%s_%s", prefix, name);
    sem_t *semaphore = sem_open(path, O_CREAT | O_EXCL, 0600, value);
    assert_ptr_not_equal(semaphore, SEM_FAILED);
    sem_close(semaphore);
}

/* A queue with three frames, whose producer has a slot for the fourth in hand, and MUTEX when that is 0. Its
 * descriptor has the producer's role. */
static int queue_make(const char *prefix, unsigned mutex)
{
    static const int32_t control[3] = {PUBLISHED, 0, PUBLISHED};
    char path[128];

    snprintf(path, sizeof path, "/%s_QUEUE_SHM", prefix);
    int fd = shm_open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    assert_int_not_equal(fd, -1);
    assert_int_equal(presence_claim(fd, QUEUE_PRESENCE_PRODUCER, PRESENCE_EXCLUSIVE), 0);
    semaphore_make(prefix, "EMPTY", QUEUE_SLOTS - PUBLISHED - 1);
    semaphore_make(prefix, "FULL", PUBLISHED);
    semaphore_make(prefix, "MUTEX", mutex);
    assert_int_equal(ftruncate(fd, QUEUE_SIZE), 0); /* last: now a consumer may come */
    assert_int_equal(pwrite(fd, control, sizeof control, 0), sizeof control);
    for (int k = 0; k < PUBLISHED; k++) {
        const int32_t header[5] = {k + 1, 640, 640, 3, 0};
        assert_int_equal(pwrite(fd, header, sizeof header, 12 + k * SLOT_SIZE), sizeof header);
    }
    return fd;
}

/* Whatever a test that failed has left of it. */
static int queue_sweep(void **state)
{
    static const char *const semaphores[] = {"EMPTY", "FULL", "MUTEX"};
    char path[128];

    if (*state == NULL)
        return 0;
    for (size_t i = 0; i < sizeof semaphores / sizeof semaphores[0]; i++) {
        snprintf(path, sizeof path, "/%s_%s", (const char *)*state, semaphores[i]);
        sem_unlink(path);
    }
    snprintf(path, sizeof path, "/%s_QUEUE_SHM", (const char *)*state);
    shm_unlink(path);
    return 0;
}

static int times_printed(const struct process *process, const char *text)
{
    int times = 0;

    for (const char *at = process->text; (at = strstr(at, text)) != NULL; at++)
        times++;
    return times;
}

static void producer_that_dies_with_mutex(void **state)
{
    const char *prefix = unique_name();
    struct process consumer;

    *state = (void *)(uintptr_t)prefix;
    int fd = queue_make(prefix, 0);
    START(&consumer, CONSUMER, "--prefix", prefix);
    while (presence_held(fd, QUEUE_PRESENCE_CONSUMER) != 1)
        continue;
    assert_int_equal(semaphore_value(prefix, "FULL"), PUBLISHED); /* not known yet, it touches no semaphore */
    assert_int_equal(presence_claim(fd, QUEUE_PRESENCE_KNOWN, PRESENCE_EXCLUSIVE), 0);
    EXPECT(&consumer, "frame 1:"); /* now it comes to wait for MUTEX */
    close(fd);                     /* as the kernel does for the dead */
    int status = process_finish(&consumer);
    for (int k = 1; k <= PUBLISHED; k++) {
        char line[32];
        snprintf(line, sizeof line, "frame %d:", k);
        assert_int_equal(times_printed(&consumer, line), 1);
    }
    assert_non_null(strstr(consumer.text, "3 frames (1 to 3), 0 detections\n")); /* and no gaps */
    assert_int_equal(times_printed(&consumer, "the producer died"), 1);
    assert_int_equal(status, 1);
    process_close(&consumer);
    assert_none_left(prefix);
}

enum { NOT_ALLOWED = 126 };

/* Start a program that stops at each of its system calls (ptrace(2)). */
static pid_t traced_start(const char *const argv[])
{
    int status;
    pid_t child = fork();

    assert_int_not_equal(child, -1);
    if (child == 0) {
        setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* LeakSanitizer would trace it as well */
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
            _exit(NOT_ALLOWED);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_ALLOWED) {
        print_message("skipped: ptrace is not allowed\n");
        skip();
    }
    assert_true(WIFSTOPPED(status));
    assert_int_equal(ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_EXITKILL), 0);
    return child;
}

/* However early the producer sees its consumer: that one stays until it has read everything. */
static void consumer_is_seen_at_once(void **state, const char *const argv[])
{
    const char *prefix = *state;
    int fd = queue_make(prefix, 1);
    pid_t consumer = traced_start(argv);
    bool known = false;
    int status, number = 0;

    while (ptrace(PTRACE_SYSCALL, consumer, NULL, number) == 0 && waitpid(consumer, &status, 0) == consumer &&
           WIFSTOPPED(status)) {
        bool present = presence_held(fd, QUEUE_PRESENCE_CONSUMER) == 1;
        if (present && !known)
            known = presence_claim(fd, QUEUE_PRESENCE_KNOWN, PRESENCE_EXCLUSIVE) == 0;
        if (known && !present)
            assert_int_equal(semaphore_value(prefix, "FULL"), 0);
        number = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(known);
    close(fd);
    queue_sweep(state);
}

static void consumers_that_are_seen_at_once(void **state)
{
    const char *prefix = unique_name();

    *state = (void *)(uintptr_t)prefix;
    consumer_is_seen_at_once(state, (const char *const[]){CONSUMER, "--prefix", prefix, "--frames", "3", NULL});
    consumer_is_seen_at_once(state, (const char *const[]){SHMLAB_PYTHON, PYTHON, "--prefix", prefix, "--frames", "3",
                                                          "--view", "none", NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue_is_as_documented),
        cmocka_unit_test(either_side_first_in_c_and_python),
        cmocka_unit_test(foreign_peers_interoperate),
        cmocka_unit_test(name_that_was_removed_is_noticed),
        cmocka_unit_test(names_are_the_producers),
        cmocka_unit_test(darknet_looks_into_the_slots),
        cmocka_unit_test(second_of_each_role_is_refused),
        cmocka_unit_test(consumers_come_and_go),
        cmocka_unit_test(no_token_is_lost_with_a_consumer_that_is_replaced_at_once),
        cmocka_unit_test(producers_come_and_go),
        cmocka_unit_test(two_sets_of_names_do_not_meet),
        cmocka_unit_test(nobody_waits_for_ever),
        cmocka_unit_test(rings_carry_everything),
        cmocka_unit_test_teardown(producer_that_dies_with_mutex, queue_sweep),
        cmocka_unit_test_teardown(consumers_that_are_seen_at_once, queue_sweep),
        cmocka_unit_test(both_killed_and_the_next_start_recovers),
        cmocka_unit_test(killed_at_any_moment_nothing_stays_behind),
    };
    return cmocka_run_group_tests_name("lab 6", tests, NULL, NULL);
}
