"""The version of the Python package, which is that of CMakeLists.txt; all else is in pyproject.toml."""

import re
from pathlib import Path

from setuptools import setup

lists = Path(__file__).with_name("CMakeLists.txt").read_text(encoding="utf-8")
found = re.search(r"project\(shmlab VERSION ([0-9.]+)", lists)
if found is None:
    raise SystemExit("CMakeLists.txt: no version of the project")
setup(version=found[1])
