/*
 * Who runs next.
 *
 * A run is a list of decisions. The first ones are prescribed by the search, the others follow its strategy;
 * a decision that leaves no choice is not recorded. What a decision costs is the search's business
 * (runner/search.c).
 */
#include "core.h"

#include <assert.h>

enum {
    IDLE_ROUNDS = 3000, /* lets retry loops with a counter end by themselves */
    IDLE_ROUNDS_BEFORE_TIMEOUT = 3,
    LARGEST_LEAP = 42,  /* log2 of nanoseconds: 73 minutes */
    SMALLEST_LEAP = 20, /* a millisecond */
    SPURIOUS_IN = 8,    /* random search: one in so many waits ends spuriously */
    STORES_DELAYED_IN = 2,
    OLD_IN = 3, /* one in so many reads is of an old value */
};

uint64_t decide_random(struct control *control)
{
    uint64_t x = control->random; /* xorshift64 (Marsaglia 2003) */
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return control->random = x;
}

void decide_finish(struct control *control, enum ending ending)
{
    if (control->ending == ENDING_NONE)
        control->ending = (int32_t)ending;
}

void decide_ready(struct control *control, int process)
{
    struct process *p = &control->process[process];
    assert(process >= 0 && process < control->slots);
    assert(p->state != PROCESS_SPINNING || control->spinning > 0);
    if (p->state == PROCESS_SPINNING) {
        control->spinning--;
        p->reads = 0;
        p->reads_overflowed = 0;
    }
    p->state = PROCESS_READY;
}

void decide_block(struct control *control, int process, enum process_state state, enum wait_kind wait,
                  const struct object *object, uint16_t site)
{
    struct process *p = &control->process[process];
    p->state = (uint8_t)state;
    p->wait = (uint8_t)wait;
    p->wait_object = (int16_t)(object == NULL ? -1 : object_index(control, object));
    p->wait_site = site;
    p->timed_out = 0;
    if (state == PROCESS_SPINNING)
        control->spinning++;
    struct event *event = record_event(control, process, state == PROCESS_SPINNING ? EVENT_SPIN : EVENT_BLOCK, site);
    event->where = p->wait_where;
    event->object = p->wait_object;
}

void decide_ended(struct control *control, int process)
{
    struct process *p = &control->process[process];
    assert(p->state != PROCESS_ENDED && p->state != PROCESS_ABSENT); /* nobody ends twice */
    if (p->state == PROCESS_SPINNING)
        control->spinning--;
    p->state = PROCESS_ENDED;
    /* Its end may free a robust lock, undo a semaphore, detach a segment or drop a file lock: everybody looks again. */
    for (int i = 0; i < control->slots; i++) {
        struct process *q = &control->process[i];
        if (q->state == PROCESS_SPINNING || (q->state == PROCESS_BLOCKED && q->wait != WAIT_CONDITION &&
                                             q->wait != WAIT_FUTEX && q->wait != WAIT_BARRIER))
            decide_ready(control, i);
    }
    control->idle_rounds = 0;
}

/* Everybody's clock jumps: time passes while nobody can do anything. */
static void decide_let_time_pass(struct control *control, uint64_t until)
{
    for (int i = 0; i < control->slots; i++)
        if (control->process[i].time < until)
            control->process[i].time = until;
}

static uint64_t decide_latest(const struct control *control)
{
    uint64_t latest = 0;
    for (int i = 0; i < control->slots; i++)
        if (control->process[i].time > latest)
            latest = control->process[i].time;
    return latest;
}

/* When something happens to a process that waits, whatever the others do; 0: never. */
static uint64_t decide_moment(const struct process *p)
{
    bool waits = p->state == PROCESS_BLOCKED || p->state == PROCESS_SPINNING || p->state == PROCESS_PARKED;
    uint64_t deadline = p->state == PROCESS_BLOCKED && p->timed ? p->deadline : 0;
    if (!waits || p->alarm == 0)
        return deadline;
    return deadline == 0 || p->alarm < deadline ? p->alarm : deadline;
}

static int decide_first_deadline(const struct control *control)
{
    int first = -1;
    for (int i = 0; i < control->slots; i++) {
        uint64_t moment = decide_moment(&control->process[i]);
        if (moment != 0 && (first < 0 || moment < decide_moment(&control->process[first])))
            first = i;
    }
    return first;
}

/* Busy-waiting processes go round once more, later and later, so that their own time limits and retry counts
 * can end. */
static void decide_idle_round(struct control *control)
{
    uint32_t leap = SMALLEST_LEAP + control->idle_rounds / 2;
    if (leap > LARGEST_LEAP)
        leap = SMALLEST_LEAP; /* counting loops remain: no more leaps */
    if (control->idle_rounds++ == 0)
        control->idle_events = control->events;
    else if (control->races == 0 && control->misuses == 0) /* which point into the trace */
        control->events = control->idle_events;            /* one round tells as much as thousands */
    decide_let_time_pass(control, decide_latest(control) + ((uint64_t)1 << leap));
    for (int i = 0; i < control->slots; i++)
        if (control->process[i].state == PROCESS_SPINNING)
            decide_ready(control, i);
}

/* Nobody is ready. True when somebody is, afterwards. */
static bool decide_unstick(struct control *control)
{
    int alive = 0, parked = -1;
    for (int i = 0; i < control->slots; i++) {
        uint8_t state = control->process[i].state;
        alive += state != PROCESS_ENDED && state != PROCESS_ABSENT && !(control->daemons >> i & 1);
        if (state == PROCESS_PARKED)
            parked = i;
    }
    if (alive == 0) {
        decide_finish(control, ENDING_NORMAL);
        return false;
    }
    int first = decide_first_deadline(control);
    if (control->spinning > 0 &&
        control->idle_rounds < (uint32_t)(first >= 0 ? IDLE_ROUNDS_BEFORE_TIMEOUT : IDLE_ROUNDS)) {
        decide_idle_round(control);
        return true;
    }
    if (first >= 0) {
        struct process *p = &control->process[first];
        bool timed = p->state == PROCESS_BLOCKED && p->timed && decide_moment(p) == p->deadline;
        decide_let_time_pass(control, decide_moment(p));
        decide_ready(control, first); /* for an alarm, which it sees by its clock */
        p->timed_out = timed;
        control->idle_rounds = 0;
        return true;
    }
    if (parked >= 0) { /* it was set aside because it computed for long: perhaps it comes to an end */
        decide_ready(control, parked);
        return true;
    }
    decide_finish(control, ENDING_STUCK);
    return false;
}

static uint16_t decide_ready_mask(struct control *control)
{
    unsigned mask = 0;
    for (int i = 0; i < control->slots; i++)
        if (control->process[i].state == PROCESS_READY)
            mask |= 1u << i;
    if (control->first > 0 && control->first <= control->slots) {
        const struct process *first = &control->process[control->first - 1];
        if (first->state == PROCESS_READY && !first->yielded)
            return (uint16_t)(1u << (control->first - 1));
        control->first = 0; /* it waits, gives way or has ended: now the others, too */
    }
    return (uint16_t)mask;
}

/* Those that need not end have nobody left to serve, and nothing to do but to wait. */
static bool decide_only_daemons(const struct control *control, int current)
{
    for (int i = 0; i < control->slots; i++)
        if (control->process[i].state != PROCESS_ENDED && control->process[i].state != PROCESS_ABSENT &&
            !(control->daemons >> i & 1))
            return false;
    return current < 0 || control->process[current].yielded;
}

static int decide_next_after(const struct control *control, int process, uint16_t mask)
{
    do
        process = (process + 1) % control->slots;
    while (!(mask >> process & 1));
    return process;
}

static int decide_by_priority(struct control *control, int current, uint16_t mask)
{
    if (current >= 0 && control->process[current].yielded)
        control->process[current].priority = -(int32_t)control->steps;
    for (;;) {
        int best = -1;
        for (int i = 0; i < control->slots; i++)
            if (mask >> i & 1 && (best < 0 || control->process[i].priority > control->process[best].priority))
                best = i;
        int change = 0;
        while (change < control->changes_wanted && control->change_at[change] != control->steps)
            change++;
        if (change == control->changes_wanted)
            return best;
        control->process[best].priority = change; /* below all that started with 100 and more */
        control->change_at[change] = 0;
    }
}

static int decide_at_random(struct control *control, uint16_t mask)
{
    unsigned among = (unsigned)decide_random(control) % (unsigned)__builtin_popcount(mask);
    int choice = -1;
    do
        choice++;
    while (!(mask >> choice & 1) || among-- > 0);
    return choice;
}

/* Who misses the newest store of a variable pays less for missing it again: what decisions to come will cost. */
static uint64_t decide_missed(const struct control *control, const struct location *location)
{
    uint64_t hash = 0;
    for (int i = 0; i < control->slots && i < WEAVE_PROCESSES; i++)
        if (location->last[i].missed == location->store[location->stores - 1].history)
            hash += hash_mix(location->where, (uint64_t)i + 1 + (uint64_t)location->last[i].still * WEAVE_PROCESSES);
    return hash;
}

/* The runner asks as well, so no index is trusted. */
uint64_t decide_state(const struct control *control)
{
    uint64_t hash = 0;
    for (int i = 0; i < control->slots && i < WEAVE_PROCESSES; i++) {
        const struct process *p = &control->process[i];
        /* A sum: which process is where matters, not in which order they got there. */
        hash += hash_mix(p->history + (uint64_t)i, (uint64_t)p->state * 256 + p->wait * 2u + p->timed_out);
    }
    for (uint32_t i = 0; control->weak > 0 && i < control->locations && i < WEAVE_LOCATIONS; i++)
        if (control->location[i].stores > 1 && control->location[i].stores <= WEAVE_STORES)
            hash += decide_missed(control, &control->location[i]);
    return hash;
}

/* The prescribed choice of the coming decision, or -1. Ends the run when it is not possible. */
static int decide_prescribed(struct control *control, uint16_t mask)
{
    if (control->decisions >= control->prescribed)
        return -1;
    int choice = control->prescription[control->decisions];
    if (mask >> choice & 1)
        return choice;
    decide_finish(control, ENDING_DIVERGED);
    return DECIDE_OVER - 1;
}

static void decide_record(struct control *control, const struct decision *decision)
{
    struct decision *made = &control->decision[control->decisions];
    *made = *decision;
    made->state = decide_state(control);
    known_decided(control, made);
    control->decisions++;
}

static bool decide_has_room(struct control *control)
{
    if (control->decisions < WEAVE_DECISIONS)
        return true;
    decide_finish(control, ENDING_STEPS);
    return false;
}

int decide_turn(struct control *control, int current)
{
    uint16_t mask;
    while ((mask = decide_ready_mask(control)) == 0)
        if (control->ending != ENDING_NONE || !decide_unstick(control))
            return DECIDE_OVER;
    if (control->daemons != 0 && decide_only_daemons(control, current))
        decide_finish(control, ENDING_NORMAL);
    if (control->ending != ENDING_NONE || !decide_has_room(control))
        return DECIDE_OVER;
    bool yielded = current >= 0 && control->process[current].yielded;
    if ((mask & (mask - 1)) == 0)
        return __builtin_ctz(mask);
    int from = current >= 0 ? current : control->turn >= 0 ? control->turn : control->slots - 1;
    int normal = current >= 0 && !yielded ? current : decide_next_after(control, from, mask);
    if (control->idle_rounds > 0)
        return decide_next_after(control, from, mask); /* going round in turn: nothing depends on the order */
    int choice = decide_prescribed(control, mask);
    if (choice < DECIDE_OVER)
        return DECIDE_OVER;
    if (choice < 0) {
        choice = normal;
        if (control->strategy == STRATEGY_RANDOM)
            choice = decide_at_random(control, mask);
        else if (control->strategy == STRATEGY_PCT)
            choice = decide_by_priority(control, current, mask);
    }
    decide_record(control, &(struct decision){.mask = mask,
                                              .kind = DECIDE_TURN,
                                              .choice = (uint8_t)choice,
                                              .normal = (uint8_t)normal,
                                              .current = (int8_t)current,
                                              .yielded = yielded});
    return control->ending == ENDING_NONE ? choice : DECIDE_OVER;
}

bool decide_choice(struct control *control, int process, enum decision_kind kind)
{
    enum { NO_OR_YES = 3 };
    if (control->ending != ENDING_NONE || !decide_has_room(control))
        return false;
    int choice = decide_prescribed(control, NO_OR_YES);
    if (choice < 0) {
        choice = 0;
        unsigned in = kind == DECIDE_DELAY_STORE ? STORES_DELAYED_IN : SPURIOUS_IN;
        if (control->strategy != STRATEGY_DFS)
            choice = decide_random(control) % in == 0;
    }
    decide_record(control,
                  &(struct decision){
                      .mask = NO_OR_YES, .kind = (uint8_t)kind, .choice = (uint8_t)choice, .current = (int8_t)process});
    if (choice)
        control->process[process].history = hash_mix(control->process[process].history, kind);
    return choice != 0;
}

/* What if: only the listed picks are old ones. */
static int decide_pick_again(struct control *control, uint32_t pick, uint16_t mask)
{
    const struct what_if *what_if = &control->what_if;
    for (uint32_t i = 0; i < what_if->olds && i < WEAVE_OLDS; i++) {
        if (what_if->old[i].pick != pick)
            continue;
        if (mask >> what_if->old[i].choice & 1)
            return (int)what_if->old[i].choice;
        if (control->forbidden == 0)
            control->forbidden = 1 + pick;
        decide_finish(control, ENDING_DIVERGED);
    }
    return 0;
}

int decide_pick(struct control *control, int process, enum decision_kind kind, uint16_t mask, uint16_t free)
{
    uint32_t pick = control->picks++;
    if (control->what_if.on)
        return decide_pick_again(control, pick, mask);
    if (mask == 1 || control->ending != ENDING_NONE || !decide_has_room(control))
        return 0;
    int choice = decide_prescribed(control, mask);
    if (choice < 0) {
        choice = 0;
        if (control->strategy != STRATEGY_DFS && control->olds < (uint32_t)control->weak &&
            decide_random(control) % OLD_IN == 0)
            choice = decide_at_random(control, mask);
        control->olds += choice != 0;
    }
    decide_record(control, &(struct decision){.mask = mask,
                                              .free = free,
                                              .pick = pick,
                                              .kind = (uint8_t)kind,
                                              .choice = (uint8_t)choice,
                                              .current = (int8_t)process});
    return choice;
}

bool decide_step(struct control *control, int process)
{
    struct process *p = &control->process[process];
    control->steps++;
    p->steps++;
    p->history = hash_mix(p->history, EVENT_SLEEP); /* even a step without effect is a place of its own */
    if (++p->burst > DECIDE_FAIRNESS)
        p->yielded = 1;
    if (control->idle_rounds == 0 && control->steps > control->max_steps)
        decide_finish(control, ENDING_STEPS);
    return control->ending == ENDING_NONE;
}
