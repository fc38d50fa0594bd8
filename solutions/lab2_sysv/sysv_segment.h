/* Facts about a System V shared memory segment, for the messages of lab 2. */
#ifndef LAB2_SYSV_SEGMENT_H
#define LAB2_SYSV_SEGMENT_H

#include <sys/ipc.h>
#include <sys/shm.h>

/* Print one line: key, id, size, mode, creator, attach count. program is the name before the line. */
void segment_describe(const char *program, key_t key, int id, const struct shmid_ds *info);

#endif
