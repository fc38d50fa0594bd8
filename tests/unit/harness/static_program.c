/* A program into which no library can be preloaded, since it is linked statically: ld.so(8) has no part in it. */
int main(void)
{
    return 0;
}
