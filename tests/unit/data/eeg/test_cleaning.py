"""Cleaning takes the artefact and leaves the EEG; nothing happens unasked; what was done is kept."""

from __future__ import annotations

from typing import Any

import mne
import numpy as np
import pytest

from eeg2fmri.core.errors import ConfigError, InputError
from eeg2fmri.core.random import generator
from eeg2fmri.data.eeg.cleaning import clean, volume_locked_share
from eeg2fmri.data.prepare.new_recording import Wanted, new_recording
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.eeg import EegConfig
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.timing.without_bold import Clock

SFREQ, TR, VOLUMES = 200.0, 1.5, 40
ONSETS = 2 + TR * np.arange(VOLUMES)


def raw_spectrogram(
    recording: Any, electrodes: Any, frequencies: Any, tr: float, config: PrepareConfig | None = None, **times: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Give what a model sees of a recording, and when."""
    wanted = Wanted(tuple(electrodes), np.asarray(frequencies), tr)
    new = new_recording(recording, wanted, config or PrepareConfig(), clock=Clock(**times))
    return new.spectrogram(), new.onsets


def recording(gradient: float = 0.0, pulse: float = 0.0) -> tuple[mne.io.BaseRaw, np.ndarray]:
    """Ten electrodes and an ECG, the artefacts on top; also give the EEG alone."""
    rng = generator(0, "cleaning")
    n = round((2 + TR * VOLUMES + 2) * SFREQ)
    eeg = rng.standard_normal((10, n)) * 2e-5
    data = np.vstack([eeg, 1e-6 * rng.standard_normal((1, n))])
    shape = rng.standard_normal(round(TR * SFREQ)) * gradient
    for onset in ONSETS:
        data[:, round(onset * SFREQ) :][:, : len(shape)] += shape
    beat = 1.0
    wave = pulse * np.hanning(round(0.4 * SFREQ))
    while beat < n / SFREQ - 1.5:
        at = round(beat * SFREQ)
        data[10, at - 4 : at + 5] += 1e-3 * np.hanning(9)
        data[:10, at + 10 :][:, : len(wave)] += wave
        beat += 0.9 + 0.1 * rng.random()
    names = [f"E{k}" for k in range(10)] + ["ECG"]
    return mne.io.RawArray(data, mne.create_info(names, SFREQ, ["eeg"] * 10 + ["ecg"]), verbose="error"), eeg


def cleaned(raw: mne.io.BaseRaw, **steps: object) -> mne.io.BaseRaw:
    return clean(raw, EegConfig.make({"clean": steps}), ONSETS, TR, "rec")


def test_nothing_is_done_unasked() -> None:
    raw, _ = recording()
    assert cleaned(raw) is raw


def test_the_gradient_artefact_goes_and_the_eeg_stays() -> None:
    raw, eeg = recording(gradient=1e-3)
    found = cleaned(raw, gradient="average").get_data()[:10]
    inside = slice(round(ONSETS[0] * SFREQ), round((ONSETS[-1] + TR) * SFREQ))
    left = found[:, inside] - eeg[:, inside]
    # what is left is the noise of a mean over 25 volumes
    assert left.std() == pytest.approx(2e-5 / 5, rel=0.1)
    np.testing.assert_array_equal(found[:, : inside.start], eeg[:, : inside.start])
    assert raw.get_data()[0].std() > 5e-4


def test_the_pulse_artefact_goes() -> None:
    raw, eeg = recording(pulse=1e-4)
    before = np.std(raw.get_data()[:10] - eeg)
    after = np.std(cleaned(raw, pulse="average").get_data()[:10] - eeg)
    assert after < 0.35 * before
    bare = raw.copy().drop_channels(["ECG"])
    with pytest.raises(InputError, match="no ECG"):
        cleaned(bare, pulse="average")


def test_band_and_rate() -> None:
    raw, _ = recording()
    found = cleaned(raw, high_pass=5, low_pass=30, resample=100)
    assert found.info["sfreq"] == 100
    power = np.abs(np.fft.rfft(found.get_data()[0])) ** 2
    frequency = np.fft.rfftfreq(found.n_times, 1 / 100)
    inside = (frequency > 8) & (frequency < 25)
    assert power[frequency < 2].mean() < 0.01 * power[inside].mean()
    assert power[frequency > 40].mean() < 0.01 * power[inside].mean()
    with pytest.raises(InputError, match="beyond half the sampling rate"):
        cleaned(raw, low_pass=120)
    with pytest.raises(ConfigError, match="below 'low_pass'"):
        EegConfig.make({"clean": {"high_pass": 40, "low_pass": 30}})


def test_what_is_locked_to_volumes_is_measured() -> None:
    def share(raw: mne.io.BaseRaw) -> float:
        at = [round(onset * SFREQ) for onset in ONSETS[10:18]]
        return volume_locked_share(np.stack([raw.get_data()[:10, k : k + 300] for k in at]))

    assert share(recording()[0]) < 0.1
    assert share(recording(gradient=2e-5)[0]) == pytest.approx(0.5, abs=0.1)
    assert share(recording(gradient=1e-3)[0]) > 0.99


def with_gradients(bids: Any) -> None:
    shape = generator(1, "gradient").standard_normal(200) * 1e-3
    for subject in ("01", "02"):
        data = bids.eeg_signal(subject)
        for sample in bids.onset_samples():
            data[:, sample : sample + 200] += shape
        bids.eeg(subject, signal=data)


def test_prepare_reports_gradients_and_takes_them_out_on_request(two: Any) -> None:
    root, out = two.root, two.root.parent
    clean_store = prepare(root, out / "sound")
    assert clean_store.recordings[0].quality["cleaned"] == []
    with_gradients(two)
    store = prepare(root, out / "dirty")
    assert store.recordings[0].quality["volume_locked_share"] > 0.9
    assert any("gradient artefact seems to be in it" in text for text in store.recordings[0].quality["warnings"])
    config = PrepareConfig.make({"eeg": {"clean": {"gradient": "average", "resample": 50}}, "n_bins": 20})
    store = prepare(root, out / "clean", config)
    recording = store.recordings[0]
    assert recording.quality["cleaned"] == ["gradient", "resample"]
    assert (recording.sfreq, store.config) == (50.0, config)
    assert recording.quality["warnings"] == []
    # half the samples give half the magnitude
    assert np.median(store.eeg(0)) == pytest.approx(np.median(clean_store.eeg(0)[:, :, :20]) / 2, rel=0.15)
    path = root / "sub-01/eeg/sub-01_task-rest_eeg.vhdr"
    made, _ = raw_spectrogram(path, store.electrodes, store.frequencies, store.tr, store.config)
    np.testing.assert_allclose(made, store.eeg(0), rtol=1e-4, atol=1e-9)


def with_artefacts(bids: Any) -> None:
    """Put gradients, an ECG with beats, and pulses into both recordings."""
    gradient = generator(1, "gradient").standard_normal(200) * 1e-3
    for subject in ("01", "02"):
        data = bids.eeg_signal(subject)
        data[-1] *= 0.05
        rng, at = generator(2, "beats", subject), 40
        while at < data.shape[1] - 120:
            data[-1, at - 2 : at + 3] += 1e-3 * np.hanning(7)[1:-1]
            data[:-1, at + 5 : at + 45] += 1e-4 * np.hanning(40)
            at += int(rng.integers(85, 100))
        for sample in bids.onset_samples():
            data[:, sample : sample + 200] += gradient
        bids.eeg(subject, signal=data)


STEPS = {
    "gradient": {"gradient": "average"},
    "pulse": {"gradient": "average", "pulse": "average"},
    "band-pass": {"high_pass": 3.0, "low_pass": 20.0},
    "resample": {"resample": 64},
}


@pytest.mark.parametrize("step", STEPS)
def test_every_step_is_recorded_and_taken_again_on_a_new_recording(step: str, two: Any) -> None:
    """The EEG of a new file is that of the store, and would be another without the step."""
    with_artefacts(two)
    config = PrepareConfig.make({"eeg": {"clean": STEPS[step]}, "n_bins": 30})
    store = prepare(two.root, two.root.parent / "store", config)
    assert store.recordings[0].quality["cleaned"][-1] == step
    assert store.config.eeg.clean == config.eeg.clean
    path = two.root / "sub-01/eeg/sub-01_task-rest_eeg.vhdr"
    made, onsets = raw_spectrogram(path, store.electrodes, store.frequencies, store.tr, store.config)
    np.testing.assert_allclose(onsets, store.recordings[0].onsets, atol=1e-9)
    np.testing.assert_allclose(made, store.eeg(0), rtol=1e-3, atol=1e-9)
    fewer = {key: value for key, value in STEPS[step].items() if step == "pulse" and key == "gradient"}
    without = PrepareConfig.make({"eeg": {"clean": fewer}, "n_bins": 30})
    other, _ = raw_spectrogram(path, store.electrodes, store.frequencies, store.tr, without)
    assert np.percentile(np.abs(other - store.eeg(0)) / store.eeg(0), 90) > 0.1


@pytest.mark.parametrize("clock", ["first_volume_s", "first_marker"])
def test_gradients_go_from_a_new_recording_whose_first_volume_is_known(clock: str, two: Any) -> None:
    with_artefacts(two)
    start = two.onset_samples()[0] / 100
    value: Any = start
    if clock == "first_marker":
        value = {"name": "S 99", "repeats": "first"}
        for subject in ("01", "02"):
            markers = two.root / f"sub-{subject}/eeg/sub-{subject}_task-rest_eeg.vmrk"
            markers.write_text(markers.read_text(encoding="utf-8").replace("R128", "S 99"), encoding="utf-8")
    config = PrepareConfig.make({clock: value, "eeg": {"clean": {"gradient": "average"}}})
    store = prepare(two.root, two.root.parent / "store", config)
    path = two.root / "sub-01/eeg/sub-01_task-rest_eeg.vhdr"
    wanted = Wanted(store.electrodes, store.frequencies, store.tr, store.sfreq)
    new = new_recording(path, wanted, store.config)
    np.testing.assert_allclose(new.spectrogram()[: len(store.eeg(0))], store.eeg(0), rtol=1e-3, atol=1e-9)
    assert "volumes were taken to follow each other to the end of the EEG" in new.notes


def test_the_pulse_average_is_that_of_the_electrode_itself() -> None:
    raw, eeg = recording(pulse=1e-4)
    sizes = np.array([1, -1, 0.2, -3, 0, 2, -0.5, 1.5, -2, 0.7])
    artefact = raw.get_data()[:10] - eeg
    data = np.vstack([eeg + sizes[:, None] * artefact, raw.get_data()[10:]])
    mixed = mne.io.RawArray(data, raw.info, verbose="error")
    found = cleaned(mixed, pulse="average").get_data()[:10]
    for row in np.flatnonzero(sizes):
        assert np.std(found[row] - eeg[row]) < 0.35 * np.std(artefact[row]) * max(abs(sizes[row]), 0.5)
    # where there is no artefact, nothing but the noise of a mean over beats is added
    assert np.std(found[4] - eeg[4]) < 0.35 * eeg[4].std()
