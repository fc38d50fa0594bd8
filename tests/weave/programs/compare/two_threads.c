/* A race of two threads, which ThreadSanitizer and Helgrind are made for: ../../compare.py checks first that
 * they see it. */
#include <pthread.h>
#include <stddef.h>

static int value;

static void *add(void *nothing)
{
    value++;
    return nothing;
}

int main(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, add, NULL) != 0)
        return 1;
    value++;
    return pthread_join(thread, NULL);
}
