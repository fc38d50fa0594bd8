/* Lab 6, the circular queue: the table of its checks, with their titles and hints. */
#include "check.h"
#include "compile.h"
#include "lab6_queue.h"
#include "lab6_rings.h"

static const struct check_case cases[] = {
    {.name = "builds",
     .points = 0,
     .title = "All programs of the lab compile",
     .concept = "a program that compiles",
     .hints = {"The compiler's first message is the one to mend; those behind it often follow from it.",
               "lab6_peer is a program of the checks that calls your queue.c through queue.h: when only it fails, a "
               "function of queue.h is missing or has other parameters.",
               "Leave queue.h as it is; every function in it has one body in queue.c."},
     .limit = LIMIT_QUICK,
     .run = check_builds},
    {.name = "objects",
     .points = 6,
     .title = "queue_create makes four objects of the right size, mode and values, queue_close removes them",
     .concept = "names, first values and lifetime of semaphores and shared memory",
     .hints = {"A semaphore's first value is the number of tokens that are there before anybody has done anything. How "
               "many slots are free then, how many frames are there to be read?",
               "queue.c, objects_create: semaphore_create takes name, mode and value. objects_unlink has four names.",
               "queue->empty = semaphore_create(queue->empty_name, mode, QUEUE_SLOTS); full with 0, mutex with 1; "
               "ftruncate(queue->fd, sizeof *queue->shared); return queue_map(queue);"},
     .needs = {"builds"},
     .limit = LIMIT_QUICK,
     .run = lab6_objects},
    {.name = "slot_filled",
     .points = 8,
     .title = "A published frame lies in the next slot, to the byte, and indices and semaphores say so",
     .concept = "the producer's half of the protocol",
     .hints = {"Two semaphores count the same five slots from both ends: what the producer takes from one, it "
               "gives to the "
               "other, and in between the slot is its own.",
               "queue.c, queue_acquire_free (EMPTY, write_idx) and queue_publish (MUTEX, write_idx, count, FULL).",
               "publish: lock; shared->write_idx = (slot_index(shared->write_idx) + 1) % QUEUE_SLOTS; shared->count++; "
               "sem_post(queue->mutex); sem_post(queue->full);"},
     .needs = {"objects"},
     .limit = LIMIT_QUICK,
     .run = lab6_slot_filled},
    {.name = "slot_read",
     .points = 8,
     .title = "The consumer reads the slots in order, to the byte, and gives each one back",
     .concept = "the consumer's half of the protocol",
     .hints = {"The consumer is the producer's mirror image: FULL instead of EMPTY, read_idx instead of write_idx.",
               "queue.c, queue_acquire_full (FULL, read_idx) and queue_release (MUTEX, read_idx, count, EMPTY).",
               "release: lock; shared->read_idx = (slot_index(shared->read_idx) + 1) % QUEUE_SLOTS; shared->count--; "
               "sem_post(queue->mutex); sem_post(queue->empty);"},
     .needs = {"builds"},
     .limit = LIMIT_QUICK,
     .run = lab6_slot_read},
    {.name = "tokens",
     .points = 3,
     .title = "While a slot is filled or read one token is missing, and nothing else has moved",
     .concept = "the tokens protect the slot",
     .hints = {"A slot is yours from the wait to the post. Whoever posts before the copy is done lets the other "
               "side write into it, or read half of it.",
               "queue.c: between acquire and publish (release) only one token of EMPTY (FULL) may be missing.",
               "sem_post(queue->full) is the last line of queue_publish, sem_post(queue->empty) of "
               "queue_release; acquire posts nothing."},
     .needs = {"slot_filled", "slot_read"},
     .limit = LIMIT_QUICK,
     .run = lab6_tokens},
    {.name = "unlocked",
     .points = 2,
     .title = "MUTEX is free while a slot is filled or read",
     .concept = "a lock is for the indices",
     .hints = {"Copying a megabyte takes a hundred microseconds, changing three integers a few nanoseconds. Who "
               "holds the lock for the first makes the other side wait for nothing: two thirds of the speed are lost.",
               "queue.c: what stands between queue_lock and sem_post(queue->mutex)?",
               "queue_lock belongs into queue_publish and queue_release, and sem_post(queue->mutex) into the same "
               "functions, behind count."},
     .needs = {"tokens"},
     .limit = LIMIT_QUICK,
     .run = lab6_unlocked},
    {.name = "order",
     .points = 8,
     .title = "Instruction by instruction: indices change under MUTEX only, and before the other side is let in",
     .concept = "a lock protects what both sides change",
     .hints = {"count is changed by both sides, and count++ is a load, an addition and a store. A token that is "
               "posted before all is done lets the other side in too early.",
               "queue.c, queue_publish and queue_release: what stands in front of queue_lock, what behind the "
               "post of MUTEX?",
               "queue_lock; index; count; sem_post(queue->mutex); sem_post(queue->full), or empty: nothing "
               "outside, nothing earlier."},
     .needs = {"slot_filled", "slot_read"},
     .limit = LIMIT_LONG,
     .run = lab6_order},
    {.name = "race",
     .points = 4,
     .title = "Under no interleaving do producer and consumer touch the same byte at once, or wait for ever",
     .concept = "mutual exclusion under every order of steps",
     .hints = {"A wait and a post order what stands around them. What is read or written outside of them, and by "
               "the other side as well, is a race, whatever it happens to find.",
               "queue.c: which line looks at count, or at the other side's index, outside of queue_lock and the "
               "post of MUTEX? make replay6 shows the steps.",
               "acquire looks at the own index only; everything else that names shared-> stands between "
               "queue_lock and sem_post(queue->mutex)."},
     .needs = {"order", "tokens"},
     .limit = LIMIT_EXPLORE,
     .run = lab6_race},
    {.name = "phases",
     .points = 6,
     .title = "The ring is right at every phase: full and empty at each of the five slots",
     .concept = "a circular queue wraps around",
     .hints = {"An array of five slots becomes a ring when slot 0 follows slot 4. Full and empty look alike "
               "(both indices "
               "are equal): count and the semaphores tell them apart.",
               "queue.c: every place where an index is moved on or used.",
               "(slot_index(shared->read_idx) + 1) % QUEUE_SLOTS, and the same for write_idx"},
     .needs = {"slot_filled", "slot_read"},
     .limit = LIMIT_QUICK,
     .run = lab6_phases},
    {.name = "foreign_phase",
     .points = 4,
     .title = "The consumer begins where the producer's read_idx says, whatever it says",
     .concept = "state lives in shared memory, and is not to be trusted",
     .hints = {"A consumer that comes later, or after another one, finds read_idx anywhere. And whoever may "
               "write to the "
               "object may write any number there.",
               "queue.c, queue_acquire_full: where does the slot's number come from, and what if it is -1?",
               "*slot = &queue->shared->slots[slot_index(queue->shared->read_idx)];"},
     .needs = {"slot_read"},
     .limit = LIMIT_QUICK,
     .run = lab6_foreign_phase},
    {.name = "full_and_empty",
     .points = 8,
     .title = "A full queue blocks the producer, an empty one the consumer, and waiting burns no core",
     .concept = "bounded buffers and back pressure",
     .hints = {"A producer that is faster than its consumer must wait, or frames are lost. Waiting is the kernel's "
               "business: sem_wait sleeps until a token comes.",
               "queue.c, queue_acquire_free and queue_acquire_full: the loop around slice_wait, and its two "
               "ends, a token and the time.",
               "for (;; seconds -= slice_seconds) { ... result = slice_wait(queue, queue->empty, seconds); "
               "if (result == "
               "QUEUE_DONE) break; ... if (seconds <= slice_seconds) return QUEUE_TIMEOUT; }"},
     .needs = {"tokens"},
     .limit = LIMIT_QUICK,
     .run = lab6_full_and_empty},
    {.name = "frames",
     .points = 6,
     .title = "10,000 frames arrive whole, in order, with a faster and with a slower consumer",
     .concept = "races show in numbers",
     .hints = {"count++ is three steps of the machine. When both sides do theirs at once, one of them is lost, once in "
               "thousands of times.",
               "queue.c: which lines change what the other side changes, too? Those belong between queue_lock and "
               "sem_post(queue->mutex).",
               "lock, index, count, unlock, and only then the post of FULL or EMPTY."},
     .needs = {"phases", "race"},
     .limit = LIMIT_QUICK,
     .run = lab6_frames},
    {.name = "last_frames",
     .points = 3,
     .title = "When the producer ends, or dies, the consumer reads what is there and says so then",
     .concept = "the end of a stream",
     .hints = {"The end is part of the protocol. What was published before it is in the slots still, and FULL "
               "counts it.",
               "queue.c, queue_acquire_full: what it does after a slice of waiting without a token.",
               "for (bool gone = false;;) { slice_wait(queue, queue->full, gone ? 0 : seconds) ... if (gone) "
               "return current ? QUEUE_DIED : QUEUE_ENDED; gone = peer_lost(queue) || ...; }"},
     .needs = {"slot_filled", "slot_read"},
     .limit = LIMIT_LONG,
     .run = lab6_last_frames},
    {.name = "both_orders",
     .points = 5,
     .title = "producer and consumer stream 23 frames without a gap, whichever starts first",
     .concept = "start and end of a stream",
     .hints = {"The end is part of the protocol: the consumer has to notice that no more frames will come, "
               "and not before "
               "it has read the last one.",
               "queue.c, queue_acquire_full: what it does after a slice of waiting without a token.",
               "bool current = presence_current(queue->fd, queue->shm_name); and: peer_lost(queue) || (!current && "
               "!queue_peer_present(queue)) means gone"},
     .needs = {"last_frames", "tokens"},
     .limit = LIMIT_LONG,
     .run = lab6_both_orders},
    {.name = "documented",
     .points = 4,
     .title = "Your programs work with peers that know the format and the protocol only",
     .concept = "a protocol is more than a program that talks to itself",
     .hints = {"Two halves with the same mistake get along. Somebody else's half, written from yolo_queue.h, shows it.",
               "shmlab/yolo_queue.h has the protocol in four lines. A foreign peer holds MUTEX while it copies, "
               "and takes no role (presence.h).",
               "Nothing but names, values and order counts: wait EMPTY, fill, MUTEX for the indices, post FULL."},
     .needs = {"last_frames", "tokens"},
     .limit = LIMIT_LONG,
     .run = lab6_documented},
    {.name = "python_slots",
     .points = 8,
     .title = "consumer.py takes every detection and pixel, as a copy, without the lock, and gives each slot back",
     .concept = "the same protocol in another language",
     .hints = {"A memoryview is a window, no copy: what you see through it after the release is the next frame.",
               "consumer.py, class Queue: acquire, detections, picture, release.",
               "acquire: if not self._full.wait(seconds): return False; self._slot = "
               "yolo_queue.SLOT_OFFSETS[self._control[yolo_queue.READ_IDX] % yolo_queue.SLOTS]. picture: from "
               "self._slot + "
               "yolo_queue.PIXELS_OFFSET, yolo_queue.PIXEL_BYTES long."},
     .limit = LIMIT_LONG,
     .run = lab6_python_slots},
    {.name = "python_pair",
     .points = 5,
     .title = "consumer.py reads 23 frames of the C producer without a gap, whichever starts first",
     .concept = "C and Python on one ring",
     .hints = {"When both halves are right by themselves, this one passes. When not, the check above says more.",
               "consumer.py, class Queue, and queue.c, queue_publish.", "make lab6 CHECK=python_slots"},
     .needs = {"python_slots", "slot_filled"},
     .limit = LIMIT_LONG,
     .run = lab6_python_pair},
    {.name = "ctrl_c",
     .points = 4,
     .title = "Ctrl-C on either side ends both, and nothing is left behind",
     .concept = "the other side's end is an event, too",
     .hints = {"A process that waits for a peer that has gone waits for ever, unless it looks up from time to time.",
               "queue.c: peer_lost in queue_acquire_free, peer_lost and presence_current in queue_acquire_full.",
               "Wait in slices (slice_wait), look between two of them, return QUEUE_GONE or QUEUE_ENDED."},
     .needs = {"both_orders", "python_slots"},
     .limit = LIMIT_LONG,
     .run = lab6_ctrl_c},
    {.name = "killed",
     .points = 2,
     .title = "When one side is killed the other one says so, ends, and cleans up",
     .concept = "a peer may die between any two instructions",
     .hints = {"SIGKILL cannot be caught: the dead cannot say good-bye. But the kernel drops their locks (presence.h).",
               "queue.c, queue_acquire_free: what it does before a slice of waiting.",
               "if (peer_lost(queue)) { queue_repair(queue, 0); return QUEUE_GONE; }"},
     .needs = {"both_orders", "python_slots"},
     .limit = LIMIT_LONG,
     .run = lab6_killed},
    {.name = "recovery",
     .points = 10,
     .challenge = true,
     .title = "When a consumer dies at any moment, the next one reads on and no frame is lost",
     .concept = "crash recovery",
     .hints = {"Tokens are anonymous: nobody knows that the dead one held one. But the indices in shared "
               "memory tell how many "
               "frames are unread, and the semaphores must add up.",
               "queue.c, queue_repair. The consumer steps read_idx on before it counts down: when the "
               "indices are equal, what does count say?",
               "unread = (write_idx - read_idx + QUEUE_SLOTS) % QUEUE_SLOTS, or QUEUE_SLOTS when that is 0 "
               "and count is "
               "QUEUE_SLOTS; then semaphore_set for EMPTY (less the slot that we hold), FULL and MUTEX."},
     .needs = {"frames", "foreign_phase", "unlocked", "full_and_empty"},
     .limit = LIMIT_EXPLORE, /* a producer gives MUTEX up after 30 s, and the check has to hear of it */
     .run = lab6_recovery},
    {.name = "spsc",
     .points = 5,
     .challenge = true,
     .title = "The ring without a lock: full, empty and in order at every phase, also behind 2^32",
     .concept = "two counters, each with one writer",
     .hints = {"With counters that never go back, full and empty differ without a count: their difference is "
               "the number of messages.",
               "spsc.c. Unsigned arithmetic is modulo 2^32, so the difference is right even when written has "
               "wrapped and read has not.",
               "if (written - read >= SPSC_SLOTS) return false; ring->slots[written % SPSC_SLOTS] = *message; "
               "then written + 1"},
     .needs = {"builds"},
     .programs = {"spsc", "lab6_spsc"},
     .limit = LIMIT_QUICK,
     .run = spsc_phases},
    {.name = "spsc_order",
     .points = 5,
     .challenge = true,
     .title = "The ring without a lock: each slot is complete when it is handed over, by the language, too",
     .concept = "release and acquire",
     .hints = {"A counter is a message: \"everything before is done\". It must be sent last, and whoever reads it "
               "must read the rest later.",
               "spsc.c: the order of the copy and of the store; and the memory order of each load and store.",
               "atomic_store_explicit(&ring->written, written + 1, memory_order_release) behind the copy; "
               "atomic_load_explicit(&ring->written, memory_order_acquire) in front of the other side's."},
     .needs = {"spsc"},
     .programs = {"spsc", "lab6_spsc"},
     .limit = LIMIT_LONG,
     .run = spsc_order},
    {.name = "fanout",
     .points = 4,
     .challenge = true,
     .title = "Many readers: each gets all messages after its joining, and the slowest one decides what is full",
     .concept = "one stream, a cursor for each reader",
     .hints = {"A slot may be filled again when everybody who is there has read it. Who is not there does "
               "not count; who has just "
               "come begins with the next message.",
               "fanout.c, fanout_put: a loop over the readers that returns false for the first one that is a "
               "whole ring behind. "
               "fanout_join: which number is the cursor of somebody who wants nothing old?",
               "for each reader: if (state == FANOUT_JOINED && sent - cursor >= FANOUT_SLOTS) return false; "
               "with uint64_t all the "
               "way. join: compare and exchange FANOUT_FREE with FANOUT_CLAIMED, cursor = sent, state = FANOUT_JOINED"},
     .needs = {"builds"},
     .programs = {"fanout", "lab6_fanout"},
     .limit = LIMIT_QUICK,
     .run = fanout_readers},
    {.name = "fanout_order",
     .points = 3,
     .challenge = true,
     .title = "Many readers: slots and cursors are complete when they are shown, by the language, too",
     .concept = "release and acquire, for each pair of a store and a load",
     .hints = {"Each store here is a message to somebody: sent to the readers, cursor and state to the "
               "producer. What stood before "
               "it must be seen by whoever reads it.",
               "fanout.c: for each store, who loads it, and what does that one touch next? A slot: release "
               "and acquire.",
               "sent: release in put, acquire in get. cursor: release in get, acquire in put. state: release "
               "in leave, acquire in "
               "put and in join's compare and exchange."},
     .needs = {"fanout"},
     .programs = {"fanout", "lab6_fanout"},
     .limit = LIMIT_LONG,
     .run = fanout_order},
    {.name = "fanout_race",
     .points = 3,
     .challenge = true,
     .title = "Many readers: who joins while the producer runs misses nothing, though stores wait in a buffer",
     .concept = "Dekker's pattern needs sequential consistency",
     .hints = {"Two sides that each store first and then look at the other's store: with release and acquire "
               "both may look before "
               "their stores are seen, and neither sees the other. No other place in these labs needs more.",
               "fanout.c: state and sent. Join stores the one and loads the other, put stores the other and "
               "(for the next message) "
               "loads the one. make replay6 shows which store stayed in the buffer.",
               "memory_order_seq_cst for all four: the stores of state (join) and sent (put), the loads of "
               "sent (join, behind its "
               "store) and of state (put); and the cursor is the sent that was loaded last."},
     .needs = {"fanout_order"},
     .programs = {"fanout", "lab6_fanout"},
     .limit = LIMIT_EXPLORE,
     .run = fanout_race},
    {.name = "record",
     .points = 4,
     .challenge = true,
     .title = "Messages of any size: every length at every place of the ring, to the byte, full and empty",
     .concept = "records in a ring of bytes",
     .hints = {"A record lies in one piece. Where the rest of the ring is too short for it, the rest is "
               "skipped, and a marker says "
               "so; skipped bytes are in use until the consumer has gone past them.",
               "record.c, record_put: size of the record, bytes up to the ring's end, bytes that are free. "
               "shmlab/record_ring.h says "
               "why RECORD_MAX is half of the ring and not the whole.",
               "size = (8 + length + 7) / 8 * 8; rest = RECORD_BYTES - written % RECORD_BYTES; skip = size > "
               "rest ? rest : 0; full: "
               "skip + size > RECORD_BYTES - (written - read)"},
     .needs = {"builds"},
     .programs = {"record", "lab6_record"},
     .limit = LIMIT_QUICK,
     .run = record_bytes},
    {.name = "record_hostile",
     .points = 3,
     .challenge = true,
     .title = "Messages of any size: no length and no counter is believed",
     .concept = "shared memory is input",
     .hints = {"Whoever may write to the ring may write any length. What you add to it may overflow, and "
               "then it is small.",
               "record.c, record_get: everything that comes from the ring, and what is computed with it "
               "before it was compared.",
               "found > RECORD_MAX first, then record_size(found) > RECORD_BYTES - at, record_size(found) > "
               "written - read - skip; a "
               "skip must be less than written - read; counters are multiples of 8, and written - read <= "
               "RECORD_BYTES"},
     .needs = {"record"},
     .programs = {"record", "lab6_record"},
     .limit = LIMIT_QUICK,
     .run = record_hostile},
    {.name = "record_order",
     .points = 3,
     .challenge = true,
     .title = "Messages of any size: skip and record are published by one store, by the language, too",
     .concept = "release and acquire",
     .hints = {"What a counter says must be true at the instruction that says it: all bytes up to there are in place.",
               "record.c: everything that is written stands in front of the store to written, everything "
               "that is read in front of "
               "the store to read; and their memory orders are as in spsc.c.",
               "atomic_store_explicit(&ring->written, written + skip + size, memory_order_release) is "
               "record_put's last line but "
               "one, and there is no other store to written."},
     .needs = {"record"},
     .programs = {"record", "lab6_record"},
     .limit = LIMIT_LONG,
     .run = record_order},
    {.name = "warnings",
     .points = 2,
     .title = "The compiler has nothing to say",
     .concept = "warnings",
     .hints = {"Each warning is a place where C allows what you probably do not mean.",
               "The message names file, line and the option that asked for it, for example -Wconversion.",
               "Conversions: choose the type that fits, or write the cast that says you know."},
     .needs = {"slot_filled", "slot_read"},
     .limit = LIMIT_QUICK,
     .run = check_warnings},
    {.name = "sanitizers",
     .points = 2,
     .title = "AddressSanitizer and UBSan find nothing",
     .concept = "memory errors that do not show",
     .hints = {"A program that writes behind an array may work for years. A sanitizer stops at the first such byte.",
               "The report in the transcript begins with what happened, then come the lines of your files.",
               "An index that was not taken modulo QUEUE_SLOTS is the usual place."},
     .needs = {"phases"},
     .limit = LIMIT_BUILD,
     .run = lab6_sanitizers},
    {.name = "leaks",
     .points = 2,
     .title = "No program of yours has left an object behind",
     .concept = "lifetime of named objects",
     .hints = {"A name lives until somebody unlinks it: the producer, or for a dead producer its consumer.",
               "The list names what was left. `ls /dev/shm` shows it while it is there.",
               "queue.c, objects_unlink: three sem_unlink and one shm_unlink."},
     .needs = {"objects"},
     .limit = LIMIT_QUICK,
     .last = true,
     .run = check_leaks},
};

const struct lab lab6_yolo_queue = {
    .name = "lab6_yolo_queue",
    .title = "the circular queue",
    .files = {QUEUE, PYTHON, "spsc.c", "fanout.c", "record.c"},
    .programs = {{"producer", {"producer.c", QUEUE}, LINK_VISION},
                 {"consumer", {"consumer.c", QUEUE}, LINK_COMMON},
                 {PEER, {PROGRAMS "lab6_peer.c", QUEUE}, LINK_COMMON},
                 {"spsc", {"spsc_stream.c", "stream.c", "spsc.c"}, LINK_COMMON},
                 {"lab6_spsc", {PROGRAMS "lab6_spsc.c", "spsc.c"}, LINK_COMMON},
                 {"fanout", {"fanout_stream.c", "stream.c", "fanout.c"}, LINK_COMMON},
                 {"lab6_fanout", {PROGRAMS "lab6_fanout.c", "fanout.c"}, LINK_COMMON},
                 {"record", {"record_stream.c", "stream.c", "record.c"}, LINK_COMMON},
                 {"lab6_record", {PROGRAMS "lab6_record.c", "record.c"}, LINK_COMMON}},
    .challenges = {"spsc", "lab6_spsc", "fanout", "lab6_fanout", "record", "lab6_record"},
    .cases = cases,
    .case_count = sizeof cases / sizeof cases[0],
};
