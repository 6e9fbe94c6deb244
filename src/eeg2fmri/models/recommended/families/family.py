"""Define a family of features: row features, seen over time and over the head."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Literal

import numpy as np

from eeg2fmri.models.recommended import families
from eeg2fmri.models.recommended.haemodynamic import row_responses


@dataclass(frozen=True)
class Family:
    """A family of features, all of one regression.

    Attributes
    ----------
    name : str
        What a reader calls it.
    kind : str
        Row features that it reads; see `eeg2fmri.data.features.rows`.
    time : {"lags", "responses", "response"}
        Every row of the window with a weight of its own; the haemodynamic response with one earlier and one later; or
        the response alone.
    space : {"electrodes", "relative", "mean"}
        Every electrode; less the mean over electrodes; or that mean alone.
    local : bool
        Whether electrodes near a voxel may weigh more than far ones (`eeg2fmri.models.recommended.locality`).
    trust : int
        The usable family with the highest stands alone where the evidence decides nothing.
    """

    name: str
    kind: str
    time: Literal["lags", "responses", "response"]
    space: Literal["electrodes", "relative", "mean"] = "electrodes"
    local: bool = False
    trust: int = 0


@cache
def all_families() -> tuple[Family, ...]:
    """Find every module of `eeg2fmri.models.recommended.families` with a ``FAMILY``, the most trusted first."""
    modules = [import_module(f"{families.__name__}.{found.name}") for found in pkgutil.iter_modules(families.__path__)]
    found = [module.FAMILY for module in modules if hasattr(module, "FAMILY")]
    return tuple(sorted(found, key=lambda family: -family.trust))


def usable_families(
    columns: Mapping[str, slice], responses: Literal["rows", "shifts"], n_channels: int
) -> tuple[tuple[Family, ...], tuple[str, ...]]:
    """Choose the families that a model with these columns can hold.

    Parameters
    ----------
    columns : mapping of str to slice
        Kind of row features to its places in a window.
    responses : {"rows", "shifts"}
        Whether the model weighs every row of a window, or haemodynamic responses alone.
    n_channels : int

    Returns
    -------
    families : tuple of Family
    notes : tuple of str
        Which were left out, and why.
    """
    kept: list[Family] = []
    lost: dict[str, list[str]] = {}
    for family in all_families():
        if family.kind not in columns:
            lost.setdefault(f"the recordings have no {family.kind.replace('_', ' ')}", []).append(family.name)
        elif family.time == "lags" and responses == "shifts":
            lost.setdefault("the model sees the EEG through fixed responses", []).append(family.name)
        elif family.space != "electrodes" and n_channels < 2:
            lost.setdefault("there is one electrode", []).append(family.name)
        else:
            kept.append(family)
    notes = tuple(f"features left out, as {why}: {', '.join(names)}" for why, names in lost.items())
    return tuple(kept), notes


@dataclass(frozen=True, eq=False)
class Basis:
    """Linear map from windows of a kind (channel, column, time) to the features of a family.

    Attributes
    ----------
    time : array, shape (course, time)
        Weights of the rows of a window.
    space : array, shape (place, channel)
        Weights of the electrodes.
    deviation : array, shape (course,)
        Prior deviation of the weights of each course, relative to the first.
    """

    time: np.ndarray
    space: np.ndarray
    deviation: np.ndarray

    def features(self, rows: np.ndarray) -> np.ndarray:
        """Give the features (pair, course * column * place) of rows (row, channel, column) that follow each other."""
        placed = np.einsum("rck,pc->rkp", rows, self.space, optimize=True).astype(np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(placed, self.time.shape[1], axis=0)
        found: np.ndarray = np.einsum("nkpt,mt->nmkp", windows, self.time.astype(np.float32), optimize=True)
        return found.reshape(len(found), -1)

    def filters(self, weights: np.ndarray) -> np.ndarray:
        """Bring weights of features (component, feature) to weights of windows (component, time, column, channel)."""
        shaped = weights.reshape(len(weights), len(self.time), -1, len(self.space))
        return np.asarray(np.einsum("amkp,mt,pc->atkc", shaped, self.time, self.space, optimize=True))


def basis_of(
    family: Family, clock: tuple[int, float, int], shifts_s: Sequence[float], shifted: float, n_channels: int
) -> Basis:
    """Make the basis of a family.

    Parameters
    ----------
    family : Family
    clock : (int, float, int)
        Rows of a window, TR in s, and volumes between the end of a window and its target.
    shifts_s : sequence of float
        Of the responses, s later than Glover's; the first is the main one.
    shifted : float
        Prior deviation of the others relative to it.
    n_channels : int
    """
    n_rows, tr, lag = clock
    if family.time == "lags":
        time, deviation = np.eye(n_rows), np.ones(n_rows)
    else:
        chosen = tuple(shifts_s) if family.time == "responses" else tuple(shifts_s)[:1]
        time = row_responses(n_rows, tr, lag, chosen)
        deviation = np.array([1.0] + [shifted] * (len(chosen) - 1))
    mean = np.full((1, n_channels), 1 / n_channels)
    space = {"electrodes": np.eye(n_channels), "relative": np.eye(n_channels) - mean, "mean": mean}[family.space]
    return Basis(time, space, deviation)
