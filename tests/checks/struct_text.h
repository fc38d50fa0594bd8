/*
 * Changing a struct in preprocessed C (check_preprocess), where neither the style of the braces nor comments nor macros
 * are in the way: what does a compiler say once a member has moved?
 */
#ifndef CHECKS_STRUCT_TEXT_H
#define CHECKS_STRUCT_TEXT_H

#include "check.h"

/* The text with this declaration at the beginning of `struct TAG`, or at its end; NULL: there is no such struct. */
const char *struct_insert(struct check *check, const char *text, const char *tag, bool at_end, const char *declaration);

/*
 * The text with one member of `struct TAG` at another offset, and all others and the size as they were: the struct
 * becomes a union of itself and of a hole with the member after it. NULL: there is no such struct, or the member is
 * not declared alone.
 */
const char *struct_move(struct check *check, const char *text, const char *tag, const char *member, size_t offset);

#endif
