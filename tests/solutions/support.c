/* See support.h. */
#include "support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <unistd.h>

enum { TEXTS = 128, TEXT_CAPACITY = 64 };

/* Room for one of the few short texts that a test program makes up. */
static char *text_room(void)
{
    static char texts[TEXTS][TEXT_CAPACITY];
    static int used;

    assert_true(used < TEXTS);
    return texts[used++];
}

const char *unique_name(void)
{
    static int number;
    char *name = text_room();

    snprintf(name, TEXT_CAPACITY, "shmlabtest_%d_%d", (int)getpid(), number++);
    return name;
}

const char *unique_object(void)
{
    char *name = text_room();

    snprintf(name, TEXT_CAPACITY, "/%s", unique_name());
    return name;
}

const char *unique_key(void)
{
    static int number;
    char *text = text_room();
    int key;

    do
        key = (getpid() % 100000) * 1000 + 100000000 + number++;
    while (shmget(key, 0, 0) != -1);
    snprintf(text, TEXT_CAPACITY, "%d", key);
    return text;
}

void start(struct process *process, const char *const argv[])
{
    if (!process_start(process, argv))
        fail_msg("cannot start %s", argv[0]);
}

void finish(struct process *process, int expected, const char *file, int line)
{
    int status = process_finish(process);

    if (status != expected) {
        print_error("ended with %d instead of %d; it printed:\n%s\n", status, expected, process->text);
        process_close(process);
        _fail(file, line);
    }
    process_close(process);
}

void expect(struct process *process, const char *text, const char *file, int line)
{
    if (process_expect(process, text))
        return;
    print_error("waited for \"%s\"; it printed:\n%s\n", text, process->text);
    _fail(file, line);
}

/* The first object whose name begins so, or NULL; the name is good until the next call. */
static const char *object_find(const char *prefix)
{
    static char found[300];
    const char *bare = prefix[0] == '/' ? prefix + 1 : prefix;
    DIR *directory = opendir("/dev/shm"); /* where Linux keeps both kinds: shm_overview(7), sem_overview(7) */

    assert_non_null(directory);
    found[0] = '\0';
    for (const struct dirent *entry; found[0] == '\0' && (entry = readdir(directory)) != NULL;) {
        const char *name = strncmp(entry->d_name, "sem.", 4) == 0 ? entry->d_name + 4 : entry->d_name;
        if (strncmp(name, bare, strlen(bare)) == 0)
            snprintf(found, sizeof found, "%s", entry->d_name);
    }
    closedir(directory);
    return found[0] != '\0' ? found : NULL;
}

bool object_left(const char *prefix)
{
    return object_find(prefix) != NULL;
}

void none_left(const char *prefix, const char *file, int line)
{
    const char *left = object_find(prefix);

    if (left == NULL)
        return;
    print_error("left behind: /dev/shm/%s\n", left);
    _fail(file, line);
}

bool segment_left(const char *key)
{
    return shmget((key_t)strtol(key, NULL, 0), 0, 0) != -1;
}

unsigned random_below(unsigned limit)
{
    static uint64_t state;

    if (state == 0) {
        const char *seed = getenv("SHMLAB_TEST_SEED");
        state = seed != NULL ? strtoul(seed, NULL, 0) : (unsigned long)getpid();
        print_message("random moments from SHMLAB_TEST_SEED=%llu\n", (unsigned long long)state);
        state = state * UINT64_C(0x9E3779B97F4A7C15) + 1;
    }
    state ^= state << 13; /* xorshift64, Marsaglia 2003 */
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % limit;
}

void random_delay(void)
{
    volatile unsigned work = random_below(1000) * random_below(1000);

    while (work > 0)
        work--;
}
