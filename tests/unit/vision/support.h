/*
 * What these tests share: files of their own in a folder of their own, that is gone afterwards.
 */
#ifndef VISION_SUPPORT_H
#define VISION_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ERROR_SIZE = 1024, PATH_SIZE = 512 };

/* For cmocka_run_group_tests: make the folder, and remove it with all that is in it. */
int scratch_make(void **state);
int scratch_remove(void **state);

/* The path of a file in the folder. The text lives until the next 8 calls. */
const char *scratch_path(const char *name);

/* Write a file into the folder. Returns its path. */
const char *scratch_write(const char *name, const void *data, size_t size);
const char *scratch_text(const char *name, const char *text);

/* The whole of a file; free() it. Fails the test when it cannot be read. */
void *file_read(const char *path, size_t *size);

/* Fails the test unless the sentence names each of the things given, the last of which must be NULL. */
void assert_says(const char *sentence, ...) __attribute__((sentinel));

/* How many descriptors the process has open, and how many children. */
int open_descriptors(void);

/* FNV-1a: a fingerprint of bytes. */
uint64_t fingerprint(const void *data, size_t size);

#endif
