"""Names and layouts; the numbers are compared in tests/reference."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from eeg2fmri.core.errors import CheckpointError, ConfigError
from eeg2fmri.models import EEG_to_fMRI, fMRI_AE
from eeg2fmri.models.earlier_package.keras_names import clear_names, keras_to_torch
from eeg2fmri.nn.convolution.conv import Conv3d, LocallyConnected3d
from eeg2fmri.nn.dense import Dense

SOURCE = torch.Generator().manual_seed(0)


def test_layouts_of_kernels():
    conv = Conv3d(2, 3, (4, 5, 6), (1, 1, 1), SOURCE)
    kernel = np.random.default_rng(0).normal(size=(4, 5, 6, 2, 3)).astype(np.float32)
    state = keras_to_torch(conv, {"kernel": kernel, "bias": np.ones(3)}).state
    assert state["weight"][2, 1, 3, 4, 5].item() == kernel[3, 4, 5, 1, 2]
    dense = Dense(4, 5, SOURCE)
    kernel = np.arange(20.0).reshape(4, 5)
    assert torch.equal(
        keras_to_torch(dense, {"kernel": kernel, "bias": np.ones(5)}).state["kernel"], torch.tensor(kernel).float()
    )


def test_every_weight_of_a_model_has_one_name():
    model = EEG_to_fMRI(
        (2, 3, 2),
        (6, 12, 5),
        topographical_attention=True,
        conditional_attention_style=True,
        fourier_features=True,
        random_fourier=True,
        aleatoric_uncertainty=True,
        low_resolution_decoder=True,
        resolution_decoder=2.0,
        fmri_args={"input_shape": (7, 6, 5)},
    )
    table = clear_names(model)
    assert set(table) == set(model.state_dict())
    names = [name for source in table.values() for name in source.names]
    assert len(names) == len(set(names))
    for name in (
        "eeg_encoder/topographical_attention0/A",
        "eeg_encoder/resblock1/right_bn1/moving_variance",
        "decoder/random_fourier_features0/layer_normalization/gamma",
        "decoder/style_dense0/kernel",
        "decoder/dense_variational0/kernel_mu",
        "decoder/dense_flipout0/kernel_posterior_untransformed_scale",
        "decoder/dense0/kernel",
        "decoder/outfilter0/bias",
        "fmri_encoder/dense0/bias",
    ):
        assert name in names
    assert table["scale.weight"].names == ("decoder/dense0/kernel",)


def test_missing_wrong_and_unused_weights_are_named():
    dense = Dense(4, 5, SOURCE)
    with pytest.raises(CheckpointError) as caught:
        keras_to_torch(dense, {"kernel": np.ones((4, 6))})
    for word in ("2 problems", "kernel", "4 x 6", "4 x 5", "bias"):
        assert word in str(caught.value)
    given = {"kernel": np.ones((4, 5)), "bias": np.ones(5), "other": np.ones(1)}
    assert keras_to_torch(dense, given).unused == ("other",)


def test_what_the_earlier_package_lacks_is_refused():
    with pytest.raises(ConfigError, match="LocallyConnected3d"):
        clear_names(LocallyConnected3d((3, 3, 3), 1, 1, (2, 2, 2), (1, 1, 1), SOURCE))
    with pytest.raises(ConfigError, match="Bilinear"):
        clear_names(nn.Bilinear(1, 1, 1))
    attended = fMRI_AE((2, 3, 2), (7, 6, 5), local_attention=True)
    given = {name: np.zeros(1) for source in clear_names(attended).values() for name in source.names}
    with pytest.raises(CheckpointError, match="a parameter has no source"):
        keras_to_torch(attended, given)
