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
        if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0)
            try_again();
}
