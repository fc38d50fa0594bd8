/* A fork bomb that ends by itself: 512 processes, which wait for a signal. Few enough that this user's other programs,
 * the same test in another build for one, can still fork beside it: crowd.c, ROOM_OF_USER. */
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 9; i++)
        (void)!fork();
    alarm(60);
    pause();
}
