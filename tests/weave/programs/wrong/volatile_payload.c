/*
 * The flag is atomic but nothing else is right: relaxed order and a volatile message.
 *
 * expect: race volatile-flag
 * run: writer -- reader
 */
#include "../subject.h"

struct box {
    int number;
    char text[TEXT];
    _Atomic bool ready;
};

static void writer(struct box *box)
{
    for (int i = 1; i <= MESSAGES; i++) {
        while (atomic_load_explicit(&box->ready, memory_order_relaxed))
            ;
        *(volatile int *)&box->number = i; /* MISTAKE */
        atomic_store_explicit(&box->ready, true, memory_order_relaxed);
    }
}

static void reader(struct box *box)
{
    for (int i = 1; i <= MESSAGES; i++) {
        while (!atomic_load_explicit(&box->ready, memory_order_relaxed))
            ;
        int number = *(volatile int *)&box->number; /* MISTAKE */
        atomic_store_explicit(&box->ready, false, memory_order_relaxed);
        (void)number;
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    struct box *box = subject_share(sizeof *box);
    if (subject_role(argv, "writer"))
        writer(box);
    else
        reader(box);
    return 0;
}
