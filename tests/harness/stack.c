/* See stack.h. */
#define _GNU_SOURCE
#include "stack.h"

#ifndef HARNESS_LIBDW
const char *stack_line(struct check *check, pid_t pid)
{
    (void)check;
    (void)pid;
    return NULL;
}
#else

#include <elfutils/libdwfl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum { FRAMES = 40 };

struct walk {
    struct check *check;
    const char *found;
    int frames;
};

/* Is the file one of the folder that is judged? Its name, then. */
static const char *name_in_folder(struct check *check, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;

    return access(check_text(check, "%s/%s", check_folder(check), name), R_OK) == 0 ? name : NULL;
}

static int frame_look(Dwfl_Frame *frame, void *data)
{
    struct walk *walk = data;
    Dwarf_Addr address;
    bool interrupted;
    int line;

    if (!dwfl_frame_pc(frame, &address, &interrupted))
        return DWARF_CB_ABORT;
    if (!interrupted)
        address--; /* the return address belongs to the next statement */
    Dwfl_Module *module = dwfl_addrmodule(dwfl_thread_dwfl(dwfl_frame_thread(frame)), address);
    Dwfl_Line *at = module != NULL ? dwfl_module_getsrc(module, address) : NULL;
    const char *path = at != NULL ? dwfl_lineinfo(at, NULL, &line, NULL, NULL, NULL) : NULL;
    const char *name = path != NULL ? name_in_folder(walk->check, path) : NULL;
    if (name != NULL && line > 0)
        walk->found = check_text(walk->check, "%s:%d", name, line);
    return walk->found != NULL || ++walk->frames == FRAMES ? DWARF_CB_ABORT : DWARF_CB_OK;
}

const char *stack_line(struct check *check, pid_t pid)
{
    static const Dwfl_Callbacks callbacks = {
        .find_elf = dwfl_linux_proc_find_elf,
        .find_debuginfo = dwfl_standard_find_debuginfo,
    };
    struct walk walk = {.check = check};
    Dwfl *dwfl = dwfl_begin(&callbacks);

    if (dwfl == NULL)
        return NULL;
    if (dwfl_linux_proc_report(dwfl, pid) == 0 && dwfl_report_end(dwfl, NULL, NULL) == 0 &&
        dwfl_linux_proc_attach(dwfl, pid, false) == 0)
        dwfl_getthread_frames(dwfl, pid, frame_look, &walk);
    dwfl_end(dwfl);
    return walk.found;
}

#endif
