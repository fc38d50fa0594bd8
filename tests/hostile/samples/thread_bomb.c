static void *wait_for_ever(void *data)
{
    for (;;)
        pause();
    return data;
}

int main(void)
{
    pthread_t thread;

    for (;;)
        pthread_create(&thread, NULL, wait_for_ever, NULL);
}
