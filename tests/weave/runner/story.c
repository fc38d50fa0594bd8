/* Findings as text, and the trace as a timeline with a column for each process. */
#include "story.h"

#include <ctype.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TOLD_STEPS = 18, COLUMN_OF_TWO = 58, COLUMN_OF_MANY = 40, EVENT_TEXT = 200 };

static const char *const orders[] = {"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};

static const char *const kinds[] = {
    [EVENT_READ] = "read",
    [EVENT_WRITE] = "write",
    [EVENT_LOAD] = "load",
    [EVENT_STORE] = "store",
    [EVENT_UPDATE] = "update",
    [EVENT_FENCE] = "fence",
    [EVENT_FLUSH] = "flush",
    [EVENT_SEM_WAIT] = "sem_wait",
    [EVENT_SEM_POST] = "sem_post",
    [EVENT_LOCK] = "lock",
    [EVENT_UNLOCK] = "unlock",
    [EVENT_SEMOP] = "semop",
    [EVENT_SIGNAL] = "signal",
    [EVENT_WAKE] = "futex_wake",
    [EVENT_OPEN] = "open",
    [EVENT_REMOVE] = "remove",
    [EVENT_INIT] = "init",
    [EVENT_BLOCK] = "block",
    [EVENT_SPIN] = "spin",
    [EVENT_TIMEOUT] = "timeout",
    [EVENT_SLEEP] = "sleep",
    [EVENT_FORK] = "fork",
    [EVENT_END] = "end",
    [EVENT_KILLED] = "killed",
    [EVENT_SPURIOUS] = "spurious_wakeup",
    [EVENT_LOOP] = "loop",
    [EVENT_FAULT] = "fault",
};

const char *story_kind(const struct event *event)
{
    return event->kind < sizeof kinds / sizeof kinds[0] ? kinds[event->kind] : "?";
}

const char *story_order(const struct event *event)
{
    bool ordered = event->kind == EVENT_LOAD || event->kind == EVENT_STORE || event->kind == EVENT_UPDATE ||
                   event->kind == EVENT_FENCE;
    return ordered && event->order < sizeof orders / sizeof orders[0] ? orders[event->order] : "";
}

static void story_object(const struct story *story, const struct event *event, char *text, size_t size)
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
    if (event->size > sizeof event->value && length > 2)
        snprintf(text, size, ": \"%.8s...\"", letters);
    else if (event->old <= sizeof event->value && event->size == event->old)
        snprintf(text, size, ": %lld",
                 event->size == 4 ? (long long)(int32_t)event->value : (long long)event->value);
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
    default:
        snprintf(text, size, "%s %s", story_kind(event), object);
    }
}

static void story_turn_event(const struct event *event, const char *object, char *text, size_t size)
{
    int status = (int)(uint32_t)event->value;
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
        snprintf(text, size, "forks process %d", (int)event->value + 1);
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

void story_event(const struct story *story, const struct event *event, char *text, size_t size)
{
    char object[128], value[64];
    story_object(story, event, object, sizeof object);
    story_value(event, value, sizeof value);
    switch (event->kind) {
    case EVENT_READ:
        snprintf(text, size, "reads %s%s", object, value);
        break;
    case EVENT_WRITE:
        snprintf(text, size, "writes %s%s", object, value);
        break;
    case EVENT_LOAD:
        snprintf(text, size, "%s is %llu (%s)", object, (unsigned long long)event->value, story_order(event));
        break;
    case EVENT_STORE:
        if (event->flags & ACCESS_VOLATILE)
            snprintf(text, size, "%s = %llu goes into the store buffer (%s)", object,
                     (unsigned long long)event->value, story_order(event));
        else
            snprintf(text, size, "%s %llu -> %llu (%s)", object, (unsigned long long)event->old,
                     (unsigned long long)event->value, story_order(event));
        break;
    case EVENT_UPDATE:
        snprintf(text, size, "%s %llu -> %llu (%s)", object, (unsigned long long)event->old,
                 (unsigned long long)event->value, story_order(event));
        break;
    case EVENT_FENCE:
        snprintf(text, size, "fence (%s)", story_order(event));
        break;
    case EVENT_FLUSH:
        snprintf(text, size, "the buffered %s = %llu reaches memory", object,
                 (unsigned long long)event->value);
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
        story_turn_event(event, object, text, size);
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
        return finding->where != 0 && finding->where >= event->where &&
               finding->where - event->where < event->old;
    return event->kind != EVENT_SLEEP;
}

/* A waiting loop that reads the same again adds nothing. */
static bool story_repeats(const struct event *before, const struct event *event)
{
    return before->process == event->process && before->kind == event->kind && before->site == event->site &&
           before->where == event->where && before->value == event->value && before->object == event->object;
}

int story_select(const struct story *story, const struct finding *finding, uint32_t *chosen, int most)
{
    const struct control *control = story->session->control;
    uint32_t last = finding->events < control->events ? finding->events : control->events;
    uint32_t first = control->events > WEAVE_EVENTS ? control->events - WEAVE_EVENTS : 0;
    int count = 0;
    /* From the end backwards, then turned round. */
    for (uint32_t i = last; i-- > first && count < most;) {
        const struct event *event = story_at(story, i);
        if (event->process >= WEAVE_PROCESSES || !story_matters(finding, event))
            continue;
        if (count > 0 && story_repeats(event, story_at(story, chosen[count - 1])))
            continue;
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

static int story_columns(const struct story *story)
{
    int slots = story->session->control->slots;
    return slots < 1 ? 1 : slots > WEAVE_PROCESSES ? WEAVE_PROCESSES : slots;
}

static void story_cell(const struct story *story, FILE *out, int process, const char *text)
{
    int columns = story_columns(story), width = columns <= 2 ? COLUMN_OF_TWO : COLUMN_OF_MANY;
    for (int i = 0; i < process; i++)
        fprintf(out, "%-*s| ", width, "");
    if (process == columns - 1)
        fprintf(out, "%.*s\n", width, text);
    else
        fprintf(out, "%-*.*s|\n", width, width, text);
}

static void story_line(const struct story *story, FILE *out, uint32_t index)
{
    const struct event *event = story_at(story, index);
    struct place place;
    char effect[EVENT_TEXT], where[128], line[EVENT_TEXT * 2];
    int process = event->process % WEAVE_PROCESSES;
    story_event(story, event, effect, sizeof effect);
    if (symbols_place(story->symbols, event->site, 0, &place)) {
        symbols_short(&place, where, sizeof where);
        snprintf(line, sizeof line, "%.40s  %.150s", where, place.source);
        fprintf(out, "  %5u  ", index);
        story_cell(story, out, process, line);
        fprintf(out, "  %5s  ", "");
        snprintf(line, sizeof line, "    %.190s", effect);
    } else {
        fprintf(out, "  %5u  ", index);
        snprintf(line, sizeof line, "%.190s", effect);
    }
    story_cell(story, out, process, line);
}

static void story_heading(const struct story *story, FILE *out)
{
    int columns = story_columns(story), width = columns <= 2 ? COLUMN_OF_TWO : COLUMN_OF_MANY;
    fprintf(out, "  %5s  ", "step");
    for (int i = 0; i < columns; i++) {
        int program = story->session->control->process[i].program;
        const char *path = program >= 0 && program < story->options->session.programs
                               ? story->options->program[program].argv[0]
                               : "?";
        const char *slash = strrchr(path, '/');
        char name[96];
        snprintf(name, sizeof name, "process %d: %.60s%s", i + 1, slash == NULL ? path : slash + 1,
                 story->session->control->process[i].parent >= 0 ? " (child)" : "");
        if (i == columns - 1)
            fprintf(out, "%s\n", name);
        else
            fprintf(out, "%-*s| ", width, name);
    }
}

static void story_side(const struct story *story, FILE *out, const struct side *side)
{
    struct place place;
    char where[300];
    if (side->process >= 0)
        fprintf(out, "      process %d: %s\n", side->process + 1, side->what);
    else
        fprintf(out, "      %s\n", side->what);
    for (int depth = 0; symbols_place(story->symbols, side->site, depth, &place); depth++) {
        symbols_short(&place, where, sizeof where);
        if (depth == 0)
            fprintf(out, "          at %s in %s():  %s\n", where, place.function, place.source);
        else
            fprintf(out, "          called from %s in %s()\n", where, place.function);
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

static void story_wrapped(FILE *out, const char *text)
{
    enum { WIDTH = 110 };
    const char *indent = "    ";
    while (*text != '\0') {
        size_t length = strlen(text);
        if (length > WIDTH) {
            for (length = WIDTH; length > 0 && text[length] != ' ';)
                length--;
        }
        fprintf(out, "%s%.*s\n", indent, (int)length, text);
        text += length + strspn(text + length, " ");
    }
}

static void story_replay_command(const struct story *story, FILE *out)
{
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
    enum { TOLD_FINDINGS = 6 };
    uint32_t chosen[TOLD_STEPS];
    const struct findings *findings = story->findings;
    for (int i = 0; i < findings->count && i < TOLD_FINDINGS; i++)
        story_finding(story, out, &findings->finding[i]);
    if (findings->count > TOLD_FINDINGS)
        fprintf(out, "  and %d more\n", findings->count - TOLD_FINDINGS);
    if (findings->count == 0)
        return;
    fputs("  usually:\n", out);
    story_wrapped(out, findings->finding[0].why);
    int count = story_select(story, &findings->finding[0], chosen, TOLD_STEPS);
    if (count > 0) {
        story_heading(story, out);
        for (int i = 0; i < count; i++)
            story_line(story, out, chosen[i]);
    }
    story_replay_command(story, out);
}

void story_step_through(const struct story *story, FILE *out)
{
    const struct control *control = story->session->control;
    bool interactive = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    uint32_t first = control->events > WEAVE_EVENTS ? control->events - WEAVE_EVENTS : 0;
    story_heading(story, out);
    for (uint32_t i = first; i < control->events; i++) {
        story_line(story, out, i);
        if (!interactive)
            continue;
        fflush(out);
        int key = getchar();
        interactive = key != 'c' && key != EOF; /* "c" continues without stopping */
        while (key != '\n' && key != EOF)
            key = getchar();
    }
}
