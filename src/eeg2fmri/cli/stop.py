"""End a command where the system asks for it as Ctrl-C does: what is half written is removed first."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self

import typer

from eeg2fmri.cli.console import fail

#: How to go on with what takes up its own folder.
SAME = "the same command goes on"


class _StopError(KeyboardInterrupt):
    """A stop that was asked for.

    Where a `KeyboardInterrupt` itself leaves code that was run from a text, which libraries do when they are imported,
    Python ends as if by Ctrl-C, whatever exit status it is told.
    """


class Stoppable:
    """Context in which a request of the system to stop raises `KeyboardInterrupt`.

    A signal that is ignored, as that of a closed terminal under ``nohup``, stays ignored.

    Attributes
    ----------
    asked : bool
        Whether a signal came.
    number : int
        The signal that came; SIGINT, that of Ctrl-C, where none did.
    """

    #: Ctrl-C; asked for by `kill`, a cluster at the end of its time, `make`; and a terminal that is closed.
    NAMES = ("SIGINT", "SIGTERM", "SIGHUP")

    def __init__(self) -> None:
        self.asked = False
        self.number = int(signal.SIGINT)
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        # only the main thread may set handlers
        if threading.current_thread() is threading.main_thread():
            for number in (getattr(signal, name) for name in self.NAMES if hasattr(signal, name)):
                if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                    self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def status(self) -> int:
        """Exit status, as shells have it."""
        return 128 + self.number

    @property
    def said(self) -> str:
        """What to tell the user."""
        return _said(self.number)

    def _stop(self, number: int, frame: FrameType | None) -> NoReturn:
        self.asked, self.number = True, number
        raise _StopError


def stopped(number: int, on: str) -> typer.Exit:
    """Tell what a signal ended before its time and how to go on; return the end of the command."""
    fail(f"{_said(number)} before the end: {on}")
    return typer.Exit(128 + number)


def _said(number: int) -> str:
    return "interrupted" if number == signal.SIGINT else f"stopped by {signal.Signals(number).name}"
