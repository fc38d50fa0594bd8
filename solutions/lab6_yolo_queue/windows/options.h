/* The options that producer and consumer have in common. */
#ifndef LAB6_WINDOWS_OPTIONS_H
#define LAB6_WINDOWS_OPTIONS_H

#include <stdbool.h>

enum { WRONG_USAGE = 2 };

struct queue_options {
    const char *prefix; /* of the objects' names */
    long frames;        /* 0: no limit */
    double timeout;     /* seconds without a frame or a free slot, or without the other side */
    bool quiet;
};

/* For a table of getopt_long. */
#define QUEUE_OPTIONS                                                                   \
    {"prefix", required_argument, NULL, 'p'}, {"frames", required_argument, NULL, 'n'}, \
        {"timeout", required_argument, NULL, 't'},                                      \
    {                                                                                   \
        "quiet", no_argument, NULL, 'q'                                                 \
    }

/* Take one of them; text is getopt's optarg. False: it is none of them, or makes no sense, which was said. */
bool queue_options_take(struct queue_options *options, int key, const char *text);

#endif
