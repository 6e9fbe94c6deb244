"""Means of volumes over regions: those of the model, of an atlas, of the structures of a surface, or of the brain."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bold.elements import Elements
from eeg2fmri.data.bold.spaces import space_problem
from eeg2fmri.data.bold.target_grid import Atlas
from eeg2fmri.models.saving.hub import Loaded


@dataclass(frozen=True, eq=False)
class Reduction:
    """What becomes of a volume.

    Attributes
    ----------
    names : tuple of str
        Of the courses.
    weights : array, shape (course, voxel)
        Voxels in C order; rows sum to 1.
    """

    names: tuple[str, ...]
    weights: np.ndarray

    def __call__(self, volume: np.ndarray) -> np.ndarray:
        """Return the courses' values (course,), float32, of a volume (x, y, z)."""
        return (self.weights @ volume.reshape(-1)).astype(np.float32)


def reduction(loaded: Loaded, atlas: str | Path | None = None, *, mean: bool = False) -> Reduction:
    """Choose the courses of a model.

    Parameters
    ----------
    loaded : Loaded
    atlas : path, optional
        NIfTI image of numbered regions in the space of the model's volumes.
    mean : bool
        Whether the mean over the brain stands before the regions; it does where there are none.

    Raises
    ------
    InputError
        If the atlas is of another space or has no region in the volumes, or the model has no voxels.
    """
    card = loaded.card
    mask = np.asarray(loaded.statistics.mask, bool).reshape(-1) if loaded.statistics is not None else None
    mask = np.ones(int(np.prod(card.grid)), bool) if mask is None or not mask.any() else mask
    numbers, names = np.zeros(mask.size, int), list[str]()
    if atlas is not None:
        numbers, names = _of_atlas(Path(atlas), loaded)
    elif card.regions:
        numbers, names = np.arange(1, mask.size + 1), [f"region {number}" for number in card.regions]
    elif card.elements:
        every = [str(name).removeprefix("CIFTI_STRUCTURE_") for name in Elements.of_text(card.elements).axis.name]
        names = list(dict.fromkeys(every))
        numbers = np.array([names.index(name) + 1 for name in every])
    inside = [(numbers == k + 1) & mask for k in range(len(names))]
    kept = [(name, one) for name, one in zip(names, inside, strict=True) if one.any()]
    if mean or not kept:
        kept.insert(0, ("brain mean", mask))
    weights = np.stack([one / one.sum() for _, one in kept]).astype(np.float32)
    return Reduction(tuple(name for name, _ in kept), weights)


def _of_atlas(path: Path, loaded: Loaded) -> tuple[np.ndarray, list[str]]:
    card = loaded.card
    if card.regions or card.elements:
        raise InputError(
            "an atlas needs a model of voxels",
            where=str(path),
            got="a model of regions" if card.regions else "a model of a surface or parcels",
            hint="leave the atlas out: the model has courses of its own",
        )
    opened = Atlas.open(path)
    if (problem := space_problem(path, opened.image, card.space, "the atlas")) is not None:
        raise InputError.of([problem])
    x, y, z = (int(size) for size in card.grid)
    numbers = opened.regions_on(np.asarray(card.affine), (x, y, z)).reshape(-1)
    if not numbers.any():
        raise InputError("the atlas has no region within the volumes of the model", where=str(path))
    return numbers, [f"region {number}" for number in opened.numbers]
