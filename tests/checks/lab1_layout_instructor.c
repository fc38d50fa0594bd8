/*
 * Lab 1: checks that only instructors have. They ask what the public ones ask, with distances, names and values that no
 * student has read. The draws are the same in every run, so that a tree has one verdict.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "lab1_layout.h"
#include "objects.h"
#include "shared_data_check.h"
#include "struct_text.h"

enum { DRAW = 1789 };

/* Each member alone, farther by a drawn distance; and all but the first two, which have no room, nearer to the
 * beginning. */
void lab1_moves(struct check *check)
{
    const char *unit = check_text(check, "%s/header.c", check_scratch(check));

    ADVISE(check, .file = LAB1_HEADER, .line = check_line(check, LAB1_HEADER, "_Static_assert"),
           .cause = "an assert that allows a range, or that knows one wrong place only",
           .next = "offsetof(...) == the contract's number");
    check_write(check, unit, "#include \"" LAB1_HEADER "\"\n");
    char *text = check_preprocess(check, check_folder(check), unit);
    srandom(DRAW);
    for (size_t i = 1; text != NULL && i < DATA_FIELDS; i++) {
        const struct data_field *field = &data_contract[i];
        int distance = (int)(random() % 40 + 1);
        size_t offset = i > 1 ? field->offset - (size_t)distance : field->offset + (size_t)distance;
        const char *moved = struct_move(check, text, "shared_data", field->name, offset);
        const char *what = check_text(check, "%s %d byte%s %s", field->name, distance, distance == 1 ? "" : "s",
                                      i > 1 ? "nearer to the beginning" : "farther");
        REQUIRE(check, moved == NULL || !lab1_compiles(check, moved, what),
                .expected = check_text(check, "a header with %s does not compile", what), .found = "it compiles");
    }
    free(text);
}

/* ---- Names ---- */

enum { NAME_CAPACITY = 50, NAME_CHARACTERS = 60 };

/* A name of drawn characters of one to four bytes. Returns how many bytes of it 49 bytes hold. */
static size_t name_draw(char *name, int characters)
{
    static const char *const drawn[] = {
        "q", "Z", "7", "-", "\xC3\xBC", "\xD0\x96", "\xE2\x82\xAC", "\xE6\xBC\xA2", "\xF0\x9F\x98\x80"};
    size_t kept = 0, length = 0;

    for (int i = 0; i < characters; i++) {
        const char *character = drawn[random() % (long)(sizeof drawn / sizeof drawn[0])];
        size_t bytes = strlen(character);
        memcpy(name + length, character, bytes + 1);
        if (kept == length && length + bytes < NAME_CAPACITY)
            kept += bytes;
        length += bytes;
    }
    return kept;
}

void lab1_names(struct check *check)
{
    enum { NAMES = 40 };
    struct data_probe probe;

    ADVISE(check, .file = "sample.c", .line = check_line(check, "sample.c", "text_copy("),
           .cause = "a cut that is right for some names only",
           .next = "copy at most capacity - 1 bytes, go back over bytes of the form 10xxxxxx, put the NUL");
    data_probe_build(check, check_folder(check), &probe);
    const struct data_field *field = &probe.layout.fields[DATA_USER_NAME];
    srandom(DRAW);
    for (int i = 0; i < NAMES; i++) {
        char name[4 * NAME_CHARACTERS + 1];
        size_t kept = name_draw(name, 1 + (int)(random() % NAME_CHARACTERS));
        struct data_probed probed;
        check_user_name(check, name);
        data_probe_run(check, &probe, &probed);
        const char *found = (const char *)probed.filled + field->offset;
        REQUIRE(check, strnlen(found, NAME_CAPACITY) == kept && strncmp(found, name, kept) == 0,
                .expected = check_text(check, "user_name \"%.*s\" (%zu bytes), of \"%s\"", (int)kept, name, kept, name),
                .found =
                    check_text(check, "\"%.*s\" (%zu bytes)", NAME_CAPACITY, found, strnlen(found, NAME_CAPACITY)));
    }
}

/* ---- Values ---- */

void lab1_values(struct check *check)
{
    ADVISE(check, .file = "reader.py", .line = check_line(check, "reader.py", "def main"),
           .cause = "the data are believed only where they look likely",
           .next = "data_ready alone says whether there are data");
    for (int kind = 0; kind < DATA_ODD_KINDS; kind++) {
        const char *name = check_name(check);
        struct data_sample sample;
        data_sample_odd(&sample, kind);
        memcpy(posix_create(check, name, DATA_SEGMENT, 0600), sample.bytes, DATA_SEGMENT);
        data_require_printed(check, RUN(check, 0, "reader.py", "--name", name), &sample);
    }
}
