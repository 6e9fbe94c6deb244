"""What an evaluation writes it reads again, number by number, and damage is refused or named."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eeg2fmri.core.random import generator
from eeg2fmri.data.store.recording import Recording as StoredRecording
from eeg2fmri.evaluate.inputs.examples import make_examples
from eeg2fmri.evaluate.inputs.methods import SHIFTED
from eeg2fmri.evaluate.metrics.registry import METRICS
from eeg2fmri.evaluate.recordings.scoring import Recording
from eeg2fmri.report import RunResults
from eeg2fmri.report.pages.run import render
from eeg2fmri.report.sections.gallery import calibration_facts, calibration_pictures
from eeg2fmri.report.sections.tables import summary_table
from eeg2fmri.report.sections.verdict import best_baseline
from eeg2fmri.results.courses import Courses
from eeg2fmri.results.examples import Examples
from eeg2fmri.results.files import AbsentResultError, ResultError
from eeg2fmri.results.images import write_map
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.results.scores.intervals import IntervalScores
from eeg2fmri.results.scores.method import Method
from eeg2fmri.results.scores.pooled_test import PooledTest

METHODS = (
    Method("model", "synthesizer (this run)", "EEG", "model"),
    SHIFTED,
    Method("mean", "mean training volume", "nothing"),
)
ONE = "sub-03_task-rest"


def written(p_value: float = 1 / 300, **parts: Any) -> Evaluation:
    rng = generator(1, "scores")
    values = rng.random((3, 2, len(METRICS)))
    values[2, :, 0] = np.nan
    null = rng.standard_normal(299) * 0.03
    given: dict[str, Any] = {
        "methods": METHODS,
        "subjects": ("03", "04"),
        "metrics": METRICS,
        "values": values,
        "p_values": np.array([[0.01, 0.02], [np.nan, np.nan], [np.nan, np.nan]]),
        "pooled": {
            "model": PooledTest.of(0.4, null, p_value, 500),
            "mean": PooledTest.of(0.1, null[:9], 0.5, 7),
        },
        "intervals": np.stack([values.min(axis=1), values.max(axis=1)], axis=-1),
        "against": {
            "shifted_eeg": {"difference": 0.1, "low": 0.05, "high": 0.15, "p_value": 0.25},
            "mean": {"difference": None, "low": None, "high": None, "p_value": None},
        },
        "space": "native",
        "facts": {"times_read": 2, "fold": 2, "folds": 5, "protocol": "k-fold-subjects"},
        "notes": ("With 2 test subjects, intervals are too narrow.",),
        "nulls": {"03": np.arange(4.0)},
    }
    return Evaluation(**given | parts)


def store_facts(examples, volumes: int) -> StoredRecording:
    onsets = np.arange(volumes) * 2.16
    return StoredRecording(ONE, "03", "", "rest", "", volumes, onsets, 250.0, examples.AFFINE)


def shown(examples) -> Examples:
    truth, prediction = examples.recording()
    recording = Recording(ONE, np.arange(len(truth)), truth, examples.phantom()[1], 1.0, 2.0, examples.phantom()[1])
    return make_examples(recording, store_facts(examples, len(truth)), prediction, examples.correlation(), None)


@pytest.fixture
def run(tmp_path, examples) -> Path:
    folder = tmp_path / "evaluation"
    folder.mkdir()
    written().write(folder)
    shown(examples).write(folder)
    write_map(folder / f"{ONE}_desc-temporalr_map.nii.gz", examples.correlation(), examples.AFFINE)
    write_map(folder / "sub-04_task-rest_desc-temporalr_map.nii.gz", examples.correlation(), examples.AFFINE)
    return tmp_path


def test_every_score_comes_back(run):
    found, source = Evaluation.read(run / "evaluation"), written()
    assert (found.methods, found.subjects, found.metrics) == (source.methods, source.subjects, source.metrics)
    for name in ("values", "p_values", "intervals"):
        np.testing.assert_array_equal(getattr(found, name), getattr(source, name))
    for name in ("against", "space", "facts", "notes", "verdict", "helped", "times_read", "protocol_label"):
        assert getattr(found, name) == getattr(source, name)
    assert found.to_dict() == source.to_dict()
    np.testing.assert_array_equal(found.test.null, source.test.null)
    assert found.test.to_dict() == source.test.to_dict()
    assert found.pooled["mean"].null is None
    np.testing.assert_array_equal(found.nulls["03"], np.arange(4.0))
    assert "fold 2 of 5" in found.protocol_label


def test_a_second_writing_is_the_same_file(run):
    before = {path.name: path.read_bytes() for path in (run / "evaluation").glob("scores.*")}
    Evaluation.read(run / "evaluation").write(run)
    assert {name: (run / name).read_bytes() for name in before} == before


def test_a_frame_has_a_row_a_method_and_subject_and_their_means():
    source = written()
    frame = source.to_frame()
    assert frame.shape == (3 * 2 + 3, 5 + len(METRICS))
    one = frame[(frame.method == "shifted_eeg") & (frame.subject == "04")].iloc[0]
    assert one.rmse == source.score("shifted_eeg", "rmse", "04")
    mean = frame[(frame.method == "model") & (frame.subject == "all")].iloc[0]
    assert (mean.temporal_r, mean.p_value) == (source.score("model", "temporal_r"), 1 / 300)
    assert frame.psnr.dtype == float


def test_the_representation_says_whether_the_eeg_helped():
    text = repr(written())
    assert "3 methods" in text
    assert "2 unseen subjects" in text
    assert written().verdict in text


def test_volumes_and_courses_come_back(run, examples):
    results, source = RunResults.read(run), shown(examples)
    first, second = results.examples
    assert (first.recording, second.recording, first.subject) == (ONE, "sub-04_task-rest", "03")
    for name in ("r", "affine", "mask", "anatomy", "prediction_mean", "truth", "prediction", "onsets"):
        np.testing.assert_array_equal(getattr(first, name), getattr(source, name))
    assert (first.unit, first.p_max, second.truth) == ("BOLD units", None, None)
    inside = second.mask & np.isfinite(examples.correlation())
    np.testing.assert_allclose(second.r[inside], examples.correlation()[inside], atol=1e-5)
    np.testing.assert_allclose(second.affine, examples.AFFINE)
    (courses,) = results.courses
    assert courses.names[0] == "brain mean"
    np.testing.assert_array_equal(courses.truth, source.courses.truth)


@pytest.mark.parametrize(("version", "todo"), [(2, "newer"), (0, "run the command again"), (None, "run the command")])
def test_other_versions_are_refused(run, version, todo):
    path = run / "evaluation" / "scores.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": version}))
    with pytest.raises(ResultError, match=f"another version(.|\\n)*scores.json(.|\\n)*{version}(.|\\n)*{todo}"):
        Evaluation.read(run / "evaluation")


def test_other_formats_are_refused(run):
    path = run / "evaluation" / "scores.json"
    path.write_text(json.dumps({"format": "eeg2fmri classification", "version": 1}))
    with pytest.raises(ResultError, match=r"something else(.|\n)*classification"):
        Evaluation.read(run / "evaluation")


@pytest.mark.parametrize("name", ["methods", "metrics", "subjects", "scores", "pooled", "significance", "model_minus"])
def test_scores_without_a_part_are_refused(run, name):
    path = run / "evaluation" / "scores.json"
    content = json.loads(path.read_text())
    del content[name]
    path.write_text(json.dumps(content))
    with pytest.raises(ResultError, match=f"cannot be read(.|\\n)*scores.json(.|\\n)*{name}(.|\\n)*evaluate again"):
        Evaluation.read(run / "evaluation")


def test_a_null_of_other_scores_is_refused(run):
    path = run / "evaluation" / "null.npz"
    np.savez(path, scores=np.zeros(5), observed=0.4, p_value=0.1)
    with pytest.raises(ResultError, match=r"null.npz(.|\n)*299 draws"):
        Evaluation.read(run / "evaluation")
    path.unlink()
    with pytest.raises(AbsentResultError, match=r"null.npz"):
        Evaluation.read(run / "evaluation")
    with pytest.raises(AbsentResultError, match="holds no evaluation"):
        Evaluation.read(run)


COURSES = "sub-03_task-rest_courses.npz"


def with_regions(run: Path, examples) -> Path:
    """Add an atlas of three regions, courses with intervals, the distance of latents."""
    rng = generator(4, "regions")
    region = {"index": 7, "r": 0.3, "p_value": 0.01, "p_corrected": 0.02}
    one = {
        "atlas": "atlas<1>.nii.gz",
        "temporal_r": 0.2,
        "p_value": 0.04,
        "connectivity_similarity": 0.55,
        "connectivity_beyond_template": 0.21,
        "regions": {
            "7": region,
            "12": {**region, "index": 12, "p_corrected": 0.3},
            "40": {**dict.fromkeys(region), "index": 40},
        },
    }
    added = {"regions": {"sub-03_task-rest": one}, "latent_frechet_distance": {"sub-03_task-rest": 1.5, "sub-04": None}}
    path = run / "evaluation" / "scores.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **added}))
    truth, prediction = rng.standard_normal((2, 2, 30))
    np.savez_compressed(
        path.with_name(COURSES),
        names=np.array(["brain mean", "region 7 (highest r)"]),
        times=np.arange(30) * 2.0,
        truth=truth,
        prediction=prediction,
        lower=np.stack([prediction[0] - 2, np.full(30, np.nan)]),
        upper=np.stack([prediction[0] + 2, np.full(30, np.nan)]),
        unit="BOLD units",
        region_truth=rng.standard_normal((30, 3)),
        region_prediction=rng.standard_normal((30, 3)),
    )
    return run


def test_regions_and_intervals_come_back_and_are_shown(run, examples):
    results = RunResults.read(with_regions(run, examples))
    assert results.problems == ()
    (courses,) = results.courses
    np.testing.assert_allclose((courses.upper - courses.lower)[0], 4)
    assert courses.names[1] == "region 7 (highest r)"
    (regions,) = results.evaluation.regions
    assert regions.labels == ("7", "12", "40")
    np.testing.assert_array_equal(regions.r, [0.3, 0.3, np.nan])
    np.testing.assert_array_equal(regions.p_corrected, [0.02, 0.3, np.nan])
    assert courses.region_truth.shape == courses.region_prediction.shape == (30, 3)
    assert results.evaluation.latent_distance == {"sub-03_task-rest": 1.5}
    page = render(replace(results, examples=()))
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))
    assert "sub-03_task-rest 3 0.200 p = 0.04 1 0.550" in words
    assert "Regions of atlas&lt;1&gt;.nii.gz" in page
    assert "volumes that follow them (unit of the latents squared; 0 if both are distributed alike): sub-03" in words
    assert "Shades are 95 % intervals" in words
    assert page.count("<figure>") == 2 + 2 + 1


def test_regions_and_courses_are_written_as_they_are_read(run, examples, tmp_path):
    results = RunResults.read(with_regions(run, examples))
    (regions,), (courses,) = results.evaluation.regions, results.courses
    assert regions.to_dict() == results.evaluation.facts["regions"][ONE]
    (tmp_path / "again").mkdir()
    courses.write(tmp_path / "again")
    again = Courses.read(tmp_path / "again", ONE)
    for name in ("times", "truth", "prediction", "lower", "upper", "region_truth", "region_prediction"):
        np.testing.assert_array_equal(getattr(again, name), getattr(courses, name))
    assert (again.names, again.unit, again.level) == (courses.names, courses.unit, courses.level)


def test_damaged_courses_are_named_and_those_of_the_examples_stay(run, examples):
    with_regions(run, examples)
    (run / "evaluation" / COURSES).write_bytes(b"PK")
    results = RunResults.read(run)
    assert any(COURSES in problem for problem in results.problems)
    assert results.courses[0].names[0] == "brain mean"
    assert results.courses[0].region_truth is None


def test_ceilings_and_protocol_stand_beside_the_scores(run):
    source = written()
    ceiling = Method("mean", "EEG ceiling: oracle decoder", "EEG and the truth", "ceiling")
    values = source.values.copy()
    values[:, :, 2] = np.array([0.31, 0.001, 0.5])[:, None]
    written(methods=(*METHODS[:2], ceiling), values=values).write(run / "evaluation")
    split = {"train": ["a"], "validation": ["b"], "test": ["c"], "protocol": "k-fold-subjects", "fold": 2, "folds": 5}
    label = {"protocol_label": "k-fold over subjects, fold 2 of 5: nothing seen"}
    (run / "split.json").write_text(json.dumps(split | label))
    results = RunResults.read(run)
    assert (results.protocol.name, results.protocol.fold, results.protocol.folds) == ("k-fold-subjects", 2, 5)
    assert best_baseline(results.evaluation) is None
    table = summary_table(results.evaluation)
    column = table.head.index("Of the EEG ceiling")
    assert [row[column] for row in table.rows] == ["62 %", "0 %", "100 %"]
    page = render(replace(results, examples=(), courses=()))
    assert "k-fold over subjects, fold 2 of 5: nothing seen" in page
    assert page.count("k-fold over subjects, fold 2 of 5: the model has seen nothing") >= 2
    assert "The test recordings have been evaluated 2 times." in page


def uncertain(run: Path, **changes) -> Path:
    """Add the uncertainty of a model whose intervals are too narrow."""
    facts = {
        "distribution": "laplace",
        "passes": 20,
        "levels": [0.25, 0.5, 0.75],
        "observed_coverage": [0.15, 0.4, 0.65],
        "recalibrated_coverage": [0.25, 0.5, 0.7],
        "sharpness": 12.0,
        "negative_log_likelihood": 3.25,
        "recalibration": "split conformal",
    }
    path = run / "evaluation" / "scores.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "uncertainty": {**facts, **changes}}))
    return run


def test_coverage_of_the_intervals_comes_back_and_is_shown(run):
    results = RunResults.read(uncertain(run))
    found = results.evaluation.uncertainty
    assert found.error(found.observed) == pytest.approx(0.1)
    assert found.error(found.recalibrated) == pytest.approx(0.05 / 3)
    page = render(replace(results, examples=(), courses=()))
    for words in ("Can the uncertainty be trusted?", "As the model claims 0.100", "12.0 BOLD units", "split conformal"):
        assert words in page


def test_intervals_are_written_as_they_are_read():
    levels = np.array([0.5, 0.8])
    source = IntervalScores("normal", levels, levels / 2, levels, np.array([0.7, np.inf]), 3.0, 4.0, 1.5, passes=20)
    content = json.loads(json.dumps(source.to_dict(), allow_nan=False))
    found = IntervalScores.from_dict(content)
    assert found.to_dict() == content
    np.testing.assert_array_equal(found.half_widths, source.half_widths)


@pytest.mark.parametrize("changes", [{"levels": [0.5]}, {"observed_coverage": [0.1, 0.2, 1.5]}])
def test_damaged_uncertainty_is_named(run, changes):
    results = RunResults.read(uncertain(run, **changes))
    assert results.problems[0].startswith("evaluation/scores.json (uncertainty)")
    assert results.evaluation.uncertainty is None
    assert (calibration_pictures(results.evaluation), calibration_facts(results.evaluation)) == ([], {})
    with pytest.raises(ResultError, match="uncertainty"):
        Evaluation.read(run / "evaluation")


def test_the_page_shows_it(run):
    page = render(RunResults.read(run))
    for words in ("EEG at the wrong time", "evaluated 2 times", "intervals are too narrow", "sub-04_task-rest"):
        assert words in page


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("scores.json", b"{}"),
        ("null.npz", b"PK broken"),
        ("sub-03_task-rest_examples.npz", b"PK broken"),
        ("sub-04_task-rest_desc-temporalr_map.nii.gz", b"no image"),
    ],
)
def test_damage_is_named_and_the_rest_is_read(run, name, content):
    (run / "train.yaml").write_text("epochs: 1\n", encoding="utf-8")
    (run / "evaluation" / name).write_bytes(content)
    results = RunResults.read(run)
    assert [problem.split(": ")[0] for problem in results.problems] == [f"evaluation/{name}"]
    if name == "scores.json":
        assert results.evaluation is None
    else:
        assert results.evaluation.score("model", "psnr") == written().score("model", "psnr")


def test_objects_are_not_loaded(run):
    np.savez(run / "evaluation" / "null.npz", scores=np.array([{"a": 1}], dtype=object), observed=0.0, p_value=0.0)
    results = RunResults.read(run)
    assert results.evaluation.test.null is None
    assert "allow_pickle" in results.problems[0]
