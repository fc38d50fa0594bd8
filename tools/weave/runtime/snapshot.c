/*
 * Going back to the beginning of a run, which costs a tenth of fork and exit.
 *
 * The first process of a program's runs remembers what it is like before its first turn: its writable memory, its
 * descriptors, signal actions and mappings. At the end of a run it undoes what the run has changed of these, and is in
 * the next run as a new process would be. A run that did anything else that lasts (see lasting_calls.c) is told so by
 * snapshot_spoil: then the process ends with the run, and the fork server makes a new one.
 *
 * Nothing rests on the list of those calls alone. How much memory is mapped and which files the kept descriptors are is
 * compared after every run, which memory was written the kernel knows (pagemap in proc(5)), the search compares the
 * states of runs that begin in the same way (runner/search.c), and what seems to be a failure is made again by new
 * processes before it is told (runner/explore.c).
 */
#include "runtime.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum {
    PAGES = 4096, /* of writable memory; a program with more is forked for every run */
    LARGEST_PAGE = 65536,
    AREAS = 256,
    KEPT = 16,
    MAPPED = 64,
    STACK_BYTES = 64 * 1024,
    TEXT_BYTES = 64 * 1024,
    DESCRIPTORS_BEFORE_CONTROL = 8,
};
/* proc(5) */
#define PAGE_PRESENT ((uint64_t)1 << 63)
#define PAGE_SWAPPED ((uint64_t)1 << 62)
#define PAGE_OF_FILE ((uint64_t)1 << 61)
#define PAGE_OF_ONE  ((uint64_t)1 << 56) /* no other process has it: it was written since this one was forked */

/* Lines of /proc/self/maps. */
struct area {
    uintptr_t start, end;
    char permissions[4];
    bool of_file;
};

struct memory {
    uintptr_t start, end;
    uint32_t first; /* of its pages in `saved` */
};

/* It lies in a mapping of its own, which stays as it is; far from what programs map, after the control segment. */
struct snapshot {
    ucontext_t resume, leave;
    bool taken;
    int pagemap, statm;
    uintptr_t program_break;
    size_t page;
    uint64_t size; /* pages mapped */
    mode_t mask;   /* of files that are made */
    uint32_t areas, memories, saved_pages, kept_count, mapped_count;
    struct area area[AREAS], now[AREAS];
    struct memory memory[AREAS];
    struct {
        int descriptor;
        dev_t device;
        ino_t inode;
    } kept[KEPT];
    struct {
        uintptr_t start;
        size_t size;
    } mapped[MAPPED]; /* by this run, as far as wrappers saw it */
    struct sigaction action[NSIG];
    uint32_t saved[PAGES]; /* 1 + index in `copy`; 0: the page was not there, all zero */
    uint64_t entry[PAGES];
    char text[TEXT_BYTES];
    char stack[STACK_BYTES] __attribute__((aligned(64)));
    char copy[]; /* PAGES pages */
};
#define SNAPSHOT ((struct snapshot *)((uintptr_t)WEAVE_CONTROL_ADDRESS + ((uintptr_t)1 << 32)))

static bool resident, spoiled;
static uint64_t changed_actions; /* a bit for each signal */

bool snapshot_may_stay(void)
{
    return resident;
}

void snapshot_spoil(void)
{
    spoiled = true;
}

void snapshot_action(int signal)
{
    if (signal > 0 && signal < NSIG)
        changed_actions |= (uint64_t)1 << (signal - 1);
}

void snapshot_mapped(const void *start, size_t size)
{
    if (!resident || SNAPSHOT->mapped_count == MAPPED)
        return; /* or it is found in /proc/self/maps */
    SNAPSHOT->mapped[SNAPSHOT->mapped_count].start = (uintptr_t)start;
    SNAPSHOT->mapped[SNAPSHOT->mapped_count++].size = size;
}

/* ---- what there is ---- */

static bool snapshot_read_file(const char *path, char *text, size_t size)
{
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    long got = file < 0 ? -1 : 1;
    while (got > 0 && length + 1 < size) {
        got = syscall(SYS_read, file, text + length, size - 1 - length);
        length += got > 0 ? (size_t)got : 0;
    }
    if (file >= 0)
        syscall(SYS_close, file);
    text[length] = '\0';
    return got == 0;
}

/* "start-end rwxp offset device inode path". The areas found, 0: too many. */
static uint32_t snapshot_read_areas(struct area *area)
{
    char *text = SNAPSHOT->text;
    uint32_t count = 0;
    if (!snapshot_read_file("/proc/self/maps", text, TEXT_BYTES))
        return 0;
    for (char *at = text; *at != '\0'; count++) {
        if (count == AREAS)
            return 0;
        area[count].start = strtoul(at, &at, 16);
        area[count].end = strtoul(at + 1, &at, 16);
        memcpy(area[count].permissions, at + 1, sizeof area->permissions);
        at += 1 + sizeof area->permissions + 1;
        for (int field = 0; field < 2; field++) /* offset, device */
            at += strcspn(at, " ") + 1;
        area[count].of_file = strtoul(at, &at, 10) != 0;
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    return count;
}

/* How many pages are mapped. */
static uint64_t snapshot_size(void)
{
    char text[128];
    ssize_t length = REAL(pread)(SNAPSHOT->statm, text, sizeof text - 1, 0);
    text[length < 0 ? 0 : length] = '\0';
    return strtoul(text, NULL, 10);
}

static bool snapshot_entries(const struct memory *memory)
{
    size_t pages = (memory->end - memory->start) / SNAPSHOT->page, bytes = pages * sizeof SNAPSHOT->entry[0];
    off_t offset = (off_t)(memory->start / SNAPSHOT->page * sizeof SNAPSHOT->entry[0]);
    return REAL(pread)(SNAPSHOT->pagemap, SNAPSHOT->entry, bytes, offset) == (ssize_t)bytes;
}

/* ---- taking it ---- */

static int snapshot_open(const char *path)
{
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    int far = file < 0 ? -1
                       : (int)syscall(SYS_fcntl, file, F_DUPFD_CLOEXEC,
                                      (long)runtime.descriptor - DESCRIPTORS_BEFORE_CONTROL);
    if (file >= 0)
        syscall(SYS_close, file);
    return far;
}

static bool snapshot_keep(int descriptor)
{
    struct stat status;
    if (SNAPSHOT->kept_count == KEPT || REAL(fstat)(descriptor, &status) != 0)
        return false;
    SNAPSHOT->kept[SNAPSHOT->kept_count].descriptor = descriptor;
    SNAPSHOT->kept[SNAPSHOT->kept_count].device = status.st_dev;
    SNAPSHOT->kept[SNAPSHOT->kept_count++].inode = status.st_ino;
    return true;
}

/* All that are open; false: too many. */
static bool snapshot_keep_descriptors(void)
{
    struct entry {
        uint64_t inode;
        int64_t offset;
        uint16_t length;
        uint8_t type;
        char name[];
    }; /* getdents(2) */
    int folder = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool fine = folder >= 0;
    long length;
    while (fine && (length = syscall(SYS_getdents64, folder, SNAPSHOT->text, TEXT_BYTES)) > 0)
        for (long at = 0; at < length && fine;) {
            const struct entry *entry = (const void *)(SNAPSHOT->text + at);
            int descriptor = atoi(entry->name);
            if (entry->name[0] != '.' && descriptor != folder)
                fine = snapshot_keep(descriptor);
            at += entry->length;
        }
    if (folder >= 0)
        syscall(SYS_close, folder);
    for (uint32_t i = 1; i < SNAPSHOT->kept_count; i++) /* in order: see snapshot_close */
        fine = fine && SNAPSHOT->kept[i].descriptor > SNAPSHOT->kept[i - 1].descriptor;
    return fine;
}

/* The pages that have something in them. */
static bool snapshot_copy_memory(const struct memory *memory, bool of_file)
{
    size_t pages = (memory->end - memory->start) / SNAPSHOT->page;
    if (!snapshot_entries(memory))
        return false;
    for (size_t i = 0; i < pages; i++) {
        bool there = of_file || (SNAPSHOT->entry[i] & (PAGE_PRESENT | PAGE_SWAPPED)) != 0;
        SNAPSHOT->saved[memory->first + i] = there ? ++SNAPSHOT->saved_pages : 0;
        if (there)
            memcpy(SNAPSHOT->copy + (SNAPSHOT->saved_pages - 1) * SNAPSHOT->page,
                   (const void *)(memory->start + i * SNAPSHOT->page), SNAPSHOT->page);
    }
    return true;
}

/* Runs in a frame below that of snapshot_take, whose own it copies as well. */
static bool snapshot_copy(void)
{
    uint32_t pages = 0;
    SNAPSHOT->areas = snapshot_read_areas(SNAPSHOT->area);
    for (uint32_t i = 0; i < SNAPSHOT->areas; i++) {
        const struct area *area = &SNAPSHOT->area[i];
        if (area->permissions[1] != 'w' || area->permissions[3] != 'p')
            continue;
        size_t more = (area->end - area->start) / SNAPSHOT->page;
        struct memory *memory = &SNAPSHOT->memory[SNAPSHOT->memories++];
        *memory = (struct memory){area->start, area->end, pages};
        if (more > PAGES - pages || !snapshot_copy_memory(memory, area->of_file))
            return false;
        pages += (uint32_t)more;
    }
    return SNAPSHOT->areas > 0;
}

static bool snapshot_prepare(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (page > LARGEST_PAGE)
        return false;
    void *at = (void *)syscall(SYS_mmap, SNAPSHOT, sizeof(struct snapshot) + PAGES * page, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (at != (void *)SNAPSHOT)
        return false;
    SNAPSHOT->page = page;
    /* Pages are told apart one by one only when they are no part of a large one. */
    if (syscall(SYS_prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0)
        return false;
    SNAPSHOT->pagemap = snapshot_open("/proc/self/pagemap");
    SNAPSHOT->statm = snapshot_open("/proc/self/statm");
    if (SNAPSHOT->pagemap < 0 || SNAPSHOT->statm < 0 || !snapshot_keep_descriptors())
        return false;
    for (int i = 1; i < NSIG; i++)
        REAL(sigaction)(i, NULL, &SNAPSHOT->action[i]);
    SNAPSHOT->program_break = (uintptr_t)syscall(SYS_brk, 0);
    SNAPSHOT->mask = (mode_t)syscall(SYS_umask, 0);
    syscall(SYS_umask, SNAPSHOT->mask);
    SNAPSHOT->size = snapshot_size();
    return true;
}

__attribute__((noinline)) bool snapshot_take(void)
{
    if (!snapshot_prepare())
        return false;
    resident = true; /* in the copy, too */
    spoiled = false;
    changed_actions = 0;
    getcontext(&SNAPSHOT->resume);
    if (SNAPSHOT->taken) /* here it goes on after a run */
        return true;
    SNAPSHOT->taken = true;
    if (!snapshot_copy())
        resident = false;
    return false;
}

/* ---- undoing what a run did ---- */

/* Files that were opened are closed, also those of which no wrapper knows. False: others are not what they were. */
static bool snapshot_close(void)
{
    int next = 0;
    for (uint32_t i = 0; i <= SNAPSHOT->kept_count; i++) {
        int kept = i < SNAPSHOT->kept_count ? SNAPSHOT->kept[i].descriptor : -1;
        if (kept != next && syscall(SYS_close_range, next, kept < 0 ? ~0u : (unsigned)kept - 1, 0) != 0)
            return false;
        next = kept + 1;
    }
    for (uint32_t i = 0; i < SNAPSHOT->kept_count; i++) {
        struct stat status;
        if (REAL(fstat)(SNAPSHOT->kept[i].descriptor, &status) != 0 || status.st_dev != SNAPSHOT->kept[i].device ||
            status.st_ino != SNAPSHOT->kept[i].inode)
            return false;
    }
    return true;
}

static void snapshot_reset_actions(void)
{
    for (int i = 1; i < NSIG && changed_actions != 0; i++)
        if (changed_actions >> (i - 1) & 1) {
            REAL(sigaction)(i, &SNAPSHOT->action[i], NULL);
            changed_actions &= ~((uint64_t)1 << (i - 1));
        }
}

static bool snapshot_overlaps(uintptr_t start, uintptr_t end)
{
    for (uint32_t i = 0; i < SNAPSHOT->areas; i++)
        if (start < SNAPSHOT->area[i].end && SNAPSHOT->area[i].start < end)
            return true;
    return false;
}

static bool snapshot_unmap_known(void)
{
    for (uint32_t i = 0; i < SNAPSHOT->mapped_count; i++) {
        uintptr_t start = SNAPSHOT->mapped[i].start;
        size_t size = SNAPSHOT->mapped[i].size;
        if (snapshot_overlaps(start, start + size))
            return false;
        syscall(SYS_munmap, start, size);
    }
    SNAPSHOT->mapped_count = 0;
    return true;
}

/* How much of `area` was there before, with the same rights; the rest of it is unmapped. */
static size_t snapshot_trim(const struct area *area)
{
    uintptr_t at = area->start;
    size_t same = 0;
    for (uint32_t i = 0; i <= SNAPSHOT->areas && at < area->end; i++) {
        const struct area *before = &SNAPSHOT->area[i];
        bool last = i == SNAPSHOT->areas;
        if (!last && before->end <= at)
            continue;
        uintptr_t start = last || before->start > area->end ? area->end : before->start;
        if (start > at)
            syscall(SYS_munmap, at, start - at);
        at = start > at ? start : at;
        if (last || at >= area->end)
            break;
        uintptr_t end = before->end < area->end ? before->end : area->end;
        if (memcmp(before->permissions, area->permissions, sizeof area->permissions) == 0)
            same += end - at;
        at = end;
    }
    return same;
}

/* Mappings that no wrapper has seen: the C library's own, the stack's growth. False: something was changed or is gone.
 */
static bool snapshot_unmap_others(void)
{
    enum { ALONE = 3 }; /* links of the folder of threads: itself, its parent's entry, one thread */
    struct stat threads;
    size_t same = 0, before = 0;
    if (REAL(stat)("/proc/self/task", &threads) != 0 || threads.st_nlink != ALONE)
        return false;
    uint32_t count = snapshot_read_areas(SNAPSHOT->now);
    for (uint32_t i = 0; i < count; i++)
        same += snapshot_trim(&SNAPSHOT->now[i]);
    for (uint32_t i = 0; i < SNAPSHOT->areas; i++)
        before += SNAPSHOT->area[i].end - SNAPSHOT->area[i].start;
    return count > 0 && same == before && snapshot_size() == SNAPSHOT->size;
}

/* The processor time of many runs would come to a limit that is meant for one: see RLIMIT_CPU in getrlimit(2). */
static bool snapshot_has_time(void)
{
    struct rlimit limit;
    struct timespec used;
    if (REAL(getrlimit)(RLIMIT_CPU, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return true;
    return REAL(clock_gettime)(CLOCK_PROCESS_CPUTIME_ID, &used) == 0 &&
           (double)used.tv_sec + (double)used.tv_nsec / 1e9 < (double)limit.rlim_cur / 2;
}

bool snapshot_undo(void)
{
    sigset_t pending;
    if (!resident || spoiled || runtime.forked || sigpending(&pending) != 0 || !sigisemptyset(&pending))
        return false;
    if (!snapshot_has_time())
        return false;
    if (!snapshot_unmap_known() || !snapshot_close())
        return false;
    snapshot_reset_actions();
    syscall(SYS_umask, SNAPSHOT->mask);
    if ((uintptr_t)syscall(SYS_brk, SNAPSHOT->program_break) != SNAPSHOT->program_break)
        return false;
    return snapshot_size() == SNAPSHOT->size || snapshot_unmap_others();
}

static void snapshot_put_back_memory(const struct memory *memory)
{
    size_t pages = (memory->end - memory->start) / SNAPSHOT->page;
    for (size_t i = 0; i < pages; i++) {
        uint64_t entry = SNAPSHOT->entry[i];
        bool own = (entry & PAGE_PRESENT) != 0 && (entry & PAGE_OF_ONE) != 0 && (entry & PAGE_OF_FILE) == 0;
        if (!own && (entry & PAGE_SWAPPED) == 0)
            continue;
        void *page = (void *)(memory->start + i * SNAPSHOT->page);
        uint32_t saved = SNAPSHOT->saved[memory->first + i];
        if (saved == 0)
            memset(page, 0, SNAPSHOT->page);
        else
            memcpy(page, SNAPSHOT->copy + (saved - 1) * SNAPSHOT->page, SNAPSHOT->page);
    }
}

/* On a stack of its own, since it writes over the other one. */
static void snapshot_put_back(void)
{
    for (uint32_t i = 0; i < SNAPSHOT->memories; i++) {
        if (!snapshot_entries(&SNAPSHOT->memory[i]))
            syscall(SYS_exit_group, EXIT_FAILURE);
        snapshot_put_back_memory(&SNAPSHOT->memory[i]);
    }
    setcontext(&SNAPSHOT->resume);
    syscall(SYS_exit_group, EXIT_FAILURE);
}

_Noreturn void snapshot_restore(void)
{
    getcontext(&SNAPSHOT->leave);
    SNAPSHOT->leave.uc_stack.ss_sp = SNAPSHOT->stack;
    SNAPSHOT->leave.uc_stack.ss_size = sizeof SNAPSHOT->stack;
    SNAPSHOT->leave.uc_link = NULL;
    makecontext(&SNAPSHOT->leave, snapshot_put_back, 0);
    setcontext(&SNAPSHOT->leave);
    for (;;)
        syscall(SYS_exit_group, EXIT_FAILURE);
}
