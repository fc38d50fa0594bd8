/* See address.h. */
#define _XOPEN_SOURCE 700
#include "address.h"

#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/shm.h>

struct address address_draw(struct check *check, int key_id)
{
    const char *path = check_key_path(check, key_id);
    key_t key = ftok(path, key_id);

    check_varies(check, "path", path);
    check_varies(check, "key", check_text(check, "0x%08x", (unsigned)key));
    return (struct address){path, check_text(check, "%d", (int)key)};
}

static int address_segment(const struct address *address)
{
    return shmget((key_t)strtol(address->key, NULL, 10), 0, 0);
}

bool address_there(const struct address *address)
{
    return address_segment(address) != -1;
}

unsigned long address_attached(const struct address *address)
{
    struct shmid_ds info;
    int id = address_segment(address);

    return id != -1 && shmctl(id, IPC_STAT, &info) == 0 ? info.shm_nattch : 0;
}
