"""The last rows of a stream, side by side in memory that is taken once."""

from __future__ import annotations

import numpy as np


class Recent:
    """The last rows that were pushed, in an array that does not grow.

    Parameters
    ----------
    memory : int
        Rows that are kept.

    Examples
    --------
    >>> recent = Recent(2)
    >>> for row in (1.0, 2.0, 3.0):
    ...     recent.push(np.array([row]))
    >>> recent.seen[recent.last(2)].ravel().tolist()
    [2.0, 3.0]
    """

    def __init__(self, memory: int) -> None:
        self._memory, self._count = memory, 0
        self._rows = np.empty(0)

    def __len__(self) -> int:
        return min(self._count, self._memory)

    def push(self, row: np.ndarray) -> None:
        """Take the next row; the oldest goes when there are more than are kept."""
        if not self._count:
            # written to at once: a stream that runs for hours has all its memory from the first row on
            self._rows = np.full((self._memory, *row.shape), 0, row.dtype)
        self._rows[self._count % self._memory] = row
        self._count += 1

    @property
    def seen(self) -> np.ndarray:
        """The rows (row, ...) that are kept; their order is that of their places, see `last`."""
        return self._rows[: len(self)]

    def last(self, count: int) -> np.ndarray:
        """Give the places in `seen` of the last `count` rows, in the order of time."""
        return np.arange(self._count - count, self._count) % self._memory
