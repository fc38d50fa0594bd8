/*
 * Which memory is shared, and under which address.
 *
 * Processes map a segment where they like; a byte's shared address is the base of its segment, known to all
 * by device and inode or by its System V id, plus the offset. Private memory is told apart by one comparison.
 */
#include "runtime.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096 }; /* of shared addresses; the system's own may be larger: mprotect(2) rounds lengths up by itself */

struct mapping {
    uintptr_t start, end;
    uint32_t base;
};

static struct mapping mappings[WEAVE_SEGMENTS];
static int mapping_count;
static uintptr_t lowest = UINTPTR_MAX, highest;
static int opened;

uint32_t segment_find(const void *pointer, uint32_t *where)
{
    uintptr_t address = (uintptr_t)pointer;
    if (__builtin_expect(address < lowest || address >= highest, 1))
        return 0;
    for (int i = 0; i < mapping_count; i++)
        if (address >= mappings[i].start && address < mappings[i].end) {
            *where = mappings[i].base + (uint32_t)(address - mappings[i].start);
            return (uint32_t)(mappings[i].end - address);
        }
    return 0;
}

static void segment_bounds(void)
{
    lowest = UINTPTR_MAX;
    highest = 0;
    for (int i = 0; i < mapping_count; i++) {
        if (mappings[i].start < lowest)
            lowest = mappings[i].start;
        if (mappings[i].end > highest)
            highest = mappings[i].end;
    }
}

static void segment_name(struct segment *segment, const char *name)
{
    size_t i = 0;
    for (; i + 1 < sizeof segment->name && name[i] != '\0'; i++)
        segment->name[i] = name[i];
    segment->name[i] = '\0';
}

/* The segment of this device and inode, at least `size` bytes long. */
static struct segment *segment_of(uint64_t device, uint64_t inode, uint64_t size, size_t asked, const char *name)
{
    struct control *control = runtime.control;
    for (uint32_t i = 0; i < control->segments; i++)
        if (control->segment[i].device == device && control->segment[i].inode == inode)
            return &control->segment[i];
    uint64_t pages = (size + PAGE - 1) / PAGE * PAGE * 2; /* room to grow by ftruncate */
    if (control->segments == WEAVE_SEGMENTS || control->shared_top + pages > INT32_MAX) {
        decide_finish(control, ENDING_LIMIT);
        return NULL;
    }
    struct segment *segment = &control->segment[control->segments++];
    segment->device = device;
    segment->inode = inode;
    segment->base = control->shared_top;
    segment->size = (uint32_t)pages;
    segment->asked = (uint32_t)asked;
    segment_name(segment, name);
    control->shared_top += (uint32_t)pages;
    return segment;
}

void segment_add(void *pointer, size_t size, uint64_t device, uint64_t inode, uint64_t offset, size_t asked,
                 const char *name)
{
    struct segment *segment = segment_of(device, inode, offset + size, asked, name);
    if (segment == NULL || mapping_count == WEAVE_SEGMENTS || offset >= segment->size)
        return;
    if (size > segment->size - offset)
        size = segment->size - (size_t)offset;
    uintptr_t start = (uintptr_t)pointer;
    snapshot_mapped(pointer, size);
    mappings[mapping_count++] =
        (struct mapping){.start = start, .end = start + size, .base = segment->base + (uint32_t)offset};
    segment_bounds();
    if (runtime.trap && opened == 0)
        syscall(SYS_mprotect, pointer, size, PROT_NONE);
}

void segment_remove(const void *pointer, size_t size)
{
    uintptr_t start = (uintptr_t)pointer;
    for (int i = mapping_count - 1; i >= 0; i--)
        if (mappings[i].start >= start && (size == 0 ? mappings[i].start == start : mappings[i].start < start + size))
            mappings[i] = mappings[--mapping_count];
    segment_bounds();
}

void segment_forget_all(void)
{
    mapping_count = 0;
    segment_bounds();
}

static void segment_protect(int protection)
{
    for (int i = 0; i < mapping_count; i++) {
        syscall(SYS_mprotect, mappings[i].start, mappings[i].end - mappings[i].start, protection);
    }
}

void segment_open(void)
{
    if (runtime.trap && opened++ == 0)
        segment_protect(PROT_READ | PROT_WRITE);
}

void segment_close(void)
{
    if (runtime.trap && --opened == 0)
        segment_protect(PROT_NONE);
}
