/* The sample values of labs 1 and 2, as the documents print them. */
#ifndef LAB1_SAMPLE_H
#define LAB1_SAMPLE_H

#include "shared_data.h"

/*
 * Fill data (struct and padding) with the sample values and this process's id, user and time; data_ready
 * stays false. Strings that do not fit are cut at a character's border and always end in NUL.
 */
void sample_fill(struct shared_data *data);

/* Clear the whole segment, SHARED_DATA_SEGMENT_SIZE bytes, also where readers look at data_ready meanwhile.
 */
void sample_clear(struct shared_data *shared);

/*
 * Copy the sample into the segment: everything first, data_ready last, so that a reader that finds it true
 * finds the rest in place as well.
 */
void sample_publish(struct shared_data *shared, const struct shared_data *sample);

#endif
