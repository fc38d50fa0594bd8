/* See struct_text.h. */
#define _GNU_SOURCE
#include "struct_text.h"

#include <ctype.h>
#include <string.h>

/* struct PREFIX TAG { BODY } SUFFIX, where PREFIX and SUFFIX are attributes. */
struct found {
    const char *prefix, *tag, *body, *close, *suffix, *end;
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static const char *blank_skip(const char *at)
{
    return at + strspn(at, " \t\n");
}

/* The first whole word in [begin, end). */
static const char *word_find(const char *begin, const char *end, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = begin; at + length <= end; at++)
        if (strncmp(at, word, length) == 0 && !is_word(at[length]) && (at == begin || !is_word(at[-1])))
            return at;
    return NULL;
}

/* After the bracket that closes the one at `open`; the end of the text when there is none. */
static const char *bracket_skip(const char *open)
{
    int depth = 0;

    for (const char *at = open; *at != '\0'; at++) {
        depth += (*at == '(' || *at == '{' || *at == '[') - (*at == ')' || *at == '}' || *at == ']');
        if (depth == 0)
            return at + 1;
    }
    return open + strlen(open);
}

/* The word `struct` that this tag belongs to, after which attributes may be. */
static const char *keyword_before(const char *text, const char *tag)
{
    static const char keyword[] = "struct";
    const char *found = NULL;

    for (const char *at = text; (at = word_find(at, tag, keyword)) != NULL; at += strlen(keyword))
        found = at;
    return found != NULL ? found + strlen(keyword) : NULL;
}

static bool struct_find(const char *text, const char *tag, struct found *found)
{
    static const char attribute[] = "__attribute__";
    const char *end = text + strlen(text);

    for (const char *at = text; (at = word_find(at, end, tag)) != NULL; at += strlen(tag)) {
        const char *open = blank_skip(at + strlen(tag));
        if (*open != '{' || (found->prefix = keyword_before(text, at)) == NULL)
            continue;
        found->tag = at;
        found->body = open + 1;
        found->suffix = bracket_skip(open);
        found->close = found->suffix - 1;
        found->end = found->suffix;
        for (const char *more; strncmp(more = blank_skip(found->end), attribute, strlen(attribute)) == 0;)
            found->end = bracket_skip(blank_skip(more + strlen(attribute)));
        return true;
    }
    return false;
}

const char *struct_insert(struct check *check, const char *text, const char *tag, bool at_end, const char *declaration)
{
    struct found found;

    if (!struct_find(text, tag, &found))
        return NULL;
    const char *at = at_end ? found.close : found.body;
    return check_text(check, "%.*s %s %s", (int)(at - text), text, declaration, at);
}

/* The declaration of a member that is alone in it: where it begins; *after: after its semicolon. NULL: there is
 * none. */
static const char *declaration_find(const struct found *found, const char *member, const char **behind)
{
    const char *begin = found->body;
    bool several = false;

    for (const char *at = found->body; at < found->close; at++) {
        if (*at == '(' || *at == '{' || *at == '[') {
            at = bracket_skip(at) - 1;
        } else if (*at == ',') {
            several = true;
        } else if (*at == ';') {
            *behind = at + 1;
            if (word_find(begin, at, member) != NULL)
                return several ? NULL : begin;
            begin = at + 1;
            several = false;
        }
    }
    return NULL;
}

const char *struct_move(struct check *check, const char *text, const char *tag, const char *member, size_t offset)
{
    struct found found;
    const char *behind;

    if (!struct_find(text, tag, &found))
        return NULL;
    const char *begin = declaration_find(&found, member, &behind);
    if (begin == NULL)
        return NULL;
    const char *name = word_find(begin, behind, member) + strlen(member);
    const char *hole = offset > 0 ? check_text(check, "char hole_of_the_check[%zu];", offset) : "";
    const char *before =
        check_text(check, "%.*sunion { struct %.*s {%.*s_before_the_check%.*s} %.*s;", (int)(found.body - text), text,
                   (int)(found.tag - found.prefix), found.prefix, (int)(name - found.body), found.body,
                   (int)(found.close - name), name, (int)(found.end - found.suffix), found.suffix);
    return check_text(check, "%s struct { %s %.*s } __attribute__((packed)); }; %s", before, hole,
                      (int)(behind - begin), begin, found.close);
}
