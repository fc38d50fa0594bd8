"""Words that docs/style.md replaces are found in prose, and nowhere else."""

import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))

import prose  # noqa: E402


class Words(unittest.TestCase):
    """The table, and what it is held against."""

    words = prose.replacements((ROOT / "docs" / "style.md").read_text(encoding="utf-8"))

    def found(self, text: str) -> str:
        """All that is found in one page."""
        return "\n".join(prose.problems("page.md", text, self.words))

    def test_the_table_is_read(self) -> None:
        """Each row gives at least one word; a cell may have several."""
        self.assertEqual(self.words["for ever"], "forever")
        self.assertEqual(self.words["mends"], self.words["mend"])
        self.assertGreater(len(self.words), 20)

    def test_a_word_is_found_with_its_line_and_cure(self) -> None:
        """Whole words only, in any case."""
        self.assertEqual(self.found("Fine.\nIt waits For Ever.\n"), 'page.md:2: "for ever": write forever (docs/style.md)')
        self.assertEqual(self.found("Amendments and mending are other words.\n"), "")

    def test_code_is_not_prose(self) -> None:
        """Fences, indented lines and backquotes are what programs print."""
        self.assertEqual(self.found("```text\nfor ever\n```\n\n    for ever\n\nThe words `for ever` are code.\n"), "")
        self.assertNotEqual(self.found("```text\nx\n```\nfor ever\n"), "")

    def test_what_a_source_says_is_prose(self) -> None:
        """Texts, joined where they go on in the next line, with the line in which they begin; names of variables are not."""
        source = 'int behind;\n/* anew */\nputs("it waits "\n     "for "\n     "ever");\n'
        self.assertEqual(
            "\n".join(prose.problems("tools/a.c", source, self.words)),
            'tools/a.c:3: "for ever": write forever (docs/style.md)',
        )

    def test_comments_of_solutions_are_prose(self) -> None:
        """Students read them, and a phrase may go on in the next line; the sample's own words are quoted from the documents."""
        source = "/* It stands in the\n * object, and in front\n * of the flag. */\nchar t[] = \"This text lies in shared memory:\";\n"
        found = "\n".join(prose.problems("solutions/a.c", source, self.words))
        self.assertIn('solutions/a.c:1: "stands in the"', found)
        self.assertIn('solutions/a.c:1: "in front of"', found)
        self.assertNotIn("lies in", found)
        python = 'x = 1  # done anew\nprint("whoever comes")\n'
        self.assertEqual(len(list(prose.problems("common/a.py", python, self.words))), 2)
        self.assertEqual(len(list(prose.problems("tests/harness/a.py", python, self.words))), 1)


if __name__ == "__main__":
    unittest.main()
