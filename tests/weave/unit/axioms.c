/* RC11 (Lahav et al., PLDI 2017) and C++20 [atomics.order], written down for at most 32 events. */
#include "axioms.h"

#include <stdlib.h>
#include <string.h>

enum { EVENTS = 32 };
typedef uint32_t row;
struct relation {
    row to[EVENTS];
};

/* One operation of an execution. */
struct act {
    enum axiom_op op;
    enum order order;
    int place; /* -1: a fence */
    int process, index;
    bool reads, writes;
};

struct graph {
    int events;
    struct act event[EVENTS];
    struct relation sb;
    int from[EVENTS];                                      /* reads from */
    int order[AXIOM_PLACES][EVENTS], orders[AXIOM_PLACES]; /* modification order */
    const struct axiom_program *program;
    struct axiom_outcomes *allowed, *executable;
};

static struct relation compose(const struct relation *a, const struct relation *b, int n)
{
    struct relation c = {{0}};
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++)
            if (a->to[i] >> k & 1)
                c.to[i] |= b->to[k];
    return c;
}

static struct relation either(struct relation a, const struct relation *b)
{
    for (int i = 0; i < EVENTS; i++)
        a.to[i] |= b->to[i];
    return a;
}

static struct relation closure(struct relation a, int n)
{
    for (int k = 0; k < n; k++)
        for (int i = 0; i < n; i++)
            if (a.to[i] >> k & 1)
                a.to[i] |= a.to[k];
    return a;
}

static bool irreflexive(const struct relation *a, int n)
{
    for (int i = 0; i < n; i++)
        if (a->to[i] >> i & 1)
            return false;
    return true;
}

static bool acyclic(struct relation a, int n)
{
    a = closure(a, n);
    return irreflexive(&a, n);
}

static bool acquires(enum order o)
{
    return o == ORDER_ACQUIRE || o == ORDER_BOTH || o == ORDER_SEQUENTIAL;
}

static bool releases(enum order o)
{
    return o == ORDER_RELEASE || o == ORDER_BOTH || o == ORDER_SEQUENTIAL;
}

static struct relation reflexive(struct relation a, int n)
{
    for (int i = 0; i < n; i++)
        a.to[i] |= 1u << i;
    return a;
}

static struct relation synchronises(const struct graph *g)
{
    struct relation sw = {{0}};
    int n = g->events;
    for (int r = 0; r < n; r++) {
        if (!g->event[r].reads)
            continue;
        row acquiring = acquires(g->event[r].order) ? 1u << r : 0;
        for (int f = 0; f < n; f++)
            if (g->event[f].op == AXIOM_FENCE && acquires(g->event[f].order) && g->sb.to[r] >> f & 1)
                acquiring |= 1u << f;
        for (int w = g->from[r];; w = g->from[w]) { /* back along the release sequence */
            if (releases(g->event[w].order))
                sw.to[w] |= acquiring;
            for (int f = 0; f < n; f++)
                if (g->event[f].op == AXIOM_FENCE && releases(g->event[f].order) && g->sb.to[f] >> w & 1)
                    sw.to[f] |= acquiring;
            if (!g->event[w].reads)
                break;
        }
    }
    return sw;
}

/* What the axioms are about, of one execution. */
struct relations {
    struct relation rf, mo, rb, sw, hb, eco;
    row sc, fences; /* seq_cst accesses, seq_cst fences */
};

static struct relations derive(const struct graph *g)
{
    struct relations r = {.sc = 0};
    int n = g->events;
    for (int i = 0; i < n; i++)
        if (g->event[i].reads)
            r.rf.to[g->from[i]] |= 1u << i;
    for (int p = 0; p < AXIOM_PLACES; p++)
        for (int i = 0; i < g->orders[p]; i++)
            for (int k = i + 1; k < g->orders[p]; k++)
                r.mo.to[g->order[p][i]] |= 1u << g->order[p][k];
    for (int i = 0; i < n; i++)
        if (g->event[i].reads)
            r.rb.to[i] = r.mo.to[g->from[i]] & ~(1u << i);
    for (int i = 0; i < n; i++)
        if (g->event[i].order == ORDER_SEQUENTIAL)
            *(g->event[i].op == AXIOM_FENCE ? &r.fences : &r.sc) |= 1u << i;
    r.sw = synchronises(g);
    r.hb = closure(either(r.sw, &g->sb), n);
    r.eco = closure(either(either(r.rf, &r.mo), &r.rb), n);
    return r;
}

/* Atomicity and coherence. In "eco" a read-modify-write, one event here, is later than what it reads. */
static bool is_coherent(const struct relations *r, int n)
{
    struct relation broken = compose(&r->rb, &r->mo, n), hb_eco = compose(&r->hb, &r->eco, n);
    return irreflexive(&broken, n) && irreflexive(&r->hb, n) && irreflexive(&r->eco, n) && irreflexive(&hb_eco, n);
}

/* From seq_cst events, and from seq_cst fences by way of "happens before", and the same at the other end. */
static struct relation between_sc(const struct relations *r, const struct relation *middle, int n)
{
    struct relation hb = reflexive(r->hb, n), before = {{0}}, after = {{0}};
    for (int i = 0; i < n; i++) {
        if (r->fences >> i & 1)
            before.to[i] = hb.to[i];
        else if (r->sc >> i & 1)
            before.to[i] = 1u << i;
        after.to[i] = (hb.to[i] & r->fences) | (1u << i & r->sc);
    }
    struct relation left = compose(&before, middle, n);
    return compose(&left, &after, n);
}

/* RC11's "partial SC" has no cycle. */
static bool rc11_allows(const struct graph *g, const struct relations *r)
{
    int n = g->events;
    struct relation hb_loc = {{0}}, sb_other = {{0}};
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) {
            bool same = g->event[i].place >= 0 && g->event[i].place == g->event[k].place;
            if (r->hb.to[i] >> k & 1 && same)
                hb_loc.to[i] |= 1u << k;
            if (g->sb.to[i] >> k & 1 && !same)
                sb_other.to[i] |= 1u << k;
        }
    struct relation start = compose(&sb_other, &r->hb, n), around = compose(&start, &sb_other, n);
    struct relation scb = either(either(either(either(g->sb, &around), &hb_loc), &r->mo), &r->rb);
    struct relation psc = between_sc(r, &scb, n);
    struct relation hb_eco = compose(&r->hb, &r->eco, n), by_eco = compose(&hb_eco, &r->hb, n);
    struct relation of_fences = either(r->hb, &by_eco);
    for (int i = 0; i < n; i++)
        if (r->fences >> i & 1)
            psc.to[i] |= of_fences.to[i] & r->fences;
    return acyclic(psc, n);
}

/*
 * C++20: an order of the seq_cst operations agrees with "strongly happens before" and "coherence-ordered before"; and,
 * if asked for, with an order in which all operations are executed one after the other, each load after what it reads.
 */
static bool cpp20_allows(const struct graph *g, const struct relations *r, bool executed)
{
    int n = g->events;
    row all = r->sc | r->fences;
    struct relation sb_hb = compose(&g->sb, &r->hb, n), strongly = compose(&sb_hb, &g->sb, n);
    strongly = either(strongly, &g->sb);
    struct relation s = between_sc(r, &r->eco, n);
    for (int i = 0; i < n; i++)
        if (all >> i & 1)
            s.to[i] |= (strongly.to[i] | (r->sw.to[i] & all)) & all;
    if (executed)
        s = either(either(s, &g->sb), &r->rf);
    return acyclic(s, n);
}

static struct axiom_outcome outcome_of(const struct graph *g)
{
    struct axiom_outcome outcome;
    int value[EVENTS], n = g->events;
    memset(&outcome, UINT8_MAX, sizeof outcome);
    for (int i = 0; i < n; i++)
        value[i] = -1;
    for (int round = 0; round <= n; round++) /* additions need the values that they read */
        for (int i = 0; i < n; i++) {
            const struct act *e = &g->event[i];
            if (value[i] >= 0 || !e->writes || (e->reads && value[g->from[i]] < 0))
                continue;
            value[i] = e->reads ? value[g->from[i]] + 1 : e->process < 0 ? 0 : axiom_value(e->process, e->index);
        }
    for (int i = 0; i < n; i++)
        if (g->event[i].reads)
            outcome.seen[g->event[i].process][g->event[i].index] = (uint8_t)value[g->from[i]];
    for (int p = 0; p < AXIOM_PLACES; p++)
        outcome.last[p] = (uint8_t)value[g->order[p][g->orders[p] - 1]];
    return outcome;
}

static void judge(struct graph *g)
{
    struct relations r = derive(g);
    if (!is_coherent(&r, g->events) || !rc11_allows(g, &r))
        return;
    struct axiom_outcome outcome = outcome_of(g);
    if (cpp20_allows(g, &r, false))
        axiom_add(g->allowed, &outcome);
    if (cpp20_allows(g, &r, true))
        axiom_add(g->executable, &outcome);
}

static void place_rest(struct graph *g, int place, row left)
{
    if (place == AXIOM_PLACES) {
        judge(g);
        return;
    }
    row here = 0;
    for (int i = 0; i < g->events; i++)
        if (left >> i & 1 && g->event[i].place == place)
            here |= 1u << i;
    if (here == 0) {
        place_rest(g, place + 1, left);
        return;
    }
    for (int i = 0; i < g->events; i++) {
        if (!(here >> i & 1))
            continue;
        g->order[place][g->orders[place]++] = i;
        place_rest(g, place, left & ~(1u << i));
        g->orders[place]--;
    }
}

static void choose_reads(struct graph *g, int event)
{
    while (event < g->events && !g->event[event].reads)
        event++;
    if (event == g->events) {
        struct relation together = g->sb;
        for (int r = 0; r < g->events; r++)
            if (g->event[r].reads)
                together.to[g->from[r]] |= 1u << r;
        if (!acyclic(together, g->events)) /* nothing out of thin air, no load buffering */
            return;
        row writes = 0;
        for (int i = AXIOM_PLACES; i < g->events; i++)
            if (g->event[i].writes)
                writes |= 1u << i;
        place_rest(g, 0, writes);
        return;
    }
    for (int w = 0; w < g->events; w++)
        if (w != event && g->event[w].writes && g->event[w].place == g->event[event].place) {
            g->from[event] = w;
            choose_reads(g, event + 1);
        }
}

void axiom_enumerate(const struct axiom_program *program, struct axiom_outcomes *allowed,
                     struct axiom_outcomes *executable)
{
    struct graph g = {.program = program, .allowed = allowed, .executable = executable};
    allowed->count = executable->count = 0;
    for (int p = 0; p < AXIOM_PLACES; p++) {
        g.event[g.events] = (struct act){AXIOM_STORE, ORDER_RELAXED, p, -1, 0, false, true};
        g.order[p][0] = g.events++;
        g.orders[p] = 1;
    }
    for (int i = 0; i < program->processes; i++)
        for (int k = 0; k < program->length[i]; k++) {
            const struct axiom_instruction *it = &program->code[i][k];
            bool fence = it->op == AXIOM_FENCE;
            g.event[g.events++] = (struct act){it->op,
                                               it->order,
                                               fence ? -1 : it->place,
                                               i,
                                               k,
                                               it->op == AXIOM_LOAD || it->op == AXIOM_ADD,
                                               it->op == AXIOM_STORE || it->op == AXIOM_ADD};
        }
    for (int a = 0; a < g.events; a++)
        for (int b = a + 1; b < g.events; b++)
            if (b >= AXIOM_PLACES && (g.event[a].process < 0 || g.event[a].process == g.event[b].process))
                g.sb.to[a] |= 1u << b;
    choose_reads(&g, 0);
}

int axiom_find(const struct axiom_outcomes *outcomes, const struct axiom_outcome *outcome)
{
    for (int i = 0; i < outcomes->count; i++)
        if (memcmp(&outcomes->outcome[i], outcome, sizeof *outcome) == 0)
            return i;
    return -1;
}

void axiom_add(struct axiom_outcomes *outcomes, const struct axiom_outcome *outcome)
{
    if (axiom_find(outcomes, outcome) >= 0)
        return;
    if (outcomes->count == AXIOM_OUTCOMES)
        abort();
    outcomes->outcome[outcomes->count++] = *outcome;
}
