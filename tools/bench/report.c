/* The results as JSON: see report.h. */
#include "report.h"

#include "goals.h"
#include "shmlab/error.h"

/* Add the numbers of a figure to an object. */
static void figure_add(json_t *object, struct figure figure)
{
    json_object_set_new(object, "median", json_real(figure.median));
    json_object_set_new(object, "low", json_real(figure.low));
    json_object_set_new(object, "high", json_real(figure.high));
    json_object_set_new(object, "rounds", json_integer(figure.rounds));
}

static json_t *values_new(const struct series *series)
{
    json_t *values = json_array();

    for (int i = 0; i < ROUNDS_MAX; i++)
        if (series->clean[i])
            json_array_append_new(values, json_real(series->value[i]));
    return values;
}

static const char *state_name(const struct result *result)
{
    if (result->state == STATE_MEASURED)
        return series_figure(&result->value).conclusive ? "measured" : "inconclusive";
    return result->state == STATE_SKIPPED ? "skipped" : "failed";
}

static void measured_add(json_t *object, const struct result *result)
{
    struct figure figure = series_figure(&result->value);

    json_object_set_new(object, "messages_per_round", json_integer((json_int_t)result->count));
    json_object_set_new(object, "verified", json_integer((json_int_t)result->verified));
    json_object_set_new(object, "noisy_rounds", json_integer(result->noisy));
    if (!figure.conclusive)
        return;
    figure_add(object, figure);
    json_object_set_new(object, "values", values_new(&result->value));
    if (result->row.channel != NULL && result->row.work == WORK_PACED) {
        json_t *tail = json_object();
        figure_add(tail, series_figure(&result->tail));
        json_object_set_new(object, "tail", tail);
    }
}

static json_t *row_new(const struct run *run, const struct result *result)
{
    const struct row *row = &result->row;
    const char *work = row->limit != NULL ? "limit" : row->python != NULL ? "python" : work_id(row->work);
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:[i, i]}", "id", row->id, "title", row_title(row), "work",
                               work, "state", state_name(result), "unit", row_is_time(row) ? "s" : "1/s", "cpus",
                               row_cpu(run, row, SIDE_A), row_cpu(run, row, SIDE_B));

    if (row->limit == NULL) {
        json_object_set_new(object, "waits", json_string(row_waits(row)));
        json_object_set_new(object, "copies", json_string(row_copies(row)));
        json_object_set_new(object, "touches", json_string(row_touches(row)));
    }
    if (row->channel != NULL && row->channel->piece > 0)
        json_object_set_new(object, "piece_bytes", json_integer((json_int_t)row->channel->piece));
    if (row->channel != NULL && row->channel->package != NULL)
        json_object_set_new(object, "package", json_string(row->channel->package));
    if (result->state == STATE_MEASURED)
        measured_add(object, result);
    else
        json_object_set_new(object, "reason", json_string(result->reason));
    return object;
}

static json_t *goals_new(const struct run *run)
{
    struct goal_result results[GOALS_MAX];
    int count = goals_judge(run, results);
    json_t *goals = json_array();

    for (int i = 0; i < count; i++) {
        const struct goal *goal = results[i].goal;
        json_t *object = json_pack("{s:s, s:s, s:f, s:s}", "text", goal->text, "over", goal->over,
                                   goal->at_least ? "at_least" : "at_most", goal->bound, "verdict",
                                   goal_verdict(results[i].verdict));
        if (goal->under != NULL)
            json_object_set_new(object, "under", json_string(goal->under));
        if (results[i].figure.conclusive)
            figure_add(object, results[i].figure);
        json_array_append_new(goals, object);
    }
    return goals;
}

json_t *report_new(const struct run *run, const struct machine *machine, const char *command)
{
    json_t *rows = json_array();

    for (int i = 0; i < run->count; i++)
        json_array_append_new(rows, row_new(run, &run->result[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:i, s:b, s:s, s:s, s:s, s:s, s:s}, s:{s:i, s:i, s:i, s:i, "
                     "s:i, s:f, s:i}, s:i, s:i, s:o, s:o}",
                     "format", "shmlab-bench/1", "date", machine->date, "command", command, "version", machine->version,
                     "machine", "cpu", machine->cpu, "cpus", machine->cpus, "virtual", (int)machine->is_virtual,
                     "kernel", machine->kernel, "compiler", machine->compiler, "flags", machine->flags, "libc",
                     machine->libc, "python", machine->python, "method", "rounds", run->rounds, "dropped", run->dropped,
                     "moved", run->moved, "rejected", run->rejected, "not_quiet", run->unquiet, "seconds", run->seconds,
                     "nice", run->nice, "message_bytes", (int)MESSAGE_SIZE, "frame_bytes", (int)FRAME_SIZE, "rows",
                     rows, "goals", goals_new(run));
}

int report_write(const json_t *report, const char *path)
{
    if (report == NULL)
        return error_report(NULL, "no memory for the JSON document");
    if (json_dump_file(report, path, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) == -1)
        return error_report_errno("choose another --json", "%s", path);
    return 0;
}
