/*
 * The mark of a list of class names: a number that tells one list from another, so that a consumer never prints a name
 * of another model. Lab 6's producer says it with presence_say; the page of wire formats defines it.
 */
#ifndef SHMLAB_NAMES_MARK_H
#define SHMLAB_NAMES_MARK_H

#include <stdint.h>

#include "shmlab/language.h"

SHMLAB_BEGIN_C

/* FNV-1a, 32 bits, over each name in the order of its class, and a newline after each. */
#define NAMES_MARK_BEGIN 2166136261U /* the mark of no names */
uint32_t names_mark_add(uint32_t mark, const char *name);

SHMLAB_END_C

#endif
