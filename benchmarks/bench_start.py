"""Start-up: a user waits for these every time."""

from __future__ import annotations

from benchmarks.common import Row, at_most, process_seconds


def measure() -> list[Row]:
    bare = process_seconds("-c", "pass")
    return [
        at_most("eeg2fmri --help", process_seconds("-m", "eeg2fmri", "--help"), "s", 0.5),
        at_most("eeg2fmri train --help", process_seconds("-m", "eeg2fmri", "train", "--help"), "s", 0.5),
        at_most("import eeg2fmri", process_seconds("-c", "import eeg2fmri") - bare, "s", 0.2),
    ]
