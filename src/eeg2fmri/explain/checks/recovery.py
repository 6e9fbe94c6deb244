"""Explanations of a model, and of untrained ones, beside what drives simulated recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from torch import nn

from eeg2fmri.explain.checks.truth import Drivers, TruthAgreement, truth_agreement
from eeg2fmri.explain.inputs.batches import Batch
from eeg2fmri.explain.inputs.control import untrained
from eeg2fmri.explain.inputs.targets import Target
from eeg2fmri.explain.rules.choice import Composite
from eeg2fmri.explain.windows.of_one_recording import explain_windows
from eeg2fmri.explain.windows.of_one_subject import SubjectSums

#: Measures of a subject that are compared with a drive: which one, and whether their signs should be the same.
MEASURES = {
    "magnitude": ("drive", False),
    "fluctuation": ("drive", False),
    "pattern": ("drive", True),
    "sensor_pattern": ("sensors", True),
}

#: One recording: its windows a few at a time, the drivers of its target, and the pairs that the windows are.
Recorded = tuple[Callable[[], Iterable[Batch]], Drivers, np.ndarray]


@dataclass(frozen=True)
class Recovery:
    """Agreement of explanations with the drivers of simulated recordings.

    Attributes
    ----------
    r : float
        Correlation over windows of the synthesised target with the target as the EEG drives it, mean over
        recordings: how well the model works for this target. Where it does not, its explanation cannot be true.
    untrained_r : float
        The same of the untrained models.
    measures : dict of measure to TruthAgreement
        Mean over recordings; measures are those of `eeg2fmri.explain.windows.of_one_subject.SubjectRelevance`.
    untrained : dict of measure to TruthAgreement
        The same of the untrained models, mean over these.
    untrained_sd : dict of measure to TruthAgreement
        Standard deviation over the untrained models; NaN for one.
    n_untrained : int
    """

    r: float
    untrained_r: float
    measures: dict[str, TruthAgreement]
    untrained: dict[str, TruthAgreement]
    untrained_sd: dict[str, TruthAgreement]
    n_untrained: int

    def to_dict(self) -> dict[str, Any]:
        """Give all numbers."""
        return asdict(self)


def recover(
    model: nn.Module,
    recordings: Sequence[Recorded],
    target: Target,
    rules: Composite,
    *,
    controls: int = 3,
    seed: int = 0,
) -> Recovery:
    """Compare explanations of a model, and of untrained models of its settings, with the drivers.

    Parameters
    ----------
    model : nn.Module
        A synthesiser of the registry; variational layers are taken at their means.
    recordings : sequence of (windows, drivers, pairs)
        A function that gives the windows in the order of time, a few at a time; the drivers; and the indices
        (window,) of the windows among the pairs of the recording.
    target : Target
    rules : Composite
    controls : int
        Untrained models, at least 1: a single one may look like the truth by chance.
    seed : int
        Of the untrained models.
    """
    r, measures = _agreement(model, recordings, target, rules)
    others = [_agreement(untrained(model, seed + k), recordings, target, rules) for k in range(controls)]
    each = [found for _, found in others]
    return Recovery(
        r=r,
        untrained_r=float(np.mean([one for one, _ in others])),
        measures=measures,
        untrained={name: _over([one[name] for one in each], np.mean) for name in measures},
        untrained_sd={name: _over([one[name] for one in each], _spread) for name in measures},
        n_untrained=controls,
    )


def _agreement(
    model: nn.Module, recordings: Sequence[Recorded], target: Target, rules: Composite
) -> tuple[float, dict[str, TruthAgreement]]:
    found: dict[str, list[TruthAgreement]] = {name: [] for name in MEASURES}
    correlations = []
    for windows, drivers, chosen in recordings:
        sums, explained = SubjectSums(""), []
        for x, _, sensors in windows():
            one = explain_windows(model, x, [target], rules)[target.name]
            sums.add(one, x.cpu().numpy(), sensors)
            explained.append(one.explained)
        subject = sums.result()
        for name, (which, signed) in MEASURES.items():
            drive, part = getattr(drivers, which), getattr(subject, name)
            if drive is not None:
                part = np.zeros_like(drive) if part is None else part
                found[name].append(truth_agreement(part, drive, signed=signed))
        correlations.append(_r(np.concatenate(explained), drivers.course[chosen]))
    return float(np.mean(correlations)), {name: _over(parts, np.mean) for name, parts in found.items() if parts}


def _r(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(dtype=float), b - b.mean(dtype=float)
    size = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / size if size else float("nan")


def _over(parts: Sequence[TruthAgreement], function: Callable[..., Any]) -> TruthAgreement:
    names = [field.name for field in fields(TruthAgreement)]
    return TruthAgreement(*(float(function([getattr(one, name) for one in parts])) for name in names))


def _spread(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
