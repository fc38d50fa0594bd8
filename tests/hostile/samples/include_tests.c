#if __has_include("@SOURCE@/tests/checks/lab3_handshake.c")
int main(void)
{
    breach("the tests can be included");
    return 0;
}
#else
#include "@SOURCE@/tests/checks/lab3_handshake.c"
#endif
