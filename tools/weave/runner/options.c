/* Parsing the command line. */
#include "options.h"

#include "compile.h"
#include "findings.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DEFAULT_BOUND = 2,
    DEFAULT_OLD_VALUES = 1,
    MOST_OLD_VALUES = 100,
    DELAYED_STORES = 1, /* with --tso: one is enough for every wrong program that we know */
    DEFAULT_RUNS = 200000,
    RANDOM_RUNS = 1000,
    DEFAULT_SECONDS = 60,
    DEFAULT_STEPS = 20000,
    MANY_PROCESSES = 3, /* from here on preemption bounding explodes: free choices at every blocking call */
};

enum long_option {
    OPTION_BOUND = 256,
    OPTION_UNBOUNDED,
    OPTION_STRATEGY,
    OPTION_RUNS,
    OPTION_SEED,
    OPTION_DELAY,
    OPTION_PREEMPT,
    OPTION_NO_PRUNE,
    OPTION_NO_REUSE,
    OPTION_KEEP_GOING,
    OPTION_TIME_LIMIT,
    OPTION_MAX_STEPS,
    OPTION_HANG,
    OPTION_TSO,
    OPTION_WEAK,
    OPTION_EVERY_ACCESS,
    OPTION_NO_SPURIOUS,
    OPTION_KILL,
    OPTION_FIRST,
    OPTION_DAEMON,
    OPTION_INPUT,
    OPTION_EXPECT_EXIT,
    OPTION_EXPECT_OUTPUT,
    OPTION_EXPECT_LINES,
    OPTION_IGNORE,
    OPTION_JSON,
    OPTION_HTML,
    OPTION_AGAIN,
    OPTION_NO_MAPS,
    OPTION_SEALED,
    OPTION_LAYOUT,
    OPTION_STRUCT,
    OPTION_NO_TRAP,
    OPTION_SHOW_OUTPUT,
    OPTION_COLOUR,
    OPTION_REPLAY,
    OPTION_VERSION,
};

static const struct option known[] = {
    {"bound", required_argument, NULL, OPTION_BOUND},
    {"unbounded", no_argument, NULL, OPTION_UNBOUNDED},
    {"strategy", required_argument, NULL, OPTION_STRATEGY},
    {"runs", required_argument, NULL, OPTION_RUNS},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"delay", no_argument, NULL, OPTION_DELAY},
    {"preempt", no_argument, NULL, OPTION_PREEMPT},
    {"no-prune", no_argument, NULL, OPTION_NO_PRUNE},
    {"no-reuse", no_argument, NULL, OPTION_NO_REUSE},
    {"keep-going", no_argument, NULL, OPTION_KEEP_GOING},
    {"time-limit", required_argument, NULL, OPTION_TIME_LIMIT},
    {"max-steps", required_argument, NULL, OPTION_MAX_STEPS},
    {"hang", required_argument, NULL, OPTION_HANG},
    {"tso", no_argument, NULL, OPTION_TSO},
    {"weak", optional_argument, NULL, OPTION_WEAK},
    {"every-access", no_argument, NULL, OPTION_EVERY_ACCESS},
    {"no-spurious", no_argument, NULL, OPTION_NO_SPURIOUS},
    {"kill", required_argument, NULL, OPTION_KILL},
    {"first", required_argument, NULL, OPTION_FIRST},
    {"daemon", required_argument, NULL, OPTION_DAEMON},
    {"input", required_argument, NULL, OPTION_INPUT},
    {"expect-exit", required_argument, NULL, OPTION_EXPECT_EXIT},
    {"expect-output", required_argument, NULL, OPTION_EXPECT_OUTPUT},
    {"expect-lines", required_argument, NULL, OPTION_EXPECT_LINES},
    {"ignore", required_argument, NULL, OPTION_IGNORE},
    {"json", required_argument, NULL, OPTION_JSON},
    {"html", required_argument, NULL, OPTION_HTML},
    {"again", required_argument, NULL, OPTION_AGAIN},
    {"no-maps", no_argument, NULL, OPTION_NO_MAPS},
    {"sealed", no_argument, NULL, OPTION_SEALED},
    {"layout", required_argument, NULL, OPTION_LAYOUT},
    {"struct", required_argument, NULL, OPTION_STRUCT},
    {"no-trap", no_argument, NULL, OPTION_NO_TRAP},
    {"show-output", no_argument, NULL, OPTION_SHOW_OUTPUT},
    {"colour", required_argument, NULL, OPTION_COLOUR},
    {"replay", required_argument, NULL, OPTION_REPLAY},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {0},
};

void options_usage(void)
{
    puts("Usage: weave [options] -- PROGRAM [ARG...] -- PROGRAM [ARG...] ...\n"
         "       weave replay [options] SCHEDULE -- PROGRAM [ARG...] -- ...\n"
         "       weave cc [--compiler=gcc] COMPILER-ARGUMENT...\n"
         "\n"
         "  weave cc -g sender.c -o sender && weave cc -g receiver.c -o receiver\n"
         "  weave --html race.html -- ./sender -- ./receiver\n"
         "\n"
         "Runs programs that share memory under every order of their steps (within a bound), and reports data races,\n"
         "deadlocks, lost messages and misuse, with a schedule that reproduces them. Compile them with `weave cc`.\n"
         "Processes are numbered from 1, in the order of the command line.\n"
         "\n"
         "Which schedules:\n"
         "  --bound N            unforced switches in a schedule (2); bounds 0, 1, ... N are searched in turn\n"
         "  --unbounded          all schedules\n"
         "  --strategy S         dfs (systematic), pct or random\n"
         "  --runs N             at most so many (dfs 200000, a replay 1, else 1000)\n"
         "  --seed N             for pct and random (1)\n"
         "  --preempt, --delay   what counts for the bound: preemptions (default for two processes) or every "
         "deviation\n"
         "                       from round robin (for three and more)\n"
         "  --every-access       plain accesses are places to switch, too\n"
         "  --tso                stores may wait in a store buffer, as on x86: once in a run\n"
         "  --weak[=N]           weak memory, as C allows it: up to N (1) loads of a run read an old value, or stores\n"
         "                       come before newer ones\n"
         "  --no-spurious        condition variables wake up only when signalled\n"
         "  --kill P[:STEP]      kill process P at this step; without a step, at each one in turn\n"
         "  --no-prune           run equivalent schedules, too\n"
         "  --no-reuse           new processes for every schedule\n"
         "  --replay SCHEDULE    run this one\n"
         "\n"
         "How the programs are run:\n"
         "  --first P            process P starts alone; the others start when it first waits or ends\n"
         "  --daemon P           process P is a server that need not end (may be repeated)\n"
         "  --input P:FILE       standard input of process P (otherwise it is empty, /dev/null)\n"
         "\n"
         "What counts as failure, besides what goes wrong by itself:\n"
         "  --expect-exit P:N    process P ends with status N (0); `P:any` for all\n"
         "  --expect-output P:F  process P prints exactly what file F contains\n"
         "  --expect-lines F     all processes together print the lines of F, in any order\n"
         "  --ignore CAUSE       this cause does not count (may be repeated)\n"
         "  --keep-going         go on after the first failure\n"
         "\n"
         "Limits:\n"
         "  --time-limit S       wall clock seconds for everything (60)\n"
         "  --max-steps N        steps of one run (20000)\n"
         "  --hang S             processor seconds without a step until a process counts as looping (1)\n"
         "\n"
         "Programs that nobody trusts:\n"
         "  --sealed             the programs can write to no file outside /dev/shm, and make no user namespaces\n"
         "  --json fd:N          to a descriptor that was inherited; the programs do not get it\n"
         "\n"
         "Output:\n"
         "  --json FILE          the result and the trace of the failure, see tools/weave/json.md\n"
         "  --html FILE          the failure as a page for a browser: step by step, with memory and source\n"
         "  --again COMMAND      what reports name to repeat the failure (\"weave replay ...\")\n"
         "  --struct NAME        the C structure in the segment (default: the one of its size)\n"
         "  --layout FILE        lines \"offset size name\" instead\n"
         "  --no-maps            look for names and lines in the programs' files only, as where /proc may not be read\n"
         "  --no-trap            programs without instrumentation: watch synchronisation only, not every access\n"
         "  --show-output        let the programs print\n"
         "  --colour WHEN        always, never or auto\n"
         "  -q, --quiet          only the verdict\n"
         "  --version            which weave this is\n"
         "\n"
         "Exit status: 0 nothing found, 1 a failure was found, 2 wrong usage, 3 the programs could not be judged.");
}

static int options_complain(const char *what, const char *value)
{
    fprintf(stderr, "weave: %s: %s: see `weave --help`\n", what, value);
    return -1;
}

/* A file that is to be read later: now is the time to say that it cannot. */
static int options_readable(const char *path)
{
    struct stat status;
    if (access(path, R_OK) != 0 || stat(path, &status) != 0)
        return options_complain(path, strerror(errno));
    return S_ISDIR(status.st_mode) ? options_complain(path, strerror(EISDIR)) : 0;
}

static int options_number(const char *text, unsigned long most, unsigned long *number)
{
    char *end;
    errno = 0;
    *number = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || *number > most)
        return options_complain("not a number in range", text);
    return 0;
}

/* The same, but 0 would mean that nothing is done. */
static int options_count(const char *text, unsigned long most, unsigned long *number)
{
    if (options_number(text, most, number) != 0)
        return -1;
    return *number == 0 ? options_complain("nothing would be run", text) : 0;
}

static int options_strategy(struct options *options, const char *name)
{
    static const char *const names[] = {"dfs", "pct", "random"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0) {
            options->search.strategy = (enum strategy)i;
            return 0;
        }
    return options_complain("unknown strategy", name);
}

/* "P:VALUE" with P from 1; returns the process from 0 or -1. */
static int options_process(const char *text, const char **value)
{
    char *end;
    unsigned long process = strtoul(text, &end, 10);
    *value = *end == ':' ? end + 1 : NULL;
    if (end == text || process < 1 || process > WEAVE_PROCESSES || (*end != ':' && *end != '\0'))
        return options_complain("not of the form PROCESS:VALUE", text);
    return (int)process - 1;
}

static int options_kill(struct options *options, const char *text)
{
    const char *step;
    unsigned long number = 0;
    options->session.kill_process = options_process(text, &step);
    options->kill_sweep = step == NULL;
    if (options->session.kill_process < 0 || (step != NULL && options_number(step, INT32_MAX, &number) != 0))
        return -1;
    options->session.kill_step = (int)number;
    options->named |= 1u << options->session.kill_process;
    return 0;
}

/* A process and nothing else; -1 after a complaint. */
static int options_only_process(const char *text)
{
    const char *value;
    int process = options_process(text, &value);
    return process < 0 || value == NULL ? process : options_complain("not the number of a process", text);
}

static int options_role(struct options *options, int option, const char *text)
{
    int process = options_only_process(text);
    if (process < 0)
        return -1;
    if (option == OPTION_FIRST)
        options->session.first = process;
    else
        options->session.daemons |= 1u << process;
    return 0;
}

static int options_expect(struct options *options, int option, const char *text)
{
    const char *value;
    int process = options_process(text, &value);
    unsigned long status;
    if (process < 0 || value == NULL)
        return process < 0 ? -1 : options_complain("not of the form PROCESS:VALUE", text);
    if (option == OPTION_EXPECT_OUTPUT || option == OPTION_INPUT) {
        *(option == OPTION_INPUT ? &options->program[process].input : &options->program[process].expected_output) =
            value;
        return options_readable(value);
    }
    options->named |= 1u << process;
    if (strcmp(value, "any") != 0 && options_number(value, UINT8_MAX, &status) != 0)
        return -1;
    options->expected_exit[process] = strcmp(value, "any") == 0 ? EXPECT_ANY_EXIT : (int)status;
    options->exit_chosen |= 1u << process;
    return 0;
}

static int options_seconds(const char *text, double *seconds)
{
    char *end;
    *seconds = strtod(text, &end);
    return end == text || *end != '\0' || *seconds <= 0 ? options_complain("not a time in seconds", text) : 0;
}

static int options_search_option(struct options *options, int option, const char *value)
{
    unsigned long number = 0;
    switch (option) {
    case OPTION_BOUND:
        if (options_number(value, SEARCH_UNBOUNDED - 1, &number) != 0)
            return -1;
        options->search.bound = (int)number;
        break;
    case OPTION_UNBOUNDED:
        options->search.bound = SEARCH_UNBOUNDED;
        options->search.iterate = false;
        break;
    case OPTION_STRATEGY:
        return options_strategy(options, value);
    case OPTION_RUNS:
        if (options_count(value, INT32_MAX, &number) != 0)
            return -1;
        options->search.most_runs = (uint32_t)number;
        break;
    case OPTION_SEED:
        if (options_number(value, INT32_MAX, &number) != 0)
            return -1;
        options->search.seed = number;
        break;
    case OPTION_DELAY:
    case OPTION_PREEMPT:
        options->search.delay = option == OPTION_DELAY;
        options->cost_chosen = true;
        break;
    case OPTION_NO_PRUNE:
        options->search.prune = false;
        break;
    case OPTION_NO_REUSE:
        options->session.no_reuse = true;
        break;
    case OPTION_KEEP_GOING:
        options->search.keep_going = true;
        break;
    case OPTION_REPLAY:
        options->replay = value;
        break;
    default:
        return 1;
    }
    return 0;
}

static int options_session_option(struct options *options, int option, const char *value)
{
    unsigned long number = 0;
    switch (option) {
    case OPTION_TIME_LIMIT:
        return options_seconds(value, &options->session.time_limit);
    case OPTION_HANG:
        return options_seconds(value, &options->session.hang_seconds);
    case OPTION_MAX_STEPS:
        if (options_count(value, INT32_MAX, &number) != 0)
            return -1;
        options->session.max_steps = (uint32_t)number;
        break;
    case OPTION_TSO:
        options->session.store_buffers = true;
        options->search.old_bound = DELAYED_STORES;
        break;
    case OPTION_WEAK:
        if (value != NULL && options_number(value, MOST_OLD_VALUES, &number) != 0)
            return -1;
        options->session.weak = value == NULL ? DEFAULT_OLD_VALUES : (int)number;
        options->search.old_bound = options->session.weak;
        break;
    case OPTION_EVERY_ACCESS:
        options->session.every_access = true;
        break;
    case OPTION_NO_SPURIOUS:
        options->session.spurious = false;
        break;
    case OPTION_KILL:
        return options_kill(options, value);
    case OPTION_FIRST:
    case OPTION_DAEMON:
        return options_role(options, option, value);
    case OPTION_INPUT:
    case OPTION_EXPECT_EXIT:
    case OPTION_EXPECT_OUTPUT:
        return options_expect(options, option, value);
    case OPTION_SHOW_OUTPUT:
        options->session.show_output = true;
        break;
    default:
        return 1;
    }
    return 0;
}

/* Opened before a program runs, for then the path may lead elsewhere. Emptied only when there is something to write. */
static int options_open(const char *name, const char *value, int *descriptor)
{
    static const char inherited[] = "fd:";
    unsigned long number;
    if (*descriptor >= 0)
        return options_complain("only one", name);
    if (strncmp(value, inherited, sizeof inherited - 1) != 0) {
        *descriptor = open(value, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    } else {
        if (options_number(value + sizeof inherited - 1, INT_MAX, &number) != 0)
            return -1;
        if (fcntl((int)number, F_SETFD, FD_CLOEXEC) == 0)
            *descriptor = (int)number;
    }
    return *descriptor >= 0 ? 0 : options_complain(value, strerror(errno));
}

static int options_output_option(struct options *options, int option, const char *value)
{
    switch (option) {
    case OPTION_EXPECT_LINES:
        options->expected_lines = value;
        return options_readable(value);
    case OPTION_IGNORE:
        if (!findings_know(value))
            return options_complain("not a cause (json.md lists them)", value);
        if (options->ignored == (int)(sizeof options->ignore / sizeof options->ignore[0]))
            return options_complain("too many", "--ignore");
        options->ignore[options->ignored++] = value;
        break;
    case OPTION_JSON:
        options->json = value;
        return options_open("--json", value, &options->json_descriptor);
    case OPTION_HTML:
        options->html = value;
        return options_open("--html", value, &options->html_descriptor);
    case OPTION_NO_MAPS:
        options->session.no_maps = true;
        break;
    case OPTION_AGAIN:
        options->again = value;
        break;
    case OPTION_SEALED:
        options->session.sealed = true;
        break;
    case OPTION_LAYOUT:
        options->layout = value;
        return options_readable(value);
    case OPTION_STRUCT:
        options->structure = value;
        break;
    case OPTION_NO_TRAP:
        options->no_trap = true;
        break;
    case OPTION_COLOUR:
        if (strcmp(value, "always") != 0 && strcmp(value, "never") != 0 && strcmp(value, "auto") != 0)
            return options_complain("not always, never or auto", value);
        options->colour = strcmp(value, "always") == 0 || (strcmp(value, "auto") == 0 && isatty(STDOUT_FILENO));
        break;
    case 'q':
        options->quiet = true;
        break;
    case 'h':
        options_usage();
        exit(EXIT_PASSED);
    case OPTION_VERSION:
        puts("weave " WEAVE_VERSION);
        exit(EXIT_PASSED);
    default:
        return -1; /* getopt has complained */
    }
    return 0;
}

/* ---- programs ---- */

static int program_find(struct program *program)
{
    const char *name = program->argv[0], *path = getenv("PATH");
    if (strchr(name, '/') != NULL) {
        snprintf(program->path, sizeof program->path, "%s", name);
        return access(name, X_OK);
    }
    for (const char *end; path != NULL && *path != '\0'; path = *end == ':' ? end + 1 : end) {
        end = path + strcspn(path, ":");
        snprintf(program->path, sizeof program->path, "%.*s/%s", (int)(end - path), path, name);
        if (access(program->path, X_OK) == 0)
            return 0;
    }
    errno = ENOENT;
    return -1;
}

static int program_complain(const struct program *program)
{
    int reason = errno;
    const char *name = program->argv[0];
    bool here = strchr(name, '/') == NULL && access(name, X_OK) == 0;
    if (here)
        fprintf(stderr, "weave: %s is in this folder, but not in PATH: write ./%s\n", name, name);
    return here ? -1 : options_complain(name, strerror(reason));
}

/* What the file itself tells: see `weave cc`. */
static void program_inspect(struct program *program)
{
    int descriptor = open(program->path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (descriptor >= 0 && fstat(descriptor, &status) == 0 && status.st_size > (off_t)sizeof(Elf64_Ehdr)) {
        size_t size = (size_t)status.st_size;
        void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (bytes != MAP_FAILED) {
            /* Compiled with our callbacks: the file asks for __tsan_init and is not linked with the thread sanitizer.
             */
            static const char callback[] = "__tsan_init";
            program->instrumented =
                memcmp(bytes, ELFMAG, SELFMAG) == 0 && memmem(bytes, size, callback, sizeof callback) != NULL;
            const char *names = memmem(bytes, size, UNWATCHED_MARK, strlen(UNWATCHED_MARK));
            if (names != NULL && program->instrumented)
                snprintf(program->unwatched, sizeof program->unwatched, "%s", names + strlen(UNWATCHED_MARK));
            munmap(bytes, size);
        }
    }
    if (descriptor >= 0)
        close(descriptor);
}

static int options_programs(struct options *options, int argc, char **argv)
{
    int first = 0;
    for (int i = 0; i <= argc; i++) {
        if (i < argc && strcmp(argv[i], "--") != 0)
            continue;
        if (i > first) {
            if (options->session.programs == WEAVE_PROCESSES)
                return options_complain("too many programs", argv[first]);
            options->program[options->session.programs++].argv = &argv[first];
        }
        argv[i] = NULL; /* ends this program's arguments; argv[argc] is NULL already */
        first = i + 1;
    }
    if (options->session.programs == 0)
        return options_complain("no program", "give at least one after `--`");
    for (int i = 0; i < options->session.programs; i++) {
        struct program *program = &options->program[i];
        if (program_find(program) != 0)
            return program_complain(program);
        program_inspect(program);
        program->trap = !program->instrumented && !options->no_trap;
    }
    return 0;
}

/* `weave ./program` is what everybody tries first. */
static int options_unexpected(int argc, char **argv, int own)
{
    const char *word = argv[optind];
    if (access(word, X_OK) != 0)
        return options_complain("unexpected argument", word);
    fprintf(stderr, "weave: put -- before each program: weave -- %s%s\n", word,
            own == argc && optind + 1 == argc ? " -- OTHER-PROGRAM" : " ...");
    return -1;
}

/* Options that speak of one process speak of one that there is. Children have numbers, too, from the first free one
 * on: whether there are so many shows later. */
static int options_fit(struct options *options)
{
    char number[16];
    for (int i = 0; i < WEAVE_PROCESSES; i++) {
        snprintf(number, sizeof number, "%d", i + 1);
        bool program = i < options->session.programs;
        const struct program *it = &options->program[i];
        if (!program && (it->expected_output != NULL || it->input != NULL || options->session.first == i ||
                         options->session.daemons >> i & 1))
            return options_complain("an option names a program: there is no such program", number);
        if (!(options->exit_chosen >> i & 1))
            options->expected_exit[i] = program ? EXIT_SUCCESS : EXPECT_ANY_EXIT;
    }
    return 0;
}

/* Columns of the terminal on standard output; 0: it is none, or does not say. */
static int terminal_width(void)
{
    struct winsize size;

    return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static void options_defaults(struct options *options)
{
    *options = (struct options){
        .search = {.bound = DEFAULT_BOUND, .iterate = true, .prune = true, .seed = 1},
        .session = {.hang_seconds = 1,
                    .time_limit = DEFAULT_SECONDS,
                    .max_steps = DEFAULT_STEPS,
                    .kill_process = -1,
                    .kill_step = -1,
                    .first = -1,
                    .spurious = true},
        .json_descriptor = -1,
        .html_descriptor = -1,
        .colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL,
        .width = terminal_width(),
    };
    options->session.program = options->program;
}

int options_parse(struct options *options, int argc, char **argv)
{
    bool stepping = options->stepping;
    options_defaults(options);
    options->stepping = stepping;
    int own = 1; /* arguments before the first "--" are ours */
    while (own < argc && strcmp(argv[own], "--") != 0)
        own++;
    optind = 1;
    for (int option; (option = getopt_long(own, argv, "qh", known, NULL)) != -1;) {
        int result = options_search_option(options, option, optarg);
        if (result > 0)
            result = options_session_option(options, option, optarg);
        if (result > 0)
            result = options_output_option(options, option, optarg);
        if (result != 0)
            return -1;
    }
    if (options->stepping && optind < own)
        options->replay = argv[optind++];
    if (options->stepping && options->replay == NULL)
        return options_complain("replay", "which schedule?");
    if (optind < own)
        return options_unexpected(argc, argv, own);
    if (options->session.weak > 0 && options->session.store_buffers)
        return options_complain("--tso and --weak", "one or the other: --weak has all that --tso has, and more");
    if (options_programs(options, argc - own, argv + own) != 0 || options_fit(options) != 0)
        return -1;
    if (!options->cost_chosen)
        options->search.delay = options->session.programs >= MANY_PROCESSES;
    if (options->search.most_runs == 0)
        options->search.most_runs = options->replay != NULL                    ? 1
                                    : options->search.strategy == STRATEGY_DFS ? DEFAULT_RUNS
                                                                               : RANDOM_RUNS;
    return 0;
}
