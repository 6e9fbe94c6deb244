"""The phantoms of the figures, for results that hold volumes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def examples() -> ModuleType:
    """Module `figure_examples` of the report's tests."""
    path = Path(__file__).parents[1] / "report" / "figure_examples.py"
    spec = importlib.util.spec_from_file_location("report_figure_examples", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
