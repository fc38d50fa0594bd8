/* peek NAME SIZE FILE: copy a named mapping's bytes into a file, where a Linux program can look at them. */
#include <stdlib.h>

#include "shmlab/windows.h"

int main(int argc, char **argv)
{
    if (argc != 4)
        return windows_report("peek NAME SIZE FILE", "wrong usage");
    size_t size = strtoul(argv[2], NULL, 0);
    HANDLE mapping = OpenFileMappingA(FILE_MAP_READ, FALSE, argv[1]);
    const void *bytes = mapping != NULL ? MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, size) : NULL;
    if (bytes == NULL)
        return windows_report_last(NULL, "%s", argv[1]);
    FILE *file = fopen(argv[3], "wb");
    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        return windows_report(NULL, "cannot write %s", argv[3]);
    return EXIT_SUCCESS;
}
