/*
 * Lab 5: the copy that is none. The program copies a struct out of shared memory, checks the copy and uses the copy, in
 * plain C; gcc may load the count once for the check and once more for the use (C17 5.1.2.3: nobody else can change
 * plain memory). Look at take_plainly and take_once with objdump; what runs here only says that both work while nobody
 * interferes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo.h"

enum { RECORDS = 10 };

struct snapshot {
    int32_t count;
    int32_t records[RECORDS];
};

int32_t take_plainly(const struct snapshot *shared, int32_t records[]);
int32_t take_once(const struct snapshot *shared, int32_t records[]);

/* slide:plain */
int32_t take_plainly(const struct snapshot *shared, int32_t records[])
{
    struct snapshot copy = *shared;
    if (copy.count < 0 || copy.count > RECORDS)
        return -1;
    memcpy(records, copy.records, sizeof copy.records);
    return copy.count; /* the number that was checked? */
}
/* slide:end */

/* slide:once */
int32_t take_once(const struct snapshot *shared, int32_t records[])
{
    int32_t count = __atomic_load_n(&shared->count, __ATOMIC_ACQUIRE); /* pairs with the writer's release store */
    if (count < 0 || count > RECORDS)
        return -1;
    memcpy(records, shared->records, sizeof shared->records);
    return count;
}
/* slide:end */

int main(int argc, char **argv)
{
    demo_help(argc, argv, "Copy a count out of shared memory in plain C, compiled with -O2.");
    struct snapshot *shared = demo_share(sizeof *shared);
    int32_t records[RECORDS];
    shared->count = 4;
    printf("plainly %d, once %d\n", (int)take_plainly(shared, records), (int)take_once(shared, records));
    return EXIT_SUCCESS;
}
