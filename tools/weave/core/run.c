/* Preparing the control segment for a run. */
#include "core.h"

#include <string.h>
#include <sys/wait.h>

enum { FIRST_SHARED_ADDRESS = 4096 }; /* so that 0 means no address */

void run_clear(struct control *control)
{
    memset(control->object_slot, 0, sizeof control->object_slot);
    size_t first = offsetof(struct control, ending), last = offsetof(struct control, object);
    memset((char *)control + first, 0, last - first);
    control->turn = -1;
    control->shared_top = FIRST_SHARED_ADDRESS;
    control->changes = 1;

    /* One cell without history covers all addresses. */
    control->cells = 1;
    control->cell_start[0] = 0;
    control->cell_at[0] = 0;
    memset(&control->cell[0], 0, sizeof control->cell[0]);
    control->cell_top = 1;
    control->cell_free = 0;
    control->cell_hint = 0;
}

static const uint64_t EPOCH = 1700000000u * 1000000000ull; /* virtual clocks start at a round moment of 2023 */

void run_start_process(struct control *control, int process)
{
    struct process *p = &control->process[process];
    p->program = (int8_t)process;
    p->image = (uint8_t)process;
    p->parent = -1;
    p->wait_object = -1;
    p->sync.at[process] = p->hypothetical.at[process] = p->view.clock.at[process] = 1;
    p->time = EPOCH;
    p->state = PROCESS_READY;
    p->history = hash_mix(1, (uint64_t)process);
}

/*
 * The slot of a process that has ended and was collected, all of whose doings `parent` knows of: its moments go on in
 * the next process there. Never one that died of a signal, which is still to be told of. -1: none.
 */
static int run_used_slot(const struct control *control, int parent)
{
    for (int i = 0; i < control->slots; i++) {
        const struct process *p = &control->process[i];
        if (p->parent >= 0 && p->state == PROCESS_ENDED && p->pid == 0 && (p->exit_status & 0x7f) == 0 &&
            clock_covers(&control->process[parent].sync, i, p->sync.at[i]))
            return i;
    }
    return -1;
}

int run_add_child(struct control *control, int parent)
{
    bool fresh = control->slots < WEAVE_PROCESSES;
    int slot = fresh ? control->slots++ : run_used_slot(control, parent);
    if (slot < 0)
        return -1;
    struct process *p = &control->process[slot], *from = &control->process[parent];
    uint32_t moment = fresh ? 0 : p->sync.at[slot];
    for (uint32_t i = 0; i < control->locations; i++) /* what the one before read last is not this one's business */
        control->location[i].last[slot] = (struct last_read){0};
    memset(p, 0, sizeof *p);
    p->program = from->program;
    p->image = from->image;
    p->parent = (int8_t)parent;
    p->uninstrumented = from->uninstrumented;
    p->wait_object = -1;
    p->sync = from->sync;
    p->hypothetical = from->hypothetical;
    p->view = from->view;
    p->sync.at[slot] = p->hypothetical.at[slot] = p->view.clock.at[slot] = moment + 1;
    control->daemons |= (control->daemons >> parent & 1) << slot;
    p->time = from->time;
    p->priority = 100 + (int32_t)(decide_random(control) % 1000);
    p->history = hash_mix(from->history, (uint64_t)slot);
    /* What the parent does from now on is not known to the child. */
    from->sync.at[parent]++;
    from->hypothetical.at[parent] = from->view.clock.at[parent] = from->sync.at[parent];
    return slot;
}

/* Ending while holding a lock is a mistake, unless something killed the process or the lock is made for it. */
static void run_held_lock(struct control *control, int process, struct object *object)
{
    struct process *p = &control->process[process];
    bool lock = object->kind == OBJECT_MUTEX || object->kind == OBJECT_RWLOCK || object->lock_like;
    if (!lock || object->robust || p->killed || WIFSIGNALED(p->exit_status))
        return;
    struct misuse *misuse = record_misuse(control, process, MISUSE_HELD_AT_EXIT, object->site);
    misuse->object = (int16_t)object_index(control, object);
    misuse->where = object->where;
}

static void run_release_locks(struct control *control, int process)
{
    struct process *p = &control->process[process];
    for (uint32_t i = 0; i < control->objects && i < WEAVE_OBJECTS; i++) {
        struct object *object = &control->object[i];
        if (object->owner != process)
            continue;
        run_held_lock(control, process, object);
        /* What the kernel releases for the dead is ordered after all that they did. */
        clock_join(&object->sync, &p->sync);
        clock_join(&object->hypothetical, &p->hypothetical);
        view_join(&object->view, &p->view);
    }
}

int run_end_process(struct control *control, int process)
{
    struct process *p = &control->process[process];
    bool had_turn = control->turn == process;
    struct event *event = record_event(control, process, EVENT_END, WEAVE_NO_SITE);
    event->value = (uint64_t)(uint32_t)p->exit_status;
    run_release_locks(control, process);
    decide_ended(control, process);
    if (p->parent >= 0)
        control->process[p->parent % WEAVE_PROCESSES].signals_due = 1; /* SIGCHLD */
    return had_turn ? decide_turn(control, -1) : DECIDE_OVER;
}
