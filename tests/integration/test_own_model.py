"""Arrays of one's own and a regressor of one's own, from the store to the report."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.linear_model import Ridge

import eeg2fmri
from eeg2fmri.core.errors import InputError
from eeg2fmri.models.own import OwnModel
from eeg2fmri.predict.synthesizer import Synthesizer


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    rng = np.random.default_rng(1)
    eeg = [rng.standard_normal((70, 5)) for _ in range(4)]
    bold = [np.roll(x[:, :1], 2, axis=0) * [3.0, 0, -3.0, 0] + rng.standard_normal((70, 4)) for x in eeg]
    return eeg2fmri.Store.from_arrays(
        tmp_path_factory.mktemp("arrays") / "store", eeg, bold, subjects=["01", "02", "03", "04"], tr=2.0
    )


SETTINGS = {
    "epochs": 1,
    "accelerator": "cpu",
    "pairs": {"window": 4},
    "model": {"preset": "documented", "latent_shape": [2, 1, 1]},
}


def test_own_arrays_and_an_own_regressor_are_cross_validated_and_reported(store, tmp_path):
    own = OwnModel("my_ridge", lambda: Ridge(alpha=10.0), label="ridge of my own")
    settings = {**SETTINGS, "split": {"by": "subject", "folds": 2, "seed": 1}}
    found = eeg2fmri.crossvalidate(store, tmp_path / "cv", settings, own=[own]).evaluation
    assert found is not None
    assert found.score("my_ridge", "temporal_r_mean") > 0.35
    assert found.score("mean_volume", "temporal_r_mean") == 0
    page = eeg2fmri.report(tmp_path / "cv")
    text = page.read_text(encoding="utf-8")
    assert "Ridge of my own" in text
    assert "temporal r of each region" in text
    assert "Axial slices" not in text
    assert 'id="viewer"' not in text


def test_an_own_regressor_stands_in_evaluate_and_benchmark(store, tmp_path):
    run = eeg2fmri.train(store, tmp_path / "run", {**SETTINGS, "split": {"seed": 1}}).run
    own = [OwnModel("my_ridge", lambda: Ridge(alpha=10.0))]
    evaluated = eeg2fmri.evaluate(run, store, own=own)
    assert [method.name for method in evaluated.methods][-1] == "my_ridge"
    scores = json.loads((run / "evaluation/scores.json").read_text())
    assert any(row["method"] == "my_ridge" and row["p_value"] is not None for row in scores["scores"])
    table = eeg2fmri.benchmark({"ours": run}, store, tmp_path / "table", own=own)
    assert table.score("my_ridge", "temporal_r") == pytest.approx(evaluated.score("my_ridge", "temporal_r"))
    with pytest.raises(InputError, match="given as arrays"):
        Synthesizer.from_pretrained(run).stream(250.0, store.electrodes)
    with pytest.raises(InputError, match="name of another"):
        eeg2fmri.evaluate(run, store, own=[OwnModel("lagged_ridge", Ridge)])
