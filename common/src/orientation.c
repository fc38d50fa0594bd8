/* See orientation.h. The tag is read by libexif. */
#include "orientation.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include <libexif/exif-data.h>

enum { UPRIGHT = 1, LAST = 8, TRANSPOSED = 5 }; /* from 5 on, rows of the file are columns of the picture */

int orientation_read(const uint8_t *jpeg, size_t size)
{
    ExifData *data = exif_data_new_from_data(jpeg, size < UINT_MAX ? (unsigned)size : UINT_MAX);
    int value = UPRIGHT;

    if (data == NULL)
        return UPRIGHT;
    const ExifEntry *entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
    if (entry != NULL && entry->format == EXIF_FORMAT_SHORT && entry->components == 1 && entry->size >= 2)
        value = exif_get_short(entry->data, exif_data_get_byte_order(data));
    exif_data_unref(data);
    return value >= UPRIGHT && value <= LAST ? value : UPRIGHT;
}

/* Which pixel of the file is at (x, y) of the upright picture: the table of the standard, as "0th row, 0th column are
 * at". */
static void origin(int orientation, const struct frame *file, int x, int y, int *from_x, int *from_y)
{
    int right = file->width - 1, bottom = file->height - 1;
    const int at[LAST + 1][2] = {
        [1] = {x, y},                  /* top, left */
        [2] = {right - x, y},          /* top, right */
        [3] = {right - x, bottom - y}, /* bottom, right */
        [4] = {x, bottom - y},         /* bottom, left */
        [5] = {y, x},                  /* left, top */
        [6] = {y, bottom - x},         /* right, top */
        [7] = {right - y, bottom - x}, /* right, bottom */
        [8] = {right - y, x},          /* left, bottom */
    };

    *from_x = at[orientation][0];
    *from_y = at[orientation][1];
}

int orientation_apply(struct frame *frame, int orientation)
{
    struct frame upright;
    bool transposed = orientation >= TRANSPOSED;

    if (orientation == UPRIGHT)
        return 0;
    if (frame_create(&upright, transposed ? frame->height : frame->width, transposed ? frame->width : frame->height) !=
        0)
        return -1;
    for (int y = 0; y < upright.height; y++)
        for (int x = 0; x < upright.width; x++) {
            int from_x, from_y;
            origin(orientation, frame, x, y, &from_x, &from_y);
            memcpy(upright.pixels + ((size_t)y * (size_t)upright.width + (size_t)x) * FRAME_CHANNELS,
                   frame->pixels + ((size_t)from_y * (size_t)frame->width + (size_t)from_x) * FRAME_CHANNELS,
                   FRAME_CHANNELS);
        }
    frame_destroy(frame);
    *frame = upright;
    return 0;
}
