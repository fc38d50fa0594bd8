/*
 * Unpack: a folder or an archive that nobody has looked into yet, entry by entry. It is read by libarchive in
 * a process of its own, which has nothing but the archive's bytes and a pipe: no system call opens, creates
 * or starts anything there, and memory and processor time have limits. What comes out of the pipe is believed
 * to be no more than bytes.
 */
#ifndef GRADER_UNPACK_H
#define GRADER_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    UNPACK_FILE = 1 << 20, /* bytes of one file */
    UNPACK_PATH = 4096,    /* bytes of a path that are told; longer ones are cut */
};

enum unpacked_kind {
    UNPACKED_TAKEN,       /* a file that a lab asks for */
    UNPACKED_UNWANTED,    /* a plain file that no lab asks for */
    UNPACKED_REFUSED,     /* an entry that cannot be used; bytes say why */
    UNPACKED_ALL_REFUSED, /* nothing of it can be used; bytes say why. Nothing follows */
    UNPACKED_END,         /* for unpack.c itself */
};

struct unpacked {
    enum unpacked_kind kind;
    int lab, file;    /* taken: index in judge_labs, and in its files */
    int rank;         /* taken: how clear that is, see wanted.h */
    char *path;       /* in the submission */
    char *bytes;      /* content or sentence, NUL-terminated; NULL: unwanted */
    size_t size;      /* of the content, unwanted or not */
    int64_t modified; /* taken: time_t */
    uint64_t hash;    /* unwanted: of the content, text_hash */
};

/* What is read, and what for. */
struct unpack_order {
    const char *path;
    const char *name; /* what the student called it: tells an archive from a file that is handed in by itself */
    const bool *labs; /* by index in judge_labs: that are graded */
    bool confined;    /* refuse archives when the kernel has no filters for system calls */
};

/* Read it, and call `meet` for each entry that is worth a word. It owns path and bytes when it sets them to NULL. */
void unpack(const struct unpack_order *order, void (*meet)(struct unpacked *met, void *data), void *data);

/* Why a file is not wanted. */
const char *unpack_unwanted(const char *path, const bool *labs);

/* Does the name say that it is an archive? Length of the name without what says it; 0: it is none. */
bool unpack_is_archive(const char *name);
size_t unpack_stem(const char *name);

/* Can system calls be filtered here? */
bool unpack_confines(void);

#endif
