/* See fold.h. */
#define _GNU_SOURCE
#include "fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "text.h"

/* The Latin letter below the marks, by the canonical decompositions of Unicode; '.': there is none. */
static const char latin[] = /* U+00C0 to U+024F */
    "aaaaaaaceeeeiiiidnooooo.ouuuuytsaaaaaaaceeeeiiiidnooooo.ouuuuytyaaaaaaccccccccddddeeeeeeeeeegggg"
    "gggghhhhiiiiiiiiii..jjkkkllllll..llnnnnnn.nnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"
    "................................oo.............uu............................aaiioouuuuuuuuuu.aa"
    "aa....ggkkoooo..j...gg..nnaa....aaaaeeeeiiiioooorrrruuuusstt..hh......aaeeooooooooyy............"
    "................";
static const char additional[] = /* U+1E00 to U+1EFF */
    "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnoooooooopppprrrrrrrr"
    "ssssssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwy....s.aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"
    "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......";

enum { WORDS_MAX = 6 }; /* more are no name */

static bool is_mark(uint32_t c)
{
    return c >= 0x0300 && c <= 0x036F;
}

/* Cyrillic letters that are another one with a mark. */
static uint32_t cyrillic_base(uint32_t c)
{
    switch (c) {
    case 0x0439:
        return 0x0438;
    case 0x0451:
        return 0x0435;
    case 0x0457:
        return 0x0456;
    default:
        return c;
    }
}

/* A Hangul syllable is two or three letters (Unicode, 3.12). True when it was one. */
static bool hangul_put(FILE *out, uint32_t c)
{
    enum { FIRST = 0xAC00, COUNT = 11172, VOWELS = 21, TAILS = 28 };

    if (c < FIRST || c >= FIRST + COUNT)
        return false;
    uint32_t index = c - FIRST, tail = index % TAILS;
    fprintf(out, "%lc%lc", (wint_t)(0x1100 + index / (VOWELS * TAILS)), (wint_t)(0x1161 + index / TAILS % VOWELS));
    if (tail > 0)
        fprintf(out, "%lc", (wint_t)(0x11A7 + tail));
    return true;
}

/* One letter without its marks; what follows it tells whether it is an umlaut. False: it is no letter. */
static bool letter_put(FILE *out, uint32_t c, uint32_t next, bool long_umlauts)
{
    const char *two = c == 0xC4 || c == 0xE4   ? "ae"
                      : c == 0xD6 || c == 0xF6 ? "oe"
                      : c == 0xDC || c == 0xFC ? "ue"
                                               : NULL;

    if (c == 0xDF || c == 0x1E9E) {
        fputs("ss", out);
    } else if (long_umlauts && (two != NULL || ((next == 0x0308) && strchr("aouAOU", (int)c) != NULL && c < 0x80))) {
        fputs(two != NULL ? two : (char[]){(char)towlower((wint_t)c), 'e', '\0'}, out);
    } else if (c >= 0xC0 && c < 0x250 && latin[c - 0xC0] != '.') {
        fputc(latin[c - 0xC0], out);
    } else if (c >= 0x1E00 && c < 0x1F00 && additional[c - 0x1E00] != '.') {
        fputc(additional[c - 0x1E00], out);
    } else if (!hangul_put(out, c)) {
        c = cyrillic_base((uint32_t)towlower((wint_t)c));
        if (!iswalnum((wint_t)c) && !(c >= 0x1100 && c < 0x1200))
            return false;
        fprintf(out, "%lc", (wint_t)c);
    }
    return true;
}

char *fold_words(const char *text, bool long_umlauts)
{
    char *words = NULL;
    size_t size = 0, length;
    FILE *out = open_memstream(&words, &size);
    bool gap = false, begun = false;
    uint32_t c, next;

    if (out == NULL)
        abort();
    for (; *text != '\0'; text += length) {
        length = text_decode(text, &c);
        if (length == 0) {
            length = 1;
            continue;
        }
        if (text_decode(text + length, &next) == 0)
            next = 0;
        if (is_mark(c) || c == '\'' || c == 0x2019) /* O'Brien is one word */
            continue;
        bool letter = iswalnum((wint_t)c) || (c >= 0x1100 && c < 0x1200);
        if (letter && gap && begun)
            fputc(' ', out);
        gap = letter ? false : true;
        begun = (letter && letter_put(out, c, next, long_umlauts)) || begun;
    }
    if (fclose(out) != 0)
        abort();
    return words;
}

/* The words of a folded text, in the order of the alphabet; 0 when there are too many. */
static size_t words_split(char *text, char *words[static WORDS_MAX])
{
    size_t count = 0;

    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
        if (count == WORDS_MAX)
            return 0;
        size_t at = count++;
        for (; at > 0 && strcmp(words[at - 1], word) > 0; at--)
            words[at] = words[at - 1];
        words[at] = word;
    }
    return count;
}

/* Can the rest of the text be made of the words that are left? */
static bool words_make(const char *text, char *const *words, size_t count, unsigned used)
{
    if (*text == '\0')
        return used == (1U << count) - 1;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(words[i]);
        if ((used & 1U << i) == 0 && strncmp(text, words[i], length) == 0 &&
            words_make(text + length, words, count, used | 1U << i))
            return true;
    }
    return false;
}

static void blanks_remove(char *text)
{
    char *to = text;

    for (const char *at = text; *at != '\0'; at++)
        if (*at != ' ')
            *to++ = *at;
    *to = '\0';
}

/* Is the one text the words of the other, in any order? */
static bool folded_same(const char *one, const char *other)
{
    char *text = strdup(one), *copy = strdup(other), *words[WORDS_MAX];

    if (text == NULL || copy == NULL)
        abort();
    blanks_remove(text);
    size_t count = words_split(copy, words);
    bool same = count > 0 && text[0] != '\0' && words_make(text, words, count, 0);
    free(text);
    free(copy);
    return same;
}

bool fold_same_person(const char *one, const char *other)
{
    bool same = false;

    for (int way = 0; way < 4 && !same; way++) {
        char *left = fold_words(one, way % 2 == 1), *right = fold_words(other, way / 2 == 1);
        same = folded_same(left, right) || folded_same(right, left);
        free(left);
        free(right);
    }
    return same;
}
