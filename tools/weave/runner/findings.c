/* Judging a run: which rules were broken, and which mistake usually lies behind it. */
#include "findings.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define NOT_FOUND UINT32_MAX

struct context {
    struct findings *findings;
    const struct options *options;
    const struct session *session;
    const struct control *control;
    struct symbols *symbols;
};

/* ---- the usual causes, in words; the order is that of importance ---- */

static const struct cause {
    const char *name, *why;
} causes[] = {
    {"private-mutex", "A mutex in shared memory works between processes only when its attribute says so: "
                      "pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) before pthread_mutex_init."},
    {"private-semaphore", "The second argument of sem_init must be 1 when several processes use the semaphore."},
    {"unshared-mutex",
     "They lock a mutex, but each its own: it is in memory that belongs to one process alone (a global "
     "variable is copied by fork). Put it into the shared memory, as PTHREAD_PROCESS_SHARED."},
    {"unshared-semaphore",
     "The semaphore is in memory of this process only: after fork() each process has its own copy, and a post in one "
     "is "
     "not seen by another. Put it into the shared memory, and pass 1 as second argument of sem_init."},
    {"private-condition", "A condition variable in shared memory needs "
                          "pthread_condattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED)."},
    {"private-futex", "FUTEX_PRIVATE_FLAG limits a futex to one process: leave it out."},
    {"uninitialised", "The mutex is used before anybody has initialised it (as process-shared)."},
    {"double-init",
     "The object is initialised again while it is in use, which forgets who holds it and how often it was posted. Let "
     "exactly one process initialise it (the one that created the segment), before the others can see it."},
    {"spurious-wakeup", "pthread_cond_wait may return although nobody signalled: wait in a loop, `while "
                        "(!condition) pthread_cond_wait(...)`, not under an `if`."},
    {"not-owner", "A mutex may be unlocked only by the process that locked it."},
    {"wait-unlocked", "pthread_cond_wait must be called with the mutex locked by the caller."},
    {"volatile-flag", "volatile only stops the compiler from keeping the value in a register. It is not "
                      "atomic and orders no other access: "
                      "use an atomic flag, stored with release and loaded with acquire."},
    {"plain-flag", "A plain variable is used as a flag between processes. The compiler may move, merge or "
                   "drop its accesses, and nothing "
                   "orders the data with it: make it _Atomic, store with release, load with acquire."},
    {"relaxed-order", "An atomic flag did pass between the two, but with memory_order_relaxed, which orders "
                      "nothing else. Store it with "
                      "release and load it with acquire (or put the fences that do the same)."},
    {"old-value", "A load read an old value, or a store came before a newer one in the order of the variable's values, "
                  "which the memory orders here allow. The machine that you have may never do it; the language, "
                  "other machines and compilers do."},
    {"mixed-access",
     "One side uses atomic operations on this variable, the other accesses it plainly: both must be atomic."},
    {"outside-lock", "A lock protects this data elsewhere, but this access is made without holding it."},
    {"no-lock", "Both processes change this data and nothing keeps them apart: take one lock around every access."},
    {"early-publication", "The data is written after it was handed over: the flag is set, the semaphore "
                          "posted or the segment published too "
                          "early, or nobody waited until the other side was done with it. Write everything "
                          "first, hand over last."},
    {"early-release", "The data is still read after it was given back: the flag is cleared or the semaphore "
                      "posted before the copy is "
                      "finished. Copy everything first, give back last."},
    {"unordered", "Nothing (lock, semaphore, release and acquire of a flag) orders these two accesses."},
    {"crash", "A signal killed the process: a bad pointer, an abort, or memory past the end of the segment."},
    {"self-lock", "The process waits for a lock that it holds itself."},
    {"lock-order", "Each process holds a lock that the other one wants. Take locks in the same order everywhere."},
    {"wait-holding-lock", "A process waits for something while it holds the lock that the others need to "
                          "make it happen. Wait for the semaphore "
                          "first, take the lock afterwards."},
    {"dead-owner", "The holder of the lock has ended without releasing it, and the lock is not robust. Use "
                   "PTHREAD_MUTEX_ROBUST and "
                   "handle EOWNERDEAD, or release it on every path."},
    {"lost-signal", "The signal was sent while nobody waited, and a signal is not remembered. Check a "
                    "variable under the mutex before "
                    "waiting, and change it under the mutex before signalling."},
    {"missing-post", "Nobody will post this semaphore any more: a sem_post is missing, comes too rarely, or "
                     "waits are swapped."},
    {"exit-status", "The process reports a failure of its own, under this order of steps."},
    {"overwritten", "The flag was set while it was still set: nobody had taken the message before, and now it is lost. "
                    "Wait until the flag is clear before you write the next message."},
    {"peer-gone", "The peer has ended and will never change what this process waits for: a message was lost, "
                  "or the number of rounds differs."},
    {"stuck-flag", "Everybody waits for a change that nobody makes any more: a message or an answer was lost."},
    {"never-created", "The process waits for an object that nobody creates, or that was removed too early."},
    {"everybody-waits", "All processes wait for each other."},
    {"held-at-exit", "The process ended while it held the lock: release it on every path."},
    {"too-high", "A semaphore used as a lock was posted more often than waited for: from now on two "
                 "processes can hold it at once."},
    {"removed", "The object was removed while it was still needed: remove it last, when everybody is done."},
    {"endless-loop", "The process computes forever without touching shared memory. Often the compiler has "
                     "moved the read of a plain flag "
                     "out of a waiting loop, which an atomic flag forbids."},
    {"livelock", "The processes go on forever without getting anywhere: each undoes or repeats what the "
                 "other waits for."},
    {"wrong-output", "No rule of memory or locks is broken, but the result is wrong: look at indexes and counts."},
    {"too-much-output", "More than 16 MiB in one run: a loop that prints does not end."},
    {"diverged", "The program took another path under the same schedule: it depends on something besides the "
                 "other processes (time, "
                 "random numbers, files, uninitialised memory)."},
};

static int cause_rank(const char *name)
{
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        if (strcmp(causes[i].name, name) == 0)
            return (int)i;
    return (int)(sizeof causes / sizeof causes[0]);
}

const char *findings_why(const char *cause)
{
    int rank = cause_rank(cause);
    return rank < (int)(sizeof causes / sizeof causes[0]) ? causes[rank].why : "";
}

bool findings_know(const char *cause)
{
    return cause_rank(cause) < (int)(sizeof causes / sizeof causes[0]);
}

static struct finding *finding_add(struct context *c, const char *kind, const char *cause)
{
    static struct finding spare;
    for (int i = 0; i < c->options->ignored; i++)
        if (strcmp(c->options->ignore[i], cause) == 0)
            return &spare;
    if (c->findings->count == FINDINGS)
        return &spare;
    struct finding *finding = &c->findings->finding[c->findings->count++];
    *finding = (struct finding){.kind = kind, .cause = cause, .why = findings_why(cause), .events = c->control->events};
    return finding;
}

static struct side *finding_side(struct finding *finding, int process, uint16_t site)
{
    static struct side spare;
    if (finding->sides == FINDING_SIDES)
        return &spare;
    struct side *side = &finding->side[finding->sides++];
    *side = (struct side){.process = process, .site = site};
    return side;
}

static const char *process_name(const struct context *c, int process)
{
    static char names[4][PROCESS_NAME];
    static int next;
    char *name = names[next++ % 4];
    session_process_name(c->session, process, name, sizeof names[0]);
    return name;
}

static void object_describe(const struct context *c, int index, char *text, size_t size)
{
    static const char *const kinds[] = {"the object",
                                        "the variable",
                                        "the semaphore",
                                        "the mutex",
                                        "the condition variable",
                                        "the semaphore set",
                                        "the",
                                        "",
                                        "the child",
                                        "the futex",
                                        "the read-write lock",
                                        "the barrier",
                                        "the file lock",
                                        "the queue",
                                        ""};
    if (index < 0 || index >= WEAVE_OBJECTS) {
        snprintf(text, size, "an object");
        return;
    }
    const struct object *object = &c->control->object[index];
    const char *kind = object->kind < sizeof kinds / sizeof kinds[0] ? kinds[object->kind] : kinds[0];
    char place[120];
    if (object->kind == OBJECT_NAME)
        kind = "the object";
    if (object->name[0] != '\0') {
        snprintf(text, size, "%s %.*s", object->kind == OBJECT_SYSV_SEMAPHORE ? "the" : kind, WEAVE_NAME, object->name);
    } else if (object->where != 0) {
        symbols_location(c->symbols, object->where, place, sizeof place);
        snprintf(text, size, "%s %s", kind, place);
    } else {
        snprintf(text, size, "%s", kind);
    }
}

/* ---- the trace, read backwards ---- */

static uint32_t trace_first(const struct control *control)
{
    return control->events > WEAVE_EVENTS ? control->events - WEAVE_EVENTS : 0;
}

static const struct event *trace_at(const struct control *control, uint32_t index)
{
    return &control->event[index % WEAVE_EVENTS];
}

/* The last event before `before` of this process at this site. */
static uint32_t trace_find(const struct control *control, uint32_t before, int process, uint16_t site)
{
    uint32_t first = trace_first(control);
    for (uint32_t i = before < control->events ? before + 1 : control->events; i-- > first;)
        if (trace_at(control, i)->process == process && trace_at(control, i)->site == site)
            return i;
    return NOT_FOUND;
}

bool event_releases(const struct event *e)
{
    return e->kind == EVENT_STORE || e->kind == EVENT_BUFFER || e->kind == EVENT_UPDATE || e->kind == EVENT_FLUSH ||
           e->kind == EVENT_SEM_POST || e->kind == EVENT_UNLOCK || e->kind == EVENT_SIGNAL || e->kind == EVENT_OPEN ||
           e->kind == EVENT_SEND || (e->kind == EVENT_SEMOP && (int64_t)e->old > 0);
}

bool event_acquires(const struct event *e)
{
    return e->kind == EVENT_LOAD || e->kind == EVENT_UPDATE || e->kind == EVENT_SEM_WAIT || e->kind == EVENT_LOCK ||
           e->kind == EVENT_OPEN || e->kind == EVENT_RECEIVE || (e->kind == EVENT_SEMOP && (int64_t)e->old < 0);
}

/* The last release by `giver` before event `before` that `taker` acquired before event `until`. */
static uint32_t trace_handover(const struct control *control, int giver, uint32_t before, int taker, uint32_t until)
{
    uint32_t first = trace_first(control);
    for (uint32_t i = before; i-- > first;) {
        const struct event *release = trace_at(control, i);
        if (release->process != giver || !event_releases(release) || release->object < 0)
            continue;
        for (uint32_t j = i + 1; j < until; j++) {
            const struct event *acquire = trace_at(control, j);
            if (acquire->process == taker && acquire->object == release->object && event_acquires(acquire))
                return i;
        }
    }
    return NOT_FOUND;
}

static bool object_is_lock(const struct control *control, int index)
{
    if (index < 0 || index >= WEAVE_OBJECTS)
        return false;
    const struct object *object = &control->object[index];
    return object->kind == OBJECT_MUTEX || object->kind == OBJECT_RWLOCK || object->lock_like;
}

/* A lock that a process holds, and where it took it. */
struct held_lock {
    int object;
    uint16_t site;
};
enum { HELD = 8 };

/* The locks that `process` holds at event `at`, oldest first. Returns how many. */
static int trace_locks(const struct control *control, int process, uint32_t at, struct held_lock held[HELD])
{
    int count = 0;
    for (uint32_t i = trace_first(control); i < at && i < control->events; i++) {
        const struct event *e = trace_at(control, i);
        if (e->process != process || !object_is_lock(control, e->object))
            continue;
        if (event_acquires(e) && count < HELD)
            held[count++] = (struct held_lock){e->object, e->site};
        else if (event_releases(e))
            for (int k = 0; k < count; k++)
                if (held[k].object == e->object)
                    held[k] = held[--count];
    }
    return count;
}

/* Whether some process busy-waits on this address, or was caught in a loop right after reading it. */
static bool trace_spun_on(const struct control *control, uint32_t where)
{
    const struct event *last_read[WEAVE_PROCESSES] = {0};
    for (uint32_t i = trace_first(control); i < control->events; i++) {
        const struct event *e = trace_at(control, i);
        if (e->kind == EVENT_SPIN && e->where == where)
            return true;
        if (e->kind == EVENT_READ && e->process < WEAVE_PROCESSES)
            last_read[e->process] = e;
        if (e->kind == EVENT_LOOP && e->process < WEAVE_PROCESSES && last_read[e->process] != NULL &&
            last_read[e->process]->where == where)
            return true;
    }
    return false;
}

static bool race_read_in_loop(const struct context *c, const struct race *race)
{
    for (int i = 0; i < 2; i++) {
        struct place place;
        if (!(race->flags[i] & ACCESS_WRITE) && symbols_place(c->symbols, race->site[i], 0, &place) &&
            strncmp(place.source, "while", strlen("while")) == 0)
            return true;
    }
    return false;
}

/* Both processes change the location somewhere. */
static bool trace_both_write(const struct control *control, const struct race *race)
{
    bool writes[2] = {race->flags[0] & ACCESS_WRITE, race->flags[1] & ACCESS_WRITE};
    for (uint32_t i = trace_first(control); i < control->events; i++) {
        const struct event *e = trace_at(control, i);
        if (e->kind != EVENT_WRITE || race->where < e->where || race->where >= e->where + e->old)
            continue;
        for (int k = 0; k < 2; k++)
            writes[k] |= e->process == race->process[k];
    }
    return writes[0] && writes[1];
}

/* ---- races ---- */

/* Who went on after handing over, and was it a write? */
static const char *race_handover_cause(const struct control *control, const struct race *race, uint32_t earlier,
                                       uint32_t later, uint32_t *handover)
{
    uint32_t by_first = trace_handover(control, race->process[0], earlier, race->process[1], later);
    uint32_t by_second = trace_handover(control, race->process[1], later, race->process[0], earlier);
    if (by_first == NOT_FOUND && by_second == NOT_FOUND)
        return NULL;
    int who = by_second == NOT_FOUND || (by_first != NOT_FOUND && by_first > by_second) ? 0 : 1;
    *handover = who == 0 ? by_first : by_second;
    if (object_is_lock(control, trace_at(control, *handover)->object))
        return "outside-lock";
    return race->flags[who] & ACCESS_WRITE ? "early-publication" : "early-release";
}

static const char *race_cause(const struct context *c, const struct race *race, uint32_t *handover)
{
    const struct control *control = c->control;
    unsigned either = race->flags[0] | race->flags[1];
    *handover = NOT_FOUND;
    if (either & ACCESS_ATOMIC)
        return "mixed-access";
    if (either & ACCESS_VOLATILE)
        return "volatile-flag";
    if (trace_spun_on(control, race->where))
        return "plain-flag";
    if (race->hypothetical)
        return "relaxed-order";
    if (race_read_in_loop(c, race))
        return "plain-flag";
    uint32_t later = trace_find(control, race->event, race->process[1], race->site[1]);
    uint32_t earlier = trace_find(control, race->event, race->process[0], race->site[0]);
    if (later == NOT_FOUND || earlier == NOT_FOUND)
        return "unordered";
    struct held_lock held[HELD];
    bool first_locks = trace_locks(control, race->process[0], earlier, held) > 0;
    bool second_locks = trace_locks(control, race->process[1], later, held) > 0;
    if (first_locks != second_locks)
        return "outside-lock";
    const char *cause = race_handover_cause(control, race, earlier, later, handover);
    bool both_write = trace_both_write(control, race);
    if (race->unshared)
        return "unshared-mutex";
    if (both_write && (cause == NULL || strcmp(cause, "outside-lock") != 0))
        return "no-lock";
    return cause == NULL ? "unordered" : cause;
}

static void race_describe_access(const struct race *race, int i, char *text, size_t size)
{
    unsigned flags = race->flags[i];
    const char *how = flags & ACCESS_ATOMIC ? "atomic" : flags & ACCESS_VOLATILE ? "volatile" : "plain";
    if (flags & ACCESS_TRAPPED)
        how = "uninstrumented";
    snprintf(text, size, "%s %s of %s%u byte%s%s", how, flags & ACCESS_WRITE ? "write" : "read",
             race->size[i] == UINT8_MAX ? "at least " : "", race->size[i], race->size[i] == 1 ? "" : "s",
             flags & ACCESS_LIBC ? " inside a library function" : "");
}

/* "holds /mutex, taken at buffer.c:40" */
static void race_describe_locks(const struct context *c, const struct held_lock *held, int count, char *text,
                                size_t size)
{
    size_t used = 0;
    for (int i = 0; i < count && used < size; i++) {
        char object[100], where[120] = "?";
        struct place place;
        object_describe(c, held[i].object, object, sizeof object);
        if (symbols_place(c->symbols, held[i].site, 0, &place))
            symbols_short(&place, where, sizeof where);
        used +=
            (size_t)snprintf(text + used, size - used, "%s%s, taken at %s", i == 0 ? "holds " : "; ", object, where);
    }
}

/* What each side held: of interest when one of them held something, which is not what the other one held. */
static void race_tell_locks(const struct context *c, const struct race *race, struct finding *finding)
{
    struct held_lock held[2][HELD];
    int count[2];
    for (int i = 0; i < 2; i++) {
        uint32_t at = trace_find(c->control, race->event, race->process[i], race->site[i]);
        count[i] = at == NOT_FOUND ? 0 : trace_locks(c->control, race->process[i], at, held[i]);
    }
    for (int i = 0; i < 2 && count[0] + count[1] > 0; i++) {
        struct side *side = &finding->side[1 - i]; /* the later access is told first */
        if (count[i] > 0)
            race_describe_locks(c, held[i], count[i], side->held, sizeof side->held);
        else
            snprintf(side->held, sizeof side->held, "holds no lock");
    }
}

static void findings_race(struct context *c, const struct race *race)
{
    uint32_t handover;
    const char *cause = race_cause(c, race, &handover);
    struct finding *finding = finding_add(c, "race", cause);
    char location[200];
    symbols_location(c->symbols, race->where, location, sizeof location);
    snprintf(finding->headline, sizeof finding->headline, "data race on %s", location);
    finding->where = race->where;
    finding->events = race->event + 1;
    for (int i = 1; i >= 0; i--) { /* the later access first: that is where it showed */
        struct side *side = finding_side(finding, race->process[i], race->site[i]);
        char access[96];
        race_describe_access(race, i, access, sizeof access);
        snprintf(side->what, sizeof side->what, "%s%s", i == 0 ? "earlier " : "", access);
        side->role = SIDE_ACCESS;
        side->flags = race->flags[i];
    }
    race_tell_locks(c, race, finding);
    if (handover != NOT_FOUND) {
        const struct event *e = trace_at(c->control, handover);
        struct side *side = finding_side(finding, e->process, e->site);
        snprintf(side->what, sizeof side->what, "had handed over here");
        side->role = SIDE_HANDOVER;
    }
}

/* ---- nobody goes on ---- */

static bool process_waits(const struct process *p)
{
    return p->state == PROCESS_BLOCKED || p->state == PROCESS_SPINNING || p->state == PROCESS_PARKED;
}

/* Who holds what this process waits for: a process, or -1. */
static int wait_owner(const struct control *control, const struct process *p)
{
    if (p->wait_object < 0 || p->wait_object >= WEAVE_OBJECTS)
        return -1;
    const struct object *object = &control->object[p->wait_object];
    if (p->wait == WAIT_SYSV)
        return object->lock_like ? object->owner : -1;
    if (p->wait == WAIT_MUTEX || p->wait == WAIT_RWLOCK || p->wait == WAIT_FILE_LOCK)
        return object->owner;
    /* A semaphore that starts at 1 may be a lock, or count the free places of a queue of one. */
    bool lock = p->wait == WAIT_SEMAPHORE && object->value == 0 &&
                (object->lock_like || (object->initial == 1 && object->owner != p - control->process));
    return lock ? object->owner : -1;
}

/* A store of another process that set the flag which was set already, so that a message was lost; or NOT_FOUND. */
static uint32_t wait_overwritten(const struct control *control, int process)
{
    const struct process *p = &control->process[process];
    if (p->wait != WAIT_ATOMIC || p->wait_where == 0)
        return NOT_FOUND;
    for (uint32_t i = trace_first(control); i < control->events; i++) {
        const struct event *e = trace_at(control, i);
        if (e->kind == EVENT_STORE && e->where == p->wait_where && e->process != process && e->value == e->old &&
            e->value != 0)
            return i;
    }
    return NOT_FOUND;
}

static const char *wait_cause(const struct control *control, int process)
{
    const struct process *p = &control->process[process];
    int owner = wait_owner(control, p), ended = 0;
    for (int i = 0; i < control->slots && i < WEAVE_PROCESSES; i++)
        ended += control->process[i].state == PROCESS_ENDED;
    if (p->wait == WAIT_LOOP)
        return "endless-loop";
    if (owner == process)
        return "self-lock";
    if (owner >= 0 && owner < WEAVE_PROCESSES) {
        const struct process *holder = &control->process[owner];
        if (holder->state == PROCESS_ENDED)
            return "dead-owner";
        int other = wait_owner(control, holder);
        return other == process || other >= 0 ? "lock-order" : "wait-holding-lock";
    }
    if (p->wait_object >= 0 && p->wait_object < WEAVE_OBJECTS && (p->wait == WAIT_CONDITION || p->wait == WAIT_FUTEX)) {
        if (control->object[p->wait_object].lost > 0)
            return "lost-signal";
        return ended > 0 ? "peer-gone" : "everybody-waits";
    }
    if (p->wait == WAIT_SEMAPHORE && p->wait_object < 0)
        return "unshared-semaphore";
    if (p->wait == WAIT_SEMAPHORE || p->wait == WAIT_SYSV)
        return "missing-post";
    if (p->wait == WAIT_ATOMIC && p->wait_object >= 0 && p->wait_object < WEAVE_OBJECTS &&
        control->object[p->wait_object].kind == OBJECT_NAME)
        return "never-created";
    if (wait_overwritten(control, process) != NOT_FOUND)
        return "overwritten";
    if (p->wait == WAIT_ATOMIC || p->wait == WAIT_PLAIN)
        return ended > 0 ? "peer-gone" : "stuck-flag";
    return ended > 0 ? "peer-gone" : "everybody-waits";
}

static void wait_describe(const struct context *c, int process, char *text, size_t size)
{
    const struct process *p = &c->control->process[process];
    char object[100], held[PROCESS_NAME + 32] = "";
    int owner = wait_owner(c->control, p);
    object_describe(c, p->wait_object, object, sizeof object);
    if (p->wait_object < 0 && p->wait_where != 0) {
        char location[80];
        symbols_location(c->symbols, p->wait_where, location, sizeof location);
        snprintf(object, sizeof object, "a change of %s", location);
    } else if (p->wait == WAIT_SEMAPHORE && p->wait_object < 0) {
        snprintf(object, sizeof object, "a semaphore that is not in shared memory");
    } else if (p->wait == WAIT_CHANNEL || p->wait == WAIT_QUEUE) {
        bool any = p->wait_object < 0 || p->wait_object >= WEAVE_OBJECTS, writes = !any && p->wait_writes;
        char name[100] = "a channel";
        if (!any)
            object_describe(c, p->wait_object, name, sizeof name);
        snprintf(object, sizeof object, "%s %s", writes ? "room in" : "input from", name + strspn(name, " "));
    } else if (p->wait == WAIT_CHILD) {
        snprintf(object, sizeof object, "a child to end");
    } else if (p->wait == WAIT_SIGNAL) {
        snprintf(object, sizeof object, "a signal or input");
    }
    if (owner >= 0)
        snprintf(held, sizeof held, ", held by %s%s", process_name(c, owner),
                 owner < WEAVE_PROCESSES && c->control->process[owner].state == PROCESS_ENDED ? ", which has ended"
                                                                                              : "");
    if (p->wait == WAIT_LOOP)
        snprintf(text, size, "computes without touching shared memory");
    else
        snprintf(text, size, "waits for %s%s", object, held);
}

static void findings_stuck(struct context *c)
{
    const struct control *control = c->control;
    int waiting = 0, first = -1, best = INT32_MAX;
    const char *cause = "everybody-waits";
    for (int i = 0; i < control->slots && i < WEAVE_PROCESSES; i++) {
        if (!process_waits(&control->process[i]))
            continue;
        waiting++;
        const char *its = wait_cause(control, i);
        if (cause_rank(its) < best) {
            best = cause_rank(its);
            cause = its;
            first = i;
        }
    }
    struct finding *finding = finding_add(c,
                                          strcmp(cause, "endless-loop") == 0 ? "hang"
                                          : waiting > 1                      ? "deadlock"
                                                                             : "stuck",
                                          cause);
    if (waiting > 1)
        snprintf(finding->headline, sizeof finding->headline, "%d processes wait and nobody can go on", waiting);
    else
        snprintf(finding->headline, sizeof finding->headline, "%s waits forever", process_name(c, first));
    for (int i = 0; i < control->slots && i < WEAVE_PROCESSES; i++) {
        const struct process *p = &control->process[i];
        struct side *side = finding_side(finding, i, process_waits(p) ? p->wait_site : WEAVE_NO_SITE);
        if (process_waits(p))
            wait_describe(c, i, side->what, sizeof side->what);
        else
            snprintf(side->what, sizeof side->what, p->killed ? "was killed" : "has ended");
        if (i == first)
            finding->where = p->wait_where;
    }
    uint32_t overwriting = first < 0 ? NOT_FOUND : wait_overwritten(control, first);
    if (overwriting != NOT_FOUND) {
        const struct event *e = trace_at(control, overwriting);
        snprintf(finding_side(finding, e->process, e->site)->what, sizeof finding->side[0].what,
                 "set it here although it was still set");
    }
    const struct process *p = first >= 0 ? &control->process[first] : NULL;
    if (p != NULL && p->wait_object >= 0 && p->wait_object < WEAVE_OBJECTS && best < INT32_MAX) {
        const struct object *object = &control->object[p->wait_object];
        if (object->lost > 0 && (p->wait == WAIT_CONDITION || p->wait == WAIT_FUTEX))
            snprintf(finding_side(finding, -1, object->site)->what, sizeof finding->side[0].what,
                     "%u signal(s) were sent while nobody waited, the last here", object->lost);
        else if (wait_owner(control, p) >= 0)
            snprintf(finding_side(finding, wait_owner(control, p), object->site)->what, sizeof finding->side[0].what,
                     "took the lock here");
    }
}

/* ---- misuse ---- */

static const struct {
    const char *cause, *text;
} misuses[] = {
    [MISUSE_NONE] = {"unordered", "?"},
    [MISUSE_MUTEX_PRIVATE] = {"private-mutex", "a mutex in shared memory is not process-shared:"},
    [MISUSE_SEMAPHORE_PRIVATE] = {"private-semaphore", "a semaphore in shared memory is not process-shared:"},
    [MISUSE_CONDITION_PRIVATE] = {"private-condition", "a condition variable in shared memory is not process-shared:"},
    [MISUSE_FUTEX_PRIVATE] = {"private-futex", "a futex in shared memory is used as private:"},
    [MISUSE_TWICE] = {"double-init", "initialised again:"},
    [MISUSE_LATE] = {"double-init", "initialised although another process uses it already:"},
    [MISUSE_NOT_OWNER] = {"not-owner", "unlocked by a process that does not hold it:"},
    [MISUSE_RELOCK] = {"self-lock", "locked again by the process that holds it:"},
    [MISUSE_UNINITIALISED] = {"uninitialised", "used without having been initialised:"},
    [MISUSE_REMOVED] = {"removed", "used after it was removed:"},
    [MISUSE_TOO_HIGH] = {"too-high", "raised above 1:"},
    [MISUSE_HELD_AT_EXIT] = {"held-at-exit", "still held when the process ended:"},
    [MISUSE_WAIT_UNLOCKED] = {"wait-unlocked", "waiting without holding the mutex:"},
};

static void findings_misuse(struct context *c, const struct misuse *misuse)
{
    if (misuse->kind >= sizeof misuses / sizeof misuses[0])
        return;
    struct finding *finding = finding_add(c, "misuse", misuses[misuse->kind].cause);
    char object[160] = "";
    if (misuse->object >= 0)
        object_describe(c, misuse->object, object, sizeof object);
    else if (misuse->where != 0)
        symbols_location(c->symbols, misuse->where, object, sizeof object);
    snprintf(finding->headline, sizeof finding->headline, "%s %s", misuses[misuse->kind].text, object);
    finding->where = misuse->where;
    finding->events = misuse->event + 1;
    snprintf(finding_side(finding, misuse->process, misuse->site)->what, sizeof finding->side[0].what, "here");
    if (misuse->other_site != WEAVE_NO_SITE)
        snprintf(finding_side(finding, misuse->other, misuse->other_site)->what, sizeof finding->side[0].what,
                 misuse->kind == MISUSE_REMOVED ? "removed it here"
                 : misuse->kind == MISUSE_LATE  ? "had used it here"
                                                : "the other place");
}

/* ---- how processes ended, and what they printed ---- */

static bool process_failed(const struct options *options, const struct control *control, int i)
{
    const struct process *p = &control->process[i];
    int expected = options->expected_exit[i];
    if (p->killed || p->state != PROCESS_ENDED)
        return false;
    if (WIFSIGNALED(p->exit_status))
        return i < options->session.programs || !p->told_to_die;
    return expected != EXPECT_ANY_EXIT && WEXITSTATUS(p->exit_status) != expected;
}

/* The last thing that a process did, so that its death has a place. */
static const struct event *process_last_event(const struct control *control, int process)
{
    for (uint32_t i = control->events; i-- > trace_first(control);)
        if (trace_at(control, i)->process == process && trace_at(control, i)->site != WEAVE_NO_SITE)
            return trace_at(control, i);
    return NULL;
}

static uint16_t process_last_site(const struct control *control, int process)
{
    const struct event *last = process_last_event(control, process);
    return last == NULL ? WEAVE_NO_SITE : last->site;
}

static void findings_exit(struct context *c, int i)
{
    const struct process *p = &c->control->process[i];
    bool crashed = WIFSIGNALED(p->exit_status);
    struct finding *finding = finding_add(c, crashed ? "crash" : "exit", crashed ? "crash" : "exit-status");
    if (crashed)
        snprintf(finding->headline, sizeof finding->headline, "%s was killed by signal %d (%s)", process_name(c, i),
                 WTERMSIG(p->exit_status), strsignal(WTERMSIG(p->exit_status)));
    else
        snprintf(finding->headline, sizeof finding->headline, "%s ended with status %d", process_name(c, i),
                 WEXITSTATUS(p->exit_status));
    const struct event *last = process_last_event(c->control, i);
    bool here = crashed && last != NULL && last->kind == EVENT_FAULT;
    snprintf(finding_side(finding, i, last == NULL ? WEAVE_NO_SITE : last->site)->what, sizeof finding->side[0].what,
             here ? "here" : "its last step on shared memory");
}

/* ---- output ---- */

enum { OUTPUT_MOST = 1 << 18 };

static char *output_read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = file == NULL ? NULL : calloc(1, OUTPUT_MOST);
    if (text != NULL)
        text[fread(text, 1, OUTPUT_MOST - 1, file)] = '\0';
    if (file != NULL)
        fclose(file);
    return text;
}

static int output_compare_lines(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

/* Sorts the lines of a text in place into `lines`; returns how many. */
static size_t output_sorted_lines(char *text, char **lines, size_t most)
{
    size_t count = 0;
    for (char *line = strtok(text, "\n"); line != NULL && count < most; line = strtok(NULL, "\n"))
        lines[count++] = line;
    qsort(lines, count, sizeof lines[0], output_compare_lines);
    return count;
}

static bool output_same_lines(char *one, char *other)
{
    enum { LINES = 8192 };
    char **lines = calloc(LINES * 2, sizeof *lines);
    if (lines == NULL)
        return true;
    size_t first = output_sorted_lines(one, lines, LINES), second = output_sorted_lines(other, lines + LINES, LINES);
    bool same = first == second;
    for (size_t i = 0; same && i < first; i++)
        same = strcmp(lines[i], lines[LINES + i]) == 0;
    free(lines);
    return same;
}

static bool output_is_wrong(const struct options *options, const struct session *session, int *process)
{
    static char text[OUTPUT_MOST];
    bool wrong = false;
    for (int i = 0; i < options->session.programs && !wrong; i++) {
        if (options->program[i].expected_output == NULL || session->control->process[i].killed)
            continue;
        char *expected = output_read_file(options->program[i].expected_output);
        session_output(session, i, text, sizeof text);
        *process = i;
        wrong = expected != NULL && strcmp(expected, text) != 0;
        free(expected);
    }
    if (options->expected_lines != NULL && !wrong) {
        char *expected = output_read_file(options->expected_lines);
        size_t used = 0;
        for (int i = 0; i < options->session.programs; i++)
            used += session_output(session, i, text + used, sizeof text - used);
        *process = -1;
        wrong = expected != NULL && !output_same_lines(expected, text);
        free(expected);
    }
    return wrong;
}

static void findings_output(struct context *c)
{
    int process;
    for (int i = 0; i < c->options->session.programs; i++)
        if (session_output_is_huge(c->session, i)) {
            struct finding *finding = finding_add(c, "output", "too-much-output");
            snprintf(finding->headline, sizeof finding->headline, "%s prints without end", process_name(c, i));
            snprintf(finding_side(finding, i, process_last_site(c->control, i))->what, sizeof finding->side[0].what,
                     "its last step on shared memory");
            return;
        }
    if (!output_is_wrong(c->options, c->session, &process))
        return;
    struct finding *finding = finding_add(c, "output", "wrong-output");
    if (process >= 0)
        snprintf(finding->headline, sizeof finding->headline, "%s printed something else than expected",
                 process_name(c, process));
    else
        snprintf(finding->headline, sizeof finding->headline, "the processes printed other lines than expected");
    for (int i = 0; i < c->options->session.programs; i++) {
        struct side *side = finding_side(finding, i, WEAVE_NO_SITE);
        char text[128];
        session_output(c->session, i, text, sizeof text);
        for (char *newline = text; (newline = strchr(newline, '\n')) != NULL;)
            *newline = ' ';
        snprintf(side->what, sizeof side->what, "printed: %.120s", text);
    }
}

/* ---- spurious wake-ups ---- */

/* The search looks for failures with few costly decisions: one that contains a spurious wake-up needs it. */
static void findings_spurious(struct context *c)
{
    for (uint32_t i = c->control->events; i-- > trace_first(c->control);) {
        const struct event *e = trace_at(c->control, i);
        if (e->kind != EVENT_SPURIOUS)
            continue;
        struct finding *finding = finding_add(c, "misuse", "spurious-wakeup");
        snprintf(finding->headline, sizeof finding->headline, "waiting for a condition without a loop around it");
        snprintf(finding_side(finding, e->process, e->site)->what, sizeof finding->side[0].what,
                 "wakes up here without a signal, and goes on");
        return;
    }
}

/* ---- other endings ---- */

static void findings_ending(struct context *c)
{
    const struct control *control = c->control;
    struct finding *finding;
    switch (control->ending) {
    case ENDING_STUCK:
        findings_stuck(c);
        return;
    case ENDING_STEPS:
        finding = finding_add(c, "livelock", "livelock");
        snprintf(finding->headline, sizeof finding->headline, "still running after %u steps", control->steps);
        break;
    case ENDING_LOOP:
        finding = finding_add(c, "hang", "endless-loop");
        snprintf(finding->headline, sizeof finding->headline, "%s computes forever", process_name(c, control->turn));
        break;
    case ENDING_DIVERGED:
        finding = finding_add(c, "diverged", "diverged");
        snprintf(finding->headline, sizeof finding->headline, "the schedule does not fit the program");
        return;
    default:
        return;
    }
    int loops = control->ending == ENDING_LOOP && control->turn < WEAVE_PROCESSES ? control->turn : -1;
    if (loops >= 0) /* it is the place that the report's last line names */
        snprintf(finding_side(finding, loops, process_last_site(control, loops))->what, sizeof finding->side[0].what,
                 "computes here, or has its last step on shared memory here");
    for (int i = 0; i < control->slots && i < WEAVE_PROCESSES; i++)
        if (control->process[i].state != PROCESS_ENDED && i != loops)
            snprintf(finding_side(finding, i, process_last_site(control, i))->what, sizeof finding->side[0].what,
                     "its last step on shared memory");
}

/* Programs and their children, dead or alive. */
static int findings_processes(const struct control *control)
{
    return control->slots < 0 ? 0 : control->slots < WEAVE_PROCESSES ? control->slots : WEAVE_PROCESSES;
}

static int finding_compare(const void *one, const void *other)
{
    const struct finding *a = one, *b = other;
    int ranks = cause_rank(a->cause) - cause_rank(b->cause);
    return ranks != 0 ? ranks : (int)a->events - (int)b->events;
}

void findings_collect(struct findings *findings, const struct options *options, const struct session *session,
                      struct symbols *symbols)
{
    struct context c = {findings, options, session, session->control, symbols};
    findings->count = 0;
    for (uint32_t i = 0; i < c.control->misuses && i < WEAVE_MISUSES; i++)
        findings_misuse(&c, &c.control->misuse[i]);
    for (uint32_t i = 0; i < c.control->races && i < WEAVE_RACES; i++)
        findings_race(&c, &c.control->race[i]);
    findings_ending(&c);
    for (int i = 0; i < findings_processes(c.control); i++)
        if (process_failed(options, c.control, i))
            findings_exit(&c, i);
    if (c.control->ending == ENDING_NORMAL || c.control->ending == ENDING_TIME)
        findings_output(&c);
    if (findings->count > 0 && options->search.strategy == STRATEGY_DFS)
        findings_spurious(&c);
    qsort(findings->finding, (size_t)findings->count, sizeof findings->finding[0], finding_compare);
}

bool findings_suspected(const struct options *options, const struct session *session)
{
    const struct control *control = session->control;
    int process;
    bool own = control->ending == ENDING_STUCK || control->ending == ENDING_STEPS || control->ending == ENDING_LOOP ||
               control->ending == ENDING_DIVERGED;
    if (control->misuses > 0 || control->races > 0 || own)
        return true;
    for (int i = 0; i < findings_processes(control); i++)
        if (process_failed(options, control, i) ||
            (i < options->session.programs && session_output_is_huge(session, i)))
            return true;
    return control->ending == ENDING_NORMAL && output_is_wrong(options, session, &process);
}
