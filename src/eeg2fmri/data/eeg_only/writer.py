"""Writing of EEG-only stores."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.config import fingerprint
from eeg2fmri.core.disk.digest import CONTENT, content_digest
from eeg2fmri.data.eeg_only.store import FORMAT, SIGNAL, VERSION, EegOnlyConfig, EegRecording
from eeg2fmri.data.store.format import MANIFEST, META, seal
from eeg2fmri.data.store.writer import StoreWriter


def write_recording(folder: Path, recording: EegRecording, signal: np.ndarray) -> dict[str, dict[str, Any]]:
    """Write signal and facts of a recording; return size and digest of each file."""
    np.save(folder / SIGNAL, np.ascontiguousarray(signal, np.float32))
    meta = {key: value for key, value in vars(recording).items() if key != "id"}
    (folder / META).write_text(json.dumps(meta, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return {
        name: {"size": (folder / name).stat().st_size, CONTENT: content_digest(folder / name)}
        for name in (SIGNAL, META)
    }


class EegStoreWriter(StoreWriter):
    """Context that gives a temporary folder, and turns it into an EEG-only store at the end."""

    def complete(
        self,
        files: dict[str, dict[str, dict[str, Any]]],
        config: EegOnlyConfig,
        electrodes: Sequence[str],
        positions: np.ndarray,
        classes: Sequence[str],
        notes: Sequence[str],
    ) -> None:
        """Write the manifest; the store takes its name when the context ends.

        Parameters
        ----------
        files : dict
            Size and digest of every file of every recording: id to file name to facts.
        config, electrodes, positions, classes, notes
            See `EegStore`.
        """
        manifest: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "hash": fingerprint([FORMAT, VERSION, config.model_dump(mode="json"), files]),
            "config": config.model_dump(mode="json"),
            "electrodes": list(electrodes),
            "positions": [None if np.isnan(place).any() else [float(v) for v in place] for place in positions],
            "classes": list(classes),
            "notes": list(notes),
            "recordings": [{"id": name, "files": facts} for name, facts in files.items()],
        }
        manifest["seal"] = seal(manifest)
        text = json.dumps(manifest, indent=1, allow_nan=False) + "\n"
        (self.temporary / MANIFEST).write_text(text, encoding="utf-8")
        self._finished = True
