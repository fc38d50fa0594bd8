#!/usr/bin/env python3
"""The modes of weave: strategies, killing, store buffers, every access, replay, JSON, and that it is deterministic."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
import unittest
from pathlib import Path
from typing import Any, Dict, List, Tuple

from weave_cases import LIMIT_SECONDS, WEAVE, WeaveCase

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parents[1] / "tools" / "weave"
MAILBOX = ("writer", "reader")


def without_time(report: Dict[str, Any]) -> Dict[str, Any]:
    """All of a report that must be the same in every run."""
    return {key: value for key, value in report.items() if key not in ("seconds", "text")}


class Modes(WeaveCase):
    def run_roles(self, name: str, *options: str, roles: Tuple[str, ...] = ("all",)) -> Dict[str, Any]:
        binary = self.compiled(name)
        return self.report(*options, *(word for role in roles for word in ("--", binary, role)))

    # ---- compiling ----

    def test_options_of_the_compiler_keep_their_values(self) -> None:
        folder = self.folder / "options"
        (folder / "include").mkdir(parents=True)
        (folder / "include" / "value.h").write_text("enum { VALUE = WANTED };\n")
        (folder / "main.c").write_text('#include "value.h"\nint other(void);\nint main(void) { return other() - VALUE; }\n')
        (folder / "other.c").write_text("int other(void) { return FORCED; }\n")
        (folder / "forced.c").write_text("#define FORCED 7\n")
        values = ("-I", str(folder / "include"), "-D", "WANTED=7", "-include", str(folder / "forced.c"), "-L", str(folder))
        sources, binary = (str(folder / "main.c"), str(folder / "other.c")), str(folder / "main")
        run = self.weave("cc", *values, *sources, "-o", binary)
        self.assertEqual((run.returncode, run.stdout), (0, ""))
        self.assertEqual(subprocess.run([binary], check=False).returncode, 0)
        objects = []
        for source in sources:
            objects.append(source + ".o")
            self.assertEqual(self.weave("cc", *values[:-2], "-c", source, "-o", objects[-1]).stdout, "")
        self.assertEqual(self.weave("cc", *objects, "-o", binary + "2").stdout, "")
        self.assertEqual(self.report("--", binary + "2")["verdict"], "passed")

    def test_a_launcher_starts_the_compiler_for_sources_alone(self) -> None:
        said, launcher = self.folder / "said", self.folder / "launcher"
        launcher.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>{said}\nexec "$@"\n')
        launcher.chmod(0o755)
        source, binary = self.folder / "launched.c", self.folder / "launched"
        source.write_text("int main(void) { return 0; }\n")
        run = self.weave("cc", f"--launcher={launcher}", "--compiler=gcc", str(source), "-o", str(binary))
        self.assertEqual((run.returncode, run.stdout), (0, ""))
        said_lines = said.read_text().splitlines()
        self.assertEqual(len(said_lines), 1)
        self.assertIn("gcc -g -fsanitize=thread", said_lines[0])
        self.assertEqual(subprocess.run([str(binary)], check=False).returncode, 0)

    # ---- which schedules ----

    def test_random_and_pct_find_what_a_seed_finds_again(self) -> None:
        for strategy in ("random", "pct"):
            for seed in ("1", "2", "77"):
                with self.subTest(strategy=strategy, seed=seed):
                    options = ("--strategy", strategy, "--seed", seed)
                    first = self.run_roles("wrong/locks_abba", *options)
                    self.assertEqual(self.causes(first)[0], "lock-order")
                    self.assertEqual(without_time(first), without_time(self.run_roles("wrong/locks_abba", *options)))

    def test_random_and_pct_raise_no_false_alarm(self) -> None:
        for strategy in ("random", "pct"):
            report = self.run_roles("correct/ordered_locks", "--strategy", strategy, "--runs", "300")
            self.assertEqual((report["verdict"], report["schedules"]), ("passed-incomplete", 300))

    def test_a_seed_chooses_other_schedules(self) -> None:
        found = {
            self.run_roles("wrong/locks_abba", "--strategy", "random", "--seed", str(seed))["schedule"] for seed in range(1, 9)
        }
        self.assertGreater(len(found), 1)

    def test_the_bound_limits_the_schedules(self) -> None:
        none, two = (self.run_roles("correct/spin_lock", "--bound", bound) for bound in ("0", "2"))
        self.assertEqual((none["verdict"], two["verdict"]), ("passed", "passed"))
        self.assertLess(none["schedules"], two["schedules"])
        self.assertEqual(self.run_roles("wrong/locks_abba", "--bound", "0")["verdict"], "passed")

    def test_unbounded_goes_through_everything(self) -> None:
        report = self.run_roles("correct/fetch_add", "--unbounded")
        self.assertEqual((report["verdict"], report["complete"]), ("passed", True))
        self.assertIn("every schedule (", report["text"])

    def test_every_access_is_a_place_to_switch(self) -> None:
        some, more = (self.run_roles("correct/mutex_counter", *options) for options in ((), ("--every-access",)))
        self.assertEqual((some["verdict"], more["verdict"]), ("passed", "passed"))
        self.assertLess(some["schedules"], more["schedules"])
        wrong = self.run_roles("wrong/counter_without_lock", "--every-access")
        self.assertEqual(self.causes(wrong)[0], "no-lock")
        self.assertTrue(wrong["schedule"].startswith("w1:a:"))

    def test_only_store_buffers_show_a_missing_fence(self) -> None:
        self.assertEqual(self.run_roles("wrong/dekker_no_fence")["verdict"], "passed")
        weak = self.run_roles("wrong/dekker_no_fence", "--tso")
        self.assertEqual(self.causes(weak)[0], "no-lock")
        self.assertTrue(weak["schedule"].startswith("w1:t:"))
        self.assertIn("buffer", [event["kind"] for event in weak["trace"]])
        self.assertIn("flush", [event["kind"] for event in weak["trace"]])
        right = self.run_roles("correct/dekker_fence", "--tso")
        self.assertEqual(right["verdict"], "passed")
        self.assertIn("letting stores wait once", right["text"])

    def test_a_schedule_comes_to_the_same_state_every_time(self) -> None:
        """Or no state would ever be seen again, and nothing be left out: kernels number objects anew in every run."""
        for name, roles in (
            ("correct/every_object", ("all",)),
            ("correct/queue_semaphores", ("producer", "consumer")),
            ("correct/sysv_semaphores", MAILBOX),
        ):
            for schedule in ("w1:", "w1:1", "w1:1.0.1.0"):
                with self.subTest(name, schedule=schedule):
                    states = {
                        self.run_roles(name, "--replay", schedule, "--runs", runs, roles=roles)["state"]
                        for runs in ("1", "2", "5")
                    }
                    self.assertEqual(len(states), 1, states)

    def test_states_seen_before_are_left_out(self) -> None:
        pruned, every = (self.run_roles("correct/every_object", *options) for options in ((), ("--no-prune",)))
        self.assertEqual((pruned["verdict"], every["verdict"]), ("passed", "passed"))
        self.assertLess(pruned["schedules"], every["schedules"])

    def test_processes_that_run_again_do_what_new_ones_do(self) -> None:
        """Each report is the same, to the hash of the last state, whatever there is to be undone."""
        for name, roles in (
            ("correct/every_object", ("all",)),
            ("correct/queue_semaphores", ("producer", "consumer")),
            ("correct/sysv_semaphores", MAILBOX),
        ):
            with self.subTest(name=name):
                again, new = (self.run_roles(name, *options, roles=roles) for options in ((), ("--no-reuse",)))
                self.assertEqual(without_time(again), without_time(new))

    def test_what_a_run_changes_is_undone(self) -> None:
        program = self.compiled("reuse/changes")
        for options in ((), ("--no-reuse",)):
            report = self.report(*options, "--", program, "--", program)
            self.assertEqual(report["verdict"], "passed", report["text"])
            self.assertNotIn("new processes", report["text"])
            self.assertGreater(report["schedules"], 5)

    def test_a_limit_of_processor_time_counts_for_one_run(self) -> None:
        """Some eighty runs of 20 ms each and a limit of one second."""
        program = self.compiled("reuse/computes")
        limited = ("sh", "-c", 'ulimit -S -t 1; exec "$@"', "-", WEAVE, "--", program, "--", program)
        run = subprocess.run(limited, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
        self.assertIn("weave: passed, ", run.stdout)
        self.assertNotIn("new processes", run.stdout)

    def test_what_cannot_be_undone_is_noticed(self) -> None:
        """A failure of a process that has run before is none of a new one; neither are other steps."""
        program = self.compiled("reuse/keeps")
        for role in ("fails", "steps"):
            with self.subTest(role=role):
                new, again = (
                    self.report(*options, "--", program, role, "--", program, role) for options in (("--no-reuse",), ())
                )
                self.assertEqual(again["verdict"], "passed", again["text"])
                self.assertEqual(again["schedules"], new["schedules"])
                self.assertIn("new processes for every schedule", again["text"])
                self.assertNotIn("new processes for every schedule", new["text"])

    def test_weak_memory_shows_all_that_store_buffers_show(self) -> None:
        weak = self.run_roles("wrong/dekker_no_fence", "--weak")
        self.assertEqual(weak["findings"][0]["kind"], "race")
        self.assertTrue(weak["schedule"].startswith("w1:m:"))
        self.assertIn("an old value", " ".join(event["text"] for event in weak["trace"]))
        self.assertEqual(self.run_roles("wrong/dekker_no_fence", "--weak=0")["verdict"], "passed")
        right = self.run_roles("correct/dekker_fence", "--weak=2")
        self.assertEqual(right["verdict"], "passed")
        self.assertIn("reading up to 2 old values", right["text"])

    def litmus(self, name: str, *macros: str) -> str:
        """The binary of a litmus program with these macros."""
        binary = str(self.folder / "-".join((name, *macros)))
        words = [f"-D{macro}" for macro in macros]
        source = HERE / "programs" / "litmus" / f"{name}.c"
        self.assertEqual(self.weave("cc", "-g", "-O0", *words, str(source), "-o", binary).stdout, "")
        return binary

    def told(self, report: Dict[str, Any]) -> List[str]:
        """What the sides of the first finding say, with the source that they show."""
        return [f"{side['what']}: {side.get('source', '')}" for side in report["findings"][0]["sides"]]

    def test_an_old_value_is_told_with_what_forbids_it(self) -> None:
        report = self.report("--weak", "--", self.litmus("message", "STORE=release", "LOAD=relaxed"))
        told = self.told(report)
        self.assertEqual(self.causes(report)[0], "old-value")
        self.assertIn("reads 0, an old value: it is 1 by now: s->note[1] = load(&s->x, relaxed);", told)
        self.assertIn("stores 1, which it misses: store(&s->x, 1, relaxed);", told)
        self.assertIn("acquire instead of relaxed here would forbid it: s->note[0] = load(&s->y, LOAD);", told)
        self.assertIn("or an acquire fence before this would forbid it: s->note[1] = load(&s->x, relaxed);", told)
        both = self.told(self.report("--weak", "--", self.litmus("message", "STORE=relaxed", "LOAD=relaxed")))
        self.assertIn("acquire instead of relaxed here, together with: s->note[0] = load(&s->y, LOAD);", both)
        self.assertIn("release instead of relaxed here would forbid it: store(&s->y, 1, STORE);", both)

    def test_only_a_seq_cst_order_forbids_store_buffering(self) -> None:
        told = self.told(self.report("--weak", "--", self.litmus("store_buffering", "STORE=release", "LOAD=acquire")))
        self.assertTrue(any(text.startswith("seq_cst instead of ") for text in told), told)
        self.assertTrue(any(text.startswith("or a seq_cst fence before this") for text in told), told)

    def test_a_store_that_comes_early_is_told(self) -> None:
        report = self.report("--weak", "--", self.litmus("two_writes", "STORE=relaxed", "FENCE=none"))
        self.assertEqual(self.causes(report)[0], "old-value")
        self.assertTrue(any("which was stored earlier" in text for text in self.told(report)), self.told(report))

    def test_a_failure_that_needs_no_old_value_is_told_first(self) -> None:
        self.assertEqual(self.causes(self.run_roles("wrong/sequence_lock_odd", "--weak"))[0], "exit-status")

    def test_both_ends_of_an_old_value_are_always_told(self) -> None:
        source, binary = self.folder / "far.c", str(self.folder / "far")
        source.write_text(
            '#include "litmus.h"\n'
            "static void writer(struct litmus *s) { store(&s->x, 1, relaxed); store(&s->y, 1, relaxed); }\n"
            "static void reader(struct litmus *s)\n"
            "{\n"
            "    bool seen = load(&s->y, relaxed);\n"
            "    for (int i = 0; i < 40; i++)\n"
            "        store(&s->slot[i % SLOTS], i, relaxed);\n"
            "    s->note[0] = seen && !load(&s->x, relaxed);\n"
            "    for (int i = 0; i < 40; i++)\n"
            "        store(&s->slot[i % SLOTS], i, relaxed);\n"
            "}\n"
            "static bool forbidden(const struct litmus *s) { return s->note[0]; }\n"
            "LITMUS(writer, reader)\n"
        )
        self.assertEqual(
            self.weave("cc", "-g", "-O0", f"-I{HERE / 'programs' / 'litmus'}", str(source), "-o", binary).stdout, ""
        )
        report = self.report("--weak", "--bound", "0", "--", binary)
        old = next(event for event in report["trace"] if "an old value" in event["text"])
        missed = next(event for event in report["trace"] if event["step"] == old["misses"])
        self.assertEqual((old["story"], missed["story"]), (True, True))
        self.assertEqual((missed["kind"], missed["value"]), ("store", 1))
        for event in (old, missed):
            self.assertRegex(report["text"], rf"(?m)^ +{event['step']}  ")

    def test_weak_memory_and_store_buffers_exclude_each_other(self) -> None:
        for options in (("--tso", "--weak"), ("--weak=2", "--tso")):
            run = self.weave(*options, "--", "true")
            self.assertEqual(run.returncode, 2)
            self.assertIn("--tso and --weak", run.stdout)
        self.assertEqual(self.weave("--weak=many", "--", "true").returncode, 2)

    def test_old_values_at_random_are_found_again(self) -> None:
        options = ("--weak", "--strategy", "random")
        first = self.run_roles("wrong/dekker_no_fence", *options)
        self.assertEqual(first["verdict"], "failed")
        self.assertEqual(without_time(first), without_time(self.run_roles("wrong/dekker_no_fence", *options)))

    # ---- killing ----

    def test_a_process_is_killed_at_every_step(self) -> None:
        roles = ("adder", "checker")
        right = self.run_roles("correct/robust_kill", "--kill", "1", roles=roles)
        self.assertEqual((right["verdict"], right["complete"]), ("passed", True))
        wrong = self.run_roles("wrong/robust_missing", "--kill", "1", roles=roles)
        self.assertEqual(self.causes(wrong)[0], "dead-owner")
        self.assertIn("killed", [event["kind"] for event in wrong["trace"]])
        step = re.match(r"w1:k0\.(\d+):", wrong["schedule"])
        assert step is not None
        once = self.run_roles("wrong/robust_missing", "--kill", f"1:{step.group(1)}", roles=roles)
        self.assertEqual(self.causes(once), self.causes(wrong))

    def test_programs_see_all_processors(self) -> None:
        """Though weave keeps them on one: what a program does must not depend on it."""
        expected = self.folder / "processors.txt"
        expected.write_text(f"{len(os.sched_getaffinity(0))}\n", encoding="utf-8")
        report = self.run_roles("correct/processors", "--expect-output", f"1:{expected}")
        self.assertEqual(report["verdict"], "passed", report["text"])

    # ---- replay ----

    def replayed(self, name: str, report: Dict[str, Any], roles: Tuple[str, ...]) -> Dict[str, Any]:
        return self.run_roles(name, "--replay", report["schedule"], roles=roles)

    def test_a_failure_is_replayed_exactly(self) -> None:
        for name, roles, options in (
            ("wrong/relaxed_flag", MAILBOX, ()),
            ("wrong/locks_abba", ("all",), ()),
            ("wrong/crash", ("all",), ()),
            ("wrong/dekker_no_fence", ("all",), ("--tso",)),
            ("wrong/dekker_no_fence", ("all",), ("--weak",)),
            ("wrong/counter_without_lock", ("all",), ("--every-access",)),
            ("wrong/robust_missing", ("adder", "checker"), ("--kill", "1")),
            ("wrong/condition_if", ("all",), ()),
        ):
            with self.subTest(name):
                first = self.run_roles(name, *options, roles=roles)
                second = self.replayed(name, first, roles)
                for key in ("findings", "trace", "schedule"):
                    self.assertEqual(first[key], second[key])
                self.assertEqual(second["schedules"], 1)

    def test_stepping_shows_every_step(self) -> None:
        first = self.run_roles("wrong/locks_abba")
        binary = self.compiled("wrong/locks_abba")
        run = self.weave("replay", first["schedule"], "--", binary, "all")
        self.assertEqual(run.returncode, 1)
        for number in range(len(first["trace"])):
            self.assertRegex(run.stdout, rf"(?m)^ +{number}  ")
        last = run.stdout.index(f"\n  {len(first['trace']) - 1:5}  ")
        self.assertNotIn("lock-order", run.stdout[:last])  # what came of it is told when it has come
        self.assertIn("lock-order", run.stdout[last:])
        self.assertNotIn("replay:", run.stdout)  # that is what was typed

    def on_a_terminal(self, columns: int, *words: str) -> str:
        """What weave prints on a terminal of that width."""
        ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        with open(ours, "rb", buffering=0) as printed:
            with subprocess.Popen([WEAVE, *words], stdin=subprocess.DEVNULL, stdout=its, stderr=its):
                os.close(its)
                text = b""
                try:
                    while part := printed.read(4096):
                        text += part
                except OSError:  # EIO: nobody holds the other end any more
                    pass
        return text.decode().replace("\r\n", "\n")

    def timeline(self, text: str) -> list[str]:
        """The lines of the last timeline: its heading, and the steps."""
        lines = text.splitlines()
        begin = max(number for number, line in enumerate(lines) if line.startswith("   step"))
        end = next(number for number, line in enumerate(lines) if number > begin and not line.startswith("  "))
        return lines[begin:end]

    def writer_and_reader(self) -> Tuple[str, ...]:
        """A wrong program under two names."""
        binaries = tuple(str(self.folder / role) for role in MAILBOX)
        for binary in binaries:
            shutil.copy(self.compiled("wrong/relaxed_flag"), binary)
        return binaries

    def test_the_timeline_is_as_wide_as_the_terminal(self) -> None:
        writer, reader = self.writer_and_reader()
        command = ("--", writer, "writer", "--", reader, "reader")
        schedule = self.report(*command)["schedule"]
        long = "atomic_store_explicit(&box->ready, true, memory_order_relaxed);"
        for columns in (60, 80, 120, 200):
            with self.subTest(columns):
                lines = self.timeline(self.on_a_terminal(columns, "replay", "--colour", "never", schedule, *command))
                self.assertLessEqual(max(map(len, lines)), columns)
                words = "writer *\\| reader" if columns >= 120 else "process  what it does"
                self.assertRegex(lines[0], f"^   step  {words}$")
                self.assertIn(long.replace(" ", ""), re.sub(r"[\s|]+", "", "".join(lines)))  # broken, and whole

    def test_lines_are_not_broken_in_a_file(self) -> None:
        writer, reader = self.writer_and_reader()
        command = ("--", writer, "writer", "--", reader, "reader")
        run = self.weave("replay", self.report(*command)["schedule"], *command)
        self.assertRegex(run.stdout, r"(?m)^ +\d+  writer   relaxed_flag\.c:\d+  atomic_store.*memory_order_relaxed\);")
        self.assertRegex(run.stdout, r"(?m)^      reader: .*read of")

    def test_processes_of_one_program_are_numbered(self) -> None:
        binary = self.compiled("wrong/relaxed_flag")
        name = re.escape(Path(binary).name)
        text = self.run_roles("wrong/relaxed_flag", roles=MAILBOX)["text"]
        self.assertRegex(text, rf"(?m)^      {name} \(2\): .*read of")
        self.assertRegex(text, rf"(?m)^ +\d+  {name} \(1\)  relaxed_flag")
        text = self.run_roles("wrong/fork_without_wait")["text"]
        name = re.escape(Path(self.compiled("wrong/fork_without_wait")).name)
        self.assertRegex(text, rf"(?m)^ +forks {name} \(2\)$")

    def test_a_script_has_its_own_name(self) -> None:
        script = HERE.parents[1] / "solutions" / "lab1_layout" / "reader.py"
        report = self.report("--", sys.executable, str(script))  # nobody has written anything to be read
        self.assertEqual(report["findings"][0]["headline"], "reader.py ended with status 1")

    def test_stepping_through_a_run_without_failure(self) -> None:
        run = self.weave("replay", "w1:0x3", "--", self.compiled("correct/fetch_add"), "all")
        self.assertEqual(run.returncode, 0, run.stdout)
        self.assertIn("passed, this schedule", run.stdout)
        self.assertIn("(acq_rel)", run.stdout)

    def test_what_is_no_schedule_is_refused(self) -> None:
        binary = self.compiled("correct/fetch_add")
        for text in ("nonsense", "w2:0", "w1:16", "w1:x:0", "w1:0x99999999"):
            with self.subTest(text):
                run = self.weave("replay", text, "--", binary, "all")
                self.assertEqual(run.returncode, 2, run.stdout)
                self.assertIn("not a schedule", run.stdout)

    def test_a_schedule_of_another_program_is_told(self) -> None:
        report = self.run_roles("correct/fetch_add", "--replay", "w1:7x5")
        self.assertEqual(self.causes(report), ["diverged"])

    # ---- the same every time ----

    def test_twenty_runs_under_load_are_the_same(self) -> None:
        load = [subprocess.Popen([sys.executable, "-c", "while True: pass"], preexec_fn=lambda: os.nice(5)) for _ in range(2)]
        try:
            for name, roles in (
                ("wrong/relaxed_flag", MAILBOX),
                ("wrong/sequence_lock_odd", ("all",)),
                ("wrong/crash", ("all",)),
                ("wrong/queue_two_producers_no_lock", ("producer", "producer", "consumer")),
                ("correct/spin_lock", ("all",)),
            ):
                with self.subTest(name):
                    first = without_time(self.run_roles(name, roles=roles))
                    for _ in range(19):
                        self.assertEqual(without_time(self.run_roles(name, roles=roles)), first)
        finally:
            for process in load:
                process.kill()
                process.wait()

    # ---- JSON ----

    def test_json_has_what_its_page_says(self) -> None:
        page = (SOURCES / "json.md").read_text(encoding="utf-8")
        failed = self.run_roles("wrong/relaxed_flag", roles=MAILBOX)
        passed = self.run_roles("correct/fetch_add")
        self.assertEqual((failed["format"], failed["verdict"], passed["verdict"]), ("weave 1", "failed", "passed"))
        self.assertEqual(passed["findings"], [])
        keys: set[str] = set()

        def collect(value: object) -> None:
            if isinstance(value, dict):
                keys.update(value)
                for each in value.values():
                    collect(each)
            elif isinstance(value, list):
                for each in value:
                    collect(each)

        collect({k: v for k, v in failed.items() if k not in ("status", "text")})
        for event in failed["trace"]:
            keys.update(event)
        missing = {key for key in keys if f"`{key}`" not in page}
        self.assertEqual(missing, set())
        race = failed["findings"][0]
        self.assertEqual((race["kind"], race["field"]), ("race", "number"))
        self.assertEqual({side["process"] for side in race["sides"][:2]}, {1, 2})
        self.assertEqual([side.get("access") for side in race["sides"]], ["plain", "plain"])
        early = self.run_roles("wrong/flag_before_payload", roles=MAILBOX)["findings"][0]
        self.assertEqual([side.get("handover", False) for side in early["sides"]], [False, False, True])
        script = HERE.parents[1] / "solutions" / "lab1_layout" / "reader.py"
        said = self.report("--", sys.executable, str(script))["programs"][0]["said"]  # nobody has written anything
        self.assertIn("start the writer first", said)
        self.assertTrue(any(event["story"] for event in failed["trace"]))

    def test_every_cause_and_kind_is_explained(self) -> None:
        source = (SOURCES / "runner" / "findings.c").read_text(encoding="utf-8")
        table = source[source.index("causes[] = {") : source.index("static int cause_rank")]
        causes = set(re.findall(r'\{"([a-z-]+)",', table)) | {"tampered"}
        self.assertGreater(len(causes), 30)
        used = set(re.findall(r'return "([a-z]+-[a-z-]+)";', source)) | set(
            re.findall(r'"([a-z]+-[a-z-]+)"(?:\)|,\s*"[a-z A-Z-]+:")', source)
        )
        self.assertIn("exit-status", used)
        self.assertEqual(used - causes, set())  # a cause without an entry would have no words and no rank
        page = (SOURCES / "json.md").read_text(encoding="utf-8")
        self.assertEqual({cause for cause in causes if f"| `{cause}` |" not in page}, set())
        kinds = set(re.findall(r'finding_add\(c, "([a-z]+)"', source)) | {"deadlock", "stuck", "crash", "exit", "tampered"}
        self.assertEqual({kind for kind in kinds if f"`{kind}`" not in page}, set())
        events = re.findall(r'\[EVENT_\w+\] = "(\w+)"', (SOURCES / "runner" / "story.c").read_text(encoding="utf-8"))
        self.assertEqual({event for event in events if f"`{event}`" not in page}, set())


if __name__ == "__main__":
    unittest.main(verbosity=2)
