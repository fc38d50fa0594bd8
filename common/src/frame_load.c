/*
 * Reading pictures: JPEG through libturbojpeg (turned upright as its EXIF data say), PNG through libpng's simplified
 * interface (libpng-manual.txt, section V), and binary PPM (ppm(5)), whose header is all there is to parse.
 */
#include <png.h>
#include <turbojpeg.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "explain.h"
#include "file_bytes.h"
#include "frame_load.h"
#include "orientation.h"
#include "shmlab/frame.h"

enum { FILE_BYTES_MAX = 256 * 1024 * 1024 };

/* What a loader needs: the bytes, where the picture goes, where a complaint goes. */
struct loading {
    struct file_bytes file;
    struct frame *frame;
    const char *path;
    char *error;
    size_t size;
};

static int loading_create(const struct loading *loading, int width, int height)
{
    if (frame_create(loading->frame, width, height) == 0)
        return 0;
    if (errno == EINVAL)
        return explain(loading->error, loading->size, "%s: %d x %d pixels: a side must be 1 to %d: scale the picture",
                       loading->path, width, height, FRAME_SIDE_MAX);
    return explain_errno(loading->error, loading->size, loading->path, NULL);
}

static int loading_damaged(const struct loading *loading, const char *kind, const char *reason)
{
    return explain(loading->error, loading->size, "%s: damaged or truncated %s (%s): get the file again", loading->path,
                   kind, reason);
}

/* --- JPEG --- */

static int jpeg_decode(const struct loading *loading, tjhandle jpeg)
{
    int width, height, subsampling, colours;
    const struct file_bytes *file = &loading->file;
    if (tjDecompressHeader3(jpeg, file->data, file->size, &width, &height, &subsampling, &colours) != 0)
        return loading_damaged(loading, "JPEG", tjGetErrorStr2(jpeg));
    if (colours == TJCS_CMYK || colours == TJCS_YCCK)
        return explain(loading->error, loading->size, "%s: a JPEG in CMYK, the colours of printing: convert it to RGB",
                       loading->path);
    if (loading_create(loading, width, height) != 0)
        return -1;
    /* A mere warning (the data end early, say) also returns -1, and the lower part of the picture is grey then. */
    if (tjDecompress2(jpeg, file->data, file->size, loading->frame->pixels, width, 0, height, TJPF_BGR,
                      TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS) != 0)
        return loading_damaged(loading, "JPEG", tjGetErrorStr2(jpeg));
    if (orientation_apply(loading->frame, orientation_read(file->data, file->size)) != 0)
        return explain_errno(loading->error, loading->size, loading->path, NULL);
    return 0;
}

static int load_jpeg(const struct loading *loading)
{
    tjhandle jpeg = tjInitDecompress();
    if (jpeg == NULL)
        return explain(loading->error, loading->size, "%s: libturbojpeg: %s", loading->path, tjGetErrorStr2(NULL));
    int result = jpeg_decode(loading, jpeg);
    tjDestroy(jpeg);
    return result;
}

/* --- PNG --- */

/*
 * Debian 12's libpng (1.6.39-2+deb12u4) mixes up the rows of these when it makes 8 bits of 16, and reports nothing.
 * PNG's 5.2 and 11.2.2: after the signature, length and name of IHDR and both sides.
 */
static bool png_is_mixed_up(const struct file_bytes *file)
{
    enum { DEPTH = 24, INTERLACE = 28 };
    return file->size > INTERLACE && file->data[DEPTH] == 16 && file->data[INTERLACE] != 0;
}

static int png_decode(const struct loading *loading, png_image *png)
{
    static const png_color behind = {255, 255, 255}; /* shows through where the picture is transparent */
    if (png->width > FRAME_SIDE_MAX || png->height > FRAME_SIDE_MAX)
        return explain(loading->error, loading->size, "%s: %u x %u pixels: a side must be 1 to %d: scale the picture",
                       loading->path, png->width, png->height, FRAME_SIDE_MAX);
    if (png_is_mixed_up(&loading->file))
        return explain(loading->error, loading->size,
                       "%s: an interlaced PNG with 16 bits a channel: save it without interlacing", loading->path);
    if (loading_create(loading, (int)png->width, (int)png->height) != 0)
        return -1;
    png->format = PNG_FORMAT_BGR;
    png->flags |= PNG_IMAGE_FLAG_16BIT_sRGB; /* without gAMA, 16 bits mean what 8 bits mean, not linear light */
    if (!png_image_finish_read(png, &behind, loading->frame->pixels, 0, NULL))
        return loading_damaged(loading, "PNG", png->message);
    return 0;
}

static int load_png(const struct loading *loading)
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&png, loading->file.data, loading->file.size))
        return loading_damaged(loading, "PNG", png.message);
    int result = png_decode(loading, &png);
    png_image_free(&png);
    return result;
}

/* --- PPM --- */

/* The next number of the header, with white space and comments before it. Returns -1 when there is none. */
static int ppm_number(const struct file_bytes *file, size_t *place)
{
    const uint8_t *data = file->data; /* ends with a zero byte, where every loop below ends */
    while (isspace(data[*place]) || data[*place] == '#') {
        if (data[*place] == '#')
            while (data[*place] != '\n' && *place < file->size)
                ++*place;
        else
            ++*place;
    }
    if (!isdigit(data[*place]))
        return -1;
    int number = 0;
    for (; isdigit(data[*place]) && number <= FRAME_SIDE_MAX; ++*place)
        number = number * 10 + (data[*place] - '0');
    return number;
}

static int load_ppm(const struct loading *loading)
{
    size_t place = 2; /* after "P6" */
    int width = ppm_number(&loading->file, &place);
    int height = ppm_number(&loading->file, &place);
    int largest = ppm_number(&loading->file, &place);
    if (width < 0 || height < 0 || largest < 0 || !isspace(loading->file.data[place]))
        return loading_damaged(loading, "PPM", "no width, height and largest value");
    if (largest < 1 || largest > 255)
        return explain(loading->error, loading->size, "%s: a PPM with values to %d: save it with 8 bits a channel",
                       loading->path, largest);
    if (loading_create(loading, width, height) != 0)
        return -1;
    place++; /* the single white space after the header */
    size_t bytes = (size_t)width * (size_t)height * FRAME_CHANNELS;
    if (loading->file.size - place < bytes)
        return loading_damaged(loading, "PPM", "fewer pixels than its header says");
    const uint8_t *rgb = loading->file.data + place;
    for (size_t i = 0; i < bytes; i++) {
        int value = rgb[i - i % FRAME_CHANNELS + (FRAME_CHANNELS - 1 - i % FRAME_CHANNELS)];
        loading->frame->pixels[i] = (uint8_t)(value >= largest ? 255 : (value * 255 + largest / 2) / largest);
    }
    return 0;
}

/* --- all kinds --- */

static const struct {
    const char *first;
    size_t length;
    int (*load)(const struct loading *loading);
} kinds[] = {
    {"\xFF\xD8\xFF", 3, load_jpeg},
    {"\x89PNG\r\n\x1A\n", 8, load_png},
    {"P6", 2, load_ppm},
};

enum { KINDS = sizeof kinds / sizeof *kinds, FIRST_BYTES_MAX = 8 };

/* The kind whose files begin with these bytes; KINDS when there is none. */
static size_t kind_of(const uint8_t *data, size_t size)
{
    size_t kind = 0;
    while (kind < KINDS && (size < kinds[kind].length || memcmp(data, kinds[kind].first, kinds[kind].length) != 0))
        kind++;
    return kind;
}

bool frame_is_picture(const char *path)
{
    struct stat status;
    uint8_t first[FIRST_BYTES_MAX];
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
        return false;
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return false;
    size_t count = fread(first, 1, sizeof first, file);
    fclose(file);
    return kind_of(first, count) < KINDS;
}

int frame_load(struct frame *frame, const char *path, char *error, size_t size)
{
    struct loading loading = {.frame = frame, .path = path, .error = error, .size = size};
    *frame = (struct frame){0};
    if (file_bytes_read(&loading.file, path, FILE_BYTES_MAX, error, size) != 0)
        return -1;
    int result = -1;
    size_t kind = kind_of(loading.file.data, loading.file.size);
    if (kind < KINDS)
        result = kinds[kind].load(&loading);
    else if (loading.file.size == 0)
        explain(error, size, "%s: the file is empty: get it again", path);
    else
        explain(error, size, "%s: neither JPEG, PNG nor binary PPM (P6): convert it to one of them", path);
    if (result != 0)
        frame_destroy(frame);
    file_bytes_free(&loading.file);
    return result;
}
