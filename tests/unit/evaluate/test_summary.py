"""Recordings averaged within subjects; differences are of the headline and paired by subject."""

from itertools import permutations

import numpy as np
import pytest

from eeg2fmri.core.progress import silent
from eeg2fmri.evaluate.metrics.registry import HEADLINE, METRICS
from eeg2fmri.evaluate.recordings.scoring import KeptCourses, Scores
from eeg2fmri.evaluate.significance.surrogates import ScoreNull
from eeg2fmri.evaluate.summary import summarise_recordings, weights_of
from eeg2fmri.results.scores.control import Control, OfRecording
from eeg2fmri.results.scores.controls import Controls
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


SHIFTED, STILL = Method("shifted", "shifted", "EEG at the wrong time", "null"), Method("still", "still", "nothing")
CEILING = Method("ceiling", "a ceiling", "the truth", "ceiling")
ALL = [MODEL, SHIFTED, OTHER, STILL, CEILING]
WEIGHTS = {"a1": 0.125, "a2": 0.125, "b1": 0.25, "c1": 0.25, "d1": 0.25}
#: What each method has of a headline, in the order of `SUBJECTS`.
HEADLINES = {
    "model": [0.3, 0.5, 0.2, 0.35, 0.25],
    "shifted": [0.01, 0.0, 0.02, -0.01, 0.0],
    "mean": [0.29, 0.485, 0.0, 0.345, 0.236],
    "still": [0.0] * 5,
    "ceiling": [0.6, 0.7, 0.8, 0.9, 0.5],
}


def scores_of(subjects: dict[str, str], drawn: float = 0.1, coordinates: int = 20) -> Scores:
    """Five methods; draws of the model, and of the other but where it is constant (b1)."""
    rng, scores = np.random.default_rng(5), Scores(silent, list(ALL))
    for method in ALL:
        for value, name in zip(HEADLINES[method.name], subjects, strict=False):
            values = {metric.name: 100 * rng.random() for metric in METRICS}
            scores.values[method.name][name] = {**values, HEADLINE.name: value}
            if method in (MODEL, OTHER) and (method, name) != (OTHER, "b1"):
                draws = np.r_[value, drawn * rng.standard_normal(40)]
                scores.nulls[method.name][name] = ScoreNull(draws, coordinates)
    return scores


def draws_of(scores: Scores, method: str) -> np.ndarray:
    """Values (recording, draw) of a method, 0 where it is constant."""
    own = scores.nulls[method]
    return np.array([own[name].values if name in own else np.zeros(41) for name in SUBJECTS])


def share_of(values: np.ndarray, counts: float = 0.0) -> float:
    """Share of all draws, the observed one among them, that reach the observed one less what counts."""
    return (1 + int((values[1:] >= values[0] - counts).sum())) / len(values)


def test_all_of_an_evaluation() -> None:
    """Every part computed again from the draws; the bootstrap from the same random numbers."""
    scores, facts = scores_of(SUBJECTS), {"difference_that_counts": 0.02, "seed": 3}
    found = summarise_recordings(scores, SUBJECTS, np.random.default_rng(4), "T1w", facts, ("before",), ("after",))
    assert (found.methods, found.subjects, found.metrics) == (tuple(ALL), ("a", "b", "c", "d"), METRICS)
    assert (found.space, found.facts) == ("T1w", facts)
    few = (
        "Intervals over 4 test subjects are too narrow. Of tests over subjects: with 4 of them p cannot be below 1/16, "
        "so that nothing can be significant (p <= 0.05): test on 5 or more."
    )
    assert found.notes == ("before", few, "after")

    by_recording = np.array([[list(scores.values[m.name][name].values()) for name in SUBJECTS] for m in ALL])
    own = by_recording[:, 2:]
    mean = np.concatenate([by_recording[:, :2].mean(axis=1, keepdims=True), own], axis=1)
    np.testing.assert_allclose(found.values, mean)

    rng = np.random.default_rng(4)
    for m in range(5):
        for k in range(len(METRICS)):
            low, high = np.quantile(mean[m, rng.integers(0, 4, (10_000, 4)), k].mean(axis=1), [0.025, 0.975])
            np.testing.assert_allclose(found.intervals[m, k], [low, high])

    model, other = draws_of(scores, "model"), draws_of(scores, "mean")
    of_subjects = {"a": model[:2].mean(axis=0), "b": model[2], "c": model[3], "d": model[4]}
    assert list(found.nulls) == list(of_subjects)
    for subject, values in of_subjects.items():
        np.testing.assert_allclose(found.nulls[subject], values[1:])
    p_values = np.full((5, 4), np.nan)
    p_values[0] = [share_of(values) for values in of_subjects.values()]
    p_values[2] = [share_of(values) for values in (other[:2].mean(axis=0), other[2], other[3], other[4])]
    p_values[2, 1] = np.nan  # nothing to test where all recordings of a subject are constant
    np.testing.assert_allclose(found.p_values, p_values)
    assert list(found.pooled) == ["model", "mean"]
    for name, values, coordinates in (("model", model, 100), ("mean", other, 80)):
        test, pooled = found.pooled[name], np.array(list(WEIGHTS.values())) @ values
        assert test.observed == pytest.approx(pooled[0])
        assert (test.p_value, test.draws, test.distinct) == (
            pytest.approx(share_of(pooled)),
            40,
            2 ** min(coordinates, 40),
        )
        np.testing.assert_allclose(test.null, pooled[1:])

    assert list(found.against) == ["shifted", "mean", "still"]
    for row, name in ((1, "shifted"), (2, "mean"), (3, "still")):
        difference = mean[0, :, 0] - mean[row, :, 0]
        resampled = difference[rng.integers(0, 4, (10_000, 4))]
        low, high = np.quantile(resampled.mean(axis=1), [0.025, 0.975])
        again = difference[rng.integers(0, 4, (10_000, 4))]
        spread = again.std(axis=1, ddof=1)
        sizes = again.mean(axis=1)[spread > 1e-10] / spread[spread > 1e-10]
        signs = np.array(np.meshgrid(*[[1, -1]] * 4)).reshape(4, -1).T
        flipped = signs @ (difference - 0.02)
        expected = {
            "difference": difference.mean(),
            "low": low,
            "high": high,
            "p_value": np.mean(flipped >= (difference - 0.02).sum() - 1e-9),
            "effect_size": difference.mean() / difference.std(ddof=1),
            "effect_low": np.quantile(sizes, 0.025),
            "effect_high": np.quantile(sizes, 0.975),
        }
        absent = [key for key, value in found.against[name].items() if value is None]
        assert absent == (["low_surrogates", "high_surrogates", "p_surrogates"] if name == "shifted" else [])
        paired = dict.fromkeys(absent)
        if name != "shifted":
            values = np.array(list(WEIGHTS.values())) @ (model - (other if name == "mean" else 0))
            half = 1.96 * values[1:].std()
            paired = {
                "low_surrogates": values[0] - half,
                "high_surrogates": values[0] + half,
                "p_surrogates": share_of(values, 0.02),
            }
        assert found.against[name] == {
            key: None if value is None else pytest.approx(value, rel=1e-6) for key, value in (expected | paired).items()
        }, name


def test_what_is_not_defined_is_none() -> None:
    """One subject has no spread, a model without a course no paired test, and a score that is none no difference."""
    scores = scores_of({"a1": "a"})
    found = summarise_recordings(scores, {"a1": "a"}, np.random.default_rng(0), "native", {})
    assert found.notes == ("There is a single test subject: nothing is known of the spread over people.",)
    assert np.isnan(found.intervals).all()
    test = found.against["mean"]
    assert test["difference"] == pytest.approx(0.01)
    assert [test[key] for key in ("low", "high", "p_value", "effect_size", "effect_low", "effect_high")] == [None] * 6
    assert test["p_surrogates"] is not None
    del scores.nulls["model"]
    still = summarise_recordings(scores, {"a1": "a"}, np.random.default_rng(0), "native", {})
    assert (list(still.pooled), still.nulls, still.test) == (["mean"], {}, None)
    assert np.isnan(still.p_values[0]).all()
    for name in ("shifted", "mean", "still"):
        paired = {key: value for key, value in still.against[name].items() if key.endswith("surrogates")}
        assert paired == dict.fromkeys(("low_surrogates", "high_surrogates", "p_surrogates"))
    scores = scores_of(SUBJECTS)
    scores.values["still"]["c1"][HEADLINE.name] = np.nan
    undefined = summarise_recordings(scores, SUBJECTS, np.random.default_rng(0), "native", {}).against["still"]
    assert {key for key, value in undefined.items() if value is not None} == {
        "low_surrogates", "high_surrogates", "p_surrogates",
    }  # fmt: skip


def test_two_subjects_have_an_interval_and_a_test_but_no_interval_of_their_effect() -> None:
    names = {"a1": "a", "b1": "b"}
    against = summarise_recordings(scores_of(names), names, np.random.default_rng(0), "native", {}).against["still"]
    assert against["difference"] == pytest.approx(0.4)
    assert (against["low"], against["high"], against["p_value"]) == pytest.approx((0.3, 0.5, 0.25))
    assert against["effect_size"] == pytest.approx(0.4 / (0.2 / np.sqrt(2)))
    assert (against["effect_low"], against["effect_high"]) == (None, None)


@pytest.mark.parametrize(
    ("count", "coordinates", "expected"),
    [
        (
            2,
            4,
            (
                "1/4, so that nothing can be significant (p <= 0.05): test on 5 or more.",
                "that they have p cannot be below 1/256.",
            ),
        ),
        (5, 2, ("with 5 of them p cannot be below 1/32.",)),
        (6, 2, ()),
        (6, 1, ("with the 64 surrogates that they have p cannot be below 1/64.",)),
        (7, 1, ("with the 128 surrogates that they have p cannot be below 1/128.",)),
    ],
)
def test_few_people_and_short_recordings_are_told(count: int, coordinates: int, expected: tuple[str, ...]) -> None:
    names = {f"r{k}": f"s{k}" for k in range(count)}
    scores = Scores(silent, [MODEL])
    for k, name in enumerate(names):
        scores.values["model"][name] = {metric.name: 0.1 * k for metric in METRICS}
        scores.nulls["model"][name] = ScoreNull(np.r_[0.1, np.zeros(9)], coordinates)
    found = summarise_recordings(scores, names, np.random.default_rng(0), "native", {})
    assert len(found.notes) == len(expected)
    assert all(text in note for text, note in zip(expected, found.notes, strict=True))
    assert found.test is not None
    assert found.test.distinct == 2 ** (count * coordinates)


@pytest.mark.parametrize("common", [True, False])
def test_five_recordings_are_exchanged_over_the_voxels_that_all_have(common: bool) -> None:
    """Also: the controls are told what the evaluation claims, and warn before what comes after."""
    rng, scores = np.random.default_rng(8), scores_of(SUBJECTS, 0.001)
    pairs = np.zeros((5, 5))
    kept = {}
    for k, name in enumerate(SUBJECTS):
        voxels = np.array([1, 4, 6, 7 + k] if common else [7 + k])
        truth = rng.standard_normal((30 + k, voxels.size)).astype(np.float16)
        prediction = (truth + 2 * rng.standard_normal(truth.shape)).astype(np.float16)
        kept[name] = KeptCourses(voxels, truth, prediction)
    scores.kept["model"] = dict(kept)
    found = OfRecording("a", 0.3, remaining=0.01, volumes=100)
    control = Control("motion", "motion regressors", "motion", "known", dict.fromkeys(SUBJECTS, found))
    controls = Controls((control,), {"a1": 0.9}, "voxels", 10).to_dict()
    assert not controls["informative"]
    facts = {"controls": controls}
    told = summarise_recordings(scores, SUBJECTS, np.random.default_rng(0), "native", facts, after=("after",))
    if not common:
        assert "exchanged" not in told.facts
        assert told.facts["controls"]["informative"]
        assert told.notes[1].startswith("The score could be motion. ")
        assert (len(told.notes), told.notes[2]) == (3, "after")
        return
    for i, one in enumerate(SUBJECTS):
        for j, other in enumerate(SUBJECTS):
            y, p = kept[one].truth[:30, :3].astype(float), kept[other].prediction[:30, :3].astype(float)
            pairs[i, j] = np.median([np.corrcoef(y[:, v], p[:, v])[0, 1] for v in range(3)])
    means = np.array([pairs[range(5), order].mean() for order in permutations(range(5))])
    assert told.facts["exchanged"] == pytest.approx(
        {
            "r": means[0],
            "p_value": np.mean(means >= means[0]),
            "p_below": np.mean(means <= means[0]),
            "null_mean": means[1:].mean(),
            "recordings": 5,
            "voxels": 3,
            "permutations": 120,
        }
    )
    assert told.facts["controls"]["informative"] == (np.mean(means >= means[0]) <= 0.04)
    del scores.kept["model"]["c1"]
    assert "exchanged" not in summarise_recordings(scores, SUBJECTS, np.random.default_rng(0), "native", {}).facts


def test_of_eight_recordings_permutations_are_drawn() -> None:
    rng, names = np.random.default_rng(1), {f"r{k}": f"s{k}" for k in range(8)}
    scores = Scores(silent, [MODEL])
    for name in names:
        scores.values["model"][name] = {metric.name: 0.1 for metric in METRICS}
        scores.nulls["model"][name] = ScoreNull(np.r_[0.1, np.zeros(9)], 20)
        course = rng.standard_normal((20, 2)).astype(np.float16)
        scores.kept["model"][name] = KeptCourses(np.array([1, 2]), course, course)
    told = summarise_recordings(scores, names, np.random.default_rng(0), "native", {}).facts["exchanged"]
    assert (told["r"], told["recordings"], told["permutations"]) == (pytest.approx(1), 8, 10_000)


def test_a_draw_that_reaches_the_observed_difference_counts() -> None:
    scores = Scores(silent, [MODEL, STILL])
    for method, r in ((MODEL, 0.25), (STILL, 0.0)):
        scores.values[method.name]["a1"] = {metric.name: r for metric in METRICS}
    scores.nulls["model"]["a1"] = ScoreNull(np.array([0.25, 0.25, 0.0, -0.5]), 20)
    facts = {"difference_that_counts": 0.0}
    against = summarise_recordings(scores, {"a1": "a"}, np.random.default_rng(0), "native", facts).against["still"]
    assert against["p_surrogates"] == 0.5
