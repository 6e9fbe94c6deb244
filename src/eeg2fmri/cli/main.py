"""The command `eeg2fmri`: its sub-commands, and what happens when one fails."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from eeg2fmri import __version__
from eeg2fmri.cli import commands
from eeg2fmri.cli.common import Commands, logs_ended
from eeg2fmri.cli.console import fail, warn
from eeg2fmri.cli.stop import Stoppable
from eeg2fmri.core.deprecation import OldNameWarning
from eeg2fmri.core.errors import Eeg2FmriError, Problem
from eeg2fmri.core.log import ENVIRONMENT, use_log_level

#: Exit status after Ctrl-C, as shells have it.
INTERRUPTED = 130


NO_MEMORY = str(
    Problem(
        "the memory is used up",
        hint="end other programs, or ask for less: fewer voxels ('grid'), smaller batches, fewer jobs",
    )
)


app = typer.Typer(
    name="eeg2fmri",
    cls=Commands,
    help="Synthesise fMRI volumes from EEG, and see how much of every number came from the EEG.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _version(asked: bool) -> None:
    if asked:
        print(f"eeg2fmri {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None: ...


commands.register(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 an error in the input, 2 wrong arguments, 130 or 143 stopped."""
    warnings.showwarning = _plainly(warnings.showwarning)
    try:
        # the commands print the notes of their results
        with use_log_level(None if ENVIRONMENT in os.environ else "ERROR"):
            status = run(arguments)
    except KeyboardInterrupt:  # after the command
        status = INTERRUPTED
    sys.exit(status)


def _plainly(show: Callable[..., None]) -> Callable[..., None]:
    """Show warnings of ours as errors are shown, without the line of the program, and others as they were."""

    def shown(message: Warning | str, category: type[Warning], *place: object, **more: object) -> None:
        if issubclass(category, OldNameWarning):
            warn(str(message))
        else:
            show(message, category, *place, **more)

    return shown


def _of_system(error: OSError) -> str:
    """Say what the system refused, where, and what can be done."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        what, hint = "the disk is full", "make room and run the command again"
    elif isinstance(error, PermissionError):
        what, hint = "a file or folder may not be used", "ask for the permission, or name another path"
    elif isinstance(error, FileNotFoundError):
        what, hint = "a file or folder does not exist, or cannot be made there", "check the path"
    elif isinstance(error, (NotADirectoryError, FileExistsError, IsADirectoryError)):
        what, hint = "there is a file where a folder should be, or a folder where a file should be", "check the path"
    else:
        what, hint = "the system could not read or write", "check the path and the disk, and run the command again"
    names = [str(name) for name in (error.filename, error.filename2) if name is not None]
    return str(Problem(what, " to ".join(names), error.strerror or str(error) or type(error).__name__, hint=hint))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    with Stoppable() as stop:
        try:
            with logs_ended(), use_log_level(None):
                status = _run(arguments, stop)
                if status == INTERRUPTED:
                    fail(stop.said)
                    status = stop.status
        except KeyboardInterrupt:  # while the logs were ended
            fail(stop.said)
            status = stop.status
    return status


def _run(arguments: Sequence[str] | None, stop: Stoppable) -> int:
    try:
        status = app(args=list(arguments) if arguments is not None else None, standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as error:
        # matplotlib and torch turn a stop into errors of their own
        return INTERRUPTED if stop.asked else _failed(error)
    # typer returns the status of typer.Exit, and INTERRUPTED for Ctrl-C
    return status if isinstance(status, int) else 0


def _failed(error: Exception) -> int:
    """Show an error and return the exit status; one that nobody foresaw is raised again."""
    if isinstance(error, Eeg2FmriError):
        fail(str(error))
        return 1
    if isinstance(error, OSError):
        fail(_of_system(error))
        return 1
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "can't allocate memory" in str(error)):
        fail(NO_MEMORY)  # torch raises a RuntimeError
        return 1
    # typer's own usage errors know how to show themselves; anything else is a defect and keeps its traceback
    show = getattr(error, "show", None)
    if show is None:
        raise error
    show()
    return int(getattr(error, "exit_code", 2))
