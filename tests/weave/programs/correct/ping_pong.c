/*
 * A counter that both sides raise in turn; memory functions on a structure in between.
 *
 * expect: pass
 * run: even -- odd
 */
#include "../subject.h"

enum { ROUNDS = 6 };

struct ball {
    char name[TEXT];
    double weight;
    int hits;
};

struct court {
    struct ball ball;
    _Atomic int turn;
};

int main(int argc, char **argv)
{
    (void)argc;
    struct court *court = subject_share(sizeof *court);
    int me = subject_role(argv, "odd");
    for (int round = me; round < ROUNDS; round += 2) {
        while (atomic_load_explicit(&court->turn, memory_order_acquire) != round)
            ;
        struct ball ball = court->ball;
        subject_check(ball.hits == round, "hits");
        ball.hits++;
        ball.weight += 0.5;
        strncpy(ball.name, me ? "odd" : "even", sizeof ball.name);
        memcpy(&court->ball, &ball, sizeof ball);
        atomic_store_explicit(&court->turn, round + 1, memory_order_release); /* pairs with the acquire above */
    }
    return 0;
}
