int main(void)
{
    for (;;) {
        char *more = malloc(1 << 24);
        if (more != NULL)
            memset(more, 1, 1 << 24);
        else
            try_again();
    }
}
