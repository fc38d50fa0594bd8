/* See unpack.h. */
#define _GNU_SOURCE
#include "unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
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
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../weave/architecture.h"
#include "judge.h"
#include "text.h"
#include "wanted.h"

enum {
    ENTRIES_MAX = 10000,      /* a whole project with its history is smaller */
    UNPACKED_MAX = 512 << 20, /* bytes that an archive may unpack to */
    MEMORY_MAX = 256 << 20,   /* bytes that it may take besides: xz -9 wants 65 MiB */
    DEPTH_MAX = 2,            /* an archive in an archive; what is in that one is not opened */
    NESTED_MAX = 64,          /* archives in what was handed in */
    NESTED_BYTES = 96 << 20,  /* of them all together */
    FOLDERS_MAX = 64,         /* one in the other */
    PATH_SIZE = 8192,
    SECONDS_MAX = 10, /* of the processor: the largest archive that is taken needs two or three */
    CHANNEL = 3,      /* the one descriptor that the child has */
};

static const char damaged[] = "the archive is damaged, or of no kind that is known: refused as a whole";

/* Archives in what is read: they are opened when all of that is known, and the child has lost its system calls. */
struct nested {
    char *path, *bytes;
    size_t size;
    int depth; /* of archives around it */
};

/* In the child. */
struct reading {
    const bool *labs; /* that are graded */
    const char *top;  /* path of the archive that is read in what was handed in, with a slash; "" for itself */
    int depth;        /* of archives in archives */
    size_t entries, nested_count, nested_bytes;
    int64_t unpacked; /* bytes of archives that are done */
    struct nested nested[NESTED_MAX];
};

/* What stands in front of path and bytes in the pipe. */
struct header {
    int32_t kind, lab, file, rank;
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
                                  .rank = met->rank,
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

/* What every system leaves about; not worth a word. */
static bool path_is_litter(const char *path)
{
    static const char *const litter[] = {"__pycache__", "__MACOSX", "build", "node_modules", "venv", "CMakeFiles"};

    for (const char *at = path; *at != '\0'; at += strcspn(at, "/"), at += *at == '/') {
        size_t length = strcspn(at, "/");
        if (at[0] == '.' && length > 1 && strncmp(at, "..", length) != 0)
            return true;
        for (size_t i = 0; i < sizeof litter / sizeof litter[0]; i++)
            if (length == strlen(litter[i]) && strncmp(at, litter[i], length) == 0 && at[length] == '/')
                return true;
        if (strncmp(at, "cmake-build-", strlen("cmake-build-")) == 0 && at[length] == '/')
            return true;
    }
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    return strcasecmp(name, "Thumbs.db") == 0 || strcasecmp(name, "desktop.ini") == 0;
}

/* Does it lead up again after it has led into a folder? */
static bool path_climbs(const char *path)
{
    return strstr(path, "/../") != NULL || (strlen(path) >= 3 && strcmp(path + strlen(path) - 3, "/..") == 0);
}

/* Without what tar takes away from the front as well: nothing is written to a path from an archive. */
static const char *path_settle(const char *path)
{
    while (path[0] == '/' || strncmp(path, "./", 2) == 0 || strncmp(path, "../", 3) == 0)
        path += path[0] == '/' ? 1 : path[1] == '/' ? 2 : 3;
    return path;
}

bool unpack_is_archive(const char *name)
{
    return unpack_stem(name) > 0;
}

size_t unpack_stem(const char *name)
{
    static const char *const ends[] = {".zip",  ".tar",     ".tgz",  ".tar.gz",  ".txz", ".tar.xz",
                                       ".tbz2", ".tar.bz2", ".tzst", ".tar.zst", ".7z",  ".rar"};
    size_t length = strlen(name), most = 0;

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t end = strlen(ends[i]);
        if (length > end && end > most && strcasecmp(name + length - end, ends[i]) == 0)
            most = end;
    }
    return most > 0 ? length - most : 0;
}

const char *unpack_unwanted(const char *path, const bool *labs)
{
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    const char *end = strrchr(name, '.');

    if (strcmp(name, "Makefile") == 0 || strcmp(name, "makefile") == 0 || strcmp(name, "GNUmakefile") == 0 ||
        strcmp(name, "CMakeLists.txt") == 0 || (end != NULL && (strcmp(end, ".cmake") == 0 || strcmp(end, ".mk") == 0)))
        return "a build file: the project's own is used";
    if (strncmp(path, "tests/", 6) == 0 || strstr(path, "/tests/") != NULL)
        return "the tests are the project's own: this one is not used";
    if (wanted_is_doubtful(path, labs))
        return "several labs have a file of that name: put it into the lab's folder, such as lab2_sysv/; not used";
    return "no lab asks for it: not used";
}

/* ---- Reading ---- */

/* All bytes of an entry, NUL-terminated; NULL when there are more than `most`, or they cannot be read. */
static char *entry_read(struct archive *archive, size_t most, size_t *size)
{
    enum { STEP = 1 << 16 };
    char *bytes = NULL;

    for (size_t room = 0, got_all = 0; !got_all;) {
        if (*size + 1 >= room) {
            room = room == 0 ? STEP : 2 * room;
            char *larger = realloc(bytes, room);
            if (larger == NULL)
                break;
            bytes = larger;
        }
        la_ssize_t got = archive_read_data(archive, bytes + *size, room - 1 - *size);
        if (got < 0 || *size + (size_t)(got > 0 ? got : 0) > most)
            break;
        *size += (size_t)got;
        got_all = got == 0;
        if (got_all) {
            bytes[*size] = '\0';
            return bytes;
        }
    }
    free(bytes);
    return NULL;
}

static const char *mode_kind(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return NULL;
    case S_IFLNK:
        return "a symbolic link: refused, hand in the file itself";
    case S_IFIFO:
        return "a FIFO: refused";
    case S_IFSOCK:
        return "a socket: refused";
    default:
        return "a device: refused";
    }
}

/* Why this is no source text; NULL: it may be one. */
static const char *text_fault(const char *bytes, size_t size)
{
    bool wide = size >= 2 && (memcmp(bytes, "\xFF\xFE", 2) == 0 || memcmp(bytes, "\xFE\xFF", 2) == 0);

    if (wide)
        return "it is UTF-16, which no compiler reads: save it as UTF-8 and hand it in again; refused";
    return memchr(bytes, '\0', size) != NULL ? "holds NUL bytes: no source text, refused" : NULL;
}

/* A plain file whose bytes are known. */
static void file_tell(const struct reading *reading, const char *path, char *bytes, size_t size, int64_t modified)
{
    struct wanted wanted = {.lab = -1, .file = -1};
    bool take = wanted_find(path, reading->labs, &wanted);
    const char *fault = take ? text_fault(bytes, size) : NULL;
    struct unpacked met = {.kind = take ? UNPACKED_TAKEN : UNPACKED_UNWANTED,
                           .path = (char *)path,
                           .bytes = take ? bytes : NULL,
                           .size = size,
                           .lab = wanted.lab,
                           .file = wanted.file,
                           .rank = wanted.rank,
                           .modified = modified};

    if (fault != NULL) {
        refuse(path, fault);
        return;
    }
    if (!take)
        met.hash = text_hash(TEXT_HASH, bytes, size);
    tell(&met);
}

/* An archive in what is read: for later. False: it stays closed. Owns the bytes when it returns true. */
static bool nested_add(struct reading *reading, const char *path, char *bytes, size_t size)
{
    if (reading->nested_count == NESTED_MAX || reading->nested_bytes + size > NESTED_BYTES)
        return false;
    char *copy = strdup(path);
    if (copy == NULL)
        return false;
    reading->nested[reading->nested_count++] = (struct nested){copy, bytes, size, reading->depth};
    reading->nested_bytes += size;
    return true;
}

/* May this be opened? */
static bool nested_opens(const struct reading *reading, const char *path, int64_t size)
{
    return unpack_is_archive(path) && reading->depth < DEPTH_MAX && size >= 0 && size <= NESTED_BYTES;
}

static const char in_archives[] =
    "an archive in an archive in an archive, or too large a one: hand in one archive; not used";
static const char locked[] = "it needs a password: hand it in without one; refused";

static void file_take(struct reading *reading, struct archive *archive, struct archive_entry *entry, const char *path)
{
    struct wanted wanted;
    int64_t size_told = archive_entry_size_is_set(entry) ? archive_entry_size(entry) : 0;
    bool nested = nested_opens(reading, path, size_told), take = wanted_find(path, reading->labs, &wanted);
    size_t size = 0;

    if (archive_entry_is_encrypted(entry) == 1) {
        refuse(path, locked);
        return;
    }
    if (!nested && (unpack_is_archive(path) || size_told > UNPACK_FILE)) {
        refuse(path, take                      ? "larger than 1 MiB: refused"
                     : unpack_is_archive(path) ? in_archives
                                               : unpack_unwanted(path, reading->labs));
        return;
    }
    char *bytes = entry_read(archive, nested ? NESTED_BYTES : UNPACK_FILE, &size);
    if (bytes == NULL)
        refuse(path, take ? "larger than 1 MiB, or unreadable: refused" : unpack_unwanted(path, reading->labs));
    else if (nested && nested_add(reading, path, bytes, size))
        bytes = NULL;
    else if (nested)
        refuse(path, in_archives);
    else
        file_tell(reading, path, bytes, size, archive_entry_mtime(entry));
    free(bytes);
}

/* Names with backslashes only come from programs that pack paths of another system. */
static void slashes_turn(char *path)
{
    if (strchr(path, '/') == NULL)
        for (char *at = path; *at != '\0'; at++)
            *at = *at == '\\' ? '/' : *at;
}

static void entry_take(struct reading *reading, struct archive *archive, struct archive_entry *entry)
{
    const char *known = archive_entry_pathname_utf8(entry), *kind = mode_kind(archive_entry_filetype(entry));
    char own[PATH_SIZE];

    if (known == NULL)
        known = archive_entry_pathname(entry);
    if (known == NULL) {
        refuse("a file", "its name cannot be read: refused");
        return;
    }
    snprintf(own, sizeof own, "%s", known);
    slashes_turn(own);
    const char *bare = path_settle(own);
    char path[PATH_SIZE + UNPACK_PATH];
    snprintf(path, sizeof path, "%s%s", reading->top, bare);
    if (bare[0] == '\0' || archive_entry_filetype(entry) == AE_IFDIR || path_is_litter(bare))
        return;
    if (path_climbs(bare))
        refuse(path, "leads out of the submission: refused");
    else if (archive_entry_hardlink(entry) != NULL || archive_entry_nlink(entry) > 1)
        refuse(path, "a hard link: refused, hand in the file itself");
    else if (kind != NULL)
        refuse(path, kind);
    else
        file_take(reading, archive, entry, path);
}

/* What the archives unpack to when this entry is unpacked, too; known before that is done. Holes take no room. */
static int64_t size_after(const struct reading *reading, struct archive *archive, struct archive_entry *entry)
{
    bool whole = archive_entry_size_is_set(entry) && archive_entry_sparse_reset(entry) == 0;

    return reading->unpacked + archive_filter_bytes(archive, 0) + (whole ? archive_entry_size(entry) : 0);
}

static bool is_litter_entry(struct archive_entry *entry)
{
    const char *path = archive_entry_pathname_utf8(entry);

    return path != NULL && path_is_litter(path_settle(path));
}

static const char too_many[] = "more than 10000 files: refused as a whole; hand in the files that the labs ask for";

/* All entries. True at the end of a whole one; else it has been refused, or libarchive knows what is wrong. */
static bool entries_take(struct reading *reading, struct archive *archive)
{
    enum { LITTER_MAX = 20 * ENTRIES_MAX };
    struct archive_entry *entry;
    size_t litter = 0;
    int result;

    while ((result = archive_read_next_header(archive, &entry)) == ARCHIVE_OK || result == ARCHIVE_WARN) {
        bool counts = !is_litter_entry(entry) || ++litter > LITTER_MAX;
        reading->entries += counts;
        if (reading->entries > ENTRIES_MAX) {
            refuse_all(too_many);
            return true;
        }
        if (size_after(reading, archive, entry) > UNPACKED_MAX) {
            refuse_all("it unpacks to more than 512 MiB: refused as a whole");
            return true;
        }
        if (counts)
            entry_take(reading, archive, entry);
    }
    return result == ARCHIVE_EOF;
}

/* `path`: of an archive in what was handed in; NULL: it was handed in itself. */
static void archive_take(struct reading *reading, const void *bytes, size_t size, const char *path)
{
    struct archive *archive = archive_read_new();
    size_t before = reading->entries;

    archive_read_support_format_zip(archive);
    archive_read_support_format_tar(archive);
    archive_read_support_format_7zip(archive);
    archive_read_support_format_rar(archive);
    archive_read_support_format_rar5(archive);
    archive_read_support_filter_gzip(archive);
    archive_read_support_filter_bzip2(archive);
    archive_read_support_filter_xz(archive);
    archive_read_support_filter_zstd(archive);
    reading->depth++;
    bool whole = archive_read_open_memory(archive, bytes, size) == ARCHIVE_OK && entries_take(reading, archive);
    bool known = archive_format(archive) != 0; /* libarchive 3.6 follows a null pointer when it is asked without one */
    const char *fault = known && archive_read_has_encrypted_entries(archive) == 1 ? locked : damaged;
    if (!whole && path == NULL)
        refuse_all(fault);
    else if (!whole)
        refuse(path, fault == locked ? locked : "a damaged archive, or of no kind that is known: not used");
    else if (reading->entries == before)
        refuse(path != NULL ? path : "the archive", "it is empty: was anything in the folder when it was packed?");
    reading->unpacked += archive_filter_bytes(archive, 0);
    archive_read_free(archive);
    reading->depth--;
}

/* The archives in what was handed in, and those in them. */
static void nested_take(struct reading *reading, size_t from)
{
    for (size_t i = from; i < reading->nested_count; i++) {
        struct nested *nested = &reading->nested[i];
        char top[PATH_SIZE];
        snprintf(top, sizeof top, "%s/", nested->path);
        reading->top = top;
        reading->depth = nested->depth;
        size_t own = reading->nested_count;
        archive_take(reading, nested->bytes, nested->size, nested->path);
        nested_take(reading, own);
        free(nested->bytes);
        free(nested->path);
        *nested = (struct nested){.bytes = NULL};
        reading->nested_count = own;
    }
}

/* ---- Folders ---- */

/* Everybody's permissions decide, so that a submission is the same whoever grades. */
static bool nobody_reads(const struct stat *info)
{
    return (info->st_mode & 0444) == 0 || (S_ISDIR(info->st_mode) && (info->st_mode & 0111) == 0);
}

/* All bytes of a file; NULL with errno. */
static char *file_read(int folder, const char *name, size_t size)
{
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    char *bytes = fd != -1 ? malloc(size + 1) : NULL;
    size_t done = 0;

    for (ssize_t got = 1; bytes != NULL && done < size && got > 0; done += (size_t)(got > 0 ? got : 0))
        got = read(fd, bytes + done, size - done);
    if (bytes != NULL)
        bytes[done] = '\0';
    if (fd != -1)
        close(fd);
    if (bytes == NULL || done == size)
        return bytes;
    free(bytes);
    return NULL;
}

static void plain_take(struct reading *reading, int folder, const char *name, const char *path, const struct stat *info)
{
    struct wanted wanted;
    bool take = wanted_find(path, reading->labs, &wanted), nested = nested_opens(reading, path, info->st_size);
    const char *why = unpack_unwanted(path, reading->labs);

    if (info->st_nlink > 1) {
        refuse(path, "a hard link: refused, hand in the file itself");
        return;
    }
    if (nobody_reads(info) || (!nested && info->st_size > UNPACK_FILE)) {
        refuse(path, !take ? why : nobody_reads(info) ? "nobody may read it: refused" : "larger than 1 MiB: refused");
        return;
    }
    char *bytes = file_read(folder, name, (size_t)info->st_size);
    if (bytes == NULL)
        refuse(path, take ? "it cannot be read: refused" : why);
    else if (nested && nested_add(reading, path, bytes, (size_t)info->st_size))
        bytes = NULL;
    else if (nested)
        refuse(path, in_archives);
    else
        file_tell(reading, path, bytes, (size_t)info->st_size, info->st_mtime);
    free(bytes);
}

static bool folder_walk(struct reading *reading, int folder, const char *path, int depth, dev_t device);

static void folder_enter(struct reading *reading, int above, const char *name, const char *path, int depth,
                         dev_t device)
{
    int folder = depth < FOLDERS_MAX ? openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;

    if (folder == -1 || !folder_walk(reading, folder, path, depth + 1, device))
        refuse(path, "the folder cannot be read: not used");
    if (folder != -1)
        close(folder);
}

static void met_take(struct reading *reading, int folder, const char *name, const char *path, int depth, dev_t device)
{
    struct stat info;

    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == -1) {
        refuse(path, "it cannot be read: refused");
    } else if (S_ISDIR(info.st_mode)) {
        char inside[PATH_SIZE + 2];
        snprintf(inside, sizeof inside, "%s/x", path);
        if (path_is_litter(inside))
            return;
        if (nobody_reads(&info) || info.st_dev != device)
            refuse(path, "the folder cannot be read: not used");
        else
            folder_enter(reading, folder, name, path, depth, device);
    } else if (!path_is_litter(path)) {
        if (mode_kind(info.st_mode) != NULL)
            refuse(path, mode_kind(info.st_mode));
        else
            plain_take(reading, folder, name, path, &info);
    }
}

/* False with errno when the folder cannot be read. */
static bool folder_walk(struct reading *reading, int folder, const char *path, int depth, dev_t device)
{
    struct dirent **entries;
    int count = scandirat(folder, ".", &entries, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        char inside[PATH_SIZE];
        bool fits =
            snprintf(inside, sizeof inside, "%s%s%s", path, path[0] != '\0' ? "/" : "", name) < (int)sizeof inside;
        bool counts = strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !path_is_litter(name);
        reading->entries += counts;
        if (counts && reading->entries <= ENTRIES_MAX && fits)
            met_take(reading, folder, name, inside, depth, device);
        free(entries[i]);
    }
    if (count != -1)
        free(entries);
    return count != -1;
}

static void folder_take(struct reading *reading, const char *path)
{
    char text[512];
    struct stat info;
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool good = folder != -1 && fstat(folder, &info) == 0;

    errno = good && nobody_reads(&info) ? EACCES : errno;
    good = good && !nobody_reads(&info) && folder_walk(reading, folder, "", 0, info.st_dev);
    if (!good) {
        snprintf(text, sizeof text, "the folder cannot be read (%s): refused as a whole", strerror(errno));
        refuse_all(text);
    } else if (reading->entries > ENTRIES_MAX) {
        refuse_all(too_many);
    }
    if (folder != -1)
        close(folder);
}

/* A file that is no archive, handed in by itself. */
static void single_take(struct reading *reading, const char *name, const char *bytes, size_t size, int64_t modified)
{
    char *copy = size <= UNPACK_FILE ? malloc(size + 1) : NULL;

    reading->entries++;
    if (copy == NULL) {
        refuse(name, "no archive, and larger than any source: refused");
        return;
    }
    if (size > 0)
        memcpy(copy, bytes, size);
    copy[size] = '\0';
    file_tell(reading, name, copy, size, modified);
    free(copy);
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
static const void *archive_map(const char *path, size_t *size, int64_t *modified)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat info;
    void *bytes = MAP_FAILED;

    if (fd != -1 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
        *modified = info.st_mtime;
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

static const char unconfined[] = "this machine cannot filter system calls, and unpacks no archives: refused";

static void child_take(struct reading *reading, const struct unpack_order *order, bool folder)
{
    int64_t modified = 0;
    size_t size = 0;
    const void *bytes = folder ? NULL : archive_map(order->path, &size, &modified);

    limits_set();
    if (folder)
        folder_take(reading, order->path);
    bool filtered = calls_filter() || !order->confined;
    if (!filtered && (!folder || reading->nested_count > 0))
        refuse_all(unconfined);
    else if (!folder && bytes == NULL)
        refuse_all("the file is empty, or cannot be read: refused");
    else if (!folder && unpack_is_archive(order->name))
        archive_take(reading, bytes, size, NULL);
    else if (!folder)
        single_take(reading, order->name, bytes, size, modified);
    if (filtered)
        nested_take(reading, 0);
}

static _Noreturn void child_run(const struct unpack_order *order, bool folder, int channel)
{
    static struct reading reading;
    int nothing = open("/dev/null", O_RDWR);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(nothing, fd);
    dup2(channel, CHANNEL);
    close_range(CHANNEL + 1, ~0U, 0);
    names_prepare();
    reading = (struct reading){.labs = order->labs, .top = ""};
    child_take(&reading, order, folder);
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
                             .rank = header.rank,
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
        good = met_receive(channel, &met) && ++count <= 2 * ENTRIES_MAX;
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

void unpack(const struct unpack_order *order, void (*meet)(struct unpacked *met, void *data), void *data)
{
    struct stat info;
    int channel[2], status = 0;

    bool folder = lstat(order->path, &info) == 0 && S_ISDIR(info.st_mode);
    if (pipe2(channel, O_CLOEXEC) == -1) {
        blame(0, meet, data);
        return;
    }
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        child_run(order, folder, channel[1]);
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
