"""Print progress bars, tables, the name of what was written, and errors without a traceback."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from logging import LogRecord
from pathlib import Path
from typing import TYPE_CHECKING

from eeg2fmri.core.columns import columns_of_words
from eeg2fmri.core.errors import shortened
from eeg2fmri.core.log import logger
from eeg2fmri.core.progress import Progress, silent

if TYPE_CHECKING:
    from rich.console import Console

#: Characters in a line of a file or pipe.
WIDTH = 130
#: Characters that the names of a table's rows get.
NAMES = 24


_said = {"quiet": False}
#: What the log has told, where it is asked for.
_told: set[str] = set()


def quiet(wanted: bool) -> None:
    """Say nothing but errors from now on, or say everything again."""
    _said["quiet"] = wanted


def console(*, stderr: bool = False) -> Console:
    """Return a console on standard output, or on standard error; where it is no terminal, lines are not cut at 80."""
    from rich.console import Console

    out = Console(stderr=stderr, highlight=False, soft_wrap=True)
    if not out.is_terminal:
        out.width = max(out.width, WIDTH)
    return out


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Give a `Progress` that tells on standard error how far the work is.

    A terminal gets one bar for each named task, with the time left. A file or pipe gets lines: see `ProgressLines`.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    out = console(stderr=True)
    if _said["quiet"]:
        yield silent
        return
    if not out.is_terminal:
        yield logged(ProgressLines(lambda line: print(line, file=sys.stderr)))
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=out) as bars:
        tasks: dict[str, int] = {}

        def update(what: str, done: float, total: float) -> None:
            # a text such as "Epoch 2/10, loss 0.41" goes on in the bar that its first word opened
            key = what.split()[0]
            if key not in tasks:
                tasks[key] = bars.add_task(what, total=total)
            bars.update(bars.task_ids[tasks[key]], description=what, completed=done, total=total)

        yield logged(update)


def logged(progress: Progress, clock: Callable[[], float] = time.monotonic) -> Progress:
    """Log when each task begins and ends too (INFO, ``--verbose``), and each step (DEBUG)."""
    began: dict[str, float] = {}

    def tell(what: str, done: float, total: float) -> None:
        key = what.split()[0]
        if key not in began and done < total:
            began[key] = clock()
            logger.info("%s: begun", what)
        logger.debug("%s: %g of %g", what, done, total)
        progress(what, done, total)
        if key in began and done >= total:
            logger.info("%s: done in %.1f s", what, clock() - began.pop(key))

    return tell


class ProgressLines:
    """A `Progress` in lines: one a tenth of a task at most, and none for work that takes seconds.

    Tasks within a task are not told of: the log of a night stays a page.

    Parameters
    ----------
    write : callable
        Takes a line.
    clock : callable
        Gives the time in s.
    """

    #: Least time (s) between two lines.
    PAUSE_S = 10.0

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._write, self._clock = write, clock
        self._open: dict[str, tuple[float, int]] = {}  # task -> when it began, tenth that was told of
        self._told = clock()

    def __call__(self, what: str, done: float, total: float) -> None:
        """Take note of how far a task is."""
        key = what.split()[0]
        now = self._clock()
        began, told = self._open.setdefault(key, (now, 0))
        tenth = 10 if done >= total else int(10 * done / total)
        outermost = next(iter(self._open)) == key
        if outermost and tenth > told and now - self._told >= self.PAUSE_S:
            left = (now - began) * (total - done) / done
            self._write(
                f"{what}: done" if tenth == 10 else f"{what}: {100 * done / total:.0f} %, {_duration(left)} left"
            )
            self._told, told = now, tenth
        if tenth == 10:
            del self._open[key]
        else:
            self._open[key] = (began, told)


def _duration(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "") -> None:
    """Print a table, or several beneath each other where it is too wide; columns of numbers stand at the right."""
    if _said["quiet"]:
        return
    from rich.table import Table
    from rich.text import Text

    out, words = console(), columns_of_words(rows) or [True] * len(columns)
    least = [_least(texts, wraps) for texts, wraps in zip(zip(columns, *rows, strict=True), words, strict=True)]
    least[0] = max(least[0], min(NAMES, max((len(row[0]) for row in rows), default=0)))
    blocks = _blocks(least, out.width)
    for number, block in enumerate(blocks, 1):
        drawn = Table(
            title=title if number == 1 else None,
            caption=caption if caption and number == len(blocks) else None,
            title_justify="left",
            caption_justify="left",
        )
        for k in block:
            if words[k]:
                drawn.add_column(columns[k], min_width=least[k])
            else:
                drawn.add_column(columns[k], justify="right", width=least[k])
        for row in rows:
            drawn.add_row(*(Text(row[k]) for k in block))
        out.print(drawn)


def _least(texts: Sequence[str], wraps: bool) -> int:
    """Characters that a column needs: its head may be broken between words, and so may cells of words."""
    head, *cells = texts
    broken = [word for text in ([head, *cells] if wraps else [head]) for word in text.split()]
    return max(map(len, broken if wraps else [*broken, *cells]), default=1)


def _blocks(least: Sequence[int], width: int) -> list[list[int]]:
    """Divide columns among tables that fit into a width; the first column stands in each.

    Examples
    --------
    >>> _blocks([24, 10, 10, 10], 60)
    [[0, 1, 2], [0, 3]]
    """
    blocks: list[list[int]] = []
    room = 0
    for number, needed in enumerate(least[1:], 1):
        if needed + 3 > room:  # a frame and two blanks
            blocks.append([0])
            room = width - least[0] - 4
        blocks[-1].append(number)
        room -= needed + 3
    return blocks or [[0]]


def wrote(what: str, path: str | Path) -> None:
    """Say what was written and where."""
    say(f"{what}: {path}")


def say(text: str) -> None:
    """Print one line."""
    if not _said["quiet"]:
        print(text)


@contextmanager
def heard() -> Iterator[None]:
    """Take note of what the log tells inside, so that `notes` does not say it again."""

    def hear(record: LogRecord) -> bool:
        _told.add(record.getMessage())
        return True

    logger.addFilter(hear)
    try:
        yield
    finally:
        logger.removeFilter(hear)
        _told.clear()


def notes(texts: Iterable[str]) -> None:
    """Print the notes of a result that the log has not told."""
    for text in texts:
        if shortened(text) not in _told:
            say(f"note: {text}")


def warn(text: str) -> None:
    """Print a warning to standard error."""
    if not _said["quiet"]:
        print(f"eeg2fmri: warning: {text}", file=sys.stderr)


def fail(text: str) -> None:
    """Print an error to standard error."""
    print(f"eeg2fmri: error: {text}", file=sys.stderr)
