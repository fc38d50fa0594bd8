/*
 * Lab 3: waiting for a plain flag. The compiler sees no reason why *ready should change inside the loop,
 * loads it once, and the reader waits forever (gcc) or not at all (clang may drop the loop).
 *
 * The writer speaks at once; a reader that has heard nothing two seconds later never will.
 */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "demo.h"
#include "shmlab/stop.h"

enum { PATIENCE_SECONDS = 2 };

struct box {
    bool listening; /* the reader is about to look at the flag */
    bool ready;
    int message;
};

/* slide:wait */
static void reader_work(void *memory)
{
    struct box *box = memory;

    __atomic_store_n(&box->listening, true, __ATOMIC_RELEASE); /* the writer may begin */
    while (!box->ready)
        continue; /* a plain bool: no other process exists for the compiler */
    printf("reader: the flag is set, the message is %d\n", box->message);
}
/* slide:end */

int main(int argc, char **argv)
{
    demo_help(argc, argv, "Wait for a plain flag in shared memory, compiled with -O2.");
    struct box *box = demo_share(sizeof *box);
    pid_t reader = demo_child(reader_work, box);

    while (!__atomic_load_n(&box->listening, __ATOMIC_ACQUIRE))
        stop_sleep(0.001);
    stop_sleep(0.1); /* long enough for the reader to have looked at the flag: this writer comes later */
    box->message = 42;
    __atomic_store_n(&box->ready, true, __ATOMIC_RELEASE);
    printf("writer: message 42 is there, the flag is set\n");

    stop_sleep(PATIENCE_SECONDS);
    if (waitpid(reader, NULL, WNOHANG) == reader)
        return EXIT_SUCCESS;
    printf("writer: %d seconds later the flag is still %d, and the reader still loops\n", PATIENCE_SECONDS, box->ready);
    kill(reader, SIGKILL);
    demo_await(reader);
    return EXIT_FAILURE;
}
