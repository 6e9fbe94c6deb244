from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.random import generator
from eeg2fmri.data.eeg.electrodes.channel_names import channel_problems, electrode_names
from eeg2fmri.data.eeg.read import eeg_files, read_raw
from eeg2fmri.data.eeg.sample_checks import SignalChecks
from eeg2fmri.data.features.spectrogram import spectrogram
from eeg2fmri.data.prepare.new_recording import Wanted, new_recording
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.timing.read_markers import markers_of
from eeg2fmri.data.timing.without_bold import Clock

NAMES = ["Fz", "Cz", "Pz", "O1"]
FREQUENCIES = np.arange(1, 50) / 2.0
WANTED = Wanted(tuple(NAMES), FREQUENCIES, 2.0)


def raw_spectrogram(
    recording: Any, electrodes: Any, frequencies: Any, tr: float, config: PrepareConfig | None = None, **times: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Give what a model sees of a recording, and when."""
    wanted = Wanted(tuple(electrodes), np.asarray(frequencies), tr)
    new = new_recording(recording, wanted, config or PrepareConfig(), clock=Clock(**times))
    return new.spectrogram(), new.onsets


@pytest.fixture
def header(bids: Any) -> Path:
    return bids.eeg("01")


def test_electrodes_by_type_and_bad_ones_by_status(header: Path) -> None:
    table = header.with_name("sub-01_task-rest_channels.tsv")
    table.write_text(table.read_text().replace("Pz\tEEG\tµV\tgood", "Pz\tEEG\tµV\tbad"))
    raw = read_raw(header)
    assert not raw.preload
    assert electrode_names(raw) == NAMES
    assert raw.info["bads"] == ["Pz"]


def test_without_a_channel_table_names_tell_what_is_no_eeg(bids: Any) -> None:
    notes: list[str] = []
    raw = read_raw(bids.eeg("01", channels_tsv=False), notes)
    assert electrode_names(raw) == NAMES
    assert notes == ["no channels.tsv: ECG taken for no EEG by name"]


def test_values_are_volts(header: Path, bids: Any) -> None:
    np.testing.assert_allclose(read_raw(header).get_data(), bids.eeg_signal("01"), atol=1e-11)


def test_markers_are_on_the_clock_of_the_samples(header: Path, bids: Any) -> None:
    found = markers_of(read_raw(header))
    assert list(found) == ["Comment/R128"]
    np.testing.assert_allclose(found["Comment/R128"] * 100, bids.onset_samples())


def test_markers_of_a_cropped_recording_move_with_it(header: Path, bids: Any) -> None:
    raw = read_raw(header).crop(2.0)
    later = bids.onset_samples() - 200
    np.testing.assert_allclose(markers_of(raw)["Comment/R128"] * 100, later[later >= 0])


def test_markers_of_a_recording_that_has_a_date() -> None:
    raw = mne.io.RawArray(np.zeros((1, 900)), mne.create_info(["Cz"], 100.0), first_samp=250, verbose="error")
    raw.set_meas_date(1_000_000)
    raw.set_annotations(mne.Annotations([4.0, 3.0], 0, "R128", orig_time=raw.info["meas_date"]))
    np.testing.assert_allclose(markers_of(raw)["R128"], [0.5, 1.5])
    assert markers_of(mne.io.RawArray(np.zeros((1, 9)), mne.create_info(["Cz"], 100.0), verbose="error")) == {}


def test_every_file_that_matters_is_a_source(header: Path) -> None:
    assert [path.name for path in eeg_files(header)] == [
        "sub-01_task-rest_eeg.vhdr",
        "sub-01_task-rest_eeg.eeg",
        "sub-01_task-rest_eeg.vmrk",
        "sub-01_task-rest_channels.tsv",
    ]


def refused(header: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_raw(header)
    return str(caught.value)


def test_a_file_that_is_not_there(header: Path) -> None:
    assert "does not exist" in refused(header.with_name("other.vhdr"))


@pytest.mark.parametrize("suffix", [".eeg", ".vmrk"])
def test_a_missing_companion_is_named_with_the_header(header: Path, suffix: str) -> None:
    header.with_suffix(suffix).unlink()
    text = refused(header)
    assert "that the BrainVision header names does not exist" in text
    assert header.with_suffix(suffix).name in text
    assert "after renaming" in text


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.9])
def test_a_truncated_data_file(header: Path, keep: float) -> None:
    data = header.with_suffix(".eeg")
    content = data.read_bytes()
    n_bytes = int(len(content) * keep) // 20 * 20  # whole samples of 5 channels: only the markers can tell
    data.write_bytes(content[:n_bytes])
    assert re.search(r"empty|truncated: there are markers after its end", refused(header))
    data.write_bytes(content[: n_bytes + 7])
    assert "truncated" in refused(header)
    assert str(data) in refused(header)


@pytest.mark.parametrize("content", [b"", b"garbage", b"Brain Vision Data Exchange Header File Version 1.0\n[x"])
def test_a_header_that_is_none(header: Path, content: bytes) -> None:
    header.write_bytes(content)
    assert re.search("not a BrainVision header|cannot be read", refused(header))


def test_channels_and_table_of_different_names(header: Path) -> None:
    table = header.with_name("sub-01_task-rest_channels.tsv")
    table.write_text(table.read_text().replace("Pz\t", "P3\t"))
    text = refused(header)
    assert "only in the table: P3" in text
    assert "only in sub-01_task-rest_eeg.vhdr: Pz" in text


def test_an_unknown_format(tmp_path: Path) -> None:
    file = tmp_path / "sub-01_eeg.xyz"
    file.write_bytes(b"?")
    assert "cannot be read" in refused(file)


def test_missing_electrodes_and_other_spellings_are_named() -> None:
    assert channel_problems(NAMES, ["O1", "Pz", "Cz", "Fz", "Oz"], "x") == []
    (problem,) = channel_problems(["Fp1", "T 7", "Cz"], ["FP1", "T7", "Cz"], "sub-01")
    assert problem.got == "no Fp1, T 7 among 3 channels"
    assert "'FP1' for 'Fp1', 'T7' for 'T 7'" in problem.hint


def test_the_spectrogram_of_a_file_is_that_of_its_signal(header: Path, bids: Any) -> None:
    wanted = ["O1", "Fz", "Pz"]  # another order than in the file
    ours, onsets = raw_spectrogram(read_raw(header), wanted, FREQUENCIES, 2.0)
    np.testing.assert_allclose(onsets, bids.onset_samples() / 100)
    signal = bids.eeg_signal("01")[[3, 0, 2]]
    theirs, _ = spectrogram(signal, 100.0, onsets, 2.0, dtype=np.float64)
    assert ours.shape == (17, 3, 49)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_blocks_do_not_change_the_spectrogram(header: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _ = raw_spectrogram(read_raw(header), NAMES, FREQUENCIES, 2.0)
    monkeypatch.setattr("eeg2fmri.data.features.spectrogram_of_raw.BLOCK", 3000)  # three windows of five channels
    blocks, _ = raw_spectrogram(read_raw(header), NAMES, FREQUENCIES, 2.0)
    np.testing.assert_array_equal(blocks, whole)


def test_onsets_from_the_user(header: Path) -> None:
    raw = read_raw(header)
    spectrograms, onsets = raw_spectrogram(raw, NAMES, FREQUENCIES, 2.0, onsets=[0.5, 2.5])
    assert onsets.tolist() == [0.5, 2.5]
    assert len(spectrograms) == 2
    onsets = raw_spectrogram(raw, NAMES, FREQUENCIES, 2.0, first_volume_s=30.0)[1]
    np.testing.assert_allclose(onsets, [30.0, 32.0, 34.0])


@pytest.mark.parametrize("onsets", [[], [3.0, 1.0], [0.0, np.nan], [[0.0]]])
def test_onsets_that_are_none(header: Path, onsets: list[float]) -> None:
    with pytest.raises(InputError, match="not rising times"):
        raw_spectrogram(read_raw(header), NAMES, FREQUENCIES, 2.0, onsets=onsets)


def raw_array(signal: np.ndarray, sfreq: float = 100.0) -> mne.io.RawArray:
    return mne.io.RawArray(signal, mne.create_info(NAMES, sfreq, "eeg"), verbose="error")


def noise(n_times: int = 1000) -> np.ndarray:
    return generator(0, "noise").standard_normal((4, n_times)) * 2e-5


def test_without_markers_the_first_volume_starts_with_the_eeg_and_the_user_is_told() -> None:
    new = new_recording(raw_array(noise(1001)), WANTED, PrepareConfig())
    np.testing.assert_allclose(new.onsets, [0, 2, 4, 6, 8])
    assert list(new.notes) == [
        "no volume markers: the first volume was taken to start with the EEG, the others every TR"
    ]


def test_a_marker_without_a_whole_tr_after_it_is_left_out() -> None:
    raw = raw_array(noise())
    raw.set_annotations(mne.Annotations([1.5, 3.5, 5.5, 7.5, 9.5], 0, "R128"))
    new = new_recording(raw, WANTED, PrepareConfig())
    np.testing.assert_allclose(new.onsets, [1.5, 3.5, 5.5, 7.5])
    assert list(new.notes) == ["volume markers without a whole TR of EEG after them, left out: 1"]


def test_a_named_marker_that_does_not_occur() -> None:
    with pytest.raises(InputError, match="does not occur"):
        raw_spectrogram(raw_array(noise()), NAMES, FREQUENCIES, 2.0, marker="R128")


def test_electrodes_that_can_neither_be_found_nor_interpolated_and_too_low_a_rate() -> None:
    with pytest.raises(InputError, match="no Left ear among 4 channels"):
        raw_spectrogram(raw_array(noise()), [*NAMES, "Left ear"], FREQUENCIES, 2.0)
    with pytest.raises(InputError, match=r"too slowly(.|\n)*20 Hz, frequencies up to 10 Hz"):
        raw_spectrogram(raw_array(noise(), 20.0), NAMES, FREQUENCIES, 2.0)


def test_frequencies_that_lie_between_those_of_the_recording() -> None:
    with pytest.raises(InputError, match="give other frequencies"):
        raw_spectrogram(raw_array(noise()), NAMES, FREQUENCIES * 1.01, 2.0)


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (lambda x: x * 1e6, "implausible for volts"),
        (lambda x: x * 1e-6, "implausible for volts"),
        (lambda x: np.where(np.arange(4)[:, None] == 2, 1e-5, x), r"constant(.|\n)*Pz"),
        (lambda x: np.where(np.arange(4)[:, None] == 0, np.nan, x), r"not finite(.|\n)*Fz at 0.000 s"),
        (lambda x: np.where(np.arange(x.shape[1]) == 321, np.inf, x), r"not finite(.|\n)*Fz at 3.210 s"),
        (lambda x: x[:, :150], "shorter than one volume"),
    ],
)
def test_samples_that_cannot_be_used(fault: Any, what: str) -> None:
    with pytest.raises(InputError, match=what):
        raw_spectrogram(raw_array(fault(noise())), NAMES, FREQUENCIES, 2.0)


def test_deviation_over_blocks_is_that_of_the_whole_despite_an_offset() -> None:
    signal = noise(700) + np.array([[0.3], [0], [-0.2], [1e-5]])
    checks = SignalChecks(NAMES, 100.0)
    for start in range(0, 700, 90):
        checks.update(signal[:, start : start + 90], start)
    np.testing.assert_allclose(checks.std(), signal.std(axis=1), rtol=1e-9)
    assert checks.flat() == []
    assert checks.problems("x") == []
