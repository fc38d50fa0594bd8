/* The loops: see work.h. */
#include "work.h"

#include <errno.h>
#include <stdlib.h>

#include "clock.h"

enum { MEET_BEGIN, MEET_END };

static const char *const work_ids[WORKS] = {
    [WORK_ROUND_TRIP] = "round-trip", [WORK_HAND_OVER] = "hand-over", [WORK_STREAM] = "stream",
    [WORK_PIPELINE] = "pipeline",     [WORK_IN_PLACE] = "in-place",   [WORK_HEADERS] = "headers",
    [WORK_PACED] = "paced",           [WORK_MESSAGES] = "messages",
};

const char *work_id(enum work work)
{
    return work_ids[work];
}

static bool is_small(enum work work)
{
    return work == WORK_ROUND_TRIP || work == WORK_PACED || work == WORK_MESSAGES;
}

bool work_fits(enum work work, const struct channel *channel)
{
    bool lends = work == WORK_HAND_OVER || work == WORK_IN_PLACE || work == WORK_HEADERS;

    return !lends || channel->acquire != NULL;
}

void work_set_up(struct task *task, const struct channel *channel, enum work work)
{
    *task = (struct task){.work = work};
    task->link.channel = channel;
    task->link.answers = work == WORK_ROUND_TRIP || work == WORK_HAND_OVER;
    task->link.size = is_small(work) ? MESSAGE_SIZE : FRAME_SIZE;
}

/* --- one message, sent or received, verified --- */

static bool small_send(struct task *task, uint64_t number, struct pair_report *report)
{
    struct message message;

    message_fill(&message, number);
    return task->link.channel->send(&task->link, &message, MESSAGE_SIZE) || pair_fail(report, "send");
}

static bool small_receive(struct task *task, uint64_t number, struct pair_report *report)
{
    size_t size = task->link.channel->message != 0 ? task->link.channel->message : MESSAGE_SIZE;
    struct message message;
    uint32_t found;

    if (!task->link.channel->receive(&task->link, &message, MESSAGE_SIZE))
        return pair_fail(report, "receive");
    enum verdict verdict = message_verify(&message, size / sizeof(uint32_t), number, &found);
    return pair_note(report, verdict, number, found);
}

static bool header_send(struct task *task, uint64_t number, struct pair_report *report)
{
    void *slot = task->link.channel->acquire(&task->link);
    struct message message;

    if (slot == NULL)
        return pair_fail(report, "acquire");
    message_fill(&message, number);
    memcpy(slot, &message, HEADER_STAMPS * sizeof(uint32_t));
    return task->link.channel->publish(&task->link) || pair_fail(report, "publish");
}

static bool header_receive(struct task *task, uint64_t number, struct pair_report *report)
{
    const void *slot = task->link.channel->take(&task->link);
    struct message message;
    uint32_t found;

    if (slot == NULL)
        return pair_fail(report, "take");
    memcpy(&message, slot, HEADER_STAMPS * sizeof(uint32_t));
    if (!task->link.channel->release(&task->link))
        return pair_fail(report, "release");
    enum verdict verdict = message_verify(&message, HEADER_STAMPS, number, &found);
    return pair_note(report, verdict, number, found);
}

static bool frame_send(struct task *task, void *frame, uint64_t number, struct pair_report *report)
{
    if (task->work == WORK_PIPELINE)
        frame_render(frame, FRAME_SIZE, number);
    else
        frame_stamp(frame, FRAME_SIZE, number);
    return task->link.channel->send(&task->link, frame, FRAME_SIZE) || pair_fail(report, "send");
}

static bool frame_receive(struct task *task, void *frame, uint64_t number, struct pair_report *report)
{
    uint64_t found;

    if (!task->link.channel->receive(&task->link, frame, FRAME_SIZE))
        return pair_fail(report, "receive");
    enum verdict verdict =
        task->work == WORK_PIPELINE ? frame_check(frame, FRAME_SIZE, number) : frame_verify(frame, FRAME_SIZE, number);
    memcpy(&found, frame, sizeof found);
    return pair_note(report, verdict, number, found);
}

static bool place_send(struct task *task, uint64_t number, struct pair_report *report)
{
    void *slot = task->link.channel->acquire(&task->link);

    if (slot == NULL)
        return pair_fail(report, "acquire");
    frame_render(slot, FRAME_SIZE, number);
    return task->link.channel->publish(&task->link) || pair_fail(report, "publish");
}

static bool place_receive(struct task *task, uint64_t number, struct pair_report *report)
{
    const void *slot = task->link.channel->take(&task->link);
    uint64_t found;

    if (slot == NULL)
        return pair_fail(report, "take");
    enum verdict verdict = frame_check(slot, FRAME_SIZE, number);
    memcpy(&found, slot, sizeof found);
    if (!task->link.channel->release(&task->link))
        return pair_fail(report, "release");
    return pair_note(report, verdict, number, found);
}

/* --- the loops --- */

/* Ask and wait for the answer, or wait and answer. Numbers begin with 1. */
static bool trips(struct task *task, enum side side, struct pair_report *report,
                  bool (*send)(struct task *, uint64_t, struct pair_report *),
                  bool (*receive)(struct task *, uint64_t, struct pair_report *))
{
    for (uint64_t number = 1; number <= task->warm + task->count; number++) {
        if (side == SIDE_A && !(send(task, number, report) && receive(task, number, report)))
            return false;
        if (side == SIDE_B && !(receive(task, number, report) && send(task, number, report)))
            return false;
        if (number == task->warm)
            pair_begin(report);
    }
    pair_end(report);
    return true;
}

/* One side only: the messages of a stream in which a message is one call. */
static bool flow(struct task *task, struct pair_report *report,
                 bool (*step)(struct task *, uint64_t, struct pair_report *))
{
    for (uint64_t number = 1; number <= task->warm + task->count; number++) {
        if (!step(task, number, report))
            return false;
        if (number == task->warm)
            pair_begin(report);
    }
    pair_end(report);
    return true;
}

/* Frames between private buffers. Both sides touch theirs first: a fresh page costs more than its copy. */
static bool frames(struct task *task, enum side side, struct pair_report *report)
{
    size_t buffers = task->link.channel->buffers != 0 ? (size_t)task->link.channel->buffers : 1;
    size_t stride = (FRAME_SIZE + FRAME_STEP - 1) / FRAME_STEP * FRAME_STEP;
    char *memory = aligned_alloc(FRAME_STEP, buffers * stride);
    bool done = memory != NULL || pair_fail(report, "aligned_alloc");

    if (done)
        memset(memory, 1, buffers * stride);
    for (uint64_t number = 1; done && number <= task->warm + task->count; number++) {
        void *frame = memory + number % buffers * stride;
        done = side == SIDE_A ? frame_send(task, frame, number, report) : frame_receive(task, frame, number, report);
        if (number == task->warm)
            pair_begin(report);
    }
    pair_end(report);
    free(memory);
    return done;
}

/* --- a message every PACE_NS, with the time at which it was sent in its last eight bytes --- */

enum { PACED_STAMPS = STAMPS - sizeof(int64_t) / sizeof(uint32_t) };

static bool paced_send(struct task *task, struct pair_report *report)
{
    int64_t next = clock_now_ns();
    struct message message;

    for (uint64_t number = 1; number <= task->warm + task->count; number++) {
        int64_t now;
        while ((now = clock_now_ns()) < next)
            clock_relax();
        next += PACE_NS;
        message_fill(&message, number);
        memcpy(&message.stamp[PACED_STAMPS], &now, sizeof now);
        if (!task->link.channel->send(&task->link, &message, MESSAGE_SIZE))
            return pair_fail(report, "send");
        if (number == task->warm)
            pair_begin(report);
    }
    pair_end(report);
    return true;
}

static bool paced_receive(struct task *task, struct pair_report *report)
{
    struct message message;
    uint32_t found;

    for (uint64_t number = 1; number <= task->warm + task->count; number++) {
        if (!task->link.channel->receive(&task->link, &message, MESSAGE_SIZE))
            return pair_fail(report, "receive");
        int64_t now = clock_now_ns(), sent;
        memcpy(&sent, &message.stamp[PACED_STAMPS], sizeof sent);
        enum verdict verdict = message_verify(&message, PACED_STAMPS, number, &found);
        if (!pair_note(report, verdict, number, found))
            return false;
        if (number > task->warm)
            task->latencies[number - task->warm - 1] = (double)(now - sent) / 1e9;
        else if (number == task->warm)
            pair_begin(report);
    }
    pair_end(report);
    return true;
}

/* --- what a side does --- */

bool work_prepare(void *context, enum side side, struct pair_shared *shared)
{
    struct task *task = context;

    task->link.side = side;
    errno = 0;
    return task->link.channel->join == NULL || task->link.channel->join(&task->link) ||
           pair_fail(&shared->report[side], "join");
}

static bool side_run(struct task *task, enum side side, struct pair_report *report)
{
    switch (task->work) {
    case WORK_ROUND_TRIP:
        return trips(task, side, report, small_send, small_receive);
    case WORK_HAND_OVER:
        return trips(task, side, report, header_send, header_receive);
    case WORK_MESSAGES:
        return flow(task, report, side == SIDE_A ? small_send : small_receive);
    case WORK_HEADERS:
        return flow(task, report, side == SIDE_A ? header_send : header_receive);
    case WORK_IN_PLACE:
        return flow(task, report, side == SIDE_A ? place_send : place_receive);
    case WORK_PACED:
        return side == SIDE_A ? paced_send(task, report) : paced_receive(task, report);
    case WORK_STREAM:
    case WORK_PIPELINE:
    case WORKS:
        break;
    }
    return frames(task, side, report);
}

bool work_run(void *context, enum side side, struct pair_shared *shared)
{
    struct task *task = context;

    pair_meet(shared, side, MEET_BEGIN);
    if (!side_run(task, side, &shared->report[side]))
        return false;
    pair_meet(shared, side, MEET_END); /* who leaves first may take with it what the other has not read yet */
    if (task->link.channel->leave != NULL)
        task->link.channel->leave(&task->link);
    return true;
}
