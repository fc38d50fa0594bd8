/* Lab 5, the detection snapshot: the producer. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "compile.h"
#include "lab5_snapshot.h"
#include "objects.h"
#include "said.h"
#include "todo.h"
#include "watch.h"
#include "weave.h"

enum { DESCRIPTORS = 64 }; /* far more than a producer opens */

#define STORE_ADVICE(check)                                                                 \
    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_store("), \
           .next = "run the producer, then look at the bytes: od -A d -t d4 /dev/shm/NAME")

/* The mistakes of the first hour. */
static void first_require(struct check *check, const char *name)
{
    struct object object = posix_look(check, name);

    REQUIRE(check, object.exists, .expected = check_text(check, "%s is there when its producer has ended", name),
            .found = "there is none", .line = check_line(check, PRODUCER, "snapshot_publish("), .file = PRODUCER,
            .cause = "another name than --name, or an shm_unlink at the end: a snapshot is meant to stay");
    REQUIRE(check, object.size == sizeof(struct snapshot),
            .expected = check_text(check, "%s has %zu bytes", name, sizeof(struct snapshot)),
            .found = check_text(check, "%zu bytes", object.size),
            .cause = object.size == 0 ? "an object begins with 0 bytes: ftruncate gives it its size"
                                      : "ftruncate decides about the size; sizeof of a pointer is 8");
    REQUIRE(check, *(const int32_t *)(const void *)posix_copy(check, name, sizeof(int32_t)) != 0,
            .expected = check_text(check, "count %d (bytes 0 to 3)", DOGS), .found = "count 0",
            .cause = "nothing was stored, or into memory of the producer's own: MAP_PRIVATE");
}

/* The first of TODO 1 to 3 that is not done, or `next`. */
static const char *producer_next(struct check *check, const char *next)
{
    next = todo_next(check, PRODUCER, "(void)snapshot_store;", 3, next);
    next = todo_next(check, PRODUCER, "write snapshot_store in producer.c", 2, next);
    return todo_next(check, PRODUCER, "(void)image;", 1, next);
}

void lab5_bytes(struct check *check)
{
    const char *name = snapshot_name(check);

    STORE_ADVICE(check);
    struct program *first = PRODUCE(check, name, detector_script(check, found_dogs, DOGS, ""), snapshot_picture(check));
    int status = program_wait(first);
    REQUIRE(check, status == 0, .expected = "the producer leaves a snapshot and ends with exit status 0",
            .found = check_text(check, "%s; %s", status_text(check, status), program_said_text(first)),
            .next = producer_next(check, "the message says which call failed"));
    first_require(check, name);
    snapshot_require(check, name, found_dogs, DOGS);
    name = snapshot_name(check);
    struct program *producer =
        PRODUCE(check, name, detector_script(check, found_crowd, 4, ""), "--class", "all", snapshot_picture(check));
    program_ends(producer, 0);
    snapshot_require(check, name, found_crowd, 4);
}

void lab5_many(struct check *check)
{
    const char *name = snapshot_name(check), *script = detector_script(check, found_crowd, CROWD, "");

    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "records_fill("),
           .cause = "the detector is told a larger capacity than the ten records that there are, or count is "
                    "not what it returned",
           .next = "the last argument of detector_run is how many records it may fill");
    program_ends(PRODUCE(check, name, script, "--class", "all", snapshot_picture(check)), 0);
    snapshot_require(check, name, found_crowd, SNAPSHOT_RECORDS);
    name = snapshot_name(check);
    produce(check, name, detector_script(check, found_dogs, 0, ""), 0);
    snapshot_require(check, name, found_dogs, 0);
}

static void filter_once(struct check *check, const char *class_text, int class_id, const char *threshold)
{
    struct detection kept[CROWD];
    int count = 0;
    const char *name = snapshot_name(check), *script = detector_script(check, found_crowd, 9, "");

    for (int i = 0; i < 9; i++)
        if ((class_id == -1 || found_crowd[i].class_id == class_id) &&
            (double)found_crowd[i].confidence > strtod(threshold, NULL))
            kept[count++] = found_crowd[i];
    program_ends(PRODUCE(check, name, script, "--class", class_text, "--thresh", threshold, snapshot_picture(check)),
                 0);
    snapshot_require(check, name, kept, count);
}

void lab5_filter(struct check *check)
{
    const char *name = snapshot_name(check), *script = detector_script(check, found_crowd, CROWD, "");

    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "records_fill("),
           .cause = "the detector was not asked with the filter that the options made",
           .next = "detector_run takes the filter: class and threshold are the detector's business");
    filter_once(check, "person", PERSON, "0.5");
    filter_once(check, "2", CAR, "0.5");
    filter_once(check, "dog", DOG, "0.8");
    filter_once(check, "all", -1, "0.9");
    struct program *producer = PRODUCE(check, name, script, "--class", "unicorn", snapshot_picture(check));
    program_ends(producer, 1);
    REQUIRE(check, !posix_look(check, name).exists, .expected = "no object when the network knows no such class",
            .found = "there is one");
}

void lab5_detector_fails(struct check *check)
{
    const char *name = snapshot_name(check), *fails = detector_script(check, found_dogs, DOGS, "fails");

    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "records_fill("),
           .cause = "detector_run returns -1 when it fails; taken for a number, it becomes the count",
           .next = "if (count == -1) return error_report_errno(...)");
    struct program *producer = PRODUCE(check, name, fails, snapshot_picture(check));
    program_ends_because(producer, 1, "the detector returned -1");
    REQUIRE(check, producer->process.length > 0, .expected = "a message that says what has failed",
            .found = program_said_text(producer));
    REQUIRE(check, !posix_look(check, name).exists, .expected = "no object when the detector fails",
            .found = "there is one");
    produce(check, name, detector_script(check, found_dogs, DOGS, ""), 0);
    produce(check, name, fails, 1);
    snapshot_require(check, name, found_dogs, DOGS); /* the old one is still the best there is */
}

static ino_t object_number(struct check *check, const char *name);

/* "mapping" or "descriptor" of the object that the process still has; NULL: none. */
static const char *object_held(struct check *check, const struct program *program, const char *name)
{
    size_t length;
    char target[PATH_MAX];
    const char *path = check_text(check, "/dev/shm%s", name);
    const char *maps = check_read(check, check_text(check, "/proc/%d/maps", (int)program->pid), &length);

    if (maps != NULL && strstr(maps, path) != NULL)
        return "mapping";
    for (int fd = 0; fd < DESCRIPTORS; fd++) {
        ssize_t got = readlink(check_text(check, "/proc/%d/fd/%d", (int)program->pid, fd), target, sizeof target - 1);
        target[got > 0 ? got : 0] = '\0';
        if (strncmp(target, path, strlen(path)) == 0)
            return "descriptor";
    }
    return NULL;
}

/* Is there a line that has the class and the four numbers of the box, in this order? */
static int record_lines(struct check *check, const char *text, const struct detection *record)
{
    int count = 0;
    const char *const words[] = {class_name_of(record->class_id), check_text(check, "%d", record->x),
                                 check_text(check, "%d", record->y), check_text(check, "%d", record->width),
                                 check_text(check, "%d", record->height)};

    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *at = line, *end = line + strcspn(line, "\n");
        for (size_t i = 0; i < sizeof words / sizeof words[0] && at != NULL; i++)
            at = (at = strstr(at, words[i])) != NULL && at < end ? at + strlen(words[i]) : NULL;
        count += at != NULL;
    }
    return count;
}

/* The producer has everything, and waits at the detector's last call. */
static struct program *producer_pause(struct check *check, const char *name)
{
    struct program *producer = PRODUCE(check, name, detector_script(check, found_crowd, 9, "waits"), "--class", "all",
                                       snapshot_picture(check));

    program_expect(producer, "the detector is done");
    watch_seize(producer);
    program_send(producer, "\n");
    return producer;
}

void lab5_order(struct check *check)
{
    const char *name = snapshot_name(check);
    struct snapshot expected = snapshot_of(found_crowd, 9);
    struct program *producer = producer_pause(check, name);
    const struct snapshot *shared = NULL;
    long steps = 0;

    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_store("),
           .cause = "the count is stored with the records, or before them: a reader that comes at this very "
                    "moment believes records that are not there yet",
           .next = "copy the records only; then one store of the count, __atomic_store_n(..., __ATOMIC_RELEASE)");
    for (; program_step(producer); steps++) {
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

static void mode_once(struct check *check, mode_t mask, const char *text, unsigned mode)
{
    const char *name = snapshot_name(check), *script = detector_script(check, found_dogs, DOGS, "");

    umask(mask); /* of the program, too */
    program_ends(text != NULL ? PRODUCE(check, name, script, "--mode", text, snapshot_picture(check))
                              : PRODUCE(check, name, script, snapshot_picture(check)),
                 0);
    struct object object = posix_look(check, name);
    REQUIRE(check, object.mode == mode,
            .expected = check_text(check, "with --mode %s and umask %04o %s has mode %04o",
                                   text != NULL ? text : "left out", mask, name, mode),
            .found = check_text(check, "mode %04o", object.mode));
}

void lab5_mode(struct check *check)
{
    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_publish("),
           .cause = "options->mode decides who may read and write it, 0600 by default; shm_open takes the umask's bits "
                    "away from it",
           .next = "options->mode for shm_open, and fchmod(fd, options->mode) after it");
    mode_once(check, 022, NULL, 0600);
    mode_once(check, 0, NULL, 0600);
    mode_once(check, 077, "0664", 0664);
}

/* Each record has a line with its class and the numbers of its box. */
void lab5_prints(struct check *check)
{
    const char *name = snapshot_name(check);
    struct program *producer =
        PRODUCE(check, name, detector_script(check, found_crowd, 4, ""), "--class", "all", snapshot_picture(check));

    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "records_fill("),
           .next = "printf(\"producer: %s %.2f at (%d, %d), %d x %d\\n\", detector_class_name(...), ...)");
    program_ends(producer, 0);
    for (int i = 0; i < 4; i++)
        REQUIRE(check, record_lines(check, program_output(producer), &found_crowd[i]) == 1,
                .expected =
                    check_text(check, "one line with class, x, y, width and height of record %d: %s, %d, %d, %d, %d",
                               i + 1, class_name_of(found_crowd[i].class_id), found_crowd[i].x, found_crowd[i].y,
                               found_crowd[i].width, found_crowd[i].height),
                .found = program_said_text(producer));
}

/* The producer at its last system call: everything that it opened for the snapshot is closed again. */
void lab5_closes(struct check *check)
{
    const char *name = snapshot_name(check);
    struct program *producer = producer_pause(check, name);
    long call = -1;

    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_store("),
           .cause = "an end of the process hides it; in a program that goes on it is a leak",
           .next = "munmap in snapshot_store, close in snapshot_publish, also when something has failed");
    while (call != SYS_exit_group && watch_call(producer, &call) == STEP_DONE)
        continue;
    const char *left = object_held(check, producer, name);
    watch_release(producer);
    program_ends(producer, 0);
    REQUIRE(check, left == NULL, .expected = "mapping and descriptor are let go before the producer ends",
            .found = check_text(check, "the %s was still there", left));
}

/* Does memory for the object exist before its first byte is written? Looked at between system calls. */
void lab5_reserves(struct check *check)
{
    const char *name = snapshot_name(check);
    struct program *producer = producer_pause(check, name);
    const struct snapshot *shared = NULL, none = {0};
    bool reserved = false, mapped = false;
    long call;

    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_store("),
           .cause = "ftruncate promises a size, no memory: in a full /dev/shm the first store is a SIGBUS",
           .next = "posix_fallocate(fd, 0, sizeof *snapshot) after ftruncate: it returns ENOSPC now");
    while (watch_call(producer, &call) == STEP_DONE) {
        struct stat info;
        if (stat(check_text(check, "/dev/shm%s", name), &info) == -1 || info.st_size < (off_t)sizeof *shared)
            continue;
        if (shared == NULL && info.st_blocks > 0) /* a look of ours at a hole would not fill it, but may be late */
            shared = posix_map(check, name, sizeof *shared);
        const char *held = object_held(check, producer, name);
        mapped = mapped || (held != NULL && strcmp(held, "mapping") == 0);
        reserved = reserved || (shared != NULL && memcmp(shared, &none, sizeof none) == 0);
    }
    program_ends(producer, 0);
    REQUIRE(check, !mapped || reserved,
            .expected = "memory for the 244 bytes is there before the first of them is stored",
            .found = "the first store had to find it");
}

/* Somebody else creates the object when ours has just made room. */
void lab5_taken(struct check *check)
{
    const char *name = snapshot_name(check);
    struct snapshot theirs = snapshot_of(found_crowd, 2);
    struct snapshot *shared = NULL;
    long call;

    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_publish("),
           .cause = "an object that another producer has just made is overwritten, or removed",
           .next = "shm_open with O_CREAT | O_EXCL, and look at what it returns: -1 has created nothing to remove");
    produce(check, name, detector_script(check, found_dogs, DOGS, ""), 0);
    struct program *producer = producer_pause(check, name);
    while (shared == NULL && watch_call(producer, &call) == STEP_DONE)
        if (!posix_look(check, name).exists) {
            check_note(check, "the old snapshot is gone: another producer is quicker now");
            shared = posix_create(check, name, sizeof *shared, 0600);
            *shared = theirs;
        }
    if (shared == NULL) { /* it was replaced in one step: nobody can come between */
        program_ends(producer, 0);
        return;
    }
    ino_t number = object_number(check, name);
    watch_release(producer);
    int status = program_wait(producer);
    REQUIRE(check, memcmp(shared, &theirs, sizeof theirs) == 0,
            .expected = "another producer's snapshot is not written to: it may be read at this moment",
            .found = "it was overwritten");
    if (status == 0) { /* removed as the one before, and replaced */
        snapshot_require(check, name, found_crowd, 9);
        return;
    }
    REQUIRE(check, posix_look(check, name).exists && object_number(check, name) == number,
            .expected = "a producer that comes second leaves the other one's snapshot under its name",
            .found = "it was removed");
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

    REQUIRE(check, whole, .expected = "a reader that has the snapshot mapped keeps its 244 bytes",
            .found = check_text(check, "the object was cut to %lld bytes: reading it now is a SIGBUS",
                                (long long)info.st_size),
            .cause = "O_TRUNC or ftruncate empties the object under every reader that has it mapped");
    if (snapshot_equal(check, expected, held->mapped, &finding))
        return;
    finding.expected = check_text(check, "a reader that has the snapshot mapped keeps it: %s", finding.expected);
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

void lab5_replaces(struct check *check)
{
    const char *name = snapshot_name(check);
    struct snapshot first = snapshot_of(found_dogs, DOGS);

    produce(check, name, detector_script(check, found_dogs, DOGS, ""), 0);
    struct held held = snapshot_hold(check, name);
    ino_t before = object_number(check, name);
    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_unlink("),
           .cause = "the name still leads to the old object: it was not unlinked",
           .next = "shm_unlink(name) in snapshot_unlink, and *removed = true");
    program_ends_because(
        PRODUCE(check, name, detector_script(check, found_crowd, 3, ""), "--class", "all", snapshot_picture(check)), 0,
        "the old snapshot makes room for the new one");
    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_publish("),
           .cause = "the old object is opened and overwritten: a reader that has it mapped sees half of each",
           .next = "unlink the old one, then shm_open with O_CREAT | O_EXCL");
    held_require(check, &held, &first);
    REQUIRE(check, object_number(check, name) != before,
            .expected = "a second run gives the name to an object of its own",
            .found = "the name leads to the old object");
    snapshot_require(check, name, found_crowd, 3);
}

/* An object of another size belongs to somebody else. */
static void foreign_once(struct check *check, size_t size)
{
    const char *name = check_name(check), *script = detector_script(check, found_dogs, DOGS, "");
    unsigned char *theirs = posix_create(check, name, size, 0600);

    memset(theirs, 0x5A, size);
    ino_t before = object_number(check, name);
    for (int attempt = 0; attempt < 2; attempt++) {
        struct program *producer = attempt == 0 ? PRODUCE(check, name, script, snapshot_picture(check))
                                                : START(check, SCRIPTED, "--name", name, "--unlink");
        program_ends_because(producer, 1, check_text(check, "%s has %zu bytes, it is no snapshot", name, size));
        REQUIRE(check, program_said(producer, name), .expected = check_text(check, "a message that names %s", name),
                .found = program_said_text(producer));
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

void lab5_foreign(struct check *check)
{
    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_unlink("),
           .cause = "the name is unlinked, whatever it leads to",
           .next = "shm_open the old one, fstat, compare st_size with sizeof(struct snapshot), then unlink");
    foreign_once(check, 100);
    foreign_once(check, 4096);

    const char *name = snapshot_name(check);
    int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    if (fd == -1)
        check_broken(check, "cannot create %s", name);
    close(fd);
    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_unlink("),
           .cause = "an object of 0 bytes is refused: it is a producer's that was killed before ftruncate, "
                    "and nobody else will ever remove it");
    check_note(check, "%s has 0 bytes: a producer was killed before it gave it a size", name);
    program_ends_because(PRODUCE(check, name, detector_script(check, found_dogs, DOGS, ""), snapshot_picture(check)), 0,
                         check_text(check, "%s had 0 bytes", name));
    snapshot_require(check, name, found_dogs, DOGS);
}

void lab5_unlinks(struct check *check)
{
    const char *name = check_name(check), *script = detector_script(check, found_dogs, DOGS, "");
    struct snapshot first = snapshot_of(found_dogs, DOGS);

    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_unlink("),
           .cause = "shm_unlink takes the name away; the memory lives on until the last mapping is gone",
           .next = "shm_unlink(name), and ENOENT is no error: then it is gone already");
    produce(check, name, script, 0);
    struct held held = snapshot_hold(check, name);
    struct program *remover = RUN(check, 0, SCRIPTED, "--name", name, "--unlink");
    REQUIRE(check, !posix_look(check, name).exists, .expected = check_text(check, "no %s any more", name),
            .found = "it is still there");
    REQUIRE(check, program_said(remover, "removed"), .expected = "it says that the object is removed",
            .found = program_said_text(remover), .cause = "*removed tells main whether there was one to remove",
            .next = "*removed = true, after shm_unlink");
    held_require(check, &held, &first);
    check_note(check, "once more, with nothing there");
    remover = RUN(check, 0, SCRIPTED, "--name", name, "--unlink");
    REQUIRE(check, !program_said(remover, "removed"), .expected = "it does not say that it removed what was not there",
            .found = program_said_text(remover));
    produce(check, name, script, 0);
    check_inject(check, "shm_unlink:1:ENOENT");
    remover = START(check, SCRIPTED, "--name", name, "--unlink");
    check_inject(check, NULL);
    program_ends_because(remover, 0, "somebody else has removed it a moment before: shm_unlink fails with ENOENT");
    program_ends(PRODUCE(check, name, script, "--unlink", snapshot_picture(check)), 0);
    snapshot_require(check, name, found_dogs, DOGS);
    RUN(check, 0, SCRIPTED, "--name", name, "--unlink");
    REQUIRE(check, !posix_look(check, name).exists, .expected = check_text(check, "no %s any more", name),
            .found = "it is still there");
}

/* A call fails: it is told and nothing is left, or the producer finds another way, and all is as it should be. */
static void error_once(struct check *check, const char *fault, int number)
{
    const char *name = snapshot_name(check), *script = detector_script(check, found_dogs, DOGS, "");
    const char *call = check_text(check, "%.*s", (int)strcspn(fault, ":"), fault);

    produce(check, name, detector_script(check, found_crowd, 1, ""), 0); /* an old snapshot, to be replaced */
    check_inject(check, fault);
    struct program *producer = PRODUCE(check, name, script, snapshot_picture(check));
    check_inject(check, NULL);
    int status = program_wait(producer);
    if (status == 0) {
        snapshot_require(check, name, found_dogs, DOGS);
        return;
    }
    REQUIRE(check, status == 1,
            .expected = check_text(check, "`%s` ends with exit status 1: %s fails", producer->command, call),
            .found = check_text(check, "%s; %s", status_text(check, status), program_said_text(producer)));
    REQUIRE(check, program_names_error(producer, number),
            .expected = check_text(check, "a message that names %s: by its symbol, its number or strerror's words",
                                   strrchr(fault, ':') + 1),
            .found = program_said_text(producer));
    struct object left = posix_look(check, name);
    REQUIRE(check, !left.exists || left.size == sizeof(struct snapshot),
            .expected = check_text(check, "no half-made object stays when %s fails", call),
            .found = check_text(check, "%s is there, %zu bytes", name, left.size));
    if (!left.exists)
        return;
    const struct snapshot *there = (const struct snapshot *)(const void *)posix_copy(check, name, sizeof *there);
    REQUIRE(check, there->count == 1,
            .expected = check_text(check, "no object stays when %s fails, but the old snapshot as it was", call),
            .found = check_text(check, "%s is there, count %d", name, there->count),
            .cause = "the object was created, could not be filled, and was left there half done");
}

/* Of what fstat tells nothing nobody knows that it is a snapshot. */
static void foreign_unknown(struct check *check)
{
    const char *name = check_name(check), *script = detector_script(check, found_dogs, DOGS, "");

    posix_create(check, name, 100, 0600);
    check_inject(check, "fstat:1:EACCES");
    struct program *producer = PRODUCE(check, name, script, snapshot_picture(check));
    check_inject(check, NULL);
    program_wait(producer);
    REQUIRE(check, posix_look(check, name).size == 100,
            .expected = "an object of 100 bytes stays when fstat fails: nobody knows that it is a snapshot",
            .found = "it is gone", .line = check_line(check, PRODUCER, "fstat("),
            .cause = "after a failed fstat the struct holds nothing: the function goes on with it",
            .next = "return error_report_errno(...) where it fails");
    posix_remove(check, name);
}

/* The first look is refused, and nothing is there: whoever says that that is an error does not end with 0. */
static void error_is_told_as_one(struct check *check)
{
    const char *name = snapshot_name(check), *script = detector_script(check, found_dogs, DOGS, "");

    check_inject(check, "shm_open:1:EACCES");
    struct program *producer = PRODUCE(check, name, script, snapshot_picture(check));
    check_inject(check, NULL);
    int status = program_wait(producer);
    REQUIRE(check, status != 0 || !program_names_error(producer, EACCES),
            .expected = "exit status 1 of a producer that says that shm_open fails with EACCES",
            .found = "exit status 0", .line = check_line(check, PRODUCER, "snapshot_unlink(options->name"),
            .cause = "what snapshot_unlink returns is not looked at",
            .next = "if (snapshot_unlink(...) != 0) return 1;");
}

void lab5_errors(struct check *check)
{
    static const struct {
        const char *fault;
        int number;
    } faults[] = {{"shm_open:0:EACCES", EACCES},       {"shm_open:2:EMFILE", EMFILE},   {"ftruncate:1:ENOSPC", ENOSPC},
                  {"mmap:1:ENOMEM", ENOMEM},           {"shm_unlink:1:EACCES", EACCES}, {"fstat:1:EACCES", EACCES},
                  {"posix_fallocate:1:ENOSPC", ENOSPC}};

    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_store("),
           .cause = "a call that failed was not looked at, or its error is not passed on to main",
           .next = "return error_report_errno(...) with the name of the object; snapshot_publish unlinks what "
                   "it has created");
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        error_once(check, faults[i].fault, faults[i].number);
    foreign_unknown(check);
    error_is_told_as_one(check);
}

void lab5_sanitizers(struct check *check)
{
    check_sanitize(check);
    const char *name = snapshot_name(check), *other = snapshot_name(check);
    const char *const scripts[] = {detector_script(check, found_crowd, CROWD, ""),
                                   detector_script(check, found_dogs, DOGS, ""),
                                   detector_script(check, found_dogs, DOGS, "fails")};

    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        struct program *producer =
            PRODUCE(check, i == 1 ? other : name, scripts[i], "--class", "all", snapshot_picture(check));
        program_wait(producer);
        program_sanitized(producer);
    }
    struct program *remover = START(check, SCRIPTED, "--name", name, "--unlink");
    program_wait(remover);
    program_sanitized(remover);
}

/* Every order of steps: a reader in C comes at each of them. */
void lab5_race(struct check *check)
{
    static const char name[] = "/ipc_dog_shm";
    const char *script = detector_script(check, found_dogs, DOGS, "");

    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_store("),
           .cause = "the count is stored without release: on another machine, or with another compiler, it may be seen "
                    "before the records",
           .next = "__atomic_store_n(&shared->count, snapshot->count, __ATOMIC_RELEASE), after the records");
    CHECK_WEAVE(check, .title = "a producer, and a reader that comes at any moment",
                .programs = {{SCRIPTED, "--name", name, "--cfg", script, "--weights", script, snapshot_picture(check)},
                             {"lab5_watcher", name, "2"}},
                .options = {"--struct", "snapshot", "--bound", "1", "--weak=1"},
                .exit_means = "the reader saw the count before the records");
}
