/* Places in a student's files, for comparisons: "writer.c:54" becomes "writer.c | box->counter = number;", the text of
 * that line, so that a golden verdict shows which line is blamed, and an edit elsewhere in the file does not change it.
 */
#ifndef HARNESS_PLACES_H
#define HARNESS_PLACES_H

/* The text with every NAME.c:NUMBER, NAME.h:NUMBER and NAME.py:NUMBER of a file in the folder replaced by the text of
 * that line; what names no line of a file there stays. A new text, to be freed; NULL: out of memory. */
char *places_show(const char *text, const char *folder);

#endif
