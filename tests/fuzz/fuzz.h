/*
 * What the fuzz targets share. Each target is a file with libFuzzer's LLVMFuzzerTestOneInput: bytes that a stranger may
 * send, given to the code that reads them, compiled with AddressSanitizer and UBSan. See README.md.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever the input is. */
void fuzz_require(int condition, const char *sentence);

/* The path of a file with these bytes, in memory; each call replaces what the one before it gave. */
const char *fuzz_file(const uint8_t *data, size_t size);

/* The bytes as a string, up to the first NUL; to be freed. */
char *fuzz_text(const uint8_t *data, size_t size);

/* Where output goes that nobody reads. */
FILE *fuzz_nowhere(void);

#endif
