/*
 * A synthetic scene whose contents are known: circles, squares, triangles and stars on a noisy background. It
 * is what the model that ships was trained on, and the default video of lab 6.
 *
 * Everything follows from the seed and the frame size alone, so that a test or a grader can render the same
 * picture.
 */
#ifndef SHMLAB_SCENE_H
#define SHMLAB_SCENE_H

#include <stdint.h>

#include "shmlab/detection.h"
#include "shmlab/frame.h"

enum { SCENE_CIRCLE, SCENE_SQUARE, SCENE_TRIANGLE, SCENE_STAR, SCENE_CLASSES };
enum { SCENE_OBJECTS_MAX = 8 };

/* "circle", "square", "triangle", "star"; the same lines are in common/media/shapes.names. */
extern const char *const scene_class_names[SCENE_CLASSES];

/*
 * Render the still scene number `seed` into the frame (its size is taken from it).
 * truth: room for SCENE_OBJECTS_MAX; filled with the boxes, exact to a rounding to whole pixels, clipped to
 * the frame, confidence 1. Returns the number of objects.
 */
int scene_still(struct frame *frame, uint64_t seed, struct detection *truth);

/*
 * A moving scene: 3 to 5 objects of the same kind, wholly visible.
 * scene_open returns NULL with errno (ENOMEM; EINVAL as frame_create); the scene belongs to the caller.
 */
struct scene;
struct scene *scene_open(int width, int height, uint64_t seed);

/*
 * Render frame number `index` (0, 1, 2 ...; any order, but backwards means from the start again) at 30 frames
 * a second of scene time. The objects rotate, and bounce off the edges and each other. Returns as
 * scene_still, or -1 with errno (EINVAL: a frame of another size, a negative index).
 */
int scene_render(struct scene *scene, long index, struct frame *frame, struct detection *truth);

void scene_close(struct scene *scene); /* NULL is fine */

#endif
