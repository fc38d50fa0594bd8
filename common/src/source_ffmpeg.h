/*
 * Frames of a video file or a camera, decoded by the ffmpeg program as a child process.
 */
#ifndef SHMLAB_SOURCE_FFMPEG_H
#define SHMLAB_SOURCE_FFMPEG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "shmlab/frame.h"

enum { FFMPEG_NAME_MAX = 4096 + 8 };

struct ffmpeg {
    char name[FFMPEG_NAME_MAX]; /* for messages: the path of the video or device */
    pid_t child;                /* 0: it has ended, and was waited for */
    int frames;                 /* its standard output; -1: closed */
    int words;                  /* a file in memory, its standard error; -1: closed */
    long count;                 /* frames read */
};

/* Start ffmpeg. Returns 0, or -1 with a sentence in error; ffmpeg_close is due in the first case only. */
int ffmpeg_open(struct ffmpeg *ffmpeg, const char *path, bool camera, int width, int height, char *error, size_t size);

/* The next frame: 1; 0 at the end and when a signal came (error then holds a remark of ffmpeg's, or is empty); -1 with
 * a sentence in error. */
int ffmpeg_next(struct ffmpeg *ffmpeg, struct frame *frame, char *error, size_t size);

/* End the child if it still runs, and wait for it. */
void ffmpeg_close(struct ffmpeg *ffmpeg);

#endif
