/* The starters as a class receives them: the one place that says where they are. */
#ifndef HARNESS_STARTERS_H
#define HARNESS_STARTERS_H

/*
 * The folder that holds labN_name/ of each lab, untouched: a handout carries a copy, elsewhere the build makes it from
 * the solutions. Never labs/, which is somebody's work in progress. NULL after a message.
 */
const char *starters_folder(void);

#endif
