/*
 * Finding trained networks: see model.h.
 */
#define _GNU_SOURCE /* strchrnul */
#include "shmlab/model.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explain.h"

static const char *const shapes_stems[] = {"shapes", NULL};
static const char *const coco_stems[] = {"yolo-fastest-1.1-xl", "yolo-fastest-1.1", "yolov4-tiny", "yolov3-tiny", NULL};

static const struct {
    const char *const *stems; /* in the order of preference */
    const char *names;
    const char *advice;
} kinds[] = {
    [MODEL_SHAPES] = {shapes_stems, "shapes.names", "it ships in common/media: restore it"},
    [MODEL_COCO] = {coco_stems, "coco.names", "run `make models`, or name a folder that has one in SHMLAB_MODELS"},
};

/* Where else names may be: beside the shipped model, and where Debian's package of Darknet puts COCO's. */
static const char *const names_folders[] = {SHMLAB_SOURCE_DIR "/common/media", "/usr/share/darknet/data"};

/* Is there a readable file `name` in the folder (`length` bytes of it)? Leaves its path. */
static bool file_find(char path[MODEL_PATH_MAX], const char *folder, int length, const char *name, const char *suffix)
{
    int bytes = snprintf(path, MODEL_PATH_MAX, "%.*s/%s%s", length, folder, name, suffix);
    return bytes < MODEL_PATH_MAX && access(path, R_OK) == 0;
}

static void names_find(struct model *model, const char *folder, int length, const char *names)
{
    bool found = file_find(model->names, folder, length, names, "");
    for (size_t i = 0; !found && i < sizeof names_folders / sizeof *names_folders; i++)
        found = file_find(model->names, names_folders[i], (int)strlen(names_folders[i]), names, "");
    model->files.names = found ? model->names : NULL;
}

static bool folder_search(struct model *model, const char *folder, int length, enum model_kind kind)
{
    for (const char *const *stem = kinds[kind].stems; *stem != NULL; stem++)
        if (file_find(model->cfg, folder, length, *stem, ".cfg") &&
            file_find(model->weights, folder, length, *stem, ".weights")) {
            model->files.cfg = model->cfg;
            model->files.weights = model->weights;
            names_find(model, folder, length, kinds[kind].names);
            return true;
        }
    return false;
}

/* An installed program, PREFIX/bin/shmlab-detect, has its models in PREFIX/share/shmlab. Empty where there is none. */
static void folder_installed(char folder[MODEL_PATH_MAX])
{
    static const char below[] = "/share/shmlab";
    ssize_t length = readlink("/proc/self/exe", folder, MODEL_PATH_MAX - sizeof below);
    folder[length > 0 ? length : 0] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(folder, '/');
        if (slash != NULL)
            *slash = '\0';
    }
    strcat(folder, below);
    if (length <= 0 || length == MODEL_PATH_MAX - sizeof below || access(folder, X_OK) != 0)
        folder[0] = '\0';
}

int model_find(struct model *model, enum model_kind kind, char *error, size_t size)
{
    const char *folder = getenv("SHMLAB_MODELS");
    while (folder != NULL && *folder != '\0') {
        const char *end = strchrnul(folder, ':');
        if (end != folder && folder_search(model, folder, (int)(end - folder), kind))
            return 0;
        folder = *end == ':' ? end + 1 : end;
    }
    char installed[MODEL_PATH_MAX];
    folder_installed(installed);
    const char *const own[] = {installed, SHMLAB_SOURCE_DIR "/models", SHMLAB_SOURCE_DIR "/common/media"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (own[i][0] != '\0' && folder_search(model, own[i], (int)strlen(own[i]), kind))
            return 0;
    return explain(error, size, "no model %s found in $SHMLAB_MODELS%s%s, %s or %s: %s", kinds[kind].stems[0],
                   installed[0] == '\0' ? "" : ", ", installed, own[1], own[2], kinds[kind].advice);
}
