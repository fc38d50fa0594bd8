int main(void)
{
    for (int i = 0; i < 100; i++) {
        if (fork() == 0) {
            char *memory = malloc(100 << 20);
            if (memory != NULL)
                memset(memory, 1, 100 << 20);
            for (;;)
                pause();
        }
    }
    for (;;)
        pause();
}
