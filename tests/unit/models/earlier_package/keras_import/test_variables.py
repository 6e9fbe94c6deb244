from __future__ import annotations

import numpy as np
import pytest

from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.models.earlier_package.keras_import.variables import KerasVariable, clear_names, split_encoder, unnumbered

ZERO = np.zeros(1)


def variables(*names: str) -> list[KerasVariable]:
    return [KerasVariable.named(name, ZERO, name) for name in names]


def named(part: str, *names: str, dense_projection: bool = False) -> dict[str, str]:
    found = clear_names(part, variables(*names), dense_projection=dense_projection)
    return {clear: variable.stored_as for clear, variable in found.items()}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dense", ("dense", 0)),
        ("dense_12", ("dense", 12)),
        ("variational_i_dct3d_3", ("variational_i_dct3d", 3)),
        ("conv3d", ("conv3d", 0)),
        ("style_prior", ("style_prior", 0)),
    ],
)
def test_unnumbered(name, expected):
    assert unnumbered(name) == expected


def test_full_name_with_and_without_output_number():
    for name in ("res_block_2/conv3d_5/kernel:0", "res_block_2/conv3d_5/kernel"):
        variable = KerasVariable.named(name, ZERO, "x")
        assert (variable.layer, variable.name) == ("res_block_2", "conv3d_5/kernel")


def test_sublayers_of_a_block_are_told_by_their_numbers_not_their_order():
    # conv3d_9 was made before conv3d_10, whatever the alphabet says
    found = named(
        "eeg_encoder",
        "res_block_4/conv3d_11/kernel",
        "res_block_4/conv3d_10/kernel",
        "res_block_4/conv3d_9/kernel",
        "res_block_4/batch_normalization/gamma",
        "res_block_4/batch_normalization_1/gamma",
        "res_block_4/batch_normalization_2/gamma",
    )
    assert found == {
        "eeg_encoder/resblock0/left_conv1/kernel": "res_block_4/conv3d_9/kernel",
        "eeg_encoder/resblock0/left_conv2/kernel": "res_block_4/conv3d_10/kernel",
        "eeg_encoder/resblock0/right_conv1/kernel": "res_block_4/conv3d_11/kernel",
        "eeg_encoder/resblock0/left_bn1/gamma": "res_block_4/batch_normalization/gamma",
        "eeg_encoder/resblock0/left_bn2/gamma": "res_block_4/batch_normalization_1/gamma",
        "eeg_encoder/resblock0/right_bn1/gamma": "res_block_4/batch_normalization_2/gamma",
    }


def test_layers_are_counted_within_the_part():
    found = named("decoder", "dense_7/kernel", "dense_8/kernel", "conv3d_3/bias", "random_fourier_features/bias")
    assert list(found) == [
        "decoder/dense0/kernel",
        "decoder/dense1/kernel",
        "decoder/outfilter0/bias",
        "decoder/random_fourier_features0/bias",
    ]


def test_first_dense_layer_is_the_projection_if_that_is_dense():
    found = named("decoder", "dense/kernel", "dense/bias", "dense_8/kernel", dense_projection=True)
    assert list(found) == [
        "decoder/latent_projection0/kernel",
        "decoder/latent_projection0/bias",
        "decoder/dense0/kernel",
    ]


def test_layer_normalisation_and_unknown_sublayers_keep_their_place():
    found = named("decoder", "random_fourier_features_2/layer_normalization_9/gamma", "strange_3/inner_4/kernel")
    assert list(found) == [
        "decoder/random_fourier_features0/layer_normalization/gamma",
        "decoder/strange0/inner_4/kernel",
    ]


def test_two_variables_of_one_name_are_refused():
    with pytest.raises(CheckpointError, match="one place"):
        named("decoder", "dense_1/kernel", "dense_1/kernel")


def test_encoder_at_the_beginning_of_a_decoder():
    names = ("topographical__attention/A", "res_block_1/x", "dense_4/kernel", "dense_5/kernel", "dense_4/bias")
    encoder, rest = split_encoder(variables(*names))
    assert [v.layer for v in encoder] == ["topographical__attention", "res_block_1", "dense_4", "dense_4"]
    assert [v.layer for v in rest] == ["dense_5"]
    encoder, rest = split_encoder(variables("dense/kernel", "conv3d/bias"))
    assert (encoder, [v.layer for v in rest]) == ([], ["dense", "conv3d"])
