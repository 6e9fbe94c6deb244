from __future__ import annotations

import pytest

from eeg2fmri.core.errors import CheckpointError, ConfigError
from eeg2fmri.models.earlier_package.flag_fmri import FMRI_DEFAULTS
from eeg2fmri.models.earlier_package.keras_import.flags import autoencoder_arguments, synthesizer_arguments

SPEC = ([(2, 2, 2)], [(1, 1, 1)], True, (2, 2, 2), (1, 1, 1))
FMRI = (
    (2, 2, 2),
    (6, 5, 4, 1),
    (9, 9, 4),
    (1, 1, 1),
    4,
    True,
    True,
    0.0,
    True,
    3,
    True,
    False,
    1,
    True,
    None,
    False,
    SPEC,
)
BASE = {"latent_shape": (2, 2, 2), "input_shape": (5, 6, 7, 1), "na_spec": SPEC, "n_channels": 4, "fmri_args": FMRI}


def test_idle_flags_are_left_out_and_effective_ones_kept():
    recorded = {
        **BASE,
        "time_length": 1,
        "seed": 12,
        "batch_norm_reg": True,
        "fourier_normalization": "layer",
        "variational_iDFT_dependent_dim": 1,
        "variational_dist": None,
        "resolution_decoder": 2.0,
        "inverse_DFT": True,
    }
    arguments, notes = synthesizer_arguments(recorded, "f")
    assert set(arguments) == {*BASE, "inverse_DFT"}
    assert notes == []
    fmri = arguments["fmri_args"]
    assert fmri["dropout"] is True
    assert fmri["input_shape"] == (6, 5, 4, 1)
    assert not set(fmri) & {"kernel_size", "stride_size", "n_stacks", "seed"}


@pytest.mark.parametrize(
    ("flag", "value", "becomes"), [("local", False, True), ("skip_connections", False, True), ("dropout", True, False)]
)
def test_flags_that_had_no_effect_get_their_neutral_value_and_a_note(flag, value, becomes):
    arguments, notes = synthesizer_arguments({**BASE, flag: value}, "f")
    assert arguments[flag] is becomes
    assert [flag in note for note in notes] == [True]


def test_flags_of_the_volume_encoder_without_effect():
    names = list(FMRI_DEFAULTS)
    fmri = dict(zip(names, FMRI, strict=True))
    fmri |= {"outfilter": 2, "local": False, "na_spec": None, "skip_connections": False}
    arguments, notes = autoencoder_arguments(fmri, "f")
    assert arguments["outfilter"] == 1
    assert arguments["local"] is arguments["skip_connections"] is True
    assert arguments["na_spec"] == "fmri-2"
    assert len(notes) == 4
    nested, nested_notes = synthesizer_arguments({**BASE, "fmri_args": [fmri[name] for name in names]}, "f")
    assert nested["fmri_args"] == arguments
    assert nested_notes == [f"fmri_args: {note}" for note in notes]


def test_the_name_that_the_autoencoder_records_for_pooling():
    arguments, _ = autoencoder_arguments({"latent_shape": (1, 1, 1), "maxpool": False, "na_spec": SPEC}, "f")
    assert arguments["max_pool"] is False


def test_places_that_no_checkpoint_holds_have_to_be_given():
    flags = {"inverse_DFT": True, "variational_iDFT": True, "variational_coefs": (1, 1, 1)}
    flags["variational_random_padding"] = True
    with pytest.raises(CheckpointError, match="where its random coefficients stand"):
        synthesizer_arguments({**BASE, **flags}, "f")
    places = [[0, 1], [0, 2], [0, 1]]
    arguments, _ = synthesizer_arguments({**BASE, **flags, "random_padding_positions": places}, "f")
    assert arguments["random_padding_positions"] == places


def test_self_attention_on_the_latent_is_refused():
    with pytest.raises(CheckpointError, match="self attention"):
        autoencoder_arguments({"local_attention": True, "na_spec": SPEC}, "f")


def test_unknown_arguments_are_named_all_at_once():
    with pytest.raises(ConfigError) as caught:
        synthesizer_arguments({**BASE, "colour": "red", "shape": 3}, "there")
    assert [problem.where for problem in caught.value.problems] == ["there: colour", "there: shape"]


@pytest.mark.parametrize("value", [(1, 2), "abc", 5])
def test_wrong_form_of_fmri_args(value):
    with pytest.raises(ConfigError, match="fmri_args"):
        synthesizer_arguments({**BASE, "fmri_args": value}, "f")
