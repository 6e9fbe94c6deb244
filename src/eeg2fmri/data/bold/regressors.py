"""Make the regressors that are taken out of each voxel: slow drift and the confounds that fMRIPrep writes."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np

from eeg2fmri.core.disk.parse import read_text
from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bids.sidecars import entities

#: Ends of the names of confound tables, of today's and of older fMRIPrep.
TABLES = ("desc-confounds_timeseries.tsv", "desc-confounds_regressors.tsv")
#: Entities of an image that its confounds do not have.
OF_IMAGE = ("space", "res", "den", "desc")


def beside(image: Path, ends: Iterable[str], drop: Sequence[str]) -> Path | None:
    """Find the file of an fMRIPrep image with another end of its name, without some of its entities."""
    labels = {key: value for key, value in entities(image).items() if key not in drop}
    stem = "_".join(f"{key}-{value}" for key, value in labels.items())
    found = (image.parent / f"{stem}_{end}" for end in ends)
    return next((path for path in found if path.is_file()), None)


def confounds_table(image: Path) -> Path:
    """Find the confounds of a preprocessed image.

    Raises
    ------
    InputError
        If there is no table.
    """
    table = beside(image, TABLES, OF_IMAGE)
    if table is None:
        raise InputError(
            "there is no table of confounds beside the BOLD image",
            where=str(image),
            expected=f"*_{TABLES[0]}",
            hint="leave bold: confounds out, or copy the whole folder of fMRIPrep",
        )
    return table


def read_confounds(image: Path, patterns: Sequence[str], n_volumes: int) -> np.ndarray:
    """Read columns of the confounds of an image.

    Parameters
    ----------
    image : Path
        Preprocessed BOLD.
    patterns : sequence of str
        Columns, ``*`` for any characters.
    n_volumes : int
        Rows that the table must have.

    Returns
    -------
    array, shape (volume, column)
        What fMRIPrep cannot know (``n/a``, the first row of derivatives) is the mean of its column.

    Raises
    ------
    InputError
        If the table is absent or damaged, has no such column, or another number of rows.
    """
    table = confounds_table(image)
    try:
        rows = list(csv.reader(read_text(table).splitlines(), delimiter="\t"))
        columns = rows[0]
        chosen = [k for k, name in enumerate(columns) if any(fnmatchcase(name, pattern) for pattern in patterns)]
        numbers = [[_number(row[k]) for k in chosen] for row in rows[1:]]
        values = np.array(numbers, float).reshape(len(rows) - 1, len(chosen))
    except (OSError, csv.Error, ValueError, IndexError) as error:
        raise InputError(
            "the confounds cannot be read", where=str(table), got=f"{type(error).__name__}: {error}"
        ) from None
    absent = [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in columns)]
    if absent:
        raise InputError(
            "the confounds have no such column",
            where=str(table),
            got=", ".join(columns)[:300],
            expected=", ".join(absent),
        )
    if len(values) != n_volumes:
        raise InputError(
            "the confounds have another number of rows than the BOLD has volumes",
            where=str(table),
            got=f"{len(values)} rows",
            expected=f"{n_volumes} volumes",
        )
    known = np.isfinite(values)
    if not known.any(axis=0).all() or np.isinf(values).any():
        raise InputError("a column of the confounds holds no numbers, or infinite ones", where=str(table))
    mean = np.where(known, values, 0).sum(axis=0) / known.sum(axis=0)
    return np.where(known, values, mean)


def _number(text: str) -> float:
    return np.nan if text.strip().lower() in ("n/a", "nan", "") else float(text)


class Nuisance:
    """Least squares of regressors in every voxel, a volume at a time.

    `take` every volume once, then `residual` gives each without what the regressors explain; the mean over time
    stays, because the regressors have none. Memory is one volume for each regressor.

    Parameters
    ----------
    detrend : int or None
        Order of the polynomial in time.
    confounds : array, shape (volume, column), or None
    n_volumes : int
    """

    def __init__(self, detrend: int | None, confounds: np.ndarray | None, n_volumes: int) -> None:
        time = np.linspace(-1, 1, n_volumes)
        columns = [np.polynomial.legendre.legvander(time, detrend or 0)[:, 1:]]
        if confounds is not None:
            columns.append(confounds)
        design = np.hstack(columns)
        design = design - design.mean(axis=0)
        scale = np.linalg.norm(design, axis=0)
        design = design[:, scale > 0] / scale[scale > 0]
        # an orthonormal basis of what the regressors span: columns may depend on each other
        basis, values, _ = np.linalg.svd(design, full_matrices=False)
        self.basis = basis[:, values > 1e-8 * values.max(initial=0)]
        self._weights: np.ndarray | None = None

    def __bool__(self) -> bool:
        return self.basis.shape[1] > 0

    def take(self, index: int, volume: np.ndarray) -> None:
        """Take in volume (x, y, z) number `index`."""
        if self._weights is None:
            self._weights = np.zeros((self.basis.shape[1], *volume.shape))
        for weights, value in zip(self._weights, self.basis[index], strict=True):
            weights += value * volume

    def residual(self, index: int, volume: np.ndarray) -> np.ndarray:
        """Volume (x, y, z) number `index` without what the regressors explain, float32."""
        assert self._weights is not None
        return (volume - np.tensordot(self.basis[index], self._weights, axes=1)).astype(np.float32)

    def without(self, volumes: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Give the residual of each volume in order."""
        for index, volume in enumerate(volumes):
            yield self.residual(index, volume)
