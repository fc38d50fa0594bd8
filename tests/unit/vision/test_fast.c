/*
 * The faster layers compute what Darknet's own compute: the same network, the same input, both ways, layer by
 * layer.
 */
#define _GNU_SOURCE
#include "detector_fast.h"
#include "shmlab/model.h"
#include "support.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A network with each kind of layer that has a faster version, at even and odd sizes, and each that has none. */
#define CONVOLUTION(filters, size, stride, more) \
    "[convolutional]\nfilters=" #filters "\nsize=" #size "\nstride=" #stride "\npad=1\n" more "\n"
#define NORMALISED_LEAKY "batch_normalize=1\nactivation=leaky\n"

static const char every_layer[] = "[net]\nwidth=64\nheight=96\nchannels=3\nbatch=1\nsubdivisions=1\n" /* 64 x 96 */
    CONVOLUTION(8, 3, 1, NORMALISED_LEAKY)                                                            /* 0 */
    CONVOLUTION(8, 3, 1, "groups=8\n" NORMALISED_LEAKY)                                               /* 1 */
    "[shortcut]\nfrom=-2\nactivation=linear\n"                                                        /* 2 */
    CONVOLUTION(16, 3, 2, NORMALISED_LEAKY)                                                           /* 3: 32 x 48 */
    "[maxpool]\nsize=2\nstride=1\npadding=0\n"                                                        /* 4: 31 x 47 */
    CONVOLUTION(16, 3, 2, "groups=16\n" NORMALISED_LEAKY)                                             /* 5: 16 x 24 */
    CONVOLUTION(16, 3, 1, "groups=4\nactivation=linear\n")                                            /* 6 */
    "[shortcut]\nfrom=-2\nactivation=leaky\n"                                                         /* 7 */
    "[dropout]\nprobability=.5\n"                                                                     /* 8 */
    "[maxpool]\nsize=2\nstride=2\n"                                                                   /* 9: 8 x 12 */
    CONVOLUTION(16, 5, 1, NORMALISED_LEAKY)                                                           /* 10 */
    "[maxpool]\nsize=2\nstride=1\n"                                                                   /* 11 */
    "[maxpool]\nsize=5\nstride=1\n"                                                                   /* 12 */
    CONVOLUTION(12, 1, 1, "activation=logistic\nbatch_normalize=1\n")                                 /* 13 */
    "[upsample]\nstride=2\n"                                                                          /* 14: 16 x 24 */
    "[route]\nlayers=-1,7\n"                                                                          /* 15 */
    CONVOLUTION(16, 3, 2, "groups=4\nactivation=relu\n")                                              /* 16: 8 x 12 */
    CONVOLUTION(16, 3, 2, "groups=16\nactivation=linear\n")                                           /* 17: 4 x 6 */
    CONVOLUTION(16, 3, 2, "groups=16\nactivation=linear\n")                                           /* 18: 2 x 3 */
    CONVOLUTION(16, 3, 2, "groups=16\nactivation=linear\n")                                           /* 19: 1 x 2 */
    CONVOLUTION(16, 3, 2, "groups=16\nactivation=linear\n")                                           /* 20: 1 x 1 */
    CONVOLUTION(14, 1, 1, "activation=linear\n")                                                      /* 21 */
    "[yolo]\nmask=0,1\nanchors=1,2,3,4\nclasses=2\nnum=2\n";

static float chance(void)
{
    static uint32_t state = 1;
    state = state * 1664525U + 1013904223U;
    return (float)(state >> 8) / 16777216.0F;
}

/* Weights like those of a trained network: nothing explodes, nothing vanishes. */
static void fill_weights(network *net)
{
    for (int i = 0; i < net->n; i++) {
        layer *l = &net->layers[i];
        if (l->type != CONVOLUTIONAL)
            continue;
        float range = sqrtf(3.0F * (float)l->n / (float)l->nweights);
        for (int k = 0; k < l->nweights; k++)
            l->weights[k] = range * (2 * chance() - 1);
        for (int k = 0; k < l->n; k++) {
            l->biases[k] = chance() - 0.5F;
            if (l->batch_normalize) {
                l->scales[k] = 0.5F + chance();
                l->rolling_mean[k] = chance() - 0.5F;
                l->rolling_variance[k] = 0.1F + chance();
            }
        }
    }
}

/* Darknet reports every layer on standard error. */
static network *load_quietly(const char *cfg, const char *weights)
{
    int saved = dup(STDERR_FILENO), out = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY);
    fflush(stdout);
    dup2(null, STDERR_FILENO);
    dup2(null, STDOUT_FILENO);
    network *net = load_network((char *)(uintptr_t)cfg, NULL, 0);
    if (weights != NULL)
        load_weights(net, (char *)(uintptr_t)weights);
    fflush(stdout);
    dup2(saved, STDERR_FILENO);
    dup2(out, STDOUT_FILENO);
    close(saved);
    close(out);
    close(null);
    set_batch_network(net, 1);
    return net;
}

/* The outputs of all layers, one after the other. */
static float *outputs_of(const network *net, size_t *count)
{
    *count = 0;
    for (int i = 0; i < net->n; i++)
        *count += (size_t)net->layers[i].outputs;
    float *outputs = malloc(*count * sizeof *outputs), *next = outputs;
    assert_non_null(outputs);
    for (int i = 0; i < net->n; i++) {
        memcpy(next, net->layers[i].output, (size_t)net->layers[i].outputs * sizeof *next);
        next += net->layers[i].outputs;
    }
    return outputs;
}

static void compare_layers(const network *net, const float *stock, const float *fast)
{
    for (int i = 0; i < net->n; i++) {
        const layer *l = &net->layers[i];
        float most = 0, difference = 0;
        for (int k = 0; k < l->outputs; k++) {
            float apart = fabsf(stock[k] - fast[k]);
            most = fmaxf(most, fabsf(stock[k]));
            difference = apart <= difference ? difference : apart; /* not-a-number stays */
        }
        /* [yolo] is done elsewhere. Sums of up to some thousand products may differ in their last bits. */
        if (l->type != YOLO && !(difference <= 2e-5F * fmaxf(most, 1)))
            fail_msg("layer %d (type %d): off by %g of %g", i, (int)l->type, (double)difference, (double)most);
        stock += l->outputs;
        fast += l->outputs;
    }
}

/* What a layer leaves out must not be right because it was there before. */
static void spoil_outputs(const network *net)
{
    for (int i = 0; i < net->n; i++)
        for (int k = 0; k < net->layers[i].outputs; k++)
            net->layers[i].output[k] = NAN;
}

static void compare(network *net)
{
    size_t count;
    float *input = malloc((size_t)net->inputs * sizeof *input);
    assert_non_null(input);
    for (int i = 0; i < net->inputs; i++)
        input[i] = chance();
    darknet_predict(net, input);
    float *stock = outputs_of(net, &count);
    fast_prepare(net);
    spoil_outputs(net);
    darknet_predict(net, input);
    float *fast = outputs_of(net, &count);
    compare_layers(net, stock, fast);
    free(stock);
    free(fast);
    free(input);
    darknet_free(net);
}

static void test_every_layer(void **state)
{
    (void)state;
    network *net = load_quietly(scratch_text("every.cfg", every_layer), NULL);
    fill_weights(net);
    compare(net);
}

static void compare_model(enum model_kind kind)
{
    static struct model model;
    char error[ERROR_SIZE];
    if (model_find(&model, kind, error, sizeof error) != 0) {
        print_message("skipped: %s\n", error);
        skip();
    }
    compare(load_quietly(model.files.cfg, model.files.weights));
}

static void test_shapes(void **state)
{
    (void)state;
    compare_model(MODEL_SHAPES);
}

static void test_coco(void **state)
{
    (void)state;
    compare_model(MODEL_COCO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_layer),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_coco),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
