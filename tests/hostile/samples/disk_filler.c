int main(void)
{
    static const char *const folders[] = {"/tmp", ".", "/", "/var/tmp", "/run", "/dev", "@ROOM@"};
    static char block[1 << 20];

    signal(SIGXFSZ, SIG_IGN);
    memset(block, 1, sizeof block);
    for (size_t f = 0; f < sizeof folders / sizeof folders[0]; f++) {
        size_t got = 0;
        for (int i = 0; i < 1000; i++) {
            char path[256];
            snprintf(path, sizeof path, "%s/filler%d", folders[f], i);
            int fd = open(path, O_WRONLY | O_CREAT, 0600);
            while (fd != -1 && got < (size_t)600 << 20 && write(fd, block, sizeof block) == sizeof block)
                got += sizeof block;
            close(fd);
        }
        if (got > (size_t)300 << 20)
            breach(folders[f]);
    }
    return 0;
}
