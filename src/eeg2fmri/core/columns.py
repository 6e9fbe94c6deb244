"""Tell columns of numbers from columns of words, which tables align differently."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

#: What stands where a number is missing.
MISSING = {"", "-", "n/a", "\N{EN DASH}", "not defined", "not known", "not measured", "no test", "p not known"}
#: "0.54", "\N{MINUS SIGN}3 to 4 %", "p < 0.001", "12 min", but not "0.49, ridge regression".
_NUMBER = re.compile(r"(p )?[<>=~\s]*[-+\N{MINUS SIGN}]?\.?\d(?!.*[^\W\d_]{4})")


def of_words(cells: Iterable[str]) -> bool:
    """Say whether a column holds words, not numbers.

    Examples
    --------
    >>> of_words(["0.31", "p = 0.02", "not defined"]), of_words(["No", "Not known: 24 regressors"])
    (False, True)
    """
    return not all(cell.strip() in MISSING or _NUMBER.match(cell) for cell in cells)


def columns_of_words(rows: Sequence[Sequence[str]]) -> list[bool]:
    """Say of each column of a table whether it holds words; the first one names the rows."""
    return [number == 0 or of_words(cells) for number, cells in enumerate(zip(*rows, strict=True))]
