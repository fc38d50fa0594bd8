/*
 * One detection, as labs 5 and 6 share it: 24 bytes.
 *
 * The box is given by its top-left corner and its size in pixels of the picture that the detector was given
 * (lab 5: the input image; lab 6: the 640 x 640 frame), clipped to that picture.
 */
#ifndef SHMLAB_DETECTION_H
#define SHMLAB_DETECTION_H

#include <float.h>
#include <stddef.h>
#include <stdint.h>

#include "shmlab/language.h"

struct detection {
    int32_t class_id; /* line of the names file, from 0; COCO: 0 person ... 16 dog ... 79 toothbrush */
    float confidence; /* 0 to 1 */
    int32_t x, y;     /* top-left corner */
    int32_t width, height;
};

/* Intersection over union of two boxes, 0 (apart) to 1 (the same). */
double detection_overlap(const struct detection *a, const struct detection *b);

_Static_assert(sizeof(float) == 4 && FLT_RADIX == 2 && FLT_MANT_DIG == 24 && FLT_MAX_EXP == 128,
               "float is IEEE-754 binary32");
_Static_assert(offsetof(struct detection, class_id) == 0, "class_id is at 0");
_Static_assert(offsetof(struct detection, confidence) == 4, "confidence is at 4");
_Static_assert(offsetof(struct detection, x) == 8, "x is at 8");
_Static_assert(offsetof(struct detection, y) == 12, "y is at 12");
_Static_assert(offsetof(struct detection, width) == 16, "width is at 16");
_Static_assert(offsetof(struct detection, height) == 20, "height is at 20");
_Static_assert(sizeof(struct detection) == 24, "a detection is 24 bytes");

#endif
