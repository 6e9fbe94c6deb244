"""Two ceilings of simulated data: the most that any method, and that any method that has EEG alone, can reach.

The BOLD ceiling is the noiseless BOLD, scored against the recorded one as if it were a prediction: what is missing to
1 is noise, which no method can know. The EEG ceiling is the oracle decoder (`eeg2fmri.evaluate.truth.oracle`), which
knows the head, the couplings and the responses of the very subject, but has to read from the EEG what the sources
did: what is missing to the BOLD ceiling is noise of the EEG, leakage between sources, and neural activity that the
EEG does not show. Both stand in the table like methods, and every temporal r is given as a fraction of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from eeg2fmri.results.evaluation import fraction
from eeg2fmri.results.method import Method

if TYPE_CHECKING:
    from eeg2fmri.evaluate.recordings.scoring import Recording, Scores
    from eeg2fmri.evaluate.truth.known_truth import KnownTruth

BOLD_CEILING = Method("bold_ceiling", "BOLD ceiling: noiseless BOLD", "the truth", "ceiling")
EEG_CEILING = Method("eeg_ceiling", "EEG ceiling: oracle decoder", "EEG and the truth", "ceiling")
CEILINGS = (BOLD_CEILING, EEG_CEILING)

#: Sets of voxels and regions whose median temporal r is given beside that over the brain.
PARTS = {
    "grey": "voxels of grey matter",
    "coupled": "voxels of grey matter in regions that follow the EEG",
    "uncoupled": "voxels of grey matter in the other regions",
    "regions": "mean courses of the regions of grey matter",
    "coupled_regions": "mean courses of the regions that follow the EEG",
    "uncoupled_regions": "mean courses of the other regions",
}


@dataclass(frozen=True, eq=False)
class Parts:
    """Which voxels of a simulated recording belong to which region, and which regions follow the EEG.

    Attributes
    ----------
    labels : int array, shape (x, y, z)
        1 + region, 0 outside grey matter.
    coupled : bool array, shape (region,)
        Of the simulation's settings; with a coupling of 0 these do not follow the EEG either.
    """

    labels: np.ndarray
    coupled: np.ndarray

    def score(self, truth: Any, prediction: Any, r: np.ndarray, mask: np.ndarray) -> dict[str, float]:
        """Median temporal r of each of `PARTS`.

        Parameters
        ----------
        truth, prediction : sequence of volumes (x, y, z)
        r : array, shape (x, y, z)
            Temporal r of each voxel, NaN where the truth is constant.
        mask : bool array, shape (x, y, z)

        Returns
        -------
        dict of str to float
            NaN where a part has no voxel or region.
        """
        grey = mask & (self.labels > 0) & np.isfinite(r)
        follows = np.append(False, self.coupled)[self.labels]
        found = {
            "grey": _median(r[grey]),
            "coupled": _median(r[grey & follows]),
            "uncoupled": _median(r[grey & ~follows]),
        }
        numbers, by_region = np.zeros(0, int), np.zeros(0)
        if grey.any():
            numbers, member = np.unique(self.labels[grey], return_inverse=True)
            by_region = column_r(*(_courses(volumes, grey, member) for volumes in (truth, prediction)))
        of_coupled = self.coupled[numbers - 1]
        return found | {
            "regions": _median(by_region),
            "coupled_regions": _median(by_region[of_coupled]),
            "uncoupled_regions": _median(by_region[~of_coupled]),
        }


@dataclass(frozen=True)
class LeftOut:
    """Why a truth that was found beside the sources of a store is of no use for it."""

    reason: str


def parts_of(truth: KnownTruth | LeftOut | None, recordings: Sequence[str]) -> dict[str, Parts]:
    """Look up the parts of recordings; nothing where no truth is known."""
    if truth is None or isinstance(truth, LeftOut):
        return {}
    return {name: Parts(truth.atlas(name), truth.drawn_coupled) for name in recordings}


def score_ceilings(
    truth: KnownTruth | LeftOut | None, recordings: Sequence[Recording], scores: Scores
) -> dict[str, Any]:
    """Score both ceilings like methods.

    Parameters
    ----------
    truth : KnownTruth, LeftOut or None
        Nothing is scored without one.
    recordings : sequence of Recording
    scores : Scores
        Takes the scores of the ceilings; has those of all methods.

    Returns
    -------
    dict
        Facts to be written with the scores: ``ceilings`` with the place of the truth and, for each of `PARTS`,
        what it is and the r of each method and recording; ``ceilings_left_out``, why there are none. Empty without a
        truth.
    """
    if truth is None:
        return {}
    if isinstance(truth, LeftOut):
        return {"ceilings_left_out": truth.reason}
    undecodable = truth.undecodable
    ceilings = [(BOLD_CEILING, truth.noiseless), *([] if undecodable else [(EEG_CEILING, truth.decoded)])]
    for recording in recordings:
        for method, volumes in ceilings:
            scores.add_tested(method, recording, volumes(recording.id)[recording.targets])
    return {
        "ceilings": {
            **({"no_eeg_ceiling": undecodable} if undecodable else {}),
            "truth": str(truth.truth.path),
            "coupling": truth.truth.config.coupling,
            "protocol": (
                "bold_ceiling: the noiseless BOLD in place of a prediction; eeg_ceiling: an oracle decoder that knows "
                "lead field, moments and covariance of the sources, responses and coupling weights, and estimates "
                "the powers of the sources from the recorded EEG of all times; both scored like any method"
            ),
            "parts": {
                part: {"what": what, "temporal_r": {name: _of(scores, name, part) for name in scores.parts}}
                for part, what in PARTS.items()
            },
        }
    }


def coupled_note(facts: Mapping[str, Any], method: str) -> str:
    """Say what a method reaches in the regions that follow the EEG; empty where the truth is not known."""
    if "ceilings_left_out" in facts:
        return f"The recordings were simulated, but the ceilings are left out: {facts['ceilings_left_out']}."
    parts = facts.get("ceilings", {}).get("parts")
    if not parts:
        return ""
    r, bold, eeg = (
        _mean(parts["coupled_regions"]["temporal_r"].get(name, {})) for name in (method, *(c.name for c in CEILINGS))
    )
    other = _mean(parts["uncoupled_regions"]["temporal_r"].get(method, {}))
    if np.isnan([r, bold]).any():
        return ""
    of_eeg = fraction(r, eeg)
    reach = f"{of_eeg:.0%} of the EEG ceiling ({eeg:.3f}) and " if np.isfinite(of_eeg) else ""
    why = facts["ceilings"].get("no_eeg_ceiling")
    beside = f"; in the others it is {other:.3f}" if np.isfinite(other) else ""
    return (
        f"Mean courses of the regions that were simulated to follow the EEG: temporal r {r:.3f}, {reach}"
        f"{fraction(r, bold):.0%} of the BOLD ceiling ({bold:.3f}){beside}." + (f" {why}" if why else "")
    )


def column_r(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Correlation of each column of two arrays (volume, region); 0 where the prediction is constant."""
    a, b = truth - truth.mean(axis=0), prediction - prediction.mean(axis=0)
    size = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    # rounding of a constant is no course
    varies = (b**2).sum(axis=0) > 1e-12 * len(b) * prediction.mean(axis=0) ** 2
    return np.divide((a * b).sum(axis=0), size, out=np.zeros_like(size), where=varies & (size > 0))


def _courses(volumes: Any, inside: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Mean over the voxels of each region, one volume at a time: (volume, region)."""
    sizes = np.bincount(member)
    return np.stack([np.bincount(member, volume[inside]) / sizes for volume in volumes])


def _of(scores: Scores, method: str, part: str) -> dict[str, float | None]:
    return {name: value if np.isfinite(value := found[part]) else None for name, found in scores.parts[method].items()}


def _mean(values: Mapping[str, float | None]) -> float:
    """Mean over recordings of what is defined."""
    defined = [value for value in values.values() if value is not None]
    return float(np.mean(defined)) if defined else float("nan")


def _median(values: np.ndarray) -> float:
    return float(np.median(values)) if values.size else float("nan")
