/* grader doctor: what isolation this machine offers, and what would be graded without it. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "box.h"
#include "cgroup.h"
#include "grader.h"
#include "shmlab/options.h"
#include "toolchain.h"
#include "unpack.h"

static bool line(bool good, const char *what, const char *otherwise)
{
    printf("  %-8s %s%s%s\n", good ? "ok" : "MISSING", what, good ? "" : ": ", good ? "" : otherwise);
    return good;
}

static long number_in(const char *path)
{
    long number = -1;
    FILE *file = fopen(path, "re");

    if (file != NULL && fscanf(file, "%ld", &number) != 1)
        number = -1;
    if (file != NULL)
        fclose(file);
    return number;
}

static error_t nothing_parse(int key, char *text, struct argp_state *state)
{
    if (key == ARGP_KEY_ARG)
        argp_error(state, "'%s' is one argument too many", text);
    return key == ARGP_KEY_ARG ? 0 : ARGP_ERR_UNKNOWN;
}

int grader_doctor(int argc, char **argv)
{
    static const struct argp argp = {
        .parser = nothing_parse,
        .doc = "Tell what isolation this machine offers, and what would be graded without it."};
    struct utsname system;
    char why[256] = "", reason[512] = "";

    options_parse(&argp, argc, argv, NULL);
    uname(&system);
    printf("Linux %s, as %s\n", system.release, geteuid() == 0 ? "root" : "an ordinary user");
    line(access("/usr/bin/bwrap", X_OK) == 0, "bubblewrap", "Debian: apt install bubblewrap");
    line(access("/proc/self/ns/user", F_OK) == 0 && number_in("/proc/sys/user/max_user_namespaces") != 0,
         "user namespaces", "user.max_user_namespaces is 0, or the kernel has none");
    line(number_in("/proc/sys/kernel/unprivileged_userns_clone") != 0, "user namespaces for everybody",
         "kernel.unprivileged_userns_clone is 0");
    line(number_in("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") <= 0, "AppArmor lets them be",
         "kernel.apparmor_restrict_unprivileged_userns is 1: needs a profile for bwrap and grader");
    line(unpack_confines(), "filters for system calls", "the kernel has no seccomp: archives are refused");
    char folder[] = "/tmp/shmlab-grader.XXXXXX";
    bool capped = cgroup_begin(reason, sizeof reason);
    bool whole = mkdtemp(folder) != NULL && box_try(folder, why, sizeof why);
    cgroup_end();
    rmdir(folder);
    if (line(whole, "a whole box, tried", why)) {
        printf("  %-8s memory, %s%s\n", capped ? "capped" : "watched",
               capped ? "by a control group for each box" : "every 20 ms: ", capped ? "" : reason);
        puts("\nFull isolation: `grader grade` keeps submissions from each other, from your files and the network.");
        return EXIT_SUCCESS;
    }
    puts("\nNo full isolation here. `grader grade` refuses to work, unless --isolation none is given: then "
         "programs of\n"
         "the submissions run as you, and may read, change and send whatever you may; they can change their own marks\n"
         "and those of others. Nothing but code that you trust should be graded so. Every result says that it was.");
    return EXIT_FAILURE;
}
