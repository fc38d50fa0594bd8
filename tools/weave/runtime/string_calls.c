/*
 * String and memory functions: what they read and write in shared memory counts like accesses of the caller.
 *
 * Compiled with -fno-builtin, so that none of these turns into a call of itself. The fortified forms
 * (__memcpy_chk and so on) are there for programs that were compiled with _FORTIFY_SOURCE all the same.
 */
#include "runtime.h"

#include <string.h>
#include <strings.h>

static void string_read(const void *pointer, size_t size, const void *pc)
{
    access_memory(pointer, size, ACCESS_LIBC, pc);
}

static void string_write(const void *pointer, size_t size, const void *pc)
{
    access_memory(pointer, size, ACCESS_LIBC | ACCESS_WRITE, pc);
}

static size_t string_length(const char *text, size_t most)
{
    segment_open();
    size_t length = REAL(strnlen)(text, most);
    segment_close();
    return length;
}

/* The bytes that a function reads from a string, its NUL included unless `most` comes first. */
static void string_read_text(const char *text, size_t most, const void *pc)
{
    uint32_t where, room = segment_find(text, &where);
    if (!runtime.on || room == 0)
        return;
    size_t length = string_length(text, most < room ? most : room);
    string_read(text, length < most ? length + 1 : length, pc);
}

WEAVE_EXPORT void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    string_read(from, size, CALLER);
    string_write(to, size, CALLER);
    segment_open();
    REAL(memcpy)(to, from, size);
    segment_close();
    return to;
}

WEAVE_EXPORT void *memmove(void *to, const void *from, size_t size)
{
    string_read(from, size, CALLER);
    string_write(to, size, CALLER);
    segment_open();
    REAL(memmove)(to, from, size);
    segment_close();
    return to;
}

WEAVE_EXPORT void *mempcpy(void *restrict to, const void *restrict from, size_t size)
{
    string_read(from, size, CALLER);
    string_write(to, size, CALLER);
    segment_open();
    REAL(memcpy)(to, from, size);
    segment_close();
    return (char *)to + size;
}

WEAVE_EXPORT void *memset(void *to, int byte, size_t size)
{
    string_write(to, size, CALLER);
    segment_open();
    REAL(memset)(to, byte, size);
    segment_close();
    return to;
}

WEAVE_EXPORT void bzero(void *to, size_t size)
{
    string_write(to, size, CALLER);
    segment_open();
    REAL(memset)(to, 0, size);
    segment_close();
}

WEAVE_EXPORT void explicit_bzero(void *to, size_t size)
{
    string_write(to, size, CALLER);
    segment_open();
    REAL(memset)(to, 0, size);
    segment_close();
}

WEAVE_EXPORT int memcmp(const void *one, const void *other, size_t size)
{
    string_read(one, size, CALLER);
    string_read(other, size, CALLER);
    segment_open();
    int result = REAL(memcmp)(one, other, size);
    segment_close();
    return result;
}

WEAVE_EXPORT void *memchr(const void *bytes, int byte, size_t size)
{
    segment_open();
    void *found = REAL(memchr)(bytes, byte, size);
    segment_close();
    string_read(bytes, found == NULL ? size : (size_t)((char *)found - (const char *)bytes) + 1, CALLER);
    return found;
}

WEAVE_EXPORT size_t strlen(const char *text)
{
    string_read_text(text, SIZE_MAX, CALLER);
    segment_open();
    size_t length = REAL(strlen)(text);
    segment_close();
    return length;
}

WEAVE_EXPORT size_t strnlen(const char *text, size_t most)
{
    string_read_text(text, most, CALLER);
    return string_length(text, most);
}

static size_t string_copied(char *to, const char *from, const void *pc)
{
    string_read_text(from, SIZE_MAX, pc);
    size_t size = string_length(from, SIZE_MAX) + 1;
    string_write(to, size, pc);
    segment_open();
    REAL(memcpy)(to, from, size);
    segment_close();
    return size - 1;
}

WEAVE_EXPORT char *strcpy(char *restrict to, const char *restrict from)
{
    string_copied(to, from, CALLER);
    return to;
}

WEAVE_EXPORT char *stpcpy(char *restrict to, const char *restrict from)
{
    return to + string_copied(to, from, CALLER);
}

WEAVE_EXPORT char *strncpy(char *restrict to, const char *restrict from, size_t size)
{
    string_read_text(from, size, CALLER);
    string_write(to, size, CALLER);
    segment_open();
    REAL(strncpy)(to, from, size);
    segment_close();
    return to;
}

WEAVE_EXPORT char *strcat(char *restrict to, const char *restrict from)
{
    string_read_text(to, SIZE_MAX, CALLER);
    string_copied(to + string_length(to, SIZE_MAX), from, CALLER);
    return to;
}

WEAVE_EXPORT char *strncat(char *restrict to, const char *restrict from, size_t most)
{
    string_read_text(to, SIZE_MAX, CALLER);
    string_read_text(from, most, CALLER);
    char *end = to + string_length(to, SIZE_MAX);
    string_write(end, string_length(from, most) + 1, CALLER);
    segment_open();
    REAL(strncat)(to, from, most);
    segment_close();
    return to;
}

WEAVE_EXPORT int strcmp(const char *one, const char *other)
{
    string_read_text(one, SIZE_MAX, CALLER);
    string_read_text(other, SIZE_MAX, CALLER);
    segment_open();
    int result = REAL(strcmp)(one, other);
    segment_close();
    return result;
}

WEAVE_EXPORT int strncmp(const char *one, const char *other, size_t most)
{
    string_read_text(one, most, CALLER);
    string_read_text(other, most, CALLER);
    segment_open();
    int result = REAL(strncmp)(one, other, most);
    segment_close();
    return result;
}

#define SEARCH(type, name, parameter)                         \
    WEAVE_EXPORT char *name(const char *text, type parameter) \
    {                                                         \
        string_read_text(text, SIZE_MAX, CALLER);             \
        segment_open();                                       \
        char *found = REAL(name)(text, parameter);            \
        segment_close();                                      \
        return found;                                         \
    }
SEARCH(int, strchr, byte)
SEARCH(int, strrchr, byte)
SEARCH(const char *, strstr, part)

/* ---- other names of the same functions ---- */

WEAVE_EXPORT void *__tsan_memcpy(void *, const void *, size_t) __attribute__((alias("memcpy")));
WEAVE_EXPORT void *__tsan_memmove(void *, const void *, size_t) __attribute__((alias("memmove")));
WEAVE_EXPORT void *__tsan_memset(void *, int, size_t) __attribute__((alias("memset")));
/* The fortified forms pass the size of the destination last, which these ignore. */
WEAVE_EXPORT void *__memcpy_chk(void *, const void *, size_t) __attribute__((alias("memcpy")));
WEAVE_EXPORT void *__memmove_chk(void *, const void *, size_t) __attribute__((alias("memmove")));
WEAVE_EXPORT void *__memset_chk(void *, int, size_t) __attribute__((alias("memset")));
WEAVE_EXPORT char *__strcpy_chk(char *, const char *) __attribute__((alias("strcpy")));
WEAVE_EXPORT char *__strncpy_chk(char *, const char *, size_t) __attribute__((alias("strncpy")));
WEAVE_EXPORT char *__strcat_chk(char *, const char *) __attribute__((alias("strcat")));
WEAVE_EXPORT char *__strncat_chk(char *, const char *, size_t) __attribute__((alias("strncat")));
