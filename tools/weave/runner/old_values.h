/*
 * A failure with weak memory: whether it needs the old value that was read, and what would have forbidden that.
 *
 * The schedule is run again with one order stronger, or with a fence more, until the old value is not possible any
 * more. What was tried so is only said of this schedule: another one may need more.
 */
#ifndef WEAVE_OLD_VALUES_H
#define WEAVE_OLD_VALUES_H

#include "findings.h"

/* A failing run and what is known of it, or NULL when no old value was read before it failed, or memory is short. */
struct old_values *old_values_of(struct findings *findings, const struct options *options, struct session *session,
                                 struct symbols *symbols);
void old_values_free(struct old_values *old);
/* Whether the same order of steps does not fail so when all loads read the newest value. */
bool old_values_needed(struct old_values *old);
/* Makes `old-value` the cause of the findings that need one, with both ends of it and what would forbid it as sides. */
void old_values_explain(struct old_values *old);
/* Both of these run the schedule again. Makes the session be as after the failing run; false: it cannot be made again.
 */
bool old_values_restore(struct old_values *old);

#endif
