/*
 * How learning platforms name what they export. Each name is taken apart into whose it is, when it came, and what the
 * student called it.
 */
#ifndef GRADER_PLATFORM_H
#define GRADER_PLATFORM_H

#include <stdbool.h>
#include <time.h>

enum { ORIGIN_WORDS = 4, ORIGIN_SIZE = 256 };

/* What a name says. */
struct origin {
    char who[ORIGIN_WORDS][ORIGIN_SIZE]; /* id, login, address, name: what there is, the surest first; "" ends it */
    char file[ORIGIN_SIZE];              /* what the student called it; "": a folder */
    time_t submitted;                    /* 0: it does not say */
    bool late, note;                     /* note: the platform's own words about the attempt, no part of it */
};

/* Of the folders of a download; several people may have one. To be freed: `at`. */
struct origin_list {
    struct {
        char folder[ORIGIN_SIZE];
        struct origin origin;
    } * at;
    size_t count;
};

struct platform {
    const char *name;
    /* Take a name apart; false: it is none of this platform. */
    bool (*read)(const char *name, bool folder, struct origin *origin);
    bool every;       /* all names of a folder must be such; else one is enough */
    const char *mark; /* a file that stands beside the submissions, and must; NULL: none */
    /* What the platform tells in a file beside them; false: nothing. NULL: it has no such file. */
    bool (*beside)(const char *folder, struct origin_list *list);
    /* What it tells by what is in a student's folder; NULL: nothing. */
    void (*inside)(const char *folder, struct origin *origin);
};

extern const struct platform platforms[]; /* ends with a name that is NULL */

/* Files that platforms put beside the submissions. */
bool platform_is_own(const char *name);

#endif
