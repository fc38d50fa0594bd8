/*
 * Training at the speed of the processor: faster versions of the functions in which libdarknet spends its
 * time.
 *
 * The library calls its own functions through the dynamic linker, so a program that defines one of the same
 * name gets the call instead (ld.so(8), symbol interposition). Those below have the names and parameters that
 * the library gave them, and are all that this program exports. The results agree with the library's but for
 * the order of additions.
 */
#include "darknet_api.h"

#include <cblas.h>
#include <string.h>

#define INTERPOSED __attribute__((visibility("default")))

/* Not in darknet.h. */
float activate(float x, ACTIVATION activation);
float gradient(float x, ACTIVATION activation);
void gemm(int ta, int tb, int m, int n, int k, float alpha, float *a, int lda, float *b, int ldb, float beta, float *c,
          int ldc);
void im2col_cpu(float *image, int channels, int height, int width, int size, int stride, int pad, float *columns);
void col2im_cpu(float *columns, int channels, int height, int width, int size, int stride, int pad, float *image);
void activate_array(float *x, const int n, const ACTIVATION activation);
void gradient_array(const float *x, const int n, const ACTIVATION activation, float *delta);

INTERPOSED void gemm(int ta, int tb, int m, int n, int k, float alpha, float *a, int lda, float *b, int ldb, float beta,
                     float *c, int ldc)
{
    cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n, k, alpha, a, lda,
                b, ldb, beta, c, ldc);
}

/* One row of one shifted copy of the image: target[x] = row[x * stride + shift], zero outside the row. */
static void im2col_row(const float *row, int width, int stride, int shift, float *target, int count)
{
    int x = 0, end = count;
    while (x < count && x * stride + shift < 0)
        target[x++] = 0;
    while (end > x && (end - 1) * stride + shift >= width)
        target[--end] = 0;
    if (stride == 1)
        memcpy(target + x, row + x + shift, (size_t)(end - x) * sizeof *target);
    else
        for (; x < end; x++)
            target[x] = row[x * stride + shift];
}

INTERPOSED void im2col_cpu(float *image, int channels, int height, int width, int size, int stride, int pad,
                           float *columns)
{
    int rows = (height + 2 * pad - size) / stride + 1;
    int count = (width + 2 * pad - size) / stride + 1;
    for (int c = 0; c < channels; c++, image += (size_t)height * (size_t)width)
        for (int tap = 0; tap < size * size; tap++)
            for (int y = 0; y < rows; y++, columns += count) {
                int from = y * stride + tap / size - pad;
                if (from < 0 || from >= height)
                    memset(columns, 0, (size_t)count * sizeof *columns);
                else
                    im2col_row(image + (size_t)from * (size_t)width, width, stride, tap % size - pad, columns, count);
            }
}

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
                    col2im_row(columns, count, image + (size_t)to * (size_t)width, width, stride, tap % size - pad);
            }
}

INTERPOSED void activate_array(float *x, const int n, const ACTIVATION activation)
{
    if (activation == LINEAR)
        return;
    if (activation == LEAKY)
        for (int i = 0; i < n; i++)
            x[i] = x[i] > 0 ? x[i] : 0.1F * x[i];
    else
        for (int i = 0; i < n; i++)
            x[i] = activate(x[i], activation);
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
