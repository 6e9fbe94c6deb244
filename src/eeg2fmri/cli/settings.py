"""Settings of a command: those of its file, and before them those of its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

#: `--n-jobs` as it was spelt before; see `jobs_of`.
OldJobs = Annotated[int | None, typer.Option("--jobs", min=1, hidden=True)]


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


def jobs_of(n_jobs: int, jobs: int | None) -> int:
    """Take the number of jobs from ``--n-jobs``, or from ``--jobs`` with a warning."""
    from eeg2fmri.core.deprecation import deprecated

    if jobs is None:
        return n_jobs
    deprecated("--jobs", "--n-jobs", since="0.1", removed="0.3")
    return jobs
