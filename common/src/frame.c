/*
 * Pictures in memory: making, scaling, cutting and writing them. Reading files is frame_load.c.
 */
#include "shmlab/frame.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LETTERBOX_GREY = 128 };

int frame_create(struct frame *frame, int width, int height)
{
    *frame = (struct frame){0};
    if (width < 1 || height < 1 || width > FRAME_SIDE_MAX || height > FRAME_SIDE_MAX) {
        errno = EINVAL;
        return -1;
    }
    frame->pixels = calloc((size_t)width * (size_t)height, FRAME_CHANNELS);
    if (frame->pixels == NULL)
        return -1;
    frame->width = width;
    frame->height = height;
    return 0;
}

void frame_destroy(struct frame *frame)
{
    free(frame->pixels);
    *frame = (struct frame){0};
}

/* --- scaling --- */

/* A rectangle of a frame. */
struct view {
    uint8_t *pixels; /* its top-left corner */
    size_t stride;   /* bytes from one row to the next */
    int width, height;
};

static struct view view_of(const struct frame *frame, int x, int y, int width, int height)
{
    size_t stride = (size_t)frame->width * FRAME_CHANNELS;
    return (struct view){frame->pixels + (size_t)y * stride + (size_t)x * FRAME_CHANNELS, stride, width, height};
}

/* Which pixels of the source, along one axis, make one of the target, and their weights: the sum is 1. */
struct tap {
    int first, count;
    float head, body, tail; /* first one, each in between, last one; a single one has only a head */
};

/* Shrinking: the mean over the part of the source that the target's pixel covers. */
static struct tap tap_average(int index, int source, int target)
{
    double from = (double)index * source / target;
    double to = (double)(index + 1) * source / target;
    int first = (int)from;
    int last = (int)to;
    if (last == source || (double)last == to)
        last--;
    float length = (float)(to - from);
    if (first >= last)
        return (struct tap){first, 1, 1, 0, 0};
    return (struct tap){first, last - first + 1, (float)(first + 1 - from) / length, 1 / length,
                        (float)(to - last) / length};
}

/* Growing: a straight line between the centres of two neighbours, constant beyond the outermost centres. */
static struct tap tap_linear(int index, int source, int target)
{
    double centre = (index + 0.5) * source / target - 0.5;
    if (centre <= 0)
        return (struct tap){0, 1, 1, 0, 0};
    int first = (int)centre;
    if (first >= source - 1)
        return (struct tap){source - 1, 1, 1, 0, 0};
    float part = (float)(centre - first);
    return (struct tap){first, 2, 1 - part, 0, part};
}

static struct tap tap_for(int index, int source, int target)
{
    return source > target ? tap_average(index, source, target) : tap_linear(index, source, target);
}

static float tap_weight(const struct tap *tap, int i)
{
    return i == 0 ? tap->head : i == tap->count - 1 ? tap->tail : tap->body;
}

/* The weighted sum of the source's rows that make one of the target. */
static void scale_rows(const struct view *source, const struct tap *tap, float *sum)
{
    size_t values = (size_t)source->width * FRAME_CHANNELS;
    for (int i = 0; i < tap->count; i++) {
        const uint8_t *row = source->pixels + (size_t)(tap->first + i) * source->stride;
        float weight = tap_weight(tap, i);
        if (i == 0)
            for (size_t k = 0; k < values; k++)
                sum[k] = weight * (float)row[k];
        else
            for (size_t k = 0; k < values; k++)
                sum[k] += weight * (float)row[k];
    }
}

static void scale_columns(const float *row, const struct tap *taps, int count, uint8_t *pixel)
{
    for (int x = 0; x < count; x++, pixel += FRAME_CHANNELS) {
        const struct tap *tap = &taps[x];
        const float *value = row + (size_t)tap->first * FRAME_CHANNELS;
        float sum[FRAME_CHANNELS] = {0};
        for (int i = 0; i < tap->count; i++, value += FRAME_CHANNELS) {
            float weight = tap_weight(tap, i);
            for (int c = 0; c < FRAME_CHANNELS; c++)
                sum[c] += weight * value[c];
        }
        for (int c = 0; c < FRAME_CHANNELS; c++)
            pixel[c] = (uint8_t)(sum[c] + 0.5F); /* weights add up to 1 but for rounding, so 255.5 is never reached */
    }
}

/* The tables are on the stack (half a megabyte at most), so that scaling cannot fail. */
static void view_scale(struct view source, struct view target)
{
    struct tap taps[FRAME_SIDE_MAX];
    float row[FRAME_SIDE_MAX * FRAME_CHANNELS];
    if (source.width == target.width && source.height == target.height) {
        for (int y = 0; y < target.height; y++)
            memcpy(target.pixels + (size_t)y * target.stride, source.pixels + (size_t)y * source.stride,
                   (size_t)target.width * FRAME_CHANNELS);
        return;
    }
    for (int x = 0; x < target.width; x++)
        taps[x] = tap_for(x, source.width, target.width);
    for (int y = 0; y < target.height; y++) {
        struct tap down = tap_for(y, source.height, target.height);
        scale_rows(&source, &down, row);
        scale_columns(row, taps, target.width, target.pixels + (size_t)y * target.stride);
    }
}

void frame_stretch(const struct frame *source, struct frame *target)
{
    view_scale(view_of(source, 0, 0, source->width, source->height),
               view_of(target, 0, 0, target->width, target->height));
}

/* side * numerator / denominator, rounded, at least 1. */
static int side_scaled(int side, int numerator, int denominator)
{
    long long scaled = ((long long)side * numerator * 2 + denominator) / (2LL * denominator);
    return scaled < 1 ? 1 : (int)scaled;
}

void frame_letterbox(const struct frame *source, struct frame *target, int *x, int *y, int *width, int *height)
{
    int used_width = target->width, used_height = target->height;
    /* Compare the aspect ratios, multiplied out. */
    if ((long long)source->width * target->height >= (long long)source->height * target->width)
        used_height = side_scaled(source->height, target->width, source->width);
    else
        used_width = side_scaled(source->width, target->height, source->height);
    int left = (target->width - used_width) / 2;
    int top = (target->height - used_height) / 2;
    if (used_width != target->width || used_height != target->height)
        memset(target->pixels, LETTERBOX_GREY, (size_t)target->width * (size_t)target->height * FRAME_CHANNELS);
    view_scale(view_of(source, 0, 0, source->width, source->height),
               view_of(target, left, top, used_width, used_height));
    int *results[] = {x, y, width, height};
    int values[] = {left, top, used_width, used_height};
    for (int i = 0; i < 4; i++)
        if (results[i] != NULL)
            *results[i] = values[i];
}

void frame_crop(const struct frame *source, int x, int y, int width, int height, struct frame *target)
{
    view_scale(view_of(source, x, y, width, height), view_of(target, 0, 0, target->width, target->height));
}

/* --- writing --- */

static int write_ppm(const struct frame *frame, FILE *file)
{
    if (fprintf(file, "P6\n%d %d\n255\n", frame->width, frame->height) < 0)
        return -1;
    size_t pixels = (size_t)frame->width * (size_t)frame->height;
    for (size_t i = 0; i < pixels; i++) {
        const uint8_t *bgr = frame->pixels + i * FRAME_CHANNELS;
        const uint8_t rgb[FRAME_CHANNELS] = {bgr[2], bgr[1], bgr[0]};
        if (fwrite(rgb, sizeof rgb, 1, file) != 1)
            return -1;
    }
    return 0;
}

int frame_save_ppm(const struct frame *frame, const char *path)
{
    FILE *file = fopen(path, "wbe");
    if (file == NULL)
        return -1;
    int result = write_ppm(frame, file);
    int cause = errno;
    if (fclose(file) != 0 && result == 0)
        return -1;
    errno = cause;
    return result;
}
