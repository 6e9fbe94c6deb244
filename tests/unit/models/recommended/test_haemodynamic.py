import numpy as np
import pytest
from nilearn.glm.first_level import glover_hrf

from eeg2fmri.models.recommended.haemodynamic import drifts, glover, row_responses


def test_the_response_is_nilearns():
    # theirs starts one step late and ends a step early
    time = np.linspace(0, 32, 320) - 0.1
    theirs = glover_hrf(0.1, oversampling=1, time_length=32.0)
    ours = glover(time)
    np.testing.assert_allclose(ours / ours.sum(), theirs, atol=1e-6 * theirs.max())
    assert (glover(np.array([-3.0, -0.1, 0.0])) == 0).all()


def test_rows_are_weighted_by_the_response_that_reaches_the_target():
    rows = row_responses(10, 2.0, 0, (0.0,))[0]
    expected = [glover(np.linspace(lag * 2 - 1, lag * 2 + 1, 2001)).mean() for lag in range(10, 0, -1)]
    np.testing.assert_allclose(rows, np.array(expected) / np.abs(expected).sum(), atol=2e-3)
    # the last row lies 2 s before the target, the largest response is at about 5 s
    assert set(np.argsort(rows)[-2:]) == {7, 8}
    assert np.abs(rows).sum() == pytest.approx(1)


def test_a_lag_takes_the_window_back():
    late, whole = row_responses(12, 1.5, 2, (0.0,))[0], row_responses(14, 1.5, 0, (0.0,))[0]
    np.testing.assert_allclose(late, whole[:12] / np.abs(whole[:12]).sum(), rtol=1e-12)


def test_a_shift_by_one_volume_moves_the_response_by_one_row():
    plain, later = row_responses(12, 1.5, 0, (0.0, 1.5))
    ratio = later[:-1] / plain[1:]
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-9)


def test_a_window_after_the_response_weighs_nothing():
    assert (row_responses(2, 1.0, 0, (30.0,)) == 0).all()


def test_drifts_are_orthonormal_and_slow():
    slow = drifts(100, 2.0, 50.0)
    assert slow.shape == (100, 9)
    np.testing.assert_allclose(slow.T @ slow, np.eye(9), atol=1e-12)
    np.testing.assert_allclose(slow[:, 0], 0.1)
    # the last one has the period
    assert np.sum(np.diff(np.sign(slow[:, 8])) != 0) == 8
    assert drifts(3, 2.0, 0.5).shape == (3, 3)
