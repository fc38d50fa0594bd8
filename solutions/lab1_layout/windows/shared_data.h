/*
 * Lab 1's struct for Windows compilers. A typedef with `aligned(4)`, as ../shared_data.h has it, is ignored
 * by clang for Windows, and MSVC has no such attribute; all of them know the pragma. The contract is the
 * same, and so are the bytes.
 */
#ifndef LAB1_WINDOWS_SHARED_DATA_H
#define LAB1_WINDOWS_SHARED_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shmlab/shared_data_contract.h"

#pragma pack(push, 4) /* no member needs more than a multiple of 4: timestamp may be at 588 */
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
    int64_t timestamp;
    int32_t data_array[SHARED_DATA_ARRAY_LENGTH];
    uint8_t padding3[4];
};
#pragma pack(pop)

#define SHARED_DATA_CHECK(field, offset, size)                                                     \
    _Static_assert(offsetof(struct shared_data, field) == (offset), #field " is not at " #offset); \
    _Static_assert(sizeof(((struct shared_data *)0)->field) == (size), #field ": not " #size " bytes");
SHARED_DATA_FIELDS(SHARED_DATA_CHECK)
#undef SHARED_DATA_CHECK
_Static_assert(sizeof(struct shared_data) == SHARED_DATA_SIZE, "the struct does not end at 640");

#define SHARED_DATA_WINDOWS_NAME "Local\\IPCSharedMemory"

#endif
