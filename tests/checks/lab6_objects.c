/* Lab 6, the circular queue: its four objects, when they come and go, and what is there when a call fails. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "compile.h"
#include "lab6_queue.h"
#include "objects.h"
#include "peers.h"
#include "said.h"
#include "todo.h"
#include "watch.h"

enum { SEMAPHORES = 3 };

static void semaphore_names(const struct queue_names *names, const char *semaphores[SEMAPHORES])
{
    semaphores[0] = names->empty;
    semaphores[1] = names->full;
    semaphores[2] = names->mutex;
}

/* The first of the three that is not there; NULL: all are. */
static const char *semaphore_absent(struct check *check, const struct queue_names *names)
{
    const char *semaphores[SEMAPHORES];

    semaphore_names(names, semaphores);
    for (size_t i = 0; i < SEMAPHORES; i++)
        if (!semaphore_exists(check, semaphores[i]))
            return semaphores[i];
    return NULL;
}

static const char *semaphore_path(struct check *check, const char *name)
{
    return check_text(check, "/dev/shm/sem.%s", name + 1); /* sem_overview(7) */
}

/* Close, whatever becomes of the names: that is for `removes`. */
static void peer_leave(struct program *peer)
{
    check_pardon_leaks(peer->check);
    peer_end(peer);
}

void lab6_objects(struct check *check)
{
    struct queue_names names = queue_names_make(check);
    struct program *peer = START(check, PEER, "0");

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "objects_create("),
           .cause =
               "EMPTY counts free slots (5 at first), FULL frames to be read (0), MUTEX is a lock that is open (1)",
           .next = todo_next(check, QUEUE, "(void)queue_map;", 1,
                             "semaphore_create takes the value; ftruncate gives the object its size"));
    const char *answer = peer_ask(peer, "create %s", names.prefix);
    REQUIRE(check, strcmp(answer, "0") == 0, .expected = "queue_create gives: 0", .found = program_output(peer),
            .cause = "the message says which call failed");
    struct object object = posix_look(check, names.shm);
    REQUIRE(check, object.exists && object.size == sizeof(struct yolo_queue),
            .expected = check_text(check, "%s: %zu bytes", names.shm, sizeof(struct yolo_queue)),
            .found = object.exists ? check_text(check, "%zu bytes", object.size) : "none",
            .cause = "the control block of 12 bytes and five slots of 1,233,620 each",
            .next = "sizeof *queue->shared, for ftruncate");
    const char *missing = semaphore_absent(check, &names);
    REQUIRE(check, missing == NULL, .expected = check_text(check, "a semaphore %s", missing), .found = "none");
    struct yolo_queue *shared = posix_map(check, names.shm, sizeof *shared);
    queue_state_require(check, &names, shared, "in a new queue", queue_state_after(0, 0));
    peer_leave(peer);
}

void lab6_mode(struct check *check)
{
    static const struct {
        mode_t mask;
        const char *text;
        unsigned mode;
    } cases[] = {{022, "0600", 0600}, {077, "0664", 0664}};

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "objects_create("),
           .cause = "--mode decides who may open the objects: a MUTEX that every program may post is no lock",
           .next = "semaphore_create takes the mode that objects_create was given");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct queue_names names = queue_names_make(check);
        const char *semaphores[SEMAPHORES];
        umask(cases[i].mask); /* of the program, too */
        struct program *peer = START(check, PEER, "0");
        peer_require(peer, "queue_create gives", peer_ask(peer, "create %s %s", names.prefix, cases[i].text), "0");
        semaphore_names(&names, semaphores);
        for (size_t k = 0; k < SEMAPHORES; k++) {
            struct stat info = {0};
            REQUIRE(check,
                    stat(semaphore_path(check, semaphores[k]), &info) == 0 && (info.st_mode & 0777) == cases[i].mode,
                    .expected = check_text(check, "with --mode %s %s has mode %04o", cases[i].text, semaphores[k],
                                           cases[i].mode),
                    .found = check_text(check, "mode %04o", info.st_mode & 0777));
        }
        REQUIRE(check, posix_look(check, names.shm).mode == cases[i].mode,
                .expected =
                    check_text(check, "with --mode %s %s has mode %04o", cases[i].text, names.shm, cases[i].mode),
                .found = check_text(check, "mode %04o", posix_look(check, names.shm).mode));
        peer_leave(peer);
    }
}

/* Told to do something, and stopped at each of its system calls; false when it has answered. */
static bool peer_moves(struct program *peer, size_t printed)
{
    long call;

    if (strstr(program_output(peer) + printed, "> ") != NULL)
        return false;
    if (watch_call(peer, &call) != STEP_DONE)
        FAIL(peer->check, .expected = "queue_create and queue_close come to their ends", .found = "one does not");
    return true;
}

/* A consumer takes an object of the full size for a queue that is ready: it must have its semaphores by then. */
void lab6_ready(struct check *check)
{
    struct queue_names names = queue_names_make(check);
    struct program *peer = START(check, PEER, "0");

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "objects_create("),
           .cause =
               "the object has its full size before the semaphores are there: a consumer that comes now finds none, "
               "or those of a dead producer",
           .next = "the three semaphores first, then ftruncate");
    peer_ask(peer, "free 0"); /* it has started: there is no queue yet */
    watch_seize(peer);
    size_t printed = strlen(program_output(peer));
    peer_tell(peer, "create %s", names.prefix);
    while (peer_moves(peer, printed)) {
        const char *missing = semaphore_absent(check, &names);
        REQUIRE(check, missing == NULL || posix_look(check, names.shm).size < sizeof(struct yolo_queue),
                .expected = check_text(check, "when %s has its full size all three semaphores are there", names.shm),
                .found = check_text(check, "%s is not there yet", missing));
    }
    watch_release(peer);
    peer_require(peer, "queue_create gives", peer_answer(peer), "0");
    peer_leave(peer);
}

void lab6_reserves(struct check *check)
{
    struct queue_names names = queue_names_make(check);
    struct program *peer = peer_create(check, &names, 0);
    struct stat info = {0};

    stat(check_text(check, "/dev/shm%s", names.shm), &info);
    REQUIRE(check, (size_t)info.st_blocks * 512 >= sizeof(struct yolo_queue),
            .expected = "a new queue has memory for all its bytes",
            .found = check_text(check, "memory for %llu of %zu", (unsigned long long)info.st_blocks * 512,
                                sizeof(struct yolo_queue)),
            .file = QUEUE, .line = check_line(check, QUEUE, "objects_create("),
            .cause = "ftruncate promises a size, no memory: in a full /dev/shm the first store is a SIGBUS",
            .next = "posix_fallocate(queue->fd, 0, sizeof *queue->shared) after ftruncate: it returns ENOSPC now");
    peer_leave(peer);
}

/* The object goes last: a program that finds it relies on its semaphores. */
void lab6_removes(struct check *check)
{
    struct queue_names names = queue_names_make(check);
    struct program *peer = peer_create(check, &names, 0);
    const char *semaphores[SEMAPHORES];

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "objects_unlink("),
           .cause = "the name of the shared memory object is removed first: a producer that comes now makes four new "
                    "objects, and you remove three of them",
           .next = "three sem_unlink, then shm_unlink");
    semaphore_names(&names, semaphores);
    watch_seize(peer);
    size_t printed = strlen(program_output(peer));
    peer_tell(peer, "close");
    while (peer_moves(peer, printed)) {
        if (posix_look(check, names.shm).exists)
            continue;
        for (size_t i = 0; i < SEMAPHORES; i++)
            REQUIRE(check, !semaphore_exists(check, semaphores[i]),
                    .expected = check_text(check, "when %s is gone the semaphores are gone as well", names.shm),
                    .found = check_text(check, "%s is still there", semaphores[i]));
    }
    watch_release(peer);
    peer_answer(peer);
    peer_finish(peer);
    queue_none_require(check, &names, "after queue_close");
}

/* ---- Calls that fail ---- */

static void error_once(struct check *check, const char *fault, int number)
{
    struct queue_names names = queue_names_make(check);
    const char *call = check_text(check, "%.*s", (int)strcspn(fault, ":"), fault);

    check_inject(check, fault);
    struct program *producer = START(check, PRODUCER(names, "--timeout", "0", "--frames", "1"));
    check_inject(check, NULL);
    int status = program_wait(producer);
    REQUIRE(check, status == 1,
            .expected = check_text(check, "the producer ends with exit status 1 when %s fails", call),
            .found = check_text(check, "%s; it printed:\n%s", status_text(check, status), program_output(producer)));
    REQUIRE(check, program_names_error(producer, number) || program_said(producer, "never read"),
            .expected = check_text(check, "a message that names %s: by its symbol, its number or strerror's words",
                                   strrchr(fault, ':') + 1),
            .found = program_output(producer));
    queue_none_require(check, &names, check_text(check, "when %s has failed", call));
}

/* A detector that fails has found nothing: its -1 is no number of detections. */
static void detector_fails(struct check *check)
{
    struct queue_names names = queue_names_make(check);
    const char *script = check_text(check, "%s/fails", check_scratch(check));

    check_write(check, script, "fails\n");
    struct program *producer = START(check, SCRIPTED, "--prefix", names.prefix, "--detector", "darknet", "--cfg",
                                     script, "--weights", script, "--timeout", "0", "--frames", "1");
    int status = program_wait(producer);
    REQUIRE(check, status == 1 && !program_said(producer, "frame 1: -1"),
            .expected = "a producer whose detector fails publishes no frame, and ends with exit status 1",
            .found = check_text(check, "%s%s", status_text(check, status),
                                program_said(producer, "frame 1: -1") ? ", after a frame of -1 detections" : ""),
            .file = "producer.c", .line = check_line(check, "producer.c", "slot_fill("),
            .cause = "detector_run returns -1 when it fails; taken for a number, it becomes num_detections");
    REQUIRE(check, program_names_error(producer, ERANGE),
            .expected = "a message that names the detector's error, ERANGE", .found = program_output(producer),
            .file = "producer.c");
}

void lab6_errors(struct check *check)
{
    static const struct {
        const char *fault;
        int number;
    } faults[] = {{"sem_open:1:EACCES", EACCES},  {"sem_open:2:ENOSPC", ENOSPC},        {"sem_open:3:EMFILE", EMFILE},
                  {"ftruncate:1:ENOSPC", ENOSPC}, {"posix_fallocate:1:ENOSPC", ENOSPC}, {"mmap:1:ENOMEM", ENOMEM}};

    ADVISE(check, .file = QUEUE, .line = check_line(check, QUEUE, "objects_create("),
           .cause = "a call that failed was not looked at",
           .next =
               "return 1 when one of the semaphores is SEM_FAILED, error_report_errno(...) when a call returned -1");
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        error_once(check, faults[i].fault, faults[i].number);
    detector_fails(check);
}
