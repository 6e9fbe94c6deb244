"""The record of every reading of the test recordings: a test part that is read to choose is no test part."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eeg2fmri import __version__
from eeg2fmri.core.disk.files import write_json
from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.evaluate.inputs.open_run import OpenRun


def record_reading(run: OpenRun, folder: Path, seed: int) -> list[dict[str, Any]]:
    """Add this reading to ``reads.json``, before anything is read.

    Parameters
    ----------
    run : OpenRun
    folder : Path
        Evaluation folder of the run.
    seed : int
        Of the draws of the evaluation.

    Returns
    -------
    list of dict
        All readings so far, this one last.

    Raises
    ------
    CheckpointError
        If the record is damaged.
    """
    path = folder / "reads.json"
    reads: list[dict[str, Any]] = []
    if path.exists():
        try:
            kept = read_json(path)
            if not isinstance(kept, list):
                raise TypeError(f"a list is expected, and it is {kept!r:.40}")
            reads = [dict(read) for read in kept]
            json.dumps(reads, allow_nan=False)  # they are written again
        except (OSError, ValueError, TypeError) as error:
            raise CheckpointError(
                "the record of earlier evaluations is damaged",
                where=str(path),
                got=str(error),
                hint="remove it if it cannot be restored; how often the test part was read is then unknown",
            ) from None
    reads.append(
        {
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "store_hash": run.store.hash,
            "weights": run.loaded.digest,
            "protocol": run.split.label,
            "recordings": list(run.split.test),
            "seed": seed,
            "eeg2fmri": __version__,
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_json(path, reads)
    return reads


def reading_note(reads: Sequence[dict[str, Any]]) -> str:
    """Say how often the test recordings were read; empty for the first time."""
    if len(reads) < 2:
        return ""
    versions = len({str(read.get("weights")) for read in reads})
    of = "the same weights" if versions == 1 else f"{versions} versions of the weights"
    return (
        f"The test recordings were read {len(reads)} times by this run, with {of}: if what was read led to any choice, "
        "the scores are too good."
    )
