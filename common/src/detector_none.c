/*
 * The detector of a build without libdarknet: it says so.
 */
#include "shmlab/detector.h"

#include "explain.h"

bool detector_available(void)
{
    return false;
}

struct detector *detector_open(const struct detector_files *files, char *error, size_t size)
{
    explain(error, size,
            "%s: built without libdarknet: apt install --no-install-recommends darknet, then configure again "
            "with a fresh build folder",
            files->cfg);
    return NULL;
}

/* The rest is never called: there is no detector to call it with. */

int detector_classes(const struct detector *detector)
{
    (void)detector;
    return 0;
}

const char *detector_class_name(const struct detector *detector, int class_id)
{
    (void)detector;
    (void)class_id;
    return "no class";
}

int detector_find_class(const struct detector *detector, const char *text)
{
    (void)detector;
    (void)text;
    return -1;
}

int detector_run(struct detector *detector, const struct frame *frame, const struct detector_filter *filter,
                 struct detection *detections, int capacity)
{
    (void)detector;
    (void)frame;
    (void)filter;
    (void)detections;
    (void)capacity;
    return -1;
}

void detector_close(struct detector *detector)
{
    (void)detector;
}

int detector_left_out(const struct detector *detector)
{
    (void)detector;
    return 0;
}
