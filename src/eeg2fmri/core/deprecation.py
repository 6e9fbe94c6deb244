"""Keep old names for some versions: they warn, and raise once the version has come that goes without them."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from eeg2fmri.core.errors import Eeg2FmriError

P = ParamSpec("P")
R = TypeVar("R")


class OldNameWarning(FutureWarning):
    """Something is used that a later version will not have."""


class RemovedError(Eeg2FmriError, TypeError):
    """Something is used that an earlier version announced to remove."""


def deprecated(what: str, instead: str, *, since: str, removed: str) -> None:
    """Warn of something that will go, or refuse it if the version has come.

    Parameters
    ----------
    what, instead : str
        What was used, and what takes its place.
    since, removed : str
        Version that announced it, and version that no longer has it.

    Raises
    ------
    RemovedError
        If this version is `removed` or later.

    Examples
    --------
    >>> deprecated("jobs", "n_jobs", since="0.0", removed="0.0")
    Traceback (most recent call last):
        ...
    eeg2fmri.core.deprecation.RemovedError: jobs was removed in version 0.0
      do:       use n_jobs
    """
    from eeg2fmri import __version__

    if _numbers(__version__) >= _numbers(removed):
        raise RemovedError(f"{what} was removed in version {removed}", hint=f"use {instead}")
    warnings.warn(
        f"{what} is deprecated since version {since} and will be removed in {removed}: use {instead}",
        OldNameWarning,
        stacklevel=3,
    )


def renamed_arguments(*, since: str, removed: str, **names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function be called with old names of its arguments.

    Parameters
    ----------
    since, removed : str
        See `deprecated`.
    **names : str
        New name of each old one.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            for old in sorted(names.keys() & kwargs.keys()):
                new = names[old]
                if new in kwargs:
                    raise TypeError(f"{function.__name__}() got both {new!r} and its old name {old!r}")
                where = f"argument {old!r} of {function.__name__}()"
                deprecated(where, repr(new), since=since, removed=removed)
                kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return call

    return decorate


def _numbers(version: str) -> tuple[int, ...]:
    """Numbers of a version such as 0.2.0, without those of a development version after them."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())
