/*
 * The flag is an ordinary variable.
 *
 * expect: race plain-flag
 * run: writer -- reader
 * options: --hang 0.2
 */
#include "../subject.h"

struct box {
    int number;
    char text[TEXT];
    bool ready;
};

static void writer(struct box *box)
{
    for (int i = 1; i <= MESSAGES; i++) {
        while (box->ready) /* MISTAKE */
            ;
        box->number = i;
        snprintf(box->text, sizeof box->text, "Message #%d", i);
        box->ready = true; /* MISTAKE */
    }
}

static void reader(struct box *box)
{
    for (int i = 1; i <= MESSAGES; i++) {
        while (!box->ready) /* MISTAKE */
            ;
        int number = box->number;
        char text[TEXT];
        strcpy(text, box->text);
        box->ready = false; /* MISTAKE */
        subject_check(number == i && text[0] == 'M', "message");
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    struct box *box = subject_share(sizeof *box);
    if (subject_role(argv, "writer"))
        writer(box);
    else
        reader(box);
    return 0;
}
