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


if __name__ == "__main__":
    unittest.main()
