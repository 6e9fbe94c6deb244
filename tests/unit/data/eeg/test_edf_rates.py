"""EDF files whose channels have different rates: electrodes are read at their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eeg2fmri.core.random import generator
from eeg2fmri.data.eeg.formats.edf import channel_rates
from eeg2fmri.data.eeg.read import read_raw
from eeg2fmri.data.settings.eeg import EegConfig
from eeg2fmri.data.timing.read_markers import markers_of

NAMES, SFREQ, SECONDS = ["Fz", "Cz", "Pz"], 100, 20


def signal() -> np.ndarray:
    return np.round(generator(0, "edf").standard_normal((3, SFREQ * SECONDS)) * 2e-5 / 1e-8) * 1e-8


def write_edf(path: Path, data: np.ndarray, others: dict[str, np.ndarray]) -> Path:
    """EDF of one record a second (Kemp et al., 1992), whole numbers of 0.01 uV; others have rates of their own."""
    rows = dict(zip(NAMES, data / 1e-8, strict=True)) | others
    n = len(rows)
    fields: list[tuple[list[Any], int]] = [
        (list(rows), 16), ([""] * n, 80), (["uV"] * n, 8), ([-327.67] * n, 8), ([327.67] * n, 8),
        ([-32767] * n, 8), ([32767] * n, 8), ([""] * n, 80), ([len(one) // SECONDS for one in rows.values()], 8),
        ([""] * n, 32),
    ]  # fmt: skip
    head = b"0".ljust(8) + b" ".ljust(160) + b"01.01.2010.00.00" + str(256 * (n + 1)).encode().ljust(8) + b" " * 44
    head += str(SECONDS).encode().ljust(8) + b"1".ljust(8) + str(n).encode().ljust(4)
    head += b"".join(str(value).encode().ljust(size) for values, size in fields for value in values)
    body = b"".join(
        np.round(one.reshape(SECONDS, -1)[second]).astype("<i2").tobytes()
        for second in range(SECONDS)
        for one in rows.values()
    )
    path.write_bytes(head + body)
    return path


@pytest.fixture
def fast_ecg() -> np.ndarray:
    return 1000 * np.sin(2 * np.pi * 3 * np.arange(4 * SFREQ * SECONDS) / (4 * SFREQ))


def test_a_faster_channel_does_not_interpolate_the_electrodes(tmp_path: Path, fast_ecg: np.ndarray) -> None:
    path = write_edf(tmp_path / "a_eeg.edf", signal(), {"ECG": fast_ecg})
    assert channel_rates(path) == [("Fz", 100), ("Cz", 100), ("Pz", 100), ("ECG", 400)]
    notes: list[str] = []
    raw = read_raw(path, notes)
    assert raw.info["sfreq"] == SFREQ
    np.testing.assert_allclose(raw.get_data(picks=NAMES), signal(), atol=1e-12)
    assert "channels sampled faster than the electrodes (100 Hz), left out: ECG (400 Hz)" in notes


def test_a_faster_channel_that_is_used_comes_to_the_rate_of_the_electrodes(
    tmp_path: Path, fast_ecg: np.ndarray
) -> None:
    path = write_edf(tmp_path / "a_eeg.edf", signal(), {"ECG": fast_ecg})
    raw = read_raw(path, config=EegConfig(keep=("ecg",)))
    assert raw.info["sfreq"] == SFREQ
    expected = 1000 * np.sin(2 * np.pi * 3 * np.arange(SFREQ * SECONDS) / SFREQ) * 1e-8
    inner = slice(50, -50)
    np.testing.assert_allclose(raw.get_data(picks=["ECG"])[0][inner], expected[inner], atol=1e-7)
    np.testing.assert_allclose(raw.get_data(picks=NAMES), signal(), atol=1e-12)


@pytest.mark.parametrize("label", ["Trigger", "TTL"])
@pytest.mark.parametrize("width", [1, 3, 1300])
def test_pulses_of_a_faster_trigger_channel_are_not_lost(width: int, label: str, tmp_path: Path) -> None:
    trigger = np.zeros(8 * SFREQ * SECONDS)
    onsets = np.arange(1603, len(trigger) - width, 1600)  # every 2 s, between samples of the electrodes
    for onset in onsets:
        trigger[onset : onset + width] = 5
    path = write_edf(tmp_path / "a_eeg.edf", signal(), {label: trigger})
    values = read_raw(path).get_data(picks=[label])[0]
    high = values > values.max() / 2
    times = (np.flatnonzero(high[1:] & ~high[:-1]) + 1) / SFREQ
    assert len(times) == len(onsets)
    assert np.abs(times - onsets / (8 * SFREQ)).max() < 1 / SFREQ


@pytest.mark.parametrize("label", ["Status", "TRIGGER", "TTL"])
def test_pulses_of_microvolts_are_seen_whatever_the_channel_is_called(label: str, tmp_path: Path) -> None:
    trigger = np.zeros(SFREQ * SECONDS)
    onsets = np.arange(150, len(trigger) - 20, 200)
    for onset in onsets:
        trigger[onset : onset + 20] = 300
    path = write_edf(tmp_path / "a_eeg.edf", signal(), {label: trigger})
    np.testing.assert_array_equal(markers_of(read_raw(path))[f"{label}/high"], onsets / SFREQ)


def test_a_slower_channel_changes_nothing(tmp_path: Path) -> None:
    path = write_edf(tmp_path / "a_eeg.edf", signal(), {"SpO2": np.zeros(SECONDS)})
    notes: list[str] = []
    raw = read_raw(path, notes)
    assert raw.info["sfreq"] == SFREQ
    np.testing.assert_allclose(raw.get_data(picks=NAMES), signal(), atol=1e-12)
    assert not any("sampled" in note for note in notes)
