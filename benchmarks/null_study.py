"""Measure how often a classification finds what is not there, and whether it finds what is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from eeg2fmri.classify.config import ClassifyConfig
from eeg2fmri.classify.folds.one_fold import one_thread
from eeg2fmri.classify.folds.protocol import refit, refit_p
from eeg2fmri.classify.methods.choice import Method
from eeg2fmri.classify.methods.features import WindowData
from eeg2fmri.core.progress import Progress, silent


@dataclass(frozen=True)
class Rate:
    """How many of so many tests were below the level.

    Attributes
    ----------
    found, tests : int
    low, high : float
        95 % interval of the rate (Clopper and Pearson, Biometrika 26, 1934).
    """

    found: int
    tests: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """Share of the tests."""
        return self.found / self.tests


def rate_below(p_values: Sequence[float], level: float = 0.05) -> Rate:
    """Count p values at most `level`, with the exact binomial interval of their rate."""
    from scipy.stats import binomtest

    found, tests = int(np.sum(np.asarray(p_values) <= level)), len(p_values)
    interval = binomtest(found, tests).proportion_ci(0.95, method="exact")
    return Rate(found, tests, float(interval.low), float(interval.high))


def study(
    data_sets: Iterable[WindowData],
    methods: Sequence[Method],
    config: ClassifyConfig,
    level: float = 0.05,
    total: int = 0,
    progress: Progress = silent,
) -> dict[str, list[float]]:
    """Test many data sets against chance: p values of the AUC over subjects by method.

    Parameters
    ----------
    data_sets : iterable of WindowData
    methods : sequence of Method
    config : ClassifyConfig
        Refits, their folds, vote, seed; the seed of a data set follows from it and its number.
    level : float
        A data set is left as soon as its p is sure to be above it: the decision is that of all refits, the p then a
        lower bound (Besag and Clifford, Biometrika 78, 1991).
    total : int
        Number of data sets, for the progress.
    progress : Progress
    """
    found: dict[str, list[float]] = {method.name: [] for method in methods}
    with one_thread():
        for number, data in enumerate(data_sets):
            own = config.model_copy(update={"seed": config.seed + number})
            for method in methods:
                found[method.name].append(_decided(data, method, own, level))
            progress("Data sets", number + 1, total or number + 1)
    return found


def _decided(data: WindowData, method: Method, config: ClassifyConfig, level: float) -> float:
    aucs = [refit(data, [method], config, 0)[method.name]]
    reached = 0
    for number in range(1, config.refits + 1):
        aucs.append(refit(data, [method], config, number)[method.name])
        reached = sum(value >= aucs[0] - 1e-14 for value in aucs[1:])
        if (1 + reached) / (1 + config.refits) > level:
            return (1 + reached) / (1 + config.refits)
    return refit_p(aucs)
