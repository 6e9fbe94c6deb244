"""The example figures and results, loaded from files that can also be run by themselves."""

from __future__ import annotations

import importlib.util
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
