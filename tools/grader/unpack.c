/* See unpack.h. */
#define _GNU_SOURCE
#include "unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <langinfo.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "intake.h"
#include "judge.h"
#include "text.h"

enum {
    ENTRIES_MAX = 10000,      /* a whole project with its history is smaller */
    UNPACKED_MAX = 512 << 20, /* bytes that an archive may unpack to */
    MEMORY_MAX = 256 << 20,   /* bytes that it may take besides: xz -9 wants 65 MiB */
    SECONDS_MAX = 20,         /* of the processor: the largest archive that is taken needs a few */
    CHANNEL = 3,              /* the one descriptor that the child has */
};

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "which AUDIT_ARCH of linux/audit.h is this machine?"
#endif

static const char damaged[] = "the archive is damaged, or of no kind that is known: refused as a whole";

/* In the child. */
struct reading {
    int only;
    size_t entries;
};

/* What stands in front of path and bytes in the pipe. */
struct header {
    int32_t kind, lab, file;
    uint32_t path_size, size;
    int64_t modified;
    uint64_t hash;
};

/* ---- What the child tells ---- */

static void channel_put(const void *bytes, size_t size)
{
    for (const char *at = bytes; size > 0;) {
        ssize_t put = write(CHANNEL, at, size);
        if (put <= 0)
            _exit(EXIT_FAILURE); /* nobody listens any more */
        at += put;
        size -= (size_t)put;
    }
}

static void tell(const struct unpacked *met)
{
    const struct header header = {.kind = (int32_t)met->kind,
                                  .lab = met->lab,
                                  .file = met->file,
                                  .path_size = (uint32_t)strnlen(met->path, UNPACK_PATH),
                                  .size = (uint32_t)met->size,
                                  .modified = met->modified,
                                  .hash = met->hash};

    channel_put(&header, sizeof header);
    channel_put(met->path, header.path_size);
    if (met->bytes != NULL)
        channel_put(met->bytes, met->size);
}

static void refuse(const char *path, const char *why)
{
    /* neither is written to */
    tell(&(struct unpacked){.kind = UNPACKED_REFUSED, .path = (char *)path, .bytes = (char *)why, .size = strlen(why)});
}

static void refuse_all(const char *why)
{
    tell(&(struct unpacked){
        .kind = UNPACKED_ALL_REFUSED, .path = (char *)"", .bytes = (char *)why, .size = strlen(why)});
}

/* ---- Which file is it? ---- */

static bool name_is_plain(const char *name)
{
    for (const char *at = name; *at != '\0'; at++)
        if (!isalnum((unsigned char)*at) && strchr("_.-", *at) == NULL)
            return false;
    return isalnum((unsigned char)name[0]) || name[0] == '_';
}

/* What every system leaves about; not worth a word. */
static bool path_is_litter(const char *path)
{
    static const char *const litter[] = {"__pycache__", "__MACOSX", "build", "node_modules"};

    for (const char *at = path; *at != '\0'; at += strcspn(at, "/"), at += *at == '/') {
        size_t length = strcspn(at, "/");
        if (at[0] == '.' && length > 1 && strncmp(at, "..", length) != 0)
            return true;
        for (size_t i = 0; i < sizeof litter / sizeof litter[0]; i++)
            if (length == strlen(litter[i]) && strncmp(at, litter[i], length) == 0 && at[length] == '/')
                return true;
    }
    return false;
}

static bool path_climbs(const char *path)
{
    size_t length = strlen(path);

    return path[0] == '/' || strncmp(path, "../", 3) == 0 || strstr(path, "/../") != NULL ||
           (length >= 3 && strcmp(path + length - 3, "/..") == 0) || strcmp(path, "..") == 0;
}

static int file_index(const struct lab *lab, const char *name)
{
    for (int i = 0; i < LAB_FILES && lab->files[i] != NULL; i++)
        if (strcmp(lab->files[i], name) == 0)
            return i;
    return -1;
}

/* Does `folder` stand directly in front of the name in the path? */
static bool folder_leads(const char *path, const char *name, const char *folder)
{
    size_t length = strlen(folder);

    if ((size_t)(name - path) < length + 1 || strncmp(name - length - 1, folder, length) != 0)
        return false;
    return (size_t)(name - path) == length + 1 || name[-2 - (ptrdiff_t)length] == '/';
}

/* Is it in the top folder, or in the one folder that an archive consists of, which is no lab's? */
static bool name_is_high(const char *path, const char *name)
{
    const char *slash = strchr(path, '/');
    bool lab =
        strncmp(path, "lab", 3) == 0 && isdigit((unsigned char)path[3]) && strcspn(path, "_") < strcspn(path, "/");

    return slash == NULL || (slash + 1 == name && !lab);
}

/* Does a lab ask for that path? It ends with labN_name/FILE; when only one lab is wanted, FILE is enough. */
static bool path_find(const struct reading *reading, const char *path, int *lab, int *file)
{
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;

    for (int i = 0; judge_labs[i] != NULL && i < LABS_MAX; i++) {
        *file = file_index(judge_labs[i], name);
        *lab = i;
        if (*file != -1 &&
            (folder_leads(path, name, judge_labs[i]->name) || (reading->only == i && name_is_high(path, name))))
            return true;
    }
    return false;
}

const char *unpack_unwanted(const char *path)
{
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    const char *end = strrchr(name, '.');

    if (strcmp(name, "Makefile") == 0 || strcmp(name, "makefile") == 0 || strcmp(name, "GNUmakefile") == 0 ||
        strcmp(name, "CMakeLists.txt") == 0 || (end != NULL && (strcmp(end, ".cmake") == 0 || strcmp(end, ".mk") == 0)))
        return "a build file: the project's own is used";
    if (strncmp(path, "tests/", 6) == 0 || strstr(path, "/tests/") != NULL)
        return "the tests are the project's own: this one is not used";
    return "no lab asks for it: not used";
}

/* ---- Reading ---- */

/* The content, at most UNPACK_FILE bytes; NULL when there is more, or it cannot be read. */
static char *entry_read(struct archive *archive, size_t *size)
{
    char *bytes = malloc(UNPACK_FILE + 1);

    *size = 0;
    while (bytes != NULL) {
        la_ssize_t got = archive_read_data(archive, bytes + *size, (size_t)UNPACK_FILE + 1 - *size);
        if (got == 0)
            return bytes;
        if (got < 0 || *size + (size_t)got > UNPACK_FILE)
            break;
        *size += (size_t)got;
    }
    free(bytes);
    return NULL;
}

static const char *entry_kind(struct archive_entry *entry)
{
    if (archive_entry_hardlink(entry) != NULL || (archive_entry_nlink(entry) > 1))
        return "a hard link: refused, hand in the file itself";
    switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
        return NULL;
    case AE_IFLNK:
        return "a symbolic link: refused, hand in the file itself";
    case AE_IFIFO:
        return "a FIFO: refused";
    case AE_IFSOCK:
        return "a socket: refused";
    default:
        return "a device: refused";
    }
}

static void file_take(const struct reading *reading, struct archive *archive, struct archive_entry *entry,
                      const char *path)
{
    struct unpacked met = {.kind = UNPACKED_TAKEN, .path = (char *)path, .lab = -1, .file = -1};
    bool wanted = path_find(reading, path, &met.lab, &met.file);

    if (archive_entry_size_is_set(entry) && archive_entry_size(entry) > UNPACK_FILE) {
        refuse(path, wanted ? "larger than 1 MiB: refused" : unpack_unwanted(path));
        return;
    }
    met.bytes = entry_read(archive, &met.size);
    met.modified = archive_entry_mtime(entry);
    char *bytes = met.bytes;
    if (bytes == NULL) {
        refuse(path, "larger than 1 MiB, or unreadable: refused");
    } else if (wanted && memchr(bytes, '\0', met.size) != NULL) {
        refuse(path, "holds NUL bytes: no source text, refused");
    } else {
        if (!wanted) {
            met.kind = UNPACKED_UNWANTED;
            met.hash = text_hash(TEXT_HASH, bytes, met.size);
            met.bytes = NULL;
        }
        tell(&met);
    }
    free(bytes);
}

static void entry_take(const struct reading *reading, struct archive *archive, struct archive_entry *entry)
{
    const char *path = archive_entry_pathname(entry);
    const char *kind = entry_kind(entry);

    if (path == NULL) {
        refuse("a file", "its name cannot be read: refused");
        return;
    }
    while (path[0] == '.' && path[1] == '/')
        path += 2;
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    if (path[0] == '\0' || archive_entry_filetype(entry) == AE_IFDIR || path_is_litter(path))
        return;
    if (path_climbs(path))
        refuse(path, "leads out of the submission: refused");
    else if (kind != NULL)
        refuse(path, kind);
    else if (!name_is_plain(name))
        refuse(path, "an odd file name: refused");
    else
        file_take(reading, archive, entry, path);
}

/* What an archive unpacks to when this entry is unpacked, too; known before that is done. */
static int64_t size_after(struct archive *archive, struct archive_entry *entry)
{
    return archive_filter_bytes(archive, 0) + (archive_entry_size_is_set(entry) ? archive_entry_size(entry) : 0);
}

/* All entries. True at the end of a whole one; else it has been refused, or libarchive knows what is wrong. */
static bool entries_take(struct reading *reading, struct archive *archive, bool disk)
{
    struct archive_entry *entry;
    int result;

    while ((result = archive_read_next_header(archive, &entry)) == ARCHIVE_OK || result == ARCHIVE_WARN) {
        if (++reading->entries > ENTRIES_MAX) {
            refuse_all("more than 10000 files: refused as a whole; hand in the files that the labs ask for");
            return true;
        }
        if (!disk && size_after(archive, entry) > UNPACKED_MAX) {
            refuse_all("it unpacks to more than 512 MiB: refused as a whole");
            return true;
        }
        entry_take(reading, archive, entry);
        if (disk && archive_read_disk_can_descend(archive) == 1)
            archive_read_disk_descend(archive);
    }
    return result == ARCHIVE_EOF;
}

static void folder_refuse(const char *why)
{
    char text[512];

    snprintf(text, sizeof text, "the folder cannot be read (%.400s): refused as a whole", why);
    refuse_all(text);
}

/* libarchive wants to come back to where it began, and does not begin where it may not read: hence from inside. */
static void folder_take(struct reading *reading, const char *path)
{
    if (chdir(path) == -1) {
        folder_refuse(strerror(errno));
        return;
    }
    struct archive *archive = archive_read_disk_new();
    archive_read_disk_set_symlink_physical(archive);
    archive_read_disk_set_behavior(archive, ARCHIVE_READDISK_NO_XATTR | ARCHIVE_READDISK_NO_ACL |
                                                ARCHIVE_READDISK_NO_FFLAGS | ARCHIVE_READDISK_NO_TRAVERSE_MOUNTS);
    if (archive_read_disk_open(archive, ".") != ARCHIVE_OK || !entries_take(reading, archive, true))
        folder_refuse(archive_error_string(archive) != NULL ? archive_error_string(archive) : "no reason is known");
    archive_read_free(archive);
}

static void archive_take(struct reading *reading, const void *bytes, size_t size)
{
    struct archive *archive = archive_read_new();

    archive_read_support_format_zip(archive);
    archive_read_support_format_tar(archive);
    archive_read_support_filter_gzip(archive);
    archive_read_support_filter_bzip2(archive);
    archive_read_support_filter_xz(archive);
    if (archive_read_open_memory(archive, bytes, size) != ARCHIVE_OK || !entries_take(reading, archive, false))
        refuse_all(damaged);
    archive_read_free(archive);
}

/* ---- The child's walls ---- */

static void limit_set(__rlimit_resource_t resource, rlim_t most)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) == -1)
        return;
    limit.rlim_cur = limit.rlim_cur < most ? limit.rlim_cur : most;         /* who has set less wants less */
    limit.rlim_max = limit.rlim_max < most + 1 ? limit.rlim_max : most + 1; /* SIGXCPU first, then SIGKILL */
    setrlimit(resource, &limit);
}

/* Bytes of addresses that this process has. */
static rlim_t memory_mapped(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    if (file != NULL && fscanf(file, "%lu", &pages) != 1)
        pages = 0;
    if (file != NULL)
        fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void limits_set(void)
{
    limit_set(RLIMIT_AS, memory_mapped() + MEMORY_MAX);
    limit_set(RLIMIT_CPU, SECONDS_MAX);
    limit_set(RLIMIT_FSIZE, 0);
    limit_set(RLIMIT_CORE, 0);
}

/* From here on only memory, and the descriptors that are open. False with errno. */
static bool calls_filter(void)
{
    static const unsigned allowed[] = {SYS_read,    SYS_write,    SYS_brk,   SYS_mmap,      SYS_munmap, SYS_mremap,
                                       SYS_madvise, SYS_mprotect, SYS_close, SYS_getrandom, SYS_exit,   SYS_exit_group};
    enum { ALLOWED = sizeof allowed / sizeof allowed[0], FRAME = 6 };
    struct sock_filter filter[ALLOWED + FRAME] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    };
    size_t count = FRAME - 2;

    for (size_t i = 0; i < ALLOWED; i++) /* a hit leads over what is left, and over the refusal, to the end */
        filter[count++] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i], (unsigned char)(ALLOWED - i), 0);
    filter[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    filter[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {(unsigned short)count, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

bool unpack_confines(void)
{
    int status = 0;

    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(calls_filter() ? EXIT_SUCCESS : EXIT_FAILURE);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/* The archive as memory: then its descriptor need not be there, either. NULL with errno; never of size 0. */
static const void *archive_map(const char *path, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat info;
    void *bytes = MAP_FAILED;

    if (fd != -1 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
        *size = (size_t)info.st_size;
        bytes = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    if (fd != -1)
        close(fd);
    return bytes != MAP_FAILED ? bytes : NULL;
}

/* The C library loads what libarchive needs for names in UTF-8, while it still can. */
static void names_prepare(void)
{
    iconv_t from = iconv_open(nl_langinfo(CODESET), "UTF-8"), to = iconv_open("UTF-8", nl_langinfo(CODESET));

    (void)from; /* both stay open, or it would be unloaded */
    (void)to;
}

static _Noreturn void child_run(const char *path, bool folder, bool confined, struct reading *reading, int channel)
{
    size_t size = 0;
    int nothing = open("/dev/null", O_RDWR);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(nothing, fd);
    dup2(channel, CHANNEL);
    close_range(CHANNEL + 1, ~0U, 0);
    const void *bytes = folder ? NULL : archive_map(path, &size);
    names_prepare();
    limits_set();
    if (folder)
        folder_take(reading, path);
    else if (bytes == NULL)
        refuse_all(damaged);
    else if (!calls_filter() && confined)
        refuse_all("this machine cannot filter system calls, and unpacks no archives: refused");
    else
        archive_take(reading, bytes, size);
    tell(&(struct unpacked){.kind = UNPACKED_END, .path = (char *)""});
    _exit(EXIT_SUCCESS);
}

/* ---- The parent's side ---- */

static bool channel_get(int channel, void *bytes, size_t size)
{
    for (char *at = bytes; size > 0;) {
        ssize_t got = read(channel, at, size);
        if (got == -1 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

/* So many bytes and a NUL; NULL: they do not come. */
static char *channel_text(int channel, size_t size)
{
    char *text = malloc(size + 1);

    if (text != NULL && channel_get(channel, text, size)) {
        text[size] = '\0';
        return text;
    }
    free(text);
    return NULL;
}

/* Can it be true? Whoever wrote it may have been taken over by the archive. */
static bool header_is_sound(const struct header *header)
{
    if (header->kind < UNPACKED_TAKEN || header->kind > UNPACKED_END || header->path_size > UNPACK_PATH ||
        header->size > UNPACK_FILE)
        return false;
    if (header->kind != UNPACKED_TAKEN)
        return true;
    for (int lab = 0; lab < LABS_MAX && judge_labs[lab] != NULL; lab++)
        for (int file = 0; file < LAB_FILES && judge_labs[lab]->files[file] != NULL; file++)
            if (lab == header->lab && file == header->file)
                return true;
    return false;
}

static bool met_receive(int channel, struct unpacked *met)
{
    struct header header;

    *met = (struct unpacked){.kind = UNPACKED_END};
    if (!channel_get(channel, &header, sizeof header) || !header_is_sound(&header))
        return false;
    *met = (struct unpacked){.kind = (enum unpacked_kind)header.kind,
                             .lab = header.lab,
                             .file = header.file,
                             .size = header.size,
                             .modified = header.modified,
                             .hash = header.hash};
    met->path = channel_text(channel, header.path_size);
    if (met->kind != UNPACKED_UNWANTED && met->path != NULL)
        met->bytes = channel_text(channel, met->size);
    return met->path != NULL && (met->kind == UNPACKED_UNWANTED || met->bytes != NULL);
}

/* Everything until the end. False when that does not come, or more than there can be. */
static bool all_receive(int channel, void (*meet)(struct unpacked *met, void *data), void *data)
{
    struct unpacked met;
    size_t count = 0, bytes = 0;
    bool good = true;

    do {
        good = met_receive(channel, &met) && ++count <= ENTRIES_MAX + 2;
        bytes += met.bytes != NULL ? met.size : 0;
        good = good && bytes <= UNPACKED_MAX;
        if (good && met.kind != UNPACKED_END)
            meet(&met, data);
        free(met.path);
        free(met.bytes);
    } while (good && met.kind != UNPACKED_END);
    return good;
}

static void blame(int status, void (*meet)(struct unpacked *met, void *data), void *data)
{
    static const char late[] = "unpacking it takes more processor time than there is for it: refused as a whole";
    bool slow = WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL);
    struct unpacked met = {.kind = UNPACKED_ALL_REFUSED, .path = (char *)"", .bytes = (char *)(slow ? late : damaged)};

    meet(&met, data);
}

void unpack(const char *path, int only, bool confined, void (*meet)(struct unpacked *met, void *data), void *data)
{
    struct reading reading = {.only = only};
    struct stat info;
    int channel[2], status = 0;

    bool folder = lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
    if (pipe2(channel, O_CLOEXEC) == -1) {
        blame(0, meet, data);
        return;
    }
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        child_run(path, folder, confined, &reading, channel[1]);
    close(channel[1]);
    bool good = child > 0 && all_receive(channel[0], meet, data);
    close(channel[0]);
    if (child > 0 && !good)
        kill(child, SIGTERM); /* not SIGKILL, which is what a limit sends */
    if (child > 0)
        waitpid(child, &status, 0);
    if (!good)
        blame(status, meet, data);
}
