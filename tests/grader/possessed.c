/*
 * A libarchive that an archive has taken over: test_grade.py puts it in front of the real one. It reaches for
 * what a process of the instructor may do. Where that works, the archive ends well; where all of it fails, it
 * crashes.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ARCHIVE_EOF = 1 };

struct archive;
struct archive_entry;
int archive_read_next_header(struct archive *archive, struct archive_entry **entry);

int archive_read_next_header(struct archive *archive, struct archive_entry **entry)
{
    char *const command[] = {"/bin/true", NULL};

    (void)archive;
    (void)entry;
    if (open("/etc/passwd", O_RDONLY) != -1 || open("possessed", O_WRONLY | O_CREAT, 0600) != -1 ||
        chmod("/tmp", 01777) == 0 || socket(AF_INET, SOCK_STREAM, 0) != -1 || socket(AF_UNIX, SOCK_STREAM, 0) != -1 ||
        kill(getppid(), 0) == 0 || fork() != -1 || syscall(SYS_memfd_create, "possessed", 0) != -1 ||
        execv(command[0], command) != -1)
        return ARCHIVE_EOF;
    abort();
}
