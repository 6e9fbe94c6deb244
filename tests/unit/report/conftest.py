"""The example figures, loaded from the file that also writes the baselines."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def examples() -> ModuleType:
    """Module `figure_examples`: phantoms, one example of each figure, baselines."""
    spec = importlib.util.spec_from_file_location(
        "report_figure_examples", Path(__file__).with_name("figure_examples.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
