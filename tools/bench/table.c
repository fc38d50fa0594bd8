/* Tables: see table.h. */
#include "table.h"

#include <string.h>

#include "goals.h"

enum { CELL = 32, TITLE_WIDTH = 46 };

static const char inconclusive[] = "inconclusive";

/* 338 ns, 11.2 us, 3.9 ms */
static void time_cell(char cell[CELL], double seconds)
{
    if (seconds < 1e-6)
        snprintf(cell, CELL, "%.0f ns", seconds * 1e9);
    else if (seconds < 1e-3)
        snprintf(cell, CELL, "%.2f us", seconds * 1e6);
    else
        snprintf(cell, CELL, "%.2f ms", seconds * 1e3);
}

/* 7,041 /s, 662,000 /s */
static void rate_cell(char cell[CELL], double rate)
{
    long whole = (long)(rate + 0.5);

    if (whole >= 1000000)
        snprintf(cell, CELL, "%ld,%03ld,%03ld /s", whole / 1000000, whole / 1000 % 1000, whole % 1000);
    else if (whole >= 1000)
        snprintf(cell, CELL, "%ld,%03ld /s", whole / 1000, whole % 1000);
    else
        snprintf(cell, CELL, "%.1f /s", rate);
}

static void value_cell(char cell[CELL], const struct result *result, const struct series *series)
{
    struct figure figure = series_figure(series);

    if (!figure.conclusive)
        snprintf(cell, CELL, "%s", inconclusive);
    else if (row_is_time(&result->row))
        time_cell(cell, figure.median);
    else
        rate_cell(cell, figure.median);
}

static void throughput_cell(char cell[CELL], const struct result *result)
{
    struct figure figure = series_figure(&result->value);
    double bytes = row_bytes(&result->row);

    cell[0] = '\0';
    if (figure.conclusive && bytes > 0)
        snprintf(cell, CELL, "%.2f GB/s", figure.median * bytes / 1e9);
}

/* How the row compares with the one that its table is about: times over it, rates under it. */
static void ratio_cell(char cell[CELL], const struct run *run, const struct result *result, const char *reference)
{
    const struct result *other = run_find(run, reference);

    cell[0] = '\0';
    if (other == NULL || other->state != STATE_MEASURED || result == other)
        return;
    struct figure ratio = row_is_time(&result->row) ? series_ratio(&result->value, &other->value)
                                                    : series_ratio(&other->value, &result->value);
    if (ratio.conclusive)
        snprintf(cell, CELL, ratio.median < 10 ? "%.2f" : "%.1f", ratio.median);
}

static void cpus_cell(char cell[CELL], const struct run *run, const struct row *row)
{
    snprintf(cell, CELL, "%d,%d", row_cpu(run, row, SIDE_A), row_cpu(run, row, SIDE_B));
}

static void pieces_print(FILE *out, const struct row *row)
{
    if (row->channel != NULL && row->channel->piece > 0 && row->work == WORK_STREAM)
        fprintf(out, ", in pieces of %zu KiB", row->channel->piece >> 10);
}

/* --- tables --- */

struct section {
    const char *title;
    const char *reference; /* the row that the column "x" compares with */
    const char *column;    /* what that column is called */
    bool throughput;       /* a column GB/s; else the 99th percentile of paced rows */
    bool (*has)(const struct row *row);
};

static bool is_limit(const struct row *row)
{
    return row->limit != NULL;
}

static bool is_work(const struct row *row, enum work work, bool one_cpu)
{
    return row->channel != NULL && row->work == work && row->one_cpu == one_cpu;
}

static bool is_trip(const struct row *row)
{
    return is_work(row, WORK_ROUND_TRIP, false);
}

static bool is_trip_one_cpu(const struct row *row)
{
    return is_work(row, WORK_ROUND_TRIP, true);
}

static bool is_hand_over(const struct row *row)
{
    return is_work(row, WORK_HAND_OVER, false);
}

static bool is_stream(const struct row *row)
{
    return is_work(row, WORK_STREAM, false);
}

static bool is_rendered(const struct row *row)
{
    return is_work(row, WORK_PIPELINE, false) || is_work(row, WORK_IN_PLACE, false);
}

static bool is_headers(const struct row *row)
{
    return is_work(row, WORK_HEADERS, false);
}

static bool is_messages(const struct row *row)
{
    return is_work(row, WORK_MESSAGES, false);
}

static bool is_paced(const struct row *row)
{
    return is_work(row, WORK_PACED, false);
}

static bool is_python(const struct row *row)
{
    return row->python != NULL;
}

static const struct section sections[] = {
    {"What the machine allows", "limit.ping-pong", "", true, is_limit},
    {"64 bytes there and back, two CPUs", "limit.ping-pong", "x line", false, is_trip},
    {"64 bytes there and back, both sides on one CPU", "semaphore.round-trip.one-cpu", "x sem", false, is_trip_one_cpu},
    {"Header of a 1.2 MB slot there and back, in place", "limit.ping-pong", "x line", false, is_hand_over},
    {"1.2 MB frames, private buffer to private buffer", "ring.stream", "ring is x", true, is_stream},
    {"1.2 MB frames rendered and summed up", "ring.in-place", "place is x", true, is_rendered},
    {"Hand-overs of 1.2 MB slots, header only", "ring.headers", "ring is x", false, is_headers},
    {"64 bytes one way, as many as go", "ring.messages", "ring is x", false, is_messages},
    {"64 bytes every 50 us: median | 99th percentile until the receiver has them", "flag.paced", "x flag", false,
     is_paced},
    {"Python as the consumer, 1.2 MB frames", "ring.stream", "ring is x", true, is_python},
};

static void row_print(FILE *out, const struct run *run, const struct section *section, const struct result *result)
{
    char value[CELL], extra[CELL] = "", ratio[CELL], cpus[CELL];
    const struct row *row = &result->row;
    bool both = section->has == is_rendered;

    value_cell(value, result, &result->value);
    if (section->throughput)
        throughput_cell(extra, result);
    else if (section->has == is_paced)
        value_cell(extra, result, &result->tail);
    if (is_limit(row)) {
        fprintf(out, "  %-52s %16s %12s\n", row_title(row), value, extra);
        return;
    }
    ratio_cell(ratio, run, result, section->reference);
    cpus_cell(cpus, run, row);
    fprintf(out, "  %-*s%s %14s %12s %10s  %-18s %-4s %6s  %s", both ? TITLE_WIDTH - 9 : TITLE_WIDTH, row_title(row),
            !both                        ? ""
            : row->work == WORK_IN_PLACE ? " in place"
                                         : " copying ",
            value, extra, ratio, row_waits(row), cpus, row_copies(row), row_touches(row));
    pieces_print(out, row);
    fprintf(out, "\n");
}

static void section_print(FILE *out, const struct run *run, const struct section *section)
{
    bool headed = false;

    for (int i = 0; i < run->count; i++) {
        const struct result *result = &run->result[i];
        if (!section->has(&result->row) || result->state != STATE_MEASURED)
            continue;
        if (!headed)
            fprintf(out, "\n%s\n", section->title);
        if (!headed && section->has != is_limit)
            fprintf(out, "  %-*s %14s %12s %10s  %-18s %-4s %6s  %s\n", TITLE_WIDTH, "", "", "", section->column,
                    "waits by", "CPUs", "copies", "who touches the payload");
        headed = true;
        row_print(out, run, section, result);
    }
}

/* --- what a naive table hides --- */

static bool ratio_of(const struct run *run, const char *over, const char *under, struct figure *ratio)
{
    const struct result *a = run_find(run, over), *b = run_find(run, under);

    if (a == NULL || b == NULL)
        return false;
    *ratio = series_ratio(&a->value, &b->value);
    return ratio->conclusive;
}

static void facts_print(FILE *out, const struct run *run)
{
    struct figure one, two;

    fprintf(out, "\n");
    if (ratio_of(run, "semaphore.round-trip", "pipe.round-trip", &one) &&
        ratio_of(run, "pipe.round-trip", "flag.round-trip", &two))
        fprintf(out,
                "1. How the receiver waits decides: asleep on a semaphore, shared memory takes %.2f of a pipe's\n"
                "   time for 64 bytes; against a receiver that is awake and spins, the pipe takes %.0f times as "
                "long.\n",
                one.median, two.median);
    if (ratio_of(run, "ring.stream", "pipe.stream", &one) &&
        ratio_of(run, "ring.stream", "lab6-documented.stream", &two))
        fprintf(out,
                "2. Large messages win by a factor, not by hundreds: the ring carries %.1f times what a pipe does,\n"
                "   and %.1f times what the same slots do with a lock held during the copies.\n",
                one.median, two.median);
    if (ratio_of(run, "semaphore.round-trip", "semaphore.round-trip.one-cpu", &one))
        fprintf(out,
                "3. Where the other side runs decides: a blocking round trip takes %.1f times as long with "
                "two CPUs as\n"
                "   with one. Spinning on one CPU would wait for the scheduler, so it is not measured.\n",
                one.median);
}

static void skipped_print(FILE *out, const struct run *run)
{
    for (enum state state = STATE_SKIPPED; state <= STATE_FAILED; state++) {
        bool headed = false;
        for (int i = 0; i < run->count; i++) {
            const struct result *result = &run->result[i];
            if (result->state != state)
                continue;
            fprintf(out, "%s  %-30s %s\n",
                    headed                   ? ""
                    : state == STATE_SKIPPED ? "\nSkipped\n"
                                             : "\nFailed\n",
                    result->row.id, result->reason);
            headed = true;
        }
    }
}

void table_print(FILE *out, const struct run *run, const struct machine *machine)
{
    fprintf(out, "%s, %d CPUs%s, %s, %s (%s), %s, %s\n", machine->cpu, machine->cpus,
            machine->is_virtual ? " of a virtual machine" : "", machine->kernel, machine->compiler, machine->flags,
            machine->libc, machine->python);
    fprintf(out,
            "%s, %d rounds in %.0f s (%d dropped, and %d\n"
            "measurements because the CPUs had moved), medians; %d measurements rejected as noisy, %d begun\n"
            "without a quiet moment before. A message is 64 bytes, a frame %d; \"x\" is the median of ratios\n"
            "within a round. Fewer than %d clean rounds are %s.\n",
            machine->date, run->rounds, run->seconds, run->dropped, run->moved, run->rejected, run->unquiet, FRAME_SIZE,
            ROUNDS_CLEAN_MIN, inconclusive);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        section_print(out, run, &sections[i]);
    facts_print(out, run);
    skipped_print(out, run);
}

static void bound_cell(char cell[CELL], const struct goal *goal, double value)
{
    bool time = goal->under == NULL && !goal->at_least;

    if (time)
        time_cell(cell, value);
    else if (goal->under == NULL)
        rate_cell(cell, value);
    else
        snprintf(cell, CELL, value < 10 ? "%.2f x" : "%.1f x", value);
}

void table_goals(FILE *out, const struct run *run)
{
    struct goal_result results[GOALS_MAX];
    int count = goals_judge(run, results), sum[GOAL_NOT_MEASURED + 1] = {0};

    fprintf(out, "\nGoals\n");
    for (int i = 0; i < count; i++) {
        const struct goal_result *result = &results[i];
        char bound[CELL], value[CELL] = "";
        bound_cell(bound, result->goal, result->goal->bound);
        if (result->figure.conclusive)
            bound_cell(value, result->goal, result->figure.median);
        sum[result->verdict]++;
        fprintf(out, "  %-62s %s %14s %14s  %s%s\n", result->goal->text, result->goal->at_least ? ">=" : "<=", bound,
                value, goal_verdict(result->verdict),
                result->verdict == GOAL_NOT_MET && result->in_slack ? " (within a fifth)" : "");
    }
    fprintf(out, "  %d met, %d not met, %d inconclusive, %d not measured\n", sum[GOAL_MET], sum[GOAL_NOT_MET],
            sum[GOAL_INCONCLUSIVE], sum[GOAL_NOT_MEASURED]);
}

void table_list(FILE *out, const struct run *run)
{
    for (int i = 0; i < run->count; i++) {
        const struct result *result = &run->result[i];
        fprintf(out, "%-34s %-52s %-18s %s\n", result->row.id, row_title(&result->row), row_waits(&result->row),
                result->state == STATE_SKIPPED ? result->reason : "");
    }
}
