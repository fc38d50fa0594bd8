/* What a program's message says, in whichever words. */
#ifndef CHECKS_SAID_H
#define CHECKS_SAID_H

#include "check.h"

/* Does the text contain this word, and not only as a part of a longer one or of a name such as shmlab_2_7? */
bool text_has_word(const char *text, const char *word);

/*
 * Does the text name the error: by its symbol ("ENOENT"), by the words of strerror(3) ("No such file or directory"), or
 * by its number where that is called one ("errno 2", "[Errno 2]", "error: 2", "(2)")?
 */
bool text_names_error(const char *text, int number);
/* The same of all that the program has printed. */
bool program_names_error(struct program *program, int number);

#endif
