/*
 * Lab 1, layout: where does the compiler put each member, and where does the contract want it?
 *
 *     layout              both tables side by side, and the bytes that go wrong; what is not predicted yet is
 * a "?"
 *
 * Exit status 0 when the prediction of the natural offsets in this file is right, 1 when it is not.
 */
#include <stdio.h>
#include <stdlib.h>

#include "shared_data.h"
#include "shmlab/options.h"

/* The same members, declared as one would without a contract in mind. */
struct natural_data {
    int32_t process_id;
    char message[SHARED_DATA_MESSAGE_CAPACITY];
    bool data_ready;
    int32_t counter;
    double temperature;
    float coordinates[SHARED_DATA_COORDINATES];
    char user_name[SHARED_DATA_USER_NAME_CAPACITY];
    int64_t timestamp;
    int32_t data_array[SHARED_DATA_ARRAY_LENGTH];
};

struct row {
    const char *name;
    size_t size;
    size_t predicted; /* natural offset, worked out on paper */
    size_t natural;   /* what the compiler does */
    size_t ours;      /* struct shared_data */
    size_t published; /* the contract */
};

#define PUBLISHED_ENUM(field, offset, size) PUBLISHED_##field = (offset),
enum { SHARED_DATA_FIELDS(PUBLISHED_ENUM) };

#define ROW(field, prediction)                                                                               \
    {                                                                                                        \
#field, sizeof(((struct natural_data *)0)->field), prediction, offsetof(struct natural_data, field), \
            offsetof(struct shared_data, field), PUBLISHED_##field                                           \
    }

/* TODO 1: Predict, on paper, where the compiler puts the members of struct natural_data, and how large it is. */
static const struct row rows[] = {
    ROW(process_id, 0), ROW(message, 4),     ROW(data_ready, 0),
    ROW(counter, 0),    ROW(temperature, 0), ROW(coordinates, 0),
    ROW(user_name, 0),  ROW(timestamp, 0),   ROW(data_array, 0),
};
static const size_t predicted_size = 0;
enum { ROWS = sizeof rows / sizeof rows[0] };

static size_t padding_behind(size_t i, size_t size, const size_t *offsets)
{
    size_t next = i + 1 < ROWS ? offsets[i + 1] : size;

    return next - offsets[i] - rows[i].size;
}

/* A number that was predicted rightly, or "?": on paper is where it is to be found. */
static const char *number_text(char *text, size_t size, size_t number, bool known)
{
    if (known)
        snprintf(text, size, "%zu", number);
    else
        snprintf(text, size, "?");
    return text;
}

static bool predicted(size_t i)
{
    return rows[i].predicted == rows[i].natural;
}

static void row_print(size_t i, const size_t *natural, const size_t *published)
{
    char offset[16], padding[16];
    bool behind = i + 1 < ROWS ? predicted(i + 1) : predicted_size == sizeof(struct natural_data);

    printf("%-14s %4zu  %6s %7s     %6zu %7zu%s\n", rows[i].name, rows[i].size,
           number_text(offset, sizeof offset, natural[i], predicted(i)),
           number_text(padding, sizeof padding, padding_behind(i, sizeof(struct natural_data), natural),
                       predicted(i) && behind),
           published[i], padding_behind(i, SHARED_DATA_SIZE, published),
           !predicted(i) || natural[i] == published[i] ? "" : "   <- they disagree");
}

static void table_print(void)
{
    size_t natural[ROWS], published[ROWS];
    char size[16];

    for (size_t i = 0; i < ROWS; i++) {
        natural[i] = rows[i].natural;
        published[i] = rows[i].published;
    }
    printf("                       natural            published\n");
    printf("member         size  offset padding     offset padding\n");
    for (size_t i = 0; i < ROWS; i++)
        row_print(i, natural, published);
    printf("%-14s %4s  %6s %18d\n\n", "sizeof", "",
           number_text(size, sizeof size, sizeof(struct natural_data),
                       predicted_size == sizeof(struct natural_data)),
           SHARED_DATA_SIZE);
}

/* The stretch of the segment in which the two tables part, a letter a byte. */
static void bytes_print(void)
{
    enum { FIRST = 576, LAST = 608 };
    char natural[LAST - FIRST + 1], published[LAST - FIRST + 1];

    for (size_t at = FIRST; at < LAST; at++) {
        char n = '.', p = '.';
        for (size_t i = 0; i < ROWS; i++) {
            char letter = rows[i].name[0];
            if (at >= rows[i].natural && at < rows[i].natural + rows[i].size)
                n = letter;
            if (at >= rows[i].published && at < rows[i].published + rows[i].size)
                p = letter;
        }
        natural[at - FIRST] = n;
        published[at - FIRST] = p;
    }
    natural[LAST - FIRST] = published[LAST - FIRST] = '\0';
    printf("bytes %d to %d (u user_name, t timestamp, d data_array, . padding)\n", FIRST, LAST - 1);
    printf("             576     584     592     600\n");
    printf("             |       |       |       |\n");
    printf("  natural    %s\n  published  %s\n\n", natural, published);
    printf("A reader of the published table that meets the natural struct takes half of the timestamp and "
           "half of\n"
           "data_array[0] for the timestamp, and finds data_array[1] where it looks for data_array[0].\n");
}

static int predictions_wrong(void)
{
    int wrong = 0;

    for (size_t i = 0; i < ROWS; i++) {
        if (!predicted(i)) {
            printf("prediction: %s at %zu: the compiler puts it elsewhere\n", rows[i].name,
                   rows[i].predicted);
            wrong++;
        }
    }
    if (predicted_size != sizeof(struct natural_data)) {
        printf("prediction: sizeof is %zu: the compiler says something else\n", predicted_size);
        wrong++;
    }
    if (wrong == 0)
        printf("prediction: all %d natural offsets and the size are right\n", ROWS);
    return wrong;
}

int main(int argc, char **argv)
{
    static const struct argp argp = {.doc =
                                         "Show the natural and the published layout of the shared struct."};

    options_parse(&argp, argc, argv, NULL);
    table_print();
    if (predictions_wrong() > 0)
        return EXIT_FAILURE;
    printf("\n");
    bytes_print();
    return EXIT_SUCCESS;
}
