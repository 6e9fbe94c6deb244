from __future__ import annotations

import pytest
import torch

from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.models.documented.autoencoder import Autoencoder
from eeg2fmri.models.documented.synthesizer import SynthesizerNetwork
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.models.saving.hub import load, save


def test_a_new_model_is_saved_with_what_its_config_says(synthesizer, windows, tmp_path):
    synthesizer.save_pretrained(tmp_path / "saved")
    assert load(tmp_path / "saved").card == ModelCard.of_model(synthesizer.config)
    assert sorted(path.name for path in (tmp_path / "saved").iterdir()) == [
        "README.md",
        "config.json",
        "weights.safetensors",
    ]
    again = SynthesizerNetwork.from_pretrained(str(tmp_path / "saved"))
    x = torch.from_numpy(windows)
    assert torch.equal(again(x).volume, synthesizer(x).volume)


def test_card_and_statistics_are_passed_on(synthesizer, synthesizer_card, group, tmp_path):
    save(tmp_path / "run", synthesizer, synthesizer_card, group)
    SynthesizerNetwork.from_pretrained(tmp_path / "run").save_pretrained(tmp_path / "copy")
    loaded = load(tmp_path / "copy")
    assert loaded.card == synthesizer_card
    assert loaded.statistics.mean == group.mean
    assert loaded.digest == load(tmp_path / "run").digest


def test_saving_again_replaces(synthesizer, windows, tmp_path):
    synthesizer.save_pretrained(tmp_path / "saved")
    with torch.no_grad():
        synthesizer.head.up.bias += 1
    synthesizer.save_pretrained(tmp_path / "saved")
    again = SynthesizerNetwork.from_pretrained(tmp_path / "saved")
    assert torch.equal(again.head.up.bias, synthesizer.head.up.bias)


def test_another_class_is_refused(synthesizer, tmp_path):
    synthesizer.save_pretrained(tmp_path / "saved")
    with pytest.raises(CheckpointError, match="another class") as caught:
        Autoencoder.from_pretrained(tmp_path / "saved")
    assert (caught.value.problems[0].got, caught.value.problems[0].expected) == ("SynthesizerNetwork", "Autoencoder")


@pytest.mark.parametrize("name", ["nothing", "./a/b", "a/b/c", "~/x", "runs/mymodel"])
def test_a_path_that_is_not_there_is_not_looked_for_on_the_hub(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match="does not exist"):
        SynthesizerNetwork.from_pretrained(name)


def test_a_name_that_cannot_be_fetched(tmp_path):
    with pytest.raises(CheckpointError, match="cannot be fetched") as caught:
        SynthesizerNetwork.from_pretrained("hub:nobody/nothing", local_files_only=True, cache_dir=tmp_path)
    assert caught.value.problems[0].where == "nobody/nothing"


def test_a_name_on_the_hub_fetches_the_two_files(synthesizer, tmp_path, monkeypatch):
    import huggingface_hub

    synthesizer.save_pretrained(tmp_path / "cache")
    asked = []

    def fetch(name, file, **options):
        asked.append((name, file, options))
        return str(tmp_path / "cache" / file)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fetch)
    model = SynthesizerNetwork.from_pretrained("hub:someone/model", revision="v2")
    assert model.config == synthesizer.config
    assert asked == [("someone/model", file, {"revision": "v2"}) for file in ("config.json", "weights.safetensors")]


def test_damaged_config_is_a_checkpoint_error(synthesizer, tmp_path):
    synthesizer.save_pretrained(tmp_path / "saved")
    (tmp_path / "saved" / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match="damaged"):
        SynthesizerNetwork.from_pretrained(tmp_path / "saved")
