/*
 * Print the table of all wire formats as JSON: where each field is, of what type, and how many of it there are.
 *
 * labs 1 and 2 come from the published contract, the others from the structs as this compiler lays them out.
 * The result is committed as common/python/shmlab/wire_formats.json, where the Python mirrors find it; what its keys
 * mean is told by docs/wire-formats.md.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "shmlab/bounded_buffer.h"
#include "shmlab/fanout_ring.h"
#include "shmlab/mailbox.h"
#include "shmlab/record_ring.h"
#include "shmlab/shared_data_contract.h"
#include "shmlab/snapshot.h"
#include "shmlab/spsc_ring.h"
#include "shmlab/yolo_queue.h"

enum { TABLE_VERSION = 1 }; /* of this table's own form; 2 when a program that reads it would have to change */

struct field {
    const char *name;
    size_t offset, size;
    const char *type;
    size_t count; /* of that type */
};

/* Arrays decay, so that one of four int32 is an int32_t pointer here. */
#define TYPE(value) \
    _Generic((value),                       \
        bool: "bool",                       \
        int32_t: "int32",                   \
        int32_t *: "int32",                 \
        uint32_t: "uint32",                 \
        uint64_t: "uint64",                 \
        float: "float32",                   \
        char *: "char",                     \
        uint8_t *: "uint8",                 \
        struct buffer_message *: "buffer_message", \
        struct detection *: "detection",    \
        struct queue_slot *: "queue_slot",  \
        struct spsc_message *: "spsc_message", \
        struct fanout_message *: "fanout_message", \
        struct fanout_reader *: "fanout_reader")
#define ELEMENT(value) \
    _Generic((value),                                   \
        int32_t *: sizeof(int32_t),                     \
        char *: sizeof(char),                           \
        uint8_t *: sizeof(uint8_t),                     \
        struct detection *: sizeof(struct detection),   \
        struct queue_slot *: sizeof(struct queue_slot), \
        struct spsc_message *: sizeof(struct spsc_message), \
        struct fanout_message *: sizeof(struct fanout_message), \
        struct fanout_reader *: sizeof(struct fanout_reader), \
        default: sizeof(value))

#define MEMBER(type, name)                                                         \
    {                                                                              \
#name, offsetof(type, name), sizeof((type){0}.name), TYPE((type){0}.name), \
            sizeof((type){0}.name) / (ELEMENT((type){0}.name))                     \
    }
/* The contract of labs 1 and 2 is no struct: what its fields are is in the order of its list. */
#define PUBLISHED(name, offset, size) {#name, offset, size, NULL, 0},
#define COUNT(array)                  (sizeof(array) / sizeof((array)[0]))
#define FIELDS(array)                 array, COUNT(array)

static const struct field shared_data[] = {SHARED_DATA_FIELDS(PUBLISHED)};
static const char *const shared_data_types[] = {"int32",   "char", "bool",  "int32", "float64",
                                                "float32", "char", "int64", "int32"};

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

static size_t type_size(const char *type)
{
    return strcmp(type, "char") == 0 || strcmp(type, "bool") == 0       ? 1
           : strcmp(type, "float64") == 0 || strcmp(type, "int64") == 0 ? 8
                                                                        : 4;
}

static void field_print(const struct field *field, const char *end)
{
    printf("        \"%s\": {\"offset\": %zu, \"size\": %zu, \"type\": \"%s\", \"count\": %zu}%s\n", field->name,
           field->offset, field->size, field->type, field->count, end);
}

static void table_print(const struct table *table)
{
    printf("    \"%s\": {\n      \"size\": %zu,\n      \"fields\": {\n", table->name, table->size);
    for (size_t i = 0; i < table->count; i++) {
        struct field field = table->fields[i];

        if (field.type == NULL) {
            field.type = shared_data_types[i];
            field.count = field.size / type_size(field.type);
        }
        field_print(&field, i + 1 < table->count ? "," : "");
    }
    printf("      }\n    }");
}

int main(void)
{
    printf("{\n  \"version\": %d,\n  \"byte_order\": \"little\",\n  \"structs\": {\n", TABLE_VERSION);
    for (size_t i = 0; i < COUNT(tables); i++) {
        if (i > 0)
            printf(",\n");
        table_print(&tables[i]);
    }
    printf("\n  }\n}\n");
    return fflush(stdout) == 0 ? 0 : 1;
}
