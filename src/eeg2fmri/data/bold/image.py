"""BOLD images: header and TR checked, volumes read one after the other, so that memory stays flat."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from isal import igzip, igzip_lib  # unpacks in less than half the time of zlib, which was a quarter of preparing

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bold.headers import COPY_AGAIN, load_nifti, not_finite
from eeg2fmri.data.bold.regions import PICKLES, open_regions
from eeg2fmri.data.timing.repetition_time import header_tr

if TYPE_CHECKING:
    from nibabel import Nifti1Image

    from eeg2fmri.data.bold.elements import Elements

#: No deflate stream grows by more than this when it is unpacked.
LARGEST_EXPANSION = 1032
#: Voxels (of all volumes together) that are in memory at once, 2 MB; and volumes, where these are small.
BLOCK, AT_MOST = 500_000, 16
#: Values between two planes of a volume in memory.
_APART = 16


@dataclass(frozen=True, eq=False)
class BoldImage:
    """A 4-D NIfTI image on disk, or courses of regions: an image of (region, 1, 1).

    Attributes
    ----------
    path : Path
    shape : (int, int, int)
        Voxels along x, y, z.
    n_volumes : int
    affine : array, shape (4, 4)
        Voxel indices to mm.
    header_tr : float or None
        Time between volumes that the header gives, s.
    dtype : numpy dtype
        Of the values on disk.
    offset : int
        Byte at which the values start.
    slope, intercept : float
        Of the scaling to BOLD units.
    notes : tuple of str
        What was mended in the header.
    """

    path: Path
    shape: tuple[int, int, int]
    n_volumes: int
    affine: np.ndarray
    header_tr: float | None
    dtype: np.dtype[Any] = field(repr=False)
    offset: int = field(repr=False)
    slope: float = field(repr=False)
    intercept: float = field(repr=False)
    notes: tuple[str, ...] = ()

    @classmethod
    def open(cls, path: str | Path) -> BoldImage:
        """Read the header and check that the file can hold what it promises.

        Raises
        ------
        InputError
            If it is no NIfTI image, is not 4-D, has no real values or no valid affine, or is truncated; or is a NumPy
            file that does not hold courses of regions.
        """
        path = Path(path)
        if path.suffix.lower() in (".npy", *PICKLES):
            courses = open_regions(path)
            count, regions = courses.shape
            return cls(path, (regions, 1, 1), count, np.eye(4), None, courses.dtype, courses.offset, 1.0, 0.0)
        notes: list[str] = []
        image = load_nifti(path, notes)
        if len(image.shape) != 4:
            raise InputError(
                "the BOLD image is not a series of volumes",
                where=str(path),
                got=f"{len(image.shape)} dimensions {image.shape}",
                expected="4 dimensions (x, y, z, volume)",
            )
        return cls._of(path, image, notes)

    @classmethod
    def of_image(cls, path: Path, image: Nifti1Image) -> BoldImage:
        """Take an opened image, 4-D or 3-D: a series of one volume."""
        return cls._of(path, image)

    @classmethod
    def _of(cls, path: Path, image: Nifti1Image, notes: Sequence[str] = ()) -> BoldImage:
        dtype = image.header.get_data_dtype()
        affine = np.asarray(image.affine, float)
        *shape, n_volumes = (*image.shape, 1)[:4]
        if dtype.kind not in "iuf" or min(*shape, n_volumes) < 1:
            raise InputError(
                "the image does not hold real values",
                where=str(path),
                got=f"type {dtype}, shape {image.shape}",
                expected="integers or floating point numbers",
            )
        if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
            raise InputError(
                "the affine of the image is not valid",
                where=str(path),
                got=np.array2string(affine, precision=3).replace("\n", ""),
                expected="finite numbers that span a volume",
                hint="export the image again, or correct its sform and qform",
            )
        proxy: Any = image.dataobj
        opened = cls(
            path,
            (shape[0], shape[1], shape[2]),
            n_volumes,
            affine,
            header_tr(image.header),
            dtype,
            int(proxy.offset),
            float(proxy.slope),
            float(proxy.inter),
            tuple(notes),
        )
        opened._check_size()
        return opened

    @property
    def files(self) -> tuple[Path, ...]:
        """Files that it was read from."""
        return (self.path,)

    @property
    def elements(self) -> Elements | None:
        """What lies along x where it is no grid of voxels; None for volumes."""
        return None

    def volumes(self) -> Iterator[np.ndarray]:
        """Read the volumes in order: float32 (x, y, z), BOLD units.

        Raises
        ------
        InputError
            As `blocks`.
        """
        return chain.from_iterable(self.blocks())

    def blocks(self, notes: list[str] | None = None) -> Iterator[np.ndarray]:
        """Read the volumes in order, some at a time: float32 (volume, x, y, z), BOLD units.

        Voxels that are not a number in every volume are background that was cut away: they are 0.

        Parameters
        ----------
        notes : list of str, optional
            What the user should know is appended.

        Raises
        ------
        InputError
            If the file is truncated, damaged or longer than its header says, or a volume is not finite.
        """
        n_x, n_y, n_z = self.shape
        size = n_x * n_y * n_z * self.dtype.itemsize
        at_once = min(self.n_volumes, AT_MOST, max(1, BLOCK // (n_x * n_y * n_z)))
        # rows are a little apart, so that those of a power of two do not compete for the same lines of the cache when
        # they are transposed: that takes a third of the time
        planes = np.empty((at_once, n_z, n_x * n_y + _APART), np.float32)[..., : n_x * n_y]
        scaled = (self.slope, self.intercept) != (1.0, 0.0)
        may_fail = scaled or self.dtype.kind == "f"  # whole numbers are finite
        bad: list[int] = []
        background: np.ndarray | None = None
        try:
            opened = _open(self.path)
        except OSError as error:
            raise InputError("the BOLD image cannot be read", where=str(self.path), got=str(error)) from None
        with opened as file:
            self._read(file, self.offset, 0)
            for first in range(0, self.n_volumes, at_once):
                block = planes[: self.n_volumes - first]
                with np.errstate(over="ignore", invalid="ignore"):  # what overflows is reported as not finite
                    for volume, plane in enumerate(block, first):
                        plane[:] = np.frombuffer(self._read(file, size, volume), self.dtype).reshape(plane.shape)
                    if scaled:
                        block *= np.float32(self.slope)
                        block += np.float32(self.intercept)
                values = np.ascontiguousarray(block.reshape(-1, n_z, n_y, n_x).transpose(0, 3, 2, 1))
                if may_fail and background is None:
                    background = _background(values[0], notes)
                if background is not None and background.any():
                    for cut in np.flatnonzero(np.isnan(values[:, background]).all(axis=1)):
                        values[cut][background] = 0
                if may_fail:
                    bad += [first + int(k) for k in np.flatnonzero(~np.isfinite(values).all(axis=(1, 2, 3)))]
                if not bad:  # from the first bad volume on, the file is only searched for more of them
                    yield values
            # reading to the end checks the sum over a compressed file
            if len(self._read(file, size, self.n_volumes, whole=False)) == size:
                raise InputError(
                    "the image is longer than its header says",
                    where=str(self.path),
                    expected=f"{self.n_volumes} volumes",
                    hint=COPY_AGAIN,
                )
        if bad:
            raise not_finite(bad, self.n_volumes, str(self.path))

    def _read(self, file: Any, size: int, volume: int, *, whole: bool = True) -> bytes:
        try:
            values = b"" if size == 0 else file.read(size)
        except (EOFError, zlib.error, igzip_lib.IsalError, OSError, ValueError) as error:  # type: ignore[misc]
            raise InputError(
                "the BOLD image is truncated or damaged",
                where=f"{self.path}, volume {volume} of {self.n_volumes}",
                got=str(error) or type(error).__name__,
                hint=COPY_AGAIN,
            ) from None
        if whole and len(values) != size:
            raise InputError(
                "the BOLD image is truncated",
                where=f"{self.path}, volume {volume} of {self.n_volumes}",
                got=f"{len(values)} of {size} bytes of this volume",
                hint=COPY_AGAIN,
            )
        return bytes(values)

    def _check_size(self) -> None:
        """Refuse headers whose sizes the file cannot hold, before anything of that size is allocated."""
        promised = self.offset + int(np.prod(self.shape, dtype=object)) * self.n_volumes * self.dtype.itemsize
        on_disk = self.path.stat().st_size
        if promised > on_disk * (LARGEST_EXPANSION if self.path.name.endswith(".gz") else 1):
            raise InputError(
                "the BOLD image is truncated, or its header is wrong",
                where=str(self.path),
                got=f"{on_disk} bytes",
                expected=f"{promised} bytes{' unpacked' if self.path.name.endswith('.gz') else ''}: "
                f"{self.n_volumes} volumes of {' x '.join(map(str, self.shape))}",
                hint=COPY_AGAIN,
            )


def _open(path: Path) -> Any:
    """Open an image for reading from its first byte on, unpacked."""
    if path.suffix == ".gz":
        return igzip.open(path, "rb")
    from nibabel.openers import ImageOpener

    return ImageOpener(str(path))


def _background(volume: np.ndarray, notes: list[str] | None) -> np.ndarray:
    """Find the voxels of a volume that are not a number, if others are: bool (x, y, z)."""
    background = np.isnan(volume)
    if background.all():
        background[:] = False
    if background.any() and notes is not None:
        notes.append(f"{background.mean():.0%} of the voxels are not a number in every volume: taken for background, 0")
    return background
