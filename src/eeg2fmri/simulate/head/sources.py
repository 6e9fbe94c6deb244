"""Place the simulated activity: parcels of the template's grey matter and the dipoles inside them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from eeg2fmri.simulate.head.template import Template, template

#: Grey matter fraction from which a template voxel belongs to a parcel.
GREY_THRESHOLD = 0.4
#: Dipoles a parcel at most: enough to average the lead field over the parcel.
DIPOLES_PER_REGION = 20


@dataclass(frozen=True)
class Parcels:
    """Compact parcels of grey matter, the same for every data set with as many of them.

    Attributes
    ----------
    centres : array, shape (region, 3)
        Centre of mass in MNI152 coordinates, mm. The left hemisphere's regions come first.
    normals : array, shape (region, 3)
        Unit vector out of the white matter, averaged over the region: the direction of its net dipole, since
        pyramidal cells stand perpendicular to the cortical surface.
    labels : array of int16, shape (x, y, z)
        1 + region on the template's grid, 0 outside grey matter.
    dipoles : array, shape (dipole, 3)
        Positions in MNI152 coordinates, mm.
    dipole_region : array of int, shape (dipole,)
        Region of each dipole.
    """

    centres: np.ndarray
    normals: np.ndarray
    labels: np.ndarray
    dipoles: np.ndarray
    dipole_region: np.ndarray


@lru_cache(maxsize=4)
def parcels(n_regions: int) -> Parcels:
    """Cut grey matter into `n_regions` parcels of about equal size, half of them in each hemisphere.

    k-means on the coordinates of grey matter voxels, started from points far from each other: no random numbers.
    About 120 parcels have 2 to 3 cm across, which is what 64 electrodes can hope to tell apart (Nunez and
    Srinivasan 2006); a finer atlas costs time and adds nothing that the EEG could see.
    """
    anatomy = template()
    inside = np.argwhere(anatomy.grey > GREY_THRESHOLD)
    points = anatomy.to_mni(inside)
    coarse = points[(inside % 2 == 0).all(axis=1)]
    left, right = coarse[coarse[:, 0] < 0], coarse[coarse[:, 0] >= 0]
    centres = np.concatenate([_kmeans(left, (n_regions + 1) // 2), _kmeans(right, n_regions // 2)])

    region = _nearest(points, centres)
    labels = np.zeros(anatomy.grey.shape, np.int16)
    labels[tuple(inside.T)] = region + 1
    dipoles, dipole_region = _dipoles(coarse, _nearest(coarse, centres), n_regions)
    normals = _normals(anatomy, points, region, n_regions)
    cut = Parcels(centres=centres, normals=normals, labels=labels, dipoles=dipoles, dipole_region=dipole_region)
    for array in (centres, normals, labels, dipoles, dipole_region):
        array.setflags(write=False)
    return cut


def _nearest(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    from scipy.spatial import cKDTree

    return cKDTree(centres).query(points)[1]


def _kmeans(points: np.ndarray, k: int, rounds: int = 20) -> np.ndarray:
    """Lloyd's algorithm from farthest-point starts: centres, shape (k, 3)."""
    centres = points[farthest_points(points, k)]
    for _ in range(rounds):
        label = _nearest(points, centres)
        count = np.bincount(label, minlength=k)
        centres = np.stack([np.bincount(label, points[:, axis], k) for axis in range(3)], axis=1) / count[:, None]
    return centres


def farthest_points(points: np.ndarray, k: int) -> np.ndarray:
    """Pick `k` points, each as far as can be from those before it, the first nearest to the mean: their indices."""
    chosen = [int(np.argmin(((points - points.mean(axis=0)) ** 2).sum(axis=1)))]
    distance = ((points - points[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < k:
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
    return np.array(chosen)


def _dipoles(points: np.ndarray, region: np.ndarray, n_regions: int) -> tuple[np.ndarray, np.ndarray]:
    """Pick evenly spread grey matter points of each region."""
    chosen = []
    for r in range(n_regions):
        members = np.flatnonzero(region == r)
        chosen.append(members[np.unique(np.linspace(0, len(members) - 1, DIPOLES_PER_REGION).astype(int))])
    index = np.concatenate(chosen)
    return points[index], region[index]


def _normals(anatomy: Template, points: np.ndarray, region: np.ndarray, n_regions: int) -> np.ndarray:
    """Mean direction out of the white matter in each region, shape (region, 3)."""
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(anatomy.white, sigma=6 / 2)
    voxel = tuple(np.round(anatomy.to_voxel(points)).astype(int).T)
    outward = [-np.gradient(smooth, axis=axis)[voxel] for axis in range(3)]
    mean = np.stack([np.bincount(region, component, n_regions) for component in outward], axis=1)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)
