/*
 * The plot: round trips of small messages on the left (logarithmic), streams of frames on the right, in one
 * SVG of 1280 x 720, the shape of a slide. Light ground, one colour for each way of waiting, told apart by
 * brightness too; title and description for those who do not see it.
 */
#ifndef BENCH_PLOT_H
#define BENCH_PLOT_H

#include <stdio.h>

#include "machine.h"
#include "run.h"

/* Write it to a stream that the caller owns. */
void plot_draw(FILE *out, const struct run *run, const struct machine *machine);

/* Write it to a file. Returns 0, or 1 after a message. */
int plot_write(const struct run *run, const struct machine *machine, const char *path);

#endif
