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

/* TODO 2: Bring the struct to the contract. The members and their order are right; the gaps are not. */
struct shared_data {
    int32_t process_id;
    char message[SHARED_DATA_MESSAGE_CAPACITY];
    bool data_ready;
    int32_t counter;
    double temperature;
    float coordinates[SHARED_DATA_COORDINATES];
    char user_name[SHARED_DATA_USER_NAME_CAPACITY];
    int64_t timestamp;
    int32_t data_array[SHARED_DATA_ARRAY_LENGTH];
};

/* TODO 3: Let the compiler refuse a struct in which any member, or the end, is not where the contract has it. */

#endif
