"""What `evaluate` writes is what the report reads: written with its own writers, read back number by number."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eeg2fmri.core.random import generator
from eeg2fmri.evaluate.inputs.examples import write_examples, write_map
from eeg2fmri.evaluate.inputs.methods import SHIFTED, Method
from eeg2fmri.evaluate.protocol import METRICS
from eeg2fmri.evaluate.results import Evaluation
from eeg2fmri.evaluate.significance.tests import PooledShiftTest
from eeg2fmri.report import RunResults
from eeg2fmri.report.pages.run import render
from eeg2fmri.report.sections.tables import summary_table
from eeg2fmri.report.sections.verdict import best_baseline

METHODS = (Method("model", "synthesizer (this run)", "EEG"), SHIFTED, Method("mean", "mean training volume", "nothing"))


def written(p_value: float = 1 / 300) -> Evaluation:
    rng = generator(1, "scores")
    values = rng.random((3, 2, len(METRICS)))
    values[2, :, 0] = np.nan
    return Evaluation(
        methods=METHODS,
        subjects=("03", "04"),
        metrics=METRICS,
        values=values,
        p_values=np.array([[0.01, 0.02], [np.nan, np.nan], [np.nan, np.nan]]),
        pooled={"model": PooledShiftTest(0.4, rng.standard_normal(299) * 0.03, p_value, 500)},
        intervals=np.stack([values.min(axis=1), values.max(axis=1)], axis=-1),
        against={
            "shifted_eeg": {"difference": 0.1, "low": 0.05, "high": 0.15, "p_value": 0.25},
            "mean": {"difference": None, "low": None, "high": None, "p_value": None},
        },
        space="native",
        facts={"times_read": 2},
        notes=("With 2 test subjects, intervals are too narrow.",),
    )


@pytest.fixture
def run(tmp_path, examples) -> Path:
    folder = tmp_path / "evaluation"
    folder.mkdir()
    evaluation = written()
    evaluation.write_json(folder / "scores.json")
    evaluation.write_null(folder / "null.npz", {"03": np.zeros(4)})
    truth, prediction = examples.recording()
    write_examples(
        folder / "sub-03_task-rest_examples.npz",
        subject="03",
        truth=truth,
        prediction=prediction,
        mask=examples.phantom()[1],
        onsets=np.arange(len(truth)) * 2.16,
        affine=examples.AFFINE,
        r=examples.correlation(),
        test=None,
    )
    write_map(folder / "sub-03_task-rest_desc-temporalr_map.nii.gz", examples.correlation(), examples.AFFINE)
    write_map(folder / "sub-04_task-rest_desc-temporalr_map.nii.gz", examples.correlation(), examples.AFFINE)
    return tmp_path


def test_every_score_comes_back(run):
    evaluation, source = RunResults.read(run).evaluation, written()
    table = evaluation.table
    assert table.methods == ("Synthesizer (this run)", "Same model, EEG shifted in time", "Mean training volume")
    assert table.sees == ("EEG", "EEG at the wrong time", "nothing")
    assert table.subjects == ("sub-03", "sub-04")
    assert [metric.name for metric in table.metrics] == [metric.name for metric in METRICS]
    np.testing.assert_array_equal(table.values, source.values)
    np.testing.assert_array_equal(table.intervals, source.intervals)
    np.testing.assert_array_equal(table.p_values, [1 / 300, np.nan, np.nan])
    np.testing.assert_array_equal(evaluation.null.scores, source.pooled["model"].null)
    assert (evaluation.null.observed, evaluation.null.p_value) == (0.4, 1 / 300)
    assert (evaluation.verdict, evaluation.helped) == (source.verdict, source.helped)
    assert evaluation.notes == source.notes
    assert evaluation.times_read == 2
    first, second = evaluation.differences
    assert (first.method, first.mean, first.low, first.high, first.p_value) == (table.methods[1], 0.1, 0.05, 0.15, 0.25)
    assert np.isnan(second.mean)


def test_volumes_and_courses_come_back(run, examples):
    first, second = RunResults.read(run).evaluation.maps
    truth, prediction = examples.recording()
    assert (first.subject, second.subject) == ("sub-03_task-rest", "sub-04_task-rest")
    np.testing.assert_allclose(first.correlation, examples.correlation(), rtol=1e-5)
    np.testing.assert_array_equal(first.affine, examples.AFFINE)
    np.testing.assert_array_equal(first.mask, examples.phantom()[1])
    at = [round(float(onset / 2.16)) for onset in first.onsets]
    np.testing.assert_allclose(first.truth, truth[at], rtol=1e-5)
    np.testing.assert_allclose(first.prediction, prediction[at], rtol=1e-5)
    np.testing.assert_allclose(second.affine, examples.AFFINE)
    inside = second.mask & np.isfinite(examples.correlation())
    np.testing.assert_allclose(second.correlation[inside], examples.correlation()[inside], atol=1e-5)
    courses = RunResults.read(run).evaluation.courses[0]
    assert courses.courses[0].name == "Brain mean"
    assert len(courses.courses[0].truth) == len(courses.times) == len(truth)


COURSES = "sub-03_task-rest_courses.npz"


def with_regions(run: Path, examples) -> Path:
    """Add an atlas of three regions, courses with intervals, the distance of latents."""
    rng = generator(4, "regions")
    region = {"r": 0.3, "p_value": 0.01, "p_corrected": 0.02}
    one = {
        "atlas": "atlas<1>.nii.gz",
        "temporal_r": 0.2,
        "p_value": 0.04,
        "connectivity_similarity": 0.55,
        "regions": {"7": region, "12": {**region, "p_corrected": 0.3}, "40": dict.fromkeys(region)},
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
    evaluation = results.evaluation
    first, second = evaluation.courses[0].courses
    np.testing.assert_allclose(first.upper - first.lower, 4)
    assert (second.name, second.lower, second.upper) == ("Region 7 (highest r)", None, None)
    (regions,) = evaluation.regions
    assert regions.labels == ("7", "12", "40")
    np.testing.assert_array_equal(regions.r, [0.3, 0.3, np.nan])
    np.testing.assert_array_equal(regions.p_corrected, [0.02, 0.3, np.nan])
    assert regions.truth.shape == regions.prediction.shape == (30, 3)
    assert evaluation.latent_distance == {"sub-03_task-rest": 1.5}
    page = render(replace(results, evaluation=replace(evaluation, maps=())))
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))
    assert "sub-03_task-rest 3 0.200 p = 0.04 1 0.550" in words
    assert "Regions of atlas&lt;1&gt;.nii.gz" in page
    assert "volumes that follow them (unit of the latents squared; 0 if both are distributed alike): sub-03" in words
    assert "Shades are 95 % intervals" in words
    assert page.count("<figure>") == 2 + 2 + 1


def test_damaged_courses_are_named_and_those_of_the_examples_stay(run, examples):
    with_regions(run, examples)
    (run / "evaluation" / COURSES).write_bytes(b"PK")
    results = RunResults.read(run)
    assert any(COURSES in problem for problem in results.problems)
    assert results.evaluation.courses[0].courses[0].name == "Brain mean"
    assert results.evaluation.regions[0].truth is None


def test_ceilings_and_protocol_stand_beside_the_scores(run):
    path = run / "evaluation" / "scores.json"
    scores = json.loads(path.read_text())
    scores["methods"][2] |= {"role": "ceiling", "label": "EEG ceiling: oracle decoder"}
    for row, fraction in zip(scores["pooled"], (0.62, None, 1.0), strict=True):
        row["of_mean"] = fraction
    for row in scores["scores"]:
        row["temporal_r"] = 0.9 if row["method"] == "mean" else row["temporal_r"]
    path.write_text(json.dumps(scores))
    split = {"train": ["a"], "validation": ["b"], "test": ["c"], "protocol": "k-fold-subjects", "fold": 2, "folds": 5}
    label = {"protocol_label": "k-fold over subjects, fold 2 of 5: nothing seen"}
    (run / "split.json").write_text(json.dumps(split | label))
    results = RunResults.read(run)
    assert (results.protocol.name, results.protocol.fold, results.protocol.folds) == ("k-fold-subjects", 2, 5)
    table = results.evaluation.table
    assert table.role(table.methods[2]) == "ceiling"
    np.testing.assert_array_equal(table.of_ceilings["EEG ceiling"], [0.62, np.nan, 1])
    assert best_baseline(table) == ""
    head, *_ = summary_table(table).head, None
    column = head.index("Of the EEG ceiling")
    assert [row[column] for row in summary_table(table).rows] == ["62 %", "\N{EN DASH}", "100 %"]
    page = render(replace(results, evaluation=replace(results.evaluation, maps=(), courses=())))
    assert page.count("k-fold over subjects, fold 2 of 5: nothing seen") >= 2
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
    calibration = results.evaluation.calibration
    assert calibration.error("As the model claims") == pytest.approx(0.1)
    assert calibration.error("Recalibrated") == pytest.approx(0.05 / 3)
    page = render(replace(results, evaluation=replace(results.evaluation, maps=(), courses=())))
    for words in ("Can the uncertainty be trusted?", "As the model claims 0.100", "12.0 BOLD units", "split conformal"):
        assert words in page


@pytest.mark.parametrize("changes", [{"levels": [0.5]}, {"observed_coverage": [0.1, 0.2, 1.5]}])
def test_damaged_uncertainty_is_named(run, changes):
    results = RunResults.read(uncertain(run, **changes))
    assert results.evaluation.calibration is None
    assert results.problems[0].startswith("evaluation/scores.json (uncertainty)")
    assert results.evaluation.table is not None


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
        assert results.evaluation.table is not None


def test_objects_are_not_loaded(run):
    np.savez(run / "evaluation" / "null.npz", scores=np.array([{"a": 1}], dtype=object), observed=0.0, p_value=0.0)
    results = RunResults.read(run)
    assert results.evaluation.null is None
    assert "allow_pickle" in results.problems[0]
