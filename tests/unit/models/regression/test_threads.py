"""Regressions run in one thread, in both linear algebras."""

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.linalg  # noqa: F401
from threadpoolctl import threadpool_info, threadpool_limits

from eeg2fmri.models.recommended.acquisition import Acquisition
from eeg2fmri.models.recommended.config import RecommendedConfig
from eeg2fmri.models.regression.threads import one_thread


def threads() -> set[int]:
    """Return the numbers of threads of every pool (set of int)."""
    return {pool["num_threads"] for pool in threadpool_info()}


def test_both_linear_algebras_have_one_thread_and_then_what_they_had():
    with threadpool_limits(2):
        before = threads()
        with one_thread():
            assert threads() == {1}
        assert threads() == before


def test_fits_run_in_one_thread(monkeypatch):
    from eeg2fmri.models.recommended import fit, personal

    config, seen = RecommendedConfig(eeg_shape=(1, 1, 1), volume_shape=(1, 1, 1)), []

    def first(*_, **__):
        seen.append(threads())
        raise LookupError

    monkeypatch.setattr(fit, "gather", first)
    monkeypatch.setattr(personal._Person, "of", first)
    with threadpool_limits(2):
        with pytest.raises(LookupError):
            fit.fit([], config, {}, Acquisition(2.0, np.ones((1, 1, 1), bool), np.eye(4)))
        with pytest.raises(LookupError):
            personal.fit_to_person(SimpleNamespace(fitted=True), [], None)
    assert seen == [{1}, {1}]
