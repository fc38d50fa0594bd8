int main(void)
{
    system("cp /bin/sh /tmp/sh; chmod 4755 /tmp/sh; /tmp/sh -p -c 'test $(id -u) = 0 && echo root'");
    if (system("python3 -c \"open('@RESULTS@/class.json')\" 2>/dev/null") == 0)
        breach("the results");
    if (system("nsenter -t 1 -a true 2>/dev/null") == 0 || system("unshare -r true 2>/dev/null") == 0)
        breach("another namespace");
    return 0;
}
