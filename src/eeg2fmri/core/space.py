"""Tell what the space of volumes means: a voxel is the same place in every brain, or it is not."""

from __future__ import annotations

#: Labels of spaces that each subject has its own of: those of BIDS (appendix "Coordinate systems") and of fMRIPrep.
INDIVIDUAL = frozenset(
    {"native", "individual", "scanner", "orig", "anat", "T1w", "T2w", "func", "bold", "boldref", "fsnative"}
)


def corresponds(space: str) -> bool:
    """Tell whether voxels of different subjects are the same place.

    Parameters
    ----------
    space : str
        BIDS label of a space; ``native``, each subject's own; or ``mixed:`` and the labels.
    """
    return space not in INDIVIDUAL and not space.startswith("mixed")


def described(space: str) -> str:
    """Name a space, and say so where voxels of different subjects do not correspond."""
    return space if corresponds(space) else f"{space} (voxels of different subjects do not correspond)"
