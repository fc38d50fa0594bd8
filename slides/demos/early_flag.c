/*
 * Lab 3: the flag goes up before the message is complete. No luck is needed to see it: the writer stops
 * itself between its two stores, which is what a scheduler may do to any process at any time.
 */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "demo.h"
#include "shmlab/error.h"

struct box {
    char message[32];
    _Atomic bool ready;
};

/* slide:send */
static void writer_work(void *memory)
{
    struct box *box = memory;

    atomic_store(&box->ready, true); /* the strongest order, the wrong place */
    raise(SIGSTOP);                  /* a scheduler's whim, made certain */
    strcpy(box->message, "new message");
}
/* slide:end */

int main(int argc, char **argv)
{
    demo_help(argc, argv, "Set a flag before the message that it announces, and look in between.");
    struct box *box = demo_share(sizeof *box);

    strcpy(box->message, "old message");
    pid_t writer = demo_child(writer_work, box);
    if (!WIFSTOPPED(demo_await(writer)))
        return error_report(NULL, "the writer did not stop");
    printf("reader: ready is %d, message is \"%s\"\n", atomic_load(&box->ready), box->message);
    kill(writer, SIGCONT);
    demo_await(writer);
    printf("        ... and a moment later it is \"%s\"\n", box->message);
    return EXIT_SUCCESS;
}
