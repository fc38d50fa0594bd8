/*
 * Keeps something from run to run, with a call that weave does not see: when it runs again it fails ("fails"), or takes
 * another step ("steps").
 */
#include "../subject.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>

int main(int argc, char **argv)
{
    int (*unseen)(int, ...);
    void *library = dlopen("libc.so.6", RTLD_LAZY);
    char name[16] = "";
    *(void **)&unseen = dlsym(library, "prctl");
    unseen(PR_GET_NAME, name);
    atomic_int *number = subject_share(sizeof *number);
    if (strcmp(name, "kept") == 0 && argc > 1 && strcmp(argv[1], "fails") == 0)
        return 1;
    if (strcmp(name, "kept") == 0)
        atomic_fetch_add(number, 1);
    unseen(PR_SET_NAME, "kept");
    atomic_fetch_add(number, 1);
    atomic_fetch_add(number, 1);
    return 0;
}
