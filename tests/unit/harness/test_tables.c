/* Every lab's table of checks: points that add up to 100, nothing left empty, needs that exist. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the above first */
#include <cmocka.h>
#include <string.h>

#include "judge.h"

static void points_add_up(void **state)
{
    (void)state;
    for (const struct lab *const *lab = judge_labs; *lab != NULL; lab++) {
        int sum = 0;
        for (size_t i = 0; i < (*lab)->case_count; i++)
            sum += (*lab)->cases[i].challenge ? 0 : (*lab)->cases[i].points;
        if (sum != 100)
            fail_msg("%s: the points add up to %d", (*lab)->name, sum);
    }
}

static void text_is_there(const struct lab *lab, const struct check_case *check, const char *what, const char *text)
{
    if (text == NULL || text[0] == '\0')
        fail_msg("%s: %s has no %s", lab->name, check->name, what);
}

static void everything_is_said(void **state)
{
    (void)state;
    for (const struct lab *const *lab = judge_labs; *lab != NULL; lab++) {
        assert_true((*lab)->title[0] != '\0');
        assert_non_null((*lab)->files[0]);
        for (size_t i = 0; i < (*lab)->case_count; i++) {
            const struct check_case *check = &(*lab)->cases[i];
            text_is_there(*lab, check, "title", check->title);
            text_is_there(*lab, check, "concept", check->concept);
            for (size_t h = 0; h < CHECK_HINTS; h++)
                text_is_there(*lab, check, "third hint, or second, or first", check->hints[h]);
            if (check->title[strlen(check->title) - 1] == '.')
                fail_msg("%s: the title of %s ends with a full stop", (*lab)->name, check->name);
            assert_true(check->visibility == CHECK_INSTRUCTOR || check->run != NULL);
            assert_ptr_equal(judge_case(*lab, check->name), check); /* no name twice */
        }
    }
}

/* A check that needs a later one would wait forever. */
static void needs_are_earlier_checks(void **state)
{
    (void)state;
    for (const struct lab *const *lab = judge_labs; *lab != NULL; lab++)
        for (size_t i = 0; i < (*lab)->case_count; i++)
            for (size_t n = 0; n < CHECK_NEEDS && (*lab)->cases[i].needs[n] != NULL; n++) {
                const struct check_case *need = judge_case(*lab, (*lab)->cases[i].needs[n]);
                if (need == NULL || need >= &(*lab)->cases[i])
                    fail_msg("%s: %s needs %s, which does not come before it", (*lab)->name, (*lab)->cases[i].name,
                             (*lab)->cases[i].needs[n]);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_add_up),
        cmocka_unit_test(everything_is_said),
        cmocka_unit_test(needs_are_earlier_checks),
    };
    return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
