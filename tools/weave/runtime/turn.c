/*
 * Giving and taking turns: exactly one process of a run executes at any time.
 *
 * The turn goes directly from process to process through a futex each; the runner only watches over deaths. A
 * process whose decision ends the run tells the runner so and goes back to where it began (snapshot.c), or dies: the
 * runner sees every death through a pidfd. Then it asks the others to do the same, and reads the verdict.
 */
#include "runtime.h"

#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { EXIT_RUN_OVER = 0, RUNNER = 1 };

void turn_leave(void)
{
    runtime.self->leaving = 1;
    if (runtime.control->ending != ENDING_NONE)
        syscall(SYS_kill, RUNNER, SIGUSR1); /* it looks */
}

/* Out of the run, in the middle of the program. */
_Noreturn void turn_end_run(void)
{
    if (snapshot_undo()) {
        turn_leave();
        snapshot_restore();
    }
    for (;;)
        syscall(SYS_exit_group, EXIT_RUN_OVER);
}

/* The run is over. A process that has not begun is where it is to be, and answers once to each time that it is asked.
 */
static void turn_rest(int32_t run, bool first)
{
    int32_t asked = -run;
    if (!first || !snapshot_may_stay())
        turn_end_run();
    /* Acquire: pairs with the release in session_ask_to_rest. */
    if (__atomic_compare_exchange_n(&runtime.self->go, &asked, GO_WAIT, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        boot_rest(run);
}

/* The acquire pairs with the releases in turn_give and in the runner. */
static void turn_await(bool first)
{
    struct process *p = runtime.self;
    int32_t go;
    while ((go = __atomic_load_n(&p->go, __ATOMIC_ACQUIRE)) != GO_RUN)
        if (go < 0)
            turn_rest(-go, first);
        else
            boot_futex(&p->go, FUTEX_WAIT, go);
    p->go = GO_WAIT;
    p->burst = 0;
    runtime.control->turn = runtime.me;
}

void turn_wait(void)
{
    turn_await(false);
}

void turn_wait_first(void)
{
    turn_await(true);
}

void turn_give(int process)
{
    struct process *p = &runtime.control->process[process];
    runtime.control->turn = process;
    __atomic_store_n(&p->go, GO_RUN, __ATOMIC_RELEASE);
    boot_futex(&p->go, FUTEX_WAKE, 1);
}

static void turn_pass(int current)
{
    int next = decide_turn(runtime.control, current);
    if (next == DECIDE_OVER)
        turn_end_run();
    if (next == runtime.me)
        return;
    turn_give(next);
    turn_wait();
}

static void turn_kill_if_asked(void)
{
    struct control *control = runtime.control;
    if (control->kill_process != runtime.me || (int32_t)runtime.self->steps != control->kill_step)
        return;
    runtime.self->killed = 1;
    record_event(control, runtime.me, EVENT_KILLED, runtime.self->wait_site);
    for (;;)
        syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
}

void turn_point(void)
{
    struct process *p = runtime.self;
    access_settle();
    if (p->skip_point) { /* it was just chosen to run: that was the decision */
        p->skip_point = 0;
        return;
    }
    if (!decide_step(runtime.control, runtime.me))
        turn_end_run();
    turn_kill_if_asked();
    turn_pass(runtime.me);
    p->yielded = 0;
    signal_window();
}

void turn_sync(void)
{
    turn_point();
    atomic_flush();
}

void turn_yield(void)
{
    runtime.self->skip_point = 0;
    runtime.self->yielded = 1;
    turn_sync();
}

bool turn_block(enum process_state state, enum wait_kind wait, const struct object *object, uint16_t site)
{
    struct process *p = runtime.self;
    access_settle();
    decide_block(runtime.control, runtime.me, state, wait, object, site);
    turn_pass(-1);
    p->wait = WAIT_NOTHING;
    p->timed = 0;
    bool timed_out = p->timed_out; /* a handler may wait, too */
    p->interrupted = (uint8_t)signal_window();
    p->timed_out = timed_out;
    if (p->timed_out)
        record_event(runtime.control, runtime.me, EVENT_TIMEOUT, site);
    return p->timed_out;
}

void turn_spin_check(uint32_t where, uint32_t size, uint16_t site, bool atomic)
{
    struct process *p = runtime.self;
    if (!spin_check(runtime.control, runtime.me, where, size, site, atomic))
        return;
    atomic_flush(); /* a store buffer drains while its processor waits */
    p->wait_where = where & WEAVE_OBJECT_BIT ? 0 : where;
    const struct object *object = where & WEAVE_OBJECT_BIT ? &runtime.control->object[where & ~WEAVE_OBJECT_BIT] : NULL;
    turn_block(PROCESS_SPINNING, atomic ? WAIT_ATOMIC : WAIT_PLAIN, object, site);
    p->reads = 0;
    p->reads_overflowed = 0;
    p->skip_point = 1;
}
