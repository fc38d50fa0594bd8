/* See leftovers.h. */
#define _GNU_SOURCE /* SHM_STAT_ANY */
#include "leftovers.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

union semun { /* semctl(2): the caller has to define it */
    int value;
    struct semid_ds *buffer;
    unsigned short *array;
    struct seminfo *info;
};

struct taking {
    const struct ledger *ledger;
    pid_t checker;
    time_t since;
    json_t *leaks, *varies;
};

static void leak_add(const struct taking *taking, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void leak_add(const struct taking *taking, const char *format, ...)
{
    char text[512];
    va_list list;

    if (taking->ledger->interfered)
        return;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    json_array_append_new(taking->leaks, json_string(text));
}

static void number_varies(const struct taking *taking, const char *label, long number)
{
    char text[32];

    snprintf(text, sizeof text, "%ld", number);
    json_array_append_new(taking->varies, json_pack("[s, s]", label, text));
}

static bool key_is_ours(const struct ledger *ledger, key_t key)
{
    for (int i = 0; i < ledger->objects; i++)
        if (ledger->object[i].kind == LEDGER_KEY && strtol(ledger->object[i].text, NULL, 10) == key)
            return true;
    return false;
}

static bool process_is_ours(const struct ledger *ledger, pid_t pid)
{
    int count = ledger->processes < LEDGER_PROCESSES ? ledger->processes : LEDGER_PROCESSES;

    for (int i = 0; i < count; i++)
        if (ledger->process[i] == pid)
            return true;
    return false;
}

static void segments_take(const struct taking *taking)
{
    struct shm_info info;
    int last = shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&info); /* shmctl(2): that command's argument */

    for (int i = 0; i <= last; i++) {
        struct shmid_ds found;
        int id = shmctl(i, SHM_STAT_ANY, &found);
        if (id == -1 || found.shm_ctime < taking->since)
            continue;
        bool started = process_is_ours(taking->ledger, found.shm_cpid);
        if (!started && !key_is_ours(taking->ledger, found.shm_perm.__key))
            continue;
        if ((found.shm_perm.mode & SHM_DEST) != 0) /* removed already, waits for its last detach */
            continue;
        if (found.shm_cpid != taking->checker) {
            leak_add(taking,
                     "System V segment, key %d (0x%08x), id %d, %zu bytes, attached %lu times, created by process %d",
                     (int)found.shm_perm.__key, (unsigned)found.shm_perm.__key, id, found.shm_segsz,
                     (unsigned long)found.shm_nattch, (int)found.shm_cpid);
            number_varies(taking, "id", id);
            number_varies(taking, "key", (long)found.shm_perm.__key);
        }
        shmctl(id, IPC_RMID, NULL);
    }
}

static void semaphore_sets_take(const struct taking *taking)
{
    for (int i = 0; i < taking->ledger->objects; i++) {
        const struct ledger_object *object = &taking->ledger->object[i];
        if (object->kind != LEDGER_KEY)
            continue;
        int id = semget((key_t)strtol(object->text, NULL, 10), 0, 0);
        if (id == -1)
            continue;
        leak_add(taking, "System V semaphore set, key %s, id %d", object->text, id);
        number_varies(taking, "id", id);
        semctl(id, 0, IPC_RMID, (union semun){.value = 0});
    }
}

/* Does the name begin with one that the check drew, followed by nothing or something that is no digit? */
static const struct ledger_object *name_find(const struct ledger *ledger, const char *name, enum ledger_kind kind)
{
    for (int i = 0; i < ledger->objects; i++) {
        const struct ledger_object *object = &ledger->object[i];
        size_t length = strlen(object->text);
        if (object->kind != kind || strncmp(name, object->text, length) != 0)
            continue;
        if (kind == LEDGER_NAME ? strchr("0123456789", name[length]) == NULL || name[length] == '\0'
                                : name[length] == '\0')
            return object;
    }
    return NULL;
}

static void posix_take(const struct taking *taking, const char *entry)
{
    bool semaphore = strncmp(entry, "sem.", 4) == 0;
    const char *name = semaphore ? entry + 4 : entry;
    char object[NAME_MAX + 2];

    if (name_find(taking->ledger, name, LEDGER_NAME) == NULL)
        return;
    snprintf(object, sizeof object, "/%.*s", NAME_MAX, name);
    bool own = name_find(taking->ledger, entry, LEDGER_OWN) != NULL;
    if (semaphore) {
        int value = -1;
        sem_t *found = own ? SEM_FAILED : sem_open(object, 0);
        if (found != SEM_FAILED) {
            sem_getvalue(found, &value);
            sem_close(found);
        }
        if (!own)
            leak_add(taking, "POSIX semaphore %s, value %d", object, value);
        sem_unlink(object);
        return;
    }
    struct stat info = {0};
    int fd = shm_open(object, O_RDONLY, 0);
    if (fd != -1) {
        fstat(fd, &info);
        close(fd);
    }
    if (!own)
        leak_add(taking, "POSIX shared memory %s, %lld bytes", object, (long long)info.st_size);
    shm_unlink(object);
}

void leftovers_take(const struct ledger *ledger, pid_t checker, time_t since, json_t *leaks, json_t *varies)
{
    const struct taking taking = {ledger, checker, since, leaks, varies};
    struct dirent **entries;

    segments_take(&taking);
    semaphore_sets_take(&taking);
    /* where Linux keeps both kinds: shm_overview(7), sem_overview(7); sorted, so that the same leak reads the
     * same
     */
    int count = scandir("/dev/shm", &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        posix_take(&taking, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}
