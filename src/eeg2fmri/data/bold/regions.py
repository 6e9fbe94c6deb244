"""Open courses of regions that somebody has computed already: a NumPy file in place of an image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.errors import InputError

#: Extensions of what may run any program when it is opened.
PICKLES = (".pkl", ".pickle", ".joblib")
#: The next step for another array.
_SAVE = "save it with numpy.save(FILE, numpy.ascontiguousarray(courses)), an array of numbers (volume, region)"


def open_regions(path: Path) -> np.memmap[Any, Any]:
    """Open an array (volume, region) in a ``.npy`` file without reading it.

    Raises
    ------
    InputError
        If it is no such array of numbers, row after row, or a pickle, which is never opened.
    """
    if path.suffix.lower() in PICKLES:
        raise InputError(
            "a pickle can run any program when it is opened: it is not read",
            where=str(path),
            expected="a NumPy file (.npy) of the courses, (volume, region)",
            hint="where you trust who made it, open it yourself and " + _SAVE,
        )
    try:
        courses = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError, EOFError, SyntaxError) as error:
        raise InputError(
            "the courses of the regions cannot be read",
            where=str(path),
            got=f"{type(error).__name__}: {error}",
            hint=_SAVE,
        ) from None
    if courses.ndim != 2 or courses.dtype.kind not in "iuf" or not courses.size or not courses.flags["C_CONTIGUOUS"]:
        order = "" if courses.flags["C_CONTIGUOUS"] else ", column after column"
        raise InputError(
            "the file does not hold courses of regions",
            where=str(path),
            got=f"type {courses.dtype}, shape {courses.shape}{order}",
            expected="numbers (volume, region), row after row",
            hint=_SAVE,
        )
    return courses
