"""The markers that make a starter of a solution."""

import importlib.util
import unittest
from pathlib import Path

SPEC = importlib.util.spec_from_file_location("starters", Path(__file__).resolve().parents[3] / "tools" / "starters.py")
assert SPEC is not None and SPEC.loader is not None
starters = importlib.util.module_from_spec(SPEC)
import sys  # noqa: E402

sys.modules["starters"] = starters
SPEC.loader.exec_module(starters)

C = Path("file.c")
PYTHON = Path("file.py")


class Markers(unittest.TestCase):
    """convert()"""

    def test_cut_and_give(self) -> None:
        source = ("before\n    // shmlab:cut 3 Do it\n    // shmlab:text well.\n    secret();\n    // shmlab:give stub();\n"
                  "    // shmlab:end\nafter\n")
        starter = starters.convert(source, C)
        self.assertEqual(starter.text, "before\n    /* TODO 3: Do it\n     * well. */\n    stub();\nafter\n")
        self.assertEqual(starter.cut, [(4, "    secret();")])

    def test_python(self) -> None:
        source = "a\n# shmlab:cut 1 Do it.\nsecret\n# shmlab:give stub\n# shmlab:end\n"
        self.assertEqual(starters.convert(source, PYTHON).text, "a\n# TODO 1: Do it.\nstub\n")

    def test_without_text_there_is_no_todo(self) -> None:
        self.assertEqual(starters.convert("// shmlab:cut\nsecret\n// shmlab:end\nb\n", C).text, "b\n")

    def refused(self, source: str, words: str) -> None:
        with self.assertRaisesRegex(starters.MarkerError, words):
            starters.convert(source, C)

    def test_errors(self) -> None:
        self.refused("// shmlab:cut 1 a\nsecret\n", "cut without shmlab:end")
        self.refused("// shmlab:end\n", "without shmlab:cut")
        self.refused("// shmlab:give x\n", "without shmlab:cut")
        self.refused("// shmlab:cut 1 a\n// shmlab:cut 2 b\n// shmlab:end\n// shmlab:end\n", "inside the region")
        self.refused("// shmlab:snip\n", "without shmlab:cut")
        self.refused("// shmlab:cut\n// shmlab:snip\n// shmlab:end\n", "unknown marker")
        self.refused("code(); // shmlab:cut 1 a\n", "alone on its line")

    def test_a_cut_line_that_survives_is_found(self) -> None:
        line = "value = compute(everything, at_once);"
        one = starters.convert(f"// shmlab:cut 1 a\n{line}\n// shmlab:end\n", C)
        other = starters.convert(f"    {line}\n", C)
        self.assertEqual(len(list(starters.survivors({C: one, Path("other.c"): other}))), 1)
        seen = starters.convert(f"// shmlab:cut 1 a\n{line}\n// shmlab:seen {line}\n// shmlab:end\n", C)
        self.assertEqual(list(starters.survivors({C: seen, Path("other.c"): other})), [])


if __name__ == "__main__":
    unittest.main()
