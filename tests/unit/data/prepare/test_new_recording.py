"""A new recording goes through what the recordings of the training went through: each step, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mne
import numpy as np
import pytest

from eeg2fmri.core.errors import Eeg2FmriError, InputError
from eeg2fmri.data.prepare.new_recording import Wanted, electrodes_of_new, for_channels, new_recording
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.settings.raw import RawConfig
from eeg2fmri.data.timing.without_bold import Clock

NAMES = ["Fz", "Cz", "Pz", "O1"]
FREQUENCIES = np.arange(1, 50) / 2.0
WANTED = Wanted(tuple(NAMES), FREQUENCIES, 2.0)
MARKERS = np.array([1.5, 3.5, 5.5, 7.5])
SILENT = "no volume markers: the first volume was taken to start with the EEG, the others every TR"


def recording(
    markers: Any = (), name: str = "R128", sfreq: float = 100.0, names: Any = NAMES, kinds: Any = "eeg"
) -> mne.io.BaseRaw:
    """Ten seconds of noise of 20 uV, another in each channel."""
    data = 2e-5 * np.random.default_rng(5).standard_normal((len(names), round(10 * sfreq)))
    raw = mne.io.RawArray(data, mne.create_info(list(names), sfreq, kinds), verbose="error")
    return raw.set_annotations(mne.Annotations(markers, 0, name), verbose="error")


def new(raw: Any, config: dict[str, Any] | None = None, wanted: Wanted = WANTED, **others: Any) -> Any:
    return new_recording(raw, wanted, PrepareConfig.make(config or {}), **others)


def error_of(call: Any) -> list[str]:
    with pytest.raises(Eeg2FmriError) as caught:
        call()
    (problem,) = caught.value.problems
    return [problem.what, problem.where, problem.got, problem.expected, problem.hint]


def test_magnitudes_are_those_of_the_rate_of_the_training() -> None:
    raw = recording()
    raw._data[1] = 3e-5 * np.sin(2 * np.pi * 10 * raw.times)
    plain, also = new(raw), []
    made = plain.spectrogram(lambda block: also.append(block.shape))
    assert (made.shape, made.dtype, len(also)) == ((5, 4, 49), np.float32, 5)
    # half the 200 samples of a volume times the amplitude, at 10 Hz alone
    np.testing.assert_allclose(made[:, 1, 19], 3e-3, rtol=1e-4)
    assert made[:, 1, [18, 20]].max() < 1e-6
    faster = new(raw, wanted=Wanted(tuple(NAMES), FREQUENCIES, 2.0, 250.0)).spectrogram()
    assert faster.dtype == np.float32
    np.testing.assert_allclose(faster, 2.5 * made, rtol=1e-6)
    same = new(raw, wanted=Wanted(tuple(NAMES), FREQUENCIES, 2.0, 100.0)).spectrogram()
    np.testing.assert_array_equal(same, made)


def test_raw_rows_are_kept_as_the_store_keeps_them() -> None:
    made = new(recording(MARKERS))
    for kind in ("float16", "float32"):
        rows = made.raw_rows(RawConfig.make({"rate": 50, "kind": kind}))
        assert (rows.shape, rows.dtype) == ((4, 4, 100), np.dtype(kind))
    exact = made.raw_rows(RawConfig(rate=100, kind="float32"))
    samples = made.raw.get_data()[:, 150:350] * 1e6
    np.testing.assert_allclose(exact[0], samples - samples.mean(axis=1, keepdims=True), rtol=1e-5, atol=1e-4)


def test_a_raw_stays_as_it_is_and_its_bad_channels_count() -> None:
    raw = recording(names=[*NAMES, "T3"])
    raw.info["bads"] = ["Pz", "T3"]
    made = new(raw)
    assert raw.ch_names == [*NAMES, "T3"]
    assert made.raw.ch_names == [*NAMES, "T7"]
    assert made.where == "the EEG recording"
    assert made.wanted is WANTED
    assert made.derivation.outputs == tuple(NAMES)
    # T7 is bad too, but is none of the electrodes that are used
    assert list(made.notes) == [
        "old electrode names: T3 is T7",
        "electrodes marked as bad, used as they are: Pz",
        SILENT,
    ]


def test_a_file_is_named_by_its_path(bids: Any) -> None:
    header = bids.eeg("01", channels_tsv=False)
    for given in (header, str(header)):
        made = new(given)
        assert made.where == str(header)
        assert "no channels.tsv: ECG taken for no EEG by name" in made.notes
    read = mne.io.read_raw_brainvision(header, verbose="error")
    assert new(read).where == str(header.with_suffix(".eeg"))


def test_a_raw_may_lack_channels_of_its_file(bids: Any) -> None:
    """channels.tsv beside the file tells of five; a file that lacks one of them is refused, a Raw is not."""
    header = bids.eeg("01")
    read = mne.io.read_raw_brainvision(header, verbose="error").drop_channels(["ECG"])
    assert new(read).derivation.inputs == tuple(NAMES)
    with pytest.raises(InputError):
        electrodes_of_new(read.copy(), Path(header), WANTED, PrepareConfig(), partial=False)
    assert electrodes_of_new(read.copy(), Path(header), WANTED, PrepareConfig())[0].outputs == tuple(NAMES)


def test_what_cannot_be_another_is_refused() -> None:
    assert error_of(lambda: new(recording(), settings={"tr": 2.0, "grid": None, "marker": "R128"})) == [
        "these settings cannot be another for a new recording",
        "",
        "grid, tr",
        "any of eeg, marker, first_marker, first_volume_s, events, triggers",
        "a model keeps the grid, electrodes and frequencies that it was trained with",
    ]
    assert "settings of the recording" in error_of(lambda: new(recording(), settings={"triggers": "mend"}))[1]
    assert error_of(lambda: new(np.zeros((4, 100))))[::2] == [
        "EEG is expected as a file or as an mne Raw",
        "ndarray",
        "for an array: mne.io.RawArray(samples_in_volts, mne.create_info(names, sfreq, 'eeg')); for epochs, "
        "which are not continuous: the Raw that they were cut from",
    ]
    trigger = recording(names=["Status", "ECG"], kinds=["stim", "ecg"])
    assert error_of(lambda: new(trigger))[:3] == [
        "the recording has no EEG channels", "the EEG recording", "Status, ECG",
    ]  # fmt: skip


def test_channels_that_a_recording_does_not_have_are_no_fault_of_it() -> None:
    config = PrepareConfig.make(
        {"eeg": {"rename": {"A1": "Fz", "A2": "Cz"}, "types": {"hr*": "ecg", "E9": "misc"}, "bads": "drop"}}
    )
    eeg = for_channels(config, ["A2", "HR1", "Pz"]).eeg
    assert (eeg.rename, eeg.types, eeg.bads) == ({"A2": "Cz"}, {"hr*": "ecg"}, "drop")
    assert for_channels(config, ["hr1"]).eeg.types == {"hr*": "ecg"}
    upper = PrepareConfig.make({"eeg": {"types": {"HR*": "ecg"}}})
    assert for_channels(upper, ["hr1"]).eeg.types == {"HR*": "ecg"}
    # but what is said of this very recording has to fit
    said = {"eeg": {"rename": {"A1": "Fz"}, "types": {"E9": "misc"}}}
    kept = for_channels(config, ["Pz"], said).eeg
    assert (kept.rename, kept.types) == ({"A1": "Fz"}, {"E9": "misc"})
    assert for_channels(config, ["Pz"], {"eeg": None}).eeg.rename == {}
    with pytest.raises(InputError, match="'types' names a channel"):
        new(recording(), {}, settings={"eeg": {"types": {"E9": "misc"}}})
    new(recording(), {"eeg": {"types": {"E9": "misc"}, "rename": {"A1": "Fz"}}})


def test_steps_that_were_taken_already_are_not_taken_again() -> None:
    steps: dict[str, Any] = {
        "bads": "drop", "bad_electrodes": ["O1"], "reference": "average", "unit": "uV",
        "clean": {"high_pass": 1.0, "pulse": "average"},
    }  # fmt: skip
    raw = recording(MARKERS)
    plain = new(raw)
    done = new(raw, {"eeg": steps}, cleaning="done")
    np.testing.assert_array_equal(done.spectrogram(), plain.spectrogram())
    np.testing.assert_array_equal(done.onsets, MARKERS)
    assert done.derivation.matrix is None
    assert done.raw.info["bads"] == []
    montage = {"channels": "interpolate", "montage": ["Fz", "Cz", "Pz", "O1"], "eeg": {"reference": "average"}}
    assert new(raw, montage, cleaning="done").derivation.matrix is None
    replayed = new(raw, montage)
    assert replayed.derivation.matrix is not None
    assert "4 electrodes interpolated from the places of 4" in replayed.notes


def test_the_reference_of_the_training_is_taken_again() -> None:
    raw = recording(MARKERS)
    data = raw.get_data()[:, 150:350]
    expected = np.abs(np.fft.rfft(data - data.mean(axis=0)))[:, 1:50]
    made = new(raw, {"eeg": {"reference": "average"}}).spectrogram()
    np.testing.assert_allclose(made[0], expected, rtol=1e-4, atol=1e-9)


def test_bad_electrodes_of_the_training_are_interpolated_for_the_model() -> None:
    names = [*NAMES, "O2", "F3"]
    config = {"eeg": {"bads": "drop", "bad_electrodes": ["O1"]}}
    made = new(recording(MARKERS, names=names), config)
    assert list(made.notes) == [
        "bad electrodes left out: O1",
        "3 of the 4 electrodes of the model were recorded; interpolated by spherical splines from 5 others: O1",
    ]
    assert "O1" not in made.derivation.inputs


def test_electrodes_that_the_training_left_out_are_left_out_of_a_montage() -> None:
    raw = recording(MARKERS, names=[*NAMES, "O2", "F3"])
    base = {"channels": "interpolate", "montage": NAMES}
    whole, without = new(raw, base), new(raw, {**base, "exclude": ["O2"]})
    assert "O2" in whole.derivation.inputs
    assert "O2" not in without.derivation.inputs


def test_a_cap_says_where_electrodes_are() -> None:
    """C3 of the Biosemi cap of 128 is at the front: no electrode of the model by that name."""
    names = ["C3", "A1", "A19", "B4", "C21", "D23", "D7", "B30"]
    wanted = Wanted(("C3", "C2"), FREQUENCIES, 2.0)
    made = new(recording(MARKERS, names=names), {"eeg": {"cap": "biosemi128", "bads": "drop"}}, wanted)
    assert any("0 of the 2 electrodes of the model were recorded" in note for note in made.notes)


TAKEN = "the first volume was taken to start at {} s, as in the training"
ABSENT = "the marker of the training, {!r}, does not occur: others are looked for"


@pytest.mark.parametrize(
    ("training", "settings", "onsets", "notes"),
    [
        ({}, None, MARKERS, []),
        ({"marker": "R128"}, None, MARKERS, []),
        ({"marker": "S 1"}, None, MARKERS, [ABSENT.format("S 1")]),
        ({"first_marker": "S 1"}, None, MARKERS, [ABSENT.format("S 1")]),
        ({"first_marker": {"name": "S 1", "repeats": "first"}}, None, MARKERS, [ABSENT.format("S 1")]),
        (
            {"first_marker": {"name": "R128", "repeats": "first", "after_s": 0.5}},
            None,
            MARKERS - 0.5,
            ["volumes follow the first of 4 markers 'R128'"],
        ),
        ({"first_volume_s": 1.0}, None, MARKERS - 0.5, [TAKEN.format("1")]),
        ({"first_volume_s": 1.0}, {"first_volume_s": 3.0}, np.array([3.0, 5.0, 7.0]), []),
        ({"first_volume_s": 1.0}, {"marker": "R128"}, MARKERS, []),
        ({"first_volume_s": 1.0}, {"triggers": "repair"}, MARKERS - 0.5, [TAKEN.format("1")]),
    ],
)  # fmt: skip
def test_the_clock_of_the_training_holds_where_it_fits(
    training: dict[str, Any], settings: dict[str, Any] | None, onsets: np.ndarray, notes: list[str]
) -> None:
    made = new(recording(MARKERS), training, settings=settings)
    np.testing.assert_allclose(made.onsets, onsets)
    assert list(made.notes) == notes


def test_a_clock_that_is_given_goes_before_the_settings() -> None:
    raw = recording(MARKERS)
    others: list[tuple[dict[str, Any], Any]] = [
        ({"onsets": np.array([2.0, 4.0])}, [2, 4]),
        ({"first_volume_s": 0.0}, [0, 2, 4, 6, 8]),
        ({"marker": "R128"}, MARKERS),
        ({"first_marker": "R128"}, None),
    ]
    for given, onsets in others:
        if onsets is None:
            with pytest.raises(InputError, match="occurs several times"):
                new(raw, {"first_volume_s": 1.0}, clock=Clock(**given))
        else:
            made = new(raw, {"first_volume_s": 1.0}, clock=Clock(**given))
            np.testing.assert_allclose(made.onsets, onsets)
            assert not made.notes


def test_a_marker_that_is_named_for_this_recording_has_to_occur() -> None:
    for settings in ({"marker": "S 1"}, {"first_marker": "S 1"}):
        with pytest.raises(InputError, match="does not occur"):
            new(recording(MARKERS), settings=settings)


def test_faulty_markers_are_mended_as_the_settings_say() -> None:
    raw = recording([1.5, 3.5, 7.5, 9.5])
    with pytest.raises(InputError, match=r"missing(.|\n)*the EEG recording, marker 'R128'"):
        new(raw, clock=Clock(faults="repair"))
    for given in ({"config": {"triggers": "repair"}}, {"settings": {"triggers": "repair"}}):
        made = new(raw, **given)
        np.testing.assert_allclose(made.onsets, MARKERS)


def test_the_trigger_channel_is_that_of_the_settings() -> None:
    raw = recording(names=[*NAMES, "Mark"], kinds=["eeg"] * 4 + ["misc"])
    raw._data[4] = 0
    raw._data[4, [150, 350, 550, 750]] = 7
    np.testing.assert_allclose(new(raw, {"eeg": {"trigger_channel": "Mark"}}).onsets, MARKERS)


def test_a_rate_at_which_a_volume_is_no_whole_number_of_samples_is_changed() -> None:
    tr, rate = 2.005, 201 / 2.005
    raw = recording(1 + tr * np.arange(4))
    wanted = Wanted(tuple(NAMES), np.arange(1, 50) / tr, tr)
    made = new(raw, wanted=wanted)
    assert list(made.notes) == [f"resampled to {rate:g} Hz, so that a volume of {tr:g} s is a whole number of samples"]
    assert made.raw.info["sfreq"] == pytest.approx(rate)
    np.testing.assert_allclose(made.onsets, 1 + tr * np.arange(4), atol=0.0051)  # markers lie on samples
    # a step of the training that resamples is taken, and nothing is said of it
    own = new(recording(MARKERS, sfreq=200.0), {"eeg": {"clean": {"resample": 100.0}}})
    assert (own.raw.info["sfreq"], own.notes) == (100.0, ())
    low = Wanted(tuple(NAMES), np.arange(1, 25) / tr, tr)
    again = new(raw, {"eeg": {"clean": {"resample": 25.2}}}, wanted=low)
    assert again.raw.info["sfreq"] == pytest.approx(51 / tr)
    with pytest.raises(InputError, match=r"too slowly(.|\n)*the EEG recording(.|\n)*20 Hz"):
        new(recording(sfreq=20.0))


def test_gradients_need_to_know_when_volumes_start() -> None:
    config = {"eeg": {"clean": {"gradient": "average", "gradient_volumes": 4}}}
    words = [
        "the gradient artefact can only be taken out where volumes are marked",
        "the EEG recording",
        "no markers",
        "",
        "name the marker with 'marker'; or say cleaning='done' if it was taken out already",
    ]
    assert error_of(lambda: new(recording(), config)) == words
    several = recording([1.0, 2.7], "S 1")
    several.annotations.append([3.1, 8.0], 0, "S 2")
    words[2] = "S 1, S 2"
    assert error_of(lambda: new(several, config)) == words
    assert new(recording(), config, cleaning="done").notes == (SILENT,)


@pytest.mark.parametrize("clock", [{}, {"first_volume_s": 1.5}, {"first_marker": "R1"}])
def test_gradients_are_those_from_the_onsets_of_the_volumes(clock: dict[str, Any]) -> None:
    """What is the same in every volume goes; one that starts half a volume later would leave other samples."""
    config = {"eeg": {"clean": {"gradient": "average", "gradient_volumes": 4}}}
    raw = recording(MARKERS) if not clock else recording([1.5], "R1")
    clean = raw.get_data()
    shape = 1e-3 * np.random.default_rng(1).standard_normal(200)
    for onset in (150, 350, 550, 750):
        raw._data[:, onset : onset + 200] += shape
    made = new(raw, config, clock=Clock(**clock))
    np.testing.assert_allclose(made.onsets, MARKERS)
    left = made.raw.get_data()[:, 150:950]
    # the artefact is fifty times the EEG, and a mean over four volumes takes as much of the EEG as its own noise
    assert left.std() < 1.5 * clean.std()
    told = "volumes were taken to follow each other to the end of the EEG"
    assert (told in made.notes) == bool(clock)
