"""Settings of a command: those of its file, and before them those of its options."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def read_settings(config: Path | None, **given: Any) -> dict[str, Any]:
    """Read the settings file, if there is one, and put the options that were given (not None) in their place.

    Raises
    ------
    ConfigError
        If the file cannot be read.
    """
    from eeg2fmri.core.config import read_mapping

    values = read_mapping(config) if config else {}
    return values | {name: value for name, value in given.items() if value is not None}
