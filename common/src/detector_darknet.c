/*
 * The detector, computed by libdarknet: see detector.h.
 *
 * Darknet was written for people at a terminal: it ends the process on bad input, with status 0 at times, and
 * reports its progress on standard output. So its files are checked and rewritten first
 * (network_description.c), a child process loads them once on trial, and only what that child survived is
 * loaded here. Darknet's words go to a file in memory.
 */
#define _GNU_SOURCE /* memfd_create */
#include "darknet_library.h"
#include "detector_fast.h"
#include "shmlab/detector.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "class_names.h"
#include "explain.h"
#include "last_words.h"
#include "network_description.h"

enum {
    WEIGHTS_BYTES_MAX = 512 * 1024 * 1024,
    TRIAL_MEMORY_MAX = 2047 * 1024 * 1024, /* bytes more than before */
    TRIAL_SECONDS_MAX = 60,
    CLASS_NAME_MAX = 32,
    FAILURE_MAX = 256,
    BOX_VALUES = 4, /* before objectness and classes: yolo_layer.c of Darknet */
};

static const float overlap_max = 0.45F; /* of two boxes of one class: beyond it the less confident one is dropped */

struct detector {
    const struct darknet_library *library;
    network *net;
    struct network_description description;
    struct class_names names;
    char (*unnamed)[CLASS_NAME_MAX]; /* "class N", where there are no names */
    struct frame input;
    float *planes; /* the input as Darknet wants it: red, green, blue, 0 to 1 */
    int classes;
    int left_out; /* by the last run, for want of capacity */
};

bool detector_available(void)
{
    return true;
}

/* --- Darknet's manners --- */

/* Where Darknet's fatal errors lead, while it loads; they come as calls of the two functions below. */
static struct {
    bool armed;
    jmp_buf back;
    char message[FAILURE_MAX];
} fatal;

static _Noreturn void fatal_leave(const char *what, const char *subject)
{
    snprintf(fatal.message, sizeof fatal.message, "%s%s", what, subject);
    if (fatal.armed)
        longjmp(fatal.back, 1);
    fprintf(stderr, "libdarknet: %s\n", fatal.message);
    _exit(EXIT_FAILURE);
}

/* libdarknet calls these two by name through the dynamic linker, so the program's own come first (ld.so(8)),
 * which vision.cmake has the linker export. */
__attribute__((visibility("default"))) void error(const char *message);
__attribute__((visibility("default"))) void file_error(char *path);

void error(const char *message)
{
    fatal_leave(message, "");
}

void file_error(char *path)
{
    fatal_leave("cannot open ", path);
}

/* Standard output and error, while they lead somewhere else. */
struct hush {
    int saved[2];
};

static void hush_begin(struct hush *hush, int fd)
{
    static const int streams[] = {STDOUT_FILENO, STDERR_FILENO};
    fflush(stdout);
    for (int i = 0; i < 2; i++) {
        hush->saved[i] = fcntl(streams[i], F_DUPFD_CLOEXEC, 0);
        dup2(fd, streams[i]);
    }
}

static void hush_end(const struct hush *hush)
{
    static const int streams[] = {STDOUT_FILENO, STDERR_FILENO};
    fflush(stdout);
    for (int i = 0; i < 2; i++)
        if (hush->saved[i] >= 0) {
            dup2(hush->saved[i], streams[i]);
            close(hush->saved[i]);
        } else
            close(streams[i]); /* it was closed before */
}

/* --- loading --- */

/* Files that exist in memory only, under a path that Darknet can open. */
struct memory_file {
    FILE *file;
    char path[sizeof "/proc/self/fd/" + 3 * sizeof(int)];
};

struct loading {
    struct memory_file cfg, weights, words;
    const struct darknet_library *library;
    const struct detector_files *files;
    char *error;
    size_t size;
};

static int memory_file_open(struct memory_file *memory)
{
    int first = memfd_create("shmlab", MFD_CLOEXEC);
    if (first < 0)
        return -1;
    /* Not the number of a standard stream that is closed: those lead elsewhere while Darknet loads. */
    int fd = fcntl(first, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(first);
    if (fd < 0)
        return -1;
    memory->file = fdopen(fd, "w+");
    if (memory->file == NULL) {
        close(fd);
        return -1;
    }
    snprintf(memory->path, sizeof memory->path, "/proc/self/fd/%d", fd);
    return 0;
}

static void loading_end(struct loading *loading)
{
    struct memory_file *files[] = {&loading->cfg, &loading->weights, &loading->words};
    for (int i = 0; i < 3; i++)
        if (files[i]->file != NULL)
            fclose(files[i]->file);
}

static size_t weights_wanted(const network *net)
{
    size_t numbers = 0;
    for (int i = 0; i < net->n; i++) {
        const layer *l = &net->layers[i];
        if (l->type == CONVOLUTIONAL)
            numbers += (size_t)l->n * (l->batch_normalize ? 4 : 1) + (size_t)l->nweights;
    }
    return numbers * sizeof(float);
}

/* Let Darknet load the files. Returns NULL when it gave up, with its reason in fatal.message. */
static network *darknet_load(struct loading *loading)
{
    network *volatile net = NULL;
    if (setjmp(fatal.back) == 0) {
        fatal.armed = true;
        net = loading->library->load_network(loading->cfg.path, NULL, 0);
        long bytes = ftell(loading->weights.file);
        size_t wanted = weights_wanted(net);
        if (bytes < 0 || (size_t)bytes < wanted || (size_t)bytes - wanted > 2 * sizeof(uint64_t) + sizeof(uint32_t))
            error("the layers do not add up");
        loading->library->load_weights(net, loading->weights.path);
#ifdef SHMLAB_FAST_DARKNET
        fast_prepare(net);
#endif
    } else
        net = NULL;
    fatal.armed = false;
    return net;
}

static bool numbers_are_finite(const float *numbers, size_t count)
{
    const uint32_t exponent = UINT32_C(0x7F800000); /* all bits set: infinite or not a number (IEEE-754) */
    bool finite = true;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &numbers[i], sizeof bits);
        finite &= (bits & exponent) != exponent;
    }
    return finite;
}

/* What goes into a [yolo] layer. */
static const float *yolo_input(const network *net, int index)
{
    return net->layers[index - 1].output;
}

static bool outputs_are_finite(const network *net)
{
    for (int i = 0; i < net->n; i++)
        if (net->layers[i].type == YOLO && !numbers_are_finite(yolo_input(net, i), (size_t)net->layers[i].inputs))
            return false;
    return true;
}

/* The trial, in the child: load, and recognise on a grey picture. */
static int trial_run(struct loading *loading)
{
    network *net = darknet_load(loading);
    if (net == NULL)
        return -1;
    float *grey = malloc((size_t)net->inputs * sizeof *grey);
    if (grey == NULL) {
        snprintf(fatal.message, sizeof fatal.message, "not enough memory");
        return -1;
    }
    for (int i = 0; i < net->inputs; i++)
        grey[i] = 0.5F;
    loading->library->network_predict(net, grey);
    bool finite = outputs_are_finite(net);
    free(grey);
    if (!finite)
        snprintf(fatal.message, sizeof fatal.message, "it computes no numbers with these weights");
    return finite ? 0 : -1;
}

/* Bound what a description may ask for. RLIMIT_DATA counts private writable memory (setrlimit(2)). */
static void trial_limit(void)
{
    unsigned long pages[6] = {0};
    FILE *file = fopen("/proc/self/statm", "re");
    if (file != NULL) {
        int found =
            fscanf(file, "%lu %lu %lu %lu %lu %lu", &pages[0], &pages[1], &pages[2], &pages[3], &pages[4], &pages[5]);
        fclose(file);
        rlim_t limit = pages[5] * (rlim_t)sysconf(_SC_PAGESIZE) + TRIAL_MEMORY_MAX;
        if (found == 6)
            setrlimit(RLIMIT_DATA, &(struct rlimit){limit, limit});
    }
    setrlimit(RLIMIT_CPU, &(struct rlimit){TRIAL_SECONDS_MAX, TRIAL_SECONDS_MAX});
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}

static _Noreturn void trial_child(struct loading *loading)
{
    static const int deadly[] = {SIGSEGV, SIGFPE, SIGABRT, SIGBUS, SIGILL};
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
        signal(deadly[i], SIG_DFL); /* a crash is an answer here: no handler of the program's may take it */
    int words = fileno(loading->words.file);
    dup2(words, STDOUT_FILENO);
    dup2(words, STDERR_FILENO);
    trial_limit();
    int result = trial_run(loading);
    if (result != 0)
        fprintf(stderr, "\n%s\n", fatal.message); /* the last line is what last_words finds */
    fflush(stdout);
    _exit(result == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static int trial(struct loading *loading)
{
    fflush(stdout);
    fflush(stderr);
    pid_t child = fork();
    if (child < 0)
        return explain_errno(loading->error, loading->size, "fork", NULL);
    if (child == 0)
        trial_child(loading);
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return explain_errno(loading->error, loading->size, "waitpid", NULL);
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)
        return 0;
    char words[LAST_WORDS_MAX];
    last_words(fileno(loading->words.file), words, sizeof words);
    if (WIFSIGNALED(status))
        return explain(loading->error, loading->size,
                       "%s: Darknet crashes on it (%s) after \"%s\": take a network description (.cfg) as it "
                       "was published",
                       loading->files->cfg, strsignal(WTERMSIG(status)), words);
    return explain(loading->error, loading->size, "%s with %s: Darknet refuses: %s: get the pair again",
                   loading->files->cfg, loading->files->weights, words);
}

static network *load(struct loading *loading)
{
    struct hush hush;
    if (trial(loading) != 0)
        return NULL;
    hush_begin(&hush, fileno(loading->words.file));
    network *net = darknet_load(loading);
    hush_end(&hush);
    if (net == NULL)
        explain(loading->error, loading->size, "%s: Darknet refuses: %s", loading->files->cfg, fatal.message);
    return net;
}

/* Check the files and write what Darknet shall see. */
static int loading_begin(struct loading *loading, const struct network_description *description)
{
    struct file_bytes weights;
    if (memory_file_open(&loading->cfg) != 0 || memory_file_open(&loading->weights) != 0 ||
        memory_file_open(&loading->words) != 0 || network_write(description, loading->cfg.file) != 0)
        return explain_errno(loading->error, loading->size, "a file in memory", NULL);
    if (file_bytes_read(&weights, loading->files->weights, WEIGHTS_BYTES_MAX, loading->error, loading->size) != 0)
        return -1;
    int result = network_write_weights(description, &weights, loading->files->weights, loading->weights.file,
                                       loading->error, loading->size);
    file_bytes_free(&weights);
    return result;
}

static int detector_load(struct detector *detector, const struct detector_files *files, char *error, size_t size)
{
    struct loading loading = {.library = detector->library, .files = files, .error = error, .size = size};
    if (loading_begin(&loading, &detector->description) == 0)
        detector->net = load(&loading);
    loading_end(&loading);
    if (detector->net == NULL)
        return -1;
    detector->planes = malloc((size_t)detector->net->inputs * sizeof *detector->planes);
    if (detector->planes == NULL || frame_create(&detector->input, detector->net->w, detector->net->h) != 0)
        return explain_errno(error, size, "the network's input", NULL);
    return 0;
}

static int detector_name_classes(struct detector *detector, const struct detector_files *files, char *error,
                                 size_t size)
{
    detector->classes = network_classes(&detector->description);
    detector->unnamed = calloc((size_t)detector->classes, sizeof *detector->unnamed);
    if (detector->unnamed == NULL)
        return explain_errno(error, size, "names of classes", NULL);
    for (int i = 0; i < detector->classes; i++)
        snprintf(detector->unnamed[i], sizeof detector->unnamed[i], "class %d", i);
    if (files->names == NULL)
        return 0;
    if (class_names_read(&detector->names, files->names, error, size) != 0)
        return -1;
    if (detector->names.count != detector->classes)
        return explain(error, size, "%s: %d names, but %s tells %d classes apart: take the names that belong to it",
                       files->names, detector->names.count, files->cfg, detector->classes);
    return 0;
}

struct detector *detector_open(const struct detector_files *files, char *error, size_t size)
{
    struct detector *detector = calloc(1, sizeof *detector);
    if (detector == NULL) {
        explain_errno(error, size, "the detector", NULL);
        return NULL;
    }
    if (network_read(&detector->description, files->cfg, error, size) == 0 &&
        detector_name_classes(detector, files, error, size) == 0 &&
        (detector->library = darknet_library_open(error, size)) != NULL &&
        detector_load(detector, files, error, size) == 0)
        return detector;
    detector_close(detector);
    return NULL;
}

void detector_close(struct detector *detector)
{
    if (detector == NULL)
        return;
    if (detector->net != NULL) {
        darknet_free_forgotten(detector->net);
        detector->library->free_network(detector->net);
    }
    frame_destroy(&detector->input);
    free(detector->planes);
    class_names_free(&detector->names);
    free(detector->unnamed);
    network_free(&detector->description);
    free(detector);
}

int detector_classes(const struct detector *detector)
{
    return detector->classes;
}

const char *detector_class_name(const struct detector *detector, int class_id)
{
    if (class_id < 0 || class_id >= detector->classes)
        return "no class";
    return detector->names.count > 0 ? detector->names.names[class_id] : detector->unnamed[class_id];
}

int detector_find_class(const struct detector *detector, const char *text)
{
    return class_names_find(&detector->names, detector->classes, text);
}

/* --- recognising --- */

/* A box in parts of the network's input. */
struct candidate {
    float x, y, width, height; /* centre and size */
    float confidence;
    int class_id;
};

struct candidates {
    struct candidate *all;
    int count, capacity;
};

static float logistic(float x)
{
    return 1 / (1 + expf(-x));
}

/* The most probable class, given that there is an object. Values of neighbouring classes are `step` apart. */
static int best_class(const float *values, size_t step, int classes)
{
    int best = 0;
    for (int i = 1; i < classes; i++)
        if (values[(size_t)i * step] > values[(size_t)best * step])
            best = i;
    return best;
}

static int candidates_add(struct candidates *candidates, struct candidate candidate)
{
    if (candidates->count == candidates->capacity) {
        int capacity = 2 * candidates->capacity + 64;
        struct candidate *all = realloc(candidates->all, (size_t)capacity * sizeof *all);
        if (all == NULL)
            return -1;
        candidates->all = all;
        candidates->capacity = capacity;
    }
    candidates->all[candidates->count++] = candidate;
    return 0;
}

/* The boxes of one [yolo] layer above the threshold: J. Redmon, A. Farhadi, "YOLOv3", arXiv:1804.02767, section 2.1. */
static int candidates_of_layer(const struct detector *detector, int index, const struct detector_filter *filter,
                               struct candidates *candidates)
{
    const layer *l = &detector->net->layers[index];
    const float *values = yolo_input(detector->net, index);
    size_t places = (size_t)l->w * (size_t)l->h;
    float reach = (float)network_reach(&detector->description, index);
    for (int n = 0; n < l->n; n++, values += places * (size_t)(BOX_VALUES + 1 + l->classes))
        for (size_t place = 0; place < places; place++) {
            const float *box = values + place;
            float objectness = logistic(box[BOX_VALUES * places]);
            if (objectness <= filter->threshold)
                continue;
            const float *classes = box + (BOX_VALUES + 1) * places;
            int class_id = best_class(classes, places, l->classes);
            float confidence = objectness * logistic(classes[(size_t)class_id * places]);
            if (confidence <= filter->threshold || (filter->class_id >= 0 && class_id != filter->class_id))
                continue;
            const float *anchor = l->biases + 2 * l->mask[n];
            struct candidate candidate = {
                .x = ((float)(place % (size_t)l->w) + reach * (logistic(box[0]) - 0.5F) + 0.5F) / (float)l->w,
                .y = ((float)(place / (size_t)l->w) + reach * (logistic(box[places]) - 0.5F) + 0.5F) / (float)l->h,
                .width = expf(box[2 * places]) * anchor[0] / (float)detector->net->w,
                .height = expf(box[3 * places]) * anchor[1] / (float)detector->net->h,
                .confidence = confidence,
                .class_id = class_id,
            };
            if (isfinite(candidate.width) && isfinite(candidate.height) && candidates_add(candidates, candidate) != 0)
                return -1;
        }
    return 0;
}

static float shared_length(float centre_a, float length_a, float centre_b, float length_b)
{
    float end = fminf(centre_a + length_a / 2, centre_b + length_b / 2);
    float start = fmaxf(centre_a - length_a / 2, centre_b - length_b / 2);
    return end > start ? end - start : 0;
}

/* Intersection over union. */
static float overlap(const struct candidate *a, const struct candidate *b)
{
    float shared = shared_length(a->x, a->width, b->x, b->width) * shared_length(a->y, a->height, b->y, b->height);
    float both = a->width * a->height + b->width * b->height - shared;
    return both > 0 ? shared / both : 0;
}

/* The most confident first; equal ones in an order that does not depend on qsort. */
static int compare_candidates(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    if (a->confidence != b->confidence)
        return a->confidence > b->confidence ? -1 : 1;
    if (a->y != b->y)
        return a->y < b->y ? -1 : 1;
    return a->x < b->x ? -1 : a->x > b->x;
}

static bool is_suppressed(const struct candidate *candidate, const struct candidate *better, int count)
{
    for (int i = 0; i < count; i++)
        if (better[i].class_id == candidate->class_id && overlap(&better[i], candidate) > overlap_max)
            return true;
    return false;
}

/* Keep of boxes of one class that overlap the most confident one (greedy non-maximum suppression). */
static void candidates_suppress(struct candidates *candidates)
{
    if (candidates->count > 0)
        qsort(candidates->all, (size_t)candidates->count, sizeof *candidates->all, compare_candidates);
    int kept = 0;
    for (int i = 0; i < candidates->count; i++)
        if (!is_suppressed(&candidates->all[i], candidates->all, kept))
            candidates->all[kept++] = candidates->all[i];
    candidates->count = kept;
}

/* Where the frame is in the network's input. */
struct placing {
    int x, y, width, height;
};

/* From parts of the network's input to a side of the frame, clipped. */
static int32_t to_pixels(float part, int input, int start, int used, int side)
{
    float pixel = (part * (float)input - (float)start) / (float)used * (float)side;
    return pixel <= 0 ? 0 : pixel >= (float)side ? side : (int32_t)(pixel + 0.5F);
}

/* False when nothing is left inside the frame. */
static bool candidate_place(const struct candidate *c, const struct frame *input, const struct placing *placing,
                            const struct frame *frame, struct detection *detection)
{
    int32_t left = to_pixels(c->x - c->width / 2, input->width, placing->x, placing->width, frame->width);
    int32_t right = to_pixels(c->x + c->width / 2, input->width, placing->x, placing->width, frame->width);
    int32_t top = to_pixels(c->y - c->height / 2, input->height, placing->y, placing->height, frame->height);
    int32_t bottom = to_pixels(c->y + c->height / 2, input->height, placing->y, placing->height, frame->height);
    *detection = (struct detection){c->class_id, c->confidence, left, top, right - left, bottom - top};
    return left < right && top < bottom;
}

/* Blue, green, red bytes to planes of red, green, blue. */
static void input_fill(struct detector *detector)
{
    const struct frame *input = &detector->input;
    size_t plane = (size_t)input->width * (size_t)input->height;
    float *red = detector->planes, *green = red + plane, *blue = green + plane;
    const uint8_t *bgr = input->pixels;
    for (size_t i = 0; i < plane; i++, bgr += FRAME_CHANNELS) {
        blue[i] = (float)bgr[0] * (1.0F / 255);
        green[i] = (float)bgr[1] * (1.0F / 255);
        red[i] = (float)bgr[2] * (1.0F / 255);
    }
}

static int candidates_collect(const struct detector *detector, const struct detector_filter *filter,
                              struct candidates *candidates)
{
    for (int i = 0; i < detector->net->n; i++)
        if (detector->net->layers[i].type == YOLO && candidates_of_layer(detector, i, filter, candidates) != 0)
            return -1;
    candidates_suppress(candidates);
    return 0;
}

int detector_run(struct detector *detector, const struct frame *frame, const struct detector_filter *filter,
                 struct detection *detections, int capacity)
{
    struct placing placing;
    frame_letterbox(frame, &detector->input, &placing.x, &placing.y, &placing.width, &placing.height);
    input_fill(detector);
    detector->library->network_predict(detector->net, detector->planes);
    if (!outputs_are_finite(detector->net)) {
        errno = ERANGE;
        return -1;
    }
    struct candidates candidates = {0};
    int result = candidates_collect(detector, filter, &candidates);
    int count = 0;
    detector->left_out = 0;
    for (int i = 0; result == 0 && i < candidates.count; i++) {
        struct detection placed;
        if (!candidate_place(&candidates.all[i], &detector->input, &placing, frame, &placed))
            continue;
        if (count < capacity)
            detections[count++] = placed;
        else
            detector->left_out++;
    }
    free(candidates.all);
    return result == 0 ? count : -1;
}

int detector_left_out(const struct detector *detector)
{
    return detector->left_out;
}
