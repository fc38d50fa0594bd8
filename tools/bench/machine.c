/* The machine in words: see machine.h. BENCH_FLAGS, BENCH_PYTHON_VERSION and BENCH_VERSION come from CMake. */
#include "machine.h"

#include <gnu/libc-version.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static void cpu_model(char text[MACHINE_TEXT])
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[2 * MACHINE_TEXT];

    snprintf(text, MACHINE_TEXT, "unknown");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "model name", strlen("model name")) == 0) {
            const char *value = strchr(line, ':');
            snprintf(text, MACHINE_TEXT, "%.*s", MACHINE_TEXT - 1, value != NULL ? value + 2 : line);
            text[strcspn(text, "\n")] = '\0';
            break;
        }
    if (file != NULL)
        fclose(file);
}

/* x86 says so itself, by a CPUID bit that every hypervisor sets; elsewhere nobody is asked. */
static bool hypervisor_seen(void)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    static char line[8 * MACHINE_TEXT]; /* the flags are one long line */
    bool seen = false;

    while (!seen && file != NULL && fgets(line, sizeof line, file) != NULL)
        seen = strstr(line, " hypervisor") != NULL;
    if (file != NULL)
        fclose(file);
    return seen;
}

void machine_describe(struct machine *machine)
{
    struct utsname name;
    time_t now = time(NULL);
    struct tm utc;

    strftime(machine->date, sizeof machine->date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    cpu_model(machine->cpu);
    machine->is_virtual = hypervisor_seen();
    machine->cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
    bool known = uname(&name) == 0;
    snprintf(machine->kernel, MACHINE_TEXT, "%s %s %s", known ? name.sysname : "unknown", known ? name.release : "",
             known ? name.machine : "");
#ifdef __clang__
    snprintf(machine->compiler, MACHINE_TEXT, "%s", __VERSION__);
#else
    snprintf(machine->compiler, MACHINE_TEXT, "gcc %s", __VERSION__);
#endif
    snprintf(machine->flags, MACHINE_TEXT, "%s", BENCH_FLAGS);
    snprintf(machine->libc, MACHINE_TEXT, "glibc %s", gnu_get_libc_version());
    snprintf(machine->python, MACHINE_TEXT, "Python %s", BENCH_PYTHON_VERSION);
    snprintf(machine->version, MACHINE_TEXT, "shmlab %s", BENCH_VERSION);
}
