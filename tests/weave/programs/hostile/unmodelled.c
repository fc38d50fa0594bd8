/*
 * Processes that synchronise by calls which weave does not know. See ../../test_hostile.py.
 */
#include "../subject.h"

#include <mqueue.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>

struct message {
    long type;
    char text[8];
};

static void use(const char *call)
{
    struct message message = {.type = 1};
    struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = sizeof message};
    if (strcmp(call, "msgsnd") == 0)
        msgsnd(msgget(IPC_PRIVATE, 0600), &message, sizeof message.text, 0);
    else if (strcmp(call, "msgrcv") == 0)
        msgrcv(msgget(IPC_PRIVATE, 0600), &message, sizeof message.text, 0, 0);
    else if (strcmp(call, "mq_receive") == 0)
        mq_receive(mq_open("/subject", O_RDWR | O_CREAT, 0600, &attributes), (char *)&message, sizeof message, NULL);
    else if (strcmp(call, "mq_send") == 0)
        mq_send(mq_open("/subject", O_RDWR | O_CREAT, 0600, &attributes), (char *)&message, 1, 0);
    else if (strcmp(call, "sigqueue") == 0)
        sigqueue(getppid(), SIGUSR1, (union sigval){.sival_int = 1});
    else if (strcmp(call, "kill") == 0)
        kill(0, SIGUSR1); /* its group */
    else if (strcmp(call, "present") == 0)
        subject_check(kill(getppid(), 0) == 0, "the parent is there");
}

int main(int argc, char **argv)
{
    (void)argc;
    _Atomic int *number = subject_share(sizeof *number);
    ++*number;
    use(argv[1]);
    return 0;
}
