/*
 * Preloaded into a program under test: lets an IPC call fail, as the kernel might. What it has to do is in shim.h;
 * README.md says which calls count. A call that fails does nothing else. Programs in Python reach the same functions
 * through ctypes, and those of the C library whose names end in 64 through the interpreter.
 */
#define _GNU_SOURCE
#include "shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <linux/futex.h>
#include <pwd.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define PUBLIC __attribute__((visibility("default")))

enum { SEMAPHORES = 64, GATES = 16 };

static struct shim_orders *orders;          /* NULL: none */
static const sem_t *semaphores[SEMAPHORES]; /* what sem_open has given: others are the interpreter's own */

/* glibc's declarations carry non-null attributes and the like; what counts here is that the calls get through. */
static void *real(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* The C library's function behind ours. Object pointers convert into function pointers here: POSIX, dlsym(),
 * "Application usage"; ISO C has no opinion. */
#define REAL(function) (__extension__(__typeof__(&(function))) real(#function))

/* ---- Orders ---- */

/* Take a variable out: its value, and nothing of it is left for getenv(3) or in /proc/PID/environ. */
static bool variable_take(char **environment, const char *name, char *value, size_t size)
{
    size_t length = strlen(name);
    bool found = false;

    for (char **each = environment; *each != NULL;) {
        if (strncmp(*each, name, length) != 0 || (*each)[length] != '=') {
            each++;
            continue;
        }
        if (value != NULL)
            snprintf(value, size, "%s", *each + length + 1);
        memset(*each, 0, strlen(*each));
        found = true;
        for (char **rest = each; *rest != NULL; rest++)
            rest[0] = rest[1];
    }
    return found;
}

/* Wait until somebody watches, and let each line of output be a write of its own: those are steps, too. */
static void gate_wait(void)
{
    while (__atomic_load_n(&orders->go, __ATOMIC_ACQUIRE) == 0) /* stored by gate_start in tests/checks/gate.c */
        syscall(SYS_futex, &orders->go, FUTEX_WAIT, 0, NULL, NULL, 0);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    setenv("PYTHONUNBUFFERED", "1", 1);
}

/* ---- Crashes ---- */

/* Nothing here but what a handler may call, signal-safety(7); backtrace(3) once it was called before. */

static uint64_t program_base;

static int base_find(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    *(uint64_t *)data = info->dlpi_addr;
    return 1; /* the program itself is the first */
}

/* The line of /proc/self/maps that has the address: proc(5). */
static void mapping_find(struct shim_crash *crash)
{
    static char text[1 << 16];
    size_t length = 0;
    ssize_t got;

    int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
    while (fd != -1 && (got = read(fd, text + length, sizeof text - 1 - length)) > 0)
        length += (size_t)got;
    close(fd);
    text[length] = '\0';
    for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        char *rest;
        uint64_t from = strtoull(line, &rest, 16), to = *rest == '-' ? strtoull(rest + 1, NULL, 16) : 0;
        if (crash->address < from || crash->address >= to)
            continue;
        size_t size =
            (size_t)(end - line) < sizeof crash->mapping - 1 ? (size_t)(end - line) : sizeof crash->mapping - 1;
        memcpy(crash->mapping, line, size);
        struct stat info;
        const char *path = memchr(crash->mapping, '/', size);
        if (path != NULL && fstatat(AT_FDCWD, path, &info, 0) == 0)
            crash->size = info.st_size;
        return;
    }
}

static uint64_t instruction_of(const ucontext_t *context, struct shim_crash *crash)
{
    crash->writes = -1;
#if defined __x86_64__
    enum { WRITE = 2 }; /* of a page fault's error code: Intel SDM volume 3, 4.7 */
    if (crash->code != SI_KERNEL)
        crash->writes = (context->uc_mcontext.gregs[REG_ERR] & WRITE) != 0;
    crash->stack = (uint64_t)context->uc_mcontext.gregs[REG_RSP];
    return (uint64_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined __aarch64__
    crash->stack = context->uc_mcontext.sp;
    return context->uc_mcontext.pc;
#else
    (void)context;
    return 0;
#endif
}

static void crash_handle(int number, siginfo_t *info, void *context)
{
    struct shim_crash *crash = &orders->crash;
    void *frames[SHIM_FRAMES];

    crash->code = info->si_code;
    crash->address = (uint64_t)(uintptr_t)info->si_addr;
    crash->base = program_base;
    crash->size = -1;
    crash->frame[0] = instruction_of(context, crash);
    crash->frames = 1;
    mapping_find(crash);
    crash->number = number;
    int count = backtrace(frames, SHIM_FRAMES), first = 0;
    while (first < count && (uint64_t)(uintptr_t)frames[first] != crash->frame[0])
        first++; /* this function, and what the kernel returns through */
    for (int i = first + 1; i < count; i++)
        crash->frame[crash->frames++] = (uint64_t)(uintptr_t)frames[i];
    raise(number); /* SA_RESETHAND: it ends as it would have ended */
}

static void crash_watch(void)
{
    static char stack[1 << 16];
    const stack_t other = {.ss_sp = stack, .ss_size = sizeof stack}; /* its own may be what is used up */
    struct sigaction action = {.sa_sigaction = crash_handle, .sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND};
    void *frame;

    dl_iterate_phdr(base_find, &program_base);
    backtrace(&frame, 1); /* the first call loads a library: backtrace(3) */
    sigemptyset(&action.sa_mask);
    sigaltstack(&other, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

/* Before the program's own constructors: a preloaded library comes first. System calls as such: a sanitizer that
 * watches the functions may not have begun yet. glibc gives a constructor main's parameters. */
__attribute__((constructor)) static void orders_take(int count, char **arguments, char **environment)
{
    char path[SHIM_PATH];
    int program;

    (void)count;
    (void)arguments;
    if (!variable_take(environment, SHIM_VARIABLE, path, sizeof path))
        return;
    char preload[SHIM_PATH];
    if (variable_take(environment, "LD_PRELOAD", preload, sizeof preload) &&
        sscanf(preload, "/proc/self/fd/%d", &program) == 1)
        syscall(SYS_close, program); /* through which it was loaded */
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (fd == -1)
        return;
    void *memory = REAL(mmap)(NULL, sizeof *orders, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    if (memory == MAP_FAILED || ((struct shim_orders *)memory)->size != sizeof *orders)
        return;
    orders = memory;
    __atomic_store_n(&orders->loaded, 1, __ATOMIC_RELEASE); /* read by program_shimmed in inject.c */
    if (orders->watch != 0)
        crash_watch();
    if (orders->gate[0] != '\0')
        gate_wait();
}

static const char *command_name(int command)
{
    return command == IPC_RMID ? "IPC_RMID" : command == IPC_STAT ? "IPC_STAT" : command == IPC_SET ? "IPC_SET" : "";
}

/* Is it this call about which there is an order? */
static bool ordered(const char *call)
{
    return orders != NULL && strcmp(orders->call, call) == 0;
}

/* Is this the call that has to fail? Counts those that the order names, of the program and its children together. */
static bool command_fails(const char *call, const char *command)
{
    if (!ordered(call) || (orders->command[0] != '\0' && strcmp(orders->command, command) != 0))
        return false;
    /* counters that nothing else depends on */
    uint32_t now = __atomic_add_fetch(&orders->calls, 1, __ATOMIC_RELAXED);
    if (orders->nth != 0 && (orders->onwards != 0 ? now < orders->nth : now != orders->nth))
        return false;
    __atomic_add_fetch(&orders->failed, 1, __ATOMIC_RELAXED);
    if (orders->number < 0) {
        raise(-orders->number);
        return false;
    }
    errno = orders->number;
    return true;
}

static bool fails(const char *call)
{
    return command_fails(call, "");
}

/* One line of the trace; errno stays as it is. */
static void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void trace(const char *format, ...)
{
    int number = errno;
    va_list list;

    if (orders == NULL || orders->trace[0] == '\0')
        return;
    int fd = open(orders->trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd != -1) {
        va_start(list, format);
        vdprintf(fd, format, list);
        va_end(list);
        close(fd);
    }
    errno = number;
}

/* ---- Time ---- */

/* How far the program's clocks are put forward: a wait that ends by order because its time is over has lasted that
 * long. So nobody waits for a limit. Nothing else depends on it. */
static int64_t time_ahead(void)
{
    return orders != NULL ? __atomic_load_n(&orders->ahead, __ATOMIC_RELAXED) : 0;
}

static int64_t time_ns(const struct timespec *time)
{
    return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

static struct timespec time_of(int64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
}

PUBLIC int clock_gettime(clockid_t clock, struct timespec *time)
{
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    int64_t more = time_ahead();

    if (result == 0 && more != 0 && clock != CLOCK_PROCESS_CPUTIME_ID && clock != CLOCK_THREAD_CPUTIME_ID)
        *time = time_of(time_ns(time) + more);
    return result;
}

/* A call has failed by order; if the reason is that its time is over: let so much of it pass. */
static void time_pass(int over, int64_t left)
{
    if (orders->number == over && left > 0)
        __atomic_add_fetch(&orders->ahead, left, __ATOMIC_RELAXED);
    errno = orders->number;
}

static void time_pass_until(clockid_t clock, const struct timespec *limit)
{
    struct timespec now;

    if (limit != NULL && clock_gettime(clock, &now) == 0)
        time_pass(ETIMEDOUT, time_ns(limit) - time_ns(&now));
}

/* The same moment on the clock that the kernel has. */
static struct timespec time_true(const struct timespec *limit)
{
    return time_of(time_ns(limit) - time_ahead());
}

/* ---- The gate: another file in the place of shared memory ---- */

/* Segments that are attached, and what the program has instead. */
static struct gate {
    void *there, *instead;
} gates[GATES];

/* The file, mapped; MAP_FAILED when that fails. */
static void *gate_map(size_t size, int access)
{
    int fd = (int)syscall(SYS_openat, AT_FDCWD, orders->gate, O_RDWR | O_CLOEXEC);
    void *memory = REAL(mmap)(NULL, size, access, MAP_SHARED, fd, 0);

    syscall(SYS_close, fd);
    return memory;
}

static void *gate_attach(void *there, int flags)
{
    if (orders == NULL || orders->gate[0] == '\0' || there == (void *)-1)
        return there;
    for (size_t i = 0; i < GATES; i++)
        if (gates[i].there == NULL) {
            gates[i].there = there;
            gates[i].instead = gate_map(1, (flags & SHM_RDONLY) != 0 ? PROT_READ : PROT_READ | PROT_WRITE);
            return gates[i].instead;
        }
    return there;
}

/* The address that shmat has really given. */
static const void *gate_detach(const void *address)
{
    for (size_t i = 0; i < GATES; i++)
        if (gates[i].there != NULL && gates[i].instead == address) {
            const void *there = gates[i].there;
            REAL(munmap)(gates[i].instead, 1);
            gates[i] = (struct gate){NULL, NULL};
            return there;
        }
    return address;
}

/* ---- System V ---- */

PUBLIC int shmget(key_t key, size_t size, int flags)
{
    int id = fails("shmget") ? -1 : REAL(shmget)(key, size, flags);

    trace("shmget(%d, %zu, 0%o)\n", (int)key, size, (unsigned)flags);
    return id;
}

PUBLIC void *shmat(int id, const void *address, int flags)
{
    void *there = fails("shmat") ? (void *)-1 : REAL(shmat)(id, address, flags);

    trace("shmat(%d, %s)\n", id, (flags & SHM_RDONLY) != 0 ? "SHM_RDONLY" : "0");
    return gate_attach(there, flags);
}

PUBLIC int shmdt(const void *address)
{
    trace("shmdt()\n");
    return fails("shmdt") ? -1 : REAL(shmdt)(gate_detach(address));
}

PUBLIC int shmctl(int id, int command, struct shmid_ds *info)
{
    trace("shmctl(%d, %s)\n", id, command_name(command));
    return command_fails("shmctl", command_name(command)) ? -1 : REAL(shmctl)(id, command, info);
}

PUBLIC int semget(key_t key, int count, int flags)
{
    return fails("semget") ? -1 : REAL(semget)(key, count, flags);
}

PUBLIC int semop(int id, struct sembuf *operations, size_t count)
{
    return fails("semop") ? -1 : REAL(semop)(id, operations, count);
}

PUBLIC int semtimedop(int id, struct sembuf *operations, size_t count, const struct timespec *limit)
{
    if (!fails("semtimedop"))
        return REAL(semtimedop)(id, operations, count, limit);
    time_pass(EAGAIN, limit != NULL ? time_ns(limit) : 0);
    return -1;
}

PUBLIC int semctl(int id, int number, int command, ...)
{
    va_list list;

    va_start(list, command);
    void *argument = va_arg(list, void *); /* union semun: no member is larger, and a missing one is not looked at */
    va_end(list);
    return command_fails("semctl", command_name(command)) ? -1 : REAL(semctl)(id, number, command, argument);
}

/* ---- POSIX shared memory ---- */

PUBLIC int shm_open(const char *name, int flags, mode_t mode)
{
    return fails("shm_open") ? -1 : REAL(shm_open)(name, flags, mode);
}

PUBLIC int shm_unlink(const char *name)
{
    return fails("shm_unlink") ? -1 : REAL(shm_unlink)(name);
}

/* Is it a shared memory object? shm_overview(7) says where those are, and proc(5) what those of memfd_create(2) look
 * like. */
static bool is_object(int fd)
{
    static const char folder[] = "/dev/shm/", unnamed[] = "/memfd:";
    char link[32], path[sizeof folder] = "";
    int number = errno;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = number;
    return length > 0 && (strncmp(path, folder, strlen(folder)) == 0 || strncmp(path, unnamed, strlen(unnamed)) == 0);
}

/* What is done to other files is not meant. */
static bool object_fails(const char *call, int fd)
{
    return ordered(call) && is_object(fd) && fails(call);
}

PUBLIC int ftruncate(int fd, off_t size)
{
    return object_fails("ftruncate", fd) ? -1 : REAL(ftruncate)(fd, size);
}

/* Gives the error back, instead of setting errno: posix_fallocate(3). */
PUBLIC int posix_fallocate(int fd, off_t offset, off_t size)
{
    int before = errno;

    if (!object_fails("posix_fallocate", fd))
        return REAL(posix_fallocate)(fd, offset, size);
    errno = before;
    return orders->number;
}

PUBLIC int fstat(int fd, struct stat *info)
{
    if (!object_fails("fstat", fd))
        return REAL(fstat)(fd, info);
    memset(info, 0, sizeof *info); /* who goes on after a failure finds a size that looks right to some: 0 */
    return -1;
}

/* Only shared mappings of a file, and any of an object: the C library maps memory and files for itself. */
static bool mapping_fails(int flags, int fd)
{
    return fd != -1 && ordered("mmap") && ((flags & MAP_SHARED) != 0 || is_object(fd)) && fails("mmap");
}

PUBLIC void *mmap(void *address, size_t size, int access, int flags, int fd, off_t offset)
{
    if (mapping_fails(flags, fd))
        return MAP_FAILED;
    void *there = REAL(mmap)(address, size, access, flags, fd, offset);
    if (there == MAP_FAILED || orders == NULL || orders->gate[0] == '\0' || (flags & MAP_SHARED) == 0 || !is_object(fd))
        return there;
    REAL(munmap)(there, size);
    return gate_map(size, access);
}

PUBLIC int munmap(void *address, size_t size)
{
    return fails("munmap") ? -1 : REAL(munmap)(address, size);
}

/* The interpreter's, and those of programs that want _FILE_OFFSET_BITS=64: the same functions where off_t has 64 bits.
 */
PUBLIC int ftruncate64(int fd, off_t size) __attribute__((alias("ftruncate")));
PUBLIC int posix_fallocate64(int fd, off_t offset, off_t size) __attribute__((alias("posix_fallocate")));
PUBLIC int fstat64(int fd, struct stat64 *info) __attribute__((alias("fstat")));
PUBLIC void *mmap64(void *address, size_t size, int access, int flags, int fd, off_t offset)
    __attribute__((alias("mmap")));

/* ---- POSIX semaphores ---- */

static void semaphore_remember(const sem_t *semaphore)
{
    for (size_t i = 0; semaphore != SEM_FAILED && i < SEMAPHORES; i++)
        if (semaphores[i] == NULL || semaphores[i] == semaphore) {
            semaphores[i] = semaphore;
            return;
        }
}

/* An interpreter has semaphores of its own, which are not meant. */
static bool semaphore_fails(const char *call, const sem_t *semaphore)
{
    if (ordered(call))
        for (size_t i = 0; i < SEMAPHORES; i++)
            if (semaphores[i] == semaphore)
                return fails(call);
    return false;
}

PUBLIC sem_t *sem_open(const char *name, int flags, ...)
{
    va_list list;

    va_start(list, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : 0;
    unsigned value = (flags & O_CREAT) != 0 ? va_arg(list, unsigned) : 0;
    va_end(list);
    if (fails("sem_open"))
        return SEM_FAILED;
    sem_t *semaphore = REAL(sem_open)(name, flags, mode, value);
    semaphore_remember(semaphore);
    return semaphore;
}

PUBLIC int sem_close(sem_t *semaphore)
{
    return semaphore_fails("sem_close", semaphore) ? -1 : REAL(sem_close)(semaphore);
}

PUBLIC int sem_unlink(const char *name)
{
    return fails("sem_unlink") ? -1 : REAL(sem_unlink)(name);
}

PUBLIC int sem_wait(sem_t *semaphore)
{
    return semaphore_fails("sem_wait", semaphore) ? -1 : REAL(sem_wait)(semaphore);
}

PUBLIC int sem_trywait(sem_t *semaphore)
{
    return semaphore_fails("sem_trywait", semaphore) ? -1 : REAL(sem_trywait)(semaphore);
}

PUBLIC int sem_timedwait(sem_t *semaphore, const struct timespec *limit)
{
    if (semaphore_fails("sem_timedwait", semaphore)) {
        time_pass_until(CLOCK_REALTIME, limit);
        return -1;
    }
    struct timespec moment = time_true(limit);
    return REAL(sem_timedwait)(semaphore, &moment);
}

PUBLIC int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *limit)
{
    if (semaphore_fails("sem_clockwait", semaphore)) {
        time_pass_until(clock, limit);
        return -1;
    }
    struct timespec moment = time_true(limit);
    return REAL(sem_clockwait)(semaphore, clock, &moment);
}

PUBLIC int sem_post(sem_t *semaphore)
{
    return semaphore_fails("sem_post", semaphore) ? -1 : REAL(sem_post)(semaphore);
}

/* ---- Processes ---- */

PUBLIC int kill(pid_t process, int number)
{
    return fails("kill") ? -1 : REAL(kill)(process, number);
}

PUBLIC pid_t fork(void)
{
    return fails("fork") ? -1 : REAL(fork)();
}

PUBLIC struct passwd *getpwuid(uid_t user)
{
    struct passwd *found = REAL(getpwuid)(user);

    if (found != NULL && orders != NULL && orders->user_name[0] != '\0')
        found->pw_name = orders->user_name;
    return found;
}
