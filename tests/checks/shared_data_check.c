/* See shared_data_check.h. */
#define _GNU_SOURCE
#include "shared_data_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compile.h"
#include "gate.h"

#define ROW(field, offset, size) {#field, (offset), (size), 0},
const struct data_field data_contract[DATA_FIELDS] = {SHARED_DATA_FIELDS(ROW)};

/* What the bytes of each member, or of an array's elements, mean: i integer with a sign, f floating point, b one byte
 * of whatever type. Among types of one size nothing else makes a difference between the two sides. */
static const char data_kinds[DATA_FIELDS + 1] = "ibbiffbii";

/* ---- The student's struct ---- */

/* The lines "name offset size kind" and "sizeof size" that both probes print. */
static void layout_parse(struct check *check, const char *text, struct data_layout *layout)
{
    for (size_t i = 0; i < DATA_FIELDS; i++) {
        const char *line = strstr(text, check_text(check, "\n%s ", data_contract[i].name));
        struct data_field *field = &layout->fields[i];
        field->name = data_contract[i].name;
        if (line == NULL || sscanf(line, "\n%*s %zu %zu %c", &field->offset, &field->size, &field->kind) != 3)
            FAIL(check, .expected = check_text(check, "a member %s", field->name), .found = "none",
                 .cause = "a name that differs from the contract's");
    }
    const char *line = strstr(text, "\nsizeof ");
    if (line == NULL || sscanf(line, "\nsizeof %zu", &layout->size) != 1)
        check_broken(check, "the probe did not print a size");
}

static bool data_is_array(size_t field)
{
    return field == DATA_MESSAGE || field == DATA_COORDINATES || field == DATA_USER_NAME || field == DATA_ARRAY;
}

void data_layout_probe(struct check *check, const char *folder, struct data_layout *layout)
{
    const char *source = check_text(check, "%s/probe.c", check_scratch(check));
    const char *program = check_text(check, "%s/probe", check_scratch(check));
    /* The offset checks are what another check is about; here their failure would hide the offsets. */
    const char *text = "#include <assert.h>\n#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n"
                       "#include <stdio.h>\n"
                       "#undef static_assert\n#define static_assert(...)\n#define _Static_assert(...)\n"
                       "#include \"shared_data.h\"\n"
                       "#define IT(member) ((struct shared_data *)0)->member\n"
                       "#define SHOW(member, type) printf(\"\\n\" #member \" %zu %zu %c\\n\", \\\n"
                       "    offsetof(struct shared_data, member), sizeof(IT(member)), \\\n"
                       "    sizeof(type) == 1 ? 'b' : (type)0.5 != 0 ? 'f' : (type)-1 < (type)1 ? 'i' : 'u')\n"
                       "int main(void)\n{\n";
    const char *messages;

    for (size_t i = 0; i < DATA_FIELDS; i++)
        text = check_text(check, "%s    SHOW(%s, __typeof__(IT(%s%s)));\n", text, data_contract[i].name,
                          data_contract[i].name, data_is_array(i) ? "[0]" : "");
    check_write(check, source,
                check_text(check, "%s    printf(\"\\nsizeof %%zu\\n\", sizeof(struct shared_data));\n}\n", text));
    if (check_compile(check, folder, source, program, &messages) != 0) {
        struct finding finding = {.expected =
                                      "a header shared_data.h that compiles, with every member of the contract"};
        check_blame(check, messages, &finding);
        if (finding.file != NULL && strcmp(finding.file, "probe.c") == 0)
            finding.file = "shared_data.h", finding.line = 0;
        check_note(check, "%s", messages);
        check_fail(check, &finding);
    }
    struct program *probe = START(check, program);
    program_ends(probe, 0);
    layout_parse(check, program_output(probe), layout);
}

const char *data_last_line(struct check *check, const char *text)
{
    size_t length = strlen(text);

    while (length > 0 && text[length - 1] == '\n')
        length--;
    const char *before = memrchr(text, '\n', length);
    const char *last = before != NULL ? before + 1 : text;
    return check_text(check, "%.*s", (int)(text + length - last), last);
}

void data_layout_probe_python(struct check *check, const char *folder, struct data_layout *layout)
{
    static const char script[] = "import ctypes, sys\n"
                                 "sys.path[:0] = [sys.argv[1], sys.argv[2]]\n"
                                 "from shmlab import wire\n"
                                 "wire.check = lambda name, mirror: None\n" /* another check is about it */
                                 "from shared_data import SharedData\n"
                                 "def kind(type):\n"
                                 "    code = getattr(type, '_type_', '?')\n"
                                 "    if not isinstance(code, str):\n"
                                 "        return kind(code)\n" /* an array's element */
                                 "    if ctypes.sizeof(type) == 1:\n"
                                 "        return 'b'\n"
                                 "    return 'i' if code in 'hilq' else 'f' if code in 'fd' else 'u'\n"
                                 "fields = [field for base in reversed(SharedData.__mro__)\n"
                                 "          for field in vars(base).get('_fields_', ())]\n"
                                 "for field in fields:\n"
                                 "    at = getattr(SharedData, field[0])\n"
                                 "    print(f'\\n{field[0]} {at.offset} {at.size} {kind(field[1])}')\n"
                                 "print(f'\\nsizeof {ctypes.sizeof(SharedData)}')\n";
    struct program *probe = START(check, DATA_PYTHON, "-c", script, folder, TOOLCHAIN_SOURCE "/common/python");

    if (program_wait(probe) != 0) {
        FAIL(check, .expected = "a module shared_data.py that can be imported and has a class SharedData",
             .found = data_last_line(check, program_output(probe)));
    }
    layout_parse(check, program_output(probe), layout);
}

static bool field_right(const struct data_layout *layout, size_t i)
{
    const struct data_field *field = &layout->fields[i];

    return field->offset == data_contract[i].offset && field->size == data_contract[i].size &&
           field->kind == data_kinds[i];
}

static const char *kind_text(char kind)
{
    return kind == 'i'   ? "an integer with a sign"
           : kind == 'u' ? "an integer without a sign"
           : kind == 'f' ? "a floating point number"
                         : "one byte";
}

bool data_layout_right(const struct data_layout *layout)
{
    for (size_t i = 0; i < DATA_FIELDS; i++)
        if (!field_right(layout, i))
            return false;
    return layout->size == SHARED_DATA_SIZE;
}

/* The letter of the member that is at a byte, '.' for padding. */
static char letter_at(const struct data_field fields[], size_t at)
{
    for (size_t i = 0; i < DATA_FIELDS; i++)
        if (at >= fields[i].offset && at < fields[i].offset + fields[i].size)
            return fields[i].name[0];
    return '.';
}

/* 32 bytes of both layouts around the place where they part, a letter a byte. */
static const char *layout_draw(struct check *check, const struct data_layout *layout, size_t at)
{
    enum { BYTES = 32, BEFORE = 8, STEP = 8 };
    size_t first = at > BEFORE ? (at - BEFORE) / STEP * STEP : 0;
    char scale[BYTES + 1], wanted[BYTES + 1], found[BYTES + 1];

    for (size_t i = 0; i < BYTES; i++) {
        wanted[i] = letter_at(data_contract, first + i);
        found[i] = letter_at(layout->fields, first + i);
        scale[i] = ' ';
    }
    scale[BYTES] = wanted[BYTES] = found[BYTES] = '\0';
    for (size_t i = 0; i < BYTES; i += STEP) {
        const char *number = check_text(check, "%-*zu", STEP, first + i);
        memcpy(scale + i, number, STEP);
    }
    return check_text(check, "byte      %s\ncontract  %s\nyours     %s   (a letter a byte, . is padding)", scale,
                      wanted, found);
}

static const char *offset_cause(struct check *check, const struct data_layout *layout, size_t i)
{
    size_t wanted = data_contract[i].offset, found = layout->fields[i].offset;
    size_t end = i > 0 ? layout->fields[i - 1].offset + layout->fields[i - 1].size : 0;

    if (i > 0 && end > wanted)
        return "the member before it is too long";
    if (found == end && found < wanted)
        return check_text(check,
                          "no padding before it: `packed` takes it all away, and without `packed` the compiler "
                          "puts only what alignment asks for; the contract has %zu bytes there",
                          wanted - end);
    if (i == DATA_TIMESTAMP && found == 584)
        return "the compiler puts a 64-bit integer at the next multiple of 8, which is 584, and the contract has it at "
               "588";
    if (i == DATA_TIMESTAMP && found == 592)
        return "588 is no multiple of 8: a plain int64_t cannot be there, the compiler takes the next one, 592";
    return found < wanted ? check_text(check, "%zu bytes of padding are missing before it", wanted - found)
                          : check_text(check, "%zu bytes too many before it", found - wanted);
}

static const char *offset_next(size_t i, size_t found, bool python)
{
    if (i == DATA_TIMESTAMP && found == 592 && !python)
        return "a typedef may lower the alignment: `typedef int64_t NAME __attribute__((aligned(4)));`, and "
               "timestamp gets that type";
    if (found > data_contract[i].offset)
        return "take something out of what is before it";
    return python ? "name every gap as a member of its own (\"_padding1\", ...); _pack_ caps the alignment"
                  : "make the gap a member with a name (uint8_t padding2[...])";
}

void data_layout_require(struct check *check, const struct data_layout *layout, const char *file)
{
    bool python = strstr(file, ".py") != NULL;

    for (size_t i = 0; i < DATA_FIELDS; i++) {
        const struct data_field *wanted = &data_contract[i], *found = &layout->fields[i];
        if (field_right(layout, i))
            continue;
        bool moved = wanted->offset != found->offset;
        if (!moved && wanted->size == found->size)
            FAIL(check, .expected = check_text(check, "%s: %s", wanted->name, kind_text(data_kinds[i])),
                 .found = check_text(check, "%s", kind_text(found->kind)), .file = file,
                 .line = check_line(check, file, wanted->name),
                 .cause = "place and size are right and the type is another: the other side takes the same bytes for "
                          "another number",
                 .next = "the contract's table names each type");
        FAIL(check,
             .expected = check_text(check, "%s: %zu bytes at offset %zu", wanted->name, wanted->size, wanted->offset),
             .found = check_text(check, "%zu bytes at offset %zu\n%s", found->size, found->offset,
                                 layout_draw(check, layout, wanted->offset)),
             .file = file, .line = check_line(check, file, wanted->name),
             .cause = moved ? offset_cause(check, layout, i) : "another type, or another array length",
             .next = moved ? offset_next(i, found->offset, python) : "look at the contract's table");
    }
    REQUIRE(check, layout->size == SHARED_DATA_SIZE, .expected = check_text(check, "sizeof is %d", SHARED_DATA_SIZE),
            .found = check_text(check, "%zu", layout->size), .file = file,
            .cause = "the padding after the last member: the contract ends at 640, data_array at 636",
            .next = "name that gap, too");
}

/* ---- Bytes ---- */

static int32_t integer_at(const unsigned char *bytes, size_t at)
{
    int32_t value;

    memcpy(&value, bytes + at, sizeof value);
    return value;
}

void data_require_zero(struct check *check, const unsigned char *segment, size_t from, size_t to, const char *where)
{
    for (size_t at = from; at < to; at++)
        REQUIRE(check, segment[at] == 0,
                .expected = check_text(check, "zero %s, bytes %zu to %zu", where, from, to - 1),
                .found = check_text(check, "0x%02X at byte %zu", segment[at], at),
                .cause = "members are set one by one, and what is between and after them keeps what was there",
                .next = "memset the whole before you fill it");
}

static void require_integer(struct check *check, const unsigned char *segment, const struct data_field fields[],
                            size_t field, size_t index, int32_t expected)
{
    size_t at = fields[field].offset + index * sizeof expected;
    int32_t found = integer_at(segment, at);

    REQUIRE(check, found == expected,
            .expected = check_text(check, "%s%s is %" PRId32 " (byte %zu)", data_contract[field].name,
                                   data_contract[field].size > sizeof expected ? check_text(check, "[%zu]", index) : "",
                                   expected, at),
            .found = check_text(check, "%" PRId32, found));
}

static void require_text(struct check *check, const unsigned char *segment, const struct data_field fields[],
                         size_t field, const char *part)
{
    const char *text = (const char *)segment + fields[field].offset;
    size_t size = data_contract[field].size, length = strnlen(text, size);

    REQUIRE(check, length < size, .expected = check_text(check, "%s ends with a NUL", data_contract[field].name),
            .found = check_text(check, "%zu bytes without one", size));
    REQUIRE(check, strstr(text, part) != NULL,
            .expected = check_text(check, "%s contains \"%s\"", data_contract[field].name, part),
            .found = check_text(check, "\"%s\"", text));
}

static void require_numbers(struct check *check, const unsigned char *segment, const struct data_field fields[])
{
    static const float coordinates[] = {10.5F, 20.3F, 30.8F}; /* as the documents print them */
    double temperature;

    memcpy(&temperature, segment + fields[DATA_TEMPERATURE].offset, sizeof temperature);
    REQUIRE(check, temperature == 23.5, .expected = "temperature is 23.5",
            .found = check_text(check, "%g", temperature));
    for (size_t i = 0; i < SHARED_DATA_COORDINATES; i++) {
        float found;
        memcpy(&found, segment + fields[DATA_COORDINATES].offset + i * sizeof found, sizeof found);
        REQUIRE(check, found == coordinates[i],
                .expected = check_text(check, "coordinates[%zu] is %.1f", i, (double)coordinates[i]),
                .found = check_text(check, "%g", (double)found));
    }
    for (size_t i = 0; i < SHARED_DATA_ARRAY_LENGTH; i++)
        require_integer(check, segment, fields, DATA_ARRAY, i, 10 * ((int32_t)i + 1));
}

/* Between the writer's start and now. */
static void require_time(struct check *check, const unsigned char *segment, const struct data_field fields[],
                         const struct program *writer)
{
    const int64_t slack = 2000, seconds = 1000; /* ms: whole seconds on our side, a clock that is set */
    int64_t since = (int64_t)writer->since * seconds - slack, now = (int64_t)time(NULL) * seconds + slack;
    int64_t found;

    memcpy(&found, segment + fields[DATA_TIMESTAMP].offset, sizeof found);
    REQUIRE(check, found <= now || found > now + 1000 * seconds,
            .expected = "timestamp is the time of this moment, in milliseconds since 1970",
            .found = "up to 1000 seconds in the future",
            .cause = "tv_nsec counts nanoseconds, and there are a million in a millisecond",
            .next = "tv_nsec / 1000000");
    REQUIRE(check, found >= since && found <= now,
            .expected = "timestamp is the time of this moment, in milliseconds since 1970",
            .found = found >= since / seconds && found <= now / seconds ? "the time in seconds"
                     : found == 0                                       ? "0"
                                                                        : "another number",
            .cause = "seconds instead of milliseconds; half of the number, shifted by four bytes; a 32-bit product");
}

void data_require_values(struct check *check, const unsigned char *segment, const struct data_field fields[],
                         const struct program *writer)
{
    int32_t pid = (int32_t)writer->own_pid;

    require_integer(check, segment, fields, DATA_PROCESS_ID, 0, pid);
    require_text(check, segment, fields, DATA_MESSAGE, check_text(check, "%d", (int)pid));
    require_integer(check, segment, fields, DATA_COUNTER, 0, 42);
    require_numbers(check, segment, fields);
    require_text(check, segment, fields, DATA_USER_NAME, "");
    REQUIRE(check, segment[fields[DATA_USER_NAME].offset] != '\0', .expected = "user_name is this user's",
            .found = "an empty text");
    require_time(check, segment, fields, writer);
}

void data_require_moment(struct check *check, const unsigned char *segment, const struct data_field fields[],
                         const struct data_probed *probed)
{
    enum { TICK_MS = 20 }; /* the coarse clocks go from tick to tick */
    int64_t found;

    memcpy(&found, segment + fields[DATA_TIMESTAMP].offset, sizeof found);
    REQUIRE(check, found >= probed->from_ms - TICK_MS && found <= probed->to_ms,
            .expected = "timestamp is the time of this moment, in milliseconds since 1970",
            .found = found % 1000 == 0 ? "a whole second" : "some milliseconds ago, or to come",
            .cause = "time(2) knows whole seconds only", .next = "clock_gettime, and tv_nsec / 1000000");
}

void data_require_cleared(struct check *check, const unsigned char *segment, const struct data_layout *layout)
{
    for (size_t i = 0; i < DATA_FIELDS; i++) {
        const struct data_field *field = &layout->fields[i];
        size_t end = field->offset + field->size, next = i + 1 < DATA_FIELDS ? field[1].offset : layout->size;
        if (i == DATA_MESSAGE || i == DATA_USER_NAME)
            data_require_zero(check, segment,
                              field->offset + strnlen((const char *)segment + field->offset, field->size), end,
                              check_text(check, "after the text in %s", field->name));
        if (i == DATA_ARRAY && next >= end + 4)
            REQUIRE(check, integer_at(segment, end) != 10 * (SHARED_DATA_ARRAY_LENGTH + 1),
                    .expected = check_text(check, "zero after data_array, at byte %zu", end),
                    .found = "110, which is what an eleventh element would hold",
                    .cause = "a loop that goes one too far: the last element of ten is data_array[9]",
                    .next = "i < SHARED_DATA_ARRAY_LENGTH");
        data_require_zero(check, segment, end, next, check_text(check, "after %s", field->name));
    }
}

void data_require_sample(struct check *check, const unsigned char *segment, const struct program *writer)
{
    struct data_layout contract = {.size = DATA_SEGMENT};

    memcpy(contract.fields, data_contract, sizeof contract.fields);
    REQUIRE(check, segment[data_contract[DATA_READY].offset] == 1, .expected = "data_ready is 1 once all is written",
            .found = check_text(check, "%d", segment[data_contract[DATA_READY].offset]));
    data_require_values(check, segment, data_contract, writer);
    data_require_cleared(check, segment, &contract);
}

/* ---- Lab 1's sample.c ---- */

/* It waits until the clock is well inside a second, so that whole seconds are no milliseconds by accident. What it
 * tells are two lines, each by one write of less than PIPE_BUF, which is whole whoever else prints meanwhile: pipe(7).
 */
static const char sample_probe[] =
    "#include \"sample.c\"\n" /* first: it says which standard it wants */
    "static long long probe_ms(void)\n{\n"
    "    struct timespec now;\n"
    "    clock_gettime(CLOCK_REALTIME, &now);\n"
    "    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;\n"
    "}\n"
    "#include <stdio.h>\n"
    "#include <unistd.h>\n"
    "static void probe_show(const char *what, long long ms, const unsigned char *bytes)\n{\n"
    "    char line[2200];\n"
    "    int length = sprintf(line, \"\\n%s %lld \", what, ms);\n"
    "    for (int i = 0; i < 1024; i++)\n"
    "        length += sprintf(line + length, \"%02x\", bytes[i]);\n"
    "    line[length++] = '\\n';\n"
    "    fflush(stdout);\n"
    "    if (write(STDOUT_FILENO, line, (size_t)length) != length)\n"
    "        _exit(1);\n"
    "}\n"
    "int main(void)\n{\n"
    "    static union { struct shared_data data; unsigned char bytes[1024]; } sample, segment;\n"
    "    long long from, to;\n"
    "    memset(&sample, 0xFF, sizeof sample);\n"
    "    do\n"
    "        from = probe_ms();\n"
    "    while (from % 1000 < 100);\n"
    "    sample_fill(&sample.data);\n"
    "    to = probe_ms();\n"
    "    sample_publish(&segment.data, &sample.data);\n"
    "    probe_show(\"filled\", from, sample.bytes);\n"
    "    probe_show(\"published\", to, segment.bytes);\n"
    "}\n";

void data_probe_build(struct check *check, const char *folder, struct data_probe *probe)
{
    const char *source = check_text(check, "%s/sample_probe.c", check_scratch(check));
    const char *messages;

    data_layout_probe(check, folder, &probe->layout);
    probe->program = check_text(check, "%s/sample_probe", check_scratch(check));
    check_write(check, source, sample_probe);
    if (check_compile(check, folder, source, probe->program, &messages) != 0) {
        check_note(check, "%s", messages);
        FAIL(check, .expected = "lab 1's sample.c compiles", .found = "it does not: see the transcript");
    }
}

/* A line of the probe: a word, a time, hexadecimal digits. */
static void probe_read(struct check *check, const char *text, const char *what, long long *ms, unsigned char *bytes)
{
    const char *line = strstr(text, check_text(check, "\n%s ", what));
    int digits = 0;

    if (line == NULL || sscanf(line, "\n%*s %lld %n", ms, &digits) != 1 || digits == 0)
        FAIL(check, .expected = "sample_fill and sample_publish return",
             .found = "the program ended with status 0 in one of them",
             .cause = "exit, or a signal's handler that ends it",
             .next = "they fill memory; how the program ends is for its main to say");
    for (size_t i = 0; i < DATA_SEGMENT; i++) {
        unsigned byte;
        if (sscanf(line + digits + 2 * i, "%2x", &byte) != 1)
            check_broken(check, "the probe printed too little");
        bytes[i] = (unsigned char)byte;
    }
}

void data_probe_run(struct check *check, const struct data_probe *probe, struct data_probed *probed)
{
    probed->program = START(check, probe->program);
    program_ends(probed->program, 0);
    const char *text = program_output(probed->program);
    probe_read(check, text, "filled", &probed->from_ms, probed->filled);
    probe_read(check, text, "published", &probed->to_ms, probed->published);
}

void data_lab1_require(struct check *check, const char *folder)
{
    struct data_probe probe;
    struct data_probed probed;

    data_probe_build(check, folder, &probe);
    data_layout_require(check, &probe.layout, "../lab1_layout/shared_data.h");
    data_probe_run(check, &probe, &probed);
    data_require_sample(check, probed.published, probed.program);
}

/* ---- A segment of our own ---- */

static void bytes_put(struct data_sample *sample, size_t field, const void *value)
{
    memcpy(sample->bytes + data_contract[field].offset, value, data_contract[field].size);
}

static void sample_number(struct check *check, struct data_sample *sample, int32_t process_id)
{
    int32_t counter = -process_id / 3;
    double temperature = (double)(process_id % 1000) + 0.5;
    float coordinates[] = {-1.5F, 2.5F, (float)(process_id % 100) + 0.5F};
    int64_t timestamp = INT64_C(1600000000000) + (int64_t)process_id * 1000003;
    int32_t array[SHARED_DATA_ARRAY_LENGTH];
    unsigned char ready = 1;

    memset(sample, 0, sizeof *sample);
    for (int32_t i = 0; i < SHARED_DATA_ARRAY_LENGTH; i++)
        array[i] = process_id + 7 * i * i;
    snprintf(sample->message, sizeof sample->message,
             "Gr\xC3\xBC\xC3\x9F"
             "e from %d\nin two lines",
             (int)process_id);
    snprintf(sample->user_name, sizeof sample->user_name, "Zo\xC3\xAB %d", (int)process_id);
    bytes_put(sample, DATA_PROCESS_ID, &process_id);
    bytes_put(sample, DATA_MESSAGE, sample->message);
    bytes_put(sample, DATA_READY, &ready);
    bytes_put(sample, DATA_COUNTER, &counter);
    bytes_put(sample, DATA_TEMPERATURE, &temperature);
    bytes_put(sample, DATA_COORDINATES, coordinates);
    bytes_put(sample, DATA_USER_NAME, sample->user_name);
    bytes_put(sample, DATA_TIMESTAMP, &timestamp);
    bytes_put(sample, DATA_ARRAY, array);
    check_varies(check, "process_id", check_text(check, "%d", (int)process_id));
}

enum { SAMPLE_FIRST = 20000, SAMPLE_KINDS = 9973 };

void data_sample_make(struct check *check, struct data_sample *sample)
{
    sample_number(check, sample, SAMPLE_FIRST + (int32_t)(time(NULL) % SAMPLE_KINDS));
}

void data_sample_other(struct check *check, struct data_sample *sample)
{
    sample_number(check, sample, SAMPLE_FIRST + SAMPLE_KINDS + (int32_t)(time(NULL) % SAMPLE_KINDS));
}

/* The line of the output that begins with the field's name, after that name and the blanks; a copy, or NULL. */
static const char *printed_line(struct check *check, struct program *reader, size_t field)
{
    const char *name = data_contract[field].name;
    const char *text = check_text(check, "\n%s", program_output(reader));
    const char *line = strstr(text, check_text(check, "\n%s ", name));

    if (line == NULL)
        return NULL;
    line += 1 + strlen(name);
    line += strspn(line, " ");
    return check_text(check, "%.*s", (int)strcspn(line, "\n"), line);
}

static const char *printed_value(struct check *check, struct program *reader, size_t field)
{
    const char *value = printed_line(check, reader, field);
    const char *begin = check_text(check, "\n%s ", data_contract[field].name);
    const char *first = strstr(check_text(check, "\n%s", program_output(reader)), begin);

    REQUIRE(check, first == NULL || strstr(first + 1, begin) == NULL,
            .expected = check_text(check, "one line \"%s ...\"", data_contract[field].name),
            .found = "it is printed more than once");
    if (value == NULL)
        FAIL(check, .expected = check_text(check, "a line \"%s ...\"", data_contract[field].name),
             .found = program_output(reader));
    return value;
}

/* The value that a reader finds that looks at this byte for the field; NULL for texts. */
static const char *value_at(struct check *check, const unsigned char *bytes, size_t field, size_t at)
{
    const char *text = "";
    double number;
    int64_t wide;

    switch (field) {
    case DATA_PROCESS_ID:
    case DATA_COUNTER:
        return check_text(check, "%" PRId32, integer_at(bytes, at));
    case DATA_TEMPERATURE:
        memcpy(&number, bytes + at, sizeof number);
        return check_text(check, "%.1f", number);
    case DATA_COORDINATES:
        for (size_t i = 0; i < SHARED_DATA_COORDINATES; i++) {
            float each;
            memcpy(&each, bytes + at + i * sizeof each, sizeof each);
            text = check_text(check, "%s%s%.1f", text, i > 0 ? " " : "", (double)each);
        }
        return text;
    case DATA_TIMESTAMP:
        memcpy(&wide, bytes + at, sizeof wide);
        return check_text(check, "%" PRId64, wide);
    case DATA_ARRAY:
        for (size_t i = 0; i < SHARED_DATA_ARRAY_LENGTH; i++)
            text = check_text(check, "%s%s%" PRId32, text, i > 0 ? " " : "", integer_at(bytes, at + 4 * i));
        return text;
    default:
        return NULL;
    }
}

/* "this is what is 4 bytes before it", when that is what the reader printed. */
static const char *shift_found(struct check *check, const unsigned char *bytes, size_t field, const char *printed)
{
    enum { FAR = 16 };
    int at = (int)data_contract[field].offset;

    for (int shift = -FAR; shift <= FAR; shift++) {
        if (shift == 0 || at + shift < 0)
            continue;
        const char *value = value_at(check, bytes, field, (size_t)(at + shift));
        if (strncmp(printed, value, strlen(value)) == 0)
            return check_text(check, "%s, which is what is at byte %d: shifted by %d bytes", printed, at + shift,
                              abs(shift));
    }
    return printed;
}

void data_require_printed(struct check *check, struct program *reader, const struct data_sample *sample)
{
    for (size_t field = 0; field < DATA_FIELDS; field++) {
        if (field == DATA_READY)
            continue;
        const struct data_field *place = &data_contract[field];
        const char *printed = printed_value(check, reader, field);
        const char *wanted = value_at(check, sample->bytes, field, place->offset);
        if (wanted != NULL)
            REQUIRE(check, strncmp(printed, wanted, strlen(wanted)) == 0,
                    .expected = check_text(check, "%s %s (byte %zu)", place->name, wanted, place->offset),
                    .found = shift_found(check, sample->bytes, field, printed),
                    .cause = "a struct that differs from the writer's: each side believes in offsets of its own");
        else
            REQUIRE(check,
                    strncmp(printed, (const char *)sample->bytes + place->offset,
                            strcspn((const char *)sample->bytes + place->offset, "\n")) == 0,
                    .expected = check_text(check, "%s \"%s\" (UTF-8)", place->name,
                                           (const char *)sample->bytes + place->offset),
                    .found = printed);
    }
}

/* ---- At the gate ---- */

/* Does the line of the field show what the sample has there? */
static bool field_printed(struct check *check, struct program *reader, const struct data_sample *sample, size_t field)
{
    const size_t at = data_contract[field].offset;
    const char *printed = printed_line(check, reader, field), *text = (const char *)sample->bytes + at;
    const char *wanted = value_at(check, sample->bytes, field, at);

    if (wanted == NULL)
        wanted = check_text(check, "%.*s", (int)strcspn(text, "\n"), text);
    return printed != NULL && strncmp(printed, wanted, strlen(wanted)) == 0;
}

/* A field that is not this sample's; NULL: all of them are. */
static const char *field_strange(struct check *check, struct program *reader, const struct data_sample *sample)
{
    for (size_t field = 0; field < DATA_FIELDS; field++)
        if (field != DATA_READY && !field_printed(check, reader, sample, field))
            return data_contract[field].name;
    return NULL;
}

/* May an access at this offset touch the byte? */
static bool touches(size_t offset, size_t byte)
{
    return offset <= byte && byte < offset + GATE_WIDEST;
}

/* The segment is empty until the first access that can see data_ready; at that moment the writer has done all its work.
 */
static bool filled_at_the_look(struct gate *gate, enum gate_event event, size_t offset)
{
    const struct data_sample *sample = gate->state;

    if (event != GATE_BEFORE || !touches(offset, data_contract[DATA_READY].offset))
        return true;
    memcpy(gate->bytes, sample->bytes, DATA_SEGMENT);
    return false;
}

void data_require_look_first(struct check *check, const char *const argv[])
{
    struct data_sample sample;
    struct gate gate = {.event = filled_at_the_look, .state = &sample};

    data_sample_make(check, &sample);
    gate_run(check, &gate, argv);
    if (gate.program->status != 0 || gate.accesses == 0)
        return; /* what it has to say when there is nothing is not asked here */
    const char *strange = field_strange(check, gate.program, &sample);
    REQUIRE(
        check, strange == NULL,
        .expected = "the writer fills the memory, and sets data_ready, just before data_ready is looked at: all that "
                    "is printed is what it wrote",
        .found = check_text(check, "%s is what was there before", strange),
        .cause = "the data is copied first and data_ready is looked at after that, or in the copy: old data, new flag",
        .next = "look at data_ready in the shared memory; when it is true, copy the struct, once");
}

/* Two samples take turns, whenever the program has printed something. */
struct turns {
    struct data_sample samples[2];
    int now;
};

static bool turn_at_output(struct gate *gate, enum gate_event event, size_t offset)
{
    struct turns *turns = gate->state;

    (void)offset;
    if (event == GATE_PRINT)
        turns->now = !turns->now;
    memcpy(gate->bytes, turns->samples[turns->now].bytes, DATA_SEGMENT);
    return true;
}

void data_require_one_copy(struct check *check, const char *const argv[])
{
    struct turns turns = {.now = 0};
    struct gate gate = {.event = turn_at_output, .state = &turns};

    data_sample_make(check, &turns.samples[0]);
    data_sample_other(check, &turns.samples[1]);
    gate_run(check, &gate, argv);
    const char *strange[] = {field_strange(check, gate.program, &turns.samples[0]),
                             field_strange(check, gate.program, &turns.samples[1])};
    REQUIRE(
        check, gate.program->status == 0 && (strange[0] == NULL || strange[1] == NULL),
        .expected = "the memory is filled again whenever a line has been printed: all fields are those of one filling",
        .found = gate.program->status == 0
                     ? check_text(check, "%s is of one filling, %s of another", strange[1], strange[0])
                     : status_text(check, gate.program->status),
        .cause =
            "what is printed is read from the shared memory while it is printed: the writer may change it meanwhile",
        .next = "copy the struct once, then print the copy");
    REQUIRE(check, !gate.writable, .expected = "the memory is mapped for reading only", .found = "it may be written to",
            .cause = "a reader needs no right to write, and without it cannot write by mistake",
            .next = "C: SHM_RDONLY; Python: without writable=True");
}

/* What a reader believes: when the flag is true, all the rest is there. */
struct publication {
    bool spoilt; /* written to after that */
    unsigned char seen[DATA_SEGMENT];
    bool ready;
};

static bool flag_watched(struct gate *gate, enum gate_event event, size_t offset)
{
    struct publication *publication = gate->state;
    const size_t flag = data_contract[DATA_READY].offset;

    (void)offset;
    if (event == GATE_PRINT)
        return !publication->ready; /* filled, and held: seen enough */
    if (event != GATE_AFTER || gate->bytes[flag] != 1)
        return true;
    if (publication->ready && memcmp(publication->seen, gate->bytes, DATA_SEGMENT) != 0)
        publication->spoilt = true;
    publication->ready = true;
    memcpy(publication->seen, gate->bytes, DATA_SEGMENT);
    return true;
}

void data_require_flag_last(struct check *check, const char *const argv[])
{
    struct publication publication = {.spoilt = false};
    struct gate gate = {.event = flag_watched, .state = &publication};

    gate_run(check, &gate, argv);
    REQUIRE(check, publication.ready, .expected = "data_ready is 1 once all is written",
            .found = gate.accesses == 0 ? "nothing is written" : "it is never 1");
    REQUIRE(check, !publication.spoilt, .expected = "nothing is written once data_ready is true",
            .found = "something is written after that",
            .cause = "a reader that comes at that moment finds the flag true and the data not there yet",
            .next = "everything first, data_ready last: sample_publish does both");
}
