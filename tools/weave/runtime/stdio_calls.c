/* Formatted and plain input and output: what they read and write in shared memory counts. */
#include "runtime.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void stdio_read(const void *pointer, size_t size, const void *pc)
{
    access_memory(pointer, size, ACCESS_LIBC, pc);
}

static void stdio_write(const void *pointer, size_t size, const void *pc)
{
    access_memory(pointer, size, ACCESS_LIBC | ACCESS_WRITE, pc);
}

static void stdio_read_text(const char *text, size_t most, const void *pc)
{
    uint32_t where, room;
    if (!runtime.on || text == NULL || (room = segment_find(text, &where)) == 0)
        return;
    segment_open();
    size_t length = REAL(strnlen)(text, most < room ? most : room);
    segment_close();
    stdio_read(text, length < most ? length + 1 : length, pc);
}

/* One conversion of a format, as far as it matters for finding the argument of a %s. */
struct conversion {
    char kind; /* 0 at the end of the format */
    int longs; /* width of an integer argument in longs: 0 or 1 */
    bool long_double;
    size_t precision;
};

static bool stdio_is_one_of(char c, const char *set)
{
    for (; *set != '\0'; set++)
        if (*set == c)
            return true;
    return false;
}

static size_t stdio_number(const char **format, va_list *arguments)
{
    size_t number = 0;
    if (**format == '*') {
        (*format)++;
        int value = va_arg(*arguments, int);
        return value < 0 ? SIZE_MAX : (size_t)value;
    }
    for (; **format >= '0' && **format <= '9'; (*format)++)
        number = number * 10 + (size_t)(**format - '0');
    return number;
}

/* Steps over one conversion; `*format` is behind its percent sign. See printf(3). */
static struct conversion stdio_conversion(const char **format, va_list *arguments)
{
    struct conversion c = {.precision = SIZE_MAX};
    while (stdio_is_one_of(**format, "-+ #0'"))
        (*format)++;
    stdio_number(format, arguments);
    if (**format == '.') {
        (*format)++;
        c.precision = stdio_number(format, arguments);
    }
    for (; stdio_is_one_of(**format, "hlzjtLq"); (*format)++) {
        c.longs |= stdio_is_one_of(**format, "lzjtq");
        c.long_double |= **format == 'L';
    }
    c.kind = **format;
    if (c.kind != '\0')
        (*format)++;
    return c;
}

static void stdio_argument(const struct conversion *c, va_list *arguments, const void *pc)
{
    if (c->kind == 's')
        stdio_read_text(va_arg(*arguments, const char *), c->precision, pc);
    else if (stdio_is_one_of(c->kind, "fgeaFGEA") && c->long_double)
        (void)va_arg(*arguments, long double);
    else if (stdio_is_one_of(c->kind, "fgeaFGEA"))
        (void)va_arg(*arguments, double);
    else if (c->kind == 'p' || c->kind == 'n')
        (void)va_arg(*arguments, void *);
    else if (c->kind != '%' && c->kind != 'm' && c->longs)
        (void)va_arg(*arguments, long);
    else if (c->kind != '%' && c->kind != 'm')
        (void)va_arg(*arguments, int);
}

static void stdio_format(const char *format, va_list given, const void *pc)
{
    if (!runtime.on)
        return;
    stdio_read_text(format, SIZE_MAX, pc);
    va_list arguments;
    va_copy(arguments, given);
    while (*format != '\0') {
        if (*format++ != '%')
            continue;
        struct conversion c = stdio_conversion(&format, &arguments);
        if (c.kind == '\0')
            break;
        stdio_argument(&c, &arguments, pc);
    }
    va_end(arguments);
}

static int stdio_to_stream(FILE *stream, const char *format, va_list arguments, const void *pc)
{
    struct channel channel;
    stdio_format(format, arguments, pc);
    if (!channel_begin_stream(&channel, stream, true, pc))
        return -1;
    segment_open();
    int result = REAL(vfprintf)(stream, format, arguments);
    segment_close();
    channel_end(&channel, result);
    return result;
}

static int stdio_to_memory(char *to, size_t size, const char *format, va_list arguments, const void *pc)
{
    stdio_format(format, arguments, pc);
    /* How much will be written is known only afterwards; the access is announced before, as it must be. */
    va_list again;
    va_copy(again, arguments);
    segment_open();
    int length = REAL(vsnprintf)(NULL, 0, format, again);
    segment_close();
    va_end(again);
    if (length >= 0 && size > 0)
        stdio_write(to, (size_t)length < size ? (size_t)length + 1 : size, pc);
    segment_open();
    int result = REAL(vsnprintf)(to, size, format, arguments);
    segment_close();
    return result;
}

#define WITH_ARGUMENTS(last, call) \
    va_list arguments;             \
    va_start(arguments, last);     \
    int result = call;             \
    va_end(arguments);             \
    return result

/* Larger than any object, small enough for vsnprintf. */
#define NO_LIMIT ((size_t)INT32_MAX)

WEAVE_EXPORT int printf(const char *restrict format, ...)
{
    WITH_ARGUMENTS(format, stdio_to_stream(stdout, format, arguments, CALLER));
}

WEAVE_EXPORT int fprintf(FILE *restrict stream, const char *restrict format, ...)
{
    WITH_ARGUMENTS(format, stdio_to_stream(stream, format, arguments, CALLER));
}

WEAVE_EXPORT int vprintf(const char *restrict format, va_list arguments)
{
    return stdio_to_stream(stdout, format, arguments, CALLER);
}

WEAVE_EXPORT int vfprintf(FILE *restrict stream, const char *restrict format, va_list arguments)
{
    return stdio_to_stream(stream, format, arguments, CALLER);
}

WEAVE_EXPORT int sprintf(char *restrict to, const char *restrict format, ...)
{
    WITH_ARGUMENTS(format, stdio_to_memory(to, NO_LIMIT, format, arguments, CALLER));
}

WEAVE_EXPORT int snprintf(char *restrict to, size_t size, const char *restrict format, ...)
{
    WITH_ARGUMENTS(format, stdio_to_memory(to, size, format, arguments, CALLER));
}

WEAVE_EXPORT int vsprintf(char *restrict to, const char *restrict format, va_list arguments)
{
    return stdio_to_memory(to, NO_LIMIT, format, arguments, CALLER);
}

WEAVE_EXPORT int vsnprintf(char *restrict to, size_t size, const char *restrict format, va_list arguments)
{
    return stdio_to_memory(to, size, format, arguments, CALLER);
}

WEAVE_EXPORT int dprintf(int descriptor, const char *restrict format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    stdio_format(format, arguments, CALLER);
    struct channel channel;
    int result = -1;
    if (channel_begin(&channel, descriptor, true, CALLER)) {
        segment_open();
        result = REAL(vdprintf)(descriptor, format, arguments);
        segment_close();
        channel_end(&channel, result);
    }
    va_end(arguments);
    return result;
}

WEAVE_EXPORT int vasprintf(char **restrict to, const char *restrict format, va_list arguments)
{
    stdio_format(format, arguments, CALLER);
    stdio_write(to, sizeof *to, CALLER);
    segment_open();
    int result = REAL(vasprintf)(to, format, arguments);
    segment_close();
    return result;
}

WEAVE_EXPORT int asprintf(char **restrict to, const char *restrict format, ...)
{
    WITH_ARGUMENTS(format, vasprintf(to, format, arguments));
}

WEAVE_EXPORT int puts(const char *text)
{
    struct channel channel;
    stdio_read_text(text, SIZE_MAX, CALLER);
    if (!channel_begin_stream(&channel, stdout, true, CALLER))
        return EOF;
    segment_open();
    int result = REAL(puts)(text);
    segment_close();
    channel_end(&channel, result);
    return result;
}

WEAVE_EXPORT int fputs(const char *restrict text, FILE *restrict stream)
{
    struct channel channel;
    stdio_read_text(text, SIZE_MAX, CALLER);
    if (!channel_begin_stream(&channel, stream, true, CALLER))
        return EOF;
    segment_open();
    int result = REAL(fputs)(text, stream);
    segment_close();
    channel_end(&channel, result);
    return result;
}

WEAVE_EXPORT size_t fwrite(const void *restrict from, size_t size, size_t count, FILE *restrict stream)
{
    struct channel channel;
    stdio_read(from, size * count, CALLER);
    if (!channel_begin_stream(&channel, stream, true, CALLER))
        return 0;
    segment_open();
    size_t written = REAL(fwrite)(from, size, count, stream);
    segment_close();
    channel_end(&channel, (ssize_t)(written * size));
    return written;
}

/* From a channel: what has come, then wait for more. */
static size_t stdio_gather(char *to, size_t size, FILE *stream, const void *pc)
{
    size_t done = 0;
    while (done < size) {
        size_t ready = channel_buffered(stream);
        if (ready > 0) {
            done += REAL(fread)(to + done, 1, ready < size - done ? ready : size - done, stream);
            continue;
        }
        int byte = channel_byte(stream, pc);
        if (byte == EOF)
            break;
        to[done++] = (char)byte;
    }
    return done;
}

static size_t stdio_fread(void *to, size_t size, size_t count, FILE *stream, const void *pc)
{
    stdio_write(to, size * count, pc);
    segment_open();
    size_t got = size == 0                   ? 0
                 : channel_of_stream(stream) ? stdio_gather(to, size * count, stream, pc) / size
                                             : REAL(fread)(to, size, count, stream);
    segment_close();
    return got;
}

WEAVE_EXPORT size_t fread(void *restrict to, size_t size, size_t count, FILE *restrict stream)
{
    return stdio_fread(to, size, count, stream, CALLER);
}

#undef fread_unlocked /* a macro in some headers */
WEAVE_EXPORT size_t fread_unlocked(void *restrict to, size_t size, size_t count, FILE *restrict stream)
{
    return stdio_fread(to, size, count, stream, CALLER);
}

WEAVE_EXPORT ssize_t write(int descriptor, const void *from, size_t size)
{
    struct channel channel;
    size_t done = 0;
    stdio_read(from, size, CALLER);
    do { /* more than PIPE_BUF may come in parts, and sleep in between: pipe(7) */
        if (!channel_begin(&channel, descriptor, true, CALLER))
            return done > 0 ? (ssize_t)done : -1;
        size_t part = channel.pipe && channel.waits && size - done > PIPE_BUF ? PIPE_BUF : size - done;
        segment_open();
        ssize_t written = REAL(write)(descriptor, (const char *)from + done, part);
        segment_close();
        channel_end(&channel, written);
        if (written < 0)
            return done > 0 ? (ssize_t)done : written;
        done += (size_t)written;
    } while (channel.pipe && channel.waits && done < size);
    return (ssize_t)done;
}

WEAVE_EXPORT ssize_t read(int descriptor, void *to, size_t size)
{
    struct channel channel = {0};
    if (size > 0 && !channel_begin(&channel, descriptor, false, CALLER)) /* no byte is there at once */
        return -1;
    stdio_write(to, size, CALLER);
    segment_open();
    ssize_t got = REAL(read)(descriptor, to, size);
    segment_close();
    channel_end(&channel, got);
    return got;
}

/* ---- the fortified forms: a flag comes before the format ---- */

WEAVE_EXPORT int __printf_chk(int flag, const char *format, ...);
WEAVE_EXPORT int __fprintf_chk(FILE *stream, int flag, const char *format, ...);
WEAVE_EXPORT int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...);
WEAVE_EXPORT int __snprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, ...);

int __printf_chk(int flag, const char *format, ...)
{
    (void)flag;
    WITH_ARGUMENTS(format, stdio_to_stream(stdout, format, arguments, CALLER));
}

int __fprintf_chk(FILE *stream, int flag, const char *format, ...)
{
    (void)flag;
    WITH_ARGUMENTS(format, stdio_to_stream(stream, format, arguments, CALLER));
}

int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...)
{
    (void)flag, (void)room;
    WITH_ARGUMENTS(format, stdio_to_memory(to, NO_LIMIT, format, arguments, CALLER));
}

int __snprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, ...)
{
    (void)flag, (void)room;
    WITH_ARGUMENTS(format, stdio_to_memory(to, size, format, arguments, CALLER));
}
