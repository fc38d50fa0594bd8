/*
 * A reader that looks a thousand times and then gives up.
 *
 * expect: pass
 * run: reader -- other
 */
#include "../subject.h"

enum { ATTEMPTS = 1000 };

struct shared {
    _Atomic bool ready, other;
};

int main(int argc, char **argv)
{
    (void)argc;
    struct shared *shared = subject_share(sizeof *shared);
    if (subject_role(argv, "other")) {
        shared->other = true; /* not what the reader waits for */
        return 0;
    }
    for (int i = 0; i < ATTEMPTS; i++) {
        if (atomic_load_explicit(&shared->ready, memory_order_acquire))
            return 1;
        usleep(1000);
    }
    return 0;
}
