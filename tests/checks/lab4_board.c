/*
 * Lab 4, challenge: a readers-writer lock of System V semaphores. `board --hold` stays inside the lock until
 * Enter is typed, so that the checks decide who is inside when, and look at the three semaphores meanwhile.
 */
#define _GNU_SOURCE
#include "lab4_board.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>

#include "address.h"
#include "peers.h"
#include "watch.h"
#include "weave.h"

enum { KEY_ID = 66, READERS = 0, WRITER = 1, WAITING = 2 }; /* as the handout has it */

static struct address board_draw(struct check *check)
{
    struct address address = address_draw(check, KEY_ID);

    /* A board lives until `board remove`; a check that ends before that has found something else. */
    check_pardon_leaks(check);
    ADVISE(check, .file = "rwlock.c", .line = check_line(check, "rwlock.c", "rwlock_read_begin("));
    return address;
}

static struct program *board_start(struct check *check, const struct address *address, const char *role,
                                   const char *hold)
{
    return START(check, "board", role, "--key-path", address->path, "--rounds", "1", "--timeout", "3600", hold);
}

static struct program *board_inside(struct check *check, const struct address *address, const char *role)
{
    struct program *program = board_start(check, address, role, "--hold");

    program_expect(program, "inside");
    return program;
}

static void board_use(struct check *check, const struct address *address, const char *role, const char *says)
{
    struct program *program = board_start(check, address, role, NULL);

    program_expect(program, says);
    program_ends(program, 0);
}

static void board_leave(struct program *program)
{
    program_send(program, "\n");
    program_ends(program, 0);
}

static void board_remove(struct check *check, const struct address *address)
{
    RUN(check, 0, "board", "remove", "--key-path", address->path);
}

static int value_of(const struct address *address, int number)
{
    int set = semget((key_t)strtol(address->key, NULL, 10), 0, 0);

    return set != -1 ? semctl(set, number, GETVAL) : -1;
}

static bool values_are(const struct address *address, int readers, int writer, int waiting)
{
    return value_of(address, READERS) == readers && value_of(address, WRITER) == writer &&
           value_of(address, WAITING) == waiting;
}

static void values_require(struct check *check, const struct address *address, int readers, int writer, int waiting,
                           const char *when)
{
    REQUIRE(check, values_are(address, readers, writer, waiting),
            .expected = check_text(check, "READERS %d, WRITER %d, WAITING %d %s", readers, writer, waiting, when),
            .found = check_text(check, "READERS %d, WRITER %d, WAITING %d", value_of(address, READERS),
                                value_of(address, WRITER), value_of(address, WAITING)));
}

/* A writer that waits for those who are inside. */
static struct program *writer_waiting(struct check *check, const struct address *address)
{
    struct program *writer = board_start(check, address, "write", NULL);

    watch_waits(writer, "while somebody is inside");
    REQUIRE(check, value_of(address, WAITING) == 1, .expected = "WAITING 1 while a writer waits",
            .found = check_text(check, "WAITING %d", value_of(address, WAITING)));
    return writer;
}

void rwlock_readers(struct check *check)
{
    struct address address = board_draw(check);

    board_use(check, &address, "write", "wrote notice 1");
    values_require(check, &address, 0, 0, 0, "when a writer has come and gone");
    struct program *first = board_inside(check, &address, "read");
    struct program *second = board_inside(check, &address, "read");
    values_require(check, &address, 2, 0, 0, "while two readers are inside");
    struct program *writer = writer_waiting(check, &address);
    values_require(check, &address, 2, 0, 1, "while two readers are inside and a writer waits");
    board_leave(first);
    watch_waits(writer, "while one reader is still inside");
    values_require(check, &address, 1, 0, 1, "when one of them has left");
    board_leave(second);
    program_ends(writer, 0);
    values_require(check, &address, 0, 0, 0, "when all have left");
    board_remove(check, &address);
}

/* The set is removed under those who wait for it. */
static void rwlock_gone(struct check *check)
{
    struct address address = board_draw(check);
    struct program *inside = board_inside(check, &address, "write");
    struct program *reader = board_start(check, &address, "read", NULL);

    watch_waits(reader, "while a writer is inside");
    struct program *writer = writer_waiting(check, &address);
    ADVISE(check, .file = "rwlock.c", .line = check_line(check, "rwlock.c", "operations_do("),
           .cause = "a set that was removed (EIDRM, or EINVAL from the next call on) is taken for one that is busy",
           .next = "RWLOCK_GONE for both");
    board_remove(check, &address);
    program_ends(reader, 1);
    program_ends(writer, 1);
    REQUIRE(check, program_said(reader, "removed the board") && program_said(writer, "removed the board"),
            .expected = "a process that waits learns that somebody has removed the board: RWLOCK_GONE",
            .found =
                check_text(check, "the reader:\n%sthe writer:\n%s", program_output(reader), program_output(writer)));
    program_send(inside, "\n");
    program_wait(inside);
}

void rwlock_writer(struct check *check)
{
    struct address address = board_draw(check);
    struct program *writer = board_inside(check, &address, "write");

    ADVISE(check, .file = "rwlock.c", .line = check_line(check, "rwlock.c", "rwlock_write_begin("));
    values_require(check, &address, 0, 1, 0, "while a writer is inside");
    struct program *reader = board_start(check, &address, "read", NULL);
    watch_waits(reader, "while a writer is inside");
    struct program *second = writer_waiting(check, &address);
    values_require(check, &address, 0, 1, 1, "while a writer is inside and another one waits");
    board_leave(writer);
    program_ends(second, 0);
    program_ends(reader, 0);
    values_require(check, &address, 0, 0, 0, "when all have left");
    board_use(check, &address, "read", "read notice 2");
    board_remove(check, &address);
}

/* One that gave up and lives on: SEM_UNDO takes nothing back before its end. */
static void rwlock_lives_on(struct check *check, const struct address *address)
{
    struct program *first = START(check, "lab4_lock", address->key), *second = START(check, "lab4_lock", address->key);

    ADVISE(check, .file = "rwlock.c", .line = check_line(check, "rwlock.c", "rwlock_write_begin("),
           .cause = "a writer that gave up still counts as one that waits: no reader comes in any more",
           .next = "whatever ends the wait, WAITING goes down again");
    peer_answer(first);
    peer_answer(second);
    peer_require(first, "with nobody inside rwlock_read_begin gives", peer_ask(first, "read 20"), "done");
    peer_require(second, "with a reader inside rwlock_write_begin of 0 seconds gives", peer_ask(second, "write 0"),
                 "timeout");
    values_require(check, address, 1, 0, 0, "when a writer has given up, and lives on");
    peer_tell(second, "write 20");
    watch_waits(second, "while a reader is inside");
    program_signal(second, SIGINT);
    peer_require(second, "after SIGINT rwlock_write_begin gives", peer_answer(second), "stopped");
    values_require(check, address, 1, 0, 0, "when a writer was stopped, and lives on");
    peer_require(second, "once more rwlock_write_begin gives", peer_ask(second, "write 20"), "stopped");
    values_require(check, address, 1, 0, 0, "when a writer that was stopped before has come in vain");
    peer_require(first, "rwlock_read_end:", peer_ask(first, "leave read"), "left");
    peer_finish(first);
    peer_finish(second);
    values_require(check, address, 0, 0, 0, "when all have left");
}

/* A reader and a writer whose waits end at once, are interrupted, or meet a set that is removed just now. */
static const char *disturbed_ask(struct check *check, const struct address *address, const char *fault,
                                 const char *command, double least, double most)
{
    check_inject(check, fault);
    struct program *peer = START(check, "lab4_lock", address->key);
    check_inject(check, NULL);
    peer_answer(peer);
    const char *answer = peer_ask_within(peer, command, least, most);
    if (program_injected(peer) == 0)
        answer = NULL; /* it waits by another call */
    if (answer != NULL && strcmp(answer, "done") == 0)
        peer_ask(peer, "leave %.5s", command);
    peer_finish(peer);
    return answer;
}

static void disturbed_require(struct check *check, const struct address *address, const char *fault,
                              const char *command, const char *expected)
{
    bool timed = strcmp(expected, "timeout") == 0;
    const char *answer = disturbed_ask(check, address, fault, command, timed ? 0.9 : 0, timed ? 3 : 10);

    REQUIRE(check, answer == NULL || strcmp(answer, expected) == 0,
            .expected = check_text(check, "when semtimedop gives %s, rwlock_%.5s_begin gives: %s",
                                   strrchr(fault, ':') + 1, command, expected),
            .found = answer);
}

static void rwlock_limits(struct check *check, const struct address *address)
{
    ADVISE(check, .file = "rwlock.c", .line = check_line(check, "rwlock.c", "operations_do("),
           .cause = "each error of semtimedop means something else: EAGAIN the time is over, EINTR a signal came, "
                    "EIDRM and EINVAL the set is gone",
           .next = "as semaphore_wait in buffer.c");
    disturbed_require(check, address, "semtimedop:1:EINTR", "read 0.1", "done");
    disturbed_require(check, address, "semtimedop:1:EIDRM", "read 0.1", "gone");
    disturbed_require(check, address, "semtimedop:1:EINVAL", "read 0.1", "gone");
    disturbed_require(check, address, "semtimedop:1+:EAGAIN", "read 1", "timeout");
    values_require(check, address, 0, 0, 0, "when readers have come in vain");
    disturbed_require(check, address, "semtimedop:1+:EAGAIN", "write 1", "timeout");
    values_require(check, address, 0, 0, 0, "when a writer has come in vain");
    struct program *inside = START(check, "lab4_lock", address->key);
    peer_answer(inside);
    peer_ask(inside, "read 20");
    disturbed_require(check, address, "semtimedop:1:SIGINT", "write 3", "stopped");
    peer_ask(inside, "leave read");
    peer_finish(inside);
}

void rwlock_fair(struct check *check)
{
    struct address address = board_draw(check);

    ADVISE(check, .file = "rwlock.c", .line = check_line(check, "rwlock.c", "rwlock_read_begin("),
           .cause = "readers that come and go can keep a writer out forever: there is always one inside",
           .next = "a reader waits until WAITING is 0, in the same call in which it counts itself");
    board_use(check, &address, "write", "wrote notice 1");
    struct program *inside = board_inside(check, &address, "read");
    struct program *writer = writer_waiting(check, &address);
    struct program *late = board_start(check, &address, "read", NULL);
    watch_waits(late, "while a writer waits");
    values_require(check, &address, 1, 0, 1, "while a reader is inside, and a writer and a reader wait");
    board_leave(inside);
    program_ends(writer, 0);
    program_expect(late, "read notice 2");
    program_ends(late, 0);

    inside = board_inside(check, &address, "read");
    ADVISE(check, .file = "rwlock.c", .line = check_line(check, "rwlock.c", "rwlock_write_begin("),
           .cause = "a writer that gave up still counts as one that waits: no reader comes in any more",
           .next = "whatever ends the wait, WAITING goes down again");
    RUN(check, 1, "board", "write", "--key-path", address.path, "--timeout", "0");
    values_require(check, &address, 1, 0, 0, "when the writer that waited has given up");
    board_leave(inside);
    rwlock_lives_on(check, &address);
    rwlock_limits(check, &address);
    board_remove(check, &address);
}

/* Kill it, and wait until the kernel has taken back what it did. */
static void board_kill(struct check *check, struct program *program, const struct address *address, int readers,
                       const char *what)
{
    program_signal(program, SIGKILL);
    program_wait(program);
    values_require(check, address, readers, 0, 0, what);
}

void rwlock_killed(struct check *check)
{
    struct address address = board_draw(check);

    ADVISE(check, .file = "rwlock.c", .line = check_line(check, "rwlock.c", "rwlock_read_begin("),
           .cause = "what a killed process did to the semaphores stays: everybody waits for a process that is dead",
           .next = "SEM_UNDO with every operation that changes a semaphore");
    board_kill(check, board_inside(check, &address, "write"), &address, 0, "when a writer was killed inside");
    board_use(check, &address, "read", "notice 1 was never finished");
    board_use(check, &address, "write", "wrote notice 2");
    board_kill(check, board_inside(check, &address, "read"), &address, 0, "when a reader was killed inside");
    struct program *inside = board_inside(check, &address, "read");
    board_kill(check, writer_waiting(check, &address), &address, 1, "when a writer was killed that waited");
    board_use(check, &address, "read", "read notice 2");
    board_leave(inside);
    board_use(check, &address, "write", "wrote notice 3");
    values_require(check, &address, 0, 0, 0, "when all have left");
    board_remove(check, &address);
    rwlock_gone(check);
}

void rwlock_race(struct check *check)
{
    check_varies(check, "key", check_text(check, "0x%08x", (unsigned)ftok("/tmp", KEY_ID)));
    CHECK_WEAVE(check, .title = "a writer and a reader",
                .programs = {{"board", "write", "--rounds", "2"}, {"board", "read", "--rounds", "2"}});
    CHECK_WEAVE(check, .title = "a writer and two readers",
                .programs = {{"board", "write", "--rounds", "1"},
                             {"board", "read", "--rounds", "1"},
                             {"board", "read", "--rounds", "1"}},
                .options = {"--bound", "1"});
    CHECK_WEAVE(check, .title = "two writers and a reader",
                .programs = {{"board", "write", "--rounds", "1"},
                             {"board", "write", "--rounds", "1"},
                             {"board", "read", "--rounds", "1"}},
                .options = {"--bound", "1"});
    CHECK_WEAVE(check, .title = "two writers, the first of which is killed, at each of its steps",
                .programs = {{"board", "write", "--rounds", "1"}, {"board", "write", "--rounds", "1"}},
                .options = {"--bound", "0", "--kill", "1"});
}
