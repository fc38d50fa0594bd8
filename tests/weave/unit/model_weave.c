/*
 * The same programs on weave's core: this file does with processes of the model what the runtime does with
 * real ones (runtime/turn.c, atomic.c, semaphore_calls.c), and runner/search.c chooses the schedules.
 */
#include "model.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { STEP_BYTES = 16, FIRST_ATOMIC = 4096, FIRST_DATA = 8192, MOST_STEPS = 10000, SITES_EACH = 16 };
enum { IDLE_ENOUGH = 4 }; /* rounds of busy waiting without any change: nothing in the model counts or times out */

enum stage { BEFORE, WOKEN, POINT, ACT };

struct actor {
    int at, last;
    enum stage stage;
};

struct machine {
    const struct model_program *program;
    bool every_access;
    struct control *control; /* owned */
    struct actor actor[MODEL_PROCESSES];
    int owner[2];
    struct model_outcome outcome;
    struct model_outcomes outcomes;
};

static uint32_t machine_atomic(int place)
{
    return FIRST_ATOMIC + (uint32_t)place * STEP_BYTES;
}

static struct object *machine_object(struct machine *machine, enum object_kind kind, int place)
{
    return object_find(machine->control, (uint64_t)kind << 32 | (uint64_t)(place + 1), kind);
}

static uint16_t machine_site(const struct machine *machine, int me)
{
    return (uint16_t)(1 + me * SITES_EACH + machine->actor[me].at);
}

static void machine_changed(struct machine *machine, int me, int place, int old)
{
    if (old != machine->outcome.atomic[place])
        shadow_changed(machine->control, me, machine_atomic(place), 1);
    else
        spin_progress(machine->control, me);
}

static void machine_atomic_op(struct machine *machine, int me, const struct model_instruction *it, bool reads,
                              bool writes, int value)
{
    struct object *object = machine_object(machine, OBJECT_ATOMIC, it->place);
    int old = machine->outcome.atomic[it->place];
    if (reads)
        order_load(machine->control, me, object, (int)it->order);
    if (writes)
        order_store(machine->control, me, object, (int)it->order, reads);
    shadow_access(machine->control, me, machine_atomic(it->place), 1, ACCESS_ATOMIC | (writes ? ACCESS_WRITE : 0),
                  machine_site(machine, me));
    if (!writes)
        return;
    machine->outcome.atomic[it->place] = (uint8_t)value;
    machine_changed(machine, me, it->place, old);
}

static bool machine_block(struct machine *machine, int me, enum wait_kind wait, struct object *object)
{
    order_note(machine->control, me, object, EVENT_BLOCK);
    decide_block(machine->control, me, PROCESS_BLOCKED, wait, object, machine_site(machine, me));
    return false;
}

static void machine_give(struct machine *machine, int me, struct object *object)
{
    order_release(machine->control, me, object);
    spin_progress(machine->control, me);
    object_changed(machine->control, object);
}

static bool machine_semaphore(struct machine *machine, int me, const struct model_instruction *it)
{
    struct object *object = machine_object(machine, OBJECT_SEMAPHORE, it->place);
    uint8_t *value = &machine->outcome.semaphore[it->place];
    if (it->op == MODEL_POST) {
        ++*value;
        machine_give(machine, me, object);
        return true;
    }
    if (*value == 0)
        return machine_block(machine, me, WAIT_SEMAPHORE, object);
    --*value;
    order_acquire(machine->control, me, object);
    spin_progress(machine->control, me);
    return true;
}

static bool machine_lock(struct machine *machine, int me, const struct model_instruction *it)
{
    struct object *object = machine_object(machine, OBJECT_MUTEX, it->place);
    int *owner = &machine->owner[it->place];
    if (it->op == MODEL_UNLOCK) {
        if (*owner == me) {
            *owner = -1;
            machine_give(machine, me, object);
        }
        return true;
    }
    if (*owner >= 0)
        return machine_block(machine, me, WAIT_MUTEX, object);
    *owner = me;
    order_acquire(machine->control, me, object);
    return true;
}

static int machine_plain(struct machine *machine, int me, const struct model_instruction *it)
{
    bool write = it->op == MODEL_WRITE;
    shadow_access(machine->control, me, FIRST_DATA + (uint32_t)it->place * STEP_BYTES, 1, write ? ACCESS_WRITE : 0,
                  machine_site(machine, me));
    if (!write)
        return machine->outcome.data[it->place];
    machine->outcome.data[it->place] = (uint8_t)(1 + it->value + me * 3);
    return -1;
}

/* Carries out the next instruction; false: the process does not go on from here. */
static bool machine_act(struct machine *machine, int me)
{
    struct actor *actor = &machine->actor[me];
    const struct model_instruction *it = &machine->program->code[me][actor->at];
    int read = -1, skip = 0;
    switch (it->op) {
    case MODEL_LOAD:
        machine_atomic_op(machine, me, it, true, false, 0);
        read = machine->outcome.atomic[it->place];
        break;
    case MODEL_AWAIT:
        machine_atomic_op(machine, me, it, true, false, 0);
        if (machine->outcome.atomic[it->place] != it->value) {
            actor->stage = BEFORE; /* round the loop */
            return true;
        }
        break;
    case MODEL_STORE:
        machine_atomic_op(machine, me, it, false, true, it->value);
        break;
    case MODEL_ADD:
        read = machine->outcome.atomic[it->place];
        machine_atomic_op(machine, me, it, true, true, read + 1);
        break;
    case MODEL_FENCE:
        order_fence(machine->control, me, (int)it->order);
        break;
    case MODEL_READ:
    case MODEL_WRITE:
        read = machine_plain(machine, me, it);
        break;
    case MODEL_WAIT:
    case MODEL_POST:
        if (!machine_semaphore(machine, me, it))
            return false;
        break;
    case MODEL_LOCK:
    case MODEL_UNLOCK:
        if (!machine_lock(machine, me, it))
            return false;
        break;
    case MODEL_SKIP:
        skip = actor->last == it->value ? 0 : 1;
        break;
    default:
        break;
    }
    if (read >= 0) {
        actor->last = read;
        machine->outcome.seen[me][actor->at] = (uint8_t)read;
    }
    actor->at += 1 + skip;
    actor->stage = BEFORE;
    return true;
}

/* Before an instruction: busy waiting is recognised here. False: the process is set aside. */
static bool machine_spin(struct machine *machine, int me, const struct model_instruction *it)
{
    struct control *control = machine->control;
    uint32_t where = machine_atomic(it->place);
    uint16_t site = machine_site(machine, me);
    if (machine->actor[me].stage == WOKEN) {
        control->process[me].reads = 0;
        control->process[me].reads_overflowed = 0;
        control->process[me].skip_point = 1;
    } else if (spin_check(control, me, where, 1, site, true)) {
        machine->actor[me].stage = WOKEN;
        decide_block(control, me, PROCESS_SPINNING, WAIT_ATOMIC, NULL, site);
        return false;
    }
    spin_remember(control, me, where, 1, site);
    return true;
}

static bool machine_is_point(const struct machine *machine, enum model_op op)
{
    if (op == MODEL_READ || op == MODEL_WRITE)
        return machine->every_access;
    return op != MODEL_FENCE && op != MODEL_SKIP;
}

/* A scheduling point. Who runs next, or DECIDE_OVER. */
static int machine_point(struct machine *machine, int me, bool yields)
{
    struct process *p = &machine->control->process[me];
    machine->actor[me].stage = ACT;
    if (p->skip_point) {
        p->skip_point = 0;
        return me;
    }
    p->yielded = yields;
    if (!decide_step(machine->control, me))
        return DECIDE_OVER;
    int next = decide_turn(machine->control, me);
    p->yielded = 0;
    return next;
}

/* Runs process `me` until another one has the turn; returns that, or DECIDE_OVER. */
static int machine_run(struct machine *machine, int me)
{
    struct actor *actor = &machine->actor[me];
    machine->control->turn = me;
    machine->control->process[me].burst = 0;
    for (;;) {
        if (actor->at >= machine->program->length[me]) {
            machine->outcome.ended |= (uint8_t)(1u << me);
            decide_ended(machine->control, me);
            return decide_turn(machine->control, -1);
        }
        const struct model_instruction *it = &machine->program->code[me][actor->at];
        if (actor->stage != ACT && (it->op == MODEL_LOAD || it->op == MODEL_AWAIT) && !machine_spin(machine, me, it))
            return decide_turn(machine->control, -1);
        if (actor->stage != ACT && machine_is_point(machine, it->op)) {
            int next = machine_point(machine, me, it->op == MODEL_YIELD);
            if (next != me)
                return next;
        }
        if (!machine_act(machine, me))
            return decide_turn(machine->control, -1);
    }
}

static void machine_reset(struct machine *machine, const struct search_run *run)
{
    struct control *control = machine->control;
    control->strategy = (int32_t)run->strategy;
    control->max_steps = MOST_STEPS;
    control->prescribed = run->prescribed;
    if (run->prescribed > 0)
        memcpy(control->prescription, run->prescription, run->prescribed);
    control->random = run->seed | 1;
    run_clear(control);
    known_begin(&control->known, run->stop_at_known);
    control->slots = machine->program->processes;
    for (int i = 0; i < machine->program->processes; i++) {
        run_start_process(control, i);
        control->process[i].priority = 100 + (int32_t)(decide_random(control) % 1000);
        machine->actor[i] = (struct actor){0};
    }
    control->changes_wanted = 2;
    for (int i = 0; i < control->changes_wanted; i++)
        control->change_at[i] = 1 + (uint32_t)(decide_random(control) % (run->longest ? run->longest : 8));
    machine->owner[0] = machine->owner[1] = -1;
    machine->outcome = (struct model_outcome){0};
    memset(machine->outcome.seen, UINT8_MAX, sizeof machine->outcome.seen);
    for (int i = 0; i < MODEL_SEMAPHORES; i++)
        machine->outcome.semaphore[i] = (uint8_t)machine->program->semaphore[i];
}

static void machine_callback(void *context, struct search_run *run)
{
    struct machine *machine = context;
    struct control *control = machine->control;
    machine_reset(machine, run);
    for (int turn = decide_turn(control, -1); turn != DECIDE_OVER && control->idle_rounds < IDLE_ENOUGH;)
        turn = machine_run(machine, turn);
    for (uint32_t i = 0; i < control->races; i++)
        machine->outcome.raced |= (uint8_t)(1u << (control->race[i].where - FIRST_DATA) / STEP_BYTES);
    run->decision = control->decision;
    run->decisions = control->decisions;
    run->steps = control->steps;
    if (control->ending == ENDING_KNOWN) /* what comes of it was seen before */
        return;
    run->failed = machine->outcome.ended != (1u << machine->program->processes) - 1 || machine->outcome.raced != 0;
    bool idle = control->ending == ENDING_NONE && control->idle_rounds >= IDLE_ENOUGH;
    if (control->ending != ENDING_NORMAL && control->ending != ENDING_STUCK && !idle)
        abort(); /* neither a prescription that does not fit nor an endless run is possible here */
    model_outcomes_add(&machine->outcomes, &machine->outcome);
}

struct model_outcomes model_weave(const struct model_program *program, const struct search_options *options,
                                  bool every_access, struct search_result *result)
{
    struct machine machine = {.program = program, .every_access = every_access};
    struct search_result unwanted;
    struct search_options here = *options;
    /* Most of its pages are never touched: mapped, they cost nothing, while calloc would clear them all. */
    void *control = mmap(NULL, sizeof *machine.control, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (control == MAP_FAILED)
        abort();
    machine.control = control;
    here.known = &machine.control->known;
    if (search_explore(&here, machine_callback, &machine, result == NULL ? &unwanted : result) != 0)
        abort();
    munmap(control, sizeof *machine.control);
    return machine.outcomes;
}
