/*
 * iceoryx: frames are loaned from a pool in shared memory, published and taken without a copy. Here they are
 * copied in and out as everywhere else, or made in place. Its daemon RouDi lays out the memory and brings
 * publishers and subscribers together; it takes no part in the messages. Each measurement has a RouDi of
 * its own, so that no other row runs beside one.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <iceoryx_binding_c/log.h>
#include <iceoryx_binding_c/publisher.h>
#include <iceoryx_binding_c/runtime.h>
#include <iceoryx_binding_c/subscriber.h>
#include <iceoryx_binding_c/wait_set.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "clock.h"
#include "descriptor.h"

enum {
    DEPTH = 5,          /* messages in flight: no more than our rings have slots */
    CHUNKS = 2 * 8,     /* each way: those in flight, one being filled, one being read, and one to spare */
    NAME = 64,          /* bytes of a name, its end included */
    SAID = 4096,        /* bytes of what RouDi says until it is ready */
    MEMORY_MB = 100,    /* in /dev/shm: 66 MB for RouDi itself, 20 MB for chunks, and some to spare */
    ROUDI_SECONDS = 10, /* until it is ready, or has ended: more means that it hangs */
    LOOK_MS = 1,        /* between looks for the other side */
    ROUDI_MISSING = 127 /* the status that a shell gives */
};

/* RouDi's names are fixed: a machine has one RouDi. */
static const char roudi_lock[] = "/tmp/iox-unique-roudi.lock", roudi_ready[] = "RouDi is ready";
static const char *const roudi_names[] = {"/dev/shm/iceoryx_mgmt", "/tmp/roudi", "/tmp/roudi.lock"};

struct iceoryx {
    pid_t roudi; /* the daemon that we started; 0: none */
    int output;  /* what it says; read only until it is ready */
    char segment[sizeof "/dev/shm/" + NAME];
    char name[SIDES][NAME]; /* of our processes, for RouDi */

    /* of this process, from here on */
    iox_pub_storage_t pub_storage;
    iox_sub_storage_t sub_storage;
    iox_ws_storage_t ws_storage;
    iox_pub_t pub;
    iox_sub_t sub;
    iox_ws_t ws;
    void *loaned;
    const void *taken;
};

static bool refuse(struct link *link, const char *why)
{
    link->refusal = why;
    return false;
}

/* --- RouDi --- */

/*
 * Keep every RouDi from starting until the descriptor is closed: each holds a lock on this file as long as it
 * lives. -1 where one runs (or another user's may), and with ENOENT where none has left its file.
 */
static int roudi_exclude(void)
{
    int fd = open(roudi_lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

    if (fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == -1) {
        descriptor_close(&fd);
        errno = EWOULDBLOCK;
    }
    return fd;
}

/* RouDi would remove what has one of its names, whoever made it. */
static bool roudi_may_start(struct link *link)
{
    struct iceoryx *iceoryx = link->state;
    const struct group *group = getgrgid(getegid());
    struct statvfs memory;
    int excluded = roudi_exclude();

    if (excluded == -1 && errno != ENOENT)
        return refuse(link, "a RouDi is running, or its lock /tmp/iox-unique-roudi.lock is another user's");
    descriptor_close(&excluded); /* ours has to get the lock */
    for (size_t i = 0; i < sizeof roudi_names / sizeof roudi_names[0]; i++)
        if (access(roudi_names[i], F_OK) == 0)
            return refuse(link, "a RouDi has left /dev/shm/iceoryx_mgmt, /tmp/roudi or /tmp/roudi.lock: remove them");
    if (group == NULL)
        return refuse(link, "iceoryx needs a group that has a name");
    snprintf(iceoryx->segment, sizeof iceoryx->segment, "/dev/shm/%.*s", NAME - 1, group->gr_name);
    if (access(iceoryx->segment, F_OK) == 0)
        return refuse(link, "RouDi would remove the object in /dev/shm that has the name of your group");
    if (statvfs("/dev/shm", &memory) == 0 && memory.f_bavail * memory.f_frsize < (uint64_t)MEMORY_MB << 20)
        return refuse(link, "iceoryx needs 100 MB in /dev/shm");
    return true;
}

/* RouDi's configuration: a pool of chunks of this size, and no other. It needs no name: RouDi inherits it. */
static int roudi_configure(size_t size)
{
    int fd = memfd_create("roudi.toml", 0);

    if (fd == -1)
        return -1;
    if (dprintf(fd, "[general]\nversion = 1\n[[segment]]\n[[segment.mempool]]\nsize = %zu\ncount = %d\n",
                (size + 63) / 64 * 64, CHUNKS) < 0)
        descriptor_close(&fd);
    return fd;
}

/* The child: it ends when we end, also by SIGKILL, and removes what it made. Ctrl-C is for us to judge. */
static _Noreturn void roudi_become(pid_t parent, int configuration, int output)
{
    char path[NAME];
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    snprintf(path, sizeof path, "/proc/self/fd/%d", configuration);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() == parent && dup2(output, STDOUT_FILENO) != -1 && dup2(output, STDERR_FILENO) != -1)
        execlp("iox-roudi", "iox-roudi", "-c", path, "-m", "off", "-l", "warning", "-k", "1", (char *)NULL);
    _exit(errno == ENOENT ? ROUDI_MISSING : EXIT_FAILURE);
}

/* Read what RouDi says until it is ready. False with errno; ECHILD: it ended. */
static bool roudi_await(int output)
{
    int64_t end = clock_now_ns() + ROUDI_SECONDS * INT64_C(1000000000);
    char said[SAID] = "";
    size_t length = 0;

    while (length < sizeof said - 1) {
        struct pollfd readable = {.fd = output, .events = POLLIN};
        int64_t left = (end - clock_now_ns()) / 1000000;
        int ready = left > 0 ? poll(&readable, 1, (int)left) : 0;
        if (ready <= 0) {
            errno = ready == 0 ? ETIMEDOUT : errno;
            return false; /* also after Ctrl-C: EINTR */
        }
        ssize_t got = read(output, said + length, sizeof said - 1 - length);
        if (got <= 0) {
            errno = ECHILD;
            return false;
        }
        length += (size_t)got;
        said[length] = '\0';
        if (strstr(said, roudi_ready) != NULL)
            return true;
    }
    errno = EPROTO;
    return false;
}

/* Why did it end before it was ready? Looks only: roudi_end reaps it. */
static const char *roudi_why(pid_t child)
{
    siginfo_t end = {0};

    while (waitid(P_PID, (id_t)child, &end, WEXITED | WNOWAIT) == -1 && errno == EINTR)
        continue;
    return end.si_code == CLD_EXITED && end.si_status == ROUDI_MISSING
               ? "iox-roudi is missing: apt install iceoryx"
               : "iox-roudi ends while it starts: run it to see why";
}

static bool roudi_start(struct link *link)
{
    struct iceoryx *iceoryx = link->state;
    int configuration = roudi_configure(link->size), output[2] = {-1, -1};
    pid_t parent = getpid();

    if (configuration == -1 || pipe2(output, O_CLOEXEC) == -1) {
        descriptor_close(&configuration);
        return false;
    }
    iceoryx->output = output[0];
    fflush(NULL); /* or the child owns a copy of what stdio has not written */
    pid_t child = fork();
    if (child == 0)
        roudi_become(parent, configuration, output[1]);
    iceoryx->roudi = child > 0 ? child : 0;
    descriptor_close(&configuration);
    descriptor_close(&output[1]);
    if (child == -1)
        return false;
    return roudi_await(iceoryx->output) || (errno == ECHILD && refuse(link, roudi_why(child)));
}

/*
 * RouDi removes what it made, unless it failed. Then what has its names is ours, because none of them existed
 * before; but not where another one was faster than ours, and runs.
 */
static void roudi_end(struct iceoryx *iceoryx)
{
    int status = 0;

    if (iceoryx->roudi == 0)
        return;
    struct pollfd ended = {.fd = pidfd_open(iceoryx->roudi, 0), .events = POLLIN};
    kill(iceoryx->roudi, SIGTERM);
    if (ended.fd == -1 || poll(&ended, 1, ROUDI_SECONDS * 1000) == 0)
        kill(iceoryx->roudi, SIGKILL);
    descriptor_close(&ended.fd);
    while (waitpid(iceoryx->roudi, &status, 0) == -1 && errno == EINTR)
        continue;
    int excluded = status != 0 ? roudi_exclude() : -1;
    if (excluded == -1)
        return;
    for (size_t i = 0; i < sizeof roudi_names / sizeof roudi_names[0]; i++)
        unlink(roudi_names[i]);
    unlink(iceoryx->segment);
    unlink(roudi_lock);
    descriptor_close(&excluded);
}

/* --- the channel --- */

static bool iceoryx_open(struct link *link)
{
    struct iceoryx *iceoryx = calloc(1, sizeof *iceoryx);

    link->state = iceoryx;
    if (iceoryx == NULL)
        return false;
    iceoryx->output = -1;
    for (int side = 0; side < SIDES; side++)
        snprintf(iceoryx->name[side], NAME, "shmlab-bench-%ld-%d", (long)getpid(), side);
    return roudi_may_start(link) && roudi_start(link);
}

/* The socket by which a side hears from RouDi; a side that was killed leaves it. */
static void runtime_remove(const char *name)
{
    static const char *const endings[] = {"", ".lock"};
    char path[2 * NAME];

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        snprintf(path, sizeof path, "/tmp/%s%s", name, endings[i]);
        unlink(path);
    }
}

static void iceoryx_close(struct link *link)
{
    struct iceoryx *iceoryx = link->state;

    if (iceoryx == NULL)
        return;
    roudi_end(iceoryx);
    for (int side = 0; side < SIDES && iceoryx->roudi != 0; side++)
        runtime_remove(iceoryx->name[side]);
    descriptor_close(&iceoryx->output);
    free(iceoryx);
    link->state = NULL;
}

/* Both block when the queue is full; else the oldest message would be lost. */
static void ends_make(struct iceoryx *iceoryx, enum side side)
{
    iox_pub_options_t pub;
    iox_sub_options_t sub;

    iox_pub_options_init(&pub);
    pub.subscriberTooSlowPolicy = ConsumerTooSlowPolicy_WAIT_FOR_CONSUMER;
    iox_sub_options_init(&sub);
    sub.queueCapacity = DEPTH;
    sub.queueFullPolicy = QueueFullPolicy_BLOCK_PRODUCER;
    iceoryx->pub = iox_pub_init(&iceoryx->pub_storage, "shmlab", "bench", iceoryx->name[side], &pub);
    iceoryx->sub = iox_sub_init(&iceoryx->sub_storage, "shmlab", "bench", iceoryx->name[!side], &sub);
}

/* RouDi brings the ends together every 100 ms, and tells nobody: a message before that would be lost. */
static bool iceoryx_join(struct link *link)
{
    struct iceoryx *iceoryx = link->state;

    iox_set_loglevel(Iceoryx_LogLevel_Error);
    iox_runtime_init(iceoryx->name[link->side]);
    ends_make(iceoryx, link->side);
    while (!iox_pub_has_subscribers(iceoryx->pub) ||
           iox_sub_get_subscription_state(iceoryx->sub) != SubscribeState_SUBSCRIBED)
        poll(NULL, 0, LOOK_MS);
    if (link->channel->waits == WAITS_SPINNING)
        return true;
    iceoryx->ws = iox_ws_init(&iceoryx->ws_storage);
    errno = ENOSPC;
    return iox_ws_attach_subscriber_state(iceoryx->ws, iceoryx->sub, SubscriberState_HAS_DATA, 0, NULL) ==
           WaitSetResult_SUCCESS;
}

static void iceoryx_leave(struct link *link)
{
    struct iceoryx *iceoryx = link->state;

    if (iceoryx->ws != NULL) {
        iox_ws_detach_subscriber_state(iceoryx->ws, iceoryx->sub, SubscriberState_HAS_DATA);
        iox_ws_deinit(iceoryx->ws);
    }
    iox_sub_deinit(iceoryx->sub);
    iox_pub_deinit(iceoryx->pub);
    iox_runtime_shutdown();
}

static void *iceoryx_acquire(struct link *link)
{
    struct iceoryx *iceoryx = link->state;

    errno = ENOBUFS;
    return iox_pub_loan_chunk(iceoryx->pub, &iceoryx->loaned, (uint32_t)link->size) == AllocationResult_SUCCESS
               ? iceoryx->loaned
               : NULL;
}

/* It waits while the other side's queue is full. */
static bool iceoryx_publish(struct link *link)
{
    struct iceoryx *iceoryx = link->state;

    iox_pub_publish_chunk(iceoryx->pub, iceoryx->loaned);
    return true;
}

static const void *iceoryx_take(struct link *link)
{
    struct iceoryx *iceoryx = link->state;
    enum iox_ChunkReceiveResult result;

    while ((result = iox_sub_take_chunk(iceoryx->sub, &iceoryx->taken)) == ChunkReceiveResult_NO_CHUNK_AVAILABLE) {
        iox_notification_info_t info;
        uint64_t missed;
        if (iceoryx->ws != NULL)
            iox_ws_wait(iceoryx->ws, &info, 1, &missed);
        else
            clock_relax();
    }
    errno = EIO;
    return result == ChunkReceiveResult_SUCCESS ? iceoryx->taken : NULL;
}

static bool iceoryx_release(struct link *link)
{
    struct iceoryx *iceoryx = link->state;

    iox_sub_release_chunk(iceoryx->sub, iceoryx->taken);
    return true;
}

#define ICEORYX                                                                                               \
    .copies = "2", .touches = "sender in, receiver out", .package = "libiceoryx-binding-c-dev iceoryx",       \
    .open = iceoryx_open, .join = iceoryx_join, .send = channel_carry_send, .receive = channel_carry_receive, \
    .leave = iceoryx_leave, .close = iceoryx_close, .acquire = iceoryx_acquire, .publish = iceoryx_publish,   \
    .take = iceoryx_take, .release = iceoryx_release

const struct channel channel_iceoryx = {.id = "iceoryx", .title = "iceoryx, polled", .waits = WAITS_SPINNING, ICEORYX};
const struct channel channel_iceoryx_sleep = {
    .id = "iceoryx-sleep", .title = "iceoryx, with a wait set", .waits = WAITS_BLOCKED, ICEORYX};
