/*
 * Pictures in memory: 8 bits a channel, blue, green, red, row by row from the top, no gaps between rows.
 */
#ifndef SHMLAB_FRAME_H
#define SHMLAB_FRAME_H

#include <stddef.h>
#include <stdint.h>

struct frame {
    int width, height; /* pixels */
    uint8_t *pixels;   /* width * height * 3 bytes, of frame_create, or lent by a slot; NULL: the frame is empty */
};

enum {
    FRAME_CHANNELS = 3,
    FRAME_SIDE_MAX = 16384, /* pixels; larger pictures are refused before memory is asked for */
};

/* An all-black frame. Returns 0, or -1 with errno (ENOMEM, EINVAL for a side outside 1..FRAME_SIDE_MAX). */
int frame_create(struct frame *frame, int width, int height);

/* Free the pixels and empty the frame. Fit for an empty one. */
void frame_destroy(struct frame *frame);

/*
 * Load a JPEG, PNG or binary PPM (P6) file; the kind is told from the file's first bytes, not from its name. A JPEG is
 * turned upright as its EXIF tag Orientation says; what is transparent in a PNG is shown over white.
 * A file that is missing, truncated or corrupt is an error: a sentence about it, with the path, is left in
 * error (size bytes). Returns 0 or -1. The frame is then empty.
 */
int frame_load(struct frame *frame, const char *path, char *error, size_t size);

/*
 * Scale source into target (already created, any size), bilinear on the way up and averaging on the way down.
 * stretch: fill the target, aspect ratio not kept.
 * letterbox: keep the aspect ratio, centre it, grey (128) bars. The area used is returned through the last
 * four (each may be NULL), in pixels of the target.
 */
void frame_stretch(const struct frame *source, struct frame *target);
void frame_letterbox(const struct frame *source, struct frame *target, int *x, int *y, int *width, int *height);

/* Cut the rectangle at (x, y) of width x height pixels out of source and scale it to fill target. It must be
 * inside. */
void frame_crop(const struct frame *source, int x, int y, int width, int height, struct frame *target);

/* Write a binary PPM (P6). Returns 0 or -1 with errno. */
int frame_save_ppm(const struct frame *frame, const char *path);

#endif
