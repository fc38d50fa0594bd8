/*
 * Renders the synthetic scenes: see scene.h.
 *
 * A picture must be the same on every machine, so nothing here comes from libm but the square root, which
 * IEEE-754 rounds exactly; angles are unit vectors instead. Compile with -ffp-contract=off: a fused
 * multiply-add would round once less.
 */
#include "shmlab/scene.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const char *const scene_class_names[SCENE_CLASSES] = {"circle", "square", "triangle", "star"};

enum {
    GRID = 8,      /* cells of the smooth noise along each side */
    LINES_MAX = 5, /* distracting lines and dots */
    DOTS_MAX = 11,
    STILL_MAX = 5,  /* objects of a still scene: 1 to this */
    MOVING_MIN = 3, /* objects of a moving scene */
    MOVING_MAX = 5,
    PLACE_TRIES = 60,
    COLOUR_TRIES = 40,
    CONTRAST_POINTS = 5, /* along each side of the area where a colour must be seen */
    SUBROWS = 4,         /* anti-aliasing: scan lines per row of pixels */
    SUBPIXELS = 64,      /* and steps along a scan line */
    VERTICES_MAX = 10,
    UNIT_SIDE = 160, /* details are one pixel wide at this size of picture, and grow with it */
};

static const double frames_per_second = 30;

struct point {
    double x, y;
};

struct colour {
    uint8_t channel[FRAME_CHANNELS];
};

struct shape {
    int class_id;
    struct point centre;
    double radius;     /* pixels, of the circumscribed circle */
    struct point turn; /* orientation, a unit vector */
    struct colour fill, edge;
    bool outlined;
    struct point velocity; /* pixels a frame */
    struct point spin;     /* rotation a frame, a unit vector */
};

struct shape_box {
    double left, top, right, bottom;
};

struct scene {
    struct frame background;
    struct shape start[MOVING_MAX];
    struct shape now[MOVING_MAX];
    int shapes;
    long index; /* the frame that `now` belongs to */
};

/* --- chance --- */

/* Marsaglia's xorshift64: G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (14), 2003. */
struct chance {
    uint64_t state;
};

static uint64_t chance_next(struct chance *chance)
{
    uint64_t s = chance->state;
    s ^= s << 13;
    s ^= s >> 7;
    s ^= s << 17;
    return chance->state = s;
}

/* Neighbouring seeds must not give similar scenes: one round of a mixing function (splitmix64's) tears them apart. */
static struct chance chance_seeded(uint64_t seed)
{
    uint64_t z = seed + UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    z ^= z >> 31;
    return (struct chance){z != 0 ? z : 1}; /* xorshift never leaves zero */
}

static double chance_between(struct chance *chance, double low, double high)
{
    return low + (high - low) * ((double)(chance_next(chance) >> 11) * 0x1p-53);
}

/* 0 to below. */
static int chance_below(struct chance *chance, int below)
{
    return (int)((chance_next(chance) >> 32) % (uint64_t)below);
}

static struct point chance_direction(struct chance *chance)
{
    for (;;) {
        double x = chance_between(chance, -1, 1);
        double y = chance_between(chance, -1, 1);
        double square = x * x + y * y;
        if (square > 0.01 && square <= 1) {
            double length = sqrt(square);
            return (struct point){x / length, y / length};
        }
    }
}

static struct colour chance_colour(struct chance *chance)
{
    uint64_t bits = chance_next(chance) >> 32;
    return (struct colour){{(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16)}};
}

/* --- background --- */

static int side_of(const struct frame *frame)
{
    return frame->width < frame->height ? frame->width : frame->height;
}

static uint8_t *pixel_at(const struct frame *frame, int x, int y)
{
    return frame->pixels + ((size_t)y * (size_t)frame->width + (size_t)x) * FRAME_CHANNELS;
}

static uint8_t channel_clamp(float value)
{
    return value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)(value + 0.5F);
}

struct backdrop {
    float from[FRAME_CHANNELS], to[FRAME_CHANNELS]; /* the two ends of a gradient */
    struct point direction;                         /* of the gradient */
    float grid[GRID + 1][GRID + 1][FRAME_CHANNELS]; /* smooth noise */
    float grain;                                    /* white noise: largest step, channel values */
};

static struct backdrop backdrop_choose(struct chance *chance)
{
    struct backdrop backdrop;
    double amplitude = 255 * chance_between(chance, 0, 0.35);
    backdrop.direction = chance_direction(chance);
    backdrop.grain = (float)(2 * 255 * chance_between(chance, 0, 0.06));
    for (int c = 0; c < FRAME_CHANNELS; c++) {
        backdrop.from[c] = (float)(255 * chance_between(chance, 0.05, 0.95));
        backdrop.to[c] = (float)(255 * chance_between(chance, 0.05, 0.95));
    }
    for (int y = 0; y <= GRID; y++)
        for (int x = 0; x <= GRID; x++)
            for (int c = 0; c < FRAME_CHANNELS; c++)
                backdrop.grid[y][x][c] = (float)chance_between(chance, -amplitude, amplitude);
    return backdrop;
}

/* The smooth noise at height y: one value for each vertical line of the grid. */
static void backdrop_row(const struct backdrop *backdrop, float y, float row[GRID + 1][FRAME_CHANNELS])
{
    int cell = (int)y < GRID ? (int)y : GRID - 1;
    float part = y - (float)cell;
    for (int x = 0; x <= GRID; x++)
        for (int c = 0; c < FRAME_CHANNELS; c++)
            row[x][c] = backdrop->grid[cell][x][c] * (1 - part) + backdrop->grid[cell + 1][x][c] * part;
}

static void backdrop_paint_row(const struct backdrop *backdrop, struct chance *chance, struct frame *frame, int y)
{
    float row[GRID + 1][FRAME_CHANNELS];
    backdrop_row(backdrop, (float)GRID * (float)y / (float)frame->height, row);
    int longer = frame->width > frame->height ? frame->width : frame->height;
    float step_x = (float)(backdrop->direction.x / longer);
    float start =
        (float)(0.5 + ((y - frame->height / 2.0) * backdrop->direction.y - frame->width / 2.0 * backdrop->direction.x) /
                          longer);
    float cells = (float)GRID / (float)frame->width;
    uint8_t *pixel = pixel_at(frame, 0, y);
    for (int x = 0; x < frame->width; x++, pixel += FRAME_CHANNELS) {
        float t = start + step_x * (float)x;
        t = t < 0 ? 0 : t > 1 ? 1 : t;
        float across = cells * (float)x;
        int cell = (int)across < GRID ? (int)across : GRID - 1;
        float part = across - (float)cell;
        uint64_t bits = chance_next(chance);
        for (int c = 0; c < FRAME_CHANNELS; c++, bits >>= 16) {
            /* Two dice of 0 to 255 less their mean: a triangular distribution in -255 to 255. */
            int dice = (int)(bits & 255) + (int)(bits >> 8 & 255) - 255;
            pixel[c] =
                channel_clamp(backdrop->from[c] + (backdrop->to[c] - backdrop->from[c]) * t + row[cell][c] +
                              (row[cell + 1][c] - row[cell][c]) * part + backdrop->grain * (float)dice * (1.0F / 255));
        }
    }
}

/* A square of `side` pixels, what is inside the frame of it. */
static void square_paint(struct frame *frame, int left, int top, int side, struct colour colour)
{
    for (int y = top < 0 ? 0 : top; y < top + side && y < frame->height; y++)
        for (int x = left < 0 ? 0 : left; x < left + side && x < frame->width; x++)
            memcpy(pixel_at(frame, x, y), colour.channel, FRAME_CHANNELS);
}

static void distractors_paint(struct chance *chance, struct frame *frame)
{
    int side = side_of(frame);
    int thickness = side > UNIT_SIDE ? side / UNIT_SIDE : 1;
    for (int lines = chance_below(chance, LINES_MAX + 1); lines > 0; lines--) {
        double x = chance_between(chance, 0, frame->width);
        double y = chance_between(chance, 0, frame->height);
        struct point direction = chance_direction(chance);
        int length = (int)chance_between(chance, side / 8.0, frame->width);
        struct colour colour = chance_colour(chance);
        for (int i = 0; i < length; i++)
            square_paint(frame, (int)floor(x + i * direction.x), (int)floor(y + i * direction.y), thickness, colour);
    }
    for (int dots = chance_below(chance, DOTS_MAX + 1); dots > 0; dots--) {
        int x = chance_below(chance, frame->width);
        int y = chance_below(chance, frame->height);
        square_paint(frame, x, y, 3 * thickness, chance_colour(chance));
    }
}

static void background_paint(struct chance *chance, struct frame *frame)
{
    struct backdrop backdrop = backdrop_choose(chance);
    for (int y = 0; y < frame->height; y++)
        backdrop_paint_row(&backdrop, chance, frame, y);
    distractors_paint(chance, frame);
}

/* --- shapes --- */

/* Unit polygons; a circle has none. cos and sin of 36 and 72 degrees make the star, whose inner corners are at 0.45. */
#define COS36 0.80901699437494742
#define SIN36 0.58778525229247313
#define COS72 0.30901699437494742
#define SIN72 0.95105651629515357
#define INNER 0.45

static const struct {
    int vertices;
    struct point vertex[VERTICES_MAX];
} outlines[SCENE_CLASSES] = {
    [SCENE_SQUARE] = {4, {{1, 0}, {0, 1}, {-1, 0}, {0, -1}}},
    [SCENE_TRIANGLE] = {3, {{1, 0}, {-0.5, 0.86602540378443865}, {-0.5, -0.86602540378443865}}},
    [SCENE_STAR] = {10,
                    {{1, 0},
                     {INNER * COS36, INNER *SIN36},
                     {COS72, SIN72},
                     {-INNER * COS72, INNER *SIN72},
                     {-COS36, SIN36},
                     {-INNER, 0},
                     {-COS36, -SIN36},
                     {-INNER * COS72, -INNER *SIN72},
                     {COS72, -SIN72},
                     {INNER * COS36, -INNER *SIN36}}},
};

/* The corners of the shape, drawn at `scale` times its size. Returns their number, 0 for a circle. */
static int shape_vertices(const struct shape *shape, double scale, struct point *corners)
{
    int count = outlines[shape->class_id].vertices;
    double radius = shape->radius * scale;
    for (int i = 0; i < count; i++) {
        struct point v = outlines[shape->class_id].vertex[i];
        corners[i].x = shape->centre.x + radius * (v.x * shape->turn.x - v.y * shape->turn.y);
        corners[i].y = shape->centre.y + radius * (v.x * shape->turn.y + v.y * shape->turn.x);
    }
    return count;
}

static struct shape_box shape_bounds(const struct shape *shape)
{
    struct point corners[VERTICES_MAX];
    int count = shape_vertices(shape, 1, corners);
    struct point centre = shape->centre;
    double r = shape->radius;
    struct shape_box box = {centre.x - r, centre.y - r, centre.x + r, centre.y + r};
    if (count > 0)
        box = (struct shape_box){corners[0].x, corners[0].y, corners[0].x, corners[0].y};
    for (int i = 1; i < count; i++) {
        box.left = fmin(box.left, corners[i].x);
        box.right = fmax(box.right, corners[i].x);
        box.top = fmin(box.top, corners[i].y);
        box.bottom = fmax(box.bottom, corners[i].y);
    }
    return box;
}

/* Where the horizontal line at height y crosses the outline, from left to right: an even number of places. */
static int shape_crossings(const struct shape *shape, double scale, const struct point *corners, int count, double y,
                           double *crossings)
{
    if (count == 0) {
        double radius = shape->radius * scale;
        double half = radius * radius - (y - shape->centre.y) * (y - shape->centre.y);
        if (half <= 0)
            return 0;
        crossings[0] = shape->centre.x - sqrt(half);
        crossings[1] = shape->centre.x + sqrt(half);
        return 2;
    }
    int found = 0;
    for (int i = 0, j = count - 1; i < count; j = i++) {
        struct point a = corners[i], b = corners[j];
        if ((a.y > y) == (b.y > y))
            continue;
        double x = a.x + (y - a.y) * (b.x - a.x) / (b.y - a.y);
        int k = found++;
        for (; k > 0 && crossings[k - 1] > x; k--)
            crossings[k] = crossings[k - 1];
        crossings[k] = x;
    }
    return found;
}

/* Add one scan line from left to right (pixels) to the coverage of a row; a pixel that it crosses gets SUBPIXELS. */
static void coverage_add(uint16_t *coverage, int width, double left, double right)
{
    left = left < 0 ? 0 : left;
    right = right > width ? width : right;
    if (left >= right)
        return;
    int from = (int)(left * (double)SUBPIXELS + 0.5);
    int to = (int)(right * (double)SUBPIXELS + 0.5);
    int first = from / SUBPIXELS;
    int last = to / SUBPIXELS;
    if (first == last) {
        coverage[first] = (uint16_t)(coverage[first] + (to - from));
        return;
    }
    coverage[first] = (uint16_t)(coverage[first] + ((first + 1) * SUBPIXELS - from));
    for (int x = first + 1; x < last; x++)
        coverage[x] = (uint16_t)(coverage[x] + SUBPIXELS);
    coverage[last] = (uint16_t)(coverage[last] + (to - last * SUBPIXELS)); /* last may be width: one entry more */
}

static void coverage_blend(const uint16_t *coverage, uint8_t *pixel, int count, struct colour colour)
{
    const int whole = SUBROWS * SUBPIXELS;
    for (int x = 0; x < count; x++, pixel += FRAME_CHANNELS) {
        int part = coverage[x];
        if (part == 0)
            continue;
        for (int c = 0; c < FRAME_CHANNELS; c++)
            pixel[c] = (uint8_t)((pixel[c] * (whole - part) + colour.channel[c] * part + whole / 2) / whole);
    }
}

static int clamp_int(double value, int low, int high)
{
    return value <= low ? low : value >= high ? high : (int)value;
}

static void shape_fill(struct frame *frame, const struct shape *shape, double scale, struct colour colour)
{
    struct point corners[VERTICES_MAX];
    int count = shape_vertices(shape, scale, corners);
    struct shape_box box = shape_bounds(shape);
    int left = clamp_int(floor(box.left), 0, frame->width - 1);
    int right = clamp_int(ceil(box.right), 0, frame->width);
    int top = clamp_int(floor(box.top), 0, frame->height);
    int bottom = clamp_int(ceil(box.bottom), 0, frame->height);
    uint16_t coverage[FRAME_SIDE_MAX + 1];
    for (int y = top; y < bottom; y++) {
        memset(coverage + left, 0, (size_t)(right - left + 1) * sizeof *coverage);
        for (int k = 0; k < SUBROWS; k++) {
            double crossings[VERTICES_MAX];
            double height = y + (k + 0.5) / (double)SUBROWS;
            int found = shape_crossings(shape, scale, corners, count, height, crossings);
            for (int i = 0; i + 1 < found; i += 2)
                coverage_add(coverage, frame->width, crossings[i], crossings[i + 1]);
        }
        coverage_blend(coverage + left, pixel_at(frame, left, y), right - left, colour);
    }
}

static void shape_paint(struct frame *frame, const struct shape *shape)
{
    static const double inside_outline = 0.82;
    if (shape->outlined)
        shape_fill(frame, shape, 1, shape->edge);
    shape_fill(frame, shape, shape->outlined ? inside_outline : 1, shape->fill);
}

/* The least contrast (largest difference of a channel) of a colour to what the frame shows in a box. */
static int contrast_in(const struct frame *frame, struct shape_box box, struct colour colour)
{
    int least = 255;
    for (int i = 0; i < CONTRAST_POINTS * CONTRAST_POINTS; i++) {
        double across = (i % CONTRAST_POINTS + 0.5) / (double)CONTRAST_POINTS;
        double down = (i / CONTRAST_POINTS + 0.5) / (double)CONTRAST_POINTS;
        int x = clamp_int(box.left + (box.right - box.left) * across, 0, frame->width - 1);
        int y = clamp_int(box.top + (box.bottom - box.top) * down, 0, frame->height - 1);
        const uint8_t *pixel = pixel_at(frame, x, y);
        int most = 0;
        for (int c = 0; c < FRAME_CHANNELS; c++) {
            int difference = abs(pixel[c] - colour.channel[c]);
            most = difference > most ? difference : most;
        }
        least = most < least ? most : least;
    }
    return least;
}

/* A colour that stands out from what the frame shows in the box, or the best of many. */
static void shape_colour(struct shape *shape, struct chance *chance, const struct frame *frame, struct shape_box box)
{
    static const int enough = 72;
    static const double darker = 0.4;
    int best = -1;
    for (int i = 0; i < COLOUR_TRIES && best < enough; i++) {
        struct colour colour = chance_colour(chance);
        int contrast = contrast_in(frame, box, colour);
        if (contrast > best) {
            best = contrast;
            shape->fill = colour;
        }
    }
    for (int c = 0; c < FRAME_CHANNELS; c++)
        shape->edge.channel[c] = (uint8_t)(shape->fill.channel[c] * darker);
}

static struct shape shape_choose(struct chance *chance, double radius)
{
    static const double polygon_bonus = 1.15; /* a polygon fills less of its circle */
    struct shape shape = {.class_id = chance_below(chance, SCENE_CLASSES), .turn = chance_direction(chance)};
    shape.outlined = chance_below(chance, 3) == 0;
    shape.radius = shape.class_id == SCENE_CIRCLE ? radius : radius * polygon_bonus;
    return shape;
}

/* The boxes of shapes that show, rounded to whole pixels. */
static int shapes_truth(const struct shape *shapes, int count, const struct frame *frame, struct detection *truth)
{
    int visible = 0;
    for (int i = 0; i < count; i++) {
        struct shape_box box = shape_bounds(&shapes[i]);
        int left = clamp_int(floor(box.left + 0.5), 0, frame->width);
        int right = clamp_int(floor(box.right + 0.5), 0, frame->width);
        int top = clamp_int(floor(box.top + 0.5), 0, frame->height);
        int bottom = clamp_int(floor(box.bottom + 0.5), 0, frame->height);
        if (left < right && top < bottom)
            truth[visible++] = (struct detection){.class_id = shapes[i].class_id,
                                                  .confidence = 1,
                                                  .x = left,
                                                  .y = top,
                                                  .width = right - left,
                                                  .height = bottom - top};
    }
    return visible;
}

/* --- still scenes --- */

static double box_area(struct shape_box box)
{
    return (box.right - box.left) * (box.bottom - box.top);
}

static bool boxes_crowd(struct shape_box a, struct shape_box b)
{
    static const double tolerated = 0.15; /* of the smaller box */
    double width = fmin(a.right, b.right) - fmax(a.left, b.left);
    double height = fmin(a.bottom, b.bottom) - fmax(a.top, b.top);
    return width > 0 && height > 0 && width * height > tolerated * fmin(box_area(a), box_area(b));
}

/* Choose a place, now and then slightly over the edge. False when another shape is in the way. */
static bool shape_place_still(struct shape *shape, struct chance *chance, const struct frame *frame,
                              const struct shape *others, int count)
{
    static const double reach = 0.8; /* of the radius, must be inside */
    double margin = shape->radius * reach;
    shape->centre.x = chance_between(chance, margin, frame->width - margin);
    shape->centre.y = chance_between(chance, margin, frame->height - margin);
    for (int i = 0; i < count; i++)
        if (boxes_crowd(shape_bounds(shape), shape_bounds(&others[i])))
            return false;
    return true;
}

int scene_still(struct frame *frame, uint64_t seed, struct detection *truth)
{
    struct chance chance = chance_seeded(seed);
    struct shape shapes[STILL_MAX];
    int count = 0;
    background_paint(&chance, frame);
    int wanted = 1 + chance_below(&chance, STILL_MAX);
    for (int tries = 0; tries < PLACE_TRIES && count < wanted; tries++) {
        double u = chance_between(&chance, 0, 1);
        struct shape shape = shape_choose(&chance, side_of(frame) * (0.06 + 0.22 * u * u)); /* small ones are common */
        if (!shape_place_still(&shape, &chance, frame, shapes, count))
            continue;
        shape_colour(&shape, &chance, frame, shape_bounds(&shape));
        shape_paint(frame, &shape);
        shapes[count++] = shape;
    }
    return shapes_truth(shapes, count, frame, truth);
}

/* --- moving scenes --- */

static bool shapes_touch(const struct shape *a, const struct shape *b)
{
    double x = b->centre.x - a->centre.x, y = b->centre.y - a->centre.y, reach = a->radius + b->radius;
    return x * x + y * y < reach * reach;
}

static bool shape_place_moving(struct shape *shape, struct chance *chance, const struct frame *frame,
                               const struct shape *others, int count)
{
    shape->centre.x = chance_between(chance, shape->radius, frame->width - shape->radius);
    shape->centre.y = chance_between(chance, shape->radius, frame->height - shape->radius);
    for (int i = 0; i < count; i++)
        if (shapes_touch(shape, &others[i]))
            return false;
    return true;
}

static void shape_set_going(struct shape *shape, struct chance *chance, int side)
{
    struct point direction = chance_direction(chance);
    double speed = side * chance_between(chance, 0.15, 0.45) / frames_per_second;
    shape->velocity = (struct point){speed * direction.x, speed * direction.y};
    /* The tangent of half the angle a frame; up to 0.015 is up to 50 degrees a second. */
    double t = chance_between(chance, -0.015, 0.015);
    shape->spin = (struct point){(1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)};
}

struct scene *scene_open(int width, int height, uint64_t seed)
{
    struct scene *scene = calloc(1, sizeof *scene);
    if (scene == NULL)
        return NULL;
    if (frame_create(&scene->background, width, height) != 0) {
        free(scene);
        return NULL;
    }
    struct chance chance = chance_seeded(seed);
    struct frame *background = &scene->background;
    background_paint(&chance, background);
    int wanted = MOVING_MIN + chance_below(&chance, MOVING_MAX - MOVING_MIN + 1);
    for (int tries = 0; tries < PLACE_TRIES && scene->shapes < wanted; tries++) {
        struct shape shape = shape_choose(&chance, side_of(background) * chance_between(&chance, 0.07, 0.17));
        if (!shape_place_moving(&shape, &chance, background, scene->start, scene->shapes))
            continue;
        shape_colour(&shape, &chance, background, (struct shape_box){0, 0, width, height}); /* it goes everywhere */
        shape_set_going(&shape, &chance, side_of(background));
        scene->start[scene->shapes++] = shape;
    }
    memcpy(scene->now, scene->start, sizeof scene->now);
    return scene;
}

/* Keep a coordinate in [low, high], with the velocity turned back into it. */
static void bounce(double *place, double *velocity, double low, double high)
{
    if (*place < low) {
        *place = low;
        *velocity = fabs(*velocity);
    } else if (*place > high) {
        *place = high;
        *velocity = -fabs(*velocity);
    }
}

/* An elastic collision of two discs whose weight is their area. */
static void shapes_collide(struct shape *a, struct shape *b)
{
    if (!shapes_touch(a, b))
        return;
    struct point apart = {b->centre.x - a->centre.x, b->centre.y - a->centre.y};
    double square = apart.x * apart.x + apart.y * apart.y;
    double closing = (a->velocity.x - b->velocity.x) * apart.x + (a->velocity.y - b->velocity.y) * apart.y;
    if (closing <= 0 || square == 0) /* on their way apart already */
        return;
    double mass_a = a->radius * a->radius, mass_b = b->radius * b->radius;
    double push = 2 * closing / square / (mass_a + mass_b);
    a->velocity.x -= push * mass_b * apart.x;
    a->velocity.y -= push * mass_b * apart.y;
    b->velocity.x += push * mass_a * apart.x;
    b->velocity.y += push * mass_a * apart.y;
}

static void scene_step(struct scene *scene)
{
    for (int i = 0; i < scene->shapes; i++) {
        struct shape *s = &scene->now[i];
        struct point turn = {s->turn.x * s->spin.x - s->turn.y * s->spin.y,
                             s->turn.x * s->spin.y + s->turn.y * s->spin.x};
        double length = sqrt(turn.x * turn.x + turn.y * turn.y); /* rounding must not add up */
        s->turn = (struct point){turn.x / length, turn.y / length};
        s->centre.x += s->velocity.x;
        s->centre.y += s->velocity.y;
        bounce(&s->centre.x, &s->velocity.x, s->radius, scene->background.width - s->radius);
        bounce(&s->centre.y, &s->velocity.y, s->radius, scene->background.height - s->radius);
    }
    for (int i = 0; i < scene->shapes; i++)
        for (int j = i + 1; j < scene->shapes; j++)
            shapes_collide(&scene->now[i], &scene->now[j]);
    scene->index++;
}

int scene_render(struct scene *scene, long index, struct frame *frame, struct detection *truth)
{
    if (index < 0 || frame->width != scene->background.width || frame->height != scene->background.height) {
        errno = EINVAL;
        return -1;
    }
    if (index < scene->index) { /* collisions cannot be run backwards: start again */
        memcpy(scene->now, scene->start, sizeof scene->now);
        scene->index = 0;
    }
    while (scene->index < index)
        scene_step(scene);
    memcpy(frame->pixels, scene->background.pixels, (size_t)frame->width * (size_t)frame->height * FRAME_CHANNELS);
    for (int i = 0; i < scene->shapes; i++)
        shape_paint(frame, &scene->now[i]);
    return shapes_truth(scene->now, scene->shapes, frame, truth);
}

void scene_close(struct scene *scene)
{
    if (scene == NULL)
        return;
    frame_destroy(&scene->background);
    free(scene);
}
