/*
 * Does the benchmark notice when a channel does not do its work? Channels that lose, double and tear
 * messages, that fail and that hang are put through the loops, each beside the sound one that it is made
 * from.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "work.h"

enum { BAD_MESSAGE = 50, MESSAGES = 100, LIMIT_SECONDS = 60, HANG_SECONDS = 1 };

static unsigned sent; /* by the side that sends: a process of its own */

static struct message changed(const void *message, uint32_t number)
{
    struct message copy;

    memcpy(&copy, message, sizeof copy);
    for (size_t i = 0; i < STAMPS; i++)
        copy.stamp[i] = number;
    return copy;
}

static bool losing_send(struct link *link, const void *message, size_t size)
{
    return ++sent == BAD_MESSAGE || channel_ring_sleep.send(link, message, size);
}

static bool doubling_send(struct link *link, const void *message, size_t size)
{
    struct message before = changed(message, sent);

    return channel_ring_sleep.send(link, ++sent == BAD_MESSAGE ? &before : message, size);
}

static bool tearing_send(struct link *link, const void *message, size_t size)
{
    struct message half;

    memcpy(&half, message, sizeof half);
    if (++sent == BAD_MESSAGE)
        half.stamp[STAMPS - 1]--;
    return channel_ring_sleep.send(link, &half, size);
}

static bool failing_send(struct link *link, const void *message, size_t size)
{
    errno = ENOSPC;
    return ++sent != BAD_MESSAGE && channel_ring_sleep.send(link, message, size);
}

static bool hanging_send(struct link *link, const void *message, size_t size)
{
    while (++sent >= BAD_MESSAGE)
        pause();
    return channel_ring_sleep.send(link, message, size);
}

/* Run messages through the ring with this way of sending; NULL: its own. */
static enum pair_result messages_run(bool (*send)(struct link *, const void *, size_t), double seconds,
                                     struct pair_shared *shared)
{
    struct channel channel = channel_ring_sleep; /* it sleeps: both sides share a CPU here */
    struct task task;
    struct pair_job job = {.prepare = work_prepare, .run = work_run, .context = &task, .seconds = seconds};

    assert_true(pair_cpus(job.cpu));
    job.cpu[SIDE_B] = job.cpu[SIDE_A]; /* so that it works on every machine */
    if (send != NULL)
        channel.send = send;
    work_set_up(&task, &channel, WORK_MESSAGES);
    task.warm = 10;
    task.count = MESSAGES - task.warm;
    sent = 0;
    assert_true(channel.open(&task.link));
    enum pair_result result = pair_run(&job, shared);
    channel.close(&task.link);
    return result;
}

static void a_sound_channel_passes(void **state)
{
    struct pair_shared *shared = *state;

    assert_int_equal(messages_run(NULL, LIMIT_SECONDS, shared), PAIR_DONE);
    assert_int_equal(shared->report[SIDE_B].arrived, MESSAGES);
    assert_true(shared->report[SIDE_B].end > shared->report[SIDE_B].begin);
}

static void a_lost_message_is_noticed(void **state)
{
    struct pair_shared *shared = *state;

    assert_int_equal(messages_run(losing_send, LIMIT_SECONDS, shared), PAIR_FAILED);
    assert_int_equal(shared->report[SIDE_B].arrived, BAD_MESSAGE - 1);
    assert_int_equal(shared->report[SIDE_B].lost, 1);
}

static void a_doubled_message_is_noticed(void **state)
{
    struct pair_shared *shared = *state;

    assert_int_equal(messages_run(doubling_send, LIMIT_SECONDS, shared), PAIR_FAILED);
    assert_int_equal(shared->report[SIDE_B].doubled, 1);
}

static void a_torn_message_is_noticed(void **state)
{
    struct pair_shared *shared = *state;

    assert_int_equal(messages_run(tearing_send, LIMIT_SECONDS, shared), PAIR_FAILED);
    assert_int_equal(shared->report[SIDE_B].torn, 1);
}

static void a_failing_call_is_reported(void **state)
{
    struct pair_shared *shared = *state;

    assert_int_equal(messages_run(failing_send, LIMIT_SECONDS, shared), PAIR_FAILED);
    assert_int_equal(shared->report[SIDE_A].error, ENOSPC);
    assert_string_equal(shared->report[SIDE_A].what, "send");
}

static void a_hanging_side_is_killed(void **state)
{
    struct pair_shared *shared = *state;

    assert_int_equal(messages_run(hanging_send, HANG_SECONDS, shared), PAIR_LATE);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* neither side is left */
    assert_int_equal(errno, ECHILD);
}

static void torn_frames_are_noticed(void **state)
{
    char *frame = calloc(1, FRAME_SIZE);

    (void)state;
    assert_non_null(frame);
    frame_stamp(frame, FRAME_SIZE, 7);
    assert_int_equal(frame_verify(frame, FRAME_SIZE, 7), ARRIVED);
    assert_int_equal(frame_verify(frame, FRAME_SIZE, 8), OTHER_NUMBER);
    frame[FRAME_SIZE - 1]++; /* the very last byte */
    assert_int_equal(frame_verify(frame, FRAME_SIZE, 7), TORN);
    frame_stamp(frame, FRAME_SIZE, 7);
    frame[100 * FRAME_STEP]++;
    assert_int_equal(frame_verify(frame, FRAME_SIZE, 7), TORN);
    free(frame);
}

static void every_byte_of_a_rendered_frame_counts(void **state)
{
    const size_t sizes[] = {FRAME_SIZE, 40, 41, 64, 4096};
    char *frame = malloc(FRAME_SIZE);

    (void)state;
    assert_non_null(frame);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (uint64_t number = 1; number < 600; number += 299) {
            frame_render(frame, sizes[i], number);
            assert_int_equal(frame_check(frame, sizes[i], number), ARRIVED);
            assert_int_equal(frame_check(frame, sizes[i], number + 1), OTHER_NUMBER);
            frame[sizes[i] - 1]++;
            assert_int_equal(frame_check(frame, sizes[i], number), TORN);
        }
    free(frame);
}

static int shared_make(void **state)
{
    *state = pair_new();
    return *state != NULL ? 0 : -1;
}

static int shared_give_back(void **state)
{
    pair_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_channel_passes),       cmocka_unit_test(a_lost_message_is_noticed),
        cmocka_unit_test(a_doubled_message_is_noticed), cmocka_unit_test(a_torn_message_is_noticed),
        cmocka_unit_test(a_failing_call_is_reported),   cmocka_unit_test(a_hanging_side_is_killed),
        cmocka_unit_test(torn_frames_are_noticed),      cmocka_unit_test(every_byte_of_a_rendered_frame_counts),
    };

    return cmocka_run_group_tests(tests, shared_make, shared_give_back);
}
