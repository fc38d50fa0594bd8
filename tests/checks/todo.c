/* See todo.h. */
#include "todo.h"

bool todo_left(struct check *check, const char *file, const char *starter_line)
{
    return check_line(check, file, starter_line) != 0;
}

const char *todo_next(struct check *check, const char *file, const char *starter_line, int number, const char *next)
{
    return todo_left(check, file, starter_line) ? check_text(check, "do TODO %d in %s", number, file) : next;
}
