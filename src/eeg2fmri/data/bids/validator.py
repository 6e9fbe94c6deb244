"""Ask the BIDS validator about a data set, where it is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from eeg2fmri.core.errors import InputError, Problem

#: Its programs: the package bids-validator-deno of PyPI, and that of npm.
PROGRAMS = ("bids-validator-deno", "bids-validator")


def find_validator() -> str | None:
    """Find the program on the path, or beside the Python that runs."""
    beside = Path(sys.executable).parent
    return next((found for name in PROGRAMS if (found := shutil.which(name) or shutil.which(name, path=beside))), None)


def check_bids(root: Path) -> bool:
    """Refuse a data set in which the BIDS validator finds errors.

    Returns
    -------
    bool
        False where there is no validator, or none that could be run.

    Raises
    ------
    InputError
        With every error that it found.
    """
    program = find_validator()
    if program is None:
        return False
    call = [program, str(root), "--format", "json"]
    answer = subprocess.run(call, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    try:
        issues = json.loads(answer.stdout)["issues"]["issues"]
        errors = [issue for issue in issues if issue["severity"] == "error"]
    except (ValueError, KeyError, TypeError):  # another version of it, or it failed by itself
        return False
    if errors:
        raise InputError.of(
            Problem(
                f"the BIDS validator: {issue['code']}",
                str(issue.get("location", root)),
                str(issue.get("subCode", "")),
                hint="mend it, or say --skip-bids-validation",
            )
            for issue in errors
        )
    return True
