"""Give every command the same options: how much is said, a log file, and where each value comes from."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from eeg2fmri.cli import console
from eeg2fmri.cli.defaults import DEFAULTS
from eeg2fmri.core.log import set_log_level


class Command(TyperCommand):
    """A command with `COMMON` after its own options."""

    def get_params(self, ctx: Any) -> Any:
        """Give its own parameters, the common ones that it does not have itself, and the help."""
        own: list[Any] = super().get_params(ctx)
        last = own.pop()
        for one in own:
            if one.param_type_name == "option" and one.default is None and one.show_default in (None, True, False):
                one.show_default = DEFAULTS.get((ctx.info_name, one.name), "none")
        taken = {name for one in (*own, last) for name in one.opts}
        return [*own, *(one for one in COMMON if not taken & set(one.opts)), last]

    def invoke(self, ctx: Any) -> Any:
        """Print where values come from in place of working, if that is asked for."""
        if not ctx.meta.pop(PRINT, False):
            return super().invoke(ctx)
        return self.print_values(ctx)

    def print_values(self, ctx: Any) -> Any:
        """Print the options with their sources."""
        from eeg2fmri.cli.sources import options_of, print_values

        print_values(options_of(ctx))


class WithSettings(Command):
    """A command that makes settings of a file and options and gives them to `eeg2fmri.cli.sources.print_if_asked`."""

    def print_values(self, ctx: Any) -> Any:
        """Let the command come as far as its settings."""
        from eeg2fmri.cli.sources import asked

        with asked(ctx):
            return super(Command, self).invoke(ctx)


class Commands(TyperGroup):
    """Sub-commands, each with its whole summary."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the sub-commands; click would cut their summaries at the width of the terminal."""
        listed = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, one.get_short_help_str(limit=1000)) for name, one in listed if one is not None]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


#: Mark in the context that values are to be printed.
PRINT = "eeg2fmri.print_config"


def _quiet(given: bool) -> None:
    console.quiet(given)


def _verbose(given: bool) -> None:
    if given:
        set_log_level("INFO")
        _logs.enter_context(console.heard())


def _log_file(given: Path | None) -> None:
    if given is not None:
        _logs.callback(log_to(given))


def _print_config(ctx: typer.Context, given: bool) -> None:
    ctx.meta[PRINT] = given


def _shared(
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.", callback=_quiet)] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Say more of what is done.", callback=_verbose)] = False,
    log_file: Annotated[
        Path | None,
        typer.Option(
            help="File to which all that is said is added, with times.", callback=_log_file, show_default="none"
        ),
    ] = None,
    print_config: Annotated[
        bool,
        typer.Option(
            "--print-config",
            help="Print what would be used, and where each value is from, and stop.",
            callback=_print_config,
        ),
    ] = False,
) -> None: ...


def _options() -> list[Any]:
    """Make options of the arguments of `_shared`, whose values go to no command."""
    app = typer.Typer(add_completion=False)
    app.command()(_shared)
    made = list(typer.main.get_command(app).params)
    for one in made:
        one.expose_value = False
    return made


COMMON = _options()


#: What ends the log files of a command, after its last word.
_logs = ExitStack()


@contextmanager
def logs_ended() -> Iterator[None]:
    """End the log files that are begun inside."""
    try:
        yield
    finally:
        _logs.close()


def log_to(path: Path) -> Any:
    """Add everything that is said, the log among it, to a file; return what ends that.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    from eeg2fmri.core.disk.files import told_of

    with told_of(path):
        handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (_Copied(stream, handler) for stream in before)

    def end() -> None:
        sys.stdout, sys.stderr = before
        handler.close()

    return end


class _Copied:
    """A stream whose whole lines also go to a log file."""

    def __init__(self, stream: Any, handler: logging.Handler) -> None:
        self._stream, self._handler, self._open = stream, handler, ""

    def write(self, text: str) -> int:
        """Write to the stream, and lines that are whole to the file; what a terminal draws anew is no line."""
        *lines, self._open = (self._open + text).split("\n")
        for line in lines:
            if line.strip() and "\x1b" not in line and "\r" not in line:
                self._handler.handle(logging.LogRecord("eeg2fmri", logging.INFO, "", 0, line, None, None))
        return int(self._stream.write(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
