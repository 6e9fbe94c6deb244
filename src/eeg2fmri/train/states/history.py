"""Keep what each epoch gave as rows, and write them as history.csv."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from eeg2fmri.core.files import write_csv

Row = dict[str, Any]


class Means:
    """Running means of named numbers, weighted by the pairs they stand for; exact through JSON."""

    def __init__(self, sums: dict[str, float] | None = None, weight: float = 0.0) -> None:
        self.sums: dict[str, float] = defaultdict(float, sums or {})
        self.weight = weight

    def add(self, values: dict[str, float], weight: float) -> None:
        """Add the means of `weight` pairs."""
        for name, value in values.items():
            self.sums[name] += value * weight
        self.weight += weight

    def means(self) -> dict[str, float]:
        """Return the mean of each named number."""
        return {name: total / self.weight for name, total in self.sums.items()}


def write_history(path: Path, rows: list[Row]) -> None:
    """Write rows as CSV; the file is replaced as a whole, never left half-written."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    write_csv(path, names, ([row.get(name, "") for name in names] for row in rows))
