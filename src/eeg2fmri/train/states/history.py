"""Keep what each epoch gave as rows, to be written as history.csv."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

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
