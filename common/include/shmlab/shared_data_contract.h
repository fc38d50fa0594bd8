/*
 * The published contract of labs 1 and 2: what is at which byte of the 1024-byte segment.
 *
 * Only the table is here, as constants. The struct that meets it is what lab 1 is about: see
 * shared_data.h in that lab's folder. Offsets and sizes are bytes; integers are little-endian, floating point
 * is IEEE-754.
 */
#ifndef SHMLAB_SHARED_DATA_CONTRACT_H
#define SHMLAB_SHARED_DATA_CONTRACT_H

#define SHARED_DATA_NAME "/IPCSharedMemory" /* lab 1: POSIX object */
#define SHARED_DATA_KEY  5678               /* lab 2: System V key */

enum {
    SHARED_DATA_SEGMENT_SIZE = 1024, /* what is after the struct is zero */
    SHARED_DATA_SIZE = 640,

    SHARED_DATA_MESSAGE_CAPACITY = 500,  /* bytes, the terminating NUL included */
    SHARED_DATA_USER_NAME_CAPACITY = 50, /* likewise */
    SHARED_DATA_COORDINATES = 3,
    SHARED_DATA_ARRAY_LENGTH = 10,
};

/*
 * field, offset, size: one line for each member, padding included (padding is zero in the segment).
 * A program expands the list with a macro of its own and so cannot forget a member.
 */
/* slide:fields */
#define SHARED_DATA_FIELDS(FIELD)                                                          \
    FIELD(process_id, 0, 4)     /* int32 */                                                \
    FIELD(message, 4, 500)      /* char[500], NUL-terminated UTF-8 */                      \
    FIELD(data_ready, 504, 1)   /* bool, written last */                                   \
    FIELD(counter, 508, 4)      /* int32 */                                                \
    FIELD(temperature, 512, 8)  /* double */                                               \
    FIELD(coordinates, 520, 12) /* float[3] */                                             \
    FIELD(user_name, 532, 50)   /* char[50], NUL-terminated UTF-8 */                       \
    FIELD(timestamp, 588, 8)    /* int64, milliseconds since 1970; not a multiple of 8! */ \
    FIELD(data_array, 596, 40)  /* int32[10] */
/* slide:end */

#endif
