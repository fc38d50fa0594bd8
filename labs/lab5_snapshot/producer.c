/*
 * Lab 5, producer: detect the objects in a picture and leave them in POSIX shared memory.
 *
 *     producer [--name /ipc_dog_shm] [--class 16 or dog] [--thresh 0.5] IMAGE
 *     producer [--name /ipc_dog_shm] --unlink
 *     ... now, or minutes later: reader.py [--image IMAGE]
 *
 * The object outlives the producer: it stays until somebody unlinks it or the machine restarts. A new
 * snapshot never overwrites an old one in place, where a reader might see half of each: it gets an object of
 * its own under the same name, and who has the old one mapped keeps the old one.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shmlab/detector.h"
#include "shmlab/error.h"
#include "shmlab/frame.h"
#include "shmlab/model.h"
#include "shmlab/options.h"
#include "shmlab/snapshot.h"

enum { ERROR_CAPACITY = 1024 };

struct options {
    const char *name;
    const char *wanted; /* class, by name or number; "all": every class */
    float threshold;
    struct detector_files files;
    bool own_network; /* not the COCO model that a reader takes for granted */
    mode_t mode;
    bool unlink;
    const char *image;
};

enum { KEY_CFG = 1000, KEY_WEIGHTS, KEY_NAMES };

static error_t option_parse(int key, char *text, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'n':
        options->name = options_object_name(state, "--name", text);
        return 0;
    case 'c':
        options->wanted = text;
        return 0;
    case 't':
        options->threshold = (float)options_number(state, "--thresh", text, 0.001, 0.999);
        return 0;
    case KEY_CFG:
        options->files.cfg = text;
        return 0;
    case KEY_WEIGHTS:
        options->files.weights = text;
        return 0;
    case KEY_NAMES:
        options->files.names = text;
        return 0;
    case 'm':
        options->mode = options_mode(state, "--mode", text);
        return 0;
    case 'u':
        options->unlink = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->image != NULL)
            argp_error(state, "'%s' is one picture too many", text);
        options->image = text;
        return 0;
    case ARGP_KEY_END:
        if (options->image == NULL && !options->unlink)
            argp_error(state, "a picture is wanted");
        if ((options->files.cfg == NULL) != (options->files.weights == NULL))
            argp_error(state, "--cfg and --weights go together");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_list[] = {
    {"name", 'n', "NAME", 0, "Name of the shared memory object (default " SNAPSHOT_NAME ")", 0},
    {"class", 'c', "CLASS", 0, "Keep this class, by name or number, or all (default dog)", 0},
    {"thresh", 't', "T", 0, "Keep what is more certain than this, 0 to 1 (default 0.5)", 0},
    {"cfg", KEY_CFG, "FILE", 0, "Darknet network (default: a COCO model, see `make models`)", 0},
    {"weights", KEY_WEIGHTS, "FILE", 0, "Its weights", 0},
    {"names", KEY_NAMES, "FILE", 0, "Its class names", 0},
    {"mode", 'm', "OCTAL", 0, "Access bits of the object (default 0600)", 0},
    {"unlink", 'u', 0, 0, "Remove the object; with a picture: first, instead of replacing it at the end", 0},
    {0},
};
static const struct argp argp = {
    .options = option_list,
    .parser = option_parse,
    .args_doc = "IMAGE",
    .doc = "Detect objects in a picture with Darknet and leave a snapshot of them in POSIX shared memory.",
};

/* The class to keep: -1 for all, -2 after a message. */
static int class_choose(const struct detector *detector, const char *wanted)
{
    if (strcmp(wanted, "all") == 0)
        return -1;
    int id = detector_find_class(detector, wanted);
    if (id != -1)
        return id;
    error_report("see the names file, or pass --class all", "this network knows no class '%s'", wanted);
    return -2;
}

/* Fill the snapshot with what the detector finds. Returns 0, or 1 after a message. */
static int records_fill(struct detector *detector, const struct detector_filter *filter,
                        const struct frame *image, struct snapshot *snapshot)
{
    /* TODO 1: Run the detector on the picture (detector_run): at most SNAPSHOT_RECORDS records, straight into the
     * snapshot, and the number of them into its count. -1 is no number of records. Print each record. */
    (void)detector;
    (void)filter;
    (void)image;
    (void)snapshot;
    return 0;
}

/* The same, from the detector's files. */
static int snapshot_detect(const struct options *options, const struct frame *image,
                           struct snapshot *snapshot)
{
    char error[ERROR_CAPACITY];
    struct detector *detector = detector_open(&options->files, error, sizeof error);

    if (detector == NULL)
        return error_report(NULL, "%s", error);
    struct detector_filter filter = {
        .threshold = options->threshold,
        .class_id = class_choose(detector, options->wanted),
    };
    int failed = filter.class_id < -1 || records_fill(detector, &filter, image, snapshot) != 0;
    if (failed == 0 && detector_left_out(detector) > 0)
        printf("producer: %d more had no place: a snapshot holds %d\n", detector_left_out(detector),
               SNAPSHOT_RECORDS);
    detector_close(detector);
    return failed;
}

/* Remove the object if it is a snapshot. Returns 0 (also when there was none), or 1 after a message. */
static int snapshot_unlink(const char *name, bool *removed)
{
    int fd = shm_open(name, O_RDONLY, 0);

    *removed = false;
    /* TODO 4: None there (ENOENT) is fine. Only remove what is a snapshot: fstat tells the size; 0 bytes are a
     * producer's that was killed between creating its object and giving it a size. */
    if (fd != -1)
        close(fd);
    return 0;
}

static int snapshot_store(int fd, const char *name, const struct snapshot *snapshot)
{
    /* TODO 2: Give the object its size (ftruncate, posix_fallocate), map it, copy the records, and store the count
     * last, with release semantics. Unmap it: the object stays. Return 0, or 1 after a message. */
    (void)fd;
    (void)snapshot;
    return error_report("write snapshot_store in producer.c", "nothing is stored in %s yet", name);
}

/* Put the snapshot under the name, in an object of its own. Returns 0, or 1 after a message. */
static int snapshot_publish(const struct options *options, const struct snapshot *snapshot)
{
    /* TODO 3: Unlink the old snapshot, then create an object of your own under the name (O_EXCL) with the
     * access bits of options->mode, and store into it. When that fails, no object stays behind. */
    (void)snapshot_store;
    (void)snapshot;
    return error_report("write snapshot_publish in producer.c", "%s is not made yet", options->name);
}

static int picture_process(const struct options *options)
{
    char error[ERROR_CAPACITY];
    struct frame image;
    struct snapshot snapshot = {0};

    if (frame_load(&image, options->image, error, sizeof error) != 0)
        return error_report(NULL, "%s", error);
    int failed = snapshot_detect(options, &image, &snapshot);
    frame_destroy(&image);
    if (failed != 0 || snapshot_publish(options, &snapshot) != 0)
        return EXIT_FAILURE;
    printf("producer: %d detections in %s; it stays until `producer --name %s --unlink`\n",
           (int)snapshot.count, options->name, options->name);
    if (options->own_network && snapshot.count > 0) /* the object carries numbers only */
        printf("producer: a reader needs the names of these classes: reader.py --names %s\n",
               options->files.names != NULL ? options->files.names : "FILE");
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct options options = {
        .name = SNAPSHOT_NAME, .wanted = "dog", .threshold = SNAPSHOT_THRESHOLD, .mode = 0600};
    struct model model;
    char error[ERROR_CAPACITY];
    bool removed;

    options_parse(&argp, argc, argv, &options);
    if (options.unlink) {
        if (snapshot_unlink(options.name, &removed) != 0)
            return EXIT_FAILURE;
        printf(removed ? "producer: %s removed\n" : "producer: there is no %s\n", options.name);
        if (options.image == NULL)
            return EXIT_SUCCESS;
    }
    options.own_network = options.files.cfg != NULL;
    if (!options.own_network) {
        if (model_find(&model, MODEL_COCO, error, sizeof error) != 0)
            return error_report(NULL, "%s", error);
        const char *names = options.files.names;
        options.files = model.files;
        if (names != NULL)
            options.files.names = names;
    }
    return picture_process(&options);
}
