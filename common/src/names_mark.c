/* The mark of a list of class names: see shmlab/names_mark.h. */
#include "shmlab/names_mark.h"

static const uint32_t fnv_prime = 16777619U;

uint32_t names_mark_add(uint32_t mark, const char *name)
{
    for (const char *byte = name; *byte != '\0'; byte++)
        mark = (mark ^ (unsigned char)*byte) * fnv_prime;
    return (mark ^ '\n') * fnv_prime;
}
