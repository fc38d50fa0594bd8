/*
 * Finding models: the shipped one always, others in the order of the folders and of preference.
 */
#define _GNU_SOURCE /* setenv */
#include "shmlab/model.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct model model;
static char error[ERROR_SIZE];

static void touch(const char *name)
{
    scratch_text(name, "x");
}

static void test_shipped(void **state)
{
    (void)state;
    unsetenv("SHMLAB_MODELS");
    assert_int_equal(model_find(&model, MODEL_SHAPES, error, sizeof error), 0);
    assert_string_equal(model.files.cfg, MEDIA "/shapes.cfg");
    assert_string_equal(model.files.weights, MEDIA "/shapes.weights");
    assert_string_equal(model.files.names, MEDIA "/shapes.names");
}

static void test_order(void **state)
{
    (void)state;
    char folders[3 * PATH_SIZE];
    const char *one = scratch_path("one"), *two = scratch_path("two");
    assert_int_equal(mkdir(one, 0700), 0);
    assert_int_equal(mkdir(two, 0700), 0);
    snprintf(folders, sizeof folders, ":/nonexistent::%s:%s", one, two);
    setenv("SHMLAB_MODELS", folders, 1);
    touch("one/yolo-fastest-1.1-xl.cfg"); /* without weights: no model */
    touch("one/yolov3-tiny.cfg");
    touch("one/yolov3-tiny.weights");
    touch("two/yolo-fastest-1.1.cfg");
    touch("two/yolo-fastest-1.1.weights");
    touch("two/coco.names");
    assert_int_equal(model_find(&model, MODEL_COCO, error, sizeof error), 0);
    assert_string_equal(model.files.cfg, scratch_path("one/yolov3-tiny.cfg")); /* the first folder that has one */
    assert_non_null(model.files.names);                                        /* the shipped ones */
    assert_string_not_equal(model.files.names, scratch_path("two/coco.names"));
    unlink(scratch_path("one/yolov3-tiny.cfg"));
    assert_int_equal(model_find(&model, MODEL_COCO, error, sizeof error), 0);
    assert_string_equal(model.files.weights, scratch_path("two/yolo-fastest-1.1.weights"));
    assert_string_equal(model.files.names, scratch_path("two/coco.names"));
    touch("two/yolo-fastest-1.1-xl.cfg");
    touch("two/yolo-fastest-1.1-xl.weights");
    assert_int_equal(model_find(&model, MODEL_COCO, error, sizeof error), 0);
    assert_string_equal(model.files.cfg, scratch_path("two/yolo-fastest-1.1-xl.cfg")); /* preferred in one folder */
    const char *const files[] = {
        "one/yolo-fastest-1.1-xl.cfg",    "one/yolov3-tiny.weights", "two/yolo-fastest-1.1.cfg",
        "two/yolo-fastest-1.1.weights",   "two/coco.names",          "two/yolo-fastest-1.1-xl.cfg",
        "two/yolo-fastest-1.1-xl.weights"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        assert_int_equal(unlink(scratch_path(files[i])), 0);
    assert_int_equal(rmdir(scratch_path("one")), 0);
    assert_int_equal(rmdir(scratch_path("two")), 0);
}

static void test_none(void **state)
{
    (void)state;
    char *long_path = malloc(10000);
    memset(long_path, 'x', 9999);
    long_path[9999] = '\0';
    setenv("SHMLAB_MODELS", long_path, 1);
    free(long_path);
    if (model_find(&model, MODEL_COCO, error, sizeof error) != 0)
        assert_says(error, "make models", "SHMLAB_MODELS", NULL);
    else
        assert_non_null(strstr(model.files.cfg, "/models/")); /* fetched into the source tree before */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipped),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_none),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
