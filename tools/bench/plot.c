/* The plot: see plot.h. */
#include "plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "shmlab/error.h"

enum {
    WIDTH = 1280,
    HEIGHT = 720,
    TOP = 132,    /* of the first bar */
    BOTTOM = 660, /* of the last one */
    BARS_MAX = 40,
    BAR_ROOM = 24, /* pixels from bar to bar, at most */
    NAME = 96,
};

struct panel {
    int left, axis, right; /* x of the names, of the value zero (or the axis' begin), of the longest bar's end */
    const char *title, *subtitle;
    enum work work;
    bool logarithmic, smaller_is_better;
    const char *limit; /* row whose value is drawn as a line */
    const char *limit_name;
};

static const struct panel panels[] = {
    {40, 262, 560, "64 bytes there and back", "time, logarithmic; shorter is better", WORK_ROUND_TRIP, true, true,
     "limit.ping-pong", "cache line"},
    {660, 916, 1190, "1.2 MB frames", "frames a second; longer is better", WORK_STREAM, false, false, "limit.copy-in",
     "cross-core copy-in"},
};

struct bar {
    const struct result *result;
    struct figure figure;
};

/* Text with the characters that XML reserves. */
static void text_write(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        if (*text == '&' || *text == '<' || *text == '>' || *text == '"')
            fprintf(out, "&#%d;", *text);
        else
            fputc(*text, out);
}

static const char *colour_of(const struct row *row)
{
    static const char *const colours[] = {"#0072b2", "#3d9a78", "#d9863b"}; /* by enum waits */

    return colours[row->channel->waits];
}

static void value_text(char text[NAME], double value, bool time)
{
    long whole = lround(value);

    if (!time && whole >= 1000)
        snprintf(text, NAME, "%ld,%03ld", whole / 1000, whole % 1000);
    else if (!time)
        snprintf(text, NAME, "%ld", whole);
    else if (value < 1e-6)
        snprintf(text, NAME, "%.0f ns", value * 1e9);
    else
        snprintf(text, NAME, "%.1f us", value * 1e6);
}

static int bars_compare(const void *a, const void *b)
{
    const struct bar *left = a, *right = b;

    if (left->figure.conclusive != right->figure.conclusive)
        return left->figure.conclusive ? -1 : 1;
    int order = (left->figure.median > right->figure.median) - (left->figure.median < right->figure.median);
    return row_is_time(&left->result->row) ? order : -order;
}

static int bars_collect(const struct run *run, const struct panel *panel, struct bar bars[BARS_MAX])
{
    int count = 0;

    for (int i = 0; i < run->count && count < BARS_MAX; i++) {
        const struct result *result = &run->result[i];
        if (result->row.channel != NULL && result->row.work == panel->work && !result->row.one_cpu &&
            result->state == STATE_MEASURED)
            bars[count++] = (struct bar){result, series_figure(&result->value)};
    }
    qsort(bars, (size_t)count, sizeof bars[0], bars_compare);
    return count;
}

/* From a value to x, for values between low (0 when not logarithmic) and high. */
static double place(const struct panel *panel, double value, double low, double high)
{
    double share = panel->logarithmic ? log(value / low) / log(high / low) : value / high;

    return panel->axis + share * (panel->right - panel->axis);
}

/* The ends of the axis, around all values and the limit: powers of ten with room for the shortest bar, or zero. */
static void range_find(const struct panel *panel, const struct bar bars[], int count, struct figure limit, double *low,
                       double *high)
{
    double least = limit.conclusive ? limit.median : INFINITY, most = limit.conclusive ? limit.median : 0;

    for (int i = 0; i < count; i++)
        if (bars[i].figure.conclusive) {
            least = fmin(least, bars[i].figure.median);
            most = fmax(most, bars[i].figure.median);
        }
    if (most == 0)
        least = most = 1;
    *low = panel->logarithmic ? pow(10, floor(log10(least / 2))) : 0;
    *high = panel->logarithmic ? pow(10, ceil(log10(most) + 0.001)) : most * 1.02;
}

static void gridline_draw(FILE *out, const struct panel *panel, double value, double low, double high, int bottom)
{
    char text[NAME];
    double x = place(panel, value, low, high);

    value_text(text, value, panel->logarithmic);
    fprintf(out, "<line x1='%.1f' y1='%d' x2='%.1f' y2='%d' class='grid'/>", x, TOP - 8, x, bottom);
    fprintf(out, "<text x='%.1f' y='%d' class='tick' text-anchor='middle'>%s</text>\n", x, bottom + 16, text);
}

static void axis_draw(FILE *out, const struct panel *panel, double low, double high, int bottom)
{
    if (panel->logarithmic) {
        for (double value = low; value <= high * 1.001; value *= 10)
            gridline_draw(out, panel, value, low, high, bottom);
        return;
    }
    double step = pow(10, floor(log10(high)));
    step = high / step < 2 ? step / 4 : high / step < 4 ? step / 2 : step;
    for (double value = 0; value <= high; value += step)
        gridline_draw(out, panel, value, low, high, bottom);
}

static void bar_draw(FILE *out, const struct panel *panel, const struct bar *bar, double low, double high, double y,
                     double thickness)
{
    if (bar->figure.conclusive)
        fprintf(out, "<rect x='%d' y='%.1f' width='%.1f' height='%.1f' rx='2' fill='%s'/>", panel->axis, y,
                fmax(place(panel, bar->figure.median, low, high) - panel->axis, 1), thickness,
                colour_of(&bar->result->row));
    fprintf(out, "<text x='%d' y='%.1f' class='name' text-anchor='end'>", panel->axis - 8, y + thickness / 2 + 4);
    text_write(out, row_title(&bar->result->row));
    fputs("</text>\n", out);
}

/* The figure beside a bar, over the line of the limit. */
static void value_draw(FILE *out, const struct panel *panel, const struct bar *bar, double low, double high, double y,
                       double thickness)
{
    char text[NAME] = "inconclusive: the machine was noisy";
    double end = panel->axis;

    if (bar->figure.conclusive) {
        end = place(panel, bar->figure.median, low, high);
        value_text(text, bar->figure.median, panel->logarithmic);
    }
    fprintf(out, "<text x='%.1f' y='%.1f' class='%s'>%s</text>\n", end + 6, y + thickness / 2 + 4,
            bar->figure.conclusive ? "value" : "tick", text);
}

static void limit_draw(FILE *out, const struct panel *panel, struct figure limit, double low, double high, int bottom)
{
    double x = place(panel, limit.median, low, high);

    if (!limit.conclusive)
        return;
    fprintf(out, "<line x1='%.1f' y1='%d' x2='%.1f' y2='%d' class='limit'/>", x, TOP - 8, x, bottom);
    fprintf(out, "<text x='%.1f' y='%d' class='limit-name' text-anchor='middle'>%s</text>\n", x, TOP - 12,
            panel->limit_name);
}

static void panel_draw(FILE *out, const struct run *run, const struct panel *panel)
{
    struct bar bars[BARS_MAX];
    double low, high;
    int count = bars_collect(run, panel, bars);
    const struct result *measured = run_find(run, panel->limit);
    struct figure limit = measured != NULL ? series_figure(&measured->value) : (struct figure){0};

    fprintf(out, "<text x='%d' y='84' class='panel'>%s</text><text x='%d' y='102' class='tick'>%s</text>\n",
            panel->left, panel->title, panel->left, panel->subtitle);
    if (count == 0) {
        fprintf(out, "<text x='%d' y='%d' class='tick'>not measured in this run</text>\n", panel->axis, TOP + 20);
        return;
    }
    double room = fmin((double)(BOTTOM - TOP) / count, BAR_ROOM);
    int bottom = TOP + (int)(room * count) + 2;
    range_find(panel, bars, count, limit, &low, &high);
    axis_draw(out, panel, low, high, bottom);
    for (int i = 0; i < count; i++)
        bar_draw(out, panel, &bars[i], low, high, (double)TOP + i * room, room * 0.74);
    limit_draw(out, panel, limit, low, high, bottom);
    for (int i = 0; i < count; i++)
        value_draw(out, panel, &bars[i], low, high, (double)TOP + i * room, room * 0.74);
}

static void legend_draw(FILE *out)
{
    static const struct {
        const char *colour, *text;
        int x;
    } entries[] = {
        {"#0072b2", "waits spinning", 660},
        {"#3d9a78", "spins, then sleeps", 800},
        {"#d9863b", "waits asleep", 960},
    };

    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
        fprintf(out,
                "<rect x='%d' y='33' width='14' height='14' rx='2' fill='%s'/><text x='%d' y='45' "
                "class='name'>%s</text>\n",
                entries[i].x, entries[i].colour, entries[i].x + 20, entries[i].text);
    fprintf(out, "<line x1='1090' y1='32' x2='1090' y2='48' class='limit'/><text x='1098' y='45' "
                 "class='name'>limit of the machine</text>\n");
}

static void head_draw(FILE *out, const struct run *run, const struct machine *machine)
{
    fprintf(out,
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' width='%d' height='%d' role='img' "
            "aria-labelledby='t d'>\n<title id='t'>How fast processes can talk to each other</title>\n"
            "<desc id='d'>Two bar charts. Left: time of a 64-byte round trip by channel, logarithmic. Right: frames of "
            "1.2 MB a second by channel. Colours tell how a channel waits. Best first: ",
            WIDTH, HEIGHT, WIDTH, HEIGHT);
    for (size_t i = 0; i < sizeof panels / sizeof panels[0]; i++) {
        struct bar bars[BARS_MAX];
        int count = bars_collect(run, &panels[i], bars);
        for (int k = 0; k < count; k++) {
            char text[NAME] = "inconclusive";
            if (bars[k].figure.conclusive)
                value_text(text, bars[k].figure.median, panels[i].logarithmic);
            text_write(out, row_title(&bars[k].result->row));
            fprintf(out, " %s%s", text, k + 1 < count ? ", " : ". ");
        }
    }
    fprintf(out, "</desc>\n<style>text{font-family:'Helvetica Neue',Arial,'DejaVu Sans',sans-serif;fill:#1f2933}"
                 ".head{font-size:24px;font-weight:bold}.panel{font-size:17px;font-weight:bold}"
                 ".name{font-size:13px}.value{font-size:12.5px;font-weight:bold;paint-order:stroke;stroke:#ffffff;"
                 "stroke-width:5px}.tick{font-size:12px;fill:#52606d}"
                 ".grid{stroke:#e4e7eb;stroke-width:1}.limit{stroke:#b00020;stroke-width:1.5;stroke-dasharray:5 3}"
                 ".limit-name{font-size:12px;fill:#b00020}</style>\n"
                 "<rect width='100%%' height='100%%' fill='#ffffff'/>\n"
                 "<text x='40' y='48' class='head'>How fast processes can talk to each other</text>\n"
                 "<text x='40' y='702' class='tick'>");
    text_write(out, machine->cpu);
    fprintf(out, ", CPUs %d and %d, ", run->cpu[SIDE_A], run->cpu[SIDE_B]);
    text_write(out, machine->kernel);
    fprintf(out, ", ");
    text_write(out, machine->compiler);
    fprintf(out, ", %.10s; medians of %d interleaved rounds, noisy ones rejected; every message verified</text>\n",
            machine->date, run->rounds);
}

void plot_draw(FILE *out, const struct run *run, const struct machine *machine)
{
    head_draw(out, run, machine);
    legend_draw(out);
    for (size_t i = 0; i < sizeof panels / sizeof panels[0]; i++)
        panel_draw(out, run, &panels[i]);
    fprintf(out, "</svg>\n");
}

int plot_write(const struct run *run, const struct machine *machine, const char *path)
{
    FILE *file = fopen(path, "we");

    if (file == NULL)
        return error_report_errno("choose another --svg", "%s", path);
    plot_draw(file, run, machine);
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed)
        return error_report_errno("is the disk full?", "%s", path);
    return 0;
}
