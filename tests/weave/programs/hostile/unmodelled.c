/*
 * Processes that synchronise by calls which weave does not know. See ../../test_hostile.py.
 */
#include "../subject.h"

#include <mqueue.h>
#include <signal.h>

static void use(const char *call)
{
    struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    if (strcmp(call, "mq_notify") == 0)
        mq_notify(mq_open("/subject", O_RDWR | O_CREAT, 0600, &attributes), &event);
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
