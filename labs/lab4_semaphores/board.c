/*
 * Lab 4, challenge: read and write a notice board that any number of readers may look at together, and one
 * writer change alone.
 *
 *     board write [--key-path /tmp] [--key-id 66] [--rounds 5] [--hold]
 *     board read  ... in other terminals, as many as you like
 *     board remove
 *
 * --hold stays inside the lock, in the middle of the work, until Enter: time to look at `ipcs -s -i ID`, or
 * to kill the program.
 */
#define _GNU_SOURCE
#include "board.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "rwlock.h"
#include "shmlab/clock.h"
#include "shmlab/error.h"
#include "shmlab/options.h"
#include "shmlab/stop.h"

static const double retry_seconds = 0.01; /* between two looks for the board */

struct options {
    const char *role; /* "read", "write" or "remove" */
    const char *key_path;
    int key_id;
    int rounds;
    bool hold;
    double timeout;
    mode_t mode;
    key_t key;
};

/* Write one line, as one call: what several processes print at once does not mix. */
static void say(const char *what, int number)
{
    printf("board: ");
    printf(what, number);
    printf("\n");
    fflush(stdout);
}

static int end_report(enum rwlock_end end, const struct options *options)
{
    switch (end) {
    case RWLOCK_STOPPED:
        return error_report(NULL, "%s", strsignal(stop_signal()));
    case RWLOCK_GONE:
        return error_report(NULL, "somebody has removed the board");
    default:
        return error_report("who is inside? see `ipcs -s`", "the lock was not free within %g s",
                            options->timeout);
    }
}

/* Inside the lock: stay there until Enter, or until a signal asks us to end. */
static void hold(const struct options *options, const char *what, int number)
{
    if (!options->hold)
        return;
    say(what, number);
    stop_wait(options->timeout);
}

static int notice_write(struct board *board, int set, const struct options *options)
{
    enum rwlock_end end = rwlock_write_begin(set, options->timeout);

    if (end != RWLOCK_DONE)
        return end_report(end, options);
    int number = board->begun + 1;
    board->begun = number;
    for (int line = 0; line < BOARD_LINES; line++) {
        snprintf(board->lines[line], BOARD_LINE_CAPACITY, BOARD_LINE_FORMAT, number, line + 1);
        if (line == BOARD_LINES / 2)
            hold(options, "inside, half of notice %d is written: press Enter", number);
    }
    board->done = number;
    rwlock_write_end(set);
    say("wrote notice %d", number);
    return EXIT_SUCCESS;
}

/* Is every line of a copy the finished notice's? */
static int notice_check(const struct board *copy)
{
    char wanted[BOARD_LINE_CAPACITY];

    for (int line = 0; line < BOARD_LINES; line++) {
        snprintf(wanted, sizeof wanted, BOARD_LINE_FORMAT, copy->done, line + 1);
        if (strncmp(copy->lines[line], wanted, sizeof wanted) != 0)
            return error_report("a writer was inside at the same time", "line %d of notice %d is \"%.*s\"",
                                line + 1, copy->done, BOARD_LINE_CAPACITY, copy->lines[line]);
    }
    say("read notice %d", copy->done);
    return EXIT_SUCCESS;
}

static int notice_read(const struct board *board, int set, const struct options *options)
{
    enum rwlock_end end = rwlock_read_begin(set, options->timeout);

    if (end != RWLOCK_DONE)
        return end_report(end, options);
    struct board copy = *board;
    hold(options, "inside, notice %d before me: press Enter", copy.done);
    rwlock_read_end(set);
    if (copy.begun != copy.done) { /* the lock came back, the work did not */
        say("notice %d was never finished: its writer was killed", copy.begun);
        return EXIT_SUCCESS;
    }
    if (copy.done > 0)
        return notice_check(&copy);
    say("there has been no notice yet", 0);
    return EXIT_SUCCESS;
}

/* The segment's id; -1 after a message. A writer makes it, a reader waits for it. */
static int segment_find(const struct options *options)
{
    bool writer = strcmp(options->role, "write") == 0;
    int flags = writer ? IPC_CREAT | (int)options->mode : 0;

    struct deadline deadline = deadline_in(options->timeout);

    for (;;) {
        int id = shmget(options->key, sizeof(struct board), flags);
        if (id != -1)
            return id;
        if (errno != ENOENT) {
            error_report_errno("see `ipcs -m`, or choose another --key-id", "shmget(key 0x%08x)",
                               (unsigned)options->key);
            return -1;
        }
        if (deadline_passed(&deadline) || !stop_sleep(retry_seconds)) {
            error_report("board write makes one", "there is no board with key 0x%08x",
                         (unsigned)options->key);
            return -1;
        }
    }
}

static int board_use(const struct options *options)
{
    bool writer = strcmp(options->role, "write") == 0;
    int set = rwlock_open(options->key, options->mode); /* before the segment: who finds that finds a lock */
    int id = set != -1 ? segment_find(options) : -1;
    int status = EXIT_SUCCESS;

    if (id == -1)
        return EXIT_FAILURE;
    struct board *board = shmat(id, NULL, 0);
    if (board == (void *)-1)
        return error_report_errno(NULL, "shmat(id %d)", id);
    for (int round = 0; round < options->rounds && status == EXIT_SUCCESS; round++)
        status = writer ? notice_write(board, set, options) : notice_read(board, set, options);
    shmdt(board);
    return status;
}

static int board_remove(const struct options *options)
{
    int id = shmget(options->key, 0, 0), set = semget(options->key, 0, 0);

    if (id == -1 && set == -1)
        return error_report(NULL, "there is no board with key 0x%08x", (unsigned)options->key);
    if (id != -1 && shmctl(id, IPC_RMID, NULL) == -1)
        return error_report_errno(NULL, "shmctl(id %d, IPC_RMID)", id);
    if (set != -1 && semctl(set, 0, IPC_RMID) == -1)
        return error_report_errno(NULL, "semctl(id %d, IPC_RMID)", set);
    return EXIT_SUCCESS;
}

/* ---- Command line ---- */

static const struct argp_option option_list[] = {
    {"key-path", 'p', "PATH", 0, "Existing file or folder that the key is made from (default /tmp)", 0},
    {"key-id", 'i', "N", 0, "Number that the key is made from, 1 to 255 (default 66)", 0},
    {"rounds", 'n', "N", 0, "How many notices to read, or to write (default 5)", 0},
    {"hold", 'h', NULL, 0, "Stay inside the lock until Enter", 0},
    {"timeout", 't', "SECONDS", 0, "Give up when nothing happens for so long (default 30)", 0},
    {"mode", 'm', "OCTAL", 0, "Access bits of new objects (default 0600)", 0},
    {0},
};

static void role_parse(struct options *options, char *text, struct argp_state *state)
{
    if (state->arg_num != 0)
        argp_error(state, "'%s' is one argument too many", text);
    if (strcmp(text, "read") != 0 && strcmp(text, "write") != 0 && strcmp(text, "remove") != 0)
        argp_error(state, "'%s' is neither read, write nor remove", text);
    options->role = text;
}

static error_t option_parse(int key, char *text, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'p':
        options->key_path = text;
        return 0;
    case 'i': /* ftok uses the low 8 bits, and they must not be zero: ftok(3) */
        options->key_id = (int)options_integer(state, "--key-id", text, 1, 255);
        return 0;
    case 'n':
        options->rounds = (int)options_integer(state, "--rounds", text, 1, INT_MAX);
        return 0;
    case 'h':
        options->hold = true;
        return 0;
    case 't':
        options->timeout = options_number(state, "--timeout", text, 0, 1e6);
        return 0;
    case 'm':
        options->mode = options_mode(state, "--mode", text);
        return 0;
    case ARGP_KEY_ARG:
        role_parse(options, text, state);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "read, write or remove?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    static const struct argp argp = {.options = option_list,
                                     .parser = option_parse,
                                     .args_doc = "read|write|remove",
                                     .doc = "A notice board in shared memory, under a readers-writer lock."};
    struct options options = {
        .key_path = BOARD_KEY_PATH, .key_id = BOARD_KEY_ID, .rounds = 5, .timeout = 30, .mode = 0600};

    options_parse(&argp, argc, argv, &options);
    options.key = ftok(options.key_path, options.key_id);
    if (options.key == -1)
        return error_report_errno("--key-path wants something that exists", "ftok(%s)", options.key_path);
    stop_on_signals();
    return strcmp(options.role, "remove") == 0 ? board_remove(&options) : board_use(&options);
}
