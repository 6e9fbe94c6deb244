"""Draw the graph of electrodes that attend to each other, over subjects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eeg2fmri.core.errors import InputError

#: Percentiles of all pairs above which a pair is an edge.
PERCENTILES = (98.0, 99.0, 99.5, 99.9)


@dataclass(frozen=True)
class Edge:
    """A pair of electrodes.

    Attributes
    ----------
    first, second : str
        Electrodes, in the order of the recording.
    strength : float
        Mean over subjects and both directions.
    spread : float
        Standard deviation over subjects; NaN for one subject.
    percentile : float
        Highest of the percentiles that the pair lies above; 0 if none.
    """

    first: str
    second: str
    strength: float
    spread: float
    percentile: float


@dataclass(frozen=True, eq=False)
class AttentionGraph:
    """Pairs of electrodes, the strongest first.

    Attributes
    ----------
    edges : tuple of Edge
        Every pair; see `above`.
    thresholds : dict of percentile to float
        Strength at each percentile of all pairs.
    """

    edges: tuple[Edge, ...]
    thresholds: dict[float, float]

    def above(self, percentile: float) -> tuple[Edge, ...]:
        """Pairs stronger than a percentile, the strongest first."""
        return tuple(edge for edge in self.edges if edge.percentile >= percentile)


def attention_graph(
    matrices: np.ndarray, electrodes: Sequence[str], percentiles: Sequence[float] = PERCENTILES
) -> AttentionGraph:
    """Find the strongest pairs of electrodes over subjects.

    Parameters
    ----------
    matrices : array, shape (subject, channel, channel)
        Attention scores or relevance of pairs, from each electrode (row) to each other (column). The two directions
        of a pair are averaged; an electrode's attention to itself is left out.
    electrodes : sequence of str, length channel
    percentiles : sequence of float
        Thresholds, percentiles over all pairs.

    Raises
    ------
    InputError
        If the matrices are not square in the electrodes, or there are fewer than three electrodes.
    """
    n = len(electrodes)
    if matrices.ndim != 3 or matrices.shape[1:] != (n, n) or n < 3:
        raise InputError(
            "a graph needs one row and one column for each of at least three electrodes",
            got=f"shape {matrices.shape}, {n} electrodes",
            expected="(subject, channel, channel)",
        )
    first, second = np.triu_indices(n, k=1)
    by_subject = (matrices[:, first, second] + matrices[:, second, first]) / 2
    strength = by_subject.mean(0)
    spread = by_subject.std(0, ddof=1) if len(matrices) > 1 else np.full(len(first), np.nan)
    thresholds = {float(p): float(np.percentile(strength, p)) for p in sorted(percentiles)}
    level = np.zeros(len(first))
    for percentile, threshold in thresholds.items():
        level[strength > threshold] = percentile
    edges = tuple(
        Edge(electrodes[first[k]], electrodes[second[k]], float(strength[k]), float(spread[k]), float(level[k]))
        for k in np.argsort(-strength, kind="stable")
    )
    return AttentionGraph(edges, thresholds)
