/*
 * The consumer never gives slots back.
 *
 * expect: deadlock missing-post
 * run: producer -- consumer
 */
#include "../subject.h"

enum { SLOTS = 5, ITEMS = 6 };

struct queue {
    int head, tail, count;
    int slot[SLOTS];
};

struct gate {
    sem_t *empty, *full, *mutex;
};

static void put(struct queue *queue, const struct gate *gate, int item)
{
    sem_wait(gate->empty); /* MISTAKE */
    sem_wait(gate->mutex);
    queue->slot[queue->tail] = item;
    queue->tail = (queue->tail + 1) % SLOTS;
    queue->count++;
    sem_post(gate->mutex);
    sem_post(gate->full);
}

static int take(struct queue *queue, const struct gate *gate)
{
    int item;
    sem_wait(gate->full);
    sem_wait(gate->mutex);
    item = queue->slot[queue->head];
    queue->head = (queue->head + 1) % SLOTS;
    queue->count--;
    sem_post(gate->mutex);
    return item;
}

int main(int argc, char **argv)
{
    (void)argc;
    struct queue *queue = subject_share(sizeof *queue);
    struct gate gate = {subject_semaphore("/empty", SLOTS), subject_semaphore("/full", 0),
                        subject_semaphore("/mutex", 1)};
    if (subject_role(argv, "producer"))
        for (int i = 1; i <= ITEMS; i++)
            put(queue, &gate, i);
    else
        for (int i = 1; i <= ITEMS; i++) {
            int item = take(queue, &gate);
            subject_check(item == i, "order of the items");
        }
    return 0;
}
