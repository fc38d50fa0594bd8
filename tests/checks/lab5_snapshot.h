/*
 * Lab 5, the detection snapshot, as its checks see it. Most of them link the student's producer.c with a detector
 * that finds what it is told (programs/lab5_detector.c), so that every byte is known and nothing takes long; one
 * uses the real detector. The reader's snapshots are made by the checks, from the documents alone.
 */
#ifndef CHECKS_LAB5_SNAPSHOT_H
#define CHECKS_LAB5_SNAPSHOT_H

#include "check.h"
#include "shmlab/snapshot.h"
#include "toolchain.h"

#define PRODUCER "producer.c"
#define READER   "reader.py"
#define SEQUENCE "sequence.c"
#define HANDOVER "handover.c"
#define HAND_PY  "hand_reader.py"
#define PROGRAMS TOOLCHAIN_SOURCE "/tests/checks/programs/"
#define SCRIPTED "producer_scripted" /* with the detector that finds what it is told */

enum {
    PERSON = 0,
    CAR = 2,
    DOG = SNAPSHOT_CLASS_DOG,
    STEPS_MAX = 3000000, /* instructions: far more than any of these programs needs */
};

/* What a detector finds: more than a snapshot holds; confidences that a float holds exactly. */
enum { CROWD = 12, DOGS = 2 };
extern const struct detection found_crowd[CROWD], found_dogs[DOGS];

/* The producer, with the detector that finds what the script says. */
#define PRODUCE(check, name, script, ...) produce_start(check, name, script, (const char *const[]){__VA_ARGS__, NULL})

/* lab5_common.c: the detector, the object and its bytes */

/* The check's folder, whose name differs from run to run. */
const char *snapshot_folder(struct check *check);

/* A file for the detector: what it finds, and what it does besides ("fails", "waits", ""). */
const char *detector_script(struct check *check, const struct detection *found, int count, const char *besides);

/* A picture that any detector could look at. */
const char *snapshot_picture(struct check *check);

/* A name whose object may stay when its producer has ended: that is what it is for. */
const char *snapshot_name(struct check *check);
const char *program_last_line(struct program *program);

/* What it has printed; of Python's tracebacks the last line, which says what happened. */
const char *program_said_text(struct program *program);

/* As program_ends, and says why it should end so. */
void program_ends_because(struct program *program, int status, const char *why);
struct program *produce_start(struct check *check, const char *name, const char *script, const char *const more[]);
struct program *produce(struct check *check, const char *name, const char *script, int status);
struct snapshot snapshot_of(const struct detection *found, int count);
const char *record_text(struct check *check, const struct detection *record);

/* The first thing that is wrong, in words; NULL: all is right. */
bool snapshot_equal(struct check *check, const struct snapshot *expected, const struct snapshot *found,
                    struct finding *finding);
void object_require(struct check *check, const char *name);
const char *class_name_of(int class_id);
void snapshot_require(struct check *check, const char *name, const struct detection *found, int count);

/* A snapshot as somebody who knows the documents only would write it. */
struct snapshot *snapshot_put(struct check *check, const char *name, const struct detection *found, int records,
                              int32_t count);

/* One more instruction; fails the check when there is none. False: the program has ended. */
bool program_step(struct program *program);

/* lab5_producer.c: the producer */
void lab5_bytes(struct check *check);
void lab5_many(struct check *check);
void lab5_filter(struct check *check);
void lab5_detector_fails(struct check *check);

/* At every instruction: whoever sees the count sees the records. */
void lab5_order(struct check *check);
void lab5_mode(struct check *check);
void lab5_prints(struct check *check);
void lab5_closes(struct check *check);
void lab5_reserves(struct check *check);
void lab5_taken(struct check *check);
void lab5_race(struct check *check);
void lab5_replaces(struct check *check);
void lab5_foreign(struct check *check);
void lab5_unlinks(struct check *check);
void lab5_errors(struct check *check);
void lab5_sanitizers(struct check *check);

/* lab5_reader.c: the reader, the picture, and the real detector */
struct program *reader_run(struct check *check, const char *name);
void said_require(struct program *reader, const char *line);
void lab5_reads(struct check *check);
void lab5_later(struct check *check);
void lab5_one_copy(struct check *check);
void lab5_hostile_count(struct check *check);
void lab5_nonsense(struct check *check);
void lab5_no_snapshot(struct check *check);
void lab5_picture(struct check *check);
void lab5_real(struct check *check);

/* lab5_live.c: the challenge, a sequence lock */
void lab5_live_bytes(struct check *check);
void lab5_live_writer(struct check *check);
void lab5_live_reader(struct check *check);
void lab5_live_refuses(struct check *check);
void lab5_live_race(struct check *check);

/* lab5_hand.c: the second challenge */
void lab5_hand_sealed(struct check *check);
void lab5_hand_each(struct check *check);
void lab5_hand_takes(struct check *check);
void lab5_hand_refuses(struct check *check);

/* lab5_snapshot_instructor.c, which no student has */
CHECK_HIDDEN(lab5_drawn);
CHECK_HIDDEN(lab5_neighbours);
CHECK_HIDDEN(lab5_disbelief);

#endif
