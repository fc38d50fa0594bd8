/*
 * What is made of many rounds: medians of clean rounds, medians of ratios within a round, and the word
 * "inconclusive" where there are too few of them.
 */
#ifndef BENCH_STATISTICS_H
#define BENCH_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    ROUNDS_MAX = 64,
    ROUNDS_CLEAN_MIN = 3, /* fewer clean rounds say nothing: a median of two is a mean */
};

/* The values of a row, round by round. A round without a clean value holds nothing at its place. */
struct series {
    bool clean[ROUNDS_MAX];
    double value[ROUNDS_MAX];
};

/* A median with the range that it comes from. */
struct figure {
    bool conclusive; /* at least ROUNDS_CLEAN_MIN clean rounds; else the numbers below mean nothing */
    double median, low, high;
    int rounds;
};

/* The p-quantile, 0 <= p <= 1, linear between neighbours; sorts the values. count must not be 0. */
double statistics_quantile(double values[], size_t count, double p);

/* Clear the series. */
void series_clear(struct series *series);

/* Note the value of a round that the gate found clean. */
void series_note(struct series *series, int round, double value);

/* Median and range of the clean rounds. */
struct figure series_figure(const struct series *series);

/* Median and range of numerator / denominator, each taken in one round; a round counts when both are clean. */
struct figure series_ratio(const struct series *numerator, const struct series *denominator);

/*
 * Forget the rounds in which `floor` was more than a factor of 2 off its median: the host had put both of our
 * CPUs on one core then, or took one away. The rounds are dropped from all `count` series. Returns how many.
 */
int series_drop_odd(const struct series *floor, struct series *const all[], size_t count);

/*
 * Forget the rounds of a row in which the floor measured beside it was more than a factor of 1.5 off the
 * usual one: its value belongs to another machine, so to speak. Returns how many.
 */
int series_drop_moved(const struct series *usual, const struct series *floor, struct series *row);

#endif
