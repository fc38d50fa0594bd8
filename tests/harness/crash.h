/* Where a program has crashed, and what was at the address that it reached for. */
#ifndef HARNESS_CRASH_H
#define HARNESS_CRASH_H

#include "check.h"

/* What the preloaded library has seen of the program's crash goes into the finding: the student's line, what kind of
 * address it was, and the usual cause. Nothing is changed where it has seen none. */
void crash_explain(const struct program *program, struct finding *finding);

#endif
