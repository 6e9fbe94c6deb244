"""The page holds what the run says, escapes it, needs no network, and tells what is missing."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from eeg2fmri.core.errors import CheckpointError, InputError
from eeg2fmri.report import write_report
from eeg2fmri.report.pages.run import LARGEST_PAGE, render
from eeg2fmri.report.read.run import RunResults
from eeg2fmri.results.scores.pooled_test import PooledTest
from eeg2fmri.results.training import RecordingQuality

SCRIPT = "<script>alert('sub')</script>"


class Reader(HTMLParser):
    """Collects what the tests ask about; fails on tags that are not closed in order."""

    VOID = frozenset(["meta", "img", "source", "br", "link", "input", "hr"])

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] not in (["style"], ["script"]):
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.fixture(scope="module")
def results(runs, examples) -> RunResults:
    return runs.results(examples)


@pytest.fixture(scope="module")
def page(results) -> str:
    return render(results)


@pytest.fixture(scope="module")
def read(page) -> Reader:
    return Reader(page)


def bare(results: RunResults, **parts) -> RunResults:
    """The same run without pictures, which take the time."""
    return replace(results, history=None, evaluation=None, examples=(), courses=(), **parts)


def test_page_says_what_the_run_found(read):
    for words in (
        "The EEG tells something about the BOLD, and this model gets more out of it than simpler ones.",
        "r 0.130 [0.110, 0.150] where the training group responded, p = 0.007",
        "Ridge on lagged band power",
        "sub-03_task-rest: 2 flat electrodes: T7, T8",
        "10 volumes, 21.6 s",
        "18: Fp1, Fp2",
        "not defined",
        "batch_size: 4",
        "torch 2.13.0",
        "Outlined: ",
        "own BOLD",
    ):
        assert words in read.text


def test_page_needs_no_network(page, read):
    assert len(page) < LARGEST_PAGE
    for _, attributes in read.tags:
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            address = attributes.get(name) or "#"
            assert address.startswith(("#", "data:")), address[:80]
    assert "@import" not in page
    assert not re.search(r"url\((?!['\"]?data:)", page)
    policy = next(meta["content"] for meta in read.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


def test_page_is_accessible(read):
    assert read.all("html")[0]["lang"] == "en"
    assert all(len(image["alt"] or "") > 20 for image in read.all("img"))
    assert all(image["width"] and image["height"] for image in read.all("img"))
    ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in read.tags:
        assert set((attributes.get("aria-labelledby") or "").split()) <= set(ids)
    assert {link["href"][1:] for link in read.all("a") if link["href"].startswith("#")} <= set(ids)
    levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    assert all(div.get("tabindex") == "0" for div in read.all("div") if div.get("class") == "scroll")


def aligned(page: str) -> list[set[tuple[bool, ...]]]:
    """Which columns of each table stand at the left, by its head and rows."""
    cells = r"<t[hd](?: scope=\"\w+\")?(?: class=\"([^\"]*)\")?>"
    return [
        {
            tuple("words" in kind for kind in re.findall(cells, row)[1:])
            for row in re.findall(r"<tr.*?</tr>", table, re.S)
        }
        for table in re.findall(r"<table.*?</table>", page, re.S)
    ]


def test_a_column_has_one_alignment(page):
    found = aligned(page)
    assert len(found) > 5
    assert all(len(each) == 1 for each in found)
    assert found[0] == {(True, *[False] * (len(next(iter(found[0]))) - 1))}  # what a method was given, then scores


def test_each_picture_comes_for_light_and_dark(read):
    sources = read.all("source")
    assert len(sources) == len(read.all("img")) == 8
    assert all(source["media"] == "(prefers-color-scheme: dark)" for source in sources)
    assert all(s["srcset"] != i["src"] for s, i in zip(sources, read.all("img"), strict=True))


def test_text_from_data_stays_text(results, runs):
    maps = replace(results.examples[0], recording=SCRIPT, truth=None, prediction=None)
    methods = tuple(replace(method, label=f"{SCRIPT}{k}", sees=SCRIPT) for k, method in enumerate(runs.METHODS))
    given = {"subjects": (SCRIPT, "04"), "methods": methods, "notes": (SCRIPT,), "space": SCRIPT}
    hostile = replace(
        results,
        folder=Path(SCRIPT.replace("/", "")),
        split={SCRIPT: (SCRIPT,)},
        card={**results.card, "electrodes": [SCRIPT], "space": SCRIPT, "model": {SCRIPT: SCRIPT}},
        settings={SCRIPT: SCRIPT},
        environment={SCRIPT: SCRIPT, "packages": {SCRIPT: "1"}},
        history=None,
        evaluation=runs.evaluation(**given),
        examples=(maps,),
        courses=(),
        quality=(RecordingQuality(SCRIPT, SCRIPT, {SCRIPT: SCRIPT}, (SCRIPT,)),),
        problems=(SCRIPT,),
    )
    text = render(hostile)
    assert SCRIPT in Reader(text).text
    assert "<script>alert" not in text


def test_run_without_evaluation_says_so(results):
    text = Reader(render(bare(results))).text
    assert "Not evaluated" in text
    assert "eeg2fmri evaluate RUN STORE" in text
    assert "Scores beside" not in text


def test_evaluation_without_a_test(results, runs):
    text = Reader(render(replace(bare(results), evaluation=runs.evaluation(pooled={})))).text
    assert "No sign found" in text
    assert "There is no test against surrogates." in text


def test_no_help_is_said_as_loudly(results, runs):
    test = PooledTest.of(0.01, np.linspace(-0.05, 0.05, 99), 0.4, 1000)
    text = Reader(render(replace(bare(results), evaluation=runs.evaluation(pooled={"model": test})))).text
    assert "No sign found" in text
    assert "p = 0.4" in text


def test_warnings_tell_what_weakens_the_result(results, runs):
    history = replace(results.history, losses={"validation": np.linspace(2, 1, 6)})
    notes = ("There is a single test subject.",)
    evaluation = runs.evaluation(beaten=False, notes=notes)
    given = {
        "history": history,
        "evaluation": evaluation,
        "examples": (),
        "courses": (),
        "problems": ("split.json: gone",),
    }
    text = Reader(render(replace(results, **given))).text
    for words in (
        "still falling in the last epoch",
        "single test subject",
        "Synthesiser does not reach Ridge on lagged band power: Temporal r 0.130 against 0.165",
        "split.json: gone",
    ):
        assert words in text


def test_significant_but_below_a_baseline_is_no_success(results, runs):
    text = Reader(render(replace(bare(results), evaluation=runs.evaluation(beaten=False)))).text
    assert "No better than simpler models" in text


def test_a_shifted_model_is_no_baseline(results, runs):
    methods = (*runs.METHODS[:3], replace(runs.METHODS[3], role="null"))
    evaluation = runs.evaluation(beaten=False, methods=methods)
    assert "does not reach" not in Reader(render(replace(bare(results), evaluation=evaluation))).text


def test_many_subjects_fit_into_one_page(results, runs, monkeypatch):
    monkeypatch.setattr("eeg2fmri.report.pages.run.SUBJECTS_IN_FULL", 1)
    monkeypatch.setattr("eeg2fmri.report.pages.run.SUBJECTS_WITH_MAP", 2)
    maps = tuple(replace(results.examples[0], recording=f"sub-{k:02d}", aleatoric=None) for k in range(5))
    read = Reader(render(replace(bare(results), evaluation=runs.evaluation(), examples=maps)))
    drawn = [image["alt"] for image in read.all("img")]
    assert [sum(f"sub-{k:02d}" in alt for alt in drawn) for k in range(5)] == [3, 1, 0, 0, 0]
    assert "3 test subjects more" in read.text


def test_page_is_written_into_the_run_and_replaced(tmp_path):
    (tmp_path / "train.yaml").write_text("epochs: 2\n", encoding="utf-8")
    assert write_report(tmp_path) == tmp_path / "report.html"
    first = (tmp_path / "report.html").read_bytes()
    assert write_report(tmp_path).read_bytes() == first
    other = write_report(tmp_path, tmp_path / "other.html")
    assert other.read_bytes() == first
    assert {file.name for file in tmp_path.iterdir()} == {"train.yaml", "report.html", "other.html"}


def test_no_run(tmp_path):
    with pytest.raises(CheckpointError, match="does not exist"):
        write_report(tmp_path / "absent")
    (tmp_path / "notes.txt").touch()
    with pytest.raises(CheckpointError, match=r"holds no run(.|\n)*notes.txt"):
        write_report(tmp_path)


def test_page_that_cannot_be_written(tmp_path):
    (tmp_path / "train.yaml").write_text("epochs: 2\n", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be written"):
        write_report(tmp_path, tmp_path / "absent" / "page.html")


def test_no_torch_is_needed():
    code = "import sys; from eeg2fmri.report import write_report, RunResults; from eeg2fmri.report.html import viewer; "
    code += "from eeg2fmri.report.figures.eeg import electrodes; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_progress_ends_with_all_done(results):
    calls = []
    render(bare(results), progress=lambda what, done, total: calls.append((what, done, total)))
    assert calls[-1][1] == calls[-1][2]
