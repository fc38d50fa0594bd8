/* The result as JSON; json.md documents the format, which figures in a browser play. */
#include "json.h"
#include "story.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Bytes of the character in UTF-8 at `text`, 0 when there is none: RFC 3629, section 4. */
static size_t json_character(const unsigned char *text)
{
    static const struct {
        unsigned char first, last, low, high; /* of the first byte, of the second */
        unsigned char length;
    } forms[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (text[0] < forms[i].first || text[0] > forms[i].last || text[1] < forms[i].low || text[1] > forms[i].high)
            continue;
        for (size_t k = 2; k < forms[i].length; k++)
            if ((text[k] & 0xc0) != 0x80)
                return 0;
        return forms[i].length;
    }
    return 0;
}

/* UTF-8 as it is; bytes of another encoding as U+FFFD, the character for what cannot be told. */
void json_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (size_t step = 1; *text != '\0'; text += step) {
        unsigned char c = (unsigned char)*text;
        step = 1;
        if (c == '"' || c == '\\') {
            fprintf(out, "\\%c", c);
        } else if (c < 0x20 || c == 0x7f) {
            fprintf(out, "\\u%04x", c);
        } else if (c < 0x80) {
            fputc(c, out);
        } else if ((step = json_character((const unsigned char *)text)) > 0) {
            fwrite(text, 1, step, out);
        } else {
            fputs("\\ufffd", out);
            step = 1;
        }
    }
    fputc('"', out);
}

void json_member(FILE *out, const char *name, const char *text)
{
    fprintf(out, ", \"%s\": ", name);
    json_text(out, text);
}

static void json_place(const struct story *story, FILE *out, uint16_t site, int depth)
{
    struct place place;
    if (!symbols_place(story->symbols, site, depth, &place))
        return;
    json_member(out, "function", place.function);
    json_member(out, "file", place.file);
    fprintf(out, ", \"line\": %d", place.line);
    json_member(out, "source", place.source);
}

static void json_callers(const struct story *story, FILE *out, uint16_t site)
{
    struct place place;
    fputs(", \"callers\": [", out);
    for (int depth = 1; symbols_place(story->symbols, site, depth, &place); depth++) {
        fprintf(out, "%s{\"depth\": %d", depth > 1 ? ", " : "", depth);
        json_place(story, out, site, depth);
        fputc('}', out);
    }
    fputc(']', out);
}

static void json_location(const struct story *story, FILE *out, uint32_t where)
{
    uint32_t offset;
    char text[128];
    const struct segment *segment = symbols_segment(story->symbols, where, &offset);
    if (segment == NULL)
        return;
    json_member(out, "segment", segment->name);
    fprintf(out, ", \"offset\": %u", offset);
    symbols_field(story->symbols, where, text, sizeof text);
    json_member(out, "field", text);
}

static void json_finding(const struct story *story, FILE *out, const struct finding *finding)
{
    fputs("    {\"kind\": ", out);
    json_text(out, finding->kind);
    json_member(out, "cause", finding->cause);
    json_member(out, "why", finding->why);
    json_member(out, "headline", finding->headline);
    json_location(story, out, finding->where);
    fputs(", \"sides\": [", out);
    for (int i = 0; i < finding->sides; i++) {
        const struct side *side = &finding->side[i];
        fprintf(out, "%s{\"process\": %d", i > 0 ? ", " : "", side->process + 1);
        json_member(out, "what", side->what);
        if (side->role == SIDE_ACCESS)
            json_member(out, "access",
                        side->flags & ACCESS_ATOMIC     ? "atomic"
                        : side->flags & ACCESS_VOLATILE ? "volatile"
                                                        : "plain");
        if (side->flags & ACCESS_TRAPPED)
            fputs(", \"trapped\": true", out);
        if (side->role == SIDE_HANDOVER)
            fputs(", \"handover\": true", out);
        if (side->held[0] != '\0')
            json_member(out, "held", side->held);
        json_place(story, out, side->site, 0);
        json_callers(story, out, side->site);
        fputc('}', out);
    }
    fputs("]}", out);
}

static void json_event(const struct story *story, FILE *out, uint32_t index, bool told, bool brief)
{
    const struct event *event = &story->session->control->event[index % WEAVE_EVENTS];
    char text[256];
    fprintf(out, "    {\"step\": %u, \"process\": %d", index, event->process + 1);
    json_member(out, "kind", story_kind(event));
    story_event(story, event, text, sizeof text);
    json_member(out, "text", text);
    if (event->where != 0)
        json_location(story, out, event->where);
    if (event->object >= 0 && event->object < WEAVE_OBJECTS)
        json_member(out, "object", story->session->control->object[event->object].name);
    fprintf(out, ", \"value\": %lld, \"old\": %lld", (long long)event->value, (long long)event->old);
    if (story_order(event)[0] != '\0')
        json_member(out, "order", story_order(event));
    if (event->flags & ACCESS_OLD && event->other != 0)
        fprintf(out, ", \"misses\": %u", event->other - 1);
    json_place(story, out, event->site, 0);
    fprintf(out, ", \"story\": %s, \"brief\": %s}", told ? "true" : "false", brief ? "true" : "false");
}

static int json_line(const struct story *story, const struct event *event)
{
    struct place place;
    return symbols_place(story->symbols, event->site, 0, &place) ? place.line : 0;
}

/* A loop that waits does the same again and again. */
static bool json_repeats(const struct story *story, const struct event *before, const struct event *event)
{
    char one[256], other[256];
    if (before == NULL || before->process != event->process)
        return false;
    story_event(story, before, one, sizeof one);
    story_event(story, event, other, sizeof other);
    return strcmp(one, other) == 0 && json_line(story, before) == json_line(story, event);
}

/* Of the steps of the story those that a few lines have room for: not that somebody looks once more, or waits for the
 * next slice of time; who finds which object matters only where there is no race. */
static bool json_is_brief(const struct story *story, const struct event *before, const struct event *event)
{
    bool race = strcmp(story->findings->finding[0].kind, "race") == 0;
    bool object = event->kind == EVENT_OPEN || event->kind == EVENT_INIT;
    return event->kind != EVENT_SPIN && event->kind != EVENT_TIMEOUT && !(race && object) &&
           !json_repeats(story, before, event);
}

static void json_trace(const struct story *story, FILE *out)
{
    enum { TOLD = 64 };
    const struct control *control = story->session->control;
    uint32_t chosen[TOLD];
    int count = story->findings->count > 0 ? story_select(story, &story->findings->finding[0], chosen, TOLD) : 0,
        next = 0;
    uint32_t first = control->events > WEAVE_EVENTS ? control->events - WEAVE_EVENTS : 0;
    const struct event *before = NULL;
    fputs("  \"trace\": [\n", out);
    for (uint32_t i = first; i < control->events; i++) {
        bool told = next < count && chosen[next] == i;
        next += told;
        const struct event *event = &control->event[i % WEAVE_EVENTS];
        bool brief = told && json_is_brief(story, before, event);
        before = brief ? event : before;
        json_event(story, out, i, told, brief);
        fputs(i + 1 < control->events ? ",\n" : "\n", out);
    }
    fputs("  ]\n", out);
}

static void json_programs(const struct story *story, FILE *out)
{
    fputs("  \"programs\": [", out);
    for (int i = 0; i < story->options->session.programs; i++) {
        char said[256];
        session_said(story->session, i, said, sizeof said);
        const struct program *program = &story->options->program[i];
        fprintf(out, "%s{\"process\": %d, \"instrumented\": %s, \"command\": [", i > 0 ? ", " : "", i + 1,
                program->instrumented ? "true" : "false");
        for (int k = 0; program->argv[k] != NULL; k++) {
            fputs(k > 0 ? ", " : "", out);
            json_text(out, program->argv[k]);
        }
        fputc(']', out);
        if (said[0] != '\0')
            json_member(out, "said", said);
        fputc('}', out);
    }
    fputs("],\n", out);
}

int story_write_json(const struct story *story, const struct search_result *result, double seconds, const char *verdict,
                     int descriptor)
{
    int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    if (copy >= 0 && lseek(copy, 0, SEEK_SET) == 0 && ftruncate(copy, 0) != 0) {
        close(copy);
        return -1;
    }
    FILE *out = copy >= 0 ? fdopen(copy, "w") : NULL;
    if (out == NULL) {
        if (copy >= 0)
            close(copy);
        return -1;
    }
    fputs("{\n  \"format\": \"weave 1\"", out);
    fputs(",\n  \"verdict\": ", out);
    json_text(out, verdict);
    fprintf(out,
            ",\n  \"schedules\": %u, \"complete\": %s, \"bound\": %d, \"pruned\": %u, \"old_values\": %d, \"seconds\": "
            "%.3f,\n",
            result->runs, result->complete ? "true" : "false", result->bound, result->pruned,
            story->options->session.weak, seconds);
    if (story->session->error[0] != '\0') {
        fputs("  \"error\": ", out);
        json_text(out, story->session->error);
        fputs(",\n", out);
    }
    fputs("  \"notes\": [", out);
    for (int i = 0; i < story->notes->count; i++) {
        fputs(i > 0 ? ", " : "", out);
        json_text(out, story->notes->text[i]);
    }
    fputs("],\n  \"schedule\": ", out);
    json_text(out, story->schedule == NULL ? "" : story->schedule);
    fprintf(out, ",\n  \"state\": \"%016llx\",\n", (unsigned long long)decide_state(story->session->control));
    json_programs(story, out);
    fputs("  \"findings\": [\n", out);
    for (int i = 0; i < story->findings->count; i++) {
        json_finding(story, out, &story->findings->finding[i]);
        fputs(i + 1 < story->findings->count ? ",\n" : "\n", out);
    }
    fputs("  ],\n", out);
    json_trace(story, out);
    fputs("}\n", out);
    return fclose(out);
}
