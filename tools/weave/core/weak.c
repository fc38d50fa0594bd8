/*
 * Weak memory: which stores a load may read, and where a store may come in modification order.
 *
 * A run still executes one operation after another, in an order that agrees with "sequenced before" and "reads from",
 * so nothing comes out of thin air and no load is late (RC11: Lahav et al., "Repairing sequential consistency in
 * C/C++11", PLDI 2017). What is weak is this: an atomic variable has several stores, in modification order (C17 5.1.2.4
 * p7), and
 *
 *   - a load may read any that is not older than what its process must know of the variable (C++20 [intro.races]
 *     p16 and p18, read-read and write-read coherence);
 *   - a store may come before newer ones that its process need not know (p15 and p17, write-write and read-write
 *     coherence), but not between a read-modify-write and the store that it read (C17 7.17.3 p12).
 *
 * A process must know a store when that happened before, or when somebody has read it and that happened before. Both
 * are asked of vector clocks. The clock that counts here, process.view, covers more than what happened before: a
 * seq_cst fence hands on what the fences before it knew. The order of all seq_cst operations is the order in which they
 * are executed; such an operation must also know what earlier seq_cst operations have written or read of the same
 * variable, and what the earlier fences knew (C++20 [atomics.order] p4, "coherence-ordered before"; C17 7.17.3 p6 to
 * p11 asks for no more).
 *
 * Three things always hold: memory has the newest value; what a process must know never becomes less (weak_floor); and
 * process.view covers process.sync, by which races are judged.
 */
#include "core.h"

#include <assert.h>
#include <string.h>

enum { NOTE_WEAK_LOAD = 11, NOTE_WEAK_STORE };
enum { MOST_STILL = 8 }; /* a store is seen at last, 7.17.3 p16 */

static bool weak_acquires(int order)
{
    return order == ORDER_CONSUME || order == ORDER_ACQUIRE || order >= ORDER_BOTH;
}

static bool weak_releases(int order)
{
    return order >= ORDER_RELEASE;
}

static bool weak_knows(const struct control *control, const struct view *view, const struct store *store)
{
    if (store->writer < 0 || clock_covers(&view->clock, store->writer, store->at) || store->fences < view->fences)
        return true;
    for (int i = 0; i < control->slots; i++)
        if (store->seen[i] != 0 && clock_covers(&view->clock, i, store->seen[i]))
            return true;
    return false;
}

__attribute__((unused)) static bool weak_view_covers(const struct process *p)
{
    for (int i = 0; i < WEAVE_PROCESSES; i++)
        if (p->sync.at[i] > p->view.clock.at[i])
            return false;
    return true;
}

/* The oldest store that the process may read now. */
static int weak_floor(const struct control *control, int process, const struct location *location, int order)
{
    const struct process *p = &control->process[process];
    assert(weak_view_covers(p));
    int i = location->stores - 1;
    for (; i > 0; i--) {
        const struct store *store = &location->store[i];
        if (weak_knows(control, &p->view, store))
            break;
        if (order == ORDER_SEQUENTIAL &&
            (store->fences != UINT32_MAX || weak_knows(control, &control->sequential, store)))
            break;
    }
    return i;
}

static void weak_overlap(struct control *control, struct location *location)
{
    for (uint32_t i = 0; i < control->locations; i++) {
        struct location *other = &control->location[i];
        if (other == location || other->where >= location->where + location->size ||
            location->where >= other->where + other->size)
            continue;
        other->opaque = location->opaque = 1;
    }
}

static struct location *weak_find(struct control *control, struct object *object, uint32_t where, uint32_t size)
{
    if (object->location != 0)
        return &control->location[object->location - 1];
    if (control->locations == WEAVE_LOCATIONS)
        return NULL;
    struct location *location = &control->location[control->locations++];
    object->location = (uint16_t)control->locations;
    memset(location, 0, sizeof *location);
    location->where = where;
    location->size = (uint8_t)size;
    weak_overlap(control, location);
    return location;
}

/* From now on as without weak mode: the object has what the newest store had. */
static void weak_give_up(struct object *object, struct location *location)
{
    if (location->stores == 0)
        return;
    const struct store *newest = &location->store[location->stores - 1];
    object->sync = newest->sync;
    object->hypothetical = newest->hypothetical;
    object->view = newest->view;
    object->time = newest->time;
    object->history = newest->history;
    location->stores = 0;
}

/*
 * Whoever wrote past us has the last word: a plain write (of which a memset before the others start is one), a process
 * that is watched through page faults, or the kernel. What is in memory is then the newest store.
 */
static void weak_look_at_memory(struct control *control, struct location *location, uint64_t memory)
{
    struct store plain = {.writer = -1, .fences = UINT32_MAX, .value = memory};
    bool written = shadow_plain_write(control, location->where, location->size, &plain);
    struct store *newest = location->stores == 0 ? NULL : &location->store[location->stores - 1];
    if (newest != NULL && newest->trapped)
        newest->value = memory;
    if (newest == NULL || written || newest->value != memory) {
        location->stores = 1;
        location->store[0] = plain;
        return;
    }
    newest->trapped = 0;
}

struct location *weak_locate(struct control *control, struct object *object, uint32_t where, uint32_t size,
                             uint64_t memory)
{
    if (!control->weak)
        return NULL;
    struct location *location = weak_find(control, object, where, size);
    if (location == NULL)
        return NULL;
    if (location->size != size)
        location->opaque = 1;
    if (location->opaque) {
        weak_give_up(object, location);
        return NULL;
    }
    weak_look_at_memory(control, location, memory);
    return location;
}

/* The same old value at the same place, and nothing done in between: a waiting loop that goes round once more. */
static bool weak_repeats(const struct control *control, int process, const struct location *location,
                         const struct store *store, uint16_t site)
{
    const struct last_read *last = &location->last[process];
    return last->site == site && last->history == store->history &&
           last->progress == control->process[process].progress;
}

/*
 * Takes one of the stores in `mask`, the newest being bit 0. To go on missing the newest one costs nothing: otherwise a
 * process that acts on an old value would need another one of the bound for each further look. But it must have done
 * something in between, or a loop that waits would look like one that never ends.
 */
static int weak_choose(struct control *control, int process, struct location *location, unsigned mask, uint16_t site)
{
    struct last_read *last = &location->last[process];
    uint64_t newest = location->store[location->stores - 1].history;
    bool missed = last->missed == newest;
    bool still = missed && last->still < MOST_STILL && last->progress != control->process[process].progress;
    int choice = decide_pick(control, process, DECIDE_READ, (uint16_t)mask, still ? UINT16_MAX : 0);
    int index = location->stores - 1 - choice;
    *last = (struct last_read){.history = location->store[index].history,
                               .missed = choice == 0 ? 0 : newest,
                               .progress = control->process[process].progress,
                               .site = site,
                               .still = missed && choice != 0 ? (uint16_t)(last->still + 1) : 0};
    return index;
}

int weak_choose_load(struct control *control, int process, struct location *location, int order, uint16_t site)
{
    int newest = location->stores - 1;
    unsigned mask = 1;
    for (int i = weak_floor(control, process, location, order); i < newest; i++)
        if (!weak_repeats(control, process, location, &location->store[i], site))
            mask |= 1u << (newest - i);
    return weak_choose(control, process, location, mask, site);
}

int weak_choose_update(struct control *control, int process, struct location *location, int order)
{
    int newest = location->stores - 1;
    unsigned mask = 1;
    for (int i = weak_floor(control, process, location, order); i < newest; i++)
        if (!location->store[i + 1].update)
            mask |= 1u << (newest - i);
    return weak_choose(control, process, location, mask, WEAVE_NO_SITE);
}

int weak_choose_compare(struct control *control, int process, struct location *location, int order, int failure,
                        uint16_t site, uint64_t expected)
{
    int newest = location->stores - 1;
    int floor = weak_floor(control, process, location, order),
        failing = weak_floor(control, process, location, failure);
    unsigned mask = 1;
    for (int i = floor < failing ? floor : failing; i < newest; i++) {
        const struct store *store = &location->store[i];
        bool possible = store->value == expected
                            ? i >= floor && !location->store[i + 1].update
                            : i >= failing && !weak_repeats(control, process, location, store, site);
        if (possible)
            mask |= 1u << (newest - i);
    }
    return weak_choose(control, process, location, mask, site);
}

int weak_choose_store(struct control *control, int process, struct location *location, int order)
{
    int end = location->stores, floor = weak_floor(control, process, location, order);
    unsigned mask = 1;
    for (int i = floor + 1; i < end; i++)
        if (!location->store[i].update)
            mask |= 1u << (end - i);
    return end - decide_pick(control, process, DECIDE_PLACE, (uint16_t)mask, 0);
}

/* A seq_cst operation has written or read it. */
static void weak_touch(struct control *control, int process, struct store *store, int order)
{
    if (order != ORDER_SEQUENTIAL)
        return;
    struct process *p = &control->process[process];
    if (store->fences == UINT32_MAX)
        store->fences = control->sequential.fences;
    p->history = hash_mix(p->history, control->sequential_history); /* before or after the others' fences */
}

void weak_load(struct control *control, int process, struct object *object, struct location *location, int index,
               int order)
{
    struct process *p = &control->process[process];
    struct store *store = &location->store[index];
    p->history = hash_mix(hash_mix(p->history, hash_mix(NOTE_WEAK_LOAD, object->key)), store->history);
    if (store->seen[process] == 0)
        store->seen[process] = p->sync.at[process];
    weak_touch(control, process, store, order);
    if (weak_acquires(order)) {
        clock_join(&p->sync, &store->sync);
        view_join(&p->view, &store->view);
    } else { /* 7.17.4: a later acquire fence makes it count */
        clock_join(&p->acquire_fence, &store->sync);
        view_join(&p->acquire_view, &store->view);
    }
    clock_join(&p->hypothetical, &store->hypothetical);
    if (store->time > p->time)
        p->time = store->time;
}

/* Room for a store at `index`; the oldest is forgotten when there is none. Returns the index then. */
static int weak_make_room(struct location *location, int index)
{
    if (location->stores == WEAVE_STORES) {
        memmove(&location->store[0], &location->store[1], (WEAVE_STORES - 1) * sizeof location->store[0]);
        location->stores--;
        index--;
    }
    memmove(&location->store[index + 1], &location->store[index],
            (size_t)(location->stores - index) * sizeof location->store[0]);
    location->stores++;
    return index;
}

int weak_store(struct control *control, int process, struct object *object, struct location *location, int index,
               uint64_t value, int order, bool update)
{
    struct process *p = &control->process[process];
    assert(index == location->stores || !location->store[index].update); /* which directly follows what it read */
    index = weak_make_room(location, index);
    struct store *store = &location->store[index];
    const struct store *before = index > 0 ? store - 1 : NULL;
    *store = (struct store){
        .value = value,
        .time = p->time,
        .sync = weak_releases(order) ? p->sync : p->release_fence,
        .hypothetical = p->hypothetical,
        .view = weak_releases(order) ? p->view : p->release_view,
        .at = p->sync.at[process],
        .fences = UINT32_MAX,
        .writer = (int8_t)process,
        .update = update,
    };
    if (update && before != NULL) { /* it continues the release sequence (C++20, C23) */
        clock_join(&store->sync, &before->sync);
        clock_join(&store->hypothetical, &before->hypothetical);
        view_join(&store->view, &before->view);
    }
    uint64_t around = before == NULL ? 0 : before->history;
    if (index + 1 < location->stores)
        around = hash_mix(around, location->store[index + 1].history);
    store->history = hash_mix(hash_mix(p->history, hash_mix(NOTE_WEAK_STORE, object->key)), around);
    p->history = store->history;
    weak_touch(control, process, store, order);
    order_tick(p, process); /* what follows is not published by this store */
    return index;
}

int weak_newer(const struct location *location, int index)
{
    return location->stores - 1 - index;
}

const struct stronger *weak_stronger(const struct control *control, int process, uint16_t site)
{
    const struct site *place = &control->site[site % WEAVE_SITES];
    for (uint32_t i = 0; i < control->what_if.changes && control->what_if.on; i++) {
        const struct stronger *change = &control->what_if.change[i];
        if (site != WEAVE_NO_SITE && change->pc == place->pc[0] && change->image == control->process[process].image)
            return change;
    }
    return NULL;
}
