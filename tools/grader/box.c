/* See box.h. */
#define _GNU_SOURCE
#include "box.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../weave/architecture.h"
#include "cgroup.h"
#include "shmlab/clock.h"
#include "shmlab/error.h"
#include "submission.h"
#include "text.h"
#include "toolchain.h"

#define BWRAP "/usr/bin/bwrap"
#define MIB   (1ULL << 20)

enum {
    SPARE_ID = 61342,     /* what root becomes: above the users of adduser(8), below those of systemd */
    ROOM_ID = 1000,       /* what programs take themselves for */
    WORDS = 256,          /* of bwrap's command line */
    LOOK_FILES = 4,       /* so many looks until files without a name are looked at again */
    LOOK_MS = 20,         /* how often the keeper looks at the room's memory */
    OWN_PIDS = 20000,     /* process ids in a box begin behind this: no text holds such numbers by chance */
    ROOM_PIDS = 10000,    /* likewise in the room */
    ROOM_PROCESSES = 256, /* of all users that there may be in a room */
    ROOM_TASKS = 64,      /* processes and threads of programs: then the room is emptied */
    ROOM_SOCKETS = 64,    /* likewise; a message may fill 200 KiB in each */
    FIRST_OBJECT = 32768, /* System V ids likewise */
    EXIT_LIMIT_MS = 5000,
};

/* What box_try found; 1 is the keeper's own failure. */
enum { PROBE_GOOD = 0, PROBE_KEEPER = 1, PROBE_ROOM = 2, PROBE_PROGRAM = 3 };

/* Why a room is emptied, in the words of a verdict. The numbers are those of room_limits and process_limits. */
static const struct walls_limit limit_memory = {
    .ended = "memory",
    .found = "ended by the grader: more than 1 GiB of memory, all its processes together",
    .cause = "memory that is taken again and again in a loop without end, or never given back",
    .next = "what ends the loop, and who changes that?"};
static const struct walls_limit limit_processes = {
    .ended = "processes",
    .found = "ended by the grader: 64 processes and threads at once",
    .cause = "fork in a loop without end, or a child that goes on into its parent's loop and forks as well: each turn "
             "doubles them (a fork bomb); or threads that nobody ends",
    .next = "fork gives 0 in the child: it does its work there, and ends with _exit before the loop goes on"};
static const struct walls_limit limit_sockets = {
    .ended = "sockets",
    .found = "ended by the grader: 64 sockets at once",
    .cause = "a connection that is made or accepted in a loop, and never closed",
    .next = "close what accept(2) gave when the message is sent, and what socket(2) gave when it is received"};
static const struct walls_limit limit_machine = {
    .ended = "machine",
    .found = "ended by the grader: this machine had less than 256 MiB of memory left, whichever program took it",
    .cause = "too much at once for this machine, by this submission or by another one",
    .next = "grade it again: --regrade failed, with a smaller -j",
    .machine = true};

/* What a room may use. The largest segment of a lab has 6.2 MB. */
static const struct room_limits {
    const char *shm, *inodes;  /* of /dev/shm and the check's own folder */
    unsigned long long memory; /* bytes, of all processes together */
    unsigned long long least;  /* bytes that this machine keeps free, whoever took them */
} room_limits = {.shm = "size=64m,nr_inodes=2048,mode=1777",
                 .inodes = "size=256m,nr_inodes=8192,mode=0755",
                 .memory = 1024 * MIB,
                 .least = 256 * MIB};

/* For each process: see getrlimit(2). A lab's programs are ten at most; threads count, too. */
static const struct {
    __rlimit_resource_t resource;
    rlim_t program, compiler;
} process_limits[] = {
    {RLIMIT_NPROC, ROOM_TASKS, 128},
    {RLIMIT_NOFILE, 1024, 1024},
    {RLIMIT_FSIZE, 64 * MIB, 64 * MIB},
    {RLIMIT_STACK, 8 * MIB, 64 * MIB},
    {RLIMIT_CPU, 60, 10},
    {RLIMIT_AS, RLIM_INFINITY, 1024 * MIB}, /* not for programs: AddressSanitizer maps terabytes that it does not use */
    {RLIMIT_CORE, 0, 0},
    {RLIMIT_MEMLOCK, 64 << 10, 64 << 10},
    {RLIMIT_MSGQUEUE, 819200, 819200},
    {RLIMIT_SIGPENDING, 256, 256},
};

/* System V objects of a box; written where the kernel lets us (Linux 5.19 and later). */
static const struct {
    const char *path, *text;
} kernel_limits[] = {
    {"/proc/sys/kernel/shmall", "32768"},     {"/proc/sys/kernel/shmmni", "64"},
    {"/proc/sys/kernel/msgmni", "64"},        {"/proc/sys/kernel/sem", "32000 4096 500 64"},
    {"/proc/sys/fs/mqueue/queues_max", "16"}, {"/proc/sys/kernel/ns_last_pid", "20000"},
};

/* The room of this process, which is a keeper or a check. */
struct room {
    struct process_place place; /* first: the pointer that the harness holds is one to this */
    pid_t bwrap, first;         /* bwrap, and process 1 of the room */
    int handle;                 /* pidfd of the latter */
    int group;                  /* control group for its programs: see cgroup_enter */
    int events;                 /* memory.events of that group, -1: there is none */
    bool build, sockets;        /* of the plan */
};

static struct room room = {.group = -1, .events = -1}; /* one a process: a keeper keeps one box */

static bool complain(const char *what)
{
    fprintf(stderr, "grader: box: %s: %s\n", what, strerror(errno));
    return false;
}

/* ---- The keeper ---- */

static bool file_put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t length = (ssize_t)strlen(text);
    bool good = fd != -1 && write(fd, text, (size_t)length) == length;

    if (fd != -1)
        close(fd);
    return good;
}

/* Root keeps its privileges out of the box: limits on processes do not bind it. */
static bool privileges_drop(void)
{
    if (geteuid() != 0)
        return true;
    return setgroups(0, NULL) == 0 && setresgid(SPARE_ID, SPARE_ID, SPARE_ID) == 0 &&
           setresuid(SPARE_ID, SPARE_ID, SPARE_ID) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0;
}

static bool ids_map(uid_t user, gid_t group)
{
    char text[64];

    snprintf(text, sizeof text, "0 %u 1", (unsigned)user);
    if (!file_put("/proc/self/uid_map", text) || !file_put("/proc/self/setgroups", "deny"))
        return false;
    snprintf(text, sizeof text, "0 %u 1", (unsigned)group);
    return file_put("/proc/self/gid_map", text);
}

/* System V ids that begin beyond the numbers that texts are made of. */
static void ids_advance(void)
{
    int id;

    do {
        id = shmget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
        shmctl(id, IPC_RMID, NULL);
    } while (id != -1 && id < FIRST_OBJECT);
}

/* The new namespaces are ours: furnish them. */
static bool keeper_begin(uid_t user, gid_t group)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setsid(); /* Ctrl-C is for the grader */
    if (!ids_map(user, group))
        return complain("the map of users");
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
        return complain("mount(/, private)");
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == -1)
        return complain("mount(/proc)");
    /* links that student's programs make must not lead the check astray: MS_NOSYMFOLLOW */
    if (mount("shm", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOSYMFOLLOW, room_limits.shm) == -1)
        return complain("mount(/dev/shm)");
    /* so that queues can be listed: mq_overview(7) */
    if (access("/dev/mqueue", F_OK) == 0 &&
        mount("mqueue", "/dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == -1)
        return complain("mount(/dev/mqueue)");
    for (size_t i = 0; i < sizeof kernel_limits / sizeof kernel_limits[0]; i++)
        file_put(kernel_limits[i].path, kernel_limits[i].text);
    ids_advance();
    return true;
}

/* fork(2) with flags; no stack of its own, so that it goes on here as a fork does. */
static pid_t fork_with(unsigned long long flags)
{
    struct clone_args args = {.flags = flags};

    args.exit_signal = (flags & CLONE_PARENT) != 0 ? 0 : SIGCHLD; /* clone(2): CLONE_PARENT takes the caller's */
    return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

static pid_t box_fork(const struct walls *walls)
{
    uid_t user = geteuid() == 0 ? SPARE_ID : geteuid();
    gid_t group = geteuid() == 0 ? SPARE_ID : getegid();
    const struct cgroup_limits limits = {.memory = room_limits.memory, .processes = ROOM_PROCESSES};
    int channel[2];
    pid_t keeper = -1;

    (void)walls;
    if (pipe2(channel, O_CLOEXEC) == -1)
        return -1;
    struct cgroup_box groups = cgroup_box_make(&limits);
    pid_t helper = fork();
    if (helper == 0) {
        if (cgroup_enter(groups.keeper) && privileges_drop())
            keeper = fork_with(CLONE_PARENT | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC);
        if (keeper == -1)
            complain("new namespaces");
        if (keeper != 0)
            _exit(write(channel[1], &keeper, sizeof keeper) != sizeof keeper);
        close(channel[0]);
        close(channel[1]);
        room.events = groups.events;
        room.group = groups.room; /* it was opened with the grader's rights, and those count when it is written to */
        if (groups.keeper != -1)
            close(groups.keeper);
        if (!keeper_begin(user, group))
            _exit(EXIT_FAILURE);
        return 0;
    }
    cgroup_box_close(&groups);
    close(channel[1]);
    if (helper > 0 && read(channel[0], &keeper, sizeof keeper) != sizeof keeper)
        keeper = -1;
    close(channel[0]);
    if (helper > 0)
        waitpid(helper, NULL, 0);
    return keeper;
}

/* ---- The room ---- */

struct words {
    const char *word[WORDS];
    size_t count;
};

static void words_add(struct words *words, ...)
{
    va_list list;

    va_start(list, words);
    for (const char *word; (word = va_arg(list, const char *)) != NULL;)
        if (words->count + 1 < WORDS)
            words->word[words->count++] = word;
    va_end(list);
}

/* The same path inside as outside, so that what the check says holds for both. */
static void words_bind(struct words *words, const char *option, const char *path)
{
    if (path != NULL)
        words_add(words, option, path, path, NULL);
}

static void words_link(struct words *words, const char *const link[])
{
    for (; *link != NULL; link++)
        if ((*link)[0] == '/' && strncmp(*link, "/usr/", 5) != 0)
            words_bind(words, "--ro-bind", *link);
}

static const char *const libraries[] = {TOOLCHAIN_LINK_VISION, TOOLCHAIN_LINK_COMMON, NULL};

static void room_words(struct words *words, const struct walls_plan *plan, const char *status, const char *passwd)
{
    static char common[PATH_MAX];
    const char *slash = strrchr(plan->tree, '/');

    snprintf(common, sizeof common, "%.*s/common", (int)(slash - plan->tree), plan->tree);
    words_add(words, BWRAP, "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib",
              "--symlink", "usr/lib64", "/lib64", "--ro-bind-try", "/etc/alternatives", "/etc/alternatives",
              "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--ro-bind-data", passwd, "/etc/passwd", NULL);
    words_add(words, "--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev", "--bind", "/dev/shm",
              "/dev/shm", "--size", "67108864", "--perms", "1777", "--tmpfs", "/tmp", NULL);
    words_bind(words, "--ro-bind", TOOLCHAIN_SOURCE "/common");
    words_bind(words, "--ro-bind", TOOLCHAIN_BUILD "/lib");
    words_bind(words, "--ro-bind-try", TOOLCHAIN_SOURCE "/tests/checks/programs"); /* peers, and linked stand-ins */
    words_bind(words, "--ro-bind-try", TOOLCHAIN_BUILD "/tools/weave");
    words_bind(words, "--ro-bind-try", TOOLCHAIN_BUILD "/bin/weave");
    words_link(words, libraries);
    words_bind(words, "--ro-bind", plan->tree);
    if (strcmp(common, TOOLCHAIN_SOURCE "/common") != 0)
        words_add(words, "--symlink", TOOLCHAIN_SOURCE "/common", common, NULL); /* where Python programs look for it */
    words_bind(words, plan->scratch != NULL ? "--ro-bind" : "--bind", plan->programs);
    words_bind(words, "--bind", plan->scratch);
    words_add(words, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp", NULL);
    words_add(words, "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try",
              "--uid", "1000", "--gid", "1000", "--hostname", "lab", "--new-session", "--die-with-parent", "--cap-drop",
              "ALL", "--as-pid-1", "--clearenv", "--json-status-fd", status, NULL);
    if (!plan->explores)
        words_add(words, "--disable-userns", NULL);
    /* Process 1 of the room only sleeps; that it ignores SIGCHLD lets orphans vanish. The line says that all
     * mounts are done. */
    words_add(words, "--", "/usr/bin/env", "--ignore-signal=CHLD", "/bin/sh", "-c",
              "echo ready; exec sleep infinity <&- >&- 2>&-", NULL);
}

/* A file without a name that bwrap reads from. */
static int text_file(const char *text)
{
    int fd = memfd_create("text", 0);

    if (fd != -1 && (write(fd, text, strlen(text)) == -1 || lseek(fd, 0, SEEK_SET) == -1)) {
        close(fd);
        return -1;
    }
    return fd;
}

static _Noreturn void bwrap_exec(const struct walls_plan *plan, int status, int output)
{
    static const char user[] = "student:x:1000:1000:student:/tmp:/bin/sh\n";
    struct words words = {.count = 0};
    char status_text[16], passwd_text[16];
    int passwd = text_file(user), nothing = open("/dev/null", O_RDWR);
    char *const environment[] = {NULL};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(status_text, sizeof status_text, "%d", status);
    snprintf(passwd_text, sizeof passwd_text, "%d", passwd);
    room_words(&words, plan, status_text, passwd_text);
    dup2(nothing, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    fcntl(status, F_SETFD, 0);
    fcntl(passwd, F_SETFD, 0);
    execve(BWRAP, (char *const *)words.word, environment);
    complain(BWRAP);
    _exit(127);
}

/* The first line of a pipe; empty when there was none. */
static void line_read(int fd, char *line, size_t size)
{
    size_t length = 0;

    while (length + 1 < size && read(fd, line + length, 1) == 1)
        if (line[length++] == '\n')
            break;
    line[length] = '\0';
}

/* In the room's pid namespace, but with our rights in it: let its ids begin higher. */
static void room_number(void)
{
    pid_t helper = fork();

    if (helper == 0) {
        if (setns(room.handle, CLONE_NEWPID) == 0) {
            pid_t inside = fork();
            if (inside == 0)
                _exit(!file_put("/proc/sys/kernel/ns_last_pid", "10000"));
            waitpid(inside, NULL, 0);
        }
        _exit(EXIT_SUCCESS);
    }
    waitpid(helper, NULL, 0);
}

/* bwrap gives its /tmp a limit on bytes only. Its mounts belong to user namespaces below ours, so we may change them.
 */
static bool room_inodes(void)
{
    int status = 0;
    pid_t helper = fork();

    if (helper == 0)
        _exit(setns(room.handle, CLONE_NEWNS) == -1 ||
              mount(NULL, "/tmp", NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV, "size=67108864,nr_inodes=16384") == -1);
    return helper > 0 && waitpid(helper, &status, 0) == helper && status == 0;
}

/* Its /tmp, which this keeps when nobody is in the room any more: proc(5), /proc/PID/root. */
static bool room_files(int *folder)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/root/tmp", (int)room.first);
    *folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *folder != -1;
}

static pid_t room_fork(const struct process_place *place);

static const struct process_place *box_open(const struct walls *walls, const struct walls_plan *plan)
{
    int status[2], output[2];
    char line[256], ready[16];
    const char *number;

    (void)walls;
    if (plan->scratch != NULL &&
        mount("scratch", plan->scratch, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOSYMFOLLOW, room_limits.inodes) == -1) {
        complain(plan->scratch);
        return NULL;
    }
    if (pipe2(status, O_CLOEXEC) == -1 || pipe2(output, O_CLOEXEC) == -1)
        return NULL;
    room.bwrap = fork();
    if (room.bwrap == 0)
        bwrap_exec(plan, status[1], output[1]);
    close(status[1]);
    close(output[1]);
    line_read(status[0], line, sizeof line);
    line_read(output[0], ready, sizeof ready);
    close(output[0]);
    /* status[0] stays open: bwrap writes to it once more at its end, and must not die of that */
    number = strstr(line, "\"child-pid\":");
    if (number == NULL || strcmp(ready, "ready\n") != 0) {
        fprintf(stderr, "grader: box: bubblewrap could not make the room\n");
        return NULL;
    }
    room.first = (pid_t)strtol(number + strlen("\"child-pid\":"), NULL, 10);
    room.handle = pidfd_open(room.first, 0);
    if (room.handle == -1) {
        complain("pidfd_open");
        return NULL;
    }
    if (plan->scratch != NULL && !room_files(&room.place.files)) {
        complain("the room's /tmp");
        return NULL;
    }
    if (!room_inodes()) {
        complain("the limit of files in /tmp");
        return NULL;
    }
    room.build = plan->scratch == NULL;
    room.sockets = plan->sockets;
    room.place.fork = room_fork;
    room.place.python = "/usr/bin/python3";
    room_number();
    return &room.place;
}

/* ---- A process in the room ---- */

static void capabilities_drop(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

    for (int each = 0; prctl(PR_CAPBSET_DROP, each) == 0; each++)
        continue;
    if (syscall(SYS_capset, &header, none) == -1 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) {
        complain("capabilities");
        _exit(127);
    }
}

static void limits_set(void)
{
    for (size_t i = 0; i < sizeof process_limits / sizeof process_limits[0]; i++) {
        rlim_t value = room.build ? process_limits[i].compiler : process_limits[i].program;
        struct rlimit limit = {value, value};
        if (setrlimit(process_limits[i].resource, &limit) == -1 && value != RLIM_INFINITY) {
            complain("setrlimit");
            _exit(127);
        }
    }
}

/* Of all sockets those alone of UNIX's that hand over whole messages. `rest`: so many instructions come after these,
 * the last of which refuses and the one before it allows. Returns how many these are. */
static size_t filter_sockets(struct sock_filter *filter, unsigned char rest)
{
    const struct sock_filter only[] = {
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 5),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])), /* the lower half: an int */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 0, (unsigned char)(rest + 2)),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf), /* without the flags of socket(2) */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOCK_SEQPACKET, (unsigned char)(rest - 2), (unsigned char)(rest - 1)),
    };

    memcpy(filter, only, sizeof only);
    return sizeof only / sizeof only[0];
}

/* What no lab needs, and where holes in kernels were: the calls are not there. False with errno. */
static bool calls_filter(void)
{
    static const unsigned refused[] = {SYS_io_uring_setup,
                                       SYS_io_uring_enter,
                                       SYS_io_uring_register,
                                       SYS_keyctl,
                                       SYS_add_key,
                                       SYS_request_key,
                                       SYS_bpf,
                                       SYS_userfaultfd,
                                       SYS_perf_event_open,
                                       SYS_socket, /* what they hold is in nobody's account */
                                       SYS_socketpair};
    enum { REFUSED = sizeof refused / sizeof refused[0], FRAME = 6, SOCKETS = 6 };
    struct sock_filter filter[REFUSED + FRAME + SOCKETS] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 0, REFUSED + 3 + (room.sockets ? SOCKETS : 0)),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    };
    size_t count = 3;

    if (room.sockets)
        count += filter_sockets(filter + count, REFUSED + 3);
    for (size_t i = 0; i < REFUSED; i++) /* a hit leads over what is left to the end */
        filter[count++] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, refused[i], (unsigned char)(REFUSED - i + 1), 0);
    filter[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 1, 0); /* the x32 numbers */
    filter[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
    const struct sock_fprog program = {(unsigned short)count, filter};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

/* The new process makes itself at home; what its program does then has no way back. */
static void room_settle(void)
{
    static char *const environment[] = {"PATH=/usr/bin:/bin", "HOME=/tmp", "LANG=C.UTF-8", NULL};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    clearenv();
    for (size_t i = 0; environment[i] != NULL; i++)
        putenv(environment[i]);
    if (chdir("/tmp") == -1) {
        complain("chdir(/tmp)");
        _exit(127);
    }
    file_put("/proc/self/oom_score_adj", "1000"); /* before anybody else on this machine */
    personality(ADDR_NO_RANDOMIZE);               /* the same addresses in the same reports */
    limits_set();
    capabilities_drop();
    if (!calls_filter()) {
        complain("a filter for system calls");
        _exit(127);
    }
}

/* setns moves the next child, not the caller, into a pid namespace: hence a helper, whose child is made ours. */
static pid_t room_fork(const struct process_place *place)
{
    const int spaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWCGROUP;
    int channel[2];
    pid_t child = -1;

    (void)place;
    fflush(NULL);
    if (pipe2(channel, O_CLOEXEC) == -1)
        return -1;
    pid_t helper = fork();
    if (helper == 0) {
        if (!cgroup_enter(room.group))
            complain("the control group");
        else if (setns(room.handle, spaces) == -1)
            complain("setns");
        else
            child = fork_with(CLONE_PARENT);
        if (child != 0)
            _exit(write(channel[1], &child, sizeof child) != sizeof child);
        close(channel[0]);
        close(channel[1]);
        room_settle();
        return 0;
    }
    close(channel[1]);
    if (helper > 0 && read(channel[0], &child, sizeof child) != sizeof child)
        child = -1;
    close(channel[0]);
    if (helper > 0)
        waitpid(helper, NULL, 0);
    return child;
}

/* ---- Looking after it ---- */

/* A small file of /proc by one call; "" when it cannot be read. */
static void text_of(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd != -1 ? read(fd, text, size - 1) : 0;

    text[length > 0 ? length : 0] = '\0';
    if (fd != -1)
        close(fd);
}

/* The number behind a key in the text of a file like /proc/meminfo; 0 when it is not there. */
static unsigned long long number_in(const char *text, const char *key)
{
    const char *found = strstr(text, key);

    return found != NULL ? strtoull(found + strlen(key), NULL, 10) : 0;
}

/* Bytes in files without a name that a process holds: memfd_create(2). */
static unsigned long long memory_files(const char *process)
{
    char path[320], target[64];
    unsigned long long sum = 0;
    struct stat info;

    snprintf(path, sizeof path, "/proc/%.16s/fd", process);
    DIR *folder = opendir(path);
    for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        ssize_t length = readlinkat(dirfd(folder), entry->d_name, target, sizeof target);
        if (length > 7 && strncmp(target, "/memfd:", 7) == 0 && fstatat(dirfd(folder), entry->d_name, &info, 0) == 0)
            sum += (unsigned long long)info.st_blocks * 512;
    }
    if (folder != NULL)
        closedir(folder);
    return sum;
}

/* What all processes of the box use together; some of it is counted twice, which the limit has room for. */
struct usage {
    unsigned long long memory;
    unsigned long long tasks; /* threads of all of them: ours are four */
};

/* `files`: look into what they hold open, too. */
static struct usage usage_look(bool files)
{
    struct usage usage = {0, 0};
    char path[64], text[4096];
    DIR *processes = opendir("/proc");

    for (const struct dirent *entry; processes != NULL && (entry = readdir(processes)) != NULL;) {
        if (strtol(entry->d_name, NULL, 10) <= 1)
            continue;
        snprintf(path, sizeof path, "/proc/%.16s/status", entry->d_name);
        text_of(path, text, sizeof text);
        usage.tasks += number_in(text, "\nThreads:");
        usage.memory += (number_in(text, "\nRssAnon:") + number_in(text, "\nRssShmem:")) << 10;
        if (files)
            usage.memory += memory_files(entry->d_name);
    }
    if (processes != NULL)
        closedir(processes);
    return usage;
}

/* Everything in the room but its first process. */
static void room_empty(void)
{
    pid_t helper = fork();

    if (helper == 0) {
        if (setns(room.handle, CLONE_NEWPID) == 0) {
            pid_t inside = fork(); /* in the room's pid namespace, where -1 means everybody in it */
            if (inside == 0) {
                kill(-1, SIGKILL);
                _exit(EXIT_SUCCESS);
            }
            waitpid(inside, NULL, 0);
        }
        _exit(EXIT_SUCCESS);
    }
    waitpid(helper, NULL, 0);
}

/* Has the kernel ended the room's programs because their group was full? memory.events of cgroups(7) */
static bool memory_killed(void)
{
    char text[512] = "";
    ssize_t length = room.events != -1 ? pread(room.events, text, sizeof text - 1, 0) : 0;
    const char *kills = length > 0 ? strstr(text, "oom_kill ") : NULL;

    return kills != NULL && strtol(kills + strlen("oom_kill "), NULL, 10) > 0;
}

/* Sockets in the room's network namespace, which nobody else is in: proc(5), /proc/PID/net. */
static unsigned long long sockets_count(void)
{
    char path[64], text[512];

    snprintf(path, sizeof path, "/proc/%d/net/sockstat", (int)room.first);
    text_of(path, text, sizeof text);
    return number_in(text, "sockets: used ");
}

/* The limit that the room has met; NULL: none. Files without a name are looked at every few looks: it costs more. */
static const struct walls_limit *limit_met(unsigned look)
{
    char text[4096];
    const struct usage usage = usage_look(room.group == -1 && look % LOOK_FILES == 0);

    if (room.group == -1 && usage.memory > room_limits.memory)
        return &limit_memory;
    if (!room.build && usage.tasks >= ROOM_TASKS)
        return &limit_processes;
    if (room.sockets && sockets_count() >= ROOM_SOCKETS)
        return &limit_sockets;
    text_of("/proc/meminfo", text, sizeof text);
    return number_in(text, "MemAvailable:") << 10 < room_limits.least ? &limit_machine : NULL;
}

static bool box_wait(const struct walls *walls, pid_t child, int64_t end_ms, int *status,
                     const struct walls_limit **met)
{
    int handle = pidfd_open(child, 0);
    struct pollfd poller = {.fd = handle, .events = POLLIN};
    unsigned look = 0;
    bool late = false;

    (void)walls;
    *met = NULL;
    while (poll(&poller, 1, LOOK_MS) == 0) {
        if (clock_now_ms() >= end_ms) {
            late = true;
            kill(child, SIGKILL);
            break;
        }
        const struct walls_limit *limit = limit_met(look++);
        if (limit != NULL)
            room_empty(); /* the check sees that its programs were killed */
        *met = *met != NULL ? *met : limit;
    }
    close(handle);
    waitpid(child, status, 0);
    if (*met == NULL && memory_killed())
        *met = &limit_memory;
    return late;
}

static void box_close(const struct walls *walls)
{
    (void)walls;
    if (room.first == 0)
        return;
    kill(room.first, SIGKILL); /* process 1 of the room: the kernel kills the others before it ends */
    waitpid(room.bwrap, NULL, 0);
    struct pollfd poller = {.fd = room.handle, .events = POLLIN};
    poll(&poller, 1, EXIT_LIMIT_MS);
    while (waitpid(-1, NULL, WNOHANG) > 0) /* process 1 of the box inherits who is left */
        continue;
}

static bool box_admit(const struct walls *walls, const char *folder)
{
    (void)walls;
    return geteuid() != 0 || chown(folder, SPARE_ID, SPARE_ID) == 0;
}

/* ---- What is offered ---- */

const char *const isolation_names[ISOLATIONS] = {[ISOLATION_FULL] = "full", [ISOLATION_NONE] = "none"};

static const struct walls full = {
    .fork = box_fork, .open = box_open, .wait = box_wait, .close = box_close, .admit = box_admit};

const struct walls *box_walls(enum isolation isolation)
{
    return isolation == ISOLATION_FULL ? &full : NULL;
}

enum isolation box_isolation(struct argp_state *state, const char *name)
{
    int each = 0;

    while (each < ISOLATIONS && strcmp(name, isolation_names[each]) != 0)
        each++;
    if (each == ISOLATIONS)
        argp_error(state, "--isolation %s: it is full or none", name);
    return (enum isolation)each;
}

/* ---- Is it there? ---- */

static bool answer(char *why, size_t size, const char *text)
{
    snprintf(why, size, "%s", text);
    return false;
}

/* In the keeper: a program in the room, and what the kernel says of it. Returns the number of what is wrong. */
static int box_probe(const struct walls *walls, const char *folder)
{
    const struct walls_plan plan = {
        .tree = TOOLCHAIN_SOURCE "/labs", .programs = TOOLCHAIN_BUILD "/lib", .scratch = folder};
    const struct process_place *place = walls->open(walls, &plan);
    int status = 1;

    if (place == NULL)
        return PROBE_ROOM;
    pid_t program = place->fork(place);
    if (program == 0) {
        execl("/bin/sh", "sh", "-c", "test ! -e /etc/shadow && test $(id -u) = 1000 && : >/dev/shm/probe",
              (char *)NULL);
        _exit(127);
    }
    if (program > 0)
        waitpid(program, &status, 0);
    walls->close(walls);
    return program > 0 && status == 0 && access("/dev/shm/probe", F_OK) == 0 ? PROBE_GOOD : PROBE_PROGRAM;
}

bool box_try(const char *folder, char *why, size_t size)
{
    int status = 0;

    if (!full.admit(&full, folder))
        return answer(why, size, "the folder for the run cannot be given to the grader's user");
    if (access(BWRAP, X_OK) == -1)
        return answer(why, size, "bubblewrap is missing (Debian: bubblewrap)");
    fflush(NULL);
    pid_t keeper = full.fork(&full);
    if (keeper == 0)
        _exit(box_probe(&full, folder));
    if (keeper == -1)
        return answer(why, size,
                      "the kernel gives no user namespaces (some containers, WSL1, "
                      "kernel.unprivileged_userns_clone=0)");
    waitpid(keeper, &status, 0);
    switch (WIFEXITED(status) ? WEXITSTATUS(status) : PROBE_KEEPER) {
    case PROBE_GOOD:
        return true;
    case PROBE_ROOM:
        return answer(why, size,
                      geteuid() == 0 ? "bubblewrap could not make a room; as root: may everybody enter the "
                                       "project's folder and the build folder?"
                                     : "bubblewrap could not make a room");
    case PROBE_PROGRAM:
        return answer(why, size, "a program in the room is not where it should be");
    default:
        return answer(why, size, "the namespaces cannot be furnished: a container that hides parts of /proc");
    }
}

void box_room_end(const char *folder)
{
    cgroup_end();
    folder_remove(folder);
}

bool box_room(enum isolation isolation, char *folder, size_t size, const char *note)
{
    const char *base = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
    char why[256];

    if (snprintf(folder, size, "%s/shmlab-grader.XXXXXX", base) >= (int)size || mkdtemp(folder) == NULL) {
        error_report_errno("set TMPDIR to a folder that can be written", "mkdtemp(%s)", folder);
        return false;
    }
    if (note != NULL && !text_store(note, folder, strlen(folder))) { /* now: a trial takes time, and may be killed */
        error_report_errno("is there room, and may you write to that folder?", "%s", note);
        rmdir(folder);
        return false;
    }
    if (isolation == ISOLATION_NONE)
        fprintf(stderr, "grader: --isolation none: programs of the submissions run as you, on your files\n");
    if (isolation != ISOLATION_FULL)
        return true;
    cgroup_begin(why, sizeof why); /* without groups boxes are watched */
    if (box_try(folder, why, sizeof why))
        return true;
    cgroup_end();
    error_report("`grader doctor` says more; --isolation none runs submissions unprotected, as you, and every result "
                 "says so",
                 "no full isolation on this machine: %s", why);
    rmdir(folder);
    return false;
}
