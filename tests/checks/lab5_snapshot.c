/*
 * Lab 5, the detection snapshot: the checks.
 *
 * Most of them link the student's producer.c with a detector that finds what it is told
 * (programs/lab5_detector.c), so that every byte is known and nothing takes long; one uses the real detector.
 * The reader's snapshots are made by the checks, from the documents alone. Publication order and the sequence
 * lock are looked at instruction by instruction (watch.h).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <png.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "check.h"
#include "compile.h"
#include "objects.h"
#include "shmlab/frame.h"
#include "shmlab/scene.h"
#include "shmlab/snapshot.h"
#include "toolchain.h"
#include "watch.h"

#define PRODUCER "producer.c"
#define READER   "reader.py"
#define SEQUENCE "sequence.c"
#define DETECTOR TOOLCHAIN_SOURCE "/tests/checks/programs/lab5_detector.c"
#define SCRIPTED "producer_scripted" /* with the detector that finds what it is told */
#define MEDIA    TOOLCHAIN_SOURCE "/common/media/"

enum {
    PERSON = 0,
    CAR = 2,
    DOG = SNAPSHOT_CLASS_DOG,
    STEPS_MAX = 3000000, /* instructions: far more than any of these programs needs */
};

/* ---- What a detector finds ---- */

/* More than a snapshot holds; confidences that a float holds exactly. */
static const struct detection crowd[] = {
    {DOG, 0.96875F, 101, 102, 103, 104}, {PERSON, 0.9375F, 111, 112, 113, 114}, {DOG, 0.90625F, 121, 122, 123, 124},
    {CAR, 0.875F, 131, 132, 133, 134},   {DOG, 0.84375F, 141, 142, 143, 144},   {PERSON, 0.8125F, 151, 152, 153, 154},
    {DOG, 0.78125F, 161, 162, 163, 164}, {DOG, 0.75F, 171, 172, 173, 174},      {CAR, 0.71875F, 181, 182, 183, 184},
    {DOG, 0.6875F, 191, 192, 193, 194},  {DOG, 0.65625F, 201, 202, 203, 204},   {PERSON, 0.625F, 211, 212, 213, 214},
};
enum { CROWD = sizeof crowd / sizeof crowd[0] };

static const struct detection dogs[] = {
    {DOG, 0.875F, 12, 34, 56, 78},
    {DOG, 0.625F, 0, 5, 300, 200},
};
enum { DOGS = sizeof dogs / sizeof dogs[0] };

/* The check's folder, whose name differs from run to run. */
static const char *folder_of(struct check *check)
{
    check_varies(check, "folder", check_scratch(check));
    return check_scratch(check);
}

/* A file for the detector: what it finds, and what it does besides ("fails", "waits", ""). */
static const char *script_make(struct check *check, const struct detection *found, int count, const char *besides)
{
    static int number;
    const char *path = check_text(check, "%s/found%d", folder_of(check), number++);
    const char *text = check_text(check, "%s\n", besides);

    for (int i = 0; i < count; i++)
        text = check_text(check, "%s%d %.9g %d %d %d %d\n", text, found[i].class_id, (double)found[i].confidence,
                          found[i].x, found[i].y, found[i].width, found[i].height);
    check_write(check, path, text);
    check_note(check, "the detector will find %d detections%s%s", count, besides[0] != '\0' ? "; it " : "", besides);
    return path;
}

/* A picture that any detector could look at. */
static const char *picture_make(struct check *check)
{
    const char *path = check_text(check, "%s/picture.ppm", folder_of(check));
    struct frame frame;

    if (frame_create(&frame, 64, 48) == -1 || frame_save_ppm(&frame, path) == -1)
        check_broken(check, "cannot write %s", path);
    frame_destroy(&frame);
    return path;
}

/* A name whose object may stay when its producer has ended: that is what it is for. */
static const char *name_draw(struct check *check)
{
    const char *name = check_name(check);

    posix_outlives(check, name);
    return name;
}

static const char *last_line(struct program *program)
{
    const char *line = program_output(program);

    for (const char *next = line; (next = strchr(next, '\n')) != NULL && next[1] != '\0';)
        line = ++next;
    return line;
}

/* What it has printed; of Python's tracebacks the last line, which says what happened. */
static const char *said_text(struct program *program)
{
    struct check *check = program->check;
    const char *output = program_output(program);

    if (output[0] == '\0')
        return "it printed nothing";
    if (strstr(output, "Traceback") == NULL)
        return check_text(check, "it printed:\n%s", output);
    return check_text(check, "a traceback that ends with\n%s", last_line(program));
}

/* As program_ends, and says why it should end so. */
static void ends_require(struct program *program, int status, const char *why)
{
    struct check *check = program->check;
    int found = program_wait(program);

    REQUIRE(check, found == status,
            .expected = check_text(check, "`%s` ends with %s: %s", program->command, status_text(check, status), why),
            .found = check_text(check, "%s; %s", status_text(check, found), said_text(program)));
}

/* The producer, with the detector that finds what the script says. */
#define PRODUCE(check, name, script, ...) produce_start(check, name, script, (const char *const[]){__VA_ARGS__, NULL})
static struct program *produce_start(struct check *check, const char *name, const char *script,
                                     const char *const more[])
{
    const char *words[16] = {SCRIPTED, "--name", name, "--cfg", script, "--weights", script};

    for (size_t at = 7; *more != NULL && at + 1 < sizeof words / sizeof words[0];)
        words[at++] = *more++;
    return check_start(check, words);
}

static struct program *produce(struct check *check, const char *name, const char *script, int status)
{
    struct program *producer = PRODUCE(check, name, script, picture_make(check));

    program_ends(producer, status);
    return producer;
}

/* ---- What lies in memory ---- */

static struct snapshot snapshot_of(const struct detection *found, int count)
{
    struct snapshot snapshot = {.count = count};

    memcpy(snapshot.records, found, (size_t)count * sizeof *found);
    return snapshot;
}

static const char *record_text(struct check *check, const struct detection *record)
{
    return check_text(check, "class %d, confidence %g, x %d, y %d, width %d, height %d", record->class_id,
                      (double)record->confidence, record->x, record->y, record->width, record->height);
}

/* The first thing that is wrong, in words; NULL: all is right. */
static bool snapshot_equal(struct check *check, const struct snapshot *expected, const struct snapshot *found,
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

static void object_require(struct check *check, const char *name, unsigned mode)
{
    struct object object = posix_look(check, name);

    REQUIRE(check, object.exists,
            .expected = check_text(check, "a shared memory object %s that is there when its producer has ended", name),
            .found = "there is none");
    REQUIRE(check, object.size == sizeof(struct snapshot),
            .expected = check_text(check, "%s has %zu bytes", name, sizeof(struct snapshot)),
            .found = check_text(check, "%zu bytes", object.size));
    REQUIRE(check, object.mode == mode, .expected = check_text(check, "%s has mode %04o", name, mode),
            .found = check_text(check, "mode %04o", object.mode));
}

static void snapshot_require(struct check *check, const char *name, const struct detection *found, int count)
{
    struct snapshot expected = snapshot_of(found, count);
    struct finding finding = {0};

    object_require(check, name, 0600);
    const struct snapshot *there = (const struct snapshot *)(const void *)posix_copy(check, name, sizeof expected);
    if (!snapshot_equal(check, &expected, there, &finding))
        check_fail(check, &finding);
}

/* A snapshot as somebody who knows the documents only would write it. */
static struct snapshot *snapshot_put(struct check *check, const char *name, const struct detection *found, int records,
                                     int32_t count)
{
    struct snapshot *shared = posix_create(check, name, sizeof *shared, 0600);

    memcpy(shared->records, found, (size_t)records * sizeof *found);
    shared->count = count;
    check_note(check, "count %d, %d records", count, records);
    return shared;
}

/* ---- The producer ---- */

#define STORE_ADVICE(check)                                                                 \
    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_store("), \
           .next = "run the producer, then look at the bytes: od -A d -t d4 /dev/shm/NAME")

/* The mistakes of the first hour. */
static void first_require(struct check *check, const char *name)
{
    struct object object = posix_look(check, name);

    REQUIRE(check, object.exists, .expected = check_text(check, "%s is there when its producer has ended", name),
            .found = "it is gone", .line = check_line(check, PRODUCER, "snapshot_publish("), .file = PRODUCER,
            .cause = "an shm_unlink at the end, as in the labs before: a snapshot is meant to stay");
    REQUIRE(check, object.size == sizeof(struct snapshot),
            .expected = check_text(check, "%s has %zu bytes", name, sizeof(struct snapshot)),
            .found = check_text(check, "%zu bytes", object.size),
            .cause = "ftruncate decides about the size; sizeof of a pointer is 8");
    REQUIRE(check, object.mode == 0600, .expected = check_text(check, "%s has mode 0600", name),
            .found = check_text(check, "mode %04o", object.mode),
            .cause = "options->mode decides who may read and write it; 0600 by default: its owner alone");
    REQUIRE(check, *(const int32_t *)(const void *)posix_copy(check, name, sizeof(int32_t)) != 0,
            .expected = check_text(check, "count %d (bytes 0 to 3)", DOGS), .found = "count 0",
            .cause = "nothing was stored, or into memory of the producer's own: MAP_PRIVATE");
}

static void bytes(struct check *check)
{
    const char *name = name_draw(check);

    STORE_ADVICE(check);
    produce(check, name, script_make(check, dogs, DOGS, ""), 0);
    first_require(check, name);
    snapshot_require(check, name, dogs, DOGS);
    name = name_draw(check);
    struct program *producer =
        PRODUCE(check, name, script_make(check, crowd, 4, ""), "--class", "all", picture_make(check));
    program_ends(producer, 0);
    snapshot_require(check, name, crowd, 4);
}

static void many(struct check *check)
{
    const char *name = name_draw(check), *script = script_make(check, crowd, CROWD, "");

    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "records_fill("),
           .cause = "the detector is told a larger capacity than the ten records that there are, or count is "
                    "not what it returned",
           .next = "the last argument of detector_run is how many records it may fill");
    program_ends(PRODUCE(check, name, script, "--class", "all", picture_make(check)), 0);
    snapshot_require(check, name, crowd, SNAPSHOT_RECORDS);
    name = name_draw(check);
    produce(check, name, script_make(check, dogs, 0, ""), 0);
    snapshot_require(check, name, dogs, 0);
}

static void filter_once(struct check *check, const char *class_text, int class_id, const char *threshold)
{
    struct detection kept[CROWD];
    int count = 0;
    const char *name = name_draw(check), *script = script_make(check, crowd, 9, "");

    for (int i = 0; i < 9; i++)
        if ((class_id == -1 || crowd[i].class_id == class_id) && (double)crowd[i].confidence > strtod(threshold, NULL))
            kept[count++] = crowd[i];
    program_ends(PRODUCE(check, name, script, "--class", class_text, "--thresh", threshold, picture_make(check)), 0);
    snapshot_require(check, name, kept, count);
}

static void filter(struct check *check)
{
    const char *name = name_draw(check), *script = script_make(check, crowd, CROWD, "");

    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "records_fill("),
           .cause = "the detector was not asked with the filter that the options made",
           .next = "detector_run takes the filter: class and threshold are the detector's business");
    filter_once(check, "person", PERSON, "0.5");
    filter_once(check, "2", CAR, "0.5");
    filter_once(check, "dog", DOG, "0.8");
    filter_once(check, "all", -1, "0.9");
    struct program *producer = PRODUCE(check, name, script, "--class", "unicorn", picture_make(check));
    program_ends(producer, 1);
    REQUIRE(check, !posix_look(check, name).exists, .expected = "no object when the network knows no such class",
            .found = "there is one");
}

static void detector_fails(struct check *check)
{
    const char *name = name_draw(check), *fails = script_make(check, dogs, DOGS, "fails");

    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "records_fill("),
           .cause = "detector_run returns -1 when it fails; taken for a number, it becomes the count",
           .next = "if (count == -1) return error_report_errno(...)");
    struct program *producer = PRODUCE(check, name, fails, picture_make(check));
    ends_require(producer, 1, "the detector returned -1");
    REQUIRE(check, program_said(producer, "ERANGE"), .expected = "a message that names ERANGE",
            .found = said_text(producer));
    REQUIRE(check, !posix_look(check, name).exists, .expected = "no object when the detector fails",
            .found = "there is one");
    produce(check, name, script_make(check, dogs, DOGS, ""), 0);
    produce(check, name, fails, 1);
    snapshot_require(check, name, dogs, DOGS); /* the old one is still the best there is */
}

/* The producer has everything, and waits at the detector's last call. */
static struct program *producer_pause(struct check *check, const char *name)
{
    struct program *producer =
        PRODUCE(check, name, script_make(check, crowd, 9, "waits"), "--class", "all", picture_make(check));

    program_expect(producer, "the detector is done");
    watch_seize(producer);
    program_send(producer, "\n");
    return producer;
}

/* One more instruction; fails the check when there is none. False: the program has ended. */
static bool step(struct program *program)
{
    enum step_result result = watch_step(program);

    if (result == STEP_BLOCKED)
        FAIL(program->check, .expected = check_text(program->check, "%s goes on", program->short_name),
             .found = "it waits for ever");
    return result == STEP_DONE;
}

/* At every instruction: whoever sees the count sees the records. */
static void order(struct check *check)
{
    const char *name = name_draw(check);
    struct snapshot expected = snapshot_of(crowd, 9);
    struct program *producer = producer_pause(check, name);
    const struct snapshot *shared = NULL;
    long steps = 0;

    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_store("),
           .cause = "the count is stored with the records, or before them: a reader that comes at this very "
                    "moment believes records that are not there yet",
           .next = "copy the records only; then one store of the count, __atomic_store_n(..., __ATOMIC_RELEASE)");
    for (; step(producer); steps++) {
        if (shared == NULL && posix_look(check, name).size >= sizeof *shared)
            shared = posix_map(check, name, sizeof *shared);
        if (shared == NULL || shared->count == 0)
            continue;
        struct finding finding = {0};
        struct snapshot now = *shared;
        if (snapshot_equal(check, &expected, &now, &finding))
            continue;
        finding.expected = check_text(check, "at the instruction that stores the count: %s", finding.expected);
        check_fail(check, &finding);
    }
    program_ends(producer, 0);
    check_note(check, "%ld instructions were looked at", steps);
    REQUIRE(check, steps < STEPS_MAX && shared != NULL && shared->count == 9, .expected = "count 9 in the end",
            .found = shared != NULL ? check_text(check, "count %d", shared->count) : "no object of 244 bytes");
}

static void mode(struct check *check)
{
    const char *name = name_draw(check), *script = script_make(check, dogs, DOGS, "");

    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_publish("),
           .cause = "shm_open takes the umask's bits away from the mode that it is given",
           .next = "fchmod(fd, options->mode) behind shm_open");
    umask(077); /* of the programs, too */
    program_ends(PRODUCE(check, name, script, "--mode", "0664", picture_make(check)), 0);
    object_require(check, name, 0664);
}

/* A snapshot that the check holds, whatever becomes of its name. */
struct held {
    int fd;
    const struct snapshot *mapped;
};

static struct held snapshot_hold(struct check *check, const char *name)
{
    struct held held = {.fd = shm_open(name, O_RDONLY, 0)};

    if (held.fd == -1)
        check_broken(check, "shm_open(%s): %s", name, strerror(errno));
    held.mapped = posix_map(check, name, sizeof *held.mapped);
    check_note(check, "the check has the snapshot in %s mapped", name);
    return held;
}

/* It must be as it was. */
static void held_require(struct check *check, const struct held *held, const struct snapshot *expected)
{
    struct stat info;
    struct finding finding = {0};
    bool whole = fstat(held->fd, &info) == 0 && info.st_size == sizeof *expected;

    REQUIRE(check, whole, .expected = "whoever has the snapshot mapped keeps its 244 bytes",
            .found = check_text(check, "the object was cut to %lld bytes: reading it now is a SIGBUS",
                                (long long)info.st_size),
            .cause = "O_TRUNC or ftruncate empties the object under everybody who has it mapped");
    if (snapshot_equal(check, expected, held->mapped, &finding))
        return;
    finding.expected = check_text(check, "whoever has the snapshot mapped keeps it: %s", finding.expected);
    check_fail(check, &finding);
}

/* Which object has the name? */
static ino_t object_number(struct check *check, const char *name)
{
    struct stat info = {0};
    int fd = shm_open(name, O_RDONLY, 0);

    if (fd == -1 || fstat(fd, &info) == -1)
        FAIL(check, .expected = check_text(check, "an object %s", name), .found = "none");
    close(fd);
    return info.st_ino;
}

static void replaces(struct check *check)
{
    const char *name = name_draw(check);
    struct snapshot first = snapshot_of(dogs, DOGS);

    produce(check, name, script_make(check, dogs, DOGS, ""), 0);
    struct held held = snapshot_hold(check, name);
    ino_t before = object_number(check, name);
    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_unlink("),
           .cause = "the name still leads to the old object: it was not unlinked",
           .next = "shm_unlink(name) in snapshot_unlink, and *removed = true");
    ends_require(PRODUCE(check, name, script_make(check, crowd, 3, ""), "--class", "all", picture_make(check)), 0,
                 "the old snapshot makes room for the new one");
    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_publish("),
           .cause = "the old object is opened and overwritten: a reader that has it mapped sees half of each",
           .next = "unlink the old one, then shm_open with O_CREAT | O_EXCL");
    held_require(check, &held, &first);
    REQUIRE(check, object_number(check, name) != before,
            .expected = "a second run gives the name to an object of its own",
            .found = "the name leads to the old object");
    snapshot_require(check, name, crowd, 3);
}

/* An object of another size belongs to somebody else. */
static void foreign_once(struct check *check, size_t size)
{
    const char *name = check_name(check), *script = script_make(check, dogs, DOGS, "");
    unsigned char *theirs = posix_create(check, name, size, 0600);

    memset(theirs, 0x5A, size);
    ino_t before = object_number(check, name);
    for (int attempt = 0; attempt < 2; attempt++) {
        struct program *producer = attempt == 0 ? PRODUCE(check, name, script, picture_make(check))
                                                : START(check, SCRIPTED, "--name", name, "--unlink");
        ends_require(producer, 1, check_text(check, "%s has %zu bytes, it is no snapshot", name, size));
        REQUIRE(check, program_said(producer, name), .expected = check_text(check, "a message that names %s", name),
                .found = said_text(producer));
        struct object object = posix_look(check, name);
        REQUIRE(check, object.exists && object_number(check, name) == before && object.size == size,
                .expected = check_text(check, "another program's object of %zu bytes stays", size),
                .found = object.exists ? check_text(check, "it has %zu bytes", object.size) : "it is gone");
        for (size_t i = 0; i < size; i++)
            REQUIRE(check, theirs[i] == 0x5A, .expected = "not a byte of it is changed",
                    .found = check_text(check, "byte %zu is changed", i));
    }
    posix_remove(check, name);
}

static void foreign(struct check *check)
{
    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_unlink("),
           .cause = "the name is unlinked, whatever it leads to",
           .next = "shm_open the old one, fstat, compare st_size with sizeof(struct snapshot), then unlink");
    foreign_once(check, 100);
    foreign_once(check, 4096);

    const char *name = name_draw(check);
    int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    if (fd == -1)
        check_broken(check, "cannot create %s", name);
    close(fd);
    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_unlink("),
           .cause = "an object of 0 bytes is refused: it is a producer's that was killed before ftruncate, "
                    "and nobody else will ever remove it");
    check_note(check, "%s has 0 bytes: a producer was killed before it gave it a size", name);
    ends_require(PRODUCE(check, name, script_make(check, dogs, DOGS, ""), picture_make(check)), 0,
                 check_text(check, "%s had 0 bytes", name));
    snapshot_require(check, name, dogs, DOGS);
}

static void unlinks(struct check *check)
{
    const char *name = check_name(check), *script = script_make(check, dogs, DOGS, "");
    struct snapshot first = snapshot_of(dogs, DOGS);

    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_unlink("),
           .cause = "shm_unlink takes the name away; the memory lives on until the last mapping is gone",
           .next = "shm_unlink(name), and ENOENT is no error: then it is gone already");
    produce(check, name, script, 0);
    struct held held = snapshot_hold(check, name);
    RUN(check, 0, SCRIPTED, "--name", name, "--unlink");
    REQUIRE(check, !posix_look(check, name).exists, .expected = check_text(check, "no %s any more", name),
            .found = "it is still there");
    held_require(check, &held, &first);
    check_note(check, "once more, with nothing there");
    RUN(check, 0, SCRIPTED, "--name", name, "--unlink");
    program_ends(PRODUCE(check, name, script, "--unlink", picture_make(check)), 0);
    snapshot_require(check, name, dogs, DOGS);
    RUN(check, 0, SCRIPTED, "--name", name, "--unlink");
    REQUIRE(check, !posix_look(check, name).exists, .expected = check_text(check, "no %s any more", name),
            .found = "it is still there");
}

static void errors(struct check *check)
{
    static const char *const faults[] = {"shm_open:0:EACCES", "ftruncate:1:ENOSPC", "mmap:1:ENOMEM"};

    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_store("),
           .cause = "a call that failed was not looked at, or its error is not passed on to main",
           .next = "return error_report_errno(...) with the name of the object; snapshot_publish unlinks what "
                   "it has created");
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        const char *name = name_draw(check), *script = script_make(check, dogs, DOGS, "");
        const char *symbol = strrchr(faults[i], ':') + 1;
        check_inject(check, faults[i]);
        struct program *producer = PRODUCE(check, name, script, picture_make(check));
        check_inject(check, NULL);
        ends_require(producer, 1,
                     check_text(check, "%.*s fails with %s", (int)strcspn(faults[i], ":"), faults[i], symbol));
        REQUIRE(check, program_said(producer, symbol), .expected = check_text(check, "a message that names %s", symbol),
                .found = said_text(producer));
        struct object left = posix_look(check, name);
        REQUIRE(check, !left.exists,
                .expected = check_text(check, "no object stays behind when %.*s fails", (int)strcspn(faults[i], ":"),
                                       faults[i]),
                .found = check_text(check, "%s is there, %zu bytes", name, left.size),
                .cause = "the object was created, could not be filled, and was left there half done");
    }
}

/* ---- The reader ---- */

/* Where the reader puts its picture. */
static const char *output_draw(struct check *check)
{
    return check_text(check, "%s/boxes.png", folder_of(check));
}

static struct program *reader_run(struct check *check, const char *name)
{
    return RUN(check, 0, READER, "--name", name, "--image", picture_make(check), "--output", output_draw(check));
}

/* The text with each stretch of blanks as one blank. */
static const char *words_of(struct check *check, const char *text)
{
    char *words = check_memory(check, strlen(text) + 1), *end = words;

    for (; *text != '\0'; text++)
        if (*text != ' ' || (end > words && end[-1] != ' '))
            *end++ = *text;
    return words;
}

static void said_require(struct program *reader, const char *line)
{
    struct check *check = reader->check;

    REQUIRE(check, strstr(words_of(check, program_output(reader)), words_of(check, line)) != NULL,
            .expected = check_text(check, "it prints \"%.*s\"", (int)strcspn(line, "\n"), line),
            .found = said_text(reader));
}

/* One line of the report. */
static const char *line_of(struct check *check, int number, const char *class_name, const struct detection *record)
{
    return check_text(check, "%d %s %.2f x %d y %d width %d height %d", number, class_name, (double)record->confidence,
                      record->x, record->y, record->width, record->height);
}

static const char *class_name_of(int class_id)
{
    return class_id == DOG ? "dog" : class_id == CAR ? "car" : "person";
}

static void reads(struct check *check)
{
    const char *name = check_name(check);

    ADVISE(check, .file = READER, .line = check_line(check, READER, "def unpack("),
           .next = "four bytes of count, then 24 bytes a record: class, confidence, x, y, width, height");
    snapshot_put(check, name, crowd, 6, 4); /* what lies behind the count is none of ours */
    struct program *reader = reader_run(check, name);
    said_require(reader, "4 detections\n");
    for (int i = 0; i < 4; i++)
        said_require(reader, line_of(check, i + 1, class_name_of(crowd[i].class_id), &crowd[i]));
    REQUIRE(check, !program_said(reader, "makes no sense") && !program_said(reader, "the count is"),
            .expected = "no complaint: all of it is right", .found = said_text(reader));
}

static void later(struct check *check)
{
    const char *name = name_draw(check);

    ADVISE(check, .file = READER, .line = check_line(check, READER, "def take("),
           .cause = "who reads owns nothing: not the name, not the bytes",
           .next = "open for reading only, and leave the object where it is");
    produce(check, name, script_make(check, dogs, DOGS, ""), 0);
    check_note(check, "the producer is gone");
    for (int turn = 1; turn <= 2; turn++) {
        said_require(reader_run(check, name), line_of(check, 2, "dog", &dogs[1]));
        snapshot_require(check, name, dogs, DOGS);
    }
}

static void hostile_count(struct check *check)
{
    static const int32_t counts[] = {51, INT32_MAX, -1};

    ADVISE(check, .file = READER, .line = check_line(check, READER, "def unpack("),
           .cause = "a count that somebody else wrote is used as it stands: for a loop, for a size, for a slice",
           .next = "believed = max(0, min(count, snapshot.RECORDS))");
    struct program *readers[sizeof counts / sizeof counts[0]];
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        const char *name = check_name(check);
        snapshot_put(check, name, crowd, SNAPSHOT_RECORDS, counts[i]);
        readers[i] = START(check, READER, "--name", name, "--image", picture_make(check), "--output",
                           check_text(check, "%s.%zu", output_draw(check), i));
    }
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        int believed = counts[i] < 0 ? 0 : SNAPSHOT_RECORDS;
        check_note(check, "the reader of count %d", counts[i]);
        ends_require(readers[i], 0, check_text(check, "the count is %d", counts[i]));
        said_require(readers[i], check_text(check, "%d detections\n", believed));
        said_require(readers[i], check_text(check, "the count is %d", counts[i]));
        REQUIRE(check, !program_said(readers[i], "no sense"),
                .expected = "no complaint about records: there is nothing wrong with them",
                .found = said_text(readers[i]));
    }
}

static void nonsense(struct check *check)
{
    const struct detection records[SNAPSHOT_RECORDS] = {
        {DOG, NAN, 1, 1, 5, 5},      {DOG, 0.75F, 7, 8, 9, 10},
        {DOG, 1.5F, 1, 1, 5, 5},     {-1, 0.75F, 1, 1, 5, 5},
        {DOG, 0.75F, 1, 1, 0, 5},    {PERSON, 0.5F, -7, -8, INT32_MAX, 3},
        {DOG, 0.75F, 1, 1, 5, -5},   {DOG, -0.25F, 1, 1, 5, 5},
        {DOG, INFINITY, 1, 1, 5, 5}, {CAR, 1, INT32_MAX, INT32_MIN, 1, 1},
    };
    const char *name = check_name(check);

    ADVISE(check, .file = READER, .line = check_line(check, READER, "def unpack("),
           .cause = "a record is believed that no detector writes: a confidence that is no number, a box without width",
           .next = "Detection.is_sane says which; count the others, and say how many they were");
    snapshot_put(check, name, records, SNAPSHOT_RECORDS, SNAPSHOT_RECORDS);
    struct program *reader = reader_run(check, name);
    said_require(reader, "3 detections\n");
    said_require(reader, line_of(check, 1, "dog", &records[1]));
    said_require(reader, line_of(check, 2, "person", &records[5]));
    said_require(reader, line_of(check, 3, "car", &records[9]));
    said_require(reader, "7 records");
}

static void no_snapshot(struct check *check)
{
    const char *name = check_name(check);

    ADVISE(check, .file = READER, .line = check_line(check, READER, "def take("),
           .cause = "nothing is there, or less than a snapshot: mapped all the same, it is a crash (SIGBUS)",
           .next = "posix_shm.open_existing and its map look first: let their error through to program.run");
    struct program *reader = RUN(check, 1, READER, "--name", name, "--output", output_draw(check));
    said_require(reader, "ENOENT");
    for (size_t size = 0; size <= 100; size += 100) {
        const char *other = name_draw(check);
        int fd = shm_open(other, O_CREAT | O_EXCL | O_RDWR, 0600);
        if (fd == -1 || ftruncate(fd, (off_t)size) == -1)
            check_broken(check, "cannot create %s", other);
        close(fd);
        check_note(check, "%s has %zu bytes", other, size);
        reader = RUN(check, 1, READER, "--name", other, "--output", output_draw(check));
        said_require(reader, other);
        REQUIRE(check, !program_said(reader, "Traceback"), .expected = "a sentence that says what is wrong",
                .found = said_text(reader));
    }
    REQUIRE(check, access(output_draw(check), F_OK) == -1, .expected = "no picture when there is no snapshot",
            .found = "one was written");
}

/* ---- The picture ---- */

enum { WIDTH = 320, HEIGHT = 240, LINE = 2, LABEL_HEIGHT = 10, LABEL_WIDTH = 72 };

struct colour {
    uint8_t red, green, blue;
};

/* The picture that the reader draws on: every pixel has a colour of its own, dark, as no box's is. */
static struct colour ground_at(int x, int y)
{
    return (struct colour){(uint8_t)(x % 64), (uint8_t)(y % 64), (uint8_t)(x / 64 * 8 + y / 64)};
}

static const char *ground_make(struct check *check)
{
    const char *path = check_text(check, "%s/ground.ppm", folder_of(check));
    struct frame frame;

    if (frame_create(&frame, WIDTH, HEIGHT) == -1)
        check_broken(check, "no memory for a picture");
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            struct colour ground = ground_at(x, y);
            const uint8_t pixel[] = {ground.blue, ground.green, ground.red};
            memcpy(&frame.pixels[(y * WIDTH + x) * FRAME_CHANNELS], pixel, sizeof pixel);
        }
    if (frame_save_ppm(&frame, path) == -1)
        check_broken(check, "cannot write %s", path);
    frame_destroy(&frame);
    return path;
}

static const struct colour *drawn_load(struct check *check, const char *path)
{
    png_image image = {.version = PNG_IMAGE_VERSION};

    REQUIRE(check, png_image_begin_read_from_file(&image, path) != 0, .expected = "a PNG file where --output says",
            .found = image.message);
    image.format = PNG_FORMAT_RGB;
    REQUIRE(check, image.width == WIDTH && image.height == HEIGHT,
            .expected = check_text(check, "a picture of the size of --image, %d x %d", WIDTH, HEIGHT),
            .found = check_text(check, "%u x %u", image.width, image.height));
    struct colour *pixels = check_memory(check, PNG_IMAGE_SIZE(image));
    if (png_image_finish_read(&image, NULL, pixels, 0, NULL) == 0)
        FAIL(check, .expected = "a PNG file that is whole", .found = image.message);
    return pixels;
}

static bool colour_same(struct colour a, struct colour b)
{
    return a.red == b.red && a.green == b.green && a.blue == b.blue;
}

static const char *colour_text(struct check *check, struct colour colour)
{
    return check_text(check, "red %d, green %d, blue %d", colour.red, colour.green, colour.blue);
}

static bool inside(const struct detection *box, int x, int y, int margin)
{
    return x >= box->x + margin && x < box->x + box->width - margin && y >= box->y + margin &&
           y < box->y + box->height - margin;
}

/* On the outline of the box, which lies within it. */
static bool outlined(const struct detection *box, int x, int y)
{
    return inside(box, x, y, 0) && !inside(box, x, y, LINE);
}

static bool labelled(const struct detection *box, int x, int y)
{
    int left = box->x < 0 ? 0 : box->x;

    return x >= left && x < left + LABEL_WIDTH && y >= box->y - LABEL_HEIGHT && y < box->y;
}

/* The colour of a box, which is that of its whole outline. */
static struct colour box_require(struct check *check, const struct colour *drawn, const struct detection *box,
                                 int number)
{
    struct colour colour = {0};
    bool known = false;
    int paper = 0, ink = 0;

    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            struct colour found = drawn[y * WIDTH + x], ground = ground_at(x, y);
            if (labelled(box, x, y) && !colour_same(found, ground))
                colour_same(found, colour) ? paper++ : ink++;
            if (!outlined(box, x, y))
                continue;
            if (!known)
                colour = found;
            known = true;
            REQUIRE(check, colour_same(found, colour) && !colour_same(found, ground),
                    .expected = check_text(check, "box %d, %d x %d at (%d, %d): the pixel (%d, %d) is on its outline",
                                           number, box->width, box->height, box->x, box->y, x, y),
                    .found = colour_same(found, ground)
                                 ? "it shows the picture, no line"
                                 : check_text(check, "%s, where the line began with %s", colour_text(check, found),
                                              colour_text(check, colour)));
        }
    REQUIRE(check, paper + ink > LABEL_HEIGHT * LABEL_HEIGHT,
            .expected = check_text(check, "a label above box %d", number), .found = "there is none");
    return colour;
}

static void picture(struct check *check)
{
    static const struct detection boxes[] = {
        {DOG, 0.875F, 40, 50, 90, 60},
        {PERSON, 0.75F, 180, 30, 100, 140},
        {DOG, 0.625F, -15, 190, 100, 90},
        {DOG, 0.5F, 200, 200, 33, 21},
    };
    enum { BOXES = sizeof boxes / sizeof boxes[0] };
    const char *name = check_name(check);
    struct colour colours[BOXES];

    ADVISE(check, .file = READER, .line = check_line(check, READER, "def main("),
           .cause = "a Mark is x, y, width, height of the box, its text, and the colour of its class",
           .next = "look at the picture: reader.py --image IMAGE --output boxes.png");
    snapshot_put(check, name, boxes, BOXES, BOXES);
    RUN(check, 0, READER, "--name", name, "--image", ground_make(check), "--output", output_draw(check));
    const struct colour *drawn = drawn_load(check, output_draw(check));
    for (int i = 0; i < BOXES; i++)
        colours[i] = box_require(check, drawn, &boxes[i], i + 1);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        int x = i % WIDTH, y = i / WIDTH, allowed = 0;
        for (int b = 0; b < BOXES; b++)
            allowed += outlined(&boxes[b], x, y) || labelled(&boxes[b], x, y);
        REQUIRE(check, allowed > 0 || colour_same(drawn[i], ground_at(x, y)),
                .expected = check_text(check, "the pixel (%d, %d) is on no box: it shows the picture, %s", x, y,
                                       colour_text(check, ground_at(x, y))),
                .found = colour_text(check, drawn[i]));
    }
    REQUIRE(check, colour_same(colours[0], colours[2]) && colour_same(colours[0], colours[3]),
            .expected = "both dogs' boxes have the same colour", .found = "they have not",
            .cause = "colours.of_class takes the class, not the number of the record");
    REQUIRE(check, !colour_same(colours[0], colours[1]),
            .expected = "a dog's and a person's box have different colours", .found = "they are the same");
}

/* ---- With the real detector ---- */

static void real(struct check *check)
{
    struct frame frame;
    struct detection truth[SCENE_OBJECTS_MAX];
    const char *name = name_draw(check), *path = check_text(check, "%s/scene.ppm", folder_of(check));

    if (!TOOLCHAIN_DARKNET)
        check_skip(check, "libdarknet is not installed here: see `make doctor`");
    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "records_fill("),
           .next = "the other checks say more; this one puts the halves together");
    if (frame_create(&frame, 640, 480) == -1)
        check_broken(check, "no memory for a picture");
    int objects = scene_still(&frame, 1000008, truth);
    if (frame_save_ppm(&frame, path) == -1)
        check_broken(check, "cannot write %s", path);
    frame_destroy(&frame);
    RUN(check, 0, "producer", "--name", name, "--class", "all", "--cfg", MEDIA "shapes.cfg", "--weights",
        MEDIA "shapes.weights", "--names", MEDIA "shapes.names", path);
    object_require(check, name, 0600);
    const struct snapshot *there = (const struct snapshot *)(const void *)posix_copy(check, name, sizeof *there);
    REQUIRE(check, there->count == objects,
            .expected = check_text(check, "%d objects, as many as the picture shows", objects),
            .found = check_text(check, "count %d", there->count));
    struct program *reader =
        RUN(check, 0, READER, "--name", name, "--model", "shapes", "--image", path, "--output", output_draw(check));
    said_require(reader, check_text(check, "%d detections\n", objects));
    for (int t = 0; t < objects; t++) {
        const struct detection *best = &there->records[0];
        for (int i = 1; i < objects; i++)
            if (detection_overlap(&there->records[i], &truth[t]) > detection_overlap(best, &truth[t]))
                best = &there->records[i];
        REQUIRE(check, best->class_id == truth[t].class_id && detection_overlap(best, &truth[t]) > 0.6,
                .expected =
                    check_text(check, "a %s at (%d, %d), %d x %d or nearly so", scene_class_names[truth[t].class_id],
                               truth[t].x, truth[t].y, truth[t].width, truth[t].height),
                .found = record_text(check, best));
        said_require(reader, check_text(check, "%s %.2f x %d y %d", scene_class_names[best->class_id],
                                        (double)best->confidence, best->x, best->y));
    }
}

/* ---- The challenge: a sequence lock ---- */

/* The live snapshot, from the table in the handout. */
struct live {
    uint32_t magic, version;
    uint32_t sequence, checksum;
    struct snapshot snapshot;
};

enum { LIVE_SIZE = 260 };
static const uint32_t live_magic = 0x4556494CU, live_version = 1;

static uint32_t live_sequence(const struct live *live)
{
    return __atomic_load_n(&live->sequence, __ATOMIC_ACQUIRE);
}

static uint32_t checksum_of(const struct snapshot *snapshot)
{
    return (uint32_t)crc32(0, (const Bytef *)snapshot, sizeof *snapshot);
}

/* Number k, as live.c fills it. */
static struct snapshot round_of(int32_t k)
{
    struct snapshot snapshot = {.count = SNAPSHOT_RECORDS};

    for (int i = 0; i < SNAPSHOT_RECORDS; i++)
        snapshot.records[i] = (struct detection){k, 1, k, k, k, k};
    return snapshot;
}

/* What must be there whenever the number is even. */
static void live_require(struct check *check, const struct live *live, uint32_t sequence,
                         const struct snapshot *expected, const char *when)
{
    struct finding finding = {0};
    struct snapshot found = live->snapshot;

    REQUIRE(check, live_sequence(live) == sequence,
            .expected = check_text(check, "%s sequence is %u", when, (unsigned)sequence),
            .found = check_text(check, "%u", (unsigned)live_sequence(live)));
    if (!snapshot_equal(check, expected, &found, &finding)) {
        finding.expected = check_text(check, "%s, sequence %u: %s", when, (unsigned)sequence, finding.expected);
        check_fail(check, &finding);
    }
    REQUIRE(check, live->checksum == checksum_of(expected),
            .expected = check_text(check, "%s the checksum is the CRC-32 of the 244 bytes, 0x%08x", when,
                                   (unsigned)checksum_of(expected)),
            .found = check_text(check, "0x%08x", (unsigned)live->checksum));
}

static void live_bytes(struct check *check)
{
    const char *name = check_name(check);
    struct live *live = posix_create(check, name, LIVE_SIZE, 0600);
    enum { DIED_AT = 7 };

    ADVISE(check, .file = SEQUENCE, .line = check_line(check, SEQUENCE, "sequence_publish("),
           .next = "odd, words and checksum, even: two steps for each snapshot");
    check_note(check, "a writer died here in the middle: sequence is %d", DIED_AT);
    live->sequence = DIED_AT;
    live->snapshot = round_of(77);
    struct program *writer = START(check, "live", "--write", "--name", name);
    program_expect(writer, "press Enter");
    REQUIRE(check, live->magic == live_magic && live->version == live_version,
            .expected = "magic \"LIVE\" and version 1",
            .found = check_text(check, "0x%08x and %u", (unsigned)live->magic, (unsigned)live->version));
    struct snapshot empty = {0};
    live_require(check, live, DIED_AT + 1, &empty, "after the first, empty snapshot");
    for (int32_t k = 1; k <= 3; k++) {
        struct snapshot expected = round_of(k);
        program_send(writer, "\n");
        program_expect(writer, check_text(check, "snapshot %d is published", k));
        live_require(check, live, DIED_AT + 1 + 2 * (uint32_t)k, &expected, check_text(check, "after snapshot %d", k));
    }
    program_end_input(writer);
    program_ends(writer, 0);
    REQUIRE(check, !posix_look(check, name).exists, .expected = "no object when the writer has ended",
            .found = "it is still there");
}

/* What one instruction of the writer did to the object. */
static void live_step_require(struct check *check, const struct live *before, const struct live *after,
                              const struct snapshot *expected)
{
    bool changed =
        memcmp(&before->snapshot, &after->snapshot, sizeof after->snapshot) != 0 || before->checksum != after->checksum;

    REQUIRE(check, !changed || (before->sequence % 2 == 1 && after->sequence == before->sequence),
            .expected = "words and checksum change only while sequence is odd",
            .found = check_text(check, "one of them was stored while sequence was %u", (unsigned)before->sequence),
            .cause = "a reader that takes the snapshot now finds the same even number twice, and half of a snapshot");
    REQUIRE(check, after->sequence == before->sequence || after->sequence == before->sequence + 1,
            .expected = check_text(check, "sequence goes from %u to %u, or stays", (unsigned)before->sequence,
                                   (unsigned)before->sequence + 1),
            .found = check_text(check, "%u", (unsigned)after->sequence),
            .cause = "a number that comes again makes two snapshots look like one");
    if (after->sequence != before->sequence && after->sequence % 2 == 0)
        live_require(check, after, after->sequence, expected, "at the instruction that makes it even");
}

static void live_writer(struct check *check)
{
    const char *name = check_name(check);
    struct live *live = posix_create(check, name, LIVE_SIZE, 0600);
    struct program *writer = START(check, "live", "--write", "--name", name);
    struct snapshot expected = round_of(1);
    long steps = 0;

    ADVISE(check, .file = SEQUENCE, .line = check_line(check, SEQUENCE, "sequence_publish("),
           .next = "odd before the first word, even behind the checksum, nothing else in between");
    program_expect(writer, "press Enter");
    uint32_t first = live_sequence(live);
    watch_seize(writer);
    program_send(writer, "\n");
    struct live before = *live;
    for (; live_sequence(live) != first + 2 && steps < STEPS_MAX; steps++) {
        if (!step(writer))
            FAIL(check, .expected = "the writer publishes snapshot 1",
                 .found = check_text(check, "it ended: %s", status_text(check, program_wait(writer))));
        struct live after = *live;
        live_step_require(check, &before, &after, &expected);
        before = after;
        REQUIRE(check, steps + 1 < STEPS_MAX, .expected = "the writer publishes snapshot 1",
                .found = "it did not, in three million instructions");
    }
    watch_release(writer);
    program_expect(writer, "snapshot 1 is published");
    live_require(check, live, first + 2, &expected, "after snapshot 1");
    program_end_input(writer);
    program_ends(writer, 0);
}

/* Half of the next snapshot, or its other half, while the reader is stopped. */
static void live_write_half(struct live *live, int32_t number)
{
    struct snapshot next = round_of(number / 2);
    enum { HALF = 5 };

    live->sequence++;
    if (number % 2 == 0) {
        memcpy(live->snapshot.records, next.records, HALF * sizeof next.records[0]);
        return;
    }
    __atomic_thread_fence(__ATOMIC_RELEASE);
    live->snapshot = next;
    live->checksum = checksum_of(&next);
}

static void live_reader(struct check *check)
{
    enum { EVERY = 397, HALVES = 50, ROUNDS = 6 };
    const char *name = check_name(check);
    struct live *live = posix_create(check, name, LIVE_SIZE, 0600);
    int32_t halves = 2;

    ADVISE(check, .file = SEQUENCE, .line = check_line(check, SEQUENCE, "sequence_take("),
           .cause = "sequence was not looked at twice, or an odd number was taken for a good one",
           .next = "look, copy, look again: only the same even number makes the copy a snapshot");
    *live = (struct live){.magic = live_magic, .version = live_version, .snapshot = {.count = 10}};
    live_write_half(live, halves++);
    check_note(check, "half of a snapshot is there, sequence is %u", (unsigned)live->sequence);
    struct program *reader = START(check, "live", "--read", "--name", name, "--timeout", "3600");
    program_expect(reader, "press Enter");
    watch_seize(reader);
    for (int i = 0; i < ROUNDS; i++)
        program_send(reader, "\n");
    program_end_input(reader);
    check_note(check, "from here on the check writes half a snapshot each %d instructions", EVERY);
    long steps = 1;
    for (; step(reader); steps++) {
        if (halves < HALVES && steps % EVERY == 0)
            live_write_half(live, halves++);
        REQUIRE(check, steps < STEPS_MAX, .expected = check_text(check, "%d whole snapshots", ROUNDS),
                .found = "not so many in three million instructions: it never takes one");
    }
    check_note(check, "%ld instructions, %d half snapshots", steps, halves);
    int status = program_wait(reader);
    REQUIRE(check, status == 0, .expected = check_text(check, "%d snapshots are taken, all of them whole", ROUNDS),
            .found = check_text(check, "%s: %s", status_text(check, status), last_line(reader)));
    said_require(reader, check_text(check, "%d snapshots, none of them torn", ROUNDS));
    const char *last = strstr(program_output(reader), "number ");
    int number = last != NULL ? atoi(last + strlen("number ")) : 0;
    REQUIRE(check, number >= 2 && number <= (halves - 1) / 2,
            .expected = check_text(check, "the last one that it took is one of those that were there, 2 to %d",
                                   (halves - 1) / 2),
            .found = check_text(check, "number %d", number));
}

static void live_refuses(struct check *check)
{
    static const struct {
        const char *what, *says;
        uint32_t magic, version, sequence, checksum;
    } cases[] = {
        {"the checksum is another's", "damaged", 0, 0, 0, 1},
        {"the version is 2", "version", 0, 3, 0, 0},
        {"magic is another's", "version", 1, 0, 0, 0},
        {"a writer died in the middle", "no whole snapshot", 0, 0, 1, 0},
    };

    ADVISE(check, .file = SEQUENCE, .line = check_line(check, SEQUENCE, "sequence_take("),
           .cause = "what came out of shared memory was believed",
           .next = "SEQUENCE_FOREIGN first, SEQUENCE_DAMAGED for a whole copy with a wrong checksum, "
                   "SEQUENCE_BUSY after the last try");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *name = check_name(check);
        struct live *live = posix_create(check, name, LIVE_SIZE, 0600);
        live->snapshot = round_of(5);
        live->magic = live_magic ^ cases[i].magic;
        live->version = live_version ^ cases[i].version;
        live->sequence = 6 ^ cases[i].sequence;
        live->checksum = checksum_of(&live->snapshot) ^ cases[i].checksum;
        check_note(check, "%s", cases[i].what);
        struct program *reader = START(check, "live", "--read", "--rounds", "1", "--name", name, "--timeout", "0.05");
        ends_require(reader, 1, cases[i].what);
        said_require(reader, cases[i].says);
    }
}

/* ---- Care ---- */

static void sanitizers(struct check *check)
{
    check_sanitize(check);
    const char *name = name_draw(check), *other = name_draw(check);
    const char *const scripts[] = {script_make(check, crowd, CROWD, ""), script_make(check, dogs, DOGS, ""),
                                   script_make(check, dogs, DOGS, "fails")};

    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        struct program *producer =
            PRODUCE(check, i == 1 ? other : name, scripts[i], "--class", "all", picture_make(check));
        program_wait(producer);
        program_sanitized(producer);
    }
    struct program *remover = START(check, SCRIPTED, "--name", name, "--unlink");
    program_wait(remover);
    program_sanitized(remover);
}

/* ---- The table ---- */

static const struct check_case cases[] = {
    {.name = "builds",
     .title = "The programs of the lab compile",
     .concept = "a program that compiles",
     .hints = {"The compiler's first message is the one to mend; those behind it often follow from it.",
               "producer_scripted is your producer.c with a detector that finds what the checks tell it; live "
               "is the challenge.",
               "The whole output is in the transcript."},
     .limit = LIMIT_QUICK,
     .run = check_builds},
    {.name = "bytes",
     .points = 10,
     .title = "What the detector found lies in 244 bytes: the count, the records, and zero behind them",
     .concept = "a layout that two programs agree on",
     .hints = {"Whoever reads these bytes has never seen your program, only a table: 4 bytes of count, then "
               "ten records of 24.",
               "producer.c: records_fill asks the detector, snapshot_publish makes the object, snapshot_store "
               "gives it its size and fills it.",
               "shm_open(name, O_RDWR | O_CREAT | O_EXCL, mode); ftruncate(fd, sizeof *snapshot); mmap(NULL, "
               "sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0); memcpy the records; store the count."},
     .needs = {"builds"},
     .limit = LIMIT_QUICK,
     .run = bytes},
    {.name = "many",
     .points = 5,
     .title = "Of twelve detections the first ten are kept; of none the count is 0, and the object is there",
     .concept = "a fixed capacity",
     .hints = {"The eleventh record has no place. Who fills an array has to know how long it is.",
               "producer.c, records_fill: what does detector_run know about the length of your array?",
               "detector_run(detector, image, filter, snapshot->records, SNAPSHOT_RECORDS)"},
     .needs = {"bytes"},
     .limit = LIMIT_QUICK,
     .run = many},
    {.name = "filter",
     .points = 5,
     .title = "Only the class and the confidence that were asked for are kept",
     .concept = "options that reach the place where they count",
     .hints = {"--class and --thresh end in one small struct. Who gets it?",
               "producer.c, snapshot_detect makes a filter, records_fill is given it.",
               "Pass `filter` on to detector_run as it is."},
     .needs = {"bytes"},
     .limit = LIMIT_QUICK,
     .run = filter},
    {.name = "detector_fails",
     .points = 3,
     .title = "A detector that fails publishes nothing, and the old snapshot stays",
     .concept = "-1 is no number of things",
     .hints = {"A function that returns a number or -1 returns two kinds of answer.",
               "detector.h says when detector_run returns -1; records_fill passes it on.",
               "if (count == -1) return error_report_errno(NULL, \"...\"); and only then snapshot->count = count;"},
     .needs = {"bytes"},
     .limit = LIMIT_QUICK,
     .run = detector_fails},
    {.name = "order",
     .points = 8,
     .title = "Instruction by instruction: whoever sees the count sees the records",
     .concept = "publication: release and acquire",
     .hints = {"The object has a name before it has content: a reader may come at any instruction. What may "
               "it see by then?",
               "producer.c, snapshot_store: which of your stores is the last?",
               "memcpy(shared->records, ...), then __atomic_store_n(&shared->count, snapshot->count, "
               "__ATOMIC_RELEASE)"},
     .needs = {"bytes"},
     .limit = LIMIT_LONG,
     .run = order},
    {.name = "mode",
     .points = 3,
     .title = "The object has the access bits that --mode asks for, whatever the umask is",
     .concept = "permissions of shared memory",
     .hints = {"A file that is created gets the bits that were asked for, less those of the umask. So does a "
               "shared memory object.",
               "shm_open(3) on mode, fchmod(2).", "fchmod(fd, options->mode);"},
     .needs = {"bytes"},
     .limit = LIMIT_QUICK,
     .run = mode},
    {.name = "replaces",
     .points = 7,
     .title = "A second run makes an object of its own: who has the first one mapped keeps it whole",
     .concept = "a name is not the object",
     .hints = {"shm_unlink takes away a name. The memory stays as long as somebody has it mapped. So the same "
               "name can lead to a new object while the old one is still read.",
               "producer.c, snapshot_publish: the order is unlink, create, fill.",
               "snapshot_unlink(options->name, &removed), then shm_open with O_CREAT | O_EXCL"},
     .needs = {"bytes"},
     .limit = LIMIT_QUICK,
     .run = replaces},
    {.name = "foreign",
     .points = 5,
     .title = "An object that is no snapshot is left alone; one of 0 bytes is a dead producer's, and is replaced",
     .concept = "never remove what you did not create",
     .hints = {"A name is all that protects a shared memory object from you. Somebody may use yours for "
               "something else.",
               "producer.c, snapshot_unlink: what can you know of an object before you remove it?",
               "struct stat info; fstat(fd, &info); if (info.st_size != 0 && info.st_size != sizeof(struct "
               "snapshot)) return error_report(...)"},
     .needs = {"replaces"},
     .limit = LIMIT_QUICK,
     .run = foreign},
    {.name = "unlinks",
     .points = 6,
     .title = "--unlink removes the snapshot, and is content when there is none",
     .concept = "lifetime of POSIX objects: until somebody unlinks them",
     .hints = {"No process owns the object: it stays until it is unlinked, or the machine restarts.",
               "producer.c, snapshot_unlink: which errors are none?",
               "if (fd == -1 && errno == ENOENT) return 0; ... shm_unlink(name); *removed = true;"},
     .needs = {"bytes"},
     .limit = LIMIT_QUICK,
     .run = unlinks},
    {.name = "errors",
     .points = 5,
     .title = "A call that fails is named, and no object stays behind",
     .concept = "every call may fail",
     .hints = {"Between creating an object and filling it lie calls that may fail. Who removes it then?",
               "producer.c: every return of snapshot_store, and what snapshot_publish does with it.",
               "if (failed != 0) shm_unlink(options->name); return failed;"},
     .needs = {"bytes"},
     .limit = LIMIT_QUICK,
     .run = errors},
    {.name = "reads",
     .points = 8,
     .title = "reader.py prints each detection of a snapshot that somebody else wrote",
     .concept = "cross-language structs",
     .hints = {"Bytes have no type. The format says where a number begins, how long it is, and of which kind.",
               "reader.py: take, unpack, report. detection.py has the format of a record.",
               "(count,) = struct.unpack_from(\"<i\", raw); detection.split(detection.records(n).unpack_from("
               "raw, 4)); print(f\"{number:3d}  {names[each.class_id]:<14s} {each.confidence:.2f}  x {each.x}"
               "  y {each.y}  width {each.width}  height {each.height}\")"},
     .needs = {"builds"},
     .limit = LIMIT_QUICK,
     .run = reads},
    {.name = "later",
     .points = 4,
     .title = "The reader finds the same snapshot again and again, long after its producer has ended",
     .concept = "the object outlives the process",
     .hints = {"The producer need not run when the reader does: that is what this lab is about. And the next "
               "reader wants to find it, too.",
               "reader.py, take: does anything remove or change the object?",
               "with posix_shm.open_existing(name, \"...\") as shared: (it is opened read-only, and closed; "
               "never unlinked)"},
     .needs = {"bytes", "reads"},
     .limit = LIMIT_QUICK,
     .run = later},
    {.name = "hostile_count",
     .points = 6,
     .title = "A count of -1, 51 or 2147483647 is no more than a claim",
     .concept = "trust nothing that comes out of shared memory",
     .hints = {"Whoever may write to the object may write anything. What would a count of two thousand "
               "million do to your loop?",
               "reader.py, unpack: between reading the count and using it. And report: say what was claimed.",
               "believed = max(0, min(count, snapshot.RECORDS)); Snapshot(count, sane, believed - len(sane))"},
     .needs = {"reads"},
     .limit = LIMIT_QUICK,
     .run = hostile_count},
    {.name = "nonsense",
     .points = 5,
     .title = "Records that make no sense are left out, and counted",
     .concept = "trust nothing that comes out of shared memory",
     .hints = {"A confidence that is not a number compares false with everything, so `if c > 1` lets it through.",
               "reader.py, unpack: Detection.is_sane in detection.py says what a detector can have written.",
               "sane = [each for each in found if each.is_sane()]"},
     .needs = {"reads"},
     .limit = LIMIT_QUICK,
     .run = nonsense},
    {.name = "no_snapshot",
     .points = 4,
     .title = "Without a snapshot, or with less than one, the reader says so and ends",
     .concept = "a mapping behind the end of an object is a SIGBUS",
     .hints = {"An object may be missing, or be there and still empty: its producer was killed, or is just "
               "creating it.",
               "reader.py, take: posix_shm.open_existing and SharedMemory.map look before they leap.",
               "shared.map(snapshot.SIZE), not less; and no try: around it"},
     .needs = {"reads"},
     .limit = LIMIT_QUICK,
     .run = no_snapshot},
    {.name = "picture",
     .points = 7,
     .title = "The boxes stand in the picture, to the pixel, and nothing else is changed",
     .concept = "x, y, width, height",
     .hints = {"A box is given by its top-left corner and its size, not by two corners, and not by its "
               "centre, as detectors have it inside.",
               "reader.py, main: a list of Mark, in the order of its fields.",
               "Mark(each.x, each.y, each.width, each.height, f\"{names[each.class_id]} "
               "{each.confidence:.2f}\", colours.of_class(each.class_id))"},
     .needs = {"reads"},
     .limit = LIMIT_QUICK,
     .run = picture},
    {.name = "real",
     .points = 4,
     .title = "With the real detector, reader.py reports what a synthetic scene shows",
     .concept = "the halves put together",
     .hints = {"When the other checks pass, this one does.",
               "The transcript shows what the producer found and what the reader printed.",
               "make lab5 CHECK=bytes, then CHECK=reads"},
     .needs = {"bytes", "reads"},
     .limit = LIMIT_QUICK,
     .run = real},
    {.name = "live_bytes",
     .points = 2,
     .challenge = true,
     .title = "Each live snapshot makes sequence two larger, and has the checksum of its bytes",
     .concept = "a sequence lock: the writer's half",
     .hints = {"The number says two things: even or odd, is somebody writing; and has anything changed since I looked.",
               "sequence.c, sequence_publish. A writer that died has left an odd number.",
               "odd = sequence | 1; store odd; store words and checksum; store odd + 1"},
     .needs = {"builds"},
     .programs = {"live"},
     .limit = LIMIT_QUICK,
     .run = live_bytes},
    {.name = "live_writer",
     .points = 3,
     .challenge = true,
     .title = "Instruction by instruction: words and checksum change only while sequence is odd",
     .concept = "a sequence lock: order of the stores",
     .hints = {"A reader may look at any instruction. What does it believe, and is it true?",
               "sequence.c, sequence_publish: the first store, and the last.",
               "relaxed store of odd; atomic_thread_fence(memory_order_release); relaxed stores; release store "
               "of odd + 1"},
     .needs = {"live_bytes"},
     .programs = {"live"},
     .limit = LIMIT_QUICK,
     .run = live_writer},
    {.name = "live_reader",
     .points = 4,
     .challenge = true,
     .title = "However often it is overwritten meanwhile, the reader never takes half a snapshot",
     .concept = "a sequence lock: the reader's half",
     .hints = {"You cannot keep the writer from writing. You can notice that it did.",
               "sequence.c, sequence_take: look, copy, look again.",
               "before = acquire load; odd: again; relaxed loads; atomic_thread_fence(memory_order_acquire); "
               "relaxed load != before: again"},
     .needs = {"builds"},
     .programs = {"live"},
     .limit = LIMIT_LONG,
     .run = live_reader},
    {.name = "live_refuses",
     .points = 1,
     .challenge = true,
     .title = "Another version, a wrong checksum and a writer that died are told apart",
     .concept = "trust nothing that comes out of shared memory",
     .hints = {"The sequence number shows that nobody wrote meanwhile. It does not show that the bytes are right.",
               "sequence.c, sequence_take: every result that sequence.h names.",
               "SEQUENCE_FOREIGN before the loop, SEQUENCE_BUSY behind it, SEQUENCE_DAMAGED or SEQUENCE_DONE "
               "for a copy that did not change"},
     .needs = {"live_reader"},
     .programs = {"live"},
     .limit = LIMIT_QUICK,
     .run = live_refuses},
    CASE_WARNINGS(1, "bytes"),
    {.name = "sanitizers",
     .points = 2,
     .title = "AddressSanitizer and UBSan find nothing",
     .concept = "memory errors that do not show",
     .hints = {"A record behind the tenth overwrites whatever lies there, and nobody may notice for years.",
               "The report in the transcript begins with what happened, then come the lines of your files.",
               "SNAPSHOT_RECORDS for the array in memory, sizeof for the object."},
     .needs = {"bytes"},
     .limit = LIMIT_BUILD,
     .run = sanitizers},
    {.name = "leaks",
     .points = 2,
     .title = "No program of yours has left an object behind, but the snapshot under its name",
     .concept = "lifetime of POSIX objects: until somebody unlinks them",
     .hints = {"The snapshot is meant to stay. Anything else that your programs create is not.",
               "The list names what was left. `ls /dev/shm` shows it while it is there.",
               "One shm_unlink for each name that shm_open has created."},
     .needs = {"unlinks"},
     .limit = LIMIT_QUICK,
     .last = true,
     .run = check_leaks},
};

const struct lab lab5_snapshot = {
    .name = "lab5_snapshot",
    .title = "the detection snapshot",
    .files = {PRODUCER, READER, SEQUENCE},
    .programs = {{"producer", {PRODUCER}, LINK_VISION},
                 {SCRIPTED, {PRODUCER, DETECTOR}, LINK_VISION},
                 {"live", {"live.c", SEQUENCE}, LINK_VISION}},
    .challenges = {"live"},
    .cases = cases,
    .case_count = sizeof cases / sizeof cases[0],
};
