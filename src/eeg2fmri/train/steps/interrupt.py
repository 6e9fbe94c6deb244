"""Ctrl-C and a polite kill end a training after the step that is under way, not in the middle of it."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self


class StopRequest:
    """Context in which the first SIGINT or SIGTERM sets `asked`; a second one acts as it always does.

    Attributes
    ----------
    asked : bool
    number : int
        The signal that came first; SIGINT, that of Ctrl-C, where none did.
    """

    def __init__(self) -> None:
        self.asked = False
        self.number = int(signal.SIGINT)
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        # only the main thread may set handlers; elsewhere signals keep their usual effect
        if threading.current_thread() is threading.main_thread():
            for name in (signal.SIGINT, signal.SIGTERM):
                self._before[name] = signal.signal(name, self._ask)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for name, handler in self._before.items():
            signal.signal(name, handler)
        self._before.clear()

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked, self.number = True, number
        for name, handler in self._before.items():
            signal.signal(name, handler)
