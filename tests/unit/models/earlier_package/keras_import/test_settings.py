from __future__ import annotations

import json

import pytest

from eeg2fmri.core.errors import CheckpointError, ConfigError
from eeg2fmri.models.documented.autoencoder import Autoencoder
from eeg2fmri.models.earlier_package.keras_import.metadata import Recorded
from eeg2fmri.models.earlier_package.keras_import.settings import read_settings


@pytest.fixture
def given(tmp_path):
    def write(values) -> str:
        path = tmp_path / "settings.json"
        path.write_text(values if isinstance(values, str) else json.dumps(values))
        return str(path)

    return write


def test_every_form_gives_the_same_model(given, recorded):
    case = recorded("documented_small.npz")
    flat = {key: value for key, value in case.config.items() if key != "cls"}
    forms = [
        case.config,
        flat,
        case.arguments(),
        {"class_name": "EEG_to_fMRI", "config": case.arguments()},
        {"cls": "EEG_to_fMRI", **case.arguments()},
    ]
    configs = [read_settings(given(form), None, "f").model.config for form in forms]
    configs.append(read_settings(None, Recorded("EEG_to_fMRI", case.arguments()), "f").model.config)
    ours = configs[0].model_dump(mode="json")
    configs.append(read_settings(given(ours), None, "f").model.config)
    configs.append(read_settings(given({"model": ours, "format": "x", "version": 1}), None, "f").model.config)
    assert all(config == configs[0] for config in configs)
    assert configs[0].eeg_shape == (20, 40, 8)
    assert configs[0].style == "attention"


def test_settings_of_an_autoencoder(given, recorded):
    case = recorded("ae_outfilter1.npz")
    arguments = {key: value for key, value in case.config.items() if key not in ("cls", "keras_names")}
    for form in (arguments, {"cls": "fMRI_AE", **arguments}):
        model = read_settings(given(form), None, "f").model
        assert isinstance(model, Autoencoder)
        assert model.config.volume_shape == (12, 12, 8)


def test_facts_of_the_recordings_come_beside_any_form(given, recorded):
    case = recorded("documented_small.npz")
    settings = read_settings(given({"tr": 2.0, "part": "decoder"}), Recorded("EEG_to_fMRI", case.arguments()), "f")
    assert settings.facts == {"tr": 2.0}
    assert settings.part == "decoder"
    assert settings.notes == ()


def test_neither_file_nor_record():
    with pytest.raises(CheckpointError, match="--config"):
        read_settings(None, None, "model.h5")


@pytest.mark.parametrize("name", ["Functional", "LinearClassifier"])
def test_other_classes_are_refused(name):
    with pytest.raises(CheckpointError, match="cannot be imported") as caught:
        read_settings(None, Recorded(name, {}), "f")
    assert caught.value.problems[0].got == name


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("{", "cannot be read"),
        ("[1]", "does not hold a mapping"),
        ('{"colour": "red"}', "no known form"),
        ('{"eeg_shape": [1, 2, 3]}', "settings are missing"),
        ('{"part": "head", "kind": "synthesizer"}', "unknown part"),
        ('{"kind": "synthesiser"}', "no such kind"),
    ],
)
def test_wrong_files_are_refused(given, content, what):
    with pytest.raises(ConfigError, match=what):
        read_settings(given(content), None, "f")


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="does not exist"):
        read_settings(tmp_path / "none.json", None, "f")
