/* The policy of lateness, which an instructor writes by hand. */
#include "fuzz.h"
#include "policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct policy *policy = policy_read(fuzz_file(data, size));
    struct class_results results = {.folder = "results"};

    if (policy == NULL)
        return 0;
    results.class = json_pack("{s:s}", "schema", "shmlab-class/1");
    results.submissions =
        json_pack("[{s:s, s:s, s:i, s:i, s:[{s:s, s:i, s:i, s:i, s:i, s:[]}]}]", "name", "ada", "submitted",
                  "2026-03-01T12:00:00Z", "points", 80, "points_max", 100, "labs", "lab", "lab1_layout", "points", 80,
                  "points_max", 100, "challenge_points", 0, "challenge_points_max", 0, "checks");
    fuzz_require(results.class != NULL && results.submissions != NULL, "there is memory");
    policy_explain(policy, fuzz_nowhere());
    policy_apply(policy, &results);
    policy_strangers(policy, &results);
    json_decref(results.class);
    json_decref(results.submissions);
    policy_free(policy);
    return 0;
}
