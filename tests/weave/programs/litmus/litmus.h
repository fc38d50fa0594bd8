/*
 * What the litmus subjects share: small programs about memory orders, across processes.
 *
 * Every process notes what it read in plain memory of its own; the parent, one of them, looks at all of it when the
 * others have ended. A variant of a subject sets macros to names of orders without "memory_order_", a fence's also to
 * `none`. See ../../subjects.py for the comment at the top.
 */
#ifndef LITMUS_H
#define LITMUS_H

#include "../subject.h"

enum { NOTES = 8, SLOTS = 4 };

struct litmus {
    _Atomic int x, y, z, lock, turn;
    _Atomic unsigned version, written, read;
    _Atomic int slot[SLOTS], top, bottom;
    int plain, plain_slot[SLOTS];
    int note[NOTES];
};

#define ORDER_OF(name)              memory_order_##name
#define ORDER(name)                 ORDER_OF(name)
#define load(object, order)         atomic_load_explicit(object, ORDER(order))
#define store(object, value, order) atomic_store_explicit(object, value, ORDER(order))
#define swap(object, value, order)  atomic_exchange_explicit(object, value, ORDER(order))

#define FENCE_none     ((void)0)
#define FENCE_acquire  atomic_thread_fence(memory_order_acquire)
#define FENCE_release  atomic_thread_fence(memory_order_release)
#define FENCE_acq_rel  atomic_thread_fence(memory_order_acq_rel)
#define FENCE_seq_cst  atomic_thread_fence(memory_order_seq_cst)
#define FENCE_OF(name) FENCE_##name
#define fence(order)   FENCE_OF(order)

typedef void litmus_role(struct litmus *s);

/* The first role is the parent's. Status 1: the outcome that must not be. */
static inline int litmus_run(int roles, litmus_role *const *role, bool (*forbidden)(const struct litmus *s))
{
    struct litmus *s = subject_share(sizeof *s);
    pid_t child[SLOTS];
    for (int i = 1; i < roles; i++) {
        child[i - 1] = fork();
        if (child[i - 1] == 0) {
            role[i](s);
            exit(0);
        }
    }
    role[0](s);
    for (int i = 1; i < roles; i++)
        subject_check(subject_join(child[i - 1]) == 0, "a child ends well");
    return forbidden(s) ? 1 : 0;
}

#define LITMUS(...)                                                              \
    int main(void)                                                               \
    {                                                                            \
        litmus_role *const role[] = {__VA_ARGS__};                               \
        return litmus_run((int)(sizeof role / sizeof role[0]), role, forbidden); \
    }

#endif
