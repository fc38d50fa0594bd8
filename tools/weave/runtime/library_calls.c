/*
 * Further calls of the C library that read or write memory of the caller's choice: what they touch in shared memory
 * counts like accesses of the caller.
 *
 * Where it is known only afterwards how much was touched, it is announced then: nobody else has run in between.
 */
#include "runtime.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

static void library_read(const void *pointer, size_t size, const void *pc)
{
    access_memory(pointer, size, ACCESS_LIBC, pc);
}

static void library_write(const void *pointer, size_t size, const void *pc)
{
    access_memory(pointer, size, ACCESS_LIBC | ACCESS_WRITE, pc);
}

static size_t library_length(const char *text, size_t most)
{
    segment_open();
    size_t length = REAL(strnlen)(text, most);
    segment_close();
    return length;
}

/* The bytes of a text, its NUL included unless `most` comes first. */
static void library_read_text(const char *text, size_t most, const void *pc)
{
    uint32_t where, room;
    if (!runtime.on || text == NULL || (room = segment_find(text, &where)) == 0)
        return;
    size_t length = library_length(text, most < room ? most : room);
    library_read(text, length < most ? length + 1 : length, pc);
}

static void library_write_text(const char *text, const void *pc)
{
    uint32_t where, room;
    if (runtime.on && text != NULL && (room = segment_find(text, &where)) > 0)
        library_write(text, library_length(text, room - 1) + 1, pc);
}

void access_text(const char *text, const void *pc)
{
    library_read_text(text, SIZE_MAX, pc);
}

/* The call itself, with shared pages open to the library. */
#define OPENED(type, call)   \
    __extension__({          \
        segment_open();      \
        type opened_ = call; \
        segment_close();     \
        opened_;             \
    })

/* ---- calls that read texts ---- */

#define TEXT_1(type, name)                         \
    WEAVE_EXPORT type name(const char *text)       \
    {                                              \
        library_read_text(text, SIZE_MAX, CALLER); \
        return OPENED(type, REAL(name)(text));     \
    }

#define TEXT_2(type, name)                                     \
    WEAVE_EXPORT type name(const char *text, const char *more) \
    {                                                          \
        library_read_text(text, SIZE_MAX, CALLER);             \
        library_read_text(more, SIZE_MAX, CALLER);             \
        return OPENED(type, REAL(name)(text, more));           \
    }

TEXT_1(int, atoi)
TEXT_1(long, atol)
TEXT_1(long long, atoll)
TEXT_1(double, atof)
TEXT_1(char *, strdup)
TEXT_1(char *, getenv)
TEXT_1(DIR *, opendir)
TEXT_2(int, strcasecmp)
TEXT_2(int, strcoll)
TEXT_2(int, strverscmp)
TEXT_2(char *, strpbrk)
TEXT_2(size_t, strspn)
TEXT_2(size_t, strcspn)
TEXT_2(char *, strcasestr)
TEXT_2(int, rename)

WEAVE_EXPORT int chdir(const char *path)
{
    library_read_text(path, SIZE_MAX, CALLER);
    snapshot_spoil(); /* see lasting_calls.c */
    return OPENED(int, REAL(chdir)(path));
}

WEAVE_EXPORT char *strndup(const char *text, size_t most)
{
    library_read_text(text, most, CALLER);
    return OPENED(char *, REAL(strndup)(text, most));
}

WEAVE_EXPORT int strncasecmp(const char *one, const char *other, size_t most)
{
    library_read_text(one, most, CALLER);
    library_read_text(other, most, CALLER);
    return OPENED(int, REAL(strncasecmp)(one, other, most));
}

WEAVE_EXPORT char *strchrnul(const char *text, int byte)
{
    library_read_text(text, SIZE_MAX, CALLER);
    return OPENED(char *, REAL(strchrnul)(text, byte));
}

/* Newer headers call the same functions by the names __isoc23_strtol and so on, and would give ours that name, too: so
 * ours say theirs. */
#define NUMBER(type, name)                                                                                   \
    WEAVE_EXPORT type weave_##name(const char *restrict text, char **restrict end, int base) __asm__(#name); \
    WEAVE_EXPORT type weave_##name(const char *restrict text, char **restrict end, int base)                 \
    {                                                                                                        \
        library_read_text(text, SIZE_MAX, CALLER);                                                           \
        library_write(end, sizeof *end, CALLER);                                                             \
        return OPENED(type, REAL(name)(text, end, base));                                                    \
    }                                                                                                        \
    WEAVE_EXPORT type __isoc23_##name(const char *, char **, int) __attribute__((alias(#name)));

NUMBER(long, strtol)
NUMBER(long long, strtoll)
NUMBER(unsigned long, strtoul)
NUMBER(unsigned long long, strtoull)

#define FLOATING(type, name)                                               \
    WEAVE_EXPORT type name(const char *restrict text, char **restrict end) \
    {                                                                      \
        library_read_text(text, SIZE_MAX, CALLER);                         \
        library_write(end, sizeof *end, CALLER);                           \
        return OPENED(type, REAL(name)(text, end));                        \
    }

FLOATING(float, strtof)
FLOATING(double, strtod)
FLOATING(long double, strtold)

WEAVE_EXPORT void perror(const char *text)
{
    library_read_text(text, SIZE_MAX, CALLER);
    segment_open();
    REAL(perror)(text);
    segment_close();
}

WEAVE_EXPORT int setenv(const char *name, const char *value, int overwrite)
{
    library_read_text(name, SIZE_MAX, CALLER);
    library_read_text(value, SIZE_MAX, CALLER);
    return OPENED(int, REAL(setenv)(name, value, overwrite));
}

WEAVE_EXPORT int putenv(char *text)
{
    library_read_text(text, SIZE_MAX, CALLER);
    return OPENED(int, REAL(putenv)(text));
}

WEAVE_EXPORT int access(const char *path, int mode)
{
    library_read_text(path, SIZE_MAX, CALLER);
    return OPENED(int, REAL(access)(path, mode));
}

WEAVE_EXPORT int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    library_read_text(path, SIZE_MAX, CALLER);
    return OPENED(int, named_open(path, flags, mode, CALLER));
}

WEAVE_EXPORT int open64(const char *, int, ...) __attribute__((alias("open")));

/* ---- calls that cut texts into pieces ---- */

/* `rest` is what comes next: the byte before it became the end of `token`. */
static char *library_token(char *token, const char *begin, const char *rest, const void *pc)
{
    if (token == NULL || !runtime.on)
        return token;
    size_t length = library_length(token, SIZE_MAX);
    library_read(begin, (size_t)(token - begin) + length + 1, pc);
    if (rest == NULL || rest == token + length + 1)
        library_write(token + length, 1, pc);
    return token;
}

WEAVE_EXPORT char *strtok_r(char *restrict text, const char *restrict ends, char **restrict rest)
{
    library_read_text(ends, SIZE_MAX, CALLER);
    const char *begin = text != NULL ? text : *rest;
    char *token = OPENED(char *, REAL(strtok_r)(text, ends, rest));
    return library_token(token, begin, *rest, CALLER);
}

WEAVE_EXPORT char *strtok(char *restrict text, const char *restrict ends)
{
    static char *rest;
    library_read_text(ends, SIZE_MAX, CALLER);
    const char *begin = text != NULL ? text : rest;
    if (begin == NULL)
        return NULL;
    char *token = OPENED(char *, REAL(strtok_r)(text, ends, &rest));
    return library_token(token, begin, rest, CALLER);
}

WEAVE_EXPORT char *strsep(char **restrict text, const char *restrict ends)
{
    library_read(text, sizeof *text, CALLER);
    library_read_text(ends, SIZE_MAX, CALLER);
    char *token = OPENED(char *, REAL(strsep)(text, ends));
    library_write(text, sizeof *text, CALLER);
    return library_token(token, token, *text, CALLER);
}

/* ---- calls on bytes ---- */

WEAVE_EXPORT void bcopy(const void *from, void *to, size_t size)
{
    library_read(from, size, CALLER);
    library_write(to, size, CALLER);
    segment_open();
    REAL(memmove)(to, from, size);
    segment_close();
}

WEAVE_EXPORT int bcmp(const void *one, const void *other, size_t size)
{
    library_read(one, size, CALLER);
    library_read(other, size, CALLER);
    return OPENED(int, REAL(memcmp)(one, other, size));
}

WEAVE_EXPORT void *memccpy(void *restrict to, const void *restrict from, int byte, size_t size)
{
    char *end = OPENED(char *, REAL(memccpy)(to, from, byte, size));
    size_t copied = end == NULL ? size : (size_t)(end - (char *)to);
    library_read(from, copied, CALLER);
    library_write(to, copied, CALLER);
    return end;
}

WEAVE_EXPORT void *memrchr(const void *bytes, int byte, size_t size)
{
    library_read(bytes, size, CALLER);
    return OPENED(void *, REAL(memrchr)(bytes, byte, size));
}

WEAVE_EXPORT void *memmem(const void *bytes, size_t size, const void *part, size_t length)
{
    library_read(bytes, size, CALLER);
    library_read(part, length, CALLER);
    return OPENED(void *, REAL(memmem)(bytes, size, part, length));
}

WEAVE_EXPORT void swab(const void *restrict from, void *restrict to, ssize_t size)
{
    size_t even = size > 0 ? (size_t)size & ~(size_t)1 : 0;
    library_read(from, even, CALLER);
    library_write(to, even, CALLER);
    segment_open();
    REAL(swab)(from, to, size);
    segment_close();
}

WEAVE_EXPORT wchar_t *wmemcpy(wchar_t *restrict to, const wchar_t *restrict from, size_t count)
{
    library_read(from, count * sizeof *from, CALLER);
    library_write(to, count * sizeof *to, CALLER);
    return OPENED(wchar_t *, REAL(wmemcpy)(to, from, count));
}

WEAVE_EXPORT wchar_t *wmemset(wchar_t *to, wchar_t value, size_t count)
{
    library_write(to, count * sizeof *to, CALLER);
    return OPENED(wchar_t *, REAL(wmemset)(to, value, count));
}

WEAVE_EXPORT size_t wcslen(const wchar_t *text)
{
    size_t length = OPENED(size_t, REAL(wcslen)(text));
    library_read(text, (length + 1) * sizeof *text, CALLER);
    return length;
}

WEAVE_EXPORT wchar_t *wcscpy(wchar_t *restrict to, const wchar_t *restrict from)
{
    size_t size = (OPENED(size_t, REAL(wcslen)(from)) + 1) * sizeof *from;
    library_read(from, size, CALLER);
    library_write(to, size, CALLER);
    return OPENED(wchar_t *, REAL(wcscpy)(to, from));
}

WEAVE_EXPORT void qsort(void *items, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    library_read(items, count * size, CALLER);
    library_write(items, count * size, CALLER);
    segment_open();
    REAL(qsort)(items, count, size, compare);
    segment_close();
}

WEAVE_EXPORT ssize_t getrandom(void *to, size_t size, unsigned flags)
{
    library_write(to, size, CALLER);
    return OPENED(ssize_t, REAL(getrandom)(to, size, flags));
}

/* ---- calls that fill a structure or a buffer ---- */

#define TIME_PARTS(name)                                                                   \
    WEAVE_EXPORT struct tm *name(const time_t *restrict moment, struct tm *restrict parts) \
    {                                                                                      \
        library_read(moment, sizeof *moment, CALLER);                                      \
        library_write(parts, sizeof *parts, CALLER);                                       \
        return OPENED(struct tm *, REAL(name)(moment, parts));                             \
    }
TIME_PARTS(gmtime_r)
TIME_PARTS(localtime_r)

WEAVE_EXPORT char *ctime_r(const time_t *restrict moment, char *restrict text)
{
    library_read(moment, sizeof *moment, CALLER);
    char *result = OPENED(char *, REAL(ctime_r)(moment, text));
    library_write_text(result, CALLER);
    return result;
}

WEAVE_EXPORT char *asctime_r(const struct tm *restrict parts, char *restrict text)
{
    library_read(parts, sizeof *parts, CALLER);
    char *result = OPENED(char *, REAL(asctime_r)(parts, text));
    library_write_text(result, CALLER);
    return result;
}

WEAVE_EXPORT size_t strftime(char *restrict text, size_t size, const char *restrict format,
                             const struct tm *restrict parts)
{
    library_read_text(format, SIZE_MAX, CALLER);
    library_read(parts, sizeof *parts, CALLER);
    size_t length = OPENED(size_t, REAL(strftime)(text, size, format, parts));
    library_write(text, length > 0 ? length + 1 : 0, CALLER);
    return length;
}

WEAVE_EXPORT time_t mktime(struct tm *parts)
{
    library_read(parts, sizeof *parts, CALLER);
    library_write(parts, sizeof *parts, CALLER);
    return OPENED(time_t, REAL(mktime)(parts));
}

WEAVE_EXPORT int stat(const char *restrict path, struct stat *restrict status)
{
    library_read_text(path, SIZE_MAX, CALLER);
    library_write(status, sizeof *status, CALLER);
    return OPENED(int, REAL(stat)(path, status));
}

WEAVE_EXPORT int stat64(const char *, struct stat64 *) __attribute__((alias("stat")));

WEAVE_EXPORT int lstat(const char *restrict path, struct stat *restrict status)
{
    library_read_text(path, SIZE_MAX, CALLER);
    library_write(status, sizeof *status, CALLER);
    return OPENED(int, REAL(lstat)(path, status));
}

WEAVE_EXPORT int lstat64(const char *, struct stat64 *) __attribute__((alias("lstat")));

WEAVE_EXPORT char *getcwd(char *to, size_t size)
{
    char *result = OPENED(char *, REAL(getcwd)(to, size));
    library_write_text(result, CALLER);
    return result;
}

WEAVE_EXPORT char *realpath(const char *restrict path, char *restrict to)
{
    library_read_text(path, SIZE_MAX, CALLER);
    char *result = OPENED(char *, REAL(realpath)(path, to));
    library_write_text(result, CALLER);
    return result;
}

WEAVE_EXPORT ssize_t readlink(const char *restrict path, char *restrict to, size_t size)
{
    library_read_text(path, SIZE_MAX, CALLER);
    ssize_t length = OPENED(ssize_t, REAL(readlink)(path, to, size));
    library_write(to, length > 0 ? (size_t)length : 0, CALLER);
    return length;
}

WEAVE_EXPORT char *strerror_r(int number, char *to, size_t size)
{
    char *result = OPENED(char *, REAL(strerror_r)(number, to, size));
    library_write(to, size < 1 ? 0 : library_length(to, size - 1) + 1,
                  CALLER); /* GNU's may have used a text of its own */
    return result;
}

WEAVE_EXPORT int __xpg_strerror_r(int number, char *to, size_t size);

int __xpg_strerror_r(int number, char *to, size_t size)
{
    int result = OPENED(int, REAL(__xpg_strerror_r)(number, to, size));
    library_write_text(to, CALLER);
    return result;
}

WEAVE_EXPORT int uname(struct utsname *to)
{
    library_write(to, sizeof *to, CALLER);
    return OPENED(int, REAL(uname)(to));
}

WEAVE_EXPORT int gethostname(char *to, size_t size)
{
    int result = OPENED(int, REAL(gethostname)(to, size));
    library_write_text(to, CALLER);
    return result;
}

WEAVE_EXPORT int getrusage(__rusage_who_t who, struct rusage *to)
{
    library_write(to, sizeof *to, CALLER);
    return OPENED(int, REAL(getrusage)(who, to));
}

WEAVE_EXPORT int inet_pton(int family, const char *restrict text, void *restrict to)
{
    library_read_text(text, SIZE_MAX, CALLER);
    library_write(to, family == AF_INET6 ? sizeof(struct in6_addr) : sizeof(struct in_addr), CALLER);
    return OPENED(int, REAL(inet_pton)(family, text, to));
}

WEAVE_EXPORT const char *inet_ntop(int family, const void *restrict from, char *restrict to, socklen_t size)
{
    library_read(from, family == AF_INET6 ? sizeof(struct in6_addr) : sizeof(struct in_addr), CALLER);
    const char *result = OPENED(const char *, REAL(inet_ntop)(family, from, to, size));
    library_write_text(result, CALLER);
    return result;
}

WEAVE_EXPORT int getsockopt(int socket, int level, int option, void *restrict to, socklen_t *restrict size)
{
    library_read(size, sizeof *size, CALLER);
    library_write(to, *size, CALLER);
    library_write(size, sizeof *size, CALLER);
    return OPENED(int, REAL(getsockopt)(socket, level, option, to, size));
}

WEAVE_EXPORT int setsockopt(int socket, int level, int option, const void *from, socklen_t size)
{
    library_read(from, size, CALLER);
    return OPENED(int, REAL(setsockopt)(socket, level, option, from, size));
}

/* ---- formatted input ---- */

/* Receives up to the end of what the next call will read, and puts it back: the C library keeps any number of bytes. */
static void library_prepare(FILE *stream, int end, const void *pc)
{
    if (!channel_of_stream(stream))
        return;
    size_t length = 0, room = 0;
    char *kept = NULL;
    for (int byte = 0; byte != end && (byte = channel_byte(stream, pc)) != EOF; length++) {
        if (length == room)
            kept = realloc(kept, room = room * 2 + 256);
        if (kept == NULL)
            return;
        kept[length] = (char)byte;
    }
    while (length > 0)
        ungetc((unsigned char)kept[--length], stream);
    free(kept);
}

/* One conversion of scanf's format; `*format` is after its percent sign. Returns its letter, and how it stores. */
static char scan_conversion(const char **format, bool *stores, size_t *size, bool *text)
{
    const char *f = *format;
    size_t width = 0;
    int longs = 0, shorts = 0;
    *stores = *f != '*';
    f += *f == '*';
    for (; *f >= '0' && *f <= '9'; f++)
        width = width * 10 + (size_t)(*f - '0');
    bool allocated = *f == 'm';
    f += allocated;
    for (; *f == 'h' || *f == 'l' || *f == 'L' || *f == 'j' || *f == 'z' || *f == 't' || *f == 'q'; f++) {
        shorts += *f == 'h';
        longs += *f == 'L' ? 2 : *f != 'h';
    }
    char kind = *f;
    if (kind == '[') { /* up to the closing bracket; one right after the opening belongs to the set */
        f += f[1] == '^';
        f += f[1] == ']';
        while (f[1] != ']' && f[1] != '\0')
            f++;
        f += f[1] == ']';
    }
    *format = kind == '\0' ? f : f + 1;
    *text = !allocated && (kind == 's' || kind == '[');
    bool floating = kind == 'f' || kind == 'g' || kind == 'e' || kind == 'a';
    if (allocated || kind == 'p')
        *size = sizeof(void *);
    else if (kind == 'c')
        *size = width > 0 ? width : 1;
    else if (floating)
        *size = longs == 0 ? sizeof(float) : longs == 1 ? sizeof(double) : sizeof(long double);
    else
        *size = longs > 0 ? sizeof(long) : shorts > 1 ? 1 : shorts == 1 ? sizeof(short) : sizeof(int);
    *stores = *stores && kind != '%' && kind != '\0';
    return kind;
}

/* The first `count` conversions have stored what they found. */
static void scan_stored(const char *format, va_list given, int count, const void *pc)
{
    va_list arguments;
    va_copy(arguments, given);
    while (runtime.on && *format != '\0' && count > 0) {
        bool stores, text;
        size_t size;
        if (*format++ != '%')
            continue;
        char kind = scan_conversion(&format, &stores, &size, &text);
        if (!stores)
            continue;
        void *to = va_arg(arguments, void *);
        if (text)
            library_write_text(to, pc);
        else
            library_write(to, size, pc);
        count -= kind != 'n';
    }
    va_end(arguments);
}

static int scan_text(const char *text, const char *format, va_list arguments, const void *pc)
{
    va_list again;
    library_read_text(text, SIZE_MAX, pc);
    library_read_text(format, SIZE_MAX, pc);
    va_copy(again, arguments);
    int count = OPENED(int, REAL(vsscanf)(text, format, again));
    va_end(again);
    scan_stored(format, arguments, count, pc);
    return count;
}

static int scan_stream(FILE *stream, const char *format, va_list arguments, const void *pc)
{
    va_list again;
    library_read_text(format, SIZE_MAX, pc);
    library_prepare(stream, '\n', pc);
    va_copy(again, arguments);
    int count = OPENED(int, REAL(vfscanf)(stream, format, again));
    va_end(again);
    scan_stored(format, arguments, count, pc);
    return count;
}

/* Headers call these functions by other names, since scanf once meant something else: __isoc99_sscanf and so on. */
#define SCANNER(prefix)                                                                           \
    WEAVE_EXPORT int prefix##sscanf(const char *restrict text, const char *restrict format, ...); \
    WEAVE_EXPORT int prefix##fscanf(FILE *restrict stream, const char *restrict format, ...);     \
    WEAVE_EXPORT int prefix##scanf(const char *restrict format, ...);                             \
    int prefix##sscanf(const char *restrict text, const char *restrict format, ...)               \
    {                                                                                             \
        va_list arguments;                                                                        \
        va_start(arguments, format);                                                              \
        int count = scan_text(text, format, arguments, CALLER);                                   \
        va_end(arguments);                                                                        \
        return count;                                                                             \
    }                                                                                             \
    int prefix##fscanf(FILE *restrict stream, const char *restrict format, ...)                   \
    {                                                                                             \
        va_list arguments;                                                                        \
        va_start(arguments, format);                                                              \
        int count = scan_stream(stream, format, arguments, CALLER);                               \
        va_end(arguments);                                                                        \
        return count;                                                                             \
    }                                                                                             \
    int prefix##scanf(const char *restrict format, ...)                                           \
    {                                                                                             \
        va_list arguments;                                                                        \
        va_start(arguments, format);                                                              \
        int count = scan_stream(stdin, format, arguments, CALLER);                                \
        va_end(arguments);                                                                        \
        return count;                                                                             \
    }
SCANNER(__isoc99_)
SCANNER(__isoc23_)

/* ---- input and output ---- */

/* From a channel: byte by byte, since a line may come in parts. */
static char *library_gather_line(char *to, int size, FILE *stream, const void *pc)
{
    int length = 0, byte = 0;
    while (length < size - 1 && byte != '\n' && (byte = channel_byte(stream, pc)) != EOF)
        to[length++] = (char)byte;
    if (size > 0 && (length > 0 || size == 1))
        to[length] = '\0';
    return size > 1 && length == 0 ? NULL : to;
}

static char *library_line(char *to, int size, FILE *stream, const void *pc)
{
    char *result = OPENED(char *, channel_of_stream(stream) ? library_gather_line(to, size, stream, pc)
                                                            : REAL(fgets)(to, size, stream));
    library_write_text(result, pc);
    return result;
}

WEAVE_EXPORT char *fgets(char *restrict to, int size, FILE *restrict stream)
{
    return library_line(to, size, stream, CALLER);
}

WEAVE_EXPORT char *fgets_unlocked(char *restrict to, int size, FILE *restrict stream)
{
    return library_line(to, size, stream, CALLER);
}

WEAVE_EXPORT ssize_t getdelim(char **restrict line, size_t *restrict room, int end, FILE *restrict stream)
{
    library_read(line, sizeof *line, CALLER);
    library_read(room, sizeof *room, CALLER);
    library_prepare(stream, end, CALLER);
    ssize_t length = OPENED(ssize_t, REAL(getdelim)(line, room, end, stream));
    library_write(line, sizeof *line, CALLER);
    library_write(room, sizeof *room, CALLER);
    return length;
}

WEAVE_EXPORT ssize_t getline(char **restrict line, size_t *restrict room, FILE *restrict stream)
{
    return getdelim(line, room, '\n', stream);
}

WEAVE_EXPORT ssize_t pread(int descriptor, void *to, size_t size, off_t offset)
{
    ssize_t got = OPENED(ssize_t, REAL(pread)(descriptor, to, size, offset));
    library_write(to, got > 0 ? (size_t)got : 0, CALLER);
    return got;
}

WEAVE_EXPORT ssize_t pread64(int, void *, size_t, off_t) __attribute__((alias("pread")));

WEAVE_EXPORT ssize_t pwrite(int descriptor, const void *from, size_t size, off_t offset)
{
    library_read(from, size, CALLER);
    return OPENED(ssize_t, REAL(pwrite)(descriptor, from, size, offset));
}

WEAVE_EXPORT ssize_t pwrite64(int, const void *, size_t, off_t) __attribute__((alias("pwrite")));

/* The first `size` bytes of a list of buffers. */
static void library_vector(const struct iovec *vector, int count, size_t size, bool write, const void *pc)
{
    library_read(vector, (size_t)(count > 0 ? count : 0) * sizeof *vector, pc);
    for (int i = 0; i < count && size > 0; i++) {
        size_t part = vector[i].iov_len < size ? vector[i].iov_len : size;
        if (write)
            library_write(vector[i].iov_base, part, pc);
        else
            library_read(vector[i].iov_base, part, pc);
        size -= part;
    }
}

WEAVE_EXPORT ssize_t readv(int descriptor, const struct iovec *vector, int count)
{
    struct channel channel;
    if (!channel_begin(&channel, descriptor, false, CALLER))
        return -1;
    ssize_t got = OPENED(ssize_t, REAL(readv)(descriptor, vector, count));
    channel_end(&channel, got);
    library_vector(vector, count, got > 0 ? (size_t)got : 0, true, CALLER);
    return got;
}

WEAVE_EXPORT ssize_t writev(int descriptor, const struct iovec *vector, int count)
{
    library_vector(vector, count, SIZE_MAX, false, CALLER);
    struct channel channel;
    if (!channel_begin(&channel, descriptor, true, CALLER))
        return -1;
    ssize_t sent = OPENED(ssize_t, REAL(writev)(descriptor, vector, count));
    channel_end(&channel, sent);
    return sent;
}

WEAVE_EXPORT ssize_t send(int socket, const void *from, size_t size, int flags)
{
    library_read(from, size, CALLER);
    struct channel channel;
    if (!channel_begin(&channel, socket, true, CALLER))
        return -1;
    ssize_t sent = OPENED(ssize_t, REAL(send)(socket, from, size, flags));
    channel_end(&channel, sent);
    return sent;
}

WEAVE_EXPORT ssize_t recv(int socket, void *to, size_t size, int flags)
{
    struct channel channel;
    if (!channel_begin(&channel, socket, false, CALLER))
        return -1;
    ssize_t got = OPENED(ssize_t, REAL(recv)(socket, to, size, flags));
    channel_end(&channel, got);
    library_write(to, got > 0 ? (size_t)got : 0, CALLER);
    return got;
}

WEAVE_EXPORT ssize_t sendmsg(int socket, const struct msghdr *message, int flags)
{
    library_vector(message->msg_iov, (int)message->msg_iovlen, SIZE_MAX, false, CALLER);
    struct channel channel;
    if (!channel_begin(&channel, socket, true, CALLER))
        return -1;
    ssize_t sent = OPENED(ssize_t, REAL(sendmsg)(socket, message, flags));
    channel_end(&channel, sent);
    return sent;
}

WEAVE_EXPORT ssize_t recvmsg(int socket, struct msghdr *message, int flags)
{
    struct channel channel;
    if (!channel_begin(&channel, socket, false, CALLER))
        return -1;
    ssize_t got = OPENED(ssize_t, REAL(recvmsg)(socket, message, flags));
    channel_end(&channel, got);
    library_vector(message->msg_iov, (int)message->msg_iovlen, got > 0 ? (size_t)got : 0, true, CALLER);
    return got;
}

WEAVE_EXPORT int fgetc(FILE *stream)
{
    return channel_byte(stream, CALLER);
}

WEAVE_EXPORT int getc(FILE *) __attribute__((alias("fgetc")));
WEAVE_EXPORT int fgetc_unlocked(FILE *) __attribute__((alias("fgetc")));
WEAVE_EXPORT int getc_unlocked(FILE *) __attribute__((alias("fgetc")));
/* What the macro getc_unlocked calls when nothing is buffered. */
WEAVE_EXPORT int __uflow(FILE *) __attribute__((alias("fgetc")));

WEAVE_EXPORT int getchar(void)
{
    return channel_byte(stdin, CALLER);
}
