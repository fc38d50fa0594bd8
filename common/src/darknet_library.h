/*
 * libdarknet, loaded when it is wanted: Debian's brings Qt, OpenCV and two hundred more libraries, and a
 * program that is linked with it takes a fifth of a second to start, whatever it does then.
 */
#ifndef SHMLAB_DARKNET_LIBRARY_H
#define SHMLAB_DARKNET_LIBRARY_H

#include "darknet_api.h"

/* What the detector calls of it, with the names and parameters of darknet.h. */
struct darknet_library {
    network *(*load_network)(char *cfg, char *weights, int clear);
    void (*load_weights)(network *net, char *path);
    float *(*network_predict)(network *net, float *input);
    void (*free_network)(network *net);
};

/* Load it, once a process. Returns NULL when it cannot be, with a sentence in error. */
const struct darknet_library *darknet_library_open(char *error, size_t size);

#endif
