/*
 * Where frames come from: the synthetic scene, a picture (with a slow pan over it, so that it moves), a
 * folder of pictures, a video file or a camera through the ffmpeg program.
 */
#ifndef SHMLAB_SOURCE_H
#define SHMLAB_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "shmlab/detection.h"
#include "shmlab/frame.h"

struct source;

/*
 * Open a source for frames of width x height pixels.
 * what: "scene" or "scene:SEED"; "camera" or "camera:/dev/videoN"; the path of a folder (its .jpg, .jpeg,
 * .png and .ppm files, and through ffmpeg its .bmp and .webp files, once, in the order of their names); the path of a
 * picture; the path of any other file, which is given to ffmpeg. A file called "scene" is "./scene". Scenes and
 * pictures never end. Folders and videos are letterboxed, a picture is cropped to a window that makes a round trip over
 * it in 120 frames. Returns NULL and leaves a sentence with the next step in error (size bytes).
 */
struct source *source_open(const char *what, int width, int height, char *error, size_t size);

/* One line for people: "synthetic scene (seed 1)", "video street.mp4 (ffmpeg)". Lives as long as the source. */
const char *source_describe(const struct source *source);

/*
 * The next frame into `frame` (created by the caller with the size given to source_open). Returns 1; 0 at the
 * end of the source (error then holds a remark about what was missing, or is empty); -1 on an error (a sentence is left
 * in error; source_goes_on tells whether there may be more frames). A signal whose handler interrupts the wait for
 * ffmpeg (sigaction(2) without SA_RESTART) ends the source.
 */
int source_next(struct source *source, struct frame *frame, char *error, size_t size);

/* After an error: may the next call give a frame? A folder goes on after a picture that cannot be read. */
bool source_goes_on(const struct source *source);

/*
 * What is really in the frame that source_next gave last: boxes clipped to the frame, confidence 1, class ids
 * of scene.h. Returns their number (0 before the first frame), or -1 when the source does not know
 * (everything but the scene).
 */
int source_truth(const struct source *source, struct detection *truth, int capacity);

/* End ffmpeg if it runs, free everything. NULL is fine. */
void source_close(struct source *source);

#endif
