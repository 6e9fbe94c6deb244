"""The test part is changed beyond recognition: what was fitted to the training part does not notice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eeg2fmri.core.random import generator
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.splits.make import Split, SplitConfig, make_split
from eeg2fmri.data.store.arrays.from_arrays import RecordingArrays, write_store
from eeg2fmri.data.store.blocks import Block
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.run import evaluate_run
from eeg2fmri.models.baselines import standard_baselines
from eeg2fmri.models.saving.hub import load
from eeg2fmri.train.run import train_run

GRID, TR, LAG, WINDOW = (6, 5, 4), 2.0, 0, 6
SPLITS = {
    "within-recording": {"by": "block"},
    "across-sessions": {"by": "session"},
    "fixed-subjects": {"by": "subject"},
    "k-fold-subjects": {"by": "subject", "folds": 2, "fold": 2, "validation": 1},
}
MODELS: dict[str, dict[str, Any]] = {
    "recommended": {"model": {"preset": "recommended"}, "pairs": {"window": WINDOW}},
    "documented": {
        "model": {"preset": "documented", "latent_shape": [2, 3, 2]},
        "pairs": {"window": WINDOW, "bold_scaling": "voxel"},
        "epochs": 1,
        "batch_size": 64,
    },
}


def recordings() -> list[RecordingArrays]:
    """Give four subjects with two sessions each, whose BOLD follows their EEG."""
    rng = generator(11, "nothing leaks")
    weights = rng.standard_normal(8)[:, None, None] * 0.3
    made = []
    for k in range(8):
        n = 100 + 2 * k
        drive = rng.standard_normal(n + 3)
        eeg = 1e-6 * np.exp(0.4 * rng.standard_normal((n, 8, 12)) + weights[None, :, :, 0] * drive[3:, None, None])
        bold = 500 + 50 * rng.random(GRID) + 8 * rng.standard_normal((n, *GRID)) + 6 * drive[:n, None, None, None]
        amplitude = rng.standard_normal((n, 8, 3)) + weights[None, :, :, 0] * drive[3:, None, None]
        made.append(
            RecordingArrays(
                f"sub-{k // 2 + 1:02}_ses-{'ab'[k % 2]}_task-rest",
                eeg=eeg.astype(np.float32),
                bold=bold.astype(np.float32),
                mask=np.ones(GRID, bool),
                amplitude=amplitude.astype(np.float32),
            )
        )
    return made


def written(path: Path, spoilt: dict[str, list[slice]]) -> Store:
    """Write the store, with other values in some volumes of some recordings."""
    arrays = recordings()
    for one in arrays:
        for rows in spoilt.get(one.id, []):
            rng = generator(5, "spoilt", one.id, str(rows))
            one.eeg[rows] = 1e-3 * rng.random(one.eeg[rows].shape)
            one.bold[rows] = 9e4 * rng.random(one.bold[rows].shape)
            one.amplitude[rows] = 1e3 * rng.standard_normal(one.amplitude[rows].shape)
    electrodes = ("Fp1", "Fp2", "C3", "C4", "Cz", "Pz", "O1", "O2")
    return Store.open(write_store(path, arrays, electrodes=electrodes, frequencies=3.0 * np.arange(1, 13), tr=TR))


def spoil(split: Split, store: Store) -> dict[str, list[slice]]:
    """Find the volumes that neither training nor validation reads: the test part, and the gaps."""
    rows: dict[str, np.ndarray] = {one.id: np.ones(one.n_volumes, bool) for one in store.recordings}
    for name in (*split.train, *split.validation):
        block = Block.of(name)
        rows[block.recording][block.rows] = False
    found = {}
    for name, free in rows.items():
        edges = np.flatnonzero(np.diff(np.concatenate([[0], free.astype(int), [0]])))
        found[name] = [slice(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
    return found


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return written(tmp_path_factory.mktemp("clean") / "store", {})


@pytest.fixture(scope="module", params=SPLITS)
def case(request: pytest.FixtureRequest, clean: Store, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Give a split, the clean store, and one whose test part is nonsense."""
    config = SplitConfig.make(SPLITS[request.param])
    split = make_split(clean, config, PairConfig(window=WINDOW))
    assert split.protocol == request.param
    return config, split, clean, written(tmp_path_factory.mktemp("spoilt") / "store", spoil(split, clean))


@pytest.mark.parametrize("model", MODELS)
def test_a_training_does_not_depend_on_the_test_part(case: Any, model: str, tmp_path: Path) -> None:
    config, split, *stores = case
    values = {**MODELS[model], "split": config.model_dump(mode="json"), "accelerator": "cpu", "seed": 1}
    runs = [train_run(store.path, tmp_path / f"run-{k}", values).run for k, store in enumerate(stores)]
    made = [load(run) for run in runs]
    for name, weights in made[0].model.state_dict().items():
        assert np.array_equal(weights, made[1].model.state_dict()[name]), name
    for name in ("mean", "std", "voxel_mean", "voxel_std"):
        np.testing.assert_array_equal(getattr(made[0].statistics, name), getattr(made[1].statistics, name))
    assert (runs[0] / "history.csv").read_text().split(",")[:5] == (runs[1] / "history.csv").read_text().split(",")[:5]
    if model == "recommended":
        scores = evaluate_run(runs[0], stores[0].path)
        assert scores.facts["protocol"] == split.protocol
        assert scores.score("model", "temporal_r") > 0.05
        reads = json.loads((runs[0] / "evaluation" / "reads.json").read_text())
        assert [(read["recordings"], read["protocol"]) for read in reads] == [(list(split.test), split.label)]


def test_a_baseline_does_not_depend_on_the_test_part(case: Any) -> None:
    _, split, *stores = case
    pairs = PairConfig(window=WINDOW, eeg="amplitude", target="dynamics")
    views = [split.view(store) for store in stores]
    for one, other in zip(standard_baselines(), standard_baselines(), strict=True):
        for baseline, view in ((one, views[0]), (other, views[1])):
            baseline.fit(view, split.train, pairs, split.validation)
        for seen in (split.train[0], split.validation[-1]):
            first, second = one.predict(views[0], seen), other.predict(views[1], seen)
            np.testing.assert_array_equal(first, second, err_msg=one.name)
