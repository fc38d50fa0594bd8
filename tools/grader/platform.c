/* See platform.h. */
#define _GNU_SOURCE
#include "platform.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "roster.h"
#include "text.h"

/* ---- Parts of names ---- */

static void part_copy(char to[static ORIGIN_SIZE], const char *from, size_t length)
{
    snprintf(to, ORIGIN_SIZE, "%.*s", (int)(length < ORIGIN_SIZE ? length : ORIGIN_SIZE - 1), from);
}

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* The place of the last '_' before `end`; NULL: there is none. */
static const char *bar_before(const char *text, const char *end)
{
    return end > text ? memrchr(text, '_', (size_t)(end - text)) : NULL;
}

/* "2026-11-03-20-00-00", in this machine's time zone, which is the class's; 0: it is none. */
static time_t time_read(const char *text, const char *format)
{
    struct tm local = {.tm_isdst = -1};

    return strptime(text, format, &local) != NULL ? mktime(&local) : 0;
}

/* ---- Canvas: muellereva_LATE_12345_678901_lab1.zip ---- */

static bool canvas_read(const char *name, bool folder, struct origin *origin)
{
    const char *at = strchr(name, '_');

    if (folder || at == NULL || at == name)
        return false;
    part_copy(origin->who[0], name, (size_t)(at - name));
    at++;
    if (strncmp(at, "LATE_", 5) == 0) {
        origin->late = true;
        at += 5;
    }
    for (int number = 0; number < 2; number++) {
        size_t length = digits(at);
        if (length == 0 || at[length] != '_')
            return false;
        at += length + 1;
    }
    part_copy(origin->file, at, strlen(at));
    return at[0] != '\0';
}

/* ---- Moodle: "Eva Müller_12345_assignsubmission_file_" with the files in it, or before a file's name ---- */

static bool moodle_read(const char *name, bool folder, struct origin *origin)
{
    static const char file[] = "_assignsubmission_file", text[] = "_assignsubmission_onlinetext";
    const char *mark = strstr(name, file), *note = strstr(name, text), *end = mark != NULL ? mark : note;

    if (end == NULL)
        return false;
    const char *number = bar_before(name, end);
    if (number == NULL || number == name || digits(number + 1) != (size_t)(end - number - 1))
        return false;
    part_copy(origin->who[0], name, (size_t)(number - name));
    origin->note = mark == NULL;
    end += mark != NULL ? strlen(file) : strlen(text);
    if (!folder)
        part_copy(origin->file, end + (*end == '_'), strlen(end + (*end == '_')));
    return true;
}

/* ---- Blackboard: "Lab 1_mueller_attempt_2026-11-03-20-00-00_lab1.zip", and a .txt about the attempt ---- */

static bool blackboard_read(const char *name, bool folder, struct origin *origin)
{
    static const char mark[] = "_attempt_", format[] = "%Y-%m-%d-%H-%M-%S";
    const char *at = strstr(name, mark), *login = at != NULL ? bar_before(name, at) : NULL;

    if (folder || at == NULL)
        return false;
    login = login != NULL ? login + 1 : name;
    part_copy(origin->who[0], login, (size_t)(at - login));
    at += strlen(mark);
    origin->submitted = time_read(at, format);
    if (origin->submitted == 0)
        return false;
    at += strlen("2026-11-03-20-00-00");
    origin->note = at[0] == '.';
    part_copy(origin->file, at + (*at == '_'), strlen(at + (*at == '_')));
    return at[0] == '_' || at[0] == '.';
}

/* ---- ILIAS: a folder Last_First_login_4711, whose files have the date at which they came, or begin with it:
 * 20261103200000_lab1.zip; those that came late begin with "Late Submission - " ---- */

static bool ilias_read(const char *name, bool folder, struct origin *origin)
{
    const char *number = strrchr(name, '_');
    const char *login = number != NULL ? bar_before(name, number) : NULL;
    const char *first = login != NULL ? bar_before(name, login) : NULL;

    if (!folder || first == NULL || first == name || digits(number + 1) == 0 ||
        number[1 + digits(number + 1)] != '\0' || strncasecmp(name, "lab", 3) == 0)
        return false;
    part_copy(origin->who[0], login + 1, (size_t)(number - login - 1));
    part_copy(origin->who[1], name, (size_t)(login - name));
    return true;
}

static time_t ilias_time(const char *name, const struct stat *info)
{
    enum { DIGITS = 14 };
    char date[DIGITS + 1];

    if (digits(name) != DIGITS || name[DIGITS] != '_')
        return info->st_mtime;
    snprintf(date, sizeof date, "%.*s", (int)DIGITS, name);
    return time_read(date, "%Y%m%d%H%M%S");
}

static void ilias_inside(const char *folder, struct origin *origin)
{
    static const char *const late[] = {"Late Submission - ", "Verspaetete Abgabe - ", "Versp\u00e4tete Abgabe - "};
    DIR *files = opendir(folder);

    for (const struct dirent *entry; files != NULL && (entry = readdir(files)) != NULL;) {
        struct stat info;
        if (entry->d_name[0] == '.' || fstatat(dirfd(files), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == -1)
            continue;
        time_t came = ilias_time(entry->d_name, &info);
        origin->submitted = came > origin->submitted ? came : origin->submitted;
        for (size_t i = 0; i < sizeof late / sizeof late[0]; i++)
            origin->late = origin->late || strncasecmp(entry->d_name, late[i], strlen(late[i])) == 0;
    }
    if (files != NULL)
        closedir(files);
}

/* ---- Gradescope: folders submission_12345, told apart by submission_metadata.yml ---- */

static bool gradescope_folder(const char *name, bool folder, struct origin *origin)
{
    static const char begin[] = "submission_";

    if (!folder || strncmp(name, begin, strlen(begin)) != 0 || digits(name + strlen(begin)) == 0)
        return false;
    part_copy(origin->who[0], name, strlen(name));
    return true;
}

/* The value after "key:", without quotation marks, blanks and line's end; false: the line has another key. */
static bool yaml_value(const char *line, const char *key, char value[static ORIGIN_SIZE])
{
    line += strspn(line, " -");
    if (strncmp(line, key, strlen(key)) != 0)
        return false;
    line += strlen(key);
    line += strspn(line, " ");
    size_t length = strcspn(line, "\r\n");
    if (length >= 2 && (line[0] == '"' || line[0] == '\'') && line[length - 1] == line[0]) {
        line++;
        length -= 2;
    }
    part_copy(value, line, length);
    return true;
}

/* "2026-11-03 20:00:00.123 Z", "2026-11-03T20:00:00+01:00", "2026-11-03 20:00 UTC"; without a zone it is UTC. 0: it is
 * none. */
static time_t moment_read(const char *text)
{
    struct tm moment = {.tm_isdst = 0};
    const char *rest = strptime(text, "%Y-%m-%d", &moment);
    int hours = 0, minutes = 0;
    char sign = '+';

    rest = rest != NULL && (*rest == ' ' || *rest == 'T') ? strptime(rest + 1, "%H:%M", &moment) : NULL;
    if (rest == NULL)
        return 0;
    const char *seconds = strptime(rest, ":%S", &moment);
    rest = seconds != NULL ? seconds : rest;
    rest += strspn(rest, ".0123456789 ");
    if (*rest == '+' || *rest == '-')
        sscanf(rest, "%c%2d:%2d", &sign, &hours, &minutes);
    return timegm(&moment) - (sign == '-' ? -1 : 1) * (hours * 60 + minutes) * 60;
}

static struct origin *origin_add(struct origin_list *list, const char *folder)
{
    list->at = realloc(list->at, (list->count + 1) * sizeof *list->at);
    if (list->at == NULL)
        abort();
    memset(&list->at[list->count], 0, sizeof *list->at);
    part_copy(list->at[list->count].folder, folder, strlen(folder));
    return &list->at[list->count++].origin;
}

/* The few members that are of use, in the shape that the platform writes: a key a line, submitters begin with "-". */
static bool gradescope_beside(const char *submissions, struct origin_list *list)
{
    char path[PATH_MAX], folder[ORIGIN_SIZE] = "", value[ORIGIN_SIZE];
    struct origin *origin = NULL;

    snprintf(path, sizeof path, "%.4000s/submission_metadata.yml", submissions);
    char *text = text_read(path, NULL);
    for (const char *line = text; line != NULL && *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
        size_t length = strcspn(line, ":");
        if (strncmp(line, "submission_", strlen("submission_")) == 0) {
            part_copy(folder, line, length);
            origin = NULL;
        } else if (yaml_value(line, ":name:", value)) {
            origin = origin_add(list, folder);
            part_copy(origin->who[2], value, strlen(value));
        } else if (origin != NULL && yaml_value(line, ":sid:", value)) {
            part_copy(origin->who[0], value, strlen(value));
        } else if (origin != NULL && yaml_value(line, ":email:", value)) {
            part_copy(origin->who[1], value, strlen(value));
        } else if (strncmp(line, "  :created_at:", strlen("  :created_at:")) == 0 &&
                   yaml_value(line, ":created_at:", value)) {
            for (size_t i = 0; i < list->count; i++)
                if (strcmp(list->at[i].folder, folder) == 0)
                    list->at[i].origin.submitted = moment_read(value);
        }
    }
    free(text);
    return list->count > 0;
}

/* ---- GitHub Classroom: folders lab1-octocat in lab1-submissions ---- */

static bool classroom_read(const char *name, bool folder, struct origin *origin)
{
    const char *login = strchr(name, '-');

    if (!folder || login == NULL || login == name || login[1] == '\0')
        return false;
    part_copy(origin->who[0], login + 1, strlen(login + 1)); /* collect.c takes away what all names begin with */
    return true;
}

static const char *classroom_cell(const json_t *row, const json_t *columns, const char *name)
{
    size_t i;
    json_t *column;

    json_array_foreach (columns, i, column) {
        const char *text = json_string_value(json_array_get(row, i));
        if (strcasecmp(json_string_value(column), name) == 0 && text != NULL)
            return text;
    }
    return "";
}

static bool classroom_table(const char *path, struct origin_list *list)
{
    json_t *rows = access(path, R_OK) == 0 ? roster_rows(path) : NULL, *row;
    const json_t *columns = json_array_get(rows, 0);
    size_t i;

    json_array_foreach (rows, i, row) {
        const char *folder = classroom_cell(row, columns, "student_repository_name");
        const char *id = classroom_cell(row, columns, "roster_identifier");
        const char *login = classroom_cell(row, columns, "github_username");
        if (i == 0 || folder[0] == '\0' || login[0] == '\0')
            continue;
        struct origin *origin = origin_add(list, folder);
        part_copy(origin->who[0], id[0] != '\0' ? id : login, strlen(id[0] != '\0' ? id : login));
        part_copy(origin->who[1], login, strlen(login));
        origin->submitted = moment_read(classroom_cell(row, columns, "submission_timestamp"));
    }
    json_decref(rows);
    return list->count > 0;
}

/* grades.csv, which Classroom and `gh classroom assignment-grades` write, among the folders or beside theirs. */
static bool classroom_beside(const char *folder, struct origin_list *list)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%.4000s/grades.csv", folder);
    if (classroom_table(path, list))
        return true;
    snprintf(path, sizeof path, "%.4000s/../grades.csv", folder);
    return classroom_table(path, list);
}

/* ---- All ---- */

const struct platform platforms[] = {
    {.name = "Gradescope",
     .read = gradescope_folder,
     .every = true,
     .mark = "submission_metadata.yml",
     .beside = gradescope_beside},
    {.name = "Moodle", .read = moodle_read},
    {.name = "Blackboard", .read = blackboard_read},
    {.name = "Canvas", .read = canvas_read, .every = true},
    {.name = "ILIAS", .read = ilias_read, .every = true, .inside = ilias_inside},
    {.name = "GitHub Classroom", .read = classroom_read, .every = true, .mark = ".git", .beside = classroom_beside},
    {.name = NULL},
};

bool platform_is_own(const char *name)
{
    static const char *const own[] = {
        "submission_metadata.yml", "status.csv", "status.xlsx", "status.xls", "README.md", "grades.csv",
        "classroom_roster.csv",    "index.html", "Thumbs.db",   "desktop.ini"};

    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strcasecmp(own[i], name) == 0)
            return true;
    return name[0] == '.';
}
