"""Read series of CIFTI and GIFTI as images of one column of elements, so that they go the way of volumes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bold.elements import Elements
from eeg2fmri.data.bold.headers import load_image, not_finite
from eeg2fmri.data.bold.image import BoldImage

CIFTI = (".dtseries.nii", ".ptseries.nii")
GIFTI = (".func.gii",)
#: Values that are in memory at once, 24 MB: the volumes of CIFTI lie across the file, and each block goes through it.
AT_ONCE = 6_000_000
#: Seconds in the units of a CIFTI series.
_UNITS = {"SECOND": 1.0}
#: Times (of a GIFTI series) above this are milliseconds, as FreeSurfer writes them: no TR is so long in seconds.
_MILLISECONDS = 50.0


def open_bold_series(path: str | Path) -> BoldImage:
    """Open BOLD of any kind that is known: NIfTI volumes, a CIFTI series, or the GIFTI files of two hemispheres.

    Parameters
    ----------
    path : path
        ``.nii``, ``.nii.gz``, ``.dtseries.nii``, ``.ptseries.nii``, or the ``hemi-L`` file of a ``.func.gii`` pair.

    Raises
    ------
    InputError
        See `BoldImage.open`; also if the other hemisphere is missing, or the file is no series.
    """
    path = Path(path)
    if path.name.endswith(CIFTI):
        return CiftiSeries.open(path)
    if path.name.endswith(GIFTI):
        return GiftiSeries.open(path)
    return BoldImage.open(path)


@dataclass(frozen=True, eq=False)
class ElementSeries(BoldImage):
    """A series of elements: shape is (element, 1, 1), the affine says nothing.

    Attributes
    ----------
    of : Elements
    parts : tuple of Path
        Files beside `path` that belong to it.
    """

    of: Elements | None = None
    parts: tuple[Path, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """Files that it was read from."""
        return (self.path, *self.parts)

    @property
    def elements(self) -> Elements | None:
        """What lies along x."""
        return self.of

    def blocks(self, notes: list[str] | None = None) -> Iterator[np.ndarray]:
        """Read the volumes in order, some at a time: float32 (volume, element, 1, 1); see `BoldImage.blocks`."""
        at_once = max(1, AT_ONCE // self.shape[0])
        background: np.ndarray | None = None
        bad: list[int] = []
        for first, values in self._rows(at_once):
            if background is None:
                background = np.isnan(values[0])
                background &= not background.all()
                if background.any() and notes is not None:
                    notes.append(f"{int(background.sum())} of {self.shape[0]} elements are not a number: medial wall")
            values[:, background] = np.where(np.isnan(values[:, background]), 0, values[:, background])
            bad += [first + int(k) for k in np.flatnonzero(~np.isfinite(values).all(axis=1))]
            if not bad:
                yield values[:, :, None, None]
        if bad:
            raise not_finite(bad, self.n_volumes, str(self.path))

    def _rows(self, at_once: int) -> Iterator[tuple[int, np.ndarray]]:
        """Give the first volume of a block and its values, float32 (volume, element), a copy of one's own."""
        raise NotImplementedError


class CiftiSeries(ElementSeries):
    """A dense or parcellated series of CIFTI-2."""

    @classmethod
    def open(cls, path: str | Path) -> CiftiSeries:
        """Read the header and check that the file can hold what it promises.

        Raises
        ------
        InputError
            If it is no series of brain models or parcels, or is truncated.
        """
        from nibabel import Cifti2Image
        from nibabel.cifti2 import BrainModelAxis, ParcelsAxis, SeriesAxis

        path, notes = Path(path), list[str]()
        image = load_image(path, notes, "CIFTI-2 series", "a CIFTI-2 series file")
        axes = [image.header.get_axis(k) for k in range(image.ndim)] if isinstance(image, Cifti2Image) else []
        dense = len(axes) == 2 and isinstance(axes[1], BrainModelAxis)
        if len(axes) != 2 or not isinstance(axes[0], SeriesAxis) or not (dense or isinstance(axes[1], ParcelsAxis)):
            raise InputError(
                "the image is not a series of grayordinates or parcels",
                where=str(path),
                got=" x ".join(type(axis).__name__ for axis in axes) or type(image).__name__,
                expected="CIFTI-2 of a time series (.dtseries.nii, .ptseries.nii)",
            )
        proxy: Any = image.dataobj
        tr = round(float(axes[0].step) * _UNITS[axes[0].unit], 6) if axes[0].unit in _UNITS else None
        opened = cls(
            path,
            (len(axes[1]), 1, 1),
            len(axes[0]),
            np.eye(4),
            tr if tr and tr > 0 else None,
            image.nifti_header.get_data_dtype(),
            int(proxy.offset),
            float(proxy.slope),
            float(proxy.inter),
            tuple(notes),
            of=Elements("dense" if dense else "parcels", axes[1]).shared(),
        )
        opened._check_size()
        return opened

    def _rows(self, at_once: int) -> Iterator[tuple[int, np.ndarray]]:
        shape = (self.n_volumes, self.shape[0])
        for first in range(0, self.n_volumes, at_once):
            # opened anew for each block: pages that were read are given back
            stored = np.memmap(self.path, self.dtype, "r", self.offset, shape, order="F")
            values = np.ascontiguousarray(stored[first : first + at_once], np.float32)
            del stored
            values *= np.float32(self.slope)
            values += np.float32(self.intercept)
            yield first, values


class GiftiSeries(ElementSeries):
    """The series of a left and a right hemisphere, ``hemi-L`` and ``hemi-R``, all vertices of each."""

    @classmethod
    def open(cls, path: str | Path) -> GiftiSeries:
        """Read both hemispheres.

        Raises
        ------
        InputError
            If one is missing, is no series, or the two do not belong together.
        """
        path = Path(path)
        files = _hemispheres(path)
        notes = list[str]()
        # packed text has no header that could be read alone
        series, trs = zip(*(_gifti(file, notes) for file in files), strict=True)
        shapes = [values.shape for values in series]
        if shapes[0] != shapes[1]:
            raise InputError(
                "the two hemispheres do not belong together",
                where=str(path),
                got=" and ".join(f"{n} volumes of {vertices} vertices" for n, vertices in shapes),
                expected="the same number of volumes and vertices",
            )
        n_volumes, n_vertices = shapes[0]
        return cls(
            path,
            (2 * n_vertices, 1, 1),
            n_volumes,
            np.eye(4),
            trs[0],
            np.dtype(np.float32),
            0,
            1.0,
            0.0,
            tuple(notes),
            of=Elements.of_hemispheres(n_vertices).shared(),
            parts=(files[1],),
        )

    def _rows(self, at_once: int) -> Iterator[tuple[int, np.ndarray]]:
        series = [_gifti(file, [])[0] for file in (self.path, *self.parts)]
        for first in range(0, self.n_volumes, at_once):
            yield first, np.concatenate([values[first : first + at_once] for values in series], axis=1)


def _hemispheres(path: Path) -> Sequence[Path]:
    name = path.name.replace("hemi-R", "hemi-L")
    files = [path.with_name(name), path.with_name(name.replace("hemi-L", "hemi-R"))]
    if "hemi-L" not in name or not all(file.is_file() for file in files):
        raise InputError(
            "a hemisphere is missing",
            where=str(path),
            got=", ".join(file.name for file in files if file.is_file()) or "none",
            expected="two files whose names differ in hemi-L and hemi-R",
        )
    return files


def _gifti(path: Path, notes: list[str]) -> tuple[np.ndarray, float | None]:
    """Read a hemisphere: values, float32 (volume, vertex), and the TR (s) of its header."""
    from nibabel import GiftiImage

    image = load_image(path, notes, "GIFTI series", "a GIFTI series file")
    arrays = image.darrays if isinstance(image, GiftiImage) else []
    columns = [np.atleast_2d(np.asarray(array.data, np.float32).T) for array in arrays]
    if not columns or len({column.shape[1] for column in columns}) != 1 or sum(map(len, columns)) < 2:
        raise InputError("the image is not a series of one surface", where=str(path), expected="one array a volume")
    step = arrays[0].meta.get("TimeStep")
    try:
        tr = float(step) if step else None
    except ValueError:
        tr = None
    if tr is not None:
        tr = round(tr / 1000 if tr > _MILLISECONDS else tr, 6)
    return np.concatenate(columns), tr if tr and tr > 0 else None
