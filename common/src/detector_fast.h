/*
 * Making a loaded network fast: see detector_fast.c.
 */
#ifndef SHMLAB_DETECTOR_FAST_H
#define SHMLAB_DETECTOR_FAST_H

#include "darknet_api.h"

/*
 * Give the layers of a network, loaded with its weights, faster ways to compute what they compute. It can
 * only recognise after that, not learn, and its [yolo] layers give nothing: take what goes into them. Fit for
 * a batch of one picture.
 */
void fast_prepare(network *net);

#endif
