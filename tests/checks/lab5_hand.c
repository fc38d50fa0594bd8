/*
 * Lab 5, the second challenge: descriptors that are handed over. The check is the other side: a taker that looks at
 * what the giver sends, and a giver that sends what no taker may believe.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lab5_snapshot.h"
#include "said.h"
#include "todo.h"

/* The message, from the table of wire formats. */
struct message {
    uint32_t magic, version;
};

enum { SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL, DESCRIPTORS_MAX = 4 };
#define RIGHT_MESSAGE  \
    {                  \
        0x444E4148U, 1 \
    }
static const struct message right_message = RIGHT_MESSAGE;

static struct snapshot round_of(int32_t k)
{
    struct snapshot snapshot = {.count = SNAPSHOT_RECORDS};

    for (int i = 0; i < SNAPSHOT_RECORDS; i++)
        snapshot.records[i] = (struct detection){k, 1, k, k, k, k};
    return snapshot;
}

/* A socket of the check's, and the address of the path. */
static int socket_make(struct check *check, const char *path, struct sockaddr_un *address)
{
    int made = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (made == -1)
        check_broken(check, "a socket: %s", strerror(errno));
    if (strlen(path) >= sizeof address->sun_path) /* 108: unix(7) */
        check_unjudged(check, check_text(check,
                                         "%s is too long a path for a socket, which has %zu bytes for it; name a "
                                         "folder with a shorter path in TMPDIR",
                                         path, sizeof address->sun_path - 1));
    strcpy(address->sun_path, path);
    return made;
}

/* ---- The check takes ---- */

struct taken {
    struct message message;
    ssize_t length;
    int fds[DESCRIPTORS_MAX];
    size_t count;
};

static struct taken gift_receive(int connection)
{
    struct taken taken = {0};
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
    } control;
    struct iovec part = {&taken.message, sizeof taken.message};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.room};

    taken.length = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
    struct cmsghdr *header = taken.length > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        taken.count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        if (taken.count <= DESCRIPTORS_MAX)
            memcpy(taken.fds, CMSG_DATA(header), taken.count * sizeof(int));
    }
    return taken;
}

/* Connect to the giver and take what it sends: one descriptor, or the check fails. */
static int gift_take(struct check *check, struct program *giver, const char *path)
{
    struct sockaddr_un address;
    int connection = socket_make(check, path, &address);

    if (connect(connection, (struct sockaddr *)&address, sizeof address) == -1)
        FAIL(check, .expected = check_text(check, "the giver accepts connections at %s", path),
             .found = check_text(check, "connect: %s; %s", strerror(errno), program_said_text(giver)));
    struct pollfd waiting = {.fd = connection, .events = POLLIN};
    AWAIT(check, poll(&waiting, 1, 0) == 1, "the giver sends a message");
    struct taken taken = gift_receive(connection);
    close(connection);
    REQUIRE(check, taken.length > 0, .expected = "a message for each process that connects",
            .found = check_text(check, "the giver closed the connection; %s", program_said_text(giver)),
            .line = check_line(check, HANDOVER, "handover_make("),
            .next = todo_next(check, HANDOVER, "errno = ENOSYS;", 11, "look at the giver's own message"));
    REQUIRE(check,
            taken.length == (ssize_t)sizeof taken.message &&
                memcmp(&taken.message, &right_message, sizeof right_message) == 0,
            .expected = "a message of 8 bytes: \"HAND\", version 1",
            .found = check_text(check, "%zd bytes: 0x%08x, %u", taken.length, (unsigned)taken.message.magic,
                                (unsigned)taken.message.version));
    REQUIRE(check, taken.count == 1, .expected = "one descriptor beside the message",
            .found = check_text(check, "%zu", taken.count), .line = check_line(check, HANDOVER, "handover_send("),
            .next = todo_next(check, HANDOVER, "(void)control;", 12,
                              "msg_control and msg_controllen, cmsg_len = CMSG_LEN(sizeof fd)"));
    return taken.fds[0];
}

static const char *seals_text(struct check *check, int seals)
{
    static const struct {
        int seal;
        const char *name;
    } names[] = {{F_SEAL_SHRINK, "F_SEAL_SHRINK"},
                 {F_SEAL_GROW, "F_SEAL_GROW"},
                 {F_SEAL_WRITE, "F_SEAL_WRITE"},
                 {F_SEAL_SEAL, "F_SEAL_SEAL"}};
    const char *text = "";

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if ((seals & names[i].seal) != 0)
            text = check_text(check, "%s%s%s", text, text[0] != '\0' ? ", " : "", names[i].name);
    return text[0] != '\0' ? text : "none";
}

/* The object that was taken is number k, and stays so. */
static void gift_require(struct check *check, int fd, int32_t k, const char *when)
{
    struct stat info = {0};
    struct snapshot expected = round_of(k), found = {0};
    struct finding finding = {0};

    fstat(fd, &info);
    REQUIRE(check, info.st_size == sizeof found, .expected = check_text(check, "an object of %zu bytes", sizeof found),
            .found = check_text(check, "%lld bytes", (long long)info.st_size));
    if (pread(fd, &found, sizeof found, 0) != (ssize_t)sizeof found)
        check_broken(check, "pread: %s", strerror(errno));
    if (!snapshot_equal(check, &expected, &found, &finding)) {
        finding.expected = check_text(check, "%s: %s", when, finding.expected);
        check_fail(check, &finding);
    }
}

static struct program *giver_start(struct check *check, const char **path)
{
    *path = check_text(check, "%s/giver", snapshot_folder(check));
    struct program *giver = START(check, "hand", "--give", "--socket", *path);

    ADVISE(check, .file = HANDOVER, .line = check_line(check, HANDOVER, "handover_make("));
    program_expect(giver, "giving at");
    return giver;
}

/* A call fails: the giver says so, gives nothing and ends, or it finds another way. */
static void giver_fails(struct check *check, const char *fault, int number)
{
    const char *path;

    check_inject(check, fault);
    struct program *giver = giver_start(check, &path);
    check_inject(check, NULL);
    struct sockaddr_un address;
    int connection = socket_make(check, path, &address);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) == -1)
        check_broken(check, "connect(%s): %s", path, strerror(errno));
    struct pollfd waiting = {.fd = connection, .events = POLLIN};
    AWAIT(check, poll(&waiting, 1, 0) == 1, "the giver sends a message, or closes the connection");
    struct taken taken = gift_receive(connection);
    close(connection);
    REQUIRE(check, taken.count == 0 || fcntl(taken.fds[0], F_GET_SEALS) == SEALS,
            .expected = check_text(check, "no descriptor, or one of a sealed object, when a call fails: %s", fault),
            .found = "another descriptor of the giver's",
            .cause = "handover_make returns -1 when it has made nothing; any other number is a descriptor");
    program_signal(giver, SIGTERM);
    program_wait(giver);
    REQUIRE(check, taken.count > 0 || program_names_error(giver, number),
            .expected = check_text(check, "a message that names what failed: %s", strerror(number)),
            .found = program_said_text(giver));
}

void lab5_hand_sealed(struct check *check)
{
    const char *path;
    struct program *giver = giver_start(check, &path);
    int fd = gift_take(check, giver, path);
    int seals = fcntl(fd, F_GET_SEALS);

    REQUIRE(check, seals != -1, .expected = "a descriptor of an object that can be sealed: memfd_create",
            .found = check_text(check, "F_GET_SEALS: %s", strerror(errno)));
    REQUIRE(check, (seals & SEALS) == SEALS, .expected = check_text(check, "the seals %s", seals_text(check, SEALS)),
            .found = check_text(check, "%s", seals_text(check, seals)),
            .cause = (seals & F_SEAL_SEAL) != 0 && seals == F_SEAL_SEAL
                         ? "without MFD_ALLOW_SEALING an object is made with F_SEAL_SEAL, and takes no other"
                         : "a seal was not asked for, or fcntl failed: with EBUSY while a writable mapping is there",
            .next = "F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL, after the last store and munmap");
    gift_require(check, fd, 1, "what the first taker gets");
    program_signal(giver, SIGTERM);
    program_ends(giver, 0);
    gift_require(check, fd, 1, "when the giver has ended");
    giver_fails(check, "ftruncate:1:ENOSPC", ENOSPC);
}

void lab5_hand_each(struct check *check)
{
    const char *path;
    struct program *giver = giver_start(check, &path);
    int first = gift_take(check, giver, path), second = gift_take(check, giver, path);
    struct stat one = {0}, other = {0};

    fstat(first, &one);
    fstat(second, &other);
    REQUIRE(check, one.st_ino != other.st_ino, .expected = "an object of its own for each taker",
            .found = "the second taker got the first one's");
    gift_require(check, second, 2, "what the second taker gets");
    gift_require(check, first, 1, "what the first taker has, after the second one's");
    program_signal(giver, SIGTERM);
    program_ends(giver, 0);
}

/* ---- The check gives ---- */

enum { SEALS_NEVER = -1, SEALS_UNKNOWN = -2 };

/* What a taker is given. */
struct gift {
    const char *what;
    int seals; /* SEALS_NEVER: an object that takes none; SEALS_UNKNOWN: one that cannot even be asked, a pipe */
    int descriptors;
    size_t size;
    struct message message;
    enum sending {
        SENT_WHOLE,
        SENT_LONGER, /* with a byte more */
        SENT_NOT,    /* the connection is closed without a word */
    } sent;
};

static int gift_make(struct check *check, const struct gift *gift, int32_t k)
{
    struct snapshot snapshot = round_of(k);
    int ends[2];

    if (gift->seals == SEALS_UNKNOWN && pipe2(ends, O_CLOEXEC) == 0) {
        close(ends[1]);
        return ends[0];
    }
    int fd = memfd_create("gift", MFD_CLOEXEC | (gift->seals != SEALS_NEVER ? MFD_ALLOW_SEALING : 0));

    if (fd == -1 || pwrite(fd, &snapshot, gift->size, 0) != (ssize_t)gift->size ||
        (gift->seals > 0 && fcntl(fd, F_ADD_SEALS, gift->seals) == -1))
        check_broken(check, "memfd_create, F_ADD_SEALS: %s", strerror(errno));
    return fd;
}

static void gift_send(struct check *check, int connection, const struct gift *gift, int32_t k)
{
    struct {
        struct message message;
        char more;
    } words = {gift->message, 0};
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
    } control = {0};
    struct iovec part = {&words, sizeof words.message + (gift->sent == SENT_LONGER)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    size_t length = (size_t)gift->descriptors * sizeof(int);
    int fds[DESCRIPTORS_MAX];

    for (int i = 0; i < gift->descriptors; i++)
        fds[i] = gift_make(check, gift, k);
    if (length > 0) {
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(length);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(length);
        memcpy(CMSG_DATA(header), fds, length);
    }
    if (gift->sent != SENT_NOT && sendmsg(connection, &message, MSG_NOSIGNAL) == -1 && errno != EPIPE)
        check_broken(check, "sendmsg: %s", strerror(errno));
    for (int i = 0; i < gift->descriptors; i++)
        close(fds[i]);
}

struct taker {
    struct program *program;
    int listener, turns;
};

static struct taker taker_start(struct check *check, const char *name)
{
    struct sockaddr_un address;
    bool c = strcmp(name, "hand") == 0;
    /* short: in the grader the folder's path takes most of what a socket's may have */
    const char *path = check_text(check, "%s/%s", snapshot_folder(check), c ? "c" : "py");

    unlink(path); /* of the taker before */
    struct taker taker = {.listener = socket_make(check, path, &address)};

    if (bind(taker.listener, (struct sockaddr *)&address, sizeof address) == -1 || chmod(path, 0666) == -1 ||
        listen(taker.listener, 1) == -1)
        check_broken(check, "a socket at %s: %s", path, strerror(errno));
    taker.program = c ? START(check, "hand", "--take", "--socket", path) : START(check, HAND_PY, "--socket", path);
    ADVISE(check, .file = c ? HANDOVER : HAND_PY,
           .line = c ? check_line(check, HANDOVER, "handover_receive(") : check_line(check, HAND_PY, "def receive("));
    program_expect(taker.program, "press Enter");
    return taker;
}

static bool gift_prints(struct taker *taker, const char *what)
{
    return program_said(taker->program, check_text(taker->program->check, ": %d: %s", taker->turns, what));
}

/* Let it take this; what it made of it is printed when this returns. */
static void taker_turn(struct check *check, struct taker *taker, const struct gift *gift, int32_t k)
{
    struct pollfd waiting = {.fd = taker->listener, .events = POLLIN};

    check_note(check, "the taker is given %s", gift->what);
    program_send(taker->program, "\n");
    AWAIT(check, poll(&waiting, 1, 0) == 1, "the taker connects");
    int connection = accept4(taker->listener, NULL, NULL, SOCK_CLOEXEC);
    gift_send(check, connection, gift, k);
    close(connection);
    program_expect(taker->program, check_text(check, ": %d: ", ++taker->turns));
}

/* How many descriptors the program has. */
static int descriptors_count(struct check *check, const struct program *program)
{
    DIR *folder = opendir(check_text(check, "/proc/%d/fd", (int)program->pid));
    int count = 0;

    if (folder == NULL)
        check_unjudged(check, check_text(check, "/proc/%d/fd: %s", (int)program->pid, strerror(errno)));
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static const struct gift right_gift = {"a sealed snapshot",     SEALS,         1,
                                       sizeof(struct snapshot), RIGHT_MESSAGE, SENT_WHOLE};
static const char *const takers[] = {"hand", HAND_PY};

static void taker_takes(struct check *check, struct taker *taker, int32_t k)
{
    taker_turn(check, taker, &right_gift, k);
    REQUIRE(check, gift_prints(taker, check_text(check, "took snapshot %d", k)),
            .expected = check_text(check, "%s takes snapshot %d, which is sealed", taker->program->short_name, k),
            .found = program_said_text(taker->program),
            .next = strcmp(taker->program->short_name, "hand") == 0
                        ? todo_next(check, HANDOVER, "*fd = -1;", 13, "handover_receive, then handover_take")
                        : todo_next(check, HAND_PY, "del connection", 15, "receive, then take"));
}

void lab5_hand_takes(struct check *check)
{
    for (size_t i = 0; i < sizeof takers / sizeof takers[0]; i++) {
        struct taker taker = taker_start(check, takers[i]);
        taker_takes(check, &taker, 41);
        int before = descriptors_count(check, taker.program);
        for (int32_t k = 42; k < 45; k++)
            taker_takes(check, &taker, k);
        int after = descriptors_count(check, taker.program);
        REQUIRE(check, after == before,
                .expected = check_text(check, "%s has as many descriptors after the fourth snapshot as after the first",
                                       taker.program->short_name),
                .found = check_text(check, "%d more", after - before));
        program_end_input(taker.program);
        program_ends(taker.program, 0);
    }
}

/* Its mapping fails: it refuses, or finds another way, and takes the next snapshot. */
static void taker_survives(struct check *check)
{
    check_inject(check, "mmap:1:ENOMEM");
    struct taker taker = taker_start(check, takers[0]);
    check_inject(check, NULL);
    taker_turn(check, &taker, &right_gift, 6);
    REQUIRE(check, gift_prints(&taker, "refused") || gift_prints(&taker, "took snapshot 6"),
            .expected = "hand refuses a snapshot that it cannot map (mmap gives ENOMEM), or takes it in another way",
            .found = program_said_text(taker.program));
    taker_takes(check, &taker, 7);
    program_end_input(taker.program);
    program_wait(taker.program);
}

void lab5_hand_refuses(struct check *check)
{
    const size_t whole = sizeof(struct snapshot);
    const struct gift gifts[] = {
        {"an object without any seal", 0, 1, whole, right_message, SENT_WHOLE},
        {"an object that cannot be sealed", SEALS_NEVER, 1, whole, right_message, SENT_WHOLE},
        {"a descriptor that knows no seals", SEALS_UNKNOWN, 1, whole, right_message, SENT_WHOLE},
        {"an object that may still shrink", F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL, 1, whole, right_message,
         SENT_WHOLE},
        {"an object that may still be written to", F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL, 1, whole, right_message,
         SENT_WHOLE},
        {"a sealed object of 243 bytes", SEALS, 1, whole - 1, right_message, SENT_WHOLE},
        {"a sealed object of 0 bytes", SEALS, 1, 0, right_message, SENT_WHOLE},
        {"a message without a descriptor", SEALS, 0, whole, right_message, SENT_WHOLE},
        {"a message with two descriptors", SEALS, 2, whole, right_message, SENT_WHOLE},
        {"a message with another magic number", SEALS, 1, whole, {0x444E4149U, 1}, SENT_WHOLE},
        {"a message of version 2", SEALS, 1, whole, {right_message.magic, 2}, SENT_WHOLE},
        {"a message with a byte more", SEALS, 1, whole, right_message, SENT_LONGER},
        {"a connection that is closed without a message", SEALS, 0, whole, right_message, SENT_NOT},
    };

    for (size_t i = 0; i < sizeof takers / sizeof takers[0]; i++) {
        struct taker taker = taker_start(check, takers[i]);
        taker_takes(check, &taker, 7);
        for (size_t j = 0; j < sizeof gifts / sizeof gifts[0]; j++) {
            int before = descriptors_count(check, taker.program);
            taker_turn(check, &taker, &gifts[j], 7);
            REQUIRE(check, gift_prints(&taker, "refused"),
                    .expected = check_text(check, "%s refuses %s", taker.program->short_name, gifts[j].what),
                    .found = program_said_text(taker.program));
            int after = descriptors_count(check, taker.program);
            REQUIRE(check, after == before,
                    .expected =
                        check_text(check, "%s closes what it refuses: %s", taker.program->short_name, gifts[j].what),
                    .found = check_text(check, "%d descriptors more than before", after - before),
                    .cause = "a giver can fill the taker's table of descriptors");
        }
        taker_takes(check, &taker, 8);
        program_end_input(taker.program);
        program_ends(taker.program, 1);
    }
    taker_survives(check);
}
