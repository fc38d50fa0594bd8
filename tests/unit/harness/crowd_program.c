/* A fork bomb that ends by itself: 1024 processes, which wait for a signal. */
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 10; i++)
        (void)!fork();
    alarm(60);
    pause();
}
