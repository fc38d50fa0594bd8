/* The whole of one invocation: session, search, verdict. Runs inside the sandbox. */
#ifndef WEAVE_EXPLORE_H
#define WEAVE_EXPLORE_H

#include "options.h"

/* Explores and reports on stdout. Returns an exit status. */
int explore(struct options *options);

#endif
