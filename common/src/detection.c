/* What can be said of two boxes: see shmlab/detection.h. */
#include "shmlab/detection.h"

double detection_overlap(const struct detection *a, const struct detection *b)
{
    int left = a->x > b->x ? a->x : b->x, top = a->y > b->y ? a->y : b->y;
    int right = a->x + a->width < b->x + b->width ? a->x + a->width : b->x + b->width;
    int bottom = a->y + a->height < b->y + b->height ? a->y + a->height : b->y + b->height;

    if (left >= right || top >= bottom)
        return 0;
    double shared = (double)(right - left) * (bottom - top);
    return shared / ((double)a->width * a->height + (double)b->width * b->height - shared);
}
