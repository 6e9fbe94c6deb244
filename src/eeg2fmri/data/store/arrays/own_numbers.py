"""Take numbers out of arrays and tables, and compare the names of columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from eeg2fmri.core.errors import InputError


def numbers(part: Any, where: str) -> np.ndarray:
    """Give an array, table or nested list as an array; what is masked is NaN.

    Raises
    ------
    InputError
        If it is none.
    """
    if np.ma.is_masked(part):
        part = np.ma.filled(part.astype(np.result_type(part.dtype, np.float32)), np.nan)
    try:
        return np.asarray(part)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            "this is no array", where=where, got=f"{type(part).__name__}: {error}", expected="an array of numbers"
        ) from None


def shapes_of(arrays: Sequence[np.ndarray]) -> str:
    """Say shapes and types of arrays, each once."""
    return ", ".join(sorted({f"{array.shape} {array.dtype}" for array in arrays}))


def column_names(parts: Sequence[Any], where: str) -> list[str] | None:
    """Give the names of the columns of tables; None where they have none, or the numbers from 0 on.

    Raises
    ------
    InputError
        If tables have other columns, or others in their places.
    """
    tables = {number: list(part.columns) for number, part in enumerate(parts) if hasattr(part, "columns")}
    if not tables:
        return None
    first = next(iter(tables.values()))
    for number, names in tables.items():
        if names != first:
            raise InputError(
                "a table has other columns than the first, or has them in another order",
                where=f"{where}[{number}]",
                got=", ".join(map(str, names)),
                expected=", ".join(map(str, first)),
                hint="name the columns of every table in one order: table[names]",
            )
    return None if first == list(range(len(first))) else [str(name) for name in first]
