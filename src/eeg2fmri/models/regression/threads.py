"""Run regressions in one thread of linear algebra."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Let linear algebra of numpy and scipy run in one thread each.

    Both bring a BLAS of their own, whose threads wait in a loop for their next work. Regressions that go from one to
    the other had two pools on the same processors: a fit to 8 subjects took 180 s with two threads and 33 s with one.

    Examples
    --------
    >>> import numpy as np
    >>> with one_thread():
    ...     np.linalg.solve(2 * np.eye(2), np.ones(2)).tolist()
    [0.5, 0.5]
    """
    import scipy.linalg  # noqa: F401  # what is not there yet would not be limited
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1):
        yield
