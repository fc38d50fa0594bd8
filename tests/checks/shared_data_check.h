/*
 * What the checks of labs 1 and 2 have in common: struct shared_data as the contract has it, as a student's
 * header or mirror has it, and as it is in a segment.
 */
#ifndef CHECKS_SHARED_DATA_CHECK_H
#define CHECKS_SHARED_DATA_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "check.h"
#include "shmlab/shared_data_contract.h"
#include "toolchain.h"

#define DATA_PYTHON TOOLCHAIN_PYTHON

enum data_index {
    DATA_PROCESS_ID,
    DATA_MESSAGE,
    DATA_READY,
    DATA_COUNTER,
    DATA_TEMPERATURE,
    DATA_COORDINATES,
    DATA_USER_NAME,
    DATA_TIMESTAMP,
    DATA_ARRAY,
    DATA_FIELDS,
};
enum { DATA_SEGMENT = SHARED_DATA_SEGMENT_SIZE };

/* A member: bytes from the struct's beginning, bytes long. */
struct data_field {
    const char *name;
    size_t offset, size;
    char kind; /* what its bytes mean, see data_kinds; 0: unknown */
};
extern const struct data_field data_contract[DATA_FIELDS];

/* ---- The student's struct ---- */

struct data_layout {
    struct data_field fields[DATA_FIELDS];
    size_t size;
};

/* Ask the compiler, with the student's offset checks switched off; fails the check when the header does not compile. */
void data_layout_probe(struct check *check, const char *folder, struct data_layout *layout);
/* The same of the Python mirror. */
void data_layout_probe_python(struct check *check, const char *folder, struct data_layout *layout);
/* The last line of what Python printed: the exception of a program that ended with one. */
const char *data_last_line(struct check *check, const char *text);
/* Does it follow the contract? */
bool data_layout_right(const struct data_layout *layout);
/* Fail the check, with the bytes drawn and the usual cause, when it does not. */
void data_layout_require(struct check *check, const struct data_layout *layout, const char *file);

/* ---- Lab 1's sample.c, in a program of the check's own ---- */

/* Compile it with the sources of this folder. Fails the check when it does not compile. */
struct data_probe {
    const char *program;
    struct data_layout layout; /* where its struct has the members, be that right or wrong */
};
void data_probe_build(struct check *check, const char *folder, struct data_probe *probe);

/* What it makes of memory that was full of 0xFF. */
struct data_probed {
    struct program *program;
    long long from_ms, to_ms;              /* the time before and after, milliseconds since 1970 */
    unsigned char filled[DATA_SEGMENT];    /* the struct after sample_fill; 0xFF after its end */
    unsigned char published[DATA_SEGMENT]; /* the struct after sample_publish, in a segment that was zero */
};
void data_probe_run(struct check *check, const struct data_probe *probe, struct data_probed *probed);

/* Values at these offsets; bytes that belong to no member are looked at by data_require_cleared. */
void data_require_values(struct check *check, const unsigned char *segment, const struct data_field fields[],
                         const struct program *writer);
/* The timestamp is, to some milliseconds, that of the moment in which the probe ran. */
void data_require_moment(struct check *check, const unsigned char *segment, const struct data_field fields[],
                         const struct data_probed *probed);
/* The struct's bytes that belong to no member, and those after texts, are zero. */
void data_require_cleared(struct check *check, const unsigned char *segment, const struct data_layout *layout);

/* Does lab 1's half of a tree (header and sample.c) do what lab 2 builds on? Fails the check with a word for lab 1. */
void data_lab1_require(struct check *check, const char *folder);

/* ---- Bytes of a segment ---- */

/* The sample values, padding and the rest of the segment, written by this program. */
void data_require_sample(struct check *check, const unsigned char *segment, const struct program *writer);
/* Zero from one offset up to another. */
void data_require_zero(struct check *check, const unsigned char *segment, size_t from, size_t to, const char *where);

/* A segment of our own, with values of this run. */
struct data_sample {
    unsigned char bytes[DATA_SEGMENT];
    char message[SHARED_DATA_MESSAGE_CAPACITY];
    char user_name[SHARED_DATA_USER_NAME_CAPACITY];
};
void data_sample_make(struct check *check, struct data_sample *sample);
/* With other values in each field. */
void data_sample_other(struct check *check, struct data_sample *sample);
/* With nothing but zeros (0), the least values (1) or the greatest ones (2): in shared_data_instructor.c, which no
 * student has. */
enum { DATA_ODD_KINDS = 3 };
void data_sample_odd(struct data_sample *sample, int kind);
/* The reader has printed every field of it, with the value after the field's name. */
void data_require_printed(struct check *check, struct program *reader, const struct data_sample *sample);

/*
 * The program (a reader of labs 1 and 2, with a segment that is there) at the gate, see gate.h: it looks at data_ready
 * before it copies; what it prints is one state of the memory, which it may not write to; a writer sets data_ready
 * last.
 */
void data_require_look_first(struct check *check, const char *const argv[]);
void data_require_one_copy(struct check *check, const char *const argv[]);
void data_require_flag_last(struct check *check, const char *const argv[]);

#endif
