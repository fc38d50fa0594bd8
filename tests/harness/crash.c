/* See crash.h. shim.c has written down the signal, the address, the stack and what is mapped there. */
#define _GNU_SOURCE
#include "crash.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "stack.h"

enum {
    NEAR = 4096,            /* a member of a structure so far from its begin */
    STACK_NEAR = 64 * 1024, /* a frame that is too large for the stack reaches so far beyond its end */
};

struct kind {
    const char *what, *cause, *next;
};

static const char *const look_at_results = "look at the result of that call on the next line";

/* (void *)-1, or a member of a structure there: all members but the first have addresses after the wrap. Integers in a
 * structure have even offsets, so that such an address is an odd one. */
static bool address_is_failure(uint64_t address)
{
    return address >= UINT64_MAX - NEAR || (address < NEAR && (address + 1) % sizeof(int32_t) == 0);
}

/* The path in a line of /proc/PID/maps; "": memory of no file. */
static const char *mapping_path(const struct shim_crash *crash)
{
    const char *slash = strchr(crash->mapping, '/');

    return slash != NULL ? slash : "";
}

static bool mapping_allows(const struct shim_crash *crash, char access)
{
    const char *blank = strchr(crash->mapping, ' ');

    return blank != NULL && memchr(blank + 1, access, 3) != NULL;
}

/* The byte of the object that the address is. */
static uint64_t mapping_offset(const struct shim_crash *crash)
{
    uint64_t begin = 0, offset = 0;

    sscanf(crash->mapping, "%" SCNx64 "-%*x %*s %" SCNx64, &begin, &offset);
    return crash->address - begin + offset;
}

/* Memory in the words that the student used for it. */
static const char *mapping_name(struct check *check, const struct shim_crash *crash)
{
    static const char objects[] = "/dev/shm";
    const char *path = mapping_path(crash);

    if (strncmp(path, "/SYSV", strlen("/SYSV")) == 0)
        return "the System V segment";
    if (strncmp(path, objects, strlen(objects)) == 0)
        return check_text(check, "%.*s", (int)strcspn(path + strlen(objects), " "), path + strlen(objects));
    return "memory";
}

static struct kind kind_of_bus(struct check *check, const struct shim_crash *crash)
{
    const char *name = mapping_name(check, crash);
    uint64_t byte = mapping_offset(crash);
    struct kind kind = {.what = check_text(check, "byte %" PRIu64 " of %s, which is mapped, but not there", byte, name),
                        .cause = "the object is shorter than the mapping",
                        .next = "ftruncate before mmap, and look at its result; `ls -l /dev/shm` shows the size"};

    if (crash->size < 0 || byte < (uint64_t)crash->size)
        return kind;
    kind.what = check_text(check, "byte %" PRIu64 " of %s, which has %" PRId64 " bytes", byte, name, crash->size);
    if (crash->size > 0)
        kind.next = "look at the object's size before you map it: fstat";
    return kind;
}

static struct kind kind_of_mapped(struct check *check, const struct shim_crash *crash)
{
    const char *name = mapping_name(check, crash);

    if (crash->writes != 0 && mapping_allows(crash, 'r') && !mapping_allows(crash, 'w')) {
        bool shared = strcmp(name, "memory") != 0;
        return (struct kind){
            .what = check_text(check, "%s, which is mapped for reading only", shared ? name : "a constant, or code"),
            .cause = shared ? "a store through an address that was attached or mapped for reading only"
                            : "a store into a text constant, or through a pointer that leads into the program itself",
            .next = shared ? "a reader does not store; a program that has to store maps with PROT_WRITE, or attaches "
                             "without SHM_RDONLY"
                           : "what does the pointer in this line lead to?"};
    }
    return (struct kind){
        .what = "memory that the program may not use", .cause = "a pointer that leads astray", .next = ""};
}

/*
 * What is mapped where differs from run to run, and on x86-64 an address may be none at all (SI_KERNEL), of which the
 * kernel tells nothing: one index leads to either, so both are told in the same words.
 */
static const struct kind nowhere = {
    .what = "an address at which nothing is mapped",
    .cause =
        "an index far out of its array, memory that was detached or unmapped before, or bytes of something else that "
        "are used as a pointer: a text, numbers, an address that another process has stored",
    .next = "where does the address in this line come from? Each process maps memory elsewhere: shared memory holds "
            "offsets, never pointers"};

static struct kind kind_of(struct check *check, const struct shim_crash *crash)
{
    uint64_t away = crash->address > crash->stack ? crash->address - crash->stack : crash->stack - crash->address;

    if (crash->number == SIGBUS && crash->mapping[0] != '\0')
        return kind_of_bus(check, crash);
    if (crash->code == SI_KERNEL)
        return nowhere;
    if (address_is_failure(crash->address))
        return (struct kind){"(void *)-1, or a member of a structure there",
                             "a call has failed, and its result is used all the same: shmat gives (void *)-1, mmap "
                             "MAP_FAILED, and neither is NULL",
                             look_at_results};
    if (crash->address < NEAR)
        return (struct kind){"NULL, or a member of a structure there",
                             "a pointer that was never set, or the NULL of a call that failed", look_at_results};
    if (away < STACK_NEAR)
        return (struct kind){"memory beyond the end of the stack",
                             "a function that calls itself without end, or an array "
                             "that is too large for the stack",
                             "what ends the recursion?"};
    if (crash->mapping[0] != '\0')
        return kind_of_mapped(check, crash);
    return nowhere;
}

void crash_explain(const struct program *program, struct finding *finding)
{
    struct check *check = program->check;
    const struct shim_crash *crash = program->orders != NULL ? &program->orders->crash : NULL;

    if (crash == NULL || crash->number == 0 || crash->code <= 0) /* sent by somebody: sigaction(2), "si_code" */
        return;
    struct kind kind = kind_of(check, crash);
    struct stack_place place =
        stack_of_file(check, program->executable, crash->base, crash->frame, (size_t)crash->frames);
    size_t length = strlen(finding->found);
    while (length > 0 && finding->found[length - 1] == '\n')
        length--; /* what the program printed may end with one */
    bool known = kind.what != nowhere.what;
    finding->found = check_text(check, "%.*s\nit %s %s", (int)length, finding->found,
                                known && crash->writes == 1   ? "stored into"
                                : known && crash->writes == 0 ? "loaded from"
                                                              : "reached for",
                                kind.what);
    if (!check->faulted) { /* or that is the cause */
        finding->cause = kind.cause;
        finding->next = kind.next;
    }
    if (place.file != NULL) {
        finding->file = place.file;
        finding->line = place.line;
    }
}
