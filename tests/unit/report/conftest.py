"""The example figures and results, loaded from files that can also be run by themselves."""

from __future__ import annotations

import html
import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"report_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def examples() -> ModuleType:
    """Module `figure_examples`: phantoms, one example of each figure, baselines."""
    return _load("figure_examples")


@pytest.fixture(scope="session")
def runs() -> ModuleType:
    """Module `run_examples`: results of a run that never happened."""
    return _load("run_examples")


@pytest.fixture(scope="session")
def methods_on() -> Callable[[str], str]:
    """Return a function that gives the methods of a page, which have each work that they cite, and no other."""
    from eeg2fmri.report.sections.references import REFERENCES

    def of(page: str) -> str:
        text, bibtex = html.unescape(page).split('<section id="methods"')[1].split("BibTeX", 1)
        entries = re.findall(r"@\w+\{(\w+),", bibtex.split("</pre>")[0])
        assert set(entries) == {key for key, (short, _) in REFERENCES.items() if short in text}
        assert len(entries) == len(set(entries))
        return text

    return of
