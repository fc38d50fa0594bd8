/*
 * Running ffmpeg: see source_ffmpeg.h. No shell takes part, so a file may be called whatever its owner likes.
 */
#define _GNU_SOURCE /* memfd_create, pipe2 */
#include "source_ffmpeg.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "explain.h"
#include "last_words.h"

extern char **environ;

enum { FILTER_MAX = 256 };

/* --- the child --- */

/*
 * "-vsync passthrough": each picture of the film once. Without it ffmpeg repeats and drops pictures until their rate is
 * constant. Pixels that are not square are made so first; then each side is what frame_letterbox makes of it.
 *
 * "file:" keeps ffmpeg from taking a name for an option or a protocol, and the whitelist keeps a playlist in
 * the file from leading elsewhere: ffmpeg-protocols(1).
 */
static int spawn_ffmpeg(struct ffmpeg *ffmpeg, bool camera, int width, int height,
                        const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes)
{
    char input[FFMPEG_NAME_MAX + sizeof "file:"], filter[FILTER_MAX];
    snprintf(input, sizeof input, "%s%s", camera ? "" : "file:", ffmpeg->name);
    snprintf(filter, sizeof filter,
             "scale=iw*sar:ih,setsar=1,"
             "scale='max(1,min(%d,round(%d*iw/ih)))':'max(1,min(%d,round(%d*ih/iw)))',"
             "format=bgr24,pad=%d:%d:(ow-iw)/2:(oh-ih)/2:color=0x808080",
             width, height, height, width, width, height);
    const char *from_camera[] = {"-f", "v4l2"};
    const char *from_file[] = {"-protocol_whitelist", "file"};
    const char **from = camera ? from_camera : from_file;
    const char *arguments[] = {"ffmpeg", "-nostdin",    "-hide_banner", "-loglevel", "repeat+error", from[0],
                               from[1],  "-i",          input,          "-an",       "-sn",          "-dn",
                               "-vsync", "passthrough", "-vf",          filter,      "-pix_fmt",     "bgr24",
                               "-f",     "rawvideo",    "pipe:1",       NULL};
    return posix_spawnp(&ffmpeg->child, arguments[0], actions, attributes, (char *const *)arguments, environ);
}

/* Its own standard streams, and signals as they were before our handlers. Returns an error number. */
static int spawn_prepared(struct ffmpeg *ffmpeg, bool camera, int width, int height, int output)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int result = posix_spawn_file_actions_init(&actions);
    if (result != 0)
        return result;
    result = posix_spawnattr_init(&attributes);
    if (result == 0) {
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &all); /* an ignored SIGPIPE would be inherited */
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, ffmpeg->words, STDERR_FILENO);
        result = spawn_ffmpeg(ffmpeg, camera, width, height, &actions, &attributes);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

int ffmpeg_open(struct ffmpeg *ffmpeg, const char *path, bool camera, int width, int height, char *error, size_t size)
{
    *ffmpeg = (struct ffmpeg){.frames = -1, .words = -1};
    if ((size_t)snprintf(ffmpeg->name, sizeof ffmpeg->name, "%s", path) >= sizeof ffmpeg->name)
        return explain(error, size, "%.60s...: the path is too long", path);
    if (access(path, R_OK) != 0)
        return explain_errno(error, size, path, camera ? "name another device: camera:/dev/videoN" : "check the path");
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return explain_errno(error, size, "a pipe from ffmpeg", NULL);
    ffmpeg->frames = ends[0];
    ffmpeg->words = memfd_create("ffmpeg", MFD_CLOEXEC);
    int failed = ffmpeg->words >= 0 ? spawn_prepared(ffmpeg, camera, width, height, ends[1]) : errno;
    close(ends[1]); /* else the end of the frames would never be seen */
    if (failed == 0)
        return 0;
    close_one(&ffmpeg->frames);
    close_one(&ffmpeg->words);
    ffmpeg->child = 0;
    errno = failed;
    return explain_errno(error, size, "ffmpeg, which reads videos and cameras",
                         failed == ENOENT ? "apt install ffmpeg" : NULL);
}

/* --- frames --- */

/* Wait for the child. Returns what waitpid(2) tells; 0 when somebody else has taken that from us. */
static int reap(struct ffmpeg *ffmpeg)
{
    int status = 0;
    while (ffmpeg->child > 0 && waitpid(ffmpeg->child, &status, 0) < 0)
        if (errno != EINTR) {
            status = 0;
            break;
        }
    ffmpeg->child = 0;
    return status;
}

/* The frames have ended: was that as it should be? */
static int finish(struct ffmpeg *ffmpeg, char *error, size_t size)
{
    char words[LAST_WORDS_MAX], first[LAST_WORDS_MAX];
    close_one(&ffmpeg->frames);
    int status = reap(ffmpeg);
    last_words(ffmpeg->words, words, sizeof words);
    first_words(ffmpeg->words, first, sizeof first);
    bool interrupted = WIFSIGNALED(status) && (WTERMSIG(status) == SIGINT || WTERMSIG(status) == SIGTERM);
    if (status != 0 && !interrupted && WIFEXITED(status) && WEXITSTATUS(status) != 255) /* 255: ffmpeg took a signal */
        return explain(error, size, "%s: ffmpeg failed: %s: %s", ffmpeg->name,
                       first[0] != '\0' ? first : "it does not say why", words);
    if (WIFSIGNALED(status) && !interrupted)
        return explain(error, size, "%s: ffmpeg was ended by signal %d: %s", ffmpeg->name, WTERMSIG(status), words);
    if (status == 0 && ffmpeg->count == 0)
        return explain(error, size, "%s: ffmpeg finds no pictures in it: take a video", ffmpeg->name);
    if (status == 0 && words[0] != '\0')
        explain(error, size, "%s: %ld frames, and something is missing: ffmpeg says: %s", ffmpeg->name, ffmpeg->count,
                words);
    return 0;
}

int ffmpeg_next(struct ffmpeg *ffmpeg, struct frame *frame, char *error, size_t size)
{
    size_t bytes = (size_t)frame->width * (size_t)frame->height * FRAME_CHANNELS, done = 0;
    if (ffmpeg->frames < 0)
        return 0; /* it has ended before */
    while (done < bytes) {
        ssize_t part = read(ffmpeg->frames, frame->pixels + done, bytes - done);
        if (part == 0)
            return finish(ffmpeg, error, size);
        if (part < 0 && errno == EINTR) {
            ffmpeg_close(ffmpeg);
            return 0;
        }
        if (part < 0)
            return explain_errno(error, size, ffmpeg->name, NULL);
        done += (size_t)part;
    }
    ffmpeg->count++;
    return 1;
}

void ffmpeg_close(struct ffmpeg *ffmpeg)
{
    if (ffmpeg->child > 0)
        kill(ffmpeg->child, SIGKILL); /* it has nothing to save */
    reap(ffmpeg);
    close_one(&ffmpeg->frames);
    close_one(&ffmpeg->words);
}
