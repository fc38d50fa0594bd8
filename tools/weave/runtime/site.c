/*
 * Where in the code we are: a program counter and those of the callers.
 *
 * Instrumented functions announce themselves on entry and exit, which gives the callers without unwinding.
 * For a Python interpreter the interesting place is the line of the script, asked of the interpreter itself.
 */
#include "runtime.h"

#include <dlfcn.h>
#include <string.h>

enum { STACK_DEPTH = 256 };

static const void *stack[STACK_DEPTH];
static uint64_t stack_hash[STACK_DEPTH + 1]; /* of all entries below; known sites are found by it */
static unsigned stack_depth;

WEAVE_EXPORT void __tsan_func_entry(const void *caller);
WEAVE_EXPORT void __tsan_func_exit(void);

void __tsan_func_entry(const void *caller)
{
    if (stack_depth < STACK_DEPTH) {
        stack[stack_depth] = caller;
        stack_hash[stack_depth + 1] = hash_mix(stack_hash[stack_depth], (uint64_t)(uintptr_t)caller);
    }
    stack_depth++;
}

void __tsan_func_exit(void)
{
    if (stack_depth > 0)
        stack_depth--;
}

/* The interpreter's functions, looked up once; all NULL outside Python. See "Frame Objects" in Python's C API. */
static struct {
    bool searched;
    int (*ready)(void);
    void *(*thread)(void);
    void *(*frame)(void *);
    void *(*code)(void *);
    int (*line)(void *);
    void *(*attribute)(void *, const char *);
    const char *(*utf8)(void *);
} python;

static void *site_symbol(const char *name)
{
    return dlsym(RTLD_DEFAULT, name);
}

static void site_search_python(void)
{
    python.searched = true;
    *(void **)&python.ready = site_symbol("Py_IsInitialized");
    *(void **)&python.thread = site_symbol("PyGILState_GetThisThreadState");
    *(void **)&python.frame = site_symbol("PyThreadState_GetFrame");
    *(void **)&python.code = site_symbol("PyFrame_GetCode");
    *(void **)&python.line = site_symbol("PyFrame_GetLineNumber");
    *(void **)&python.attribute = site_symbol("PyObject_GetAttrString");
    *(void **)&python.utf8 = site_symbol("PyUnicode_AsUTF8");
}

static void site_append(char *text, size_t size, const char *more)
{
    size_t used = strlen(text);
    for (; *more != '\0' && used + 1 < size; more++)
        text[used++] = *more;
    text[used] = '\0';
}

static void site_append_number(char *text, size_t size, int number)
{
    char digits[12] = "", *end = digits + sizeof digits - 1;
    for (*end = '\0'; number > 0; number /= 10)
        *--end = (char)('0' + number % 10);
    site_append(text, size, end);
}

/* "reader.py:12 function", or nothing. The references that these calls return are kept: a run is short. */
static bool site_of_python(char *text, size_t size)
{
    if (!python.searched)
        site_search_python();
    if (python.ready == NULL || !python.ready()) /* it has not come to that yet, or is at its end */
        return false;
    if (python.thread == NULL || python.frame == NULL || python.code == NULL || python.line == NULL)
        return false;
    void *thread = python.thread();
    void *frame = thread == NULL ? NULL : python.frame(thread);
    void *code = frame == NULL ? NULL : python.code(frame);
    if (code == NULL)
        return false;
    void *file = python.attribute(code, "co_filename"), *name = python.attribute(code, "co_name");
    const char *path = file == NULL ? NULL : python.utf8(file), *slash = path == NULL ? NULL : strrchr(path, '/');
    if (path == NULL)
        return false;
    site_append(text, size, slash == NULL ? path : slash + 1);
    site_append(text, size, ":");
    site_append_number(text, size, python.line(frame));
    site_append(text, size, " ");
    const char *function = name == NULL ? NULL : python.utf8(name);
    site_append(text, size, function == NULL ? "" : function);
    return true;
}

static uint16_t site_make(const void *pc)
{
    struct site site = {.image = runtime.self->image};
    if (runtime.peer && site_of_python(site.text, sizeof site.text))
        return record_site(runtime.control, &site);
    site.pc[site.depth++] = (uint64_t)(uintptr_t)pc;
    unsigned top = stack_depth < STACK_DEPTH ? stack_depth : STACK_DEPTH;
    for (unsigned i = top; i > 1 && site.depth < WEAVE_CALLERS; i--) /* entry 0 is who called main */
        site.pc[site.depth++] = (uint64_t)(uintptr_t)stack[i - 1];
    return record_site(runtime.control, &site);
}

uint16_t site_at(const void *pc)
{
    static const void *last_pc;
    static uint64_t last_stack;
    static uint16_t last_site;
    static int last_process = -1;
    unsigned top = stack_depth < STACK_DEPTH ? stack_depth : STACK_DEPTH;
    if (!runtime.peer && pc == last_pc && stack_hash[top] == last_stack && last_process == runtime.me)
        return last_site;
    last_pc = pc;
    last_stack = stack_hash[top];
    last_process = runtime.me;
    return last_site = site_make(pc);
}
