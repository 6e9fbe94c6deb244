"""Channels that hold triggers: which level is rest, which edge is the volume, whatever name and unit they have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mne
import numpy as np
import pytest
import scipy.io
from tests.written_eeg import write_edf

from eeg2fmri.data.eeg.read import read_raw
from eeg2fmri.data.settings.eeg import EegConfig
from eeg2fmri.data.timing.read_markers import markers_of

SFREQ, TR = 100.0, 2.0
STARTS = np.arange(5, 55, 2.0)


def pulses(high_s: float, low: float = 0.0, high: float = 5.0, starts: np.ndarray = STARTS) -> np.ndarray:
    values = np.full(6000, float(low))
    for start in starts:
        values[max(0, round(start * SFREQ)) : round((start + high_s) * SFREQ)] = high
    return values


def found(values: np.ndarray) -> dict[str, np.ndarray]:
    info = mne.create_info(["Cz", "TTL"], SFREQ, ["eeg", "misc"])
    return markers_of(mne.io.RawArray(np.vstack([values * 0, values]), info, verbose="error"), "ttl")


@pytest.mark.parametrize("high_s", [0.02, 0.5, 1.5, 1.9])
@pytest.mark.parametrize("levels", [(0, 1), (0, 5), (255, 128), (5, 0)])
def test_a_volume_is_where_the_channel_leaves_its_rest(high_s: float, levels: tuple[float, float]) -> None:
    ((name, times),) = found(pulses(high_s, *levels)).items()
    np.testing.assert_allclose(times, STARTS)
    assert name == f"TTL/{levels[1]}"


@pytest.mark.parametrize("high_s", [0.02, 1.5])
def test_a_voltage_with_noise(high_s: float) -> None:
    noise = 0.3 * np.random.default_rng(0).standard_normal(6000)
    ((name, times),) = found(pulses(high_s, 0.2, 4.7) + noise).items()
    np.testing.assert_allclose(times, STARTS)
    assert name == "TTL/high"


def test_pulses_that_fill_the_whole_recording() -> None:
    starts = np.arange(-1, 61, 2.0)
    ((_, times),) = found(pulses(1.5, starts=starts)).items()
    np.testing.assert_allclose(times, starts[starts > 0])


def test_a_status_channel_behind_annotations() -> None:
    info = mne.create_info(["Cz", "STI 014"], SFREQ, ["eeg", "stim"])
    raw = mne.io.RawArray(np.vstack([np.zeros(6000), pulses(1.5, 0, 8)]), info, verbose="error")
    raw.set_annotations(mne.Annotations([3.0, 9.0], 0.0, ["eyes open", "eyes closed"]), verbose="error")
    assert set(markers_of(raw)) == {"eyes open", "eyes closed"}
    both = markers_of(raw, tr=TR)
    np.testing.assert_allclose(both["STI 014/8"], STARTS)
    assert "eyes open" in both


def test_an_edf_channel_in_microvolts(tmp_path: Path) -> None:
    data = 1e-5 * np.random.default_rng(1).standard_normal((3, 6000))
    data[2] = pulses(1.5, 0, 1.5e-4)
    path = write_edf(tmp_path / "x.edf", data, ["Cz", "Pz", "TTL"], 100, bdf=False)
    raw = read_raw(path, config=EegConfig(trigger_channel="TTL"))
    assert raw.get_channel_types() == ["eeg", "eeg", "stim"]
    ((_, times),) = markers_of(raw, "TTL").items()
    np.testing.assert_allclose(times, STARTS)


def test_a_row_of_an_array_with_a_name_of_its_own(tmp_path: Path) -> None:
    data = 10 * np.random.default_rng(1).standard_normal((3, 6000))
    data[2] = pulses(0.1, 0, 1)
    scipy.io.savemat(tmp_path / "x.mat", {"eeg": data})
    settings: dict[str, Any] = {"variable": "eeg", "sfreq": SFREQ, "rows": ["Cz", "Pz", "scan"]}
    raw = read_raw(tmp_path / "x.mat", config=EegConfig.make({"matlab": settings, "trigger_channel": "scan"}))
    assert raw.get_channel_types() == ["eeg", "eeg", "stim"]
    np.testing.assert_allclose(markers_of(raw, "scan")["scan/1"], STARTS)
