/*
 * What lets the headers of wire formats and calls compile as C++17, too; C11 to C23 need nothing of it.
 */
#ifndef SHMLAB_LANGUAGE_H
#define SHMLAB_LANGUAGE_H

#ifdef __cplusplus
#define _Static_assert static_assert
#define _Alignas alignas
#define SHMLAB_BEGIN_C extern "C" {
#define SHMLAB_END_C   }
/* What C++ compilers take as well, but complain about with -Wpedantic: an array without a length. */
#define SHMLAB_C99(...)                                                             \
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wpedantic\"") \
        __VA_ARGS__ _Pragma("GCC diagnostic pop")
#else
#define SHMLAB_BEGIN_C
#define SHMLAB_END_C
#define SHMLAB_C99(...) __VA_ARGS__
#endif

#endif
