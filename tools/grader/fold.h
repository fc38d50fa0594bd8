/* Names as people write them, compared as people read them: "Müller, Eva", "eva_mueller" and "MULLEREVA" are one. */
#ifndef GRADER_FOLD_H
#define GRADER_FOLD_H

#include <stdbool.h>

/*
 * Letters and digits alone, in lower case, without marks, composed or decomposed; words are parted by one blank. With
 * `long_umlauts` a German umlaut is two letters ("mueller"), else one ("muller"). To be freed.
 */
char *fold_words(const char *text, bool long_umlauts);

/* Do these texts name the same person? The words may come in any order, or without anything between them. */
bool fold_same_person(const char *one, const char *other);

#endif
