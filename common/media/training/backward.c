/*
 * What detector_fast.c does for recognising, for the two slow functions that only training calls.
 */
#include "darknet_api.h"

#define INTERPOSED __attribute__((visibility("default")))

/* Not in darknet.h. */
float gradient(float x, ACTIVATION activation);
void col2im_cpu(float *columns, int channels, int height, int width, int size, int stride, int pad,
                float *image);
void gradient_array(const float *x, const int n, const ACTIVATION activation, float *delta);

static void col2im_row(const float *source, int count, float *row, int width, int stride, int shift)
{
    int x = 0, end = count;
    while (x < count && x * stride + shift < 0)
        x++;
    while (end > x && (end - 1) * stride + shift >= width)
        end--;
    for (; x < end; x++)
        row[x * stride + shift] += source[x];
}

INTERPOSED void col2im_cpu(float *columns, int channels, int height, int width, int size, int stride, int pad,
                           float *image)
{
    int rows = (height + 2 * pad - size) / stride + 1;
    int count = (width + 2 * pad - size) / stride + 1;
    for (int c = 0; c < channels; c++, image += (size_t)height * (size_t)width)
        for (int tap = 0; tap < size * size; tap++)
            for (int y = 0; y < rows; y++, columns += count) {
                int to = y * stride + tap / size - pad;
                if (to >= 0 && to < height)
                    col2im_row(columns, count, image + (size_t)to * (size_t)width, width, stride,
                               tap % size - pad);
            }
}

INTERPOSED void gradient_array(const float *x, const int n, const ACTIVATION activation, float *delta)
{
    if (activation == LINEAR)
        return;
    if (activation == LEAKY)
        for (int i = 0; i < n; i++)
            delta[i] *= x[i] > 0 ? 1.0F : 0.1F;
    else
        for (int i = 0; i < n; i++)
            delta[i] *= gradient(x[i], activation);
}
