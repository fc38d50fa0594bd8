/*
 * The reader maps the object as soon as it exists, which may be before it has a size.
 *
 * expect: crash crash
 * run: writer -- reader
 */
#include "../subject.h"

struct message {
    int value;
    _Atomic bool ready;
};

static void writer(void)
{
    int descriptor = shm_open("/late", O_RDWR | O_CREAT | O_EXCL, 0600);
    subject_check(descriptor >= 0 && ftruncate(descriptor, sizeof(struct message)) == 0, "create");
    struct message *message = subject_map(descriptor, sizeof *message);
    message->value = 42;
    atomic_store_explicit(&message->ready, true, memory_order_release);
}

static void reader(void)
{
    int descriptor;
    while ((descriptor = shm_open("/late", O_RDWR, 0)) < 0)
        usleep(1000);
    struct message *message = subject_map(descriptor, sizeof *message);
    while (!atomic_load_explicit(&message->ready, memory_order_acquire)) /* MISTAKE */
        ;
    subject_check(message->value == 42, "value");
}

int main(int argc, char **argv)
{
    (void)argc;
    if (subject_role(argv, "writer"))
        writer();
    else
        reader();
    return 0;
}
