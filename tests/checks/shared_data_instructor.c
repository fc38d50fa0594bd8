/* Values at the ends of their ranges, for the checks of labs 1 and 2 that only instructors have. */
#define _GNU_SOURCE
#include <string.h>

#include "shared_data_check.h"

static void bytes_put(struct data_sample *sample, size_t field, const void *value)
{
    memcpy(sample->bytes + data_contract[field].offset, value, data_contract[field].size);
}

static void numbers_put(struct data_sample *sample, bool greatest)
{
    const int32_t number = greatest ? INT32_MAX : INT32_MIN;
    const double temperature = greatest ? 1e15 : -273.25;
    const float coordinates[] = {greatest ? 16777216.0F : -16777216.0F, greatest ? 0.5F : -0.5F, 0.0F};
    const int64_t timestamp = greatest ? INT64_C(9007199254740993) : -1; /* no double holds the first */
    int32_t array[SHARED_DATA_ARRAY_LENGTH];

    for (int i = 0; i < SHARED_DATA_ARRAY_LENGTH; i++)
        array[i] = greatest ? INT32_MAX - i : INT32_MIN + i;
    bytes_put(sample, DATA_PROCESS_ID, &number);
    bytes_put(sample, DATA_COUNTER, &number);
    bytes_put(sample, DATA_TEMPERATURE, &temperature);
    bytes_put(sample, DATA_COORDINATES, coordinates);
    bytes_put(sample, DATA_TIMESTAMP, &timestamp);
    bytes_put(sample, DATA_ARRAY, array);
}

void data_sample_odd(struct data_sample *sample, int kind)
{
    memset(sample, 0, sizeof *sample);
    if (kind > 0)
        numbers_put(sample, kind == 2);
    if (kind == 2) { /* as long as may be, in one line */
        memset(sample->message, '%', sizeof sample->message - 1);
        memset(sample->user_name, 'u', sizeof sample->user_name - 1);
    }
    bytes_put(sample, DATA_MESSAGE, sample->message);
    bytes_put(sample, DATA_USER_NAME, sample->user_name);
    sample->bytes[data_contract[DATA_READY].offset] = 1;
}
