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

#define detection darknet_detection
#include <darknet.h>
#undef detection

#endif
