/* See judge.h. */
#define _GNU_SOURCE
#include "judge.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "context.h"
#include "family.h"
#include "leftovers.h"
#include "scratch.h"
#include "shmlab/clock.h"
#include "text.h"
#include "toolchain.h"

enum {
    JOBS = 8,
    RECORD_MAX = 1 << 20,

    PATH_SIZE = 1024,
    KEEPER_GRACE = 10000, /* ms behind a check's limit: the keeper has ended it by then, and looked at what is left */
};

/* A check that runs. */
struct slot {
    size_t which; /* index of its case */
    pid_t pid;    /* of the check, or of its keeper; 0: the slot is free */
    int record;   /* read end */
    FILE *transcript;
    char *text; /* of the record so far */
    size_t length;
    struct ledger *ledger; /* shared with the check */
    int64_t start_ms, end_ms;
    time_t since;
    bool late;
    bool again; /* one run has failed before, and counts */
};

/* With order->repeat: what a check has come to in its runs so far. */
struct tally {
    int runs, passed;
    json_t *failure; /* the first run that did not pass; NULL: all have */
    json_t *litter;  /* the first run that left something behind; NULL: none has */
};

struct judge {
    const struct judge_order *order;
    struct scratch scratch; /* for executables and the checks' own folders */
    char tree[PATH_SIZE];   /* the folder that holds the student's folder of this lab, and those beside it */
    struct build build;
    json_t *verdict;
    json_t *checks;        /* in the verdict */
    json_t *leaks;         /* in the verdict */
    enum outcome *outcome; /* of each case, as in the verdict */
    struct tally *tallies; /* one for each case */
    struct slot slots[JOBS];
};

static volatile sig_atomic_t interrupted;

static void interrupt_handler(int number)
{
    interrupted = number;
}

int judge_interrupted(void)
{
    return interrupted;
}

/* ---- The labs ---- */

const struct lab *judge_lab(const char *wanted)
{
    for (const struct lab *const *each = judge_labs; *each != NULL; each++) {
        char number[16];
        snprintf(number, sizeof number, "%d", lab_number(*each));
        if (strcmp(wanted, (*each)->name) == 0 || strcmp(wanted, number) == 0)
            return *each;
    }
    return NULL;
}

const struct check_case *judge_case(const struct lab *lab, const char *name)
{
    for (size_t i = 0; i < lab->case_count; i++)
        if (strcmp(lab->cases[i].name, name) == 0)
            return &lab->cases[i];
    return NULL;
}

/* ---- The verdict ---- */

/* The outcome of a check, in the verdict and beside it. */
static void case_set(struct judge *judge, size_t i, enum outcome outcome)
{
    judge->outcome[i] = outcome;
    verdict_outcome(json_array_get(judge->checks, i), outcome);
}

static int text_compare(const void *one, const void *other)
{
    return strcmp(json_string_value(*(json_t *const *)one), json_string_value(*(json_t *const *)other));
}

/* The kernel lists objects in an order of its own. Returns the sentences in order, gives the old list back. */
static json_t *leaks_sorted(json_t *leaks)
{
    size_t count = json_array_size(leaks);
    json_t **list = calloc(count + 1, sizeof(json_t *));
    json_t *sorted = json_array();

    if (list == NULL)
        return leaks;
    for (size_t i = 0; i < count; i++)
        list[i] = json_array_get(leaks, i);
    qsort(list, count, sizeof(json_t *), text_compare);
    for (size_t i = 0; i < count; i++)
        json_array_append(sorted, list[i]);
    free(list);
    json_decref(leaks);
    return sorted;
}

/* All of them, in the order of the checks, whichever ended first. */
static void leaks_collect(struct judge *judge)
{
    size_t i;
    json_t *check;

    json_array_clear(judge->leaks);
    json_array_foreach (judge->checks, i, check)
        json_array_extend(judge->leaks, json_object_get(check, "leaks"));
}

/* What an earlier run found out stays. */
static void verdict_take_over(struct judge *judge)
{
    size_t i;
    json_t *check;

    json_array_foreach (judge->checks, i, check) {
        json_t *known = verdict_check(judge->order->before, verdict_text(check, "name"));
        if (!outcome_final(outcome_of(known)))
            continue;
        json_object_update(check, known);
        judge->outcome[i] = outcome_of(known);
    }
    leaks_collect(judge);
}

static void judge_begin(struct judge *judge)
{
    const struct lab *lab = judge->order->lab;
    char date[32];
    time_t now = time(NULL);
    struct tm utc;

    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    judge->verdict = verdict_begin(lab);
    judge->checks = json_object_get(judge->verdict, "checks");
    judge->leaks = json_object_get(judge->verdict, "leaks");
    verdict_put(judge->verdict, "folder", judge->order->folder);
    verdict_put(judge->verdict, "date", date);
    verdict_put(judge->verdict, "compiler", TOOLCHAIN_COMPILER);
    verdict_take_over(judge);
}

/* Write the verdict so that a reader finds the old one or the new one, never half of one. */
static void verdict_store(struct judge *judge)
{
    const char *path = judge->order->json_path;

    verdict_sum(judge->verdict);
    if (judge->order->store != NULL)
        judge->order->store(judge->verdict, judge->order->data);
    if (path == NULL)
        return;
    char *text = json_dumps(judge->verdict, JSON_INDENT(2));
    if (text == NULL || !text_store(path, text, strlen(text)))
        fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, path, strerror(errno));
    free(text);
}

static void check_settle(struct judge *judge, size_t i)
{
    verdict_store(judge);
    if (judge->order->progress != NULL)
        judge->order->progress(json_array_get(judge->checks, i), judge->order->data);
}

/* An outcome that no check wrote. */
static void check_decide(struct judge *judge, size_t i, enum outcome outcome, const char *found)
{
    case_set(judge, i, outcome);
    verdict_put(json_array_get(judge->checks, i), "found", found);
    check_settle(judge, i);
}

/* ---- One check in a process ---- */

/* The process forgets what the judge has arranged for itself. */
static void signals_reset(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL); /* whatever the judge handles, a check that crashes has crashed */
    signal(SIGPIPE, SIG_IGN);    /* a program that does not read what is typed into it is no reason to die */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void slot_check(struct judge *judge, struct slot *slot, int record, const char *scratch,
                                 const struct process_place *place)
{
    const struct lab *lab = judge->order->lab;
    struct check check = {
        .lab = lab,
        .which = &lab->cases[slot->which],
        .folder = judge->order->folder,
        .scratch = scratch,
        .bin = judge->build.folder,
        .build = &judge->build,
        .place = place,
        .leaks = judge->leaks,
        .ledger = slot->ledger,
        .record = record,
        .transcript = slot->transcript,
    };

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0); /* Ctrl-C is for the judge, which ends the check */
    check_main(&check);
}

/* Behind walls: open the room, let the check run, look at what is left when nobody is there any more. The
 * judge finds that behind the check's own record. */
static _Noreturn void slot_keep(struct judge *judge, struct slot *slot, int record, const char *scratch)
{
    const struct walls *walls = judge->order->walls;
    const struct check_case *which = &judge->order->lab->cases[slot->which];
    const struct walls_plan plan = {.tree = judge->tree,
                                    .programs = judge->build.folder,
                                    .scratch = scratch,
                                    .explores = which->limit == LIMIT_EXPLORE};
    json_t *leaks = json_array(), *varies = json_array();
    int status = 0;

    const struct process_place *place = walls->open(walls, &plan);
    if (place == NULL)
        _exit(EXIT_FAILURE);
    pid_t checker = fork();
    if (checker == 0)
        slot_check(judge, slot, record, scratch, place);
    bool late = checker == -1 || walls->wait(walls, checker, slot->end_ms, &status);
    walls->close(walls);
    leftovers_take(slot->ledger, checker, slot->since, leaks, varies);
    json_t *rest =
        json_pack("{s:o, s:o, s:b, s:i}", "leaks", leaks, "varies", varies, "late", (int)late, "status", status);
    json_dumpfd(rest, record, JSON_COMPACT);
    _exit(EXIT_SUCCESS);
}

static _Noreturn void slot_run(struct judge *judge, struct slot *slot, int record, const char *scratch)
{
    signals_reset();
    if (judge->order->walls != NULL)
        slot_keep(judge, slot, record, scratch);
    slot_check(judge, slot, record, scratch, NULL);
}

/* Everything that a slot owns but the process. */
static void slot_release(struct slot *slot)
{
    if (slot->record != -1)
        close(slot->record);
    if (slot->transcript != NULL)
        fclose(slot->transcript);
    if (slot->ledger != NULL)
        munmap(slot->ledger, sizeof *slot->ledger);
    free(slot->text);
    *slot = (struct slot){.record = -1};
}

/* Of the run that counts; behind one that failed, of another one. */
static void transcript_path(const struct judge *judge, const struct slot *slot, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/%s%s.txt", judge->order->results, judge->order->lab->cases[slot->which].name,
             slot->again ? ".again" : "");
}

/* The check's own folder, anew for each run. */
static void scratch_path(const struct judge *judge, size_t which, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/%s", judge->scratch.path, judge->order->lab->cases[which].name);
}

static bool slot_prepare(struct judge *judge, struct slot *slot, const char *scratch)
{
    char transcript[PATH_SIZE];

    transcript_path(judge, slot, transcript);
    slot->transcript = fopen(transcript, "we");
    if (slot->transcript == NULL) {
        fprintf(stderr, "lab: %s: %s\n", transcript, strerror(errno));
        return false;
    }
    void *ledger = mmap(NULL, sizeof *slot->ledger, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (ledger == MAP_FAILED)
        return false;
    slot->ledger = ledger;
    return mkdir(scratch, 0700) == 0 &&
           (judge->order->walls == NULL || judge->order->walls->admit(judge->order->walls, scratch));
}

static bool slot_start(struct judge *judge, struct slot *slot, size_t which)
{
    const struct check_case *each = &judge->order->lab->cases[which];
    const struct walls *walls = judge->order->walls;
    char scratch[PATH_SIZE];
    int record[2];

    scratch_path(judge, which, scratch);
    *slot = (struct slot){.which = which,
                          .record = -1,
                          .again = judge->tallies[which].failure != NULL,
                          .start_ms = clock_now_ms(),
                          .since = time(NULL)};
    if (!slot_prepare(judge, slot, scratch) || pipe2(record, O_CLOEXEC) == -1) {
        slot_release(slot);
        return false;
    }
    double seconds = check_limits[each->limit].whole * process_time_scale();
    slot->end_ms = slot->start_ms + (int64_t)(seconds * 1000);
    fflush(NULL); /* or the child would print it again */
    slot->pid = walls != NULL ? walls->fork(walls) : fork();
    if (slot->pid == 0)
        slot_run(judge, slot, record[1], scratch);
    close(record[1]);
    slot->record = record[0];
    if (slot->pid > 0)
        return true;
    slot_release(slot);
    return false;
}

/* Merge the check's record, or say what became of a check that wrote none. Returns what the keeper wrote
 * behind it; NULL when there is no keeper, or it did not come to that. To be released. */
static json_t *slot_record(struct judge *judge, struct slot *slot, int status)
{
    json_t *check = json_array_get(judge->checks, slot->which);
    size_t length = slot->text != NULL ? slot->length : 0, used = 0;
    json_error_t error;
    char text[128];

    json_t *record = json_loadb(slot->text, length, JSON_DISABLE_EOF_CHECK, &error);
    json_t *rest = NULL;
    if (record != NULL && json_object_get(record, "outcome") == NULL) { /* the keeper's; the check wrote none */
        rest = record;
        record = NULL;
    } else if (record != NULL) {
        used = (size_t)error.position;
        rest = used < length ? json_loadb(slot->text + used, length - used, 0, NULL) : NULL;
    }
    enum outcome outcome = outcome_of(record);
    if (outcome_final(outcome) && (interrupted == 0 || outcome == OUTCOME_PASSED)) {
        json_object_update(check, record);
        judge->outcome[slot->which] = outcome;
        json_decref(record);
        return rest;
    }
    json_decref(record); /* it found its programs killed, by us */
    if (rest != NULL) {
        slot->late = json_is_true(json_object_get(rest, "late"));
        status = (int)json_integer_value(json_object_get(rest, "status"));
    }
    if (interrupted != 0) { /* it was killed, which says nothing about it */
        case_set(judge, slot->which, OUTCOME_PENDING);
        return rest;
    }
    if (slot->late) {
        case_set(judge, slot->which, OUTCOME_TIMEOUT);
        snprintf(text, sizeof text, "the check did not come to its end within %.0f s",
                 check_limits[judge->order->lab->cases[slot->which].limit].whole);
        verdict_put(check, "cause", "a program that waits for ever, or goes round for ever");
    } else {
        case_set(judge, slot->which, OUTCOME_ERROR);
        snprintf(text, sizeof text, "the check itself ended without a verdict (%s %d)",
                 WIFSIGNALED(status) ? "signal" : "status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
    verdict_put(check, "found", text);
    return rest;
}

static void varies_collect(const struct judge *judge, json_t *varies)
{
    size_t i;
    json_t *check;

    json_array_foreach (judge->checks, i, check) {
        json_t *others = json_object_get(check, "varies");
        if (others != NULL && others != varies)
            json_array_extend(varies, others);
    }
}

/* May the check run more than once? What was asked for may, be it all, but not what that needs. */
static bool case_repeats(const struct judge *judge, size_t i)
{
    const char *only = judge->order->only;

    return judge->order->repeat > 1 && (only == NULL || strcmp(judge->order->lab->cases[i].name, only) == 0);
}

/*
 * With order->repeat: a check that has run is made fresh for its next run; true then. It runs as long as its
 * outcome stays the same. When it does not, the run that failed is what counts. What a run has left behind
 * is told, whatever the later ones do.
 */
static bool check_again(struct judge *judge, size_t i)
{
    json_t *check = json_array_get(judge->checks, i);
    struct tally *tally = &judge->tallies[i];
    enum outcome outcome = judge->outcome[i];
    bool passed = outcome == OUTCOME_PASSED;

    if (!case_repeats(judge, i) || (!passed && !outcome_found(outcome)))
        return false;
    tally->runs++;
    tally->passed += passed;
    if (!passed && tally->failure == NULL)
        tally->failure = json_deep_copy(check);
    if (tally->litter == NULL && json_array_size(json_object_get(check, "leaks")) > 0)
        tally->litter = json_deep_copy(check);
    bool same = tally->passed == 0 || tally->passed == tally->runs;
    bool again = same && tally->runs < judge->order->repeat;
    json_t *counts = again ? verdict_check_begin(&judge->order->lab->cases[i]) : json_incref(tally->failure);
    if (counts != NULL) {
        json_object_clear(check);
        json_object_update(check, counts);
        json_decref(counts);
        judge->outcome[i] = outcome_of(check);
    }
    if (!again && tally->litter != NULL) {
        json_object_set(check, "leaks", json_object_get(tally->litter, "leaks"));
        json_array_extend(json_object_get(check, "varies"), json_object_get(tally->litter, "varies"));
    }
    if (!again) {
        json_object_set_new(check, "runs", json_integer(tally->runs));
        json_object_set_new(check, "runs_passed", json_integer(tally->passed));
    }
    return again;
}

static void slot_end(struct judge *judge, struct slot *slot)
{
    json_t *check = json_array_get(judge->checks, slot->which);
    pid_t keep[JOBS];
    size_t kept = 0;
    int status = 0;
    char path[PATH_SIZE], scratch[PATH_SIZE];

    waitpid(slot->pid, &status, 0);
    for (size_t i = 0; i < JOBS; i++)
        if (judge->slots[i].pid != 0 && &judge->slots[i] != slot)
            keep[kept++] = judge->slots[i].pid;
    family_kill(keep, kept);
    json_t *rest = slot_record(judge, slot, status);
    if (json_object_get(check, "varies") == NULL)
        json_object_set_new(check, "varies", json_array());

    if (judge->order->lab->cases[slot->which].last) /* it may speak of what the others drew */
        varies_collect(judge, json_object_get(check, "varies"));
    json_t *leaks = json_array();
    if (judge->order->walls == NULL)
        leftovers_take(slot->ledger, slot->pid, slot->since, leaks, json_object_get(check, "varies"));
    json_array_extend(leaks, json_object_get(rest, "leaks"));
    json_array_extend(json_object_get(check, "varies"), json_object_get(rest, "varies"));
    json_decref(rest);
    json_object_set_new(check, "leaks", leaks_sorted(leaks));
    transcript_path(judge, slot, path);
    verdict_put(check, "transcript", path);
    json_object_set_new(check, "duration_ms", json_integer(clock_now_ms() - slot->start_ms));
    if (slot->again)
        unlink(path);
    bool again = check_again(judge, slot->which);
    leaks_collect(judge);
    if (again) {
        scratch_path(judge, slot->which, scratch);
        scratch_clear(scratch);
    } else {
        check_settle(judge, slot->which);
    }
    slot_release(slot);
}

/* Take in a part of the record; true at its end. */
static bool slot_read(struct slot *slot)
{
    char chunk[4096];
    ssize_t got = read(slot->record, chunk, sizeof chunk);

    if (got == -1 && errno == EINTR)
        return false;
    if (got <= 0 || slot->length + (size_t)got > RECORD_MAX)
        return true;
    char *larger = realloc(slot->text, slot->length + (size_t)got);
    if (larger == NULL)
        return true;
    slot->text = larger;
    memcpy(larger + slot->length, chunk, (size_t)got);
    slot->length += (size_t)got;
    return false;
}

/* ---- Which check is next ---- */

static bool case_wanted(const struct judge *judge, size_t i);

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

static bool case_wanted(const struct judge *judge, size_t i)
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

/* Start or settle a check if that can be; true when it was settled. */
static bool case_advance(struct judge *judge, size_t i)
{
    const struct lab *lab = judge->order->lab;
    const char *missing;
    char text[128];

    enum readiness readiness = case_readiness(judge, i, &missing);
    if (readiness == NEVER) {
        snprintf(text, sizeof text, "needs \"%s\", which has not passed", missing);
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
    if (interrupted != 0) { /* perhaps only because of that */
        case_set(judge, i, OUTCOME_PENDING);
        return false;
    }
    check_decide(judge, i, OUTCOME_ERROR, "the check could not be started: out of memory or processes");
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

/* Wait for a part of a record, the end of a check, or a limit. */
static void slots_wait(struct judge *judge)
{
    struct pollfd polls[JOBS];
    int64_t now = clock_now_ms(), next = now + 60000;

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
        } else if (clock_now_ms() >= slot_deadline(judge, slot) || interrupted != 0) {
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

static void checks_run(struct judge *judge)
{
    const struct lab *lab = judge->order->lab;

    for (;;) {
        while (interrupted == 0 && cases_advance(judge))
            continue;
        if (!slots_busy(judge))
            break;
        slots_wait(judge);
    }

    for (size_t i = lab->case_count; i-- > 0;) /* backwards: the array gets shorter */
        if (!case_wanted(judge, i) && judge->outcome[i] == OUTCOME_PENDING)
            json_array_remove(judge->checks, i);
}

/* ---- The build ---- */

/* Bits of the programs to be compiled: all of them where they are published, so that they stay as new as each
 * other, and behind walls, where the keeper tells of each. */
static unsigned programs_wanted(const struct judge *judge)
{
    const struct lab *lab = judge->order->lab;
    unsigned wanted = 0;

    if (judge->order->only == NULL || judge->order->publish != NULL || judge->order->walls != NULL)
        return build_all(lab);
    for (size_t i = 0; i < lab->case_count; i++)
        if (case_wanted(judge, i))
            wanted |= build_for(lab, &lab->cases[i]);
    return wanted;
}

static _Noreturn void build_keep(struct judge *judge, int record)
{
    const struct judge_order *order = judge->order;
    const struct walls_plan plan = {.tree = judge->tree, .programs = judge->build.folder};
    json_t *list = json_array();
    int status = 0;

    signals_reset();
    const struct process_place *place = order->walls->open(order->walls, &plan);
    if (place == NULL)
        _exit(EXIT_FAILURE);
    int64_t end_ms = clock_now_ms() + (int64_t)(check_limits[LIMIT_BUILD].whole * process_time_scale() * 1000);
    pid_t builder = fork();
    if (builder != 0) {
        order->walls->wait(order->walls, builder, end_ms, &status);
        order->walls->close(order->walls);
        _exit(EXIT_SUCCESS);
    }
    build_lab(order->lab, order->folder, programs_wanted(judge), place, &judge->build);
    for (size_t i = 0; i < LAB_PROGRAMS && order->lab->programs[i].name != NULL; i++) {
        char *clean = text_plain(judge->build.programs[i].messages);
        json_array_append_new(list, json_pack("[i, s]", judge->build.programs[i].status, clean));
        free(clean);
    }
    json_dumpfd(list, record, JSON_COMPACT);
    _exit(EXIT_SUCCESS);
}

/* What the keeper of the build wrote; without it nothing was built. */
static void build_take(struct judge *judge, const json_t *list)
{
    for (size_t i = 0; i < LAB_PROGRAMS && judge->order->lab->programs[i].name != NULL; i++) {
        const json_t *pair = json_array_get(list, i);
        const char *messages = json_string_value(json_array_get(pair, 1));
        judge->build.programs[i].status = pair != NULL ? (int)json_integer_value(json_array_get(pair, 0)) : -1;
        judge->build.programs[i].messages =
            strdup(messages != NULL ? messages : "the compiler did not come to an end\n");
    }
}

/* Behind walls, too: a source file may include whatever the compiler can read. */
static void judge_build(struct judge *judge)
{
    const struct walls *walls = judge->order->walls;
    int record[2];

    if (walls == NULL) {
        build_lab(judge->order->lab, judge->order->folder, programs_wanted(judge), NULL, &judge->build);
        return;
    }
    json_t *list = NULL;
    if (pipe2(record, O_CLOEXEC) == 0) {
        fflush(NULL);
        pid_t keeper = walls->fork(walls);
        if (keeper == 0)
            build_keep(judge, record[1]);
        close(record[1]);
        list = json_loadfd(record[0], 0, NULL);
        close(record[0]);
        if (keeper > 0)
            waitpid(keeper, NULL, 0);
    }
    build_take(judge, list);
    json_decref(list);
}

/* ---- The whole ---- */

static bool judge_prepare(struct judge *judge)
{
    const struct judge_order *order = judge->order;
    const char *slash = strrchr(order->folder, '/');

    snprintf(judge->tree, sizeof judge->tree, "%.*s", slash != NULL ? (int)(slash - order->folder) : 0, order->folder);
    if (scratch_make(&judge->scratch, order->room) != 0)
        return false;
    snprintf(judge->build.folder, sizeof judge->build.folder, "%s/bin.judge", judge->scratch.path);
    if (mkdir(judge->build.folder, 0700) == -1) {
        fprintf(stderr, "lab: mkdir(%s): %s\n", judge->build.folder, strerror(errno));
        return false;
    }
    return order->walls == NULL || (order->walls->admit(order->walls, judge->scratch.path) &&
                                    order->walls->admit(order->walls, judge->build.folder));
}

/* Put the programs where a person finds them. Whoever runs the old one keeps it: the new one takes its name. */
static void programs_publish(const struct judge *judge)
{
    const char *to = judge->order->publish;
    const struct lab_program *programs = judge->order->lab->programs;

    mkdir(TOOLCHAIN_BUILD "/labs", 0777);
    mkdir(to, 0777);
    for (size_t i = 0; i < LAB_PROGRAMS && programs[i].name != NULL; i++) {
        const char *name = programs[i].name;
        char source[PATH_SIZE], target[PATH_SIZE];
        snprintf(source, sizeof source, "%s/%s", judge->build.folder, name);
        snprintf(target, sizeof target, "%s/%s", to, name);
        const char *const command[] = {"/bin/cp", "--remove-destination", "--", source, target, NULL};
        struct process copy;
        if (access(source, X_OK) == -1)
            continue;
        if (!process_start(&copy, command) || process_finish(&copy) != 0)
            fprintf(stderr, "lab: cannot put %s into %s\n", name, to);
        process_close(&copy);
    }
}

/* Ctrl-C, kill(1), a terminal that is closed, `| head`: whichever, what we have made goes away again. Of all
 * calls only poll is cut short, signal(7). */
static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
enum { ENDING = sizeof ending / sizeof ending[0] };

static void signals_take(struct sigaction before[ENDING])
{
    struct sigaction action = {.sa_handler = interrupt_handler, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < ENDING; i++) {
        sigaction(ending[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN) /* nohup(1), and whoever else wants it so */
            sigaction(ending[i], &action, NULL);
    }
}

static void signals_restore(const struct sigaction before[ENDING])
{
    for (size_t i = 0; i < ENDING; i++)
        sigaction(ending[i], &before[i], NULL);
}

json_t *judge_run(const struct judge_order *order)
{
    struct judge judge = {.order = order,
                          .outcome = calloc(order->lab->case_count, sizeof(enum outcome)), /* all pending */
                          .tallies = calloc(order->lab->case_count, sizeof(struct tally))};
    struct sigaction before[ENDING];

    if (judge.tallies == NULL || judge.outcome == NULL || !judge_prepare(&judge)) {
        free(judge.outcome);
        free(judge.tallies);
        return NULL;
    }
    signals_take(before);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    judge_begin(&judge);
    verdict_store(&judge);
    judge_build(&judge);
    if (order->publish != NULL)
        programs_publish(&judge);
    checks_run(&judge);
    if (interrupted != 0)
        verdict_put(judge.verdict, "interrupted", "true");
    verdict_store(&judge);
    for (size_t i = 0; i < order->lab->case_count; i++) {
        json_decref(judge.tallies[i].failure);
        json_decref(judge.tallies[i].litter);
    }
    free(judge.outcome);
    free(judge.tallies);
    build_free(&judge.build);
    scratch_remove(&judge.scratch);
    signals_restore(before);
    return judge.verdict;
}
