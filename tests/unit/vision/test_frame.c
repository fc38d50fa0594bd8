/*
 * Pictures: geometry of scaling, reading good files, refusing bad ones.
 */
#include "shmlab/frame.h"
#include "support.h"

#include <stdbool.h>
#include <turbojpeg.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A frame in which every pixel tells where it is. */
static struct frame make_chart(int width, int height)
{
    struct frame frame;
    assert_int_equal(frame_create(&frame, width, height), 0);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint8_t *pixel = frame.pixels + ((size_t)y * (size_t)width + (size_t)x) * FRAME_CHANNELS;
            pixel[0] = (uint8_t)(x * 255 / width);
            pixel[1] = (uint8_t)(y * 255 / height);
            pixel[2] = (uint8_t)((x + y) % 2 * 255);
        }
    return frame;
}

static const uint8_t *pixel_at(const struct frame *frame, int x, int y)
{
    return frame->pixels + ((size_t)y * (size_t)frame->width + (size_t)x) * FRAME_CHANNELS;
}

static void test_create(void **state)
{
    (void)state;
    struct frame frame;
    const int bad[][2] = {{0, 1}, {1, 0}, {-1, 5}, {FRAME_SIDE_MAX + 1, 1}, {1, FRAME_SIDE_MAX + 1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        errno = 0;
        assert_int_equal(frame_create(&frame, bad[i][0], bad[i][1]), -1);
        assert_int_equal(errno, EINVAL);
        assert_null(frame.pixels);
        frame_destroy(&frame);
    }
    assert_int_equal(frame_create(&frame, 3, 2), 0);
    for (int i = 0; i < 3 * 2 * FRAME_CHANNELS; i++)
        assert_int_equal(frame.pixels[i], 0);
    frame_destroy(&frame);
    assert_null(frame.pixels);
    frame_destroy(&frame);
}

static void test_same_size_is_a_copy(void **state)
{
    (void)state;
    struct frame source = make_chart(31, 17), target = make_chart(31, 17);
    memset(target.pixels, 1, 31 * 17 * FRAME_CHANNELS);
    frame_stretch(&source, &target);
    assert_memory_equal(source.pixels, target.pixels, 31 * 17 * FRAME_CHANNELS);
    frame_destroy(&source);
    frame_destroy(&target);
}

static void test_shrinking_averages(void **state)
{
    (void)state;
    struct frame source, target;
    frame_create(&source, 4, 2);
    frame_create(&target, 2, 1);
    const uint8_t blue[8] = {0, 100, 10, 30, 200, 100, 20, 0};
    for (size_t i = 0; i < 8; i++)
        source.pixels[i * FRAME_CHANNELS] = blue[i];
    frame_stretch(&source, &target);
    assert_int_equal(pixel_at(&target, 0, 0)[0], 100); /* of 0, 100, 200, 100 */
    assert_int_equal(pixel_at(&target, 1, 0)[0], 15);  /* of 10, 30, 20, 0 */
    frame_destroy(&source);
    frame_destroy(&target);
}

/* 3 to 2: each pixel of the target takes one and a half of the source. */
static void test_shrinking_shares_pixels(void **state)
{
    (void)state;
    struct frame source, target;
    frame_create(&source, 3, 1);
    frame_create(&target, 2, 1);
    source.pixels[0] = 90;
    source.pixels[FRAME_CHANNELS] = 30;
    source.pixels[2 * FRAME_CHANNELS] = 240;
    frame_stretch(&source, &target);
    assert_int_equal(pixel_at(&target, 0, 0)[0], 70);  /* (90 + 30 / 2) / 1.5 */
    assert_int_equal(pixel_at(&target, 1, 0)[0], 170); /* (30 / 2 + 240) / 1.5 */
    frame_destroy(&source);
    frame_destroy(&target);
}

static void test_growing_is_linear(void **state)
{
    (void)state;
    struct frame source, target;
    frame_create(&source, 2, 1);
    frame_create(&target, 4, 3);
    source.pixels[FRAME_CHANNELS] = 200;
    frame_stretch(&source, &target);
    const int wanted[] = {0, 50, 150, 200};
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 4; x++)
            assert_int_equal(pixel_at(&target, x, y)[0], wanted[x]);
    frame_destroy(&source);
    frame_destroy(&target);
}

/* A constant picture stays what it is at any size: weights add up to one, nothing is read outside. */
static void test_constant_stays(void **state)
{
    (void)state;
    const int sides[] = {1, 2, 3, 7, 64, 100, 255, 640};
    const int count = sizeof sides / sizeof *sides;
    for (int from = 0; from < count; from++)
        for (int to = 0; to < count; to++) {
            struct frame source, target;
            frame_create(&source, sides[from], sides[count - 1 - from]);
            frame_create(&target, sides[to], sides[(to + 3) % count]);
            memset(source.pixels, 255, (size_t)source.width * (size_t)source.height * FRAME_CHANNELS);
            frame_stretch(&source, &target);
            for (int i = 0; i < target.width * target.height * FRAME_CHANNELS; i++)
                assert_int_equal(target.pixels[i], 255);
            frame_destroy(&source);
            frame_destroy(&target);
        }
}

static void test_letterbox(void **state)
{
    (void)state;
    const struct {
        int from[2], to[2], area[4];
    } cases[] = {
        {{768, 576}, {416, 416}, {0, 52, 416, 312}}, {{100, 200}, {50, 50}, {12, 0, 25, 50}},
        {{10, 10}, {40, 20}, {10, 0, 20, 20}},       {{640, 640}, {160, 160}, {0, 0, 160, 160}},
        {{1000, 1}, {10, 10}, {0, 4, 10, 1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct frame source, target;
        int x, y, width, height;
        frame_create(&source, cases[i].from[0], cases[i].from[1]);
        frame_create(&target, cases[i].to[0], cases[i].to[1]);
        memset(source.pixels, 7, (size_t)source.width * (size_t)source.height * FRAME_CHANNELS);
        frame_letterbox(&source, &target, &x, &y, &width, &height);
        assert_int_equal(x, cases[i].area[0]);
        assert_int_equal(y, cases[i].area[1]);
        assert_int_equal(width, cases[i].area[2]);
        assert_int_equal(height, cases[i].area[3]);
        for (int ty = 0; ty < target.height; ty++)
            for (int tx = 0; tx < target.width; tx++) {
                int inside = tx >= x && tx < x + width && ty >= y && ty < y + height;
                assert_int_equal(pixel_at(&target, tx, ty)[1], inside ? 7 : 128);
            }
        frame_letterbox(&source, &target, NULL, NULL, NULL, NULL);
        frame_destroy(&source);
        frame_destroy(&target);
    }
}

static void test_crop(void **state)
{
    (void)state;
    struct frame source = make_chart(40, 30), target;
    frame_create(&target, 5, 6);
    frame_crop(&source, 35, 24, 5, 6, &target);
    for (int y = 0; y < 6; y++)
        assert_memory_equal(pixel_at(&target, 0, y), pixel_at(&source, 35, 24 + y), 5 * FRAME_CHANNELS);
    frame_destroy(&source);
    frame_destroy(&target);
}

/* --- files --- */

static void test_ppm_round_trip(void **state)
{
    (void)state;
    struct frame source = make_chart(37, 5), back;
    char error[ERROR_SIZE];
    const char *path = scratch_path("chart.ppm");
    assert_int_equal(frame_save_ppm(&source, path), 0);
    assert_int_equal(frame_load(&back, path, error, sizeof error), 0);
    assert_int_equal(back.width, 37);
    assert_int_equal(back.height, 5);
    assert_memory_equal(back.pixels, source.pixels, 37 * 5 * FRAME_CHANNELS);
    frame_destroy(&source);
    frame_destroy(&back);
    assert_int_equal(frame_save_ppm(&source, "/nonexistent/chart.ppm"), -1);
    assert_int_equal(errno, ENOENT);
}

/* A PPM as others write it: comments, any white space, another largest value. */
static void test_ppm_as_others_write_it(void **state)
{
    (void)state;
    struct frame frame;
    char error[ERROR_SIZE];
    const char *path = scratch_text("other.ppm", "P6 # by hand\n# more\n2\t1\n 15\nABCabc");
    assert_int_equal(frame_load(&frame, path, error, sizeof error), 0);
    assert_int_equal(frame.width, 2);
    assert_int_equal(frame.pixels[0], 255); /* 67 is more than 15 */
    frame_destroy(&frame);
    path = scratch_write("scaled.ppm", "P6 1 1 10\n\x01\x05\x0A", 13);
    assert_int_equal(frame_load(&frame, path, error, sizeof error), 0);
    assert_int_equal(frame.pixels[2], 26); /* red: 1 of 10 */
    assert_int_equal(frame.pixels[1], 128);
    assert_int_equal(frame.pixels[0], 255);
    frame_destroy(&frame);
}

/* The sample that ships, in both of its forms, shows the same. */
static void test_samples(void **state)
{
    (void)state;
    struct frame png, jpeg;
    char error[ERROR_SIZE];
    assert_int_equal(frame_load(&png, MEDIA "/shapes.png", error, sizeof error), 0);
    assert_int_equal(frame_load(&jpeg, MEDIA "/shapes.jpg", error, sizeof error), 0);
    assert_int_equal(png.width, jpeg.width);
    assert_int_equal(png.height, jpeg.height);
    long difference = 0, values = (long)png.width * png.height * FRAME_CHANNELS;
    for (long i = 0; i < values; i++)
        difference += abs(png.pixels[i] - jpeg.pixels[i]);
    assert_true(difference < 6 * values); /* of 255; swapped channels would make it some 60 */
    frame_destroy(&png);
    frame_destroy(&jpeg);
}

static void refuse(const char *path, const char *word)
{
    struct frame frame = {1, 1, NULL};
    char error[ERROR_SIZE] = "";
    assert_int_equal(frame_load(&frame, path, error, sizeof error), -1);
    assert_null(frame.pixels);
    assert_int_equal(frame.width, 0);
    assert_says(error, path, word, NULL);
}

/* However much of its end a picture lacks, it is refused. */
/* A JPEG of 32 x 16 pixels whose left half is red, whose right half is blue, with an EXIF tag for how it was held (0:
 * none). */
static const char *write_photograph(const char *name, int orientation)
{
    enum { W = 32, H = 16 };
    unsigned char exif[] = {0xFF, 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0, 0,
                            'M',  'M',  0, 42, 0,   0,   0,   8,   0, 1, /* one entry */
                            1,    0x12, 0, 3,  0,   0,   0,   1,   0, (unsigned char)orientation,
                            0,    0,    0, 0,  0,   0};
    uint8_t pixels[W * H * FRAME_CHANNELS], *file;
    unsigned char *jpeg = NULL;
    unsigned long size = 0;
    tjhandle handle = tjInitCompress();
    for (int i = 0; i < W * H; i++)
        memcpy(pixels + i * FRAME_CHANNELS, i % W < W / 2 ? "\0\0\377" : "\377\0\0", FRAME_CHANNELS);
    assert_int_equal(tjCompress2(handle, pixels, W, 0, H, TJPF_BGR, &jpeg, &size, TJSAMP_444, 100, 0), 0);
    tjDestroy(handle);
    file = malloc(size + sizeof exif);
    size_t extra = orientation == 0 ? 0 : sizeof exif;
    memcpy(file, jpeg, 2); /* the start marker */
    memcpy(file + 2, exif, extra);
    memcpy(file + 2 + extra, jpeg + 2, size - 2);
    const char *path = scratch_write(name, file, size + extra);
    tjFree(jpeg);
    free(file);
    return path;
}

static bool is_red(const struct frame *frame, int x, int y)
{
    const uint8_t *pixel = frame->pixels + (y * frame->width + x) * FRAME_CHANNELS;
    return pixel[2] > 200 && pixel[0] < 60;
}

static void test_orientation(void **state)
{
    (void)state;
    /* Where red is in the upright picture: 'l'eft, 'r'ight, 't'op, 'b'ottom (EXIF 2.32, 4.6.4 A). 9 is nonsense: as it
     * is. */
    const char red[] = {'l', 'l', 'r', 'r', 'l', 't', 't', 'b', 'b', 'l'};
    for (int orientation = 0; orientation <= 9; orientation++) {
        char error[ERROR_SIZE] = "";
        struct frame frame;
        if (frame_load(&frame, write_photograph("held.jpg", orientation), error, sizeof error) != 0)
            fail_msg("%s", error);
        bool turned = orientation >= 5 && orientation <= 8;
        assert_int_equal(frame.width, turned ? 16 : 32);
        assert_int_equal(frame.height, turned ? 32 : 16);
        int right = frame.width - 1, bottom = frame.height - 1;
        char side = red[orientation];
        assert_int_equal(is_red(&frame, 0, 0), side == 'l' || side == 't');
        assert_int_equal(is_red(&frame, right, 0), side == 'r' || side == 't');
        assert_int_equal(is_red(&frame, 0, bottom), side == 'l' || side == 'b');
        assert_int_equal(is_red(&frame, right, bottom), side == 'r' || side == 'b');
        frame_destroy(&frame);
    }
}

static void test_cmyk(void **state)
{
    (void)state;
    uint8_t pixels[8 * 8 * 4] = {0};
    unsigned char *jpeg = NULL;
    unsigned long size = 0;
    tjhandle handle = tjInitCompress();
    assert_int_equal(tjCompress2(handle, pixels, 8, 0, 8, TJPF_CMYK, &jpeg, &size, TJSAMP_444, 90, 0), 0);
    tjDestroy(handle);
    refuse(scratch_write("print.jpg", jpeg, size), "CMYK");
    tjFree(jpeg);
}

static void test_truncated(void **state)
{
    (void)state;
    static const char *const samples[] = {MEDIA "/shapes.png", MEDIA "/shapes.jpg"};
    for (int s = 0; s < 2; s++) {
        size_t size;
        uint8_t *data = file_read(samples[s], &size);
        const size_t keep[] = {9, 20, 100, size / 4, size / 2, size - size / 10, size - 40};
        for (size_t i = 0; i < sizeof keep / sizeof *keep; i++)
            refuse(scratch_write("truncated", data, keep[i]), "truncated");
        free(data);
    }
    refuse(scratch_text("short.ppm", "P6 2 2 255\n12345678901"), "truncated");
    refuse(scratch_text("none.ppm", "P6 2 2 255"), "truncated");
    refuse(scratch_text("header.ppm", "P6 2 # no end"), "truncated");
}

/* Damage in the middle: never a crash; PNG's checksums find every change. */
static void test_corrupt(void **state)
{
    (void)state;
    static const char *const samples[] = {MEDIA "/shapes.png", MEDIA "/shapes.jpg"};
    for (int s = 0; s < 2; s++) {
        size_t size;
        uint8_t *data = file_read(samples[s], &size);
        unsigned place = 1;
        for (int i = 0; i < 200; i++) {
            place = place * 1103515245U + 12345U;
            size_t at = 8 + place % (size - 8);
            uint8_t old = data[at];
            data[at] ^= (uint8_t)(1U << (place >> 28 & 7));
            struct frame frame;
            char error[ERROR_SIZE];
            const char *path = scratch_write("corrupt", data, size);
            int result = frame_load(&frame, path, error, sizeof error);
            if (result != 0)
                assert_says(error, path, NULL);
            frame_destroy(&frame);
            data[at] = old;
        }
        memset(data + size / 2, 0x55, 200);
        if (s == 0)
            refuse(scratch_write("corrupt", data, size), "damaged");
        free(data);
    }
}

static void test_not_pictures(void **state)
{
    (void)state;
    refuse(scratch_path("missing.jpg"), "ENOENT");
    refuse(scratch_text("empty.jpg", ""), "empty");
    refuse(scratch_text("text.jpg", "hello"), "neither JPEG, PNG nor binary PPM");
    refuse(scratch_text("large.ppm", "P6 20000 1 255\n"), "16384");
    refuse(scratch_text("zero.ppm", "P6 0 1 255\n"), "16384");
    refuse(scratch_text("deep.ppm", "P6 1 1 65535\n123456"), "8 bits");
    refuse("/", "folder");
    const char *fifo = scratch_path("fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    refuse(fifo, "regular file"); /* and it does not wait for a writer */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create),
        cmocka_unit_test(test_same_size_is_a_copy),
        cmocka_unit_test(test_shrinking_averages),
        cmocka_unit_test(test_shrinking_shares_pixels),
        cmocka_unit_test(test_growing_is_linear),
        cmocka_unit_test(test_constant_stays),
        cmocka_unit_test(test_letterbox),
        cmocka_unit_test(test_crop),
        cmocka_unit_test(test_ppm_round_trip),
        cmocka_unit_test(test_ppm_as_others_write_it),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_orientation),
        cmocka_unit_test(test_cmyk),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_corrupt),
        cmocka_unit_test(test_not_pictures),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
