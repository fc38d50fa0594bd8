/*
 * dlsym: a ctypes.CDLL("libc.so.6") asks for functions on the library's own handle, which would go past the
 * wrappers.
 */
#include "runtime.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static const char *const wrapped[] = {
    "shm_open",
    "shm_unlink",
    "mmap",
    "mmap64",
    "munmap",
    "ftruncate",
    "shmget",
    "shmat",
    "shmdt",
    "shmctl",
    "semget",
    "semop",
    "semtimedop",
    "semctl",
    "sem_open",
    "sem_close",
    "sem_unlink",
    "sem_init",
    "sem_destroy",
    "sem_wait",
    "sem_trywait",
    "sem_post",
    "sem_timedwait",
    "sem_clockwait",
    "sem_getvalue",
    "memcpy",
    "memmove",
    "memset",
    "pthread_mutex_lock",
    "pthread_mutex_unlock",
    "pthread_mutex_trylock",
    "pthread_mutex_timedlock",
    "pthread_cond_wait",
    "pthread_cond_signal",
    "pthread_cond_broadcast",
    "syscall",
};

typedef void *lookup(void *, const char *);

static lookup *lookup_real(void)
{
    static lookup *real;
    if (real == NULL)
        *(void **)&real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
    if (real == NULL) /* glibc before 2.34 */
        *(void **)&real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
    return real;
}

WEAVE_EXPORT void *dlsym(void *restrict handle, const char *restrict name)
{
    lookup *real = lookup_real();
    if (runtime.control != NULL && handle != RTLD_NEXT && handle != RTLD_DEFAULT)
        for (size_t i = 0; i < sizeof wrapped / sizeof wrapped[0]; i++)
            if (REAL(strcmp)(name, wrapped[i]) == 0)
                return real(RTLD_DEFAULT, name); /* ours comes first: the library is preloaded */
    /* RTLD_NEXT means the caller's successor: right for this library, which is the only one that asks so here. */
    return real(handle, name);
}
