/* Dates of a policy: written in its time zone, counted in its calendar. */
#ifndef GRADER_POLICY_TIME_H
#define GRADER_POLICY_TIME_H

#include <stdbool.h>
#include <time.h>

/*
 * Make this the process's time zone: "Europe/Berlin", "UTC", or a fixed "+02:00". glibc takes unknown names
 * for UTC without a word, so they are refused here. false: no such zone.
 */
bool policy_zone_set(const char *zone);

/*
 * "2026-11-03T23:59", in the zone that was set, or with ":30" for seconds and "Z" or "+01:00" for another
 * zone. A time that the clock shows twice, when summer ends, is the later one. Returns NULL, or what is
 * wrong.
 */
const char *policy_time_parse(const char *text, time_t *result);

/* The same time of day, that many calendar days later: a day is 23 or 25 hours long when the clock is changed. */
time_t policy_days_later(time_t from, long days);

/* Days that have begun since `due`; 0 when `at` is not later. */
long policy_days_between(time_t due, time_t at);

/* "2026-11-03 23:59 CET", or with ":30" where there are seconds, in the zone that was set; returns text. */
enum { POLICY_TIME_TEXT = 48 };
const char *policy_time_text(char text[POLICY_TIME_TEXT], time_t when);

#endif
