/*
 * What a student hands in: the archive, as the child of unpack.c reads it, and the pipe, as its parent does. The first
 * byte says which.
 */
#include "../../tools/grader/unpack.c" /* first: it says which functions of the C library are declared */

#include "fuzz.h"

static const struct lab some_lab = {.name = "lab3_handshake", .files = {"writer.c", "reader.c", NULL}};
const struct lab *const judge_labs[LABS_MAX + 1] = {&some_lab, NULL};

static void met_check(struct unpacked *met, void *data)
{
    size_t *count = data;

    ++*count;
    fuzz_require(met->kind >= UNPACKED_TAKEN && met->kind < UNPACKED_END, "the kind is known");
    fuzz_require(met->kind != UNPACKED_TAKEN || (met->lab == 0 && met->file >= 0 && met->file < 2),
                 "the file is a lab's");
    fuzz_require(met->path != NULL && strlen(met->path) <= UNPACK_PATH, "a path that fits");
    fuzz_require(met->size <= UNPACK_FILE, "a size that fits");
}

static void pipe_read(const uint8_t *data, size_t size)
{
    size_t count = 0;
    int channel = open(fuzz_file(data, size), O_RDONLY | O_CLOEXEC);

    fuzz_require(channel != -1, "the file can be opened");
    all_receive(channel, met_check, &count);
    close(channel);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const bool labs[LABS_MAX] = {true};
    static struct reading reading;
    static int channel = -1;

    if (channel == -1) /* where the child writes */
        channel = dup2(fileno(fuzz_nowhere()), CHANNEL);
    if (size == 0)
        return 0;
    if (data[0] == 'p') {
        pipe_read(data + 1, size - 1);
    } else if (size > 1) {
        reading = (struct reading){.labs = labs, .top = ""};
        archive_take(&reading, data + 1, size - 1, NULL);
        nested_take(&reading, 0);
    }
    return 0;
}
