/*
 * Synthetic scenes: the same everywhere, and what is said to be in them is in them.
 */
#include "shmlab/scene.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 160, BYTES = SIDE * SIDE * FRAME_CHANNELS };

static struct frame make_frame(int width, int height)
{
    struct frame frame;
    assert_int_equal(frame_create(&frame, width, height), 0);
    return frame;
}

/*
 * What these scenes looked like when the shipped model was trained. A change of the renderer that this test
 * notices asks for new training; a machine on which it fails renders something else.
 */
static void test_pictures_are_those_of_training(void **state)
{
    (void)state;
    struct frame frame = make_frame(SIDE, SIDE), large = make_frame(640, 480);
    struct detection truth[SCENE_OBJECTS_MAX];
    scene_still(&frame, 1, truth);
    assert_int_equal(fingerprint(frame.pixels, BYTES), UINT64_C(0xFE2F0BD867CA0C3A));
    scene_still(&large, 1000000, truth);
    assert_int_equal(fingerprint(large.pixels, 640 * 480 * FRAME_CHANNELS), UINT64_C(0xFFF9C1E054634154));
    struct scene *scene = scene_open(SIDE, SIDE, 1);
    assert_non_null(scene);
    assert_true(scene_render(scene, 1000, &frame, truth) > 0);
    assert_int_equal(fingerprint(frame.pixels, BYTES), UINT64_C(0x19018FF65B0AF8D9));
    scene_close(scene);
    frame_destroy(&frame);
    frame_destroy(&large);
}

static void assert_inside(const struct detection *truth, int count, const struct frame *frame)
{
    for (int i = 0; i < count; i++) {
        assert_in_range(truth[i].class_id, 0, SCENE_CLASSES - 1);
        assert_true(truth[i].confidence == 1);
        assert_true(truth[i].x >= 0 && truth[i].y >= 0 && truth[i].width > 0 && truth[i].height > 0);
        assert_true(truth[i].x + truth[i].width <= frame->width);
        assert_true(truth[i].y + truth[i].height <= frame->height);
    }
}

static void test_still_scenes(void **state)
{
    (void)state;
    struct frame first = make_frame(200, 120), again = make_frame(200, 120);
    int seen[SCENE_CLASSES] = {0};
    uint64_t before = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct detection truth[SCENE_OBJECTS_MAX], same[SCENE_OBJECTS_MAX];
        int count = scene_still(&first, seed, truth);
        assert_in_range(count, 1, 5);
        assert_int_equal(scene_still(&again, seed, same), count);
        assert_memory_equal(first.pixels, again.pixels, 200 * 120 * FRAME_CHANNELS);
        assert_memory_equal(truth, same, (size_t)count * sizeof *truth);
        assert_inside(truth, count, &first);
        uint64_t now = fingerprint(first.pixels, 200 * 120 * FRAME_CHANNELS);
        assert_true(now != before);
        before = now;
        for (int i = 0; i < count; i++)
            seen[truth[i].class_id]++;
    }
    for (int i = 0; i < SCENE_CLASSES; i++)
        assert_true(seen[i] > 20);
    frame_destroy(&first);
    frame_destroy(&again);
}

static void test_any_size(void **state)
{
    (void)state;
    const int sides[] = {1, 2, 3, 5, 16, 33, 100};
    for (size_t w = 0; w < sizeof sides / sizeof *sides; w++)
        for (size_t h = 0; h < sizeof sides / sizeof *sides; h++) {
            struct frame frame = make_frame(sides[w], sides[h]);
            struct detection truth[SCENE_OBJECTS_MAX];
            for (uint64_t seed = 0; seed < 10; seed++)
                assert_inside(truth, scene_still(&frame, seed, truth), &frame);
            struct scene *scene = scene_open(sides[w], sides[h], 3);
            assert_non_null(scene);
            for (long i = 0; i < 50; i += 7)
                assert_inside(truth, scene_render(scene, i, &frame, truth), &frame);
            scene_close(scene);
            frame_destroy(&frame);
        }
}

/* Two frames that differ in the objects alone differ within their boxes only, and at each edge of each box. */
static void test_boxes_are_exact(void **state)
{
    (void)state;
    struct frame a = make_frame(320, 240), b = make_frame(320, 240);
    struct scene *scene = scene_open(320, 240, 5);
    struct detection there[SCENE_OBJECTS_MAX], gone[SCENE_OBJECTS_MAX];
    int count = scene_render(scene, 0, &a, there);
    int later = scene_render(scene, 40, &b, gone);
    assert_int_equal(count, later);
    for (int y = 0; y < 240; y++)
        for (int x = 0; x < 320; x++) {
            size_t at = ((size_t)y * 320 + (size_t)x) * FRAME_CHANNELS;
            if (memcmp(a.pixels + at, b.pixels + at, FRAME_CHANNELS) == 0)
                continue;
            int boxed = 0;
            for (int i = 0; i < count && !boxed; i++)
                for (int k = 0; k < 2 && !boxed; k++) {
                    const struct detection *box = k == 0 ? &there[i] : &gone[i];
                    /* Less than half a pixel may stick out of a box of whole pixels. */
                    boxed = x >= box->x - 1 && x <= box->x + box->width && y >= box->y - 1 && y <= box->y + box->height;
                }
            if (!boxed)
                fail_msg("the pixel (%d, %d) changed outside of every box", x, y);
        }
    scene_close(scene);
    frame_destroy(&a);
    frame_destroy(&b);
}

/* Backwards, forwards, in any order: the number of a frame says what it shows. */
static void test_moving_scene_in_any_order(void **state)
{
    (void)state;
    enum { FRAMES = 60 };
    struct frame frame = make_frame(SIDE, SIDE);
    struct scene *scene = scene_open(SIDE, SIDE, 7);
    struct detection truth[SCENE_OBJECTS_MAX];
    uint64_t seen[FRAMES];
    int moved = 0;
    for (long i = 0; i < FRAMES; i++) {
        int count = scene_render(scene, i, &frame, truth);
        assert_in_range(count, 3, 5);
        assert_inside(truth, count, &frame);
        seen[i] = fingerprint(frame.pixels, BYTES);
        moved += i > 0 && seen[i] != seen[i - 1];
    }
    assert_int_equal(moved, FRAMES - 1);
    for (long i = FRAMES - 1; i >= 0; i -= 13) {
        scene_render(scene, i, &frame, truth);
        assert_int_equal(fingerprint(frame.pixels, BYTES), seen[i]);
    }
    scene_close(scene);
    frame_destroy(&frame);
}

/* They bounce off each other: no box ever lies deep in another. Ten minutes of it. */
static void test_moving_objects_keep_apart(void **state)
{
    (void)state;
    struct frame frame = make_frame(64, 64);
    struct scene *scene = scene_open(64, 64, 11);
    struct detection truth[SCENE_OBJECTS_MAX];
    for (long i = 0; i < 30L * 600; i += 5) {
        int count = scene_render(scene, i, &frame, truth);
        assert_in_range(count, 3, 5);
        for (int a = 0; a < count; a++)
            for (int b = a + 1; b < count; b++) {
                int x = truth[a].x + truth[a].width / 2 - truth[b].x - truth[b].width / 2;
                int y = truth[a].y + truth[a].height / 2 - truth[b].y - truth[b].height / 2;
                assert_true(x * x + y * y > 4);
            }
    }
    scene_close(scene);
    frame_destroy(&frame);
}

static void test_wrong_use(void **state)
{
    (void)state;
    struct frame frame = make_frame(SIDE, SIDE + 1);
    struct detection truth[SCENE_OBJECTS_MAX];
    struct scene *scene = scene_open(SIDE, SIDE, 1);
    errno = 0;
    assert_int_equal(scene_render(scene, 0, &frame, truth), -1);
    assert_int_equal(errno, EINVAL);
    frame_destroy(&frame);
    frame = make_frame(SIDE, SIDE);
    assert_int_equal(scene_render(scene, -1, &frame, truth), -1);
    frame_destroy(&frame);
    scene_close(scene);
    scene_close(NULL);
    assert_null(scene_open(0, 5, 1));
    assert_int_equal(errno, EINVAL);
}

static void test_names(void **state)
{
    (void)state;
    size_t size;
    char *text = file_read(MEDIA "/shapes.names", &size);
    text[size] = '\0';
    char wanted[100] = "";
    for (int i = 0; i < SCENE_CLASSES; i++) {
        strcat(wanted, scene_class_names[i]);
        strcat(wanted, "\n");
    }
    assert_string_equal(text, wanted);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures_are_those_of_training),
        cmocka_unit_test(test_still_scenes),
        cmocka_unit_test(test_any_size),
        cmocka_unit_test(test_boxes_are_exact),
        cmocka_unit_test(test_moving_scene_in_any_order),
        cmocka_unit_test(test_moving_objects_keep_apart),
        cmocka_unit_test(test_wrong_use),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
