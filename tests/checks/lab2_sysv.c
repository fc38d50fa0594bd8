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
#include "objects.h"
#include "shared_data_check.h"
#include "shmlab/error.h"
#include "text.h"

static struct program *writer_start(struct check *check, const char *key)
{
    struct program *writer = START(check, "writer", "--key", key);

    program_expect(writer, "press Enter");
    return writer;
}

static void require_gone(struct check *check, const char *key, const char *when)
{
    struct object object = sysv_look(check, key);

    REQUIRE(check, !object.exists, .expected = check_text(check, "no segment with key %s %s", key, when),
            .found = check_text(check, "id %d is still there, attached %lu times", object.id, object.attached));
}

static void lab1(struct check *check)
{
    ADVISE(check, .cause = "lab 2 stands on lab 1's struct and sample values", .next = "make lab1 first");
    data_lab1_require(check, check_folder(check));
}

/* ---- The writer ---- */

static void creates(struct check *check)
{
    const char *key = check_key(check);

    int line = check_line(check, "writer.c", "shmget(");
    ADVISE(check, .file = "writer.c", .line = line,
           .cause = "--key is not used; or the program waits before it has created anything");
    struct program *writer = writer_start(check, key);
    struct object object = sysv_look(check, key);
    if (!object.exists)
        sysv_missing(check, key, check_text(check, "a segment with key %s, while the writer holds it", key));
    ADVISE(check, .file = "writer.c", .line = line);
    REQUIRE(check, object.size == DATA_SEGMENT, .expected = check_text(check, "%d bytes", DATA_SEGMENT),
            .found = check_text(check, "%zu bytes", object.size),
            .cause = "sizeof the struct is not the segment's size", .next = "SHARED_DATA_SEGMENT_SIZE");
    REQUIRE(check, object.mode == 0600, .expected = "mode 0600", .found = check_text(check, "mode %04o", object.mode),
            .cause = "the access bits belong into shmget's flags; without them nobody may attach, with 0666 everybody",
            .next = "IPC_CREAT | IPC_EXCL | mode");
    REQUIRE(check, object.attached == 1, .expected = "attached once, while the writer holds it",
            .found = check_text(check, "attached %lu times", object.attached),
            .line = check_line(check, "writer.c", "shmat("),
            .cause = "attached twice, or detached before the data is due", .next = "compare with nattch in `ipcs -m`");
    REQUIRE(check, object.creator == writer->pid, .expected = "created by the writer",
            .found = check_text(check, "created by process %d", (int)object.creator));
    program_send(writer, "\n");
    program_wait(writer);

    const char *other = check_key(check);
    writer = START(check, "writer", "--key", other, "--mode", "0644");
    program_expect(writer, "press Enter");
    object = sysv_look(check, other);
    REQUIRE(check, object.mode == 0644, .expected = "mode 0644 with --mode 0644",
            .found = check_text(check, "mode %04o", object.mode));
    program_send(writer, "\n");
    program_wait(writer);
}

static void data(struct check *check)
{
    const char *key = check_key(check);

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "sample_"));
    struct program *writer = writer_start(check, key);
    data_require_sample(check, sysv_copy(check, key, DATA_SEGMENT), writer);
    program_send(writer, "\n");
    program_wait(writer);
}

static void removes_enter(struct check *check)
{
    const char *key = check_key(check);

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "IPC_RMID"),
           .cause = "shmdt detaches and removes nothing: a System V segment lives until somebody removes it",
           .next = "shmctl(id, IPC_RMID, NULL), behind the hold");
    struct program *writer = writer_start(check, key);
    program_send(writer, "\n");
    program_ends(writer, 0);
    require_gone(check, key, "after Enter");
    writer = START(check, "writer", "--key", key, "--hold", "0");
    program_ends(writer, 0);
    require_gone(check, key, "after --hold 0");
}

static void removes_signals(struct check *check)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    const char *key = check_key(check);

    ADVISE(check, .file = "writer.c", .line = check_line(check, "writer.c", "stop_on_signals"),
           .cause = "a signal that is not handled ends the program on the spot, past every clean-up",
           .next = "stop_on_signals() before the segment is created; stop_wait ends the hold, and main goes on");
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct program *writer = writer_start(check, key);
        program_signal(writer, signals[i]);
        int status = program_wait(writer);
        require_gone(check, key, check_text(check, "after SIG%s", sigabbrev_np(signals[i])));
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
    struct program *writer = writer_start(check, key);
    program_signal(writer, SIGKILL);
    program_wait(writer);
    int stale = sysv_look(check, key).id;
    unsigned char *bytes = sysv_attach(check, key);
    memset(bytes, 0xFF, DATA_SEGMENT);
    sysv_detach(check, bytes);

    check_note(check, "a writer was killed and left a segment behind; another one starts");
    writer = writer_start(check, key);
    REQUIRE(check, sysv_look(check, key).id == stale, .expected = "the segment that was left is used again",
            .found = "another one");
    const unsigned char *copy = sysv_copy(check, key, DATA_SEGMENT);
    data_require_zero(check, copy, SHARED_DATA_SIZE, DATA_SEGMENT, "behind the struct in an adopted segment");
    program_send(writer, "\n");
    program_ends(writer, 0);
    require_gone(check, key, "after a writer that adopted it");
}

/* A writer meets a segment that is not for it: status 1, a reason, and the segment as it was. */
static void require_refused(struct check *check, const char *key, const char *why)
{
    struct object before = sysv_look(check, key);
    struct program *writer = START(check, "writer", "--key", key, "--hold", "0");
    int status = program_wait(writer);
    struct object after = sysv_look(check, key);

    REQUIRE(check, status == 1, .expected = check_text(check, "exit status 1: %s", why),
            .found = check_text(check, "%s", status_text(check, status)));
    REQUIRE(check, program_output(writer)[0] != '\0', .expected = "a message that says why", .found = "silence");
    REQUIRE(check, after.exists && after.id == before.id,
            .expected = check_text(check, "the segment is left alone: %s", why), .found = "it was removed",
            .cause = "a clean-up that removes what this program has not created",
            .next = "only who owns the segment may come to IPC_RMID");
    unsigned char *bytes = sysv_attach(check, key);
    REQUIRE(check, bytes[0] == 0xA5 && bytes[before.size - 1] == 0xA5,
            .expected = check_text(check, "its bytes are left alone: %s", why), .found = "they were overwritten");
    sysv_detach(check, bytes);
}

static unsigned char *foreign_segment(struct check *check, const char *key, size_t size)
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
        sysv_detach(check, foreign_segment(check, key, sizes[i]));
        require_refused(check, key, check_text(check, "it has %zu bytes, another program's", sizes[i]));
        sysv_remove(check, key);
    }
    const char *key = check_key(check);
    unsigned char *held = foreign_segment(check, key, DATA_SEGMENT);
    require_refused(check, key, "somebody is attached to it");
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
        ADVISE(check, .file = file, .line = check_line(check, file, i == 0 ? "shmat(" : "Segment("),
               .cause = "shmat's third argument is 0, which means reading and writing; shmget with IPC_CREAT makes an "
                        "empty segment where there was none",
               .next = "SHM_RDONLY: a store through that address is a SIGSEGV, not a spoiled segment");
        REQUIRE(check, strstr(calls, "SHM_RDONLY") != NULL && strstr(calls, ", 0)\n") == NULL,
                .expected = check_text(check, "%s attaches with SHM_RDONLY only", programs[i]), .found = calls);
        REQUIRE(check, strstr(calls, "shmdt()") != NULL, .expected = check_text(check, "%s detaches", programs[i]),
                .found = calls, .cause = "the end of the process detaches, too; a program that lives on would not");
        sysv_detach(check, bytes);
        sysv_remove(check, key);
    }
}

static void require_complaint(struct check *check, const char *program, const char *key, const char *when,
                              const char *symbol)
{
    struct program *reader = START(check, program, "--key", key);
    int status = program_wait(reader);

    ADVISE(check, .file = strstr(program, ".py") != NULL ? program : "reader.c",
           .cause = "a return value that nobody looks at",
           .next = "name the call, the error and the next step: error_report_errno; in Python: ShmlabError");
    REQUIRE(check, status == 1, .expected = check_text(check, "exit status 1 %s", when),
            .found = status_text(check, status));
    REQUIRE(check, strstr(program_output(reader), "Traceback") == NULL,
            .expected = check_text(check, "one line %s", when), .found = text_tail(program_output(reader), 1));
    REQUIRE(check, strstr(program_output(reader), symbol) != NULL,
            .expected = check_text(check, "a message %s that contains \"%s\"", when, symbol),
            .found = program_output(reader)[0] != '\0' ? program_output(reader) : "silence");
}

static void readers_refuse(struct check *check)
{
    static const char *const programs[] = {"reader", "reader.py"};

    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        const char *key = check_key(check);
        require_complaint(check, programs[i], key, "without a segment", "ENOENT");
        require_gone(check, key, "after a reader that found none");

        sysv_create(check, key, DATA_SEGMENT, 0600);
        require_complaint(check, programs[i], key, "when data_ready is still false", "not filled");
        sysv_remove(check, key);

        key = check_key(check);
        sysv_create(check, key, 512, 0600);
        require_complaint(check, programs[i], key, "when the segment has 512 bytes", i == 0 ? "EINVAL" : "512");
        sysv_remove(check, key);
    }
}

/* ---- Calls that fail ---- */

struct failing {
    const char *fault;
    int number; /* the error that the message has to name, by its symbol or its text */
    bool left;  /* the removal itself fails: nothing can be asked for */
};

static void require_survives(struct check *check, const char *program, const char *key, const struct failing *failing)
{
    const char *file = strstr(program, ".py") != NULL ? program : check_text(check, "%s.c", program);
    const char *call = check_text(check, "%.*s", (int)strcspn(failing->fault, ":/"), failing->fault);
    const char *symbol = error_symbol(failing->number);
    bool writes = strcmp(program, "writer") == 0;

    check_inject(check, failing->fault);
    struct program *process =
        writes ? START(check, program, "--key", key, "--hold", "0") : START(check, program, "--key", key);
    int status = program_wait(process);
    check_inject(check, NULL);
    ADVISE(check, .file = file, .line = check_line(check, file, check_text(check, "%s(", call)),
           .cause = "a return value that nobody looks at, or an error path that forgets what was created before",
           .next = "look at the result on the next line; clean up in the order opposite to creation");
    REQUIRE(check, status == 1, .expected = check_text(check, "exit status 1 when %s fails with %s", call, symbol),
            .found = status_text(check, status));
    REQUIRE(check,
            strstr(program_output(process), symbol) != NULL ||
                strstr(program_output(process), strerror(failing->number)) != NULL,
            .expected = check_text(check, "a message that names %s when %s fails", symbol, call),
            .found = program_output(process)[0] != '\0' ? program_output(process) : "silence");
    if (writes && !failing->left)
        require_gone(check, key, check_text(check, "when %s has failed with %s", call, symbol));
}

static void errors_writer(struct check *check)
{
    static const struct failing list[] = {
        {"shmget:1:EACCES", EACCES, false}, {"shmget:1:ENOSPC", ENOSPC, false},
        {"shmget:1:ENOMEM", ENOMEM, false}, {"shmget:1:EINVAL", EINVAL, false},
        {"shmget:1:EEXIST", ENOENT, false}, {"shmat:1:ENOMEM", ENOMEM, false},
        {"shmat:1:EACCES", EACCES, false},  {"shmat:1:EINVAL", EINVAL, false},
        {"shmdt:1:EINVAL", EINVAL, false},  {"shmctl/IPC_RMID:1:EINVAL", EINVAL, true},
    };

    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        const char *key = check_key(check);
        require_survives(check, "writer", key, &list[i]);
        if (list[i].left)
            sysv_remove(check, key);
    }
}

static void errors_readers(struct check *check)
{
    static const struct failing list[] = {
        {"shmget:1:EACCES", EACCES, false},
        {"shmat:1:ENOMEM", ENOMEM, false},
        {"shmat:1:EACCES", EACCES, false},
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
    struct program *writer = writer_start(check, key);
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
     .hints = {"The compiler's first message is the one to mend; those behind it often follow from it.",
               "The header is lab 1's: an offset check that fails there stops this lab, too.",
               "make lab1 CHECK=builds says whether it is lab 1's header that does not compile."},
     .limit = LIMIT_QUICK,
     .run = check_builds},
    {.name = "lab1",
     .points = 0,
     .title = "Lab 1's struct and sample values are right: what is written here stands on them",
     .concept = "labs 1 and 2 share a struct",
     .hints = {"This lab moves lab 1's data into another kind of shared memory; the bytes are the same.",
               "labs/lab1_layout: shared_data.h and sample.c.", "make lab1, until offsets and bytes have passed."},
     .needs = {"builds"},
     .limit = LIMIT_BUILD,
     .run = lab1},
    {.name = "creates",
     .points = 12,
     .title = "The writer creates a segment with its key, 1024 bytes, mode 0600, and attaches it once",
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
    {.name = "data",
     .points = 8,
     .title = "The segment holds lab 1's data at the contract's bytes",
     .concept = "the same bytes in another kind of shared memory",
     .hints = {"Whichever call gave it to you: shared memory is an address, and a struct may lie there.",
               "writer.c, segment_fill_and_hold: clear the whole segment, then sample_fill and sample_publish.",
               "memset(shared, 0, SHARED_DATA_SEGMENT_SIZE); sample_fill(&sample); sample_publish(shared, &sample);"},
     .needs = {"lab1", "creates"},
     .limit = LIMIT_QUICK,
     .run = data},
    {.name = "removes_enter",
     .points = 8,
     .title = "The writer removes the segment at Enter and at the end of --hold",
     .concept = "lifetime: a segment belongs to the kernel, not to a process",
     .hints = {"A System V segment outlives every process. It is gone when somebody removes it, or the "
               "machine restarts.",
               "writer.c, main: behind the hold, on success and on error alike.",
               "if (shmctl(id, IPC_RMID, NULL) == -1) return error_report_errno(...);"},
     .needs = {"creates"},
     .limit = LIMIT_QUICK,
     .run = removes_enter},
    {.name = "removes_signals",
     .points = 12,
     .title = "The writer removes the segment at SIGINT, SIGTERM and SIGHUP, and ends with status 0",
     .concept = "clean-up when a signal comes",
     .hints = {"Ctrl-C is SIGINT. Unhandled, it ends the program between two instructions: no clean-up runs, "
               "no atexit.",
               "shmlab/stop.h: a handler that sets a flag, and a wait that ends when it is set. writer.c calls both "
               "already; what comes behind the hold is yours.",
               "Nothing special is needed: stop_wait returns, segment_fill_and_hold detaches, main removes. "
               "Do not call exit in between."},
     .needs = {"removes_enter"},
     .limit = LIMIT_QUICK,
     .run = removes_signals},
    {.name = "adopts",
     .points = 8,
     .title = "A segment that a killed writer left behind is used again, cleared, and removed at the end",
     .concept = "recovery: SIGKILL leaves the segment behind",
     .hints = {"No program can handle SIGKILL. So the next start must cope with what the last one left.",
               "writer.c: shmget with IPC_EXCL fails with EEXIST. Then ask for the segment that is there, and what it "
               "is like: shmctl, IPC_STAT.",
               "int id = shmget(key, 0, 0); shmctl(id, IPC_STAT, &info); it may be taken when shm_segsz is 1024 and "
               "shm_nattch is 0."},
     .needs = {"removes_enter"},
     .limit = LIMIT_QUICK,
     .run = adopts},
    {.name = "refuses",
     .points = 10,
     .title = "A segment of another size, or one that somebody uses, is refused and left as it was",
     .concept = "never touch what is not yours",
     .hints = {"A key is only a number: another program may use the same. Its segment is not yours to fill or remove.",
               "writer.c, where a segment exists already: shm_segsz and shm_nattch tell. On a refusal, "
               "IPC_RMID must not be reached.",
               "if (info.shm_segsz != SHARED_DATA_SEGMENT_SIZE) ... return -1; if (info.shm_nattch > 0) ... "
               "return -1;"},
     .needs = {"removes_enter"},
     .limit = LIMIT_QUICK,
     .run = refuses},
    {.name = "reader",
     .points = 8,
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
     .points = 8,
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
     .points = 8,
     .title = "Whichever call of the writer fails: a message that names the error, status 1, no segment left",
     .concept = "every system call can fail",
     .hints = {"A call that has failed returns -1 (shmat: (void *)-1) and says why in errno. What was created "
               "before it still has to go.",
               "writer.c: segment_fill_and_hold returns a status, and main removes the segment whatever it is.",
               "if (shared == (void *)-1) return error_report_errno(NULL, \"shmat(id %d)\", id); with the removal in "
               "main, behind the call."},
     .needs = {"removes_enter"},
     .limit = LIMIT_QUICK,
     .run = errors_writer},
    {.name = "errors_readers",
     .points = 3,
     .title = "Whichever call of the readers fails: a message that names the error, and status 1",
     .concept = "every system call can fail",
     .hints = {"An address that is (void *)-1 is no address. Reading there is a SIGSEGV.",
               "reader.c: shmat. reader.py: the OSError that sysv_shm raises.",
               "except OSError as error: raise ShmlabError(str(error.filename), \"\", error.errno or 0) from error"},
     .needs = {"reader", "reader_py"},
     .limit = LIMIT_QUICK,
     .run = errors_readers},
    {.name = "warnings",
     .points = 1,
     .title = "The compiler has nothing to say",
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
     .hints = {"A program that reads behind an array may work for years. A sanitizer stops at the first such byte.",
               "The report in the transcript begins with what happened, then come the lines of your files.",
               "A segment of 1024 bytes is no array that the sanitizer knows: it finds what happens in your "
               "own memory."},
     .needs = {"creates", "reader"},
     .limit = LIMIT_BUILD,
     .run = sanitizers},
    {.name = "leaks",
     .points = 2,
     .title = "No program of yours has left a segment behind",
     .concept = "who creates removes",
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
                 {"reader", {"reader.c", "sysv_segment.c"}, LINK_COMMON}},
    .cases = cases,
    .case_count = sizeof cases / sizeof cases[0],
};
