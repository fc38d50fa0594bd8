/*
 * What frame_load.c tells beyond frame.h.
 */
#ifndef SHMLAB_FRAME_LOAD_H
#define SHMLAB_FRAME_LOAD_H

#include <stdbool.h>

/* Is it a regular file that begins like a picture that frame_load reads? */
bool frame_is_picture(const char *path);

#endif
