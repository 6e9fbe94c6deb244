"""Trainings of the toy synthesiser, each in a folder of its own."""

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def toy():
    """The module of the toy synthesiser, which processes that tests start import too."""
    spec = importlib.util.spec_from_file_location("toy", Path(__file__).with_name("toy.py"))
    module = importlib.util.module_from_spec(spec)
    # what workers of a loader unpickle has to be found by its name
    sys.modules["toy"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def toy_training(toy, tmp_path):
    """Make a training of the toy synthesiser; keyword arguments change the settings."""

    def make(folder="states", **settings):
        return toy.make_training(tmp_path / folder, **settings)

    return make
