/* The snapshot that is handed over by a descriptor: see handover.h. */
#define _GNU_SOURCE /* memfd_create, F_ADD_SEALS */
#include "handover.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Room for the ancillary data of one descriptor, aligned as the kernel wants it: cmsg(3). */
union control {
    struct cmsghdr align;
    char room[CMSG_SPACE(sizeof(int))];
};

int handover_make(const struct snapshot *snapshot)
{
    // shmlab:cut 11 Make the object (memfd_create: it may be sealed, and is closed on exec), give it its size, store the
    // shmlab:text snapshot, and seal it. While somebody has it mapped for writing, F_SEAL_WRITE fails with EBUSY.
    // shmlab:give (void)snapshot;
    // shmlab:give errno = ENOSYS;
    // shmlab:give return -1;
    // shmlab:seen close(fd);
    /* slide:make */
    int fd = memfd_create("snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd == -1)
        return -1;
    if (ftruncate(fd, sizeof *snapshot) == 0 &&
        pwrite(fd, snapshot, sizeof *snapshot, 0) == (ssize_t)sizeof *snapshot &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0)
        return fd;
    close(fd);
    return -1;
    // shmlab:end
    /* slide:end */
}

int handover_send(int connection, int fd)
{
    struct handover words = {HANDOVER_MAGIC, HANDOVER_VERSION};
    struct iovec part = {&words, sizeof words};
    union control control = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    // shmlab:cut 12 Put the descriptor beside the message: a header of level SOL_SOCKET and type SCM_RIGHTS, and after it
    // shmlab:text one int. cmsg(3) has the macros, unix(7) says what becomes of the descriptor.
    // shmlab:give (void)control;
    // shmlab:give (void)fd;
    message.msg_control = &control;
    message.msg_controllen = sizeof control.room;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    // shmlab:end
    return sendmsg(connection, &message, MSG_NOSIGNAL) == (ssize_t)sizeof words ? 0 : -1;
}

enum handover_end handover_receive(int connection, int *fd)
{
    struct handover words = {0};
    struct iovec part = {&words, sizeof words};
    union control control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.room};
    ssize_t length = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);

    if (length == -1)
        return HANDOVER_FAILED;
    // shmlab:cut 13 Take the one descriptor. Another message, none, or more than one: close what came, HANDOVER_FOREIGN. The
    // shmlab:text room for one descriptor is large enough for two (alignment!): cmsg_len says how many there are.
    // shmlab:give (void)words;
    // shmlab:give *fd = -1;
    // shmlab:give return HANDOVER_FOREIGN;
    int descriptors[sizeof control.room / sizeof(int)];
    size_t count = 0;

    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(descriptors, CMSG_DATA(header), count * sizeof(int));
    }
    if (length == (ssize_t)sizeof words && words.magic == HANDOVER_MAGIC &&
        words.version == HANDOVER_VERSION && count == 1 &&
        (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0) {
        *fd = descriptors[0];
        return HANDOVER_DONE;
    }
    for (size_t i = 0; i < count; i++)
        close(descriptors[i]);
    return HANDOVER_FOREIGN;
    // shmlab:end
}

enum handover_end handover_take(int fd, struct snapshot *snapshot)
{
    // shmlab:cut 14 Look at the seals before the size: without F_SEAL_SHRINK a size is true for a moment only. Map it
    // shmlab:text MAP_PRIVATE (before Linux 6.7 a shared mapping of a sealed object is refused), or read it.
    // shmlab:give (void)fd;
    // shmlab:give (void)snapshot;
    // shmlab:give return HANDOVER_UNSEALED;
    const int needed = F_SEAL_SHRINK | F_SEAL_WRITE;
    int seals = fcntl(fd, F_GET_SEALS); /* -1: it cannot be sealed at all */
    struct stat info;

    if (seals == -1 || (seals & needed) != needed)
        return HANDOVER_UNSEALED;
    if (fstat(fd, &info) == -1)
        return HANDOVER_FAILED;
    if (info.st_size != sizeof *snapshot)
        return HANDOVER_SIZE;
    const struct snapshot *mapped = mmap(NULL, sizeof *mapped, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapped == MAP_FAILED)
        return HANDOVER_FAILED;
    memcpy(snapshot, mapped, sizeof *snapshot); /* no second look: what is sealed stays as it is */
    munmap((void *)(uintptr_t)mapped, sizeof *mapped);
    return HANDOVER_DONE;
    // shmlab:end
}
