int main(void)
{
    const char *text = "touch @ROOM@/typed\n";

    for (int fd = 0; fd < 3; fd++)
        if (ioctl(fd, TIOCSTI, text) == 0)
            breach("typing into the terminal");
    int terminal = open("/dev/tty", O_RDWR);
    if (terminal != -1)
        breach("a controlling terminal");
    for (; terminal != -1 && *text != '\0'; text++)
        ioctl(terminal, TIOCSTI, text);
    return 0;
}
