/* Which check is next: what it needs is decided before it, and what may take long begins first. */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "judging.h"
#include "machine.h"
#include "shmlab/clock.h"

enum { TICK = 1000, LULL = 60000 }; /* ms: a wait without an event, with somebody to be told and without */

/* Does the wanted check need this one, directly or not? */
static bool case_needed_by(const struct lab *lab, const char *name, const struct check_case *wanted)
{
    for (size_t n = 0; n < CHECK_NEEDS && wanted->needs[n] != NULL; n++) {
        const struct check_case *need = judge_case(lab, wanted->needs[n]);
        if (strcmp(wanted->needs[n], name) == 0 || (need != NULL && case_needed_by(lab, name, need)))
            return true;
    }
    return false;
}

bool case_wanted(const struct judge *judge, size_t i)
{
    const struct lab *lab = judge->order->lab;
    const char *only = judge->order->only;

    if (only == NULL || strcmp(lab->cases[i].name, only) == 0)
        return true;
    const struct check_case *wanted = judge_case(lab, only);
    /* what was left behind can be said only of checks that ran */
    return wanted != NULL && ((wanted->last && !lab->cases[i].last) || case_needed_by(lab, lab->cases[i].name, wanted));
}

static bool case_needs(const struct check_case *one, const struct check_case *other)
{
    for (size_t n = 0; n < CHECK_NEEDS && one->needs[n] != NULL; n++)
        if (strcmp(one->needs[n], other->name) == 0)
            return true;
    return false;
}

/* Does what has become of it keep those that need it from running? A failure does, and so does what was skipped for
 * one; that something cannot be judged here does not. */
static bool case_blocks(const struct judge *judge, size_t i)
{
    const struct lab *lab = judge->order->lab;

    if (outcome_found(judge->outcome[i]))
        return true;
    for (size_t other = 0; judge->outcome[i] == OUTCOME_SKIPPED && other < i; other++)
        if (case_needs(&lab->cases[i], &lab->cases[other]) && case_blocks(judge, other))
            return true;
    return false;
}

enum readiness { READY, NOT_YET, NEVER };

/* All that it needs is decided before it is: so the reason does not depend on who ended first. */
static enum readiness case_readiness(struct judge *judge, size_t i, const char **missing)
{
    const struct lab *lab = judge->order->lab;

    *missing = NULL;
    for (size_t other = 0; other < lab->case_count; other++) {
        bool needed = case_needs(&lab->cases[i], &lab->cases[other]);
        bool after = lab->cases[i].last && !lab->cases[other].last;
        if (other == i || (!needed && !after) || !case_wanted(judge, other))
            continue;
        if (!outcome_final(judge->outcome[other]))
            return NOT_YET;
        if (needed && *missing == NULL && case_blocks(judge, other))
            *missing = lab->cases[other].name;
    }
    return *missing != NULL ? NEVER : READY;
}

static struct slot *slot_free(struct judge *judge)
{
    int jobs = judge->order->jobs > 0 && judge->order->jobs < JOBS ? judge->order->jobs : JOBS;

    for (int i = 0; i < jobs; i++)
        if (judge->slots[i].pid == 0)
            return &judge->slots[i];
    return NULL;
}

/* Nothing of the student's has run: it is the machine's fault, whichever it is. */
static void case_not_started(struct judge *judge, size_t i)
{
    const struct machine_answer results = machine_results(judge->order->results), processes = machine_processes();
    const struct machine_answer *fault = !results.good ? &results : &processes;
    char text[sizeof fault->what + sizeof fault->cure + 4];

    if (fault->good)
        snprintf(text, sizeof text, "the check could not be started: out of memory, or %s is full",
                 judge->scratch.path);
    else
        snprintf(text, sizeof text, "%s; %s", fault->what, fault->cure);
    check_decide(judge, i, OUTCOME_UNJUDGED, text);
}

/* Start or settle a check if that can be; true when it was settled. */
static bool case_advance(struct judge *judge, size_t i)
{
    const struct lab *lab = judge->order->lab;
    const char *missing;
    char text[128];

    enum readiness readiness = case_readiness(judge, i, &missing);
    if (readiness == NEVER) {
        snprintf(text, sizeof text, "needs \"%s\", which has not passed", missing);
        verdict_put(json_array_get(judge->checks, i), "needs", missing);
        check_decide(judge, i, OUTCOME_SKIPPED, text);
        return true;
    }
    if (readiness == READY && lab->cases[i].run == NULL) {
        check_decide(judge, i, OUTCOME_HIDDEN, "your instructor has this check");
        return true;
    }
    if (readiness == NOT_YET || slot_free(judge) == NULL)
        return false;
    case_set(judge, i, OUTCOME_RUNNING);
    if (slot_start(judge, slot_free(judge), i))
        return false;
    if (judge_interrupted() != 0) { /* perhaps only because of that */
        case_set(judge, i, OUTCOME_PENDING);
        return false;
    }
    case_not_started(judge, i);
    return true;
}

/* Start or settle whatever can be; true when something was settled, which may set others free. What may take
 * long begins first: at the end nobody waits for it alone. */
static bool cases_advance(struct judge *judge)
{
    const struct lab *lab = judge->order->lab;
    bool settled = false;

    for (int limit = LIMIT_EXPLORE; limit >= LIMIT_QUICK; limit--)
        for (size_t i = 0; i < lab->case_count; i++)
            if ((int)lab->cases[i].limit == limit && judge->outcome[i] == OUTCOME_PENDING && case_wanted(judge, i) &&
                case_advance(judge, i))
                settled = true;
    return settled;
}

/* When the judge itself ends it: a keeper does that in time by itself. */
static int64_t slot_deadline(const struct judge *judge, const struct slot *slot)
{
    return slot->end_ms + (judge->order->walls != NULL ? KEEPER_GRACE : 0);
}

/* Whoever waits for the verdict is told what for. */
static void slots_tell(const struct judge *judge)
{
    struct judge_running running[JOBS];
    size_t count = 0;

    if (judge->order->tick == NULL)
        return;
    for (size_t i = 0; i < JOBS; i++) {
        const struct slot *slot = &judge->slots[i];
        if (slot->pid != 0)
            running[count++] = (struct judge_running){.name = judge->order->lab->cases[slot->which].name,
                                                      .seconds = (double)(clock_now_ms() - slot->start_ms) / 1000,
                                                      .limit = (double)(slot->end_ms - slot->start_ms) / 1000};
    }
    judge->order->tick(running, count, judge->order->data);
}

/* Wait for a part of a record, the end of a check, or a limit. */
static void slots_wait(struct judge *judge)
{
    struct pollfd polls[JOBS];
    int64_t now = clock_now_ms(), next = now + (judge->order->tick != NULL ? TICK : LULL);

    for (size_t i = 0; i < JOBS; i++) {
        struct slot *slot = &judge->slots[i];
        polls[i] = (struct pollfd){.fd = slot->pid != 0 ? slot->record : -1, .events = POLLIN};
        if (slot->pid != 0 && slot_deadline(judge, slot) < next && !slot->late)
            next = slot_deadline(judge, slot);
    }
    int ready = poll(polls, JOBS, next > now ? (int)(next - now) : 0);
    for (size_t i = 0; i < JOBS; i++) {
        struct slot *slot = &judge->slots[i];
        if (slot->pid == 0)
            continue;
        if (ready > 0 && polls[i].revents != 0 && slot_read(slot)) {
            slot_end(judge, slot);
        } else if (clock_now_ms() >= slot_deadline(judge, slot) || judge_interrupted() != 0) {
            slot->late = true;
            kill(slot->pid, SIGKILL); /* its end closes the record */
        }
    }
}

static bool slots_busy(const struct judge *judge)
{
    for (size_t i = 0; i < JOBS; i++)
        if (judge->slots[i].pid != 0)
            return true;
    return false;
}

void checks_run(struct judge *judge)
{
    const struct lab *lab = judge->order->lab;

    for (;;) {
        while (judge_interrupted() == 0 && cases_advance(judge))
            continue;
        if (!slots_busy(judge))
            break;
        slots_tell(judge);
        slots_wait(judge);
    }

    for (size_t i = lab->case_count; i-- > 0;) /* backwards: the array gets shorter */
        if (!case_wanted(judge, i) && judge->outcome[i] == OUTCOME_PENDING)
            json_array_remove(judge->checks, i);
}
