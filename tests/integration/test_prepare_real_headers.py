"""Files of real recorders and scanners, through reading, spectrogram, regridding, preparing and a step of training."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import mne
import nibabel
import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bold.image import BoldImage
from eeg2fmri.data.bold.regrid import regrid, regrid_affine
from eeg2fmri.data.eeg.electrodes.channel_names import electrode_names
from eeg2fmri.data.eeg.read import read_raw
from eeg2fmri.data.prepare.new_recording import Wanted, new_recording
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.store.store import Store
from eeg2fmri.data.timing.read_markers import markers_of
from eeg2fmri.data.timing.repetition_time import repetition_time
from eeg2fmri.data.timing.without_bold import Clock
from eeg2fmri.train.run import train_run

EEG = Path(__file__).parents[1] / "reference" / "data" / "real" / "eeg_raw.fif.gz"
IMAGES = Path(nibabel.__file__).parent / "tests" / "data"
LAYOUT = {"eeg": "{subject}/eeg_raw.fif.gz", "bold": "{subject}/functional.nii"}


def test_a_recording_of_a_real_amplifier() -> None:
    notes: list[str] = []
    raw = read_raw(EEG, notes)
    assert electrode_names(raw) == [f"EEG {k:03d}" for k in range(1, 61)]
    assert raw.info["sfreq"] == pytest.approx(600.615, abs=1e-3)
    markers = markers_of(raw)
    assert set(markers) == {f"STI 014/{code}" for code in (1, 2, 3, 4, 5, 32)}
    times = np.sort(np.concatenate(list(markers.values())))
    assert times.min() > 0
    assert times.max() < 24
    assert np.median(np.diff(times)) == pytest.approx(0.75, abs=0.1)
    frequencies = np.arange(1, 101) * raw.info["sfreq"] / round(2 * raw.info["sfreq"])
    wanted = Wanted(tuple(electrode_names(raw)), frequencies, 2.0)
    new = new_recording(raw, wanted, PrepareConfig(), clock=Clock(first_volume_s=0.0))
    made, onsets = new.spectrogram(), new.onsets
    assert made.shape == (11, 60, 100)
    np.testing.assert_allclose(np.diff(onsets), 2)
    segment = raw.get_data(picks=["EEG 007"], start=0, stop=1201)[0]
    np.testing.assert_allclose(made[0, 6], np.abs(np.fft.rfft(segment))[1:101], rtol=1e-4, atol=1e-9)
    # scalp EEG has more power in slow rhythms
    assert np.median(made[:, :, 2:20]) > 2 * np.median(made[:, :, 60:])


@pytest.mark.parametrize(
    ("name", "shape", "tr"), [("functional.nii", (17, 21, 3, 20), 2.0), ("example4d.nii.gz", (128, 96, 24, 2), 2.0)]
)
def test_an_image_of_a_real_scanner(name: str, shape: tuple[int, ...], tr: float) -> None:
    """One header gives its TR as 2000 with the unit second: what it says is read, and refused when it is prepared."""
    there = nibabel.load(IMAGES / name)
    opened = BoldImage.open(IMAGES / name)
    assert (*opened.shape, opened.n_volumes) == shape
    assert opened.header_tr == (tr if name == "functional.nii" else 2000.0)
    if opened.header_tr != tr:
        with pytest.raises(InputError, match="milliseconds"):
            repetition_time(opened.header_tr, {}, where=name)
    volumes = list(opened.volumes())
    np.testing.assert_allclose(volumes[1], np.asarray(there.dataobj)[..., 1], rtol=1e-6)
    np.testing.assert_allclose(opened.affine, there.affine)
    grid = (10, 12, 3)
    moved = regrid(volumes[0], grid)
    assert moved.mean() == pytest.approx(float(volumes[0].mean()), rel=1e-4)
    corner = regrid_affine(opened.affine, opened.shape, grid) @ [-0.5, -0.5, -0.5, 1]
    np.testing.assert_allclose(corner, opened.affine @ [-0.5, -0.5, -0.5, 1])


def test_two_volumes_are_too_few_for_a_recording(tmp_path: Path) -> None:
    """The other image of a scanner goes with the EEG as far as it can: it has two volumes."""
    (tmp_path / "set" / "a").mkdir(parents=True)
    shutil.copy(EEG, tmp_path / "set" / "a")
    shutil.copy(IMAGES / "example4d.nii.gz", tmp_path / "set" / "a")
    layout = {"eeg": "{subject}/eeg_raw.fif.gz", "bold": "{subject}/example4d.nii.gz"}
    with pytest.raises(InputError, match=r"too short(.|\n)*example4d.nii.gz(.|\n)*2 volumes"):
        prepare(tmp_path / "set", tmp_path / "store", settings(layout=layout))
    with pytest.raises(InputError, match=r"TR is implausible(.|\n)*example4d.nii.gz(.|\n)*milliseconds"):
        prepare(tmp_path / "set", tmp_path / "store", settings(layout=layout, tr=None))


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two files, and two more subjects with their headers and other measurements; a TR that 20 volumes fit in."""
    root = tmp_path_factory.mktemp("real") / "joined"
    raw = mne.io.read_raw_fif(EEG, preload=True, verbose="error")
    image = nibabel.load(IMAGES / "functional.nii")
    for number, subject in enumerate("abc"):
        folder = root / subject
        folder.mkdir(parents=True)
        if not number:
            shutil.copy(EEG, folder)
            shutil.copy(IMAGES / "functional.nii", folder)
            continue
        other = raw.copy().apply_function(lambda x, by=5000 * number: np.roll(x, by), picks="eeg", verbose="error")
        other.save(folder / EEG.name, verbose="error")
        volumes = np.roll(np.asarray(image.dataobj), 5 * number, axis=-1)
        nibabel.Nifti1Image(volumes, image.affine, image.header).to_filename(folder / "functional.nii")
    return root


def settings(**more: object) -> PrepareConfig:
    return PrepareConfig.make({"layout": LAYOUT, "first_volume_s": 1.0, "tr": 1.0, "mask": "varying", **more})


def test_a_joined_pair_is_prepared_and_trained_on(joined: Path, tmp_path: Path, small_settings: dict[str, Any]) -> None:
    store = prepare(joined, tmp_path / "store", settings(grid=[9, 11, 3]))
    store.verify()
    assert len(store.electrodes) == 60
    assert (store.grid, store.tr, store.recordings[0].n_volumes) == ((9, 11, 3), 1.0, 20)
    volumes = [regrid(volume, store.grid) for volume in BoldImage.open(IMAGES / "functional.nii").volumes()]
    np.testing.assert_allclose(store.bold(0), volumes, rtol=1e-4, atol=1e-3)
    result = train_run(store.path, tmp_path / "run", small_settings)
    assert np.isfinite(result.fitted.history[0]["train_loss"])
    assert (result.run / "weights.safetensors").is_file()


def test_the_volumes_of_a_joined_pair_at_their_places_in_mm(joined: Path, tmp_path: Path) -> None:
    store = prepare(joined, tmp_path / "store", settings(bold={"resample": "world"}))
    volumes = np.stack(list(BoldImage.open(IMAGES / "functional.nii").volumes()))
    assert store.grid == volumes.shape[1:]
    np.testing.assert_allclose(store.bold(0), volumes, atol=1e-3 * np.ptp(volumes))
    np.testing.assert_allclose(store.affine, nibabel.load(IMAGES / "functional.nii").affine)


def test_names_that_say_nothing_meet_a_montage_by_their_digitised_positions(joined: Path, tmp_path: Path) -> None:
    montage = ["Fz", "Cz", "Pz", "O1", "T8"]
    store = prepare(joined, tmp_path / "store", settings(channels="interpolate", montage=montage))
    assert store.electrodes == tuple(montage)
    raw = read_raw(EEG)
    places = {
        channel["ch_name"]: channel["loc"][:3]
        for channel in raw.info["chs"]
        if channel["ch_name"] in electrode_names(raw)
    }
    every = np.array(list(places.values()))
    # the electrode that lies furthest back on the left is nearest to O1, the one furthest to the right to T8
    for name, direction in (("O1", [-0.4, -1, 0]), ("T8", [1, 0, 0])):
        nearest = list(places)[int(np.argmax(every @ direction))]
        spectrum = Store.open(tmp_path / "store").eeg(0)[:, montage.index(name)]
        frequencies = store.frequencies
        wanted = Wanted((nearest, "EEG 001"), frequencies, 1.0)
        both = new_recording(raw, wanted, PrepareConfig(), clock=Clock(onsets=store.recordings[0].onsets)).spectrogram()
        own, other = both[:, :1], both[:, 1:]
        low = np.s_[:, :30]
        close = np.corrcoef(np.log(spectrum[low]).ravel(), np.log(own[:, 0][low]).ravel())[0, 1]
        far = np.corrcoef(np.log(spectrum[low]).ravel(), np.log(other[:, 0][low]).ravel())[0, 1]
        assert close > far
