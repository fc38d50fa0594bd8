/*
 * Lab 5: checks that only instructors have. They ask what the public ones ask, with numbers and names that no student
 * has read.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab5_snapshot.h"
#include "objects.h"

static int drawn(int least, int most)
{
    return least + (int)(random() % (most - least + 1));
}

/* A dog anywhere; its confidence is one that a float holds exactly. */
static struct detection dog_drawn(void)
{
    return (struct detection){DOG,          (float)drawn(33, 63) / 64, drawn(0, 2000), drawn(0, 2000), drawn(1, 900),
                              drawn(1, 900)};
}

/* Drawn records, so many as fit and more: in memory to the byte, and as the reader tells them. */
void lab5_drawn(struct check *check)
{
    static const int counts[] = {1, 3, 9, 10, 11};

    srandom((unsigned)getpid());
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct detection found[CROWD];
        int kept = counts[i] < SNAPSHOT_RECORDS ? counts[i] : SNAPSHOT_RECORDS;
        for (int k = 0; k < counts[i]; k++)
            found[k] = dog_drawn();
        const char *name = snapshot_name(check);
        ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "records_fill("));
        produce(check, name, detector_script(check, found, counts[i], ""), 0);
        snapshot_require(check, name, found, kept);
        ADVISE(check, .file = READER, .line = check_line(check, READER, "def report("));
        said_require(reader_run(check, name), check_text(check, "%d detection%s\n", kept, kept == 1 ? "" : "s"));
    }
}

/* Two snapshots beside each other: what is done to the one leaves the other alone. */
void lab5_neighbours(struct check *check)
{
    const char *first = snapshot_name(check), *second = snapshot_name(check);

    ADVISE(check, .file = PRODUCER, .line = check_line(check, PRODUCER, "snapshot_publish("));
    produce(check, first, detector_script(check, found_dogs, DOGS, ""), 0);
    produce(check, second, detector_script(check, found_dogs, 1, ""), 0);
    snapshot_require(check, first, found_dogs, DOGS);
    produce(check, first, detector_script(check, &found_dogs[1], 1, ""), 0);
    snapshot_require(check, first, &found_dogs[1], 1);
    snapshot_require(check, second, found_dogs, 1);
    RUN(check, 0, SCRIPTED, "--name", first, "--unlink");
    REQUIRE(check, !posix_look(check, first).exists, .expected = "no object under the name that was unlinked",
            .found = "it is still there");
    snapshot_require(check, second, found_dogs, 1);
}

/* Other impossible counts, and other records without sense. */
void lab5_disbelief(struct check *check)
{
    static const int32_t counts[] = {11, 12345, INT32_MIN};
    static const struct detection nonsense[] = {
        {DOG, 0.5F, 1, 2, 30, 40},  {DOG, 1.5F, 1, 2, 30, 40}, {-7, 0.5F, 1, 2, 30, 40},
        {DOG, -0.25F, 1, 2, 3, 4},  {DOG, 0.5F, 1, 2, 0, 40},  {DOG, 0.5F, 1, 2, 30, INT32_MIN},
        {DOG, 0.75F, 5, 6, 70, 80},
    };
    enum { RECORDS = sizeof nonsense / sizeof nonsense[0], SANE = 2 };

    ADVISE(check, .file = READER, .line = check_line(check, READER, "def unpack("));
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        const char *name = check_name(check);
        snapshot_put(check, name, found_crowd, SNAPSHOT_RECORDS, counts[i]);
        struct program *reader = reader_run(check, name);
        said_require(reader, check_text(check, "%d detections\n", counts[i] < 0 ? 0 : SNAPSHOT_RECORDS));
        said_require(reader, check_text(check, "%d", counts[i]));
    }
    const char *name = check_name(check);
    snapshot_put(check, name, nonsense, RECORDS, RECORDS);
    struct program *reader = reader_run(check, name);
    said_require(reader, check_text(check, "%d detections\n", SANE));
    said_require(reader, check_text(check, "%d", RECORDS - SANE));
}
