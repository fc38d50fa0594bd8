/*
 * The object is created in full size at once, and the reader trusts its content although nothing says that it
 * is there.
 *
 * expect: race early-publication | race unordered | race plain-flag
 * run: writer -- reader
 */
#include "../subject.h"

struct shared {
    int value, more;
};

int main(int argc, char **argv)
{
    (void)argc;
    struct shared *shared = subject_share(sizeof *shared);
    if (subject_role(argv, "writer")) {
        shared->value = 42; /* MISTAKE */
        shared->more = 43;
    } else if (shared->value != 0) { /* MISTAKE */
        printf("%d\n", shared->more);
    }
    return 0;
}
