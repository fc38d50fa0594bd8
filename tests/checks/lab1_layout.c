/*
 * Lab 1, memory layout: the checks.
 *
 * The table of the contract comes from shmlab/shared_data_contract.h. The student's struct is looked at by
 * probes that are compiled with the student's header and print what the compiler makes of it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "compile.h"
#include "lab1_layout.h"
#include "objects.h"
#include "said.h"
#include "shared_data_check.h"
#include "struct_text.h"

#define MIRROR "shared_data.py"

/* ---- layout.c: the natural layout, predicted ---- */

/* x86-64, arm64 and riscv64 agree on these: their ABIs align every scalar to its size. */
static const struct {
    const char *name;
    size_t offset;
} natural[DATA_FIELDS] = {
    {"process_id", 0},    {"message", 4},     {"data_ready", 504}, {"counter", 508},    {"temperature", 512},
    {"coordinates", 520}, {"user_name", 532}, {"timestamp", 584},  {"data_array", 592},
};
enum { NATURAL_SIZE = 632 };

/* Print what layout.c predicts: it is told a struct in which everything is 16 bytes farther, so that a prediction for
 * which the compiler was asked is another one. */
static struct program *prediction_probe(struct check *check)
{
    static const char show[] = "\nint main(void)\n{\n"
                               "    for (unsigned long i = 0; i < sizeof rows / sizeof rows[0]; i++)\n"
                               "        printf(\"\\n%s %lu\\n\", rows[i].name, (unsigned long)rows[i].predicted);\n"
                               "    printf(\"\\nsizeof %lu\\n\", (unsigned long)predicted_size);\n"
                               "}\n";
    const char *source = check_text(check, "%s/predictions.c", check_scratch(check));
    const char *program = check_text(check, "%s/predictions", check_scratch(check));
    const char *messages;

    check_write(check, source, "#define main layout_main\n#include \"layout.c\"\n");
    char *text = check_preprocess(check, check_folder(check), source);
    const char *moved =
        text != NULL ? struct_insert(check, text, "natural_data", false, "char moved_by_the_check[16];") : NULL;
    free(text);
    REQUIRE(check, moved != NULL, .expected = "struct natural_data in layout.c, as it came", .found = "none");
    check_write(check, source, check_text(check, "%s%s", moved, show));
    if (check_compile(check, check_folder(check), source, program, &messages) != 0) {
        check_note(check, "%s", messages);
        FAIL(check, .expected = "predictions in rows[] and predicted_size of layout.c",
             .found = "they cannot be read: the compiler's messages are in the transcript", .cause = "",
             .next = "write numbers into the second arguments of ROW and into predicted_size; leave the rest as it is");
    }
    struct program *probe = START(check, program);
    program_ends(probe, 0);
    return probe;
}

/* The predicted number of this name. */
static void prediction_require(struct check *check, struct program *probe, const char *name, size_t wanted)
{
    const char *text = check_text(check, "\n%s", program_output(probe));
    const char *line = strstr(text, check_text(check, "\n%s ", name));
    size_t found;

    if (line == NULL || sscanf(line, "\n%*s %zu", &found) != 1)
        FAIL(check, .expected = check_text(check, "a prediction for %s", name), .found = "none");
    REQUIRE(check, found != wanted + 16, .expected = check_text(check, "a prediction for %s from paper", name),
            .found = "the compiler's own answer: in a struct that begins with 16 bytes more it moves with them",
            .cause = "offsetof or sizeof, or a sum of them, as the prediction", .next = "write the number");
    REQUIRE(check, found == wanted, .expected = "all nine natural offsets and the size predicted",
            .found = check_text(check, "%s at %zu: the compiler says otherwise", name, found));
}

static void predictions(struct check *check)
{
    ADVISE(check, .file = "layout.c", .line = check_line(check, "layout.c", "ROW(process_id"),
           .cause = "every member is at a multiple of its alignment, and the struct's size is a multiple of the "
                    "largest one: chars need 1, int and float 4, double and int64_t 8",
           .next = "go down the members on paper: end of the one before, rounded up to this one's alignment");
    struct program *probe = prediction_probe(check);
    for (size_t i = 0; i < DATA_FIELDS; i++)
        prediction_require(check, probe, natural[i].name, natural[i].offset);
    prediction_require(check, probe, "sizeof", NATURAL_SIZE);
    RUN(check, 0, "layout");
}

/* ---- shared_data.h ---- */

static void offsets(struct check *check)
{
    struct data_layout layout;

    ADVISE(check, .file = LAB1_HEADER, .line = check_line(check, LAB1_HEADER, "struct shared_data"));
    data_layout_probe(check, check_folder(check), &layout);
    data_layout_require(check, &layout, LAB1_HEADER);
}

bool lab1_compiles(struct check *check, const char *text, const char *what)
{
    const char *unit = check_text(check, "%s/guard.c", check_scratch(check));

    check_write(check, unit, check_text(check, "%s\nint main(void) { return 0; }\n", text));
    bool compiles =
        check_compile(check, check_folder(check), unit, check_text(check, "%s/guard", check_scratch(check)), NULL) == 0;
    check_note(check, "%s: %s", what, compiles ? "compiles" : "refused by the compiler");
    return compiles;
}

static const char *list_add(struct check *check, const char *list, const char *word)
{
    return check_text(check, "%s%s%s", list, list[0] != '\0' ? ", " : "", word);
}

/* The members that may move alone, all others and the size staying as they are, without a word of the compiler's. */
static const char *members_unguarded(struct check *check, const char *text)
{
    const char *missing = "";

    for (size_t i = 1; i < DATA_FIELDS; i++) { /* the first has no other place while the others are where they are */
        const struct data_field *field = &data_contract[i];
        const char *as_it_was = struct_move(check, text, "shared_data", field->name, field->offset);
        const char *moved = struct_move(check, text, "shared_data", field->name, field->offset + 4);
        if (moved == NULL ||
            (i == 1 && !lab1_compiles(check, as_it_was, "the struct as a union, with nothing moved"))) {
            check_note(check, "%s cannot be moved alone in this header: it is not looked at by itself", field->name);
            if (i == 1)
                return "";
            continue;
        }
        if (lab1_compiles(check, moved, check_text(check, "%s 4 bytes farther", field->name)))
            missing = list_add(check, missing, field->name);
    }
    return missing;
}

static void guards(struct check *check)
{
    const char *unit = check_text(check, "%s/header.c", check_scratch(check));
    static const char bytes[] = "char inserted_by_the_check[8];";

    ADVISE(check, .file = LAB1_HEADER, .line = check_line(check, LAB1_HEADER, "_Static_assert"),
           .cause = "an offset that nobody asserts; an assert that compares the struct with itself instead of the "
                    "contract",
           .next = "one _Static_assert(offsetof(...) == ...) a member and one for sizeof; SHARED_DATA_FIELDS lists "
                   "the contract's rows for a macro");
    check_write(check, unit, "#include \"" LAB1_HEADER "\"\n");
    char *text = check_preprocess(check, check_folder(check), unit);
    const char *first = text != NULL ? struct_insert(check, text, "shared_data", false, bytes) : NULL;
    REQUIRE(check, first != NULL, .expected = "a declaration of struct shared_data in " LAB1_HEADER, .found = "none");
    REQUIRE(check, !lab1_compiles(check, first, "8 bytes before the first member"),
            .expected = "a header does not compile when 8 bytes are inserted in its struct",
            .found = "it compiles: nothing compares the offsets and the size with the contract");
    REQUIRE(
        check,
        !lab1_compiles(check, struct_insert(check, text, "shared_data", true, bytes), "8 bytes at the struct's end"),
        .expected = "a header does not compile when 8 bytes are added at the end of its struct",
        .found = "it compiles: nothing compares sizeof with the contract",
        .cause = "the offsets say nothing about what comes after the last member",
        .next = "one _Static_assert(sizeof(struct shared_data) == SHARED_DATA_SIZE, ...)");
    const char *missing = members_unguarded(check, text);
    free(text);
    REQUIRE(check, missing[0] == '\0', .expected = "a header in which any member has moved does not compile",
            .found = check_text(check, "nothing asserts the offset of: %s", missing));
}

/* ---- The writer's segment ---- */

static struct program *writer_start(struct check *check, const char *name)
{
    struct program *writer = START(check, "writer", "--name", name);

    program_expect(writer, "press Enter");
    return writer;
}

static void bytes(struct check *check)
{
    struct data_probe probe;
    struct data_probed probed;

    ADVISE(check, .file = "sample.c", .line = check_line(check, "sample.c", "sample_fill("));
    data_probe_build(check, check_folder(check), &probe);
    data_probe_run(check, &probe, &probed);
    const struct data_field *fields = probe.layout.fields;
    data_require_values(check, probed.published, fields, probed.program);
    data_require_moment(check, probed.published, fields, &probed);
    REQUIRE(check, probed.filled[fields[DATA_READY].offset] == 0,
            .expected = "data_ready stays false in sample_fill: sample_publish sets it, last",
            .found = check_text(check, "it is %u", probed.filled[fields[DATA_READY].offset]),
            .cause = "data_ready set, or not cleared, together with the other members",
            .next = "see sample.h: the flag is not a part of the filling");
    struct program *writer = writer_start(check, check_name(check)); /* and the program itself runs to its end */
    program_send(writer, "\n");
    program_ends(writer, 0);
}

static void cleared(struct check *check)
{
    struct data_probe probe;
    struct data_probed probed;

    ADVISE(check, .file = "sample.c", .line = check_line(check, "sample.c", "sample_fill("));
    data_probe_build(check, check_folder(check), &probe);
    check_note(check, "the struct is full of 0xFF before sample_fill is called");
    data_probe_run(check, &probe, &probed);
    data_require_cleared(check, probed.filled, &probe.layout);
}

/* Bytes of characters: one, two, three, four. */
#define E_ACUTE "\xC3\xA9"
#define EURO    "\xE2\x82\xAC"
#define FACE    "\xF0\x9F\x98\x80"

/* A name of so many letters and then this; the wanted text is its first `kept` bytes. */
struct long_name {
    int letters;
    const char *tail;
    int kept;
};

/* Fifty bytes take 49 and a NUL. */
static const struct long_name long_names[] = {
    {49, "", 49},
    {50, "", 49},
    {80, "", 49},
    {47, E_ACUTE, 49},
    {46, EURO, 49},
    {45, FACE, 49}, /* these fit, to the last byte */
    {47, E_ACUTE "x", 49},
    {46, EURO "x", 49},
    {45, FACE "x", 49}, /* the cut is after a character */
    {48, E_ACUTE, 48},
    {47, EURO, 47},
    {46, FACE, 46},          /* one byte too long */
    {48, E_ACUTE "xyz", 48}, /* one byte of two would fit */
    {47, EURO "xyz", 47},
    {48, EURO "xyz", 48},
    {46, FACE "xyz", 46},
    {47, FACE "xyz", 47},
    {48, FACE "xyz", 48},
    {0, "Andr" E_ACUTE, 6},
    {40, EURO EURO EURO EURO, 49},
};

static void long_name_require(struct check *check, const struct data_probe *probe, const struct long_name *name)
{
    const char *whole =
        check_text(check, "%.*s%s", name->letters,
                   "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcd", name->tail);
    const struct data_field *field = &probe->layout.fields[DATA_USER_NAME];
    struct data_probed probed;

    check_user_name(check, whole);
    data_probe_run(check, probe, &probed);
    const char *found = (const char *)probed.filled + field->offset;
    REQUIRE(check, memchr(found, '\0', field->size) != NULL,
            .expected = check_text(check, "user_name ends with a NUL within its %zu bytes", field->size),
            .found = check_text(check, "%zu bytes and no NUL, of \"%s\"", field->size, whole));
    REQUIRE(check, (int)strlen(found) == name->kept && strncmp(found, whole, (size_t)name->kept) == 0,
            .expected =
                check_text(check, "user_name \"%.*s\" (%d bytes), of \"%s\"", name->kept, whole, name->kept, whole),
            .found = check_text(check, "\"%s\" (%zu bytes)", found, strlen(found)),
            .cause = (int)strlen(found) > name->kept
                         ? "a cut at any byte may halve a character"
                         : "the limit is one less than it may be, or a character that fits is cut off",
            .next = "copy at most capacity - 1 bytes; only where the text goes on, go back over bytes of the form "
                    "10xxxxxx; put the NUL");
}

/* No character begins in it. Whatever is kept of it, looking for a begin ends where the text begins. */
static void name_without_begin(struct check *check, const struct data_probe *probe)
{
    char name[61] = "";
    const struct data_field *field = &probe->layout.fields[DATA_USER_NAME];
    struct data_probed probed;

    memset(name, 0x80, sizeof name - 1);
    check_note(check, "a name of %zu bytes, each of the form 10xxxxxx", sizeof name - 1);
    check_user_name(check, name);
    ADVISE(check, .file = "sample.c", .line = check_line(check, "sample.c", "text_copy("),
           .expected = "a name that is no UTF-8 is cut, too", .cause = "going back does not end at the text's begin",
           .next = "while (length > 0 && ...)");
    data_probe_run(check, probe, &probed);
    REQUIRE(check, memchr(probed.filled + field->offset, '\0', field->size) != NULL, .found = "no NUL in user_name");
}

static void long_name(struct check *check)
{
    struct data_probe probe;

    ADVISE(check, .file = "sample.c", .line = check_line(check, "sample.c", "text_copy("),
           .cause = "strcpy knows no limit; strncpy puts no NUL after a text that is too long",
           .next = "copy at most capacity - 1 bytes, go back over bytes of the form 10xxxxxx, put the NUL");
    data_probe_build(check, check_folder(check), &probe);
    for (size_t i = 0; i < sizeof long_names / sizeof long_names[0]; i++)
        long_name_require(check, &probe, &long_names[i]);
    name_without_begin(check, &probe);
}

/* ---- The Python side ---- */

static void mirror(struct check *check)
{
    struct data_layout layout;

    ADVISE(check, .file = MIRROR, .line = check_line(check, MIRROR, "_fields_"));
    data_layout_probe_python(check, check_folder(check), &layout);
    data_layout_require(check, &layout, MIRROR);
}

/* Import the mirror while ctypes puts a field of 8 bytes before `counter` in whatever structure is declared; with
 * "-" nothing. However the module is written, that is a mirror in which a field has moved. */
static struct program *mirror_import(struct check *check, const char *moved, int *status)
{
    static const char script[] =
        "import ctypes, sys\n"
        "sys.path[:0] = [sys.argv[1], sys.argv[2]]\n"
        "moved = sys.argv[3]\n"
        "def edited(fields):\n"
        "    for field in fields:\n"
        "        if field[0] == moved:\n"
        "            yield ('_inserted_by_the_check', ctypes.c_int64)\n"
        "        yield field\n"
        "class Meta(type(ctypes.Structure)):\n"
        "    def __new__(kind, name, bases, members):\n"
        "        if '_fields_' in members:\n"
        "            members['_fields_'] = list(edited(members['_fields_']))\n"
        "        return super().__new__(kind, name, bases, members)\n"
        "    def __setattr__(self, name, value):\n"
        "        super().__setattr__(name, list(edited(value)) if name == '_fields_' else value)\n"
        "from shmlab import wire\n" /* before its own ctypes is another one */
        "class Structure(ctypes.Structure, metaclass=Meta):\n"
        "    pass\n"
        "ctypes.Structure = ctypes.LittleEndianStructure = Structure\n"
        "import shared_data\n";
    struct program *import =
        START(check, DATA_PYTHON, "-c", script, check_folder(check), TOOLCHAIN_SOURCE "/common/python", moved);

    *status = program_wait(import);
    return import;
}

static void mirror_guard(struct check *check)
{
    int status, line = check_line(check, MIRROR, "wire.check(");

    /* or an import that fails for another reason would pass for one that refuses the edit */
    ADVISE(check, .file = MIRROR, .line = line != 0 ? line : check_line(check, MIRROR, "class SharedData"),
           .cause = "a guard that refuses a mirror that is right, too; or a name that wire.check does not know",
           .next = "the table's name is \"shared_data\": wire.check(\"shared_data\", SharedData)");
    struct program *import = mirror_import(check, "-", &status);
    REQUIRE(check, status == 0, .expected = "the mirror as it is can be imported",
            .found = data_last_line(check, program_output(import)));

    ADVISE(check, .file = MIRROR, .line = line != 0 ? line : check_line(check, MIRROR, "class SharedData"),
           .cause = "the mirror is right today, and nothing says so when somebody changes it",
           .next = "call wire.check(\"shared_data\", SharedData) after the class");
    for (size_t i = 0; i < DATA_FIELDS; i++) {
        mirror_import(check, data_contract[i].name, &status);
        REQUIRE(check, status != 0,
                .expected =
                    check_text(check, "importing a mirror in which %s and what follows it have moved is an error",
                               data_contract[i].name),
                .found = "it is imported without a word");
    }
}

static void reader(struct check *check)
{
    const char *name = check_name(check);
    struct data_sample sample;

    ADVISE(check, .file = "reader.py", .line = check_line(check, "reader.py", "def main"));
    data_sample_make(check, &sample);
    memcpy(posix_create(check, name, DATA_SEGMENT, 0600), sample.bytes, DATA_SEGMENT);
    struct program *program = START(check, "reader.py", "--name", name);
    program_wait(program);
    REQUIRE(check, !program_said(program, "Traceback"),
            .expected = "`reader.py` prints the segment and ends with exit status 0",
            .found = data_last_line(check, program_output(program)),
            .cause = "an exception that nobody catches: the transcript has the lines on the way to it");
    program_ends(program, 0);
    data_require_printed(check, program, &sample);
}

static void reader_refuses(struct check *check)
{
    const char *name = check_name(check);
    struct program *program;

    ADVISE(check, .file = "reader.py", .line = check_line(check, "reader.py", "def main"),
           .cause = "printing what is there without asking whether it is there, large enough and complete",
           .next = "posix_shm.open_existing and map complain by themselves; data_ready is yours to look at");
    program = RUN(check, 1, "reader.py", "--name", name);
    REQUIRE(check, program_names_error(program, ENOENT) && !program_said(program, "Traceback"),
            .expected = "without a writer: one line that names ENOENT and the next step",
            .found = program_output(program));

    unsigned char *segment = posix_create(check, name, DATA_SEGMENT, 0600);
    program = RUN(check, 1, "reader.py", "--name", name);
    REQUIRE(check, !program_said(program, "counter "), .expected = "data_ready is false: nothing is printed",
            .found = program_output(program));
    REQUIRE(check, !program_said(program, "Traceback"), .expected = "data_ready is false: that is said in one line",
            .found = data_last_line(check, program_output(program)));
    (void)segment;

    const char *small = check_name(check);
    posix_create(check, small, 512, 0600);
    program = RUN(check, 1, "reader.py", "--name", small);
    REQUIRE(check, !program_said(program, "Traceback"), .expected = "an object of 512 bytes is refused in one line",
            .found = program_output(program));
}

static void one_copy(struct check *check)
{
    const char *name = check_name(check);
    const char *const argv[] = {"reader.py", "--name", name, NULL};

    posix_create(check, name, DATA_SEGMENT, 0600);
    ADVISE(check, .file = "reader.py", .line = check_line(check, "reader.py", "READY_OFFSET"));
    data_require_look_first(check, argv);
    ADVISE(check, .file = "reader.py", .line = check_line(check, "reader.py", "from_buffer_copy"));
    data_require_one_copy(check, argv);
}

/* ---- Care ---- */

static void sanitizers(struct check *check)
{
    const char *name = check_name(check);

    check_sanitize(check);
    struct program *layout = START(check, "layout");
    program_wait(layout); /* whatever its status: another check is about the predictions */
    program_sanitized(layout);
    check_user_name(check, "a_user_whose_name_is_longer_than_fifty_bytes_abc" E_ACUTE "_and_more");
    check_pardon_leaks(check); /* a sanitizer ends the program on the spot */
    struct program *writer = START(check, "writer", "--name", name, "--hold", "0");
    program_wait(writer);
    program_sanitized(writer);
    program_ends(writer, 0);
}

/* ---- The table ---- */

static const struct check_case cases[] = {
    {.name = "builds",
     .points = 0,
     .title = "Both programs of the lab compile",
     .concept = "a program that compiles",
     .hints = {"Fix the compiler's first message first; the rest often follow from it.",
               "It names file and line. A _Static_assert that fails is an error, too: it names the member.",
               "make lab1 CHECK=offsets compares your struct with the contract member by member, with your own "
               "asserts switched off."},
     .limit = LIMIT_QUICK,
     .run = check_builds},
    {.name = "predictions",
     .points = 10,
     .title = "You know where the compiler puts the members of the plain struct",
     .concept = "alignment and padding",
     .hints = {"A type has an alignment: char 1, int and float 4, double and int64_t 8. A member is at the next "
               "multiple of its alignment after the one before it; what is between is padding.",
               "layout.c: the second argument of each ROW, and predicted_size. message begins at 4 and has 500 bytes: "
               "where does it end, and what may be there?",
               "data_ready: 504, one byte. counter: 505 rounded up to a multiple of 4. user_name: 532 to 581. "
               "timestamp: 582 rounded up to a multiple of 8. The size: the end rounded up to a multiple of 8."},
     .needs = {"builds"},
     .limit = LIMIT_QUICK,
     .run = predictions},
    {.name = "offsets",
     .points = 20,
     .title = "Every member of struct shared_data is at its published offset",
     .concept = "a struct that meets a published table of offsets",
     .hints = {"The contract's table has gaps, and the compiler's own gaps are others. A gap with a name is no longer "
               "the compiler's affair.",
               "shared_data.h: gaps of 3 bytes after data_ready, 6 after user_name, 4 at the end. And 588 is no "
               "multiple of 8.",
               "typedef int64_t int64_aligned4 __attribute__((aligned(4))); is a 64-bit integer that may be at any "
               "multiple of 4. Give timestamp that type, and each gap a member such as uint8_t padding2[6]."},
     .limit = LIMIT_BUILD,
     .run = offsets},
    {.name = "guards",
     .points = 15,
     .title = "A header in which any member has moved does not compile",
     .concept = "offset checks at compile time",
     .hints = {"A layout that is right today is changed by somebody tomorrow, who has never heard of your reader. "
               "The compiler can refuse it: _Static_assert(condition, \"text\").",
               "shared_data.h, after the struct: offsetof and sizeof are constants, so they may be in a "
               "_Static_assert. One for each member, and one for the size of the whole.",
               "#define CHECK(field, offset, size) _Static_assert(offsetof(struct shared_data, field) == (offset), "
               "#field); and then SHARED_DATA_FIELDS(CHECK); the size by hand."},
     .needs = {"offsets"},
     .limit = LIMIT_BUILD,
     .run = guards},
    {.name = "bytes",
     .points = 10,
     .title = "sample_fill sets the sample values, and leaves data_ready false",
     .concept = "shared memory is bytes: what they mean is agreed on, not sent along",
     .hints =
         {"Each member has one value, and its unit is a part of the contract.",
          "sample.c, sample_fill and text_copy: timestamp is in milliseconds; the message ends with the process id; "
          "a text needs its NUL. sample_publish sets data_ready.",
          "(int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, of clock_gettime(CLOCK_REALTIME, &now)"},
     .needs = {"builds"},
     .limit = LIMIT_BUILD,
     .run = bytes},
    {.name = "cleared",
     .points = 3,
     .title = "sample_fill leaves zero in the padding and after the texts, whatever was there before",
     .concept = "what nobody sets is whatever was there",
     .hints = {"Padding is memory like any other: it keeps what was there before, be it of an earlier program or of "
               "your stack. Another process can read it.",
               "sample.c, sample_fill: clear the whole struct first, then set the members.",
               "memset(data, 0, sizeof *data): data is a pointer, and sizeof data is the size of a pointer."},
     .needs = {"builds"},
     .limit = LIMIT_BUILD,
     .run = cleared},
    {.name = "long_name",
     .points = 5,
     .title = "A user name that is too long is cut at a character's border and still ends with NUL",
     .concept = "texts in arrays of fixed size",
     .hints = {"An array of 50 bytes holds 49 and a NUL. In UTF-8 a character may have up to four bytes; "
               "half of one is not a text any more.",
               "sample.c, text_copy: how many bytes may be copied at most, and which bytes may not be the first one "
               "that is left out?",
               "size_t length = strnlen(text, capacity - 1); while text goes on and ((unsigned char)text[length] & "
               "0xC0) == 0x80: length--. Clear the target, copy length bytes."},
     .needs = {"builds"},
     .limit = LIMIT_BUILD,
     .run = long_name},
    {.name = "mirror",
     .points = 10,
     .title = "Every field of the Python mirror is at its published offset",
     .concept = "ctypes lays a structure out as the C compiler does",
     .hints = {"ctypes.Structure follows the rules of the C compiler: the same members give the same wrong offsets.",
               "shared_data.py: name the gaps as in the header. _pack_ = n caps every member's alignment at n.",
               "_pack_ = 4, with _layout_ = \"ms\" (Python 3.14 warns without it), and fields such as (\"_padding2\", "
               "ctypes.c_uint8 * 6). A leading underscore says: "
               "padding."},
     .limit = LIMIT_QUICK,
     .run = mirror},
    {.name = "mirror_guard",
     .points = 5,
     .title = "A mirror in which a field has moved cannot be imported",
     .concept = "the same check on the other side",
     .hints = {"Python has no compiler to refuse a wrong layout, but an import can fail.",
               "common/python/shmlab/wire.py compares a structure with the table that a C program made from "
               "the header.",
               "wire.check(\"shared_data\", SharedData), at the module's top level, after the class."},
     .needs = {"mirror"},
     .limit = LIMIT_QUICK,
     .run = mirror_guard},
    {.name = "reader",
     .points = 9,
     .title = "The Python reader prints every field of a segment that another program wrote",
     .concept = "two languages, one table",
     .hints = {"The reader maps the object read-only and takes a copy of the struct, so that what it prints is one "
               "state of it.",
               "reader.py, main: segment.map gives the bytes; SharedData.from_buffer_copy makes a structure of them.",
               "memory = segment.map(shared_data.SEGMENT_SIZE); data = SharedData.from_buffer_copy(memory)"},
     .needs = {"mirror"},
     .limit = LIMIT_QUICK,
     .run = reader},
    {.name = "one_copy",
     .points = 3,
     .title = "The reader looks at data_ready first, then copies once, and prints the copy",
     .concept = "memory that others write to is looked at once",
     .hints = {"The writer may fill the object between any two of your looks at it. What have you read by then?",
               "reader.py, main: data_ready is looked at in the mapping, before the copy; what is printed is the copy.",
               "ready = memory[shared_data.READY_OFFSET] != 0; data = SharedData.from_buffer_copy(memory)"},
     .needs = {"reader"},
     .limit = LIMIT_QUICK,
     .run = one_copy},
    {.name = "reader_refuses",
     .points = 4,
     .title = "Without an object, with a small one, and before data_ready the reader says so and ends with status 1",
     .concept = "never trust what is in shared memory before you have looked",
     .hints = {"Three things may be wrong: nobody has created the object, it is another program's, or its "
               "writer is not done yet.",
               "reader.py: open_existing and map raise ShmlabError by themselves; the third case is yours.",
               "ready = memory[shared_data.READY_OFFSET] != 0, and: raise ShmlabError(\"... is not filled\", \"try "
               "again\") when it is not."},
     .needs = {"reader"},
     .limit = LIMIT_QUICK,
     .run = reader_refuses},
    {.name = "moves",
     .points = 0,
     .title = "A header in which any member has moved by a drawn distance, forward or back, does not compile",
     .concept = "a guard compares with what was published",
     .hints = {"What the public checks ask for a few numbers holds for all of them.",
               "Which number in your code is one that the handout does not name?",
               "No number, name or order may be special."},
     .needs = {"guards"},
     .limit = LIMIT_BUILD,
     .visibility = CHECK_INSTRUCTOR,
     .run = lab1_moves},
    {.name = "names",
     .points = 0,
     .title = "Forty names of drawn characters are cut where a model cuts them",
     .concept = "texts in arrays of fixed size",
     .hints = {"What the public checks ask for a few numbers holds for all of them.",
               "Which number in your code is one that the handout does not name?",
               "No number, name or order may be special."},
     .needs = {"long_name"},
     .limit = LIMIT_BUILD,
     .visibility = CHECK_INSTRUCTOR,
     .run = lab1_names},
    {.name = "values",
     .points = 0,
     .title = "The reader prints the least values, the greatest, and none at all",
     .concept = "the flag alone says that there is something",
     .hints = {"What the public checks ask for a few numbers holds for all of them.",
               "Which number in your code is one that the handout does not name?",
               "No number, name or order may be special."},
     .needs = {"reader", "reader_refuses"},
     .limit = LIMIT_QUICK,
     .visibility = CHECK_INSTRUCTOR,
     .run = lab1_values},
    CASE_WARNINGS(2, "builds", "offsets"),
    {.name = "sanitizers",
     .points = 2,
     .title = "AddressSanitizer and UBSan find nothing",
     .concept = "memory errors that do not show",
     .hints = {"A program that writes past the end of an array may work for years. A sanitizer stops at the first such "
               "byte.",
               "The report in the transcript begins with what happened, then come the lines of your files.",
               "strcpy and sprintf into a fixed array are the usual places; so is a text without NUL."},
     .needs = {"bytes"},
     .limit = LIMIT_BUILD,
     .run = sanitizers},
    {.name = "leaks",
     .points = 2,
     .title = "No program of yours has left an object behind",
     .concept = "lifetime of a POSIX object: until somebody unlinks it",
     .hints = {"A POSIX object outlives its creator. Its creator removes it, on every path.",
               "The list names what was left. `ls /dev/shm` shows it while it is there.",
               "writer.c as it came does it right: one function owns the object, one place unlinks it."},
     .needs = {"bytes"},
     .limit = LIMIT_QUICK,
     .last = true,
     .run = check_leaks},
};

const struct lab lab1_layout = {
    .name = "lab1_layout",
    .title = "memory layout",
    .files = {"shared_data.h", "sample.c", "layout.c", "shared_data.py", "reader.py"},
    .programs = {{"layout", {"layout.c"}, LINK_COMMON}, {"writer", {"writer.c", "sample.c"}, LINK_COMMON}},
    .cases = cases,
    .case_count = sizeof cases / sizeof cases[0],
};
