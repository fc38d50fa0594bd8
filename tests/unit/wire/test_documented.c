/*
 * The wire formats against the documented tables, from literal constants that are written out here once more
 * on purpose: a test that used the headers' own constants would agree with their mistakes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <string.h>

#include "sequence.h"
#include "shared_data.h"
#include "shmlab/bounded_buffer.h"
#include "shmlab/mailbox.h"
#include "shmlab/snapshot.h"
#include "shmlab/yolo_queue.h"

#define CHECK(type, field, offset, size)             \
    assert_int_equal(offsetof(type, field), offset); \
    assert_int_equal(sizeof(((type *)0)->field), size)

static void shared_data_of_labs_1_and_2(void **state)
{
    (void)state;
    CHECK(struct shared_data, process_id, 0, 4);
    CHECK(struct shared_data, message, 4, 500);
    CHECK(struct shared_data, data_ready, 504, 1);
    CHECK(struct shared_data, counter, 508, 4);
    CHECK(struct shared_data, temperature, 512, 8);
    CHECK(struct shared_data, coordinates, 520, 12);
    CHECK(struct shared_data, user_name, 532, 50);
    CHECK(struct shared_data, timestamp, 588, 8);
    CHECK(struct shared_data, data_array, 596, 40);
    assert_int_equal(sizeof(struct shared_data), 640);
    assert_int_equal(SHARED_DATA_SEGMENT_SIZE, 1024);
    assert_string_equal(SHARED_DATA_NAME, "/IPCSharedMemory");
    assert_int_equal(SHARED_DATA_KEY, 5678);
}

/* Offsets alone would not notice a double where the table says int64: look at the bytes of known values. */
static void shared_data_holds_the_documented_types(void **state)
{
    (void)state;
    struct shared_data data;
    unsigned char bytes[640];
    static const unsigned char counter[4] = {0xFE, 0xFF, 0xFF, 0xFF};              /* -2 */
    static const unsigned char temperature[8] = {0, 0, 0, 0, 0, 0x80, 0x37, 0x40}; /* 23.5, IEEE-754 binary64 */
    static const unsigned char coordinate[4] = {0, 0, 0x28, 0x41};                 /* 10.5, IEEE-754 binary32 */
    static const unsigned char timestamp[8] = {8, 7, 6, 5, 4, 3, 2, 1};
    static const unsigned char last[4] = {100, 0, 0, 0};

    memset(&data, 0, sizeof data);
    data.counter = -2;
    data.temperature = 23.5;
    data.coordinates[0] = 10.5F;
    data.timestamp = 0x0102030405060708;
    data.data_array[9] = 100;
    memcpy(bytes, &data, sizeof bytes);
    assert_memory_equal(bytes + 508, counter, 4);
    assert_memory_equal(bytes + 512, temperature, 8);
    assert_memory_equal(bytes + 520, coordinate, 4);
    assert_memory_equal(bytes + 588, timestamp, 8);
    assert_memory_equal(bytes + 632, last, 4);
}

static void mailbox_of_lab_3(void **state)
{
    (void)state;
    CHECK(struct mailbox, counter, 0, 4);
    CHECK(struct mailbox, message, 4, 100);
    CHECK(struct mailbox, ready, 104, 1);
    assert_int_equal(sizeof(struct mailbox), 108);
    assert_string_equal(MAILBOX_KEY_PATH, "/tmp");
    assert_int_equal(MAILBOX_KEY_ID, 'A');
    assert_int_equal(MAILBOX_MESSAGES, 5);
}

static void bounded_buffer_of_lab_4(void **state)
{
    (void)state;
    CHECK(struct bounded_buffer, magic, 0, 4);
    CHECK(struct bounded_buffer, version, 4, 4);
    CHECK(struct bounded_buffer, element_size, 8, 4);
    CHECK(struct bounded_buffer, capacity, 12, 4);
    CHECK(struct bounded_buffer, head, 16, 4);
    CHECK(struct bounded_buffer, tail, 20, 4);
    CHECK(struct bounded_buffer, count, 24, 4);
    assert_int_equal(offsetof(struct bounded_buffer, slots), 32);
    CHECK(struct buffer_message, producer, 0, 4);
    CHECK(struct buffer_message, sequence, 4, 4);
    CHECK(struct buffer_message, text, 8, 56);
    assert_string_equal(BUFFER_PREFIX, "shmlab");
}

static void snapshot_of_lab_5(void **state)
{
    (void)state;
    CHECK(struct snapshot, count, 0, 4);
    CHECK(struct snapshot, records, 4, 240);
    CHECK(struct detection, class_id, 0, 4);
    CHECK(struct detection, confidence, 4, 4);
    CHECK(struct detection, x, 8, 4);
    CHECK(struct detection, y, 12, 4);
    CHECK(struct detection, width, 16, 4);
    CHECK(struct detection, height, 20, 4);
    assert_int_equal(sizeof(struct snapshot), 244);
    assert_string_equal(SNAPSHOT_NAME, "/ipc_dog_shm");
}

static void live_snapshot_of_lab_5(void **state)
{
    (void)state;
    CHECK(struct live_snapshot, magic, 0, 4);
    CHECK(struct live_snapshot, version, 4, 4);
    CHECK(struct live_snapshot, sequence, 8, 4);
    CHECK(struct live_snapshot, checksum, 12, 4);
    CHECK(struct live_snapshot, words, 16, 244);
    assert_int_equal(sizeof(struct live_snapshot), 260);
    assert_int_equal(LIVE_MAGIC, 'L' | 'I' << 8 | 'V' << 16 | 'E' << 24);
    assert_int_equal(LIVE_VERSION, 1);
    assert_string_equal(LIVE_NAME, "/ipc_dog_live");
}

static void queue_of_lab_6(void **state)
{
    (void)state;
    CHECK(struct yolo_queue, write_idx, 0, 4);
    CHECK(struct yolo_queue, read_idx, 4, 4);
    CHECK(struct yolo_queue, count, 8, 4);
    CHECK(struct yolo_queue, slots[0], 12, 1233620);
    CHECK(struct yolo_queue, slots[4], 12 + 4 * 1233620, 1233620);
    CHECK(struct queue_slot, frame_id, 0, 4);
    CHECK(struct queue_slot, width, 4, 4);
    CHECK(struct queue_slot, height, 8, 4);
    CHECK(struct queue_slot, channels, 12, 4);
    CHECK(struct queue_slot, num_detections, 16, 4);
    CHECK(struct queue_slot, detections, 20, 4800);
    CHECK(struct queue_slot, pixels, 4820, 1228800);
    assert_int_equal(sizeof(struct yolo_queue), 6168112);
    assert_string_equal(QUEUE_PREFIX, "YOLO");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_data_of_labs_1_and_2),
        cmocka_unit_test(shared_data_holds_the_documented_types),
        cmocka_unit_test(mailbox_of_lab_3),
        cmocka_unit_test(bounded_buffer_of_lab_4),
        cmocka_unit_test(snapshot_of_lab_5),
        cmocka_unit_test(live_snapshot_of_lab_5),
        cmocka_unit_test(queue_of_lab_6),
    };
    return cmocka_run_group_tests_name("wire formats", tests, NULL, NULL);
}
