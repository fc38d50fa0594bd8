/* `weave cc`: compiling programs so that weave sees their accesses. */
#ifndef WEAVE_COMPILE_H
#define WEAVE_COMPILE_H

/* What the names of unwatched files begin with in a program that was linked with some: see options.c. */
#define UNWATCHED_MARK "weave does not watch: "

/* Runs the compiler with the arguments behind "cc". `library` is the path of libweave.so. Returns an exit status. */
int compile_run(int argc, char **argv, const char *library);

#endif
