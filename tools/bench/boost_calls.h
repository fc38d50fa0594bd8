/* What channel_boost.c needs of Boost, as C: boost_calls.cpp calls the templates. False (NULL) with errno. */
#ifndef BENCH_BOOST_CALLS_H
#define BENCH_BOOST_CALLS_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A boost::interprocess::message_queue of five messages; its name is gone when this returns. */
void *boost_queue_new(const char *name, size_t size);
void boost_queue_free(void *queue);
bool boost_queue_send(void *queue, const void *message, size_t size);
bool boost_queue_receive(void *queue, void *message, size_t size);

/* A boost::lockfree::spsc_queue of five small messages, made in shared memory of that size. */
size_t boost_ring_size(void);
void boost_ring_make(void *memory);
bool boost_ring_push(void *ring, const void *message); /* false: full */
bool boost_ring_pop(void *ring, void *message);        /* false: empty */

#ifdef __cplusplus
}
#endif

#endif
