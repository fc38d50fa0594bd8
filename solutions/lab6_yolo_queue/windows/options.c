/* See options.h. */
#include "options.h"

#include "shmlab/windows.h"

static const long long frames_most = 1000000000;
static const double timeout_most = 86400;

bool queue_options_take(struct queue_options *options, int key, const char *text)
{
    long long number;

    switch (key) {
    case 'p':
        options->prefix = text;
        return true;
    case 'n':
        if (!windows_integer("--frames", text, 0, frames_most, &number))
            return false;
        options->frames = (long)number;
        return true;
    case 't':
        return windows_number("--timeout", text, 0, timeout_most, &options->timeout);
    case 'q':
        options->quiet = true;
        return true;
    default:
        return false;
    }
}
