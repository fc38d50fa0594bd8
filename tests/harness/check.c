/* A running check, inside its own process: see check.h. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "context.h"
#include "crash.h"
#include "crowd.h"
#include "ends.h"
#include "family.h"
#include "objects.h"
#include "text.h"
#include "toolchain.h"
#include "verdict.h"

const struct check_limits check_limits[LIMITS] = {
    [LIMIT_QUICK] = {.whole = 30, .wait = 10},
    [LIMIT_BUILD] = {.whole = 90, .wait = 20},
    [LIMIT_LONG] = {.whole = 180, .wait = 30},
    [LIMIT_EXPLORE] = {.whole = 300, .wait = 120},
};

enum { ARGUMENTS = 64, ENVIRONMENT = 16, TAIL_LINES = 6, KILLED = 256 + SIGKILL };

/* Every program's: Python leaves nothing behind and keeps nothing back, and no library starts a thread for
 * each processor of a large machine. */
static const char *const environment_always[] = {"PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1",
                                                 "OPENBLAS_NUM_THREADS=1", NULL};

/* ---- Memory of the check: freed by the end of its process ---- */

void *check_memory(struct check *check, size_t size)
{
    void *memory = calloc(1, size > 0 ? size : 1);

    if (memory == NULL)
        check_broken(check, "no memory for %zu bytes", size);
    return memory;
}

const char *check_text(struct check *check, const char *format, ...)
{
    va_list list;
    char *text;

    va_start(list, format);
    int length = vasprintf(&text, format, list);
    va_end(list);
    if (length == -1)
        check_broken(check, "no memory for a text");
    return text;
}

const struct lab *check_lab(const struct check *check)
{
    return check->lab;
}

const char *check_folder(const struct check *check)
{
    return check->folder;
}

const char *check_scratch(struct check *check)
{
    return check->scratch;
}

char *check_read(struct check *check, const char *path, size_t *length)
{
    size_t size;
    char *text = text_read(path, &size);

    (void)check;
    if (length != NULL)
        *length = text != NULL ? size : 0;
    return text;
}

int check_line(struct check *check, const char *file, const char *text)
{
    char *source = check_read(check, check_text(check, "%s/%s", check->folder, file), NULL);
    int line = source != NULL ? text_line_of(source, text) : 0;

    free(source);
    return line;
}

void check_note(struct check *check, const char *format, ...)
{
    va_list list;

    fputs("# ", check->transcript);
    va_start(list, format);
    vfprintf(check->transcript, format, list);
    va_end(list);
    fputc('\n', check->transcript);
}

void check_varies(struct check *check, const char *label, const char *text)
{
    json_array_append_new(check->varies, json_pack("[s, s]", label, text));
}

/* ---- The record ---- */

static void program_log(struct program *program)
{
    FILE *transcript = program->check->transcript;
    const struct process *process = &program->process;

    if (program->logged > process->length) /* the middle was dropped */
        program->logged = process->length;
    text_print_indented(transcript, check_text(program->check, "%s| ", program->short_name),
                        process->text + program->logged);
    program->logged = process->length;
}

static void programs_stop(struct check *check)
{
    for (size_t i = 0; i < check->program_count; i++) {
        struct program *program = check->programs[i];
        if (program->ended)
            continue;
        process_drain(&program->process);
        program_log(program);
        fprintf(check->transcript, "# %s still runs: killed\n", program->short_name);
        check->ledger->interfered = true;
        process_close(&program->process);
    }
    family_kill(NULL, 0); /* what the programs started and left alone */
}

static void record_text(json_t *record, const char *key, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    char *clean = text_plain(text);
    json_object_set_new(record, key, json_string(clean));
    free(clean);
}

/* What a program may have printed: as much of it as a person reads. */
static void record_output(json_t *record, const char *key, const char *text)
{
    char *clip = text_clip(text != NULL ? text : "");

    record_text(record, key, clip);
    free(clip);
}

/* Has a program of it crashed at an address? Another run can tell where. */
static bool crash_seen(const struct check *check)
{
    return check->told == 256 + SIGSEGV || check->told == 256 + SIGBUS;
}

static _Noreturn void check_end(struct check *check, enum outcome outcome, const struct finding *finding)
{
    check_varies(check, "folder", check_scratch(check)); /* last: a check may have named a part of it before */
    json_t *record = json_pack("{s:s, s:O}", "outcome", outcome_name(outcome), "varies", check->varies);

    record_text(record, "expected", finding->expected);
    record_output(record, "found", finding->found);
    record_text(record, "file", finding->file);
    if (finding->line > 0)
        json_object_set_new(record, "line", json_integer(finding->line));
    record_text(record, "cause", finding->cause);
    record_text(record, "next", finding->next);
    record_text(record, "compiler", finding->compiler);
    if (outcome == OUTCOME_FAILED)
        record_text(record, "ended", ends_word(check));
    if (outcome == OUTCOME_FAILED && !check->crash_watch && !check->sanitized && crash_seen(check))
        json_object_set_new(record, "look_again", json_true());
    if (check->crowded)
        record_text(record, "limit", check_text(check, "a program started more than %d processes: ended", CROWD_MANY));
    else if (check->flooded)
        record_text(record, "limit",
                    check_text(check, "a program printed more than %d MiB: ended", PROCESS_OUTPUT >> 20));
    record_text(record, "heir", check->heir);
    if (check->replay != NULL)
        json_object_set(record, "replay", check->replay);
    if (check->page != NULL)
        json_object_set(record, "page", check->page);
    programs_stop(check);
    fprintf(check->transcript, "# %s\n", outcome_name(outcome));
    if (finding->expected != NULL)
        fprintf(check->transcript, "# expected: %s\n", finding->expected);
    if (finding->found != NULL)
        fprintf(check->transcript, "# found: %s\n", finding->found);
    fclose(check->transcript);
    json_dumpfd(record, check->record, JSON_COMPACT);
    _exit(EXIT_SUCCESS); /* all that the check owned was memory and descriptors of this process */
}

/* ---- A machine's fault is not a student's ---- */

static const char *machine_text(struct check *check, const struct machine_answer *answer)
{
    return check_text(check, "%s; %s", answer->what, answer->cure);
}

/* Without these no check can say anything; with what the others lack a program may still be right. */
static void machine_look(struct check *check)
{
    const struct machine_answer folder = machine_folder(check->scratch), files = machine_files();
    bool pictures = false;

    for (size_t i = 0; i < LAB_PROGRAMS && check->lab->programs[i].name != NULL; i++)
        pictures = pictures || check->lab->programs[i].link == LINK_VISION;
    if (!folder.good)
        check_unjudged(check, machine_text(check, &folder));
    if (!files.good)
        check_unjudged(check, machine_text(check, &files));
    /* before the programs run: what these take is not the machine's lack */
    check->processes = crowd_limit();
    if (check->place == NULL && !crowd_group_make(getpid(), check->group)) /* behind walls there is one already */
        check->group[0] = '\0';
    check->posix = machine_posix(pictures ? MACHINE_PICTURES : MACHINE_PLAIN);
    check->sysv = machine_sysv();
}

static bool check_drew(const struct check *check, enum ledger_kind kind)
{
    for (int i = 0; i < check->ledger->objects; i++)
        if (check->ledger->object[i].kind == kind)
            return true;
    return false;
}

/* Why a check that did not pass says nothing about the programs; NULL: it does. */
static const char *machine_fault(struct check *check)
{
    if (!check->posix.good && (check_drew(check, LEDGER_NAME) || check_drew(check, LEDGER_OWN)))
        return machine_text(check, &check->posix);
    if (!check->sysv.good && check_drew(check, LEDGER_KEY))
        return machine_text(check, &check->sysv);
    for (size_t i = 0; check->sanitized && i < check->program_count; i++)
        if (machine_refused_sanitizer(check->programs[i]->process.text))
            return "a sanitizer could not start, whatever the program did: see the transcript, and make doctor";
    return NULL;
}

/* Neither failing nor passing says anything when the library that was to let calls fail did not get in. */
static void shim_require(struct check *check)
{
    for (size_t i = 0; i < check->program_count; i++) {
        const struct program *program = check->programs[i];
        if (program->ended && program->status >= 0 && program->status != KILLED && !program_shimmed(program))
            check_broken(check,
                         "calls of %s could not be made to fail or be written down: " TOOLCHAIN_SHIM
                         " did not get into it; the transcript has what the loader says, make doctor tries it",
                         program->short_name);
    }
}

/* ---- The end of a program ---- */

/* How it has ended, whether or not somebody has waited for it; -1: it has not. */
static int program_status(const struct program *program)
{
    siginfo_t info = {.si_pid = 0};

    if (program->ended)
        return program->status;
    if (program->process.pid <= 0 ||
        waitid(P_PID, (id_t)program->process.pid, &info, WEXITED | WNOHANG | WNOWAIT) == -1 || info.si_pid == 0)
        return -1;
    return info.si_code == CLD_EXITED ? info.si_status : 256 + info.si_status;
}

/* The first program that crashed or was ended for what it printed: other programs wait for it, and what is found is
 * said of them. Adds to the finding what it does not say. NULL: there is none. */
static const struct program *finding_complete(struct check *check, struct finding *finding)
{
    const char *found = finding->found != NULL ? finding->found : "";

    for (size_t i = 0; i < check->program_count; i++) {
        struct program *program = check->programs[i];
        int status = program_status(program);
        bool flood = program->process.printed > PROCESS_OUTPUT;
        if (!flood && !ends_crashed(status))
            continue;
        check->flooded |= flood;
        const char *end = flood ? check_text(check, "printed more than %d MiB and was ended", PROCESS_OUTPUT >> 20)
                                : check_text(check, "was %s", status_text(check, status));
        if (strstr(found, flood ? " MiB and was ended" : strsignal(status - 256)) == NULL)
            finding->found =
                check_text(check, "%s%s`%s` %s", found, found[0] != '\0' ? "\n" : "", program->command, end);
        return program;
    }
    if (check->heir != NULL && strstr(found, check->heir) == NULL)
        finding->found = check_text(check, "%s\n(a process that `%s` started lived on after it)", found, check->heir);
    return NULL;
}

#define EITHER(member) .member = finding->member ? finding->member : check->advice.member

void check_fail(struct check *check, const struct finding *finding)
{
    bool same_place = finding->file == NULL; /* a line belongs to its file */
    struct finding whole = {EITHER(expected), EITHER(found), EITHER(file), EITHER(cause), EITHER(next)};

    const char *fault = machine_fault(check);
    if (fault != NULL)
        check_unjudged(check, fault);
    shim_require(check);
    whole.compiler = finding->compiler;
    const struct program *ended = finding_complete(check, &whole);
    ends_explain(check, &whole);
    whole.line = finding->line != 0 || !same_place ? finding->line : check->advice.line;
    if (ended != NULL)
        crash_explain(ended, &whole);
    check_end(check, OUTCOME_FAILED, &whole);
}

void check_advise(struct check *check, const struct finding *finding)
{
    check->advice = *finding;
}

void check_skip(struct check *check, const char *reason)
{
    check_end(check, OUTCOME_SKIPPED, &(struct finding){.found = reason});
}

void check_unjudged(struct check *check, const char *reason)
{
    check_end(check, OUTCOME_UNJUDGED, &(struct finding){.found = reason});
}

void check_broken(struct check *check, const char *what, ...)
{
    char text[512];
    va_list list;

    va_start(list, what);
    vsnprintf(text, sizeof text, what, list);
    va_end(list);
    const char *fault = machine_fault(check);
    if (fault != NULL)
        check_unjudged(check, fault);
    check_end(check, OUTCOME_ERROR, &(struct finding){.found = text});
}

static struct check *running; /* in this process */
static pid_t running_pid;

/* The check has touched memory that is not there: an object that somebody has cut, or one for which there is no room.
 * Nothing but the check's own loads and stores raises it here, so that whatever is called may be called. */
static void memory_gone(int number)
{
    signal(number, SIG_DFL);
    if (getpid() != running_pid) { /* a stand-in for a program */
        raise(number);
        return;
    }
    object_full_require(running, 1);
    FAIL(running, .expected = "shared memory keeps its size while others have it mapped",
         .found = "it was made shorter while the check looked at it (SIGBUS)",
         .cause = "ftruncate to a smaller size, or the object of a peer that is in use is opened with O_TRUNC",
         .next = "remove the old object with shm_unlink, and make a new one");
}

void check_main(struct check *check)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    check->varies = json_array();
    setvbuf(check->transcript, NULL, _IOLBF, 0);
    running = check;
    running_pid = getpid();
    sigaction(SIGBUS, &(struct sigaction){.sa_handler = memory_gone, .sa_flags = SA_NODEFER}, NULL);
    machine_look(check);
    check->which->run(check);
    shim_require(check);
    check_end(check, OUTCOME_PASSED, &(struct finding){0});
}

/* ---- Programs ---- */

static double wait_limit(const struct check *check)
{
    return check_limits[check->which->limit].wait;
}

const char *check_python(const struct check *check)
{
    return check->place != NULL ? check->place->python : TOOLCHAIN_PYTHON;
}

double check_python_seconds(const struct check *check)
{
    return machine_python_seconds(check->place);
}

/* Path of argv[0], and the interpreter before it when it is Python. Returns the number of words written. */
static size_t program_find(struct check *check, const char *name, const char **words)
{
    const char *interpreter = check_python(check);
    bool python = text_ends(name, ".py");
    size_t count = 0;

    if (!build_names(check->lab, check->which, name)) /* nor is it there when only this check is asked for */
        check_broken(check, "the entry of this check does not name %s among its programs", name);
    if (python)
        words[count++] = interpreter;
    if (strcmp(name, TOOLCHAIN_PYTHON) == 0)
        words[count++] = interpreter;
    else if (strchr(name, '/') != NULL)
        words[count++] = name;
    else
        words[count++] = check_text(check, "%s/%s", python ? check->folder : check->bin, name);
    if (access(words[count - 1], python ? R_OK : X_OK) == -1)
        FAIL(check, .expected = check_text(check, "a program %s", name),
             .found = python ? "no such file" : "it does not compile, or does not exist", .file = NULL,
             .next = python ? NULL : "see the check \"builds\"");
    return count;
}

/* Returns the descriptor that the program has to inherit for it, 0: none. */
static int program_environment(struct check *check, struct program *program, const char **list)
{
    size_t count = 0;

    for (; environment_always[count] != NULL; count++)
        list[count] = environment_always[count];
    int shim = check_shim(check, program, &list[count]);
    count += shim != 0 ? SHIM_VARIABLES : 0;
    /* the shim may come before the sanitizer: it allocates nothing */
    if (check->sanitized)
        list[count++] =
            check_text(check, "ASAN_OPTIONS=verify_asan_link_order=0%s", check->leaks_unseen ? ":detect_leaks=0" : "");
    return shim;
}

static void program_remember(struct check *check, struct program *program)
{
    struct ledger *ledger = check->ledger;

    if (check->program_count == CHECK_PROGRAMS)
        check_broken(check, "a check starts more than %d programs", CHECK_PROGRAMS);
    if (check->programs == NULL)
        check->programs = check_memory(check, CHECK_PROGRAMS * sizeof(struct program *));
    check->programs[check->program_count++] = program;
    ledger->process[ledger->processes++ % LEDGER_PROCESSES] = program->pid;
    check_varies(check, "pid", check_text(check, "%d", (int)program->pid));
    if (program->own_pid != program->pid)
        check_varies(check, "pid", check_text(check, "%d", (int)program->own_pid));
}

struct program *check_start(struct check *check, const char *const argv[])
{
    return check_start_keeping(check, argv, (const int[2]){0});
}

/* While one waits for a program: can anything come any more? */
static bool program_watch(void *check)
{
    return ends_stalled(check);
}

struct program *check_start_keeping(struct check *check, const char *const argv[], const int keep[2])
{
    struct program *program = check_memory(check, sizeof *program);
    const char *words[ARGUMENTS] = {NULL};
    size_t count = program_find(check, argv[0], words);
    const char *environment[ENVIRONMENT] = {NULL};
    int shim = program_environment(check, program, environment);
    const struct process_setup setup = {.place = check->place,
                                        .environment = environment,
                                        .limit = wait_limit(check),
                                        .keep = {keep[0], keep[1], shim},
                                        .group = check->group[0] != '\0' ? check->group : NULL,
                                        .processes = check->processes,
                                        .steady = check->sanitized};

    program->check = check;
    program->executable = words[0];
    program->short_name = strrchr(argv[0], '/') != NULL ? strrchr(argv[0], '/') + 1 : argv[0];
    program->command = program->short_name;
    for (size_t i = 1; argv[i] != NULL; i++) {
        if (count + 1 == ARGUMENTS)
            check_broken(check, "more than %d arguments for %s", ARGUMENTS, argv[0]);
        words[count++] = argv[i];
        program->command = check_text(check, "%s %s", program->command, argv[i]);
    }
    fprintf(check->transcript, "$ %s%s%s\n", program->command, check->fault != NULL ? "   # failing: " : "",
            check->fault != NULL ? check->fault : "");
    program->since = time(NULL);
    if (!process_start_with(&program->process, words, &setup))
        check_broken(check, "cannot start %s: %s", argv[0], strerror(errno));
    check->faulted = check->fault != NULL;
    program->process.watch = program_watch;
    program->process.watch_data = check;
    program->pid = program->process.pid;
    program->own_pid = program->process.own_pid;
    program_remember(check, program);
    return program;
}

pid_t check_fork(struct check *check)
{
    pid_t child = check->place != NULL ? check->place->fork(check->place) : fork();

    if (child == -1)
        check_broken(check, "fork: %s", strerror(errno));
    return child;
}

const char *status_text(struct check *check, int status)
{
    ends_note(check, status);
    if (status == -1)
        return "it did not end and was killed";
    if (status > 255)
        return check_text(check, "ended by signal %d (%s)", status - 256, strsignal(status - 256));
    return check_text(check, "exit status %d", status);
}

/* The last lines that it printed, for a finding. */
static const char *program_tail(struct program *program)
{
    const char *tail = text_tail(program->process.text, TAIL_LINES);

    return tail[0] != '\0' ? check_text(program->check, "; it printed:\n%s", tail) : "; it printed nothing";
}

/* A fork bomb, which has been killed: whatever else is wrong with it comes later. */
static void crowd_require(struct program *program)
{
    struct check *check = program->check;

    if (!program->process.crowd)
        return;
    check->ledger->interfered = true;
    check->crowded = true;
    FAIL(check, .expected = check_text(check, "`%s` starts no more processes than it needs", program->command),
         .found = check_text(check, "more than %d of them: they were killed, all together", CROWD_MANY),
         .cause = "fork in a loop without end, or a child that goes on into its parent's loop and forks as well: each "
                  "turn doubles them (a fork bomb)",
         .next = "fork gives 0 in the child: it does its work there, and ends with _exit before the loop goes on");
}

/* A status in words, and whether it was the harness that ended it. */
static const char *program_end_text(struct program *program, int status)
{
    struct check *check = program->check;
    const char *text = status_text(check, status);

    if (!check->flooded)
        return text;
    return check_text(check, "it printed more than %d MiB and was ended", PROCESS_OUTPUT >> 20);
}

const char *program_ending(struct program *program)
{
    int status = program_wait(program);

    return check_text(program->check, "%s%s", program_end_text(program, status), program_tail(program));
}

/* The failure of a program to do what it should: what there is to say of its end comes before what the check says of
 * other failures. */
static _Noreturn void program_fail(struct program *program, struct finding *finding)
{
    struct check *check = program->check;

    if (check->fault == NULL && check->told <= 255)
        ends_explain_message(program->process.text, finding);
    const char *asleep = check->told == -1 ? ends_asleep(check) : "";
    if (asleep[0] != '\0') {
        size_t length = strlen(finding->found);
        while (length > 0 && finding->found[length - 1] == '\n')
            length--; /* what the program printed may end with one */
        finding->found = check_text(check, "%.*s\nNothing changes any more:%s", (int)length, finding->found, asleep);
        if (ends_locked(check))
            finding->cause = "no process is left that would post or unlock what is waited for";
    }
    check_fail(check, finding);
}

int program_wait(struct program *program)
{
    if (program->ended)
        return program->status;
    program->status = process_finish(&program->process);
    program->ended = true;
    program->check->flooded = program->process.printed > PROCESS_OUTPUT;
    if (program->status == -1)
        program->check->ledger->interfered = true;
    program_log(program);
    int told = program->check->told; /* the transcript is not what is found */
    fprintf(program->check->transcript, "# %s: %s\n", program->short_name,
            status_text(program->check, program->status));
    if (program->process.heir) {
        fprintf(program->check->transcript, "# a process that %s started lives on, and holds its output\n",
                program->short_name);
        program->check->heir = program->check->heir != NULL ? program->check->heir : program->short_name;
    }
    program->check->told = told;
    crowd_require(program);
    return program->status;
}

bool program_prints(struct program *program, const char *text)
{
    bool found = process_expect(&program->process, text);

    program_log(program);
    crowd_require(program);
    return found;
}

void program_expect(struct program *program, const char *text)
{
    struct check *check = program->check;

    if (program_prints(program, text))
        return;
    bool over = program->process.output == -1;
    const char *end = over ? program_end_text(program, program_wait(program)) : "it did not, and went on running";
    if (!over)
        check->told = -1;
    program_fail(program, &(struct finding){.expected = check_text(check, "`%s` prints \"%s\"", program->command, text),
                                            .found = check_text(check, "%s%s", end, program_tail(program))});
}

void program_ends(struct program *program, int status)
{
    struct check *check = program->check;
    int found = program_wait(program);

    if (found != status)
        program_fail(program, &(struct finding){.expected = check_text(check, "`%s` ends with %s", program->command,
                                                                       status_text(check, status)),
                                                .found = program_ending(program)});
}

struct program *check_run(struct check *check, int status, const char *const argv[])
{
    struct program *program = check_start(check, argv);

    program_ends(program, status);
    return program;
}

void program_signal(struct program *program, int number)
{
    fprintf(program->check->transcript, "# SIG%s to %s\n", sigabbrev_np(number), program->short_name);
    if (number == SIGKILL)
        program->check->ledger->interfered = true;
    process_signal(&program->process, number);
}

void program_send(struct program *program, const char *text)
{
    fprintf(program->check->transcript, "# typed into %s: %s\n", program->short_name,
            strcmp(text, "\n") == 0 ? "Enter" : text);
    process_send(&program->process, text);
}

void program_end_input(struct program *program)
{
    fprintf(program->check->transcript, "# end of input of %s\n", program->short_name);
    process_end_input(&program->process);
}

const char *program_output(struct program *program)
{
    process_drain(&program->process);
    return program->process.text;
}

bool program_said(struct program *program, const char *text)
{
    return strstr(program_output(program), text) != NULL;
}

bool program_runs(struct program *program)
{
    siginfo_t info = {.si_pid = 0};

    if (program->ended)
        return false;
    /* WNOWAIT: it stays for program_wait to reap */
    return waitid(P_PID, (id_t)program->process.pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

long program_cpu_ms(const struct program *program)
{
    char path[64], line[1024];
    unsigned long user, system;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)program->process.pid);
    FILE *stat = fopen(path, "re");
    if (stat == NULL)
        return -1;
    size_t got = fread(line, 1, sizeof line - 1, stat);
    fclose(stat);
    line[got] = '\0';
    const char *behind_name = strrchr(line, ')'); /* proc(5): the name may hold anything, but is in parentheses */
    if (behind_name == NULL ||
        sscanf(behind_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        return -1;
    return (long)(user + system) * 1000 / sysconf(_SC_CLK_TCK);
}

/* ---- Waiting for memory ---- */

struct await await_begin(struct check *check, const char *what)
{
    double limit = wait_limit(check) * process_time_scale();

    check_note(check, "waiting until %s", what);
    return (struct await){.check = check, .what = what, .end = deadline_in(limit)};
}

void await_turn(struct await *await)
{
    struct check *check = await->check;
    struct timespec turn = {.tv_nsec = 1000000}; /* the condition has no event that one could wait for */

    for (size_t i = 0; i < check->program_count; i++)
        if (!check->programs[i]->ended) {
            process_drain(&check->programs[i]->process);
            crowd_require(check->programs[i]);
        }
    if (ends_stalled(check)) /* might it come at all? */
        await->end = deadline_in(0);
    if (deadline_passed(&await->end))
        FAIL(check, .expected = await->what,
             .found =
                 ends_asleep(check)[0] == '\0'
                     ? check_text(check, "that did not happen within %.0f s", wait_limit(check))
                     : check_text(check, "that did not happen, and nothing changes any more:%s", ends_asleep(check)));
    nanosleep(&turn, NULL);
}

/* ---- Names and keys ---- */

void check_track(struct check *check, enum ledger_kind kind, const char *text)
{
    struct ledger *ledger = check->ledger;

    if (ledger->objects == LEDGER_OBJECTS)
        check_broken(check, "a check draws more than %d names", LEDGER_OBJECTS);
    struct ledger_object *object = &ledger->object[ledger->objects];
    object->kind = kind;
    snprintf(object->text, sizeof object->text, "%s", text);
    ledger->objects++; /* last: the judge may look at any moment */
    if (kind != LEDGER_OWN)
        check_varies(check, kind == LEDGER_KEY ? "key" : "name", text);
    if (kind == LEDGER_KEY)
        check_varies(check, "key", check_text(check, "0x%08x", (unsigned)strtol(text, NULL, 10)));
}

const char *check_prefix(struct check *check)
{
    const char *text = check_text(check, "shmlab_%d_%d", (int)getpid(), check->ledger->objects);

    check_track(check, LEDGER_NAME, text);
    return text;
}

const char *check_name(struct check *check)
{
    return check_text(check, "/%s", check_prefix(check));
}

static bool key_taken(key_t key)
{
    return shmget(key, 0, 0) != -1 || errno != ENOENT;
}

const char *check_key(struct check *check)
{
    enum { FIRST = 100000000, STRIDE = 1000 };
    int key = FIRST + (int)getpid() % 1000000 * STRIDE + check->ledger->objects;

    while (key_taken(key))
        key++;
    const char *text = check_text(check, "%d", key);
    check_track(check, LEDGER_KEY, text);
    return text;
}

const char *check_key_path(struct check *check, int id)
{
    for (int attempt = check->ledger->objects;; attempt++) {
        const char *path = check_text(check, "%s/key%d", check->scratch, attempt);
        check_write(check, path, "");
        key_t key = ftok(path, id);
        if (key == -1)
            check_broken(check, "ftok(%s): %s", path, strerror(errno));
        if (key_taken(key))
            continue;
        check_track(check, LEDGER_KEY, check_text(check, "%d", (int)key));
        return path;
    }
}

void check_pardon_leaks(struct check *check)
{
    check->ledger->interfered = true;
}
