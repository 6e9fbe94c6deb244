"""One subject's head in the scanner: a smooth deformation of the template, sampled on any grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from eeg2fmri.core.random import generator
from eeg2fmri.simulate.head.sources import Parcels
from eeg2fmri.simulate.head.template import Template


@dataclass(frozen=True)
class Anatomy:
    """Maps scanner coordinates, mm, to MNI152 coordinates, mm.

    mni = affine(scanner) + sum over waves of amplitude * sin(frequency . scanner + phase)

    Attributes
    ----------
    affine : array, shape (4, 4)
        Rotation, scaling and shift.
    frequency, amplitude : array, shape (wave, 3)
        Smooth individual deformation: rad / mm and mm.
    phase : array, shape (wave,)
        rad.
    bias : array, shape (4,)
        Receive sensitivity: log gain is bias . (x, y, z, x * y) with coordinates in units of 100 mm.
    contrast : float
        Exponent on T1-weighted intensity.
    """

    affine: np.ndarray
    frequency: np.ndarray
    amplitude: np.ndarray
    phase: np.ndarray
    bias: np.ndarray
    contrast: float

    def to_mni(self, points: np.ndarray) -> np.ndarray:
        """Turn scanner coordinates, shape (point, 3), into MNI152 coordinates of the same shape."""
        waves = np.sin(points @ self.frequency.T + self.phase)
        return points @ self.affine[:3, :3].T + self.affine[:3, 3] + waves @ self.amplitude

    def sensitivity(self, points: np.ndarray) -> np.ndarray:
        """Receive sensitivity at scanner coordinates, shape (point, 3) to (point,)."""
        scaled = points / 100
        return np.exp(np.column_stack([scaled, scaled[:, 0] * scaled[:, 1]]) @ self.bias)


def draw_anatomy(seed: int, label: str) -> Anatomy:
    """Draw a subject's head: size varies by 3 %, position by 2 mm and 2 degrees, shape by a few mm."""
    from scipy.spatial.transform import Rotation

    rng = generator(seed, "anatomy", label)
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", rng.normal(0, 2, 3), degrees=True).as_matrix() * np.exp(
        rng.normal(0, 0.03, 3)
    )
    affine[:3, 3] = rng.normal(0, 2, 3)
    waves = 6
    return Anatomy(
        affine=affine,
        frequency=rng.normal(0, 2 * np.pi / 120, (waves, 3)),
        amplitude=rng.normal(0, 0.7, (waves, 3)),
        phase=rng.uniform(0, 2 * np.pi, waves),
        bias=rng.normal(0, 0.12, 4),
        contrast=float(rng.uniform(0.85, 1.25)),
    )


@dataclass(frozen=True)
class Grid:
    """A box of voxels in the scanner.

    Attributes
    ----------
    shape : tuple of int
        Voxels (x, y, z).
    affine : array, shape (4, 4)
        Voxel indices to scanner coordinates, mm.
    """

    shape: tuple[int, int, int]
    affine: np.ndarray

    def points(self, offset: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> np.ndarray:
        """Scanner coordinates of the voxel centres moved by `offset` voxels, shape (voxel, 3), C order."""
        axes = [np.arange(size) + shift for size, shift in zip(self.shape, offset, strict=True)]
        index = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
        return index @ self.affine[:3, :3].T + self.affine[:3, 3]

    def moved(self, motion: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Say where points, shape (point, 3), are after a rigid movement about the centre of the box.

        Parameters
        ----------
        motion : array, shape (6,)
            Shift along x, y, z, mm, and rotation about them, rad.
        points : array, shape (point, 3)
            Scanner coordinates, mm.
        """
        from scipy.spatial.transform import Rotation

        centre = self.affine[:3, :3] @ ((np.array(self.shape) - 1) / 2) + self.affine[:3, 3]
        turned: np.ndarray = (points - centre) @ Rotation.from_euler("xyz", motion[3:]).as_matrix().T
        return turned + centre + motion[:3]

    def subvoxels(self, spacing: float) -> list[tuple[float, float, float]]:
        """Offsets, in voxels, of points inside a voxel: `spacing` mm apart or less, but at most 3 along an axis."""
        sizes = np.abs(np.diag(self.affine)[:3])
        counts = [min(3, max(1, int(np.ceil(size / spacing - 1e-9)))) for size in sizes]
        steps = [(np.arange(count) + 0.5) / count - 0.5 for count in counts]
        return [(float(x), float(y), float(z)) for x in steps[0] for y in steps[1] for z in steps[2]]


def make_grid(
    shape: tuple[int, int, int], voxel_size: tuple[float, float, float], centre: tuple[float, float, float]
) -> Grid:
    """Lay a grid around a scanner coordinate, mm; axes point right, anterior, superior."""
    affine = np.diag([*voxel_size, 1.0])
    affine[:3, 3] = np.round(np.array(centre) - np.array(voxel_size) * (np.array(shape) - 1) / 2, 3)
    return Grid(shape=shape, affine=affine)


def template_voxels(anatomy: Anatomy, grid: Grid, template: Template, spacing: float) -> list[np.ndarray]:
    """Find where the points that make up each voxel of a grid lie in the template.

    Returns
    -------
    list of array of float32, shape (3, voxel)
        Fractional template voxel indices; one array for each of the points of `Grid.subvoxels`.
    """
    offsets = grid.subvoxels(spacing)
    return [template.to_voxel(anatomy.to_mni(grid.points(offset))).T.astype(np.float32) for offset in offsets]


def average(values: np.ndarray, voxels: list[np.ndarray], shape: tuple[int, int, int]) -> np.ndarray:
    """Average a template map over the points of each voxel (see `template_voxels`): float32, shape (x, y, z)."""
    from scipy.ndimage import map_coordinates

    total = np.zeros(shape, np.float32)
    for points in voxels:
        total += map_coordinates(values, points, order=1, output=np.float32).reshape(shape)
    return total / np.float32(len(voxels))


def region_shares(voxels: list[np.ndarray], template: Template, sources: Parcels) -> Any:
    """Share of each voxel that is grey matter of each region.

    Parameters
    ----------
    voxels : list of array, shape (3, voxel)
        From `template_voxels`.
    template : Template
        Grey matter.
    sources : Parcels
        Regions.

    Returns
    -------
    scipy.sparse.csr_array, shape (voxel, region)
        Voxels in C order; a row sums to the grey matter fraction of the voxel.
    """
    from scipy import sparse

    shape = (voxels[0].shape[1], len(sources.centres))
    total = sparse.csr_array(shape, dtype=np.float32)
    limits = np.array(template.grey.shape)[:, None]
    for points in voxels:
        index = np.round(points).astype(int)
        inside = np.flatnonzero(((index >= 0) & (index < limits)).all(axis=0))
        place = tuple(index[:, inside])
        label, grey = sources.labels[place], template.grey[place]
        held = label > 0
        share = grey[held] / np.float32(len(voxels))
        total = total + sparse.csr_array((share, (inside[held], label[held] - 1)), shape=shape)
    return total


def draw_t1w(
    anatomy: Anatomy, template: Template, voxel_size: float, rng: np.random.Generator
) -> tuple[np.ndarray, Grid]:
    """Draw a T1-weighted image of the subject's head.

    Returns
    -------
    image : array of int16, shape (x, y, z)
        Intensity, arbitrary units.
    grid : Grid
        Its grid.
    """
    shape = tuple(round(extent / voxel_size) for extent in (190, 226, 186))
    grid = make_grid(shape, (voxel_size,) * 3, (0.0, -18.0, 20.0))  # type: ignore[arg-type]
    voxels = template_voxels(anatomy, grid, template, spacing=max(2.0, voxel_size))
    t1, scalp = (average(values, voxels, grid.shape) for values in (template.t1, template.scalp))
    intensity = (t1.clip(0) ** anatomy.contrast + 0.75 * scalp).ravel() * anatomy.sensitivity(grid.points())
    noise = rng.normal(0, 0.015, (2, intensity.size))
    image = 1000 * np.hypot(intensity + noise[0], noise[1])
    return image.reshape(grid.shape).round().astype(np.int16), grid
