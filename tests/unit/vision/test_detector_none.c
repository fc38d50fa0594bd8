/*
 * The detector of a build without libdarknet says what to install.
 */
#include "shmlab/detector.h"
#include "support.h"

static void test_says_so(void **state)
{
    (void)state;
    char error[ERROR_SIZE] = "";
    const struct detector_files files = {MEDIA "/shapes.cfg", MEDIA "/shapes.weights", NULL};
    assert_false(detector_available());
    assert_null(detector_open(&files, error, sizeof error));
    assert_says(error, "apt install", "darknet", NULL);
    detector_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_says_so)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
