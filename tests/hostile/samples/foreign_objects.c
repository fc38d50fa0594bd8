int main(void)
{
    DIR *folder = opendir("/dev/shm");
    struct dirent *entry;

    for (int i = 0; i < 100; i++) {
        struct shmid_ds info;
        int id = shmctl(i, SHM_STAT, &info);
        if (id != -1 && info.shm_perm.__key == @KEY@)
            breach("a segment of this machine");
        if (id != -1)
            shmctl(id, IPC_RMID, NULL);
    }
    if (shmget(@KEY@, 0, 0) != -1)
        breach("a key of this machine");
    for (int i = 0; i < 1000; i++)
        shmget(i, 1, IPC_CREAT | IPC_EXCL | 0666);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, "@OBJECT@") == 0)
            breach("an object of this machine");
        shm_unlink(entry->d_name);
    }
    return 0;
}
