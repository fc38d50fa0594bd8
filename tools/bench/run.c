/* Rounds over rows: see run.h. */
#include "run.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "gate.h"
#include "shmlab/error.h"
#include "shmlab/stop.h"

enum {
    TRIES = 3,        /* of a measurement that noise spoils */
    COUNT_SMOKE = 7,  /* messages */
    COUNT_FIRST = 20, /* of the calibration, which goes up in steps of this factor */
    COUNT_STEP = 30,
    COUNT_STEP_PYTHON = 1000, /* an interpreter starts slowly: as few steps as possible */
    COUNT_MIN = 3,
    FLOOR_TRIPS = 3000, /* about a millisecond */
    COUNT_MAX = 4000000,
    PACED_COUNT = 800, /* 40 ms */
    SIDE_SECONDS = 20, /* a measurement that takes longer hangs */
};

static const double quiet_seconds = 0.15; /* wait so long for a quiet moment */
static const double row_seconds = 0.04;   /* of one measurement of small messages */
static const double frames_seconds = 0.09;
static const double python_seconds = 0.2;

/* --- rows --- */

enum {
    TRIP = 1 << WORK_ROUND_TRIP,
    HAND = 1 << WORK_HAND_OVER,
    STREAM = 1 << WORK_STREAM,
    PIPELINE = 1 << WORK_PIPELINE,
    PLACE = 1 << WORK_IN_PLACE,
    HEADERS = 1 << WORK_HEADERS,
    MESSAGES = 1 << WORK_MESSAGES,
    PACED = 1 << WORK_PACED,
    ONE_CPU = 1 << WORKS, /* the round trip also with both sides on one CPU */
};

static const struct {
    const struct channel *channel;
    unsigned works;
} plan[] = {
    {&channel_flag_line, TRIP},
    {&channel_flag, TRIP | STREAM | MESSAGES | PACED},
    {&channel_futex, TRIP | STREAM | PACED | ONE_CPU},
    {&channel_semaphore, TRIP | STREAM | PACED | ONE_CPU},
    {&channel_semaphore_spin, TRIP},
    {&channel_condition, TRIP | STREAM},
    {&channel_sysv_semaphore, TRIP | STREAM},
    {&channel_pipe, TRIP | MESSAGES | STREAM | ONE_CPU},
    {&channel_pipe_large, STREAM},
    {&channel_pipe_vmsplice, STREAM},
    {&channel_fifo, TRIP | STREAM | ONE_CPU},
    {&channel_unix_stream, TRIP | STREAM},
    {&channel_unix_seqpacket, TRIP | STREAM},
    {&channel_unix_datagram, TRIP | STREAM},
    {&channel_tcp, TRIP | STREAM},
    {&channel_posix_queue, TRIP | STREAM | ONE_CPU},
    {&channel_sysv_queue, TRIP | STREAM},
    {&channel_vm_readv, TRIP | STREAM},
    {&channel_lab6_documented, MESSAGES | STREAM | PIPELINE | PLACE | HEADERS},
    {&channel_lab6_index_lock, STREAM},
    {&channel_lab6_no_lock, MESSAGES | STREAM},
    {&channel_lab6_reference, STREAM | PIPELINE | PLACE | HEADERS},
    {&channel_ring, TRIP | MESSAGES | HAND | STREAM | PIPELINE | PLACE | HEADERS | PACED},
    {&channel_ring_sleep, STREAM | PLACE | PACED},
    {&channel_ring_sequence, MESSAGES | HAND | STREAM | PLACE | HEADERS},
    {&channel_bare_index, HAND},
    {&channel_bare_sequence, HAND},
    {&channel_zeromq, TRIP | STREAM},
    {&channel_nng, TRIP | STREAM},
    {&channel_boost_queue, TRIP | STREAM},
    {&channel_boost_ring, TRIP},
    {&channel_dbus, TRIP | STREAM},
    {&channel_iceoryx, TRIP | HAND | STREAM | PLACE},
    {&channel_iceoryx_sleep, TRIP | STREAM},
};

static bool row_wanted(const struct run *run, const char *id)
{
    for (int i = 0; i < run->options.only_count; i++)
        if (fnmatch(run->options.only[i], id, 0) == 0)
            return true;
    return run->options.only_count == 0;
}

static void row_add(struct run *run, struct row row)
{
    struct result *result = &run->result[run->count];

    if (!row_wanted(run, row.id) || run->count == ROWS_MAX)
        return;
    *result = (struct result){.row = row};
    run->count++;
    if (row.channel != NULL && row.channel->absent != NULL) {
        result->state = STATE_SKIPPED;
        snprintf(result->reason, sizeof result->reason, "%s: apt install %s", row.channel->absent,
                 row.channel->package);
    } else if (run->cpu[SIDE_A] == run->cpu[SIDE_B] && !row.one_cpu && strcmp(row_waits(&row), "spins") == 0) {
        result->state = STATE_SKIPPED;
        snprintf(result->reason, sizeof result->reason, "two sides that spin need two CPUs");
    }
}

static void channel_rows_add(struct run *run, const struct channel *channel, unsigned works)
{
    for (enum work work = 0; work < WORKS; work++) {
        if ((works & (1U << work)) == 0)
            continue;
        struct row row = {.channel = channel, .work = work};
        snprintf(row.id, sizeof row.id, "%s.%s", channel->id, work_id(work));
        row_add(run, row);
        if (work == WORK_ROUND_TRIP && (works & ONE_CPU) != 0) {
            row.one_cpu = true;
            snprintf(row.id, sizeof row.id, "%s.%s.one-cpu", channel->id, work_id(work));
            row_add(run, row);
        }
    }
}

bool run_prepare(struct run *run)
{
    run->count = 0;
    if (!pair_cpus(run->cpu)) {
        error_report_errno(NULL, "sched_getaffinity");
        return false;
    }
    for (const struct limit *limit = limits; limit->id != NULL; limit++) {
        struct row row = {.limit = limit};
        snprintf(row.id, sizeof row.id, "limit.%s", limit->id);
        row_add(run, row);
    }
    for (size_t i = 0; i < sizeof plan / sizeof plan[0]; i++)
        channel_rows_add(run, plan[i].channel, plan[i].works);
    for (const struct python_row *python = python_rows; python->id != NULL; python++) {
        struct row row = {.python = python};
        snprintf(row.id, sizeof row.id, "%s", python->id);
        row_add(run, row);
    }
    if (run->count == 0)
        error_report("look at --list", "--only %s names no row", run->options.only[0]);
    return run->count > 0;
}

static bool is_frames(const struct row *row)
{
    return row->channel != NULL &&
           (row->work == WORK_STREAM || row->work == WORK_PIPELINE || row->work == WORK_IN_PLACE);
}

static bool is_paced(const struct row *row)
{
    return row->channel != NULL && row->work == WORK_PACED;
}

bool row_is_time(const struct row *row)
{
    if (row->limit != NULL)
        return !row->limit->rate;
    return row->python == NULL &&
           (row->work == WORK_ROUND_TRIP || row->work == WORK_HAND_OVER || row->work == WORK_PACED);
}

const char *row_title(const struct row *row)
{
    return row->limit != NULL ? row->limit->title : row->python != NULL ? row->python->title : row->channel->title;
}

const char *row_waits(const struct row *row)
{
    static const char *const names[] = {"spins", "spins, then sleeps", "sleeps"};

    if (row->limit != NULL)
        return "spins";
    return names[row->python != NULL ? row->python->waits : row->channel->waits];
}

static bool is_in_place(const struct row *row)
{
    return row->channel != NULL && work_fits(row->work, row->channel) &&
           (row->work == WORK_IN_PLACE || row->work == WORK_HEADERS || row->work == WORK_HAND_OVER);
}

const char *row_copies(const struct row *row)
{
    if (row->limit != NULL)
        return "";
    return row->python != NULL ? row->python->copies : is_in_place(row) ? "0" : row->channel->copies;
}

const char *row_touches(const struct row *row)
{
    if (row->limit != NULL)
        return "";
    if (row->python != NULL)
        return row->python->touches;
    if (!is_in_place(row))
        return row->channel->touches;
    return row->work == WORK_IN_PLACE ? "sender renders, receiver sums" : "both sides: 20 bytes of it";
}

double row_bytes(const struct row *row)
{
    if (row->limit != NULL)
        return row->limit->unit;
    if (row->python != NULL)
        return row->python->content == CONTENT_BYTES ? FRAME_SIZE : 0;
    return is_frames(row) ? FRAME_SIZE : 0;
}

int row_cpu(const struct run *run, const struct row *row, enum side side)
{
    return run->cpu[row->one_cpu ? SIDE_A : side];
}

const struct result *run_find(const struct run *run, const char *id)
{
    for (int i = 0; i < run->count; i++)
        if (strcmp(run->result[i].row.id, id) == 0)
            return &run->result[i];
    return NULL;
}

/* --- one measurement --- */

struct sample {
    double value, tail;
    uint64_t verified;
    double taken; /* share of a core that somebody else had of our two, -1 where we cannot know */
};

/* Does the system refuse the call as such, whatever we do? Containers do that to some of them. */
static bool is_refusal(int error)
{
    return error == EPERM || error == EACCES || error == ENOSYS || error == EAFNOSUPPORT;
}

/* Put into words what went wrong; always false. */
static bool sample_failed(struct result *result, enum pair_result end, const struct pair_shared *shared)
{
    result->state = STATE_FAILED;
    if (end == PAIR_LATE)
        snprintf(result->reason, sizeof result->reason, "it hung for %d s and was killed", SIDE_SECONDS);
    for (int side = SIDES - 1; side >= 0; side--) {
        const struct pair_report *report = &shared->report[side];
        if (report->torn + report->lost + report->doubled > 0)
            snprintf(result->reason, sizeof result->reason, "%llu torn, %llu lost, %llu doubled messages",
                     (unsigned long long)report->torn, (unsigned long long)report->lost,
                     (unsigned long long)report->doubled);
        else if (report->error != 0) {
            result->state = is_refusal(report->error) ? STATE_SKIPPED : STATE_FAILED;
            snprintf(result->reason, sizeof result->reason, "%s: %s (%s)", report->what, error_symbol(report->error),
                     strerror(report->error));
        }
    }
    if (result->reason[0] == '\0')
        snprintf(result->reason, sizeof result->reason, "a side ended without saying why");
    return false;
}

static double seconds_each(const struct pair_report *report, uint64_t count)
{
    return (double)(report->end - report->begin - report->waited) / 1e9 / (double)count;
}

/*
 * Two sides that never sleep own their CPUs: what they did not get of them, others had. That is exact and
 * needs no look into /proc, which sees the whole machine, but only in steps.
 */
static double share_taken(const struct row *row, const struct pair_report report[SIDES])
{
    double share = 0;

    if (strcmp(row_waits(row), "spins") != 0)
        return -1;
    for (int side = 0; side < SIDES; side++) {
        double lasted = (double)(report[side].end - report[side].begin);
        if (lasted <= 0)
            return -1;
        share += 1 - (double)report[side].cpu / lasted;
    }
    return share;
}

/* Run the pair and turn its report into the value of the row. */
static bool pair_sample(const struct run *run, struct result *result, struct pair_job *job, struct pair_shared *shared,
                        enum side reporter, struct sample *sample)
{
    job->cpu[SIDE_A] = row_cpu(run, &result->row, SIDE_A);
    job->cpu[SIDE_B] = row_cpu(run, &result->row, SIDE_B);
    job->seconds = SIDE_SECONDS;
    job->preferred = true;
    enum pair_result end = pair_run(job, shared);
    if (end == PAIR_STOPPED)
        return false;
    if (end != PAIR_DONE)
        return sample_failed(result, end, shared);
    double each = seconds_each(&shared->report[reporter], result->count);
    sample->value = row_is_time(&result->row) ? each : 1 / each;
    sample->verified = shared->report[SIDE_A].arrived + shared->report[SIDE_B].arrived;
    sample->taken = share_taken(&result->row, shared->report);
    return true;
}

static bool limit_sample(const struct run *run, struct result *result, struct pair_shared *shared,
                         struct sample *sample)
{
    struct limit_run limit = {.count = result->count, .memory = limit_memory()};
    struct pair_job job = {.run = result->row.limit->run, .context = &limit};

    if (limit.memory == NULL)
        return pair_fail(&shared->report[SIDE_A], "mmap") || sample_failed(result, PAIR_FAILED, shared);
    bool done = pair_sample(run, result, &job, shared, result->row.limit->reporter, sample);
    limit_memory_free(limit.memory);
    return done;
}

static bool python_sample(const struct run *run, struct result *result, struct pair_shared *shared,
                          struct sample *sample)
{
    struct python_run python;
    struct pair_job job = {.run = python_side, .context = &python};
    uint64_t warm = result->count / 10 + 5;

    bool done = python_open(&python, result->row.python, warm, result->count);
    if (!done) {
        pair_fail(&shared->report[SIDE_A], "python_open");
        sample_failed(result, PAIR_FAILED, shared);
    }
    done = done && pair_sample(run, result, &job, shared, SIDE_B, sample);
    if (done) { /* the script's report is not in the memory of the pair */
        shared->report[SIDE_B] = *python.report;
        sample->taken = share_taken(&result->row, shared->report);
        double each = seconds_each(python.report, result->count);
        sample->value = 1 / each;
        sample->verified = python.report->arrived;
    } else if (python.report != NULL && python.report->torn + python.report->lost + python.report->doubled > 0) {
        shared->report[SIDE_B] = *python.report;
        sample_failed(result, PAIR_FAILED, shared);
    }
    python_close(&python);
    return done;
}

static uint64_t warm_of(const struct result *result)
{
    return result->row.work == WORK_ROUND_TRIP || result->row.work == WORK_HAND_OVER ? result->count / 20 + 3
                                                                                     : result->count / 10 + 6;
}

static bool channel_sample(const struct run *run, struct result *result, struct pair_shared *shared,
                           struct sample *sample)
{
    bool paced = is_paced(&result->row);
    size_t latencies = result->count * sizeof(double);
    struct pair_job job = {.prepare = work_prepare, .run = work_run};
    struct task task;

    work_set_up(&task, result->row.channel, result->row.work);
    task.count = result->count;
    task.warm = warm_of(result);
    task.latencies = paced ? pair_map(latencies) : NULL;
    job.context = &task;
    errno = 0;
    bool done = (!paced || task.latencies != NULL) && task.link.channel->open(&task.link);
    if (!done) {
        pair_fail(&shared->report[SIDE_A], "open");
        sample_failed(result, PAIR_FAILED, shared);
    }
    if (task.link.refusal != NULL) {
        result->state = STATE_SKIPPED;
        snprintf(result->reason, sizeof result->reason, "%s", task.link.refusal);
    }
    done = done && pair_sample(run, result, &job, shared, task.link.answers ? SIDE_A : SIDE_B, sample);
    task.link.channel->close(&task.link);
    if (done && paced) {
        sample->value = statistics_quantile(task.latencies, result->count, 0.5);
        sample->tail = statistics_quantile(task.latencies, result->count, 0.99);
    }
    if (task.latencies != NULL)
        munmap(task.latencies, latencies);
    return done;
}

static bool row_sample(const struct run *run, struct result *result, struct pair_shared *shared, struct sample *sample)
{
    *sample = (struct sample){0};
    memset(shared, 0, sizeof *shared);
    bool done = result->row.limit != NULL    ? limit_sample(run, result, shared, sample)
                : result->row.python != NULL ? python_sample(run, result, shared, sample)
                                             : channel_sample(run, result, shared, sample);
    result->verified += sample->verified;
    return done;
}

/* --- rounds --- */

/*
 * Find out how many messages fill the time, beginning with few: twenty pipes' worth are over before the clock
 * has moved much. Also the warm-up and the first verification. False when the row failed or a signal came.
 */
static bool row_calibrate(const struct run *run, struct result *result, struct pair_shared *shared)
{
    const struct row *row = &result->row;
    double seconds = row->python != NULL ? python_seconds : is_frames(row) ? frames_seconds : row_seconds;
    uint64_t step = row->python != NULL ? COUNT_STEP_PYTHON : COUNT_STEP;
    struct sample sample;

    result->count = run->options.smoke ? COUNT_SMOKE : COUNT_FIRST;
    for (;;) {
        if (!row_sample(run, result, shared, &sample))
            return false;
        if (run->options.smoke)
            return true;
        double each = row_is_time(row) ? sample.value : 1 / sample.value;
        double fitting = is_paced(row) ? (double)PACED_COUNT : seconds * run->options.scale / each;
        uint64_t count = fitting > (double)COUNT_MAX   ? COUNT_MAX
                         : fitting > (double)COUNT_MIN ? (uint64_t)fitting
                                                       : COUNT_MIN;
        bool near = count <= result->count * step;
        result->count = near ? count : result->count * step;
        if (near)
            return true;
    }
}

/*
 * How far apart are our two CPUs at this moment? A host may put both on one core and take them apart again,
 * and a cache line's way becomes four times as long from one row to the next.
 */
static bool floor_measure(const struct run *run, struct pair_shared *shared, double *floor)
{
    struct result probe = {.row = {.limit = &limits[0]}, .count = FLOOR_TRIPS};
    struct sample sample = {0};

    if (!row_sample(run, &probe, shared, &sample))
        return false;
    *floor = sample.value;
    return true;
}

/* A clean value for this round, or none. False: the row failed, or a signal came. */
static bool row_measure(struct run *run, struct result *result, struct pair_shared *shared, int round)
{
    struct gate_reading begin, end;
    struct sample sample;

    for (int i = 0; i < TRIES; i++) {
        run->unquiet += !gate_wait(quiet_seconds); /* the judgement afterwards is the one that counts */
        if (!gate_read(&begin))
            break;
        if (!row_sample(run, result, shared, &sample) || !gate_read(&end))
            return false;
        bool clean = sample.taken >= 0 ? gate_share_is_clean(sample.taken) : gate_is_clean(&begin, &end);
        double floor = 0;
        if (clean && run->cpu[SIDE_A] != run->cpu[SIDE_B] && !floor_measure(run, shared, &floor))
            return false;
        if (clean) {
            series_note(&result->floor, round, floor);
            series_note(&result->value, round, sample.value);
            series_note(&result->tail, round, sample.tail);
            return true;
        }
        run->rejected++;
    }
    result->noisy++;
    return stop_signal() == 0;
}

/* A line that overwrites itself on a terminal; elsewhere one line for each pass over the rows. */
static void progress(const struct run *run, const char *what, int done, int64_t begin)
{
    bool terminal = isatty(STDERR_FILENO) == 1;

    if (terminal || done == run->count)
        fprintf(stderr, "%s%-14s row %3d of %d, %5.1f s, %d rejected, %d not quiet%s", terminal ? "\r" : "", what, done,
                run->count, (double)(clock_now_ns() - begin) / 1e9, run->rejected, run->unquiet, terminal ? " " : "\n");
}

/* One pass over all rows. False: a signal came. */
static bool pass(struct run *run, struct pair_shared *shared, int round, int64_t begin)
{
    char what[32] = "calibrating";

    if (round >= 0)
        snprintf(what, sizeof what, "round %d of %d", round + 1, run->options.rounds);
    for (int i = 0; i < run->count; i++) {
        struct result *result = &run->result[i];
        progress(run, what, i + 1, begin);
        if (stop_signal() != 0)
            return false;
        if (result->state != STATE_MEASURED)
            continue;
        if (round < 0)
            row_calibrate(run, result, shared);
        else
            row_measure(run, result, shared, round);
    }
    return stop_signal() == 0;
}

static void rounds_drop_odd(struct run *run)
{
    const struct result *floor = run_find(run, "limit.ping-pong");
    struct series *all[2 * ROWS_MAX];
    size_t count = 0;

    if (floor == NULL || floor->state != STATE_MEASURED)
        return;
    struct series copy = floor->value; /* the original is among those that lose rounds */
    for (int i = 0; i < run->count; i++) {
        all[count++] = &run->result[i].value;
        all[count++] = &run->result[i].tail;
    }
    run->dropped = series_drop_odd(&copy, all, count);
    for (int i = 0; i < run->count; i++) {
        struct result *result = &run->result[i];
        run->moved += series_drop_moved(&copy, &result->floor, &result->value);
        series_drop_moved(&copy, &result->floor, &result->tail);
    }
}

bool run_measure(struct run *run)
{
    struct pair_shared *shared = pair_new();
    int64_t begin = clock_now_ns(), round_begin;
    double longest = 0;

    if (shared == NULL) {
        error_report_errno(NULL, "mmap");
        return false;
    }
    setpriority(PRIO_PROCESS, 0, PAIR_NICE); /* what we are allowed the sides are allowed too */
    run->nice = getpriority(PRIO_PROCESS, 0);
    run->stopped = !pass(run, shared, -1, begin);
    while (!run->stopped && !run->options.smoke && run->rounds < run->options.rounds) {
        round_begin = clock_now_ns();
        if ((double)(round_begin - begin) / 1e9 + longest > run->options.seconds)
            break;
        run->stopped = !pass(run, shared, run->rounds, begin);
        run->rounds += !run->stopped;
        double taken = (double)(clock_now_ns() - round_begin) / 1e9;
        longest = taken > longest ? taken : longest;
    }
    if (isatty(STDERR_FILENO) == 1)
        fprintf(stderr, "\n");
    pair_free(shared);
    run->seconds = (double)(clock_now_ns() - begin) / 1e9;
    rounds_drop_odd(run);
    bool done = !run->stopped;
    for (int i = 0; i < run->count; i++)
        done = done && run->result[i].state != STATE_FAILED;
    return done;
}
