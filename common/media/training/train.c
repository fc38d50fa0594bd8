/*
 * Trains the model that ships, with libdarknet, on scenes rendered as it goes: no picture is shown twice, and
 * none of those that detector_eval measures on (numbers from 1,000,000) is shown at all.
 *
 *     train CFG WEIGHTS       writes WEIGHTS at the end, and every 500 steps on the way
 *
 * One thread and a fixed seed: two runs on one machine give the same file.
 */
#include "darknet_api.h"
#include "shmlab/scene.h"

#include <stdlib.h>
#include <string.h>

enum {
    STEPS_PER_REPORT = 50,
    STEPS_PER_FILE = 500,
    TRUTH_VALUES = 5, /* centre x, centre y, width, height (parts of the picture) and class: yolo_layer.c of Darknet */
    SEED = 1,
};

/* Sizes of the pictures; most are the network's own, which are the quickest to render. */
static const struct {
    int width, height;
} sizes[] = {{160, 160}, {160, 160}, {160, 160}, {160, 160}, {320, 320}, {320, 240}, {240, 320}, {640, 640}};

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

/* Blue, green, red bytes to planes of red, green and blue in 0 to 1. */
static void input_fill(const struct frame *frame, float *input)
{
    size_t plane = (size_t)frame->width * (size_t)frame->height;
    for (size_t i = 0; i < plane; i++)
        for (size_t c = 0; c < FRAME_CHANNELS; c++)
            input[c * plane + i] = (float)frame->pixels[i * FRAME_CHANNELS + FRAME_CHANNELS - 1 - c] / 255;
}

/* Boxes in the picture, which is at (x, y) with width x height in the network's input of `side` pixels. */
static void truth_fill(const struct detection *truth, int count, const struct frame *picture, int x, int y, int width,
                       int height, int side, float *values)
{
    for (int i = 0; i < count; i++, values += TRUTH_VALUES) {
        float across = (float)width / (float)picture->width, down = (float)height / (float)picture->height;
        values[0] = ((float)x + across * ((float)truth[i].x + (float)truth[i].width / 2)) / (float)side;
        values[1] = ((float)y + down * ((float)truth[i].y + (float)truth[i].height / 2)) / (float)side;
        values[2] = across * (float)truth[i].width / (float)side;
        values[3] = down * (float)truth[i].height / (float)side;
        values[4] = (float)truth[i].class_id;
    }
}

static void example_fill(unsigned long number, struct frame *input, float *x, float *y)
{
    struct frame picture;
    struct detection truth[SCENE_OBJECTS_MAX];
    size_t size = number % (sizeof sizes / sizeof *sizes);
    if (frame_create(&picture, sizes[size].width, sizes[size].height) != 0)
        die("train: a picture");
    int count = scene_still(&picture, number, truth);
    int left, top, width, height;
    frame_letterbox(&picture, input, &left, &top, &width, &height);
    input_fill(input, x);
    truth_fill(truth, count, &picture, left, top, width, height, input->width, y);
    frame_destroy(&picture);
}

static void batch_fill(unsigned long step, struct frame *input, data batch)
{
    for (int i = 0; i < batch.X.rows; i++) {
        memset(batch.y.vals[i], 0, (size_t)batch.y.cols * sizeof *batch.y.vals[i]);
        example_fill(step * (unsigned long)batch.X.rows + (unsigned long)i + 1, input, batch.X.vals[i],
                     batch.y.vals[i]);
    }
}

static void train(network *net, char *weights)
{
    struct frame input;
    if (frame_create(&input, net->w, net->h) != 0)
        die("train: the network's input");
    data batch = {.X = make_matrix(net->batch * net->subdivisions, net->inputs),
                  .y = make_matrix(net->batch * net->subdivisions, net->truths)};
    float average = -1;
    for (unsigned long step = 0; step < (unsigned long)net->max_batches; step++) {
        batch_fill(step, &input, batch);
        float loss = train_network(net, batch);
        average = average < 0 ? loss : 0.95F * average + 0.05F * loss;
        if ((step + 1) % STEPS_PER_REPORT == 0)
            fprintf(stderr, "step %lu: loss %.3f, mean %.3f, rate %g\n", step + 1, (double)loss, (double)average,
                    (double)get_current_rate(net));
        if ((step + 1) % STEPS_PER_FILE == 0)
            save_weights(net, weights);
    }
    save_weights(net, weights);
    free_data(batch);
    frame_destroy(&input);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: train CFG WEIGHTS\n");
        return 2;
    }
    if (freopen("/dev/null", "w", stdout) == NULL) /* Darknet reports every layer of every step there */
        die("train: /dev/null");
    srand(SEED);
    network *net = load_network(argv[1], NULL, 0);
    train(net, argv[2]);
    darknet_free(net);
    return EXIT_SUCCESS;
}
