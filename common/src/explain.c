/*
 * Sentences about errors: see explain.h.
 */
#include "explain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shmlab/error.h"

int explain(char *error, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, size, format, arguments);
    va_end(arguments);
    return -1;
}

int explain_errno(char *error, size_t size, const char *subject, const char *next)
{
    int cause = errno;
    const char *colon = next != NULL ? ": " : "";
    return explain(error, size, "%s: %s (%s)%s%s", subject, error_symbol(cause), strerror(cause), colon,
                   next != NULL ? next : "");
}
