int main(void)
{
    for (int i = 0; i < 20; i++) {
        char name[64];
        shmget(4711 + i, 4096, IPC_CREAT | 0666);
        semget(4711 + i, 1, IPC_CREAT | 0666);
        msgget(4711 + i, IPC_CREAT | 0666);
        snprintf(name, sizeof name, "/left_behind_%d", i);
        shm_open(name, O_CREAT | O_RDWR, 0666);
        sem_open(name, O_CREAT, 0666, 1);
    }
    return 0;
}
