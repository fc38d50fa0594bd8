/* See objects.h. What is created here has a name or key of this check, and is removed by the judge after it. */
#define _GNU_SOURCE
#include "objects.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "context.h"

static key_t key_of(const char *key)
{
    return (key_t)strtol(key, NULL, 0);
}

/* It is there, and its bits keep even its owner out. Root is never kept out. */
static _Noreturn void object_closed(struct check *check, const char *expected, const char *what, unsigned mode,
                                    const char *cause)
{
    FAIL(check, .expected = expected,
         .found =
             check_text(check, "%s with mode %04o, which even you may not open for reading and writing", what, mode),
         .cause = cause, .next = "0600: its owner may read and write, nobody else anything");
}

/* Behind walls /dev/shm belongs to the programs alone. */
static _Noreturn void object_no_room(struct check *check, const char *what)
{
    if (check->place == NULL)
        check_unjudged(check, check_text(check, "this machine has no room for %s: see ls -l /dev/shm and ipcs", what));
    FAIL(check, .expected = check_text(check, "there is room for %s", what),
         .found = "none: the programs hold all that there may be",
         .cause = "objects that are made again and again, or far larger than they need to be, and are not removed",
         .next = "look at what is made, with which size, and at ls -l /dev/shm and ipcs after the program's end");
}

void object_full_require(struct check *check, size_t size)
{
    struct statvfs room;

    if (statvfs("/dev/shm", &room) == 0 && room.f_blocks > 0 &&
        (room.f_bavail * room.f_frsize < size || (room.f_files > 0 && room.f_favail == 0)))
        object_no_room(check, check_text(check, "%zu bytes in /dev/shm", size));
}

/* ---- System V ---- */

static struct object object_of(const struct shmid_ds *info, int id)
{
    return (struct object){.exists = true,
                           .id = id,
                           .size = info->shm_segsz,
                           .mode = info->shm_perm.mode & 0777,
                           .attached = info->shm_nattch,
                           .creator = info->shm_cpid};
}

static bool creator_ours(const struct check *check, pid_t creator)
{
    for (size_t i = 0; i < check->program_count; i++)
        if (check->programs[i]->pid == creator)
            return true;
    return false;
}

/*
 * Among all segments, whoever may look at them: IPC_STAT wants read permission, machine_segment none. The one with that
 * id, or, with -1, one that a program of this check has made and marked for removal: its key is gone, it stays until
 * nobody has it attached.
 */
static struct object sysv_search(const struct check *check, int wanted)
{
    struct shm_info all;
    int last = shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&all); /* shmctl(2): that command's argument */

    for (int i = 0; i <= last; i++) {
        struct shmid_ds info;
        int id = machine_segment(i, &info);
        bool removed = (info.shm_perm.mode & SHM_DEST) != 0;
        if (id != -1 && (wanted != -1 ? id == wanted : removed && creator_ours(check, info.shm_cpid)))
            return object_of(&info, id);
    }
    return (struct object){.exists = false};
}

struct object sysv_look(struct check *check, const char *key)
{
    int id = shmget(key_of(key), 0, 0); /* wants no permission */

    if (id == -1)
        return (struct object){.exists = false};
    check_varies(check, "id", check_text(check, "%d", id));
    return sysv_search(check, id);
}

void sysv_missing(struct check *check, const char *key, const char *expected)
{
    const struct object object = sysv_look(check, key), removed = sysv_search(check, -1);

    if (object.exists && (object.mode & 0600) != 0600)
        object_closed(check, expected, "a segment", object.mode,
                      "the access bits are missing in shmget's third argument: they belong there with IPC_CREAT");
    if (!object.exists && removed.exists)
        FAIL(check, .expected = expected,
             .found =
                 check_text(check,
                            "none with that key, but a segment of %zu bytes that is marked for removal already, and "
                            "attached %lu times",
                            removed.size, removed.attached),
             .cause = "IPC_RMID right after shmat: the key is gone at once, and nobody else finds the segment any more",
             .next = "remove it at the end; ipcs -m shows \"dest\" until then");
    FAIL(check, .expected = expected, .found = object.exists ? "another one" : "none: `ipcs -m` shows no such key");
}

static struct object sysv_need(struct check *check, const char *key, size_t size)
{
    struct object object = sysv_look(check, key);

    if (!object.exists)
        sysv_missing(check, key, check_text(check, "a System V segment with key %s", key));
    REQUIRE(check, object.size >= size,
            .expected = check_text(check, "a System V segment of %zu bytes with key %s", size, key),
            .found = check_text(check, "%zu bytes", object.size));
    return object;
}

static void *sysv_attach_with(struct check *check, const char *key, int flags)
{
    struct object object = sysv_need(check, key, 0);
    void *address = shmat(object.id, NULL, flags);

    if (address == (void *)-1 && errno == EACCES)
        sysv_missing(check, key, check_text(check, "a System V segment with key %s that can be attached", key));
    if (address == (void *)-1)
        check_broken(check, "shmat(key %s): %s", key, strerror(errno));
    return address;
}

const unsigned char *sysv_copy(struct check *check, const char *key, size_t size)
{
    sysv_need(check, key, size);
    void *address = sysv_attach_with(check, key, SHM_RDONLY);
    unsigned char *copy = check_memory(check, size);

    memcpy(copy, address, size);
    shmdt(address);
    return copy;
}

int sysv_create(struct check *check, const char *key, size_t size, unsigned mode)
{
    int id = shmget(key_of(key), size, IPC_CREAT | IPC_EXCL | (int)mode);

    if (id == -1 && (errno == ENOSPC || errno == ENOMEM))
        object_no_room(check, check_text(check, "a System V segment of %zu bytes", size));
    if (id == -1)
        check_broken(check, "shmget(key %s, %zu bytes): %s", key, size, strerror(errno));
    check_varies(check, "id", check_text(check, "%d", id));
    check_note(check, "the check makes a segment with key %s: id %d, %zu bytes, mode %04o", key, id, size, mode);
    return id;
}

void *sysv_attach(struct check *check, const char *key)
{
    return sysv_attach_with(check, key, 0);
}

void sysv_detach(struct check *check, void *address)
{
    if (shmdt(address) == -1)
        check_broken(check, "shmdt: %s", strerror(errno));
}

void sysv_remove(struct check *check, const char *key)
{
    int id = shmget(key_of(key), 0, 0);

    (void)check;
    if (id != -1)
        shmctl(id, IPC_RMID, NULL);
}

/* ---- POSIX shared memory ---- */

struct object posix_look(struct check *check, const char *name)
{
    struct stat info;
    int fd = shm_open(name, O_RDONLY, 0);

    if (fd == -1) /* there, but closed to us: whoever may list the folder may ask for the bits */
        return stat(check_text(check, "/dev/shm%s", name), &info) == 0
                   ? (struct object){.exists = true, .size = (size_t)info.st_size, .mode = info.st_mode & 0777}
                   : (struct object){.exists = errno != ENOENT};
    if (fstat(fd, &info) == -1)
        info = (struct stat){0};
    close(fd);
    return (struct object){.exists = true, .size = (size_t)info.st_size, .mode = info.st_mode & 0777};
}

/* A mapping of at least `size` bytes of an existing object. */
static void *posix_map_with(struct check *check, const char *name, size_t size, int access)
{
    struct object object = posix_look(check, name);

    REQUIRE(check, object.exists, .expected = check_text(check, "a shared memory object %s", name), .found = "none");
    REQUIRE(check, object.size >= size, .expected = check_text(check, "%s has %zu bytes", name, size),
            .found = check_text(check, "%zu bytes", object.size));
    int fd = shm_open(name, access, 0);
    if (fd == -1 && errno == EACCES)
        object_closed(check, check_text(check, "%s can be opened", name), "an object", object.mode,
                      "the access bits are missing in shm_open's third argument, or a umask took them away");
    if (fd == -1)
        check_broken(check, "shm_open(%s): %s", name, strerror(errno));
    void *memory = mmap(NULL, size, access == O_RDWR ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (memory == MAP_FAILED)
        check_broken(check, "mmap(%s, %zu bytes): %s", name, size, strerror(errno));
    return memory;
}

const unsigned char *posix_copy(struct check *check, const char *name, size_t size)
{
    void *memory = posix_map_with(check, name, size, O_RDONLY);
    unsigned char *copy = check_memory(check, size);

    memcpy(copy, memory, size);
    munmap(memory, size);
    return copy;
}

void *posix_create(struct check *check, const char *name, size_t size, unsigned mode)
{
    int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);

    if (fd == -1 && errno == ENOSPC)
        object_full_require(check, size);
    if (fd == -1 || ftruncate(fd, (off_t)size) == -1)
        check_broken(check, "shm_open(%s, %zu bytes): %s", name, size, strerror(errno));
    if (size > 0 && posix_fallocate(fd, 0, (off_t)size) != 0) /* or the first store is a SIGBUS: posix_fallocate(3) */
        object_full_require(check, size);
    check_track(check, LEDGER_OWN, name + 1);
    check_note(check, "the check makes %s: %zu bytes, mode %04o", name, size, mode);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    fchmod(fd, mode); /* not by shm_open, which heeds the umask */
    close(fd);
    if (memory == MAP_FAILED)
        check_broken(check, "mmap(%s, %zu bytes): %s", name, size, strerror(errno));
    return memory;
}

void *posix_map(struct check *check, const char *name, size_t size)
{
    return posix_map_with(check, name, size, O_RDWR);
}

void posix_remove(struct check *check, const char *name)
{
    (void)check;
    shm_unlink(name);
}

void posix_outlives(struct check *check, const char *name)
{
    check_track(check, LEDGER_OWN, name + 1);
}

/* ---- POSIX semaphores ---- */

sem_t *semaphore_open(struct check *check, const char *name)
{
    sem_t *semaphore = sem_open(name, 0);

    (void)check;
    return semaphore != SEM_FAILED ? semaphore : NULL;
}

bool semaphore_exists(struct check *check, const char *name)
{
    sem_t *semaphore = semaphore_open(check, name);

    if (semaphore != NULL)
        sem_close(semaphore);
    return semaphore != NULL;
}

void semaphore_missing(struct check *check, const char *name)
{
    const char *expected = check_text(check, "a semaphore %s", name);
    struct stat info;

    /* sem_overview(7): where they are */
    if (stat(check_text(check, "/dev/shm/sem.%s", name + 1), &info) == 0)
        object_closed(
            check, expected, "one", info.st_mode & 0777,
            "sem_open's third argument are the access bits, the fourth is the first value: 0 and 0600 changed "
            "places, or a umask took the bits away");
    FAIL(check, .expected = expected, .found = "none");
}

int semaphore_value(struct check *check, const char *name)
{
    sem_t *semaphore = semaphore_open(check, name);
    int value;

    if (semaphore == NULL)
        semaphore_missing(check, name);
    if (sem_getvalue(semaphore, &value) == -1)
        check_broken(check, "sem_getvalue(%s): %s", name, strerror(errno));
    sem_close(semaphore);
    return value;
}

sem_t *semaphore_create(struct check *check, const char *name, unsigned value)
{
    sem_t *semaphore = sem_open(name, O_CREAT | O_EXCL, 0600, value);

    if (semaphore == SEM_FAILED && errno == ENOSPC)
        object_full_require(check, sizeof *semaphore);
    if (semaphore == SEM_FAILED)
        check_broken(check, "sem_open(%s): %s", name, strerror(errno));
    check_track(check, LEDGER_OWN, check_text(check, "sem.%s", name + 1));
    check_note(check, "the check makes a semaphore %s with value %u", name, value);
    return semaphore;
}

void semaphore_remove(struct check *check, const char *name)
{
    (void)check;
    sem_unlink(name);
}
