/* Exploring: a session is started, schedules are run until something is found or all are done, the verdict is told. */
#include "explore.h"

#include "findings.h"
#include "old_values.h"
#include "page.h"
#include "story.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct explorer {
    struct options *options;
    struct session session;
    struct findings findings; /* of the first failing run */
    bool found, out_of_time, unable, told;
    double found_after;
    struct search_result result;
    uint32_t runs_before; /* of searches before the one that goes on */
    bool may_put_off, is_put_off;
    uint32_t put_off_length;
    uint8_t put_off[WEAVE_DECISIONS]; /* the schedule of a failure that needs an old value */
    struct notes notes;
    uint64_t steps;
    int most_processes; /* that took part in a run */
    uint32_t ended;     /* runs that came to their own end */
    char located[700];  /* the first finding in a line */
    bool reuse_failed;  /* processes that ran again did something else than new ones */
    bool shared;        /* in some run, two processes touched the same memory */
};

static void notes_add(struct notes *notes, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void notes_add(struct notes *notes, const char *format, ...)
{
    if (notes->count == NOTES)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(notes->text[notes->count++], sizeof notes->text[0], format, arguments);
    va_end(arguments);
}

static const char *explorer_verdict(const struct explorer *e)
{
    if (e->found)
        return "failed";
    if (e->unable)
        return "unable";
    return e->result.complete ? "passed" : "passed-incomplete";
}

static void explorer_page(const struct explorer *e, const struct story *story)
{
    if (e->options->html != NULL && page_write(story, e->options->html_descriptor) != 0)
        perror(e->options->html);
}

static void explorer_locate(struct explorer *e, const struct findings *findings, struct symbols *symbols);

/* While the run's state and the servers are still there. */
static void explorer_tell(struct explorer *e, const struct findings *findings, struct symbols *symbols)
{
    char *schedule = schedule_text(&e->session);
    struct story story = {e->options, &e->session, symbols, findings, schedule == NULL ? "" : schedule, &e->notes};
    if (e->options->stepping && !e->options->quiet)
        story_step_through(&story, stdout); /* before what came of it is told */
    if (!e->options->quiet) {
        uint32_t runs = e->runs_before + e->result.runs + 1;
        printf("weave: failed after %u schedule%s\n", runs, runs == 1 ? "" : "s");
        story_print(&story, stdout);
    }
    struct search_result so_far = e->result;
    so_far.runs += e->runs_before + 1; /* the search counts this run when it is back */
    if (e->options->json != NULL && story_write_json(&story, &so_far, session_now() - e->session.started, "failed",
                                                     e->options->json_descriptor) != 0)
        perror(e->options->json);
    explorer_page(e, &story);
    free(schedule);
}

/* A failure that is there without old values is a better one to report: it is looked for before this one is told. */
static void explorer_put_off(struct explorer *e)
{
    const struct control *control = e->session.control;
    for (uint32_t i = 0; i < control->decisions && i < WEAVE_DECISIONS; i++)
        e->put_off[e->put_off_length++] = control->decision[i].choice;
    e->is_put_off = true;
}

/*
 * A failure with old values: tells whether it needs them, and what would forbid them. The schedule is run again for
 * that, several times; at the end the session is as it was.
 */
static bool explorer_old_values(struct explorer *e, struct findings *findings, struct symbols *symbols)
{
    struct old_values *old = old_values_of(findings, e->options, &e->session, symbols);
    if (old == NULL)
        return true;
    bool needed = old_values_needed(old);
    if (needed && !e->may_put_off)
        old_values_explain(old);
    bool same = old_values_restore(old);
    if (needed && e->may_put_off && same)
        explorer_put_off(e);
    old_values_free(old);
    if (!same && e->session.error[0] == '\0')
        snprintf(e->session.error, sizeof e->session.error,
                 "the programs do something else when they see the same: the failure cannot be made again");
    return same;
}

static void explorer_found(struct explorer *e, const struct findings *findings, struct symbols *symbols)
{
    e->found = true;
    e->found_after = session_now() - e->session.started;
    e->findings = *findings;
    e->told = true;
    explorer_locate(e, findings, symbols);
    explorer_tell(e, findings, symbols);
}

static bool explorer_judge(struct explorer *e)
{
    if (!findings_suspected(e->options, &e->session))
        return false;
    struct symbols *symbols = symbols_open(&e->session, e->options->layout, e->options->structure);
    struct findings *findings = calloc(1, sizeof *findings);
    if (symbols == NULL || findings == NULL) {
        e->unable = true;
        symbols_close(symbols);
        free(findings);
        return false;
    }
    findings_collect(findings, e->options, &e->session, symbols);
    bool failed = findings->count > 0;
    if (failed && !e->found && e->session.control->weak > 0)
        e->unable = !explorer_old_values(e, findings, symbols);
    if (failed && !e->found && !e->unable && !e->is_put_off)
        explorer_found(e, findings, symbols);
    symbols_close(symbols);
    free(findings);
    return failed;
}

/* Nothing in the control segment can be trusted: only the fact is reported. */
static void explorer_tampered(struct explorer *e)
{
    e->found = true;
    e->findings.count = 1;
    e->findings.finding[0] =
        (struct finding){.kind = "tampered",
                         .cause = "tampered",
                         .why = "A program wrote far outside its own memory, into weave's records."};
    snprintf(e->findings.finding[0].headline, sizeof e->findings.finding[0].headline, "%.250s", e->session.error);
    run_clear(e->session.control);
}

/* " at FILE:LINE" of the innermost place that has a file, or nothing. */
static void explorer_place(struct explorer *e, uint16_t site, char *text, size_t size)
{
    struct symbols *symbols = symbols_open(&e->session, e->options->layout, e->options->structure);
    struct place place = {0};
    char where[300];
    text[0] = '\0';
    for (int depth = 0; symbols != NULL && symbols_place(symbols, site, depth, &place); depth++)
        if (place.file[0] != '\0') {
            symbols_short(&place, where, sizeof where);
            snprintf(text, size, " at %.150s", where);
            break;
        }
    symbols_close(symbols);
}

/* The last place at which the process that holds the turn was seen. */
static uint16_t explorer_last_site(const struct control *control)
{
    uint32_t first = control->events > WEAVE_EVENTS ? control->events - WEAVE_EVENTS : 0;
    for (uint32_t i = control->events; i-- > first;) {
        const struct event *event = &control->event[i % WEAVE_EVENTS];
        if (event->process == control->turn && event->site != WEAVE_NO_SITE)
            return event->site;
    }
    return WEAVE_NO_SITE;
}

/*
 * Neither passed nor failed: a run came to something that weave does not know, which says nothing about the
 * program. False when it did not.
 */
static bool explorer_not_judged(struct explorer *e)
{
    const struct control *control = e->session.control;
    char where[200], name[PROCESS_NAME];
    char *error = e->session.error;
    const size_t size = sizeof e->session.error;
    switch (control->ending) {
    case ENDING_UNMODELLED:
        explorer_place(e, control->unmodelled_site, where, sizeof where);
        snprintf(error, size, "not judged: %.*s%s, which weave does not model", (int)sizeof control->unmodelled - 1,
                 control->unmodelled, where);
        break;
    case ENDING_BLOCKED:
        session_process_name(&e->session, control->turn, name, sizeof name);
        explorer_place(e, explorer_last_site(control), where, sizeof where);
        snprintf(error, size, "not judged: %s sleeps in the system call %s (last seen%s), which weave does not model",
                 name, e->session.blocked_call, where[0] == '\0' ? " nowhere" : where);
        break;
    case ENDING_LIMIT:
        explorer_place(e, explorer_last_site(control), where, sizeof where);
        if (control->slots == WEAVE_PROCESSES)
            snprintf(error, size, "not judged: more than %d processes at once%s", WEAVE_PROCESSES, where);
        else
            snprintf(error, size, "not judged: a table of weave is full%s: use fewer messages or smaller objects",
                     where);
        break;
    default:
        return false;
    }
    return true;
}

/* Whether an event of the run touched a segment that another process touched, too. */
static bool explorer_shared(const struct control *control)
{
    uint16_t touched[WEAVE_SEGMENTS] = {0};
    uint32_t first = control->events > WEAVE_EVENTS ? control->events - WEAVE_EVENTS : 0;
    for (uint32_t i = first; i < control->events; i++) {
        const struct event *event = &control->event[i % WEAVE_EVENTS];
        for (uint32_t k = 0; event->where != 0 && k < control->segments && k < WEAVE_SEGMENTS; k++) {
            const struct segment *segment = &control->segment[k];
            if (event->where < segment->base || event->where - segment->base >= segment->size)
                continue;
            touched[k] = (uint16_t)(touched[k] | 1u << event->process % WEAVE_PROCESSES);
            if ((touched[k] & (touched[k] - 1)) != 0)
                return true;
        }
    }
    return false;
}

/* What the whole exploration is asked about at its end. */
static void explorer_note_run(struct explorer *e)
{
    const struct control *control = e->session.control;
    if (control->slots > e->most_processes)
        e->most_processes = control->slots;
    if (control->ending != ENDING_TIME && control->ending != ENDING_NONE)
        e->ended++;
    e->shared = e->shared || explorer_shared(control);
}

/* What a run came to, to compare it with another one. */
struct course {
    int32_t ending;
    uint32_t decisions, races, misuses;
    uint64_t state;
    uint8_t choice[WEAVE_DECISIONS];
};

static void course_of(const struct control *control, struct course *course)
{
    course->ending = control->ending;
    course->decisions = control->decisions < WEAVE_DECISIONS ? control->decisions : WEAVE_DECISIONS;
    course->races = control->races;
    course->misuses = control->misuses;
    course->state = decide_state(control);
    for (uint32_t i = 0; i < course->decisions; i++)
        course->choice[i] = control->decision[i].choice;
}

/* Where a loop is caught depends on time, and one that ended at a known state goes on now. */
static bool course_is_same(const struct course *one, const struct course *other)
{
    bool timed = one->ending == ENDING_LOOP || one->ending == ENDING_BLOCKED;
    if (one->ending == ENDING_KNOWN)
        return other->decisions >= one->decisions && memcmp(one->choice, other->choice, one->decisions) == 0;
    if (one->ending != other->ending || one->races != other->races || one->misuses != other->misuses)
        return false;
    return timed || (one->decisions == other->decisions && one->state == other->state &&
                     memcmp(one->choice, other->choice, one->decisions) == 0);
}

/*
 * A run of processes that had run before came to something that is to be told: is it the same with new ones, which have
 * no past? Afterwards the session is as the new ones left it.
 */
static bool explorer_confirm(struct explorer *e)
{
    struct course *before = calloc(2, sizeof *before), *after = before + 1;
    if (before == NULL) {
        e->unable = true;
        return false;
    }
    course_of(e->session.control, before);
    struct session_plan plan = {
        .strategy = STRATEGY_DFS, .prescription = before->choice, .prescribed = before->decisions, .seed = 1};
    session_renew(&e->session);
    bool ran = session_run(&e->session, &plan) == 0;
    course_of(e->session.control, after);
    bool same = ran && course_is_same(before, after);
    e->unable = e->unable || !ran;
    free(before);
    return same;
}

static bool explorer_is_to_be_told(const struct explorer *e)
{
    int32_t ending = e->session.control->ending;
    return ending == ENDING_UNMODELLED || ending == ENDING_BLOCKED || ending == ENDING_LIMIT ||
           findings_suspected(e->options, &e->session);
}

static void explorer_run(void *context, struct search_run *run)
{
    struct explorer *e = context;
    struct session_plan plan = {run->strategy, run->prescription, run->prescribed,
                                run->seed,     run->longest,      run->stop_at_known};
    if (session_run(&e->session, &plan) != 0) {
        if (e->session.tampered)
            explorer_tampered(e);
        e->unable = run->stop = true;
        return;
    }
    const struct control *control = e->session.control;
    if (e->session.reused && explorer_is_to_be_told(e) && !explorer_confirm(e)) {
        e->reuse_failed = run->stop = true;
        return;
    }
    explorer_note_run(e);
    /* Not when there is something to report that was wrong before. */
    if (control->races == 0 && control->misuses == 0 && explorer_not_judged(e)) {
        e->unable = run->stop = true;
        return;
    }
    run->decision = control->decision;
    run->decisions = control->decisions < WEAVE_DECISIONS ? control->decisions : WEAVE_DECISIONS;
    run->steps = control->steps;
    run->failed = explorer_judge(e);
    e->steps += control->steps;
    e->out_of_time =
        control->ending == ENDING_TIME || session_now() - e->session.started > e->options->session.time_limit;
    run->stop = e->unable || e->out_of_time;
}

/* One prescribed schedule, as often as was asked for: each run must end in the same state. */
static void explorer_replay(struct explorer *e, const struct schedule *schedule)
{
    struct search_run run = {
        .strategy = STRATEGY_DFS, .prescription = schedule->choice, .prescribed = schedule->length, .seed = 1};
    do {
        explorer_run(e, &run);
        e->result.runs++;
    } while (e->result.runs < e->options->search.most_runs && !e->found && !run.stop);
    if (e->unable || e->found || !e->options->stepping)
        return;
    struct symbols *symbols = symbols_open(&e->session, e->options->layout, e->options->structure);
    struct story story = {e->options, &e->session, symbols, &e->findings, "", &e->notes};
    if (!e->options->quiet)
        story_step_through(&story, stdout);
    story.schedule = e->options->replay;
    explorer_page(e, &story);
    symbols_close(symbols);
}

/*
 * After a failure that needs an old value: one that needs none, with as many unforced switches, comes first; without
 * one the failure is run again and told.
 */
static int explorer_settle(struct explorer *e)
{
    struct search_options newest = e->options->search;
    struct search_run run = {
        .strategy = STRATEGY_DFS, .prescription = e->put_off, .prescribed = e->put_off_length, .seed = 1};
    e->is_put_off = e->may_put_off = false;
    e->runs_before = e->result.runs;
    newest.bound = e->result.bound;
    newest.old_bound = 0;
    if (search_explore(&newest, explorer_run, e, &e->result) != 0)
        return -1;
    if (!e->found && !e->unable) {
        explorer_run(e, &run);
        e->result.runs++;
    }
    e->result.runs += e->runs_before;
    e->result.bound = newest.bound;
    return 0;
}

/* The report of a search that found nothing shows its last run: all of it. */
static void explorer_complete_last_run(struct explorer *e)
{
    const struct control *control = e->session.control;
    uint8_t *choice = control->ending == ENDING_KNOWN ? malloc(control->decisions) : NULL;
    if (choice == NULL || e->options->json == NULL || e->found || e->unable) {
        free(choice);
        return;
    }
    for (uint32_t i = 0; i < control->decisions; i++)
        choice[i] = control->decision[i].choice;
    struct session_plan plan = {
        .strategy = STRATEGY_DFS, .prescription = choice, .prescribed = control->decisions, .seed = 1};
    e->unable = session_run(&e->session, &plan) != 0;
    free(choice);
}

static int explorer_search_once(struct explorer *e)
{
    struct search_options *search = &e->options->search;
    /* A run to its end also tells how often it fails, and whether the process to be killed came so far. */
    search->stop_at_known = !search->keep_going && e->options->session.kill_process < 0;
    search->known = &e->session.control->known;
    e->may_put_off = e->options->search.strategy == STRATEGY_DFS && !e->options->search.keep_going;
    search->stop_if_different = !e->options->session.no_reuse;
    if (search_explore(search, explorer_run, e, &e->result) != 0 || (e->is_put_off && explorer_settle(e) != 0))
        return -1;
    if (!e->unable && !e->found && !e->options->session.no_reuse && (e->reuse_failed || e->result.different)) {
        notes_add(&e->notes, "new processes for every schedule: they do something else when they run again");
        e->options->session.no_reuse = true;
        e->reuse_failed = e->is_put_off = e->out_of_time = false;
        e->put_off_length = 0;
        session_renew(&e->session);
        return explorer_search_once(e);
    }
    explorer_complete_last_run(e);
    return 0;
}

/* Kill the process at its first step, its second, and so on, until a run ends before that step comes. */
static int explorer_search(struct explorer *e)
{
    struct session_options *session = &e->options->session;
    if (!e->options->kill_sweep)
        return explorer_search_once(e);
    struct search_result total = {.complete = true};
    for (session->kill_step = 1; !e->found && !e->unable && !e->out_of_time; session->kill_step++) {
        if (explorer_search_once(e) != 0)
            return -1;
        total.runs += e->result.runs;
        total.pruned += e->result.pruned;
        total.failures += e->result.failures;
        total.bound = e->result.bound;
        total.complete &= e->result.complete;
        if (!e->session.control->process[session->kill_process].killed)
            break;
    }
    e->result = total;
    return 0;
}

/* "FILE:LINE: kind: sentence" of the first finding, as compilers print it: editors and CI jump there. */
static void explorer_locate(struct explorer *e, const struct findings *findings, struct symbols *symbols)
{
    const struct finding *first = &findings->finding[0];
    struct place place;
    int chosen = -1;
    bool early = strcmp(first->cause, "early-publication") == 0 || strcmp(first->cause, "early-release") == 0;
    for (int i = 0; i < first->sides; i++) /* what was handed over too early is to be moved, else the first place */
        if (symbols_place(symbols, first->side[i].site, 0, &place) && place.file[0] != '\0' &&
            (chosen < 0 || (early && first->side[i].role == SIDE_HANDOVER)))
            chosen = i;
    if (chosen < 0 || !symbols_place(symbols, first->side[chosen].site, 0, &place))
        return;
    char here[4096] = "";
    size_t length = getcwd(here, sizeof here) == NULL ? 0 : strlen(here);
    bool below = length > 1 && strncmp(place.file, here, length) == 0 && place.file[length] == '/';
    snprintf(e->located, sizeof e->located, "%s:%d: %s: %s [%s]", below ? place.file + length + 1 : place.file,
             place.line, first->kind, first->headline, first->cause);
}

static void explorer_summary(const struct explorer *e)
{
    double seconds = session_now() - e->session.started;
    const struct search_result *r = &e->result;
    if (e->unable && !e->found) {
        fprintf(stderr, "weave: %s\n", e->session.error[0] == '\0' ? "out of memory" : e->session.error);
        return;
    }
    if (e->session.tampered && e->found)
        printf("weave: FAILED tampered: %s", e->session.error);
    else if (e->found)
        printf("weave: FAILED %s %s", e->findings.finding[0].kind, e->findings.finding[0].cause);
    else if (r->complete && e->options->search.bound >= SEARCH_UNBOUNDED)
        printf("weave: passed, every schedule");
    else if (r->complete)
        printf("weave: passed, every schedule with %d unforced switches or fewer", r->bound);
    else if (e->options->replay != NULL)
        printf("weave: passed, this schedule");
    else
        printf("weave: passed, but not every schedule was run%s", e->out_of_time ? " (time limit)" : "");
    if (!e->found && e->options->replay == NULL && e->options->session.weak > 0)
        printf(", reading up to %d old value%s", e->options->session.weak, e->options->session.weak == 1 ? "" : "s");
    if (!e->found && e->options->replay == NULL && e->options->session.store_buffers)
        printf(", letting stores wait once");
    printf(" (%u schedule%s, %.2f s)\n", r->runs, r->runs == 1 ? "" : "s", seconds);
    if (e->found && e->located[0] != '\0')
        puts(e->located);
    if (e->options->html != NULL && e->told)
        printf("weave: page: %s\n", e->options->html);
    else if (e->options->html != NULL && e->options->replay == NULL)
        printf("weave: no failure, so there is nothing to show in %s\n", e->options->html);
    for (int i = 0; i < e->notes.count; i++)
        printf("weave: note: %s\n", e->notes.text[i]);
}

#define EXPLORER_NAME(name) #name,

/* Which functions that are not followed got pointers to shared memory, and where first. */
static void explorer_note_unwatched(struct explorer *e)
{
    static const char *const names[] = {UNWATCHED_CALLS(EXPLORER_NAME)};
    char list[400] = "", where[200];
    for (int i = 0; i < UNWATCHED_COUNT; i++) {
        size_t used = strlen(list);
        if (e->session.control->unwatched[i] == WEAVE_NO_SITE)
            continue;
        explorer_place(e, e->session.control->unwatched[i], where, sizeof where);
        snprintf(list + used, sizeof list - used, "%s%s%s", used == 0 ? "" : ", ", names[i], where);
    }
    if (list[0] != '\0')
        notes_add(&e->notes, "what these read or write in shared memory is not watched: %s", list);
}

/* What a verdict does not cover. */
static void explorer_note(struct explorer *e)
{
    struct notes *notes = &e->notes;
    for (int i = 0; i < e->options->session.programs; i++) {
        const struct program *program = &e->options->program[i];
        bool known = false;
        for (int k = 0; k < i; k++)
            known = known || strcmp(program->path, e->options->program[k].path) == 0;
        if (program->unwatched[0] != '\0' && !known)
            notes_add(notes, "%s contains what was not compiled with `weave cc`, and is not watched there: %s",
                      program->argv[0], program->unwatched);
    }
    if (!e->shared && e->most_processes > 1)
        notes_add(notes, "no two processes touched the same memory: do they open the same name or key?");
    else if (!e->shared)
        notes_add(notes, "there was one process only: nothing was shared");
    explorer_note_unwatched(e);
}

static void explorer_json(struct explorer *e)
{
    if (e->options->json == NULL || e->told)
        return;
    struct symbols *symbols = symbols_open(&e->session, e->options->layout, e->options->structure);
    if (symbols == NULL)
        return;
    struct story story = {e->options, &e->session, symbols, &e->findings, "", &e->notes};
    if (story_write_json(&story, &e->result, session_now() - e->session.started, explorer_verdict(e),
                         e->options->json_descriptor) != 0)
        perror(e->options->json);
    symbols_close(symbols);
}

static int explorer_apply_schedule(struct explorer *e, struct schedule *schedule)
{
    if (schedule_parse(schedule, e->options->replay) != 0) {
        fprintf(stderr, "weave: not a schedule: %s\n", e->options->replay);
        return -1;
    }
    struct session_options *session = &e->options->session;
    session->store_buffers |= schedule->store_buffers;
    if (schedule->weak && session->weak == 0)
        session->weak = 1; /* how many is for searching only */
    session->every_access |= schedule->every_access;
    session->no_reuse = true; /* a failure is shown as it is when nothing was run before */
    if (schedule->kill_process >= 0) {
        session->kill_process = schedule->kill_process;
        session->kill_step = schedule->kill_step;
        e->options->kill_sweep = false;
    }
    return 0;
}

/* Names that only the started programs tell whether they name something. */
static int explorer_check_names(struct explorer *e)
{
    struct symbols *symbols = symbols_open(&e->session, e->options->layout, e->options->structure);
    const char *wrong = NULL;
    if (symbols != NULL && e->options->structure != NULL && !symbols_has_structure(symbols))
        wrong = e->options->structure;
    if (wrong != NULL)
        fprintf(stderr, "weave: --struct %s: no program has debugging information of such a structure\n", wrong);
    else if (symbols != NULL && e->options->layout != NULL && !symbols_has_layout(symbols))
        fprintf(stderr, "weave: --layout %s: no line of the form \"offset size name\"\n", wrong = e->options->layout);
    symbols_close(symbols);
    return wrong == NULL ? 0 : -1;
}

/* Options that spoke of a process which no run had. */
static int explorer_check_processes(const struct explorer *e)
{
    for (int i = e->most_processes; i < WEAVE_PROCESSES; i++)
        if (e->options->named >> i & 1) {
            fprintf(stderr, "weave: an option names process %d, but there were only %d\n", i + 1, e->most_processes);
            return -1;
        }
    return 0;
}

int explore(struct options *options)
{
    struct explorer *e = calloc(1, sizeof *e);
    struct schedule *schedule = calloc(1, sizeof *schedule);
    int status = EXIT_UNABLE;
    if (e != NULL && schedule != NULL) {
        e->options = options;
        if (options->replay != NULL && explorer_apply_schedule(e, schedule) != 0) {
            status = EXIT_USAGE;
        } else if (session_start(&e->session, &options->session) != 0) {
            fprintf(stderr, "weave: %s\n", e->session.error);
            session_end(&e->session);
        } else if (explorer_check_names(e) != 0) {
            session_end(&e->session);
            status = EXIT_USAGE;
        } else {
            if (options->replay != NULL)
                explorer_replay(e, schedule);
            else if (explorer_search(e) != 0)
                e->unable = true;
            if (!e->found && !e->unable && e->ended == 0) {
                snprintf(e->session.error, sizeof e->session.error,
                         "not judged: no run came to its end within %g s: see --time-limit, --hang",
                         options->session.time_limit);
                e->unable = true;
            }
            if (!e->found && !e->unable)
                explorer_note(e);
            explorer_json(e);
            explorer_summary(e);
            session_end(&e->session);
            status = e->found ? EXIT_FOUND : e->unable ? EXIT_UNABLE : EXIT_PASSED;
            if (status == EXIT_PASSED && explorer_check_processes(e) != 0)
                status = EXIT_USAGE;
        }
    }
    free(schedule);
    free(e);
    return status;
}
