/*
 * _Atomic(type) in C, and in C++ as C++23's own <stdatomic.h> defines it ([stdatomic.h.syn]): std::atomic has the same
 * size and place. The static assertions of each header hold in both.
 */
#ifndef SHMLAB_ATOMIC_H
#define SHMLAB_ATOMIC_H

#include "shmlab/language.h"

#ifdef __cplusplus
#include <atomic>
#ifndef _Atomic
#define _Atomic(type) std::atomic<type>
#endif
#else
#include <stdatomic.h>
#endif

#endif
