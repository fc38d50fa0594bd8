/* The command line that lab 4's producer and consumer have in common. */
#ifndef LAB4_OPTIONS_H
#define LAB4_OPTIONS_H

#include <stdbool.h>
#include <sys/types.h>

struct lab4_options {
    const char *prefix;
    int items;
    int id;            /* producer only */
    unsigned capacity; /* producer only; 0: not given */
    double timeout;    /* seconds without progress after which we end */
    bool quiet;
    mode_t mode; /* producer only: of new objects */
};

/* Parse the command line over the defaults; ends the program on wrong usage. */
void lab4_producer_options(struct lab4_options *options, int argc, char **argv);
void lab4_consumer_options(struct lab4_options *options, int argc, char **argv);

#endif
