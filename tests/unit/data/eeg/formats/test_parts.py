"""Recordings in several files: read one after the other, and each a source."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.lookalikes_simultaneous import brainvision, eeg

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.eeg.read import eeg_files, named_files, read_raw
from eeg2fmri.data.settings.eeg import EegConfig
from eeg2fmri.data.timing.pauses import pauses_of
from eeg2fmri.data.timing.read_markers import markers_of

NAMES = ("Fz", "Cz")


def written(folder: Path, label: str, seconds: float, names: tuple[str, ...] = NAMES, sfreq: float = 200.0) -> Path:
    header = folder / f"sub-01_task-rest_{label}_eeg.vhdr"
    brainvision(header, eeg(label, seconds, sfreq, names), names, sfreq, [("Response", "R128", 1.5)])
    return header


@pytest.mark.parametrize(("key", "config"), [("split", EegConfig()), ("run", EegConfig(runs="parts"))])
def test_parts_follow_each_other_with_a_pause(key: str, config: EegConfig, tmp_path: Path) -> None:
    first, second = (written(tmp_path, f"{key}-{k:02}", 4.0) for k in (1, 2))
    notes: list[str] = []
    raw = read_raw(first, notes, config)
    samples = [eeg(f"{key}-{k:02}", 4.0, 200.0, NAMES) for k in (1, 2)]
    np.testing.assert_allclose(raw.get_data(), np.hstack(samples), atol=1e-9)
    assert [(pause.start_s, pause.lost_s) for pause in pauses_of(raw)] == [(4.0, None)]
    np.testing.assert_allclose(markers_of(raw)["Response/R128"], [1.5, 5.5])
    assert any("read one after the other: " in note for note in notes)
    for files in (eeg_files(first, config), named_files(first, config)):
        assert second in files
        assert second.with_suffix(".vmrk") in files


def test_runs_are_recordings_of_their_own_where_nothing_is_said(tmp_path: Path) -> None:
    first, _ = (written(tmp_path, f"run-{k:02}", 4.0) for k in (1, 2))
    assert read_raw(first).n_times == 800


@pytest.mark.parametrize(
    ("other", "message"), [({"names": ("Fz", "Pz")}, "Fz, Pz(.|\n)*Fz, Cz"), ({"sfreq": 250.0}, "250 Hz(.|\n)*200 Hz")]
)
def test_parts_that_do_not_fit_each_other(other: dict, message: str, tmp_path: Path) -> None:
    first = written(tmp_path, "split-01", 4.0)
    written(tmp_path, "split-02", 4.0, **other)
    with pytest.raises(InputError, match="the parts of a recording differ(.|\n)*split-02(.|\n)*" + message):
        read_raw(first)
