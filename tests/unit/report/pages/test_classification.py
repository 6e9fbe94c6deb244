"""The page of a classification: what `classify` writes is read back, judged by its numbers, drawn and escaped."""

from __future__ import annotations

import html
import json
import re
import shutil
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from eeg2fmri.classify.folds.files import FoldResult
from eeg2fmri.classify.methods.features import WindowData
from eeg2fmri.classify.relevance.averages import write_explanation
from eeg2fmri.classify.scores.verdict import verdict
from eeg2fmri.classify.scores.votes import vote
from eeg2fmri.classify.scores.with_intervals import difference, method_scores
from eeg2fmri.core.errors import InputError
from eeg2fmri.core.random import generator
from eeg2fmri.explain.inputs.axes import Axes
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.report import write_classification
from eeg2fmri.report.pages.classification import render_classification
from eeg2fmri.report.sections.class_map_gallery import class_map_text
from eeg2fmri.results.classify.class_maps import ClassMaps
from eeg2fmri.results.classify.classification import Classification, Votes
from eeg2fmri.results.files import AbsentResultError, ResultError

CLASSES = ("control", "<b>patient")
MINUS = "\N{MINUS SIGN}"


def windows() -> WindowData:
    """Ten subjects with three windows each, the second half of them patients."""
    subjects = np.repeat([f"{k:02d}" for k in range(10)], 3)
    return WindowData(
        subjects, np.repeat([0, 1], 15), CLASSES, {}, recordings=subjects, starts=np.tile([0.0, 2, 4], 10)
    )


def write(folder: Path, strength: dict[str, float]) -> Path:
    """Write a classification whose methods know the class so well."""
    folder.mkdir()
    data, rng = windows(), generator(1, "probabilities")
    probability, votes, methods, counts = {}, {}, {}, {}
    for name, known in strength.items():
        patient = np.clip(0.5 + known * (data.labels - 0.5) + 0.02 * rng.standard_normal(30), 0.01, 0.99)
        probability[name] = np.stack([1 - patient, patient], axis=1)
        votes[name] = vote(data.subjects, data.labels, probability[name])
        methods[name], counts[name] = method_scores(
            data.subjects, data.labels, probability[name], votes[name], 50, 199, 0
        )
        # a classification trains again for its p value; here that of the fixed predictions stands in
        methods[name]["permutation"]["p_auc"] = methods[name]["permutation"]["fixed_p_auc"]
    labels = votes["view"].labels
    gaps = {name: difference(counts["view"], one, labels, 50, 0) for name, one in counts.items() if name != "view"}
    made = Classification(verdict(methods, gaps), methods, gaps, FACTS, ("A <i>note.",), votes, data, probability)
    made.write(folder)
    return folder


def page_of(folder: Path) -> str:
    """Read a folder and render its page."""
    return write_classification(folder, folder / "page.html").read_text(encoding="utf-8")


AFFINE = np.diag([-8.0, 7.0, 9.0, 1.0])
ELECTRODES = ("Fp1", "Fp2", "Cz", "O1", "O2")


def write_maps(folder: Path, classes: tuple[str, ...] = CLASSES, noise: float = 0.01, limits: Any = None) -> None:
    """Write relevance of two folds: O1, 10 Hz and 4 s before the volume speak for the last class, Fp2 against it."""
    rng, models = generator(3, "relevance"), 1 if len(classes) == 2 else len(classes)
    view, eeg = np.zeros((models, 4, 5, 6)), np.zeros((models, 5, 6, 3))
    view[:, 1, 2, 3], eeg[:, 3, 4, 1], eeg[:, 1, 4, 1] = 1.0, 1.0, -0.4
    folds, labels = [], {}
    for k in range(2):
        names = [f"{k}{c}" for c in range(len(classes))]
        labels |= {name: c for c, name in enumerate(names)}
        # what speaks for the last class speaks against the first
        signs = np.where(np.arange(len(classes)) == 0, -1.0, 1.0)
        arrays = {
            name: signs.reshape(-1, *[1] * mean.ndim) * mean
            + noise * mean.max() * rng.standard_normal((len(classes), *mean.shape))
            for name, mean in (("view", view), ("eeg", eeg))
        }
        errors = np.tile([0.02, 0.75], (len(classes), models, 1))
        folds.append(FoldResult({}, {"test": names}, {**arrays, "errors": errors}))
    axes = Axes(ELECTRODES, np.arange(2.0, 14, 2), np.array([6.0, 4.0, 2.0]), limits)
    card = cast(ModelCard, SimpleNamespace(affine=AFFINE))
    write_explanation(folder / "explanation", folds, labels, classes, axes, card)


FACTS = {
    "run": "run-1",
    "label": "group",
    "windows": 30,
    "subjects_by_class": {"control": 5, "<b>patient": 5},
    "classes": list(CLASSES),
    # what else the model card says of the protocol is not the page's concern
    "protocol": defaultdict(str, {"folds": 10, "n_folds": 10, "inner_folds": 2, "vote": "mean probability"}),
    "config": {},
}


@pytest.fixture(scope="module")
def helped(tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("class") / "helped", {"view": 0.8, "band power": 0.0, "majority": 0.0})


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def test_a_view_that_helps(helped, methods_on):
    page = write_classification(helped)
    assert page == helped / "report.html"
    text = page.read_text(encoding="utf-8")
    for part in ("1.00 (1.00 to 1.00)", "Balanced accuracy", "10 of 10 right", "run-1", "n folds", "Brier score"):
        assert part in words(text) or part in text
    assert 'class="verdict good"' in text
    assert "View helped" in text
    assert "with EEG alone were classified by" in methods_on(text)
    assert "A &lt;i&gt;note." in text
    assert "<b>patient" not in text
    assert text.count("<figure>") == 3


def test_what_decisions_came_from(helped, tmp_path):
    folder = tmp_path / "explained"
    shutil.copytree(helped, folder)
    write_maps(folder)
    page = page_of(folder)
    text = html.unescape(words(page))
    assert "decisions about 4 subjects" in text
    assert "Positive speaks for <b>patient" in html.unescape(page)
    assert page.count("<figure>") == 3 + 4
    # the largest of each is where it was put, in the place that the affine says
    assert f"<b>patient at ({MINUS}8, 14, 27) mm" in html.unescape(page)
    assert "control: O1, Fp2" in text
    assert "control 10.0 Hz; " in text
    assert "control 4.00 s before the volume" in text
    assert "differ between folds" not in text
    assert "75 % of the decision did not arrive at the EEG" in text
    assert "Voxels of the view 0.9" in text
    assert "<b>patient" not in page


def test_whole_bands_are_bars_with_their_names(helped, tmp_path):
    folder = tmp_path / "bands"
    shutil.copytree(helped, folder)
    write_maps(folder, limits=tuple((f"band {k}", 2.0 * k + 1, 2.0 * k + 3) for k in range(6)))
    assert ClassMaps.read(folder / "explanation").bands[4] == ("band 4", 9.0, 11.0)
    text = words(page_of(folder))
    assert "Bands that decisions came from. Largest for control band 4" in html.unescape(text)
    assert "Hz;" not in text


def test_maps_that_differ_between_folds_are_said_to(helped, tmp_path):
    folder = tmp_path / "unstable"
    shutil.copytree(helped, folder)
    write_maps(folder, noise=3.0)
    assert "maps of the view differ between folds" in words(page_of(folder))


def test_more_than_two_classes_have_maps_of_their_own(tmp_path):
    write_maps(tmp_path, ("a", "b", "c"))
    maps = ClassMaps.read(tmp_path / "explanation")
    assert maps.view.shape == (3, 4, 5, 6)
    assert maps.speaks_for == "each class against the rest"
    with np.load(tmp_path / "explanation" / "relevance.npz") as arrays:
        np.testing.assert_allclose(maps.eeg[2], arrays["eeg"][2, 2], rtol=1e-6)
    assert "Positive speaks for the class." in class_map_text(maps).words[0]


def test_damaged_maps_leave_the_scores(helped, tmp_path):
    folder = tmp_path / "damaged"
    shutil.copytree(helped, folder)
    write_maps(folder)
    (folder / "explanation" / "summary.json").write_text("{", encoding="utf-8")
    with pytest.raises(ResultError, match=r"cannot be read(.|\n)*summary.json(.|\n)*classify again"):
        ClassMaps.read(folder / "explanation")
    text = page_of(folder)
    assert "explanation: the relevance of the decisions cannot be read (JSONDecodeError" in text
    assert "What the decisions came from" not in text


def test_a_view_that_does_not(tmp_path):
    weak = words(page_of(write(tmp_path / "a", {"view": 0.0, "band power": 0.8})))
    assert "Not above chance" in weak
    scores = json.loads((tmp_path / "a" / "scores.json").read_text(encoding="utf-8"))
    scores["methods"]["view"]["permutation"]["refits"] = 5
    (tmp_path / "a" / "scores.json").write_text(json.dumps(scores), encoding="utf-8")
    assert "Too few refits" in words(page_of(tmp_path / "a"))
    equal = words(page_of(write(tmp_path / "b", {"view": 0.8, "band power": 0.8})))
    assert "View did not help" in equal


def test_without_a_test_nothing_is_claimed(helped):
    results = Classification.read(helped)
    untested = {name: {**found, "permutation": {"p_auc": None}} for name, found in results.methods.items()}
    assert "Not tested" in render_classification(replace(results, methods=untested))
    alone = {"band power": results.methods["band power"]}
    page = render_classification(replace(results, methods=alone, differences={}, votes={}))
    assert "No view" in page
    assert page.count("<figure>") == 1


def test_rates_of_equal_probabilities_move_together():
    votes = Votes(
        np.array(list("abcd")), np.array([0, 1, 0, 1]), np.array([[0.5, 0.5], [0.5, 0.5], [0.8, 0.2], [0.1, 0.9]])
    )
    false, true = votes.rates()
    np.testing.assert_allclose(false, [0, 0, 0.5, 1])
    np.testing.assert_allclose(true, [0, 0.5, 1, 1])


def test_subjects_that_cannot_be_read_leave_the_scores(tmp_path):
    folder = write(tmp_path / "a", {"view": 0.8, "band power": 0.0})
    (folder / "subjects.csv").write_text("method,subject\nview,01\n", encoding="utf-8")
    problems: list[str] = []
    assert Classification.read(folder, problems).votes == {}
    assert "subjects.csv" in problems[0]
    assert "subjects.csv" in page_of(folder)
    with pytest.raises(ResultError, match=r"subjects\.csv"):
        Classification.read(folder)


def test_scores_and_votes_come_back(tmp_path):
    folder = write(tmp_path / "a", {"view": 0.8, "band power": 0.0})
    found = Classification.read(folder)
    assert found.to_dict() == json.loads((folder / "scores.json").read_text())
    (tmp_path / "again").mkdir()
    found.write(tmp_path / "again")
    for name in ("scores.json", "scores.csv", "subjects.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()
    assert found.votes["view"].subjects.tolist() == [f"{k:02d}" for k in range(10)]
    assert "10 subjects" in repr(found)


def test_maps_come_back(tmp_path):
    write_maps(tmp_path)
    source = ClassMaps.read(tmp_path / "explanation")
    np.testing.assert_array_equal(source.affine, AFFINE)
    source.write(tmp_path / "again")
    found = ClassMaps.read(tmp_path / "again")
    for name in ("view", "eeg", "frequencies", "times", "affine"):
        np.testing.assert_array_equal(getattr(found, name), getattr(source, name))
    assert (found.classes, found.electrodes, found.stability) == (source.classes, source.electrodes, source.stability)
    assert found.conservation_error == source.conservation_error


def test_layouts_of_other_versions_are_refused_and_the_first_has_no_number(tmp_path):
    folder = write(tmp_path / "a", {"view": 0.8, "band power": 0.0})
    content = json.loads((folder / "scores.json").read_text())
    del content["layout"]
    (folder / "scores.json").write_text(json.dumps(content))
    assert Classification.read(folder).methods == content["methods"]
    (folder / "scores.json").write_text(json.dumps(content | {"layout": 9}))
    with pytest.raises(ResultError, match="another version"):
        Classification.read(folder)
    with pytest.raises(AbsentResultError, match="holds no classification"):
        Classification.read(tmp_path)


def test_refusals(tmp_path):
    with pytest.raises(InputError, match="holds no classification"):
        write_classification(tmp_path)
    (tmp_path / "scores.json").write_text('{"verdict": "x"}', encoding="utf-8")
    with pytest.raises(InputError, match="something else"):
        write_classification(tmp_path)
