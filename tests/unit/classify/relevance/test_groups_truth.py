"""Explanations beside the truth of simulated groups: right ones are told from wrong ones."""

import json

import numpy as np
import pytest

from eeg2fmri.classify.folds.files import FoldResult
from eeg2fmri.classify.relevance.explanation_truth import compare_with_truth
from eeg2fmri.classify.relevance.groups_truth import GroupsTruth, agreement, sentence
from eeg2fmri.core.errors import InputError
from eeg2fmri.explain.inputs.axes import Axes
from eeg2fmri.models.saving.card import ModelCard

ELECTRODES = ("Fz", "Cz", "Pz", "Oz", "C3", "C4")
AXES = Axes.of_window(ELECTRODES, np.arange(1.0, 31.0), 2.0, 3, 0)
#: Centres of voxels of 8 mm.
VOXELS = np.stack(np.meshgrid(*[np.arange(-60.0, 61, 8)] * 3, indexing="ij"), -1).reshape(-1, 3)


@pytest.fixture
def truth():
    """Forty regions in a ball of cortex; those at the back have less alpha, those on top more beta."""
    rng = np.random.default_rng(0)
    centres = rng.uniform(-60, 60, (40, 3))
    change = np.zeros((40, 2))
    change[centres[:, 1] < -35, 0] = -0.6
    change[centres[:, 2] > 40, 1] = 0.6
    power = rng.uniform(0.01, 1, (2, 6, 40)) ** 4
    bands = (("alpha", 8.0, 13.0), ("beta", 15.0, 28.0))
    return GroupsTruth(centres, {"control": np.zeros((40, 2)), "patient": change}, bands, ELECTRODES, power)


def maps(truth, noise=0.0, seed=0):
    """Relevance (voxel,), (channel, freq, time) as it would be if it were the truth itself, and noise."""
    rng = np.random.default_rng(seed)
    region = np.linalg.norm(VOXELS[:, None] - truth.centres, axis=-1).argmin(axis=1)
    view = truth.change["patient"][region].sum(axis=1)
    inside = ((AXES.frequencies >= 8) & (AXES.frequencies < 13)) | ((AXES.frequencies >= 15) & (AXES.frequencies < 28))
    eeg = truth.at_electrodes(truth.change["patient"])[:, None, None] * (0.1 + inside[:, None]) * np.ones(3)
    return (
        view + noise * rng.standard_normal(len(view)),
        -eeg + noise * rng.standard_normal(eeg.shape),
    )


def test_the_truth_itself_agrees_whatever_its_sign(truth):
    found = agreement(truth, "patient", *maps(truth), VOXELS, AXES)
    assert found["view"]["value"] == pytest.approx(1.0)
    assert found["view"]["p"] < 0.01
    assert found["electrodes"]["value"] == pytest.approx(1.0)
    assert found["electrodes"]["p"] < 0.05
    assert found["frequencies"]["value"] == pytest.approx(1.0)
    text = sentence("patient", found)
    assert "with probability 1.00" in text
    assert "+1.00" in text


def test_noise_does_not_agree(truth):
    """Over many draws: chance on average, and small p values no more often than they should be."""
    made = [agreement(truth, "patient", *maps(truth, 100.0, k), VOXELS, AXES) for k in range(40)]
    assert np.mean([one["view"]["value"] for one in made]) == pytest.approx(0.5, abs=0.02)
    assert abs(np.mean([one["electrodes"]["value"] for one in made])) < 0.2
    assert np.mean([one["frequencies"]["value"] for one in made]) == pytest.approx(0.5, abs=0.1)
    for part in ("view", "electrodes"):
        assert np.mean([one[part]["p"] <= 0.1 for one in made]) < 0.3


def test_a_smooth_map_of_another_place_is_not_taken_for_the_truth(truth):
    """A patch at the front has an area far from 0.5, on the wrong side, and no small p."""
    front = np.exp(-np.linalg.norm(VOXELS - [0, 50, 0], axis=1) / 20)
    found = agreement(truth, "patient", front, maps(truth)[1], VOXELS, AXES)["view"]
    assert found["value"] < 0.45
    assert found["p"] > 0.5


def test_the_effect_elsewhere_is_as_wide_and_on_both_sides(truth):
    change = truth.change["patient"]
    moved = truth.elsewhere(change, np.random.default_rng(0), 20)
    assert ((moved != 0).sum(axis=1) == (change != 0).sum(axis=0)).all()
    assert len({tuple(np.flatnonzero(one[:, 0])) for one in moved}) > 5


def test_electrodes_of_other_names_are_left_out(truth):
    other = Axes.of_window(("Fz", "x1", "x2", "x3", "x4", "x5"), AXES.frequencies, 2.0, 3, 0)
    found = agreement(truth, "patient", *maps(truth), VOXELS, other)
    assert found["electrodes"] == {"value": None, "p": None}


def test_files_that_are_no_truth_are_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        GroupsTruth.read(tmp_path)


def test_groups_that_differ_are_compared_beside_the_control(truth, tmp_path):
    view, eeg = maps(truth)
    side = round(len(VOXELS) ** (1 / 3))
    noise = maps(truth, 100.0)
    labels = {"a": 0, "b": 1, "c": 0, "d": 1}

    def fold(names):
        n = len(names)
        arrays = {
            "view": np.broadcast_to(view.reshape(side, side, side), (n, 1, side, side, side)),
            "eeg": np.broadcast_to(eeg, (n, 1, *eeg.shape)),
            "control view": np.broadcast_to(noise[0].reshape(side, side, side), (n, 1, side, side, side)),
            "control eeg": np.broadcast_to(noise[1], (n, 1, *eeg.shape)),
        }
        return FoldResult({}, {"test": names}, arrays)

    affine = np.diag([8.0, 8.0, 8.0, 1.0])
    affine[:3, 3] = -60
    card = ModelCard(
        model={"kind": "x"}, grid=(side,) * 3, affine=tuple(map(tuple, affine.tolist())), space="MNI152NLin2009cAsym"
    )
    found = compare_with_truth(
        tmp_path, [fold(["a", "b"]), fold(["c", "d"])], labels, ("control", "patient"), AXES, card, None, truth
    )
    assert list(found["groups"]) == ["patient"]
    assert found["groups"]["patient"]["view"]["view"]["value"] == pytest.approx(1.0)
    assert found["groups"]["patient"]["untrained view"]["view"]["value"] == pytest.approx(0.5, abs=0.1)
    assert json.loads((tmp_path / "truth.json").read_text()) == found
