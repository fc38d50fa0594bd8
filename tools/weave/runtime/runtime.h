/*
 * Inside libweave: what its files share.
 *
 * The library is preloaded into every process of a run. Its wrappers and compiler callbacks look at each
 * operation, ask the logic in core/ and then let the real operation happen. `runtime.on` is false in fork
 * servers, outside weave and after a failure to start; every wrapper then does nothing but call the real
 * function.
 */
#ifndef WEAVE_RUNTIME_H
#define WEAVE_RUNTIME_H

#include "../core/core.h"

#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

#define WEAVE_EXPORT __attribute__((visibility("default")))
#define CALLER       __builtin_return_address(0)

/* The environment through which the runner speaks to the library. */
#define WEAVE_ENV_CONTROL "WEAVE_CONTROL_FD"
#define WEAVE_ENV_SLOT    "WEAVE_SLOT"
#define WEAVE_ENV_ENTER   "WEAVE_ENTER" /* set when a process of a run goes over into another program */
#define WEAVE_ENV_PEER    "WEAVE_PEER"  /* set for uninstrumented programs: "sync" or "trap" */

struct runtime {
    struct control *control;
    struct process *self;
    int me;
    bool on;
    bool deferred; /* the fork server starts at the first call that opens something shared */
    bool peer;     /* not compiled with our callbacks */
    bool trap;     /* shared pages fault on every access */
    bool forked;
    int descriptor;         /* of the control segment; -1: none */
    uint64_t control_inode; /* of its file */
    char library[WEAVE_PATH];
};
extern struct runtime runtime;

/*
 * The real function behind a wrapper. All of them are looked up once in the fork server, through the section
 * that collects the entries, and not again in every run.
 */
struct real_entry {
    void *function;
    const char *name;
};
void *real_find(const char *name);
#define REAL(symbol)                                                                                           \
    __extension__({                                                                                            \
        static struct real_entry real_##symbol __attribute__((section("weave_real"), used)) = {NULL, #symbol}; \
        __typeof__(&symbol) real_function;                                                                     \
        if (real_##symbol.function == NULL)                                                                    \
            real_##symbol.function = real_find(real_##symbol.name);                                            \
        *(void **)&real_function = real_##symbol.function;                                                     \
        real_function;                                                                                         \
    })

/* boot.c */
void boot_if_deferred(void);
long boot_futex(int32_t *word, int operation, int32_t value);
/* The process is where it began, after this run, and waits for the next one. */
void boot_rest(int32_t run);

/* snapshot.c: running again without fork and exit. */
/* Remembers what the process is like. False: it returned from that; true: a run is over, and it is like that again. */
bool snapshot_take(void);
/* Whether that worked, so that a process that has done nothing may stay as it is. */
bool snapshot_may_stay(void);
/* Undoes what the run did outside of this process's memory. False: it cannot, the process has to end. */
bool snapshot_undo(void);
/* After that: the memory, too, and on to where snapshot_take returns. */
_Noreturn void snapshot_restore(void);
/* The run did something that lasts. */
void snapshot_spoil(void);
/* What it did that snapshot_undo undoes: changed the action of a signal, mapped something. */
void snapshot_action(int signal);
void snapshot_mapped(const void *start, size_t size);

/* lasting_calls.c: a call of the system by number. */
void lasting_number(long number);

/* turn.c: giving and taking turns. */
/* Gives the turn to a process, which waits for it. */
void turn_give(int process);
/* The first turn of a run. */
void turn_wait_first(void);
/* The process is out of the run: either to come again, or about to end. */
void turn_leave(void);
/* A scheduling point: another process may run before this returns. */
void turn_point(void);
/* The same, asking to be passed over. */
void turn_yield(void);
/* A scheduling point before a system call or lock: store buffers are empty there. */
void turn_sync(void);
/* Wait as `state` until somebody makes the process ready; true when it timed out. */
bool turn_block(enum process_state state, enum wait_kind wait, const struct object *object, uint16_t site);
void turn_wait(void);
/* Busy waiting: called before a read of shared memory or an attempt that may fail. */
void turn_spin_check(uint32_t where, uint32_t size, uint16_t site, bool atomic);
/* The process can do nothing more in this run. */
_Noreturn void turn_end_run(void);

/* signal_calls.c */
/* From here on handlers run only when the process holds the turn. */
void signal_enter_run(void);
/* And again as the program has set them. */
void signal_leave_run(void);
/* Lets through what is due; tells whether handlers ran. */
enum interruption signal_window(void);

/* site.c: where in the code we are. */
uint16_t site_at(const void *pc);

/* segment.c: which memory is shared. */
/* The shared address of a pointer and how many bytes follow it in its segment; 0: not shared. */
uint32_t segment_find(const void *pointer, uint32_t *where);
void segment_add(void *pointer, size_t size, uint64_t device, uint64_t inode, uint64_t offset, size_t asked,
                 const char *name);
void segment_remove(const void *pointer, size_t size);
void segment_forget_all(void);
/* In trap mode: let the library itself touch shared pages. Calls nest. */
void segment_open(void);
void segment_close(void);

/* access.c */
void access_memory(const void *pointer, size_t size, unsigned flags, const void *pc);
/*
 * An access of code without callbacks: it cannot be told whether it is atomic. `locked`: the instruction
 * surely is.
 */
void access_of_peer(const void *pointer, uint32_t where, uint32_t size, unsigned flags, bool locked, uint16_t site);
/* A text that a library function reads. */
void access_text(const char *text, const void *pc);
/* The values of writes are known only after the callback: complete the last one. */
void access_settle(void);

/* atomic.c: store buffers. */
void atomic_flush(void);

/* process_calls.c: waitpid(2) on behalf of the caller at `pc`. */
pid_t process_wait(pid_t pid, int *status, int options, const void *pc);
/* The program has ended with this status, all but the system's part of it. */
void process_ended(int status);

/* exec_calls.c: other programs in the place of this one. */
uint64_t image_base(void);
/* The new program is there. */
void exec_entered(void);

/* channel_calls.c: pipes, pairs of sockets, eventfds. */
struct channel {
    struct object *object; /* NULL: the descriptor is none */
    bool writes, waits, pipe;
    uint16_t site;
};
/* Before a call that reads or writes: returns when it need not sleep. False: interrupted, errno is set. */
bool channel_begin(struct channel *channel, int descriptor, bool writes, const void *pc);
/* The same for a stream, as far as its call may come to the descriptor. */
bool channel_begin_stream(struct channel *channel, FILE *stream, bool writes, const void *pc);
/* Bytes that a stream has received already. */
size_t channel_buffered(const FILE *stream);
/* A stream of a channel: a call that may read more than once has to wait as often, byte by byte. */
bool channel_of_stream(FILE *stream);
int channel_byte(FILE *stream, const void *pc);
/* After it; `result` as of the call. */
void channel_end(const struct channel *channel, ssize_t result);
enum channel_kind { CHANNEL_PIPE, CHANNEL_SOCKET, CHANNEL_EVENT };
struct object *channel_object(enum channel_kind kind, uint64_t space, uint64_t id);
/* Who waits for it, or for several, looks again. */
void channel_changed(struct object *object);
/* Two sockets, by their inodes, are connected; the second may be 0 until the connection to `listener` is accepted. */
void channel_pair(uint64_t one, uint64_t other, int listener, const void *pc);
void channel_accepted(uint64_t socket, int listener);
bool channel_among(const struct pollfd *descriptors, nfds_t count);
/* Until a channel changes: 1; 0: the time is over; -1: interrupted. */
int channel_await(const struct timespec *limit, const void *pc);

/* memory_calls.c: closing a descriptor gives back the file's locks of this process. */
void lock_closing(int descriptor);

/* named_calls.c: open(2), which may wait for the other end of a FIFO or make a name that is a lock. */
int named_open(const char *path, int flags, mode_t mode, const void *pc);

/* unmodelled_calls.c */
/* Ends the run, which cannot be judged: `what` it does, "uses CALL". Returns in a process that is not explored. */
void unmodelled(const char *what, const void *pc);

/* trap.c */
void trap_install(void);

/* fault.c */
void fault_install(void);
/* The program's own place of what happens at `pc`, the C library's and this one's functions left out. */
const void *fault_place(const void *pc);
/* Loads what unwinding needs, once in the server. */
void fault_prepare(void);

/* ipc.c: objects behind keys. */
enum key_class { KEY_ADDRESS = 1, KEY_NAMED, KEY_NAME, KEY_SYSV, KEY_CHILD, KEY_FILE, KEY_CHANNEL, KEY_QUEUE };
static inline uint64_t key_make(enum key_class class, uint64_t value)
{
    return (uint64_t) class << 60 | (value & 0x0fffffffffffffffu);
}
uint64_t key_of_text(const char *text);
/*
 * A number for a file (by device and inode) or a System V object (by space and id) that is the same in every run of a
 * schedule: which process named it first, and how many others that process had named first before. The kernel's own
 * numbers are new in every run, and in a hash of states they would make every state one that was never seen before.
 */
#define SPACE_SYSV_MEMORY     UINT64_MAX /* no device has these numbers */
#define SPACE_SYSV_SEMAPHORES (UINT64_MAX - 1)
#define SPACE_SYSV_MESSAGES   (UINT64_MAX - 2)
#define SPACE_EVENTFD         (UINT64_MAX - 3)
#define SPACE_SOCKETS         (UINT64_MAX - 4)
uint64_t kernel_number(uint64_t space, uint64_t id);
/* The object at a shared address, or NULL when the pointer is private. */
struct object *object_at(const void *pointer, enum object_kind kind);
void object_event(enum event_kind kind, uint16_t site, const struct object *object, uint64_t value);
/* A look at something that others change, which may be repeated until it pleases: before and after. */
void poll_begin(struct object *object, uint16_t site);
void poll_failed(struct object *object, uint16_t site);
/* A lock call in a loop "lock; look; unlock" is where busy waiting shows. */
void poll_at_lock(struct object *object, uint16_t site);
/* Name and key objects: waiting until somebody makes them. */
struct object *name_begin(uint64_t name, const char *text, uint16_t site);
void name_end(struct object *object, bool success, bool making, uint16_t site);
/* The process now holds, or no longer holds, a lock. */
void lock_taken(struct object *object, uint16_t site);
void lock_given(struct object *object);
void object_set_name(struct object *object, const char *name);
/* Nanoseconds of a timespec. */
uint64_t time_of(const struct timespec *when);
void time_set(struct timespec *when, uint64_t nanoseconds);

#endif
