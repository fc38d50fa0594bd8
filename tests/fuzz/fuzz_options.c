/* weave's command line, and schedules, which people copy out of reports. Its words are the input's lines. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

static jmp_buf ended;
static int opened = -1;

/* No file of this machine is opened or made, whatever a line says; --help ends the parsing, not us. */
static int nothing_open(const char *path)
{
    (void)path;
    return opened = memfd_create("fuzz", MFD_CLOEXEC);
}
#define WEAVE_VERSION   "fuzz"
#define open(path, ...) nothing_open(path)
#define exit(status)    longjmp(ended, 1)
#include "../../tools/weave/runner/options.c"
#undef exit
#undef open

enum { WORDS = 64 };

static void schedule_check(const char *text)
{
    static struct schedule schedule;

    if (schedule_parse(&schedule, text) == 0)
        fuzz_require(schedule.length <= WEAVE_DECISIONS, "a schedule is no longer than the longest");
}

/* A parse that ended early leaves getopt within a word; 0 lets it begin again: getopt(3). weave parses once. */
static void parser_reset(void)
{
    char *nothing[] = {(char *)"weave", NULL};

    optind = 0;
    getopt_long(1, nothing, "", known, NULL);
}

/* Apart from its caller, whose variables longjmp could spoil: setjmp(3). */
static void parse(struct options *options, int count, char *words[])
{
    parser_reset();
    opened = -1;
    if (setjmp(ended) == 0)
        options_parse(options, count, words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct options options;
    static char *text;
    char *words[WORDS + 2] = {(char *)"weave"};
    int count = 1;

    text = fuzz_text(data, size);
    schedule_check(text);
    for (char *save = NULL, *word = strtok_r(text, "\n", &save); word != NULL && count <= WORDS;
         word = strtok_r(NULL, "\n", &save))
        words[count++] = word;
    parse(&options, count, words);
    if (opened != -1)
        close(opened); /* options_parse has closed the others; EBADF: this one, too */
    free(text);
    return 0;
}
