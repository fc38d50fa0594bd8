/* Calls that fail by order, and calls that are written down: what check.h promises of them, by way of shim.c. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "compile.h"
#include "context.h"
#include "shim.h"
#include "toolchain.h"

/* An error of errno(3), or a signal as a negative number; 0: neither. */
static int fault_number(const char *symbol)
{
    enum { ERRORS = 200 };

    for (int number = 1; strncmp(symbol, "SIG", 3) == 0 && number < NSIG; number++) {
        const char *name = sigabbrev_np(number);
        if (name != NULL && strcmp(name, symbol + 3) == 0)
            return -number;
    }
    for (int number = 1; number < ERRORS; number++) {
        const char *name = strerrorname_np(number);
        if (name != NULL && strcmp(name, symbol) == 0)
            return number;
    }
    return 0;
}

static bool call_known(const char *name)
{
    static const char *const calls[] = {SHIM_CALLS};

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (strcmp(calls[i], name) == 0)
            return true;
    return false;
}

/* "CALL:N:ERRNO", "CALL/COMMAND:N:ERRNO", with "+" after N for all from there on, into an order. */
static void fault_parse(struct check *check, const char *fault, struct shim_orders *orders)
{
    char which[SHIM_NAME] = "", symbol[SHIM_NAME] = "", plus = '\0';

    orders->command[0] = '\0';
    if (sscanf(fault, "%31[a-z_0-9]:%31[0-9+]:%31s", orders->call, which, symbol) != 3 &&
        sscanf(fault, "%31[a-z_0-9]/%31[A-Z_]:%31[0-9+]:%31s", orders->call, orders->command, which, symbol) != 4)
        check_broken(check, "check_inject: \"%s\" is not CALL:N:ERRNO", fault);
    sscanf(which, "%u%c", &orders->nth, &plus);
    orders->onwards = plus == '+';
    if (!call_known(orders->call))
        check_broken(check, "check_inject: no call %s can be made to fail: see shim.h", orders->call);
    orders->number = fault_number(symbol);
    if (orders->number == 0)
        check_broken(check, "check_inject: there is no error or signal %s", symbol);
}

/* The file that shim.c maps, and its path. */
static struct shim_orders *orders_make(struct check *check, const char **path)
{
    static int number; /* of this process's files */

    *path = check_text(check, "%s/orders%d", check->scratch, number++);
    int fd = open(*path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd == -1 || ftruncate(fd, sizeof(struct shim_orders)) == -1 || fchmod(fd, 0666) == -1) /* another user's */
        check_broken(check, "%s: %s", *path, strerror(errno));
    struct shim_orders *orders = mmap(NULL, sizeof *orders, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (orders == MAP_FAILED)
        check_broken(check, "mmap(%s): %s", *path, strerror(errno));
    close(fd);
    orders->size = sizeof *orders;
    return orders;
}

int check_shim(struct check *check, struct program *program, const char **environment)
{
    const char *path;

    bool watch = check->crash_watch && !check->sanitized; /* a sanitizer tells of it by itself */
    if (check->fault == NULL && check->user_name == NULL && check->trace == NULL && check->gate == NULL && !watch)
        return 0;
    struct shim_orders *orders = program->orders = orders_make(check, &path);
    orders->watch = watch;
    if (check->fault != NULL)
        fault_parse(check, check->fault, orders);
    snprintf(orders->trace, sizeof orders->trace, "%s", check->trace != NULL ? check->trace : "");
    snprintf(orders->gate, sizeof orders->gate, "%s", check->gate != NULL ? check->gate : "");
    snprintf(orders->user_name, sizeof orders->user_name, "%s", check->user_name != NULL ? check->user_name : "");
    if (check->shim == 0) {
        check->shim = open(TOOLCHAIN_SHIM, O_RDONLY | O_CLOEXEC);
        if (check->shim == -1)
            check_broken(check, "open(%s): %s", TOOLCHAIN_SHIM, strerror(errno));
    }
    /* by its descriptor: a path may hold blanks and colons, which the loader takes for the end of it (ld.so(8)) */
    environment[0] = check_text(check, "LD_PRELOAD=/proc/self/fd/%d", check->shim);
    environment[1] = check_text(check, SHIM_VARIABLE "=%s", path);
    return check->shim;
}

bool program_shimmed(const struct program *program)
{
    /* stored by orders_take in shim.c */
    return program->orders == NULL || __atomic_load_n(&program->orders->loaded, __ATOMIC_ACQUIRE) == 1;
}

unsigned program_injected(const struct program *program)
{
    /* counted by command_fails in shim.c, where nothing else is handed over by it */
    return program->orders != NULL ? __atomic_load_n(&program->orders->failed, __ATOMIC_RELAXED) : 0;
}

double program_waited(const struct program *program)
{
    /* added to by time_pass in shim.c, where nothing else is handed over by it */
    return program->orders != NULL ? (double)__atomic_load_n(&program->orders->ahead, __ATOMIC_RELAXED) / 1e9 : 0;
}

void check_inject(struct check *check, const char *fault)
{
    check->fault = fault;
}

const char *check_trace(struct check *check)
{
    static int number; /* of this process's traces */

    check->trace = check_text(check, "%s/trace%d", check->scratch, number++);
    check_write(check, check->trace, "");
    return check->trace;
}

void check_gate(struct check *check, const char *path)
{
    check->gate = path;
}

bool program_waits_to_go(const struct program *program)
{
    return program->orders != NULL && program_shimmed(program);
}

void program_go(struct program *program)
{
    /* release: pairs with the load in gate_wait of shim.c */
    __atomic_store_n(&program->orders->go, 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, &program->orders->go, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void check_user_name(struct check *check, const char *name)
{
    check->user_name = name;
}
