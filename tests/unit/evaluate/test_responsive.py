"""A focal world of arrays: 4 % of the brain follows the power of one band at two electrodes, in every subject."""

import json

import numpy as np
import pytest
import torch

from eeg2fmri.core.progress import silent
from eeg2fmri.data.pairs.scaling import group_statistics
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.store.arrays.from_arrays import RecordingArrays, write_store
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.inputs import responsive as module
from eeg2fmri.evaluate.inputs.methods import Method
from eeg2fmri.evaluate.inputs.open_run import open_run
from eeg2fmri.evaluate.inputs.responsive import responsive_voxels
from eeg2fmri.evaluate.recordings.scoring import Recording, Scores
from eeg2fmri.evaluate.summary import summarise
from eeg2fmri.models.baselines.kinds.band_power_ridge import LaggedBandPowerRidge
from eeg2fmri.models.baselines.response import glover
from eeg2fmri.models.registry import build, config_class
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.models.saving.hub import save

GRID, VOLUMES, TR = (10, 10, 5), 150, 2.0
SUBJECTS = {"train": "12345", "validation": "6", "test": "78"}


@pytest.fixture(scope="module")
def focus():
    """20 of 500 voxels."""
    inside = np.zeros(GRID, bool)
    inside[6:8, 1:6, 2:4] = True
    return inside


def arrays(subject, focus, follows):
    """EEG and BOLD of a subject, both with a drift of the same sign; in the focus, BOLD follows alpha or its like."""
    rng = np.random.default_rng([int(subject), follows])
    drift = np.linspace(-3, 3, VOLUMES)
    alpha = np.convolve(rng.standard_normal(VOLUMES + 2), np.ones(3) / np.sqrt(3), "valid")
    power = 0.5 * rng.standard_normal((VOLUMES, 5, 6))
    power[:, 3:, 3] += alpha[:, None]
    power += 0.3 * drift[:, None, None]
    course = alpha if follows else rng.permutation(alpha)
    bold = np.convolve(course, glover(np.arange(0, 30, TR) + TR / 2))[:VOLUMES]
    volumes = rng.standard_normal((VOLUMES, *GRID)) + drift[:, None, None, None]
    volumes += 0.8 * focus * (bold / bold.std())[:, None, None, None]
    eeg = 1e-6 * np.exp(power / 2)
    return RecordingArrays(f"sub-{subject}_task-x", eeg.astype("f4"), (1000 + 10 * volumes).astype("f4"))


def open_world(folder, focus, follows):
    names = {part: [f"sub-{s}_task-x" for s in of] for part, of in SUBJECTS.items()}
    every = [arrays(s, focus, follows) for s in "12345678"]
    frequencies = np.array([1.0, 3.0, 6.0, 10.0, 20.0, 30.0])
    store = Store.open(
        write_store(folder / "store", every, electrodes=("Fz", "Cz", "Pz", "O1", "O2"), frequencies=frequencies, tr=TR)
    )
    blocks = {"na_spec": {"kernels": [(2, 2, 2)], "strides": [(1, 1, 1)]}, "channels": 2}
    config = config_class("synthesizer").make(
        {
            "kind": "synthesizer",
            "eeg_shape": (5, 6, 8),
            "volume_shape": GRID,
            "latent_shape": (2, 2, 2),
            "encoder": {"blocks": blocks, "attention": {}},
            "volume_encoder": {"blocks": blocks},
            "projection": {"kind": "dense"},
            "style": "none",
            "seed": 3,
        }
    )
    card = ModelCard.of_store(store, config, PairConfig(window=8))
    save(folder / "run", build(config), card, group_statistics(store, names["train"]))
    (folder / "run" / "split.json").write_text(json.dumps({**names, "store_hash": store.hash}))
    return open_run(folder / "run", store.path)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory, focus):
    return {follows: open_world(tmp_path_factory.mktemp("focal"), focus, follows) for follows in (True, False)}


def judged(run):
    """Evaluation in which a ridge of the training group is the model."""
    where = responsive_voxels(run)
    ridge = LaggedBandPowerRidge().fit(run.store, run.split.train, run.loaded.card.pairs, run.split.validation)
    scores = Scores(silent)
    for name in run.split.test:
        recording = Recording.of([run], name, where)
        prediction = recording.cut(ridge.predict(run.store, name))
        scores.add_mapped(Method("model", "a ridge", "EEG", "model"), recording, prediction)
    return summarise(run, scores, np.random.default_rng(0), [{}], {}), where


def test_a_focal_effect_is_found_and_said(worlds, focus):
    evaluation, where = judged(worlds[True])
    assert where.sum() == 25
    assert (where & focus).sum() >= 15
    informs = evaluation.claims[0]
    assert informs.decision == "yes"
    assert evaluation.verdict.startswith("The EEG tells something about the BOLD")
    assert evaluation.score("model", "responsive_r") > 0.25 > 0.05 > abs(evaluation.score("model", "temporal_r"))
    assert 0.02 < informs.numbers["share_significant"] < 0.06
    assert not informs.numbers["global"]


def test_drifts_of_the_same_sign_are_no_information(worlds):
    evaluation, _ = judged(worlds[False])
    assert evaluation.claims[0].decision != "yes"
    assert not evaluation.helped
    assert evaluation.claims[0].numbers["share_significant"] < 0.02


def test_a_model_that_was_chosen_by_leaving_people_out_chooses_alone(worlds, monkeypatch):
    """Nothing is fitted again where the model brings its r in people left out."""
    run = worlds[False]
    there = np.zeros(GRID, np.float32)
    there[1:4, 6:9, 1:4] = 0.4
    monkeypatch.setattr(module.HaemodynamicRidge, "fit", lambda *a, **k: pytest.fail("a ridge was fitted"))
    monkeypatch.setattr(run.loaded.model, "left_out_r", torch.from_numpy(there), raising=False)
    where = responsive_voxels(run)
    assert where.sum() == 25
    assert there[where].min() > 0


def test_the_test_part_does_not_choose(worlds, monkeypatch):
    """No BOLD of a test recording is read to choose."""
    run, seen, read = worlds[True], [], Store.bold
    monkeypatch.setattr(Store, "bold", lambda store, name: seen.append(name) or read(store, name))
    assert responsive_voxels(run) is not None
    assert set(seen) >= set(run.split.train) | set(run.split.validation)
    assert not set(seen) & set(run.split.test)
