"""Electrodes of the 10-05 system: names, positions on the head, and evenly spread subsets."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import numpy as np

from eeg2fmri.core.errors import ConfigError, Problem
from eeg2fmri.simulate.head.sources import farthest_points

#: Positions on the Colin 27 head (Oostenveld and Praamstra, Clin Neurophysiol 112, 2001).
MONTAGE = "colin27_1005"

#: A cap of 64 electrodes of the 10-10 system, as used inside scanners; counts up to 64 are spread over it.
CAP_64: tuple[str, ...] = (
    "Fp1", "Fpz", "Fp2", "AF7", "AF3", "AF4", "AF8", "F7", "F5", "F3", "F1", "Fz", "F2",
    "F4", "F6", "F8", "FT9", "FT7", "FC5", "FC3", "FC1", "FC2", "FC4", "FC6", "FT8", "FT10",
    "T7", "C5", "C3", "C1", "Cz", "C2", "C4", "C6", "T8", "TP9", "TP7", "CP5", "CP3",
    "CP1", "CPz", "CP2", "CP4", "CP6", "TP8", "TP10", "P7", "P5", "P3", "P1", "Pz", "P2",
    "P4", "P6", "P8", "PO7", "PO3", "POz", "PO4", "PO8", "O1", "Oz", "O2", "Iz",
)  # fmt: skip


@dataclass(frozen=True)
class Electrodes:
    """Electrodes in the head coordinate frame: origin between the ears, x to the right ear, y to the nose, z up.

    Attributes
    ----------
    names : tuple of str
        Names in the 10-05 system.
    positions : array, shape (electrode, 3)
        Nominal positions, m.
    landmarks : dict of str to array, shape (3,)
        Nasion and preauricular points by their BIDS names (NAS, LPA, RPA), m.
    reference : array, shape (3,), or None
        Position of the recording reference, m; None for the average reference.
    mni_to_head : array, shape (4, 4)
        MNI152 coordinates, m, to head coordinates, m.
    sphere_centre : array, shape (3,)
        Centre of the sphere that fits all 10-05 positions best, head coordinates, m.
    sphere_radius : float
        Its radius, m.
    """

    names: tuple[str, ...]
    positions: np.ndarray
    landmarks: dict[str, np.ndarray]
    reference: np.ndarray | None
    mni_to_head: np.ndarray
    sphere_centre: np.ndarray
    sphere_radius: float


def place_electrodes(electrodes: int | tuple[str, ...], reference: str) -> Electrodes:
    """Find the electrodes on the head.

    Parameters
    ----------
    electrodes : int or tuple of str
        How many, spread evenly over the head, or their names.
    reference : str
        Name of the recording reference, or ``"average"``.

    Raises
    ------
    ConfigError
        If names are not in the 10-05 system, or there are not as many electrodes.
    """
    import mne

    montage = mne.channels.make_standard_montage(MONTAGE)
    mni_to_head = mne.channels.compute_native_head_t(montage)["trans"]
    native = montage.get_positions()

    def to_head(point: np.ndarray) -> np.ndarray:
        return mni_to_head[:3, :3] @ np.asarray(point, float) + mni_to_head[:3, 3]

    known = {name: to_head(point) for name, point in native["ch_pos"].items()}
    names = _spread(known, electrodes, reference) if isinstance(electrodes, int) else tuple(electrodes)

    wanted = names if reference == "average" else (*names, reference)
    if problems := [_unknown(name, known) for name in wanted if name not in known]:
        raise ConfigError.of(problems)
    centre, radius = _fit_sphere(np.array(list(known.values())))
    return Electrodes(
        names=names,
        positions=np.array([known[name] for name in names]),
        landmarks={bids: to_head(native[name]) for bids, name in (("NAS", "nasion"), ("LPA", "lpa"), ("RPA", "rpa"))},
        reference=None if reference == "average" else known[reference],
        mni_to_head=mni_to_head,
        sphere_centre=centre,
        sphere_radius=radius,
    )


def _unknown(name: str, known: dict[str, np.ndarray]) -> Problem:
    by_lower = {other.lower(): other for other in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    return Problem(
        "unknown electrode",
        where="electrodes or reference",
        got=repr(name),
        expected="a name of the 10-05 system, such as Cz or PO7",
        hint=f"did you mean {by_lower[near[0]]!r}?" if near else "",
    )


def _spread(known: dict[str, np.ndarray], count: int, reference: str) -> tuple[str, ...]:
    """Names of `count` electrodes far from each other, in the order of the cap."""
    cap = [name for name in CAP_64 if name != reference]
    first, last = cap, []
    if count > len(cap):
        taken = {tuple(known[name]) for name in [*cap, *([reference] if reference in known else [])]}
        last = [name for name, where in known.items() if tuple(where) not in taken and name not in ("A1", "A2")]
        last = list({tuple(known[name]): name for name in reversed(last)}.values())[::-1]  # some have two names
        if count > len(cap) + len(last):
            raise ConfigError(
                "too many electrodes",
                where="electrodes",
                got=str(count),
                expected=f"at most {len(cap) + len(last)}",
            )
        points = np.array([known[name] for name in last])
        return (*cap, *(last[i] for i in sorted(farthest_points(points, count - len(cap)))))
    points = np.array([known[name] for name in first])
    return tuple(first[i] for i in sorted(farthest_points(points, count)))


def _fit_sphere(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Least-squares sphere through points, shape (point, 3): centre and radius."""
    design = np.column_stack([2 * points, np.ones(len(points))])
    *centre, offset = np.linalg.lstsq(design, (points**2).sum(axis=1), rcond=None)[0]
    return np.array(centre), float(np.sqrt(offset + np.dot(centre, centre)))
