/*
 * Command lines: argp (glibc) with the same manners in every program.
 *
 * --help and --version come from argp; wrong usage ends with exit status 2 and a hint at --help. The parsers
 * below are for use inside an argp parser function; on bad input they report it through argp_error, which
 * ends the program.
 */
#ifndef SHMLAB_OPTIONS_H
#define SHMLAB_OPTIONS_H

#include <argp.h>
#include <sys/types.h>

#include "shmlab/language.h"

SHMLAB_BEGIN_C

/*
 * argp_parse with our exit status; ends the program on --help and on wrong usage. Call it first in main: it also makes
 * sure that no object gets the number of a standard stream that was closed, and that a full disk under standard output
 * shows in the exit status.
 */
void options_parse(const struct argp *argp, int argc, char **argv, void *input);

/* The one argument of a program that takes no second one. */
void options_argument(struct argp_state *state, const char **argument, const char *text);

/* A whole number in [low, high]; decimal, or hexadecimal with 0x. name is the option as the user typed it. */
long options_integer(struct argp_state *state, const char *name, const char *text, long low, long high);

/* A number in [low, high]. */
double options_number(struct argp_state *state, const char *name, const char *text, double low, double high);

/* Access bits in octal, 0600 to 0777; the owner keeps the right to read and to write. */
mode_t options_mode(struct argp_state *state, const char *name, const char *text);

/*
 * A name for a POSIX object: one slash in front (added where it is missing), none after it, at most 250
 * characters (NAME_MAX less room for the suffixes that a program appends). Returns text itself or a copy that
 * lives until exit.
 */
const char *options_object_name(struct argp_state *state, const char *name, const char *text);

/* A prefix for the names of several POSIX objects: 1 to 200 characters, no slash. */
const char *options_prefix(struct argp_state *state, const char *name, const char *text);

SHMLAB_END_C

#endif
