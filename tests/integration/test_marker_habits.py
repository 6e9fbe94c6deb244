"""Each habit of markers is right to the sample, or is refused with words that lead on to what is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from tests.integration.marker_habits import HABITS, SFREQ, Habit, Written, table, write

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.store.store import Store

PAGE = Path(__file__).parents[2] / "docs" / "markers.md"


def check(habit: Habit, written: Written, store: Store) -> None:
    """Every row is the spectrum of the samples of its own volume."""
    (recording,) = store.recordings
    assert recording.n_volumes == habit.kept
    volumes = range(habit.first, habit.first + habit.kept)
    expected = np.round(written.onsets[volumes] * SFREQ)
    np.testing.assert_array_equal(np.round(np.asarray(recording.onsets) * SFREQ), expected)
    samples = round(habit.tr * SFREQ)
    for row, volume in enumerate(volumes):
        np.testing.assert_allclose(store.bold(0)[row], written.image[..., volume], rtol=1e-6)
        at = int(expected[row])
        spectrum = np.abs(np.fft.rfft(written.eeg[: len(store.electrodes), at : at + samples]))[:, 1:]
        np.testing.assert_allclose(store.eeg(0)[row], spectrum[:, : len(store.frequencies)], rtol=1e-3, atol=1e-8)


@pytest.mark.parametrize("name", HABITS)
def test_right_or_refused_with_a_way_on(name: str, tmp_path: Path) -> None:
    habit = HABITS[name]
    written = write(habit, tmp_path / "bids")
    if habit.refused:
        with pytest.raises(InputError, match=habit.refused) as caught:
            prepare(written.root, tmp_path / "refused", PrepareConfig())
        if name == "channel":
            assert "eeg: {trigger_channel: NAME}" in str(caught.value)
        elif name not in ("only_sync", "last"):
            assert all(line in str(caught.value) for line in habit.way.splitlines())
    check(habit, written, prepare(written.root, tmp_path / "out", PrepareConfig.make(yaml.safe_load(habit.way) or {})))


def test_the_documentation_has_the_table() -> None:
    assert table() in PAGE.read_text(encoding="utf-8"), f"put this into {PAGE.name}:\n{table()}"
