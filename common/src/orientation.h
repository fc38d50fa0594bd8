/* How a camera was held: the EXIF tag Orientation of a JPEG file, and turning a picture by it. */
#ifndef SHMLAB_ORIENTATION_H
#define SHMLAB_ORIENTATION_H

#include <stddef.h>
#include <stdint.h>

#include "shmlab/frame.h"

/* The tag's value, 1 (upright) to 8; 1 where a file says nothing, or nonsense. EXIF 2.32, section 4.6.4 A. */
int orientation_read(const uint8_t *jpeg, size_t size);

/* Turn and mirror the picture so that it is upright. Returns 0, or -1 with errno: the picture is then as it was. */
int orientation_apply(struct frame *frame, int orientation);

#endif
