"""The recommended synthesiser on simulated subjects that it never saw, from EEG samples to volumes."""

from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

from eeg2fmri.data.eeg.electrodes.template_positions import electrode_positions
from eeg2fmri.data.features.band_covariance import band_covariances
from eeg2fmri.data.features.recentring import recentred_amplitude
from eeg2fmri.data.pairs.dataset import Pair
from eeg2fmri.models.recommended.acquisition import Acquisition
from eeg2fmri.models.recommended.config import RecommendedConfig
from eeg2fmri.models.recommended.model import Recommended
from eeg2fmri.simulate.config import SimulationConfig
from eeg2fmri.simulate.recording.simultaneous import simulate_recording
from eeg2fmri.simulate.recording.study import make_participant, make_study, place_cap

ROWS, SKIP, GRID = 10, 3, (16, 18, 14)


class Subject(NamedTuple):
    amplitude: np.ndarray  # (volume, channel, band)
    dynamics: np.ndarray  # (volume, x, y, z)
    grey: np.ndarray
    affine: np.ndarray
    coupled: np.ndarray  # (x, y, z): mostly of coupled regions


class SubjectPairs(Dataset):
    def __init__(self, subjects):
        self.at = [
            (number, subject, volume)
            for number, subject in enumerate(subjects)
            for volume in range(SKIP + ROWS, len(subject.amplitude))
        ]

    def __len__(self):
        return len(self.at)

    def __getitem__(self, k):
        number, subject, volume = self.at[k]
        window = np.moveaxis(subject.amplitude[volume - ROWS : volume], 0, -1).copy()
        return Pair(torch.from_numpy(window), torch.from_numpy(subject.dynamics[volume]), number, volume)


def simulate(coupling):
    values = {"subjects": 5, "volumes": 160, "tr": 2.0, "grid": GRID, "electrodes": 32, "sfreq": 125.0, "regions": 40}
    study = make_study(SimulationConfig.make({**values, "coupling": coupling, "coupled": 0.75, "seed": 4}))
    onsets = study.clock.volumes - study.clock.first_sample
    subjects = []
    for label in ("01", "02", "03", "04", "05"):
        participant = make_participant(study, label)
        cap = place_cap(study, participant.subject, f"sub-{label}")
        recording = simulate_recording(study, participant, cap, f"sub-{label}_task-rest")
        bold = np.moveaxis(recording.bold.data, -1, 0).astype(np.float32)
        mean, std = bold[SKIP:].mean(axis=0), bold[SKIP:].std(axis=0)
        covariances = band_covariances(recording.eeg, 125.0, onsets, 2.0)
        space = participant.space
        coupled = (space.weights @ study.group.coupled.astype(np.float32)).reshape(GRID)
        subjects.append(
            Subject(
                recentred_amplitude(covariances, SKIP),
                (bold - mean) / std.clip(1e-3),
                space.grey,
                space.grid.affine,
                coupled > 0.4,
            )
        )
    return study.electrodes.names, subjects


def temporal_r(coupling):
    """Train on three subjects, choose on one, and correlate the coupled voxels of the fifth."""
    names, subjects = simulate(coupling)
    mask = np.logical_and.reduce([subject.grey > 0.1 for subject in subjects[:3]])
    acquisition = Acquisition(2.0, mask, subjects[0].affine, electrodes=electrode_positions(names))
    model = Recommended(RecommendedConfig(eeg_shape=(32, 3, ROWS), volume_shape=GRID)).eval()
    model.fit_closed_form(SubjectPairs(subjects[:3]), SubjectPairs(subjects[3:4]), acquisition)
    unseen = SubjectPairs(subjects[4:])
    with torch.no_grad():
        got = model(torch.stack([pair.x for pair in unseen])).volume.numpy()
    truth = np.stack([pair.y.numpy() for pair in unseen])
    voxels = mask & subjects[4].coupled
    a, b = ((array - array.mean(axis=0))[:, voxels] for array in (got, truth))
    return (a * b).sum(axis=0) / np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0)).clip(1e-12)


def test_an_unseen_subject_is_synthesised_from_its_eeg_where_there_is_coupling():
    r = temporal_r(1.0)
    assert len(r) > 100
    assert np.median(r) > 0.2


def test_nothing_is_synthesised_where_there_is_none():
    assert np.median(temporal_r(0.0)) == pytest.approx(0, abs=0.1)


def test_the_preset_trains_predicts_and_streams_from_a_store(small_bids, tmp_path):
    import mne

    from eeg2fmri import Synthesizer
    from eeg2fmri.data.pairs.dataset import PairDataset
    from eeg2fmri.data.prepare.run import prepare
    from eeg2fmri.models.saving.hub import load
    from eeg2fmri.train.run import train_run

    store = prepare(small_bids, tmp_path / "store")
    assert store.amplitude(0).shape == (store.recordings[0].n_volumes, len(store.electrodes), 3)
    settings = {"model": {"preset": "recommended", "components": 5}, "pairs": {"window": 6}, "split": {"seed": 1}}
    result = train_run(store.path, tmp_path / "run", settings)
    assert "closed form" in result.summary()
    assert [row["epoch"] for row in result.fitted.history] == [0]
    loaded = load(tmp_path / "run")
    assert loaded.card.pairs.target == "dynamics"
    assert loaded.model.fitted

    name = "sub-02_task-rest"
    raw = mne.io.read_raw_brainvision(small_bids / "sub-02" / "eeg" / f"{name}_eeg.vhdr", verbose="error")
    synthesizer = Synthesizer.from_pretrained(tmp_path / "run", device="cpu")
    made = synthesizer.predict_volumes(raw)
    pair = PairDataset(store, [name], loaded.card.pairs)[4]
    with torch.inference_mode():
        expected = loaded.scaler().unscale(loaded.model(pair.x[None]).volume[0].numpy())
    np.testing.assert_allclose(made.volumes[4], expected, rtol=1e-3)

    first = float(made.onsets[0] - made.indices[0] * store.tr)
    stream = synthesizer.stream(raw.info["sfreq"], raw.ch_names, first_volume_s=first)
    last = round((first + store.recordings[0].n_volumes * store.tr) * raw.info["sfreq"])
    streamed = stream.feed(raw.get_data()[:, :last])
    # the last window has seen what the file has: its recentring is that of the whole recording
    raw_last = next(volume for volume in streamed if volume.index == made.indices[-1] + 1)
    assert np.isfinite(raw_last.volume).all()
    assert [volume.index for volume in streamed][:-1] == made.indices.tolist()
    near = [np.corrcoef(a.volume.ravel(), b.ravel())[0, 1] for a, b in zip(streamed, made.volumes, strict=False)]
    assert min(near) > 0.9


def test_gradient_steps_start_from_the_closed_form_and_keep_the_better(small_store, tmp_path):
    from eeg2fmri.core.errors import ConfigError
    from eeg2fmri.train.run import train_run

    values = {
        "model": {"preset": "recommended", "components": 5},
        "pairs": {"window": 6},
        "split": {"seed": 1},
        "epochs": 2,
        "optimiser": {"learning_rate": 3e-5},
    }
    result = train_run(small_store, tmp_path / "run", values)
    assert [row["epoch"] for row in result.fitted.history] == [0, 1, 2]
    losses = [row["validation_loss"] for row in result.fitted.history]
    assert result.fitted.best_epoch == losses.index(min(losses))
    with pytest.raises(ConfigError, match="has to be trained"):
        train_run(
            small_store, tmp_path / "none", {"epochs": 0, "pairs": {"window": 4}, "model": {"preset": "documented"}}
        )
