/* See stack.h. */
#define _GNU_SOURCE
#include "stack.h"

#ifndef HARNESS_LIBDW
const char *stack_line(struct check *check, pid_t pid, long call, bool *there)
{
    (void)check;
    (void)pid;
    (void)call;
    *there = true;
    return NULL;
}

struct stack_place stack_of_file(struct check *check, const char *program, uint64_t base, const uint64_t frames[],
                                 size_t count)
{
    (void)check;
    (void)program;
    (void)base;
    (void)frames;
    (void)count;
    return (struct stack_place){NULL, 0};
}
#else

#include <elfutils/libdwfl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FRAMES = 40 };

struct walk {
    struct check *check;
    const char *found;
    int frames;
    pid_t pid;
    long call;
    bool there;
};

/* proc_pid_syscall(5): the call in which a process was stopped begins the line. */
static bool is_in_call(pid_t pid, long call)
{
    char path[64];
    long now;

    snprintf(path, sizeof path, "/proc/%d/syscall", (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return true;
    bool same = fscanf(file, "%ld", &now) != 1 || now == call;
    fclose(file);
    return same;
}

/* Is the file one of the folder that is judged? Its name, then. */
static const char *name_in_folder(struct check *check, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;

    return access(check_text(check, "%s/%s", check_folder(check), name), R_OK) == 0 ? name : NULL;
}

/* The line of an address, if it is in a file of the student's. */
static struct stack_place place_of(struct check *check, Dwfl_Module *module, Dwarf_Addr address)
{
    struct stack_place place = {NULL, 0};
    Dwfl_Line *at = module != NULL ? dwfl_module_getsrc(module, address) : NULL;
    const char *path = at != NULL ? dwfl_lineinfo(at, NULL, &place.line, NULL, NULL, NULL) : NULL;

    if (path != NULL && place.line > 0)
        place.file = name_in_folder(check, path);
    return place;
}

static int frame_look(Dwfl_Frame *frame, void *data)
{
    struct walk *walk = data;
    Dwarf_Addr address;
    bool interrupted;

    if (walk->frames == 0)
        walk->there = is_in_call(walk->pid, walk->call); /* it is stopped while its frames are listed */
    if (!dwfl_frame_pc(frame, &address, &interrupted))
        return DWARF_CB_ABORT;
    if (!interrupted)
        address--; /* the return address belongs to the next statement */
    Dwfl_Module *module = dwfl_addrmodule(dwfl_thread_dwfl(dwfl_frame_thread(frame)), address);
    struct stack_place place = place_of(walk->check, module, address);
    if (place.file != NULL)
        walk->found = check_text(walk->check, "%s:%d", place.file, place.line);
    return walk->found != NULL || ++walk->frames == FRAMES ? DWARF_CB_ABORT : DWARF_CB_OK;
}

const char *stack_line(struct check *check, pid_t pid, long call, bool *there)
{
    static const Dwfl_Callbacks callbacks = {
        .find_elf = dwfl_linux_proc_find_elf,
        .find_debuginfo = dwfl_standard_find_debuginfo,
    };
    struct walk walk = {.check = check, .pid = pid, .call = call, .there = true};
    Dwfl *dwfl = dwfl_begin(&callbacks);

    *there = true;
    if (dwfl == NULL)
        return NULL;
    if (dwfl_linux_proc_report(dwfl, pid) == 0 && dwfl_report_end(dwfl, NULL, NULL) == 0 &&
        dwfl_linux_proc_attach(dwfl, pid, false) == 0)
        dwfl_getthread_frames(dwfl, pid, frame_look, &walk);
    dwfl_end(dwfl);
    *there = walk.there;
    return walk.found;
}

struct stack_place stack_of_file(struct check *check, const char *program, uint64_t base, const uint64_t frames[],
                                 size_t count)
{
    static const Dwfl_Callbacks callbacks = {
        .section_address = dwfl_offline_section_address,
        .find_debuginfo = dwfl_standard_find_debuginfo,
    };
    struct stack_place place = {NULL, 0};
    Dwfl *dwfl = dwfl_begin(&callbacks);

    if (dwfl == NULL)
        return place;
    dwfl_report_begin(dwfl);
    Dwfl_Module *module = dwfl_report_elf(dwfl, program, program, -1, base, false);
    dwfl_report_end(dwfl, NULL, NULL);
    for (size_t i = 0; module != NULL && place.file == NULL && i < count; i++) {
        Dwarf_Addr address = frames[i] - (i > 0); /* a return address belongs to the next statement */
        place = place_of(check, dwfl_addrmodule(dwfl, address), address);
    }
    dwfl_end(dwfl);
    return place;
}

#endif
