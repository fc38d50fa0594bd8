/* See policy_time.h. */
#define _GNU_SOURCE
#include "policy_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SECONDS_A_MINUTE = 60, SECONDS_AN_HOUR = 3600, SECONDS_A_DAY = 86400, HOURS_EAST_MAX = 14 };

static const char zone_folder[] = "/usr/share/zoneinfo";

/* "+02:00" or "Z" as seconds east of Greenwich; false: it is neither. */
static bool offset_parse(const char *text, long *seconds)
{
    int hours, minutes, used = 0;
    char sign;

    if (strcmp(text, "Z") == 0) {
        *seconds = 0;
        return true;
    }
    if (sscanf(text, "%c%2d:%2d%n", &sign, &hours, &minutes, &used) != 3 || text[used] != '\0' ||
        (sign != '+' && sign != '-') || used != (int)strlen("+hh:mm") || hours < 0 || hours > HOURS_EAST_MAX ||
        minutes < 0 || minutes >= SECONDS_A_MINUTE)
        return false;
    *seconds = (hours * (long)SECONDS_AN_HOUR + minutes * (long)SECONDS_A_MINUTE) * (sign == '-' ? -1 : 1);
    return true;
}

static bool zone_file_exists(const char *zone)
{
    char path[256];
    struct stat status;

    if (zone[0] == '\0' || zone[0] == '/' || strstr(zone, "..") != NULL)
        return false;
    return snprintf(path, sizeof path, "%s/%s", zone_folder, zone) < (int)sizeof path && stat(path, &status) == 0 &&
           S_ISREG(status.st_mode);
}

bool policy_zone_set(const char *zone)
{
    char value[256];
    long east;

    if (strcmp(zone, "UTC") == 0 || strcmp(zone, "Z") == 0)
        snprintf(value, sizeof value, "UTC0");
    else if (offset_parse(zone, &east)) /* POSIX counts west, and its names have no colon: POSIX.1-2017, 8.3, TZ */
        snprintf(value, sizeof value, "<%.3s%.2s>%c%02ld:%02ld", zone, zone + strlen("+hh:"), east < 0 ? '+' : '-',
                 labs(east) / SECONDS_AN_HOUR, labs(east) % SECONDS_AN_HOUR / SECONDS_A_MINUTE);
    else if (zone_file_exists(zone))
        snprintf(value, sizeof value, ":%s", zone);
    else
        return false;
    if (setenv("TZ", value, 1) != 0)
        return false;
    tzset();
    return true;
}

static bool same_time(const struct tm *a, const struct tm *b)
{
    return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon && a->tm_mday == b->tm_mday && a->tm_hour == b->tm_hour &&
           a->tm_min == b->tm_min;
}

/* The latest time that the zone's clocks show like this; false: they never do. */
static bool local_time(const struct tm *wanted, time_t *result)
{
    bool found = false;

    for (int summer = 0; summer <= 1; summer++) {
        struct tm parts = *wanted, shown;
        parts.tm_isdst = summer;
        time_t when = mktime(&parts);
        if (when == (time_t)-1 || localtime_r(&when, &shown) == NULL || !same_time(&shown, wanted))
            continue;
        *result = !found || when > *result ? when : *result;
        found = true;
    }
    return found;
}

const char *policy_time_parse(const char *text, time_t *result)
{
    struct tm parts = {0}, normal;
    long east;
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M", &parts);

    if (rest != NULL && rest[0] == ':')
        rest = strptime(rest, ":%S", &parts);
    if (rest == NULL)
        return "no date of the form 2026-11-03T23:59";
    normal = parts;
    time_t as_utc = timegm(&normal);
    if (!same_time(&normal, &parts))
        return "no day of the calendar";
    if (rest[0] == '\0')
        return local_time(&parts, result) ? NULL : "an hour that this time zone leaves out when summer begins";
    if (!offset_parse(rest, &east))
        return "not ended by a time zone: Z, or +01:00, or nothing for the policy's own";
    *result = as_utc - east;
    return NULL;
}

time_t policy_days_later(time_t from, long days)
{
    struct tm parts;

    if (localtime_r(&from, &parts) == NULL)
        return from + days * SECONDS_A_DAY;
    parts.tm_mday += (int)days;
    parts.tm_isdst = -1; /* summer may have begun or ended between */
    return mktime(&parts);
}

long policy_days_between(time_t due, time_t at)
{
    if (at <= due)
        return 0;
    long days = (long)((at - due) / SECONDS_A_DAY); /* at most one too many or too few: clocks are changed by an hour */
    days = days > 1 ? days - 1 : 0;
    while (policy_days_later(due, days) < at)
        days++;
    return days;
}

const char *policy_time_text(char text[POLICY_TIME_TEXT], time_t when)
{
    struct tm parts;

    /* seconds where there are some: 23:59:30 is after 23:59 */
    if (localtime_r(&when, &parts) == NULL ||
        strftime(text, POLICY_TIME_TEXT, parts.tm_sec != 0 ? "%Y-%m-%d %H:%M:%S %Z" : "%Y-%m-%d %H:%M %Z", &parts) == 0)
        snprintf(text, POLICY_TIME_TEXT, "%lld", (long long)when);
    return text;
}
