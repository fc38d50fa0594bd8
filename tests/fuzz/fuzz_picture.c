/* A picture: PNG, JPEG, PPM, from a camera or from somewhere. */
#include "fuzz.h"
#include "shmlab/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct frame frame = {0};
    char error[512] = "";

    if (frame_load(&frame, fuzz_file(data, size), error, sizeof error) == 0) {
        fuzz_require(frame.width > 0 && frame.height > 0 && frame.pixels != NULL, "a picture has pixels");
        volatile unsigned char last = frame.pixels[(size_t)frame.width * (size_t)frame.height * 3 - 1];
        (void)last;
        frame_destroy(&frame);
    } else {
        fuzz_require(error[0] != '\0', "what is refused is refused with a sentence");
    }
    return 0;
}
