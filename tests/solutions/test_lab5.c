/* Lab 5's programs: the bytes of the snapshot, its lifetime, readers of hostile snapshots, bad pictures and models. */
#define _GNU_SOURCE
#include "support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shmlab/detector.h"
#include "shmlab/scene.h"

#define PRODUCER SOLUTION("lab5_snapshot", "producer")
#define LIVE     SOLUTION("lab5_snapshot", "live")
#define READER   SCRIPT("lab5_snapshot", "reader.py")
#define MEDIA    SHMLAB_SOURCE "/common/media/"
#define SHAPES   "--cfg", MEDIA "shapes.cfg", "--weights", MEDIA "shapes.weights", "--names", MEDIA "shapes.names"

static char folder[] = "/tmp/shmlabtest.XXXXXX";
static char picture[64], output[64], broken[64];
static struct detection truth[SCENE_OBJECTS_MAX];
static int objects;

/* A picture whose contents we know. */
static void picture_make(void)
{
    struct frame frame;

    assert_int_equal(frame_create(&frame, 640, 480), 0);
    objects = scene_still(&frame, 1000008, truth);
    assert_int_equal(frame_save_ppm(&frame, picture), 0);
    frame_destroy(&frame);
}

static bool without_detector(void)
{
    if (!detector_available())
        print_message("skipped: built without libdarknet\n");
    return !detector_available();
}

static void snapshot_read(const char *name, int32_t *count, struct detection records[10])
{
    unsigned char bytes[244];
    int fd = shm_open(name, O_RDONLY, 0);
    struct stat info;

    assert_int_equal(fstat(fd, &info), 0);
    assert_int_equal(info.st_size, 244);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(read(fd, bytes, sizeof bytes), sizeof bytes);
    close(fd);
    memcpy(count, bytes, 4);
    memcpy(records, bytes + 4, 240);
}

static void snapshot_holds_what_is_in_the_picture(void **state)
{
    (void)state;
    const char *name = unique_object();
    struct process producer;
    int32_t count;
    struct detection records[10];

    if (without_detector())
        skip();
    START(&producer, PRODUCER, "--name", name, "--class", "all", SHAPES, picture);
    FINISH(&producer, 0);
    snapshot_read(name, &count, records); /* the producer is gone: the object is still there */
    assert_int_equal(count, objects);
    for (int i = 0; i < count; i++) {
        double best = 0;
        for (int t = 0; t < objects; t++)
            if (truth[t].class_id == records[i].class_id && detection_overlap(&records[i], &truth[t]) > best)
                best = detection_overlap(&records[i], &truth[t]);
        assert_true(best > 0.6);
        assert_true(records[i].confidence > 0.5F && records[i].confidence <= 1);
        assert_true(i == 0 || records[i].confidence <= records[i - 1].confidence);
    }
    static const struct detection zero;
    for (int i = count; i < 10; i++)
        assert_memory_equal(&records[i], &zero, sizeof zero);

    START(&producer, PRODUCER, "--name", name, "--unlink");
    EXPECT(&producer, "removed");
    FINISH(&producer, 0);
    assert_none_left(name);
}

static void class_and_threshold_choose(void **state)
{
    (void)state;
    const char *name = unique_object();
    struct process producer;
    struct detection records[10];
    int32_t count;
    char wanted[12];
    int same = 0;

    if (without_detector())
        skip();
    for (int i = 0; i < objects; i++)
        same += truth[i].class_id == truth[0].class_id;
    snprintf(wanted, sizeof wanted, "%d", truth[0].class_id);
    const char *const spelled[] = {wanted, scene_class_names[truth[0].class_id]};
    for (int i = 0; i < 2; i++) {
        START(&producer, PRODUCER, "--name", name, "--class", spelled[i], SHAPES, picture);
        FINISH(&producer, 0);
        snapshot_read(name, &count, records);
        assert_int_equal(count, same);
        for (int k = 0; k < count; k++)
            assert_int_equal(records[k].class_id, truth[0].class_id);
    }
    START(&producer, PRODUCER, "--name", name, "--class", "all", "--thresh", "0.05", SHAPES, picture);
    FINISH(&producer, 0);
    snapshot_read(name, &count, records);
    assert_in_range(count, objects, 10);
    START(&producer, PRODUCER, "--name", name, "--class", "unicorn", SHAPES, picture);
    EXPECT(&producer, "no class 'unicorn'");
    FINISH(&producer, 1);
    START(&producer, PRODUCER, "--name", name, "--unlink");
    FINISH(&producer, 0);
    assert_none_left(name);
}

static void new_snapshot_leaves_the_mapped_one_alone(void **state)
{
    (void)state;
    const char *name = unique_object();
    struct process producer;
    unsigned char before[244];

    if (without_detector())
        skip();
    START(&producer, PRODUCER, "--name", name, "--class", "all", SHAPES, picture);
    FINISH(&producer, 0);
    int fd = shm_open(name, O_RDONLY, 0);
    const unsigned char *mapped = mmap(NULL, 244, PROT_READ, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(mapped, MAP_FAILED);
    memcpy(before, mapped, sizeof before);
    START(&producer, PRODUCER, "--name", name, "--class", "circle", "--thresh", "0.9", SHAPES, picture);
    EXPECT(&producer, "makes room");
    FINISH(&producer, 0);
    assert_memory_equal(before, mapped, sizeof before);
    munmap((void *)(uintptr_t)mapped, 244);
    close(fd);
    START(&producer, PRODUCER, "--name", name, "--unlink");
    FINISH(&producer, 0);
}

static void python_and_foreign_readers_agree(void **state)
{
    (void)state;
    const char *name = unique_object();
    struct process producer, reader;
    char line[32];

    if (without_detector())
        skip();
    START(&producer, PRODUCER, "--name", name, "--class", "all", SHAPES, picture);
    FINISH(&producer, 0);
    START(&reader, SHMLAB_PYTHON, FOREIGN, "read", "lab5", name);
    snprintf(line, sizeof line, "%d\n", objects);
    EXPECT(&reader, line);
    FINISH(&reader, 0);
    START(&reader, SHMLAB_PYTHON, READER, "--name", name, "--image", picture, "--output", output);
    snprintf(line, sizeof line, "%d detections", objects);
    EXPECT(&reader, line);
    EXPECT(&reader, "(640 x 480)");
    FINISH(&reader, 0);
    assert_int_equal(unlink(output), 0);
    START(&producer, PRODUCER, "--name", name, "--unlink");
    FINISH(&producer, 0);

    START(&reader, SHMLAB_PYTHON, READER, "--name", name, "--output", output);
    EXPECT(&reader, "ENOENT");
    FINISH(&reader, 1);

    START(&producer, SHMLAB_PYTHON, FOREIGN, "write", "lab5", name);
    EXPECT(&producer, "written");
    START(&reader, SHMLAB_PYTHON, READER, "--name", name, "--output", output);
    EXPECT(&reader, "2 detections");
    EXPECT(&reader, "dog");
    FINISH(&reader, 0);
    process_end_input(&producer);
    FINISH(&producer, 0);
    unlink(output);
    assert_none_left(name);
}

static void hostile_counts_do_not_fool_the_reader(void **state)
{
    (void)state;
    static const int32_t counts[] = {-1, 11, INT32_MAX, INT32_MIN};
    const char *name = unique_object();
    struct process reader;
    int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);

    assert_int_equal(ftruncate(fd, 244), 0);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        assert_int_equal(pwrite(fd, &counts[i], 4, 0), 4);
        START(&reader, SHMLAB_PYTHON, READER, "--name", name, "--output", output);
        EXPECT(&reader, "reader.py:");
        int status = process_finish(&reader);
        assert_true(status == 0 || status == 1); /* clamped, or refused with a sentence: no traceback */
        assert_null(strstr(reader.text, "Traceback"));
        process_close(&reader);
    }
    assert_int_equal(ftruncate(fd, 100), 0);
    START(&reader, SHMLAB_PYTHON, READER, "--name", name, "--output", output);
    FINISH(&reader, 1);

    struct process producer;
    START(&producer, PRODUCER, "--name", name, "--unlink");
    EXPECT(&producer, "has 100 bytes, not 244");
    FINISH(&producer, 1);
    close(fd);
    shm_unlink(name);
    unlink(output);
}

static void file_copy(const char *from, const char *to, size_t limit)
{
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    char byte;

    assert_true(in != NULL && out != NULL);
    for (size_t i = 0; i < limit && fread(&byte, 1, 1, in) == 1; i++)
        fwrite(&byte, 1, 1, out);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

static void bad_pictures_and_models_get_a_sentence(void **state)
{
    (void)state;
    const char *name = unique_object();
    struct process producer;

    START(&producer, PRODUCER, "--name", name, SHAPES, "/nonexistent.jpg");
    EXPECT(&producer, "/nonexistent.jpg");
    EXPECT(&producer, "ENOENT");
    FINISH(&producer, 1);
    file_copy(picture, broken, 10000);
    START(&producer, PRODUCER, "--name", name, SHAPES, broken);
    EXPECT(&producer, broken);
    FINISH(&producer, 1);
    if (detector_available()) {
        file_copy(MEDIA "shapes.weights", broken, 100000);
        START(&producer, PRODUCER, "--name", name, "--cfg", MEDIA "shapes.cfg", "--weights", broken, picture);
        EXPECT(&producer, broken);
        FINISH(&producer, 1);
        START(&producer, PRODUCER, "--name", name, "--cfg", picture, "--weights", MEDIA "shapes.weights", picture);
        FINISH(&producer, 1);
        START(&producer, PRODUCER, "--name", name, "--cfg", MEDIA "shapes.cfg", "--weights", "/nonexistent", picture);
        EXPECT(&producer, "/nonexistent");
        FINISH(&producer, 1);
    }
    unlink(broken);
    assert_none_left(name);
}

/* The same picture, side by side and one below the other. */
static void picture_tile(const char *path, int times)
{
    struct frame one, all;
    char error[256];

    assert_int_equal(frame_load(&one, picture, error, sizeof error), 0);
    assert_int_equal(frame_create(&all, one.width * times, one.height * times), 0);
    size_t row = (size_t)one.width * FRAME_CHANNELS;
    for (int y = 0; y < all.height; y++)
        for (int k = 0; k < times; k++)
            memcpy(all.pixels + (size_t)(y * times + k) * row, one.pixels + (size_t)(y % one.height) * row, row);
    assert_int_equal(frame_save_ppm(&all, path), 0);
    frame_destroy(&one);
    frame_destroy(&all);
}

static void what_has_no_place_is_counted(void **state)
{
    (void)state;
    const char *name = unique_object();
    struct process producer;

    if (without_detector())
        skip();
    picture_tile(broken, 3);
    START(&producer, PRODUCER, "--name", name, "--class", "all", "--thresh", "0.01", SHAPES, broken);
    EXPECT(&producer, "more had no place: a snapshot holds 10");
    unlink(broken);
    FINISH(&producer, 0);
    START(&producer, PRODUCER, "--name", name, "--unlink");
    FINISH(&producer, 0);
}

/* The challenge's writer removes its own object only. */
static void live_leaves_the_name_of_others_alone(void **state)
{
    (void)state;
    const char *name = unique_object();
    struct process writer;

    START(&writer, LIVE, "--write", "--name", name, "--rounds", "1000000000");
    EXPECT(&writer, "live: writing");
    assert_int_equal(shm_unlink(name), 0);
    close(shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600));
    process_signal(&writer, SIGTERM);
    EXPECT(&writer, "somebody removed");
    FINISH(&writer, 1);
    assert_int_equal(shm_unlink(name), 0); /* it is still there */
}

static void killed_at_any_moment_the_next_start_recovers(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGKILL};
    const char *name = unique_object();
    struct process producer;

    if (without_detector())
        skip();
    for (int round = 0; round < ROUNDS_KILLING / 10; round++) { /* loading libdarknet takes a fifth of a second */
        START(&producer, PRODUCER, "--name", name, "--class", "all", SHAPES, picture);
        if (random_below(2) == 0)
            process_expect(&producer, "producer: ");
        random_delay();
        process_signal(&producer, signals[random_below(3)]);
        process_finish(&producer);
        process_close(&producer);
    }
    START(&producer, PRODUCER, "--name", name, "--class", "all", SHAPES, picture);
    FINISH(&producer, 0);
    START(&producer, PRODUCER, "--name", name, "--unlink");
    FINISH(&producer, 0);
    assert_none_left(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(snapshot_holds_what_is_in_the_picture),
        cmocka_unit_test(class_and_threshold_choose),
        cmocka_unit_test(new_snapshot_leaves_the_mapped_one_alone),
        cmocka_unit_test(python_and_foreign_readers_agree),
        cmocka_unit_test(hostile_counts_do_not_fool_the_reader),
        cmocka_unit_test(bad_pictures_and_models_get_a_sentence),
        cmocka_unit_test(what_has_no_place_is_counted),
        cmocka_unit_test(live_leaves_the_name_of_others_alone),
        cmocka_unit_test(killed_at_any_moment_the_next_start_recovers),
    };

    if (mkdtemp(folder) == NULL) {
        perror(folder);
        return 1;
    }
    snprintf(picture, sizeof picture, "%s/scene.ppm", folder);
    snprintf(output, sizeof output, "%s/boxes.png", folder);
    snprintf(broken, sizeof broken, "%s/broken", folder);
    picture_make();
    int failed = cmocka_run_group_tests_name("lab 5", tests, NULL, NULL);
    unlink(picture);
    unlink(output);
    rmdir(folder);
    return failed;
}
