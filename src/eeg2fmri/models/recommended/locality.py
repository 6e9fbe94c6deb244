"""Prior knowledge that an electrode says most of the brain below it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Centre of the MNI152 brain's box from left to right and from back to front, and its top, mm.
MNI_CENTRE_X, MNI_CENTRE_Y, MNI_TOP = 0.0, -17.0, 79.0
#: Electrodes are drawn in by this factor: from the scalp onto the cortex.
SCALP_TO_CORTEX = 0.9


@dataclass(frozen=True, eq=False)
class Cells:
    """Neighbouring voxels that share one prior.

    Attributes
    ----------
    label : int array, shape (voxel,)
        Cell of each voxel.
    centres : array, shape (cell, 3)
        mm, about MNI152.
    """

    label: np.ndarray
    centres: np.ndarray


def voxel_positions(mask: np.ndarray, affine: np.ndarray, space: str) -> np.ndarray:
    """Put the voxels of a mask about where they lie in MNI152.

    Voxels in MNI space keep their coordinates. Otherwise the brain is moved, not turned or scaled, so that its box
    has the template's centre from left to right and back to front, and its top; the bottom is often cut off. It is
    right to a centimetre or two, which is little beside the width of the prior.

    Parameters
    ----------
    mask : bool array, shape (x, y, z)
    affine : array, shape (4, 4)
        Voxel indices to mm (right, front, top).
    space : str
        BIDS name of the space.

    Returns
    -------
    array, shape (voxel, 3)
        mm, voxels in C order.
    """
    position = np.argwhere(mask) @ affine[:3, :3].T + affine[:3, 3]
    if space.startswith("MNI"):
        return position
    low, high = np.percentile(position, [1, 99], axis=0)
    target = np.array([MNI_CENTRE_X, MNI_CENTRE_Y, MNI_TOP])
    return position + target - np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, high[2]])


def make_cells(position: np.ndarray, edge_mm: float) -> Cells:
    """Cut space into cubes of an edge in mm; position (voxel, 3)."""
    corner = np.floor(position / edge_mm).astype(int)
    _, label, count = np.unique(corner, axis=0, return_inverse=True, return_counts=True)
    label = label.reshape(-1)
    sums = np.stack([np.bincount(label, axis, len(count)) for axis in position.T], axis=1)
    return Cells(label, sums / count[:, None])


def prior_deviation(
    electrodes: np.ndarray | None, centres: np.ndarray, width_mm: float | None, floor: float
) -> np.ndarray:
    """Prior standard deviation of the weight of each electrode in each cell, relative to its root mean square.

    exp(-d^2 / (2 width^2)) + floor at a distance d between electrode and cell; the floor lets distant electrodes in,
    since networks are wide and currents spread.

    Parameters
    ----------
    electrodes : array, shape (channel, 3), or None
        mm on the scalp, about MNI152; rows of NaN are electrodes of unknown place, which get the mean.
    centres : array, shape (cell, 3)
        mm.
    width_mm : float or None
        None is the same deviation everywhere, as in a ridge regression.
    floor : float

    Returns
    -------
    array, shape (cell, channel) or (cell, 1)
    """
    if width_mm is None or electrodes is None or np.isnan(electrodes).any(axis=1).all():
        return np.ones((len(centres), 1))
    distance = np.linalg.norm(centres[:, None] - SCALP_TO_CORTEX * electrodes[None], axis=2)
    deviation = np.exp(-0.5 * (distance / width_mm) ** 2) + floor
    unknown = np.isnan(electrodes).any(axis=1)
    deviation[:, unknown] = deviation[:, ~unknown].mean(axis=1, keepdims=True)
    return deviation / np.sqrt((deviation**2).mean(axis=1, keepdims=True))
