/*
 * Prints how many processors there are: as many as without weave, which keeps all processes on one.
 *
 * expect: pass
 * run: all
 */
#define _GNU_SOURCE
#include "../subject.h"

#include <sched.h>

int main(void)
{
    cpu_set_t processors;
    subject_share(sizeof(int));
    subject_check(sched_getaffinity(0, sizeof processors, &processors) == 0, "sched_getaffinity");
    printf("%d\n", CPU_COUNT(&processors));
    return 0;
}
