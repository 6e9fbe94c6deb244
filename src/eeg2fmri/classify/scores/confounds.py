"""Look for columns of participants.tsv that go with the classes: a classifier may tell those instead."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

#: Below this p value an association is said.
LEVEL = 0.05
#: Columns with more values than this that are not numbers are names, not categories.
CATEGORIES = 10


def confound_notes(participants: Mapping[str, Mapping[str, str]], labels: Mapping[str, str], label: str) -> list[str]:
    """Name columns whose values differ between the classes.

    Numbers are compared by Kruskal and Wallis' test, categories by Fisher's exact test (2 x 2) or chi squared.

    Parameters
    ----------
    participants : mapping of subject to row of participants.tsv
    labels : mapping of subject to class
    label : str
        Column of the classes.
    """
    from scipy.stats import kruskal

    notes = []
    columns = sorted({name for row in participants.values() for name in row} - {label, "participant_id"})
    classes = sorted(set(labels.values()))
    for column in columns:
        values = {s: participants[s].get(column, "") for s in labels}
        values = {s: v for s, v in values.items() if v.casefold() not in {"", "n/a", "na", "nan"}}
        kinds = set(values.values())
        if len(kinds) < 2 or {labels[s] for s in values} != set(classes):
            continue
        numbers = _numbers(values)
        if numbers is not None and len(kinds) > 2:
            groups = [[numbers[s] for s in values if labels[s] == c] for c in classes]
            p = float(kruskal(*groups).pvalue)
            told = ", ".join(f"{c} {np.mean(g):.1f}" for c, g in zip(classes, groups, strict=True))
        elif len(kinds) <= CATEGORIES:
            names = sorted(kinds)
            table = np.array([[sum(labels[s] == c and values[s] == v for s in values) for v in names] for c in classes])
            p = _independence(table)
            told = "; ".join(
                f"{c} " + ", ".join(f"{n} {v}" for n, v in zip(row, names, strict=True))
                for c, row in zip(classes, table.tolist(), strict=True)
            )
        else:
            continue
        if p < LEVEL:
            notes.append(f"'{column}' differs between the classes ({told}; p {p:.2g}): the classes may be told by it.")
    return notes


def _numbers(values: Mapping[str, str]) -> dict[str, float] | None:
    try:
        return {s: float(v) for s, v in values.items()}
    except ValueError:
        return None


def _independence(table: np.ndarray) -> float:
    from scipy.stats import chi2_contingency, fisher_exact

    if table.shape == (2, 2):
        return float(fisher_exact(table).pvalue)
    return float(chi2_contingency(table).pvalue)
