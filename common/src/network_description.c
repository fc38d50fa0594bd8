/*
 * Reading, judging and rewriting Darknet's network descriptions and weights: see network_description.h.
 */
#include "network_description.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"

enum {
    TEXT_BYTES_MAX = 1024 * 1024,
    LAYERS_MAX = 1000,
    SIDE_MAX = 1536, /* of the network's input: memory and time grow with its square */
    SIDE_STEP = 32,
    BOX_VALUES = 5, /* x, y, width, height, objectness */
    PICTURE_CHANNELS = 3,
};

/* --- reading --- */

/* Remove all white space from a line, as Darknet does. Returns the place after the line's end. */
static char *line_squeeze(char *line)
{
    char *to = line, *from = line;
    for (; *from != '\0' && *from != '\n'; from++)
        if (strchr(" \t\r", *from) == NULL)
            *to++ = *from;
    char *next = *from == '\n' ? from + 1 : from;
    *to = '\0';
    return next;
}

static int line_wrong(const struct network_description *network, int line, const char *what, char *error, size_t size)
{
    return explain(error, size, "%s, line %d: %s: take a network description (.cfg) that belongs to the weights",
                   network->path, line, what);
}

static int parse_line(struct network_description *network, char *text, int line, int *options, char *error, size_t size)
{
    if (text[0] == '\0' || text[0] == '#' || text[0] == ';')
        return 0;
    size_t length = strlen(text);
    if (text[0] == '[') {
        if (text[length - 1] != ']')
            return line_wrong(network, line, "a section without its ]", error, size);
        if (network->count > LAYERS_MAX)
            return line_wrong(network, line, "too many layers", error, size);
        text[length - 1] = '\0';
        network->sections[network->count++] =
            (struct network_section){.type = text + 1, .line = line, .options = network->options + *options};
        return 0;
    }
    char *equals = strchr(text, '=');
    if (network->count == 0 || equals == NULL || equals == text)
        return line_wrong(network, line, "neither [section] nor key=value", error, size);
    *equals = '\0';
    network->options[*options] = (struct network_option){text, equals + 1, line};
    ++*options;
    network->sections[network->count - 1].count++;
    return 0;
}

static int parse(struct network_description *network, char *error, size_t size)
{
    char *text = (char *)network->text.data;
    if (strlen(text) != network->text.size)
        return explain(error, size, "%s: not a text file: take a network description (.cfg)", network->path);
    size_t lines = 1;
    for (size_t i = 0; i < network->text.size; i++)
        lines += text[i] == '\n';
    network->sections = calloc(LAYERS_MAX + 1, sizeof *network->sections);
    network->options = calloc(lines, sizeof *network->options);
    if (network->sections == NULL || network->options == NULL)
        return explain_errno(error, size, network->path, NULL);
    int options = 0;
    for (int line = 1; *text != '\0'; line++) {
        char *next = line_squeeze(text);
        if (parse_line(network, text, line, &options, error, size) != 0)
            return -1;
        text = next;
    }
    return 0;
}

static const struct network_option *section_option(const struct network_section *section, const char *key)
{
    for (int i = 0; i < section->count; i++)
        if (strcmp(section->options[i].key, key) == 0)
            return &section->options[i];
    return NULL;
}

/* A list of whole numbers, separated by commas. Returns how many (at most capacity), or -1 when it is none. */
static int list_numbers(const char *text, long *numbers, int capacity)
{
    for (int count = 0; count < capacity;) {
        char *end;
        errno = 0;
        numbers[count++] = strtol(text, &end, 10);
        if (end == text || errno != 0)
            return -1;
        if (*end == '\0')
            return count;
        if (*end != ',')
            return -1;
        text = end + 1;
    }
    return -1;
}

/* The value of an option that was checked to be a number, or what Darknet takes without it. */
static int section_number(const struct network_section *section, const char *key, int otherwise)
{
    const struct network_option *option = section_option(section, key);
    return option != NULL ? (int)strtol(option->value, NULL, 10) : otherwise;
}

static bool section_is(const struct network_section *section, const char *type)
{
    return strcmp(section->type, type) == 0;
}

/* --- judging --- */

enum option_kind {
    OPTION_NUMBER,     /* a whole number from low to high */
    OPTION_LIST,       /* whole numbers from low to high, separated by commas */
    OPTION_ANCHORS,    /* numbers, likewise */
    OPTION_ACTIVATION, /* a name */
    OPTION_OWN,        /* checked, and not for Darknet's eyes */
};

/* All that recognising needs. Everything else in a description is for training, and left out. */
static const struct {
    const char *type, *key;
    enum option_kind kind;
    long low, high;
} known_options[] = {
    {"net", "width", OPTION_NUMBER, SIDE_STEP, SIDE_MAX},
    {"net", "height", OPTION_NUMBER, SIDE_STEP, SIDE_MAX},
    {"net", "channels", OPTION_NUMBER, PICTURE_CHANNELS, PICTURE_CHANNELS},
    {"convolutional", "batch_normalize", OPTION_NUMBER, 0, 1},
    {"convolutional", "filters", OPTION_NUMBER, 1, 8192},
    {"convolutional", "size", OPTION_NUMBER, 1, 15},
    {"convolutional", "stride", OPTION_NUMBER, 1, 16},
    {"convolutional", "pad", OPTION_NUMBER, 0, 1},
    {"convolutional", "padding", OPTION_NUMBER, 0, 15},
    {"convolutional", "groups", OPTION_NUMBER, 1, 8192},
    {"convolutional", "activation", OPTION_ACTIVATION, 0, 0},
    {"maxpool", "size", OPTION_NUMBER, 1, 31},
    {"maxpool", "stride", OPTION_NUMBER, 1, 16},
    {"maxpool", "padding", OPTION_NUMBER, 0, 31},
    {"route", "layers", OPTION_LIST, -LAYERS_MAX, LAYERS_MAX},
    {"route", "groups", OPTION_OWN, 1, 64},
    {"route", "group_id", OPTION_OWN, 0, 63},
    {"shortcut", "from", OPTION_NUMBER, -LAYERS_MAX, LAYERS_MAX},
    {"shortcut", "activation", OPTION_ACTIVATION, 0, 0},
    {"upsample", "stride", OPTION_NUMBER, 1, 8},
    {"dropout", "probability", OPTION_ANCHORS, 0, 1}, /* does nothing here */
    {"yolo", "mask", OPTION_LIST, 0, 63},
    {"yolo", "anchors", OPTION_ANCHORS, 0, 100000},
    {"yolo", "classes", OPTION_NUMBER, 1, 10000},
    {"yolo", "num", OPTION_NUMBER, 1, 64},
};

/* Options of newer Darknets that change the result, with the value at which they do not. */
static const struct {
    const char *key, *harmless;
} foreign_options[] = {
    {"dilation", "1"},
    {"antialiasing", "0"},
    {"new_coords", "0"},
    {"weights_type", "none"},
    {"maxpool_depth", "0"},
    {"stride_x", ""},
    {"stride_y", ""},
    {"binary", "0"},
    {"xnor", "0"},
    {"flipped", "0"},
    {"scale", "1"},
    {"deform", "0"},
    {"assisted_excitation", "0"},
    {"share_index", ""},
    {"map", ""},
    {"coordconv", "0"},
};

static const char *const activations[] = {"logistic", "relu", "relie", "linear", "ramp",    "tanh",  "plse",
                                          "leaky",    "elu",  "loggy", "stair",  "hardtan", "lhtan", "selu"};

enum { LIST_MAX = 128 };

static bool number_fits(const char *text, double low, double high)
{
    char *end;
    double value = strtod(text, &end);
    return end != text && (*end == '\0' || *end == ',') && value >= low && value <= high;
}

static bool option_fits(const struct network_option *option, enum option_kind kind, long low, long high)
{
    long numbers[LIST_MAX];
    if (kind == OPTION_ACTIVATION) {
        for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
            if (strcmp(option->value, activations[i]) == 0)
                return true;
        return false;
    }
    if (kind == OPTION_ANCHORS) {
        const char *text = option->value;
        for (; text != NULL; text = strchr(text, ',') != NULL ? strchr(text, ',') + 1 : NULL)
            if (!number_fits(text, (double)low, (double)high))
                return false;
        return true;
    }
    int count = list_numbers(option->value, numbers, kind == OPTION_LIST ? LIST_MAX : 1);
    for (int i = 0; i < count; i++)
        if (numbers[i] < low || numbers[i] > high)
            return false;
    return count > 0;
}

/* The row of known_options, or -1. */
static int option_known(const struct network_section *section, const struct network_option *option)
{
    for (size_t i = 0; i < sizeof known_options / sizeof *known_options; i++)
        if (section_is(section, known_options[i].type) && strcmp(option->key, known_options[i].key) == 0)
            return (int)i;
    return -1;
}

static bool option_is_foreign(const struct network_option *option)
{
    for (size_t i = 0; i < sizeof foreign_options / sizeof *foreign_options; i++)
        if (strcmp(option->key, foreign_options[i].key) == 0)
            return strcmp(option->value, foreign_options[i].harmless) != 0;
    return false;
}

static int check_options(const struct network_description *network, const struct network_section *section, char *error,
                         size_t size)
{
    for (int i = 0; i < section->count; i++) {
        const struct network_option *option = &section->options[i];
        int row = option_known(section, option);
        if (row < 0 && option_is_foreign(option))
            return explain(error, size, "%s, line %d: %s=%s is beyond this libdarknet: take another network",
                           network->path, option->line, option->key, option->value);
        if (row >= 0 && !option_fits(option, known_options[row].kind, known_options[row].low, known_options[row].high))
            return explain(error, size, "%s, line %d: %s=%.40s makes no sense (or is beyond this libdarknet) in [%s]",
                           network->path, option->line, option->key, option->value, section->type);
        if (row >= 0 && section_option(section, option->key) != option)
            return line_wrong(network, option->line, "an option given twice", error, size);
    }
    return 0;
}

/* Short names that Darknet also accepts, made long; NULL for what it has and recognising does not need, or has not. */
static const char *type_canonical(const char *type)
{
    static const struct {
        const char *other, *type;
    } types[] = {
        {"network", "net"},       {"net", "net"},         {"conv", "convolutional"}, {"convolutional", "convolutional"},
        {"max", "maxpool"},       {"maxpool", "maxpool"}, {"route", "route"},        {"shortcut", "shortcut"},
        {"upsample", "upsample"}, {"dropout", "dropout"}, {"yolo", "yolo"}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(type, types[i].other) == 0)
            return types[i].type;
    return NULL;
}

static int check_types(struct network_description *network, char *error, size_t size)
{
    bool finds = false;
    for (int i = 0; i < network->count; i++) {
        struct network_section *section = &network->sections[i];
        const char *type = type_canonical(section->type);
        if (type == NULL)
            return explain(error, size,
                           "%s, line %d: a layer of type [%.40s], which is not supported here: take a YOLO "
                           "network (version 3, or 4-tiny)",
                           network->path, section->line, section->type);
        if ((i == 0) != (strcmp(type, "net") == 0))
            return line_wrong(network, section->line, "[net] must be the first section, and is only there", error,
                              size);
        section->type = type;
        finds = finds || section_is(section, "yolo");
        if (check_options(network, section, error, size) != 0)
            return -1;
    }
    if (!finds)
        return explain(error, size, "%s: no [yolo] layer in it: take the .cfg of a detector, not of a classifier",
                       network->path);
    return 0;
}

static int check_size(const struct network_description *network, char *error, size_t size)
{
    static const char *const sides[] = {"width", "height"};
    for (int i = 0; i < 2; i++)
        if (section_number(&network->sections[0], sides[i], 0) % SIDE_STEP != 0 ||
            section_option(&network->sections[0], sides[i]) == NULL)
            return explain(error, size, "%s: [net] needs a %s that is a multiple of %d", network->path, sides[i],
                           SIDE_STEP);
    return 0;
}

/* --- channels --- */

/* The section that a layer's option refers to: relative when negative. NULL when it is not an earlier layer. */
static const struct network_section *layer_referred(const struct network_description *network, int index, long to)
{
    int layer = index - 1; /* sections[0] is [net] */
    long from = to < 0 ? layer + to : to;
    if (from < 0 || from >= layer)
        return NULL;
    const struct network_section *referred = &network->sections[from + 1];
    return section_is(referred, "yolo") ? NULL : referred;
}

static int channels_of_route(const struct network_description *network, int index)
{
    const struct network_section *section = &network->sections[index];
    const struct network_option *layers = section_option(section, "layers");
    long numbers[LIST_MAX];
    int count = layers != NULL ? list_numbers(layers->value, numbers, LIST_MAX) : 0;
    int groups = section_number(section, "groups", 1);
    int channels = 0;
    for (int i = 0; i < count; i++) {
        const struct network_section *from = layer_referred(network, index, numbers[i]);
        if (from == NULL)
            return -1;
        channels += from->channels;
    }
    /* A group can be taken of the layer just before only: its replacement, a convolution, has no other input. */
    bool before = count == 1 && layer_referred(network, index, numbers[0]) == section - 1;
    if (groups > 1 && (!before || channels % groups != 0 || section_number(section, "group_id", 0) >= groups))
        return -1;
    return count > 0 ? channels / groups : -1;
}

/* The number of boxes in a cell; -1 when mask, num and anchors contradict each other. */
static int yolo_boxes(const struct network_section *section)
{
    const struct network_option *mask = section_option(section, "mask");
    const struct network_option *anchors = section_option(section, "anchors");
    int num = section_number(section, "num", 1);
    long numbers[LIST_MAX];
    int boxes = mask != NULL ? list_numbers(mask->value, numbers, LIST_MAX) : num;
    int given = 1;
    if (anchors == NULL || section_option(section, "classes") == NULL)
        return -1;
    for (const char *text = anchors->value; *text != '\0'; text++)
        given += *text == ',';
    for (int i = 0; mask != NULL && i < boxes; i++)
        if (numbers[i] >= num)
            return -1;
    return given == 2 * num ? boxes : -1;
}

/* What comes out of a layer into which channels_in channels go; -1 when the description makes no sense. */
static int channels_of(const struct network_description *network, int index)
{
    const struct network_section *section = &network->sections[index];
    int channels_in = section->channels_in;
    if (section_is(section, "convolutional")) {
        int filters = section_number(section, "filters", 1), groups = section_number(section, "groups", 1);
        return filters % groups == 0 && channels_in % groups == 0 ? filters : -1;
    }
    if (section_is(section, "route"))
        return channels_of_route(network, index);
    if (section_is(section, "shortcut")) {
        const struct network_option *from = section_option(section, "from");
        return from != NULL && layer_referred(network, index, strtol(from->value, NULL, 10)) != NULL ? channels_in : -1;
    }
    if (section_is(section, "yolo")) {
        int wanted = yolo_boxes(section) * (section_number(section, "classes", 0) + BOX_VALUES);
        return channels_in == wanted ? channels_in : -1;
    }
    return channels_in;
}

static int check_channels(struct network_description *network, char *error, size_t size)
{
    int classes = network_classes(network);
    int channels = PICTURE_CHANNELS;
    for (int i = 1; i < network->count; i++) {
        struct network_section *section = &network->sections[i];
        section->channels_in = channels;
        section->channels = channels = channels_of(network, i);
        if (channels < 0)
            return explain(error, size,
                           "%s, line %d: this [%s] does not fit the layers before it: take a network "
                           "description (.cfg) as it was published",
                           network->path, section->line, section->type);
        if (section_is(section, "yolo") && section_number(section, "classes", 0) != classes)
            return line_wrong(network, section->line, "[yolo] layers with different classes", error, size);
    }
    return 0;
}

int network_read(struct network_description *network, const char *path, char *error, size_t size)
{
    *network = (struct network_description){.path = path};
    if (file_bytes_read(&network->text, path, TEXT_BYTES_MAX, error, size) != 0)
        return -1;
    int result = parse(network, error, size);
    if (result == 0 && network->count == 0)
        result = explain(error, size, "%s: nothing in it: take a network description (.cfg)", path);
    if (result == 0 && (check_types(network, error, size) != 0 || check_size(network, error, size) != 0 ||
                        check_channels(network, error, size) != 0))
        result = -1;
    if (result != 0)
        network_free(network);
    return result;
}

void network_free(struct network_description *network)
{
    free(network->sections);
    free(network->options);
    file_bytes_free(&network->text);
    *network = (struct network_description){0};
}

int network_classes(const struct network_description *network)
{
    for (int i = 0; i < network->count; i++)
        if (section_is(&network->sections[i], "yolo"))
            return section_number(&network->sections[i], "classes", 0);
    return 0;
}

double network_reach(const struct network_description *network, int layer)
{
    const struct network_option *option = section_option(&network->sections[layer + 1], "scale_x_y");
    double reach = option != NULL ? strtod(option->value, NULL) : 1;
    return reach >= 1 && reach <= 4 ? reach : 1;
}

/* --- writing --- */

static bool is_grouped_route(const struct network_section *section)
{
    return section_is(section, "route") && section_number(section, "groups", 1) > 1;
}

static void section_write(const struct network_section *section, FILE *file)
{
    if (is_grouped_route(section)) {
        fprintf(file, "[convolutional]\nfilters=%d\nsize=1\nstride=1\npad=0\nactivation=linear\n\n", section->channels);
        return;
    }
    fprintf(file, "[%s]\n", section->type);
    for (int i = 0; i < section->count; i++) {
        int row = option_known(section, &section->options[i]);
        if (row >= 0 && known_options[row].kind != OPTION_OWN)
            fprintf(file, "%s=%s\n", section->options[i].key, section->options[i].value);
    }
    /* Darknet would make room for a whole batch of training pictures. */
    fputs(section_is(section, "net") ? "batch=1\nsubdivisions=1\n\n" : "\n", file);
}

int network_write(const struct network_description *network, FILE *file)
{
    for (int i = 0; i < network->count; i++)
        section_write(&network->sections[i], file);
    return ferror(file) || fflush(file) != 0 ? -1 : 0;
}

/* Numbers that a layer has in the weights file: biases; scales, means and variances; weights. */
static size_t section_weights(const struct network_section *section)
{
    if (!section_is(section, "convolutional"))
        return 0;
    size_t filters = (size_t)section->channels, side = (size_t)section_number(section, "size", 1);
    size_t inputs = (size_t)(section->channels_in / section_number(section, "groups", 1));
    return filters * (section_number(section, "batch_normalize", 0) != 0 ? 4 : 1) + filters * inputs * side * side;
}

/* The first bytes: three 32-bit numbers, the version, and how many pictures were seen in training, 64 bits
 * since 0.2. */
static size_t weights_header(const struct file_bytes *weights)
{
    enum { VERSION_MAX = 9 };
    int32_t version[3] = {0};
    if (weights->size >= sizeof version)
        memcpy(version, weights->data, sizeof version);
    for (int i = 0; i < 3; i++)
        if (version[i] < 0 || version[i] > VERSION_MAX)
            return 0;
    return sizeof version + (version[0] == 0 && version[1] < 2 ? sizeof(uint32_t) : sizeof(uint64_t));
}

static int check_weights(const struct network_description *network, const struct file_bytes *weights, const char *path,
                         char *error, size_t size)
{
    size_t header = weights_header(weights), wanted = header;
    if (header == 0)
        return explain(error, size, "%s: does not begin like Darknet's weights: name the file that belongs to %s", path,
                       network->path);
    for (int i = 0; i < network->count; i++)
        wanted += sizeof(float) * section_weights(&network->sections[i]);
    if (weights->size != wanted)
        return explain(
            error, size,
            "%s: %zu bytes, but %s asks for %zu: the weights are truncated or belong to another network: get "
            "the pair again",
            path, weights->size, network->path, wanted);
    /* A number whose exponent bits are all set is infinite or none (IEEE-754). */
    const uint32_t exponent = UINT32_C(0x7F800000);
    for (size_t place = header; place < wanted; place += sizeof(float)) {
        uint32_t bits;
        memcpy(&bits, weights->data + place, sizeof bits);
        if ((bits & exponent) == exponent)
            return explain(error, size, "%s: damaged: what is at byte %zu is not a number: get the file again", path,
                           place);
    }
    return 0;
}

/* No biases, and a matrix that selects one group of the channels. */
static void write_selection(const struct network_section *section, FILE *file)
{
    const float zero = 0, one = 1;
    int first = section->channels * section_number(section, "group_id", 0);
    for (int i = 0; i < section->channels; i++)
        fwrite(&zero, sizeof zero, 1, file);
    for (int out = 0; out < section->channels; out++)
        for (int in = 0; in < section->channels_in; in++)
            fwrite(in == first + out ? &one : &zero, sizeof one, 1, file);
}

int network_write_weights(const struct network_description *network, const struct file_bytes *weights, const char *path,
                          FILE *file, char *error, size_t size)
{
    if (check_weights(network, weights, path, error, size) != 0)
        return -1;
    size_t place = weights_header(weights);
    fwrite(weights->data, 1, place, file);
    for (int i = 1; i < network->count; i++) {
        size_t bytes = sizeof(float) * section_weights(&network->sections[i]);
        fwrite(weights->data + place, 1, bytes, file);
        place += bytes;
        if (is_grouped_route(&network->sections[i]))
            write_selection(&network->sections[i], file);
    }
    return ferror(file) || fflush(file) != 0 ? explain_errno(error, size, path, NULL) : 0;
}
