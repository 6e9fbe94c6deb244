"""Worlds of arrays: what moves EEG and BOLD together is known, and is the brain in some of them alone."""

import json

import numpy as np
import pytest
import scipy.signal

from eeg2fmri.data.pairs.scaling import group_statistics
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.store.arrays.from_arrays import RecordingArrays, write_store
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.controls.study import ControlStudy
from eeg2fmri.evaluate.inputs.open_run import open_run
from eeg2fmri.evaluate.recordings.scoring import Recording
from eeg2fmri.models.baselines.kinds.band_power_ridge import LaggedBandPowerRidge
from eeg2fmri.models.baselines.response import glover
from eeg2fmri.models.registry import build, config_class
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.models.saving.hub import save

TR, VOLUMES, GRID = 2.0, 220, (7, 6, 5)
FREQUENCIES = np.array([0.5, 2.0, 6.0, 10.0, 20.0, 50.0])
SUBJECTS = {"train": ("01", "02", "03", "04", "05"), "validation": ("06",), "test": ("07", "08", "09")}
WINDOW = 8
ALPHA, OUTSIDE = [3], [0, 5]


def smooth(rng, n=VOLUMES, phi=0.5):
    """Stationary course of unit variance."""
    return scipy.signal.lfilter([np.sqrt(1 - phi**2)], [1, -phi], rng.standard_normal(n + 50))[50:]


def response(course):
    """Convolve with the haemodynamic response, to unit deviation."""
    kernel = glover(np.arange(0, 30, TR) + TR / 2)
    found = np.convolve(course - course.mean(), kernel)[: len(course)]
    return found / found.std()


def moved(rng):
    """Bursts of movement: six parameters (mm, rad), and how much the head moved."""
    steps = np.where(
        rng.random((VOLUMES, 6)) < 0.04, rng.standard_normal((VOLUMES, 6)), 0.02 * rng.random((VOLUMES, 6))
    )
    names = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
    values = np.cumsum(steps * np.array([1, 1, 1, 0.02, 0.02, 0.02]), axis=0)
    amount = np.r_[0, np.abs(np.diff(values, axis=0) * [1, 1, 1, 50, 50, 50]).sum(axis=1)]
    return dict(zip(names, values.T, strict=True)), amount / amount.std()


def blocks(rng, shared):
    """Blocks of a task of 16 s, and its regressors."""
    starts = np.arange(10, VOLUMES, 25) if shared else np.sort(rng.choice(np.arange(4, VOLUMES - 8, 9), 11, False))
    course = np.zeros(VOLUMES)
    for start in starts:
        course[start : start + 8] = 1
    return {f"task_go_{k}": np.roll(response(course), k - 1) for k in (1, 2, 3)}, (course - 0.4) * 2


def recording(kind, rng):
    """Give what drives the power of the EEG (row, band), what drives BOLD (volume,), and what is known beside."""
    parameters, amount = moved(rng)
    known, own = dict(parameters), smooth(rng)
    drive, bands, bold = own, ALPHA, response(own)
    if kind == "null":
        bold = smooth(rng)
    elif kind == "motion":
        drive, bands, bold = amount, range(6), response(amount)
    elif kind in ("task", "shared_task"):
        known, drive = blocks(rng, kind == "shared_task")
        bold = response(drive)
    elif kind in ("heart", "respiration"):
        name = {"heart": "heart_rate", "respiration": "respiration_volume"}[kind]
        known, bold = {name: 60 + 5 * own}, np.r_[np.zeros(3), own[:-3]]
    elif kind == "eyes":
        known, bold = {"eog_power": own}, np.r_[np.zeros(2), own[:-2]]
    elif kind == "muscle":
        known, bands = {}, OUTSIDE
    elif kind == "regular":
        drive = np.sin(2 * np.pi * np.arange(VOLUMES) * TR / 55 + rng.uniform(0, 6)) + 0.1 * own
        bold = response(drive)
    return drive, bands, bold, known


def arrays(kind, subject, pattern):
    rng = np.random.default_rng([int(subject), 1, *kind.encode()])
    drive, bands, bold, known = recording(kind, rng)
    power = 0.4 * rng.standard_normal((VOLUMES, 5, len(FREQUENCIES)))
    for band in bands:
        power[:, :, band] += 0.7 * drive[:, None] * np.array([0.2, 0.4, 0.6, 1.0, 1.0])
    eeg = 1e-6 * np.exp(power / 2)
    where = np.ones_like(pattern) if kind == "global" else pattern
    noise = rng.standard_normal((VOLUMES, *GRID))
    volumes = 1000 + 10 * (0.6 * where * bold[:, None, None, None] + noise)
    return RecordingArrays(f"sub-{subject}_task-x", eeg.astype("f4"), volumes.astype("f4"), nuisance=known)


@pytest.fixture(scope="session")
def focal():
    """Voxels that follow the EEG."""
    inside = np.zeros(GRID, bool)
    inside[:3, :3, 1:4] = True
    return inside


@pytest.fixture(scope="session")
def world(tmp_path_factory, focal):
    """Make a store of a world and a run on it (OpenRun); its ridge predicts what is predicted."""
    made = {}

    def make(kind, subjects=None):
        subjects = subjects or SUBJECTS
        key = (kind, json.dumps(subjects))
        if key not in made:
            folder = tmp_path_factory.mktemp(kind)
            names = {part: [f"sub-{s}_task-x" for s in of] for part, of in subjects.items()}
            every = [arrays(kind, s, focal.astype(float)) for of in subjects.values() for s in of]
            store = Store.open(
                write_store(
                    folder / "store", every, electrodes=("Fz", "Cz", "Pz", "O1", "O2"), frequencies=FREQUENCIES, tr=TR
                )
            )
            blocks_of = {"na_spec": {"kernels": [(2, 2, 2)], "strides": [(1, 1, 1)]}, "channels": 2}
            volumes_of = {"na_spec": {"kernels": [(3, 3, 2)], "strides": [(1, 1, 1)]}, "channels": 2}
            config = config_class("synthesizer").make(
                {
                    "kind": "synthesizer",
                    "eeg_shape": (5, len(FREQUENCIES), WINDOW),
                    "volume_shape": GRID,
                    "latent_shape": (2, 3, 2),
                    "encoder": {"blocks": blocks_of, "attention": {}},
                    "volume_encoder": {"blocks": volumes_of},
                    "projection": {"kind": "dense"},
                    "style": "none",
                    "seed": 3,
                }
            )
            card = ModelCard.of_store(store, config, PairConfig(window=WINDOW, target="dynamics"))
            save(folder / "run", build(config), card, group_statistics(store, names["train"]))
            (folder / "run" / "split.json").write_text(json.dumps({**names, "store_hash": store.hash}))
            made[key] = open_run(folder / "run", store.path)
        return made[key]

    return make


@pytest.fixture(scope="session")
def controls_of(world, focal):
    """Run all controls on what a ridge of the training group predicts in a world."""
    made = {}

    def make(kind, subjects=None):
        key = (kind, json.dumps(subjects))
        if key not in made:
            run = world(kind, subjects)
            ridge = LaggedBandPowerRidge()
            ridge.fit(run.store, run.split.train, run.loaded.card.pairs, run.split.validation)
            study = ControlStudy(run, focal)
            for name in run.split.test:
                found = Recording.of([run], name)
                study.add(found, found.cut(ridge.predict(run.store, name)))
            made[key] = study.result()
        return made[key]

    return make
