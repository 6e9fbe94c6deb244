"""Tiny models of every kind, with unequal shapes, in double precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from eeg2fmri.models.capabilities import NotExplained
from eeg2fmri.models.presets import model_config
from eeg2fmri.models.registry import build, kinds, model_class, outline

EEG = (5, 9, 4)
VOLUME = (4, 6, 5)
LATENT = (3, 2, 4)
BLOCKS: dict[str, Any] = {
    "na_spec": {
        "kernels": [(2, 3, 2), (2, 2, 1)],
        "strides": [(1, 2, 1), (1, 1, 1)],
        "maxpool": True,
        "pool_kernel": (1, 2, 2),
        "pool_stride": (1, 1, 1),
    },
    "channels": 3,
}
VOLUME_BLOCKS: dict[str, Any] = {
    "na_spec": {
        "kernels": [(2, 3, 2)],
        "strides": [(1, 1, 1)],
        "maxpool": True,
        "pool_kernel": (2, 1, 1),
        "pool_stride": (1, 1, 1),
    },
    "channels": 2,
}
SYNTHESIZER: dict[str, Any] = {
    "kind": "synthesizer",
    "eeg_shape": EEG,
    "volume_shape": VOLUME,
    "latent_shape": LATENT,
    "encoder": {"blocks": BLOCKS, "attention": {}},
    "volume_encoder": {"blocks": VOLUME_BLOCKS},
}
LOW = {"grid": (2, 3, 2)}


def synthesizer(**changes: Any) -> dict[str, Any]:
    return SYNTHESIZER | changes


def variational(distribution: str, heads: int | None) -> dict[str, Any]:
    up = {"kind": "variational_dct", "coefficients": (1, 2, 2), "distribution": distribution, "heads": heads}
    return {"low_resolution": LOW, "transform": "dct", "up": up}


#: Every way to compose a synthesiser, by name.
SYNTHESIZERS: dict[str, dict[str, Any]] = {
    "dense": synthesizer(encoder={"blocks": BLOCKS}),
    "documented": synthesizer(projection={"kind": "random_fourier"}, style="attention"),
    "tanh": synthesizer(projection={"kind": "random_fourier", "normalization": "tanh"}, style="prior"),
    "fourier": synthesizer(projection={"kind": "fourier"}),
    "sparsemax": synthesizer(encoder={"blocks": BLOCKS, "attention": {"scores": "sparsemax"}}, style="attention"),
    "plain blocks": synthesizer(encoder={"blocks": BLOCKS | {"batch_norm": False, "skip_connections": False}}),
    "local": synthesizer(encoder={"blocks": BLOCKS | {"kernels": "local"}}, output_filter="local"),
    "padded": synthesizer(head={"low_resolution": LOW, "transform": "dct", "up": {"kind": "padded_dct"}}),
    "variational dense": synthesizer(
        head={"low_resolution": LOW | {"layer": "dense_variational"}, "up": {"kind": "padded_dct"}}
    ),
    "normal": synthesizer(head=variational("normal", None)),
    "von Mises of the spectrum": synthesizer(head=variational("von_mises", 3)),
    "flipout": synthesizer(head={"up": {"kind": "dense", "layer": "dense_flipout"}}, scale="exponential"),
}

AUTOENCODER: dict[str, Any] = {
    "kind": "fmri_autoencoder",
    "volume_shape": VOLUME,
    "latent_shape": LATENT,
    "encoder": {"blocks": VOLUME_BLOCKS, "self_attention": True},
}

#: One config of every other kind of the registry.
OTHERS: dict[str, dict[str, Any]] = {
    "recommended": {"kind": "recommended", "eeg_shape": EEG, "volume_shape": VOLUME, "components": 6},
    "fmri_autoencoder": AUTOENCODER,
    "linear_classifier": {"kind": "linear_classifier", "input_shape": VOLUME, "n_classes": 2, "scale": "softplus"},
    "polynomial_classifier": {"kind": "polynomial_classifier", "input_shape": VOLUME, "degree": 3},
    "linear_view": {
        "kind": "linear_view",
        "synthesizer": {"kind": "recommended", "eeg_shape": EEG, "volume_shape": VOLUME, "components": 6},
    },
    "view_classifier": {
        "kind": "view_classifier",
        "synthesizer": SYNTHESIZERS["documented"],
        "eeg_shape": (6, *EEG[1:]),
        "electrodes": {"trained": ("A", "B", "C", "D", "E"), "recorded": ("E", "X", "B", "C", "Y", "A")},
        "degree": 2,
        "activation": "elu",
    },
}


def shake(model: nn.Module, *, biases: bool = True, seed: int = 5) -> nn.Module:
    """Move every weight away from its initial value, as training does; without biases, set them to 0 instead."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in [*model.named_parameters(), *model.named_buffers()]:
            last = name.rpartition(".")[2]
            if value.dtype == torch.bool:
                continue
            draw = torch.randn(value.shape, generator=generator, dtype=torch.float64).to(value.dtype)
            if last in {"bias", "running_mean", "shift", "bias_loc", "centre"} or name == "output_filter.offset":
                # most units of a trained model are active for some window
                value.add_(0.2 * draw + (0.3 if "norm" in name else 0)) if biases else value.zero_()
            elif last == "loc" and not biases:
                # coefficients that the spectrum does not choose: cos(pi / 2) = 0
                value.fill_(torch.pi / 2 if getattr(model.head.up, "distribution", "") == "von_mises" else 0)
            elif last == "running_var":
                value.copy_(0.5 + draw.abs())
            elif last == "offset":
                value.add_(0.1 * draw if biases else 0)
            elif last == "weight" and value.ndim == 1:
                # gains of both signs: pooling and normalisation do not commute
                value.mul_(torch.where(torch.arange(len(value)) % 2 == 0, 1.0, -0.7).to(value.dtype))
            elif last not in {"kernel", "matrix0", "matrix1", "matrix2"}:
                value.add_(0.1 * draw)
    return model


@pytest.fixture(params=list(SYNTHESIZERS))
def synthesizer_config(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Every way to compose a synthesiser, one after the other."""
    return SYNTHESIZERS[request.param]


@pytest.fixture
def configs() -> dict[str, dict[str, Any]]:
    """Configs by name: synthesisers, and one of every other kind of the registry."""
    return SYNTHESIZERS | OTHERS


@pytest.fixture(scope="session")
def unexplained() -> dict[str, nn.Module]:
    """Models without memory of the kinds that say that relevance does not explain them, by kind."""
    found = {}
    for kind in kinds():
        if hasattr(model_class(kind), "why_not_explained"):
            inner = {"kind": kind, "regions": 3, "inner": {"preset": "eeg2bold_small"}}
            spec = inner if kind == "parcelled" else {"preset": f"{kind}_small"}
            raw = kind in ("parcelled", "eeg2bold", "neurobolt", "boldflow", "nt_vit")
            found[kind] = outline(model_config(spec, (5, 1, 3200) if raw else (5, 40, 20), (16, 16, 12)))
            assert isinstance(found[kind], NotExplained)
    return found


@pytest.fixture
def make_model() -> Callable[..., nn.Module]:
    """Build a model in double precision, in evaluation."""

    def make(config: dict[str, Any], *, biases: bool = True) -> nn.Module:
        return shake(build(config).double(), biases=biases).eval()

    return make


@pytest.fixture
def windows() -> torch.Tensor:
    """Three EEG windows (batch, channel, freq, time)."""
    return torch.randn(3, *EEG, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.fixture
def volumes() -> torch.Tensor:
    """Three BOLD volumes (batch, x, y, z)."""
    return torch.randn(3, *VOLUME, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
