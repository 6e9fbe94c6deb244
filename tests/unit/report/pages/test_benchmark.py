"""The page of a benchmark: scores of several models beside the baselines, from the files of an evaluation."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.random import generator
from eeg2fmri.evaluate.inputs.methods import SHIFTED
from eeg2fmri.evaluate.metrics.registry import METRICS
from eeg2fmri.report import write_benchmark
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.results.scores.group import Group, Places
from eeg2fmri.results.scores.method import Method
from eeg2fmri.results.scores.pooled_test import PooledTest

METHODS = (Method("model", "<i>first", "EEG", "model"), SHIFTED, Method("model_2", "second", "EEG"))


def write(folder: Path) -> Path:
    """Write a benchmark of two models and two test subjects; the second model is better."""
    rng = generator(1, "scores")
    values = np.zeros((3, 2, len(METRICS))) + np.array([0.125, 0.0, 0.25])[:, None, None]
    evaluation = Evaluation(
        methods=METHODS,
        subjects=("03", "04"),
        metrics=METRICS,
        values=values,
        p_values=np.full((3, 2), np.nan),
        pooled={
            name: PooledTest.of(r, rng.standard_normal(99) * 0.03, 0.01, 500)
            for name, r in (("model", 0.125), ("model_2", 0.25))
        },
        intervals=np.stack([values.min(axis=1), values.max(axis=1)], axis=-1),
        against={
            "model_2": {"difference": -0.125, "low": -0.2, "high": -0.05, "p_value": 0.5, "high_surrogates": -0.05}
        },
        space="native",
        facts={"runs": {"<i>first": "runs/a", "second": "runs/b"}},
        notes=("Read with care.",),
    )
    folder.mkdir(exist_ok=True)
    evaluation.write(folder)
    return folder


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path)


def test_page_of_folds_has_maps_over_subjects_before_the_scores(folder, tmp_path):
    common = np.ones((5, 5, 4), bool)
    places = Places(*np.random.default_rng(0).uniform(0, 1, (3, common.sum())))
    group = Group(("03", "04"), np.diag([30.0, 30, 30, 1]), common, places)
    each = [{"fold": 1, "subjects": ["03", "04"], "responsive_r": 0.1, "times_read": 1}]
    evaluation = Evaluation.read(folder)
    facts = {**evaluation.facts, **group.write(folder), "each_fold": each, "runs": {"fold 1": str(folder / "fold-01")}}
    replace(evaluation, facts=facts, space="MNI152NLin2009cAsym").write(folder)
    text = write_benchmark(folder).read_text(encoding="utf-8")
    assert 0 < text.index("Over subjects</h2>") < text.index("Interactive view</h2>") < text.index("Scores</h2>")
    assert "t over 2 subjects" in text
    assert "licences" in text


def test_page_tells_who_won(folder, methods_on):
    page = write_benchmark(folder)
    assert page == folder / "report.html"
    text = page.read_text(encoding="utf-8")
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))
    for part in ("Read with care.", "runs/b", "Second 0.250", "2 runs of the benchmark", "\N{MINUS SIGN}0.125"):
        assert part in words or part in text
    assert 'class="verdict bad"' in text
    assert "No better than simpler models" in text
    assert "&lt;i&gt;first" in text
    assert "<i>first" not in text
    assert text.count("<figure>") == 2
    assert "scored on the same volumes" in methods_on(text)


def test_page_of_a_cross_validation_names_its_protocol_and_folds(folder, methods_on):
    scores = json.loads((folder / "scores.json").read_text())
    each = [
        {"fold": 1, "subjects": ["03"], "times_read": 1, METRICS[0].name: 0.5},
        {"fold": 2, "subjects": ["04"], "times_read": 3, METRICS[0].name: None},
    ]
    known = {"protocol": "within-recording", "folds": 2}
    facts = known | {"each_fold": each, "times_read": 3, "statistics": {"mask": "its own <b>BOLD"}}
    (folder / "scores.json").write_text(json.dumps(scores | facts))
    text = write_benchmark(folder).read_text(encoding="utf-8")
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))
    # in every caption of scores, among the facts, and in how to read the page
    assert words.count("within recording, 2 folds together: the model has seen") >= 2 + 1 + len(METRICS)
    for part in (
        "1 sub-03 0.500 once",
        "2 sub-04 not defined 3 times",
        "carries over to other minutes",
        "mask its own &lt;b&gt;BOLD",
    ):
        assert part in words
    assert "Test recordings read 3 times" in words
    assert "A model was trained for each of 2 folds" in methods_on(text)
    assert "2 runs of the cross-validation" in words


def test_every_score_table_says_that_voxels_do_not_correspond(folder):
    text = write_benchmark(folder).read_text(encoding="utf-8")
    captions = re.findall(r'<p class="caption"[^>]*>(.*?)</p>', text, re.S)
    scores = [caption for caption in captions if not re.search(r"\bruns?\b", caption)]
    assert len(scores) == 2 + len(METRICS)
    assert all("Space: native (voxels of different subjects do not correspond)." in caption for caption in scores)


def test_a_lost_null_takes_its_picture_away_and_not_the_test(folder):
    (folder / "null.npz").unlink()
    text = write_benchmark(folder, folder / "other.html").read_text(encoding="utf-8")
    assert text.count("<figure>") == 1
    assert "No better than simpler models" in text
    assert not (folder / "report.html").exists()


def test_refusals(folder, tmp_path):
    scores = json.loads((folder / "scores.json").read_text())
    (folder / "scores.json").unlink()
    with pytest.raises(InputError, match=r"holds no evaluation(.|\n)*scores.json"):
        write_benchmark(folder)
    del scores["methods"]
    (folder / "scores.json").write_text(json.dumps(scores))
    with pytest.raises(InputError, match=r"cannot be read(.|\n)*KeyError"):
        write_benchmark(folder)
