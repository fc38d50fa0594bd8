/* See roster.h. */
#define _GNU_SOURCE
#include "roster.h"

#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fold.h"
#include "shmlab/error.h"
#include "text.h"

/* ---- Encodings ---- */

/* NULL with errno. To be freed. */
static char *text_convert(const char *bytes, size_t size, const char *from)
{
    iconv_t converter = iconv_open("UTF-8", from);
    size_t room = 4 * size + 1, left = room - 1;
    char *text = malloc(room), *to = text, *at = (char *)bytes; /* iconv does not write to it */

    if (text == NULL || converter == (iconv_t)-1)
        abort();
    size_t wrong = iconv(converter, &at, &size, &to, &left);
    int cause = errno;
    iconv_close(converter);
    *to = '\0';
    if (wrong != (size_t)-1)
        return text;
    free(text);
    errno = cause;
    return NULL;
}

/* UTF-16 begins with a mark, or has its NULs where Latin letters have them. */
static const char *encoding_of(const char *bytes, size_t size)
{
    if (size >= 2 && memcmp(bytes, "\xFF\xFE", 2) == 0)
        return "UTF-16"; /* with its mark */
    if (size >= 2 && memcmp(bytes, "\xFE\xFF", 2) == 0)
        return "UTF-16";
    if (size >= 2 && bytes[0] != '\0' && bytes[1] == '\0')
        return "UTF-16LE";
    if (size >= 2 && bytes[0] == '\0' && bytes[1] != '\0')
        return "UTF-16BE";
    return memchr(bytes, '\0', size) == NULL && text_is_utf8(bytes) ? NULL : "CP1252";
}

/* The file as UTF-8 without a mark; NULL after a message. To be freed. */
static char *table_read(const char *path)
{
    size_t size = 0;
    char *bytes = text_read(path, &size);

    if (bytes == NULL) {
        error_report_errno("name the class list with --roster", "%s", path);
        return NULL;
    }
    const char *from = encoding_of(bytes, size);
    char *text = from != NULL ? text_convert(bytes, size, from) : strdup(bytes);
    if (text == NULL)
        error_report("save it as UTF-8 (\"CSV UTF-8\" in a spreadsheet)",
                     "%s: neither UTF-8 nor UTF-16 nor code page 1252", path);
    else if (from != NULL && strcmp(from, "CP1252") == 0)
        fprintf(stderr, "grader: %s: no UTF-8, read as Windows' code page 1252: look at the names\n", path);
    free(bytes);
    if (text != NULL && strncmp(text, "\xEF\xBB\xBF", 3) == 0)
        memmove(text, text + 3, strlen(text + 3) + 1);
    return text;
}

/* ---- Lines and fields ---- */

struct table {
    const char *path, *at;
    char separator;
    int line; /* of `at`, from 1 */
    bool wrong;
};

static void table_refuse(struct table *table, int line, const char *why)
{
    if (!table->wrong)
        error_report("correct the file, or export it again", "%s, line %d: %s", table->path, line, why);
    table->wrong = true;
}

/* LF, CR LF and CR are one line's end. */
static void line_end(struct table *table)
{
    if (*table->at == '\r' && table->at[1] == '\n')
        table->at++;
    if (*table->at != '\0') {
        table->at++;
        table->line++;
    }
}

static bool at_end(const struct table *table)
{
    return *table->at == '\0' || *table->at == '\n' || *table->at == '\r' || *table->at == table->separator;
}

static void quoted_read(struct table *table, FILE *out)
{
    int first = table->line;

    for (table->at++; *table->at != '\0'; table->at++) {
        if (*table->at == '"' && table->at[1] != '"')
            break;
        table->at += *table->at == '"';
        table->line += *table->at == '\n' || (*table->at == '\r' && table->at[1] != '\n');
        fputc(*table->at, out);
    }
    if (*table->at == '\0') {
        table_refuse(table, first, "the quotation mark that opens here is never closed");
        return;
    }
    table->at++;
    table->at += strspn(table->at, table->separator == '\t' ? " " : " \t");
    if (!at_end(table))
        table_refuse(table, first, "text after a closing quotation mark: is one missing before it?");
}

static json_t *field_read(struct table *table)
{
    char *field = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&field, &size);

    if (out == NULL)
        abort();
    table->at += strspn(table->at, table->separator == '\t' ? " " : " \t");
    if (*table->at == '"')
        quoted_read(table, out);
    for (; !table->wrong && !at_end(table); table->at++)
        fputc(*table->at, out);
    if (fclose(out) != 0)
        abort();
    char *plain = text_plain_line(field);
    for (size_t length = strlen(plain); length > 0 && plain[length - 1] == ' ';)
        plain[--length] = '\0';
    json_t *text = json_string(plain);
    free(plain);
    free(field);
    return text;
}

/* One line. To be released. */
static json_t *fields_read(struct table *table)
{
    json_t *fields = json_array();
    bool more = true;

    while (more && !table->wrong) {
        json_array_append_new(fields, field_read(table));
        more = *table->at == table->separator && !table->wrong;
        table->at += more;
    }
    line_end(table);
    return fields;
}

/* Which character parts the columns? The one that the first line has most of. */
static char separator_of(const char *text)
{
    static const char separators[] = ",;\t";
    size_t length = strcspn(text, "\r\n"), most = 0;
    char best = ',';

    for (const char *each = separators; *each != '\0'; each++) {
        size_t count = 0;
        bool quoted = false;
        for (size_t i = 0; i < length; i++) {
            quoted ^= text[i] == '"';
            count += !quoted && text[i] == *each;
        }
        if (count > most) {
            most = count;
            best = *each;
        }
    }
    return best;
}

/* ---- Columns ---- */

/* What the columns are called where classes are kept; the first that is there counts. Folded. */
static const struct {
    const char *member;
    const char *names[10];
} meanings[] = {
    {"id",
     {"id", "student id", "id number", "sis user id", "sid", "student number", "matriculation number", "identifier",
      "matrikelnummer", "username"}},
    {"login", {"login", "sis login id", "username", "user name", "github username", "benutzername"}},
    {"name", {"name", "full name", "student", "student name", "display name", "participant"}},
    {"first", {"first name", "given name", "firstname", "vorname"}},
    {"last", {"last name", "surname", "family name", "lastname", "nachname"}},
    {"email", {"email", "email address", "e mail", "mail", "e mail address", "e mail adresse"}},
    {"section", {"section", "sections", "group", "groups"}},
};
enum { MEANINGS = sizeof meanings / sizeof meanings[0], NAMES = 10 };

/* Which column is it? -1: none. */
static int column_find(const json_t *columns, size_t meaning)
{
    for (size_t n = 0; n < NAMES && meanings[meaning].names[n] != NULL; n++) {
        size_t i;
        json_t *column;
        json_array_foreach (columns, i, column) {
            char *folded = fold_words(json_string_value(column), false);
            bool same = strcmp(folded, meanings[meaning].names[n]) == 0;
            free(folded);
            if (same)
                return (int)i;
        }
    }
    return -1;
}

static const char *cell(const json_t *fields, int column)
{
    const char *text = column >= 0 ? json_string_value(json_array_get(fields, (size_t)column)) : NULL;

    return text != NULL ? text : "";
}

static json_t *student_of(const json_t *columns, json_t *fields)
{
    json_t *student = json_object();
    char *whole;

    for (size_t m = 0; m < MEANINGS; m++) {
        const char *text = cell(fields, column_find(columns, m));
        if (text[0] != '\0')
            json_object_set_new(student, meanings[m].member, json_string(text));
    }
    const char *first = json_string_value(json_object_get(student, "first"));
    const char *last = json_string_value(json_object_get(student, "last"));
    if (json_object_get(student, "name") == NULL && (first != NULL || last != NULL)) {
        if (asprintf(&whole, "%s%s%s", first != NULL ? first : "", first != NULL && last != NULL ? " " : "",
                     last != NULL ? last : "") == -1)
            abort();
        json_object_set_new(student, "name", json_string(whole));
        free(whole);
    }
    json_object_del(student, "first");
    json_object_del(student, "last");
    while (json_array_size(fields) < json_array_size(columns))
        json_array_append_new(fields, json_string(""));
    json_object_set(student, "row", fields);
    return student;
}

static bool fields_are_empty(const json_t *fields)
{
    size_t i;
    json_t *field;

    json_array_foreach (fields, i, field)
        if (json_string_value(field)[0] != '\0')
            return false;
    return true;
}

/* ---- The whole ---- */

static const char *student_text(const json_t *student, const char *key)
{
    const char *text = json_string_value(json_object_get(student, key));

    return text != NULL ? text : "";
}

static void student_add(struct table *table, struct roster *roster, json_t *fields, int line)
{
    json_t *student = student_of(roster->columns, fields), *each;
    const char *id = student_text(student, "id");
    char why[256];
    size_t i;

    if (json_array_size(fields) > json_array_size(roster->columns)) {
        snprintf(why, sizeof why,
                 "%zu fields, and the first line names %zu: is a name with a comma not in quotation marks?",
                 json_array_size(fields), json_array_size(roster->columns));
        table_refuse(table, line, why);
    } else if (id[0] == '\0') { /* "Points Possible", a test student: rows that platforms add */
        fprintf(stderr, "grader: %s, line %d: no id: left out\n", table->path, line);
    } else {
        json_array_foreach (roster->students, i, each)
            if (strcasecmp(student_text(each, "id"), id) == 0) {
                snprintf(why, sizeof why, "the id %.100s is there twice, first as %.100s", id,
                         student_text(each, "name"));
                table_refuse(table, line, why);
            }
        json_array_append(roster->students, student);
    }
    json_decref(student);
}

/* Before the first line. */
static void table_begin(struct table *table)
{
    if (strncasecmp(table->at, "sep=", 4) == 0) { /* for spreadsheets */
        char named = table->at[4];
        table->at += strcspn(table->at, "\r\n");
        line_end(table);
        /* the end of the line or of the file, say, parts no columns */
        table->separator =
            named == '\t' || (ispunct((unsigned char)named) && named != '"') ? named : separator_of(table->at);
    } else {
        table->separator = separator_of(table->at);
    }
}

static void table_take(struct table *table, struct roster *roster)
{
    table_begin(table);
    roster->columns = fields_read(table);
    if (!table->wrong && column_find(roster->columns, 0) == -1)
        table_refuse(table, 1,
                     "no column is called id (or Student ID, ID number, SIS User ID, Username): the first line "
                     "names the columns, id,name,email,section");
    while (*table->at != '\0' && !table->wrong) {
        int line = table->line;
        json_t *fields = fields_read(table);
        if (!table->wrong && !fields_are_empty(fields))
            student_add(table, roster, fields, line);
        json_decref(fields);
    }
    if (json_array_size(roster->students) == 0)
        table_refuse(table, table->line, "there is no student in it");
}

bool roster_read(const char *path, struct roster *roster)
{
    char *text = table_read(path);
    struct table table = {.path = path, .at = text, .line = 1};

    *roster = (struct roster){.students = json_array()};
    if (text == NULL)
        table.wrong = true;
    else
        table_take(&table, roster);
    free(text);
    if (table.wrong)
        roster_free(roster);
    return !table.wrong;
}

json_t *roster_rows(const char *path)
{
    char *text = table_read(path);
    struct table table = {.path = path, .at = text, .line = 1, .wrong = text == NULL};
    json_t *rows = json_array();

    if (!table.wrong)
        table_begin(&table);
    while (!table.wrong && *table.at != '\0')
        json_array_append_new(rows, fields_read(&table));
    free(text);
    if (!table.wrong)
        return rows;
    json_decref(rows);
    return NULL;
}

void roster_free(struct roster *roster)
{
    json_decref(roster->columns);
    json_decref(roster->students);
    *roster = (struct roster){0};
}

/* ---- Who is it? ---- */

static bool is_id(const json_t *student, const char *who)
{
    return strcasecmp(student_text(student, "id"), who) == 0;
}

static bool is_address(const json_t *student, const char *who)
{
    const char *email = student_text(student, "email");
    size_t length = strlen(who);

    if (length == 0)
        return false;
    return strcasecmp(student_text(student, "login"), who) == 0 ||
           (strncasecmp(email, who, length) == 0 && (email[length] == '@' || email[length] == '\0'));
}

static bool is_name(const json_t *student, const char *who)
{
    return fold_same_person(student_text(student, "name"), who);
}

struct roster_match roster_match(const json_t *students, const char *who)
{
    static bool (*const ways[])(const json_t *student, const char *who) = {is_id, is_address, is_name};
    struct roster_match match = {.student = NULL};

    for (size_t way = 0; way < sizeof ways / sizeof ways[0] && match.student == NULL; way++) {
        size_t i;
        json_t *student;
        json_array_foreach (students, i, student) {
            if (!ways[way](student, who))
                continue;
            if (match.student != NULL)
                return (struct roster_match){.other = match.student, .doubt = student};
            match.student = student;
        }
    }
    return match;
}

char *roster_person(const json_t *student)
{
    const char *name = student_text(student, "name");
    char *text;

    if (asprintf(&text, name[0] != '\0' ? "%s (%s)" : "%s", student_text(student, "id"), name) == -1)
        abort();
    return text;
}
