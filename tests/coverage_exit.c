/* Of tests/coverage.py: a process that leaves by _exit(2) writes its counters first. Linked with --wrap=_exit: ld(1).
 */
#include <unistd.h>

void __gcov_dump(void); /* gcc's manual, "Profiling and Test Coverage in Freestanding Environments" */
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);

_Noreturn void __wrap__exit(int status)
{
    __gcov_dump();
    __real__exit(status);
}
