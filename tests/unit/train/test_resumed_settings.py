"""A training that goes on has the model it was started with, whatever the default is."""

import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.models.presets import DEFAULT, with_preset
from eeg2fmri.train.config import TrainConfig
from eeg2fmri.train.run_folder import STATES, resumed_config


@pytest.fixture
def started(tmp_path):
    """Return the folder of a training of the published network that was stopped (path)."""
    TrainConfig.make({"model": {"preset": "documented"}, "epochs": 3, "batch_size": 2}).write(tmp_path / "train.yaml")
    (tmp_path / STATES).mkdir()
    return tmp_path


def test_without_options_the_model_stays(started):
    assert resumed_config(started, {}).model == {"preset": "documented"}
    assert resumed_config(started, {"epochs": 5}).epochs == 5


def test_another_model_is_refused(started):
    with pytest.raises(InputError, match="cannot change"):
        resumed_config(started, {"model": {"preset": DEFAULT}})


def test_settings_that_a_preset_brings_do_not_stand_against_those_of_the_run(tmp_path):
    given = {"model": {"preset": "e2fnet_small"}, "epochs": 2, "pairs": {"target": "volume", "window": 3}}
    assert with_preset({"model": given["model"]})["epochs"] != 2
    TrainConfig.make(with_preset(given)).write(tmp_path / "train.yaml")
    (tmp_path / STATES).mkdir()
    for again in ({}, {"model": given["model"]}, given):
        assert resumed_config(tmp_path, again).pairs.window == 3
    assert resumed_config(tmp_path, {}).epochs == 2
    with pytest.raises(InputError, match="got:      pairs"):
        resumed_config(tmp_path, {"pairs": {"window": 4}})


def test_settings_without_a_model_are_those_of_the_default():
    assert with_preset({"seed": 4}) == with_preset({"seed": 4, "model": {"preset": "recommended"}})
    assert with_preset({"model": {"preset": "documented"}}) == {"model": {"preset": "documented"}}
