/*
 * darknet.h without its clashes: its `struct detection` and ours have the same tag, so theirs gets another
 * name here. Only for the few files that call libdarknet.
 */
#ifndef SHMLAB_DARKNET_API_H
#define SHMLAB_DARKNET_API_H

/* darknet.h uses size_t, FILE and pthread_t, and not every version includes what declares them. */
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define detection darknet_detection
#include <darknet.h>
#undef detection

#ifdef DARKNET_IS_ALEXEY
/* Here the plain names take the network by value. */
#define darknet_predict(net, input) network_predict_ptr(net, input)
void load_weights(network *net, char *path); /* in the library, not in its header */

static inline void darknet_free_forgotten(network *net)
{
    (void)net;
}
#else
#define darknet_predict(net, input) network_predict(net, input)

/* free_network forgets some of what load_network allocated. */
static inline void darknet_free_forgotten(network *net)
{
    for (int i = 0; i < net->n; i++)
        if (net->layers[i].type == YOLO)
            free(net->layers[i].mask);
    free(net->workspace);
    free(net->seen);
    free(net->t);
    free(net->cost);
    free(net->steps);
    free(net->scales);
}
#endif

/* For programs that are linked with libdarknet. */
static inline void darknet_free(network *net)
{
    darknet_free_forgotten(net);
#ifdef DARKNET_IS_ALEXEY
    free_network_ptr(net);
#else
    free_network(net);
#endif
}

#endif
