"""Do the explanations of a model tell the truth? All checks on some windows of every recording."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.core.random import generator
from eeg2fmri.explain.control import untrained
from eeg2fmri.explain.faithfulness import PerturbationCurves, perturbation_curves, random_orders, rank_agreement
from eeg2fmri.explain.gradients import integrated_gradients
from eeg2fmri.explain.rules import Composite
from eeg2fmri.explain.subject import fluctuation
from eeg2fmri.explain.targets import Target
from eeg2fmri.explain.truth import Drivers, TruthAgreement, truth_agreement
from eeg2fmri.explain.windows import WindowRelevance, explain_windows


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
    def of(cls, a: np.ndarray, b: np.ndarray) -> MapAgreement:
        """Compare two maps (channel, freq, time)."""
        sums = ((1, 2), (0, 2), (0, 1))
        return cls(rank_agreement(a, b), *(rank_agreement(a.sum(axes), b.sum(axes)) for axes in sums))


@dataclass(frozen=True, eq=False)
class Fidelity:
    """Numbers that say how far the explanations can be believed.

    Attributes
    ----------
    n_windows : int
    curves, untrained_curves : PerturbationCurves
        Of the relevance, and of the relevance of the untrained model used for the trained one: what an order that
        knows the data and the architecture alone reaches.
    gradients : float
        Rank correlation of the signed relevance with integrated gradients of the whole model, mean over windows.
    gradients_map : MapAgreement
        The same of the shares of absolute relevance over all windows.
    gradients_error : float
        By how much the integrated gradients are not complete; above 0.05 they are no good peer.
    untrained : MapAgreement
        Relevance of the untrained model against that of the trained one: far below 1 if it shows what was learnt.
    truth, untrained_truth : TruthAgreement or None
        Agreement of the absolute relevance with the drivers of simulated data, of the trained and the untrained model.
    truth_fluctuation, untrained_truth_fluctuation : TruthAgreement or None
        The same of the shares in what changes from window to window, which is what the drivers drive.
    """

    n_windows: int
    curves: PerturbationCurves
    untrained_curves: PerturbationCurves
    gradients: float
    gradients_map: MapAgreement
    gradients_error: float
    untrained: MapAgreement
    truth: TruthAgreement | None = None
    untrained_truth: TruthAgreement | None = None
    truth_fluctuation: TruthAgreement | None = None
    untrained_truth_fluctuation: TruthAgreement | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give all numbers as JSON has them."""
        numbers: dict[str, Any] = plain(asdict(self))
        return numbers


def plain(value: Any) -> Any:
    """Make what JSON can hold: NaN becomes None, arrays lists."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value.tolist()]
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value


def check_fidelity(
    model: nn.Module,
    x: Tensor,
    target: Target,
    rules: Composite,
    *,
    seed: int = 0,
    steps: int = 10,
    batch_size: int = 8,
    drivers: Drivers | None = None,
    progress: Progress = silent,
) -> Fidelity:
    """Check explanations of some windows.

    Parameters
    ----------
    model : nn.Module
        A synthesiser of the registry; variational layers are taken at their means.
    x : Tensor, shape (window, channel, freq, time)
        Scaled as in training.
    target : Target
    rules : Composite
    seed : int
        Of random orders and the untrained model.
    steps : int
        Points of the curves.
    batch_size : int
    drivers : Drivers, optional
        Of the same recordings, if they are simulated.
    progress : Progress
    """
    control = untrained(model, seed)
    weights = torch.as_tensor(target.weights, dtype=x.dtype, device=x.device)

    def output(v: Tensor) -> Tensor:
        return (model(v).volume * weights).flatten(1).sum(1)

    def batched(v: Tensor) -> Tensor:
        return torch.cat([output(part) for part in v.split(batch_size)])

    total = 5
    progress("Checking", 0, total)
    mine = _relevance(model, x, target, rules, batch_size)
    progress("Checking", 1, total)
    other = _relevance(control, x, target, rules, batch_size)
    trained_map, control_map = mine.relevance, other.relevance
    progress("Checking", 2, total)
    parts, errors = zip(*(integrated_gradients(output, part) for part in x.split(batch_size)), strict=True)
    gradients = torch.cat(parts).cpu().numpy()
    progress("Checking", 3, total)
    chance = random_orders(batched, x, generator(seed, "orders"), steps=steps)
    progress("Checking", 4, total)
    curves, control_curves = (perturbation_curves(batched, x, m, chance) for m in (trained_map, control_map))
    progress("Checking", 5, total)
    trained, control_share, by_gradients = (np.abs(m).sum(0) for m in (trained_map, control_map, gradients))
    signed = [rank_agreement(a, b) for a, b in zip(trained_map, gradients, strict=True)]
    return Fidelity(
        n_windows=len(x),
        curves=curves,
        untrained_curves=control_curves,
        gradients=float(np.mean(signed)),
        gradients_map=MapAgreement.of(trained, by_gradients),
        gradients_error=float(np.mean(errors)),
        untrained=MapAgreement.of(trained, control_share),
        truth=_agreement(trained, drivers),
        untrained_truth=_agreement(control_share, drivers),
        truth_fluctuation=_agreement(fluctuation(mine), drivers),
        untrained_truth_fluctuation=_agreement(fluctuation(other), drivers),
    )


def _agreement(relevance: np.ndarray | None, drivers: Drivers | None) -> TruthAgreement | None:
    return None if relevance is None or drivers is None else truth_agreement(np.abs(relevance), drivers)


def _relevance(model: nn.Module, x: Tensor, target: Target, rules: Composite, batch_size: int) -> WindowRelevance:
    found = [explain_windows(model, part, [target], rules)[target.name] for part in x.split(batch_size)]
    names = ("relevance", "explained", "absorbed", "spread")
    return WindowRelevance(*(np.concatenate([getattr(one, name) for one in found]) for name in names))
