/*
 * The detector: what it sees, and above all what it refuses, without ending the process or saying a word.
 */
#define _GNU_SOURCE
#include "shmlab/detector.h"
#include "shmlab/model.h"
#include "shmlab/scene.h"
#include "support.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FOUND_MAX = 100 };

#define DOG_PICTURE "/usr/share/darknet/data/dog.jpg"

/* A network of two convolutions, 2 x 2 cells with one box each and two classes. */
enum { CELLS = 2, FILTERS = 4, CLASSES = 2, VALUES = 5 + CLASSES, TAPS = 9 * 3 };

#define FIRST_LAYER "[convolutional]\nfilters=4\nsize=3\nstride=16\npad=1\nactivation=leaky\n"
#define LAST_LAYERS                                                            \
    "[convolutional]\nfilters=7\nsize=1\nstride=1\npad=1\nactivation=linear\n" \
    "[yolo]\nanchors=4,6\nclasses=2\nnum=1\nmask=0\nscale_x_y=1.5\n"
#define SMALL_NET   "[net]\nwidth=32\nheight=32\nchannels=3\n"
#define SMALL_CFG   SMALL_NET FIRST_LAYER LAST_LAYERS
#define GROUPED_CFG SMALL_NET FIRST_LAYER "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n" LAST_LAYERS

/* Weights as Darknet lays them out: a header of 20 bytes; biases and weights of each convolution. */
struct small_weights {
    int32_t version[3];
    int32_t seen[2];
    float numbers[FILTERS + FILTERS * TAPS + VALUES + VALUES * FILTERS];
};

static struct small_weights make_weights(size_t *size, int grouped)
{
    struct small_weights weights = {.version = {0, 2, 0}};
    uint32_t chance = 1;
    size_t count = sizeof weights.numbers / sizeof *weights.numbers - (grouped ? VALUES * FILTERS / 2 : 0);
    for (size_t i = 0; i < count; i++) {
        chance = chance * 1664525U + 1013904223U;
        weights.numbers[i] = ((float)(chance >> 8) / 8388608.0F - 1) * 0.8F;
    }
    *size = offsetof(struct small_weights, numbers) + count * sizeof *weights.numbers;
    return weights;
}

static void write_weights(const char *name, int grouped)
{
    size_t size;
    struct small_weights weights = make_weights(&size, grouped);
    scratch_write(name, &weights, size);
}

/* --- what it refuses --- */

/* The length of what the process says while a network is refused; Darknet likes to talk. */
static void refuse(const char *cfg, const char *weights, const char *names, const char *word)
{
    struct detector_files files = {cfg, weights, names};
    char error[ERROR_SIZE] = "";
    int descriptors = open_descriptors();
    FILE *said = tmpfile();
    assert_non_null(said);
    fflush(stdout);
    fflush(stderr);
    int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    dup2(fileno(said), STDOUT_FILENO);
    dup2(fileno(said), STDERR_FILENO);
    struct detector *detector = detector_open(&files, error, sizeof error);
    fflush(stdout);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    close(out);
    close(err);
    off_t length = lseek(fileno(said), 0, SEEK_END);
    fclose(said);
    if (detector != NULL)
        fail_msg("%s was accepted, and should not for \"%s\"", cfg, word);
    assert_int_equal(length, 0);
    assert_says(error, word, NULL);
    assert_int_equal(open_descriptors(), descriptors);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
}

/* The small network with one part of its description replaced; everything about it must be said with its line. */
static void refuse_change(const char *part, const char *other, const char *word)
{
    char cfg[2048];
    const char *place = strstr(SMALL_CFG, part);
    assert_non_null(place);
    snprintf(cfg, sizeof cfg, "%.*s%s%s", (int)(place - SMALL_CFG), SMALL_CFG, other, place + strlen(part));
    refuse(scratch_text("changed.cfg", cfg), scratch_path("small.weights"), NULL, word);
}

static void test_descriptions(void **state)
{
    (void)state;
    write_weights("small.weights", 0);
    refuse_change("[net]", "", "neither [section] nor key=value");
    refuse_change("[net]", "[yolo]", "[net] must be the first");
    refuse_change("[yolo]", "[yolx]", "[yolx]");
    refuse_change("[yolo]", "[region]", "[region]");
    refuse_change("[yolo]", "[net]", "[net] must be the first");
    refuse_change("[yolo]", "[yolo", "]");
    refuse_change("[convolutional]\nfilters=7", "[connected]\noutput=7", "[connected]");
    refuse_change("width=32", "width=100000", "width=100000");
    refuse_change("width=32", "width=33", "multiple of 32");
    refuse_change("width=32", "width=0", "width=0");
    refuse_change("width=32", "width=32x", "width=32x");
    refuse_change("width=32", "", "width");
    refuse_change("channels=3", "channels=1", "channels=1");
    refuse_change("stride=16", "stride=0", "stride=0");
    refuse_change("stride=16", "stride=99999999999999999999", "stride=9999");
    refuse_change("filters=4", "filters=0", "filters=0");
    refuse_change("filters=4", "filters=4\ngroups=2", "line 5"); /* three channels in two groups */
    refuse_change("filters=7", "filters=8", "[yolo] does not fit");
    refuse_change("activation=leaky", "activation=mish", "activation=mish");
    refuse_change("size=3", "size=3\nsize=3", "twice");
    refuse_change("size=3", "size=3\ndilation=2", "dilation=2");
    refuse_change("classes=2", "classes=3", "does not fit");
    refuse_change("classes=2", "", "does not fit");
    refuse_change("anchors=4,6", "anchors=4,6,8,9", "does not fit");
    refuse_change("anchors=4,6", "anchors=4,x", "anchors=4,x");
    refuse_change("anchors=4,6", "", "does not fit");
    refuse_change("mask=0", "mask=1", "does not fit");
    refuse_change("mask=0", "mask=0,", "mask=0,");
    refuse_change("mask=0", "new_coords=1", "new_coords=1");
    refuse_change("filters=7", "filters=7\n[route]\nlayers=5", "[route] does not fit");
    refuse_change("filters=7", "filters=7\n[route]\nlayers=-9", "[route] does not fit");
    refuse_change("filters=7", "filters=7\n[route]", "[route] does not fit");
    refuse_change("filters=7", "filters=7\n[shortcut]\nfrom=-9", "[shortcut] does not fit");
    refuse_change("filters=7", "filters=7\n[route]\nlayers=-1\ngroups=3", "[route] does not fit");
}

static void test_not_descriptions(void **state)
{
    (void)state;
    write_weights("small.weights", 0);
    const char *weights = scratch_path("small.weights");
    refuse(scratch_path("missing.cfg"), weights, NULL, "ENOENT");
    refuse("/", weights, NULL, "folder");
    refuse(scratch_text("empty.cfg", ""), weights, NULL, "nothing in it");
    refuse(scratch_text("comment.cfg", "# just this\n"), weights, NULL, "nothing in it");
    refuse(scratch_text("text.cfg", "Dear diary\n"), weights, NULL, "line 1");
    refuse(weights, weights, NULL, "not a text file");
    refuse(scratch_text("classifier.cfg", SMALL_NET FIRST_LAYER), weights, NULL, "no [yolo]");
}

/* Descriptions that pass every check of ours but bring Darknet down, or would fill the memory. */
static void test_crashes_are_told(void **state)
{
    (void)state;
    char cfg[4096] = SMALL_NET FIRST_LAYER;
    for (int i = 0; i < 12; i++)
        strcat(cfg, "[upsample]\nstride=8\n");
    strcat(cfg, LAST_LAYERS);
    write_weights("small.weights", 0);
    refuse(scratch_text("huge.cfg", cfg), scratch_path("small.weights"), NULL, "Darknet");
    snprintf(cfg, sizeof cfg, "%s", SMALL_NET FIRST_LAYER "[maxpool]\nsize=31\nstride=16\npadding=0\n" LAST_LAYERS);
    refuse(scratch_text("negative.cfg", cfg), scratch_path("small.weights"), NULL, "Darknet");
}

static void test_weights(void **state)
{
    (void)state;
    size_t size;
    struct small_weights weights = make_weights(&size, 0);
    char cfg[PATH_SIZE];
    snprintf(cfg, sizeof cfg, "%s", scratch_text("small.cfg", SMALL_CFG));
    refuse(cfg, scratch_path("missing.weights"), NULL, "ENOENT");
    const size_t sizes[] = {0, 10, 19, 20, size / 2, size - 1, size - 4};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        refuse(cfg, scratch_write("bad.weights", &weights, sizes[i]), NULL, "truncated");
    refuse(cfg, MEDIA "/shapes.weights", NULL, "another network");
    refuse(MEDIA "/shapes.cfg", scratch_write("bad.weights", &weights, size), NULL, "538944");
    refuse(cfg, cfg, NULL, "does not begin like");
    weights.version[0] = 1001; /* Darknet would take the matrices for transposed ones */
    refuse(cfg, scratch_write("bad.weights", &weights, size), NULL, "does not begin like");
    weights.version[0] = 0;
    weights.numbers[17] = NAN;
    refuse(cfg, scratch_write("bad.weights", &weights, size), NULL, "not a number");
    weights.numbers[17] = -INFINITY;
    refuse(cfg, scratch_write("bad.weights", &weights, size), NULL, "not a number");
    weights.numbers[17] = 3e38F; /* a number, but not what comes of it */
    weights.numbers[18] = 3e38F;
    weights.numbers[19] = 3e38F;
    for (int i = 0; i < TAPS; i++)
        weights.numbers[FILTERS + i] = 3e38F;
    refuse(cfg, scratch_write("bad.weights", &weights, size), NULL, "no numbers");
}

static void test_names(void **state)
{
    (void)state;
    write_weights("small.weights", 0);
    char cfg[PATH_SIZE], weights[PATH_SIZE], error[ERROR_SIZE] = "";
    snprintf(cfg, sizeof cfg, "%s", scratch_text("small.cfg", SMALL_CFG));
    snprintf(weights, sizeof weights, "%s", scratch_path("small.weights"));
    refuse(cfg, weights, scratch_path("missing.names"), "ENOENT");
    refuse(cfg, weights, scratch_text("three.names", "a\nb\nc\n"), "3 names");
    struct detector_files files = {cfg, weights, NULL};
    struct detector *detector = detector_open(&files, error, sizeof error);
    assert_non_null(detector);
    assert_int_equal(detector_classes(detector), 2);
    assert_string_equal(detector_class_name(detector, 1), "class 1");
    assert_string_equal(detector_class_name(detector, 2), "no class");
    assert_string_equal(detector_class_name(detector, -1), "no class");
    assert_int_equal(detector_find_class(detector, "1"), 1);
    assert_int_equal(detector_find_class(detector, "2"), -1);
    assert_int_equal(detector_find_class(detector, "-1"), -1);
    assert_int_equal(detector_find_class(detector, "dog"), -1);
    assert_int_equal(detector_find_class(detector, ""), -1);
    detector_close(detector);
    files.names = scratch_text("two.names", "cat\r\nhot dog\n\n");
    detector = detector_open(&files, error, sizeof error);
    assert_non_null(detector);
    assert_string_equal(detector_class_name(detector, 0), "cat");
    assert_int_equal(detector_find_class(detector, "hot dog"), 1);
    assert_int_equal(detector_find_class(detector, "0"), 0);
    detector_close(detector);
    detector_close(NULL);
}

/* --- what it computes --- */

static float logistic(double x)
{
    return (float)(1 / (1 + exp(-x)));
}

/* The picture: 32 x 32 squares of one colour each, so that shrinking it to the network's input is exact. */
enum { INPUT = 32, SCALE = 50, STRIDE = 16 };

static uint8_t input_value(int channel, int x, int y)
{
    return (uint8_t)((x * 37 + y * 101 + channel * 67 + x * y) % 256);
}

static double input_red_first(int plane, int x, int y)
{
    return x < 0 || y < 0 || x >= INPUT || y >= INPUT ? 0 : input_value(FRAME_CHANNELS - 1 - plane, x, y) / 255.0;
}

/*
 * The small network by the definition of its layers, in double precision: the values of a cell before [yolo].
 * With a group only the second half of the first layer's channels goes on.
 */
static void compute_cell(const struct small_weights *weights, int grouped, int column, int row, double *values)
{
    double first[FILTERS];
    for (int f = 0; f < FILTERS; f++) {
        const float *filter = weights->numbers + FILTERS + f * TAPS;
        first[f] = weights->numbers[f];
        for (int t = 0; t < TAPS; t++)
            first[f] +=
                (double)filter[t] * input_red_first(t / 9, column * STRIDE + t % 3 - 1, row * STRIDE + t / 3 % 3 - 1);
        first[f] = first[f] > 0 ? first[f] : 0.1 * first[f];
    }
    int start = grouped ? FILTERS / 2 : 0, used = FILTERS - start;
    const float *biases = weights->numbers + FILTERS + FILTERS * TAPS;
    for (int v = 0; v < VALUES; v++) {
        values[v] = biases[v];
        for (int f = 0; f < used; f++)
            values[v] += (double)biases[VALUES + v * used + f] * first[start + f];
    }
}

static int clip(double value)
{
    return value <= 0 ? 0 : value >= INPUT * SCALE ? INPUT * SCALE : (int)(value + 0.5);
}

/* The detection that the cell must give: scale_x_y is 1.5, the anchor 4 x 6. */
static struct detection compute_detection(const double *values, int column, int row)
{
    int class_id = values[5] >= values[6] ? 0 : 1;
    double x = (column + 1.5 * (double)logistic(values[0]) - 0.25) * (double)(STRIDE * SCALE);
    double y = (row + 1.5 * (double)logistic(values[1]) - 0.25) * (double)(STRIDE * SCALE);
    double width = exp(values[2]) * (double)(4 * SCALE), height = exp(values[3]) * (double)(6 * SCALE);
    int left = clip(x - width / 2), top = clip(y - height / 2);
    return (struct detection){class_id,
                              logistic(values[4]) * logistic(values[5 + class_id]),
                              left,
                              top,
                              clip(x + width / 2) - left,
                              clip(y + height / 2) - top};
}

static void paint_input(struct frame *frame)
{
    assert_int_equal(frame_create(frame, INPUT * SCALE, INPUT * SCALE), 0);
    uint8_t *value = frame->pixels;
    for (int y = 0; y < frame->height; y++)
        for (int x = 0; x < frame->width; x++)
            for (int c = 0; c < FRAME_CHANNELS; c++)
                *value++ = input_value(c, x / SCALE, y / SCALE);
}

static void assert_near(int a, int b)
{
    if (abs(a - b) > 2) /* of 1600 */
        fail_msg("%d is not near %d", a, b);
}

static void compare_with_definition(const char *text, int grouped)
{
    struct frame frame;
    struct detection found[FOUND_MAX];
    char cfg[PATH_SIZE], error[ERROR_SIZE] = "";
    size_t size;
    struct small_weights weights = make_weights(&size, grouped);
    snprintf(cfg, sizeof cfg, "%s", scratch_text("small.cfg", text));
    struct detector_files files = {cfg, scratch_write("small.weights", &weights, size), NULL};
    struct detector *detector = detector_open(&files, error, sizeof error);
    if (detector == NULL)
        fail_msg("%s", error);
    paint_input(&frame);
    const struct detector_filter filter = {0.001F, -1};
    int count = detector_run(detector, &frame, &filter, found, FOUND_MAX);
    assert_int_equal(count, CELLS * CELLS);
    for (int cell = 0; cell < CELLS * CELLS; cell++) {
        double values[VALUES];
        compute_cell(&weights, grouped, cell % CELLS, cell / CELLS, values);
        struct detection wanted = compute_detection(values, cell % CELLS, cell / CELLS);
        int k = 0;
        while (k < count && fabsf(found[k].confidence - wanted.confidence) > 1e-4F)
            k++;
        assert_true(k < count);
        assert_int_equal(found[k].class_id, wanted.class_id);
        assert_near(found[k].x, wanted.x);
        assert_near(found[k].y, wanted.y);
        assert_near(found[k].width, wanted.width);
        assert_near(found[k].height, wanted.height);
    }
    for (int k = 1; k < count; k++)
        assert_true(found[k - 1].confidence >= found[k].confidence);
    frame_destroy(&frame);
    detector_close(detector);
}

static void test_definition(void **state)
{
    (void)state;
    compare_with_definition(SMALL_CFG, 0);
}

/* What YOLOv4-tiny is made of, and Debian's Darknet silently computes wrong: a route that takes a group of channels. */
static void test_definition_of_groups(void **state)
{
    (void)state;
    compare_with_definition(GROUPED_CFG, 1);
}

/* --- what it sees --- */

static struct detector *open_model(enum model_kind kind)
{
    static struct model model;
    char error[ERROR_SIZE] = "";
    if (model_find(&model, kind, error, sizeof error) != 0) {
        print_message("skipped: %s\n", error);
        return NULL;
    }
    struct detector *detector = detector_open(&model.files, error, sizeof error);
    if (detector == NULL)
        fail_msg("%s", error);
    return detector;
}

static double overlap(const struct detection *a, const struct detection *b)
{
    double width = fmin(a->x + a->width, b->x + b->width) - fmax(a->x, b->x);
    double height = fmin(a->y + a->height, b->y + b->height) - fmax(a->y, b->y);
    double shared = width > 0 && height > 0 ? width * height : 0;
    return shared / ((double)a->width * a->height + (double)b->width * b->height - shared);
}

/* Is it among the detections, with a confidence of at least one half and a box that overlaps that much? */
static void assert_found(const struct detection *found, int count, const struct detection *wanted, double enough)
{
    for (int i = 0; i < count; i++)
        if (found[i].class_id == wanted->class_id && found[i].confidence > 0.5F && overlap(&found[i], wanted) > enough)
            return;
    fail_msg("nothing of class %d at %d, %d", wanted->class_id, wanted->x, wanted->y);
}

static bool library_is_loaded(void)
{
    char line[512];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "re");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) != NULL)
        found |= strstr(line, "libdarknet") != NULL;
    fclose(maps);
    return found;
}

/* It takes 260 libraries and a fifth of a second: the first of the tests, because it stays. */
static void test_library_is_loaded_when_wanted(void **state)
{
    (void)state;
    assert_false(library_is_loaded());
    struct detector *detector = open_model(MODEL_SHAPES);
    assert_non_null(detector);
    assert_true(library_is_loaded());
    detector_close(detector);
}

static void test_shapes(void **state)
{
    (void)state;
    struct frame frame;
    struct detection found[FOUND_MAX], truth[SCENE_OBJECTS_MAX];
    struct detector *detector = open_model(MODEL_SHAPES);
    assert_non_null(detector);
    assert_int_equal(detector_find_class(detector, "star"), SCENE_STAR);
    frame_create(&frame, 320, 240);
    int count = scene_still(&frame, 10, truth); /* the sample picture, with one of each */
    assert_int_equal(count, SCENE_CLASSES);
    struct detector_filter filter = {0.5F, -1};
    int all = detector_run(detector, &frame, &filter, found, FOUND_MAX);
    assert_int_equal(all, count);
    for (int i = 0; i < count; i++)
        assert_found(found, all, &truth[i], 0.6);
    float most = found[0].confidence;
    assert_int_equal(detector_left_out(detector), 0);
    assert_int_equal(detector_run(detector, &frame, &filter, found, 1), 1);
    assert_int_equal(detector_left_out(detector), all - 1);
    assert_true(found[0].confidence == most);
    assert_int_equal(detector_run(detector, &frame, &filter, found, 0), 0);
    filter.class_id = SCENE_STAR;
    assert_int_equal(detector_run(detector, &frame, &filter, found, FOUND_MAX), 1);
    assert_int_equal(found[0].class_id, SCENE_STAR);
    frame_destroy(&frame);
    detector_close(detector);
}

/* Frames of any shape; the boxes always are inside. */
static void test_any_frame(void **state)
{
    (void)state;
    const int sizes[][2] = {{1, 1}, {1000, 3}, {3, 1000}, {161, 159}, {640, 640}};
    struct detector *detector = open_model(MODEL_SHAPES);
    assert_non_null(detector);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (uint64_t seed = 0; seed < 5; seed++) {
            struct frame frame;
            struct detection found[FOUND_MAX], truth[SCENE_OBJECTS_MAX];
            frame_create(&frame, sizes[i][0], sizes[i][1]);
            scene_still(&frame, seed, truth);
            const struct detector_filter filter = {0.01F, -1};
            int count = detector_run(detector, &frame, &filter, found, FOUND_MAX);
            assert_in_range(count, 0, FOUND_MAX);
            for (int k = 0; k < count; k++) {
                assert_true(found[k].confidence > 0.01F && found[k].confidence <= 1);
                assert_true(found[k].x >= 0 && found[k].y >= 0 && found[k].width > 0 && found[k].height > 0);
                assert_true(found[k].x + found[k].width <= frame.width);
                assert_true(found[k].y + found[k].height <= frame.height);
                for (int j = 0; j < k; j++) /* suppressed boxes are gone; rounding to pixels shifts a little */
                    assert_true(found[j].class_id != found[k].class_id || overlap(&found[j], &found[k]) < 0.55 ||
                                frame.width < 100 || frame.height < 100);
            }
            frame_destroy(&frame);
        }
    detector_close(detector);
}

static void test_dog(void **state)
{
    (void)state;
    /* What people see in it, by hand. */
    static const struct detection truth[] = {
        {16, 1, 130, 218, 182, 324}, {1, 1, 120, 127, 450, 305}, {2, 1, 468, 76, 218, 93}};
    static const double enough[] = {0.4, 0.6, 0.6}; /* small networks draw the dog's box generously */
    struct frame frame;
    struct detection found[FOUND_MAX];
    char error[ERROR_SIZE];
    struct detector *detector = open_model(MODEL_COCO);
    if (detector == NULL)
        skip();
    if (access(DOG_PICTURE, R_OK) != 0) {
        detector_close(detector);
        print_message("skipped: no " DOG_PICTURE "\n");
        skip();
    }
    assert_int_equal(detector_find_class(detector, "dog"), 16);
    assert_int_equal(detector_find_class(detector, "person"), 0);
    assert_int_equal(frame_load(&frame, DOG_PICTURE, error, sizeof error), 0);
    const struct detector_filter filter = {0.5F, -1};
    int count = detector_run(detector, &frame, &filter, found, FOUND_MAX);
    for (size_t i = 0; i < sizeof truth / sizeof *truth; i++)
        assert_found(found, count, &truth[i], enough[i]);
    frame_destroy(&frame);
    detector_close(detector);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_library_is_loaded_when_wanted),
        cmocka_unit_test(test_descriptions),
        cmocka_unit_test(test_not_descriptions),
        cmocka_unit_test(test_crashes_are_told),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_definition),
        cmocka_unit_test(test_definition_of_groups),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_any_frame),
        cmocka_unit_test(test_dog),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
