"""Do the explanations of a model tell the truth? All checks on some windows of every recording."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.core.random import generator
from eeg2fmri.explain.checks.faithfulness import (
    MapAgreement,
    PerturbationCurves,
    perturbation_curves,
    random_orders,
    rank_agreement,
)
from eeg2fmri.explain.inputs.control import untrained
from eeg2fmri.explain.inputs.targets import Target
from eeg2fmri.explain.rules.choice import Composite
from eeg2fmri.explain.windows.gradients import integrated_gradients
from eeg2fmri.explain.windows.of_one_recording import explain_windows


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
    """

    n_windows: int
    curves: PerturbationCurves
    untrained_curves: PerturbationCurves
    gradients: float
    gradients_map: MapAgreement
    gradients_error: float
    untrained: MapAgreement

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
    trained_map = _relevance(model, x, target, rules, batch_size)
    progress("Checking", 1, total)
    control_map = _relevance(control, x, target, rules, batch_size)
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
    )


def _relevance(model: nn.Module, x: Tensor, target: Target, rules: Composite, batch_size: int) -> np.ndarray:
    found = [explain_windows(model, part, [target], rules)[target.name].relevance for part in x.split(batch_size)]
    return np.concatenate(found)
