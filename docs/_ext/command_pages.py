"""Every command and option of the command line as Markdown, read from the application itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints


def commands() -> str:
    """Return one section a command: what it does, usage, arguments, options, example."""
    import typer.main

    from eeg2fmri.cli.main import app

    return "\n".join(_commands(typer.main.get_command(app), "eeg2fmri"))


def _commands(group: Any, path: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{path} {name}")
        elif not command.hidden:
            yield from _section(command, f"{path} {name}")


def _section(command: Any, path: str) -> Iterator[str]:
    hints = get_type_hints(inspect.unwrap(command.callback), include_extras=True)
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    shown = " ".join(_metavar(one) if one.required else f"[{_metavar(one)}]" for one in arguments)
    words, _, example = (command.help or "").partition("Example:")
    yield f"## `{path}`\n"
    yield f"{' '.join(words.split())}\n"
    yield f"```text\n{path} {'[OPTIONS] ' if options else ''}{shown}\n```\n"
    if example.strip():
        yield f"Example:\n\n```text\n{' '.join(example.split())}\n```\n"
    if arguments:
        yield "| argument | meaning |\n|---|---|"
        for one in arguments:
            yield f"| `{_metavar(one)}` | {_cell(one.help)} |"
        yield ""
    if options:
        yield "| option | value | default | meaning |\n|---|---|---|---|"
        for one in options:
            names = ", ".join(f"`{name}`" for name in (*one.opts, *one.secondary_opts))
            yield f"| {names} | {_value(one, hints)} | {_default(one)} | {_cell(one.help)} |"
        yield ""


def _metavar(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name).upper()


def _value(option: Any, hints: dict[str, Any]) -> str:
    """Say what an option takes, from the annotation of the function behind the command."""
    if option.is_flag:
        return "none"
    annotation, *extras = get_args(hints[option.name])
    kinds = [kind for kind in get_args(annotation) or (annotation,) if kind is not NoneType]
    words = ", ".join(_kind(kind) for kind in kinds)
    for extra in extras:
        low, high = getattr(extra, "min", None), getattr(extra, "max", None)
        words += "" if low is None else f", {low:g} or more" if high is None else f", {low:g} to {high:g}"
    return words


def _kind(kind: Any) -> str:
    if get_args(kind):
        return " ".join(_kind(part) for part in get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ", ".join(f"`{member.value}`" for member in kind)
    return {int: "integer", float: "number", str: "text", Path: "path"}.get(kind, kind.__name__.lower())


def _default(option: Any) -> str:
    if option.required:
        return "required"
    default = option.default.value if isinstance(option.default, Enum) else option.default
    return "" if default is None or default is False or callable(default) else f"`{default}`"


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", r"\|").replace("<", "&lt;")
