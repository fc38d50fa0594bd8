/* Findings as text, and the trace as a timeline. */
#include "story.h"

#include <ctype.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    TOLD_STEPS = 18,
    OLD_ENDS = 8, /* of old values that are always told */
    EVENT_TEXT = 200,
    STEP_WIDTH = 9,    /* columns of a terminal: the number of a step, with blanks at both sides */
    GAP = 2,           /* between two columns */
    COLUMN_LEAST = 48, /* a call and its arguments in two lines */
    ROOM_LEAST = 30,
    INDENT = 4,
};

static const char *const orders[] = {"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};

static const char *const kinds[] = {
    [EVENT_READ] = "read",         [EVENT_WRITE] = "write",
    [EVENT_LOAD] = "load",         [EVENT_STORE] = "store",
    [EVENT_UPDATE] = "update",     [EVENT_FENCE] = "fence",
    [EVENT_BUFFER] = "buffer",     [EVENT_FLUSH] = "flush",
    [EVENT_SEM_WAIT] = "sem_wait", [EVENT_SEM_POST] = "sem_post",
    [EVENT_LOCK] = "lock",         [EVENT_UNLOCK] = "unlock",
    [EVENT_SEMOP] = "semop",       [EVENT_SIGNAL] = "signal",
    [EVENT_WAKE] = "futex_wake",   [EVENT_OPEN] = "open",
    [EVENT_REMOVE] = "remove",     [EVENT_INIT] = "init",
    [EVENT_BLOCK] = "block",       [EVENT_SPIN] = "spin",
    [EVENT_TIMEOUT] = "timeout",   [EVENT_SLEEP] = "sleep",
    [EVENT_FORK] = "fork",         [EVENT_END] = "end",
    [EVENT_KILLED] = "killed",     [EVENT_SPURIOUS] = "spurious_wakeup",
    [EVENT_LOOP] = "loop",         [EVENT_FAULT] = "fault",
    [EVENT_SEND] = "send",         [EVENT_RECEIVE] = "receive",
    [EVENT_EXEC] = "exec",
};

const char *story_kind(const struct event *event)
{
    return event->kind < sizeof kinds / sizeof kinds[0] ? kinds[event->kind] : "?";
}

const char *story_order(const struct event *event)
{
    bool ordered = event->kind == EVENT_LOAD || event->kind == EVENT_STORE || event->kind == EVENT_BUFFER ||
                   event->kind == EVENT_UPDATE || event->kind == EVENT_FENCE;
    return ordered && event->order < sizeof orders / sizeof orders[0] ? orders[event->order] : "";
}

void story_name(const struct story *story, const struct event *event, char *text, size_t size)
{
    const struct control *control = story->session->control;
    const struct object *object =
        event->object >= 0 && event->object < WEAVE_OBJECTS ? &control->object[event->object] : NULL;
    text[0] = '\0';
    if (object != NULL && object->name[0] != '\0') {
        snprintf(text, size, "%.*s", WEAVE_NAME, object->name);
        return;
    }
    uint32_t offset;
    if (event->where != 0) {
        symbols_field(story->symbols, event->where, text, size);
        if (text[0] == '\0' && symbols_segment(story->symbols, event->where, &offset) != NULL)
            snprintf(text, size, "byte %u", offset);
    }
    if (text[0] == '\0')
        snprintf(text, size, "%s", event->kind == EVENT_SEMOP ? "the semaphore" : "it");
}

/* The value of a plain access: a number, or the beginning of a text. */
static void story_value(const struct event *event, char *text, size_t size)
{
    char letters[9] = "";
    size_t length = 0;
    for (; length < 8 && length < event->size; length++) {
        unsigned char byte = (unsigned char)(event->value >> (8 * length));
        if (!isprint(byte))
            break;
        letters[length] = (char)byte;
    }
    bool number = event->size == 1 || event->size == 2 || event->size == 4 || event->size == 8;
    bool whole = length + 1 == event->size && (unsigned char)(event->value >> (8 * length)) == 0; /* up to its NUL */
    if (event->size > sizeof event->value && length > 2)
        snprintf(text, size, ": \"%.8s...\"", letters);
    else if (whole && length > 0 && (!number || (event->size > 2 && (event->flags & ACCESS_LIBC))))
        snprintf(text, size, ": \"%s\"", letters);
    else if (event->old <= sizeof event->value && event->size == event->old)
        snprintf(text, size, ": %lld", event->size == 4 ? (long long)(int32_t)event->value : (long long)event->value);
    else
        snprintf(text, size, " (%llu bytes)", (unsigned long long)event->old);
}

static void story_sync_event(const struct event *event, const char *object, char *text, size_t size)
{
    int value = (int)(int64_t)event->value;
    switch (event->kind) {
    case EVENT_SEM_WAIT:
        snprintf(text, size, "takes %s, now %d", object, value);
        break;
    case EVENT_SEM_POST:
        snprintf(text, size, "posts %s, now %d", object, value);
        break;
    case EVENT_LOCK:
        snprintf(text, size, "locks %s%s", object, value != 0 ? " (EOWNERDEAD)" : "");
        break;
    case EVENT_UNLOCK:
        snprintf(text, size, "unlocks %s", object);
        break;
    case EVENT_SEMOP:
        snprintf(text, size, "%s %+d, now %d", object, (int)(int64_t)event->old, value);
        break;
    case EVENT_SIGNAL:
    case EVENT_WAKE:
        if (value == 0)
            snprintf(text, size, "signals %s: nobody waits", object);
        else
            snprintf(text, size, "signals %s: wakes %d", object, value);
        break;
    case EVENT_OPEN:
        snprintf(text, size, value != 0 ? "opens %s" : "does not find %s", object);
        break;
    case EVENT_REMOVE:
        snprintf(text, size, "removes %s", object);
        break;
    case EVENT_INIT:
        snprintf(text, size, "initialises %s", object);
        break;
    case EVENT_SEND:
        snprintf(text, size, "sends %d byte%s into %s", value, value == 1 ? "" : "s", object);
        break;
    case EVENT_RECEIVE:
        if (value == 0)
            snprintf(text, size, "comes to the end of %s", object);
        else
            snprintf(text, size, "receives %d byte%s from %s", value, value == 1 ? "" : "s", object);
        break;
    default:
        snprintf(text, size, "%s %s", story_kind(event), object);
    }
}

static void story_turn_event(const struct story *story, const struct event *event, const char *object, char *text,
                             size_t size)
{
    int status = (int)(uint32_t)event->value;
    char name[PROCESS_NAME];
    switch (event->kind) {
    case EVENT_BLOCK:
        snprintf(text, size, "has to wait for %s", object);
        break;
    case EVENT_SPIN:
        snprintf(text, size, "goes on looking at %s", object);
        break;
    case EVENT_TIMEOUT:
        snprintf(text, size, "gives up waiting");
        break;
    case EVENT_SLEEP:
        snprintf(text, size, event->value == 0 ? "gives way" : "sleeps %g ms", (double)event->value / 1e6);
        break;
    case EVENT_FORK:
        session_process_name(story->session, (int)event->value, name, sizeof name);
        snprintf(text, size, "forks %s", name);
        break;
    case EVENT_EXEC:
        snprintf(text, size, "goes over into %.*s", WEAVE_PATH - 1,
                 event->value < WEAVE_IMAGES ? story->session->control->image[event->value].path : "?");
        break;
    case EVENT_END:
        if (WIFSIGNALED(status))
            snprintf(text, size, "dies of signal %d", WTERMSIG(status));
        else
            snprintf(text, size, "ends with status %d", WEXITSTATUS(status));
        break;
    case EVENT_FAULT:
        snprintf(text, size, "gets signal %d (%s)", status, strsignal(status));
        break;
    case EVENT_KILLED:
        snprintf(text, size, "is killed");
        break;
    case EVENT_SPURIOUS:
        snprintf(text, size, "wakes up without a signal");
        break;
    default:
        snprintf(text, size, "computes on and on");
    }
}

void story_shown(const struct event *event, char *text, size_t size)
{
    char value[64];
    story_value(event, value, sizeof value);
    snprintf(text, size, "%s", value + strspn(value, ": "));
}

void story_event(const struct story *story, const struct event *event, char *text, size_t size)
{
    char object[128], value[64];
    story_name(story, event, object, sizeof object);
    story_value(event, value, sizeof value);
    switch (event->kind) {
    case EVENT_READ:
        snprintf(text, size, "reads %s%s", object, value);
        break;
    case EVENT_WRITE:
        snprintf(text, size, "writes %s%s", object, value);
        break;
    case EVENT_LOAD:
        if (event->flags & ACCESS_OLD)
            snprintf(text, size, "%s is still %llu here, an old value: it is %llu by now (%s)", object,
                     (unsigned long long)event->value, (unsigned long long)event->old, story_order(event));
        else
            snprintf(text, size, "%s is %llu (%s)", object, (unsigned long long)event->value, story_order(event));
        break;
    case EVENT_BUFFER:
        snprintf(text, size, "%s = %llu goes into the store buffer (%s)", object, (unsigned long long)event->value,
                 story_order(event));
        break;
    case EVENT_STORE:
        if (event->flags & ACCESS_OLD)
            snprintf(text, size, "%s = %llu comes before its newest value, %llu (%s)", object,
                     (unsigned long long)event->value, (unsigned long long)event->old, story_order(event));
        else
            snprintf(text, size, "%s %llu -> %llu (%s)", object, (unsigned long long)event->old,
                     (unsigned long long)event->value, story_order(event));
        break;
    case EVENT_UPDATE:
        snprintf(text, size,
                 event->flags & ACCESS_OLD ? "%s %llu -> %llu, before its newest value (%s)" : "%s %llu -> %llu (%s)",
                 object, (unsigned long long)event->old, (unsigned long long)event->value, story_order(event));
        break;
    case EVENT_FENCE:
        snprintf(text, size, "fence (%s)", story_order(event));
        break;
    case EVENT_FLUSH:
        snprintf(text, size, "the buffered %s = %llu reaches memory", object, (unsigned long long)event->value);
        break;
    case EVENT_BLOCK:
    case EVENT_SPIN:
    case EVENT_TIMEOUT:
    case EVENT_SLEEP:
    case EVENT_FORK:
    case EVENT_END:
    case EVENT_KILLED:
    case EVENT_SPURIOUS:
    case EVENT_LOOP:
    case EVENT_FAULT:
    case EVENT_EXEC:
        story_turn_event(story, event, object, text, size);
        break;
    default:
        story_sync_event(event, object, text, size);
    }
}

/* ---- choosing ---- */

static const struct event *story_at(const struct story *story, uint32_t index)
{
    return &story->session->control->event[index % WEAVE_EVENTS];
}

static bool story_matters(const struct finding *finding, const struct event *event)
{
    for (int i = 0; i < finding->sides; i++)
        if (finding->side[i].site == event->site && event->site != WEAVE_NO_SITE)
            return true;
    if (event->kind == EVENT_READ || event->kind == EVENT_WRITE)
        return finding->where != 0 && finding->where >= event->where && finding->where - event->where < event->old;
    return event->kind != EVENT_SLEEP;
}

/* A waiting loop that reads the same again adds nothing. */
static bool story_repeats(const struct event *before, const struct event *event)
{
    return before->process == event->process && before->kind == event->kind && before->site == event->site &&
           before->where == event->where && before->value == event->value && before->object == event->object;
}

/* Both ends of the last old values, which are told however long ago they were. Returns how many. */
static int story_old_ends(const struct story *story, uint32_t first, uint32_t last, uint32_t *ends, int most)
{
    int count = 0;
    for (uint32_t i = last; i-- > first && count + 2 <= most;) {
        const struct event *event = story_at(story, i);
        if (!(event->flags & ACCESS_OLD))
            continue;
        ends[count++] = i;
        if (event->other > first && event->other <= last)
            ends[count++] = event->other - 1;
    }
    return count;
}

static bool story_is_end(const uint32_t *ends, int count, uint32_t index)
{
    for (int i = 0; i < count; i++)
        if (ends[i] == index)
            return true;
    return false;
}

int story_select(const struct story *story, const struct finding *finding, uint32_t *chosen, int most)
{
    const struct control *control = story->session->control;
    uint32_t last = finding->events < control->events ? finding->events : control->events;
    uint32_t first = control->events > WEAVE_EVENTS ? control->events - WEAVE_EVENTS : 0;
    uint32_t ends[OLD_ENDS];
    int end_count = story_old_ends(story, first, last, ends, most < OLD_ENDS ? most : OLD_ENDS), count = 0;
    int others = most - end_count;
    /* From the end backwards, then turned round. */
    for (uint32_t i = last; i-- > first && count < most;) {
        const struct event *event = story_at(story, i);
        bool end = story_is_end(ends, end_count, i);
        if (!end && (others == 0 || event->process >= WEAVE_PROCESSES || !story_matters(finding, event)))
            continue;
        if (!end && count > 0 && story_repeats(event, story_at(story, chosen[count - 1])))
            continue;
        others -= !end;
        chosen[count++] = i;
    }
    for (int i = 0; i < count / 2; i++) {
        uint32_t swap = chosen[i];
        chosen[i] = chosen[count - 1 - i];
        chosen[count - 1 - i] = swap;
    }
    return count;
}

/* ---- printing ---- */

static void story_colour(const struct story *story, FILE *out, const char *code)
{
    if (story->options->colour)
        fprintf(out, "\033[%sm", code);
}

/*
 * The timeline. On a terminal there is a column for each process, and what does not fit into one goes on
 * below. Where columns would be too narrow, and in files, a line begins with the process's name; in files it
 * is never broken.
 */
struct timeline {
    FILE *out;
    int columns; /* 0: names instead */
    int column;  /* width of a column, or of the names */
    int room;    /* for a text; 0: any */
};

static int story_processes(const struct story *story)
{
    int slots = story->session->control->slots;
    return slots < 1 ? 1 : slots > WEAVE_PROCESSES ? WEAVE_PROCESSES : slots;
}

/* Characters of a text in UTF-8. */
static int text_columns(const char *text, size_t length)
{
    int columns = 0;
    for (size_t i = 0; i < length; i++)
        columns += ((unsigned char)text[i] & 0xc0) != 0x80;
    return columns;
}

/* The part of a text that fits into so many columns, if possible up to a blank; 0 columns: all of it. */
static size_t text_fit(const char *text, int columns)
{
    size_t length = strlen(text), fit = 0, blank = 0;
    if (columns == 0 || text_columns(text, length) <= columns)
        return length;
    for (int used = 0; fit < length; fit++) {
        used += ((unsigned char)text[fit] & 0xc0) != 0x80;
        if (text[fit] == ' ')
            blank = fit;
        if (used > columns)
            break;
    }
    return blank > 0 ? blank : fit;
}

static struct timeline timeline_begin(const struct story *story, FILE *out)
{
    int processes = story_processes(story), width = story->options->width;
    int column = (width - STEP_WIDTH - GAP * (processes - 1)) / processes;
    if (column >= COLUMN_LEAST)
        return (struct timeline){.out = out, .columns = processes, .column = column, .room = column};

    struct timeline timeline = {.out = out, .column = (int)strlen("process")};
    for (int i = 0; i < processes; i++) {
        char name[PROCESS_NAME];
        session_process_name(story->session, i, name, sizeof name);
        int columns = text_columns(name, strlen(name));
        timeline.column = columns > timeline.column ? columns : timeline.column;
    }
    int room = width - STEP_WIDTH - timeline.column - GAP;
    if (width > 0)
        timeline.room = room > ROOM_LEAST ? room : ROOM_LEAST;
    return timeline;
}

/* One line of what a process did. `name`: of the process, or "" below its first line. */
static void timeline_line(const struct timeline *timeline, int process, const char *name, int indent, const char *text,
                          size_t length)
{
    if (timeline->columns == 0)
        fprintf(timeline->out, "%s%*s", name, timeline->column + GAP - text_columns(name, strlen(name)), "");
    for (int i = 0; i < process && timeline->columns > 0; i++)
        fprintf(timeline->out, "%*s| ", timeline->column, "");
    fprintf(timeline->out, "%*s%.*s", indent, "", (int)length, text);
    if (process < timeline->columns - 1)
        fprintf(timeline->out, "%*s|", timeline->column - indent - text_columns(text, length), "");
    fputc('\n', timeline->out);
}

/* A text in as many lines as it takes. `step`: in front of the first one. */
static void timeline_text(const struct timeline *timeline, int process, const char *step, const char *name, int indent,
                          const char *text)
{
    do {
        size_t length = text_fit(text, timeline->room > 0 ? timeline->room - indent : 0);
        fprintf(timeline->out, "%-*s", STEP_WIDTH, step);
        timeline_line(timeline, process, name, indent, text, length);
        text += length + strspn(text + length, " ");
        step = name = "";
        indent = 2 * INDENT;
    } while (*text != '\0');
}

static void timeline_event(const struct timeline *timeline, const struct story *story, uint32_t index)
{
    const struct event *event = story_at(story, index);
    struct place place;
    char effect[EVENT_TEXT], where[128], line[EVENT_TEXT * 2], step[STEP_WIDTH + 8], name[PROCESS_NAME];
    int process = event->process % WEAVE_PROCESSES;
    story_event(story, event, effect, sizeof effect);
    session_process_name(story->session, process, name, sizeof name);
    snprintf(step, sizeof step, "  %5u", index);
    if (!symbols_place(story->symbols, event->site, 0, &place)) {
        timeline_text(timeline, process, step, name, 0, effect);
        return;
    }
    symbols_short(&place, where, sizeof where);
    snprintf(line, sizeof line, "%s  %s", where, place.source);
    timeline_text(timeline, process, step, name, 0, line);
    timeline_text(timeline, process, "", "", INDENT, effect);
}

static void timeline_heading(const struct timeline *timeline, const struct story *story)
{
    fprintf(timeline->out, "%-*s", STEP_WIDTH, "   step");
    if (timeline->columns == 0)
        fprintf(timeline->out, "%-*swhat it does", timeline->column + GAP, "process");
    for (int i = 0; i < timeline->columns; i++) {
        char name[PROCESS_NAME], heading[PROCESS_NAME + 8];
        session_process_name(story->session, i, name, sizeof name);
        snprintf(heading, sizeof heading, "%s%s", name,
                 story->session->control->process[i].parent >= 0 ? ", child" : "");
        size_t length = text_fit(heading, timeline->column);
        fprintf(timeline->out, "%.*s", (int)length, heading);
        if (i < timeline->columns - 1)
            fprintf(timeline->out, "%*s| ", timeline->column - text_columns(heading, length), "");
    }
    fputc('\n', timeline->out);
}

/* A line, broken where it does not fit the terminal; what goes on stands deeper. */
static void story_line(const struct story *story, FILE *out, int indent, const char *text)
{
    int room = story->options->width == 0 ? 0 : story->options->width - indent - INDENT;
    int deeper = 0;
    do {
        size_t length = text_fit(text, room == 0 || room > ROOM_LEAST ? room : ROOM_LEAST);
        fprintf(out, "%*s%.*s\n", indent + deeper, "", (int)length, text);
        text += length + strspn(text + length, " ");
        deeper = INDENT;
    } while (*text != '\0');
}

static void story_side(const struct story *story, FILE *out, const struct side *side)
{
    struct place place;
    char where[300], name[PROCESS_NAME], line[1024];
    session_process_name(story->session, side->process, name, sizeof name);
    snprintf(line, sizeof line, "%s%s%s", side->process >= 0 ? name : "", side->process >= 0 ? ": " : "", side->what);
    story_line(story, out, INDENT + 2, line);
    for (int depth = 0; symbols_place(story->symbols, side->site, depth, &place); depth++) {
        symbols_short(&place, where, sizeof where);
        if (depth == 0)
            snprintf(line, sizeof line, "at %s in %s():  %s", where, place.function, place.source);
        else
            snprintf(line, sizeof line, "called from %s in %s()", where, place.function);
        story_line(story, out, 2 * INDENT + 2, line);
    }
    if (side->held[0] != '\0')
        story_line(story, out, 2 * INDENT + 2, side->held);
}

/* What the programs themselves printed last: often they know what is wrong. */
static void story_sayings(const struct story *story, FILE *out)
{
    for (int i = 0; i < story->options->session.programs; i++) {
        char name[PROCESS_NAME], said[EVENT_TEXT], line[PROCESS_NAME + EVENT_TEXT + 16];
        session_process_name(story->session, i, name, sizeof name);
        session_said(story->session, i, said, sizeof said);
        snprintf(line, sizeof line, "%s said last: %s", name, said);
        if (said[0] != '\0')
            story_line(story, out, 2, line);
    }
}

static void story_finding(const struct story *story, FILE *out, const struct finding *finding)
{
    story_colour(story, out, "1;31");
    fprintf(out, "  %s", finding->kind);
    story_colour(story, out, "0");
    fprintf(out, " [%s]: %s\n", finding->cause, finding->headline);
    for (int i = 0; i < finding->sides; i++)
        story_side(story, out, &finding->side[i]);
}

static void story_wrapped(const struct story *story, FILE *out, const char *text)
{
    enum { MOST = 110 };
    int room = story->options->width - INDENT;
    while (*text != '\0') {
        size_t length = text_fit(text, room >= ROOM_LEAST && room < MOST ? room : MOST);
        fprintf(out, "%*s%.*s\n", INDENT, "", (int)length, text);
        text += length + strspn(text + length, " ");
    }
}

void story_replay_command(const struct story *story, FILE *out)
{
    if (story->options->again != NULL) {
        fprintf(out, "  replay: %s\n", story->options->again);
        return;
    }
    fprintf(out, "  replay: weave replay %s", story->schedule);
    for (int i = 0; i < story->options->session.programs; i++) {
        fputs(" --", out);
        for (char **argument = story->options->program[i].argv; *argument != NULL; argument++)
            fprintf(out, " %s", *argument);
    }
    fputc('\n', out);
}

void story_print(const struct story *story, FILE *out)
{
    enum { TOLD_FINDINGS = 6, TOLD_OF_ONE_CAUSE = 2 };
    uint32_t chosen[TOLD_STEPS];
    const struct findings *findings = story->findings;
    int told = 0, same = 0;
    for (int i = 0; i < findings->count; i++) { /* one mistake shows at many places */
        same += strcmp(findings->finding[i].cause, findings->finding[0].cause) == 0;
        bool again = same > TOLD_OF_ONE_CAUSE && strcmp(findings->finding[i].cause, findings->finding[0].cause) == 0;
        if (again || told == TOLD_FINDINGS)
            continue;
        story_finding(story, out, &findings->finding[i]);
        told++;
    }
    if (findings->count > told)
        fprintf(out, "  and %d more\n", findings->count - told);
    if (findings->count == 0)
        return;
    fputs("  usually:\n", out);
    story_wrapped(story, out, findings->finding[0].why);
    story_sayings(story, out);
    if (story->options->stepping) /* all steps have been shown, and the command is the one that was typed */
        return;
    int count = story_select(story, &findings->finding[0], chosen, TOLD_STEPS);
    if (count > 0) {
        struct timeline timeline = timeline_begin(story, out);
        timeline_heading(&timeline, story);
        for (int i = 0; i < count; i++)
            timeline_event(&timeline, story, chosen[i]);
    }
    story_replay_command(story, out);
}

void story_step_through(const struct story *story, FILE *out)
{
    const struct control *control = story->session->control;
    bool interactive = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    uint32_t first = control->events > WEAVE_EVENTS ? control->events - WEAVE_EVENTS : 0;
    struct timeline timeline = timeline_begin(story, out);
    if (interactive)
        fputs("  Every step: Enter shows the next one, c and Enter all of the rest.\n", out);
    timeline_heading(&timeline, story);
    for (uint32_t i = first; i < control->events; i++) {
        timeline_event(&timeline, story, i);
        if (!interactive)
            continue;
        fflush(out);
        int key = getchar();
        interactive = key != 'c' && key != EOF; /* "c" continues without stopping */
        while (key != '\n' && key != EOF)
            key = getchar();
    }
}
