"""Replays of single layers: outputs, gradients of sum(out * cotangent), penalties."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from eeg2fmri.models.earlier_package.flag_synthesizer import PUBLISHED_CENTRING
from eeg2fmri.models.earlier_package.keras_names import clear_names, keras_to_torch
from eeg2fmri.nn.attention import LatentAttention, TopographicalAttention, channel_organisation
from eeg2fmri.nn.convolution.block import ResidualBlock
from eeg2fmri.nn.dct import DCT3d, InverseDCT3d
from eeg2fmri.nn.draws import Replayed
from eeg2fmri.nn.fourier import FourierFeatures, RandomFourierFeatures, angle_centring
from eeg2fmri.nn.style import PriorStyle
from eeg2fmri.nn.variational.dct import VariationalInverseDCT3d
from eeg2fmri.nn.variational.dense import DenseVariational

from .golden_case import Case, Results, array

SOURCE = torch.Generator()


def replay(
    case: Case,
    layer: nn.Module,
    call: Callable[[Tensor], dict[str, Tensor]],
    rename: Callable[[str], str] = lambda name: name,
    penalty: Callable[[dict[str, Tensor]], Tensor | float] = lambda out: 0.0,
) -> Results:
    """Load the weights, run `call` on in/x, differentiate.

    `call` gives outputs by the part of their keys behind ``out/``. `rename` brings a clear name of the file, without
    the name of the layer in front, to that of `clear_names`. `penalty` of the outputs is added before differentiating.
    """
    names = {key: rename("/".join(key.split("/")[1:])) for key in case.weights()}
    converted = keras_to_torch(layer, {names[key]: value for key, value in case.weights().items()})
    # an independent spectrum has the dependent one's factors, unused there too
    assert set(converted.unused) <= {"biases"}
    layer.load_state_dict(converted.state)
    x = case.tensor("in/x").requires_grad_()
    out = call(x)
    results = {f"out/{key}": array(value) for key, value in out.items()}
    cotangents = {key: case.tensor(f"cot/{key}") for key in out if f"cot/{key}" in case.data}
    if cotangents:
        loss = sum((out[key] * cotangent).sum() for key, cotangent in cotangents.items()) + penalty(out)
        loss.backward()
        results["grad/x"] = array(x.grad)
        results |= {f"grad/{key}": value for key, value in keras_gradients(layer, names).items()}
    return results


def keras_gradients(layer: nn.Module, names: dict[str, str]) -> Results:
    """Gradients by the file's names and in Keras' layout."""
    found = {}
    parameters = dict(layer.named_parameters())
    for here, source in clear_names(layer).items():
        gradient = parameters[here].grad if here in parameters else None
        if gradient is None:
            continue
        parts = [gradient] if len(source.names) == 1 else list(gradient)
        for clear, part in zip(source.names, parts, strict=True):
            found[clear] = _keras_layout(array(part))
    return {key: found[clear] for key, clear in names.items() if clear in found}


def _keras_layout(value: np.ndarray) -> np.ndarray:
    if value.ndim == 5:
        return value.transpose(2, 3, 4, 1, 0)
    return value


def res_block(case: Case) -> Results:
    c = case.config
    assert c["operation"] == "Conv3D"
    size, n_in = case.data["in/x"].shape[1:4], case.data["in/x"].shape[4]
    pool = (tuple(c["maxpool_k"]), tuple(c["maxpool_s"])) if c["maxpool"] else None

    def build() -> ResidualBlock:
        return ResidualBlock(
            size,
            n_in,
            c["n_channels"],
            tuple(c["kernel_size"]),
            tuple(c["stride_size"]),
            pool,
            source=SOURCE,
            batch_norm=c["batch_norm"],
            skip=c.get("skip_connections", True),
            weight_decay=c.get("weight_decay") or 0.0,
        )

    layer = build().eval()
    results = replay(case, layer, lambda x: {"y": layer(x.movedim(-1, 1)).movedim(1, -1)})
    results["out/layer_losses_sum"] = array(layer.regularization())
    trained = build().train()
    after = replay(case, trained, lambda x: {"y": trained(x.movedim(-1, 1)).movedim(1, -1)})
    results |= {f"train/{key.removeprefix('out/')}": value for key, value in after.items()}
    state = trained.state_dict()
    for here, source in clear_names(trained).items():
        if "running" in here:
            results[f"train/after/layer/{source.names[0]}"] = array(state[here])
    return results


def dense_variational(case: Case) -> Results:
    n_in, n_out = case.data["w/layer/kernel_mu"].shape
    layer = DenseVariational(n_in, n_out, SOURCE, bias="w/layer/bias_mu" in case.data)
    activation = getattr(torch, case.config["activation"]) if case.config["activation"] else lambda y: y
    results = replay(case, layer, lambda x: {"y": activation(layer(x, Replayed(case.samples())))})
    return {key: value.T if "/kernel" in key else value for key, value in results.items()}


def fourier_features(case: Case) -> Results:
    layer = FourierFeatures(*case.data["w/layer/kernel"].shape)
    np.testing.assert_allclose(array(layer.kernel), case.data["w/layer/kernel"], rtol=1e-3)
    return replay(case, layer, lambda x: {"y": layer(x)})


def random_fourier_features(case: Case) -> Results:
    n_in, n_out = case.data["w/random_fourier_features/unscaled_kernel"].shape
    layer = RandomFourierFeatures(n_in, n_out, SOURCE, case.config["normalization"])

    def call(x: Tensor) -> dict[str, Tensor]:
        angle = layer(x)
        return {"pre_sinusoid": angle, "y": torch.cos(angle)}

    if not case.config["batch_norm_reg"]:
        return replay(case, layer, call)

    def centring(out: dict[str, Tensor]) -> Tensor:
        return PUBLISHED_CENTRING * angle_centring(out["pre_sinusoid"]).mean()

    results = replay(case, layer, call, penalty=centring)
    results["out/activity_loss"] = array(centring({"pre_sinusoid": layer(case.tensor("in/x"))}))
    return results


def topographical_attention(case: Case) -> Results:
    layer = TopographicalAttention(*case.data["w/layer/A"].shape, SOURCE)

    def call(x: Tensor) -> dict[str, Tensor]:
        y, scores = layer(x.unsqueeze(-1))
        return {"y0": y.squeeze(-1), "y1": scores}

    return replay(case, layer, call)


def latent_attention(case: Case) -> Results:
    n = int(np.prod(case.data["in/x"].shape[1:-1]))
    layer = LatentAttention(n, case.config["H"], SOURCE)
    return replay(case, layer, lambda x: {"y": layer(x)}, lambda name: "A" if name.startswith("A_") else name)


def style(case: Case) -> Results:
    layer = PriorStyle(len(case.data["w/layer/style_prior"]))
    return replay(case, layer, lambda x: {"y": layer(x)})


def transform(layer: Callable[[dict[str, Any]], nn.Module]) -> Callable[[Case], Results]:
    def run(case: Case) -> Results:
        made = layer(case.config)
        x = case.tensor("in/x").requires_grad_()
        y = made(x)
        (y * case.tensor("cot/y")).sum().backward()
        return {"out/y": array(y), "grad/x": array(x.grad)}

    return run


def variational_dct(case: Case) -> Results:
    c = case.config
    layer = VariationalInverseDCT3d(
        tuple(c["in_"]),
        tuple(c["out"]),
        tuple(c["rand"]),
        {"Normal": "normal", "VonMises": "von_mises"}[c["distribution"]],
        SOURCE,
        heads=c["posterior_dimension"] if c["dependent"] else None,
        perturbed=c["coefs_perturb"],
        positions=c.get("positions"),
    )
    return replay(case, layer, lambda x: {"y": layer(x, Replayed(case.samples()))})


def regularizers(case: Case) -> Results:
    return {"out/OrganizeChannels_l1": array(channel_organisation(case.tensor("in/scores")).sum())}


KINDS: dict[str, Callable[[Case], Results]] = {
    "ResBlock": res_block,
    "DenseVariational": dense_variational,
    "FourierFeatures": fourier_features,
    "RandomFourierFeatures+Sinusoids": random_fourier_features,
    "Topographical_Attention": topographical_attention,
    "Latent_EEG_Spatial_Attention": latent_attention,
    "Latent_fMRI_Spatial_Attention": latent_attention,
    "Style": style,
    "DCT3D": transform(lambda c: DCT3d(tuple(c["N"]))),
    "iDCT3D": transform(lambda c: InverseDCT3d(tuple(c["N"]))),
    "padded_iDCT3D": transform(lambda c: InverseDCT3d(tuple(c["out"]), tuple(c["in_"]))),
    "variational_iDCT3D": variational_dct,
    "activity_regularizers": regularizers,
}
