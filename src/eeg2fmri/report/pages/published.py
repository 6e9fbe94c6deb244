"""One page about a published protocol: how much of a score each of its steps makes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from eeg2fmri.core.disk.files import write_text
from eeg2fmri.report.figures.scores import benchmark_bars
from eeg2fmri.report.html.document import fill
from eeg2fmri.report.html.numbers import decimals, plural
from eeg2fmri.report.html.pictures import Picture, picture
from eeg2fmri.report.sections.methods_of_tables import methods_of_published
from eeg2fmri.report.sections.tables import Table
from eeg2fmri.report.sections.verdict import Verdict
from eeg2fmri.results.published import COLUMNS, WARNING, ModelSteps, PublishedProtocol
from eeg2fmri.results.scores.method import upper


def write_published(folder: str | Path, out: str | Path | None = None) -> Path:
    """Write one self-contained HTML page about the steps of a published protocol; see `write_page`."""
    folder = Path(folder)
    found = PublishedProtocol.read(folder)
    path = folder / "report.html" if out is None else Path(out)
    write_text(path, _render(folder.resolve().name, found))
    return path


def _render(name: str, found: PublishedProtocol) -> str:
    # the caption names the model and the recordings
    head = tuple(map(upper, COLUMNS[2:]))
    rows = [tuple(row[2:] for row in found.rows([one])) for one in found.models]
    tables = [Table(_caption(one), head, each, strong=(0,)) for one, each in zip(found.models, rows, strict=True)]
    people = max(len(one.recordings) for one in found.models)
    return fill(
        "scores.html.j2",
        kind="published protocol",
        name=name,
        verdict=Verdict(
            "bad",
            "As published: not to be done",
            "A published protocol gives scores that new recordings would not have.",
            tuple(_said(found)),
        ),
        numbers=[("Models and worlds", str(len(found.models))), ("Test recordings", str(people))],
        warnings=[WARNING],
        pictures=[_picture(one) for one in found.models],
        tables=tables,
        details=[],
        details_head="",
        explanation=None,
        sections=[("Settings", [(str(key), str(value)) for key, value in found.facts.items()])],
        methods=methods_of_published(found),
        reading=(
            "The same small network is trained by each protocol on the same people. Only the first step of each model "
            "is a score of new recordings: everything in it was chosen and scaled without them.",
            "Where EEG and BOLD are independent (coupling 0), there is nothing to find: what a step reports there, it "
            "reports for nothing.",
        ),
    )


def _said(found: PublishedProtocol) -> Iterator[str]:
    """Say what the steps add, and what they report for nothing."""
    for one in found.models:
        published = [step for step in one.steps if step.published]
        beside = [f"; {step.name}: {decimals(step.mean)}" for step in one.steps if not step.published]
        yield (
            f"{one.model}, {one.world}: {one.metric} {decimals(published[0].mean)} under one protocol, "
            f"{decimals(published[-1].mean)} as published{''.join(beside)}."
        )


def _caption(one: ModelSteps) -> str:
    steps = "; ".join(f"{step.name}: {step.words}" for step in one.steps)
    where = f"mean over {plural(len(one.recordings), 'test recording')}"
    return f"{one.model}, {one.world}. {one.metric}, {where}. Steps add up from top to bottom. {steps}."


def _picture(one: ModelSteps) -> Picture:
    listed = "; ".join(f"{step.name} {decimals(step.mean)}" for step in one.steps)
    return picture(
        benchmark_bars,
        {step.name: np.array(step.scores) for step in one.steps},
        metric=one.metric,
        model=one.steps[0].name,
        alt=f"Bars of {one.metric} of {one.model}, {one.world}: {listed}.",
        caption=f"{one.model}, {one.world}: {one.metric} after each step; each dot is a test recording. Only the "
        "first bar, in blue, is a score of new recordings.",
    )
