/*
 * Three processes pass a token round.
 *
 * expect: pass
 * run: 0 -- 1 -- 2
 */
#include "../subject.h"

enum { PLAYERS = 3, ROUNDS = 6 };

struct shared {
    _Atomic int turn;
    int sum;
};

int main(int argc, char **argv)
{
    (void)argc;
    struct shared *shared = subject_share(sizeof *shared);
    for (int round = atoi(argv[1]); round < ROUNDS; round += PLAYERS) {
        while (atomic_load_explicit(&shared->turn, memory_order_acquire) != round)
            ;
        shared->sum += round;
        atomic_store_explicit(&shared->turn, round + 1, memory_order_release); /* pairs with the acquire above */
    }
    return 0;
}
