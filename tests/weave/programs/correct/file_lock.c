/*
 * A counter under a lock on the object's descriptor (fcntl(2), open file description locks).
 *
 * expect: pass
 * run: a -- b
 */
#define _GNU_SOURCE
#include "../subject.h"

struct shared {
    int value;
};

int main(void)
{
    int descriptor = shm_open("/locked", O_RDWR | O_CREAT, 0600);
    subject_check(descriptor >= 0 && ftruncate(descriptor, sizeof(struct shared)) == 0, "create");
    struct shared *shared = subject_map(descriptor, sizeof *shared);
    for (int i = 0; i < 2; i++) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
        subject_check(fcntl(descriptor, F_OFD_SETLKW, &lock) == 0, "lock");
        shared->value++;
        lock.l_type = F_UNLCK;
        subject_check(fcntl(descriptor, F_OFD_SETLK, &lock) == 0, "unlock");
    }
    return 0;
}
