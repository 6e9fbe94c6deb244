"""Relevance as tables, one row an electrode, frequency, band, time, pair of these, or pair of electrodes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from eeg2fmri.core.disk.files import write_csv
from eeg2fmri.explain.inputs.axes import averaged
from eeg2fmri.explain.results.collect import Explanation
from eeg2fmri.explain.windows.inference import TTest
from eeg2fmri.explain.windows.of_one_subject import SubjectRelevance

#: Name of a column -> its values.
Table = Mapping[str, list[object]]


def write_table(path: Path, table: Table) -> None:
    """Write a table as CSV; what is not finite becomes an empty cell."""
    rows = zip(*table.values(), strict=True)
    write_csv(path, tuple(table), ([_cell(value) for value in row] for row in rows))


def _cell(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.6g}" if np.isfinite(value) else ""
    return value


#: Suffix of the file of each sum; BIDS knows letters and digits alone.
SUFFIXES = {
    "electrodes": "electrodes",
    "frequencies": "frequencies",
    "bands": "bands",
    "times": "times",
    "electrodes_by_frequencies": "electrodesByFrequencies",
    "electrodes_by_times": "electrodesByTimes",
    "frequencies_by_times": "frequenciesByTimes",
}


def _keys(explanation: Explanation) -> dict[str, Table]:
    """Columns that name the rows of each table, by the name of the sum."""
    axes = explanation.axes
    bands = axes.bands()
    of_bin = ["" for _ in axes.frequencies]
    for name, members in bands:
        for k in np.flatnonzero(members):
            of_bin[k] = name
    limits = axes.limits or [(name, *_ends(axes.frequencies[members])) for name, members in bands]
    single: dict[str, Table] = {
        "electrodes": {"electrode": list(axes.electrodes)},
        "frequencies": {"frequency_hz": [float(f) for f in axes.frequencies], "band": list(of_bin)},
        "times": {"seconds_before_volume": [float(t) for t in axes.times]},
    }
    pairs = {name: _crossed(*(single[part] for part in name.split("_by_"))) for name in SUFFIXES if "_by_" in name}
    by_band: Table = {
        "band": [name for name, _, _ in limits],
        "lowest_hz": [low for _, low, _ in limits],
        "highest_hz": [high for _, _, high in limits],
    }
    return {**single, **pairs, "bands": by_band}


def _ends(frequencies: np.ndarray) -> tuple[float, float]:
    return float(frequencies[0]), float(frequencies[-1])


def _crossed(first: Table, second: Table) -> Table:
    """Every row of one table with every row of the other."""
    n, m = (len(next(iter(table.values()))) for table in (first, second))
    rows = {name: [value for value in column for _ in range(m)] for name, column in first.items()}
    return {**rows, **{name: list(column) * n for name, column in second.items()}}


def subject_tables(explanation: Explanation, subject: SubjectRelevance) -> dict[str, Table]:
    """Tables of one subject by the suffix of their file.

    Relevance is summed along the axes that a table leaves out; the pattern is averaged, and so is its square.
    """
    keys = _keys(explanation)
    tables: dict[str, Table] = {}
    for name, function in explanation.sums().items():
        columns = {}
        for measure in ("signed", "magnitude", "fluctuation"):
            part = getattr(subject, measure)
            if part is not None:
                columns[measure] = _floats(function(part))
        for measure in ("pattern", "sensor_pattern"):
            part = getattr(subject, measure)
            if part is not None:
                columns[f"{measure}_mean"] = _floats(averaged(function, part))
                columns[f"{measure}_rms"] = _floats(np.sqrt(averaged(function, part**2)))
        tables[SUFFIXES[name]] = {**keys[name], **columns}
    if subject.attention is not None and subject.pairs is not None:
        names = explanation.axes.electrodes
        tables["pairs"] = {
            "electrode": [a for a in names for _ in names],
            "attends_to": [b for _ in names for b in names],
            "attention": _floats(subject.attention),
            "relevance": _floats(subject.pairs),
        }
    return tables


def group_tables(explanation: Explanation) -> dict[str, Table]:
    """Tables of all subjects by the suffix of their file: means, their spread and their tests; edges of the graph."""
    keys, sums = _keys(explanation), explanation.sums()
    tables: dict[str, Table] = {}
    for name, suffix in SUFFIXES.items():
        tests = [_test(measure, found[name]) for measure, found in explanation.tests.items()]
        columns = {k: v for test in tests for k, v in test.items()}
        tables[suffix] = {**keys[name], **_means(sums[name](explanation.magnitude)), **columns}
    for name, graph in explanation.graphs.items():
        tables[f"{name}Edges"] = {
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
    return [float(value) for value in values.ravel()]
