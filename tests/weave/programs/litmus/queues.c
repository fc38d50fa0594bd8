/*
 * Shared memory that is handed over through a message queue, of System V or of POSIX.
 *
 * variant: sysv: QUEUE=1 => pass
 * variant: posix: QUEUE=2 => pass
 * variant: sysv_early: QUEUE=1 EARLY => race early-publication
 * variant: posix_early: QUEUE=2 EARLY => race early-publication
 * variant: sysv_full: QUEUE=1 MANY=3 SIZE=8000 => pass
 * variant: posix_full: QUEUE=2 MANY=3 => pass
 * variant: posix_timed: QUEUE=3 => exit exit-status
 * variant: sysv_lost: QUEUE=1 LOST => stuck peer-gone
 * run: writer -- reader
 */
#include "../subject.h"

#include <mqueue.h>
#include <sys/msg.h>
#include <time.h>

#ifndef MANY
#define MANY 1
#endif
#ifndef SIZE
#define SIZE 16
#endif

enum { KEY = 0x71 };

struct shared {
    int value;
};

struct message {
    long type;
    char text[SIZE];
};

static int id;
static mqd_t queue;

static void queue_use(void)
{
    struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = SIZE};
    id = QUEUE == 1 ? msgget(KEY, IPC_CREAT | 0600) : 0;
    queue = QUEUE == 1 ? 0 : mq_open("/subject", O_RDWR | O_CREAT, 0600, &attributes);
    if (id < 0 || queue < 0)
        exit(2);
}

static void send_one(void)
{
    static const struct message message = {.type = 1};
    int sent = QUEUE == 1 ? msgsnd(id, &message, sizeof message.text, 0)
                          : mq_send(queue, message.text, sizeof message.text, 0);
    if (sent != 0)
        exit(3);
}

static void receive_one(void)
{
    struct message message;
    ssize_t got;
    if (QUEUE == 1) {
        got = msgrcv(id, &message, sizeof message.text, 0, 0); /* MISTAKE */
    } else if (QUEUE == 2) {
        got = mq_receive(queue, message.text, sizeof message.text, NULL);
    } else {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        now.tv_sec += 1;
        got = mq_timedreceive(queue, message.text, sizeof message.text, NULL, &now);
    }
    if (got != sizeof message.text)
        exit(4);
}

int main(int count, char **arguments)
{
    (void)count;
    struct shared *shared = subject_share(sizeof *shared);
    queue_use();
    if (subject_role(arguments, "writer")) {
#ifdef EARLY
        send_one();
        shared->value = 42; /* MISTAKE */
#elif defined(LOST)
        shared->value = MANY == 0 ? (send_one(), 1) : 42;
#else
        shared->value = 42;
        for (int i = 0; i < MANY && QUEUE != 3; i++)
            send_one();
#endif
        return 0;
    }
    for (int i = 0; i < MANY; i++)
        receive_one();
    return shared->value == 42 ? 0 : 5; /* MISTAKE */
}
