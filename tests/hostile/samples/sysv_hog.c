int main(void)
{
    size_t got = 0;

    for (int i = 0; i < 4096; i++) {
        int id = shmget(IPC_PRIVATE, 8 << 20, IPC_CREAT | 0600);
        void *memory = id != -1 ? shmat(id, NULL, 0) : (void *)-1;
        if (memory == (void *)-1)
            break;
        memset(memory, 1, 8 << 20);
        got += 8 << 20;
    }
    for (int i = 0; i < 10000; i++) {
        msgget(IPC_PRIVATE, IPC_CREAT | 0600);
        semget(IPC_PRIVATE, 100, IPC_CREAT | 0600);
    }
    if (got > (size_t)256 << 20)
        breach("more than 256 MiB of System V memory");
    return 0;
}
