/*
 * Lab 1, memory layout: the checks.
 *
 * The table of the contract comes from shmlab/shared_data_contract.h. The student's struct is looked at by
 * probes that are compiled with the student's header and print what the compiler makes of it.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "compile.h"
#include "objects.h"
#include "shared_data_check.h"

#define HEADER "shared_data.h"
#define MIRROR "shared_data.py"

/* ---- layout.c: the natural layout, predicted ---- */

/* x86-64, arm64 and riscv64 agree on these: their ABIs align every scalar to its size. */
static const struct data_field natural[] = {
    {"process_id", 0, 4},   {"message", 4, 500},     {"data_ready", 504, 1},
    {"counter", 508, 4},    {"temperature", 512, 8}, {"coordinates", 520, 12},
    {"user_name", 532, 50}, {"timestamp", 584, 8},   {"data_array", 592, 40},
};

/* The first one that is wrong, without what is right: that is to be found on paper. */
static const char *prediction_wrong(struct check *check, const char *lines)
{
    const char *end = strchrnul(lines, '\n'), *answer = strstr(lines, ", but the compiler");

    if (answer == NULL || answer > end)
        return check_text(check, "%.*s", (int)(end - lines), lines);
    return check_text(check, "%.*s: the compiler says otherwise", (int)(answer - lines), lines);
}

static void predictions(struct check *check)
{
    struct program *layout = START(check, "layout");
    int status = program_wait(layout);
    const char *wrong = strstr(program_output(layout), "prediction: ");

    ADVISE(check, .file = "layout.c", .line = check_line(check, "layout.c", "ROW(process_id"),
           .cause = "every member stands at a multiple of its alignment, and the struct's size is a multiple of the "
                    "largest one: chars need 1, int and float 4, double and int64_t 8",
           .next = "go down the members on paper: end of the one before, rounded up to this one's alignment");
    for (size_t i = 0; i < DATA_FIELDS; i++) {
        const char *row = check_text(check, "%-14s %4zu  %6zu", natural[i].name, natural[i].size, natural[i].offset);
        REQUIRE(check, program_said(layout, row),
                .expected = check_text(check, "a line \"%s\" in the table: the compiler's own offset", row),
                .found = "no such line", .cause = "the table shows something else than offsetof and sizeof",
                .next = "predict in the ROW lines only; leave struct natural_data as it is");
    }
    REQUIRE(check, status == 0 && program_said(layout, "all 9 natural offsets and the size are right"),
            .expected = "all nine natural offsets and the size predicted",
            .found = wrong != NULL ? prediction_wrong(check, wrong) : status_text(check, status));
}

/* ---- shared_data.h ---- */

static void offsets(struct check *check)
{
    struct data_layout layout;

    ADVISE(check, .file = HEADER, .line = check_line(check, HEADER, "struct shared_data"));
    data_layout_probe(check, check_folder(check), &layout);
    data_layout_require(check, &layout, HEADER);
}

/* Does the header of this copy compile, behind these lines? */
static bool header_compiles(struct check *check, const char *copy, const char *lines)
{
    const char *unit = check_text(check, "%s/guard.c", check_scratch(check));

    check_write(check, unit, check_text(check, "%s#include \"" HEADER "\"\nint main(void) { return 0; }\n", lines));
    return check_compile(check, copy, unit, check_text(check, "%s/guard", check_scratch(check)), NULL) == 0;
}

/* Is the compiler told that this member, and no other, has moved by 8 bytes, and does it mind? NULL: nothing moves. */
static bool offset_guarded(struct check *check, const char *copy, const char *field)
{
    const char *lines = "#include <stddef.h>\n#undef offsetof\n";

    for (size_t i = 0; i < DATA_FIELDS; i++) {
        bool moved = field != NULL && strcmp(field, data_contract[i].name) == 0;
        lines = check_text(check, "%s#define MOVED_%s %d\n", lines, data_contract[i].name, moved ? 8 : 0);
    }
    lines = check_text(check, "%s#define offsetof(type, member) (__builtin_offsetof(type, member) + MOVED_##member)\n",
                       lines);
    return !header_compiles(check, copy, lines);
}

/* With eight bytes more in front of a member (NULL: at the struct's end), does the compiler mind? */
static bool struct_guarded(struct check *check, const char *copy, const char *field)
{
    const char *header = check_text(check, "%s/" HEADER, copy);
    char *text = check_read(check, header, NULL);
    const char *begin = text != NULL ? strstr(text, "struct shared_data {") : NULL;
    const char *end = begin != NULL ? strstr(begin, "\n}") : NULL;

    if (end == NULL)
        FAIL(check, .expected = "a declaration \"struct shared_data {\" ... \"}\" in " HEADER, .found = "none");
    const char *at = field != NULL ? data_word_find(begin, end, field) : end;
    if (at == NULL)
        FAIL(check, .expected = check_text(check, "a member %s", field), .found = "none");
    while (field != NULL && at > begin && at[-1] != ';' && at[-1] != '{')
        at--;
    check_write(check, header,
                check_text(check, "%.*s\n    char inserted_by_the_check[8];%s", (int)(at - text), text, at));
    bool compiles = header_compiles(check, copy, "");
    check_note(check, "8 bytes %s %s: %s", field != NULL ? "in front of" : "at the", field != NULL ? field : "end",
               compiles ? "compiles" : "refused by the compiler");
    check_write(check, header, text);
    free(text);
    return !compiles;
}

static const char *list_add(struct check *check, const char *list, const char *word)
{
    return check_text(check, "%s%s%s", list, list[0] != '\0' ? ", " : "", word);
}

static void guards(struct check *check)
{
    const char *copy = check_copy_tree(check);
    const char *missing = "";

    ADVISE(check, .file = HEADER, .line = check_line(check, HEADER, "_Static_assert"),
           .cause = "an offset that nobody asserts; an assert that compares the struct with itself instead of the "
                    "contract",
           .next = "one _Static_assert(offsetof(...) == ...) a member and one for sizeof; SHARED_DATA_FIELDS lists "
                   "the contract's rows for a macro");
    REQUIRE(check, struct_guarded(check, copy, "process_id"),
            .expected = "a header does not compile when 8 bytes are inserted in its struct",
            .found = "it compiles: nothing compares the offsets and the size with the contract");
    REQUIRE(check, struct_guarded(check, copy, NULL),
            .expected = "a header does not compile when 8 bytes are added at the end of its struct",
            .found = "it compiles: nothing compares sizeof with the contract",
            .cause = "the offsets say nothing about what comes behind the last member",
            .next = "one _Static_assert(sizeof(struct shared_data) == SHARED_DATA_SIZE, ...)");
    if (offset_guarded(check, copy, NULL))
        check_note(check, "offsetof is not used in the usual way: its members are not looked at one by one");
    else
        for (size_t i = 1; i < DATA_FIELDS; i++)
            if (!offset_guarded(check, copy, data_contract[i].name))
                missing = list_add(check, missing, data_contract[i].name);
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
    const char *name = check_name(check);
    struct program *writer = writer_start(check, name);
    unsigned char *stale;

    ADVISE(check, .file = "sample.c", .line = check_line(check, "sample.c", "sample_fill("));
    data_require_sample(check, posix_copy(check, name, DATA_SEGMENT), writer);
    program_send(writer, "\n");
    program_ends(writer, 0);

    name = check_name(check);
    check_note(check, "once more, in an object that an earlier program left full of 0xFF");
    stale = posix_create(check, name, DATA_SEGMENT, 0600);
    memset(stale, 0xFF, DATA_SEGMENT);
    writer = writer_start(check, name);
    data_require_sample(check, posix_copy(check, name, DATA_SEGMENT), writer);
    program_send(writer, "\n");
    program_ends(writer, 0);
}

/* 48 bytes that fit, then a character of two bytes of which only one would. */
#define LONG_NAME_HEAD "a_user_whose_name_is_longer_than_fifty_bytes_abc"
#define LONG_NAME      LONG_NAME_HEAD "\xC3\xA9_and_more"

static void long_name(struct check *check)
{
    const char *name = check_name(check);

    _Static_assert(sizeof LONG_NAME_HEAD - 1 == 48, "one byte and the NUL are left of the fifty");
    ADVISE(check, .file = "sample.c", .line = check_line(check, "sample.c", "text_copy("),
           .cause = "strcpy knows no limit; strncpy leaves no NUL behind a text that is too long; a cut at any byte "
                    "may halve a character",
           .next = "copy at most capacity - 1 bytes, go back over bytes of the form 10xxxxxx, put the NUL");
    check_user_name(check, LONG_NAME);
    struct program *writer = writer_start(check, name);
    const unsigned char *segment = posix_copy(check, name, DATA_SEGMENT);
    const unsigned char *found = segment + data_contract[DATA_USER_NAME].offset;
    const size_t capacity = data_contract[DATA_USER_NAME].size;

    REQUIRE(check, memchr(found, '\0', capacity) != NULL, .expected = "user_name ends with a NUL within its 50 bytes",
            .found = "50 bytes and no NUL");
    REQUIRE(check, strcmp((const char *)found, LONG_NAME_HEAD) == 0,
            .expected = check_text(check, "user_name \"%s\": the 48 bytes in front of a character that does not fit",
                                   LONG_NAME_HEAD),
            .found = check_text(check, "\"%s\"", (const char *)found));
    data_require_zero(check, segment, data_contract[DATA_USER_NAME].offset + 48, data_contract[DATA_TIMESTAMP].offset,
                      "behind user_name");
    program_send(writer, "\n");
    program_ends(writer, 0);
}

/* ---- The Python side ---- */

static void mirror(struct check *check)
{
    struct data_layout layout;

    ADVISE(check, .file = MIRROR, .line = check_line(check, MIRROR, "_fields_"));
    data_layout_probe_python(check, check_folder(check), &layout);
    data_layout_require(check, &layout, MIRROR);
}

/* The end of an import of the mirror in this folder, and what it printed. */
static struct program *mirror_import(struct check *check, const char *folder, int *status)
{
    struct program *import =
        START(check, DATA_PYTHON, "-c", "import sys; sys.path.insert(0, sys.argv[1]); import shared_data", folder);

    *status = program_wait(import);
    return import;
}

static void mirror_guard(struct check *check)
{
    const char *copy = check_copy_tree(check);
    const char *file = check_text(check, "%s/" MIRROR, copy);
    int status, line = check_line(check, MIRROR, "wire.check(");

    /* or an import that fails for another reason would pass for one that refuses the edit */
    ADVISE(check, .file = MIRROR, .line = line != 0 ? line : check_line(check, MIRROR, "class SharedData"),
           .cause = "a guard that refuses a mirror that is right, too; or a name that wire.check does not know",
           .next = "the table's name is \"shared_data\": wire.check(\"shared_data\", SharedData)");
    struct program *import = mirror_import(check, copy, &status);
    REQUIRE(check, status == 0, .expected = "the mirror as it is can be imported",
            .found = data_last_line(check, program_output(import)));

    ADVISE(check, .file = MIRROR, .line = line != 0 ? line : check_line(check, MIRROR, "class SharedData"),
           .cause = "the mirror is right today, and nothing says so when somebody changes it",
           .next = "call wire.check(\"shared_data\", SharedData) behind the class");
    if (!check_edit(check, file, "(\"counter\",",
                    "(\"_inserted_by_the_check\", ctypes.c_int64),\n        (\"counter\","))
        FAIL(check, .expected = "a field (\"counter\", ...) in " MIRROR, .found = "none");
    import = mirror_import(check, copy, &status);
    REQUIRE(check, status != 0, .expected = "importing a mirror in which a field has moved is an error",
            .found = "it is imported without a word");
    REQUIRE(check, strstr(data_last_line(check, program_output(import)), "counter") != NULL,
            .expected = "the error names the first field that has moved, counter",
            .found = data_last_line(check, program_output(import)));
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
           .cause = "printing what lies there without asking whether it is there, large enough and complete",
           .next = "posix_shm.open_existing and map complain by themselves; data_ready is yours to look at");
    program = RUN(check, 1, "reader.py", "--name", name);
    REQUIRE(check, program_said(program, "ENOENT") && !program_said(program, "Traceback"),
            .expected = "without a writer: one line that names ENOENT and the next step",
            .found = program_output(program));

    unsigned char *segment = posix_create(check, name, DATA_SEGMENT, 0600);
    program = RUN(check, 1, "reader.py", "--name", name);
    REQUIRE(check, !program_said(program, "counter "), .expected = "data_ready is false: nothing is printed",
            .found = program_output(program));
    (void)segment;

    const char *small = check_name(check);
    posix_create(check, small, 512, 0600);
    program = RUN(check, 1, "reader.py", "--name", small);
    REQUIRE(check, !program_said(program, "Traceback"), .expected = "an object of 512 bytes is refused in one line",
            .found = program_output(program));
}

/* ---- Care ---- */

static void sanitizers(struct check *check)
{
    const char *name = check_name(check);

    check_sanitize(check);
    struct program *layout = START(check, "layout");
    program_wait(layout); /* whatever its status: another check is about the predictions */
    program_sanitized(layout);
    check_user_name(check, LONG_NAME);
    struct program *writer = writer_start(check, name);
    program_send(writer, "\n");
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
     .hints = {"The compiler's first message is the one to mend; those behind it often follow from it.",
               "It names file and line. A _Static_assert that fails is an error, too: it names the member.",
               "make lab1 CHECK=offsets compares your struct with the contract member by member, with your own "
               "asserts switched off."},
     .limit = LIMIT_QUICK,
     .run = check_builds},
    {.name = "predictions",
     .points = 12,
     .title = "You know where the compiler puts the members of the plain struct",
     .concept = "alignment and padding",
     .hints = {"A type has an alignment: char 1, int and float 4, double and int64_t 8. A member stands at the next "
               "multiple of its alignment behind the one before it; what lies between is padding.",
               "layout.c: the second argument of each ROW, and predicted_size. message begins at 4 and has 500 bytes: "
               "where does it end, and what may stand there?",
               "data_ready: 504, one byte. counter: 505 rounded up to a multiple of 4. user_name: 532 to 581. "
               "timestamp: 582 rounded up to a multiple of 8. The size: the end rounded up to a multiple of 8."},
     .needs = {"builds"},
     .limit = LIMIT_QUICK,
     .run = predictions},
    {.name = "offsets",
     .points = 20,
     .title = "Every member of struct shared_data stands where the contract says",
     .concept = "a struct that meets a published table of offsets",
     .hints = {"The contract's table has gaps, and the compiler's own gaps are others. A gap with a name is no longer "
               "the compiler's affair.",
               "shared_data.h: gaps of 3 bytes behind data_ready, 6 behind user_name, 4 at the end. And 588 is no "
               "multiple of 8.",
               "typedef int64_t int64_aligned4 __attribute__((aligned(4))); is a 64-bit integer that may stand at any "
               "multiple of 4. Give timestamp that type, and each gap a member such as uint8_t padding2[6]."},
     .limit = LIMIT_BUILD,
     .run = offsets},
    {.name = "guards",
     .points = 15,
     .title = "A header in which any member has moved does not compile",
     .concept = "offset checks at compile time",
     .hints = {"A layout that is right today is changed by somebody tomorrow, who has never heard of your reader. "
               "The compiler can refuse it: _Static_assert(condition, \"text\").",
               "shared_data.h, behind the struct: offsetof and sizeof are constants, so they may stand in a "
               "_Static_assert. One for each member, and one for the size of the whole.",
               "#define CHECK(field, offset, size) _Static_assert(offsetof(struct shared_data, field) == (offset), "
               "#field); and then SHARED_DATA_FIELDS(CHECK); the size by hand."},
     .needs = {"offsets"},
     .limit = LIMIT_BUILD,
     .run = guards},
    {.name = "bytes",
     .points = 13,
     .title = "The writer's segment holds the sample values at the contract's bytes, and zero elsewhere",
     .concept = "shared memory is bytes: what nobody sets is whatever was there",
     .hints = {"Padding is memory like any other: it keeps what was there before, be it of an earlier program or of "
               "your stack. Another process can read it.",
               "sample.c, sample_fill: clear the whole struct first, then set the members. timestamp is in "
               "milliseconds; the message ends with the process id.",
               "memset(data, 0, sizeof *data); ... (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000"},
     .needs = {"builds", "offsets"},
     .limit = LIMIT_QUICK,
     .run = bytes},
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
     .needs = {"bytes"},
     .limit = LIMIT_QUICK,
     .run = long_name},
    {.name = "mirror",
     .points = 10,
     .title = "Every field of the Python mirror stands where the contract says",
     .concept = "ctypes lays a structure out as the C compiler does",
     .hints = {"ctypes.Structure follows the rules of the C compiler: the same members give the same wrong offsets.",
               "shared_data.py: name the gaps as in the header. _pack_ = n caps every member's alignment at n.",
               "_pack_ = 4, and fields such as (\"_padding2\", ctypes.c_uint8 * 6). A leading underscore says: "
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
               "wire.check(\"shared_data\", SharedData), at the module's top level, behind the class."},
     .needs = {"mirror"},
     .limit = LIMIT_QUICK,
     .run = mirror_guard},
    {.name = "reader",
     .points = 10,
     .title = "The Python reader prints every field of a segment that another program wrote",
     .concept = "two languages, one table",
     .hints = {"The reader maps the object read-only and takes a copy of the struct, so that what it prints is one "
               "state of it.",
               "reader.py, main: segment.map gives the bytes; SharedData.from_buffer_copy makes a structure of them.",
               "memory = segment.map(shared_data.SEGMENT_SIZE); data = SharedData.from_buffer_copy(memory)"},
     .needs = {"mirror"},
     .limit = LIMIT_QUICK,
     .run = reader},
    {.name = "reader_refuses",
     .points = 4,
     .title = "Without an object, with a small one, and before data_ready the reader says so and ends with status 1",
     .concept = "never trust what lies in shared memory before you have looked",
     .hints = {"Three things may be wrong: nobody has created the object, it is another program's, or its "
               "writer is not done yet.",
               "reader.py: open_existing and map raise ShmlabError by themselves; the third case is yours.",
               "ready = memory[shared_data.READY_OFFSET] != 0, and: raise ShmlabError(\"... is not filled\", \"try "
               "again\") when it is not."},
     .needs = {"reader"},
     .limit = LIMIT_QUICK,
     .run = reader_refuses},
    CASE_WARNINGS(2, "builds", "offsets"),
    {.name = "sanitizers",
     .points = 2,
     .title = "AddressSanitizer and UBSan find nothing",
     .concept = "memory errors that do not show",
     .hints = {"A program that writes behind an array may work for years. A sanitizer stops at the first such byte.",
               "The report in the transcript begins with what happened, then come the lines of your files.",
               "strcpy and sprintf into a fixed array are the usual places; so is a text without NUL."},
     .needs = {"bytes"},
     .limit = LIMIT_BUILD,
     .run = sanitizers},
    {.name = "leaks",
     .points = 2,
     .title = "No program of yours has left an object behind",
     .concept = "lifetime of a POSIX object: until somebody unlinks it",
     .hints = {"A POSIX object outlives its creator. Who creates it removes it, on every path.",
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
