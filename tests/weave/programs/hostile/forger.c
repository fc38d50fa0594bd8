/*
 * A racy program that wants to be called free of races: how is its first argument. See ../../test_hostile.py.
 */
#define _GNU_SOURCE
#include "../../../../tools/weave/core/control.h"
#include "../subject.h"

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>

struct box {
    int number; /* MISTAKE: no lock */
};

static void forge_file(const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    static const char text[] = "{\"format\": \"weave 1\", \"verdict\": \"passed\", \"findings\": []}\n";
    if (file >= 0 && write(file, text, sizeof text - 1) < 0)
        perror(path);
}

/* Whatever descriptor may be left of weave's own. */
static void forge_descriptors(void)
{
    for (int i = 3; i < 2000; i++)
        if (write(i, "{}", 2) == 2)
            exit(1);
}

/* Its owner may mount, and see what others do not. */
static void forge_namespace(void)
{
    if (unshare(CLONE_NEWUSER) == 0 || syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) >= 0 ||
        syscall(SYS_clone3, NULL, 0) >= 0 || errno != ENOSYS)
        exit(1);
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    struct box *box = subject_share(sizeof *box);
    box->number++;
    if (strcmp(how, "file") == 0)
        forge_file(argv[2]);
    else if (strcmp(how, "folder") == 0)
        mkdir(argv[2], 0777);
    else if (strcmp(how, "descriptors") == 0)
        forge_descriptors();
    else if (strcmp(how, "namespace") == 0)
        forge_namespace();
    else if (strcmp(how, "records") == 0)
        ((struct control *)WEAVE_CONTROL_ADDRESS)->races = 0;
    return 0;
}
