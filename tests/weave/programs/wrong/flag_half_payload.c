/*
 * The flag is set between the two halves of the message.
 *
 * expect: race early-publication
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
        atomic_store_explicit(&box->ready, true, memory_order_release);
        snprintf(box->text, sizeof box->text, "Message #%d", i); /* MISTAKE */
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
