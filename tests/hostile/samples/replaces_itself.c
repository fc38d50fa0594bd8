int main(int argc, char **argv)
{
    (void)argc;
    if (unlink(argv[0]) == 0)
        breach("unlink of the program");
    if (open(argv[0], O_WRONLY | O_TRUNC) != -1 || open("/proc/self/exe", O_RDWR) != -1)
        breach("the program open for writing");
    if (rename("/tmp", argv[0]) == 0 || symlink("/bin/true", argv[0]) == 0)
        breach("another program in its place");
    return 0;
}
