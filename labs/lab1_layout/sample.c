/* Sample values for labs 1 and 2: see sample.h. */
#define _POSIX_C_SOURCE 200809L
#include "sample.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Copy text; where it is too long, cut it without leaving half a UTF-8 character behind. Bytes after the NUL
 * are zero. */
static void text_copy(char *target, size_t capacity, const char *text)
{
    /* TODO 5: Copy what fits. A byte of the form 10xxxxxx is inside a UTF-8 character. */
    target[0] = '\0';
    (void)capacity;
    (void)text;
}

void sample_fill(struct shared_data *data)
{
    char message[SHARED_DATA_MESSAGE_CAPACITY];
    const struct passwd *user = getpwuid(getuid());

    /* TODO 4: Start from bytes that you know. */
    data->data_ready = false;

    snprintf(message, sizeof message,
             "Hello from the C writer!\n"
             "This text lies in shared memory:\n"
             "no copy was sent, you look at the very bytes.\n"
             "Written by process %d",
             (int)getpid());
    text_copy(data->message, sizeof data->message, message);
    text_copy(data->user_name, sizeof data->user_name, user != NULL ? user->pw_name : "unknown");

    /* TODO 6: Set the numbers: this process's id, counter 42, temperature 23.5, coordinates 10.5, 20.3, 30.8,
     * the array 10, 20 ... 100, and the time in milliseconds since 1970 (clock_gettime, CLOCK_REALTIME). */
}

/* The flag stays out of both of the following: where a reader may look at it, a plain store is a data race
 * (C17 5.1.2.4 p25), whatever the value. */
enum {
    FLAG = offsetof(struct shared_data, data_ready),
    BEHIND = FLAG + sizeof((struct shared_data *)0)->data_ready
};

void sample_clear(struct shared_data *shared)
{
    unsigned char *bytes = (unsigned char *)shared;

    /* relaxed: hands nothing over; a reader that loads false, in lab 2's reader.c, believes nothing */
    __atomic_store_n(&shared->data_ready, false, __ATOMIC_RELAXED);
    memset(bytes, 0, FLAG);
    memset(bytes + BEHIND, 0, SHARED_DATA_SEGMENT_SIZE - BEHIND);
}

void sample_publish(struct shared_data *shared, const struct shared_data *sample)
{
    const unsigned char *from = (const unsigned char *)sample;
    unsigned char *to = (unsigned char *)shared;

    memcpy(to, from, FLAG);
    memcpy(to + BEHIND, from + BEHIND, sizeof *shared - BEHIND);

    /* release: pairs with the acquire load of data_ready in lab 2's reader.c. Lab 1's reader.py has no such
     * load and says what that costs. Lab 3 shows why a plain store would not do. */
    __atomic_store_n(&shared->data_ready, true, __ATOMIC_RELEASE);
}
