/*
 * Atomic operations on more than eight bytes: a run that makes one on shared memory cannot be judged, and says so.
 *
 * Compilers call a function for them: a callback of ThreadSanitizer's, or one of libatomic, which no compiler has
 * instrumented and whose accesses would not be seen. On memory of its own a process may do what it likes. That needs
 * no atomicity here: one process executes at a time, and weave knows no threads.
 */
#include "runtime.h"

#include <stdio.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

static void wide_judge(const volatile void *pointer, size_t size, const void *pc)
{
    uint32_t where;
    char what[64];
    if (!runtime.on || segment_find((const void *)pointer, &where) == 0)
        return;
    snprintf(what, sizeof what, "uses an atomic object of %zu bytes", size);
    unmodelled(what, pc);
}

static wide wide_get(const volatile void *pointer)
{
    wide value;
    memcpy(&value, (const void *)pointer, sizeof value);
    return value;
}

static void wide_put(volatile void *pointer, wide value)
{
    memcpy((void *)pointer, &value, sizeof value);
}

/* Whether the object had the expected value, and has the desired one now; if not, `expected` has its value. */
static bool wide_exchange_if(size_t size, volatile void *pointer, void *expected, const void *desired)
{
    bool same = memcmp((const void *)pointer, expected, size) == 0;
    if (same)
        memcpy((void *)pointer, desired, size);
    else
        memcpy(expected, (const void *)pointer, size);
    return same;
}

/* The compiler has builtin functions of these names, with other parameters: so they have other names here. */
#define NAMED(type, name, symbol, parameters)          \
    WEAVE_EXPORT type name parameters __asm__(symbol); \
    type name parameters

/* ---- of 16 bytes: two names for one function, ThreadSanitizer's and libatomic's ---- */

#define CHANGE_OF(name, symbol, expression)                                    \
    NAMED(wide, name, symbol, (volatile void *pointer, wide value, int order)) \
    {                                                                          \
        (void)order;                                                           \
        wide_judge(pointer, sizeof value, CALLER);                             \
        wide old = wide_get(pointer);                                          \
        wide_put(pointer, expression);                                         \
        return old;                                                            \
    }
#define CHANGE(name, expression)                                      \
    CHANGE_OF(callback_##name, "__tsan_atomic128_" #name, expression) \
    CHANGE_OF(library_##name, "__atomic_" #name "_16", expression)

CHANGE(exchange, value)
CHANGE(fetch_add, old + value)
CHANGE(fetch_sub, old - value)
CHANGE(fetch_and, old &value)
CHANGE(fetch_or, old | value)
CHANGE(fetch_xor, old ^ value)
CHANGE(fetch_nand, ~(old &value))

#define ACCESS(name, prefix, suffix)                                                                  \
    NAMED(wide, name##_load, prefix "load" suffix, (const volatile void *pointer, int order))         \
    {                                                                                                 \
        (void)order;                                                                                  \
        wide_judge(pointer, sizeof(wide), CALLER);                                                    \
        return wide_get(pointer);                                                                     \
    }                                                                                                 \
    NAMED(void, name##_store, prefix "store" suffix, (volatile void *pointer, wide value, int order)) \
    {                                                                                                 \
        (void)order;                                                                                  \
        wide_judge(pointer, sizeof value, CALLER);                                                    \
        wide_put(pointer, value);                                                                     \
    }

ACCESS(callback, "__tsan_atomic128_", "")
ACCESS(library, "__atomic_", "_16")

#define COMPARE(name, symbol)                                                                               \
    NAMED(int, name, symbol, (volatile void *pointer, wide *expected, wide desired, int order, int failed)) \
    {                                                                                                       \
        (void)order;                                                                                        \
        (void)failed;                                                                                       \
        wide_judge(pointer, sizeof desired, CALLER);                                                        \
        return wide_exchange_if(sizeof desired, pointer, expected, &desired);                               \
    }

COMPARE(callback_strong, "__tsan_atomic128_compare_exchange_strong")
COMPARE(callback_weak, "__tsan_atomic128_compare_exchange_weak")
COMPARE(library_compare, "__atomic_compare_exchange_16")

NAMED(wide, callback_value, "__tsan_atomic128_compare_exchange_val",
      (volatile void *pointer, wide expected, wide desired, int order, int failed))
{
    (void)order;
    (void)failed;
    wide_judge(pointer, sizeof desired, CALLER);
    wide_exchange_if(sizeof desired, pointer, &expected, &desired);
    return expected; /* the old value in either case */
}

/* ---- of any size: libatomic's ---- */

NAMED(void, any_load, "__atomic_load", (size_t size, const volatile void *pointer, void *value, int order))
{
    (void)order;
    wide_judge(pointer, size, CALLER);
    memcpy(value, (const void *)pointer, size);
}

NAMED(void, any_store, "__atomic_store", (size_t size, volatile void *pointer, const void *value, int order))
{
    (void)order;
    wide_judge(pointer, size, CALLER);
    memcpy((void *)pointer, value, size);
}

NAMED(void, any_exchange, "__atomic_exchange",
      (size_t size, volatile void *pointer, const void *value, void *before, int order))
{
    (void)order;
    wide_judge(pointer, size, CALLER);
    for (size_t i = 0; i < size; i++) { /* `value` and `before` may be one */
        char old = ((volatile char *)pointer)[i];
        ((volatile char *)pointer)[i] = ((const char *)value)[i];
        ((char *)before)[i] = old;
    }
}

NAMED(bool, any_compare, "__atomic_compare_exchange",
      (size_t size, volatile void *pointer, void *expected, const void *desired, int order, int failed))
{
    (void)order;
    (void)failed;
    wide_judge(pointer, size, CALLER);
    return wide_exchange_if(size, pointer, expected, desired);
}
