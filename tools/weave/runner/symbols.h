/* From program counters to functions, files, lines and source text; from offsets to the fields of structures. */
#ifndef WEAVE_SYMBOLS_H
#define WEAVE_SYMBOLS_H

#include "session.h"

struct place {
    char function[96];
    char file[256]; /* with its folder where that is known; empty when the file is not */
    int line;
    char source[256]; /* text of the line, without indentation */
};

struct symbols;

/* `layout_file`: lines "offset size name" that describe the shared structure, or NULL. `structure`: the name
 * of the C structure in the segment, or NULL: then the one whose size is that of the segment. */
struct symbols *symbols_open(const struct session *session, const char *layout_file, const char *structure);
void symbols_close(struct symbols *symbols);
/* Whether a program declares the structure of that name; whether the layout file had a field. */
bool symbols_has_structure(struct symbols *symbols);
bool symbols_has_layout(const struct symbols *symbols);

/* The innermost place of a site (depth 0) or one of its callers. False: there is none. */
bool symbols_place(struct symbols *symbols, uint16_t site, int depth, struct place *place);
/* "file.c:12" without folders. */
void symbols_short(const struct place *place, char *text, size_t size);

/* "ready", "slot[2].id": the field at a shared address, or an empty text. */
void symbols_field(struct symbols *symbols, uint32_t where, char *text, size_t size);
/* "/name+104 (ready)". */
void symbols_location(struct symbols *symbols, uint32_t where, char *text, size_t size);
/* The segment of a shared address, or NULL, and the offset in it. */
const struct segment *symbols_segment(const struct symbols *symbols, uint32_t where, uint32_t *offset);

#endif
