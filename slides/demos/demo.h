/* What the failing programs of the slides have in common: shared memory for a family, children, --help. */
#ifndef SLIDES_DEMO_H
#define SLIDES_DEMO_H

#include <stddef.h>
#include <sys/types.h>

/* --help with this text, and no other option or argument. */
void demo_help(int argc, char **argv, const char *text);

/* Zeroed memory that children of this process share with it; ends the program when there is none. */
void *demo_share(size_t size);

/* A child that runs work(memory) and ends with status 0. Dies with its parent, however that ends. */
pid_t demo_child(void (*work)(void *memory), void *memory);

/* Wait until the child has ended (or has stopped itself), and give its wait status. */
int demo_await(pid_t child);

#endif
