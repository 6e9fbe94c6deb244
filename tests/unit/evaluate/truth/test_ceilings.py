"""Scores of parts of a simulated brain, and fractions of a ceiling."""

import numpy as np
import pytest

from eeg2fmri.evaluate.inputs.methods import SHIFTED
from eeg2fmri.evaluate.metrics.measured import Measured
from eeg2fmri.evaluate.metrics.moments import temporal_r
from eeg2fmri.evaluate.metrics.registry import METRICS
from eeg2fmri.evaluate.truth.ceilings import BOLD_CEILING, EEG_CEILING, coupled_note
from eeg2fmri.evaluate.truth.parts import PARTS, Parts, column_r
from eeg2fmri.results.scores.evaluation import Evaluation, fraction
from eeg2fmri.results.scores.method import Method
from eeg2fmri.results.scores.table import scores_table


@pytest.fixture
def scored(rng):
    """Two regions of three voxels, the second alone follows the EEG, and a voxel outside grey matter."""
    labels = np.array([1, 1, 1, 2, 2, 2, 0]).reshape(7, 1, 1)
    truth = rng.standard_normal((200, 7, 1, 1)) + 100
    noise = rng.standard_normal(truth.shape)
    noise[:, labels == 2] = truth[:, labels == 2] + 0.5 * noise[:, labels == 2]
    mask = np.ones(labels.shape, bool)
    mask[2] = False
    parts = Parts(labels, np.array([False, True]))
    return truth, noise, mask, labels, parts


def measured(truth, prediction, mask):
    """Without drifts but the mean."""
    mean = np.full((len(truth), 1), 1 / np.sqrt(len(truth)))
    return Measured(truth, prediction, mask, 1.0, mean, mask)


def test_parts_are_medians_over_their_voxels_and_regions(scored):
    truth, prediction, mask, labels, parts = scored
    r = temporal_r(truth, prediction, mask)
    found = parts.score(measured(truth, prediction, mask))
    assert tuple(found) == tuple(PARTS)
    assert found["coupled"] == pytest.approx(np.median(r[3:6]))
    assert found["uncoupled"] == pytest.approx(np.median(r[:2]))
    assert found["grey"] == pytest.approx(np.median(np.concatenate([r[:2], r[3:6]])))
    course = [volumes[:, labels == 2].mean(axis=1) for volumes in (truth, prediction)]
    assert found["coupled_regions"] == pytest.approx(np.corrcoef(*course)[0, 1])
    course = [volumes[:, :2].mean(axis=(1, 2, 3)) for volumes in (truth, prediction)]
    assert found["uncoupled_regions"] == pytest.approx(np.corrcoef(*course)[0, 1])
    assert found["regions"] == pytest.approx((found["coupled_regions"] + found["uncoupled_regions"]) / 2)


def test_parts_without_a_voxel_are_not_defined(scored):
    truth, prediction, mask, labels, parts = scored
    only = parts.score(measured(truth, prediction, mask & (labels != 1)))
    assert np.isnan(only["uncoupled"])
    assert np.isnan(only["uncoupled_regions"])
    assert np.isfinite(only["coupled_regions"])
    assert all(np.isnan(value) for value in parts.score(measured(truth, prediction, labels == 0)).values())


def test_constant_courses_have_no_correlation():
    rng = np.random.default_rng(0)
    truth = rng.standard_normal((50, 2))
    prediction = np.stack([np.full(50, 1e4 / 3), truth[:, 1]], axis=1)
    np.testing.assert_allclose(column_r(truth, prediction), [0, 1], atol=1e-12)


def test_fraction_of_nothing_is_not_defined():
    assert fraction(0.2, 0.5) == pytest.approx(0.4)
    assert np.isnan(fraction(0.2, 0.0))
    assert np.isnan(fraction(0.0, -0.3))


def facts(model, bold, eeg, other):
    rows = {
        "coupled_regions": {"model": model, "bold_ceiling": bold, "eeg_ceiling": eeg},
        "uncoupled_regions": {"model": other},
    }
    parts = {
        part: {"temporal_r": {method: {"a": value, "b": value} for method, value in by.items()}}
        for part, by in rows.items()
    }
    return {"ceilings": {"parts": parts}}


def test_a_note_tells_of_the_regions_that_follow_the_eeg():
    text = coupled_note(facts(0.3, 0.75, 0.5, 0.01), "model")
    assert "temporal r 0.300, 60% of the EEG ceiling (0.500) and 40% of the BOLD ceiling (0.750)" in text
    assert "in the others it is 0.010" in text
    null = coupled_note(facts(0.01, 0.8, 0.0, None), "model")
    assert "EEG ceiling" not in null
    assert coupled_note({}, "model") == ""


@pytest.fixture
def evaluation():
    """One subject, the model at a third of one ceiling and at half of the other; medians tell another story."""
    methods = (Method("model", "ours", "EEG", "model"), SHIFTED, BOLD_CEILING, EEG_CEILING)
    values = np.full((4, 1, len(METRICS)), 0.5)
    values[:, 0, 0] = 0.3, 0.0, 0.5, 0.01
    values[:, 0, 2] = 0.2, 0.0, 0.6, 0.4
    none = np.full((4, len(METRICS), 2), np.nan)
    return Evaluation(methods, ("01",), METRICS, values, np.full((4, 1), np.nan), {}, none, {}, "native", {})


def test_scores_are_given_as_fractions_of_both_ceilings(evaluation, tmp_path):
    assert evaluation.reached("model", "bold_ceiling") == pytest.approx(1 / 3)
    assert evaluation.reached("model", "eeg_ceiling", "01") == pytest.approx(1 / 2)
    found = evaluation.to_dict()
    assert found["pooled"][0]["of_bold_ceiling"] == found["scores"][0]["of_bold_ceiling"] == pytest.approx(1 / 3)
    assert found["pooled"][2]["of_bold_ceiling"] == 1
    evaluation.write(tmp_path)
    lines = (tmp_path / "scores.csv").read_text().splitlines()
    assert lines[0].endswith(",of_bold_ceiling,of_eeg_ceiling")
    assert lines[1].split(",")[-1] == "0.5"
    assert len({line.count(",") for line in lines}) == 1
    table = scores_table(evaluation)
    at = table.columns.index("of BOLD ceiling")
    assert table.columns[at + 1] == "of EEG ceiling"
    assert table.rows[0][at : at + 2] == ("0.33", "0.50")
    assert "mean over voxels" in table.caption


def test_a_ceiling_is_no_rival(evaluation):
    assert [method.role for method in evaluation.ceilings] == ["ceiling", "ceiling"]
    assert "ceiling" not in evaluation.verdict
