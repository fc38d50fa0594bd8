/* The results for people: tables, what they show, and the goals. */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include <stdio.h>

#include "machine.h"
#include "run.h"

/* All tables, then the three facts that a naive table hides, with this run's figures. */
void table_print(FILE *out, const struct run *run, const struct machine *machine);

/* The goals, one a line, and a sum. */
void table_goals(FILE *out, const struct run *run);

/* The rows: id, title, how it waits, what it needs. */
void table_list(FILE *out, const struct run *run);

#endif
