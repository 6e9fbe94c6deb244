"""Relevance of EEG windows for a synthesised volume, and of a BOLD volume for its latent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.explain.inputs.targets import Target
from eeg2fmri.explain.rules.choice import Composite, composite
from eeg2fmri.explain.rules.propagation import Relevance, propagate


@dataclass(frozen=True, eq=False)
class WindowRelevance:
    """Relevance of EEG windows for one target.

    Attributes
    ----------
    relevance : array, shape (window, channel, freq, time)
        In the unit of the target; positive where the window raises it.
    explained : array, shape (window,)
        The target as the model gives it.
    absorbed : array, shape (window,)
        What stayed with biases: no part of the window is responsible for it.
    spread : array, shape (window,)
        Part of the relevance that belongs to constants such as cos(0), spread in proportion to the size of the input.
    attention : array, shape (window, channel, channel), or None
        Attention scores from each electrode (row) to each other (column); None for a model without attention.
    pairs : array, shape (window, channel, channel), or None
        Relevance of the attention of each pair of electrodes; sums to what `relevance` sums to.
    values, scores : array, shape as `relevance`, or None
        Parts of `relevance` that came through the values that are mixed and through the scores that mix them.
    """

    relevance: np.ndarray
    explained: np.ndarray
    absorbed: np.ndarray
    spread: np.ndarray
    attention: np.ndarray | None = None
    pairs: np.ndarray | None = None
    values: np.ndarray | None = None
    scores: np.ndarray | None = None

    @property
    def error(self) -> float:
        """Conservation error: |sum of the relevance - target|, over the windows relative to |target|."""
        return _relative(self.relevance.sum((1, 2, 3)), self.explained)

    @property
    def unaccounted(self) -> float:
        """The same with what biases absorbed added to the relevance: rounding and stabilisers alone."""
        return _relative(self.relevance.sum((1, 2, 3)) + self.absorbed, self.explained)


def _relative(given: np.ndarray, expected: np.ndarray) -> float:
    difference = float(np.abs(np.asarray(given, float) - expected).sum())
    return difference / float(np.abs(expected).sum()) if difference else 0.0


def explain_windows(
    model: nn.Module,
    x: Tensor,
    targets: Sequence[Target],
    rules: str | Composite = "default",
    *,
    passes: int = 0,
    generator: torch.Generator | None = None,
) -> dict[str, WindowRelevance]:
    """Propagate relevance from synthesised volumes to the EEG windows.

    Parameters
    ----------
    model : nn.Module
        A synthesiser; used as in evaluation and left as it was.
    x : Tensor, shape (window, channel, freq, time)
        Scaled as in training.
    targets : sequence of Target
        What is explained; the model runs once for all of them.
    rules : str or Composite
        See `eeg2fmri.explain.rules.choice`.
    passes : int
        0 explains variational layers at their means; else results are averaged over so many passes with fresh draws.
    generator : torch.Generator, optional
        Source of the draws; needed if there are passes.

    Returns
    -------
    dict of target name to WindowRelevance

    Raises
    ------
    ConfigError
        If there is no target or no generator for the passes, or the model does something that has no rule.
    """
    if not targets:
        raise ConfigError("there is nothing to explain", where="targets")
    if passes and generator is None:
        raise ConfigError("passes need a generator to draw from", where="generator")
    weights = {target.name: torch.as_tensor(target.weights, dtype=x.dtype, device=x.device) for target in targets}
    chosen = composite(rules)
    mean: dict[str, WindowRelevance] = {}
    for number in range(1, max(passes, 1) + 1):
        seen: list[Tensor | None] = []

        def outputs(v: Tensor, seen: list[Tensor | None] = seen) -> dict[str, Tensor]:
            made = model(v, generator=generator if passes else None)
            seen.append(made.attention)
            return {name: (made.volume * weight).flatten(1).sum(1) for name, weight in weights.items()}

        for name, found in propagate(model, x, outputs, chosen).items():
            one = _arrays(found, seen[0])
            mean[name] = one if number == 1 else _weighted(mean[name], one, 1 / number)
    return mean


def _array(part: Tensor) -> np.ndarray:
    return part.detach().cpu().numpy()


def _arrays(found: Relevance, attention: Tensor | None) -> WindowRelevance:
    account = found.account
    pairs = next(iter(account.pairs.values()), None)
    ways = {way: part for (_, way), part in account.branches.items()}
    optional = (attention, pairs, ways.get("values"), ways.get("scores"))
    return WindowRelevance(
        _array(found.relevance),
        _array(found.explained),
        _array(found.absorbed()),
        _array(found.spread()),
        *(None if part is None else _array(part) for part in optional),
    )


def _weighted(a: WindowRelevance, b: WindowRelevance, share: float) -> WindowRelevance:
    """Move a towards b by a share of their difference."""
    moved: dict[str, Any] = {}
    for field in fields(a):
        before, now = getattr(a, field.name), getattr(b, field.name)
        moved[field.name] = None if before is None else before + (now - before) * share
    return WindowRelevance(**moved)


@dataclass(frozen=True, eq=False)
class LatentRelevance:
    """Relevance of BOLD volumes for their latent.

    Attributes
    ----------
    relevance : array, shape (volume, x, y, z)
    explained, absorbed : array, shape (volume,)
        As in `WindowRelevance`.
    """

    relevance: np.ndarray
    explained: np.ndarray
    absorbed: np.ndarray

    @property
    def error(self) -> float:
        """Conservation error; see `WindowRelevance`."""
        return _relative(self.relevance.sum((1, 2, 3)), self.explained)


def explain_latent(
    model: nn.Module,
    y: Tensor,
    x: Tensor | None = None,
    rules: str | Composite = "default",
    *,
    what: Literal["agreement", "sum"] = "agreement",
) -> LatentRelevance:
    """Propagate relevance from the latent of BOLD volumes to the volumes, through the fMRI encoder.

    Parameters
    ----------
    model : nn.Module
        A synthesiser with an `fmri_encoder`, or with `volume_courses`.
    y : Tensor, shape (volume, x, y, z)
        Scaled as in training.
    x : Tensor, shape (volume, channel, freq, time), optional
        Windows that belong to the volumes; needed for the agreement.
    rules : str or Composite
    what : {"agreement", "sum"}
        ``agreement``: the cosine between the latents of EEG and BOLD, which training makes large, with the latent of
        the EEG and the lengths taken as given. ``sum``: the sum of the latent.

    Raises
    ------
    ConfigError
        If the agreement is asked for without windows, or the encoder does something that has no rule.
    """
    if what == "agreement" and x is None:
        raise ConfigError("the agreement of the latents needs the EEG windows", where="x", hint="or explain the 'sum'")
    direction: Tensor | float = 1.0
    if x is not None and what == "agreement":
        training = model.training
        with torch.no_grad():
            made = model.eval()(x, y)
        model.train(training)
        first, second = (part.flatten(1) for part in (made.z_eeg, made.z_fmri))
        lengths = first.norm(dim=1).clamp_min(1e-12) * second.norm(dim=1).clamp_min(1e-12)
        direction = first / lengths[:, None]

    def outputs(v: Tensor) -> dict[str, Tensor]:
        return {what: (_volume_latent(model, v).flatten(1) * direction).sum(1)}

    found = propagate(model, y, outputs, composite(rules))[what]
    parts = (found.relevance, found.explained, found.absorbed())
    return LatentRelevance(*(_array(part) for part in parts))


def _volume_latent(model: nn.Module, y: Tensor) -> Tensor:
    """Latent of BOLD volumes: of a network, or the courses of a model of spatial components."""
    encode: Any = model.volume_courses if hasattr(model, "volume_courses") else model.fmri_encoder
    latent: Tensor = encode(y)
    return latent
