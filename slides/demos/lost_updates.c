/*
 * Lab 4: two processes count in one counter. Every step is atomic, and still updates get lost: a load and a
 * store are two steps, and the other process fits in between.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "demo.h"

enum { INCREMENTS = 1000000, ROUNDS = 100 };

struct tally {
    _Atomic int present; /* both wait for each other, or the first would be done before the second begins */
    _Atomic int count;
};

static void counter_work(void *memory)
{
    struct tally *tally = memory;

    for (atomic_fetch_add(&tally->present, 1); atomic_load(&tally->present) < 2;)
        continue;
    /* slide:count */
    for (int i = 0; i < INCREMENTS; i++) {
        int now = atomic_load(&tally->count); /* both may load the same value ... */
        atomic_store(&tally->count, now + 1); /* ... and both store that value plus one */
    }
    /* slide:end */
}

int main(int argc, char **argv)
{
    demo_help(argc, argv, "Let two processes count to a million in the same counter.");
    struct tally *tally = demo_share(sizeof *tally);

    /* On one CPU a round may go well by luck; hardly a hundred of them. */
    for (int round = 1; round <= ROUNDS; round++) {
        *tally = (struct tally){0};
        pid_t first = demo_child(counter_work, tally);
        pid_t second = demo_child(counter_work, tally);
        demo_await(first);
        demo_await(second);
        int found = atomic_load(&tally->count);
        if (found == 2 * INCREMENTS)
            continue;
        printf("2 processes, %d increments each\n", INCREMENTS);
        printf("expected %d, found %d: %d lost\n", 2 * INCREMENTS, found, 2 * INCREMENTS - found);
        return EXIT_FAILURE;
    }
    printf("%d rounds without a loss: luck, not a proof\n", ROUNDS);
    return EXIT_SUCCESS;
}
