"""Recordings averaged within subjects; differences are of the headline and paired by subject."""

import numpy as np
import pytest

from eeg2fmri.core.progress import silent
from eeg2fmri.evaluate.metrics.registry import HEADLINE, METRICS
from eeg2fmri.evaluate.recordings.scoring import Scores
from eeg2fmri.evaluate.significance.surrogates import ScoreNull
from eeg2fmri.evaluate.summary import summarise_recordings, weights_of
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.results.scores.method import Method

MODEL, OTHER = Method("model", "this run", "EEG", "model"), Method("mean", "mean volume", "nothing")
SUBJECTS = {"a1": "a", "a2": "a", "b1": "b", "c1": "c", "d1": "d"}


def evaluation(rng: np.random.Generator, model: dict[str, float], other: dict[str, float]) -> Evaluation:
    """Scores whose other metrics say something else than the headline."""
    scores = Scores(silent, [MODEL, OTHER])
    for method, own in ((MODEL, model), (OTHER, other)):
        for name, value in own.items():
            values = {metric.name: 100 * rng.random() for metric in METRICS}
            scores.values[method.name][name] = {**values, HEADLINE.name: value}
            scores.nulls[method.name][name] = ScoreNull(np.r_[value, 0.01 * rng.standard_normal(40)], 20)
    return summarise_recordings(scores, SUBJECTS, np.random.default_rng(0), "native", {})


def test_differences_are_of_the_headline_and_over_subjects() -> None:
    rng = np.random.default_rng(1)
    model = {"a1": 0.3, "a2": 0.5, "b1": 0.2, "c1": 0.35, "d1": 0.25}
    other = {"a1": 0.1, "a2": 0.1, "b1": 0.15, "c1": 0.1, "d1": 0.05}
    found = evaluation(rng, model, other)
    assert found.subjects == ("a", "b", "c", "d")
    headline = [metric.name for metric in METRICS].index(HEADLINE.name)
    np.testing.assert_allclose(found.values[0, :, headline], [0.4, 0.2, 0.35, 0.25])
    against = found.against["mean"]
    # 0.3, 0.05, 0.25, 0.2: each subject counts once, however many recordings it has
    assert against["difference"] == pytest.approx(0.2)
    assert 0.05 <= against["low"] < 0.2 < against["high"] <= 0.3
    assert against["p_value"] == pytest.approx(1 / 16)
    assert against["effect_size"] > 0


def test_what_is_better_than_the_model_has_a_negative_difference() -> None:
    rng = np.random.default_rng(2)
    worse, better = dict.fromkeys(SUBJECTS, 0.1), {name: 0.3 + 0.01 * k for k, name in enumerate(SUBJECTS)}
    against = evaluation(rng, worse, better).against["mean"]
    assert against["difference"] < -0.2
    assert against["high"] < 0


def test_recordings_weigh_as_their_subjects() -> None:
    assert weights_of({"a": ["a1", "a2"], "b": ["b1"]}) == {"a1": 0.25, "a2": 0.25, "b1": 0.5}
