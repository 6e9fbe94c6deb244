"""Tell the user what should be known, through the logger ``eeg2fmri``, and collect it where a result keeps it.

The level is ``WARNING``, or what the environment variable ``EEG2FMRI_LOGGING_LEVEL`` says; `set_log_level` changes it
for good, the argument ``verbose`` of a function for one call. Where logging is not set up, lines go to standard error.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import logging
import os
import sys
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

from eeg2fmri.core.errors import ConfigError, shortened

P = ParamSpec("P")
R = TypeVar("R")

#: What ``verbose`` may be: True is INFO, False is ERROR, None is what was set before.
Verbose = bool | str | int | None

ENVIRONMENT = "EEG2FMRI_LOGGING_LEVEL"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

logger = logging.getLogger("eeg2fmri")

_collected: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("eeg2fmri_notes", default=None)


class _Lines(logging.Handler):
    """Standard error as it is now, and nothing where the program has handlers of its own."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one line."""
        if not logging.root.handlers:
            print(f"eeg2fmri: {self.format(record)}", file=sys.stderr)


def note(text: str) -> None:
    """Say what the user should know: it is logged as a warning, and collected."""
    text = shortened(text)
    logger.warning(text)
    into = _collected.get()
    if into is not None:
        into.append(text)


@contextlib.contextmanager
def collected() -> Iterator[list[str]]:
    """Give a list that what is noted inside goes to, beside the log.

    Examples
    --------
    >>> with use_log_level("ERROR"), collected() as notes:
    ...     note("no volume markers")
    >>> notes
    ['no volume markers']
    """
    before, into = _collected.get(), list[str]()
    token = _collected.set(into)
    try:
        yield into
    finally:
        _collected.reset(token)
        if before is not None:
            before += into


def set_log_level(verbose: Verbose = None) -> None:
    """Set the level of the log; None takes that of the environment.

    Raises
    ------
    ConfigError
        If there is no such level.
    """
    logger.setLevel(_level(os.environ.get(ENVIRONMENT, "WARNING") if verbose is None else verbose))


@contextlib.contextmanager
def use_log_level(verbose: Verbose) -> Iterator[None]:
    """Set the level of the log for a while; None leaves it."""
    before = logger.level
    if verbose is not None:
        logger.setLevel(_level(verbose))
    try:
        yield
    finally:
        logger.setLevel(before)


def tells(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function with an argument ``verbose`` log at that level, also the ``notes`` that its result keeps."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        with use_log_level(kwargs.get("verbose")), collected() as told:  # type: ignore[arg-type]
            result = function(*args, **kwargs)
            for text in getattr(result, "notes", ()):
                if text not in told:
                    note(text)
        return result

    return call


def _level(verbose: bool | str | int) -> int:
    if isinstance(verbose, bool):
        return logging.INFO if verbose else logging.ERROR
    if isinstance(verbose, int):
        return verbose
    if verbose.upper() not in LEVELS:
        raise ConfigError("there is no such logging level", got=verbose, expected=", ".join(LEVELS))
    return logging.getLevelNamesMapping()[verbose.upper()]


def _begin() -> None:
    if not logger.handlers:
        logger.addHandler(_Lines())
        try:
            set_log_level()
        except ConfigError as error:
            logger.setLevel(logging.WARNING)
            logger.warning("%s=%s: %s", ENVIRONMENT, os.environ[ENVIRONMENT], error.problems[0].what)


_begin()
