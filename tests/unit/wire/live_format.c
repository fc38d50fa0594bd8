/*
 * Print the tables of offsets of lab 5's challenges as wire_formats (common/tools) prints the others: their
 * structs are the lab's own, and common knows no lab.
 */
#include <stdio.h>

#include "handover.h"
#include "sequence.h"

#define FIELD(type, name, end)                                                                       \
    printf("      \"%s\": {\"offset\": %zu, \"size\": %zu}%s\n", #name, offsetof(struct type, name), \
           sizeof((struct type){0}.name), end)

int main(void)
{
    printf("{\n  \"live_snapshot\": {\n    \"size\": %zu,\n    \"fields\": {\n", sizeof(struct live_snapshot));
    FIELD(live_snapshot, magic, ",");
    FIELD(live_snapshot, version, ",");
    FIELD(live_snapshot, sequence, ",");
    FIELD(live_snapshot, checksum, ",");
    FIELD(live_snapshot, words, "");
    printf("    }\n  },\n  \"handover\": {\n    \"size\": %zu,\n    \"fields\": {\n", sizeof(struct handover));
    FIELD(handover, magic, ",");
    FIELD(handover, version, "");
    printf("    }\n  }\n}\n");
    return fflush(stdout) == 0 ? 0 : 1;
}
