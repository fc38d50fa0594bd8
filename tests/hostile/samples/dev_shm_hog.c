int main(void)
{
    static char block[1 << 20];
    size_t got = 0;

    memset(block, 1, sizeof block);
    for (int i = 0; i < 4096; i++) {
        char name[64];
        snprintf(name, sizeof name, "/hog%d", i);
        int fd = shm_open(name, O_CREAT | O_RDWR, 0600);
        if (fd == -1 || write(fd, block, sizeof block) != sizeof block)
            break;
        close(fd);
        got += sizeof block;
    }
    if (got > (size_t)256 << 20)
        breach("more than 256 MiB in /dev/shm");
    return 0;
}
