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
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.eeg import EegConfig
from eeg2fmri.data.settings.prepare import PrepareConfig
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


def test_a_long_file_is_read_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eeg2fmri.data.timing.read_markers.BLOCK", 2 * 700)
    ((_, times),) = found(pulses(1.5)).items()
    np.testing.assert_allclose(times, STARTS)


def test_samples_that_are_not_finite_are_no_pulses() -> None:
    values = pulses(0.5, 3, 8)
    values[[10, 1000, 1001]] = np.nan
    assert set(found(values)) <= {"TTL/8", "TTL/0"}
    np.testing.assert_allclose(found(values)["TTL/8"], STARTS)
    assert found(np.full(6000, np.nan)) == {}
    assert found(np.full(6000, 7.0)) == {}


def test_every_code_is_a_marker_of_its_own() -> None:
    values = pulses(0.5, 0, 1)
    values[round(STARTS[3] * SFREQ) :][:50] = 16
    marked = found(values)
    np.testing.assert_allclose(marked["TTL/16"], STARTS[[3]])
    np.testing.assert_allclose(marked["TTL/1"], np.delete(STARTS, 3))


def test_of_more_values_rest_starts_and_ends_the_recording_or_is_the_most_common() -> None:
    values = np.full(6000, 2.0)
    values[500:3800], values[4000:4100] = 9.0, 4.0
    assert {name: list(times) for name, times in found(values).items()} == {"TTL/9": [5.0], "TTL/4": [40.0]}
    values[-10:] = 4.0
    assert {name: list(times) for name, times in found(values).items()} == {
        "TTL/2": [38.0, 41.0],
        "TTL/4": [40.0, 59.9],
    }


def test_up_to_64_values_are_codes_and_more_are_a_voltage() -> None:
    starts = np.arange(1, 59, 0.9)
    for codes, names in ((63, {f"TTL/{code}" for code in range(1, 64)}), (64, {"TTL/high"})):
        values = np.zeros(6000)
        for code, start in zip(range(1, codes + 1), starts, strict=False):
            values[round(start * SFREQ) :][:30] = code if codes == 63 else 1000 + code
        assert set(found(values)) == names


def test_values_near_whole_numbers_are_codes() -> None:
    wobble = 4e-4 * np.sin(np.arange(6000))
    assert set(found(pulses(0.5, 0, 2) + wobble)) == {"TTL/2"}
    assert set(found(pulses(0.5, 0, 2) + 100 * wobble)) == {"TTL/high"}


def test_noise_between_the_levels_changes_nothing() -> None:
    values = pulses(0.5, -1.0, 4.0)
    values[2050:2055] = 1.3  # between the two, while the channel rests
    ((_, times),) = found(values + 0.01).items()
    np.testing.assert_allclose(times, STARTS)


def test_of_pulses_that_fill_the_recording_rest_is_low_unless_hardly_ever() -> None:
    starts = np.arange(-1, 61, 2.0)
    often, seldom = (found(pulses(high_s, 1, 6, starts)) for high_s in (1.7, 1.9))
    assert (set(often), set(seldom)) == ({"TTL/6"}, {"TTL/1"})
    np.testing.assert_allclose(seldom["TTL/1"], starts[:-1] + 1.9)


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


@pytest.mark.parametrize(
    "annotations", [["eyes open", "eyes closed", "eyes open"], ["T0", "T1", "T2"], ["TR", "start", "stop"]]
)
def test_triggers_behind_annotations_give_each_volume_its_samples(annotations: list[str], two: Any) -> None:
    """Also where an annotation has the name of a volume marker and is none."""
    starts = two.onset_samples()
    for subject in ("01", "02"):
        header = two.eeg(subject, markers=np.array([], int))
        raw = mne.io.read_raw_brainvision(header, preload=True, verbose="error")
        status = np.zeros((1, raw.n_times))
        for start in starts:
            status[0, start : start + 90] = 8
        info = mne.create_info(["Status"], raw.info["sfreq"], ["stim"])
        raw.add_channels([mne.io.RawArray(status, info, verbose="error")], force_update_info=True)
        raw.set_annotations(mne.Annotations([0.5, 1.7, 4.1], 0.0, annotations), verbose="error")
        raw.save(header.with_suffix(".fif"), verbose="error")
        for suffix in (".vhdr", ".vmrk", ".eeg"):
            header.with_suffix(suffix).unlink()
    store = prepare(two.root, two.root.parent / "store", PrepareConfig())
    np.testing.assert_allclose(store.recordings[0].onsets, starts / two.sfreq)
    signal = two.eeg_signal("01")[: len(store.electrodes), starts[3] :][:, : round(store.tr * two.sfreq)]
    spectrum = np.abs(np.fft.rfft(signal))[:, 1 : len(store.frequencies) + 1]
    np.testing.assert_allclose(store.eeg(0)[3], spectrum, rtol=1e-3, atol=1e-8)
