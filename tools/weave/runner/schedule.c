/*
 * Replay strings: "w1:t:k0.17:0x3.1x12.0" is a version, flags (t: store buffers, m: weak memory, a: every access), an
 * injected kill (process.step) and the decisions, equal ones counted.
 */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool schedule_flag(struct schedule *schedule, const char *flag)
{
    if (flag[0] == 't')
        schedule->store_buffers = true;
    else if (flag[0] == 'm')
        schedule->weak = true;
    else if (flag[0] == 'a')
        schedule->every_access = true;
    else if (flag[0] != 'k' || sscanf(flag, "k%d.%d", &schedule->kill_process, &schedule->kill_step) != 2)
        return false;
    return true;
}

static bool schedule_choices(struct schedule *schedule, const char *text)
{
    while (*text != '\0') {
        char *end;
        unsigned long choice = strtoul(text, &end, 10), times = 1;
        if (end == text || choice >= (schedule->weak ? WEAVE_CHOICES : WEAVE_PROCESSES))
            return false;
        if (*end == 'x')
            times = strtoul(end + 1, &end, 10);
        if (times > WEAVE_DECISIONS - schedule->length)
            return false;
        memset(&schedule->choice[schedule->length], (int)choice, times);
        schedule->length += (uint32_t)times;
        if (*end != '.' && *end != '\0')
            return false;
        text = *end == '.' ? end + 1 : end;
    }
    return true;
}

int schedule_parse(struct schedule *schedule, const char *text)
{
    *schedule = (struct schedule){.kill_process = -1, .kill_step = -1};
    if (strncmp(text, "w1:", 3) != 0)
        return -1;
    text += 3;
    for (const char *colon; (colon = strchr(text, ':')) != NULL; text = colon + 1)
        if (!schedule_flag(schedule, text))
            return -1;
    return schedule_choices(schedule, text) ? 0 : -1;
}

char *schedule_text(const struct session *session)
{
    const struct control *control = session->control;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        return NULL;
    fputs("w1:", out);
    if (session->options->store_buffers)
        fputs("t:", out);
    if (session->options->weak > 0)
        fputs("m:", out);
    if (session->options->every_access)
        fputs("a:", out);
    if (session->options->kill_process >= 0)
        fprintf(out, "k%d.%d:", session->options->kill_process, session->options->kill_step);
    uint32_t decisions = control->decisions < WEAVE_DECISIONS ? control->decisions : WEAVE_DECISIONS;
    for (uint32_t i = 0, same; i < decisions; i += same) {
        for (same = 1; i + same < decisions && control->decision[i + same].choice == control->decision[i].choice;
             same++)
            ;
        fprintf(out, "%s%d", i > 0 ? "." : "", control->decision[i].choice);
        if (same > 1)
            fprintf(out, "x%u", same);
    }
    fclose(out);
    return text;
}
