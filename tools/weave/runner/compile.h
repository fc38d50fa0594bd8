/* `weave cc`: compiling programs so that weave sees their accesses. */
#ifndef WEAVE_COMPILE_H
#define WEAVE_COMPILE_H

/* Runs the compiler with the arguments behind "cc". `library` is the path of libweave.so. Returns an exit status. */
int compile_run(int argc, char **argv, const char *library);

#endif
