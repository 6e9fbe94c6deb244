"""Say where each value comes from that a command would use: a default, a preset, a recipe, a file, or an option."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from eeg2fmri.cli.defaults import DEFAULTS

if TYPE_CHECKING:
    from eeg2fmri.core.config import Config

#: Context of the command whose values are to be printed.
_asked: ContextVar[Any] = ContextVar("asked", default=None)


@contextmanager
def asked(ctx: Any) -> Iterator[None]:
    """Have the command print its values in place of working."""
    token = _asked.set(ctx)
    try:
        yield
    finally:
        _asked.reset(token)


def print_if_asked(
    settings: Config | Mapping[str, Any],
    config: Path | None,
    options: Mapping[str, Any],
    beneath: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Print each value that a command would use with its source and end the command, if that is asked for.

    A command calls it as soon as its settings are made and before it does anything.

    Parameters
    ----------
    settings : Config or mapping
        What the command uses.
    config : Path or None
        File of settings.
    options : mapping
        Settings that options give.
    beneath : mapping of str to mapping, optional
        What gives settings that go behind those of file and options, with these.
    """
    ctx = _asked.get()
    if ctx is None:
        return
    from eeg2fmri.core.config import Config, read_mapping

    sources = {"option": options, f"file {config}": read_mapping(config) if config else {}, **(beneath or {})}
    if isinstance(settings, Config):
        dumped = settings.model_dump(mode="json")  # which leaves out some that are at their defaults
        settings = {name: dumped.get(name, getattr(settings, name)) for name in type(settings).model_fields}
    rows = options_of(ctx)
    for keys, value in _leaves(settings):
        source = next((name for name, values in sources.items() if _holds(values, keys)), "default")
        rows.append((".".join(keys), _shown(value), source))
    print_values(rows)
    raise typer.Exit


def options_of(ctx: Any) -> list[tuple[str, str, str]]:
    """List name, value and source of the arguments and options that are no settings."""
    found = []
    for one in ctx.command.params:
        if one.name in ctx.params and not getattr(one, "hidden", False) and (ctx.info_name, one.name) not in DEFAULTS:
            given = ctx.get_parameter_source(one.name).name != "DEFAULT"
            found.append((one.name, _shown(ctx.params[one.name]), one.param_type_name if given else "default"))
    return found


def print_values(rows: list[tuple[str, str, str]]) -> None:
    """Print rows of name, value and source."""
    width = max((len(name) for name, _, _ in rows), default=0)
    for name, value, source in rows:
        print(f"{name:<{width}}  {value}  # {source}")


def _leaves(values: Mapping[str, Any], above: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    found: list[tuple[tuple[str, ...], Any]] = []
    for key, value in values.items():
        inner = _leaves(value, (*above, key)) if isinstance(value, Mapping) and value else [((*above, key), value)]
        found += inner
    return found


def _holds(values: Any, keys: tuple[str, ...]) -> bool:
    for key in keys:
        if not isinstance(values, Mapping):
            return True
        if key not in values:
            return False
        values = values[key]
    return True


def _shown(value: Any) -> str:
    return json.dumps(getattr(value, "value", value), default=str)
