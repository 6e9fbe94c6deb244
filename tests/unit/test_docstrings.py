"""Docstrings of modules say what the module does: a verb and an object."""

import ast
import re
from pathlib import Path

import eeg2fmri

SOURCE = Path(eeg2fmri.__file__).parent


def test_no_module_begins_with_a_question() -> None:
    for path in SOURCE.rglob("*.py"):
        told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert told, path
        assert not re.match(r"(What|Which|Where|How|Whether|Who|When|Why)\b", told), path
