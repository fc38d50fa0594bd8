/*
 * Sources of frames: see source.h. Each kind is a row of functions; ffmpeg's is in source_ffmpeg.c.
 */
#define _GNU_SOURCE /* scandir's filter, M_PI */
#include "shmlab/source.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "explain.h"
#include "frame_load.h"
#include "shmlab/scene.h"
#include "source_ffmpeg.h"

#define CAMERA_DEFAULT "/dev/video0"

enum { DESCRIPTION_MAX = 4200, PATH_LENGTH_MAX = 4096, SEED_DEFAULT = 1 };

/* The pan: a window on a round trip over the picture. */
static const double pan_window = 7.0 / 8; /* of the largest one that fits */
static const long pan_frames = 120;       /* a round trip: 4 seconds at 30 frames a second */

struct source_kind {
    int (*next)(struct source *source, struct frame *frame, char *error, size_t size);
    void (*close)(struct source *source);
};

struct source {
    const struct source_kind *kind;
    int width, height;
    long index; /* of the next frame */
    char description[DESCRIPTION_MAX];
    struct scene *scene;
    struct detection truth[SCENE_OBJECTS_MAX];
    int truth_count; /* -1: unknown */
    struct frame picture;
    char *folder;
    struct dirent **files; /* of the folder, in order */
    int file_count;
    int unreadable; /* of them, so far */
    struct ffmpeg ffmpeg;
};

/* --- the synthetic scene --- */

static int scene_next(struct source *source, struct frame *frame, char *error, size_t size)
{
    source->truth_count = scene_render(source->scene, source->index, frame, source->truth);
    return source->truth_count >= 0 ? 1 : explain_errno(error, size, "scene", NULL);
}

static void scene_end(struct source *source)
{
    scene_close(source->scene);
}

static int open_scene(struct source *source, const char *what, char *error, size_t size)
{
    static const struct source_kind kind = {scene_next, scene_end};
    unsigned long long seed = SEED_DEFAULT;
    const char *text = strchr(what, ':');
    if (text != NULL) {
        char *end;
        errno = 0;
        seed = strtoull(text + 1, &end, 10);
        if (text[1] < '0' || text[1] > '9' || *end != '\0' || errno != 0)
            return explain(error, size, "'%s': the seed must be a whole number, as in scene:42", what);
    }
    source->scene = scene_open(source->width, source->height, seed);
    if (source->scene == NULL)
        return explain_errno(error, size, "scene", NULL);
    snprintf(source->description, sizeof source->description, "synthetic scene (seed %llu)", seed);
    source->kind = &kind;
    source->truth_count = 0; /* a scene knows, even before its first frame */
    return 0;
}

/* --- a picture --- */

/* The largest window of the frame's shape that fits into the picture, made a little smaller so that it can move. */
static void pan_size(const struct frame *picture, const struct source *source, int *width, int *height)
{
    double scale = fmin((double)picture->width / source->width, (double)picture->height / source->height) * pan_window;
    *width = (int)fmax(1, fmin(picture->width, source->width * scale));
    *height = (int)fmax(1, fmin(picture->height, source->height * scale));
}

static int picture_next(struct source *source, struct frame *frame, char *error, size_t size)
{
    (void)error;
    (void)size;
    int width, height;
    double angle = 2 * M_PI * (double)(source->index % pan_frames) / (double)pan_frames;
    pan_size(&source->picture, source, &width, &height);
    int x = (int)((source->picture.width - width) * (1 + sin(angle)) / 2);
    int y = (int)((source->picture.height - height) * (1 + cos(angle)) / 2);
    frame_crop(&source->picture, x, y, width, height, frame);
    return 1;
}

static void picture_end(struct source *source)
{
    frame_destroy(&source->picture);
}

static int open_picture(struct source *source, const char *what, char *error, size_t size)
{
    static const struct source_kind kind = {picture_next, picture_end};
    if (frame_load(&source->picture, what, error, size) != 0)
        return -1;
    snprintf(source->description, sizeof source->description, "picture %s (%d x %d, panned)", what,
             source->picture.width, source->picture.height);
    source->kind = &kind;
    return 0;
}

/* --- a folder --- */

static bool ends_with(const char *name, const char *const *endings, size_t count)
{
    const char *ending = strrchr(name, '.');
    if (ending == NULL || name[0] == '.')
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(ending, endings[i]) == 0)
            return true;
    return false;
}

static int is_picture_name(const struct dirent *entry)
{
    static const char *const endings[] = {".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".webp"};
    return ends_with(entry->d_name, endings, sizeof endings / sizeof *endings);
}

/* Pictures of kinds that are not read here: a folder's owner should hear of them. */
static int is_other_picture(const struct dirent *entry)
{
    static const char *const endings[] = {".gif", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jxl"};
    return ends_with(entry->d_name, endings, sizeof endings / sizeof *endings);
}

/* alphasort(3) would follow the user's locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* A picture that ffmpeg reads: a film of one frame. */
static int still_next(const char *path, struct frame *frame, char *error, size_t size)
{
    struct ffmpeg ffmpeg;
    if (ffmpeg_open(&ffmpeg, path, false, frame->width, frame->height, error, size) != 0)
        return -1;
    int result = ffmpeg_next(&ffmpeg, frame, error, size);
    ffmpeg_close(&ffmpeg);
    return result == 0 ? explain(error, size, "%s: interrupted", path) : result;
}

/* Picture number `index` into the frame. Returns 1, or -1 with a sentence. */
static int folder_load(struct source *source, struct frame *frame, char *error, size_t size)
{
    char path[PATH_LENGTH_MAX];
    struct frame picture;
    struct stat status;
    const char *name = source->files[source->index]->d_name;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", source->folder, name) >= sizeof path)
        return explain(error, size, "%s in %.60s...: the path is too long", name, source->folder);
    if (stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 && !frame_is_picture(path))
        return still_next(path, frame, error, size);
    if (frame_load(&picture, path, error, size) != 0)
        return -1;
    frame_letterbox(&picture, frame, NULL, NULL, NULL, NULL);
    frame_destroy(&picture);
    return 1;
}

static int folder_next(struct source *source, struct frame *frame, char *error, size_t size)
{
    if (source->index >= source->file_count) {
        if (source->unreadable > 0)
            explain(error, size, "%s: %d of %d pictures could not be read", source->folder, source->unreadable,
                    source->file_count);
        return 0;
    }
    int result = folder_load(source, frame, error, size);
    source->unreadable += result != 1;
    return result;
}

static void folder_end(struct source *source)
{
    for (int i = 0; i < source->file_count; i++)
        free(source->files[i]);
    free(source->files);
    free(source->folder);
}

static int open_folder(struct source *source, const char *what, char *error, size_t size)
{
    static const struct source_kind kind = {folder_next, folder_end};
    source->folder = strdup(what);
    if (source->folder == NULL)
        return explain_errno(error, size, what, NULL);
    source->file_count = scandir(what, &source->files, is_picture_name, compare_names);
    if (source->file_count <= 0) {
        int count = source->file_count;
        source->file_count = 0;
        if (count < 0)
            explain_errno(error, size, what, NULL);
        else
            explain(error, size, "%s: no .jpg, .jpeg, .png or .ppm file in this folder: name another", what);
        folder_end(source);
        return -1;
    }
    struct dirent **others;
    int other_count = scandir(what, &others, is_other_picture, compare_names), used = 0;
    used =
        snprintf(source->description, sizeof source->description, "folder %s (%d pictures", what, source->file_count);
    if (other_count > 0)
        used += snprintf(source->description + used, sizeof source->description - (size_t)used, "; %s%s passed over",
                         others[0]->d_name, other_count > 1 ? " and others are" : " is");
    snprintf(source->description + used, sizeof source->description - (size_t)used, ")");
    for (int i = 0; i < other_count; i++)
        free(others[i]);
    if (other_count >= 0)
        free(others);
    source->kind = &kind;
    return 0;
}

/* --- ffmpeg --- */

static int video_next(struct source *source, struct frame *frame, char *error, size_t size)
{
    return ffmpeg_next(&source->ffmpeg, frame, error, size);
}

static void video_end(struct source *source)
{
    ffmpeg_close(&source->ffmpeg);
}

static int open_video(struct source *source, const char *what, char *error, size_t size)
{
    static const struct source_kind kind = {video_next, video_end};
    if (ffmpeg_open(&source->ffmpeg, what, false, source->width, source->height, error, size) != 0)
        return -1;
    snprintf(source->description, sizeof source->description, "video %s (ffmpeg)", what);
    source->kind = &kind;
    return 0;
}

static int open_camera(struct source *source, const char *what, char *error, size_t size)
{
    static const struct source_kind kind = {video_next, video_end};
    const char *colon = strchr(what, ':');
    const char *device = colon != NULL ? colon + 1 : CAMERA_DEFAULT;
    if (device[0] != '/')
        return explain(error, size, "'%s': a camera is a device: camera:/dev/videoN", what);
    if (ffmpeg_open(&source->ffmpeg, device, true, source->width, source->height, error, size) != 0)
        return -1;
    snprintf(source->description, sizeof source->description, "camera %s (ffmpeg)", device);
    source->kind = &kind;
    return 0;
}

/* --- all kinds --- */

/* "scene" or "scene:...", but not "scenery". */
static int is_called(const char *what, const char *word)
{
    size_t length = strlen(word);
    return strncmp(what, word, length) == 0 && (what[length] == '\0' || what[length] == ':');
}

static int open_any(struct source *source, const char *what, char *error, size_t size)
{
    struct stat status;
    if (is_called(what, "scene"))
        return open_scene(source, what, error, size);
    if (is_called(what, "camera"))
        return open_camera(source, what, error, size);
    if (stat(what, &status) != 0)
        return explain_errno(error, size, what, "name a file, a folder, 'scene' or 'camera'");
    if (S_ISDIR(status.st_mode))
        return open_folder(source, what, error, size);
    return frame_is_picture(what) ? open_picture(source, what, error, size) : open_video(source, what, error, size);
}

struct source *source_open(const char *what, int width, int height, char *error, size_t size)
{
    if (width < 1 || height < 1 || width > FRAME_SIDE_MAX || height > FRAME_SIDE_MAX) {
        explain(error, size, "frames of %d x %d: a side must be 1 to %d", width, height, FRAME_SIDE_MAX);
        return NULL;
    }
    struct source *source = calloc(1, sizeof *source);
    if (source == NULL) {
        explain_errno(error, size, what, NULL);
        return NULL;
    }
    source->width = width;
    source->height = height;
    source->truth_count = -1;
    if (open_any(source, what, error, size) == 0)
        return source;
    free(source);
    return NULL;
}

const char *source_describe(const struct source *source)
{
    return source->description;
}

int source_next(struct source *source, struct frame *frame, char *error, size_t size)
{
    if (frame->width != source->width || frame->height != source->height)
        return explain(error, size, "%s: a frame of %d x %d, but the source gives %d x %d", source->description,
                       frame->width, frame->height, source->width, source->height);
    if (size > 0)
        error[0] = '\0';
    int result = source->kind->next(source, frame, error, size);
    source->index++;
    return result;
}

bool source_goes_on(const struct source *source)
{
    return source->index < source->file_count;
}

int source_truth(const struct source *source, struct detection *truth, int capacity)
{
    int count = source->truth_count < capacity ? source->truth_count : capacity;
    if (count > 0)
        memcpy(truth, source->truth, (size_t)count * sizeof *truth);
    return count;
}

void source_close(struct source *source)
{
    if (source == NULL)
        return;
    source->kind->close(source);
    free(source);
}
