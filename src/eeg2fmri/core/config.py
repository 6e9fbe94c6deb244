"""Settings: frozen, typed, checked all at once, read from and written to YAML or JSON."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from eeg2fmri.core.disk.files import write_text
from eeg2fmri.core.disk.parse import line_of, read_yaml
from eeg2fmri.core.errors import ConfigError, Eeg2FmriError, Problem

#: Seed of random draws, as every library takes it.
Seed = Annotated[int, Field(ge=0, lt=2**32)]

#: Bytes of a settings file, and values in it with every reference written out, that are more than any real one has.
LARGEST_FILE = 10_000_000
MOST_VALUES = 100_000


if TYPE_CHECKING:  # checkers know the fields of pydantic's own
    _Model = BaseModel
else:

    class _Constructed(type(BaseModel)):
        """Let constructors raise errors of ours; pydantic does not come this way for settings in settings."""

        def __call__(cls, /, *args: Any, **values: Any) -> Any:
            try:
                return super().__call__(*args, **values)
            except ValidationError as error:
                raise _own(cls, error, "") from None

    class _Model(BaseModel, metaclass=_Constructed):
        pass


class Config(_Model):
    """Base of every settings class: frozen, unknown keys forbidden.

    The constructor, `make` (of a dict of the user's) and `read` (of a file) turn every fault into one `ConfigError`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _truths_are_no_numbers(cls, values: Any) -> Any:
        """Refuse true and false, which YAML makes of yes, no, on and off, where a number is wanted."""
        for name, field in cls.model_fields.items() if isinstance(values, Mapping) else ():
            if isinstance(values.get(name), bool) and _wants_number(field.annotation):
                raise ValueError(f"'{name}' is a number, not {str(values[name]).lower()}")
        return values

    @classmethod
    def make(cls, values: dict[str, Any], *, where: str = "") -> Self:
        """Check `values` and build the settings.

        Raises
        ------
        ConfigError
            Naming every wrong key and value at once, with "did you mean" for unknown keys.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise _own(cls, error, where) from None

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read the settings from a YAML or JSON file.

        Raises
        ------
        ConfigError
            If the file is absent, is not YAML or JSON, or holds wrong settings.
        """
        return cls.make(read_mapping(path), where=str(path))

    @classmethod
    def take(cls, given: Self | Mapping[str, Any] | str | Path | None, *, where: str = "") -> Self:
        """Take settings as they are, or make them of a mapping, of a file, or of nothing: the defaults.

        Raises
        ------
        ConfigError
            See `make` and `read`.
        """
        return given if isinstance(given, cls) else cls.make(cls.given(given), where=where or place_of(given))

    @classmethod
    def given(cls, given: Config | Mapping[str, Any] | str | Path | None) -> dict[str, Any]:
        """List what was said of the settings, without the defaults of what was not.

        Raises
        ------
        ConfigError
            If the file cannot be read, or the settings are of another kind.
        """
        if given is None:
            return {}
        if isinstance(given, cls):
            return given.model_dump(exclude_unset=True)
        if isinstance(given, str | Path):
            return read_mapping(given)
        if isinstance(given, Mapping):
            return dict(given)
        raise ConfigError("these are no such settings", got=type(given).__name__, expected=cls.__name__)

    def write(self, path: str | Path) -> None:
        """Write the settings as YAML, or as JSON if the name ends in ``.json``."""
        values = self.model_dump(mode="json")
        text = (
            json.dumps(values, indent=2) + "\n"
            if Path(path).suffix == ".json"
            else yaml.safe_dump(values, sort_keys=False)
        )
        write_text(path, text)

    def fingerprint(self) -> str:
        """Return 64 hexadecimal digits that change with any setting (SHA-256 of the canonical JSON)."""
        return fingerprint(self.model_dump(mode="json"))


def _wants_number(annotation: Any) -> bool:
    """Say whether a type takes numbers, and no bool, among others."""
    kinds = {annotation, *get_args(annotation)}
    kinds |= {inner for kind in kinds for inner in get_args(kind)}
    return bool(kinds & {int, float}) and bool not in kinds


def fingerprint(values: Any) -> str:
    """SHA-256 of the canonical JSON of `values`, in hexadecimal."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def read_mapping(path: str | Path) -> dict[str, Any]:
    """Read a YAML or JSON file that holds one mapping.

    Raises
    ------
    ConfigError
        If the file is absent, unreadable, or holds something else.
    """
    path = Path(path)
    try:
        values = read_yaml(path, LARGEST_FILE)
        if not _bounded(values):
            raise ValueError("more values than settings can be, or references that lead into themselves")
    except FileNotFoundError:
        raise ConfigError("the settings file does not exist", where=str(path), hint="check the path") from None
    except (OSError, ValueError) as error:
        raise ConfigError(
            "the settings file cannot be read", where=str(path), got=str(error), expected="YAML or JSON"
        ) from None
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise ConfigError(
            "the settings file does not hold a mapping",
            where=str(path),
            got=type(values).__name__,
            expected="lines of 'key: value'",
        )
    return values


def _own(cls: type[BaseModel], error: ValidationError, where: str) -> Eeg2FmriError:
    """Make an error of ours of pydantic's; one that a validator raised, such as a leakage, stays what it is."""
    faults = error.errors(include_url=False)
    raised = (fault.get("ctx", {}).get("error") for fault in faults)
    own = next((one for one in raised if isinstance(one, Eeg2FmriError)), None)
    return own or ConfigError.of(_problem(cls, fault, where) for fault in faults)


def place_of(given: object) -> str:
    """Name the file that settings come from, if it is one."""
    return str(given) if isinstance(given, str | Path) else ""


def merged(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Put values in the place of others; where both are mappings, value by value."""
    both = {
        key: merged(base[key], more[key])
        for key in base
        if key in more and isinstance(base[key], Mapping) and isinstance(more[key], Mapping)
    }
    return {**base, **more, **both}


def _problem(cls: type[BaseModel], fault: Any, where: str) -> Problem:
    key = ".".join(str(part) for part in fault["loc"]) or cls.__name__
    line = line_of(Path(where), fault["loc"]) if where.endswith((".yaml", ".yml", ".json")) else None
    place = f"{where}, line {line}: {key}" if line else f"{where}: {key}" if where else key
    if fault["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(fault["loc"][-1]), _fields_at(cls, fault["loc"][:-1]), n=1)
        return Problem(
            "unknown setting",
            place,
            expected="one of " + ", ".join(sorted(_fields_at(cls, fault["loc"][:-1]))),
            hint=f"did you mean {near[0]!r}?" if near else "",
        )
    got = repr(fault.get("input"))
    return Problem(fault["msg"].removeprefix("Value error, "), place, got if len(got) < 200 else got[:200] + "...")


def _bounded(values: Any) -> bool:
    """Tell whether settings stay small when every reference is written out."""
    left, waiting = MOST_VALUES, [values]
    while waiting and left > 0:
        left -= 1
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list | tuple | set):
            waiting += value
        left -= max(0, len(waiting) - MOST_VALUES)
    return left > 0


def _fields_at(cls: type[BaseModel], loc: tuple[Any, ...]) -> list[str]:
    """Names of the settings at a nested place, or of the top where the place is not a settings class."""
    current: Any = cls
    for part in loc:
        field = getattr(current, "model_fields", {}).get(part)
        inner = field.annotation if field is not None else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return list(getattr(current, "model_fields", {}))
        current = inner
    return list(current.model_fields)
