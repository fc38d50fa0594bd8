/* Lab 5, the detection snapshot: the producer. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compile.h"
#include "lab5_snapshot.h"
#include "objects.h"
#include "watch.h"

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

void lab5_bytes(struct check *check)
{
    const char *name = snapshot_name(check);

    STORE_ADVICE(check);
    produce(check, name, detector_script(check, found_dogs, DOGS, ""), 0);
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
    REQUIRE(check, program_said(producer, "ERANGE"), .expected = "a message that names ERANGE",
            .found = program_said_text(producer));
    REQUIRE(check, !posix_look(check, name).exists, .expected = "no object when the detector fails",
            .found = "there is one");
    produce(check, name, detector_script(check, found_dogs, DOGS, ""), 0);
    produce(check, name, fails, 1);
    snapshot_require(check, name, found_dogs, DOGS); /* the old one is still the best there is */
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

void lab5_mode(struct check *check)
{
    const char *name = snapshot_name(check), *script = detector_script(check, found_dogs, DOGS, "");

    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_publish("),
           .cause = "shm_open takes the umask's bits away from the mode that it is given",
           .next = "fchmod(fd, options->mode) behind shm_open");
    umask(077); /* of the programs, too */
    program_ends(PRODUCE(check, name, script, "--mode", "0664", snapshot_picture(check)), 0);
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
    RUN(check, 0, SCRIPTED, "--name", name, "--unlink");
    REQUIRE(check, !posix_look(check, name).exists, .expected = check_text(check, "no %s any more", name),
            .found = "it is still there");
    held_require(check, &held, &first);
    check_note(check, "once more, with nothing there");
    RUN(check, 0, SCRIPTED, "--name", name, "--unlink");
    program_ends(PRODUCE(check, name, script, "--unlink", snapshot_picture(check)), 0);
    snapshot_require(check, name, found_dogs, DOGS);
    RUN(check, 0, SCRIPTED, "--name", name, "--unlink");
    REQUIRE(check, !posix_look(check, name).exists, .expected = check_text(check, "no %s any more", name),
            .found = "it is still there");
}

void lab5_errors(struct check *check)
{
    static const char *const faults[] = {"shm_open:0:EACCES", "ftruncate:1:ENOSPC", "mmap:1:ENOMEM"};

    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_store("),
           .cause = "a call that failed was not looked at, or its error is not passed on to main",
           .next = "return error_report_errno(...) with the name of the object; snapshot_publish unlinks what "
                   "it has created");
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        const char *name = snapshot_name(check), *script = detector_script(check, found_dogs, DOGS, "");
        const char *symbol = strrchr(faults[i], ':') + 1;
        check_inject(check, faults[i]);
        struct program *producer = PRODUCE(check, name, script, snapshot_picture(check));
        check_inject(check, NULL);
        program_ends_because(producer, 1,
                             check_text(check, "%.*s fails with %s", (int)strcspn(faults[i], ":"), faults[i], symbol));
        REQUIRE(check, program_said(producer, symbol), .expected = check_text(check, "a message that names %s", symbol),
                .found = program_said_text(producer));
        struct object left = posix_look(check, name);
        REQUIRE(check, !left.exists,
                .expected = check_text(check, "no object stays behind when %.*s fails", (int)strcspn(faults[i], ":"),
                                       faults[i]),
                .found = check_text(check, "%s is there, %zu bytes", name, left.size),
                .cause = "the object was created, could not be filled, and was left there half done");
    }
}

/* ---- Care ---- */

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
