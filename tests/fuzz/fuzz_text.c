/* What a program printed, what a file is called, and sources that are compared: any bytes. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "text.h"
#include "tokens.h"

static void text_check(const char *text)
{
    char *plain = text_plain(text), *again = text_plain(plain), *line = text_plain_line(text);
    uint32_t character;

    fuzz_require(strcmp(plain, again) == 0, "what is harmless stays as it is");
    fuzz_require(strpbrk(line, "\n\t") == NULL, "a line is one line");
    for (const char *at = plain; *at != '\0'; at += text_decode(at, &character))
        fuzz_require(text_decode(at, &character) > 0, "what is harmless is UTF-8");
    free(line);
    free(again);
    free(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);

    text_check(text);
    for (enum language language = LANGUAGE_C; language <= LANGUAGE_PYTHON; language++) {
        struct tokens tokens = tokens_read(text, language);
        for (size_t i = 1; i < tokens.count; i++)
            fuzz_require(tokens.at[i].line >= tokens.at[i - 1].line, "tokens come in the order of their lines");
        tokens_free(&tokens);
    }
    fuzz_require(text_line_of(text, "main") >= 0, "a line has a number");
    text_tail(text, 6);
    free(text);
    return 0;
}
