/*
 * Shadow memory: the last write and every process's last read of each shared byte.
 *
 * Neighbouring bytes with the same history share one cell, kept in an array sorted by address: a frame of a
 * megabyte that one loop fills is one cell, two neighbouring fields are two. Cells split at the edges of an
 * access and join again when their histories are equal, so the detector is exact to the byte whatever the
 * sizes are.
 */
#include "core.h"

#include <assert.h>
#include <string.h>

static uint32_t shadow_end(const struct control *control, uint32_t index)
{
    return index + 1 < control->cells ? control->cell_start[index + 1] : UINT32_MAX;
}

/* The cell that covers `where`. */
static uint32_t shadow_find(struct control *control, uint32_t where)
{
    uint32_t low = control->cell_hint;
    if (low < control->cells && control->cell_start[low] <= where && where < shadow_end(control, low))
        return low;
    uint32_t high = control->cells;
    for (low = 0; high - low > 1;) {
        uint32_t middle = low + (high - low) / 2;
        if (control->cell_start[middle] <= where)
            low = middle;
        else
            high = middle;
    }
    assert(control->cell_start[low] <= where && where < shadow_end(control, low)); /* cells cover all, in order */
    control->cell_hint = low;
    return low;
}

static uint32_t shadow_take_cell(struct control *control)
{
    if (control->cell_free != 0) {
        uint32_t taken = control->cell_free - 1;
        control->cell_free = control->cell_next[taken];
        return taken;
    }
    return control->cell_top < WEAVE_CELLS ? control->cell_top++ : UINT32_MAX;
}

/* Make a cell start at `where`; returns its index. When the table is full the bytes keep sharing a cell. */
static uint32_t shadow_split(struct control *control, uint32_t where)
{
    uint32_t index = shadow_find(control, where);
    if (control->cell_start[index] == where)
        return index;
    uint32_t fresh = control->cells < WEAVE_CELLS ? shadow_take_cell(control) : UINT32_MAX;
    if (fresh == UINT32_MAX) {
        decide_finish(control, ENDING_LIMIT);
        return index;
    }
    control->cell[fresh] = control->cell[control->cell_at[index]];
    size_t tail = control->cells - index - 1;
    memmove(&control->cell_start[index + 2], &control->cell_start[index + 1], tail * sizeof(uint32_t));
    memmove(&control->cell_at[index + 2], &control->cell_at[index + 1], tail * sizeof(uint32_t));
    control->cell_start[index + 1] = where;
    control->cell_at[index + 1] = fresh;
    control->cells++;
    return index + 1;
}

/* Join cell `index` with its successor when they have the same history. */
static bool shadow_join(struct control *control, uint32_t index)
{
    if (index + 1 >= control->cells)
        return false;
    uint32_t kept = control->cell_at[index], gone = control->cell_at[index + 1];
    if (memcmp(&control->cell[kept], &control->cell[gone], sizeof(struct cell)) != 0)
        return false;
    assert(kept != gone && gone < control->cell_top); /* no cell is at two places */
    size_t tail = control->cells - index - 2;
    memmove(&control->cell_start[index + 1], &control->cell_start[index + 2], tail * sizeof(uint32_t));
    memmove(&control->cell_at[index + 1], &control->cell_at[index + 2], tail * sizeof(uint32_t));
    control->cells--;
    control->cell_next[gone] = control->cell_free;
    control->cell_free = gone + 1;
    return true;
}

static void shadow_join_range(struct control *control, uint32_t first, uint32_t last)
{
    uint32_t index = first > 0 ? first - 1 : 0;
    for (uint32_t left = last - index + 1; left > 0; left--)
        if (!shadow_join(control, index))
            index++;
    control->cell_hint = first > 0 ? first - 1 : 0;
}

/*
 * Two atomic operations never race (5.1.2.4 p25). A trapped access cannot be told from an atomic one, so on a
 * location that the other side uses atomically it counts as atomic.
 */
static bool shadow_may_race(unsigned one, unsigned other)
{
    if (one & other & ACCESS_ATOMIC)
        return false;
    return !((one | other) & ACCESS_ATOMIC && (one | other) & ACCESS_TRAPPED);
}

static void shadow_check(struct control *control, int process, const struct access *earlier, int other,
                         const struct access *now, uint32_t where)
{
    const struct process *p = &control->process[process];
    if (other == process || earlier->time == 0 || clock_covers(&p->sync, other, earlier->time) ||
        !shadow_may_race(earlier->flags, now->flags))
        return;
    record_race(control, &(struct race){
                             .where = where,
                             .site = {earlier->site, now->site},
                             .process = {(uint8_t)other, (uint8_t)process},
                             .flags = {earlier->flags, now->flags},
                             .size = {earlier->size, now->size},
                             .unshared = p->held_unshared > 0,
                             .hypothetical = clock_covers(&p->hypothetical, other, earlier->time),
                         });
}

static void shadow_check_cell(struct control *control, int process, const struct cell *cell, const struct access *now,
                              uint32_t where)
{
    shadow_check(control, process, &cell->write, cell->writer, now, where);
    if (now->flags & ACCESS_WRITE)
        for (int i = 0; i < control->slots; i++)
            shadow_check(control, process, &cell->read[i], i, now, where);
}

/* Plain reads of what others wrote are part of a process's past; atomic ones are noted on their objects. */
static void shadow_learn(struct control *control, int process, const struct cell *cell, const struct access *now)
{
    struct process *p = &control->process[process];
    if (now->flags & (ACCESS_ATOMIC | ACCESS_WRITE) || cell->write.time == 0 || cell->writer == process)
        return;
    bool again = memcmp(&cell->read[process], now, sizeof *now) == 0;
    if (!again || !clock_covers(&p->sync, cell->writer, cell->write.time))
        p->history = hash_mix(p->history, cell->history);
}

static void shadow_update(struct control *control, int process, struct cell *cell, const struct access *now)
{
    if (now->flags & ACCESS_WRITE) {
        cell->write = *now;
        cell->writer = (uint8_t)process;
        if (!(now->flags & ACCESS_ATOMIC)) {
            cell->history = hash_mix(hash_mix(control->process[process].history, EVENT_WRITE), cell->history);
            cell->changed = control->changes;
        }
    } else {
        cell->read[process] = *now;
    }
    if (now->flags & ACCESS_ATOMIC)
        cell->atomics = 1;
}

/* The whole access lies in one cell that already says so: nothing to split. */
static bool shadow_is_repeated(const struct cell *cell, int process, const struct access *now)
{
    return !(now->flags & ACCESS_WRITE) && memcmp(&cell->read[process], now, sizeof *now) == 0;
}

void shadow_access(struct control *control, int process, uint32_t where, uint32_t size, unsigned flags, uint16_t site)
{
    struct access now = {.time = control->process[process].sync.at[process],
                         .site = site,
                         .flags = (uint8_t)flags,
                         .size = (uint8_t)(size > UINT8_MAX ? UINT8_MAX : size)};
    uint32_t first = shadow_find(control, where);
    struct cell *cell = &control->cell[control->cell_at[first]];
    if (where + size <= shadow_end(control, first) && shadow_is_repeated(cell, process, &now)) {
        shadow_check_cell(control, process, cell, &now, where);
        shadow_learn(control, process, cell, &now);
        return;
    }
    first = shadow_split(control, where);
    shadow_split(control, where + size);
    uint32_t index = first;
    for (; index < control->cells && control->cell_start[index] < where + size; index++) {
        cell = &control->cell[control->cell_at[index]];
        shadow_check_cell(control, process, cell, &now, control->cell_start[index]);
        shadow_learn(control, process, cell, &now);
        shadow_update(control, process, cell, &now);
    }
    shadow_join_range(control, first, index);
    if (flags & ACCESS_WRITE && !(flags & ACCESS_ATOMIC)) {
        spin_progress(control, process);
        spin_wake(control);
    }
}

void shadow_changed(struct control *control, int process, uint32_t where, uint32_t size)
{
    uint32_t first = shadow_split(control, where);
    shadow_split(control, where + size);
    uint32_t index = first;
    for (; index < control->cells && control->cell_start[index] < where + size; index++)
        control->cell[control->cell_at[index]].changed = control->changes;
    shadow_join_range(control, first, index);
    spin_progress(control, process);
    spin_wake(control);
}

uint32_t shadow_stamp(struct control *control, uint32_t where, uint32_t size)
{
    uint32_t newest = 0;
    for (uint32_t i = shadow_find(control, where); i < control->cells && control->cell_start[i] < where + size; i++)
        if (control->cell[control->cell_at[i]].changed > newest)
            newest = control->cell[control->cell_at[i]].changed;
    return newest;
}

bool shadow_plain_write(struct control *control, uint32_t where, uint32_t size, struct store *found)
{
    bool plain = false;
    for (uint32_t i = shadow_find(control, where); i < control->cells && control->cell_start[i] < where + size; i++) {
        const struct cell *cell = &control->cell[control->cell_at[i]];
        if (cell->write.time == 0 || cell->write.flags & ACCESS_ATOMIC)
            continue;
        plain = true;
        found->writer = (int8_t)cell->writer;
        found->at = cell->write.time;
        found->history = hash_mix(found->history, cell->history);
    }
    return plain;
}

bool shadow_atomics(struct control *control, uint32_t where)
{
    return control->cell[control->cell_at[shadow_find(control, where)]].atomics;
}
