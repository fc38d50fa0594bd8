/*
 * Names of classes: a text file with a name on each line, the first for class 0.
 */
#ifndef SHMLAB_CLASS_NAMES_H
#define SHMLAB_CLASS_NAMES_H

#include "file_bytes.h"

struct class_names {
    struct file_bytes text; /* the names are in it */
    const char **names;
    int count;
};

/* Read the file. Returns 0 or -1 with a sentence in error. */
int class_names_read(struct class_names *names, const char *path, char *error, size_t size);
void class_names_free(struct class_names *names);

/* The class called text, or the number in it when it is below classes. Returns its id or -1. */
int class_names_find(const struct class_names *names, int classes, const char *text);

#endif
