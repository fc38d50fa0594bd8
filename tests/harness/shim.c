/*
 * Preloaded into a program under test: lets the IPC call that SHMLAB_FAULT names fail, as the kernel might.
 *
 *     SHMLAB_FAULT=CALL:N:ERRNO      the Nth call (1 is the first) of that name; 0: every one
 *     SHMLAB_FAULT=shmctl/IPC_RMID:1:EINVAL    only those with that command
 *
 * Calls: shmget shmat shmdt shmctl semget semop semctl shm_open shm_unlink ftruncate mmap sem_open sem_wait
 * sem_post sem_unlink. A call that fails does nothing else.
 * SHMLAB_TRACE is a file to which each System V shared memory call appends a line.  SHMLAB_USER_NAME is the
 * name that getpwuid finds for everybody. Programs in Python reach the same functions
 * through ctypes.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#define PUBLIC __attribute__((visibility("default")))

/* glibc's declarations carry non-null attributes and the like; what counts here is that the calls get through. */
static void *real(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* The C library's function behind ours. Object pointers convert into function pointers here: POSIX, dlsym(),
 * "Application usage"; ISO C has no opinion. */
#define REAL(function) (__extension__(__typeof__(&(function))) real(#function))

static int errno_of(const char *symbol)
{
    static const struct {
        const char *symbol;
        int number;
    } errors[] = {
        {"EACCES", EACCES}, {"EEXIST", EEXIST}, {"EINVAL", EINVAL}, {"ENOENT", ENOENT}, {"ENOSPC", ENOSPC},
        {"ENOMEM", ENOMEM}, {"EIDRM", EIDRM},   {"EPERM", EPERM},   {"EMFILE", EMFILE}, {"EINTR", EINTR},
    };

    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (strcmp(errors[i].symbol, symbol) == 0)
            return errors[i].number;
    return EINVAL;
}

static const char *command_name(int command)
{
    return command == IPC_RMID ? "IPC_RMID" : command == IPC_STAT ? "IPC_STAT" : command == IPC_SET ? "IPC_SET" : "";
}

/* Is this the call that has to fail? Sets errno then. Counts the calls that the fault names. */
static bool fails(const char *call, const char *command)
{
    static int calls; /* of the one name that the fault has */
    const char *fault = getenv("SHMLAB_FAULT");
    size_t length = strlen(call);

    if (fault == NULL || strncmp(fault, call, length) != 0)
        return false;
    fault += length;
    if (*fault == '/') {
        size_t size = strlen(command);
        if (size == 0 || strncmp(fault + 1, command, size) != 0)
            return false;
        fault += 1 + size;
    }
    if (*fault != ':')
        return false;
    char *symbol;
    long wanted = strtol(fault + 1, &symbol, 10);
    calls++;
    if (*symbol != ':' || (wanted != 0 && wanted != calls))
        return false;
    errno = errno_of(symbol + 1);
    return true;
}

/* One line of the trace; errno stays as it is. */
static void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void trace(const char *format, ...)
{
    const char *path = getenv("SHMLAB_TRACE");
    int number = errno;
    va_list list;

    if (path == NULL)
        return;
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd != -1) {
        va_start(list, format);
        vdprintf(fd, format, list);
        va_end(list);
        close(fd);
    }
    errno = number;
}

PUBLIC int shmget(key_t key, size_t size, int flags)
{
    int id = fails("shmget", "") ? -1 : REAL(shmget)(key, size, flags);

    trace("shmget(%d, %zu, 0%o)\n", (int)key, size, (unsigned)flags);
    return id;
}

PUBLIC void *shmat(int id, const void *address, int flags)
{
    void *there = fails("shmat", "") ? (void *)-1 : REAL(shmat)(id, address, flags);

    trace("shmat(%d, %s)\n", id, (flags & SHM_RDONLY) != 0 ? "SHM_RDONLY" : "0");
    return there;
}

PUBLIC int shmdt(const void *address)
{
    trace("shmdt()\n");
    return fails("shmdt", "") ? -1 : REAL(shmdt)(address);
}

PUBLIC int shmctl(int id, int command, struct shmid_ds *info)
{
    trace("shmctl(%d, %s)\n", id, command_name(command));
    return fails("shmctl", command_name(command)) ? -1 : REAL(shmctl)(id, command, info);
}

PUBLIC int semget(key_t key, int count, int flags)
{
    return fails("semget", "") ? -1 : REAL(semget)(key, count, flags);
}

PUBLIC int semop(int id, struct sembuf *operations, size_t count)
{
    return fails("semop", "") ? -1 : REAL(semop)(id, operations, count);
}

PUBLIC int semctl(int id, int number, int command, ...)
{
    va_list list;

    va_start(list, command);
    void *argument = va_arg(list, void *); /* union semun: no member is larger, and a missing one is not looked at */
    va_end(list);
    return fails("semctl", command_name(command)) ? -1 : REAL(semctl)(id, number, command, argument);
}

PUBLIC int shm_open(const char *name, int flags, mode_t mode)
{
    return fails("shm_open", "") ? -1 : REAL(shm_open)(name, flags, mode);
}

PUBLIC int shm_unlink(const char *name)
{
    return fails("shm_unlink", "") ? -1 : REAL(shm_unlink)(name);
}

PUBLIC int ftruncate(int fd, off_t size)
{
    return fails("ftruncate", "") ? -1 : REAL(ftruncate)(fd, size);
}

/* Only shared mappings of a file: the C library maps memory for itself. */
PUBLIC void *mmap(void *address, size_t size, int access, int flags, int fd, off_t offset)
{
    if (fd != -1 && (flags & MAP_SHARED) != 0 && fails("mmap", ""))
        return MAP_FAILED;
    return REAL(mmap)(address, size, access, flags, fd, offset);
}

PUBLIC sem_t *sem_open(const char *name, int flags, ...)
{
    va_list list;

    va_start(list, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : 0;
    unsigned value = (flags & O_CREAT) != 0 ? va_arg(list, unsigned) : 0;
    va_end(list);
    return fails("sem_open", "") ? SEM_FAILED : REAL(sem_open)(name, flags, mode, value);
}

PUBLIC int sem_wait(sem_t *semaphore)
{
    return fails("sem_wait", "") ? -1 : REAL(sem_wait)(semaphore);
}

PUBLIC int sem_post(sem_t *semaphore)
{
    return fails("sem_post", "") ? -1 : REAL(sem_post)(semaphore);
}

PUBLIC int sem_unlink(const char *name)
{
    return fails("sem_unlink", "") ? -1 : REAL(sem_unlink)(name);
}

PUBLIC struct passwd *getpwuid(uid_t user)
{
    static char name[256];
    struct passwd *found = REAL(getpwuid)(user);
    const char *wanted = getenv("SHMLAB_USER_NAME");

    if (found != NULL && wanted != NULL && strlen(wanted) < sizeof name)
        found->pw_name = strcpy(name, wanted);
    return found;
}
