/* Shared memory: POSIX objects, System V segments, mappings, and locks on their descriptors. */
#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DEVICE_ANONYMOUS = 0, DEVICE_SYSV = 1, MODE_MASK = 07777 };

static struct object *file_object(int descriptor, uint64_t part)
{
    struct stat status;
    if (REAL(fstat)(descriptor, &status) != 0)
        return NULL;
    uint64_t key = hash_mix(hash_mix(kernel_number(status.st_dev, status.st_ino), OBJECT_FILE_LOCK), part);
    struct object *object = object_find(runtime.control, key_make(KEY_FILE, key), OBJECT_FILE_LOCK);
    return object;
}

WEAVE_EXPORT int shm_open(const char *name, int flags, mode_t mode)
{
    boot_if_deferred();
    if (!runtime.on)
        return REAL(shm_open)(name, flags, mode);
    uint16_t site = site_at(CALLER);
    struct object *object = name_begin(key_of_text(name), name, site);
    int descriptor = REAL(shm_open)(name, flags, mode);
    name_end(object, descriptor >= 0, flags & O_CREAT, site);
    return descriptor;
}

WEAVE_EXPORT int shm_unlink(const char *name)
{
    if (!runtime.on)
        return REAL(shm_unlink)(name);
    uint16_t site = site_at(CALLER);
    struct object *object = object_find(runtime.control, key_make(KEY_NAME, key_of_text(name)), OBJECT_NAME);
    turn_sync();
    int result = REAL(shm_unlink)(name);
    int saved = errno;
    order_note(runtime.control, runtime.me, object, EVENT_REMOVE);
    object->removed = result == 0;
    object->site = site;
    object_event(EVENT_REMOVE, site, object, (uint64_t)result);
    errno = saved;
    return result;
}

/* The path behind a descriptor, without /dev/shm. */
static void file_name(int descriptor, char *name, size_t size)
{
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    char path[256];
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = '\0';
    const char *base = strncmp(path, "/dev/shm", 8) == 0 ? path + 8 : path;
    snprintf(name, size, "%.40s", base);
}

static void memory_mapped(void *pointer, size_t size, int flags, int descriptor, off_t offset)
{
    char name[WEAVE_NAME] = "anonymous";
    struct stat status = {0};
    if (flags & MAP_ANONYMOUS) {
        status.st_dev = DEVICE_ANONYMOUS;
        status.st_ino = (ino_t)hash_mix((uint64_t)runtime.me, (uint64_t)(uintptr_t)pointer);
        status.st_size = (off_t)size;
    } else if (REAL(fstat)(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        return;
    } else {
        file_name(descriptor, name, sizeof name);
    }
    segment_add(pointer, size, status.st_dev, status.st_ino, (uint64_t)offset, size, name);
}

WEAVE_EXPORT void *mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset)
{
    if ((flags & MAP_TYPE) != MAP_PRIVATE && !(flags & MAP_ANONYMOUS))
        boot_if_deferred();
    void *pointer = (void *)syscall(SYS_mmap, address, size, protection, flags, descriptor, offset);
    if (runtime.on && pointer != MAP_FAILED && (flags & MAP_TYPE) != MAP_PRIVATE) {
        int saved = errno;
        memory_mapped(pointer, size, flags, descriptor, offset);
        errno = saved;
    }
    return pointer;
}

WEAVE_EXPORT void *mmap64(void *, size_t, int, int, int, off_t) __attribute__((alias("mmap")));

WEAVE_EXPORT int munmap(void *address, size_t size)
{
    if (runtime.on) {
        access_settle();
        segment_remove(address, size);
    }
    return (int)syscall(SYS_munmap, address, size);
}

WEAVE_EXPORT int ftruncate(int descriptor, off_t size)
{
    struct object *object = runtime.on ? file_object(descriptor, 0) : NULL;
    if (object == NULL)
        return (int)syscall(SYS_ftruncate, descriptor, size);
    turn_sync();
    int result = (int)syscall(SYS_ftruncate, descriptor, size), saved = errno;
    order_release(runtime.control, runtime.me, object);
    object_changed(runtime.control, object);
    spin_progress(runtime.control, runtime.me);
    errno = saved;
    return result;
}

WEAVE_EXPORT int ftruncate64(int, off_t) __attribute__((alias("ftruncate")));

/* Readers often poll the size of an object that its creator has yet to set. */
WEAVE_EXPORT int fstat(int descriptor, struct stat *status)
{
    struct object *object = NULL;
    access_memory(status, sizeof *status, ACCESS_LIBC | ACCESS_WRITE, CALLER);
    if (runtime.on && REAL(fstat)(descriptor, status) == 0 && S_ISREG(status->st_mode) && status->st_nlink <= 1)
        object = file_object(descriptor, 0);
    if (object == NULL)
        return REAL(fstat)(descriptor, status);
    uint16_t site = site_at(CALLER);
    poll_begin(object, site);
    turn_sync();
    int result = REAL(fstat)(descriptor, status);
    order_acquire(runtime.control, runtime.me, object);
    poll_failed(object, site);
    return result;
}

WEAVE_EXPORT int fstat64(int, struct stat64 *) __attribute__((alias("fstat")));

/* ---- System V segments ---- */

static struct object *sysv_object(int id)
{
    return object_find(runtime.control, key_make(KEY_SYSV, 1 + kernel_number(SPACE_SYSV_MEMORY, (uint64_t)id) * 2),
                       OBJECT_NAME);
}

WEAVE_EXPORT int shmget(key_t key, size_t size, int flags)
{
    boot_if_deferred();
    if (!runtime.on)
        return REAL(shmget)(key, size, flags);
    uint16_t site = site_at(CALLER);
    char name[WEAVE_NAME];
    snprintf(name, sizeof name, "key 0x%x", (unsigned)key);
    struct object *object = name_begin(hash_mix((uint64_t)(uint32_t)key, EVENT_OPEN), name, site);
    int id = REAL(shmget)(key, size, flags);
    name_end(object, id >= 0, flags & IPC_CREAT, site);
    return id;
}

WEAVE_EXPORT void *shmat(int id, const void *address, int flags)
{
    if (!runtime.on)
        return REAL(shmat)(id, address, flags);
    uint16_t site = site_at(CALLER);
    struct object *object = sysv_object(id);
    turn_sync();
    order_acquire(runtime.control, runtime.me, object);
    order_release(runtime.control, runtime.me, object);
    if (object->removed) {
        struct misuse *misuse = record_misuse(runtime.control, runtime.me, MISUSE_REMOVED, site);
        misuse->other_site = object->site;
        misuse->other = object->maker;
    }
    void *pointer = REAL(shmat)(id, address, flags);
    int saved = errno;
    struct shmid_ds status;
    if (pointer != (void *)-1 && REAL(shmctl)(id, IPC_STAT, &status) == 0) {
        segment_add(pointer, status.shm_segsz, DEVICE_SYSV, (uint64_t)id, 0, status.shm_segsz, "System V segment");
        object_changed(runtime.control, object);
    }
    errno = saved;
    return pointer;
}

WEAVE_EXPORT int shmdt(const void *address)
{
    if (!runtime.on)
        return REAL(shmdt)(address);
    turn_sync();
    segment_remove(address, 0);
    int result = REAL(shmdt)(address), saved = errno;
    for (uint32_t i = 0; i < runtime.control->objects; i++) { /* who polls the number of attachments looks again */
        struct object *object = &runtime.control->object[i];
        if (object->key >> 60 == KEY_SYSV && object->kind == OBJECT_NAME)
            object_changed(runtime.control, object);
    }
    errno = saved;
    return result;
}

WEAVE_EXPORT int shmctl(int id, int command, struct shmid_ds *status)
{
    if (!runtime.on || (command != IPC_RMID && command != IPC_STAT))
        return REAL(shmctl)(id, command, status);
    uint16_t site = site_at(CALLER);
    struct object *object = sysv_object(id);
    if (command == IPC_STAT)
        poll_begin(object, site);
    turn_sync();
    int result = REAL(shmctl)(id, command, status), saved = errno;
    order_acquire(runtime.control, runtime.me, object);
    if (command == IPC_STAT) {
        poll_failed(object, site);
    } else if (result == 0) {
        object->removed = 1;
        object->site = site;
        object->maker = (int8_t)runtime.me;
        object_event(EVENT_REMOVE, site, object, 0);
    }
    errno = saved;
    return result;
}

/* ---- locks on descriptors ---- */

/* Bytes of a file, and whether it is a lock of flock(2), which is one of its own. */
struct bytes {
    uint64_t file;
    int64_t first, last;
    bool whole;
};

/* The bytes that a lock of fcntl(2) means. */
static bool lock_bytes(int descriptor, const struct flock *lock, struct bytes *bytes)
{
    struct stat status;
    if (REAL(fstat)(descriptor, &status) != 0)
        return false;
    int64_t first = lock->l_start, length = lock->l_len;
    if (lock->l_whence == SEEK_CUR)
        first += lseek(descriptor, 0, SEEK_CUR);
    else if (lock->l_whence == SEEK_END)
        first += status.st_size;
    *bytes = (struct bytes){kernel_number(status.st_dev, status.st_ino), first,
                            length == 0 ? INT64_MAX : first + length - 1, false};
    if (length < 0)
        *bytes = (struct bytes){bytes->file, first + length, first - 1, false};
    return true;
}

/* What is known of the locks on exactly these bytes. */
static struct file_range *lock_range(const struct bytes *bytes)
{
    struct control *control = runtime.control;
    for (uint32_t i = 0; i < control->ranges; i++) {
        struct file_range *range = &control->range[i];
        if (range->file == bytes->file && range->first == bytes->first && range->last == bytes->last &&
            range->whole == bytes->whole)
            return range;
    }
    if (control->ranges == WEAVE_RANGES) {
        decide_finish(control, ENDING_LIMIT);
        turn_end_run();
    }
    struct file_range *range = &control->range[control->ranges];
    *range =
        (struct file_range){.file = bytes->file, .first = bytes->first, .last = bytes->last, .whole = bytes->whole};
    uint64_t key = hash_mix(hash_mix(bytes->file, OBJECT_FILE_LOCK),
                            hash_mix(hash_mix((uint64_t)bytes->first, (uint64_t)bytes->last), bytes->whole));
    for (int i = 0; i < 2; i++) { /* what writers have done, and what readers */
        struct object *object =
            object_find(control, key_make(KEY_FILE, hash_mix(key, (uint64_t)i + 1)), OBJECT_FILE_LOCK);
        range->object[i] = (int16_t)object_index(control, object);
    }
    control->ranges++;
    return range;
}

/* Who has ended without giving it back did so by ending. */
static void lock_learn_dead(struct file_range *range)
{
    struct control *control = runtime.control;
    for (int i = 0; i < control->slots; i++) {
        const struct process *p = &control->process[i];
        uint32_t bit = 1u << i;
        if (p->state != PROCESS_ENDED || !((range->readers | range->writers) & bit))
            continue;
        for (int kind = 0; kind < 2; kind++) {
            struct object *object = &control->object[range->object[kind]];
            clock_join(&object->sync, &p->sync);
            clock_join(&object->hypothetical, &p->hypothetical);
            view_join(&object->view, &p->view);
        }
        range->readers &= ~bit;
        range->writers &= ~bit;
    }
}

/* Readers come after writers, writers after both. */
static void lock_got(const struct bytes *bytes, bool writes)
{
    struct control *control = runtime.control;
    struct file_range *own = lock_range(bytes);
    for (uint32_t i = 0; i < control->ranges; i++) {
        struct file_range *range = &control->range[i];
        if (range->file != bytes->file || range->whole != bytes->whole || range->first > bytes->last ||
            range->last < bytes->first)
            continue;
        lock_learn_dead(range);
        order_acquire(control, runtime.me, &control->object[range->object[0]]);
        if (writes)
            order_acquire(control, runtime.me, &control->object[range->object[1]]);
    }
    own->writers &= ~(1u << runtime.me);
    own->readers &= ~(1u << runtime.me);
    *(writes ? &own->writers : &own->readers) |= 1u << runtime.me;
}

/* Before the locks of this process on these bytes go. */
static void lock_gives(const struct bytes *bytes)
{
    struct control *control = runtime.control;
    for (uint32_t i = 0; i < control->ranges; i++) {
        struct file_range *range = &control->range[i];
        uint32_t bit = 1u << runtime.me;
        if (range->file != bytes->file || range->whole != bytes->whole || range->first > bytes->last ||
            range->last < bytes->first || !((range->readers | range->writers) & bit))
            continue;
        order_release(control, runtime.me, &control->object[range->object[range->writers & bit ? 0 : 1]]);
        range->readers &= ~bit;
        range->writers &= ~bit;
    }
}

void lock_closing(int descriptor)
{
    struct bytes bytes;
    const struct flock all = {.l_whence = SEEK_SET};
    if (!runtime.on || runtime.control->ranges == 0 || !lock_bytes(descriptor, &all, &bytes))
        return;
    struct object *object = file_object(descriptor, 1);
    turn_sync();
    lock_gives(&bytes); /* whichever descriptor of the file it is: fcntl_locking(2) */
    if (object != NULL)
        object_changed(runtime.control, object);
}

/* Locks block without end only in the F_..LKW forms: those are tried and waited for in the scheduler. */
static int file_lock(int descriptor, int command, struct flock *lock, const void *pc)
{
    struct object *object = file_object(descriptor, 1);
    struct bytes bytes;
    if (object == NULL || !lock_bytes(descriptor, lock, &bytes))
        return (int)syscall(SYS_fcntl, descriptor, command, lock);
    uint16_t site = site_at(pc);
    bool asks = command == F_GETLK || command == F_OFD_GETLK, waits = command == F_SETLKW || command == F_OFD_SETLKW;
    int trial = command == F_SETLKW ? F_SETLK : command == F_OFD_SETLKW ? F_OFD_SETLK : command;
    if (asks)
        poll_begin(object, site);
    turn_sync();
    if (!asks && lock->l_type == F_UNLCK)
        lock_gives(&bytes);
    int result;
    while ((result = (int)syscall(SYS_fcntl, descriptor, trial, lock)) != 0 && waits &&
           (errno == EAGAIN || errno == EACCES))
        turn_block(PROCESS_BLOCKED, WAIT_FILE_LOCK, object, site);
    int saved = errno;
    order_note(runtime.control, runtime.me, object, EVENT_LOCK);
    if (asks) {
        poll_failed(object, site);
    } else {
        if (result == 0 && lock->l_type != F_UNLCK) {
            lock_got(&bytes, lock->l_type == F_WRLCK);
            object->owner = (int8_t)runtime.me;
        }
        object_changed(runtime.control, object);
    }
    errno = saved;
    return result;
}

WEAVE_EXPORT int fcntl(int descriptor, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    bool locks = command == F_GETLK || command == F_SETLK || command == F_SETLKW || command == F_OFD_GETLK ||
                 command == F_OFD_SETLK || command == F_OFD_SETLKW;
    if (runtime.on && locks)
        return file_lock(descriptor, command, argument, CALLER);
    return REAL(fcntl)(descriptor, command, argument);
}

WEAVE_EXPORT int fcntl64(int, int, ...) __attribute__((alias("fcntl")));

/* The same locks from where the descriptor is: lockf(3). */
WEAVE_EXPORT int lockf(int descriptor, int command, off_t length)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_len = length};
    if (!runtime.on)
        return REAL(lockf)(descriptor, command, length);
    if (command == F_TEST) {
        if (file_lock(descriptor, F_GETLK, &lock, CALLER) != 0 || lock.l_type == F_UNLCK)
            return lock.l_type == F_UNLCK ? 0 : -1;
        errno = EACCES;
        return -1;
    }
    lock.l_type = command == F_ULOCK ? F_UNLCK : F_WRLCK;
    return file_lock(descriptor, command == F_LOCK ? F_SETLKW : F_SETLK, &lock, CALLER);
}

WEAVE_EXPORT int lockf64(int, int, off_t) __attribute__((alias("lockf")));

WEAVE_EXPORT int flock(int descriptor, int operation)
{
    struct object *object = runtime.on ? file_object(descriptor, UINT32_MAX) : NULL;
    const struct flock all = {.l_whence = SEEK_SET};
    struct bytes bytes;
    if (object == NULL || !lock_bytes(descriptor, &all, &bytes))
        return REAL(flock)(descriptor, operation);
    bytes.whole = true;
    uint16_t site = site_at(CALLER);
    turn_sync();
    if (operation & LOCK_UN)
        lock_gives(&bytes);
    int result;
    while ((result = REAL(flock)(descriptor, operation | LOCK_NB)) != 0 && errno == EWOULDBLOCK &&
           !(operation & LOCK_NB))
        turn_block(PROCESS_BLOCKED, WAIT_FILE_LOCK, object, site);
    int saved = errno;
    if (result == 0 && !(operation & LOCK_UN)) {
        lock_got(&bytes, (operation & LOCK_EX) != 0);
        object->owner = (int8_t)runtime.me;
    }
    object_changed(runtime.control, object);
    errno = saved;
    return result;
}
