/* One object of each wire format, so that its debug information holds their layouts: see dump.py. Never run. */
#include "shmlab/bounded_buffer.h"
#include "shmlab/mailbox.h"
#include "shmlab/snapshot.h"
#include "shmlab/yolo_queue.h"

#include "shared_data.h"

const struct shared_data *shown_shared_data;
const struct mailbox *shown_mailbox;
const struct buffer_message *shown_buffer_message;
const struct bounded_buffer *shown_bounded_buffer;
const struct snapshot *shown_snapshot;
const struct detection *shown_detection;
const struct queue_slot *shown_queue_slot;
const struct yolo_queue *shown_yolo_queue;
