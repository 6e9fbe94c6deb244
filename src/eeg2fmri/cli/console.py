"""What the commands print: progress bars, tables, the name of what was written, errors without a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from eeg2fmri.core.progress import Progress

if TYPE_CHECKING:
    from rich.console import Console

#: Characters in a line of a file or pipe.
WIDTH = 130


def console(*, stderr: bool = False) -> Console:
    """Return a console on standard output, or on standard error; where it is no terminal, lines are not cut at 80."""
    from rich.console import Console

    out = Console(stderr=stderr, highlight=False, soft_wrap=True)
    if not out.is_terminal:
        out.width = max(out.width, WIDTH)
    return out


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Give a `Progress` that draws one bar for each named task, with the time left, on standard error.

    Where standard error is not a terminal, a line is printed when each task, and each epoch of a training, is
    complete, with the time left.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    out = console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=out, disable=not out.is_terminal) as bars:
        tasks: dict[str, int] = {}
        told: dict[str, str] = {}

        def update(what: str, done: float, total: float) -> None:
            # a text such as "Epoch 2/10, loss 0.41" goes on in the bar that its first word opened
            key = what.split()[0]
            if key not in tasks:
                tasks[key] = bars.add_task(what, total=total)
            bars.update(bars.task_ids[tasks[key]], description=what, completed=done, total=total)
            if out.is_terminal:
                return
            before = told.get(key, what)
            if before.split(",")[0] != what.split(",")[0]:
                left = bars.tasks[tasks[key]].time_remaining
                print(before if left is None else f"{before}, {_duration(left)} left", file=sys.stderr)
            if done >= total:
                print(f"{what}: done", file=sys.stderr)
            told[key] = what

        yield update


def _duration(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "") -> None:
    """Print a table; the first column is text, the others are numbers."""
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title, caption=caption or None, title_justify="left", caption_justify="left")
    for number, column in enumerate(columns):
        # the names need room more than the numbers do
        drawn.add_column(column, justify="right" if number else "left", min_width=None if number else 24)
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    console().print(drawn)


def wrote(what: str, path: str | Path) -> None:
    """Say what was written and where."""
    print(f"{what}: {path}")


def say(text: str) -> None:
    """Print one line."""
    print(text)


def warn(text: str) -> None:
    """Print a warning to standard error."""
    print(f"eeg2fmri: warning: {text}", file=sys.stderr)


def fail(text: str) -> None:
    """Print an error to standard error."""
    print(f"eeg2fmri: error: {text}", file=sys.stderr)
