"""A package that is called as its main function looks like that function, and its class like a class."""

from __future__ import annotations

import inspect
import pickle

import eeg2fmri
from eeg2fmri.core.callable_package import CallablePackage
from eeg2fmri.evaluate.run import evaluate_run


def test_a_package_has_the_signature_of_its_function():
    assert isinstance(eeg2fmri.evaluate, CallablePackage)
    assert inspect.signature(eeg2fmri.evaluate) == inspect.signature(evaluate_run)


def test_the_class_of_packages_has_a_signature_of_its_own():
    # tools of documentation ask the class itself
    assert "name" in inspect.signature(CallablePackage).parameters
    assert "name" not in inspect.signature(eeg2fmri.evaluate).parameters


def test_a_package_pickles_by_name():
    assert pickle.loads(pickle.dumps(eeg2fmri.evaluate)) is eeg2fmri.evaluate
