import warnings

import numpy as np
import pytest

from eeg2fmri.evaluate.metrics.measured import Measured, value_range
from eeg2fmri.evaluate.metrics.moments import temporal_r
from eeg2fmri.evaluate.metrics.registry import COMPUTED, HEADLINE, METRICS, all_scores
from eeg2fmri.evaluate.significance.drifts import time_basis
from eeg2fmri.results.scores.method import Metric


@pytest.fixture
def make(rng):
    """Truth that follows one course everywhere and one in a corner; the prediction knows both."""

    def make(shape=(60, 12, 12, 4), drift=0.0, mask=None, corner=1.0):
        courses = rng.standard_normal((2, shape[0]))
        mask = np.ones(shape[1:], bool) if mask is None else mask
        responsive = np.zeros(shape[1:], bool)
        responsive[:3, :3] = True
        signal = courses[0][:, None, None, None] + corner * responsive * courses[1][:, None, None, None]
        slow = drift * np.linspace(-1, 1, shape[0])[:, None, None, None]
        truth = (500 + signal + slow + 0.5 * rng.standard_normal(shape)) * mask
        prediction = (500 + signal + slow) * mask
        basis, course = time_basis(shape[0], 2.0, 40.0), truth[:, mask].mean(axis=1)
        return Measured(truth, prediction, mask, value_range(truth, mask), basis.drifts, responsive & mask, course)

    return make


def test_every_metric_is_computed_under_its_name(make):
    scores = all_scores(make())
    assert list(scores) == [metric.name for metric in METRICS]
    assert METRICS[0] == HEADLINE
    assert all(type(metric) is Metric and metric.protocol and metric.label for metric in METRICS)
    assert [metric.facts for metric in COMPUTED] == list(METRICS)


def test_scores_are_those_of_the_maps(make):
    measured = make()
    scores = all_scores(measured)
    r = temporal_r(measured.truth, measured.prediction, columns=measured.drifts)
    assert scores["responsive_r"] == pytest.approx(r[measured.responsive].mean())
    assert scores["temporal_r"] == pytest.approx(np.median(r))
    assert scores["temporal_r_mean"] == pytest.approx(r.mean())
    global_out = np.linalg.qr(np.column_stack([measured.drifts, measured.course]))[0]
    without = temporal_r(measured.truth, measured.prediction, columns=global_out)
    assert scores["responsive_r_without_global"] == pytest.approx(without[measured.responsive].mean())


def test_drifts_raise_no_score(make, rng):
    noise = rng.standard_normal((60, 12, 12, 4))
    drifting = make(drift=50.0)
    drifts_alone = Measured(
        drifting.truth + 5 * noise,
        np.broadcast_to(500 + 50 * np.linspace(-1, 1, 60)[:, None, None, None], drifting.truth.shape),
        drifting.mask,
        drifting.data_range,
        drifting.drifts,
        drifting.responsive,
    )
    scores = all_scores(drifts_alone)
    assert scores["temporal_r"] == scores["responsive_r"] == 0
    assert scores["explained_variance"] == pytest.approx(0, abs=1e-9)
    assert drifts_alone.constant


def test_one_course_everywhere_leaves_nothing_without_it(make):
    one, two = (all_scores(make(corner=corner)) for corner in (0.0, 1.0))
    assert one["responsive_r"] > 0.8 > 0.2 > abs(one["responsive_r_without_global"])
    assert two["responsive_r_without_global"] > 0.5


def test_masked_volumes_have_ssim_of_slices_without_warning(make):
    mask = np.ones((12, 12, 4), bool)
    mask[..., 0] = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = all_scores(make(mask=mask))
    # every third slice: the first is empty, the fourth is not
    assert 0.5 < scores["ssim_slices"] <= 1


def test_ssim_needs_room_for_its_window(make):
    flat = all_scores(make())
    assert np.isnan(flat["ssim_volume"])
    assert np.isfinite(flat["ssim_slices"])
    assert np.isfinite(all_scores(make(shape=(10, 11, 11, 11)))["ssim_volume"])
    assert np.isnan(all_scores(make(shape=(20, 6, 12, 4)))["ssim_slices"])
