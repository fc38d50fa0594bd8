/*
 * The brute-force explorer: every interleaving, by recursion, from the semantics alone.
 *
 * It has no clocks, no hashes and no shadow memory: each event has a number, and what happened before is a
 * set of numbers (ISO C17 5.1.2.4, 7.17.3, 7.17.4 written down for at most 64 events).
 */
#include "model.h"

#include <string.h>

typedef uint64_t event_set;

enum status { READY, WAITING_SEMAPHORE, WAITING_LOCK, WAITING_CHANGE, ENDED };

struct actor {
    int at; /* next instruction */
    enum status status;
    int place;  /* waited for */
    int last;   /* value read last */
    bool asked; /* the decision before the next instruction was taken */
    event_set known, release_fence, acquire_fence;
};

struct plain_access {
    int process, event;
    bool write;
};

struct world {
    const struct model_program *program;
    struct actor actor[MODEL_PROCESSES];
    event_set atomic[MODEL_ATOMICS], semaphore[MODEL_SEMAPHORES], lock[2];
    int owner[2];
    struct plain_access access[MODEL_DATA][MODEL_PROCESSES * MODEL_LENGTH];
    int accesses[MODEL_DATA];
    int events;
    struct model_outcome outcome;
};

struct explorer {
    struct model_outcomes outcomes;
    int bound;
    bool every_access;
};

static void brute_wake(struct world *world, enum status status, int place)
{
    for (int i = 0; i < world->program->processes; i++)
        if (world->actor[i].status == status && world->actor[i].place == place)
            world->actor[i].status = READY;
}

static void brute_plain(struct world *world, int me, int place, bool write, int event)
{
    for (int i = 0; i < world->accesses[place]; i++) {
        const struct plain_access *earlier = &world->access[place][i];
        if (earlier->process != me && (write || earlier->write) && !(world->actor[me].known >> earlier->event & 1))
            world->outcome.raced |= (uint8_t)(1u << place);
    }
    world->access[place][world->accesses[place]++] = (struct plain_access){me, event, write};
}

static bool acquires(enum order order)
{
    return order == ORDER_ACQUIRE || order == ORDER_BOTH || order == ORDER_SEQUENTIAL;
}

static bool releases(enum order order)
{
    return order == ORDER_RELEASE || order == ORDER_BOTH || order == ORDER_SEQUENTIAL;
}

static void brute_load(struct world *world, struct actor *actor, const struct model_instruction *it)
{
    *(acquires(it->order) ? &actor->known : &actor->acquire_fence) |= world->atomic[it->place];
}

static void brute_store(struct world *world, struct actor *actor, const struct model_instruction *it, int value,
                        bool update)
{
    event_set published = releases(it->order) ? actor->known : actor->release_fence;
    world->atomic[it->place] = published | (update ? world->atomic[it->place] : 0);
    if (world->outcome.atomic[it->place] != value)
        brute_wake(world, WAITING_CHANGE, it->place);
    world->outcome.atomic[it->place] = (uint8_t)value;
}

static void brute_fence(struct actor *actor, enum order order)
{
    if (acquires(order))
        actor->known |= actor->acquire_fence;
    if (releases(order))
        actor->release_fence = actor->known;
}

static void brute_park(struct actor *actor, enum status status, int place)
{
    actor->status = status;
    actor->place = place;
}

/* Carries out the next instruction; false: it has to wait. */
static bool brute_act(struct world *world, int me)
{
    struct actor *actor = &world->actor[me];
    const struct model_instruction *it = &world->program->code[me][actor->at];
    struct model_outcome *outcome = &world->outcome;
    int event = world->events++, read = -1, skip = 0;
    actor->known |= (event_set)1 << event;
    switch (it->op) {
    case MODEL_LOAD:
        brute_load(world, actor, it);
        read = outcome->atomic[it->place];
        break;
    case MODEL_AWAIT:
        brute_load(world, actor, it);
        if (outcome->atomic[it->place] != it->value) {
            brute_park(actor, WAITING_CHANGE, it->place);
            return false;
        }
        break;
    case MODEL_STORE:
        brute_store(world, actor, it, it->value, false);
        break;
    case MODEL_ADD:
        brute_load(world, actor, it);
        read = outcome->atomic[it->place];
        brute_store(world, actor, it, read + 1, true);
        break;
    case MODEL_FENCE:
        brute_fence(actor, it->order);
        break;
    case MODEL_READ:
        brute_plain(world, me, it->place, false, event);
        read = outcome->data[it->place];
        break;
    case MODEL_WRITE:
        brute_plain(world, me, it->place, true, event);
        outcome->data[it->place] = (uint8_t)(1 + it->value + me * 3);
        break;
    case MODEL_WAIT:
        if (outcome->semaphore[it->place] == 0) {
            brute_park(actor, WAITING_SEMAPHORE, it->place);
            return false;
        }
        outcome->semaphore[it->place]--;
        actor->known |= world->semaphore[it->place];
        break;
    case MODEL_POST:
        outcome->semaphore[it->place]++;
        world->semaphore[it->place] |= actor->known;
        brute_wake(world, WAITING_SEMAPHORE, it->place);
        break;
    case MODEL_LOCK:
        if (world->owner[it->place] >= 0) {
            brute_park(actor, WAITING_LOCK, it->place);
            return false;
        }
        world->owner[it->place] = me;
        actor->known |= world->lock[it->place];
        break;
    case MODEL_UNLOCK:
        if (world->owner[it->place] != me)
            break;
        world->owner[it->place] = -1;
        world->lock[it->place] |= actor->known;
        brute_wake(world, WAITING_LOCK, it->place);
        break;
    case MODEL_SKIP:
        skip = actor->last == it->value ? 0 : 1;
        break;
    default:
        break;
    }
    if (read >= 0) {
        actor->last = read;
        outcome->seen[me][actor->at] = (uint8_t)read;
    }
    actor->at += 1 + skip;
    return true;
}

static bool brute_is_point(const struct explorer *explorer, enum model_op op)
{
    if (op == MODEL_READ || op == MODEL_WRITE)
        return explorer->every_access;
    return op != MODEL_FENCE && op != MODEL_SKIP;
}

static void brute_choose(struct explorer *explorer, struct world *world, int current, bool yielded, int spent);

/* Runs process `me` up to its next decision. */
static void brute_run(struct explorer *explorer, struct world *world, int me, int spent)
{
    struct actor *actor = &world->actor[me];
    for (;;) {
        if (actor->at >= world->program->length[me]) {
            actor->status = ENDED;
            world->outcome.ended |= (uint8_t)(1u << me);
            brute_choose(explorer, world, -1, false, spent);
            return;
        }
        enum model_op op = world->program->code[me][actor->at].op;
        if (brute_is_point(explorer, op) && !actor->asked) {
            actor->asked = true;
            brute_choose(explorer, world, me, op == MODEL_YIELD, spent);
            return;
        }
        if (!brute_act(world, me)) {
            brute_choose(explorer, world, -1, false, spent);
            return;
        }
        actor->asked = false;
    }
}

/* A switch costs one when the process could have gone on; after a yield, staying does. */
static int brute_cost(int current, bool yielded, int choice, int ready)
{
    if (current < 0 || ready == 1)
        return 0;
    return yielded ? choice == current : choice != current;
}

static void brute_choose(struct explorer *explorer, struct world *world, int current, bool yielded, int spent)
{
    int ready = 0;
    for (int i = 0; i < world->program->processes; i++)
        ready += world->actor[i].status == READY;
    if (ready == 0)
        model_outcomes_add(&explorer->outcomes, &world->outcome);
    for (int i = 0; i < world->program->processes; i++) {
        int cost = brute_cost(current, yielded, i, ready);
        if (world->actor[i].status != READY || spent + cost > explorer->bound)
            continue;
        struct world copy = *world;
        brute_run(explorer, &copy, i, spent + cost);
    }
}

struct model_outcomes model_brute(const struct model_program *program, int bound, bool every_access)
{
    struct explorer explorer = {.bound = bound, .every_access = every_access};
    struct world world = {.program = program, .owner = {-1, -1}};
    memset(world.outcome.seen, UINT8_MAX, sizeof world.outcome.seen);
    for (int i = 0; i < MODEL_SEMAPHORES; i++)
        world.outcome.semaphore[i] = (uint8_t)program->semaphore[i];
    brute_choose(&explorer, &world, -1, false, 0);
    return explorer.outcomes;
}
