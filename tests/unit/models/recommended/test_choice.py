import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.models.recommended import choice
from eeg2fmri.models.recommended.choice import choose
from eeg2fmri.models.recommended.closed_form import RecordingArrays, moments, solve
from eeg2fmri.models.recommended.haemodynamic import drifts

N_FEATURES = 6


def no_drift(n):
    return drifts(n, 1.0, 1e9)


def test_the_best_on_validation_comes_first(cells, group):
    fitted = moments(group(), no_drift)
    held = group(seeds=(7, 8))
    rng = np.random.default_rng(5)
    deviations = {None: np.ones((3, N_FEATURES)), 20.0: rng.uniform(0.05, 2.0, (3, N_FEATURES))}
    trials = choose(fitted, held, cells, deviations, (0.01, 5.0, 5000.0))
    assert len(trials) == 6
    assert [t.r for t in trials] == sorted([t.r for t in trials], reverse=True)
    for trial in trials:
        weights = solve(fitted, cells, deviations[trial.width_mm], trial.penalty) / fitted.scale[:, None]
        r, product, square = [], 0.0, 0.0
        for recording in held:
            predicted = recording.features @ weights
            predicted -= predicted.mean(axis=0)
            product += np.sum(predicted * recording.volumes)
            square += np.sum(predicted**2)
            r += [np.corrcoef(a, b)[0, 1] for a, b in zip(predicted.T, recording.volumes.T, strict=True)]
        assert trial.r == pytest.approx(np.mean(r), abs=1e-4)
        assert trial.gain == pytest.approx(product / square, rel=1e-3)


def test_a_prediction_against_the_truth_has_no_gain(cells, group):
    fitted = moments(group(), no_drift)
    against = [RecordingArrays(r.features, -r.volumes) for r in group(seeds=(7,))]
    (trial,) = choose(fitted, against, cells, {None: np.ones((3, N_FEATURES))}, (1.0,))
    assert trial.r < -0.5
    assert trial.gain == 0


def test_the_choice_takes_some_voxels_of_cells_all_over_the_brain(cells, group, monkeypatch):
    monkeypatch.setattr(choice, "CHOICE_CELLS", 2)
    monkeypatch.setattr(choice, "CHOICE_VOXELS", 3)
    fitted, held = moments(group(), no_drift), group(seeds=(7,))
    deviations = {20.0: np.random.default_rng(5).uniform(0.05, 2.0, (3, N_FEATURES))}
    (trial,) = choose(fitted, held, cells, deviations, (1.0,))
    # three voxels of the first cell and three of the last
    kept = [0, 4, 10, 1, 5, 9]
    weights = solve(fitted, cells, deviations[20.0], 1.0) / fitted.scale[:, None]
    predicted = held[0].features @ weights
    r = [np.corrcoef(predicted[:, v], held[0].volumes[:, v])[0, 1] for v in kept]
    assert trial.r == pytest.approx(np.mean(r), abs=1e-4)


def test_nothing_to_choose_on_is_an_error(cells, group):
    with pytest.raises(InputError, match="no validation recording"):
        choose(moments(group(), no_drift), [], cells, {None: np.ones((3, N_FEATURES))}, (1.0,))
