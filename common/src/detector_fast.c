/*
 * Faster versions of the functions in which Debian's libdarknet spends its time.
 *
 * That library is built for any x86-64 and multiplies matrices with a plain loop. It calls its own functions
 * through the dynamic linker, so a program that defines one of the same name gets the call instead (ld.so(8),
 * symbol interposition): the functions below have the names and parameters that the library gave them, and
 * are the only ones that this program exports. The results agree with the library's but for the order of
 * additions.
 */
#include "darknet_api.h"

#include <cblas.h>
#include <string.h>

#define INTERPOSED __attribute__((visibility("default")))

/* One binary for every processor: the dynamic linker picks the version of a function that suits the one it
 * runs on. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("default", "avx2", "arch=x86-64-v3")))
#else
#define FOR_EACH_PROCESSOR
#endif

/* Not in darknet.h. */
float activate(float x, ACTIVATION activation);
void gemm(int ta, int tb, int m, int n, int k, float alpha, float *a, int lda, float *b, int ldb, float beta,
          float *c, int ldc);
void im2col_cpu(float *image, int channels, int height, int width, int size, int stride, int pad,
                float *columns);
void activate_array(float *x, const int n, const ACTIVATION activation);

INTERPOSED void gemm(int ta, int tb, int m, int n, int k, float alpha, float *a, int lda, float *b, int ldb,
                     float beta, float *c, int ldc)
{
    cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n, k, alpha,
                a, lda, b, ldb, beta, c, ldc);
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
                    im2col_row(image + (size_t)from * (size_t)width, width, stride, tap % size - pad, columns,
                               count);
            }
}

FOR_EACH_PROCESSOR static void activate_leaky(float *x, int n)
{
    for (int i = 0; i < n; i++)
        x[i] = x[i] > 0 ? x[i] : 0.1F * x[i];
}

INTERPOSED void activate_array(float *x, const int n, const ACTIVATION activation)
{
    if (activation == LINEAR)
        return;
    if (activation == LEAKY)
        activate_leaky(x, n);
    else
        for (int i = 0; i < n; i++)
            x[i] = activate(x[i], activation);
}
