"""Place electrodes of the 10-05 system, in MNE's form and seen from above."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from eeg2fmri.core.errors import InputError
from eeg2fmri.report.figures import style

if TYPE_CHECKING:
    import mne

#: Names of the 10-05 montage, newest first: MNE 1.13 renamed it.
MONTAGES = ("colin27_1005", "standard_1005")

#: Radius of the drawn head where the equator through T7, Fpz, T8 and Oz has radius 1.
HEAD_RADIUS = 1.16


def measured_info(electrodes: Sequence[str]) -> tuple[list[int], mne.Info]:
    """Return the indices of the electrodes that the 10-05 system knows, and MNE's info of those.

    Raises
    ------
    InputError
        If fewer than three have a position.
    """
    import mne

    full = _full_info()
    names = {name.lower(): name for name in full.ch_names}
    known = [k for k, name in enumerate(electrodes) if name.lower() in names]
    if len(known) < 3:
        raise InputError(
            "too few electrodes have a known position",
            got=f"{len(known)} of {len(electrodes)}: {', '.join(list(electrodes)[:8])}",
            expected="at least 3 names of the 10-05 system",
            hint="rename the electrodes to 10-05 names (Fp1, Cz, ...)",
        )
    return known, mne.pick_info(full, [full.ch_names.index(names[electrodes[k].lower()]) for k in known])


def flat_positions(electrodes: Sequence[str]) -> tuple[list[int], np.ndarray]:
    """Return the indices of the known electrodes, and their places seen from above.

    Returns
    -------
    known : list of int
        Indices into `electrodes`.
    places : array, shape (known electrode, 2)
        Azimuthal equidistant projection about the centre of the montage's sphere: right and front are positive, the
        equator has radius 1.

    Raises
    ------
    InputError
        If fewer than three have a position.
    """
    known, info = measured_info(electrodes)
    places = _places(info) - _centre(_places(_full_info()))
    polar = np.arccos(np.clip(places[:, 2] / np.linalg.norm(places, axis=1), -1, 1)) / (np.pi / 2)
    azimuth = np.arctan2(places[:, 1], places[:, 0])
    return known, np.stack([polar * np.cos(azimuth), polar * np.sin(azimuth)], axis=1)


def draw_head(axes: Axes) -> None:
    """Draw the outline of a head seen from above, nose up, in the frame of `flat_positions`."""
    colour, radius = style.ink(), HEAD_RADIUS
    axes.add_patch(Circle((0, 0), radius, fill=False, edgecolor=colour, linewidth=0.9))
    axes.plot([-0.14, 0, 0.14], [radius - 0.01, radius + 0.15, radius - 0.01], color=colour, linewidth=0.9)
    angle = np.linspace(-np.pi / 2, np.pi / 2, 20)
    for side in (-1, 1):
        axes.plot(side * (radius + 0.09 * np.cos(angle)), 0.2 * np.sin(angle), color=colour, linewidth=0.9)
    axes.set_aspect("equal")
    axes.set_axis_off()


def _full_info() -> mne.Info:
    import mne

    built_in = mne.channels.get_builtin_montages()
    montage = mne.channels.make_standard_montage(next(name for name in MONTAGES if name in built_in))
    info = mne.create_info(montage.ch_names, 100.0, "eeg", verbose="error")
    info.set_montage(montage, verbose="error")
    return info


def _places(info: mne.Info) -> np.ndarray:
    return np.array([channel["loc"][:3] for channel in info["chs"]])


def _centre(places: np.ndarray) -> np.ndarray:
    """Centre of the sphere that fits the places best (linear least squares)."""
    left = np.column_stack([2 * places, np.ones(len(places))])
    return np.linalg.lstsq(left, (places**2).sum(axis=1), rcond=None)[0][:3]
