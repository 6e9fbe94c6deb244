"""The BOLD of one recording on its way into a store, a volume at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.agreement import Common
from eeg2fmri.data.bold import BoldImage
from eeg2fmri.data.brain import brain_mask
from eeg2fmri.data.config import PrepareConfig
from eeg2fmri.data.inspection import Plan
from eeg2fmri.data.nifti import COPY_AGAIN, load_nifti
from eeg2fmri.data.nuisance import Nuisance, beside, confounds_table, read_confounds
from eeg2fmri.data.projection import Projection
from eeg2fmri.data.store_writer import ArrayWriter, write_array
from eeg2fmri.data.windows import first_steady_volume


class VoxelStatistics:
    """Mean and population deviation over volumes, one volume at a time, in float64."""

    def __init__(self, shape: Sequence[int]) -> None:
        self._count = 0
        self._offset: np.ndarray | None = None
        self._sum = np.zeros(shape)
        self._square = np.zeros(shape)

    def update(self, volume: np.ndarray) -> None:
        """Take in a volume (x, y, z)."""
        if self._offset is None:
            self._offset = volume.astype(float)  # deviations from it lose no digits to the baseline
        deviation = volume - self._offset
        self._count += 1
        self._sum += deviation
        deviation *= deviation
        self._square += deviation

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and deviation of the volumes so far, float32 (x, y, z)."""
        if self._offset is None:
            raise ValueError("there was no volume")
        mean = self._sum / self._count
        variance = np.maximum(self._square / self._count - mean**2, 0)
        return (self._offset + mean).astype(np.float32), np.sqrt(variance).astype(np.float32)


@dataclass(frozen=True, eq=False)
class WrittenBold:
    """What came of the BOLD of a recording.

    Attributes
    ----------
    affine : array, shape (4, 4)
        Of the stored volumes.
    quality : dict
    sources : tuple of Path
        Files beside the image that decided the result.
    """

    affine: np.ndarray
    quality: dict[str, Any]
    sources: tuple[Path, ...]


def write_bold(
    plan: Plan, common: Common, config: PrepareConfig, folder: Path, files: dict[str, dict[str, Any]]
) -> WrittenBold:
    """Write ``bold.npy``, ``mask.npy`` and the voxel statistics of a recording.

    Raises
    ------
    InputError
        If the image is damaged, lies outside the target, has no brain, or its mask or confounds cannot be used.
    """
    projection = Projection(plan.bold, common.target)
    skip = min(first_steady_volume(common.tr), plan.n_volumes - 2)
    statistics = VoxelStatistics(common.grid)
    sources: list[Path] = []
    volumes = _volumes(plan, projection)
    nuisance = _nuisance(plan, config, sources)
    if nuisance:
        for index, volume in enumerate(volumes):
            nuisance.take(index, volume)
        volumes = nuisance.without(_volumes(plan, projection))
    with ArrayWriter(folder / "bold.npy", (plan.n_volumes, *common.grid)) as writer:
        for index, volume in enumerate(volumes):
            writer.append(volume[None])
            if index >= skip:
                statistics.update(volume)
    mean, std = statistics.result()
    mask = _mask(plan, config, projection, mean, std, sources)
    files["bold.npy"] = writer.facts()
    for name, array in (("mask.npy", mask), ("voxel_mean.npy", mean), ("voxel_std.npy", std)):
        files[name] = write_array(folder / name, array)
    quality = {
        "statistics_from_volume": skip,
        "tsnr_median": float(np.median(mean[mask] / std[mask])),
        "brain_voxels": int(mask.sum()),
        "regressors": nuisance.basis.shape[1] if nuisance else 0,
    }
    return WrittenBold(projection.affine, quality, tuple(sources))


def _volumes(plan: Plan, projection: Projection) -> Iterator[np.ndarray]:
    """Give the volumes that are kept; the others are read too, so that damage anywhere is seen."""
    first = plan.alignment.first
    for index, volume in enumerate(plan.bold.volumes()):
        if first <= index < first + plan.n_volumes:
            yield projection(volume)


def _nuisance(plan: Plan, config: PrepareConfig, sources: list[Path]) -> Nuisance | None:
    if config.bold.detrend is None and not config.bold.confounds:
        return None
    confounds = None
    if config.bold.confounds:
        sources.append(confounds_table(plan.files.bold))
        confounds = read_confounds(plan.files.bold, config.bold.confounds, plan.bold.n_volumes)
        confounds = confounds[plan.alignment.first :][: plan.n_volumes]
    return Nuisance(config.bold.detrend, confounds, plan.n_volumes)


def _mask(
    plan: Plan,
    config: PrepareConfig,
    projection: Projection,
    mean: np.ndarray,
    std: np.ndarray,
    sources: list[Path],
) -> np.ndarray:
    where = str(plan.files.bold)
    if config.bold.atlas is not None:
        return brain_mask(mean, std, "varying", where)
    if config.mask != "derivatives":
        return brain_mask(mean, std, config.mask, where)
    path = beside(plan.files.bold, ("desc-brain_mask.nii.gz", "desc-brain_mask.nii"), ("desc",))
    if path is None:
        raise InputError(
            "there is no brain mask beside the BOLD image",
            where=where,
            expected="*_desc-brain_mask.nii.gz",
            hint="set mask: epi, or copy the whole folder of fMRIPrep",
        )
    sources.append(path)
    image = load_nifti(path, [])
    if image.shape[:3] != plan.bold.shape or len(image.shape) not in (3, 4):
        raise InputError(
            "the brain mask has another grid than the BOLD image",
            where=str(path),
            got=str(image.shape),
            expected=str(plan.bold.shape),
        )
    values = next(BoldImage.of_image(path, image).volumes())
    inside = projection((values > 0).astype(np.float32), order=1) > 0.5
    mask = inside & (std > 1e-6 * np.abs(mean))
    if not mask.any():
        raise InputError("the brain mask is empty", where=str(path), hint=COPY_AGAIN)
    return mask
