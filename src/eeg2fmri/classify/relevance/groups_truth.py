"""Explanations of simulated groups compared with what is true of them.

The truth of `simulate-eeg` says in which regions and rhythms a group differs. Three numbers say whether the relevance
of the decisions on that group's subjects, averaged and taken without its sign, is there:

- ``view``: how often an affected voxel has more relevance than one that is not (area under the curve, 0.5 is chance);
- ``electrodes``: rank correlation over electrodes of the relevance with the change of the logarithm of the rhythms'
  amplitude that the effect makes there (0 is chance);
- ``frequencies``: how often a frequency of an affected rhythm has more relevance than one of no affected rhythm.

The first two have a p value: the effect is put around other regions of the cortex, as wide as it is and in both
hemispheres, since relevance is smooth and any patch of it would look like something if voxels were dealt out singly.
Beside them stand the same numbers of a synthesiser that was never trained. Relevance says what a classifier used: a
region where groups differ need not be needed to tell them apart, so that a full agreement is not to be expected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from scipy.stats import rankdata

from eeg2fmri.core.disk.npz import read_npz
from eeg2fmri.core.disk.parse import DAMAGE, read_json
from eeg2fmri.core.errors import InputError
from eeg2fmri.core.random import generator
from eeg2fmri.explain.inputs.axes import Axes

#: Places around which the effect is put for the p values.
DRAWS = 999


@dataclass(frozen=True, eq=False)
class GroupsTruth:
    """What is true of simulated groups.

    Attributes
    ----------
    centres : array, shape (region, 3)
        MNI152, mm.
    change : dict of group to array, shape (region, band)
        Change of the logarithm of the amplitude.
    bands : tuple of (name, low, high)
        Hz.
    electrodes : tuple of str
    power : array, shape (band, electrode, region)
        Power of each region at each electrode without any effect; any unit.
    """

    centres: np.ndarray
    change: dict[str, np.ndarray]
    bands: tuple[tuple[str, float, float], ...]
    electrodes: tuple[str, ...]
    power: np.ndarray

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read ``groups.json`` and ``groups.npz``.

        Raises
        ------
        InputError
            If they are absent or damaged.
        """
        try:
            facts = read_json(folder / "groups.json")
            arrays = read_npz(folder / "groups.npz")
            return cls(
                arrays["region_centres"],
                {name: arrays[f"change_{name}"] for name in facts["regions_affected"]},
                tuple((band["name"], band["low_hz"], band["high_hz"]) for band in facts["bands"]),
                tuple(str(name) for name in arrays["electrodes"]),
                arrays["electrode_power"],
            )
        except DAMAGE as error:
            raise InputError(
                "the truth of simulated groups cannot be read",
                where=str(folder),
                got=f"{type(error).__name__}: {error}",
                hint="simulate and prepare the data again",
            ) from None

    def at_electrodes(self, change: np.ndarray) -> np.ndarray:
        """Size of the change of the log amplitude, summed over bands: (..., region, band) to (..., electrode)."""
        factor = np.exp(2 * change)
        after = np.einsum("ber,...rb->...be", self.power, factor)
        return 0.5 * np.abs(np.log(after / self.power.sum(-1))).sum(-2)

    def elsewhere(self, change: np.ndarray, rng: np.random.Generator, draws: int) -> np.ndarray:
        """Put the change of each band around other regions, as many as it has: (draw, region, band)."""
        folded = np.column_stack([np.abs(self.centres[:, 0]), self.centres[:, 1:]])
        near = np.argsort(np.linalg.norm(folded[:, None] - folded[None], axis=-1), axis=1)
        moved = np.zeros((draws, *change.shape))
        for band in range(change.shape[1]):
            values = change[:, band][change[:, band] != 0]
            for draw, place in enumerate(rng.integers(len(near), size=draws)):
                moved[draw, near[place, : len(values)], band] = values
        return moved


def agreement(
    truth: GroupsTruth,
    group: str,
    view: np.ndarray,
    eeg: np.ndarray,
    places: np.ndarray,
    axes: Axes,
    seed: int = 0,
) -> dict[str, Any]:
    """Compare the mean relevance of the decisions on a group's subjects with what is true of the group.

    Parameters
    ----------
    truth : GroupsTruth
    group : str
    view : array, shape (voxel,)
        Relevance of the voxels of the brain.
    eeg : array, shape (channel, freq, time)
    places : array, shape (voxel, 3)
        Of these voxels, MNI152, mm; a voxel belongs to the region whose centre is nearest.
    axes : Axes
        Of `eeg`.
    seed : int

    Returns
    -------
    dict
        ``view`` and ``electrodes`` with ``value`` and ``p``; ``frequencies`` with ``value``; None where it is not
        defined.
    """
    from scipy.spatial import cKDTree

    change = truth.change[group]
    moved = truth.elsewhere(change, generator(seed, "effect elsewhere", group), DRAWS)
    region = cKDTree(truth.centres).query(places)[1]
    ranks = rankdata(np.abs(view))
    count = np.bincount(region, minlength=len(change))
    total = np.bincount(region, ranks, len(change))

    def area(patterns: np.ndarray) -> np.ndarray:
        hit = (patterns != 0).any(-1)
        n = hit @ count
        with np.errstate(invalid="ignore", divide="ignore"):
            return (hit @ total - n * (n + 1) / 2) / (n * (len(ranks) - n))

    known = [k for k, name in enumerate(axes.electrodes) if name in truth.electrodes]
    order = [truth.electrodes.index(axes.electrodes[k]) for k in known]
    seen = rankdata(np.abs(eeg).sum((1, 2))[known]) if len(known) > 2 else np.zeros(0)

    def rank_correlation(patterns: np.ndarray) -> np.ndarray:
        expected = rankdata(truth.at_electrodes(patterns)[..., order], axis=-1)
        a, b = seen - seen.mean(), expected - expected.mean(-1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            return (b @ a) / np.sqrt((a @ a) * (b * b).sum(-1))

    return {
        "view": _tested(area, change, moved),
        "electrodes": _tested(rank_correlation, change, moved) if len(known) > 2 else {"value": None, "p": None},
        "frequencies": {"value": _frequencies(truth, change, eeg, axes)},
    }


def _tested(statistic: Any, change: np.ndarray, moved: np.ndarray) -> dict[str, float | None]:
    value = float(statistic(change[None])[0])
    null = statistic(moved)
    null = null[np.isfinite(null)]
    if not np.isfinite(value):
        return {"value": None, "p": None}
    return {"value": value, "p": float((1 + np.sum(null >= value - 1e-12)) / (1 + len(null)))}


def _frequencies(truth: GroupsTruth, change: np.ndarray, eeg: np.ndarray, axes: Axes) -> float | None:
    affected = np.zeros(len(axes.frequencies), bool)
    for band, (_, low, high) in enumerate(truth.bands):
        if change[:, band].any():
            affected |= (axes.frequencies >= low) & (axes.frequencies < high)
    n, others = int(affected.sum()), int((~affected).sum())
    if not n or not others:
        return None
    ranks = rankdata(np.abs(eeg).sum((0, 2)))
    return float((ranks[affected].sum() - n * (n + 1) / 2) / (n * others))


def sentence(group: str, found: Mapping[str, Any]) -> str:
    """Say in a sentence how the explanation of a group agrees with the truth."""
    view, electrodes, frequencies = found["view"], found["electrodes"], found["frequencies"]
    parts = []
    if view["value"] is not None:
        told = f"with probability {view['value']:.2f} (p {view['p']:.3f})"
        parts.append(f"an affected voxel had more relevance than another {told}")
    if electrodes["value"] is not None:
        told = f"was {electrodes['value']:+.2f} (p {electrodes['p']:.3f})"
        parts.append(f"the rank correlation with the true change over electrodes {told}")
    if frequencies["value"] is not None:
        parts.append(f"an affected frequency had more than another with probability {frequencies['value']:.2f}")
    return f"Explanation and truth of {group}: " + "; ".join(parts) + "."
