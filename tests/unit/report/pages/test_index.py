"""The page that compares runs: order, links, warnings, escaping."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eeg2fmri.core.errors import CheckpointError, InputError
from eeg2fmri.report import write_index
from eeg2fmri.report.pages.index import render_index
from eeg2fmri.results.training import SplitProtocol


@pytest.fixture(scope="module")
def run(runs, examples):
    found = runs.results(examples)
    return replace(found, evaluation=runs.evaluation(), examples=(), courses=(), history=None, quality=())


def scored(run, folder: Path, r: float, **parts):
    """The same run with another headline."""
    values = run.evaluation.values.copy()
    values[0, :, 0] = [r - 0.01, r + 0.01]
    ends = {"low_surrogates": r - 0.1, "high_surrogates": r - 0.06, "p_surrogates": 0.01 if r > 0.1 else 0.5}
    given = {"values": values, "against": {"ridge": {**run.evaluation.against["ridge"], **ends}}}
    evaluation = replace(run.evaluation, **given | parts)
    return replace(run, folder=folder, evaluation=evaluation)


def words(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


def test_the_best_run_stands_first(run, tmp_path, methods_on):
    runs = [
        scored(run, tmp_path / "weak", 0.05),
        replace(run, folder=tmp_path / "bare", evaluation=None),
        scored(run, tmp_path / "strong", 0.3),
    ]
    page = render_index(runs, tmp_path)
    told = methods_on(page)
    assert all(f"{name}: " in told for name in ("strong", "weak", "bare"))
    heads = re.findall(r'<tr><th scope="row">([^<]*)</th>', page)
    assert heads == ["strong", "weak", "bare"]
    text = words(page)
    for one in runs[::2]:
        assert f"{one.folder.name}: {one.evaluation.verdict}" in text
    assert "Runs differ" in text
    assert "Better than simpler models" in text
    assert "No better than simpler models" in text
    assert "Not evaluated" in text
    assert "0.080, Ridge on lagged band power" in text
    assert "0.300" in text
    assert "2 runs are compared on test subjects" in text
    assert "weak 0.050, strong 0.300" in page


def test_what_a_run_does_not_decide_the_page_does_not_either(run, tmp_path):
    """Terminal, files and pages have the same words."""
    against = {"ridge": {**run.evaluation.against["ridge"], "high_surrogates": 0.2, "p_surrogates": 0.5}}
    runs = [scored(run, tmp_path / name, 0.2, against=against) for name in ("a", "b")]
    evaluation = runs[0].evaluation
    assert evaluation.claims[1].decision == "not decided"
    text = words(render_index(runs, tmp_path))
    assert f"All 2 evaluated runs: {evaluation.verdict}" in text
    assert text.count(evaluation.finding.label) >= 3
    assert evaluation.to_dict()["finding"] == evaluation.finding.label == "EEG tells something"
    for word in ("helped", "Better than", "no simpler"):
        assert word not in text


def test_runs_that_cannot_be_compared_are_named(run, tmp_path):
    other = scored(run, tmp_path / "b", 0.2)
    evaluation = replace(other.evaluation, subjects=("08", "09"))
    other = replace(other, evaluation=evaluation, card={**run.card, "pairs": {"target": "dynamics"}})
    text = words(render_index([scored(run, tmp_path / "a", 0.1), other], tmp_path))
    assert "tested on different subjects" in text
    assert "different targets (dynamics, volume)" in text


def test_folds_of_a_cross_validation_add_up(run, tmp_path):
    def fold(number: int, r: float):
        made = scored(
            run,
            tmp_path / f"fold-0{number}",
            r,
            facts={"times_read": number},
            subjects=(str(2 * number), str(2 * number + 1)),
        )
        protocol = SplitProtocol("k-fold-subjects", f"k-fold over subjects, fold {number} of 3", number, 3)
        return replace(made, protocol=protocol)

    page = render_index([fold(3, 0.3), fold(1, 0.1)], tmp_path)
    assert re.findall(r'<tr><th scope="row">([^<]*)</th>', page) == ["fold-01", "fold-03"]
    text = words(page)
    assert "2 of 3 folds" in text
    assert "mean over folds and subjects 0.200 Test subjects 4" in text
    assert "k-fold over subjects, fold 3 of 3" in text
    assert "read more than once: fold 3 3 times" in text
    assert "cannot be set beside each other" not in text
    assert "the best of several" not in text
    same = render_index([fold(1, 0.3), replace(fold(1, 0.1), folder=tmp_path / "again")], tmp_path)
    assert "the best of several looks better" in words(same)


def test_runs_of_different_protocols_are_named(run, tmp_path):
    runs = [
        replace(scored(run, tmp_path / name, 0.1), protocol=SplitProtocol(name, name))
        for name in ("within-recording", "fixed-subjects")
    ]
    assert "different protocols (fixed-subjects, within-recording)" in words(render_index(runs, tmp_path))


def test_one_name_twice_is_told_apart_and_nothing_runs(run, tmp_path):
    runs = [replace(run, folder=tmp_path / group / "<b>run", evaluation=None) for group in ("one", "two")]
    page = render_index(runs, tmp_path)
    assert "one/&lt;b&gt;run" in page
    assert "two/&lt;b&gt;run" in page
    assert "<b>run" not in page
    assert "No run has been evaluated" in words(page)


def test_links_lead_to_reports_that_exist(tmp_path):
    for name in ("a #1", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "train.yaml").write_text("epochs: 2\n", encoding="utf-8")
    (tmp_path / "a #1" / "report.html").touch()
    (tmp_path / "pages").mkdir()
    calls = []
    page = write_index(
        [tmp_path / "a #1", tmp_path / "b"], tmp_path / "pages" / "index.html", progress=lambda *now: calls.append(now)
    )
    text = page.read_text(encoding="utf-8")
    assert 'href="./../a%20%231/report.html"' in text
    assert text.count("report.html") == 1
    assert calls[-1][1:] == (2, 2)


def test_a_run_without_a_defined_headline_has_no_bar(run, tmp_path):
    undefined = scored(run, tmp_path / "flat", np.nan)
    assert "<figure>" not in render_index([undefined], tmp_path)


def test_runs_stand_side_by_side_with_what_differs(runs, examples, tmp_path):
    first = runs.results(examples, tmp_path / "a")
    second = replace(first, folder=tmp_path / "b", settings={**first.settings, "epochs": 9, "split": {"by": "block"}})
    page = render_index([first, second], tmp_path)
    section = page[page.index('id="settings"') :]
    assert re.findall(r'<tr><th scope="row">([^<]*)</th><td[^>]*>([^<]*)</td><td[^>]*>([^<]*)</td>', section) == [
        ("epochs", "6", "9"),
        ("split.by", "subject", "block"),
    ]
    assert re.findall(r"<figcaption>(\w)\. sub-03: temporal Pearson r", page) == ["a", "b"]
    assert "What differs" not in render_index([first, replace(first, folder=tmp_path / "c")], tmp_path)


def test_refusals(tmp_path):
    with pytest.raises(InputError, match="no run to compare"):
        write_index([], tmp_path / "index.html")
    with pytest.raises(CheckpointError, match="does not exist"):
        write_index([tmp_path / "absent"], tmp_path / "index.html")
