/*
 * Darknet's network descriptions (.cfg files), read and judged before Darknet sees them.
 *
 * Darknet believes what a description says: it divides by a stride of zero, writes past the end of its
 * anchors, and takes an option that it does not know for a spelling mistake and goes on without it. So the
 * file is read here, checked, and written again with nothing but what recognising needs.
 *
 * What Debian's library of 2018 lacks is replaced on the way by something equal, so that official YOLOv4-tiny
 * files work: a route that takes one group of the channels of the layer before it becomes a convolution of
 * size 1 that selects them, with weights that are 0 or 1.
 */
#ifndef SHMLAB_NETWORK_DESCRIPTION_H
#define SHMLAB_NETWORK_DESCRIPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "file_bytes.h"

struct network_option {
    const char *key, *value;
    int line;
};

struct network_section {
    const char *type; /* "convolutional" */
    int line;
    const struct network_option *options;
    int count;
    int channels_in, channels; /* what goes in and comes out */
};

struct network_description {
    const char *path;
    struct file_bytes text;           /* the strings of sections and options are in it */
    struct network_section *sections; /* sections[0] is [net], sections[i + 1] Darknet's layer i */
    struct network_option *options;
    int count;
};

/* Read and check a description. Returns 0 or -1 with a sentence in error. */
int network_read(struct network_description *network, const char *path, char *error, size_t size);
void network_free(struct network_description *network);

/* How many classes its [yolo] layers tell apart; they agree. */
int network_classes(const struct network_description *network);

/* The factor by which centres of boxes reach beyond their cell (scale_x_y of YOLOv4), of layer i, which is a [yolo]. */
double network_reach(const struct network_description *network, int layer);

/* Write the description for Darknet. Returns 0 or -1 with errno. */
int network_write(const struct network_description *network, FILE *file);

/*
 * Check weights against the description (their number, and that all are numbers) and write them for Darknet.
 * Returns 0 or -1 with a sentence in error.
 */
int network_write_weights(const struct network_description *network, const struct file_bytes *weights, const char *path,
                          FILE *file, char *error, size_t size);

#endif
