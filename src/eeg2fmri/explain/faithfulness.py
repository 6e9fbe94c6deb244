"""Does the output follow the relevance? Deletion and insertion curves, and agreement between explanations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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


@torch.no_grad()
def perturbation_curves(
    function: Callable[[Tensor], Tensor],
    x: Tensor,
    relevance: np.ndarray,
    rng: np.random.Generator,
    *,
    steps: int = 10,
) -> PerturbationCurves:
    """Take parts of windows away, and put them in, in the order of their relevance and at random.

    Parameters
    ----------
    function : function of x
        Gives one output a window, shape (window,).
    x : Tensor, shape (window, channel, freq, time)
    relevance : array, shape as x
    rng : numpy.random.Generator
        Draws the random orders.
    steps : int
        Points of a curve behind the first.
    """
    n = relevance[0].size
    kept = np.linspace(0, n, steps + 1).round().astype(int)
    flat = relevance.reshape(len(relevance), -1)
    order = np.argsort(-flat, axis=1, kind="stable")
    first_out, first_in = _curves(function, x, order, kept)
    empty = function(torch.zeros_like(x)).double().cpu().numpy()[:, None]
    randomly = [
        _curves(function, x, rng.permuted(np.tile(np.arange(n), (len(x), 1)), axis=1), kept)
        for _ in range(RANDOM_ORDERS)
    ]
    random_out, random_in = (np.mean([one[k] for one in randomly], axis=0) for k in (0, 1))
    scale = float(np.sqrt(np.mean((first_out[:, :1] - empty) ** 2)))
    unit = scale if scale > 0 else np.nan
    gains = (random_out - first_out).mean(1) / unit, (first_in - random_in).mean(1) / unit
    curves = [(part - empty).mean(0) / unit for part in (first_out, first_in, random_out, random_in)]
    return PerturbationCurves(
        fractions=kept / n,
        deletion=curves[0],
        insertion=curves[1],
        random_deletion=curves[2],
        random_insertion=curves[3],
        scale=scale,
        deletion_gain=float(gains[0].mean()),
        insertion_gain=float(gains[1].mean()),
        better=float((gains[0] + gains[1] > 0).mean()) if scale > 0 else float("nan"),
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


def rank_agreement(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's rank correlation of two arrays of one shape; NaN if one is constant."""
    from scipy import stats

    a, b = np.ravel(a), np.ravel(b)
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(stats.spearmanr(a, b).statistic)
