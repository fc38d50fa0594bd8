/*
 * The results for programs, format "shmlab-bench/1" (all times in seconds, all rates per second):
 *
 *     format, date (UTC), command, version
 *     machine     cpu, cpus, kernel, compiler, flags, libc, python
 *     method      rounds, dropped, moved, rejected, not_quiet, seconds, nice
 *     message_bytes, frame_bytes
 *     rows        one object each:
 *         id, title, work          work: "round-trip", "stream" ... or "limit", "python"
 *         state                    "measured", "inconclusive", "skipped", "failed"; the last two with reason
 *         package                  what it needs, if anything
 *         waits, cpus, copies, touches, piece_bytes (where it goes in pieces)
 *         unit                     "s" or "1/s"
 *         messages_per_round, verified
 *         median, low, high, rounds, values       of the clean rounds; missing unless state is "measured"
 *         tail                     the same of the 99th percentile, for paced rows
 *         noisy_rounds
 *     goals       text, over, under (absent: the value itself), at_least or at_most, verdict; and the median,
 *                 low, high, rounds of the ratio where it is conclusive
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <jansson.h>

#include "machine.h"
#include "run.h"

/* The whole document; NULL when memory ran out. The caller gives it back with json_decref. */
json_t *report_new(const struct run *run, const struct machine *machine, const char *command);

/* Write it to a file. Returns 0, or 1 after a message. */
int report_write(const json_t *report, const char *path);

#endif
