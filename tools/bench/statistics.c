/* Medians of rounds and of ratios: see statistics.h. */
#include "statistics.h"

#include <stdlib.h>

static int doubles_compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

double statistics_quantile(double values[], size_t count, double p)
{
    qsort(values, count, sizeof values[0], doubles_compare);
    double place = p * (double)(count - 1);
    size_t below = (size_t)place;
    size_t above = below + 1 < count ? below + 1 : below;
    return values[below] + (place - (double)below) * (values[above] - values[below]);
}

void series_clear(struct series *series)
{
    *series = (struct series){0};
}

void series_note(struct series *series, int round, double value)
{
    series->clean[round] = true;
    series->value[round] = value;
}

static struct figure figure_of(double values[], size_t count)
{
    if (count < ROUNDS_CLEAN_MIN)
        return (struct figure){.rounds = (int)count};
    double median = statistics_quantile(values, count, 0.5); /* sorts: the ends are the range */
    return (struct figure){
        .conclusive = true,
        .median = median,
        .low = values[0],
        .high = values[count - 1],
        .rounds = (int)count,
    };
}

struct figure series_figure(const struct series *series)
{
    double values[ROUNDS_MAX];
    size_t count = 0;

    for (int i = 0; i < ROUNDS_MAX; i++)
        if (series->clean[i])
            values[count++] = series->value[i];
    return figure_of(values, count);
}

struct figure series_ratio(const struct series *numerator, const struct series *denominator)
{
    double values[ROUNDS_MAX];
    size_t count = 0;

    for (int i = 0; i < ROUNDS_MAX; i++)
        if (numerator->clean[i] && denominator->clean[i] && denominator->value[i] > 0)
            values[count++] = numerator->value[i] / denominator->value[i];
    return figure_of(values, count);
}

int series_drop_odd(const struct series *floor, struct series *const all[], size_t count)
{
    struct figure usual = series_figure(floor);
    bool odd[ROUNDS_MAX] = {false};
    int dropped = 0;

    if (!usual.conclusive)
        return 0;
    for (int i = 0; i < ROUNDS_MAX; i++) {
        odd[i] = floor->clean[i] && (floor->value[i] > 2 * usual.median || 2 * floor->value[i] < usual.median);
        dropped += odd[i];
    }
    for (size_t k = 0; k < count; k++)
        for (int i = 0; i < ROUNDS_MAX; i++)
            if (odd[i])
                all[k]->clean[i] = false;
    return dropped;
}

int series_drop_moved(const struct series *usual, const struct series *floor, struct series *row)
{
    const double factor = 1.5;
    struct figure figure = series_figure(usual);
    int dropped = 0;

    for (int i = 0; i < ROUNDS_MAX; i++) {
        bool near =
            figure.conclusive && floor->value[i] < factor * figure.median && factor * floor->value[i] > figure.median;
        if (row->clean[i] && !near) {
            row->clean[i] = false;
            dropped++;
        }
    }
    return dropped;
}
