/* See machine.h. */
#define _GNU_SOURCE
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"
#include "scratch.h"
#include "shim.h"
#include "toolchain.h"

enum {
    LEAST_BUILD = 16 << 20, /* bytes that the programs of a lab take, with sanitizers and all */
    LEAST_FILES = 64,       /* open files: weave and Python want most */
    LEAST_PROCESSES = 32,
    PROBE_SECONDS = 20,
    SEGMENT = 4096,
    FOLDER_TOLD = 150,
};

static void answer_cure(struct machine_answer *answer, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void answer_cure(struct machine_answer *answer, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(answer->cure, sizeof answer->cure, format, list);
    va_end(list);
}

static void answer_what(struct machine_answer *answer, bool good, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void answer_what(struct machine_answer *answer, bool good, const char *format, ...)
{
    va_list list;

    answer->good = good;
    va_start(list, format);
    vsnprintf(answer->what, sizeof answer->what, format, list);
    va_end(list);
}

/* ---- Which system is this? ---- */

static long number_in(const char *path)
{
    FILE *file = fopen(path, "re");
    long number = -1;

    if (file != NULL && fscanf(file, "%ld", &number) != 1)
        number = -1;
    if (file != NULL)
        fclose(file);
    return number;
}

static bool text_in(const char *path, const char *text)
{
    char *line = NULL;
    size_t size = 0;
    bool found = false;
    FILE *file = fopen(path, "re");

    while (file != NULL && !found && getline(&line, &size, file) != -1)
        found = strcasestr(line, text) != NULL;
    if (file != NULL)
        fclose(file);
    free(line);
    return found;
}

/* Docker, podman, Kubernetes, LXC: what they leave as a trace of themselves. */
static bool in_container(void)
{
    return access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0 ||
           text_in("/proc/1/cgroup", "docker") || text_in("/proc/1/cgroup", "kubepods") ||
           text_in("/proc/1/environ", "container=");
}

/* ---- Files ---- */

static bool file_runs(const char *folder, int *number)
{
    char path[1024];
    bool runs = false;

    /* access(2) gives EACCES for X_OK on a mount without exec, root or not */
    snprintf(path, sizeof path, "%.900s/probe.XXXXXX", folder);
    int fd = mkostemp(path, O_CLOEXEC);
    *number = errno;
    if (fd == -1)
        return false;
    runs = fchmod(fd, 0700) == 0 && access(path, X_OK) == 0;
    *number = 0;
    close(fd);
    unlink(path);
    return runs;
}

struct machine_answer machine_folder(const char *folder)
{
    struct machine_answer answer = {.good = true};
    struct statvfs space = {0};
    /* told without what is made again for each run */
    const char *own = strstr(folder, "/" SCRATCH_NAME);
    int number, length = own != NULL ? (int)(own - folder) : (int)strlen(folder);

    length = length < FOLDER_TOLD ? length : FOLDER_TOLD;
    answer_cure(&answer, "name another folder for what exists during a run only: mkdir -p ~/tmp, then "
                         "TMPDIR=$HOME/tmp make labN");
    bool runs = file_runs(folder, &number);
    if (number != 0)
        answer_what(&answer, false, "no file can be made in %.*s: %s", length, folder, strerror(number));
    else if (!runs)
        answer_what(&answer, false, "nothing that is in %.*s may be run: it is mounted with noexec", length, folder);
    else if (statvfs(folder, &space) == 0 && (unsigned long long)space.f_bavail * space.f_frsize < LEAST_BUILD)
        answer_what(&answer, false, "%.*s is full: %d MiB are wanted", length, folder, LEAST_BUILD >> 20);
    else
        answer_what(&answer, true, "%.*s: files can be made there, and run", length, folder);
    return answer;
}

struct machine_answer machine_results(const char *folder)
{
    struct machine_answer answer = machine_folder(folder);

    answer_cure(&answer, "make the project's folder yours to write to (chmod -R u+w), or work on a copy of it in your "
                         "home folder");
    return answer;
}

struct machine_answer machine_files(void)
{
    struct machine_answer answer = {.good = true};
    struct rlimit limit = {0};

    getrlimit(RLIMIT_NOFILE, &limit);
    answer_what(&answer, limit.rlim_cur >= LEAST_FILES, "open files: %llu for a process",
                (unsigned long long)limit.rlim_cur);
    answer_cure(&answer, "ulimit -n 1024 in this terminal, then again");
    return answer;
}

/* Of this user; threads count, too: getrlimit(2). Tried, not counted: who else runs is not ours to see everywhere. */
struct machine_answer machine_processes(void)
{
    struct machine_answer answer = {.good = true};
    pid_t children[LEAST_PROCESSES];
    size_t count = 0;

    for (; count < LEAST_PROCESSES; count++) {
        children[count] = fork();
        if (children[count] == 0) {
            pause();
            _exit(EXIT_SUCCESS);
        }
        if (children[count] == -1)
            break;
    }
    answer_what(&answer, count == LEAST_PROCESSES, "processes: %zu more can be started%s", count,
                count == LEAST_PROCESSES ? " at least" : "");
    answer_cure(&answer, "end programs of yours that you do not need (ps -u $USER), or raise ulimit -u");
    for (size_t i = 0; i < count; i++) {
        kill(children[i], SIGKILL);
        waitpid(children[i], NULL, 0);
    }
    return answer;
}

/* ---- Shared memory ---- */

struct machine_answer machine_posix(unsigned long long bytes)
{
    struct machine_answer answer = {.good = true};
    struct statvfs space = {0};
    char name[64];

    snprintf(name, sizeof name, "/shmlab_probe_%d", (int)getpid());
    int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    int number = fd == -1 ? errno : posix_fallocate(fd, 0, SEGMENT);
    if (fd != -1) {
        close(fd);
        shm_unlink(name);
    }
    bool known = statvfs("/dev/shm", &space) == 0;
    unsigned long long left = (unsigned long long)space.f_bavail * space.f_frsize;
    if (number == EACCES || number == EPERM)
        answer_cure(&answer, "look at the permissions of /dev/shm: they should be 1777 (sudo chmod 1777 /dev/shm)");
    else if (number == ENOENT || !known)
        answer_cure(&answer, "mount it: sudo mount -t tmpfs tmpfs /dev/shm");
    else
        answer_cure(&answer, in_container() ? "start the container with --shm-size=256m"
                                            : "ls -l /dev/shm: remove what is yours and not used any more, or make it "
                                              "larger: sudo mount -o remount,size=256m /dev/shm");
    if (number != 0)
        answer_what(&answer, false, "POSIX shared memory cannot be made: %s", strerror(number));
    else
        answer_what(&answer, left >= bytes, "/dev/shm: %llu KiB free, %llu KiB wanted", left >> 10, bytes >> 10);
    return answer;
}

struct machine_answer machine_sysv(void)
{
    struct machine_answer answer = {.good = true};
    struct shminfo info = {0};
    int id = shmget(IPC_PRIVATE, SEGMENT, IPC_CREAT | 0600), number = errno;

    if (id != -1)
        shmctl(id, IPC_RMID, NULL);
    shmctl(0, IPC_INFO, (struct shmid_ds *)(void *)&info); /* shmctl(2): that command's argument */
    if (id == -1)
        answer_what(&answer, false, "System V shared memory cannot be made: %s (shmmni %lu, shmall %lu)",
                    strerror(number), info.shmmni, info.shmall);
    else
        answer_what(&answer, true, "System V shared memory: %lu segments at most, the largest %lu KiB", info.shmmni,
                    info.shmmax >> 10);
    if (number == ENOSPC || number == ENOMEM || number == EINVAL)
        answer_cure(&answer, "ipcs -m: remove what is yours (ipcrm -m ID), or raise the limits: sudo sysctl "
                             "kernel.shmmni=4096 kernel.shmall=4194304 kernel.shmmax=68719476736");
    else
        answer_cure(&answer, "a sandbox forbids it: run the labs outside");
    return answer;
}

int machine_segment(int index, struct shmid_ds *info)
{
    int id = shmctl(index, SHM_STAT_ANY, info);

    return id == -1 && errno == EINVAL ? shmctl(index, SHM_STAT, info) : id; /* an index that is free gives that, too */
}

/* ---- Time ---- */

static double children_seconds(void)
{
    struct rusage used;

    getrusage(RUSAGE_CHILDREN, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

double machine_python_seconds(const struct process_place *place)
{
    const char *const argv[] = {place != NULL ? place->python : TOOLCHAIN_PYTHON, "-c", "import argparse, ctypes, mmap",
                                NULL};
    const struct process_setup setup = {.place = place};
    struct process process;
    double before = children_seconds(); /* of those that are reaped: nobody else is in between */

    if (!process_start_with(&process, argv, &setup))
        return 0;
    process_finish(&process);
    process_close(&process);
    return children_seconds() - before;
}

/* ---- Sanitizers ---- */

/* Run it; its status as process_finish gives it, and the line that says why it failed. */
static int probe_run(const char *const argv[], const struct process_setup *setup, char *why, size_t size)
{
    struct process process;
    int status = -1;

    why[0] = '\0';
    if (!process_start_with(&process, argv, setup))
        return -1;
    status = process_finish(&process);
    const char *line = strstr(process.text, "FATAL");
    line = line != NULL ? line : strstr(process.text, "ERROR");
    line = line != NULL ? line : process.text;
    snprintf(why, size, "%.*s", (int)strcspn(line, "\n"), line);
    process_close(&process);
    return status;
}

static const struct {
    const char *name, *program, *environment, *finds;
} sanitizers[] = {
    [SANITIZER_ADDRESS] = {"AddressSanitizer", TOOLCHAIN_BUILD "/lib/probe_address", "ASAN_OPTIONS=detect_leaks=0",
                           "memory beyond an array"},
    [SANITIZER_LEAK] = {"LeakSanitizer", TOOLCHAIN_BUILD "/lib/probe_address", "ASAN_OPTIONS=detect_leaks=1",
                        "memory that is never given back"},
    [SANITIZER_THREAD] = {"ThreadSanitizer", TOOLCHAIN_BUILD "/lib/probe_thread",
                          "TSAN_OPTIONS=", "what is not handed over"},
};

struct machine_answer machine_sanitizer(enum sanitizer which, const struct process_place *place)
{
    struct machine_answer answer = {.good = false};
    const char *const argv[] = {sanitizers[which].program, NULL};
    const char *const environment[] = {sanitizers[which].environment, NULL};
    const struct process_setup setup = {
        .place = place, .environment = environment, .limit = PROBE_SECONDS, .steady = true};
    char why[128];

    if (access(argv[0], X_OK) == -1) {
        answer_what(&answer, false, "%s: this compiler has none", sanitizers[which].name);
        answer_cure(&answer, "install it (gcc: apt install libgcc-dev of its version; clang: apt install "
                             "libclang-rt-dev), then configure again");
        return answer;
    }
    int status = probe_run(argv, &setup, why, sizeof why);
    answer_what(&answer, status == 0, "%s: %s%s", sanitizers[which].name,
                status == 0 ? "finds " : "does not run here: ", status == 0 ? sanitizers[which].finds : why);
    if (which == SANITIZER_LEAK)
        answer_cure(&answer, in_container() ? "it needs ptrace: start the container with --cap-add=SYS_PTRACE"
                                            : "it needs ptrace, which an emulator, a debugger or a sandbox takes away");
    else
        answer_cure(&answer,
                    "ulimit -v unlimited; in an emulator (an amd64 image on an ARM machine) take a native one");
    return answer;
}

bool machine_refused_sanitizer(const char *output)
{
    static const char *const sayings[] = {
        "FATAL: ThreadSanitizer: unexpected memory mapping",
        "FATAL: ThreadSanitizer: encountered an incompatible memory layout",
        "LeakSanitizer has encountered a fatal error",
        "Shadow memory range interleaves with an existing memory mapping",
        "ReserveShadowMemoryRange failed",
        "AddressSanitizer failed to allocate",
    };

    for (size_t i = 0; i < sizeof sayings / sizeof sayings[0]; i++)
        if (strstr(output, sayings[i]) != NULL)
            return true;
    return false;
}

/* ---- Preloading ---- */

struct machine_answer machine_preload(void)
{
    struct machine_answer answer = {.good = false};
    struct scratch scratch;
    struct shim_orders *orders = MAP_FAILED;
    char path[300], preload[64], variable[400], why[128] = "";
    const char *const environment[] = {preload, variable, NULL};
    const char *const argv[] = {TOOLCHAIN_PYTHON, "-S", "-c", "", NULL};
    int shim = open(TOOLCHAIN_SHIM, O_RDONLY | O_CLOEXEC);

    answer_cure(&answer, "a hardened loader, or build/ on a file system that is mounted with noexec: build elsewhere");
    if (shim == -1 || scratch_make(&scratch, NULL) != 0) {
        answer_what(&answer, false, "preloading: %s", shim == -1 ? TOOLCHAIN_SHIM " is missing" : "no folder for it");
        return answer;
    }
    snprintf(path, sizeof path, "%s/orders", scratch.path);
    snprintf(preload, sizeof preload, "LD_PRELOAD=/proc/self/fd/%d", shim);
    snprintf(variable, sizeof variable, SHIM_VARIABLE "=%s", path);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd != -1 && ftruncate(fd, sizeof *orders) == 0)
        orders = mmap(NULL, sizeof *orders, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (orders != MAP_FAILED) {
        orders->size = sizeof *orders;
        probe_run(argv, &(struct process_setup){.environment = environment, .keep = {shim}}, why, sizeof why);
        /* stored by orders_take in shim.c; the program has ended */
        answer.good = __atomic_load_n(&orders->loaded, __ATOMIC_ACQUIRE) == 1;
        munmap(orders, sizeof *orders);
    }
    answer_what(&answer, answer.good, "preloading a library, which lets calls fail in your programs%s%s",
                why[0] != '\0' ? ": " : "", why);
    if (fd != -1)
        close(fd);
    close(shim);
    scratch_remove(&scratch);
    return answer;
}

/* ---- Single steps ---- */

bool machine_steps_end(void)
{
#if defined(__aarch64__)
    return getauxval(AT_HWCAP) & HWCAP_ATOMICS;
#else
    return true;
#endif
}

struct machine_answer machine_steps(void)
{
    struct machine_answer answer = {.good = false};
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
            _exit(errno);
        raise(SIGSTOP);
        _exit(EXIT_SUCCESS);
    }
    if (child > 0 && waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
        answer.good = ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) == 0 && waitpid(child, &status, 0) == child &&
                      WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP;
        if (!WIFEXITED(status) && !WIFSIGNALED(status)) {
            kill(child, SIGKILL);
            waitpid(child, NULL, 0);
        }
    }
    if (answer.good && !machine_steps_end()) {
        answer_what(&answer, false, "this processor has no single atomic instructions (Armv8.1)");
        answer_cure(&answer, "steps never leave a pair of exclusive instructions: take another machine");
        return answer;
    }
    answer_what(&answer, answer.good, "programs can be run instruction by instruction: ptrace%s",
                answer.good ? "" : " is refused");
    answer_cure(&answer, in_container() ? "start the container with --cap-add=SYS_PTRACE --security-opt "
                                          "seccomp=unconfined"
                                        : "an emulator or a sandbox takes it away: run the labs outside, natively");
    return answer;
}

/* ---- Namespaces ---- */

/* What weave does to be alone with its programs; the answer is errno of what was refused. */
static _Noreturn void namespaces_enter(int refused)
{
    int answer[2] = {0, 0}; /* in namespaces, in mounts */

    if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC) == -1)
        answer[0] = errno;
    else if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
             mount("probe", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "size=64k") == -1)
        answer[1] = errno;
    if (write(refused, answer, sizeof answer) != sizeof answer)
        _exit(EXIT_FAILURE);
    _exit(EXIT_SUCCESS);
}

static void namespaces_cure(struct machine_answer *answer)
{
    if (number_in("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1)
        answer_cure(answer, "Ubuntu's AppArmor refuses it: sudo sysctl "
                            "kernel.apparmor_restrict_unprivileged_userns=0 (until the next boot; for good: a line in "
                            "/etc/sysctl.d/), or a profile for " TOOLCHAIN_WEAVE " with `userns,`: docs/machines.md");
    else if (in_container())
        answer_cure(answer, "start the container with --security-opt seccomp=unconfined --security-opt "
                            "apparmor=unconfined (in .devcontainer/devcontainer.json they are there)");
    else if (number_in("/proc/sys/kernel/unprivileged_userns_clone") == 0)
        answer_cure(answer, "sudo sysctl kernel.unprivileged_userns_clone=1");
    else if (number_in("/proc/sys/user/max_user_namespaces") == 0)
        answer_cure(answer, "sudo sysctl user.max_user_namespaces=15000");
    else if (text_in("/proc/version", "microsoft") && !text_in("/proc/version", "WSL2"))
        answer_cure(answer, "WSL 1 has no namespaces: wsl --set-version DISTRIBUTION 2, in Windows");
    else
        answer_cure(answer, "a sandbox forbids it: run the labs outside, or in the project's dev container");
}

struct machine_answer machine_namespaces(void)
{
    struct machine_answer answer = {.good = false};
    int refused[2], number[2] = {EIO, 0};

    if (pipe2(refused, O_CLOEXEC) == -1)
        return answer;
    pid_t child = fork();
    if (child == 0)
        namespaces_enter(refused[1]);
    close(refused[1]);
    if (read(refused[0], number, sizeof number) != sizeof number)
        number[0] = EIO;
    close(refused[0]);
    if (child > 0)
        waitpid(child, NULL, 0);
    if (number[0] != 0)
        answer_what(&answer, false, "user namespaces: %s", strerror(number[0]));
    else if (number[1] != 0)
        answer_what(&answer, false, "mounts in a user namespace: %s", strerror(number[1]));
    else
        answer_what(&answer, true, "user namespaces, with mounts in them");
    namespaces_cure(&answer);
    return answer;
}

/* ---- weave ---- */

/* It takes a semaphore, so that there is something to be explored. */
static const char woven_source[] =
    "#include <fcntl.h>\n#include <semaphore.h>\n#include <sys/mman.h>\n#include <unistd.h>\n"
    "int main(void)\n{\n"
    "    int fd = shm_open(\"/probe\", O_CREAT | O_RDWR, 0600);\n"
    "    sem_t *turn = sem_open(\"/probe\", O_CREAT, 0600, 1);\n"
    "    if (fd == -1 || turn == SEM_FAILED || ftruncate(fd, 4) == -1)\n        return 1;\n"
    "    int *number = mmap(NULL, 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);\n"
    "    if (number == MAP_FAILED)\n        return 1;\n"
    "    sem_wait(turn);\n    ++*number;\n    sem_post(turn);\n    return 0;\n}\n";

static int weave_run(const char *folder, char *why, size_t size)
{
    char source[300], program[300];
    const char *const compile[] = {TOOLCHAIN_WEAVE, "cc", "--compiler=" TOOLCHAIN_COMPILER, source, "-o",
                                   program,         NULL};
    const char *const explore[] = {TOOLCHAIN_WEAVE, "--sealed", "--", program, "--", program, NULL};
    const struct process_setup setup = {.limit = 3 * PROBE_SECONDS};

    snprintf(source, sizeof source, "%s/probe.c", folder);
    snprintf(program, sizeof program, "%s/probe", folder);
    FILE *file = fopen(source, "we");
    if (file == NULL)
        return -1;
    fputs(woven_source, file);
    fclose(file);
    int status = probe_run(compile, &setup, why, size);
    return status == 0 ? probe_run(explore, &setup, why, size) : status;
}

struct machine_answer machine_weave(void)
{
    struct machine_answer answer = {.good = false};
    struct scratch scratch;
    char why[200] = "";

    answer_cure(&answer, "see the line on namespaces; tools/weave/README.md says what weave needs");
    if (TOOLCHAIN_WEAVE[0] == '\0') {
        answer_what(&answer, false, "weave is not built here");
        answer_cure(&answer,
                    "it needs Linux on x86-64 or arm64, and libdw: apt install libdw-dev, then configure again");
        return answer;
    }
    if (scratch_make(&scratch, NULL) != 0)
        return answer;
    int status = weave_run(scratch.path, why, sizeof why);
    answer_what(&answer, status == 0, "weave explores two programs%s%s", status == 0 ? "" : ": ",
                status == 0 ? "" : why);
    scratch_remove(&scratch);
    return answer;
}

/* ---- Emulation ---- */

struct machine_answer machine_native(void)
{
    struct machine_answer answer = {.good = true};
    struct utsname name;
    bool native = true;

    uname(&name);
    bool x86 = text_in("/proc/cpuinfo", "vendor_id"), arm = text_in("/proc/cpuinfo", "CPU implementer");
    if (strcmp(name.machine, "x86_64") == 0) /* Rosetta gives a vendor of its own */
        native = !arm && !text_in("/proc/cpuinfo", "VirtualApple");
    else if (strcmp(name.machine, "aarch64") == 0)
        native = !x86;
    answer_what(&answer, native, "the processor is %s%s", name.machine, native ? "" : ", but emulated");
    answer_cure(&answer, "an emulator has neither ptrace nor most sanitizers: take a native image (docker pull "
                         "--platform=linux/arm64 on an ARM machine)");
    return answer;
}
