#!/usr/bin/env python3
"""Programs as people write them elsewhere: what weave cannot judge it says, what it can it does, and nobody is blamed for
weave's own limits. Each test writes its own small programs."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import unittest
from pathlib import Path
from typing import Any, Optional

from weave_cases import WEAVE, WeaveCase

HEAD = """
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>
static inline void *shared(size_t size)
{
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}
"""


class Wild(WeaveCase):
    def program(self, name: str, body: str, *flags: str, compiler: str = "gcc", head: str = HEAD) -> str:
        """The binary of a program with that text."""
        source, binary = self.folder / f"{name}.c", self.folder / name
        source.write_text(head + body, encoding="utf-8")
        run = self.weave("cc", f"--compiler={compiler}", "-O0", "-w", *flags, str(source), "-o", str(binary))
        self.assertEqual(run.returncode, 0, run.stdout)
        return str(binary)

    def main(self, name: str, body: str, *options: str) -> dict[str, Any]:
        """What weave reports of a program whose main() has this body."""
        binary = self.program(name, "int main(int argc, char **argv)\n{\n" + body + "\n}\n")
        return self.report(*options, "--", binary)

    def assert_verdict(self, report: dict[str, Any], verdict: str, cause: Optional[str] = None) -> None:
        self.assertEqual(report["verdict"], verdict, report["text"])
        self.assertEqual(report["status"], {"passed": 0, "failed": 1, "unable": 3}[verdict], report["text"])
        if cause is not None:
            self.assertEqual(self.causes(report)[:1], [cause], report["text"])

    # ---- children count ----

    def test_a_child_that_dies_of_a_signal_counts(self) -> None:
        for how in ("assert(*n == 3)", "abort()", "*(volatile int *)8 = 1", "raise(SIGTERM)"):
            with self.subTest(how):
                for wait in ("wait(NULL);", ""):
                    body = f"atomic_int *n = shared(64); if (fork() == 0) {{ ++*n; {how}; _exit(0); }} ++*n; {wait} return 0;"
                    report = self.main("dies", body)
                    self.assert_verdict(report, "failed", "crash")
                    self.assertIn("dies (2) was killed by signal", report["findings"][0]["headline"])

    def test_a_child_that_only_some_orders_kill_is_found(self) -> None:
        body = """struct { atomic_int count, done; } *b = shared(64);
            for (int i = 0; i < 2; i++)
                if (fork() == 0) {
                    int seen = b->count;
                    b->count = seen + 1;
                    if (atomic_fetch_add(&b->done, 1) == 1) assert(b->count == 2);
                    _exit(0);
                }
            while (wait(NULL) > 0) ;
            return 0;"""
        self.assert_verdict(self.main("lost", body), "failed", "crash")

    def test_a_child_that_is_told_to_die_does_not_count(self) -> None:
        body = "int *n = shared(64); pid_t c = fork(); if (c == 0) for (;;) pause(); kill(c, SIGKILL); wait(NULL); return 0;"
        self.assert_verdict(self.main("told", body), "passed")

    def test_the_status_of_a_child_counts_when_asked_for(self) -> None:
        body = "int *n = shared(64); if (fork() == 0) _exit(4); wait(NULL); return 0;"
        self.assert_verdict(self.main("status", body), "passed")
        self.assert_verdict(self.main("status", body, "--expect-exit", "2:4"), "passed")
        self.assert_verdict(self.main("status", body, "--expect-exit", "2:0"), "failed", "exit-status")

    # ---- not judged is not failed ----

    def test_threads_are_not_judged(self) -> None:
        thread = "static void *p(void *n) { ++*(int *)n; return NULL; } static int c(void *n) { ++*(int *)n; return 0; }\n"
        for call in ("pthread_t t; pthread_create(&t, NULL, p, n);", "thrd_t t; thrd_create(&t, c, n);"):
            binary = self.program("thread", thread + "int main(void) { int *n = shared(64); " + call + "\n return 0; }\n")
            report = self.report("--", binary)
            self.assert_verdict(report, "unable")
            self.assertRegex(report["error"], r"^not judged: starts threads with \w+_create at thread\.c:\d+")

    def test_atomics_of_many_bytes_are_not_judged(self) -> None:
        """Compilers call a library for them, which no callbacks watch; on memory of its own a process may use them."""
        source = """__extension__ typedef __int128 wide;
            struct three { int part[3]; };
            static int own(void)
            {
                _Atomic wide n = 1;
                wide expected = 9;
                _Atomic struct three t;
                t = (struct three){{1, 2, 3}};
                struct three seen = t;
                return atomic_compare_exchange_strong(&n, &expected, 2) || expected != 1 ||
                       !atomic_compare_exchange_strong(&n, &expected, 7) || atomic_fetch_add(&n, (wide)5) != 7 ||
                       atomic_fetch_sub(&n, (wide)2) != 12 || atomic_fetch_or(&n, (wide)5) != 10 ||
                       atomic_fetch_and(&n, (wide)12) != 15 || atomic_fetch_xor(&n, (wide)1) != 12 ||
                       atomic_exchange(&n, (wide)3) != 13 || n != 3 || seen.part[2] != 3;
            }
            int main(int argc, char **argv)
            {
                _Atomic wide *n = shared(64);
                _Atomic struct three *t = shared(64);
                wide expected = 0;
                switch (argc > 1 ? argv[1][0] : 0) {
                case 'l': return atomic_load(n) != 0;
                case 's': atomic_store(n, (wide)1); break;
                case 'x': atomic_exchange(n, (wide)1); break;
                case 'c': atomic_compare_exchange_strong(n, &expected, 1); break;
                case 'a': atomic_fetch_add(n, (wide)1); break;
                case 't': *t = (struct three){{1, 2, 3}}; break;
                default: return own();
                }
                return 0;
            }
            """
        for compiler, *flags in (("gcc",), ("gcc", "-mcx16"), ("clang",), ("clang", "-mcx16"), ("clang", "-latomic")):
            if not shutil.which(compiler) or ("-mcx16" in flags and platform.machine() != "x86_64"):
                continue
            binary = self.program("many", source, *flags, compiler=compiler)
            with self.subTest(compiler, flags=flags):
                self.assert_verdict(self.report("--", binary), "passed")
            for how in "lsxcat":
                with self.subTest(compiler, flags=flags, how=how):
                    report = self.report("--", binary, how)
                    self.assert_verdict(report, "unable")
                    self.assertRegex(report["error"], r"^not judged: uses an atomic object of 1[26] bytes at many\.c:\d+")

    def test_a_run_without_an_end_is_not_passed(self) -> None:
        body = "atomic_int *n = shared(64); for (;;) *n = 0; return 0;"
        report = self.main("endless", body, "--time-limit", "0.3", "--max-steps", "2000000000")
        self.assert_verdict(report, "unable")
        self.assertIn("no run came to its end within 0.3 s", report["error"])

    def test_programs_that_share_nothing_are_told(self) -> None:
        body = "int f = shm_open(argv[1], O_CREAT | O_RDWR, 0600); ftruncate(f, 64);" \
            "int *n = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0); ++*n; return 0;"
        binary = self.program("apart", "int main(int argc, char **argv) { " + body + " }\n")
        report = self.report("--", binary, "/one", "--", binary, "/other")
        self.assert_verdict(report, "passed")
        self.assertRegex(report["notes"][0], "no two processes touched the same memory")
        self.assertIn(report["notes"][0], report["text"])
        self.assert_verdict(self.report("--", binary, "/one", "--", binary, "/one"), "failed", "no-lock")

    # ---- what library functions do to shared memory ----

    CALLS = """atoi(s)|atol(s)|atoll(s)|atof(s)|strtol(s, NULL, 10)|strtoul(s, NULL, 0)|strtoll(s, NULL, 10)|strtod(s, NULL)
        strtol("7", (char **)s, 10)|strtok(s, ",")|strtok_r(s, ",", &t)|strsep(&s, ",")|strdup(s)|strndup(s, 3)
        strcasecmp(s, l)|strncasecmp(s, l, 2)|strcoll(s, l)|strverscmp(s, l)|strpbrk(s, "z")|strspn(s, "1")|strcspn(s, "z")
        strcasestr(s, "q")|memmem(s, 9, "z", 1)|memrchr(s, 'z', 9)|memccpy(s, l, 'o', 9)|bcopy(l, s, 9)|bcmp(l, s, 9)
        swab(l, s, 4)|wmemcpy((wchar_t *)s, L"abc", 3)|wcslen((wchar_t *)(s + 64))|qsort(s, 4, 4, order)|getrandom(s, 8, 0)
        sscanf(s, "%d", &z)|sscanf("7 x", "%d", (int *)s)|sscanf("7 abc", "%*d %3[a-c]", s)|sscanf("12", "%hhd", s)
        fscanf(text, "%9s", s)|fgets(s, 20, text)|getline((char **)(s + 128), (size_t *)(s + 160), text)
        pread(in, s, 9, 0)|pwrite(out, s, 9, 0)|readv(in, &v, 1)|writev(out, &v, 1)|send(ends[1], s, 3, MSG_NOSIGNAL)
        recv((send(ends[1], l, 3, 0), ends[0]), s, 3, MSG_DONTWAIT)|pipe((int *)s)|asprintf(&t, "%s", s)|perror(s)
        time((time_t *)s)|gettimeofday((struct timeval *)s, NULL)|clock_gettime(CLOCK_REALTIME, (struct timespec *)s)
        gmtime_r(&(time_t){0}, (struct tm *)s)|localtime_r((time_t *)s, &(struct tm){0})|ctime_r(&(time_t){0}, s)
        asctime_r(&(struct tm){.tm_mday = 1}, s)|strftime(s, 20, "%Y", &(struct tm){0})|mktime((struct tm *)(s + 64))
        nanosleep((struct timespec *)(s + 128), NULL)|stat("/", (struct stat *)s)|lstat("/", (struct stat *)s)
        fstat(in, (struct stat *)s)|getcwd(s, 99)|realpath("/", s)|readlink("/proc/self", s, 9)|open(s, O_RDONLY)|fopen(s, "r")
        access(s, R_OK)|unlink(s)|strerror_r(1, s, 20)|uname((struct utsname *)s)|gethostname(s, 20)|setenv("X", s, 1)|putenv(s)
        inet_pton(AF_INET, "1.2.3.4", s)|inet_ntop(AF_INET, s, l, 99)|getrusage(RUSAGE_SELF, (struct rusage *)s)
        getsockopt(ends[0], SOL_SOCKET, SO_TYPE, s, &(socklen_t){4})|poll((struct pollfd *)s, 1, 0)
        waitpid(-1, (int *)s, WNOHANG)"""

    def test_what_a_library_function_touches_counts(self) -> None:
        calls = [call.strip() for line in self.CALLS.splitlines() for call in line.split("|") if call.strip()]
        self.assertGreater(len(calls), 70)
        more = ("arpa/inet.h", "poll.h", "strings.h", "wchar.h") + tuple(
            f"sys/{name}.h" for name in ("random", "resource", "socket", "stat", "time", "uio", "utsname")
        )
        head = HEAD + "".join(f"#include <{name}>\n" for name in more)
        body = """static int order(const void *one, const void *other) { (void)one, (void)other; return 0; }
            int main(int argc, char **argv)
            {
                char *s = shared(4096), l[4096] = "one,two", *t;
                int z, ends[2], in = open("/dev/zero", O_RDONLY), out = open("/dev/null", O_WRONLY);
                FILE *text = fopen("/etc/passwd", "r");
                strcpy(s, "12,34");
                struct iovec v = {s, 8};
                socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
                if (fork() == 0) { for (int i = 0; i < 256; i++) s[i] = 0; _exit(0); }
                switch (atoi(argv[1])) {
            """
        silent = ("bcopy", "swab", "qsort", "perror")  # return nothing; a result that nobody uses may be computed by nobody
        for number, call in enumerate(calls):
            body += f"case {number}: {call if call.startswith(silent) else f'(void)!({call})'}; break;\n"
        binary = self.program("calls", body + "}\nwait(NULL); return 0; }\n", "-D_FILE_OFFSET_BITS=64", head=head)
        missed = []
        for number, call in enumerate(calls):
            run = self.weave("-q", "--", binary, str(number))
            if run.returncode != 1 or "FAILED race" not in run.stdout:
                missed.append(f"{call}: {run.stdout.strip()}")
        self.assertEqual(missed, [])

    def test_calls_that_are_not_watched_are_named(self) -> None:
        """All arguments arrive as they were; without a pointer to shared memory nothing is said."""
        body = """wchar_t w[60]; struct tm t = {0}; char own[20] = "1 2 2020", *s = argc > 1 ? shared(4096) : own;
            int *n = shared(64); if (fork() == 0) { ++*n; _exit(0); } wait(NULL); ++*n; strcpy(s, "12 3 2020");
            swprintf(w, 60, L"%s %.2f %d %d %d %d %d %.1f", s, 3.25, 1, 2, 3, 4, 5, 7.5);
            char *end = strptime(s, "%d %m %Y", &t);
            return wcscmp(w, L"12 3 2020 3.25 1 2 3 4 5 7.5") != 0 || end != s + 9 || t.tm_mday != 12 || t.tm_year != 120;"""
        binary = self.program("named", "#include <wchar.h>\nint main(int argc, char **argv) {" + body + "}\n")
        self.assertEqual(self.report("--", binary).get("notes", []), [])
        report = self.report("--", binary, "shared")
        self.assert_verdict(report, "passed")
        self.assertRegex(report["notes"][0], r"is not watched: strptime at named\.c:\d+, swprintf at named\.c:\d+$")

    # ---- other programs ----

    WORKER = """int main(int argc, char **argv) {
        int *n = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, open(argv[1], O_RDWR), 0);
        sem_t *lock = sem_open("/lock", O_CREAT, 0600, 1);
        if (argv[2] != NULL) sem_wait(lock);
        ++*n; /* the worker's line */
        if (argv[2] != NULL) sem_post(lock);
        puts("did"); return argc == 4; }
"""

    def launched(self, call: str, *arguments: str) -> dict[str, Any]:
        """What weave reports of a program that has /dev/shm/x and starts the worker by `call`, in a child of its own."""
        self.program("worker", self.WORKER)
        head = HEAD + "#include <spawn.h>\n#include <string.h>\n#include <sys/resource.h>\nextern char **environ;\n"
        binary = self.program("launcher", f"""int main(int argc, char **argv) {{
            int fd = open("/dev/shm/x", O_CREAT | O_RDWR, 0600), status = 0; char line[99] = "";
            char *words[] = {{"worker", "/dev/shm/x", argv[1], argv[1] ? argv[2] : NULL, NULL}}; pid_t child;
            ftruncate(fd, 64);
            int *n = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
            sem_t *lock = sem_open("/lock", O_CREAT, 0600, 1);
            char path[] = "{self.folder}/worker", shell[999];
            snprintf(shell, sizeof shell, "%s /dev/shm/x %s", path, argv[1] ? argv[1] : "");
            if (fork() == 0) {{ {call}; _exit(status != 0); }}
            if (argv[1]) sem_wait(lock);
            ++*n;
            if (argv[1]) sem_post(lock);
            while (wait(&status) > 0) if (status != 0) return 7;
            return 0; }}
""", head=head)
        return self.report("--bound", "1", "--", binary, *arguments)

    def test_other_programs_take_part(self) -> None:
        calls = ("execl(path, words[0], words[1], words[2], NULL)", "execv(path, words)", "execve(path, words, environ)",
                 f"setenv(\"PATH\", \"{self.folder}\", 1); execvp(\"worker\", words)",
                 "fexecve(open(path, O_RDONLY), words, environ)", "status = system(shell)",
                 "posix_spawn(&child, path, NULL, NULL, words, environ); waitpid(child, &status, 0)",
                 "FILE *f = popen(shell, \"r\"); fgets(line, 99, f); status = pclose(f) || strcmp(line, \"did\\n\")")
        for call in calls:
            with self.subTest(call):
                wrong, right = self.launched(call), self.launched(call, "lock")
                self.assert_verdict(wrong, "failed", "no-lock")
                lines = [side["source"] for side in wrong["findings"][0]["sides"]]
                self.assertIn("++*n; /* the worker's line */", lines)
                self.assertIn("worker", wrong["text"])
                self.assert_verdict(right, "passed")

    def test_how_another_program_ends_counts(self) -> None:
        self.assert_verdict(self.launched("execv(path, words)", "lock", "3"), "failed", "exit-status")
        self.assert_verdict(self.launched("execl(\"/nowhere\", path, NULL)", "lock"), "passed")

    def test_what_cannot_be_watched_in_another_program_is_not_judged(self) -> None:
        static = self.folder / "static"
        subprocess.run(["gcc", "-static", "-x", "c", "-o", str(static), "-"], input="int main(void) { return 0; }\n", text=True,
                       check=True)
        for call, why in ((f'execl("{static}", "static", NULL)', "runs a program that cannot be watched"),
                          ("for (int i = 3; i < 1024; i++) close(i); execv(path, words)", "uses execv at launcher.c:"),
                          ("posix_spawn_file_actions_t a; posix_spawn_file_actions_init(&a); "
                           "posix_spawn(&child, path, &a, NULL, words, environ)", "uses posix_spawn with actions at launcher.c:")):
            with self.subTest(call):
                report = self.launched(call, "lock")
                self.assert_verdict(report, "unable")
                self.assertIn(f"not judged: {why}", report["error"])

    def test_names_and_lines_need_no_maps(self) -> None:
        """Where /proc may not be read, the programs' files tell the same."""
        body = """struct box { int number; int value; } *b = shared(sizeof *b); if (fork() == 0) { b->value = 1; _exit(0); }
            b->value = 2; wait(NULL); return 0;"""
        with_maps, without = self.main("maps", body), self.main("maps", body, "--no-maps")
        self.assertIn("`value`", without["findings"][0]["headline"])
        self.assertEqual(without["findings"], with_maps["findings"])

    def test_what_each_side_held_is_told(self) -> None:
        report = self.main("held", """struct { sem_t lock; int value; } *b = shared(sizeof *b); sem_init(&b->lock, 1, 1);
            if (fork() == 0) {
                sem_wait(&b->lock); ++b->value; sem_post(&b->lock); sem_wait(&b->lock); /* line 24 */
                ++b->value; sem_post(&b->lock); _exit(0); }
            ++b->value; wait(NULL); return 0;""")
        self.assert_verdict(report, "failed")
        held = [side.get("held") for finding in report["findings"] if finding["cause"] == "outside-lock" for side in finding["sides"]]
        self.assertIn("holds no lock", held, report["text"])
        self.assertTrue(any(re.match(r"holds the semaphore .*`lock`.*, taken at held\.c:\d+$", each or "") for each in held), held)

    def test_a_pipe_that_nobody_writes_is_named(self) -> None:
        report = self.main("silent", """int ends[2], *n = shared(64); char byte; pipe(ends);
            if (fork() == 0) { ++*n; read(ends[0], &byte, 1); _exit(0); } wait(NULL); return 0;""")
        self.assert_verdict(report, "failed", "everybody-waits")
        self.assertIn("waits for input from pipe 1", report["text"])

    def test_a_daemon_stays_in_the_run(self) -> None:
        body = """struct { sem_t done; int value; } *b = shared(64); sem_init(&b->done, 1, 0);
            if (fork() == 0) { daemon(0, 0); b->value = 5; sem_post(&b->done); _exit(0); }
            sem_wait(&b->done); wait(NULL); return b->value != 5;"""
        self.assert_verdict(self.main("daemon", body), "passed")
        self.assert_verdict(self.main("daemon", body.replace("b->value = 5; sem_post(&b->done);", "sem_post(&b->done); b->value = 5;")), "failed")

    # ---- many processes, an order of starting, servers, input ----

    def test_children_one_after_the_other_may_be_many(self) -> None:
        body = """int *n = shared(64);
            for (int i = 0; i < 30; i++) { if (fork() == 0) { ++*n; _exit(0); } wait(NULL); }
            return *n != 30;"""
        self.assert_verdict(self.main("thirty", body), "passed")
        race = body.replace("++*n; _exit(0);", "++*n; _exit(0);").replace("wait(NULL); }", "if (i != 20) wait(NULL); }")
        self.assert_verdict(self.main("thirty", race), "failed")

    def test_sixteen_processes_at_once(self) -> None:
        body = """atomic_int *n = shared(64);
            for (int i = 0; i < 15; i++) if (fork() == 0) { ++*n; _exit(0); }
            while (wait(NULL) > 0) ;
            return *n != 15;"""
        some = ("--strategy", "random", "--runs", "9")  # there are very many schedules
        self.assertEqual(self.main("sixteen", body, *some)["verdict"], "passed-incomplete")
        more = self.main("seventeen", body.replace("15", "16"), *some)
        self.assert_verdict(more, "unable")
        self.assertRegex(more["error"], r"more than 16 processes at once at seventeen\.c:\d+")

    ORDER = """int main(int argc, char **argv)
        {
            int first = argv[1][0] == 'f', f = shm_open("/order", first ? O_CREAT | O_RDWR : O_RDWR, 0600);
            if (f < 0) return 1;
            ftruncate(f, 64);
            int *n = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
            sem_t *s = sem_open("/order_sem", O_CREAT, 0600, 0), *t = sem_open("/order_back", O_CREAT, 0600, 0);
            if (first) { *n = 1; sem_post(s); sem_wait(t); } else { sem_wait(s); int seen = *n; sem_post(t); return seen != 1; }
            return 0;
        }
        """

    def test_one_may_start_first(self) -> None:
        binary = self.program("order", self.ORDER)
        self.assert_verdict(self.report("--", binary, "first", "--", binary, "second"), "failed")
        self.assert_verdict(self.report("--first", "1", "--", binary, "first", "--", binary, "second"), "passed")
        self.assert_verdict(self.report("--first", "2", "--", binary, "second", "--", binary, "first"), "passed")
        wrong = self.program("order", self.ORDER.replace("*n = 1; sem_post(s);", "sem_post(s); *n = 1;"))
        self.assert_verdict(self.report("--first", "1", "--", wrong, "first", "--", wrong, "second"), "failed", "early-publication")

    SERVER = """struct box { int question, answer; };
        int main(int argc, char **argv)
        {
            int f = shm_open("/server", O_CREAT | O_RDWR, 0600);
            ftruncate(f, 64);
            struct box *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
            sem_t *ask = sem_open("/ask", O_CREAT, 0600, 0), *reply = sem_open("/reply", O_CREAT, 0600, 0);
            if (argv[1][0] == 's')
                for (;;) { sem_wait(ask); b->answer = b->question + 1; sem_post(reply); }
            for (int i = 0; i < 2; i++) { b->question = i; sem_post(ask); sem_wait(reply); if (b->answer != i + 1) return 1; }
            return 0;
        }
        """

    def test_a_server_need_not_end(self) -> None:
        binary = self.program("server", self.SERVER)
        command = ("--", binary, "server", "--", binary, "client")
        self.assert_verdict(self.report(*command), "failed", "missing-post")
        self.assert_verdict(self.report("--daemon", "1", *command), "passed")
        wrong = self.program("server", self.SERVER.replace("b->answer = b->question + 1; sem_post(reply);", "sem_post(reply); b->answer = 0;"))
        self.assert_verdict(self.report("--daemon", "1", *command), "failed", "early-publication")
        lost = self.program("server", self.SERVER.replace("sem_post(reply);", "if (b->question == 0) sem_post(reply);"))
        self.assert_verdict(self.report("--daemon", "1", *command), "failed", "missing-post")
        self.assertEqual((wrong, lost), (binary, binary))

    def test_input_is_what_the_option_names_and_else_nothing(self) -> None:
        body = "char line[9] = \"\"; int *n = shared(64); fgets(line, 9, stdin); return strcmp(line, argv[1]) != 0;"
        binary = self.program("input", "int main(int argc, char **argv) { " + body + " }\n")
        file = self.folder / "input.txt"
        file.write_text("yes")
        self.assert_verdict(self.report("--input", f"1:{file}", "--", binary, "yes", "--", binary, ""), "passed")
        self.assert_verdict(self.report("--input", f"2:{file}", "--", binary, "yes", "--", binary, "yes"), "failed", "exit-status")

    # ---- names: FIFOs, sockets, files as locks ----

    NAMES = """#include <sched.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/select.h>
static void lock(int f, int type, int from, int length)
{
    struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = from, .l_len = length};
    fcntl(f, F_SETLKW, &l);
}
static int end(int listens)
{
    struct sockaddr_un name = {AF_UNIX, "s"};
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    if (listens) return bind(s, (struct sockaddr *)&name, sizeof name) == 0 && listen(s, 2) == 0 ? s : -1;
    while (connect(s, (struct sockaddr *)&name, sizeof name) != 0) sleep(1);
    return s;
}
"""

    def named(self, name: str, child: str, parent: str, before: str = "") -> dict[str, Any]:
        """What weave says of two processes that share *n and the file f, beside each other in a folder of their own."""
        folder = self.folder / "names"
        folder.mkdir(exist_ok=True)
        body = f"""int main(void) {{ char c = 0; int f = open("/dev/shm/f", O_CREAT | O_RDWR, 0600), *n = shared(64); chdir("{folder}");
            {before};
            if (fork() == 0) {{ {child}; _exit(0); }}
            {parent}; wait(NULL); return 0; }}
"""
        report = self.report("--", self.program(name, self.NAMES + body))
        self.assertEqual(list(folder.iterdir()), [], "what a run leaves goes with it")
        return report

    def test_names_order_what_the_kernel_orders(self) -> None:
        fifo, sock = 'mkfifo("p", 0600)', "int s = end(1)"
        both, gives = "%s; ++*n; %s", "lock(f, F_UNLCK, 0, 0)"
        right = {
            "fifo": (fifo, "*n = 1; int w = open(\"p\", O_WRONLY); write(w, &c, 1)", 'int r = open("p", O_RDONLY); read(r, &c, 1); ++*n'),
            "fifo_open": (fifo, '*n = 1; open("p", O_WRONLY)', 'open("p", O_RDONLY); ++*n'),
            "fifo_back": (fifo, 'int r = open("p", O_RDONLY); read(r, &c, 1); close(r); ++*n; r = open("p", O_WRONLY); write(r, &c, 1)',
                          '*n = 1; int w = open("p", O_WRONLY); write(w, &c, 1); close(w); w = open("p", O_RDONLY); read(w, &c, 1); ++*n'),
            "fifo_stream": (fifo, 'FILE *w = fopen("p", "w"); *n = 1; fputs("x", w); fclose(w)',
                            'char t[9]; FILE *r = fopen("p", "r"); fgets(t, 9, r); ++*n'),
            "socket": (sock, "*n = 1; int w = end(0); write(w, &c, 1)", "int r = accept(s, NULL, NULL); read(r, &c, 1); ++*n"),
            "socket_late": ("", "*n = 1; int w = end(0); write(w, &c, 1)",
                            "int s = end(1), r = accept(s, NULL, NULL); read(r, &c, 1); ++*n"),
            "socket_select": (sock, "*n = 1; end(0)", "fd_set r; FD_ZERO(&r); FD_SET(s, &r);"
                              "if (select(s + 1, &r, NULL, NULL, NULL) != 1) return 3; accept(s, NULL, NULL); ++*n"),
            "lockf": ("", *[both % ("lockf(f, F_LOCK, 0)", "lockf(f, F_ULOCK, 0)")] * 2),
            "overlap": ("", both % ("lock(f, F_WRLCK, 0, 0)", "lock(f, F_UNLCK, 0, 0)"),
                        both % ("lock(f, F_WRLCK, 9, 4)", "lock(f, F_UNLCK, 9, 4)")),
            "ended": ("", "lock(f, F_WRLCK, 0, 0); ++*n", both % ("lock(f, F_WRLCK, 0, 0)", gives)),
            "closed": ("", "lock(f, F_WRLCK, 0, 0); ++*n; close(f); c = 1", both % ("lock(f, F_WRLCK, 0, 0)", gives)),
            "exclusive": ("", *[both % ('while (open("l", O_CREAT | O_EXCL, 0600) < 0) usleep(9)', 'unlink("l")')] * 2),
            "folder": ("", *[both % ('while (mkdir("d", 0700)) sched_yield()', 'rmdir("d")')] * 2),
            "undone": ("int id = semget(IPC_PRIVATE, 1, 0600); semctl(id, 0, SETVAL, 1);"
                       "struct sembuf d = {0, -1, SEM_UNDO}, u = {0, 1, SEM_UNDO}", "semop(id, &d, 1); ++*n",
                       both % ("semop(id, &d, 1)", "semop(id, &u, 1)")),
        }
        for name, (before, child, parent) in right.items():
            with self.subTest(name):
                self.assert_verdict(self.named(name, child, parent, before), "passed")
        wrong = {
            "fifo_early": (fifo, 'int w = open("p", O_WRONLY); write(w, &c, 1); *n = 1', 'read(open("p", O_RDONLY), &c, 1); ++*n'),
            "socket_early": (sock, "int w = end(0); write(w, &c, 1); *n = 1", "read(accept(s, NULL, NULL), &c, 1); ++*n"),
            "ranges": ("", both % ("lock(f, F_WRLCK, 0, 4)", "lock(f, F_UNLCK, 0, 4)"),
                       both % ("lock(f, F_WRLCK, 4, 4)", "lock(f, F_UNLCK, 4, 4)")),
            "readers": ("", *[both % ("lock(f, F_RDLCK, 0, 0)", "lock(f, F_UNLCK, 0, 0)")] * 2),
            "one_description": ("", *[both % ("flock(f, LOCK_EX)", "flock(f, LOCK_UN)")] * 2),
        }
        for name, (before, child, parent) in wrong.items():
            with self.subTest(name):
                report = self.named(name, child, parent, before)
                self.assert_verdict(report, "failed")
                self.assertEqual(report["findings"][0]["kind"], "race", report["text"])
        report = self.named("both_wait", 'open("p", O_WRONLY); open("q", O_RDONLY)', 'open("q", O_WRONLY); open("p", O_RDONLY)',
                            fifo + '; mkfifo("q", 0600)')
        self.assert_verdict(report, "failed", "everybody-waits")

    def test_channels_and_other_programs_come_to_the_same_state_every_time(self) -> None:
        """As in test_modes.py, which has the other objects: a state that is new in every run would never be left out."""
        head = "#include <mqueue.h>\n#include <sys/eventfd.h>\n#include <sys/msg.h>\n"
        ways = {
            "pipe": ("int e[2]; pipe(e)", "write(e[1], &c, 1)", "read(e[0], &c, 1)"),
            "pair": ("int e[2]; socketpair(AF_UNIX, SOCK_STREAM, 0, e)", "write(e[1], &c, 1)", "read(e[0], &c, 1)"),
            "event": ("int e = eventfd(0, 0); long v = 1", "write(e, &v, 8)", "read(e, &v, 8)"),
            "queue": ("struct mq_attr a = {.mq_maxmsg = 1, .mq_msgsize = 1}; mqd_t q = mq_open(\"/q\", O_CREAT | O_RDWR, 0600, &a)",
                      "mq_send(q, &c, 1, 0)", "mq_receive(q, &c, 1, NULL)"),
            "sysv": ("struct { long type; char c; } m = {1, 0}; int q = msgget(IPC_PRIVATE, 0600)", "msgsnd(q, &m, 1, 0)",
                     "msgrcv(q, &m, 1, 0, 0)"),
            "fifo": ('mkfifo("p", 0600)', 'write(open("p", O_WRONLY), &c, 1)', 'read(open("p", O_RDONLY), &c, 1)'),
            "socket": ("int s = end(1)", "write(end(0), &c, 1)", "read(accept(s, NULL, NULL), &c, 1)"),
            "lock": ("", "lock(f, F_WRLCK, 0, 0); lock(f, F_UNLCK, 0, 0)", "lock(f, F_WRLCK, 0, 0); lock(f, F_UNLCK, 0, 0)"),
            "name": ("", 'close(open("l", O_CREAT | O_EXCL, 0600)); unlink("l")', 'open("l", O_CREAT | O_EXCL, 0600); unlink("l")'),
            "exec": ("", 'execl("/bin/true", "true", NULL)', ""),
        }
        folder = self.folder / "states"
        folder.mkdir()
        for name, (before, child, parent) in ways.items():
            body = f"""int main(void) {{ char c = 0; int f = open("/dev/shm/f", O_CREAT | O_RDWR, 0600), *n = shared(64); chdir("{folder}");
                {before}; if (fork() == 0) {{ ++*n; {child}; _exit(0); }} {parent}; wait(NULL); ++*n; return 0; }}
"""
            binary = self.program(f"state_{name}", head + self.NAMES + body)
            for schedule in ("w1:", "w1:1"):
                with self.subTest(name, schedule=schedule):
                    states = {self.report("--replay", schedule, "--runs", runs, "--", binary)["state"] for runs in ("1", "2", "4")}
                    self.assertEqual(len(states), 1, states)

    def test_sockets_of_other_families_are_not_judged(self) -> None:
        body = """struct sockaddr name = {AF_INET}; if (fork() == 0) _exit(0);
            bind(socket(AF_INET, SOCK_DGRAM, 0), &name, 16); wait(NULL)"""
        report = self.named("internet", "", body)
        self.assert_verdict(report, "unable")
        self.assertIn("not judged: uses bind on an internet or datagram socket at internet.c:", report["error"])

    def test_streams_wait_as_often_as_they_read(self) -> None:
        """A line, or so many bytes, may come through a pipe in parts; `od` and `sort` read without locks."""
        whole = 'char t[99] = ""; FILE *f = fdopen(e[0], "r"); int a = 0, b = 0; char *l = NULL; size_t room = 0;'
        for name, read in {
            "fgets": 'fgets(t, 99, f); return strcmp(t, "12 34\\n") != 0',
            "fread": 'return fread(t, 1, 9, f) != 8 || strcmp(t, "12 34\\n56") != 0',
            "getline": 'return getline(&l, &room, f) != 6 || strcmp(l, "12 34\\n") != 0',
            "fscanf": "return fscanf(f, \"%d %d\", &a, &b) != 2 || a != 12 || b != 34 || fgetc(f) != '\\n'",
            "unlocked": "while ((a = getc_unlocked(f)) != EOF) b += a; return b != 49 + 50 + 32 + 51 + 52 + 10 + 53 + 54",
        }.items():
            with self.subTest(name):
                body = f"""int e[2]; pipe(e); signal(SIGPIPE, SIG_IGN); if (fork() == 0) {{ close(e[0]); write(e[1], "12 3", 4); write(e[1], "4\\n", 2);
                    write(e[1], "56", 2); _exit(0); }} close(e[1]); {whole} {read};"""
                self.assert_verdict(self.main(name, body), "passed")
        body = """FILE *p = popen("echo 12; echo 3", "r"); char t[99] = ""; fread(t, 1, 99, p); pclose(p); if (strcmp(t, "12\\n3\\n")) return 1;
            int e[2]; pipe(e); if (fork() == 0) { dup2(e[0], 0); close(e[0]); close(e[1]); execlp("od", "od", "-c", NULL); }
            close(e[0]); write(e[1], "ab", 2); close(e[1]); int status; wait(&status); return status;"""
        self.assert_verdict(self.main("others", body, "--bound", "0"), "passed")

    def test_what_the_kernel_refuses_is_an_error_here_too(self) -> None:
        body = """int e[2]; char c; pipe(e); if (fork() == 0) return 0;
            if (write(e[0], "x", 1) >= 0 || errno != EBADF || read(e[1], &c, 1) >= 0 || errno != EBADF) return 1;
            return wait((int *)8) >= 0 || errno != EFAULT;"""
        self.assert_verdict(self.main("refused", body), "passed")

    def test_reading_nothing_waits_for_nothing(self) -> None:
        body = "int e[2]; pipe(e); if (fork() == 0) _exit(0); char c; return read(e[0], &c, 0) != 0 || wait(NULL) < 0;"
        self.assert_verdict(self.main("nothing", body), "passed")

    def test_a_semaphore_that_is_initialised_late_is_told(self) -> None:
        """Who finds the set uses it before its creator has given it a value."""
        for made, cause in (("", "double-init"), ("sem_wait(go);", None)):
            for how in ("semctl(id, 0, SETVAL, 0)", "unsigned short v[] = {0}; semctl(id, 0, SETALL, v)"):
                with self.subTest(made + how):
                    body = f"""sem_t *go = shared(sizeof *go); sem_init(go, 1, 0); struct sembuf up = {{0, 1, 0}};
                        if (fork() == 0) {{ {made} semop(semget(9, 1, IPC_CREAT | 0600), &up, 1); _exit(0); }}
                        int id = semget(9, 1, IPC_CREAT | 0600); {how}; sem_post(go);
                        semop(id, &up, 1); wait(NULL); return 0;"""
                    binary = self.program("late", "#include <sys/ipc.h>\n#include <sys/sem.h>\nint main(void) {" + body + "}\n")
                    report = self.report("--", binary)
                    self.assert_verdict(report, "failed" if cause else "passed", cause)
                    if cause:
                        self.assertIn("initialised although another process uses it already", report["text"])

    def test_an_endless_loop_is_shown_where_the_program_is(self) -> None:
        report = self.main("endless", "int n = 0; if (fork() == 0) for (;;) n += write(-1, &n, 1); /* here */\nwait(NULL); return 0;", "--hang", "0.2")
        self.assert_verdict(report, "failed", "endless-loop")
        self.assertIn("/* here */", report["findings"][0]["sides"][0]["source"], report["text"])
        self.assertRegex(report["text"].strip().splitlines()[-1], r"endless\.c:\d+: hang")

    # ---- signals and alarms ----

    HANDLERS = """static volatile sig_atomic_t came; static sem_t *posted;
        static void flag(int n) { (void)n; came++; }
        static void reap(int n) { int e = errno; (void)n; while (waitpid(-1, NULL, WNOHANG) > 0) came = 1; errno = e; }
        static void post(int n) { (void)n; sem_post(posted); }
        static int install(int n, void (*handler)(int), int flags)
        { struct sigaction a = {.sa_handler = handler, .sa_flags = flags}; return sigaction(n, &a, NULL); }
        """

    def with_handlers(self, name: str, body: str) -> dict[str, Any]:
        main = "int main(void) { struct { sem_t s; atomic_int flag; int value; } *b = shared(128);\n"
        return self.report("--", self.program(name, self.HANDLERS + main + "sem_init(&b->s, 1, 0);\n" + body + "}\n"))

    def test_handlers_that_wait_or_post_do_no_harm(self) -> None:
        child = "if (fork() == 0) { b->value = 5; %s; _exit(0); }\n"
        for name, body in {
            "reap": "signal(SIGCHLD, reap);" + child % "" + "while (!came) sleep(1); return b->value != 5;",
            "reap_sem": "signal(SIGCHLD, reap);" + child % "sem_post(&b->s)"
            + "while (sem_wait(&b->s) < 0 && errno == EINTR) ; return b->value != 5;",
            "post": "posted = &b->s; signal(SIGCHLD, post);" + child % "" + "sem_wait(&b->s); return b->value != 5;",
            "post_kill": "posted = &b->s; signal(SIGUSR1, post);" + child % "kill(getppid(), SIGUSR1)"
            + "sem_wait(&b->s); wait(NULL); return b->value != 5;",
            "suspend": "sigset_t block, old; sigemptyset(&block); sigaddset(&block, SIGUSR1); sigprocmask(SIG_BLOCK, &block, &old);"
            "signal(SIGUSR1, flag);" + child % "kill(getppid(), SIGUSR1)" + "while (!came) sigsuspend(&old); wait(NULL); return b->value != 5;",
            "sigwait": "sigset_t block; int n; sigemptyset(&block); sigaddset(&block, SIGUSR1); sigprocmask(SIG_BLOCK, &block, NULL);"
            + child % "kill(getppid(), SIGUSR1)" + "sigwait(&block, &n); wait(NULL); return b->value != 5 || n != SIGUSR1;",
            "own": "signal(SIGUSR2, flag); raise(SIGUSR2); kill(getpid(), SIGUSR2); return came != 2;",
            "interrupt": "install(SIGUSR1, flag, 0); pid_t p = getpid(); if (fork() == 0) { b->flag = 1; kill(p, SIGUSR1); _exit(0); }"
            "int r; do r = sem_wait(&b->s); while (r < 0 && !came); return r != -1 || errno != EINTR;",
        }.items():
            with self.subTest(name):
                report = self.with_handlers(f"signal_{name}", body)
                if name == "interrupt":  # the signal may come before the wait: then nobody posts
                    self.assert_verdict(report, "failed", "missing-post")
                else:
                    self.assert_verdict(report, "passed")

    def test_a_signal_that_comes_before_the_wait_is_lost(self) -> None:
        body = "signal(SIGUSR1, flag); if (fork() == 0) { kill(getppid(), SIGUSR1); _exit(0); } while (!came) pause(); wait(NULL); return 0;"
        self.assert_verdict(self.with_handlers("signal_lost", body), "failed", "peer-gone")

    def test_alarms_ring_in_virtual_time(self) -> None:
        child, end = "install(SIGALRM, flag, 0); if (fork() == 0) _exit(0);", "wait(NULL); return came != 1;"
        timer = "setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {.tv_usec = 200000}}, NULL);"
        for name, body in {
            "spin": child + "alarm(3600); while (!b->flag && !came) ;" + end,
            "poll": child + timer + "while (!b->flag && !came) usleep(1000);" + end,
            "wait": child + "alarm(3600); if (sem_wait(&b->s) == 0 || errno != EINTR) return 1;" + end,
            "pause": child + "alarm(3600); pause();" + end,
            "sleep": child + "alarm(2); if (sleep(10) != 8) return 1;" + end,
            "plain": child + "alarm(3600); while (!came) ;" + end,
            "never": child + "alarm(3600); if (alarm(0) != 3600) return 2; wait(NULL); return came;",
        }.items():
            with self.subTest(name):
                binary = self.program(f"alarm_{name}", "#include <sys/time.h>\n" + self.HANDLERS
                    + "int main(void) { struct { sem_t s; atomic_int flag; } *b = shared(128); sem_init(&b->s, 1, 0);\n" + body + "}\n")
                options = ("--bound", "0", "--hang", "0.2") if name == "plain" else ()  # its loop has to be noticed in every run
                self.assert_verdict(self.report(*options, "--", binary), "passed")
        killed = self.with_handlers("alarm_kills", "alarm(1); sem_wait(&b->s); return 0;")
        self.assert_verdict(killed, "failed", "crash")

    def test_the_readme_begins_with_what_is_true(self) -> None:
        """Its two programs, compiled and run as it says, print what it says."""
        text = (Path(__file__).resolve().parents[2] / "tools" / "weave" / "README.md").read_text(encoding="utf-8")
        start = text[: text.index("What to type next:")]
        folder, weave = self.folder / "start", str(Path(WEAVE).resolve())
        folder.mkdir()
        programs = re.findall(r"```c\n(.*?)```", start, re.S)
        self.assertEqual(len(programs), 2)

        def run(*arguments: str) -> str:
            done = subprocess.run([weave, *arguments], cwd=folder, check=False, text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            return re.sub(r"\d+\.\d\d s", "0.00 s", done.stdout)

        for name, program in zip(("sender", "receiver"), programs):
            (folder / f"{name}.c").write_text(program, encoding="utf-8")
            self.assertEqual(run("cc", "-g", "-w", f"{name}.c", "-o", name), "")
        wrong = run("--html", "race.html", "--", "./sender", "--", "./receiver")
        source = programs[0].splitlines()
        store = next(line for line in source if "atomic_store" in line)
        source.insert(source.index(store) + 1, source.pop(source.index(store)))
        (folder / "sender.c").write_text("\n".join(source) + "\n", encoding="utf-8")
        run("cc", "-g", "-w", "sender.c", "-o", "sender")
        right = run("--", "./sender", "--", "./receiver")
        shown = [line for block in re.split(r"```.*?```", start, flags=re.S) for line in block.splitlines() if line.startswith("    ")]
        for line in (re.sub(r"\d+\.\d\d s", "0.00 s", line[4:]) for line in shown if not line.startswith(("    $", "    ..."))):
            self.assertIn(line + "\n", wrong + right)
        self.assertGreater(len(shown), 15)
        self.assertLess((folder / "race.html").stat().st_size, 100_000)

    # ---- options that name nothing ----

    def test_options_that_name_nothing_are_wrong_usage(self) -> None:
        binary = self.program("plain", "int main(void) { int *n = shared(64); if (fork() == 0) _exit(0); return 0; }\n")
        file = self.folder / "empty.txt"
        file.write_text("")
        for options, words in (
            (("--expect-output", "1:/nofile"), "No such file"),
            (("--expect-output", f"7:{file}"), "no such program"),
            (("--input", "1:/nofile"), "No such file"),
            (("--input", f"3:{file}"), "no such program"),
            (("--first", "2"), "no such program"),
            (("--daemon", "1:2"), "not the number of a process"),
            (("--expect-lines", "/nofile"), "No such file"),
            (("--expect-lines", "/"), "Is a directory"),
            (("--expect-exit", "5:3"), "names process 5, but there were only 2"),
            (("--ignore", "nonsense"), "not a cause"),
            (("--struct", "nothere"), "no program has"),
            (("--layout", "/nofile"), "No such file"),
            (("--layout", str(file)), "no line of the form"),
            (("--kill", "7"), "names process 7"),
            (("--runs", "0"), "nothing would be run"),
            (("--max-steps", "0"), "nothing would be run"),
            (("--colour", "mauve"), "not always, never or auto"),
        ):
            with self.subTest(options[0]):
                run = self.weave(*options, "--", binary)
                self.assertEqual(run.returncode, 2, run.stdout)
                self.assertIn(words, run.stdout)

    def test_what_everybody_types_first_is_answered(self) -> None:
        binary = self.program("hint", "int main(void) { return 0; }\n")
        self.assertIn(f"weave -- {binary}", self.weave(binary).stdout)
        self.assertRegex(self.weave("--version").stdout, r"^weave \d+\.\d+\.\d+\n$")

    def test_what_is_installed_works_elsewhere(self) -> None:
        build, prefix = Path(WEAVE).resolve().parents[1], self.folder / "installed"
        command = ["cmake", "--install", str(build), "--component", "weave", "--prefix", str(prefix)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        files = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()}
        self.assertEqual(files, {"bin/weave", "lib/libweave.so", "share/man/man1/weave.1"})
        source, binary = self.folder / "elsewhere.c", str(self.folder / "elsewhere")
        source.write_text(HEAD + "int main(void) { " + self.RACE + " }\n", encoding="utf-8")
        subprocess.run([str(prefix / "bin" / "weave"), "cc", "-w", str(source), "-o", binary], check=True)
        run = subprocess.run([str(prefix / "bin" / "weave"), "-q", "--", binary], check=False, stdout=subprocess.DEVNULL)
        self.assertEqual(run.returncode, 1)

    # ---- compiling ----

    def test_more_arguments_than_anybody_types(self) -> None:
        defines = [f"-DNAME{i}={i}" for i in range(2000)]
        binary = self.program("many", "int main(void) { return NAME1999 - 1999; }\n", *defines)
        self.assertEqual(subprocess.run([binary], check=False).returncode, 0)

    def test_what_cannot_be_watched_is_refused(self) -> None:
        source = self.folder / "refused.c"
        source.write_text("int main(void) { return 0; }\n")
        for flag in ("-static", "-fsanitize=thread", "-fsanitize=address,undefined"):
            run = self.weave("cc", flag, str(source), "-o", str(self.folder / "refused"))
            self.assertEqual(run.returncode, 2, run.stdout)
            self.assertIn(f"weave cc: {flag}: ", run.stdout)

    RACE = "int *n = shared(64); if (fork() == 0) { ++*n; _exit(0); } ++*n; wait(NULL); return 0;"

    def test_link_time_optimisation_hides_nothing(self) -> None:
        binary = self.program("lto", "int main(void) { " + self.RACE + " }\n", "-flto", "-O2")
        self.assert_verdict(self.report("--", binary), "failed", "no-lock")

    @unittest.skipUnless(shutil.which("g++"), "there is no C++ compiler")
    def test_cpp_is_watched(self) -> None:
        source, binary = self.folder / "plus.cpp", str(self.folder / "plus")
        source.write_text(
            "#include <sys/mman.h>\n#include <sys/wait.h>\n#include <unistd.h>\n#include <string>\n"
            "int main() { std::string s = \"x\"; int *n = (int *)mmap(nullptr, 64, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0);\n"
            "if (fork() == 0) { ++*n; _exit(0); }\n++*n; wait(nullptr); return s.size() - 1; }\n"
        )
        run = self.weave("cc", "-O0", str(source), "-o", binary)
        self.assertEqual(run.returncode, 0, run.stdout)
        self.assert_verdict(self.report("--", binary), "failed", "no-lock")

    @unittest.skipUnless(shutil.which("clang"), "there is no clang")
    def test_loops_are_watched_under_clang_with_wide_vectors(self) -> None:
        loop = "int *n = shared(4096); int p = fork(); for (int i = 0; i < 512; i++) n[i] = i + p; if (p) wait(NULL); return 0;"
        binary = self.program("wide", "int main(void) { " + loop + " }\n", "-O3", "-mavx2", compiler="clang")
        self.assert_verdict(self.report("--", binary), "failed")

    def test_parts_that_were_compiled_elsewhere_are_named(self) -> None:
        helper = self.folder / "helper.c"
        helper.write_text("void add(int *n) { ++*n; }\n")
        subprocess.run(["gcc", "-c", str(helper), "-o", str(self.folder / "helper.o")], check=True)
        subprocess.run(["gcc", "-shared", "-fPIC", str(helper), "-o", str(self.folder / "libhelper.so")], check=True)
        text = "void add(int *); int main(void) { int *n = shared(64); int p = fork(); add(n); if (p) wait(NULL); return 0; }\n"
        for name, flags in (
            ("helper.o", [str(self.folder / "helper.o")]),
            ("libhelper.so", [f"-L{self.folder}", "-lhelper", f"-Wl,-rpath,{self.folder}"]),
        ):
            with self.subTest(name):
                (self.folder / "mixed.c").write_text(HEAD + text)
                binary = str(self.folder / "mixed")
                run = self.weave("cc", "-w", str(self.folder / "mixed.c"), *flags, "-o", binary)
                self.assertEqual(run.returncode, 0, run.stdout)
                self.assertIn(f"{name} was not compiled with `weave cc`", run.stdout)
                report = self.report("--", binary)
                self.assert_verdict(report, "passed")
                self.assertIn(name, report["notes"][0])

    # ---- a report that can be read anywhere ----

    def test_source_lines_do_not_depend_on_the_folder(self) -> None:
        folder = self.folder / "project"
        (folder / "src").mkdir(parents=True)
        body = "int *f = shared(64); if (fork() == 0) { *f = 1; _exit(0); }\nwhile (*f == 0)\n;\nwait(NULL); return 0;"
        (folder / "src" / "flag.c").write_text(HEAD + "int main(void)\n{\n" + body + "\n}\n")
        weave = str(Path(WEAVE).resolve())
        subprocess.run([weave, "cc", "-O0", "-w", "src/flag.c", "-o", "flag"], cwd=folder, check=True)
        report = self.report("--", str(folder / "flag"))
        self.assert_verdict(report, "failed", "plain-flag")
        self.assertEqual({side["source"] for side in report["findings"][0]["sides"]} & {""}, set())

    def test_source_lines_in_another_alphabet_stay_as_they_are(self) -> None:
        body = "int *n = shared(64); if (fork() == 0) { ++*n; /* größer als 0: 零より大 😀 */\n_exit(0); }\n++*n; wait(NULL); return 0;"
        report = self.main("letters", body)
        self.assertIn("größer als 0: 零より大 😀", " ".join(side["source"] for side in report["findings"][0]["sides"]))
        source = self.folder / "latin.c"
        source.write_bytes((HEAD + "int main(void)\n{\n" + body).encode().replace("ö".encode(), b"\xf6") + b"\n}\n")
        self.weave("cc", "-w", str(source), "-o", str(self.folder / "latin"))
        report = self.report("--", str(self.folder / "latin"))
        self.assertIn("gr\ufffdßer", " ".join(side["source"] for side in report["findings"][0]["sides"]))

    def test_the_last_line_is_a_place(self) -> None:
        report = self.main("located", self.RACE)
        line = report["text"].strip().splitlines()[-1]
        self.assertRegex(line, rf"^{re.escape(str(self.folder / 'located.c'))}:\d+: race: data race on .* \[no-lock\]$")

    def test_one_mistake_is_told_twice_and_then_counted(self) -> None:
        lines = "\n".join(f"n[{i}]++;" for i in range(9))
        report = self.main("often", f"int *n = shared(64); if (fork() == 0) {{ {lines} _exit(0); }}\n{lines}\nwait(NULL); return 0;")
        self.assertGreater(len(report["findings"]), 5)
        self.assertEqual(report["text"].count("race [no-lock]"), 2)
        self.assertIn(f"and {len(report['findings']) - 2} more", report["text"])

    def test_a_semaphore_that_is_not_shared_is_called_that(self) -> None:
        body = """int *n = shared(64); static sem_t done; sem_init(&done, 1, 0);
            if (fork() == 0) { *n = 7; sem_post(&done); _exit(0); }
            sem_wait(&done); wait(NULL); return *n != 7;"""
        report = self.main("unshared", body)
        self.assert_verdict(report, "failed", "unshared-semaphore")
        self.assertIn("waits for a semaphore that is not in shared memory", report["text"])
        self.assert_verdict(self.main("alone", "int *n = shared(64); static sem_t s; sem_init(&s, 0, 1); sem_wait(&s); return 0;"), "passed")

    def test_members_are_named_after_the_programs_own_structures(self) -> None:
        race = "if (fork() == 0) { b[0] = 1; _exit(0); }\nb[0] = 2; wait(NULL); return 0;"
        for size in (16, 64, 128, 144, 152, 216):
            report = self.main("unnamed", f"int *b = shared({size}); {race}")
            self.assertEqual(report["findings"][0]["field"], "", size)
        local = "struct box { int ready, number; } *b = shared(sizeof *b);"
        report = self.main("local", local + "if (fork() == 0) { b->number = 1; _exit(0); }\nb->number = 2; wait(NULL); return 0;")
        self.assertEqual(report["findings"][0]["field"], "number")

    def test_bit_fields_are_named_with_those_of_their_byte(self) -> None:
        """Neighbours are one memory location (C17 3.14), whichever compiler and debugging information describe them."""
        body = """struct flags { unsigned long ready : 3, seen : 5, count : 20; unsigned tail : 2; };
            struct board { long before[4]; struct flags flags[3]; union { unsigned raw : 4, all; } u; long after; } *b;
            int main(int argc, char **argv)
            {
                int child;
                b = shared(sizeof *b);
                child = fork() == 0;
                switch (atoi(argv[1])) {
                case 1: if (child) b->flags[1].seen++; else b->flags[1].ready++; break;
                case 2: b->u.raw++; break;
                case 3: b->after++; break;
                }
                return child ? 0 : wait(NULL) == -1;
            }"""
        for compiler in filter(shutil.which, ("gcc", "clang")):
            for version in ("-gdwarf-4", "-gdwarf-5"):
                binary = self.program("bits", body, version, compiler=compiler)
                for which, field in (("1", "flags[1].ready/seen"), ("2", "u.raw"), ("3", "after")):
                    with self.subTest(compiler=compiler, version=version, field=field):
                        report = self.report("--", binary, which)
                        self.assert_verdict(report, "failed")
                        self.assertEqual(report["findings"][0]["field"], field, report["text"])

    def test_a_crash_in_a_callback_is_shown_where_the_program_is(self) -> None:
        report = self.main("null", "atomic_int *volatile n = NULL;\n*n = 1; /* here */\nreturn 0;")
        self.assert_verdict(report, "failed", "crash")
        self.assertIn("/* here */", report["findings"][0]["sides"][0]["source"])
        self.assertNotRegex(report["text"], re.compile(r"atomic\.c|atomic_set"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
