/*
 * A peer that behaves, and one that does not: what is wrong is its first argument. See ../../test_hostile.py.
 */
#include "../subject.h"

#include <signal.h>
#include <sys/prctl.h>

struct box {
    _Atomic int number, peer;
};

/* Where weave keeps its records: WEAVE_CONTROL_ADDRESS in core/control.h. */
#define CONTROL ((volatile unsigned char *)0x200000000000u)
enum { CONTROL_BYTES = 1 << 20, FLOOD_BYTES = 64 << 20, MANY_CHILDREN = 1000 };

static void crash(void)
{
    volatile int *volatile nowhere = NULL;
    *nowhere = 1; /* here */
}

static int overflow(volatile int *depth)
{
    volatile char frame[4096];
    frame[0] = (char)++*depth;
    return *depth < 0 ? 0 : overflow(depth) + frame[0];
}

static void loop(void)
{
    for (volatile unsigned i = 0;; i++)
        ;
}

static void bomb(void)
{
    for (int i = 0; i < MANY_CHILDREN; i++)
        fork();
}

static void orphan(void)
{
    if (fork() == 0) {
        signal(SIGTERM, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
        setsid();
        prctl(PR_SET_PDEATHSIG, 0);
        loop();
    }
    _exit(0);
}

static void trample(unsigned char with)
{
    for (int i = 0; i < CONTROL_BYTES; i++)
        CONTROL[i] = with;
}

static void flood(void)
{
    char block[4096];
    memset(block, 'x', sizeof block);
    for (size_t i = 0; i < FLOOD_BYTES / sizeof block; i++)
        if (write(STDOUT_FILENO, block, sizeof block) < 0)
            exit(1);
}

static void close_all(void)
{
    for (int i = 0; i < 4096; i++)
        close(i);
}

static void misbehave(struct box *box, const char *how)
{
    if (strcmp(how, "crash") == 0)
        crash();
    else if (strcmp(how, "overflow") == 0)
        overflow(&(int){0});
    else if (strcmp(how, "abort") == 0)
        abort();
    else if (strcmp(how, "loop") == 0)
        loop();
    else if (strcmp(how, "bomb") == 0)
        bomb();
    else if (strcmp(how, "leave") == 0)
        _exit(3);
    else if (strcmp(how, "kill-parent") == 0)
        kill(getppid(), SIGKILL);
    else if (strcmp(how, "kill-peer") == 0)
        kill(box->peer, SIGKILL);
    else if (strcmp(how, "kill-all") == 0)
        kill(-1, SIGKILL);
    else if (strcmp(how, "stop") == 0)
        kill(getpid(), SIGSTOP);
    else if (strcmp(how, "orphan") == 0)
        orphan();
    else if (strcmp(how, "trample-zero") == 0)
        trample(0);
    else if (strcmp(how, "trample-ones") == 0)
        trample(0xff);
    else if (strcmp(how, "flood") == 0)
        flood();
    else if (strcmp(how, "close") == 0)
        close_all();
}

int main(int argc, char **argv)
{
    (void)argc;
    struct box *box = subject_share(sizeof *box);
    if (subject_role(argv, "peer")) {
        box->peer = getpid();
        while (box->number < 2)
            ;
        return 0;
    }
    while (box->peer == 0)
        ;
    box->number = 1;
    misbehave(box, argv[1]);
    box->number = 2;
    return 0;
}
