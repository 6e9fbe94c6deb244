"""Predict a BIDS folder, write its pages, and say what was done and what was not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eeg2fmri.cli.console import progress_bar, say, table, warn, wrote

if TYPE_CHECKING:
    from eeg2fmri.data.bids.labels import Labels
    from eeg2fmri.data.prepare.new_recording import Cleaning
    from eeg2fmri.results.predictions import Predictions

#: Exit status where some recordings were done, and others could not be; 1 where none could.
SOME_LEFT_OUT, NONE_DONE = 3, 1


def predict_data_set(
    run: str | Path,
    bids_root: Path,
    out: Path,
    labels: Labels,
    settings: Mapping[str, Any],
    cleaning: Cleaning = "replay",
    n_jobs: int = 1,
) -> int:
    """Predict every recording that is asked for, write the pages, print a summary, and return the exit status."""
    from eeg2fmri.predict.folder import predict_folder
    from eeg2fmri.report import write_predictions

    with progress_bar() as progress:
        found = predict_folder(
            run, bids_root, out, labels=labels, cleaning=cleaning, settings=settings, n_jobs=n_jobs, progress=progress
        )
        page = write_predictions(out, progress=progress)
    return told(found, page)


def told(found: Predictions, page: Path) -> int:
    """Print what was done and what was left out, and return the exit status."""
    notes: dict[str, int] = {}
    for one in found.done:
        for text in one.notes:
            notes[text] = notes.get(text, 0) + 1
    for text, times in notes.items():
        say(f"note: {text}" + (f" ({times} recordings)" if times > 1 else ""))
    if found.left_out:
        table(
            "Left out",
            ("recording", "reason"),
            [(one.id, one.reason) for one in found.left_out],
            "The report says what can be done.",
        )
    wrote(f"{len(found.done)} of {len(found.recordings)} recordings", found.folder)
    wrote("report", page)
    if not found.left_out:
        return 0
    warn(f"{len(found.left_out)} of {len(found.recordings)} recordings could not be done; the same command tries again")
    return SOME_LEFT_OUT if found.done else NONE_DONE
