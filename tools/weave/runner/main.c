/*
 * weave: finds data races, deadlocks and lost messages between processes that share memory, by running them
 * under every order of their steps. See README.md.
 *
 * This process only stands guard: the work is done by its child, process 1 of a sandbox. Whatever a program
 * does to the child or to its own siblings, this one reports it and cleans up, because all of them die with
 * process 1.
 */
#include "compile.h"
#include "explore.h"
#include "sandbox.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t guard_child;

/* Ctrl-C and friends: the sandbox goes first, then we end as the signal wants. */
static void guard_on_signal(int signal)
{
    if (guard_child > 0)
        kill(guard_child, SIGKILL);
    _exit(128 + signal);
}

static void guard_catch_signals(void)
{
    struct sigaction action = {.sa_handler = guard_on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
}

/* libweave.so lies beside the program, in ../lib, or where WEAVE_LIBRARY says. */
static int library_find(char *path, size_t size)
{
    static const char *const places[] = {"libweave.so", "../lib/libweave.so", "../lib/shmlab/libweave.so"};
    char self[4096];
    const char *chosen = getenv("WEAVE_LIBRARY");
    if (chosen != NULL) {
        snprintf(path, size, "%s", chosen);
        return access(path, R_OK);
    }
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    self[length < 0 ? 0 : length] = '\0';
    char *slash = strrchr(self, '/');
    if (slash == NULL)
        return -1;
    *slash = '\0';
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char candidate[4200];
        snprintf(candidate, sizeof candidate, "%s/%s", self, places[i]);
        char *real = realpath(candidate, NULL);
        if (real != NULL && strlen(real) < size) {
            strcpy(path, real);
            free(real);
            return 0;
        }
        free(real);
    }
    return -1;
}

static int guard_report(int status)
{
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    fprintf(stderr, "weave: FAILED tampered: the explorer died of signal %d: a program wrote where it must not\n",
            WTERMSIG(status));
    return EXIT_FOUND;
}

static int guard_explore(struct options *options)
{
    char why[256];
    if (sandbox_enter(why, sizeof why) != 0) {
        fprintf(stderr, "weave: cannot make a sandbox: %s\n", why);
        return EXIT_UNABLE;
    }
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) {
        perror("weave: fork");
        return EXIT_UNABLE;
    }
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (sandbox_mount(options->session.sealed, why, sizeof why) != 0) {
            fprintf(stderr, "weave: cannot make a sandbox: %s\n", why);
            _exit(EXIT_UNABLE);
        }
        int status = explore(options);
        fflush(NULL);
        _exit(status);
    }
    guard_child = child;
    guard_catch_signals();
    enum { GRACE_SECONDS = 60 };
    if (!(options->stepping && isatty(STDIN_FILENO))) /* a person at the keys may think for as long as it takes */
        alarm((unsigned)options->session.time_limit + GRACE_SECONDS); /* when even the explorer hangs */
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return EXIT_UNABLE;
    return guard_report(status);
}

int main(int argc, char **argv)
{
    static struct options options;
    static char library[4096];
    if (argc < 2) {
        fputs("weave: which programs? See `weave --help`\n", stderr);
        return EXIT_USAGE;
    }
    if (library_find(library, sizeof library) != 0) {
        fputs("weave: libweave.so is neither beside weave nor in ../lib: set WEAVE_LIBRARY to its path\n", stderr);
        return EXIT_UNABLE;
    }
    if (strcmp(argv[1], "cc") == 0)
        return compile_run(argc - 1, argv + 1, library);
    options.stepping = strcmp(argv[1], "replay") == 0;
    int skip = options.stepping ? 1 : 0;
    if (options_parse(&options, argc - skip, argv + skip) != 0)
        return EXIT_USAGE;
    options.session.library = library;
    return guard_explore(&options);
}
