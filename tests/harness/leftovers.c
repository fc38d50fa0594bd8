/* See leftovers.h. */
#define _GNU_SOURCE /* SHM_INFO */
#include "leftovers.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <mqueue.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine.h"
#include "text.h"

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
    int told, more; /* objects with a sentence of their own, objects without */
};

enum { TOLD_MOST = 20 };

static void leak_add(struct taking *taking, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void leak_add(struct taking *taking, const char *format, ...)
{
    char text[512];
    va_list list;

    if (taking->ledger->interfered)
        return;
    if (taking->told == TOLD_MOST) {
        taking->more++;
        return;
    }
    taking->told++;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    char *plain = text_plain_line(text); /* programs choose names */
    json_array_append_new(taking->leaks, json_string(plain));
    free(plain);
}

static void number_varies(const struct taking *taking, const char *label, long number)
{
    char text[32];

    if (number < 100 && taking->since == LEFTOVERS_ALL) /* alone here it is the same in every run; texts contain it */
        return;
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

static void segments_take(struct taking *taking)
{
    struct shm_info info;
    int last = shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&info); /* shmctl(2): that command's argument */

    for (int i = 0; i <= last; i++) {
        struct shmid_ds found;
        int id = machine_segment(i, &found);
        if (id == -1 || found.shm_ctime < taking->since)
            continue;
        bool started = taking->since == LEFTOVERS_ALL || process_is_ours(taking->ledger, found.shm_cpid);
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
            if (found.shm_perm.__key != IPC_PRIVATE) /* 0, which texts contain */
                number_varies(taking, "key", (long)found.shm_perm.__key);
        }
        shmctl(id, IPC_RMID, NULL);
    }
}

static void semaphore_sets_take(struct taking *taking)
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

/* Sets and queues that no check drew a key for. */
static void others_take(struct taking *taking)
{
    struct seminfo sets;
    struct msginfo queues;
    int last = semctl(0, 0, SEM_INFO, (union semun){.info = &sets});

    for (int i = 0; i <= last; i++) {
        struct semid_ds found;
        int id = semctl(i, 0, SEM_STAT_ANY, (union semun){.buffer = &found});
        if (id == -1)
            continue;
        leak_add(taking, "System V semaphore set, key 0x%08x, id %d", (unsigned)found.sem_perm.__key, id);
        number_varies(taking, "id", id);
        semctl(id, 0, IPC_RMID, (union semun){.value = 0});
    }
    last = msgctl(0, MSG_INFO, (struct msqid_ds *)(void *)&queues); /* msgctl(2): that command's argument */
    for (int i = 0; i <= last; i++) {
        struct msqid_ds found;
        int id = msgctl(i, MSG_STAT_ANY, &found);
        if (id == -1)
            continue;
        leak_add(taking, "System V message queue, key 0x%08x, id %d", (unsigned)found.msg_perm.__key, id);
        number_varies(taking, "id", id);
        msgctl(id, IPC_RMID, NULL);
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

static void posix_take(struct taking *taking, const char *entry)
{
    bool semaphore = strncmp(entry, "sem.", 4) == 0;
    const char *name = semaphore ? entry + 4 : entry;
    char object[NAME_MAX + 2];

    if (strcmp(entry, ".") == 0 || strcmp(entry, "..") == 0)
        return;
    if (taking->since != LEFTOVERS_ALL && name_find(taking->ledger, name, LEDGER_NAME) == NULL)
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

/* Where Linux shows them to whoever has mounted that: mq_overview(7). */
static void queues_take(struct taking *taking)
{
    struct dirent **entries;
    char name[NAME_MAX + 2];
    int count = scandir("/dev/mqueue", &entries, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') {
            leak_add(taking, "POSIX message queue /%s", entries[i]->d_name);
            snprintf(name, sizeof name, "/%.*s", NAME_MAX, entries[i]->d_name);
            mq_unlink(name);
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

/* A sentence for those without one; in the order of letters it comes last. */
static void more_tell(struct taking *taking)
{
    char text[64];

    snprintf(text, sizeof text, "and %d objects more", taking->more);
    if (taking->more > 0)
        json_array_append_new(taking->leaks, json_string(text));
}

void leftovers_take(const struct ledger *ledger, pid_t checker, time_t since, json_t *leaks, json_t *varies)
{
    struct taking taking = {ledger, checker, since, leaks, varies, 0, 0};
    struct dirent **entries;

    segments_take(&taking);
    semaphore_sets_take(&taking);
    if (since == LEFTOVERS_ALL) {
        others_take(&taking);
        queues_take(&taking);
    }
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
    more_tell(&taking);
}

json_t *leftovers_names(int folder)
{
    struct dirent **entries;
    json_t *names = json_object();
    int count = scandirat(folder, ".", &entries, NULL, NULL);

    for (int i = 0; i < count; i++) {
        json_object_set_new_nocheck(names, entries[i]->d_name, json_null());
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return names;
}

static void file_take(struct taking *taking, int folder, const char *name)
{
    struct stat info;

    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == -1)
        return;
    if (S_ISDIR(info.st_mode))
        leak_add(taking, "folder /tmp/%s", name);
    else if (S_ISREG(info.st_mode))
        leak_add(taking, "file /tmp/%s, %lld bytes", name, (long long)info.st_size);
    else
        leak_add(taking, "file /tmp/%s, of a kind of its own", name);
}

void leftovers_files(const struct ledger *ledger, int folder, const json_t *before, json_t *leaks)
{
    struct taking taking = {.ledger = ledger, .leaks = leaks};
    struct dirent **entries;
    int count = scandirat(folder, ".", &entries, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        if (json_object_get(before, entries[i]->d_name) == NULL)
            file_take(&taking, folder, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    more_tell(&taking);
}
