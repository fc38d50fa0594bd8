/* weave's JSON: whatever a source line, a name or an output is, the report can be read. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#include "../../tools/weave/runner/json.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), *written = NULL;
    size_t length;
    FILE *out = open_memstream(&written, &length);

    fuzz_require(out != NULL, "there is memory");
    json_text(out, text);
    fclose(out);
    json_t *read = json_loads(written, JSON_DECODE_ANY, NULL);
    fuzz_require(read != NULL, "what is written is JSON");
    const char *back = json_string_value(read);
    json_t *valid = json_string(text); /* NULL: it is no UTF-8 */
    if (valid != NULL)
        fuzz_require(strcmp(back, text) == 0, "UTF-8 is read as it was written");
    json_decref(valid);
    json_decref(read);
    free(written);
    free(text);
    return 0;
}
