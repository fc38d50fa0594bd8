/* See darknet_library.h. */
#include "darknet_library.h"

#include <dlfcn.h>
#include <stdbool.h>

#include "explain.h"

/* Two of its functions have other names in AlexeyAB's Darknet, whose plain ones take the network by value. */
#ifdef DARKNET_IS_ALEXEY
static const char *const names[] = {"load_network", "load_weights", "network_predict_ptr", "free_network_ptr"};
#else
static const char *const names[] = {"load_network", "load_weights", "network_predict", "free_network"};
#endif

const struct darknet_library *darknet_library_open(char *error, size_t size)
{
    static struct darknet_library library;
    static bool loaded;
    void **const functions[] = {(void **)&library.load_network, (void **)&library.load_weights,
                                (void **)&library.network_predict, (void **)&library.free_network};

    if (loaded)
        return &library;
    /* Its symbols stay its own; of the program's it sees what is exported on purpose: see detector_darknet.c. */
    void *handle = dlopen(SHMLAB_DARKNET_LIBRARY, RTLD_LAZY | RTLD_LOCAL);
    if (handle == NULL) {
        explain(error, size, "libdarknet cannot be loaded: %s: apt install --no-install-recommends darknet", dlerror());
        return NULL;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        *functions[i] = dlsym(handle, names[i]); /* as dlsym(3) does it: a function is no object in C */
        if (*functions[i] == NULL) {
            explain(error, size, "%s has no %s: it is another one than this was built for", SHMLAB_DARKNET_LIBRARY,
                    names[i]);
            dlclose(handle);
            return NULL;
        }
    }
    loaded = true;
    return &library;
}
