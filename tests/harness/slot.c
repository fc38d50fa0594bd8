/* One check in a process of its own, behind walls where there are any: from its start to its record in the verdict. */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crowd.h"
#include "family.h"
#include "judging.h"
#include "leftovers.h"
#include "shmlab/clock.h"
#include "text.h"

enum { RECORD_MAX = 1 << 20 };

void slot_signals(void)
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
        .crash_watch = judge->tallies[slot->which].crash != NULL,
    };

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0); /* Ctrl-C is for the judge, which ends the check */
    check_main(&check);
}

/* Behind walls: open the room, let the check run, look at what is left when nobody is there any more. The
 * judge finds that after the check's own record. */
static _Noreturn void slot_keep(struct judge *judge, struct slot *slot, int record, const char *scratch)
{
    const struct walls *walls = judge->order->walls;
    const struct check_case *which = &judge->order->lab->cases[slot->which];
    const struct walls_plan plan = {.tree = judge->tree,
                                    .programs = judge->build.folder,
                                    .scratch = scratch,
                                    .explores = which->limit == LIMIT_EXPLORE,
                                    .sockets = which->sockets};
    json_t *leaks = json_array(), *varies = json_array();
    const struct walls_limit *met = NULL;
    int status = 0;

    const struct process_place *place = walls->open(walls, &plan);
    if (place == NULL)
        _exit(EXIT_FAILURE);
    json_t *before = place->files != 0 ? leftovers_names(place->files) : NULL;
    pid_t checker = fork();
    if (checker == 0)
        slot_check(judge, slot, record, scratch, place);
    bool late = checker == -1 || walls->wait(walls, checker, slot->end_ms, &status, &met);
    walls->close(walls);
    leftovers_take(slot->ledger, checker, LEFTOVERS_ALL, leaks, varies);
    if (place->files != 0)
        leftovers_files(slot->ledger, place->files, before, leaks);
    json_decref(before);
    json_t *rest =
        json_pack("{s:o, s:o, s:b, s:i}", "leaks", leaks, "varies", varies, "late", (int)late, "status", status);
    if (met != NULL)
        json_object_set_new(rest, "met",
                            json_pack("{s:s, s:s, s:s, s:s, s:b}", "ended", met->ended, "found", met->found, "cause",
                                      met->cause, "next", met->next, "machine", (int)met->machine));
    json_dumpfd(rest, record, JSON_COMPACT);
    _exit(EXIT_SUCCESS);
}

static _Noreturn void slot_run(struct judge *judge, struct slot *slot, int record, const char *scratch)
{
    slot_signals();
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

/* Of the run that counts; after one that failed, of another one. */
static void transcript_path(const struct judge *judge, const struct slot *slot, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/%s%s.txt", judge->order->results, judge->order->lab->cases[slot->which].name,
             slot->again ? ".again" : "");
}

/* The page of a check goes into a file beside its transcript, and the verdict names that. */
static void page_store(const struct judge *judge, const struct slot *slot, json_t *check)
{
    char path[PATH_SIZE];
    json_t *page = json_incref(json_object_get(check, "page"));

    snprintf(path, sizeof path, "%s/%s.html", judge->order->results, judge->order->lab->cases[slot->which].name);
    json_object_del(check, "page");
    if (page != NULL && text_store(path, json_string_value(page), json_string_length(page)))
        verdict_put(check, "page", path);
    else if (!slot->again)
        unlink(path); /* of an earlier verdict */
    json_decref(page);
}

/* The check's own folder: a new one for each run. */
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

bool slot_start(struct judge *judge, struct slot *slot, size_t which)
{
    const struct check_case *each = &judge->order->lab->cases[which];
    const struct walls *walls = judge->order->walls;
    char scratch[PATH_SIZE];
    int record[2];

    assert(slot->pid == 0 && judge->outcome[which] == OUTCOME_RUNNING);
    scratch_path(judge, which, scratch);
    *slot = (struct slot){.which = which,
                          .record = -1,
                          .again = judge->tallies[which].failure != NULL || judge->tallies[which].crash != NULL,
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
 * after it; NULL when there is no keeper, or it did not come to that. To be released. */
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
    if (outcome_final(outcome) && (judge_interrupted() == 0 || outcome == OUTCOME_PASSED)) {
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
    if (judge_interrupted() != 0) { /* it was killed, which says nothing about it */
        case_set(judge, slot->which, OUTCOME_PENDING);
        return rest;
    }
    if (slot->late) {
        case_set(judge, slot->which, OUTCOME_TIMEOUT);
        snprintf(text, sizeof text, "the check did not come to its end within %.0f s",
                 check_limits[judge->order->lab->cases[slot->which].limit].whole);
        verdict_put(check, "cause", "a program that waits forever, or loops forever");
    } else {
        case_set(judge, slot->which, OUTCOME_ERROR);
        snprintf(text, sizeof text, "the check itself ended without a verdict (%s %d)",
                 WIFSIGNALED(status) ? "signal" : "status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
    verdict_put(check, "found", text);
    return rest;
}

/* The keeper has ended all programs at a limit: whatever the check found then is no more than what that looks like. */
static void limit_tell(struct judge *judge, const struct slot *slot, const json_t *met)
{
    static const char *const texts[] = {"ended", "found", "cause", "next"};
    json_t *check = json_array_get(judge->checks, slot->which);

    if (met == NULL || judge_interrupted() != 0)
        return;
    json_object_set(check, "ended", json_object_get(met, "ended")); /* told of a check that passed, too */
    json_object_set(check, "limit", json_object_get(met, "found"));
    if (!outcome_found(judge->outcome[slot->which]))
        return;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        json_object_set(check, texts[i], json_object_get(met, texts[i]));
    json_object_del(check, "file");
    json_object_del(check, "line");
    case_set(judge, slot->which, json_is_true(json_object_get(met, "machine")) ? OUTCOME_ERROR : OUTCOME_FAILED);
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

/* ---- The end of a run ---- */

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

/*
 * A program has crashed: the check runs once more, with the library that writes down where, which is never there
 * otherwise. true then. What that run has found counts if it came to the same end, and nothing else of it.
 */
static bool crash_look(struct judge *judge, size_t i)
{
    static const char *const texts[] = {"found", "file", "line", "cause", "next"};
    json_t *check = json_array_get(judge->checks, i);
    struct tally *tally = &judge->tallies[i];

    if (tally->crash == NULL) {
        bool wanted = json_object_del(check, "look_again") == 0;
        if (!wanted || judge->outcome[i] != OUTCOME_FAILED || judge_interrupted() != 0)
            return false;
        tally->crash = json_deep_copy(check);
        json_object_clear(check);
        json_t *fresh = verdict_check_begin(&judge->order->lab->cases[i]);
        json_object_update(check, fresh);
        json_decref(fresh);
        judge->outcome[i] = OUTCOME_PENDING;
        return true;
    }
    bool same = json_equal(json_object_get(check, "ended"), json_object_get(tally->crash, "ended")) != 0;
    for (size_t k = 0; same && k < sizeof texts / sizeof texts[0]; k++)
        json_object_set(tally->crash, texts[k], json_object_get(check, texts[k]));
    json_array_extend(json_object_get(tally->crash, "varies"), json_object_get(check, "varies"));
    json_object_clear(check);
    json_object_update(check, tally->crash);
    json_decref(tally->crash);
    tally->crash = NULL;
    judge->outcome[i] = outcome_of(check);
    return false;
}

void slot_end(struct judge *judge, struct slot *slot)
{
    json_t *check = json_array_get(judge->checks, slot->which);
    pid_t keep[JOBS];
    size_t kept = 0;
    int status = 0;
    char path[PATH_SIZE], scratch[PATH_SIZE];

    assert(slot->pid > 0 && judge->outcome[slot->which] == OUTCOME_RUNNING); /* it gets its outcome here, once */
    waitpid(slot->pid, &status, 0);
    for (size_t i = 0; i < JOBS; i++)
        if (judge->slots[i].pid != 0 && &judge->slots[i] != slot)
            keep[kept++] = judge->slots[i].pid;
    family_kill(keep, kept);
    crowd_group_remove(slot->pid);
    json_t *rest = slot_record(judge, slot, status);
    limit_tell(judge, slot, json_object_get(rest, "met"));
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
    page_store(judge, slot, check);
    json_object_set_new(check, "duration_ms", json_integer(clock_now_ms() - slot->start_ms));
    if (slot->again)
        unlink(path);
    bool again = crash_look(judge, slot->which) || check_again(judge, slot->which);
    leaks_collect(judge);
    if (again) {
        scratch_path(judge, slot->which, scratch);
        scratch_clear(scratch);
    } else {
        check_settle(judge, slot->which);
    }
    slot_release(slot);
}

bool slot_read(struct slot *slot)
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
