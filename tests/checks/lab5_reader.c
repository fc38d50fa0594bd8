/* Lab 5, the detection snapshot: the reader, the picture that it draws, and all of it with the real detector. */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <png.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lab5_snapshot.h"
#include "objects.h"
#include "said.h"
#include "shmlab/frame.h"
#include "shmlab/scene.h"
#include "todo.h"

#define MEDIA TOOLCHAIN_SOURCE "/common/media/"

/* Where the reader puts its picture. */
static const char *output_draw(struct check *check)
{
    return check_text(check, "%s/boxes.png", snapshot_folder(check));
}

struct program *reader_run(struct check *check, const char *name)
{
    return RUN(check, 0, READER, "--name", name, "--image", snapshot_picture(check), "--output", output_draw(check));
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

void said_require(struct program *reader, const char *line)
{
    struct check *check = reader->check;

    REQUIRE(check, strstr(words_of(check, program_output(reader)), words_of(check, line)) != NULL,
            .expected = check_text(check, "it prints \"%.*s\"", (int)strcspn(line, "\n"), line),
            .found = program_said_text(reader));
}

static void said_once_require(struct program *reader, const char *line)
{
    struct check *check = reader->check;

    said_require(reader, line);
    const char *words = words_of(check, line), *found = strstr(words_of(check, program_output(reader)), words);
    REQUIRE(check, strstr(found + 1, words) == NULL,
            .expected = check_text(check, "it prints \"%.*s\" once", (int)strcspn(line, "\n"), line),
            .found = program_said_text(reader), .cause = "the same words twice",
            .next = "one print for the number of detections, one for each of them");
}

/* One line of the report. */
static const char *line_of(struct check *check, int number, const char *class_name, const struct detection *record)
{
    return check_text(check, "%d %s %.2f x %d y %d width %d height %d", number, class_name, (double)record->confidence,
                      record->x, record->y, record->width, record->height);
}

/* Does the line have this word, in upper or lower case, with neither letter, digit nor "_" beside it? "records" has
 * "record". */
static bool line_has(const char *line, const char *end, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = line; at + length <= end; at++) {
        bool begins = at == line || !(isalnum((unsigned char)at[-1]) || at[-1] == '_');
        const char *behind = at + length + (isalpha((unsigned char)*word) && at[length] == 's');
        if (begins && strncasecmp(at, word, length) == 0 && !isalnum((unsigned char)*behind) && *behind != '_')
            return true;
    }
    return false;
}

/* A line with this word and this number; NULL: whatever number. */
static bool complained(struct program *reader, const char *number, const char *word)
{
    for (const char *line = program_output(reader); *line != '\0'; line += *line == '\n') {
        const char *end = line + strcspn(line, "\n");
        if (line_has(line, end, word) && (number == NULL || line_has(line, end, number)))
            return true;
        line = end;
    }
    return false;
}

/* The complaints that there must be, in whichever words, and no others. */
static void complaints_require(struct program *reader, bool count_wrong, int32_t count, bool dropped, int number)
{
    struct check *check = reader->check;
    const char *count_text = check_text(check, "%d", (int)count), *number_text = check_text(check, "%d", number);

    if (count_wrong)
        REQUIRE(check, complained(reader, count_text, "count"),
                .expected = check_text(check, "a complaint about the count, which names it: \"the count is %s, ...\"",
                                       count_text),
                .found = program_said_text(reader));
    if (dropped)
        REQUIRE(check, complained(reader, number_text, "record"),
                .expected =
                    check_text(check, "a complaint about records: \"%s records make no sense ...\"", number_text),
                .found = program_said_text(reader));
    REQUIRE(check,
            (count_wrong || !complained(reader, NULL, "count")) && (dropped || !complained(reader, NULL, "record")),
            .expected = count_wrong || dropped ? "no other complaint" : "no complaint: all of it is right",
            .found = program_said_text(reader));
}

void lab5_reads(struct check *check)
{
    const char *name = check_name(check);

    ADVISE(check, .file = READER, .line = check_line(check, READER, "def unpack("),
           .next = todo_next(check, READER, "return Snapshot(0, [], 0)", 5,
                             todo_next(check, READER, "return unpack(bytes(snapshot.SIZE))", 6,
                                       "four bytes of count, then 24 bytes a record: class, confidence, x, y, width, "
                                       "height")));
    snapshot_put(check, name, found_crowd, 6, 4); /* what is after the count is none of ours */
    struct program *reader = reader_run(check, name);
    said_require(reader, "4 detections\n");
    for (int i = 0; i < 4; i++)
        said_require(reader, line_of(check, i + 1, class_name_of(found_crowd[i].class_id), &found_crowd[i]));
    complaints_require(reader, false, 0, false, 0);
}

void lab5_later(struct check *check)
{
    const char *name = snapshot_name(check);

    ADVISE(check, .file = READER, .line = check_line(check, READER, "def take("),
           .cause = "a reader owns nothing: not the name, not the bytes",
           .next = "open for reading only, and leave the object where it is");
    produce(check, name, detector_script(check, found_dogs, DOGS, ""), 0);
    check_note(check, "the producer is gone");
    for (int turn = 1; turn <= 2; turn++) {
        struct program *reader = reader_run(check, name);
        said_once_require(reader, check_text(check, "%d detections\n", DOGS));
        said_once_require(reader, line_of(check, 2, "dog", &found_dogs[1]));
        snapshot_require(check, name, found_dogs, DOGS);
    }
}

void lab5_one_copy(struct check *check)
{
    const char *name = check_name(check);

    ADVISE(check, .file = READER, .line = check_line(check, READER, "def take("),
           .cause = "the shared memory is looked at again after it was checked: it may be another snapshot by then",
           .next =
               "with posix_shm.open_existing(name, ...) as shared: return unpack(bytes(shared.map(snapshot.SIZE)))");
    snapshot_put(check, name, found_crowd, 3, 3);
    struct program *peer =
        START(check, PROGRAMS "lab5_peer.py", check_text(check, "%s/" READER, check_folder(check)), name);
    program_wait(peer);
    REQUIRE(check, program_said(peer, "> "), .expected = "take() comes back with a snapshot",
            .found = program_said_text(peer), .cause = "an exception: the transcript has its traceback");
    REQUIRE(check, !program_said(peer, "> writable"), .expected = "the object is mapped for reading only",
            .found = "take() mapped it for writing",
            .cause = "a reader needs no right to write, and without it cannot write by mistake",
            .next = "posix_shm.open_existing(name, ...) without writable=True");
    REQUIRE(check, program_said(peer, "> whole"),
            .expected =
                "while two snapshots take turns in the object take() gets one of them: count 3 with three records of "
                "class 16, or count 7 with seven of class 0",
            .found = program_said_text(peer));
}

void lab5_hostile_count(struct check *check)
{
    static const int32_t counts[] = {51, INT32_MAX, -1, 0, SNAPSHOT_RECORDS, SNAPSHOT_RECORDS + 1};

    ADVISE(check, .file = READER, .line = check_line(check, READER, "def unpack("),
           .cause = "a count that somebody else wrote is used as it is: for a loop, for a size, for a slice",
           .next = "believed = max(0, min(count, snapshot.RECORDS))");
    struct program *readers[sizeof counts / sizeof counts[0]];
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        const char *name = check_name(check);
        snapshot_put(check, name, found_crowd, SNAPSHOT_RECORDS, counts[i]);
        readers[i] = START(check, READER, "--name", name, "--image", snapshot_picture(check), "--output",
                           check_text(check, "%s.%zu", output_draw(check), i));
    }
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        int believed = counts[i] < 0 ? 0 : counts[i] > SNAPSHOT_RECORDS ? SNAPSHOT_RECORDS : counts[i];
        check_note(check, "the reader of count %d", counts[i]);
        program_ends_because(readers[i], 0, check_text(check, "the count is %d", counts[i]));
        said_require(readers[i], check_text(check, "%d detections\n", believed));
        complaints_require(readers[i], counts[i] != believed, counts[i], false, 0);
    }
}

void lab5_nonsense(struct check *check)
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
    complaints_require(reader, false, 0, true, 7);
}

void lab5_no_snapshot(struct check *check)
{
    const char *name = check_name(check);

    ADVISE(check, .file = READER, .line = check_line(check, READER, "def take("),
           .cause = "nothing is there, or less than a snapshot: mapped all the same, it is a crash (SIGBUS)",
           .next = "posix_shm.open_existing and its map look first: let their error through to program.run");
    struct program *reader = RUN(check, 1, READER, "--name", name, "--output", output_draw(check));
    REQUIRE(check, program_names_error(reader, ENOENT) && !program_said(reader, "Traceback"),
            .expected = "a sentence that names ENOENT: by its symbol, its number or strerror's words",
            .found = program_said_text(reader));
    for (size_t size = 0; size <= 100; size += 100) {
        const char *other = snapshot_name(check);
        int fd = shm_open(other, O_CREAT | O_EXCL | O_RDWR, 0600);
        if (fd == -1 || ftruncate(fd, (off_t)size) == -1)
            check_broken(check, "cannot create %s", other);
        close(fd);
        check_note(check, "%s has %zu bytes", other, size);
        reader = RUN(check, 1, READER, "--name", other, "--output", output_draw(check));
        said_require(reader, other);
        REQUIRE(check, !program_said(reader, "Traceback"), .expected = "a sentence that says what is wrong",
                .found = program_said_text(reader));
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
    const char *path = check_text(check, "%s/ground.ppm", snapshot_folder(check));
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

/* On the outline of the box, which is within it. */
static bool outlined(const struct detection *box, int x, int y)
{
    return inside(box, x, y, 0) && !inside(box, x, y, LINE);
}

static bool labelled(const struct detection *box, int x, int y)
{
    int left = box->x < 0 ? 0 : box->x;

    return x >= left && x < left + LABEL_WIDTH && y >= box->y - LABEL_HEIGHT && y < box->y;
}

static const char *label_text(struct check *check, const struct detection *box)
{
    return check_text(check, "%s %.2f", class_name_of(box->class_id), (double)box->confidence);
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

/* The texts of the labels: compared with a picture in which common/python has drawn them. */
static void labels_require(struct check *check, const struct colour *drawn, const struct detection *boxes, int count)
{
    enum { WORDS_MAX = 64 };
    const char *words[WORDS_MAX] = {PROGRAMS "lab5_draw.py", ground_make(check),
                                    check_text(check, "%s/expected.png", snapshot_folder(check))};
    size_t used = 3;

    for (int i = 0; i < count; i++) {
        const int numbers[] = {boxes[i].x, boxes[i].y, boxes[i].width, boxes[i].height, boxes[i].class_id};
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
            words[used++] = check_text(check, "%d", numbers[k]);
        words[used++] = label_text(check, &boxes[i]);
    }
    check_run(check, 0, words);
    const struct colour *expected = drawn_load(check, words[2]);
    for (int i = 0; i < count; i++)
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++)
                REQUIRE(check, !labelled(&boxes[i], x, y) || colour_same(drawn[y * WIDTH + x], expected[y * WIDTH + x]),
                        .expected =
                            check_text(check, "above box %d the text \"%s\"", i + 1, label_text(check, &boxes[i])),
                        .found = check_text(check, "another picture, from the pixel (%d, %d) on", x, y),
                        .cause = "a label is the class's name and the confidence with two digits",
                        .next = "f\"{names[each.class_id]} {each.confidence:.2f}\"");
}

void lab5_picture(struct check *check)
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
    labels_require(check, drawn, boxes, BOXES);
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

void lab5_real(struct check *check)
{
    struct frame frame;
    struct detection truth[SCENE_OBJECTS_MAX];
    const char *name = snapshot_name(check), *path = check_text(check, "%s/scene.ppm", snapshot_folder(check));

    if (!TOOLCHAIN_DARKNET)
        check_unjudged(check, "libdarknet is not installed here: see `make doctor`");
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
    object_require(check, name);
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
