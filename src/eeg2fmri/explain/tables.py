"""Relevance as tables, one row an electrode, frequency, band, time or pair."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from eeg2fmri.explain import axes as along
from eeg2fmri.explain.inference import TTest
from eeg2fmri.explain.results import Explanation
from eeg2fmri.explain.subject import SubjectRelevance

#: Name of a column -> its values.
Table = Mapping[str, list[object]]


def write_table(path: Path, table: Table) -> None:
    """Write a table as CSV; what is not finite becomes an empty cell."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(table)
        writer.writerows([_cell(value) for value in row] for row in zip(*table.values(), strict=True))


def _cell(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.6g}" if np.isfinite(value) else ""
    return value


def _keys(explanation: Explanation) -> dict[str, Table]:
    """Columns that name the rows of each table."""
    axes = explanation.axes
    bands = axes.bands()
    of_bin = ["" for _ in axes.frequencies]
    for name, members in bands:
        for k in np.flatnonzero(members):
            of_bin[k] = name
    return {
        "electrodes": {"electrode": list(axes.electrodes)},
        "frequencies": {"frequency_hz": [float(f) for f in axes.frequencies], "band": list(of_bin)},
        "bands": {
            "band": [name for name, _ in bands],
            "lowest_hz": [float(axes.frequencies[members][0]) for _, members in bands],
            "highest_hz": [float(axes.frequencies[members][-1]) for _, members in bands],
        },
        "times": {"seconds_before_volume": [float(t) for t in axes.times]},
    }


def _summed(explanation: Explanation, relevance: np.ndarray) -> dict[str, np.ndarray]:
    """Sum maps (..., channel, freq, time) for each table."""
    return {
        "electrodes": along.per_electrode(relevance),
        "frequencies": along.per_frequency(relevance),
        "bands": along.per_band(relevance, explanation.axes),
        "times": along.per_time(relevance),
    }


def subject_tables(explanation: Explanation, subject: SubjectRelevance) -> dict[str, Table]:
    """Tables of one subject by the suffix of their file."""
    measures = {name: getattr(subject, name) for name in ("signed", "magnitude", "fluctuation")}
    summed = {name: _summed(explanation, part) for name, part in measures.items() if part is not None}
    tables: dict[str, Table] = {
        name: {**keys, **{measure: _floats(sums[name]) for measure, sums in summed.items()}}
        for name, keys in _keys(explanation).items()
    }
    if subject.attention is not None and subject.pairs is not None:
        names = explanation.axes.electrodes
        tables["pairs"] = {
            "electrode": [a for a in names for _ in names],
            "attends_to": [b for _ in names for b in names],
            "attention": _floats(subject.attention.ravel()),
            "relevance": _floats(subject.pairs.ravel()),
        }
    return tables


def group_tables(explanation: Explanation) -> dict[str, Table]:
    """Tables of all subjects by the suffix of their file: means, their spread and their tests; edges of the graph."""
    magnitude = _summed(explanation, explanation.magnitude)
    tables: dict[str, Table] = {}
    for name, keys in _keys(explanation).items():
        tests = [_test(measure, found[name]) for measure, found in explanation.tests.items()]
        tables[name] = {**keys, **_means(magnitude[name]), **{k: v for test in tests for k, v in test.items()}}
    for name, graph in explanation.graphs.items():
        tables[f"{name}-edges"] = {
            "first": [edge.first for edge in graph.edges],
            "second": [edge.second for edge in graph.edges],
            "strength": [edge.strength for edge in graph.edges],
            "sd": [edge.spread for edge in graph.edges],
            "above_percentile": [edge.percentile for edge in graph.edges],
        }
    return tables


def _means(values: np.ndarray) -> dict[str, list[object]]:
    spread = values.std(0, ddof=1) if len(values) > 1 else np.full(values.shape[1:], np.nan)
    return {"magnitude_mean": _floats(values.mean(0)), "magnitude_sd": _floats(spread)}


def _test(measure: str, test: TTest) -> dict[str, list[object]]:
    columns = ("mean", "t", "p", "p_fdr", "p_max")
    return {f"{measure}_{column}": _floats(getattr(test, column)) for column in columns}


def _floats(values: np.ndarray) -> list[object]:
    return [float(value) for value in values]
