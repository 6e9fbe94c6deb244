"""The common space of a data set, and where each of its points lies in a subject's scanner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eeg2fmri.simulate.config import SimulationConfig
from eeg2fmri.simulate.head.anatomy import Anatomy, Grid, make_grid, region_shares, template_voxels
from eeg2fmri.simulate.head.sources import Parcels
from eeg2fmri.simulate.head.template import template

#: Name of the space: that of the coordinates which the template's images share.
SPACE = "MNI152NLin2009cAsym"
#: Centre of its field of view, mm.
FIELD_OF_VIEW = (0.0, -18.0, 8.0)
#: A head that is the template: scanner coordinates are MNI152 coordinates.
TEMPLATE_HEAD = Anatomy(np.eye(4), np.zeros((1, 3)), np.zeros((1, 3)), np.zeros(1), np.zeros(4), 1.0)

#: A point is found when the last step was shorter than this, mm; and after so many steps at most.
CLOSE_MM, ROUNDS = 1e-4, 15


def common_grid(config: SimulationConfig) -> Grid:
    """Lay the grid of the common space: as many voxels of the same size as the recorded volumes have."""
    return make_grid(config.grid, config.voxel_size_mm(), FIELD_OF_VIEW)


@dataclass(frozen=True, eq=False)
class Registration:
    """Where the points of a grid in common space lie in a subject's scanner.

    Attributes
    ----------
    grid : Grid
        In MNI152 coordinates.
    points : array, shape (voxel, 3)
        Scanner coordinates of its voxels, mm.
    """

    grid: Grid
    points: np.ndarray

    @classmethod
    def of(cls, anatomy: Anatomy, grid: Grid) -> Registration:
        """Find the points by fixed-point iteration: the individual deformation is much less steep than the head."""
        wanted = grid.points()
        back = np.linalg.inv(anatomy.affine)
        points = wanted.copy()
        for _ in range(ROUNDS):
            off = wanted - anatomy.to_mni(points)
            points += off @ back[:3, :3].T
            if np.abs(off).max() < CLOSE_MM:
                break
        return cls(grid, points)

    def bring(self, image: np.ndarray, source: Grid, motion: np.ndarray | None = None, order: int = 3) -> np.ndarray:
        """Sample an image of the subject at the points.

        Parameters
        ----------
        image : array, shape (x, y, z)
        source : Grid
            Of the image.
        motion : array, shape (6,), optional
            How the head has moved, mm and rad; see `Grid.moved`.
        order : int
            Of the splines.

        Returns
        -------
        array of float32, shape (x, y, z)
            On the grid in common space; 0 outside the image.
        """
        from scipy.ndimage import map_coordinates

        places = self.points if motion is None else source.moved(motion, self.points)
        voxels = (places - source.affine[:3, 3]) @ np.linalg.inv(source.affine[:3, :3]).T
        values = map_coordinates(image.astype(np.float32), voxels.T, order=order, output=np.float32, mode="constant")
        return np.asarray(values).reshape(self.grid.shape)


def common_atlas(config: SimulationConfig, sources: Parcels) -> np.ndarray:
    """Give 1 + region of each voxel of the common grid, 0 outside grey matter: int16, shape (x, y, z)."""
    voxels = template_voxels(TEMPLATE_HEAD, common_grid(config), template(), spacing=3.0)
    shares = region_shares(voxels, template(), sources)
    grey = np.asarray(shares.sum(axis=1)).ravel() > 0.3
    return np.where(grey, shares.argmax(axis=1).ravel() + 1, 0).astype(np.int16).reshape(config.grid)
