/* Depth-first search with a bound, PCT and random walks over decisions. */
#include "search.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_TABLE_SLOTS = 1 << 12, MOST_TABLE_SLOTS = 1 << 22, CHOICES = WEAVE_CHOICES, OLD_BOUNDS = 8 };

/* States whose continuations were all run, with the part of the bound that was left for them: an open hash
 * that grows when it is half full. */
struct table {
    uint64_t *state;
    int16_t (*left)[OLD_BOUNDS]; /* by how many old values were left: 1 + the switches that were left, 0 never */
    uint32_t slots, used;
};

struct dfs {
    const struct search_options *options;
    search_callback *callback;
    void *context;
    struct search_result *result;
    struct table table;
    uint8_t prefix[WEAVE_DECISIONS];
    uint32_t prefix_length;
    uint16_t tried[WEAVE_DECISIONS]; /* choices taken so far, per decision of the current path */
    int spent[WEAVE_DECISIONS + 1];  /* of the bound, before each decision */
    int old_spent[WEAVE_DECISIONS + 1];
    int bound;
};

static void table_free(struct table *table)
{
    free(table->state);
    free(table->left);
    *table = (struct table){0};
}

static int table_create(struct table *table, uint32_t slots)
{
    *table = (struct table){.slots = slots};
    table->state = calloc(slots, sizeof *table->state);
    table->left = calloc(slots, sizeof *table->left);
    if (table->state != NULL && table->left != NULL)
        return 0;
    table_free(table);
    return -1;
}

/* The slot of this state, or the free one where it belongs. */
static uint32_t table_slot(const struct table *table, uint64_t state)
{
    uint32_t slot = (uint32_t)(state >> 20) & (table->slots - 1);
    while (table->state[slot] != 0 && table->state[slot] != state)
        slot = (slot + 1) & (table->slots - 1);
    return slot;
}

static int16_t *table_put(struct table *table, uint64_t state)
{
    uint32_t slot = table_slot(table, state);
    if (table->state[slot] == 0) {
        table->used++;
        memset(table->left[slot], 0, sizeof table->left[slot]);
    }
    table->state[slot] = state;
    return table->left[slot];
}

/* Twice as large; when memory is short it stays as it is. */
static void table_grow(struct table *table)
{
    struct table larger;
    if (table->slots >= MOST_TABLE_SLOTS || table_create(&larger, table->slots * 2) != 0)
        return;
    for (uint32_t i = 0; i < table->slots; i++)
        if (table->state[i] != 0)
            memcpy(table_put(&larger, table->state[i]), table->left[i], sizeof table->left[i]);
    table_free(table);
    *table = larger;
}

static void table_clear(struct table *table)
{
    memset(table->state, 0, table->slots * sizeof *table->state);
    table->used = 0;
}

/* Whether the state was explored with as much of the bound left; if not, it is from now on. */
static bool table_visit(struct table *table, uint64_t state, int left, int old_left)
{
    if (state == 0)
        state = 1; /* 0 marks a free slot */
    uint32_t slot = table_slot(table, state);
    bool known = table->state[slot] != 0;
    if (old_left >= OLD_BOUNDS)
        old_left = OLD_BOUNDS - 1;
    for (int i = old_left; known && i < OLD_BOUNDS; i++)
        if (table->left[slot][i] > left)
            return true;
    if (!known && table->used >= table->slots / 2)
        table_grow(table);
    if (known || table->used < table->slots / 2) /* else full: explore more than necessary */
        table_put(table, state)[old_left] = (int16_t)(left + 1);
    return false;
}

static int search_passed_over(const struct decision *decision, int choice)
{
    int count = 0;
    for (int i = decision->normal; i != choice; i = (i + 1) % WEAVE_PROCESSES)
        count += decision->mask >> i & 1;
    return count;
}

/* What memory does, and not who runs: it has a bound of its own. */
static bool search_is_of_memory(const struct decision *decision)
{
    return decision->kind == DECIDE_READ || decision->kind == DECIDE_PLACE || decision->kind == DECIDE_DELAY_STORE;
}

int search_cost(const struct search_options *options, const struct decision *decision, int choice)
{
    if (options->bound >= SEARCH_UNBOUNDED || search_is_of_memory(decision))
        return 0;
    if (decision->kind == DECIDE_WAKE_SPURIOUSLY)
        return choice != 0;
    if (options->delay)
        return search_passed_over(decision, choice);
    if (decision->current < 0)
        return 0; /* somebody has to be chosen */
    return decision->yielded ? choice == decision->current : choice != decision->current;
}

int search_old_cost(const struct decision *decision, int choice)
{
    return search_is_of_memory(decision) && choice != 0 && !(decision->free >> choice & 1);
}

/* Who could go on matters for what later decisions cost, so it belongs to the state. */
static uint64_t search_state(const struct decision *decision)
{
    uint64_t who = (uint64_t)(decision->current + 1) * 256 + (uint64_t)decision->yielded * 128 + decision->kind;
    return hash_mix(decision->state, who * 16 + decision->normal);
}

/* Enter the decisions of a run into the path; those behind a known state get no alternatives. */
static void dfs_enter(struct dfs *dfs, const struct search_run *run)
{
    bool known = false;
    dfs->spent[0] = dfs->old_spent[0] = 0;
    for (uint32_t i = 0; i < run->decisions; i++) {
        const struct decision *d = &run->decision[i];
        if (i >= dfs->prefix_length) {
            int left = dfs->options->bound >= SEARCH_UNBOUNDED ? 0 : dfs->bound - dfs->spent[i];
            if (!known && dfs->options->prune &&
                table_visit(&dfs->table, search_state(d), left, dfs->options->old_bound - dfs->old_spent[i])) {
                known = true;
                dfs->result->pruned++;
            }
            dfs->tried[i] = (uint16_t)(known ? UINT16_MAX : 1u << d->choice);
        }
        dfs->prefix[i] = d->choice;
        dfs->spent[i + 1] = dfs->spent[i] + search_cost(dfs->options, d, d->choice);
        dfs->old_spent[i + 1] = dfs->old_spent[i] + search_old_cost(d, d->choice);
    }
}

/* The choice to try next at decision `i`, or -1. */
static int dfs_alternative(const struct dfs *dfs, const struct decision *decision, uint32_t i)
{
    for (int choice = 0; choice < CHOICES; choice++) {
        bool possible = decision->mask >> choice & 1, tried = dfs->tried[i] >> choice & 1;
        if (possible && !tried && dfs->spent[i] + search_cost(dfs->options, decision, choice) <= dfs->bound &&
            dfs->old_spent[i] + search_old_cost(decision, choice) <= dfs->options->old_bound)
            return choice;
    }
    return -1;
}

/* The deepest decision with an alternative becomes the end of the next prefix. False: all is explored. */
static bool dfs_advance(struct dfs *dfs, const struct search_run *run)
{
    for (uint32_t i = run->decisions; i-- > 0;) {
        int choice = dfs_alternative(dfs, &run->decision[i], i);
        if (choice < 0)
            continue;
        dfs->prefix[i] = (uint8_t)choice;
        dfs->tried[i] |= (uint16_t)(1u << choice);
        dfs->prefix_length = i + 1;
        return true;
    }
    return false;
}

static bool search_once(const struct search_options *options, search_callback *callback, void *context,
                        struct search_result *result, struct search_run *run)
{
    callback(context, run);
    result->runs++;
    result->failures += run->failed;
    if (run->steps > run->longest)
        run->longest = run->steps;
    return !run->stop && !(run->failed && !options->keep_going) && result->runs < options->most_runs;
}

static void dfs_search_bound(struct dfs *dfs, bool *go_on)
{
    struct search_run run = {.strategy = STRATEGY_DFS, .prescription = dfs->prefix, .seed = dfs->options->seed};
    dfs->prefix_length = 0;
    dfs->result->complete = false;
    while (*go_on) {
        run.prescribed = dfs->prefix_length;
        *go_on = search_once(dfs->options, dfs->callback, dfs->context, dfs->result, &run);
        if (run.stop)
            return;
        dfs_enter(dfs, &run);
        if (!dfs_advance(dfs, &run)) {
            dfs->result->complete = *go_on || (!run.failed && dfs->result->runs >= dfs->options->most_runs);
            return;
        }
    }
}

static int search_depth_first(const struct search_options *options, search_callback *callback, void *context,
                              struct search_result *result)
{
    struct dfs *dfs = calloc(1, sizeof *dfs);
    if (dfs == NULL)
        return -1;
    if (table_create(&dfs->table, FIRST_TABLE_SLOTS) != 0) {
        free(dfs);
        errno = ENOMEM;
        return -1;
    }
    dfs->options = options;
    dfs->callback = callback;
    dfs->context = context;
    dfs->result = result;
    bool go_on = true;
    for (int bound = options->iterate ? 0 : options->bound; bound <= options->bound && go_on; bound++) {
        dfs->bound = result->bound = bound;
        table_clear(&dfs->table);
        dfs_search_bound(dfs, &go_on);
    }
    table_free(&dfs->table);
    free(dfs);
    return 0;
}

static int search_at_random(const struct search_options *options, search_callback *callback, void *context,
                            struct search_result *result)
{
    struct search_run run = {.strategy = options->strategy};
    bool go_on = true;
    while (go_on) {
        run.seed = hash_mix(options->seed + 1, result->runs + 1);
        go_on = search_once(options, callback, context, result, &run);
    }
    return 0;
}

int search_explore(const struct search_options *options, search_callback *callback, void *context,
                   struct search_result *result)
{
    *result = (struct search_result){0};
    if (options->strategy == STRATEGY_DFS)
        return search_depth_first(options, callback, context, result);
    return search_at_random(options, callback, context, result);
}
