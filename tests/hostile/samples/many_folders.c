int main(void)
{
    int made = 0;

    for (int i = 0; i < 100000; i++) {
        char path[64];
        snprintf(path, sizeof path, "/dev/shm/folder%d", i);
        made += mkdir(path, 0700) == 0;
    }
    if (made > 50000)
        breach("as many inodes as one likes");
    return 0;
}
