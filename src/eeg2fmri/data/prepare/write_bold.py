"""The BOLD of one recording on its way into a store, a volume at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import numpy as np

from eeg2fmri.core.errors import InputError, first_of
from eeg2fmri.data.bold.brain_mask import brain_mask
from eeg2fmri.data.bold.headers import COPY_AGAIN, load_nifti
from eeg2fmri.data.bold.image import BoldImage
from eeg2fmri.data.bold.regressors import Nuisance, beside, confounds_table, read_confounds
from eeg2fmri.data.bold.spaces import nearest_on, refuse_no_overlap, same_places
from eeg2fmri.data.bold.target_grid import Projection
from eeg2fmri.data.prepare.check_data_set import Common
from eeg2fmri.data.prepare.check_recording import Plan
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.store.writer import ArrayWriter, write_array
from eeg2fmri.data.timing.first_steady_volume import first_steady_volume


class VoxelStatistics:
    """Mean and population deviation over volumes, some volumes at a time; not finite beyond 1e19 BOLD units.

    Deviations from the first volume are summed in float32 within what is given at once, and these sums in float64: as
    exact as the float32 that comes out, for a few volumes at once.
    """

    def __init__(self, shape: Sequence[int]) -> None:
        self._count = 0
        self._offset: np.ndarray | None = None
        self._sum = np.zeros(shape)
        self._square = np.zeros(shape)
        self._deviation = np.empty((0, *shape), np.float32)

    def update(self, volumes: np.ndarray) -> None:
        """Take in float32 volumes (volume, x, y, z)."""
        if not len(volumes):
            return
        if self._offset is None:
            self._offset = volumes[0].copy()  # deviations from it lose no digits to the baseline
        self._count += len(volumes)
        with np.errstate(over="ignore", invalid="ignore"):  # the caller refuses a result that is not finite
            if len(volumes) > len(self._deviation):  # kept: new pages each time cost as much as the arithmetic
                self._deviation = np.empty_like(volumes, order="C")
            deviation = np.subtract(volumes, self._offset, out=self._deviation[: len(volumes)])
            self._sum += deviation.sum(axis=0)
            deviation *= deviation
            self._square += deviation.sum(axis=0)

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and deviation of the volumes so far, float32 (x, y, z)."""
        if self._offset is None:
            raise ValueError("there was no volume")
        with np.errstate(over="ignore", invalid="ignore"):
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
    files : dict
        Size and digest of each file by name.
    notes : tuple of str
        What the user should know of the volumes.
    """

    affine: np.ndarray
    quality: dict[str, Any]
    files: dict[str, dict[str, Any]]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class OpenedBold:
    """The BOLD of a recording before its volumes are read: what is beside it is opened and checked.

    Attributes
    ----------
    plan : Plan
    projection : Projection
    nuisance : Nuisance or None
        What is regressed out.
    mask : bool array, shape (x, y, z), or None
        Brain mask of fMRIPrep on the grid of the image, where the settings ask for it.
    rule : {"epi", "varying"}
        How the mask is found otherwise; see `brain_mask`.
    sources : tuple of Path
        Files beside the image that decide the result.
    notes : tuple of str
        What the user should know of them.
    """

    plan: Plan
    projection: Projection
    nuisance: Nuisance | None
    mask: np.ndarray | None
    rule: Literal["epi", "varying"]
    sources: tuple[Path, ...]
    notes: tuple[str, ...]


def open_bold(plan: Plan, common: Common, config: PrepareConfig) -> OpenedBold:
    """Open what decides how the BOLD of a recording is written.

    Raises
    ------
    InputError
        If the image lies outside the target, or its mask or confounds cannot be used.
    """
    projection = Projection(plan.bold, common.target)
    sources: list[Path] = []
    nuisance = _nuisance(plan, config, sources)
    asked = config.mask if config.bold.atlas is None and plan.bold.elements is None else "varying"
    notes: list[str] = []
    mask = _brain(plan, sources, notes) if asked == "derivatives" else None
    rule: Literal["epi", "varying"] = "epi" if asked == "epi" else "varying"
    return OpenedBold(plan, projection, nuisance, mask, rule, tuple(sources), tuple(notes))


def write_bold(opened: OpenedBold, tr: float, folder: Path, stop: threading.Event) -> WrittenBold:
    """Write ``bold.npy``, ``mask.npy`` and the voxel statistics of a recording.

    It may run in a thread beside others: it touches nothing that threads share, such as the filters of warnings.

    Parameters
    ----------
    opened : OpenedBold
    tr : float
        s.
    folder : Path
        Of the recording in the store.
    stop : threading.Event
        Set where the result is not wanted any more.

    Raises
    ------
    InputError
        If the image is damaged or has no brain.
    CancelledError
        If `stop` was set.
    """
    plan, projection, nuisance = opened.plan, opened.projection, opened.nuisance
    skip = min(first_steady_volume(tr), plan.n_volumes - 2)
    statistics = VoxelStatistics(projection.grid)
    notes: list[str] = []
    blocks = _blocks(plan, projection, stop, notes)
    if nuisance:
        for index, volume in enumerate(chain.from_iterable(blocks)):
            nuisance.take(index, volume)
        again = chain.from_iterable(_blocks(plan, projection, stop))
        blocks = (volume[None] for volume in nuisance.without(again))
    with ArrayWriter(folder / "bold.npy", (plan.n_volumes, *projection.grid)) as writer:
        for block in blocks:
            statistics.update(block[max(0, skip - writer.rows) :])
            writer.append(block)
    mean, std = statistics.result()
    if not np.isfinite(std).all():
        raise InputError(
            "the BOLD values are too large to compute with",
            where=str(plan.files.bold),
            got=f"values that differ by more than 1e19 in {np.sum(~np.isfinite(std))} voxels",
            expected="BOLD units, as scanners and fMRIPrep give them",
            hint=COPY_AGAIN,
        )
    mask = _mask(opened, mean, std)
    files = {"bold.npy": writer.facts()}
    for name, array in (("mask.npy", mask), ("voxel_mean.npy", mean), ("voxel_std.npy", std)):
        files[name] = write_array(folder / name, array)
    quality = {
        "statistics_from_volume": skip,
        "tsnr_median": float(np.median(mean[mask] / std[mask])),
        "brain_voxels": int(mask.sum()),
        "regressors": nuisance.basis.shape[1] if nuisance else 0,
    }
    return WrittenBold(projection.affine, quality, files, tuple(notes))


def _blocks(
    plan: Plan, projection: Projection, stop: threading.Event, notes: list[str] | None = None
) -> Iterator[np.ndarray]:
    """Give the volumes that are kept, some at a time; the others are read too, so that damage anywhere is seen."""
    start, read, still = plan.alignment.first, 0, list[int]()
    for block in plan.bold.blocks(notes):
        if stop.is_set():
            raise CancelledError
        still += [read + k for k, volume in enumerate(block) if volume.min() == volume.max()]
        read += len(block)
        kept = block[max(0, start) : max(0, start + plan.n_volumes)]
        start -= len(block)
        if len(kept):
            yield kept if projection.same else np.stack([projection(volume) for volume in kept])
    if read > len(still) > read / 2:  # where all do, there is no brain
        raise InputError(
            "most volumes hold one value alone",
            where=str(plan.files.bold),
            got=f"{len(still)} of {read}: {first_of(still, 8)}",
            hint=COPY_AGAIN,
        )
    if still and notes is not None:
        notes.append(f"volumes that hold one value alone (from 0), kept as they are: {first_of(still, 8)}")


def _nuisance(plan: Plan, config: PrepareConfig, sources: list[Path]) -> Nuisance | None:
    if config.bold.detrend is None and not config.bold.confounds:
        return None
    confounds = None
    if config.bold.confounds:
        sources.append(confounds_table(plan.files.bold))
        confounds = read_confounds(plan.files.bold, config.bold.confounds, plan.bold.n_volumes)
        confounds = confounds[plan.alignment.first :][: plan.n_volumes]
    return Nuisance(config.bold.detrend, confounds, plan.n_volumes)


def _brain(plan: Plan, sources: list[Path], notes: list[str]) -> np.ndarray:
    """Read the brain mask that fMRIPrep wrote beside an image, on the image's grid: bool (x, y, z)."""
    path = beside(plan.files.bold, ("desc-brain_mask.nii.gz", "desc-brain_mask.nii"), ("desc",))
    if path is None:
        raise InputError(
            "there is no brain mask beside the BOLD image",
            where=str(plan.files.bold),
            expected="*_desc-brain_mask.nii.gz",
            hint="set mask: epi, or copy the whole folder of fMRIPrep",
        )
    sources.append(path)
    image = load_nifti(path, notes)
    if len(image.shape) not in (3, 4):
        raise InputError("the brain mask is no image of one volume", where=str(path), got=str(image.shape))
    mask = BoldImage.of_image(path, image)
    inside = next(mask.volumes()) > 0
    if mask.shape != plan.bold.shape or not same_places(mask.affine, plan.bold.affine, plan.bold.shape):
        inside = nearest_on(inside, mask.affine, plan.bold.affine, plan.bold.shape)
        notes.append("the brain mask has other voxels than the BOLD image: brought to them by its affine")
    refuse_no_overlap(inside, path, "the brain mask")
    return inside


def _mask(opened: OpenedBold, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    if opened.mask is None:
        return brain_mask(mean, std, opened.rule, str(opened.plan.files.bold))
    inside = opened.projection(opened.mask.astype(np.float32), order=1) > 0.5
    mask = inside & (std > 1e-6 * np.abs(mean))
    if not mask.any():
        raise InputError("no voxel of the brain mask varies over time", where=str(opened.plan.files.bold))
    return mask
