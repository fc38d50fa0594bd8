/* See sysv_segment.h. */
#define _XOPEN_SOURCE 700
#include "sysv_segment.h"

#include <stdio.h>

void segment_describe(const char *program, key_t key, int id, const struct shmid_ds *info)
{
    printf("%s: key %d (0x%08x), id %d, %zu bytes, mode %04o, created by process %d, attached %lu times\n",
           program, (int)key, (unsigned)key, id, info->shm_segsz, (unsigned)info->shm_perm.mode & 0777,
           (int)info->shm_cpid, (unsigned long)info->shm_nattch);
}
