/*
 * The ready flag done right: stored with release, loaded with acquire, waiting without giving way.
 *
 * expect: pass
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
        while (atomic_load_explicit(&box->ready, memory_order_acquire))
            ;
        box->number = i;
        snprintf(box->text, sizeof box->text, "Message #%d", i);
        atomic_store_explicit(&box->ready, true, memory_order_release); /* pairs with the acquire in reader */
    }
}

static void reader(struct box *box)
{
    for (int i = 1; i <= MESSAGES; i++) {
        while (!atomic_load_explicit(&box->ready, memory_order_acquire))
            ;
        int number = box->number;
        char text[TEXT];
        strcpy(text, box->text);
        atomic_store_explicit(&box->ready, false, memory_order_release); /* pairs with the acquire in writer */
        subject_check(number == i && text[0] == 'M', "message");
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
