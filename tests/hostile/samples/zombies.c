int main(void)
{
    for (;;) {
        pid_t child = fork();
        if (child == -1)
            try_again();
        if (child == 0)
            _exit(0);
    }
}
