/*
 * Sources of frames: each kind gives what it promises, ends when it should, and leaves nothing behind.
 */
#define _GNU_SOURCE
#include "shmlab/scene.h"
#include "shmlab/source.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WIDTH = 64, HEIGHT = 48, BYTES = WIDTH * HEIGHT * FRAME_CHANNELS };

static struct source *open_source(const char *what)
{
    char error[ERROR_SIZE] = "";
    struct source *source = source_open(what, WIDTH, HEIGHT, error, sizeof error);
    if (source == NULL)
        fail_msg("%s", error);
    return source;
}

static void refuse(const char *what, const char *word)
{
    char error[ERROR_SIZE] = "";
    int descriptors = open_descriptors();
    assert_null(source_open(what, WIDTH, HEIGHT, error, sizeof error));
    assert_says(error, word, NULL);
    assert_int_equal(open_descriptors(), descriptors);
}

static int next_frame(struct source *source, struct frame *frame)
{
    char error[ERROR_SIZE] = "";
    int result = source_next(source, frame, error, sizeof error);
    if (result < 0)
        fail_msg("%s", error);
    return result;
}

/* Every child was waited for. */
static void assert_no_children(void)
{
    errno = 0;
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* A picture of one colour in the scratch folder. */
static const char *write_picture(const char *name, uint8_t blue)
{
    struct frame frame;
    const char *path = scratch_path(name);
    assert_int_equal(frame_create(&frame, 8, 6), 0);
    for (int i = 0; i < 8 * 6; i++)
        frame.pixels[i * FRAME_CHANNELS] = blue;
    assert_int_equal(frame_save_ppm(&frame, path), 0);
    frame_destroy(&frame);
    return path;
}

static void test_scene(void **state)
{
    (void)state;
    struct frame frame, wanted;
    struct detection truth[SCENE_OBJECTS_MAX], told[SCENE_OBJECTS_MAX];
    frame_create(&frame, WIDTH, HEIGHT);
    frame_create(&wanted, WIDTH, HEIGHT);
    struct source *source = open_source("scene:42");
    struct scene *scene = scene_open(WIDTH, HEIGHT, 42);
    assert_says(source_describe(source), "scene", "42", NULL);
    assert_int_equal(source_truth(source, told, SCENE_OBJECTS_MAX), 0); /* it knows, but nothing was shown yet */
    for (long i = 0; i < 5; i++) {
        int count = scene_render(scene, i, &wanted, truth);
        assert_int_equal(next_frame(source, &frame), 1);
        assert_memory_equal(frame.pixels, wanted.pixels, BYTES);
        assert_int_equal(source_truth(source, told, SCENE_OBJECTS_MAX), count);
        assert_memory_equal(told, truth, (size_t)count * sizeof *truth);
        assert_int_equal(source_truth(source, told, 2), 2);
    }
    scene_close(scene);
    source_close(source);
    source = open_source("scene");
    assert_says(source_describe(source), "seed 1", NULL);
    source_close(source);
    source_close(NULL);
    frame_destroy(&frame);
    frame_destroy(&wanted);
}

static void test_wrong_use(void **state)
{
    (void)state;
    refuse("scene:", "scene:42");
    refuse("scene:x", "scene:42");
    refuse("scene:-1", "scene:42");
    refuse("scene:99999999999999999999", "scene:42");
    refuse("scenery", "ENOENT");
    refuse("", "ENOENT");
    refuse("camera:", "camera:/dev/videoN");
    refuse("camera:video0", "camera:/dev/videoN");
    refuse("camera:/dev/no-such-camera", "ENOENT");
    refuse(scratch_path("missing.mp4"), "ENOENT");
    char error[ERROR_SIZE];
    assert_null(source_open("scene", 0, 5, error, sizeof error));
    assert_says(error, "16384", NULL);
    struct frame frame;
    frame_create(&frame, WIDTH + 1, HEIGHT);
    struct source *source = open_source("scene");
    assert_int_equal(source_next(source, &frame, error, sizeof error), -1);
    assert_says(error, "65 x 48", NULL);
    source_close(source);
    frame_destroy(&frame);
}

/* A round trip over the picture: it moves, stays inside, and comes back. */
static void test_pan(void **state)
{
    (void)state;
    enum { ROUND = 120 };
    struct frame frame;
    struct detection truth[1];
    frame_create(&frame, WIDTH, HEIGHT);
    struct source *source = open_source(MEDIA "/shapes.jpg");
    assert_says(source_describe(source), "shapes.jpg", "320 x 240", NULL);
    uint64_t seen[ROUND];
    int changes = 0;
    for (int i = 0; i < 2 * ROUND; i++) {
        assert_int_equal(next_frame(source, &frame), 1);
        uint64_t now = fingerprint(frame.pixels, BYTES);
        if (i >= ROUND)
            assert_int_equal(now, seen[i - ROUND]);
        else
            seen[i] = now;
        changes += i > 0 && i < ROUND && seen[i] != seen[i - 1];
    }
    assert_true(changes > ROUND / 2);
    assert_int_equal(source_truth(source, truth, 1), -1);
    source_close(source);
    frame_destroy(&frame);
    refuse(scratch_text("cut.ppm", "P6 8 8 255\n"), "truncated");
}

static void test_folder(void **state)
{
    (void)state;
    /* Not in this order, with a name that is no picture and one that looks like an option. */
    const char *const names[] = {"f/b10.ppm", "f/a.PPM", "f/b2.ppm", "f/-i.ppm", "f/notes.txt", "f/.hidden.ppm"};
    const uint8_t order[] = {4, 2, 1, 3}; /* -i, a, b10, b2 */
    char folder[PATH_SIZE], error[ERROR_SIZE] = "";
    struct frame frame;
    snprintf(folder, sizeof folder, "%s", scratch_path("f"));
    assert_int_equal(mkdir(folder, 0700), 0);
    refuse(folder, ".jpeg");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        write_picture(names[i], (uint8_t)(i + 1));
    frame_create(&frame, WIDTH, HEIGHT);
    struct source *source = open_source(folder);
    assert_says(source_describe(source), "4 pictures", NULL);
    for (size_t i = 0; i < sizeof order; i++) {
        assert_int_equal(next_frame(source, &frame), 1);
        assert_int_equal(frame.pixels[BYTES / 2], order[i]);
    }
    assert_int_equal(next_frame(source, &frame), 0);
    assert_int_equal(next_frame(source, &frame), 0);
    source_close(source);
    /* A damaged one is told, and does not keep the rest from being seen. */
    scratch_text("f/a.PPM", "P6 1");
    source = open_source(folder);
    assert_int_equal(next_frame(source, &frame), 1);
    assert_int_equal(source_next(source, &frame, error, sizeof error), -1);
    assert_says(error, "a.PPM", NULL);
    assert_int_equal(next_frame(source, &frame), 1);
    assert_int_equal(frame.pixels[BYTES / 2], 1);
    assert_true(source_goes_on(source));
    assert_int_equal(next_frame(source, &frame), 1);
    assert_false(source_goes_on(source));
    assert_int_equal(source_next(source, &frame, error, sizeof error), 0);
    assert_says(error, "1 of 4", NULL);
    source_close(source);
    frame_destroy(&frame);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(scratch_path(names[i]));
    assert_int_equal(rmdir(folder), 0);
}

/* --- ffmpeg --- */

static int have_ffmpeg(void)
{
    return system("ffmpeg -version > /dev/null 2>&1") == 0;
}

/* A video of ten frames, 16 x 6 pixels, all red. Returns its path. */
static const char *write_video(const char *name)
{
    char command[2 * PATH_SIZE];
    const char *path = scratch_path(name);
    snprintf(command, sizeof command,
             "ffmpeg -nostdin -v error -y -f lavfi -i color=red:s=16x6:r=5 -frames:v 10 -pix_fmt yuv444p "
             "-c:v mpeg4 -q:v 1 "
             "-pix_fmt yuv420p -f avi 'file:%s'",
             path);
    assert_int_equal(system(command), 0);
    return path;
}

static void test_video(void **state)
{
    (void)state;
    if (!have_ffmpeg())
        skip();
    /* Names that would mean something to a shell, to ffmpeg's options, protocols and patterns. */
    const char *const names[] = {"plain.avi", "-i.avi", "concat:a|b.avi", "$(touch x) %03d 'n'.avi"};
    struct frame frame;
    frame_create(&frame, WIDTH, HEIGHT);
    const char *made = write_video(names[0]);
    char first[PATH_SIZE];
    snprintf(first, sizeof first, "%s", made);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (i > 0)
            assert_int_equal(link(first, scratch_path(names[i])), 0);
        int descriptors = open_descriptors();
        struct source *source = open_source(scratch_path(names[i]));
        assert_says(source_describe(source), names[i], "ffmpeg", NULL);
        for (int k = 0; k < 10; k++) {
            memset(frame.pixels, 1, BYTES);
            assert_int_equal(next_frame(source, &frame), 1);
            assert_int_equal(frame.pixels[0], 128); /* a bar of the letterbox */
            const uint8_t *middle = frame.pixels + (HEIGHT / 2 * WIDTH + WIDTH / 2) * FRAME_CHANNELS;
            assert_true(middle[0] < 20 && middle[1] < 20 && middle[2] > 235); /* blue, green, red */
        }
        assert_int_equal(next_frame(source, &frame), 0);
        assert_int_equal(next_frame(source, &frame), 0);
        assert_int_equal(source_truth(source, NULL, 0), -1);
        source_close(source);
        assert_no_children();
        assert_int_equal(open_descriptors(), descriptors);
    }
    frame_destroy(&frame);
}

/* Run ffmpeg's command line (words of ours, no user's) and return the path of its output in the scratch folder. */
static const char *make_film(const char *name, const char *words)
{
    char command[4 * PATH_SIZE];
    const char *path = scratch_path(name);
    snprintf(command, sizeof command, "ffmpeg -nostdin -v error -y %s 'file:%s'", words, path);
    assert_int_equal(system(command), 0);
    return path;
}

static long frames_of(const char *path, struct frame *frame, char *remark)
{
    struct source *source = open_source(path);
    long count = 0;
    while (source_next(source, frame, remark, ERROR_SIZE) == 1)
        count++;
    source_close(source);
    return count;
}

/* Each picture of a film once, whatever the time between two of them; a remark where the end is missing. */
static void test_odd_films(void **state)
{
    (void)state;
    if (!have_ffmpeg())
        skip();
    struct frame frame;
    char remark[ERROR_SIZE];
    frame_create(&frame, WIDTH, HEIGHT);
    const char *film =
        make_film("rate.mkv", "-f lavfi -i testsrc=s=32x24:r=50 -frames:v 20 -vf \"setpts='N*N*0.02/TB'\" "
                              "-vsync passthrough -c:v mpeg4");
    assert_int_equal(frames_of(film, &frame, remark), 20);
    assert_string_equal(remark, "");
    film = make_film("slow.gif", "-f lavfi -i testsrc=s=32x24:r=2:d=3");
    assert_int_equal(frames_of(film, &frame, remark), 6);
    /* 16 x 12 points that are twice as wide as high: a picture of 32 x 12, so bars above and below. */
    film = make_film("wide.mkv", "-f lavfi -i color=red:s=16x12:r=5 -frames:v 3 -vf setsar=2 -c:v mpeg4");
    assert_int_equal(frames_of(film, &frame, remark), 3);
    assert_int_equal(frame.pixels[(WIDTH / 2) * FRAME_CHANNELS], 128);
    /* So thin that less than half a column of the frame is left of it. */
    film = make_film("thin.mkv", "-f lavfi -i color=white:s=2x3202:r=5 -frames:v 3 -c:v ffv1");
    assert_int_equal(frames_of(film, &frame, remark), 3);
    assert_string_equal(remark, "");
    frame_destroy(&frame);
}

static void test_truncated_film(void **state)
{
    (void)state;
    if (!have_ffmpeg())
        skip();
    struct frame frame;
    char remark[ERROR_SIZE];
    size_t size;
    frame_create(&frame, WIDTH, HEIGHT);
    const char *film = make_film("whole.mkv", "-f lavfi -i testsrc=s=320x240:r=25:d=2 -c:v mpeg4 -q:v 2");
    void *bytes = file_read(film, &size);
    film = scratch_write("half.mkv", bytes, size / 2);
    free(bytes);
    long count = frames_of(film, &frame, remark);
    assert_true(count > 0 && count < 50);
    assert_says(remark, "half.mkv", "missing", NULL);
    frame_destroy(&frame);
}

static void test_video_closed_early(void **state)
{
    (void)state;
    if (!have_ffmpeg())
        skip();
    struct frame frame;
    frame_create(&frame, WIDTH, HEIGHT);
    int descriptors = open_descriptors();
    const char *path = write_video("early.avi");
    source_close(open_source(path));
    assert_no_children();
    struct source *source = open_source(path);
    assert_int_equal(next_frame(source, &frame), 1);
    source_close(source);
    assert_no_children();
    assert_int_equal(open_descriptors(), descriptors);
    frame_destroy(&frame);
}

static void refuse_video(const char *path, const char *word)
{
    struct frame frame;
    char error[ERROR_SIZE] = "";
    frame_create(&frame, WIDTH, HEIGHT);
    struct source *source = open_source(path);
    assert_int_equal(source_next(source, &frame, error, sizeof error), -1);
    assert_says(error, path, "ffmpeg", word, NULL);
    assert_int_equal(source_next(source, &frame, error, sizeof error), 0);
    source_close(source);
    assert_no_children();
    frame_destroy(&frame);
}

static void test_not_a_video(void **state)
{
    (void)state;
    if (!have_ffmpeg())
        skip();
    refuse_video(scratch_text("text.mp4", "this is no video\n"), "Invalid data");
    refuse_video(scratch_text("empty.mp4", ""), "");
    /* A playlist must not lead anywhere else. */
    refuse_video(scratch_text("list.m3u8", "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n"), "");
}

static void test_ffmpeg_missing(void **state)
{
    (void)state;
    const char *path = scratch_text("any.mp4", "x");
    char *before = strdup(getenv("PATH"));
    assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
    refuse(path, "apt install ffmpeg");
    setenv("PATH", before, 1);
    free(before);
    assert_no_children();
}

static void do_nothing(int number)
{
    (void)number;
}

/* In a child of the test: wait for a video that never comes, until a signal does. Status 0 when all is as it
 * should be. */
static void wait_for_video(const char *fifo, int ready)
{
    struct frame frame;
    char error[ERROR_SIZE];
    const struct sigaction action = {.sa_handler = do_nothing}; /* no SA_RESTART: read(2) gives up */
    sigaction(SIGUSR1, &action, NULL);
    struct source *source = source_open(fifo, WIDTH, HEIGHT, error, sizeof error);
    if (source == NULL || frame_create(&frame, WIDTH, HEIGHT) != 0 || write(ready, "r", 1) != 1)
        _exit(2);
    int result = source_next(source, &frame, error, sizeof error);
    source_close(source);
    frame_destroy(&frame);
    _exit(result == 0 && waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : 1);
}

static void test_signal_ends_the_wait(void **state)
{
    (void)state;
    if (!have_ffmpeg())
        skip();
    int ready[2];
    char byte;
    const char *fifo = scratch_path("endless");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(pipe(ready), 0);
    int held = open(fifo, O_RDWR); /* a writer that says nothing */
    assert_true(held >= 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        wait_for_video(fifo, ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    int status;
    /* Again and again, since a signal that comes before read(2) is just lost. */
    while (waitpid(child, &status, WNOHANG) == 0) {
        kill(child, SIGUSR1);
        poll(NULL, 0, 1);
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    close(held);
    close(ready[0]);
    close(ready[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scene),
        cmocka_unit_test(test_wrong_use),
        cmocka_unit_test(test_pan),
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_video),
        cmocka_unit_test(test_odd_films),
        cmocka_unit_test(test_truncated_film),
        cmocka_unit_test(test_video_closed_early),
        cmocka_unit_test(test_not_a_video),
        cmocka_unit_test(test_ffmpeg_missing),
        cmocka_unit_test(test_signal_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
