"""Which models stand in a comparison, and that none of them is trained as published."""

from types import SimpleNamespace

import pytest

from eeg2fmri.compare.entries import _check_encoders, _with_encoder, choose_entries, described
from eeg2fmri.core.errors import ConfigError, InputError, StoreError
from eeg2fmri.data.settings.raw import RawConfig
from eeg2fmri.models.rivals.published import TRAINED, rival


def test_all_leaves_out_what_the_store_has_nothing_for(five, quick):
    entries, left_out = choose_entries(["all"], five, quick, "small")
    raw = {name for name in TRAINED if rival(name).inputs.kind == "raw"}
    assert {entry.name for entry in entries} == {"recommended", "documented", *TRAINED} - raw
    assert set(left_out) == raw
    assert all("raw: {rate: 200}" in why for why in left_out.values())
    assert entries[0].name == "recommended"


def test_a_model_that_was_asked_for_by_name_is_not_left_out_silently(five, quick):
    with pytest.raises(StoreError, match="raw EEG"):
        choose_entries(["recommended", "neurobolt"], five, quick, "small")
    with pytest.raises(ConfigError, match="did you mean 'e2fnet'"):
        choose_entries(["e2fnt"], five, quick, "small")


def test_models_stand_in_the_order_of_their_names(five, quick):
    entries, _ = choose_entries(["e2fnet", "recommended", "e2fnet"], five, quick, "small")
    assert [entry.name for entry in entries] == ["e2fnet", "recommended"]
    entries, left_out = choose_entries(["e2fnet", "all"], five, quick, "small")
    assert [entry.name for entry in entries][:3] == ["e2fnet", "recommended", "documented"]
    assert "neurobolt" in left_out
    with pytest.raises(StoreError, match="raw EEG"):
        choose_entries(["all", "neurobolt"], five, quick, "small")
    with pytest.raises(ConfigError, match="no model is named"):
        choose_entries([], five, quick, "small")


def test_one_protocol_scales_nothing_by_a_test_volume(five, quick):
    entries, _ = choose_entries(["all"], five, quick, "small")
    for entry in entries:
        assert entry.config.pairs.bold_scaling != "volume_range"
        assert entry.config.split == entries[0].config.split
    assert "test volumes too" in next(entry for entry in entries if entry.name == "e2fnet").protocol["Target"]


def test_epochs_are_for_what_is_trained_by_steps(five, quick):
    entries, _ = choose_entries(["recommended", "e2fnet"], five, quick, "small")
    assert [entry.config.epochs for entry in entries] == [0, 2]


def test_published_sizes_want_the_published_frequencies(five, quick):
    with pytest.raises(InputError, match="n_bins: 249"):
        choose_entries(["e2fnet"], five, quick, "published")


def test_what_is_otherwise_in_the_raw_eeg_of_the_store_is_said():
    clean = SimpleNamespace(high_pass=None)
    config = SimpleNamespace(raw=RawConfig(rate=250), eeg=SimpleNamespace(clean=clean))
    store = SimpleNamespace(config=config, tr=2.0, electrodes=("Fz", "Cz"), regions=True)
    _, changed = described("neurobolt", store, {"pairs": {}})
    assert "250 Hz" in changed["Sampling rate"]
    assert "published: 200 Hz" in changed["Sampling rate"]
    assert "the 2 of the store" in changed["Electrodes"]
    assert "0.5 Hz" in changed["Filter"]
    assert "random weights" in changed["Encoder"]
    config.raw, clean.high_pass, store.electrodes = RawConfig(rate=200), 0.5, rival("neurobolt").inputs.channels
    _, changed = described("neurobolt", store, {"pairs": {}, "encoder_weights": "labram-base.pth"})
    assert set(changed) == {"Target", "Epoch", "Written from the publication"}
    assert "one for each region" in changed["Written from the publication"]


def test_each_model_is_given_its_own_encoder():
    files = {"neurobolt": "labram.pth", "boldflow": "reve.safetensors"}
    _check_encoders(files, ["recommended", *TRAINED])
    for given in (files, "one.pth"):
        found = {
            name: _with_encoder(name, {"epochs": 2, "encoder_weights": given}) for name in ("recommended", *TRAINED)
        }
        wanted = files if given is files else dict.fromkeys(files, given)
        assert {name: one["encoder_weights"] for name, one in found.items() if "encoder_weights" in one} == wanted
        assert all(one["epochs"] == 2 for one in found.values())


@pytest.mark.parametrize("files", ["labram.pth", {"neurobolt": "labram.pth"}, {"e2fnet": "labram.pth"}])
def test_an_encoder_that_no_model_would_take_is_refused(five, quick, files):
    with pytest.raises(ConfigError, match="no model that is compared starts from this encoder"):
        choose_entries(["recommended", "e2fnet"], five, {**quick, "encoder_weights": files}, "small")
