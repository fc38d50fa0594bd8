/*
 * Introduction: after fork, parent and child have a variable at the same address, and it is not the same
 * variable.
 *
 * One counter is in ordinary memory, one in a mapping that both share. The child counts in both, the parent
 * looks.
 */
#include <stdio.h>
#include <stdlib.h>

#include "demo.h"

static int private_counter;
static int *shared_counter; /* points into a mapping that parent and child share */

static void look(const char *who)
{
    printf("%-7s private_counter at %p is %d\n", who, (void *)&private_counter, private_counter);
    printf("%-7s *shared_counter at %p is %d\n", who, (void *)shared_counter, *shared_counter);
}

static void child_work(void *unused)
{
    (void)unused;
    private_counter++;
    (*shared_counter)++;
    look("child:");
}

int main(int argc, char **argv)
{
    demo_help(argc, argv, "Show that a process's memory is its own, even at equal addresses.");
    shared_counter = demo_share(sizeof *shared_counter);
    demo_await(demo_child(child_work, NULL));
    look("parent:");
    return EXIT_SUCCESS;
}
