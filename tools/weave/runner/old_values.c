/* Explaining old values, by running the schedule again with stronger orders. */
#include "old_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CANDIDATES = 8 }; /* operations on either side, the nearest ones */

/* An operation whose order could be stronger. */
struct candidate {
    struct event event;
    uint64_t pc;
    uint8_t image;
};

/* What is known of the failing run. */
struct old_values {
    struct findings *findings;
    const struct options *options;
    struct session *session;
    struct symbols *symbols;
    uint64_t state;
    struct event old;                    /* the event of the old value */
    struct event missed;                 /* that of the value that it misses */
    struct candidate mine[CANDIDATES];   /* operations before it of the same process, the nearest first */
    struct candidate theirs[CANDIDATES]; /* those of the others */
    int mine_count, theirs_count;
    struct what_if olds; /* all old values of the run */
    uint8_t full[WEAVE_DECISIONS], turns[WEAVE_DECISIONS];
    uint32_t full_length, turns_length; /* all decisions, and those without old values */
};

static const struct event *trace_at(const struct control *control, uint32_t index)
{
    return &control->event[index % WEAVE_EVENTS];
}

static uint32_t trace_first(const struct control *control)
{
    return control->events > WEAVE_EVENTS ? control->events - WEAVE_EVENTS : 0;
}

/* ---- what the failing run did ---- */

static void old_decisions(struct old_values *e)
{
    const struct control *control = e->session->control;
    for (uint32_t i = 0; i < control->decisions && i < WEAVE_DECISIONS; i++) {
        const struct decision *d = &control->decision[i];
        e->full[e->full_length++] = d->choice;
        if (d->kind < DECIDE_READ)
            e->turns[e->turns_length++] = d->choice;
        else if (d->choice != 0 && e->olds.olds < WEAVE_OLDS) {
            e->olds.old[e->olds.olds].pick = d->pick;
            e->olds.old[e->olds.olds++].choice = d->choice;
        }
    }
}

static bool candidate_is_known(const struct candidate *known, int count, const struct candidate *candidate)
{
    for (int i = 0; i < count; i++)
        if (known[i].pc == candidate->pc && known[i].image == candidate->image)
            return true;
    return false;
}

static void old_add(struct old_values *e, const struct event *event)
{
    const struct control *control = e->session->control;
    bool mine = event->process == e->old.process;
    struct candidate *list = mine ? e->mine : e->theirs;
    int *count = mine ? &e->mine_count : &e->theirs_count;
    if (event->kind < EVENT_LOAD || event->kind > EVENT_UPDATE || event->process >= WEAVE_PROCESSES)
        return;
    if (event->site == WEAVE_NO_SITE || event->site >= WEAVE_SITES || *count == CANDIDATES)
        return;
    struct candidate candidate = {
        .event = *event, .pc = control->site[event->site].pc[0], .image = control->process[event->process].image};
    if (!candidate_is_known(list, *count, &candidate))
        list[(*count)++] = candidate;
}

/* The last old value before the failure; false: there is none. */
static bool old_find(struct old_values *e)
{
    const struct control *control = e->session->control;
    uint32_t last = e->findings->finding[0].events, first = trace_first(control);
    if (last > control->events)
        last = control->events;
    uint32_t old = last;
    while (old > first && !(trace_at(control, old - 1)->flags & ACCESS_OLD))
        old--;
    if (old == first)
        return false;
    e->old = *trace_at(control, old - 1);
    if (e->old.other > first && e->old.other <= control->events)
        e->missed = *trace_at(control, e->old.other - 1);
    for (uint32_t i = old; i > first; i--)
        old_add(e, trace_at(control, i - 1));
    return true;
}

/* ---- running it again ---- */

static bool old_run(struct old_values *e, const uint8_t *prescription, uint32_t length)
{
    struct session_plan plan = {
        .strategy = STRATEGY_DFS, .prescription = prescription, .prescribed = length, .seed = 1};
    return session_run(e->session, &plan) == 0;
}

/* Whether the old value is not possible any more. */
static bool old_forbids(struct old_values *e, const struct stronger *change, uint32_t changes)
{
    struct what_if *what_if = &e->session->control->what_if;
    *what_if = e->olds;
    what_if->on = 1;
    what_if->changes = changes;
    memcpy(what_if->change, change, changes * sizeof *change);
    bool ran = old_run(e, e->turns, e->turns_length);
    what_if->on = 0;
    return ran && e->session->control->forbidden != 0;
}

/* Whether the run fails in the same way when all its loads read the newest value. */
static bool old_fails_without(struct old_values *e)
{
    struct what_if *what_if = &e->session->control->what_if;
    *what_if = (struct what_if){.on = 1};
    bool ran = old_run(e, e->turns, e->turns_length), same = false;
    what_if->on = 0;
    struct findings *again = calloc(1, sizeof *again);
    if (ran && again != NULL && findings_suspected(e->options, e->session)) {
        findings_collect(again, e->options, e->session, e->symbols);
        const struct finding *now = &again->finding[0], *then = &e->findings->finding[0];
        same = again->count > 0 && strcmp(now->kind, then->kind) == 0 && strcmp(now->cause, then->cause) == 0;
    }
    free(again);
    return same;
}

/* ---- what would forbid it ---- */

static int order_acquiring(const struct candidate *c)
{
    bool already = c->event.order == ORDER_ACQUIRE || c->event.order >= ORDER_BOTH;
    if (c->event.kind == EVENT_STORE || already)
        return -1;
    return c->event.kind == EVENT_LOAD ? ORDER_ACQUIRE : ORDER_BOTH;
}

static int order_releasing(const struct candidate *c)
{
    if (c->event.kind == EVENT_LOAD || c->event.order >= ORDER_RELEASE)
        return -1;
    return c->event.kind == EVENT_STORE ? ORDER_RELEASE : ORDER_BOTH;
}

static int order_sequential(const struct candidate *c)
{
    return c->event.order == ORDER_SEQUENTIAL ? -1 : ORDER_SEQUENTIAL;
}

static int fence_acquiring(const struct candidate *c)
{
    (void)c;
    return ORDER_ACQUIRE;
}

static int fence_releasing(const struct candidate *c)
{
    return c->event.kind == EVENT_LOAD ? -1 : ORDER_RELEASE;
}

static int fence_sequential(const struct candidate *c)
{
    (void)c;
    return ORDER_SEQUENTIAL;
}

/* A way to make operations of this process and of the others stronger. */
struct remedy {
    int (*mine)(const struct candidate *), (*theirs)(const struct candidate *);
    bool fence;
};

/* From the weakest on. */
static const struct remedy order_remedies[] = {
    {order_acquiring, order_releasing, false},
    {order_sequential, order_sequential, false},
};
static const struct remedy fence_remedies[] = {
    {fence_acquiring, fence_releasing, true},
    {fence_sequential, fence_sequential, true},
};

/* Which candidates were changed. */
struct cure {
    struct stronger change[2];
    const struct candidate *at[2];
    int changes;
};

static bool cure_add(struct cure *cure, const struct candidate *at, int order, bool fence)
{
    if (order < 0)
        return false;
    cure->at[cure->changes] = at;
    cure->change[cure->changes++] =
        (struct stronger){.pc = at->pc, .image = at->image, .order = (uint8_t)order, .fence_before = fence};
    return true;
}

/* One change on one side, then one on each. `i`, `k`: which, -1 none. */
static bool remedy_try(struct old_values *e, const struct remedy *remedy, int i, int k, struct cure *cure)
{
    *cure = (struct cure){.changes = 0};
    if (i >= 0 && !cure_add(cure, &e->mine[i], remedy->mine(&e->mine[i]), remedy->fence))
        return false;
    if (k >= 0 && !cure_add(cure, &e->theirs[k], remedy->theirs(&e->theirs[k]), remedy->fence))
        return false;
    return cure->changes > 0 && old_forbids(e, cure->change, (uint32_t)cure->changes);
}

static bool remedy_find(struct old_values *e, const struct remedy *remedy, struct cure *cure)
{
    for (int i = 0; i < e->mine_count; i++)
        if (remedy_try(e, remedy, i, -1, cure))
            return true;
    for (int k = 0; k < e->theirs_count; k++)
        if (remedy_try(e, remedy, -1, k, cure))
            return true;
    for (int i = 0; i < e->mine_count; i++)
        for (int k = 0; k < e->theirs_count; k++)
            if (remedy_try(e, remedy, i, k, cure))
                return true;
    return false;
}

/* ---- telling ---- */

static struct side *explain_side(struct finding *finding, int process, uint16_t site)
{
    static struct side spare;
    if (finding->sides == FINDING_SIDES)
        return &spare;
    struct side *side = &finding->side[finding->sides++];
    *side = (struct side){.process = process, .site = site};
    return side;
}

/* "an acquire fence before this", "acquire here" */
static void explain_cure(struct finding *finding, const struct cure *cure, const char * or)
{
    static const char *const names[] = {"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};
    for (int i = 0; i < cure->changes; i++) {
        const struct event *at = &cure->at[i]->event;
        struct side *side = explain_side(finding, at->process, at->site);
        const char *name = names[cure->change[i].order];
        bool last = i == cure->changes - 1;
        const char *article = name[0] == 'a' ? "an" : "a";
        if (cure->change[i].fence_before)
            snprintf(side->what, sizeof side->what, "%s%s %s fence before this%s", i == 0 ? or : "", article, name,
                     last ? " would forbid it" : ", together with");
        else
            snprintf(side->what, sizeof side->what, "%s%s instead of %s here%s", i == 0 ? or : "", name,
                     names[at->order % (sizeof names / sizeof names[0])],
                     last ? " would forbid it" : ", together with");
    }
}

/* Both ends of it, and what would forbid it. */
static void explain_finding(const struct old_values *e, struct finding *finding, const struct cure *order,
                            const struct cure *fence)
{
    unsigned long long value = e->old.value, newest = e->old.old;
    if (e->missed.kind == EVENT_STORE || e->missed.kind == EVENT_UPDATE)
        newest = e->missed.value;
    finding->cause = "old-value";
    finding->why = findings_why(finding->cause);
    struct side *side = explain_side(finding, e->old.process, e->old.site);
    if (e->old.kind == EVENT_LOAD)
        snprintf(side->what, sizeof side->what, "reads %llu, an old value: it is %llu by now", value, newest);
    else
        snprintf(side->what, sizeof side->what, "%llu comes before %llu, which was stored earlier", value, newest);
    if (e->old.other != 0) {
        side = explain_side(finding, e->missed.process, e->missed.site);
        snprintf(side->what, sizeof side->what, "stores %llu, which it misses", newest);
    }
    explain_cure(finding, order, "");
    explain_cure(finding, fence, order->changes > 0 ? "or " : "");
}

/* Whether a finding says no more than that something is wrong, so that the old value is the cause. */
static bool explain_may_replace(const struct finding *finding)
{
    static const char *const general[] = {"exit-status",     "wrong-output", "crash",      "no-lock",
                                          "unordered",       "outside-lock", "stuck-flag", "peer-gone",
                                          "everybody-waits", "overwritten",  "livelock"};
    for (size_t i = 0; i < sizeof general / sizeof general[0]; i++)
        if (strcmp(finding->cause, general[i]) == 0)
            return true;
    return false;
}

struct old_values *old_values_of(struct findings *findings, const struct options *options, struct session *session,
                                 struct symbols *symbols)
{
    struct old_values *e = findings->count > 0 ? calloc(1, sizeof *e) : NULL;
    if (e == NULL)
        return NULL;
    e->findings = findings;
    e->options = options;
    e->session = session;
    e->symbols = symbols;
    e->state = decide_state(session->control);
    old_decisions(e);
    if (old_find(e))
        return e;
    free(e);
    return NULL;
}

void old_values_free(struct old_values *e)
{
    free(e);
}

bool old_values_needed(struct old_values *e)
{
    return explain_may_replace(&e->findings->finding[0]) && !old_fails_without(e);
}

static void remedy_first(struct old_values *e, const struct remedy *remedies, size_t count, struct cure *cure)
{
    for (size_t i = 0; i < count; i++)
        if (remedy_find(e, &remedies[i], cure))
            return;
    cure->changes = 0;
}

void old_values_explain(struct old_values *e)
{
    struct cure order, fence;
    remedy_first(e, order_remedies, sizeof order_remedies / sizeof order_remedies[0], &order);
    remedy_first(e, fence_remedies, sizeof fence_remedies / sizeof fence_remedies[0], &fence);
    for (int i = 0; i < e->findings->count; i++)
        if (explain_may_replace(&e->findings->finding[i]))
            explain_finding(e, &e->findings->finding[i], &order, &fence);
}

bool old_values_restore(struct old_values *e)
{
    return old_run(e, e->full, e->full_length) && decide_state(e->session->control) == e->state;
}
