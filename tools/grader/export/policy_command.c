/*
 * grader policy: is a policy file right, and what does it mean?
 *
 *     grader policy --check policy.json [RESULTS]
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "grader.h"
#include "policy.h"
#include "shmlab/options.h"

struct options {
    const char *policy, *results;
};

static error_t option_parse(int key, char *text, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'c':
        options->policy = text;
        return 0;
    case ARGP_KEY_ARG:
        options_argument(state, &options->results, text);
        return 0;
    case ARGP_KEY_END:
        if (options->policy == NULL)
            argp_error(state, "--check which file?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_list[] = {
    {"check", 'c', "FILE", 0, "The policy file to check and to explain", 0},
    {0},
};

/* Exit status: 1 when the policy speaks of students whom the class does not know. */
static int strangers_report(const struct policy *policy, const char *folder)
{
    struct class_results results;

    if (!class_read(&results, folder, NULL))
        return EXIT_FAILURE;
    int strangers = policy_strangers(policy, &results);
    class_release(&results);
    return strangers == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int grader_policy(int argc, char **argv)
{
    static const struct argp argp = {
        .options = option_list,
        .parser = option_parse,
        .args_doc = "[RESULTS]",
        .doc = "Check a file of due dates, late days and penalties, and say what it means.\v"
               "With RESULTS also: does the class know every student that the file names? The policy is applied by "
               "`grader export --policy FILE`; tools/grader/exports.md describes the file.",
    };
    struct options options = {0};

    options_parse(&argp, argc, argv, &options);
    struct policy *policy = policy_read(options.policy);
    if (policy == NULL)
        return EXIT_FAILURE;
    policy_explain(policy, stdout);
    int status = options.results != NULL ? strangers_report(policy, options.results) : EXIT_SUCCESS;
    policy_free(policy);
    return status;
}
