"""Courses of the controls are tested over time as scores are: drifts and unsteady starts are no sign of anything."""

import numpy as np
import pytest

from eeg2fmri.evaluate.controls.courses import Courses
from eeg2fmri.evaluate.recordings.scoring import seed_of
from eeg2fmri.evaluate.significance.drifts import time_basis
from eeg2fmri.evaluate.significance.surrogates import headline_null

N, TR = 120, 2.0


def courses(truth, name="sub-01_task-x"):
    clock, none = (TR, 0.0), np.zeros((len(truth), 0))
    return Courses(name, "01", np.arange(len(truth)), truth, none, none, time_basis(len(truth), *clock), clock)


def drifting(rng):
    """Independent noise on a parabola, from an unsteady start."""
    position = np.linspace(-1, 1, N)
    slow = 3 * position + 2 * position**2 + 20 * np.exp(-np.arange(N) * TR / 4)
    return rng.standard_normal((N, 6)) + slow[:, None]


def test_independent_courses_that_drift_and_start_unsteadily_are_no_more_than_chance(rng):
    p_values = [courses(drifting(rng), f"sub-{k}").test(drifting(rng)).p_value for k in range(100)]
    assert np.mean(np.array(p_values) <= 0.05) <= 0.12
    truth = rng.standard_normal((N, 6))
    assert courses(truth).test(truth + rng.standard_normal((N, 6))).p_value == pytest.approx(0.001, abs=1e-9)


def test_it_is_the_test_of_the_scores(rng):
    truth, prediction = drifting(rng), drifting(rng)
    found = courses(truth).test(prediction)
    grid = [each[:, :, None, None] for each in (truth, prediction)]
    np.testing.assert_array_equal(found.values, headline_null(*grid, tr=TR, seed=seed_of("sub-01_task-x")).values)


def test_some_rows_alone_are_the_correlation_of_residuals(rng):
    truth, prediction = drifting(rng), drifting(rng)
    rows = np.arange(N) % 3 > 0
    own = courses(truth)
    design = own.basis[rows]
    left = [y[rows] - design @ np.linalg.lstsq(design, y[rows], rcond=None)[0] for y in (truth, prediction)]
    r = [np.corrcoef(a, b)[0, 1] for a, b in zip(left[0].T, left[1].T, strict=True)]
    assert own.r(prediction, rows=rows) == pytest.approx(np.mean(r))
