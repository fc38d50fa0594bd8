/* What the page is made from: the steps worth showing, with what they show of memory, and the lines around them. */
#include "page.h"

#include "json.h"
#include "story.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    STEPS = 120,     /* most that a page shows: the last ones */
    FILES = 24,      /* sources */
    AROUND = 6,      /* lines of source shown before and after one */
    LINE_MOST = 300, /* bytes of a line */
    LINES = 20000,   /* of a source: what is further down is left out */
};

struct page_file {
    char path[256];
    bool wanted[LINES];
};

struct page_step {
    uint32_t event;
    int from; /* the step that released what this one acquires, -1 none */
    int file; /* -1: the step has no place */
    int line;
};

struct page {
    const struct story *story;
    FILE *out;
    struct page_step step[STEPS];
    int steps;
    uint32_t earlier; /* steps that were left out since there are too many */
    struct page_file *file;
    int files;
};

static const struct event *page_event(const struct page *page, uint32_t index)
{
    return &page->story->session->control->event[index % WEAVE_EVENTS];
}

static const struct finding *page_finding(const struct page *page)
{
    return page->story->findings->count > 0 ? &page->story->findings->finding[0] : NULL;
}

/* The event at which a side of the finding shows: the last one of its process at its place. */
static bool page_is_guilty(const struct page *page, const struct side *side, uint32_t index)
{
    const struct finding *finding = page_finding(page);
    const struct control *control = page->story->session->control;
    const struct event *event = page_event(page, index);
    if (side->site == WEAVE_NO_SITE || event->process != side->process || event->site != side->site)
        return false;
    uint32_t last = finding->events < control->events ? finding->events : control->events;
    for (uint32_t i = index + 1; i < last; i++)
        if (page_event(page, i)->process == side->process && page_event(page, i)->site == side->site)
            return false;
    return true;
}

/* ---- which steps ---- */

static bool page_changes(const struct event *event)
{
    return event->kind == EVENT_WRITE || event->kind == EVENT_STORE || event->kind == EVENT_UPDATE ||
           event->kind == EVENT_FLUSH || event->kind == EVENT_SEM_WAIT || event->kind == EVENT_SEM_POST ||
           event->kind == EVENT_SEMOP || event->kind == EVENT_LOCK || event->kind == EVENT_UNLOCK ||
           event->kind == EVENT_INIT;
}

static void page_select(struct page *page)
{
    enum { TOLD = 64 };
    uint32_t told[TOLD];
    const struct control *control = page->story->session->control;
    const struct finding *finding = page_finding(page);
    uint32_t first = control->events > WEAVE_EVENTS ? control->events - WEAVE_EVENTS : 0, last = control->events;
    int count = finding == NULL ? 0 : story_select(page->story, finding, told, TOLD), next = count;
    if (finding != NULL && finding->events < last)
        last = finding->events;
    for (uint32_t i = last; i-- > first;) { /* from the end backwards, then turned round */
        const struct event *event = page_event(page, i);
        while (next > 0 && told[next - 1] > i)
            next--;
        bool wanted = page_changes(event) || event->kind == EVENT_SEND || event->kind == EVENT_RECEIVE ||
                      event->kind == EVENT_EXEC || (next > 0 && told[next - 1] == i) || finding == NULL;
        for (int k = 0; finding != NULL && k < finding->sides; k++)
            wanted = wanted || page_is_guilty(page, &finding->side[k], i);
        if (!wanted || event->kind == EVENT_SPIN || event->kind == EVENT_OPEN || event->process >= WEAVE_PROCESSES)
            continue;
        if (page->steps == STEPS)
            page->earlier++;
        else
            page->step[page->steps++] = (struct page_step){.event = i, .from = -1, .file = -1};
    }
    for (int i = 0; i < page->steps / 2; i++) {
        struct page_step swap = page->step[i];
        page->step[i] = page->step[page->steps - 1 - i];
        page->step[page->steps - 1 - i] = swap;
    }
}

static bool page_acquires(const struct event *event)
{
    bool weak = (event->kind == EVENT_LOAD || event->kind == EVENT_UPDATE) &&
                (event->order == ORDER_RELAXED || event->order == ORDER_RELEASE);
    return event->object >= 0 && event->kind != EVENT_OPEN && event_acquires(event) && !weak;
}

static bool page_releases(const struct event *event)
{
    bool weak = (event->kind == EVENT_STORE || event->kind == EVENT_UPDATE) && event->order < ORDER_RELEASE;
    return event->object >= 0 && event->kind != EVENT_OPEN && event_releases(event) && !weak;
}

/* An arrow for what one process released and the next one acquired. */
static void page_find_arrows(struct page *page)
{
    for (int i = 0; i < page->steps; i++) {
        const struct event *to = page_event(page, page->step[i].event);
        if (!page_acquires(to))
            continue;
        for (int k = i; k-- > 0;) {
            const struct event *from = page_event(page, page->step[k].event);
            if (from->object != to->object || !page_releases(from))
                continue;
            if (from->process != to->process)
                page->step[i].from = k;
            break;
        }
    }
}

/* ---- sources ---- */

static int page_file_of(struct page *page, const char *path)
{
    for (int i = 0; i < page->files; i++)
        if (strcmp(page->file[i].path, path) == 0)
            return i;
    if (page->files == FILES)
        return -1;
    snprintf(page->file[page->files].path, sizeof page->file[0].path, "%s", path);
    return page->files++;
}

static void page_find_places(struct page *page)
{
    for (int i = 0; i < page->steps; i++) {
        struct page_step *step = &page->step[i];
        struct place place;
        if (!symbols_place(page->story->symbols, page_event(page, step->event)->site, 0, &place) ||
            place.file[0] == '\0')
            continue;
        step->file = page_file_of(page, place.file);
        step->line = place.line;
        for (int line = place.line - AROUND; step->file >= 0 && line <= place.line + AROUND; line++)
            if (line > 0 && line < LINES)
                page->file[step->file].wanted[line] = true;
    }
}

static void page_put_lines(const struct page *page, const struct page_file *file)
{
    FILE *source = fopen(file->path, "re");
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    bool any = false;
    for (int i = 1; source != NULL && i < LINES && (length = getline(&line, &room, source)) >= 0; i++) {
        if (!file->wanted[i])
            continue;
        line[strcspn(line, "\n")] = '\0';
        if (length > LINE_MOST)
            line[LINE_MOST] = '\0';
        fprintf(page->out, "%s\"%d\":", any ? "," : "", i);
        json_text(page->out, line);
        any = true;
    }
    free(line);
    if (source != NULL)
        fclose(source);
}

static void page_put_files(const struct page *page)
{
    fputs("\"files\":[", page->out);
    for (int i = 0; i < page->files; i++) {
        const char *slash = strrchr(page->file[i].path, '/');
        fputs(i > 0 ? ",{\"name\":" : "{\"name\":", page->out);
        json_text(page->out, slash == NULL ? page->file[i].path : slash + 1);
        fputs(",\"lines\":{", page->out);
        page_put_lines(page, &page->file[i]);
        fputs("}}", page->out);
    }
    fputs("],", page->out);
}

/* ---- steps ---- */

/* Of which kind the thing is that a step shows; NULL: of none that is shown. */
static const char *page_what(const struct event *event)
{
    switch (event->kind) {
    case EVENT_READ:
    case EVENT_WRITE:
    case EVENT_LOAD:
    case EVENT_STORE:
    case EVENT_UPDATE:
    case EVENT_FLUSH:
        return "memory";
    case EVENT_SEM_WAIT:
    case EVENT_SEM_POST:
    case EVENT_SEMOP:
        return "semaphore";
    case EVENT_LOCK:
    case EVENT_UNLOCK:
        return "lock";
    default:
        return NULL;
    }
}

/* What it holds after the step, and before it where the step tells. */
static void page_values(const struct page *page, const struct event *event, char *after, char *before, size_t size)
{
    char name[PROCESS_NAME];
    before[0] = '\0';
    switch (event->kind) {
    case EVENT_READ:
    case EVENT_WRITE:
        story_shown(event, after, size);
        break;
    case EVENT_LOCK:
        session_process_name(page->story->session, event->process, name, sizeof name);
        snprintf(after, size, "held by %s", name);
        snprintf(before, size, "free");
        break;
    case EVENT_UNLOCK:
        snprintf(after, size, "free");
        break;
    case EVENT_STORE:
    case EVENT_UPDATE:
        snprintf(before, size, "%lld", (long long)event->old);
        snprintf(after, size, "%lld", (long long)event->value);
        break;
    default:
        snprintf(after, size, "%lld", (long long)event->value);
    }
    if (event->kind == EVENT_SEM_WAIT || event->kind == EVENT_SEM_POST)
        snprintf(before, size, "%lld", (long long)event->value + (event->kind == EVENT_SEM_WAIT ? 1 : -1));
    if (event->kind == EVENT_SEMOP)
        snprintf(before, size, "%lld", (long long)((int64_t)event->value - (int64_t)event->old));
}

static void page_put_guilt(const struct page *page, uint32_t event)
{
    const struct finding *finding = page_finding(page);
    bool any = false;
    fputs(",\"guilty\":[", page->out);
    for (int i = 0; finding != NULL && i < finding->sides; i++)
        if (page_is_guilty(page, &finding->side[i], event)) {
            const struct side *side = &finding->side[i];
            fputs(any ? "," : "", page->out);
            json_text(page->out, side->what);
            any = true;
            if (side->held[0] != '\0') {
                fputc(',', page->out);
                json_text(page->out, side->held);
            }
        }
    fputs("]", page->out);
}

static void page_put_step(const struct page *page, const struct page_step *step)
{
    const struct event *event = page_event(page, step->event);
    const char *what = page_what(event);
    char text[256], name[128] = "", after[128] = "", before[128] = "";
    story_event(page->story, event, text, sizeof text);
    if (what != NULL) {
        story_name(page->story, event, name, sizeof name);
        page_values(page, event, after, before, sizeof after);
    }
    fprintf(page->out, "{\"step\":%u,\"process\":%d,\"text\":", step->event, event->process + 1);
    json_text(page->out, text);
    json_member(page->out, "name", name);
    json_member(page->out, "what", what == NULL ? "" : what);
    json_member(page->out, "shown", after);
    json_member(page->out, "first", before);
    fprintf(page->out, ",\"changes\":%s,\"from\":%d,\"file\":%d,\"line\":%d", page_changes(event) ? "true" : "false",
            step->from, step->file, step->line);
    page_put_guilt(page, step->event);
    fputc('}', page->out);
}

/* ---- all of it ---- */

static void page_put_findings(const struct page *page)
{
    fputs("\"findings\":[", page->out);
    for (int i = 0; i < page->story->findings->count; i++) {
        const struct finding *finding = &page->story->findings->finding[i];
        fprintf(page->out, "%s{\"kind\":\"%s\",\"cause\":\"%s\"", i > 0 ? "," : "", finding->kind, finding->cause);
        json_member(page->out, "headline", finding->headline);
        json_member(page->out, "why", finding->why);
        fputs(",\"sides\":[", page->out);
        for (int k = 0; i == 0 && k < finding->sides; k++) {
            const struct side *side = &finding->side[k];
            char name[PROCESS_NAME], where[128] = "", text[512];
            struct place place;
            session_process_name(page->story->session, side->process, name, sizeof name);
            if (symbols_place(page->story->symbols, side->site, 0, &place))
                symbols_short(&place, where, sizeof where);
            snprintf(text, sizeof text, "%s%s%s%s%s", side->process >= 0 ? name : "", side->process >= 0 ? ": " : "",
                     side->what, where[0] != '\0' ? ", " : "", where);
            fputs(k > 0 ? "," : "", page->out);
            json_text(page->out, text);
        }
        fputs("]}", page->out);
    }
    fputs("],", page->out);
}

static void page_put_names(const struct page *page)
{
    const struct control *control = page->story->session->control;
    bool acts[WEAVE_PROCESSES] = {false}, any = false;
    fputs("\"names\":[\"\"", page->out);
    for (int i = 0; i < control->slots && i < WEAVE_PROCESSES; i++) {
        char name[PROCESS_NAME];
        session_process_name(page->story->session, i, name, sizeof name);
        fputc(',', page->out);
        json_text(page->out, name);
    }
    for (int i = 0; i < page->steps; i++)
        acts[page_event(page, page->step[i].event)->process] = true;
    fputs("],\"shown\":[", page->out);
    for (int i = 0; i < WEAVE_PROCESSES; i++)
        if (acts[i]) {
            fprintf(page->out, "%s%d", any ? "," : "", i + 1);
            any = true;
        }
    fputs("],", page->out);
}

static void page_put_data(const struct page *page)
{
    const struct finding *finding = page_finding(page);
    char field[128] = "", *command = NULL;
    size_t size;
    if (finding != NULL && finding->where != 0)
        symbols_field(page->story->symbols, finding->where, field, sizeof field);
    FILE *text = open_memstream(&command, &size);
    if (text != NULL) {
        story_replay_command(page->story, text);
        fclose(text);
    }
    fputc('{', page->out);
    page_put_names(page);
    page_put_findings(page);
    page_put_files(page);
    fprintf(page->out, "\"earlier\":%u", page->earlier);
    json_member(page->out, "hot", field);
    json_member(page->out, "replay", command == NULL ? "" : command);
    fputs(",\"events\":[", page->out);
    for (int i = 0; i < page->steps; i++) {
        fputs(i > 0 ? ",\n" : "\n", page->out);
        page_put_step(page, &page->step[i]);
    }
    fputs("]}", page->out);
    free(command);
}

/* The data as JSON, in which no tag can end the element that holds it; to be freed by the caller. */
static char *page_data(struct page *page)
{
    char *data = NULL;
    size_t size;
    page->out = open_memstream(&data, &size);
    page->file = calloc(FILES, sizeof *page->file);
    if (page->out != NULL && page->file != NULL) {
        page_select(page);
        page_find_arrows(page);
        page_find_places(page);
        page_put_data(page);
    }
    bool failed = page->out == NULL || fclose(page->out) != 0 || page->file == NULL;
    free(page->file);
    if (failed) {
        free(data);
        return NULL;
    }
    return data;
}

static void page_put_escaped(FILE *out, const char *data)
{
    for (; *data != '\0'; data++)
        if (*data == '<')
            fputs("\\u003c", out);
        else
            fputc(*data, out);
}

static void page_put(FILE *out, const char *data)
{
    const char *rest = (const char *)page_html;
    for (const char *mark; (mark = strchr(rest, '@')) != NULL;) {
        fwrite(rest, 1, (size_t)(mark - rest), out);
        if (strncmp(mark, "@STYLE@", 7) == 0)
            fputs((const char *)page_css, out);
        else if (strncmp(mark, "@SCRIPT@", 8) == 0)
            fputs((const char *)page_js, out);
        else
            page_put_escaped(out, data);
        rest = strchr(mark + 1, '@') + 1;
    }
    fputs(rest, out);
}

int page_write(const struct story *story, int descriptor)
{
    struct page *page = calloc(1, sizeof *page);
    char *data = NULL;
    FILE *out = NULL;
    if (page != NULL) {
        page->story = story;
        data = page_data(page);
    }
    free(page);
    int copy = data == NULL ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    if (copy >= 0 && (lseek(copy, 0, SEEK_SET) != 0 || ftruncate(copy, 0) == 0))
        out = fdopen(copy, "w");
    if (out != NULL)
        page_put(out, data);
    else if (copy >= 0)
        close(copy);
    free(data);
    return out == NULL ? -1 : fclose(out);
}
