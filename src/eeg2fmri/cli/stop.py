"""End a command where the system asks for it as Ctrl-C does: what is half written is removed first."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self


class Stoppable:
    """Context in which a request of the system to stop raises `KeyboardInterrupt`.

    A signal that is ignored, as that of a closed terminal under ``nohup``, stays ignored.

    Attributes
    ----------
    number : int
        The signal that came; SIGINT, that of Ctrl-C, where none did.
    """

    #: Asked for by `kill`, a cluster at the end of its time, `make`; and a terminal that is closed.
    NAMES = ("SIGTERM", "SIGHUP")

    def __init__(self) -> None:
        self.number = int(signal.SIGINT)
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        # only the main thread may set handlers
        if threading.current_thread() is threading.main_thread():
            for number in (getattr(signal, name) for name in self.NAMES if hasattr(signal, name)):
                if signal.getsignal(number) == signal.SIG_DFL:
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
        return "interrupted" if self.number == signal.SIGINT else f"stopped by {signal.Signals(self.number).name}"

    def _stop(self, number: int, frame: FrameType | None) -> NoReturn:
        self.number = number
        raise KeyboardInterrupt
