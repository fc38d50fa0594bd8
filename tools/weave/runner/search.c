/* Depth-first search with a bound, PCT and random walks over decisions. */
#include "search.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CHOICES = WEAVE_CHOICES };

struct dfs {
    const struct search_options *options;
    search_callback *callback;
    void *context;
    struct search_result *result;
    struct known *known;
    uint8_t prefix[WEAVE_DECISIONS];
    uint32_t prefix_length;
    uint64_t first;                  /* hash of all states of the first run; 0: there was none yet */
    uint64_t state[WEAVE_DECISIONS]; /* before each decision of the current path */
    uint16_t tried[WEAVE_DECISIONS]; /* choices taken so far, per decision of the current path */
    int spent[WEAVE_DECISIONS + 1];  /* of the bound, before each decision */
    int old_spent[WEAVE_DECISIONS + 1];
    int bound;
};

static struct bounds search_bounds(const struct search_options *options, int bound)
{
    return (struct bounds){.turns = bound,
                           .olds = options->old_bound,
                           .unbounded = options->bound >= SEARCH_UNBOUNDED,
                           .delay = options->delay};
}

int search_cost(const struct search_options *options, const struct decision *decision, int choice)
{
    struct bounds bounds = search_bounds(options, options->bound);
    return known_cost(&bounds, decision, choice);
}

int search_old_cost(const struct decision *decision, int choice)
{
    return known_old_cost(decision, choice);
}

/* Enter the decisions of a run into the path; those behind a known state get no alternatives. */
static void dfs_enter(struct dfs *dfs, const struct search_run *run)
{
    bool known = false;
    dfs->spent[0] = dfs->old_spent[0] = 0;
    for (uint32_t i = 0; i < run->decisions; i++) {
        const struct decision *d = &run->decision[i];
        dfs->result->different |= i < dfs->prefix_length && dfs->state[i] != d->state;
        dfs->state[i] = d->state;
        if (i >= dfs->prefix_length) {
            int left = dfs->options->bound >= SEARCH_UNBOUNDED ? 0 : dfs->bound - dfs->spent[i];
            int old_left = dfs->options->old_bound - dfs->old_spent[i];
            if (!known && dfs->options->prune) {
                known = known_has(dfs->known, d, left, old_left);
                dfs->result->pruned += known;
                if (!known)
                    known_add(dfs->known, d, left, old_left);
            }
            dfs->tried[i] = (uint16_t)(known ? UINT16_MAX : 1u << d->choice);
        }
        dfs->prefix[i] = d->choice;
        dfs->spent[i + 1] = dfs->spent[i] + search_cost(dfs->options, d, d->choice);
        dfs->old_spent[i + 1] = dfs->old_spent[i] + search_old_cost(d, d->choice);
    }
}

/* Every bound begins with the same schedule. */
static void dfs_compare_first(struct dfs *dfs, const struct search_run *run)
{
    uint64_t hash = 1;
    for (uint32_t i = 0; i < run->decisions; i++)
        hash = hash_mix(hash, run->decision[i].state);
    dfs->result->different |= dfs->first != 0 && dfs->first != hash;
    dfs->first = hash;
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
    struct search_run run = {.strategy = STRATEGY_DFS,
                             .prescription = dfs->prefix,
                             .seed = dfs->options->seed,
                             .stop_at_known = dfs->options->prune && dfs->options->stop_at_known};
    dfs->prefix_length = 0;
    dfs->result->complete = false;
    while (*go_on) {
        run.prescribed = dfs->prefix_length;
        *go_on = search_once(dfs->options, dfs->callback, dfs->context, dfs->result, &run);
        if (run.stop)
            return;
        if (dfs->prefix_length == 0)
            dfs_compare_first(dfs, &run);
        dfs_enter(dfs, &run);
        if (dfs->result->different && dfs->options->stop_if_different)
            *go_on = false;
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
    dfs->known = options->known != NULL ? options->known : calloc(1, sizeof *dfs->known);
    if (dfs->known == NULL) {
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
        dfs->known->bounds = search_bounds(options, bound);
        dfs->known->most = options->most_known;
        known_forget(dfs->known);
        dfs_search_bound(dfs, &go_on);
    }
    if (options->known == NULL)
        free(dfs->known);
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
