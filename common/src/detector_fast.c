/*
 * Darknet at the speed of the processor.
 *
 * Debian's libdarknet is built for any x86-64 and multiplies matrices with a plain loop. Each layer of its
 * networks holds a pointer to the function that computes it, so the slow ones are replaced here: matrix
 * products by BLAS, the rest by loops over whole rows that a compiler can vectorise. The results agree with
 * the library's but for the rounding of sums.
 *
 * Nothing here is needed: without this file (cmake -DSHMLAB_FAST_DARKNET=OFF) the library's own functions are
 * used.
 */
#include "detector_fast.h"

#include <cblas.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* One binary for every processor: when it starts, each function is bound to the version that suits the processor. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("default", "arch=x86-64-v3")))
#else
#define FOR_EACH_PROCESSOR
#endif

/* OpenBLAS has it, other libraries with the interface of BLAS do not. */
void openblas_set_num_threads(int threads) __attribute__((weak));

/* --- rows --- */

FOR_EACH_PROCESSOR static void row_add_bias(float *restrict row, int count, float bias)
{
    for (int i = 0; i < count; i++)
        row[i] += bias;
}

FOR_EACH_PROCESSOR static void row_add_bias_leaky(float *restrict row, int count, float bias)
{
    for (int i = 0; i < count; i++) {
        float x = row[i] + bias, small = 0.1F * x;
        row[i] = x > small ? x : small; /* the larger one: a single instruction, where a branch on x could not be */
    }
}

FOR_EACH_PROCESSOR static void row_add(float *restrict sum, const float *restrict a, const float *restrict b, int count)
{
    for (int i = 0; i < count; i++)
        sum[i] = a[i] + b[i];
}

FOR_EACH_PROCESSOR static void row_max(float *restrict most, const float *restrict row, int count)
{
    for (int i = 0; i < count; i++)
        most[i] = row[i] > most[i] ? row[i] : most[i];
}

FOR_EACH_PROCESSOR static void row_max_strided(float *restrict most, const float *restrict row, int stride, int count)
{
    for (int i = 0; i < count; i++)
        most[i] = row[i * stride] > most[i] ? row[i * stride] : most[i];
}

/* sum[i] += the three values from row[i] on, weighted. */
FOR_EACH_PROCESSOR static void row_add_three(float *restrict sum, const float *restrict row, const float *weights,
                                             int count)
{
    float a = weights[0], b = weights[1], c = weights[2];
    for (int i = 0; i < count; i++)
        sum[i] += a * row[i] + b * row[i + 1] + c * row[i + 2];
}

FOR_EACH_PROCESSOR static void row_add_three_second(float *restrict sum, const float *restrict row,
                                                    const float *weights, int count)
{
    float a = weights[0], b = weights[1], c = weights[2];
    for (int i = 0; i < count; i++)
        sum[i] += a * row[2 * i] + b * row[2 * i + 1] + c * row[2 * i + 2];
}

/* The outputs x in [first, end) whose input x * stride + shift is inside a row of that width. */
static void row_range(int width, int stride, int shift, int count, int *first, int *end)
{
    *first = 0;
    *end = count;
    while (*first < count && *first * stride + shift < 0)
        ++*first;
    while (*end > *first && (*end - 1) * stride + shift >= width)
        --*end;
}

/* --- convolutions --- */

static void add_biases(const layer *l)
{
    int count = l->out_w * l->out_h;
    for (int i = 0; i < l->n; i++) {
        float *row = l->output + (size_t)i * (size_t)count;
        if (l->activation == LEAKY)
            row_add_bias_leaky(row, count, l->biases[i]);
        else
            row_add_bias(row, count, l->biases[i]);
    }
}

/* The input, copied once for every weight of a filter, shifted so that a convolution becomes a product of matrices. */
static void shifted_copies(const layer *l, const float *input, int channels, float *columns)
{
    for (int c = 0; c < channels; c++, input += (size_t)l->h * (size_t)l->w)
        for (int tap = 0; tap < l->size * l->size; tap++) {
            int first, end, shift = tap % l->size - l->pad;
            row_range(l->w, l->stride, shift, l->out_w, &first, &end);
            for (int y = 0; y < l->out_h; y++, columns += l->out_w) {
                int from = y * l->stride + tap / l->size - l->pad;
                if (from < 0 || from >= l->h) {
                    memset(columns, 0, (size_t)l->out_w * sizeof *columns);
                    continue;
                }
                const float *row = input + (ptrdiff_t)from * l->w + shift;
                memset(columns, 0, (size_t)first * sizeof *columns);
                if (l->stride == 1)
                    memcpy(columns + first, row + first, (size_t)(end - first) * sizeof *columns);
                else
                    for (int x = first; x < end; x++)
                        columns[x] = row[x * l->stride];
                memset(columns + end, 0, (size_t)(l->out_w - end) * sizeof *columns);
            }
        }
}

static void convolution_forward(layer l, network net)
{
    int filters = l.n / l.groups, channels = l.c / l.groups;
    int taps = l.size * l.size * channels, places = l.out_w * l.out_h;
    for (int group = 0; group < l.groups; group++) {
        float *input = net.input + (ptrdiff_t)group * channels * l.h * l.w;
        const float *weights = l.weights + (ptrdiff_t)group * filters * taps;
        float *output = l.output + (ptrdiff_t)group * filters * places;
        float *columns = input;
        if (l.size != 1 || l.stride != 1) {
            columns = net.workspace;
            shifted_copies(&l, input, channels, columns);
        }
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, filters, places, taps, 1, weights, taps, columns, places,
                    0, output, places);
    }
    add_biases(&l);
}

/* One row of a 3 x 3 filter over one row of the input, added to one row of the output. Stride 1 or 2, pad 1. */
static void depthwise_row(const layer *l, const float *row, const float *weights, float *sum)
{
    int last = l->out_w - 1, at = last * l->stride; /* the input under the middle of the last output */
    /* The first output lacks its left input, the last one may lack its right one. */
    sum[0] += weights[1] * row[0] + (l->w > 1 ? weights[2] * row[1] : 0);
    if (last == 0)
        return;
    int inner = at + 1 < l->w ? last : last - 1;
    if (l->stride == 1)
        row_add_three(sum + 1, row, weights, inner);
    else
        row_add_three_second(sum + 1, row + 1, weights, inner);
    if (inner < last)
        sum[last] += weights[0] * row[at - 1] + weights[1] * row[at];
}

/* Each channel has a 3 x 3 filter of its own: too little for a product of matrices. */
static void depthwise_forward(layer l, network net)
{
    enum { SIZE = 3 };
    for (int c = 0; c < l.n; c++) {
        const float *input = net.input + (ptrdiff_t)c * l.h * l.w;
        const float *weights = l.weights + (ptrdiff_t)c * SIZE * SIZE;
        float *sum = l.output + (ptrdiff_t)c * l.out_h * l.out_w;
        for (int y = 0; y < l.out_h; y++, sum += l.out_w) {
            memset(sum, 0, (size_t)l.out_w * sizeof *sum);
            for (int tap = 0; tap < SIZE; tap++) {
                int from = y * l.stride + tap - 1;
                if (from >= 0 && from < l.h)
                    depthwise_row(&l, input + (ptrdiff_t)from * l.w, weights + tap * SIZE, sum);
            }
        }
    }
    add_biases(&l);
}

/* --- other layers --- */

static void maxpool_forward(layer l, network net)
{
    float *most = l.output;
    int offset = -l.pad / 2;
    for (int c = 0; c < l.c; c++)
        for (int y = 0; y < l.out_h; y++, most += l.out_w) {
            for (int x = 0; x < l.out_w; x++)
                most[x] = -INFINITY;
            for (int tap = 0; tap < l.size * l.size; tap++) {
                int from = y * l.stride + tap / l.size + offset, shift = tap % l.size + offset, first, end;
                if (from < 0 || from >= l.h)
                    continue;
                row_range(l.w, l.stride, shift, l.out_w, &first, &end);
                const float *row = net.input + ((ptrdiff_t)c * l.h + from) * l.w + (ptrdiff_t)first * l.stride + shift;
                if (l.stride == 1)
                    row_max(most + first, row, end - first);
                else
                    row_max_strided(most + first, row, l.stride, end - first);
            }
        }
}

static void route_forward(layer l, network net)
{
    float *output = l.output;
    for (int i = 0; i < l.n; i++) {
        memcpy(output, net.layers[l.input_layers[i]].output, (size_t)l.input_sizes[i] * sizeof *output);
        output += l.input_sizes[i];
    }
}

static void shortcut_forward(layer l, network net)
{
    row_add(l.output, net.input, net.layers[l.index].output, l.outputs);
    if (l.activation == LEAKY)
        row_add_bias_leaky(l.output, l.outputs, 0);
}

/* What a [yolo] layer computes is done for the few boxes that matter, in detector_darknet.c. */
static void yolo_forward(layer l, network net)
{
    (void)l;
    (void)net;
}

/* --- preparing --- */

/* Batch normalisation is one multiplication and one addition in a trained network: weights and biases take them in. */
static void fold_normalisation(layer *l)
{
    static const float epsilon = 0.000001F; /* as normalize_cpu of Darknet's blas.c adds to the deviation */
    int taps = l->nweights / l->n;
    for (int i = 0; i < l->n; i++) {
        float factor = l->scales[i] / (sqrtf(l->rolling_variance[i]) + epsilon);
        l->biases[i] -= l->rolling_mean[i] * factor;
        for (int k = 0; k < taps; k++)
            l->weights[(ptrdiff_t)i * taps + k] *= factor;
    }
    l->batch_normalize = 0;
}

static bool activation_is_ours(const layer *l)
{
    return l->activation == LEAKY || l->activation == LINEAR;
}

static void prepare_convolution(layer *l)
{
    if (l->batch_normalize)
        fold_normalisation(l);
    /* Darknet takes the input as it is for any size 1, even with a stride; stay away from that. */
    if (!activation_is_ours(l) || (l->size == 1 && (l->stride != 1 || l->pad != 0)))
        return;
    bool depthwise = l->groups == l->c && l->n == l->c && l->size == 3 && l->pad == 1 && l->stride <= 2;
    l->forward = depthwise ? depthwise_forward : convolution_forward;
}

static void prepare_layer(const network *net, layer *l)
{
    if (l->type == CONVOLUTIONAL)
        prepare_convolution(l);
    else if (l->type == MAXPOOL)
        l->forward = maxpool_forward;
    else if (l->type == ROUTE)
        l->forward = route_forward;
    else if (l->type == YOLO)
        l->forward = yolo_forward;
    else if (l->type == SHORTCUT && activation_is_ours(l) && l->alpha == 1 && l->beta == 1 &&
             net->layers[l->index].outputs == l->outputs && l->inputs == l->outputs)
        l->forward = shortcut_forward;
}

void fast_prepare(network *net)
{
    if (openblas_set_num_threads != NULL)
        openblas_set_num_threads(1); /* these matrices are too small to share: measured, no gain */
    for (int i = 0; i < net->n; i++) {
        layer *l = &net->layers[i];
        prepare_layer(net, l);
        /* Only learning uses it, yet Darknet clears it before each layer. A dropout layer borrows its neighbour's. */
        if (l->type != DROPOUT)
            free(l->delta);
        l->delta = NULL;
    }
}
