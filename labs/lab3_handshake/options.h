/* The command line that lab 3's programs have in common. */
#ifndef LAB3_OPTIONS_H
#define LAB3_OPTIONS_H

#include <sys/types.h>

struct lab3_options {
    const char *key_path;
    int key_id;
    int messages;
    double timeout; /* seconds without progress after which we end */
    mode_t mode;    /* of a new segment */
    key_t key;      /* ftok(key_path, key_id) */
};

/*
 * Parse the command line over the defaults and compute the key. doc is for --help. Ends the program on wrong
 * usage. Returns 0, or 1 after a message when there is no key for the path.
 */
int lab3_options_parse(struct lab3_options *options, const char *doc, int argc, char **argv);

/* The same with another default for --key-id. */
int lab3_options_parse_with(struct lab3_options *options, int key_id, const char *doc, int argc, char **argv);

#endif
