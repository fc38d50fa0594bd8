/* Lab 1, memory layout: the checks. */
#include "check.h"
#include "compile.h"
#include "objects.h"

static void writer_removes(struct check *check)
{
    const char *name = check_name(check);
    struct program *writer = START(check, "writer", "--name", name);

    program_expect(writer, "press Enter");
    REQUIRE(check, posix_look(check, name).exists, .expected = "the object while the writer holds it",
            .found = "none");
    program_send(writer, "\n");
    program_ends(writer, 0);
    REQUIRE(check, !posix_look(check, name).exists, .expected = "no object when the writer has ended",
            .found = "it is still there");
}

static const struct check_case cases[] = {
    {.name = "builds",
     .points = 5,
     .title = "Every program of the lab compiles",
     .concept = "a program that compiles",
     .hints = {"", "", ""},
     .limit = LIMIT_QUICK,
     .run = check_builds},
    {.name = "removes",
     .points = 5,
     .title = "The writer removes its object at Enter",
     .concept = "lifetime of a POSIX object",
     .hints = {"", "", ""},
     .needs = {"builds"},
     .limit = LIMIT_QUICK,
     .run = writer_removes},
    {.name = "leaks",
     .points = 5,
     .title = "Nothing is left behind",
     .concept = "ownership of IPC objects",
     .hints = {"", "", ""},
     .limit = LIMIT_QUICK,
     .last = true,
     .run = check_leaks},
};

const struct lab lab1_layout = {
    .name = "lab1_layout",
    .title = "memory layout",
    .files = {"shared_data.h", "layout.c", "shared_data.py"},
    .programs = {{"layout", {"layout.c"}, LINK_COMMON}, {"writer", {"writer.c", "sample.c"}, LINK_COMMON}},
    .cases = cases,
    .case_count = sizeof cases / sizeof cases[0],
};
