/*
 * Print the table of offsets of all wire formats as JSON: {"struct": {"size": n, "fields": {"field": [offset,
 * size]}}}.
 *
 * labs 1 and 2 come from the published contract, the others from the structs as this compiler lays them out.
 * The result is committed as common/python/shmlab/wire_formats.json, where the Python mirrors find it.
 */
#include <stdio.h>

#include "shmlab/bounded_buffer.h"
#include "shmlab/fanout_ring.h"
#include "shmlab/mailbox.h"
#include "shmlab/record_ring.h"
#include "shmlab/shared_data_contract.h"
#include "shmlab/snapshot.h"
#include "shmlab/spsc_ring.h"
#include "shmlab/yolo_queue.h"

struct field {
    const char *name;
    size_t offset, size;
};

#define MEMBER(type, name)                                  \
    {                                                       \
#name, offsetof(type, name), sizeof((type){0}.name) \
    }
#define PUBLISHED(name, offset, size) {#name, offset, size},
#define COUNT(array)                  (sizeof(array) / sizeof((array)[0]))
#define FIELDS(array)                 array, COUNT(array)

static const struct field shared_data[] = {SHARED_DATA_FIELDS(PUBLISHED)};

static const struct field mailbox[] = {
    MEMBER(struct mailbox, counter),
    MEMBER(struct mailbox, message),
    MEMBER(struct mailbox, ready),
};

static const struct field buffer_message[] = {
    MEMBER(struct buffer_message, producer),
    MEMBER(struct buffer_message, sequence),
    MEMBER(struct buffer_message, text),
};

static const struct field bounded_buffer[] = {
    MEMBER(struct bounded_buffer, magic),        MEMBER(struct bounded_buffer, version),
    MEMBER(struct bounded_buffer, element_size), MEMBER(struct bounded_buffer, capacity),
    MEMBER(struct bounded_buffer, head),         MEMBER(struct bounded_buffer, tail),
    MEMBER(struct bounded_buffer, count),        MEMBER(struct bounded_buffer, reserved),
};

static const struct field detection[] = {
    MEMBER(struct detection, class_id), MEMBER(struct detection, confidence), MEMBER(struct detection, x),
    MEMBER(struct detection, y),        MEMBER(struct detection, width),      MEMBER(struct detection, height),
};

static const struct field snapshot[] = {
    MEMBER(struct snapshot, count),
    MEMBER(struct snapshot, records),
};

static const struct field queue_slot[] = {
    MEMBER(struct queue_slot, frame_id),       MEMBER(struct queue_slot, width),
    MEMBER(struct queue_slot, height),         MEMBER(struct queue_slot, channels),
    MEMBER(struct queue_slot, num_detections), MEMBER(struct queue_slot, detections),
    MEMBER(struct queue_slot, pixels),
};

static const struct field yolo_queue[] = {
    MEMBER(struct yolo_queue, write_idx),
    MEMBER(struct yolo_queue, read_idx),
    MEMBER(struct yolo_queue, count),
    MEMBER(struct yolo_queue, slots),
};

static const struct field spsc_message[] = {
    MEMBER(struct spsc_message, number),
    MEMBER(struct spsc_message, text),
};

static const struct field spsc[] = {
    MEMBER(struct spsc, written),
    MEMBER(struct spsc, read),
    MEMBER(struct spsc, slots),
};

static const struct field fanout_message[] = {
    MEMBER(struct fanout_message, number),
    MEMBER(struct fanout_message, text),
};

static const struct field fanout_reader[] = {
    MEMBER(struct fanout_reader, state),
    MEMBER(struct fanout_reader, cursor),
};

static const struct field fanout[] = {
    MEMBER(struct fanout, sent),
    MEMBER(struct fanout, readers),
    MEMBER(struct fanout, slots),
};

static const struct field record_header[] = {
    MEMBER(struct record_header, length),
};

static const struct field record_ring[] = {
    MEMBER(struct record_ring, written),
    MEMBER(struct record_ring, read),
    MEMBER(struct record_ring, bytes),
};

static const struct table {
    const char *name;
    size_t size;
    const struct field *fields;
    size_t count;
} tables[] = {
    {"shared_data", SHARED_DATA_SIZE, FIELDS(shared_data)},
    {"mailbox", sizeof(struct mailbox), FIELDS(mailbox)},
    {"buffer_message", sizeof(struct buffer_message), FIELDS(buffer_message)},
    {"bounded_buffer", sizeof(struct bounded_buffer), FIELDS(bounded_buffer)},
    {"detection", sizeof(struct detection), FIELDS(detection)},
    {"snapshot", sizeof(struct snapshot), FIELDS(snapshot)},
    {"queue_slot", sizeof(struct queue_slot), FIELDS(queue_slot)},
    {"yolo_queue", sizeof(struct yolo_queue), FIELDS(yolo_queue)},
    {"spsc_message", sizeof(struct spsc_message), FIELDS(spsc_message)},
    {"spsc", sizeof(struct spsc), FIELDS(spsc)},
    {"fanout_message", sizeof(struct fanout_message), FIELDS(fanout_message)},
    {"fanout_reader", sizeof(struct fanout_reader), FIELDS(fanout_reader)},
    {"fanout", sizeof(struct fanout), FIELDS(fanout)},
    {"record_header", sizeof(struct record_header), FIELDS(record_header)},
    {"record_ring", sizeof(struct record_ring), FIELDS(record_ring)},
};

static void table_print(const struct table *table)
{
    printf("  \"%s\": {\n    \"size\": %zu,\n    \"fields\": {\n", table->name, table->size);
    for (size_t i = 0; i < table->count; i++)
        printf("      \"%s\": [%zu, %zu]%s\n", table->fields[i].name, table->fields[i].offset, table->fields[i].size,
               i + 1 < table->count ? "," : "");
    printf("    }\n  }");
}

int main(void)
{
    printf("{\n");
    for (size_t i = 0; i < COUNT(tables); i++) {
        if (i > 0)
            printf(",\n");
        table_print(&tables[i]);
    }
    printf("\n}\n");
    return fflush(stdout) == 0 ? 0 : 1;
}
