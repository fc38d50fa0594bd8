/*
 * The struct that is in the shared segment of labs 1 and 2.
 *
 * The contract (shmlab/shared_data_contract.h) was published before anybody asked a compiler: it puts
 * timestamp at 588, which is no multiple of 8. A plain declaration would put it at 584 and shift everything
 * after it by four bytes, see layout.c.
 */
#ifndef LAB1_SHARED_DATA_H
#define LAB1_SHARED_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shmlab/shared_data_contract.h"

// shmlab:cut 2 Bring the struct to the contract. The members and their order are right; the gaps are not.
/*
 * Two things bring the struct to the contract: every gap is a member with a name (so that it can be set to
 * zero and nobody wonders about it), and timestamp has a type that may be at any multiple of 4. Not
 * `packed`: that would allow every member to be anywhere, and pointers to them would be traps.
 */

/* A 64-bit integer that needs an address divisible by 4 only. In a typedef, `aligned` may lower the alignment
 * (GCC manual, "Common Type Attributes"). Do not take its address as a plain int64_t *: copy the value. */
/* slide:struct */
typedef int64_t int64_aligned4 __attribute__((aligned(4)));

struct shared_data {
    int32_t process_id;
    char message[SHARED_DATA_MESSAGE_CAPACITY];
    bool data_ready;
    uint8_t padding1[3];
    int32_t counter;
    double temperature;
    float coordinates[SHARED_DATA_COORDINATES];
    char user_name[SHARED_DATA_USER_NAME_CAPACITY];
    uint8_t padding2[6];
    int64_aligned4 timestamp;
    int32_t data_array[SHARED_DATA_ARRAY_LENGTH];
    uint8_t padding3[4];
};
/* slide:end */
// shmlab:give struct shared_data {
// shmlab:give     int32_t process_id;
// shmlab:give     char message[SHARED_DATA_MESSAGE_CAPACITY];
// shmlab:give     bool data_ready;
// shmlab:give     int32_t counter;
// shmlab:give     double temperature;
// shmlab:give     float coordinates[SHARED_DATA_COORDINATES];
// shmlab:give     char user_name[SHARED_DATA_USER_NAME_CAPACITY];
// shmlab:give     int64_t timestamp;
// shmlab:give     int32_t data_array[SHARED_DATA_ARRAY_LENGTH];
// shmlab:give };
// shmlab:end

// shmlab:cut 3 Let the compiler refuse a struct in which any member, or the end, is not where the contract has it.
/* slide:checks */
/* Every member of the contract is at its published offset; a wrong struct does not compile. */
#define SHARED_DATA_CHECK(field, offset, size)                                                     \
    _Static_assert(offsetof(struct shared_data, field) == (offset), #field " is not at " #offset); \
    _Static_assert(sizeof(((struct shared_data *)0)->field) == (size),                             \
                   #field " does not have " #size " bytes");
SHARED_DATA_FIELDS(SHARED_DATA_CHECK)
#undef SHARED_DATA_CHECK
_Static_assert(sizeof(struct shared_data) == SHARED_DATA_SIZE, "the struct does not end at 640");
/* slide:end */
// shmlab:end

#endif
