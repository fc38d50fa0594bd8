/* Lab 6, the circular queue: consumer.py, step by step. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "lab6_queue.h"
#include "objects.h"
#include "peers.h"

enum { OVERWRITTEN = 0x5A };
static const char *detection_text(struct check *check, const unsigned char *bytes)
{
    struct detection it;

    memcpy(&it, bytes, sizeof it);
    const char *text = check_text(check, "class %d, confidence %g, %d x %d at (%d, %d)", it.class_id,
                                  (double)it.confidence, it.width, it.height, it.x, it.y);
    check_varies(check, "detection", text);
    return text;
}

static const char *pixel_text(struct check *check, const unsigned char rgb[3])
{
    const char *text = check_text(check, "red %d, green %d, blue %d", rgb[0], rgb[1], rgb[2]);

    check_varies(check, "pixel", text);
    return text;
}

static const char *pixel_cause(const unsigned char wanted[3], const unsigned char found[3])
{
    if (found[0] == OVERWRITTEN && found[1] == OVERWRITTEN && found[2] == OVERWRITTEN)
        return "a view of the slot, no copy: this was written there after the release";
    if (found[0] == wanted[2] && found[1] == wanted[1] && found[2] == wanted[0])
        return "red and blue exchanged: the slot has blue first";
    return "other bytes of the slot: the pixels begin after all 200 detections, however many are used";
}

/* What `take` took is this slot's: detections and picture, which the file has as red, green, blue. */
static void taken_require(struct check *check, const char *path, const struct queue_slot *slot)
{
    size_t length, detections = (size_t)slot->num_detections * sizeof(struct detection);
    const unsigned char *bytes = (const unsigned char *)check_read(check, path, &length);

    REQUIRE(check, length == detections + QUEUE_PIXEL_BYTES,
            .expected = check_text(check, "%d bytes of pixels", QUEUE_PIXEL_BYTES),
            .found = check_text(check, "%zu bytes", length - (length < detections ? length : detections)));
    for (size_t i = 0; i < (size_t)slot->num_detections; i++) {
        const unsigned char *wanted = (const unsigned char *)&slot->detections[i];
        const unsigned char *found = bytes + i * sizeof slot->detections[i];
        REQUIRE(check, memcmp(wanted, found, sizeof slot->detections[i]) == 0,
                .line = check_line(check, PYTHON, "def detections"),
                .expected = check_text(check, "detection %zu: %s", i, detection_text(check, wanted)),
                .found = detection_text(check, found),
                .cause = "the detections begin after the header, 20 bytes into the slot that is yours",
                .next = "unpack_from counts from the object's first byte: self._slot + "
                        "yolo_queue.DETECTIONS_OFFSET");
    }
    for (size_t i = 0; i < QUEUE_PIXEL_BYTES; i += 3) {
        const unsigned char wanted[3] = {slot->pixels[i + 2], slot->pixels[i + 1], slot->pixels[i]};
        const unsigned char *found = bytes + detections + i;
        REQUIRE(check, memcmp(wanted, found, 3) == 0, .line = check_line(check, PYTHON, "def picture"),
                .expected = check_text(check, "pixel row %zu, column %zu: %s", i / 3 / QUEUE_WIDTH, i / 3 % QUEUE_WIDTH,
                                       pixel_text(check, wanted)),
                .found = pixel_text(check, found), .cause = pixel_cause(wanted, found),
                .next = "Picture.from_bgr of the yolo_queue.PIXEL_BYTES from self._slot + "
                        "yolo_queue.PIXELS_OFFSET on");
    }
}

/* Release: the indices change under MUTEX, and EMPTY is posted when all is done. */
static void released_require(struct program *peer, int slot)
{
    struct check *check = peer->check;
    const char *begin = check_text(check, "wait MUTEX with read_idx %d and count 1", slot);
    const char *end = check_text(check, "with read_idx %d and count 0", (slot + 1) % QUEUE_SLOTS);
    const char *right = check_text(check, "%s, post MUTEX %s, post EMPTY %s", begin, end, end);
    const char *slower = check_text(check, "%s, post EMPTY %s, post MUTEX %s", begin, end, end);
    const char *found = peer_ask(peer, "release");

    REQUIRE(check, strcmp(found, right) == 0 || strcmp(found, slower) == 0,
            .expected = check_text(check, "Queue.release, from slot %d: %s", slot, right), .found = found,
            .cause = "the indices change between the wait for MUTEX and its post, and EMPTY is posted when all is done",
            .next = "self._lock(); read_idx on by one (modulo 5), count down; self._mutex.post(); self._empty.post()");
}

/* Whatever is in read_idx leads to a slot. */
static void python_hostile(struct foreign *foreign, struct program *peer, uint64_t seed)
{
    static const int32_t hostile[] = {QUEUE_SLOTS, INT32_MAX, -1};
    struct check *check = peer->check;

    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        foreign_push(foreign, pattern_make(check, seed, 1));
        foreign->shared->read_idx = hostile[i];
        peer_require(peer, check_text(check, "with read_idx %d Queue.acquire gives", (int)hostile[i]),
                     peer_ask(peer, "full " PATIENT), "done");
        peer_ask(peer, "release");
        foreign->shared->read_idx = foreign->shared->write_idx;
    }
}

/* There is a frame: acquire says so. */
static void python_acquire_require(struct program *peer, int frame)
{
    struct check *check = peer->check;
    const char *found = peer_ask(peer, "full " PATIENT);

    REQUIRE(check, strcmp(found, "done") == 0, .line = check_line(check, PYTHON, "def acquire"),
            .expected = check_text(check, "for frame %d Queue.acquire gives: done", frame), .found = found,
            .cause = "FULL has a token all the time: acquire is not written yet, does not take it, or does not "
                     "return True",
            .next = "TODO 8: self._full.wait(seconds), then self._slot");
}

void lab6_python_slots(struct check *check)
{
    uint64_t seed = seed_draw(check);
    enum { FIRST = 3, FRAMES = 11 };
    struct foreign foreign = foreign_create(check, FIRST);
    struct program *peer = START(check, PROGRAMS "lab6_peer.py", check_text(check, "%s/" PYTHON, check_folder(check)));
    const char *file = check_text(check, "%s/taken", check_scratch(check));

    ADVISE(check, .file = PYTHON, .line = check_line(check, PYTHON, "def release"),
           .cause = "an index that was not moved on (modulo 5), a count that was not counted, a post that "
                    "was forgotten",
           .next = "the steps are those of queue_acquire_full and queue_release in queue.c");
    peer_require(peer, "consumer.attach gives", peer_ask(peer, "attach %s", foreign.names.prefix), "done");
    peer_require(peer, "with an empty queue Queue.acquire(0) gives", peer_ask(peer, "full 0"), "none");
    for (int frame = 1; frame <= FRAMES; frame++) {
        int slot = (FIRST + frame - 1) % QUEUE_SLOTS, next = (slot + 1) % QUEUE_SLOTS;
        const struct queue_slot *expected = pattern_make(check, seed, frame);
        foreign_push(&foreign, expected);
        python_acquire_require(peer, frame);
        const char *header = check_text(check, "%d %d", frame, (int)expected->num_detections);
        check_varies(check, "header", header);
        const char *found = peer_ask(peer, "take");
        queue_state_require(check, &foreign.names, foreign.shared,
                            check_text(check, "while consumer.py holds slot %d", slot),
                            (struct queue_state){next, slot, 1, 4, 0, 1});
        REQUIRE(check, strcmp(found, header) == 0, .line = check_line(check, PYTHON, "def acquire"),
                .expected = check_text(check, "frame %d's number and detections: %s", frame, header), .found = found,
                .cause = "self._slot is not where the slot begins", .next = "yolo_queue.SLOT_OFFSETS, by read_idx");
        released_require(peer, slot);
        queue_step_require(check, &foreign.names, foreign.shared,
                           check_text(check, "when consumer.py has released slot %d", slot),
                           (struct queue_state){next, next, 0, 5, 0, 1});
        memset(&foreign.shared->slots[slot], OVERWRITTEN,
               sizeof foreign.shared->slots[slot]); /* it is the producer's again */
        peer_ask(peer, "save %s", file);
        taken_require(check, file, expected);
    }
    ADVISE(check, .file = PYTHON, .line = check_line(check, PYTHON, "def acquire"),
           .cause = "an index that is used as it is there: a program that may write to the object may write any number",
           .next = "modulo yolo_queue.SLOTS, before it leads to a slot");
    python_hostile(&foreign, peer, seed);
    peer_ask(peer, "close");
    program_end_input(peer);
    program_ends(peer, 0);
}
