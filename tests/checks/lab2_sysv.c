/*
 * Lab 2, System V shared memory: the checks.
 *
 * The segment is looked at from outside, with shmctl, while the student's programs run and after their end.
 * The data is lab 1's: where the student's lab 1 is not right yet, what depends on its bytes is skipped, not
 * failed, and all that is about the life of the segment is judged all the same.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>

#include "check.h"
#include "compile.h"
#include "lab2_sysv.h"
#include "objects.h"
#include "said.h"
#include "shared_data_check.h"
#include "shmlab/error.h"
#include "text.h"
#include "weave.h"

#define PROGRAMS TOOLCHAIN_SOURCE "/tests/checks/programs/"

struct program *lab2_writer(struct check *check, const char *key)
{
    struct program *writer = START(check, "writer", "--key", key);

    program_expect(writer, "press Enter");
    return writer;
}

void lab2_gone(struct check *check, const char *key, const char *when)
{
    struct object object = sysv_look(check, key);

    REQUIRE(check, !object.exists, .expected = check_text(check, "no segment with key %s %s", key, when),
            .found = check_text(check, "id %d is still there, attached %lu times", object.id, object.attached));
}

static void lab1(struct check *check)
{
    ADVISE(check, .cause = "lab 2 uses lab 1's struct and sample values", .next = "make lab1 first");
    data_lab1_require(check, check_folder(check));
}

/* ---- The writer ---- */

static void creates(struct check *check)
{
    const char *key = check_key(check);

    int line = check_line(check, "writer.c", "shmget(");
    ADVISE(check, .file = "writer.c", .line = line,
           .cause = "--key is not used; or the program waits before it has created anything");
    struct program *writer = lab2_writer(check, key);
    struct object object = sysv_look(check, key);
    if (!object.exists)
        sysv_missing(check, key, check_text(check, "a segment with key %s, while the writer holds it", key));
    ADVISE(check, .file = "writer.c", .line = line);
    REQUIRE(check, object.size == DATA_SEGMENT, .expected = check_text(check, "%d bytes", DATA_SEGMENT),
            .found = check_text(check, "%zu bytes", object.size),
            .cause = "sizeof the struct is not the segment's size", .next = "SHARED_DATA_SEGMENT_SIZE");
    REQUIRE(check, (object.mode & 0600) == 0600, .expected = "a segment that its owner may read and write",
            .found = check_text(check, "mode %04o", object.mode),
            .cause = "shmget's third argument without the access bits: they are its low nine bits",
            .next = "IPC_CREAT | IPC_EXCL | mode");
    REQUIRE(check, object.attached != 0, .expected = "attached once, while the writer holds it",
            .found = "attached 0 times", .line = check_line(check, "writer.c", "shmat("),
            .cause = "nobody attaches it yet, or it is detached before the hold", .next = "TODO 2 in writer.c");
    REQUIRE(check, object.attached == 1, .expected = "attached once, while the writer holds it",
            .found = check_text(check, "attached %lu times", object.attached),
            .line = check_line(check, "writer.c", "shmat("), .cause = "attached twice, or by a child that was forked",
            .next = "compare with nattch in `ipcs -m`");
    REQUIRE(check, object.creator == writer->pid, .expected = "created by the writer",
            .found = check_text(check, "created by process %d", (int)object.creator));
    program_send(writer, "\n");
    program_wait(writer);
}

static void mode(struct check *check)
{
    static const struct {
        const char *text;
        unsigned mode;
    } modes[] = {{NULL, 0600}, {"0644", 0644}, {"0640", 0640}};

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "shmget("),
           .cause = "the access bits are a part of shmget's flags; without them nobody may attach, with 0666 everybody",
           .next = "IPC_CREAT | IPC_EXCL | (int)options->mode");
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        const char *key = check_key(check);
        struct program *writer = modes[i].text == NULL ? START(check, "writer", "--key", key)
                                                       : START(check, "writer", "--key", key, "--mode", modes[i].text);
        program_expect(writer, "press Enter");
        struct object object = sysv_look(check, key);
        REQUIRE(check, object.mode == modes[i].mode,
                .expected =
                    check_text(check, "mode %04o%s%s", modes[i].mode, modes[i].text != NULL ? " with --mode " : "",
                               modes[i].text != NULL ? modes[i].text : ""),
                .found = check_text(check, "mode %04o", object.mode));
        program_send(writer, "\n");
        program_wait(writer);
    }
}

static void data(struct check *check)
{
    const char *key = check_key(check);

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "sample_"));
    struct program *writer = lab2_writer(check, key);
    data_require_sample(check, sysv_copy(check, key, DATA_SEGMENT), writer);
    program_send(writer, "\n");
    program_wait(writer);
}

static void flag_last(struct check *check)
{
    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "sample_publish"));
    data_require_flag_last(check, (const char *const[]){"writer", "--key", check_key(check), "--hold", "0", NULL});
}

static void removes_enter(struct check *check)
{
    const char *key = check_key(check);

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "IPC_RMID"),
           .cause = "shmdt detaches and removes nothing: a System V segment lives until somebody removes it",
           .next = "shmctl(id, IPC_RMID, NULL), after the hold");
    struct program *writer = lab2_writer(check, key);
    program_send(writer, "\n");
    program_ends(writer, 0);
    lab2_gone(check, key, "after Enter");
    writer = START(check, "writer", "--key", key, "--hold", "0");
    program_ends(writer, 0);
    lab2_gone(check, key, "after --hold 0");
}

static void removes_signals(struct check *check)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    const char *key = check_key(check);

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "stop_on_signals"),
           .cause = "a signal that is not handled ends the program on the spot, past every clean-up",
           .next = "stop_on_signals() before the segment is created; stop_wait ends the hold, and main goes on");
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct program *writer = lab2_writer(check, key);
        program_signal(writer, signals[i]);
        int status = program_wait(writer);
        lab2_gone(check, key, check_text(check, "after SIG%s", sigabbrev_np(signals[i])));
        REQUIRE(check, status == 0,
                .expected = check_text(check, "exit status 0 after SIG%s", sigabbrev_np(signals[i])),
                .found = status_text(check, status));
    }
}

static void adopts(struct check *check)
{
    const char *key = check_key(check);

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "segment_adopt"),
           .cause = "IPC_EXCL refuses every segment that exists, also one that nobody uses any more",
           .next = "on EEXIST: shmget(key, 0, 0), IPC_STAT, and take it when size and attach count allow");
    struct program *writer = lab2_writer(check, key);
    program_signal(writer, SIGKILL);
    program_wait(writer);
    int stale = sysv_look(check, key).id;
    unsigned char *bytes = sysv_attach(check, key);
    memset(bytes, 0xFF, DATA_SEGMENT);
    sysv_detach(check, bytes);

    check_note(check, "a writer was killed and left a segment behind; another one starts");
    writer = lab2_writer(check, key);
    REQUIRE(check, sysv_look(check, key).id == stale, .expected = "the segment that was left is used again",
            .found = "another one");
    const unsigned char *copy = sysv_copy(check, key, DATA_SEGMENT);
    data_require_zero(check, copy, SHARED_DATA_SIZE, DATA_SEGMENT, "after the struct in an adopted segment");
    program_send(writer, "\n");
    program_ends(writer, 0);
    sysv_remove(check, key); /* whether it is gone is what removes_adopted is about */
}

/* How many lines of its own the writer has printed. */
static int lines_of(struct program *writer)
{
    int lines = 0;

    for (const char *at = program_output(writer); (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    return lines;
}

static void removes_adopted(struct check *check)
{
    const char *key = check_key(check), *fresh = check_key(check);

    sysv_create(check, key, DATA_SEGMENT, 0600);
    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "IPC_RMID"),
           .cause = "only a segment that this writer created is removed, not one that it took over",
           .next = "the program that adopts a segment owns it: main removes it all the same");
    struct program *adopts = RUN(check, 0, "writer", "--key", key, "--hold", "0");
    lab2_gone(check, key, "after a writer that adopted it");
    struct program *creates = RUN(check, 0, "writer", "--key", fresh, "--hold", "0");
    REQUIRE(check, lines_of(adopts) > lines_of(creates),
            .expected = "a writer that adopts a segment says so: a line more than one that creates it",
            .found = program_output(adopts), .line = check_line(check, "writer.c", "segment_adopt"),
            .cause = "the output does not show that there was a segment before",
            .next = "TODO 4: print whose segment is used again");
}

static void says_removed(struct check *check)
{
    const char *key = check_key(check);
    struct program *writer = lab2_writer(check, key);

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "IPC_RMID"),
           .cause = "the writer removes it without a word", .next = "TODO 3: remove it, and say so");
    program_prints(writer, "\n"); /* the rest of that line */
    program_send(writer, "\n");
    REQUIRE(check, program_prints(writer, "\n"), .expected = "after Enter a line that says that the segment is removed",
            .found = program_output(writer));
    program_ends(writer, 0);
}

/* A writer meets a segment that is not for it: status 1, a reason, and the segment as it was. */
void lab2_refused(struct check *check, const char *key, const char *why)
{
    struct object before = sysv_look(check, key);
    const char *trace = check_trace(check);
    struct program *writer = START(check, "writer", "--key", key, "--hold", "0");
    int status = program_wait(writer);
    struct object after = sysv_look(check, key);
    const char *calls = check_read(check, trace, NULL);

    REQUIRE(check, status == 1, .expected = check_text(check, "exit status 1: %s", why),
            .found = check_text(check, "%s", status_text(check, status)));
    REQUIRE(check, program_output(writer)[0] != '\0', .expected = "a message that says why", .found = "silence");
    REQUIRE(check, after.exists && after.id == before.id,
            .expected = check_text(check, "the segment is left alone: %s", why), .found = "it was removed",
            .cause = "a clean-up that removes what this program has not created",
            .next = "only the owner of the segment may come to IPC_RMID");
    REQUIRE(check, strstr(calls, "shmat(") == NULL && strstr(calls, "IPC_RMID") == NULL,
            .expected = check_text(check, "nothing is attached or removed: %s", why), .found = calls,
            .cause = "the function that refuses returns something that is an id: 0 is one",
            .next = "return -1 after the message");
    unsigned char *bytes = sysv_attach(check, key);
    REQUIRE(check, bytes[0] == 0xA5 && bytes[before.size - 1] == 0xA5,
            .expected = check_text(check, "its bytes are left alone: %s", why), .found = "they were overwritten");
    sysv_detach(check, bytes);
}

unsigned char *lab2_foreign(struct check *check, const char *key, size_t size)
{
    sysv_create(check, key, size, 0600);
    unsigned char *bytes = sysv_attach(check, key);
    memset(bytes, 0xA5, size);
    return bytes;
}

static void refuses(struct check *check)
{
    static const size_t sizes[] = {512, 4096};

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "IPC_STAT"),
           .cause = "the segment is taken without a look at its size and at who uses it",
           .next = "shmctl(id, IPC_STAT, &info): shm_segsz and shm_nattch");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const char *key = check_key(check);
        sysv_detach(check, lab2_foreign(check, key, sizes[i]));
        lab2_refused(check, key, check_text(check, "it has %zu bytes, another program's", sizes[i]));
        sysv_remove(check, key);
    }
    const char *key = check_key(check);
    unsigned char *held = lab2_foreign(check, key, DATA_SEGMENT);
    lab2_refused(check, key, "somebody is attached to it");
    sysv_detach(check, held);
    sysv_remove(check, key);
}

/* ---- The readers ---- */

static void require_reads(struct check *check, const char *program)
{
    const char *key = check_key(check);
    struct data_sample sample;

    ADVISE(check, .file = strstr(program, ".py") != NULL ? program : "reader.c");
    data_sample_make(check, &sample);
    sysv_create(check, key, DATA_SEGMENT, 0600);
    unsigned char *bytes = sysv_attach(check, key);
    memcpy(bytes, sample.bytes, DATA_SEGMENT);
    struct program *reader = RUN(check, 0, program, "--key", key);
    data_require_printed(check, reader, &sample);
    struct object object = sysv_look(check, key);
    /* The check is its creator. Behind the grader's walls programs have process ids of their own, and there is none for
     * a process outside: pid_namespaces(7). The kernel gives 0 for it. */
    int creator = reader->own_pid == reader->pid ? (int)object.creator : 0;
    REQUIRE(check,
            text_has_word(program_output(reader), check_text(check, "%d", object.id)) &&
                text_has_word(program_output(reader), check_text(check, "%d", creator)),
            .expected =
                "the reader shows what the kernel knows, among it the segment's id and the creator's process id",
            .found = "it does not", .cause = "IPC_STAT is not asked, or its answer is not printed",
            .next = "C: segment_describe; Python: segment.facts() and describe");
    REQUIRE(check, object.exists, .expected = "the segment is there when the reader has ended", .found = "it is gone",
            .cause = "a reader that removes what the writer still holds", .next = "only the writer removes");
    REQUIRE(check, object.attached == 1, .expected = "the reader detaches",
            .found = check_text(check, "attached %lu times", object.attached));
    REQUIRE(check, memcmp(bytes, sample.bytes, DATA_SEGMENT) == 0, .expected = "the reader changes nothing",
            .found = "other bytes than before");
    sysv_detach(check, bytes);
    sysv_remove(check, key);
}

static void reader(struct check *check)
{
    require_reads(check, "reader");
}

static void reader_py(struct check *check)
{
    require_reads(check, "reader.py");
}

static void read_only(struct check *check)
{
    static const char *const programs[] = {"reader", "reader.py"};

    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        const char *key = check_key(check), *file = i == 0 ? "reader.c" : "reader.py";
        struct data_sample sample;
        data_sample_make(check, &sample);
        sysv_create(check, key, DATA_SEGMENT, 0600);
        unsigned char *bytes = sysv_attach(check, key);
        memcpy(bytes, sample.bytes, DATA_SEGMENT);
        const char *trace = check_trace(check);
        RUN(check, 0, programs[i], "--key", key);
        const char *calls = check_read(check, trace, NULL);
        ADVISE(check, .file = file, .line = check_line(check, file, i == 0 ? "shmat(" : "Segment("));
        REQUIRE(check, strstr(calls, "SHM_RDONLY") != NULL && strstr(calls, ", 0)\n") == NULL,
                .expected = check_text(check, "%s attaches with SHM_RDONLY only", programs[i]), .found = calls,
                .cause = "shmat's third argument is 0, which means reading and writing",
                .next = "SHM_RDONLY: a store through that address is a SIGSEGV, not a spoiled segment");
        REQUIRE(check, strstr(calls, "shmdt()") != NULL, .expected = check_text(check, "%s detaches", programs[i]),
                .found = calls, .cause = "the end of the process detaches, too; a program that lives on would not",
                .next = "C: shmdt(shared) once the data is copied; Python: with segment, or segment.detach()");
        sysv_detach(check, bytes);
        sysv_remove(check, key);
    }
}

static void one_copy(struct check *check)
{
    static const char *const programs[] = {"reader", "reader.py"};

    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        const char *key = check_key(check), *file = i == 0 ? "reader.c" : "reader.py";
        const char *const argv[] = {programs[i], "--key", key, NULL};
        sysv_create(check, key, DATA_SEGMENT, 0600);
        check_note(check, "%s", programs[i]);
        ADVISE(check, .file = file, .line = check_line(check, file, i == 0 ? "data_ready" : "READY_OFFSET"));
        data_require_look_first(check, argv);
        ADVISE(check, .file = file, .line = check_line(check, file, i == 0 ? "memcpy(&data" : "from_buffer_copy"));
        data_require_one_copy(check, argv);
        sysv_remove(check, key);
    }
}

static void acquire(struct check *check)
{
    const char *key = check_text(check, "%d", SHARED_DATA_KEY);

    ADVISE(check, .file = "reader.c", .line = check_line(check, "reader.c", "data_ready"),
           .cause = "a plain or relaxed look at data_ready: the data may be read before it, whatever the source says",
           .next = "__atomic_load_n(&shared->data_ready, __ATOMIC_ACQUIRE), then the copy");
    CHECK_WEAVE(check, .title = "a writer that fills the segment, and the reader at any moment",
                .programs = {{"lab2_publisher", key}, {"reader", "--key", key}},
                .options = {"--bound", "1", "--expect-exit", "2:any"});
}

/* The reader ends with status 1, in order, says why in its own words, and prints no data. number: the error that has to
 * be named; 0: none. */
void lab2_complaint(struct check *check, const char *program, const char *key, const char *when, int number)
{
    struct program *reader = START(check, program, "--key", key);
    int status = program_wait(reader);
    const char *printed = program_output(reader);

    ADVISE(check, .file = strstr(program, ".py") != NULL ? program : "reader.c");
    REQUIRE(check, status == 1, .expected = check_text(check, "%s: exit status 1 %s", program, when),
            .found = status_text(check, status),
            .cause = number != 0 ? "a return value that nobody looks at" : "nobody asks whether that is so",
            .next = "name the call, the error and the next step: error_report_errno; in Python: ShmlabError");
    REQUIRE(check, strstr(printed, "Traceback") == NULL, .expected = check_text(check, "one line %s", when),
            .found = text_tail(printed, 1));
    REQUIRE(check, number != 0 ? text_names_error(printed, number) : printed[0] != '\0',
            .expected = number != 0 ? check_text(check, "a message %s that names %s", when, error_symbol(number))
                                    : check_text(check, "a message %s", when),
            .found = printed[0] != '\0' ? printed : "silence",
            .next = "say what is wrong and what to do next: error_report; in Python: ShmlabError");
    REQUIRE(check, strstr(printed, "data_array ") == NULL, .expected = check_text(check, "no data is printed %s", when),
            .found = printed, .cause = "data is printed before anybody has asked whether it is there");
}

static void readers_refuse(struct check *check)
{
    static const char *const programs[] = {"reader", "reader.py"};

    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        const char *key = check_key(check);
        lab2_complaint(check, programs[i], key, "without a segment", ENOENT);
        REQUIRE(check, !sysv_look(check, key).exists, .expected = "no segment after a reader that found none",
                .found = "one: the reader has created it", .cause = "IPC_CREAT in a reader", .next = "flags 0");

        sysv_create(check, key, DATA_SEGMENT, 0600);
        lab2_complaint(check, programs[i], key, "when data_ready is still false", 0);
        sysv_remove(check, key);

        key = check_key(check);
        sysv_create(check, key, 512, 0600);
        lab2_complaint(check, programs[i], key, "when the segment has 512 bytes", 0);
        sysv_remove(check, key);
    }
}

/* ---- Calls that fail ---- */

struct failing {
    const char *fault;
    int number; /* the error that the message has to name */
    int other;  /* or this one: what a program meets that looks again; 0: none */
};

/* The name of the call in a fault, "shmctl", and how the trace shows it: "shmget(", or "IPC_RMID". */
static const char *call_of(struct check *check, const char *fault, const char **traced)
{
    const char *call = check_text(check, "%.*s", (int)strcspn(fault, ":/"), fault);

    *traced = strstr(fault, "IPC_RMID") != NULL ? "IPC_RMID" : check_text(check, "%s(", call);
    return call;
}

/* Has it made the call again, and gone on with success? That is as good as a report. */
static bool recovered(struct check *check, const char *trace, const char *traced, int status)
{
    const char *calls = check_read(check, trace, NULL), *first = calls != NULL ? strstr(calls, traced) : NULL;

    return status == 0 && first != NULL && strstr(first + 1, traced) != NULL;
}

static void require_survives(struct check *check, const char *program, const char *key, const struct failing *failing)
{
    const char *file = strstr(program, ".py") != NULL ? program : check_text(check, "%s.c", program), *traced;
    const char *call = call_of(check, failing->fault, &traced), *symbol = error_symbol(failing->number);
    const char *trace = check_trace(check);

    check_inject(check, failing->fault);
    struct program *process = strcmp(program, "writer") == 0 ? START(check, program, "--key", key, "--hold", "0")
                                                             : START(check, program, "--key", key);
    int status = program_wait(process);
    check_inject(check, NULL);
    if (recovered(check, trace, traced, status))
        return;
    ADVISE(check, .file = file, .line = check_line(check, file, check_text(check, "%s(", call)),
           .cause = "a return value that nobody looks at",
           .next = "look at the result on the next line, and name the error: error_report_errno");
    REQUIRE(check, status == 1, .expected = check_text(check, "exit status 1 when %s fails with %s", call, symbol),
            .found = status_text(check, status));
    REQUIRE(check,
            program_names_error(process, failing->number) ||
                (failing->other != 0 && program_names_error(process, failing->other)),
            .expected = check_text(check, "a message that names %s when %s fails", symbol, call),
            .found = program_output(process)[0] != '\0' ? program_output(process) : "silence");
}

/* EEXIST, and then there is no segment: a program that looks again meets ENOENT; one that does not reports EEXIST. */
static const struct failing writer_calls[] = {
    {"shmget:1:EACCES", EACCES, 0},          {"shmget:1:ENOSPC", ENOSPC, 0},        {"shmget:1:ENOMEM", ENOMEM, 0},
    {"shmget:1:EINVAL", EINVAL, 0},          {"shmget:1:EEXIST", EEXIST, ENOENT},   {"shmat:1:ENOMEM", ENOMEM, 0},
    {"shmat:1:EACCES", EACCES, 0},           {"shmat:1:EINVAL", EINVAL, 0},         {"shmdt:1:EINVAL", EINVAL, 0},
    {"shmctl/IPC_RMID:1:EINVAL", EINVAL, 0}, {"shmctl/IPC_RMID:1:EPERM", EPERM, 0},
};

/* Is it the removal itself that fails? */
static bool is_removal(const struct failing *failing)
{
    return strstr(failing->fault, "IPC_RMID") != NULL;
}

static void errors_writer(struct check *check)
{
    for (size_t i = 0; i < sizeof writer_calls / sizeof writer_calls[0]; i++) {
        const char *key = check_key(check);
        if (is_removal(&writer_calls[i]))
            continue;
        require_survives(check, "writer", key, &writer_calls[i]);
        sysv_remove(check, key); /* whether it is gone is what errors_clean is about */
    }
}

static void errors_clean(struct check *check)
{
    for (size_t i = 0; i < sizeof writer_calls / sizeof writer_calls[0]; i++) {
        const char *key = check_key(check), *traced, *call = call_of(check, writer_calls[i].fault, &traced);
        if (is_removal(&writer_calls[i])) { /* then it stays, and the writer has to say so */
            require_survives(check, "writer", key, &writer_calls[i]);
            sysv_remove(check, key);
            continue;
        }
        check_inject(check, writer_calls[i].fault);
        struct program *writer = START(check, "writer", "--key", key, "--hold", "0");
        program_wait(writer);
        check_inject(check, NULL);
        ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", check_text(check, "%s(", call)),
               .cause = "an error path that forgets what was created before",
               .next = "clean up in the order opposite to creation, on every path");
        lab2_gone(check, key,
                  check_text(check, "when %s has failed with %s", call, error_symbol(writer_calls[i].number)));
    }
}

static int count_of(const char *text, const char *part)
{
    int count = 0;

    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

/* A segment is there, and the kernel does not tell about it, or does not give it: none of our business, and 0 is no id.
 */
static void errors_adopt(struct check *check)
{
    static const struct failing list[] = {{"shmget:2:EACCES", EACCES, 0}, {"shmctl/IPC_STAT:1:EACCES", EACCES, 0}};

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "IPC_STAT"),
           .cause = "the second shmget, or IPC_STAT, may fail as well; then nothing is known of the segment",
           .next = "report it and return -1");
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        const char *key = check_key(check), *trace = check_trace(check);
        sysv_create(check, key, DATA_SEGMENT, 0600);
        check_inject(check, list[i].fault);
        struct program *writer = START(check, "writer", "--key", key, "--hold", "0");
        int status = program_wait(writer);
        check_inject(check, NULL);
        const char *calls = check_read(check, trace, NULL);
        if (i == 0 && status == 0 && count_of(calls, "shmget(") > 2)
            continue; /* it has looked a third time, and gone on */
        REQUIRE(check, status == 1 && program_names_error(writer, list[i].number),
                .expected = check_text(check, "exit status 1 and a message that names EACCES when %s fails",
                                       i == 0 ? "the second shmget" : "IPC_STAT"),
                .found = check_text(check, "%s; it printed:\n%s", status_text(check, status), program_output(writer)));
        REQUIRE(check, sysv_look(check, key).exists && strstr(calls, "shmat(") == NULL,
                .expected = "the segment is left alone", .found = calls);
        sysv_remove(check, key);
    }
}

static void errors_readers(struct check *check)
{
    static const struct failing list[] = {
        {"shmget:1:EACCES", EACCES, 0},
        {"shmat:1:ENOMEM", ENOMEM, 0},
        {"shmat:1:EACCES", EACCES, 0},
    };
    static const char *const programs[] = {"reader", "reader.py"};
    const char *key = check_key(check);

    sysv_create(check, key, DATA_SEGMENT, 0600);
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        for (size_t p = 0; p < sizeof programs / sizeof programs[0]; p++)
            require_survives(check, programs[p], key, &list[i]);
    sysv_remove(check, key);
}

static void sanitizers(struct check *check)
{
    const char *key = check_key(check);

    check_sanitize(check);
    struct program *writer = lab2_writer(check, key);
    struct program *reader = START(check, "reader", "--key", key);
    program_wait(reader);
    program_sanitized(reader);
    program_send(writer, "\n");
    program_wait(writer);
    program_sanitized(writer);
}

/* ---- The table ---- */

static const struct check_case cases[] = {
    {.name = "builds",
     .points = 0,
     .title = "Both programs of the lab compile",
     .concept = "a program that compiles",
     .hints = {"Fix the compiler's first message first; the rest often follow from it.",
               "The header is lab 1's: an offset check that fails there stops this lab, too.",
               "make lab1 CHECK=builds says whether it is lab 1's header that does not compile."},
     .limit = LIMIT_QUICK,
     .run = check_builds},
    {.name = "lab1",
     .points = 0,
     .title = "Lab 1's struct and sample values are right: this lab uses them",
     .concept = "labs 1 and 2 share a struct",
     .hints = {"This lab moves lab 1's data into another kind of shared memory; the bytes are the same.",
               "labs/lab1_layout: shared_data.h and sample.c.", "make lab1, until offsets and bytes have passed."},
     .needs = {"builds"},
     .limit = LIMIT_BUILD,
     .run = lab1},
    {.name = "creates",
     .points = 10,
     .title = "The writer creates a segment with its key and 1024 bytes, and attaches it once",
     .concept = "shmget and shmat",
     .hints = {"A System V segment is found by a key (a number), used by an id, and reached through an address: shmget "
               "makes an id of a key, shmat an address of an id.",
               "writer.c, segment_open and segment_fill_and_hold; shmget(2), \"IPC_CREAT\", \"IPC_EXCL\" and the "
               "access bits in the flags.",
               "shmget(options->key, SHARED_DATA_SEGMENT_SIZE, IPC_CREAT | IPC_EXCL | (int)options->mode), and "
               "shmat(id, NULL, 0), whose error is (void *)-1, not NULL."},
     .needs = {"builds"},
     .limit = LIMIT_QUICK,
     .run = creates},
    {.name = "mode",
     .points = 3,
     .title = "The segment has mode 0600, or what --mode says",
     .concept = "who may attach is said at creation",
     .hints = {"A segment has access bits as a file has, and nobody's umask is asked.",
               "shmget(2): the low nine bits of the flags.", "... | (int)options->mode"},
     .needs = {"creates"},
     .limit = LIMIT_QUICK,
     .run = mode},
    {.name = "data",
     .points = 7,
     .title = "The segment holds lab 1's data at the contract's bytes",
     .concept = "the same bytes in another kind of shared memory",
     .hints = {"Whichever call gave it to you: shared memory is an address, and a struct may be there.",
               "writer.c, segment_fill_and_hold: sample_clear, sample_fill and sample_publish.",
               "sample_clear(shared); sample_fill(&sample); sample_publish(shared, &sample);"},
     .needs = {"lab1", "creates"},
     .limit = LIMIT_QUICK,
     .run = data},
    {.name = "flag_last",
     .points = 2,
     .title = "The writer sets data_ready last: a reader that finds it true finds the data",
     .concept = "publication",
     .hints = {"A reader may look between any two of your stores. What does it believe when data_ready is true?",
               "writer.c, segment_fill_and_hold: what is done after data_ready is set?",
               "sample_clear(shared); sample_fill(&sample); sample_publish(shared, &sample); and nothing after that."},
     .needs = {"lab1", "creates"},
     .limit = LIMIT_QUICK,
     .run = flag_last},
    {.name = "removes_enter",
     .points = 8,
     .title = "The writer removes the segment at Enter and at the end of --hold",
     .concept = "lifetime: a segment belongs to the kernel, not to a process",
     .hints = {"A System V segment outlives every process. It is gone when somebody removes it, or the "
               "machine restarts.",
               "writer.c, main: after the hold, on success and on error alike.",
               "if (shmctl(id, IPC_RMID, NULL) == -1) return error_report_errno(...);"},
     .needs = {"creates"},
     .limit = LIMIT_QUICK,
     .run = removes_enter},
    {.name = "says_removed",
     .points = 1,
     .title = "The writer says that it has removed the segment",
     .concept = "a program that tells what it does",
     .hints = {"A user who has pressed Enter wants to know that the segment is gone.", "writer.c, main: TODO 3.",
               "printf(\"writer: segment id %d removed\\n\", id);"},
     .needs = {"removes_enter"},
     .limit = LIMIT_QUICK,
     .run = says_removed},
    {.name = "removes_signals",
     .points = 8,
     .title = "The writer removes the segment at SIGINT, SIGTERM and SIGHUP, and ends with status 0",
     .concept = "clean-up when a signal comes",
     .hints = {"Ctrl-C is SIGINT. Unhandled, it ends the program between two instructions: no clean-up runs, "
               "no atexit.",
               "shmlab/stop.h: a handler that sets a flag, and a wait that ends when it is set. writer.c calls both "
               "already; what comes after the hold is yours.",
               "Nothing special is needed: stop_wait returns, segment_fill_and_hold detaches, main removes. "
               "Do not call exit in between."},
     .needs = {"removes_enter"},
     .limit = LIMIT_QUICK,
     .run = removes_signals},
    {.name = "adopts",
     .points = 7,
     .title = "A segment that a killed writer left behind is used again, and cleared",
     .concept = "recovery: SIGKILL leaves the segment behind",
     .hints = {"No program can handle SIGKILL. So the next start must cope with what the last one left.",
               "writer.c: shmget with IPC_EXCL fails with EEXIST. Then ask for the segment that is there, and what it "
               "is like: shmctl, IPC_STAT.",
               "int id = shmget(key, 0, 0); shmctl(id, IPC_STAT, &info); it may be taken when shm_segsz is 1024 and "
               "shm_nattch is 0."},
     .needs = {"creates"},
     .limit = LIMIT_QUICK,
     .run = adopts},
    {.name = "removes_adopted",
     .points = 2,
     .title = "A writer that uses a segment again says so, and removes it at the end",
     .concept = "the program that takes over a segment owns it",
     .hints = {"After the adoption it makes no difference who created the segment.",
               "writer.c: segment_adopt, and the removal in main.", "One id, one removal; a printf in segment_adopt."},
     .needs = {"adopts", "removes_enter"},
     .limit = LIMIT_QUICK,
     .run = removes_adopted},
    {.name = "refuses",
     .points = 7,
     .title = "A segment of another size, or one that somebody uses, is refused and left as it was",
     .concept = "never touch what is not yours",
     .hints = {"A key is only a number: another program may use the same. Its segment is not yours to fill or remove.",
               "writer.c, where a segment exists already: shm_segsz and shm_nattch tell. On a refusal, "
               "IPC_RMID must not be reached.",
               "if (info.shm_segsz != SHARED_DATA_SEGMENT_SIZE) ... return -1; if (info.shm_nattch > 0) ... "
               "return -1;"},
     .needs = {"creates"},
     .limit = LIMIT_QUICK,
     .run = refuses},
    {.name = "reader",
     .points = 7,
     .title = "The C reader prints every field of a segment that another program wrote, and leaves it alone",
     .concept = "a reader finds, attaches, copies, detaches",
     .hints = {"The reader creates nothing and removes nothing. It finds the segment by its key.",
               "reader.c: shmget without IPC_CREAT; shmat; a copy of the struct; shmdt.",
               "int id = shmget(key, SHARED_DATA_SEGMENT_SIZE, 0); ... memcpy(&data, shared, sizeof data); "
               "shmdt(shared); data_print(&data);"},
     .needs = {"lab1"},
     .limit = LIMIT_QUICK,
     .run = reader},
    {.name = "reader_py",
     .points = 7,
     .title = "The Python reader prints every field of a segment that another program wrote, and leaves it alone",
     .concept = "System V shared memory from another language",
     .hints = {"Python's library has no System V shared memory, but it can call the C library: ctypes.",
               "common/python/shmlab/sysv_shm.py: find, Segment, facts. The struct is lab 1's mirror.",
               "with sysv_shm.Segment(sysv_shm.find(key)) as segment: segment.need(...); data = "
               "SharedData.from_buffer_copy(segment.view)"},
     .needs = {"lab1"},
     .limit = LIMIT_QUICK,
     .run = reader_py},
    {.name = "read_only",
     .points = 4,
     .title = "Both readers attach read-only, and detach",
     .concept = "SHM_RDONLY",
     .hints = {"A reader that cannot write cannot spoil the data, whatever bug it has.",
               "shmat(2): the third argument.", "shmat(id, NULL, SHM_RDONLY); and a pointer to const."},
     .needs = {"reader", "reader_py"},
     .limit = LIMIT_QUICK,
     .run = read_only},
    {.name = "one_copy",
     .points = 3,
     .title = "Both readers look at data_ready first, then copy once, and print the copy",
     .concept = "memory that others write to is looked at once",
     .hints =
         {"The writer may fill the segment between any two of your looks at it. What have you read by then?",
          "reader.c and reader.py: data_ready is looked at in the shared memory, before the copy; what is printed is "
          "the copy.",
          "bool ready = __atomic_load_n(&shared->data_ready, __ATOMIC_ACQUIRE); if (ready) memcpy(&data, shared, "
          "sizeof data);"},
     .needs = {"reader", "reader_py"},
     .limit = LIMIT_QUICK,
     .run = one_copy},
    {.name = "acquire",
     .points = 2,
     .title = "In every order of steps, and on every machine, the C reader takes whole data only",
     .concept = "acquire: what is read after the flag is read after the flag",
     .hints = {"Compiler and processor may move plain loads. What keeps the copy after the look?",
               "reader.c: how is data_ready read?", "__atomic_load_n(&shared->data_ready, __ATOMIC_ACQUIRE)"},
     .needs = {"reader"},
     .limit = LIMIT_EXPLORE,
     .run = acquire},
    {.name = "readers_refuse",
     .points = 6,
     .title = "Without a segment, with a small one, and before data_ready both readers say so and end with status 1",
     .concept = "errors that help: what, why, what next",
     .hints = {"The user of a program sees only its messages. A good one names the thing, the cause and the next step.",
               "ENOENT: there is no segment. EINVAL: it is smaller than what was asked for. And data_ready "
               "may be false.",
               "if (id == -1) return error_report_errno(errno == ENOENT ? \"start the writer first\" : NULL, "
               "\"shmget(key %d)\", (int)key);"},
     .needs = {"reader", "reader_py"},
     .limit = LIMIT_QUICK,
     .run = readers_refuse},
    {.name = "errors_writer",
     .points = 4,
     .title = "When any call of the writer fails: a message that names the error, and status 1",
     .concept = "every system call can fail",
     .hints = {"A call that has failed returns -1 (shmat: (void *)-1) and says why in errno.",
               "writer.c: each of shmget, shmat, shmdt and shmctl has a result. Making the call again, with success, "
               "is right, "
               "too.",
               "if (shared == (void *)-1) return error_report_errno(NULL, \"shmat(id %d)\", id);"},
     .needs = {"creates"},
     .limit = LIMIT_QUICK,
     .run = errors_writer},
    {.name = "errors_clean",
     .points = 2,
     .title = "When any call of the writer fails: no segment is left",
     .concept = "every way out passes the clean-up",
     .hints = {"What was created before a call that fails still has to go.",
               "writer.c: segment_fill_and_hold returns a status, and main removes the segment whatever it is.",
               "The removal in main, after the call of segment_fill_and_hold, before any return."},
     .needs = {"removes_enter"},
     .limit = LIMIT_QUICK,
     .run = errors_clean},
    {.name = "errors_adopt",
     .points = 2,
     .title = "A segment that the kernel tells nothing about is left alone",
     .concept = "an error is no id",
     .hints = {"Somebody may remove the segment, or own it, between your first shmget and your next call.",
               "writer.c, where a segment exists already: what do shmget and shmctl return?",
               "if (id == -1 || shmctl(id, IPC_STAT, &info) == -1) { error_report_errno(...); return -1; }"},
     .needs = {"adopts"},
     .limit = LIMIT_QUICK,
     .run = errors_adopt},
    {.name = "errors_readers",
     .points = 3,
     .title = "When any call of the readers fails: a message that names the error, and status 1",
     .concept = "every system call can fail",
     .hints = {"An address that is (void *)-1 is no address. Reading there is a SIGSEGV.",
               "reader.c: shmat. reader.py: the OSError that sysv_shm raises.",
               "except OSError as error: raise ShmlabError(str(error.filename), \"\", error.errno or 0) from error"},
     .needs = {"reader", "reader_py"},
     .limit = LIMIT_QUICK,
     .run = errors_readers},
    {.name = "lives",
     .points = 0,
     .title = "Twenty-five starts, ends, deaths and looks in a drawn order leave the segment as a model says",
     .concept = "who may have a segment is a matter of its state, not of its history",
     .hints = {"What the public checks ask for a few numbers holds for all of them.",
               "Which number in your code is one that the handout does not name?",
               "No number, name or order may be special."},
     .needs = {"adopts", "refuses", "removes_signals", "reader"},
     .limit = LIMIT_LONG,
     .visibility = CHECK_INSTRUCTOR,
     .run = lab2_lives},
    {.name = "sizes",
     .points = 0,
     .title = "Segments of eight other sizes are refused and left as they were",
     .concept = "never touch what is not yours",
     .hints = {"What the public checks ask for a few numbers holds for all of them.",
               "Which number in your code is one that the handout does not name?",
               "No number, name or order may be special."},
     .needs = {"refuses", "readers_refuse"},
     .limit = LIMIT_LONG,
     .visibility = CHECK_INSTRUCTOR,
     .run = lab2_sizes},
    {.name = "values",
     .points = 0,
     .title = "Both readers print the least values, the greatest, and none at all",
     .concept = "the flag alone says that there is something",
     .hints = {"What the public checks ask for a few numbers holds for all of them.",
               "Which number in your code is one that the handout does not name?",
               "No number, name or order may be special."},
     .needs = {"reader", "reader_py", "readers_refuse"},
     .limit = LIMIT_QUICK,
     .visibility = CHECK_INSTRUCTOR,
     .run = lab2_values},
    {.name = "warnings",
     .points = 1,
     .title = "The compiler gives no warning",
     .concept = "warnings",
     .hints = {"Each warning is a place where C allows what you probably do not mean.",
               "The message names file, line and the option that asked for it.",
               "key_t and mode_t are integers of certain sizes: cast where you know that the value fits."},
     .needs = {"creates"},
     .limit = LIMIT_QUICK,
     .run = check_warnings},
    {.name = "sanitizers",
     .points = 2,
     .title = "AddressSanitizer and UBSan find nothing in writer and reader",
     .concept = "memory errors that do not show",
     .hints =
         {"A program that reads past the end of an array may work for years. A sanitizer stops at the first such byte.",
          "The report in the transcript begins with what happened, then come the lines of your files.",
          "A segment of 1024 bytes is no array that the sanitizer knows: it finds what happens in your "
          "own memory."},
     .needs = {"creates", "reader"},
     .limit = LIMIT_BUILD,
     .run = sanitizers},
    {.name = "leaks",
     .points = 2,
     .title = "No program of yours has left a segment behind",
     .concept = "the creator removes",
     .hints = {"`ipcs -m` lists the segments of the whole machine; what your programs left is told here by key and id.",
               "Look for the path on which the writer ends without coming to IPC_RMID.",
               "One function owns the id, one place removes it, and nothing between returns past that place."},
     .needs = {"removes_enter"},
     .limit = LIMIT_QUICK,
     .last = true,
     .run = check_leaks},
};

const struct lab lab2_sysv = {
    .name = "lab2_sysv",
    .title = "System V memory",
    .files = {"writer.c", "reader.c", "reader.py"},
    .include = {"../lab1_layout"},
    .programs = {{"writer", {"writer.c", "sysv_segment.c", "../lab1_layout/sample.c"}, LINK_COMMON},
                 {"reader", {"reader.c", "sysv_segment.c"}, LINK_COMMON},
                 {"lab2_publisher", {PROGRAMS "lab2_publisher.c"}, LINK_COMMON}},
    .cases = cases,
    .case_count = sizeof cases / sizeof cases[0],
};
