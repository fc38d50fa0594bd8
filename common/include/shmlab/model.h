/*
 * Where trained networks are: the files that a detector needs, found.
 */
#ifndef SHMLAB_MODEL_H
#define SHMLAB_MODEL_H

#include <stddef.h>

#include "shmlab/detector.h"

enum { MODEL_PATH_MAX = 4096 }; /* bytes, as PATH_MAX of Linux's limits.h */

/* What detector_open wants, and the paths that `files` points to. */
struct model {
    struct detector_files files;
    char cfg[MODEL_PATH_MAX];
    char weights[MODEL_PATH_MAX];
    char names[MODEL_PATH_MAX];
};

enum model_kind {
    MODEL_SHAPES, /* the four shapes of the synthetic scene: scene.h; ships with the project */
    MODEL_COCO,   /* the 80 everyday things of the COCO collection, dog and person among them; `make models`
                     fetches it */
};

/*
 * Find a model. The folders of the environment variable SHMLAB_MODELS (separated by colons) come first, then
 * ../share/shmlab beside the program's folder, where an installed program has its models, then models/ and
 * common/media/ of the source tree. Of the COCO networks yolo-fastest-1.1-xl is preferred, then yolo-fastest-1.1,
 * yolov4-tiny and yolov3-tiny. The model must stay where it is while `files` is used, for it points into it. Returns 0,
 * or -1 with a sentence in error.
 */
int model_find(struct model *model, enum model_kind kind, char *error, size_t size);

#endif
