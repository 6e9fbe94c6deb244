"""Does the output follow the relevance? Deletion and insertion curves, and agreement between explanations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

#: Random orders that a curve is compared with.
RANDOM_ORDERS = 3


@dataclass(frozen=True, eq=False)
class PerturbationCurves:
    """What the output does when parts of the windows are taken away or put in, the most relevant first.

    A part that is taken away becomes 0: the mean over electrodes, if windows are scaled over electrodes. Outputs are
    relative to those without any EEG and in units of `scale`, mean over windows. An explanation that tells the truth
    makes `deletion` fall and `insertion` rise faster than random orders do (Samek et al., IEEE Trans Neural Netw
    Learn Syst 28, 2017, doi:10.1109/TNNLS.2016.2599820; Petsiuk et al., BMVC 2018, arXiv:1806.07421).

    Attributes
    ----------
    fractions : array, shape (step,)
        Of the window that is taken away, or put in.
    deletion, insertion : array, shape (step,)
        In the order of the relevance, from what raises the output most to what lowers it most.
    random_deletion, random_insertion : array, shape (step,)
        Mean of several random orders.
    scale : float
        Root mean square over windows of the output minus that without EEG, in its unit.
    deletion_gain, insertion_gain : float
        Mean distance between the curve and the random one, above 0 if the relevance does better than chance.
    better : float
        Share of windows in which the sum of both gains is above 0.
    """

    fractions: np.ndarray
    deletion: np.ndarray
    insertion: np.ndarray
    random_deletion: np.ndarray
    random_insertion: np.ndarray
    scale: float
    deletion_gain: float
    insertion_gain: float
    better: float


@dataclass(frozen=True, eq=False)
class Chance:
    """What random orders do to the output, to compare curves of several explanations of the same windows with.

    Attributes
    ----------
    counts : int array, shape (step,)
        Elements of a window that are taken away, or put in.
    deletion, insertion : array, shape (window, step)
        Outputs, mean over random orders.
    empty : array, shape (window, 1)
        Output without EEG.
    """

    counts: np.ndarray
    deletion: np.ndarray
    insertion: np.ndarray
    empty: np.ndarray


@torch.no_grad()
def random_orders(
    function: Callable[[Tensor], Tensor],
    x: Tensor,
    rng: np.random.Generator,
    *,
    steps: int = 10,
) -> Chance:
    """Take parts of windows away, and put them in, in random orders.

    Parameters
    ----------
    function : function of x
        Gives one output a window, shape (window,).
    x : Tensor, shape (window, channel, freq, time)
    rng : numpy.random.Generator
        Draws the orders.
    steps : int
        Points of a curve behind the first.
    """
    n = x[0].numel()
    counts = np.linspace(0, n, steps + 1).round().astype(int)
    found = []
    for _ in range(RANDOM_ORDERS):
        order = rng.permuted(np.tile(np.arange(n), (len(x), 1)), axis=1)
        found.append(_curves(function, x, order, counts))
    taken, put = (np.mean([one[k] for one in found], axis=0) for k in (0, 1))
    empty = function(torch.zeros_like(x)).double().cpu().numpy()[:, None]
    return Chance(counts, taken, put, empty)


@torch.no_grad()
def perturbation_curves(
    function: Callable[[Tensor], Tensor], x: Tensor, relevance: np.ndarray, chance: Chance
) -> PerturbationCurves:
    """Take parts of windows away, and put them in, in the order of their relevance.

    Parameters
    ----------
    function : function of x
        Gives one output a window, shape (window,).
    x : Tensor, shape (window, channel, freq, time)
    relevance : array, shape as x
    chance : Chance
        From `random_orders` of the same function and windows.
    """
    order = np.argsort(-relevance.reshape(len(relevance), -1), axis=1, kind="stable")
    taken, put = _curves(function, x, order, chance.counts)
    scale = float(np.sqrt(np.mean((taken[:, :1] - chance.empty) ** 2)))
    unit = scale if scale > 0 else np.nan
    deletion_gain, insertion_gain = (chance.deletion - taken).mean(1) / unit, (put - chance.insertion).mean(1) / unit
    parts = (taken, put, chance.deletion, chance.insertion)
    curves = [(part - chance.empty).mean(0) / unit for part in parts]
    return PerturbationCurves(
        fractions=chance.counts / x[0].numel(),
        deletion=curves[0],
        insertion=curves[1],
        random_deletion=curves[2],
        random_insertion=curves[3],
        scale=scale,
        deletion_gain=float(deletion_gain.mean()),
        insertion_gain=float(insertion_gain.mean()),
        better=float((deletion_gain + insertion_gain > 0).mean()) if scale > 0 else float("nan"),
    )


def _curves(
    function: Callable[[Tensor], Tensor], x: Tensor, order: np.ndarray, kept: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Find the outputs (window, step) with the first elements of an order taken away, and with these alone."""
    rank = torch.as_tensor(np.argsort(order, axis=1), device=x.device).view(x.shape)
    taken, put = [], []
    for count in kept:
        first = rank < int(count)
        taken.append(function(torch.where(first, 0, x)).double().cpu().numpy())
        put.append(function(torch.where(first, x, 0)).double().cpu().numpy())
    return np.stack(taken, 1), np.stack(put, 1)


@dataclass(frozen=True)
class MapAgreement:
    """Rank correlations (Spearman) of two shares of absolute relevance.

    Attributes
    ----------
    map : float
        Over all elements (channel, freq, time).
    electrodes, frequencies, times : float
        Over sums along the other axes.
    """

    map: float
    electrodes: float
    frequencies: float
    times: float

    @classmethod
    def of(cls, a: np.ndarray, b: np.ndarray) -> Self:
        """Compare two maps (channel, freq, time)."""
        sums = ((1, 2), (0, 2), (0, 1))
        return cls(rank_agreement(a, b), *(rank_agreement(a.sum(axes), b.sum(axes)) for axes in sums))


def rank_agreement(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's rank correlation of two arrays of one shape; NaN if one is constant."""
    from scipy import stats

    a, b = np.ravel(a), np.ravel(b)
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(stats.spearmanr(a, b).statistic)
