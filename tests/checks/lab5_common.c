/* Lab 5, the detection snapshot: what its checks share. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "compile.h"
#include "lab5_snapshot.h"
#include "objects.h"
#include "shmlab/frame.h"
#include "watch.h"

const struct detection found_crowd[CROWD] = {
    {DOG, 0.96875F, 101, 102, 103, 104}, {PERSON, 0.9375F, 111, 112, 113, 114}, {DOG, 0.90625F, 121, 122, 123, 124},
    {CAR, 0.875F, 131, 132, 133, 134},   {DOG, 0.84375F, 141, 142, 143, 144},   {PERSON, 0.8125F, 151, 152, 153, 154},
    {DOG, 0.78125F, 161, 162, 163, 164}, {DOG, 0.75F, 171, 172, 173, 174},      {CAR, 0.71875F, 181, 182, 183, 184},
    {DOG, 0.6875F, 191, 192, 193, 194},  {DOG, 0.65625F, 201, 202, 203, 204},   {PERSON, 0.625F, 211, 212, 213, 214},
};

const struct detection found_dogs[DOGS] = {
    {DOG, 0.875F, 12, 34, 56, 78},
    {DOG, 0.625F, 0, 5, 300, 200},
};

const char *snapshot_folder(struct check *check)
{
    check_varies(check, "folder", check_scratch(check));
    return check_scratch(check);
}

const char *detector_script(struct check *check, const struct detection *found, int count, const char *besides)
{
    static int number;
    const char *path = check_text(check, "%s/found%d", snapshot_folder(check), number++);
    const char *text = check_text(check, "%s\n", besides);

    for (int i = 0; i < count; i++)
        text = check_text(check, "%s%d %.9g %d %d %d %d\n", text, found[i].class_id, (double)found[i].confidence,
                          found[i].x, found[i].y, found[i].width, found[i].height);
    check_write(check, path, text);
    check_note(check, "the detector will find %d detections%s%s", count, besides[0] != '\0' ? "; it " : "", besides);
    return path;
}

const char *snapshot_picture(struct check *check)
{
    const char *path = check_text(check, "%s/picture.ppm", snapshot_folder(check));
    struct frame frame;

    if (frame_create(&frame, 64, 48) == -1 || frame_save_ppm(&frame, path) == -1)
        check_broken(check, "cannot write %s", path);
    frame_destroy(&frame);
    return path;
}

const char *snapshot_name(struct check *check)
{
    const char *name = check_name(check);

    posix_outlives(check, name);
    return name;
}

const char *class_name_of(int class_id)
{
    return class_id == DOG ? "dog" : class_id == CAR ? "car" : "person";
}

const char *program_last_line(struct program *program)
{
    const char *line = program_output(program);

    for (const char *next = line; (next = strchr(next, '\n')) != NULL && next[1] != '\0';)
        line = ++next;
    return line;
}

const char *program_said_text(struct program *program)
{
    struct check *check = program->check;
    const char *output = program_output(program);

    if (output[0] == '\0')
        return "it printed nothing";
    if (strstr(output, "Traceback") == NULL)
        return check_text(check, "it printed:\n%s", output);
    return check_text(check, "a traceback that ends with\n%s", program_last_line(program));
}

void program_ends_because(struct program *program, int status, const char *why)
{
    struct check *check = program->check;
    int found = program_wait(program);

    REQUIRE(check, found == status,
            .expected = check_text(check, "`%s` ends with %s: %s", program->command, status_text(check, status), why),
            .found = check_text(check, "%s; %s", status_text(check, found), program_said_text(program)));
}

struct program *produce_start(struct check *check, const char *name, const char *script, const char *const more[])
{
    const char *words[16] = {SCRIPTED, "--name", name, "--cfg", script, "--weights", script};

    for (size_t at = 7; *more != NULL && at + 1 < sizeof words / sizeof words[0];)
        words[at++] = *more++;
    return check_start(check, words);
}

struct program *produce(struct check *check, const char *name, const char *script, int status)
{
    struct program *producer = PRODUCE(check, name, script, snapshot_picture(check));

    program_ends(producer, status);
    return producer;
}

/* ---- What is in memory ---- */

struct snapshot snapshot_of(const struct detection *found, int count)
{
    struct snapshot snapshot = {.count = count};

    memcpy(snapshot.records, found, (size_t)count * sizeof *found);
    return snapshot;
}

const char *record_text(struct check *check, const struct detection *record)
{
    return check_text(check, "class %d, confidence %g, x %d, y %d, width %d, height %d", record->class_id,
                      (double)record->confidence, record->x, record->y, record->width, record->height);
}

bool snapshot_equal(struct check *check, const struct snapshot *expected, const struct snapshot *found,
                    struct finding *finding)
{
    if (memcmp(expected, found, sizeof *found) == 0)
        return true;
    if (expected->count != found->count) {
        finding->expected = check_text(check, "count %d (bytes 0 to 3)", expected->count);
        finding->found = check_text(check, "count %d", found->count);
        return false;
    }
    int i = 0;
    while (memcmp(&expected->records[i], &found->records[i], sizeof found->records[i]) == 0)
        i++;
    size_t at = offsetof(struct snapshot, records) + (size_t)i * sizeof found->records[i];
    finding->expected = check_text(check, "record %d (bytes %zu to %zu): %s%s", i, at,
                                   at + sizeof found->records[i] - 1, record_text(check, &expected->records[i]),
                                   i >= expected->count ? ": nothing was found for it, it is all zero" : "");
    finding->found = record_text(check, &found->records[i]);
    return false;
}

void object_require(struct check *check, const char *name)
{
    struct object object = posix_look(check, name);

    REQUIRE(check, object.exists,
            .expected = check_text(check, "a shared memory object %s that is there when its producer has ended", name),
            .found = "there is none");
    REQUIRE(check, object.size == sizeof(struct snapshot),
            .expected = check_text(check, "%s has %zu bytes", name, sizeof(struct snapshot)),
            .found = check_text(check, "%zu bytes", object.size));
}

void snapshot_require(struct check *check, const char *name, const struct detection *found, int count)
{
    struct snapshot expected = snapshot_of(found, count);
    struct finding finding = {0};

    object_require(check, name);
    const struct snapshot *there = (const struct snapshot *)(const void *)posix_copy(check, name, sizeof expected);
    if (!snapshot_equal(check, &expected, there, &finding))
        check_fail(check, &finding);
}

struct snapshot *snapshot_put(struct check *check, const char *name, const struct detection *found, int records,
                              int32_t count)
{
    struct snapshot *shared = posix_create(check, name, sizeof *shared, 0600);

    memcpy(shared->records, found, (size_t)records * sizeof *found);
    shared->count = count;
    check_note(check, "count %d, %d records", count, records);
    return shared;
}

bool program_step(struct program *program)
{
    enum step_result result = watch_step(program);

    if (result == STEP_BLOCKED)
        FAIL(program->check, .expected = check_text(program->check, "%s goes on", program->short_name),
             .found = "it waits forever");
    return result == STEP_DONE;
}
