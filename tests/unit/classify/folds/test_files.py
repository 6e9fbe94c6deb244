"""Folds on disk: read as they were written, run again where they are damaged."""

import os

import numpy as np
import pytest

from eeg2fmri.classify.folds.files import FoldResult, read_fold, write_fold


@pytest.fixture
def fold(tmp_path):
    result = FoldResult({"view": np.eye(2)}, {"auc": {"view": 0.5}}, {"relevance": np.arange(3.0)})
    write_fold(tmp_path / "fold.npz", result)
    return tmp_path / "fold.npz"


def test_a_fold_comes_back(fold):
    found = read_fold(fold)
    assert found.facts == {"auc": {"view": 0.5}}
    assert np.array_equal(found.probability["view"], np.eye(2))
    assert np.array_equal(found.arrays["relevance"], np.arange(3.0))


def test_a_damaged_fold_is_run_again(fold):
    whole = fold.read_bytes()
    damaged = [whole[:at] for at in (0, 1, len(whole) // 2, len(whole) - 1)]
    damaged += [whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :] for at in range(0, len(whole), 7)]
    for content in damaged:
        fold.write_bytes(content)
        found = read_fold(fold)  # some bytes stand for nothing
        assert found is None or np.array_equal(found.probability["view"], np.eye(2))
    fold.unlink()
    assert read_fold(fold) is None
    os.mkfifo(fold)
    assert read_fold(fold) is None
