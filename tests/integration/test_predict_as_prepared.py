"""Python, command line and stream predict the same: what the recordings of the training went through is done again."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import mne
import nibabel
import numpy as np
import pytest

from eeg2fmri import Synthesizer
from eeg2fmri.cli.main import run as command
from eeg2fmri.core.errors import ConfigError, InputError
from eeg2fmri.data.eeg.electrodes.channel_names import plain_name, same_electrode
from eeg2fmri.data.eeg.electrodes.spline import spline_matrix
from eeg2fmri.data.eeg.electrodes.template_positions import electrode_positions
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.saving.hub import load, save
from eeg2fmri.predict.stream import CONSTANT
from eeg2fmri.report import write_report
from eeg2fmri.train.run import train_run


@pytest.fixture
def recording(small_bids: Path) -> Path:
    return small_bids / "sub-02" / "eeg" / "sub-02_task-rest_eeg.vhdr"


@pytest.fixture
def raw(recording: Path) -> Any:
    return mne.io.read_raw_brainvision(recording, preload=True, verbose="error")


@pytest.fixture
def trained(small_run: Path, tmp_path: Path) -> Any:
    """Give the small run as if its recordings had been prepared by other settings."""

    def with_settings(**settings: Any) -> Path:
        loaded = load(small_run)
        config = PrepareConfig.make(settings)
        folder = tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
        save(folder, loaded.model, loaded.card.model_copy(update={"prepare": config}), loaded.statistics)
        return folder

    return with_settings


def volumes(run: Path, recording: Any, **how: Any) -> np.ndarray:
    return Synthesizer.from_pretrained(run, device="cpu").predict_volumes(recording, **how).volumes


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.allclose(one, other, rtol=1e-4, atol=1e-5 * np.abs(one).max()))


def electrodes(raw: Any) -> list[str]:
    return [name for name in raw.ch_names if np.isfinite(electrode_positions([name])).all()]


def by_mne(raw: Any, step: str) -> Any:
    """Take a step with MNE alone."""
    done = raw.copy().pick(electrodes(raw))
    if step == "reference":
        return done.set_eeg_reference("average", verbose="error")
    if step == "filter":
        return done.filter(4.0, 20.0, verbose="error")
    done._data *= 3
    return done


STEPS = {"reference": {"reference": "average"}, "filter": {"clean": {"high_pass": 4.0, "low_pass": 20.0}}}


@pytest.mark.parametrize("step", STEPS)
def test_python_and_command_line_take_the_steps_of_the_training(
    step: str, trained: Any, raw: Any, recording: Path, tmp_path: Path
) -> None:
    run = trained(eeg=STEPS[step])
    expected = volumes(run, by_mne(raw, step), cleaning="done")
    assert not same(expected, volumes(run, raw, cleaning="done"))  # the step matters
    assert same(expected, volumes(run, raw))
    assert same(expected, volumes(run, recording))
    out = tmp_path / "image.nii.gz"
    assert command(["predict", str(run), str(recording), str(out)]) == 0
    assert same(expected, np.moveaxis(nibabel.load(out).get_fdata(), -1, 0))


def test_a_raw_is_left_as_it_is(trained: Any, raw: Any) -> None:
    before, names = raw.get_data().copy(), list(raw.ch_names)
    volumes(trained(eeg={"reference": "average", "bads": "interpolate", "bad_electrodes": [electrodes(raw)[1]]}), raw)
    assert np.array_equal(raw.get_data(), before)
    assert raw.ch_names == names
    assert raw.info["bads"] == []


def without_file(raw: Any) -> Any:
    """Give a recording of which nothing is known but names: no digitised positions beside it."""
    return mne.io.RawArray(raw.get_data(), raw.info, verbose="error").set_annotations(raw.annotations)


def interpolated(raw: Any, bad: str) -> Any:
    """Put in the place of an electrode what splines make of the others: equations of the paper, by hand."""
    known = [name for name in electrodes(raw) if name != bad]
    round_names = ["Fp1", "Fpz", "Fp2", "AFz", "F7", "F3", "Fz", "F4", "F8", "FCz", "T7", "C3", "Cz", "C4", "T8"]
    round_names += ["CPz", "P7", "P3", "Pz", "P4", "P8", "POz", "O1", "Oz", "O2"]
    places = electrode_positions(round_names)
    system = np.hstack([2 * places, np.ones((len(places), 1))])
    centre = np.linalg.lstsq(system, (places**2).sum(axis=1), rcond=None)[0][:3]
    weights = spline_matrix(electrode_positions(known) - centre, electrode_positions([bad]) - centre)
    np.testing.assert_allclose(weights.sum(), 1)
    done = raw.copy()
    done._data[done.ch_names.index(bad)] = weights[0] @ raw.get_data(picks=known)
    return done


@pytest.mark.parametrize("way", ["bad", "absent"])
def test_electrodes_that_are_bad_or_absent_are_interpolated_with_a_note(way: str, trained: Any, raw: Any) -> None:
    name, raw = electrodes(raw)[2], without_file(raw)
    run = trained(eeg={"bads": "interpolate"})
    expected = volumes(run, interpolated(raw, name))
    other = raw.copy()
    if way == "bad":
        other._data[other.ch_names.index(name)] *= 50
        other.info["bads"] = [name]
    else:
        other.drop_channels([name])
    made = Synthesizer.from_pretrained(run, device="cpu").predict_volumes(other)
    assert same(expected, made.volumes)
    assert any("interpolated" in note and name in note for note in made.notes)
    assert not same(expected, volumes(run, raw))


def test_a_bad_electrode_that_the_training_kept_is_named(small_run: Path, raw: Any) -> None:
    raw.info["bads"] = [electrodes(raw)[0]]
    notes = Synthesizer.from_pretrained(small_run).predict_volumes(raw).notes
    assert f"electrodes marked as bad, used as they are: {electrodes(raw)[0]}" in notes


@pytest.mark.parametrize("spelling", ["EEG {}-REF", "EEG {}", "{}-A2", "eeg {}-Le"])
def test_electrodes_are_understood_as_clinical_files_write_them(spelling: str, small_run: Path, raw: Any) -> None:
    other = raw.copy().rename_channels({name: spelling.format(name.upper()) for name in electrodes(raw)})
    assert same(volumes(small_run, raw), volumes(small_run, other))


def test_what_is_no_name_around_an_electrode_stays() -> None:
    assert [plain_name(name) for name in ("EEG Fp1-REF", "EEG C3-A2", "Fp1-F3", "EEG1", "EEG 001", "A1")] == [
        *("Fp1", "C3", "Fp1-F3", "EEG1", "001", "A1")
    ]
    assert same_electrode("EEG T3-LE") == same_electrode("T7") != same_electrode("T8")


def test_settings_of_the_recording_go_before_those_of_the_training(
    small_run: Path, raw: Any, recording: Path, tmp_path: Path
) -> None:
    expected = volumes(small_run, raw)
    old = electrodes(raw)[0]
    strange = raw.copy().rename_channels({old: "Kanal 1"})
    strange._data[:] *= 1e6
    settings = {"eeg": {"rename": {"Kanal 1": old}, "unit": "uV"}}
    assert same(expected, volumes(small_run, strange, settings=settings))
    with pytest.raises(ConfigError, match="grid"):
        volumes(small_run, raw, settings={"grid": [2, 2, 2]})
    with pytest.raises(InputError, match="'rename' names only channels"):
        volumes(small_run, raw, settings={"eeg": {"rename": {"Kanal 7": old}}})
    out = tmp_path / "image.nii.gz"
    options = ["--rename", f"{old}={old}", "--unit", "mV", "--triggers", "repair"]
    assert command(["predict", str(small_run), str(recording), str(out), *options]) == 1  # mV: 1000 times too large


def test_names_of_the_trainings_files_do_not_stand_in_the_way(trained: Any, raw: Any) -> None:
    run = trained(eeg={"rename": {"EEG7": "Oz"}, "types": {"EXG*": "misc"}})
    assert same(volumes(trained(), raw), volumes(run, raw))


def test_a_rate_that_does_not_fit_the_tr_is_resampled_and_magnitudes_do_not_depend_on_it(
    small_run: Path, raw: Any
) -> None:
    expected = volumes(small_run, raw)
    synthesizer = Synthesizer.from_pretrained(small_run, device="cpu")
    assert synthesizer.card.sfreq == raw.info["sfreq"]
    twice = raw.copy().resample(2 * raw.info["sfreq"], verbose="error")
    got = synthesizer.predict_volumes(twice).volumes
    assert np.median(np.abs(got - expected)) < 0.1 * np.median(expected.std(axis=0))
    odd = synthesizer.predict_volumes(raw.copy().resample(raw.info["sfreq"] + 0.3, verbose="error"))
    assert any("resampled to" in note for note in odd.notes)
    n = min(len(expected), len(odd.volumes))
    assert np.median(np.abs(odd.volumes[:n] - expected[:n])) < 0.2 * np.median(expected.std(axis=0))


@pytest.mark.parametrize(
    ("made", "hint"),
    [
        (lambda raw: raw.get_data(), "RawArray"),
        (lambda raw: mne.make_fixed_length_epochs(raw, verbose="error"), "epochs"),
    ],
)
def test_what_is_no_continuous_recording_is_refused_with_the_way_on(
    made: Any, hint: str, small_run: Path, raw: Any
) -> None:
    with pytest.raises(InputError, match=hint):
        volumes(small_run, made(raw))


def test_a_stream_takes_the_steps_that_it_can(trained: Any, raw: Any) -> None:
    raw = without_file(raw.crop(0, 40).set_annotations(None))
    name = electrodes(raw)[3]
    run = trained(eeg={"reference": "average", "bads": "interpolate"})
    synthesizer = Synthesizer.from_pretrained(run, device="cpu")
    raw.info["bads"] = [name]
    expected = synthesizer.predict_volumes(raw).volumes
    stream = synthesizer.stream(raw.info["sfreq"], raw.ch_names, bads=[name])
    got = np.stack([volume.volume for volume in stream.feed(raw.get_data())])
    assert same(expected, got[: len(expected)])
    assert any(name in note for note in stream.notes)
    filtered = Synthesizer.from_pretrained(trained(eeg=STEPS["filter"]), device="cpu")
    with pytest.raises(InputError, match="cleaning='done'"):
        filtered.stream(100.0, raw.ch_names)
    filtered.stream(100.0, raw.ch_names, cleaning="done")


def test_a_stream_of_constants_says_so(small_run: Path, raw: Any) -> None:
    data = raw.get_data()[:, :4000]
    data[raw.ch_names.index(electrodes(raw)[1])] = 3e-5
    stream = Synthesizer.from_pretrained(small_run).stream(raw.info["sfreq"], raw.ch_names)
    with pytest.warns(UserWarning, match=f"electrodes that are constant: {electrodes(raw)[1]}"):
        made = stream.feed(data)
    assert all(electrodes(raw)[1] in volume.notes[0] for volume in made)
    stream = Synthesizer.from_pretrained(small_run).stream(raw.info["sfreq"], raw.ch_names)
    with pytest.raises(InputError, match=r"constant(.|\n)*every electrode"):
        stream.feed(np.zeros_like(data))
    stream = Synthesizer.from_pretrained(small_run).stream(raw.info["sfreq"], raw.ch_names)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert all(not volume.notes for volume in stream.feed(raw.get_data()[:, :4000]))


def test_predictions_that_do_not_change_say_so(small_run: Path, raw: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    synthesizer = Synthesizer.from_pretrained(small_run)
    assert CONSTANT not in synthesizer.predict_volumes(raw).notes
    blind = synthesizer.loaded.model.forward
    monkeypatch.setattr(synthesizer.loaded.model, "forward", lambda x, *rest, **more: blind(0 * x + 1, *rest, **more))
    assert CONSTANT in synthesizer.predict_volumes(raw).notes


def test_a_report_names_what_the_store_left_out(
    small_store: Path, small_settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = ("left out: sub-09_task-rest: the EEG data file is empty",)
    store = replace(Store.open(small_store), notes=notes)
    monkeypatch.setattr(Store, "open", lambda *_, **__: store)
    run = train_run(small_store, tmp_path / "run", small_settings).run
    monkeypatch.undo()
    page = write_report(run).read_text(encoding="utf-8")
    assert "sub-09_task-rest" in page
    assert "the EEG data file is empty" in page
