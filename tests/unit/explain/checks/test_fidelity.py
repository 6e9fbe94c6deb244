"""All checks of an explanation together."""

import numpy as np
import pytest

from eeg2fmri.explain.checks.faithfulness import MapAgreement, rank_agreement
from eeg2fmri.explain.checks.fidelity import check_fidelity, plain
from eeg2fmri.explain.inputs.control import untrained
from eeg2fmri.explain.inputs.targets import whole_volume
from eeg2fmri.explain.rules.choice import composite
from eeg2fmri.explain.windows.gradients import integrated_gradients
from eeg2fmri.explain.windows.of_one_recording import explain_windows


@pytest.fixture
def checked(make_model, configs, windows):
    model = make_model(configs["documented"])
    steps = []
    found = check_fidelity(
        model,
        windows,
        whole_volume((4, 6, 5)),
        composite("default"),
        steps=5,
        batch_size=2,
        progress=lambda *step: steps.append(step),
    )
    return model, found, steps


def test_the_relevance_is_compared_with_integrated_gradients(checked, windows):
    model, found, _ = checked
    relevance = explain_windows(model, windows, [whole_volume((4, 6, 5))])["volume"].relevance
    peer, _ = integrated_gradients(lambda x: model(x).volume.sum((1, 2, 3)), windows)
    each = [rank_agreement(a, b) for a, b in zip(relevance, peer.numpy(), strict=True)]
    assert found.gradients == pytest.approx(np.mean(each))
    assert found.gradients > 0.5
    assert found.gradients_map.times == pytest.approx(
        rank_agreement(np.abs(relevance).sum((0, 1, 2)), np.abs(peer.numpy()).sum((0, 1, 2)))
    )


def test_the_untrained_model_is_the_control(checked, windows):
    model, found, _ = checked
    target = [whole_volume((4, 6, 5))]
    maps = [np.abs(explain_windows(m, windows, target)["volume"].relevance).sum(0) for m in (model, untrained(model))]
    assert found.untrained.map == pytest.approx(rank_agreement(*maps))
    assert found.curves.deletion_gain > found.untrained_curves.deletion_gain
    np.testing.assert_array_equal(found.curves.random_deletion, found.untrained_curves.random_deletion)


def test_numbers_are_json(checked):
    _, found, steps = checked
    numbers = found.to_dict()
    assert numbers["n_windows"] == 3
    assert len(numbers["curves"]["deletion"]) == 6
    assert numbers["untrained"]["electrodes"] == found.untrained.electrodes
    assert steps[-1] == ("Checking", 5, 5)
    assert plain({"a": [np.float64("nan"), np.array([1.0, np.inf])], "b": (True, "x")}) == {
        "a": [None, [1.0, None]],
        "b": [True, "x"],
    }


def test_maps_are_compared_along_every_axis():
    a = np.random.default_rng(0).random((4, 5, 3))
    same = MapAgreement.of(a, a**3)
    assert same.map == pytest.approx(1)
    assert MapAgreement.of(a, -a).times == pytest.approx(-1)
