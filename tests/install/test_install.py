"""What `cmake --install` and `pip install` put into a prefix, used as somebody else's programs would.

CMAKE, BUILD in the environment: the program, and the folder of the build.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import ClassVar, List, Optional

TOP = Path(__file__).resolve().parents[2]
CMAKE, BUILD = os.environ["CMAKE"], os.environ["BUILD"]
LIBRARY = ("headers", "library")

C_PROGRAM = r"""
#include <stdio.h>
#include <shmlab/clock.h>
#include <shmlab/mailbox.h>
#include <shmlab/yolo_queue.h>

int main(void)
{
    struct mailbox box = {.counter = 7};
    atomic_store(&box.ready, true);
    printf("%d %d %zu %d\n", (int)box.counter, (int)atomic_load(&box.ready), sizeof(struct yolo_queue), clock_now_ns() > 0);
}
"""
CXX_PROGRAM = r"""
#include <cstdio>
#include <shmlab/mailbox.h>
#include <shmlab/presence.h>
#include <shmlab/spsc_ring.h>

int main()
{
    static spsc ring;
    ring.written.store(3, std::memory_order_release);
    std::printf("%u %zu %d\n", ring.written.load(), sizeof(mailbox), presence_held(-1, 0));
}
"""
CXX_LISTS = """cmake_minimum_required(VERSION 3.20)
project(peer LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 17)
find_package(shmlab 0.1 REQUIRED)
add_executable(peer peer.cpp)
target_link_libraries(peer PRIVATE shmlab::shmlab)
"""


def run(*command: "str | Path", **options: object) -> str:
    """What it prints; its words when it fails."""
    done = subprocess.run([str(each) for each in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, **options)  # type: ignore[call-overload]
    if done.returncode != 0:
        raise AssertionError(f"{command}: status {done.returncode}\n{done.stdout}")
    return str(done.stdout)


def python_with_pip() -> Optional[str]:
    """An interpreter that can build a package without fetching anything: ours, or the distribution's."""
    for python in (sys.executable, "/usr/bin/python3"):
        tried = subprocess.run([python, "-c", "import setuptools, wheel, pip"], stderr=subprocess.DEVNULL, check=False)
        if tried.returncode == 0:
            return python
    return None


class Installed(unittest.TestCase):
    """One prefix for all tests; it was moved after the installation."""

    folder: ClassVar[Path]
    prefix: ClassVar[Path]

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(tempfile.mkdtemp(prefix="shmlab-install-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        for component in ("library", "tools", "python"):
            run(CMAKE, "--install", BUILD, "--component", component, "--prefix", cls.folder / "first")
        cls.prefix = cls.folder / "moved"
        (cls.folder / "first").rename(cls.prefix)

    def files(self, pattern: str) -> List[str]:
        return sorted(path.name for path in self.prefix.glob(pattern))

    def flags(self) -> List[str]:
        (file,) = self.prefix.glob("**/pkgconfig")
        environment = dict(os.environ, PKG_CONFIG_PATH=str(file))
        return run("pkg-config", "--cflags", "--libs", "shmlab", env=environment).split()

    def test_c_program_by_pkg_config(self) -> None:
        (self.folder / "peer.c").write_text(C_PROGRAM)
        run("cc", "-std=c17", "-Wall", "-Wextra", "-Werror", "-o", self.folder / "peer", self.folder / "peer.c", *self.flags())
        self.assertEqual(run(self.folder / "peer"), "7 1 6168112 1\n")

    def test_cxx_program_by_cmake(self) -> None:
        if shutil.which("c++") is None:
            self.skipTest("no C++ compiler")
        place = self.folder / "cxx"
        place.mkdir()
        (place / "peer.cpp").write_text(CXX_PROGRAM)
        (place / "CMakeLists.txt").write_text(CXX_LISTS)
        run(CMAKE, "-S", place, "-B", place / "build", f"-DCMAKE_PREFIX_PATH={self.prefix}")
        run(CMAKE, "--build", place / "build")
        self.assertEqual(run(place / "build" / "peer"), "3 108 -1\n")

    def test_headers_in_every_standard(self) -> None:
        names = self.files("include/shmlab/*.h")
        self.assertIn("mailbox.h", names)
        everything = "".join(f"#include <shmlab/{name}>\n" for name in names)
        ways = [(compiler, "c", standard) for compiler in ("cc", "clang") for standard in ("c11", "c17", "c2x")]
        ways += [(compiler, "c++", standard) for compiler in ("c++", "clang++") for standard in ("c++17", "c++20")]
        for compiler, language, standard in ways:
            if shutil.which(compiler) is None:
                continue
            with self.subTest(compiler=compiler, standard=standard):
                source = self.folder / f"all.{standard}"
                source.write_text(everything)
                run(compiler, f"-std={standard}", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only",
                    f"-I{self.prefix}/include", "-x", language, source)

    def test_tools_and_their_pages(self) -> None:
        tools = self.files("bin/*")
        self.assertEqual(tools, ["shmlab-detect", "shmlab-picture", "shmlab-scene"])
        self.assertEqual(self.files("share/man/man1/*"), [f"{tool}.1" for tool in tools])
        for tool in tools:
            self.assertIn("Usage:", run(self.prefix / "bin" / tool, "--help"))
            if shutil.which("groff") is not None:
                page = self.prefix / "share" / "man" / "man1" / f"{tool}.1"
                self.assertEqual(run("groff", "-man", "-ww", "-z", page), "")

    def test_detector_finds_the_installed_models(self) -> None:
        """Not those of the source tree: what is in the prefix is another one there."""
        detect, share = self.prefix / "bin" / "shmlab-detect", self.prefix / "share" / "shmlab"
        environment = {key: value for key, value in os.environ.items() if key != "SHMLAB_MODELS"}
        names = (share / "shapes.names").read_text()
        self.addCleanup((share / "shapes.names").write_text, names)
        (share / "shapes.names").write_text(names.replace("circle", "disc"))
        said = subprocess.run([detect, "--model", "shapes", TOP / "common" / "media" / "shapes.png"], env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if "built without libdarknet" in said.stdout:
            self.assertIn(f"{share}/shapes.cfg", said.stdout)
        else:
            self.assertEqual(said.returncode, 0, said.stdout)
            self.assertRegex(said.stdout, "(?m)^disc ")

    def package_works(self, place: Path) -> None:
        """The package that is there, and no other, reads its table and its names."""
        program = (
            "import shmlab, sys; from shmlab import class_names, presence, yolo_queue; "
            "print(shmlab.__file__.startswith(sys.argv[1]), yolo_queue.SIZE, class_names.load('shapes')[3])"
        )
        environment = {**os.environ, "PYTHONPATH": str(place)}
        said = run(sys.executable, "-c", program, str(place), env=environment, cwd=self.folder)
        self.assertEqual(said, "True 6168112 star\n")

    def test_python_package_by_cmake(self) -> None:
        (package,) = self.prefix.glob("lib/python3/*")
        self.package_works(package)

    def test_python_package_by_pip(self) -> None:
        python = python_with_pip()
        if python is None:
            self.skipTest("no pip with setuptools and wheel: apt install python3-pip python3-setuptools python3-wheel")
        source = self.folder / "source"  # a copy: setuptools writes beside what it builds
        for path in ("pyproject.toml", "setup.py", "CMakeLists.txt", "common/python/shmlab", "common/media"):
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            if (TOP / path).is_dir():
                shutil.copytree(TOP / path, source / path, ignore=shutil.ignore_patterns("__pycache__", "training"))
            else:
                shutil.copy(TOP / path, source / path)
        run(python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation",
            "--disable-pip-version-check", "--root-user-action=ignore", "--target", self.folder / "pip", source)
        self.package_works(self.folder / "pip")

    def test_generator_of_the_page(self) -> None:
        """The page's example prints C structs from the table; a compiler finds each field where the table says."""
        page = (TOP / "docs" / "wire-formats.md").read_text(encoding="utf-8")
        (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
        self.assertLessEqual(example.count("\n"), 20)
        (table,) = self.prefix.glob("lib/python3/*/shmlab/wire_formats.json")
        made = run(sys.executable, "-c", example, table)
        lines = ["#include <stdbool.h>", "#include <stddef.h>", "#include <stdint.h>", made]
        for name, struct in json.loads(table.read_text())["structs"].items():
            lines.append(f'_Static_assert(sizeof(struct {name}) == {struct["size"]}, "{name}");')
            for field, at in struct["fields"].items():
                lines.append(f'_Static_assert(offsetof(struct {name}, {field}) == {at["offset"]}, "{field}");')
        (self.folder / "made.c").write_text("\n".join(lines) + "\n")
        run("cc", "-std=c17", "-fsyntax-only", self.folder / "made.c")


if __name__ == "__main__":
    unittest.main()
