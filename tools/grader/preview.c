/* grader grade --dry-run: whose is what, and what of it would be graded. Nothing is written, nothing is run. */
#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "grader.h"
#include "preview.h"
#include "roster.h"
#include "verdict.h"

static void sentences_print(const json_t *sentences)
{
    size_t i;
    json_t *sentence;

    json_array_foreach (sentences, i, sentence)
        printf("      %s\n", json_string_value(sentence));
}

static void entry_person(const struct collected_entry *entry, const struct class_order *order)
{
    char *one = entry->match.student != NULL ? roster_person(entry->match.student)
                : entry->match.other != NULL ? roster_person(entry->match.other)
                                             : NULL;
    char *other = entry->match.doubt != NULL ? roster_person(entry->match.doubt) : NULL;

    printf("%s", entry->name);
    if (other != NULL)
        printf(": whose is it? %s or %s", one, other);
    else if (one != NULL)
        printf(": %s", one);
    else if (order->roster != NULL)
        printf(": nobody in the roster");
    putchar('\n');
    free(one);
    free(other);
}

static void attempt_print(const struct class_order *order, const struct collected_attempt *attempt)
{
    char room[PATH_MAX], tree[PATH_MAX], date[32];
    struct intake intake;
    struct tm local;

    snprintf(room, sizeof room, "%s/preview", order->room);
    bool good = room_furnish(room, tree) && intake_take(&(struct intake_order){.parts = attempt->parts,
                                                                               .part_count = attempt->part_count,
                                                                               .labs = order->labs,
                                                                               .tree = tree,
                                                                               .isolation = order->isolation},
                                                        &intake);
    if (good) {
        printf("   ");
        for (int i = 0; i < LABS_MAX && judge_labs[i] != NULL; i++)
            if (order->labs[i])
                printf(" lab%d: %d file%s;", lab_number(judge_labs[i]), intake.lab[i].files,
                       intake.lab[i].files == 1 ? "" : "s");
        if (attempt->submitted > 0 && localtime_r(&attempt->submitted, &local) != NULL &&
            strftime(date, sizeof date, "%Y-%m-%d %H:%M", &local) > 0)
            printf(" handed in %s;", date);
        printf("%s%s\n", attempt->late ? " late;" : "", intake.refused ? " refused" : "");
        sentences_print(intake.notes);
        sentences_print(intake.refusals);
        intake_free(&intake);
    }
    folder_remove(room);
}

void preview(const struct class_order *order, const struct collection *collection)
{
    for (size_t i = 0; i < collection->count; i++) {
        entry_person(&collection->entries[i], order);
        for (size_t j = 0; j < collection->entries[i].count; j++)
            attempt_print(order, &collection->entries[i].attempts[j]);
    }
}
