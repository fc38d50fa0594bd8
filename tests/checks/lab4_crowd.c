/* Lab 4, the bounded buffer: several producers and consumers at once. */
#include <stdio.h>
#include <string.h>

#include "lab4_store.h"
#include "weave.h"

enum { CROWD = 2, CROWD_ITEMS = 300 };
/* ---- Several of each ---- */

/* Every item of every producer once, and in each consumer's output a producer's items in their order. */
static void items_require(struct check *check, struct program *const consumers[], int count)
{
    unsigned char seen[CROWD + 1][CROWD_ITEMS + 1] = {{0}};

    for (int c = 0; c < count; c++) {
        int last[CROWD + 1] = {0};
        const char *at = program_output(consumers[c]);
        while ((at = strstr(at, "got ")) != NULL) {
            int item = 0, producer = 0;
            int fields = sscanf(at, "got item %d of producer %d", &item, &producer);
            REQUIRE(check, fields == 2 && producer >= 1 && producer <= CROWD && item >= 1 && item <= CROWD_ITEMS,
                    .expected = "items that a producer has put", .found = "something else");
            REQUIRE(check, seen[producer][item]++ == 0, .expected = "every item once", .found = "an item came twice",
                    .cause = "two consumers took the same slot: head moved without MUTEX");
            REQUIRE(check, item > last[producer], .expected = "each producer's items in their order",
                    .found = "an earlier item after a later one");
            last[producer] = item;
            at++;
        }
    }
    for (int producer = 1; producer <= CROWD; producer++)
        for (int item = 1; item <= CROWD_ITEMS; item++)
            REQUIRE(check, seen[producer][item] == 1, .expected = "every item once", .found = "an item is missing",
                    .cause = "two producers took the same slot: tail moved without MUTEX");
}

static void store_crowd(struct check *check, const struct store *store, const char *second_consumer)
{
    const char *items = check_text(check, "%d", CROWD_ITEMS);
    struct program *consumers[CROWD], *producers[CROWD];

    consumers[0] = store_consumer(check, store, "consumer", items);
    producers[0] = store_producer(check, store, items, "1");
    producers[1] = store_producer(check, store, items, "2");
    consumers[1] = store_consumer(check, store, second_consumer, items);
    for (int i = 0; i < CROWD; i++) {
        AWAIT(check, !program_runs(consumers[i]), "the consumers have all items"); /* all outputs flow */
        program_ends(consumers[i], 0);
    }
    for (int i = 0; i < CROWD; i++)
        program_ends(producers[i], 0);
    items_require(check, consumers, CROWD);
}

void lab4_nothing_lost(struct check *check)
{
    struct store store = store_draw(check, 3);

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_put("));
    check_pardon_leaks(check); /* who removes what is for last_out */
    store_crowd(check, &store, "consumer");
}

void lab4_python_beside(struct check *check)
{
    struct store store = store_draw(check, 3);

    ADVISE(check, .file = "consumer.py", .line = check_line(check, "consumer.py", "def take("));
    check_pardon_leaks(check); /* who removes what is for python_last_out */
    store_crowd(check, &store, "consumer.py");
}

void lab4_values(struct check *check)
{
    struct store store = store_make(check, 3);

    ADVISE(check, .file = "buffer.c", .line = check_line(check, "buffer.c", "buffer_put("),
           .cause = "on some path a semaphore is waited for and not posted, or posted and not waited for");
    store_crowd(check, &store, "consumer");
    store_values_require(check, &store, 3, 0, 1, "when two producers and two consumers have done their work");
    REQUIRE(check, store.shared->count == 0 && store.shared->head == store.shared->tail,
            .expected = "count 0, and head equals tail",
            .found = check_text(check, "count %u, head %u, tail %u", store.shared->count, store.shared->head,
                                store.shared->tail));
}

/* ---- Every interleaving ---- */

/* Of three processes one may come when the others have gone: that it finds nobody is no mistake. One unforced
 * switch is enough to meet another one inside, and keeps the schedules few. */
#define CROWD_OPTIONS                                                           \
    {                                                                           \
        "--struct", "bounded_buffer", "--bound", "1", "--ignore", "exit-status" \
    }

void lab4_race(struct check *check)
{
    CHECK_WEAVE(check, .title = "a producer and a consumer",
                .programs = {{"producer", "--items", "2", "--capacity", "1"}, {"consumer", "--items", "2"}},
                .options = {"--struct", "bounded_buffer"});
    CHECK_WEAVE(check, .title = "two producers and a consumer",
                .programs = {{"producer", "--items", "1", "--id", "1", "--capacity", "1"},
                             {"producer", "--items", "1", "--id", "2", "--capacity", "1"},
                             {"consumer", "--items", "2"}},
                .options = CROWD_OPTIONS);
    CHECK_WEAVE(check, .title = "a producer and two consumers",
                .programs = {{"producer", "--items", "2", "--capacity", "2"},
                             {"consumer", "--items", "1"},
                             {"consumer", "--items", "1"}},
                .options = CROWD_OPTIONS);
}
