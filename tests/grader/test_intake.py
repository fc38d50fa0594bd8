#!/usr/bin/env python3
"""What people hand in, as it comes: archives of every kind, folders named nearly right, downloads of learning platforms,
class lists as spreadsheets write them. Nothing is judged here: `grader grade --dry-run` says what would be.

    test_intake.py --grader build/bin/grader
"""

from __future__ import annotations

import ctypes
import ctypes.util
import io
import os
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import unicodedata
import zipfile
import zlib
from pathlib import Path
from typing import Dict, List, Mapping, Union

sys.dont_write_bytecode = True

from grader_case import LAB, ROOT, GraderCase, main  # noqa: E402

SOLUTION = {name: (ROOT / "solutions" / LAB / name).read_bytes()
            for name in ("shared_data.h", "sample.c", "layout.c", "shared_data.py", "reader.py")}
Files = Mapping[str, bytes]
MOMENT = 1793736000  # 2026-11-03 20:00 UTC


def below(prefix: str, files: Files = SOLUTION) -> Dict[str, bytes]:
    """The files in a folder."""
    return {prefix + name: data for name, data in files.items()}


def zipped(files: Files) -> bytes:
    """As Python and 7-Zip do it: names beyond ASCII are flagged UTF-8."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 3, 20, 0, 0)), data)
    return out.getvalue()


def raw_zip(files: Union[Mapping[str, bytes], Mapping[bytes, bytes]], flag: int = 0) -> bytes:
    """Names as they are: backslashes, old code pages, or with the flag of encryption."""
    data = listing = b""
    for key, content in files.items():
        name = key.encode() if isinstance(key, str) else key
        crc, offset = zlib.crc32(content), len(data)
        data += struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, flag, 0, 0xA000, 0x5D63, crc, len(content), len(content), len(name), 0)
        data += name + content
        listing += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, flag, 0, 0xA000, 0x5D63, crc, len(content), len(content),
                               len(name), 0, 0, 0, 0, 0x20, offset) + name
    return data + listing + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, len(files), len(files), len(listing), len(data), 0)


def tarred(files: Files, mode: str = "w:gz") -> bytes:
    """A tar archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1793000000
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def by_libarchive(path: Path, files: Files, kind: str, packing: str = "") -> None:
    """What Python cannot write, by the library that the grader reads with."""
    library = ctypes.CDLL(ctypes.util.find_library("archive"))
    for function in ("archive_write_new", "archive_entry_new"):
        getattr(library, function).restype = ctypes.c_void_p
    writer = ctypes.c_void_p(library.archive_write_new())
    assert getattr(library, f"archive_write_set_format_{kind}")(writer) == 0
    if packing:
        assert getattr(library, f"archive_write_add_filter_{packing}")(writer) == 0
    assert library.archive_write_open_filename(writer, os.fsencode(path)) == 0
    for name, data in files.items():
        entry = ctypes.c_void_p(library.archive_entry_new())
        library.archive_entry_set_pathname(entry, name.encode())
        library.archive_entry_set_size(entry, ctypes.c_int64(len(data)))
        library.archive_entry_set_filetype(entry, 0o100000)
        library.archive_entry_set_perm(entry, 0o644)
        assert library.archive_write_header(writer, entry) == 0
        library.archive_write_data(writer, data, ctypes.c_size_t(len(data)))
        library.archive_entry_free(entry)
    library.archive_write_free(writer)


class Case(GraderCase):
    """A class in a folder, and what the grader says of it."""

    def put(self, name: str, content: Union[bytes, Files]) -> None:
        """An archive, or a folder."""
        path = self.students / name
        if isinstance(content, bytes):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            return
        for file, data in content.items():
            (path / file).parent.mkdir(parents=True, exist_ok=True)
            (path / file).write_bytes(data)

    def grade(self, *arguments: str, status: int = 0, ordinary: bool = False) -> str:
        """What it would do."""
        return self.run_grader("grade", str(self.students), "--dry-run", *arguments, status=status, ordinary=ordinary)

    def sections(self, output: str) -> Dict[str, str]:
        """What is said of each submission."""
        parts: Dict[str, List[str]] = {}
        name = ""
        for line in output.splitlines():
            if line and not line.startswith(" "):
                name = line
                parts[name] = []
            elif name:
                parts[name].append(line)
        return {key: "\n".join(lines) for key, lines in parts.items()}


class Shapes(Case):
    """However it was packed: what a human would grade is graded, or a sentence says what to do."""

    def test_whole(self) -> None:
        """All five files of the solution are found in each of these."""
        wrong = {**SOLUTION, "layout.c": b"int main(void) { return 1; }\n"}
        shapes: Dict[str, Union[bytes, Files]] = {
            "umlaut.zip": zipped(below("\u00dcbung M\u00fcller/" + LAB + "/")),
            "decomposed.zip": zipped(below(unicodedata.normalize("NFD", "\u00dcbung") + f"/{LAB}/")),
            "macos.zip": zipped({**below(f"{LAB}/"), **{f"__MACOSX/{LAB}/._{name}": b"\0\5" for name in SOLUTION}}),
            "backslash.zip": raw_zip(below(f"{LAB}\\")),
            "backslash_deep.zip": raw_zip(below(f"Lab 1\\{LAB}\\")),
            "codepage.zip": raw_zip({b"\x9abung/" + f"{LAB}/{name}".encode(): data for name, data in SOLUTION.items()}),
            "flat.zip": zipped(SOLUTION),
            "own_folder.zip": zipped(below("eva/")),
            "two_deep.zip": zipped(below("eva/lab1/")),
            "inside.zip": zipped(below(f"{LAB}/src/")),
            "github.zip": zipped(below(f"shmlab-main/labs/{LAB}/")),
            "case_folder.zip": zipped(below("Lab1_Layout/")),
            "lab1.zip": zipped(below("labs/lab1/")),
            "lab01.zip": zipped(below("Lab 01 - Anna/")),
            "copy.zip": zipped(below(f"{LAB} (1)/")),
            "final.zip": zipped(below(f"work/{LAB}-final/")),
            "case_file.zip": zipped({f"{LAB}/{name.capitalize()}": data for name, data in SOLUTION.items()}),
            "upper_end.zip": zipped({f"{LAB}/{name.replace('.c', '.C')}": data for name, data in SOLUTION.items()}),
            "txt.zip": zipped({f"{LAB}/{name}.txt": data for name, data in SOLUTION.items()}),
            "copy_name.zip": zipped({f"{LAB}/{name.replace('.', ' (1).')}": data for name, data in SOLUTION.items()}),
            "absolute.tar.gz": tarred(below(f"/home/eva/{LAB}/")),
            "above.tar.gz": tarred(below(f"../{LAB}/")),
            "plain_tar.tgz": tarred(below(f"{LAB}/"), "w"),
            "called_zip.zip": tarred(below(f"{LAB}/")),
            "called_tar.tar.gz": zipped(below(f"{LAB}/")),
            "upper.ZIP": zipped(below(f"{LAB}/")),
            "in_zip.zip": zipped({"lab1.zip": zipped(below(f"{LAB}/"))}),
            "in_folder": {"lab1.zip": zipped(below(f"{LAB}/"))},
            "in_folder_twice": {"all.zip": zipped({"lab1.tar.gz": tarred(below(f"{LAB}/"))})},
            "environment": {**below(f"{LAB}/"), **{f".venv/lib/{i // 500}/{i}.py": b"" for i in range(10500)}},
            "backup.zip": zipped({**below(f"Backup/{LAB}/", wrong), **below(f"Submit/{LAB}/")}),
            "handout": {**below(f"labs/{LAB}/"), f"starters/{LAB}/layout.c": (ROOT / "labs" / LAB / "layout.c").read_bytes()},
            "built": {**below(f"{LAB}/"), f"{LAB}/build/layout.c": b"junk", "cmake-build-debug/layout.c": b"junk"},
            "beside.zip": zipped({**below(f"{LAB}/"), "L\u00f6sung.txt": b"x", "notes.pdf": bytes(3 << 20)}),
            "O'Brien, Se\u00e1n ": below(f"{LAB}/"),
        }
        for name, content in shapes.items():
            self.put(name, content)
        by_libarchive(self.students / "seven.7z", below(f"{LAB}/"), "7zip")
        by_libarchive(self.students / "standard.tar.zst", below(f"{LAB}/"), "pax_restricted", "zstd")
        with (self.students / "sparse.tar.gz").open("wb") as packed:
            (self.work / LAB).mkdir()
            for file, data in SOLUTION.items():
                (self.work / LAB / file).write_bytes(data)
            with (self.work / LAB / "core").open("wb") as core:
                core.truncate(2 << 30)
            subprocess.run(["tar", "-czSf", "-", LAB], cwd=self.work, stdout=packed, check=True)
        output = self.grade("--labs", "1")
        sections = self.sections(output)
        self.assertEqual(len(sections), len(shapes) + 3, output)
        for name, said in sections.items():
            self.assertIn("lab1: 5 files;\n", said + "\n", f"{name}\n{said}")
        self.assertIn("Backup/lab1_layout/layout.c: a second file of that name: not used, Submit/", sections["backup"])
        self.assertIn("Layout.c: taken as lab1_layout/layout.c", sections["case_file"])

    def test_single_files(self) -> None:
        """A file by itself, called after its student: its name says which it is, or what to call it is said."""
        layout = SOLUTION["layout.c"]
        for name in ("mueller_layout.c", "layout-4711.c", "Layout Eva.c", "single.c", "displayout.c"):
            self.put(name, layout)
        said = self.sections(self.grade("--labs", "1"))
        for name in ("mueller_layout", "layout-4711", "Layout Eva"):
            self.assertIn("lab1: 1 file;", said[name])
            self.assertIn("taken as lab1_layout/layout.c", said[name])
        for name in ("single", "displayout"):
            self.assertIn("such as lab1_layout/", said[name])

    def test_given_files(self) -> None:
        """What comes with a lab is no file of the student's, whatever its name holds: spsc_stream.c is no spsc.c."""
        for name in ("whole", "without"):
            shutil.copytree(ROOT / "solutions" / "lab6_yolo_queue", self.students / name / "lab6_yolo_queue",
                            ignore=shutil.ignore_patterns("windows"))
        (self.students / "without" / "lab6_yolo_queue" / "spsc.c").unlink()
        said = self.sections(self.grade("--labs", "6"))
        self.assertEqual(said["whole"].strip(), "lab6: 5 files;")
        self.assertEqual(said["without"].strip(), "lab6: 4 files;")

    def test_sentences(self) -> None:
        """Where nothing can be done the student learns what to do."""
        self.put("utf16.zip", zipped({f"{LAB}/{name}": data.decode().encode("utf-16") for name, data in SOLUTION.items()}))
        self.put("latin1", {f"{LAB}/reader.py": SOLUTION["reader.py"] + b"# gr\xfc\xdfe\n", f"{LAB}/Thumbs.db": b"x"})
        self.put("announced", {f"{LAB}/reader.py": b"#!/usr/bin/env python3\n# coding: latin-1\n# gr\xfc\xdfe\n"})
        self.put("password.zip", raw_zip(below(f"{LAB}/"), flag=1))
        self.put("empty.zip", zipped({}))
        self.put("damaged.rar", b"Rar!\x1a\x07\x01\x00" + bytes(200))
        self.put("which", {"reader.py": b"import sys\n"})
        self.put("deep.zip", zipped({"a.zip": zipped({"b.zip": zipped(below(f"{LAB}/"))})}))
        self.put("climbs.zip", zipped(below(f"a/../../{LAB}/")))
        said = self.sections(self.grade("--labs", "1,2"))
        self.assertIn("leads out of the submission", said["climbs"])
        self.assertIn("save it as UTF-8", said["utf16"])
        self.assertEqual(said["latin1"].strip(), "lab1: 1 file; lab2: 0 files;\n      lab1_layout/reader.py: no UTF-8, and without it "
                         "Python does not begin: save it as UTF-8 and hand it in again")
        self.assertNotIn("UTF-8", said["announced"])
        self.assertIn("needs a password", said["password"])
        self.assertIn("it is empty", said["empty"])
        self.assertIn("damaged", said["damaged"])
        self.assertIn("put it into the lab's folder", said["which"])
        self.assertIn("hand in one archive", said["deep"])
        self.assertIn("such as lab1_layout/", said["deep"])

    def test_whoever_grades(self) -> None:
        """One unreadable file costs itself alone, and root sees no more than anybody."""
        self.put("eva", {**below(f"{LAB}/"), "notes.txt": b"x", "private/x.txt": b"x"})
        self.put("ben", below(f"{LAB}/"))
        (self.students / "eva" / "notes.txt").chmod(0)
        (self.students / "eva" / "private").chmod(0)
        self.addCleanup((self.students / "eva" / "private").chmod, 0o700)
        (self.students / "ben" / LAB / "sample.c").chmod(0)
        output = self.grade("--labs", "1")
        said = self.sections(output)
        self.assertIn("lab1: 5 files;", said["eva"])
        self.assertIn("notes.txt: no lab asks for it", said["eva"])
        self.assertIn("lab1: 4 files;", said["ben"])
        self.assertIn("sample.c: nobody may read it", said["ben"])
        if os.geteuid() == 0:
            self.assertEqual(self.grade("--labs", "1", ordinary=True), output)


ROSTER = ("id,name,email\n4711,Eva M\u00fcller,mueller@u.edu\n4712,John Smith,smith@u.edu\n4713,Jane Doe,doe@u.edu\n"
          "4714,Anna Schmidt,as@u.edu\n4715,Ben Weiss,bw@u.edu\n4716,Cem \u00d6z,co@u.edu\n4719,Octo Cat,octocat@u.edu\n")


class Platforms(Case):
    """Made-up downloads, named as the platforms name them."""

    def check(self, first: str, people: Dict[str, str], *arguments: str) -> Dict[str, str]:
        """Who is who; nobody who handed in anything is said to be absent."""
        roster = self.work / "roster.csv"
        roster.write_text(ROSTER, encoding="utf-8")
        output = self.grade("--labs", "1", "--roster", str(roster), *arguments)
        self.assertEqual(output.splitlines()[0], first)
        said, absent = self.sections(output), output.partition("nothing handed in:")[2]
        for identity, name in people.items():
            self.assertIn("lab1: 5 files;", said.get(f"{identity}: {identity} ({name})", ""), output)
            self.assertNotIn(identity, absent)
        return said

    def test_canvas(self) -> None:
        self.put("mullereva_101_9001_lab1.zip", zipped(below(f"{LAB}/")))
        self.put("smithjohn_LATE_102_9002_lab1-1.zip", zipped(below(f"{LAB}/")))
        for name, data in SOLUTION.items():  # loose files
            self.put(f"schmidtanna_104_900{len(name)}_{name.replace('.', '-2.')}", data)
        said = self.check("a Canvas download: 3 submissions, 1 late",
                          {"4711": "Eva M\u00fcller", "4712": "John Smith", "4714": "Anna Schmidt"})
        self.assertIn("late", said["4712: 4712 (John Smith)"])

    def test_moodle(self) -> None:
        self.put("Eva M\u00fcller_55001_assignsubmission_file_", {"lab1.zip": zipped(below(f"{LAB}/"))})
        self.put("John Smith_55002_assignsubmission_file_lab1.zip", zipped(below(f"{LAB}/")))
        self.put("John Smith_55002_assignsubmission_onlinetext_onlinetext.html", b"<p>hello</p>")
        self.put("Jane Doe_55003_assignsubmission_onlinetext_onlinetext.html", b"<p>no file</p>")
        said = self.check("a Moodle download: 3 submissions", {"4711": "Eva M\u00fcller", "4712": "John Smith"})
        self.assertIn("refused", said["4713: 4713 (Jane Doe)"])

    def test_blackboard(self) -> None:
        self.put("Lab 1_mueller_attempt_2026-11-03-20-00-00_lab1.zip", zipped(below(f"{LAB}/")))
        self.put("Lab 1_mueller_attempt_2026-11-03-20-00-00.txt", b"Name: Eva")
        self.put("Lab 1_smith_attempt_2026-11-02-10-00-00_lab1.zip", zipped(below(f"{LAB}/")))
        self.put("Lab 1_smith_attempt_2026-11-03-11-00-00_lab1.zip", zipped(below(f"{LAB}/")))
        said = self.check("a Blackboard download: 2 submissions", {"4711": "Eva M\u00fcller", "4712": "John Smith"})
        self.assertEqual(said["4712: 4712 (John Smith)"].count("lab1: 5 files;"), 2, "two attempts")

    def test_gradescope(self) -> None:
        self.put("submission_901", below(f"{LAB}/"))
        self.put("submission_902", below(""))
        (self.students / "submission_metadata.yml").write_text(
            "submission_901:\n  :submitters:\n  - :name: Anna Schmidt\n    :sid: '4714'\n    :email: as@u.edu\n"
            "  :created_at: 2026-11-03 20:00:00.123456000 Z\n  :score: 0.0\n  :history: []\n"
            "submission_902:\n  :submitters:\n  - :name: Ben Weiss\n    :sid: ''\n    :email: bw@u.edu\n"
            "  - :name: Cem \u00d6z\n    :sid: '4716'\n    :email: other@u.edu\n  :created_at: 2026-11-04 20:00:00 Z\n",
            encoding="utf-8")
        self.check("a Gradescope download: 3 submissions",
                   {"4714": "Anna Schmidt", "4715": "Ben Weiss", "4716": "Cem \u00d6z"})

    def test_classroom(self) -> None:
        self.students = self.work / "lab-1-submissions"
        self.put("lab-1-octocat", {**below(f"labs/{LAB}/"), ".git/HEAD": b"ref: refs/heads/main\n"})
        self.put("lab-1-bw", {**below(f"labs/{LAB}/"), ".git/HEAD": b"ref: refs/heads/main\n"})
        self.check("a GitHub Classroom download: 2 submissions", {"4719": "Octo Cat", "4715": "Ben Weiss"})
        self.put("lab-1-xyz9", {**below(f"labs/{LAB}/"), ".git/HEAD": b"ref: refs/heads/main\n"})
        table = ("assignment_name,assignment_url,starter_code_url,github_username,roster_identifier,student_repository_name,"
                 "student_repository_url,submission_timestamp,points_awarded,points_available\n"
                 "lab-1,https://a,https://s,xyz9,4711,lab-1-xyz9,https://r,2026-11-03 20:00,0,0\n"
                 "lab-1,https://a,https://s,octocat,,lab-1-octocat,https://r,2026-11-03T21:00:30Z,0,0\n")
        for place in (self.students, self.work):  # among the folders; beside their folder
            (place / "grades.csv").write_text(table, encoding="utf-8")
            said = self.check("a GitHub Classroom download: 3 submissions",
                              {"4719": "Octo Cat", "4715": "Ben Weiss", "4711": "Eva M\u00fcller"})
            self.assertIn("2026-11-03 20:00", said["4711: 4711 (Eva M\u00fcller)"])
            self.assertIn("2026-11-03 21:00", said["4719: 4719 (Octo Cat)"])
            (place / "grades.csv").unlink()

    def test_ilias(self) -> None:
        self.put("Lab 1/Abgaben/M\u00fcller_Eva_mueller_7001/lab1.zip", zipped(below(f"{LAB}/")))
        self.put("Lab 1/Abgaben/Oez_Cem_coez_7002", below(""))
        os.utime(self.students / "Lab 1/Abgaben/M\u00fcller_Eva_mueller_7001/lab1.zip", (MOMENT, MOMENT))  # as ILIAS packs it
        self.put("Lab 1/Abgaben/Doe_Jane_doe_7003", {"20261103210000_lab1.zip": zipped(below(f"{LAB}/"))})
        self.put("Lab 1/Abgaben/Smith_John_smith_7004", {"Late Submission - lab1.zip": zipped(below(f"{LAB}/"))})
        said = self.check("an ILIAS download: 4 submissions, 1 late",
                          {"4711": "Eva M\u00fcller", "4716": "Cem \u00d6z", "4713": "Jane Doe", "4712": "John Smith"})
        self.assertIn("2026-11-03 20:00", said["4711: 4711 (Eva M\u00fcller)"])
        self.assertIn("2026-11-03 21:00", said["4713: 4713 (Jane Doe)"])
        self.assertIn("late", said["4712: 4712 (John Smith)"])

    def test_a_folder_that_somebody_made(self) -> None:
        """By id, login, name in any order; a file of any kind is somebody's, too."""
        self.put("4711", below(""))
        self.put("Smith, John.zip", zipped(SOLUTION))
        self.put("anna_schmidt (1).zip", zipped(SOLUTION))
        self.put("BW.docx", b"PK words")
        self.put("notes.txt", b"not a submission\n")
        roster = self.work / "roster.csv"
        roster.write_text(ROSTER, encoding="utf-8")
        output = self.grade("--labs", "1", "--roster", str(roster))
        absent = output.partition("nothing handed in:")[2]
        self.assertEqual(re.findall(r"\d{4}", absent), ["4713", "4716", "4719"], output)
        self.assertIn("notes.txt: no folder, no archive and nobody's name: left out", output)
        self.assertIn("4715 (Ben Weiss)", output)


# What a platform calls the file that somebody uploads; n: whose, k: which of his or hers.
NAMED = {
    "a Canvas": "{last}{first}_{n}_{n}{k}_{file}",
    "a Moodle": "{First} {Last}_{n}_assignsubmission_file_/{file}",
    "a Blackboard": "Lab 1_{login}_attempt_2026-11-03-20-00-00_{file}",
    "a Gradescope": "submission_{n}/{file}",
    "a GitHub Classroom": "lab-1-{login}/{file}",
    "an ILIAS": "Lab 1/Abgaben/{Last}_{First}_{login}_{n}/{file}",
}


class Crossed(Case):
    """Every platform with every wrapping: whose it is and what is in it are found, whichever they are."""

    def packed(self, name: str, kind: str, packing: str = "") -> bytes:
        """An archive that Python does not write."""
        by_libarchive(self.work / name, below(f"{LAB}/"), kind, packing)
        return (self.work / name).read_bytes()

    def wrappings(self) -> Dict[str, Files]:
        """What each student uploads; the student is called after it."""
        whole = zipped(below(f"{LAB}/"))
        return {
            "zip": {"lab1.zip": whole},
            "gz": {"lab1.tar.gz": tarred(below(f"{LAB}/"))},
            "xz": {"work.tar.xz": tarred(below(f"{LAB}/"), "w:xz")},
            "zst": {"lab1.tar.zst": self.packed("lab1.tar.zst", "pax_restricted", "zstd")},
            "seven": {"my_work.7z": self.packed("work.7z", "7zip")},
            "nested": {"all.zip": zipped({"lab1.zip": whole})},
            "mixed": {"all.tar.gz": tarred({"mine/lab1.zip": whole})},
            "nearly": {"Final.zip": zipped(below("Lab 01 - my work/"))},
            "copied": {"lab1-1.zip": zipped(below(f"{LAB} (1)/"))},
            "umlaut": {"\u00dcbung.zip": zipped(below(f"\u00dcbung/{LAB}/"))},
            "flat": {"lab1.zip": zipped(SOLUTION)},
            "loose": SOLUTION,
        }

    def check(self, platform: str) -> None:
        """A download of the platform's, with a student for each wrapping."""
        roster, metadata = "id,name,login\n", ""
        wrappings = self.wrappings()
        for n, (what, files) in enumerate(wrappings.items(), 5001):
            person = {"first": "eva", "First": "Eva", "last": what, "Last": what.capitalize(), "login": f"login{what}", "n": n}
            roster += f"{n},Eva {what.capitalize()},login{what}\n"
            metadata += f"submission_{n}:\n  :submitters:\n  - :name: Eva {what.capitalize()}\n    :sid: '{n}'\n"
            for k, (file, data) in enumerate(files.items()):
                self.put(NAMED[platform].format(file=file, k=k, **person), data)
            if platform == "a GitHub Classroom":  # the folders are clones
                self.put(f"lab-1-login{what}/.git/HEAD", b"ref: refs/heads/main\n")
        if platform == "a Gradescope":
            (self.students / "submission_metadata.yml").write_text(metadata, encoding="utf-8")
        (self.work / "roster.csv").write_text(roster, encoding="utf-8")
        output = self.grade("--labs", "1", "--roster", str(self.work / "roster.csv"))
        self.assertEqual(output.splitlines()[0], f"{platform} download: {len(wrappings)} submissions")
        said = self.sections(output)
        for n, what in enumerate(wrappings, 5001):
            self.assertIn("lab1: 5 files;", said.get(f"{n}: {n} (Eva {what.capitalize()})", ""), f"{what}\n{output}")
        self.assertNotIn("nothing handed in", output)

    def test_canvas(self) -> None:
        self.check("a Canvas")

    def test_moodle(self) -> None:
        self.check("a Moodle")

    def test_blackboard(self) -> None:
        self.check("a Blackboard")

    def test_gradescope(self) -> None:
        self.check("a Gradescope")

    def test_classroom(self) -> None:
        self.students = self.work / "lab-1-submissions"
        self.check("a GitHub Classroom")

    def test_ilias(self) -> None:
        self.check("an ILIAS")


class Rosters(Case):
    """Class lists as they come."""

    def roster(self, data: Union[str, bytes], status: int = 0, folder: str = "Eva M\u00fcller") -> str:
        """What a class of one says with it."""
        path = self.work / "roster.csv"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        if not any(self.students.iterdir()):
            self.put(folder, below(""))
        return self.grade("--labs", "1", "--roster", str(path), status=status)

    def test_read_right(self) -> None:
        """Encodings, separators, line ends, blanks, what platforms call their columns."""
        plain = "id,name,email\n77,Eva M\u00fcller,e@u.edu\n78,Ben,b@u.edu\n"
        for data in (plain.encode(), b"\xef\xbb\xbf" + plain.encode(), plain.encode("utf-16"), plain.encode("utf-16-le"),
                     plain.encode("latin-1"), plain.replace(",", ";").encode(), plain.replace(",", "\t").encode(),
                     plain.replace("\n", "\r").encode(), plain.replace("\n", "\r\n").encode(),
                     plain.replace(",", " , ").encode(), b"sep=;\n" + plain.replace(",", ";").encode(),
                     unicodedata.normalize("NFD", plain).encode(),
                     'Student,ID,SIS User ID,SIS Login ID,Section\n"M\u00fcller, Eva",1,77,e,A\nBen,2,78,b,A\n'
                     .replace("ID,SIS User", "Canvas,SIS User").encode(),
                     "First name,Surname,ID number,Email address\nEva,M\u00fcller,77,e@u.edu\nBen,B,78,b@u.edu\n".encode()):
            output = self.roster(data)
            self.assertIn("77 (", output, data)
            self.assertIn("\n  78  Ben", output, data)

    def test_refused(self) -> None:
        """What is not clear is refused with the line and the reason."""
        for data, line, words in (("id,name\n77,Eva\n78,\"Ben\n79,Cem\n", 3, "never closed"),
                                  ("id,name\n77,\"Eva\n78,\"Ben\n", 2, "after a closing quotation mark"),
                                  ("id,name\n77,Schmidt, Anna\n", 2, "comma not in quotation marks"),
                                  ("id,name\n77,Eva\n78,Ben\n77,Cem\n", 4, "is there twice"),
                                  ("who,what\n1,2\n", 1, "no column is called id"),
                                  ("id,name\n", 2, "no student")):
            self.assertRegex(self.roster(data, status=1), rf"line {line}: .*{words}")

    def test_two_of_one_name(self) -> None:
        """Nobody gets the other's marks, and neither is said to be absent."""
        output = self.roster("id,name\n77,Anna Schmidt\n78,Anna Schmidt\n79,Ben\n", folder="Anna Schmidt")
        self.assertIn("Anna Schmidt: whose is it? 77 (Anna Schmidt) or 78 (Anna Schmidt)", output)
        self.assertEqual(re.findall(r"7\d", output.partition("nothing handed in:")[2]), ["79"])


if __name__ == "__main__":
    main(__doc__)
