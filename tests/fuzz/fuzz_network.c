/* The description of a network (.cfg), which somebody has downloaded. */
#include "fuzz.h"
#include "network_description.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct network_description network = {0};
    char error[512] = "";

    if (network_read(&network, fuzz_file(data, size), error, sizeof error) == 0) {
        network_write(&network, fuzz_nowhere());
        fuzz_require(network_classes(&network) >= 0, "a network knows how many classes it has");
        network_free(&network);
    } else {
        fuzz_require(error[0] != '\0', "what is refused is refused with a sentence");
    }
    return 0;
}
