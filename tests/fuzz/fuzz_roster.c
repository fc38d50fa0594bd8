/* The class list, as a university's system exports it. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "roster.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *roster = roster_read(fuzz_file(data, size)), *each;
    size_t i;

    json_array_foreach (roster, i, each) {
        const char *id = json_string_value(json_object_get(each, "id"));
        fuzz_require(id != NULL && id[0] != '\0', "every student has an id");
        fuzz_require(roster_find(roster, id) != NULL, "every student is found by it");
    }
    json_decref(roster);
    return 0;
}
