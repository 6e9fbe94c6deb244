"""The table of models: every kind of the registry with small settings, unequal shapes, and how it is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from eeg2fmri.core.config import Config
from eeg2fmri.models.registry import build, config_class

EEG, VOLUME, LATENT = (5, 9, 4), (7, 6, 5), (2, 3, 2)
BATCH = 3
EEG_SPEC = {"kernels": [(2, 3, 2), (2, 2, 1)], "strides": [(1, 2, 1), (1, 1, 1)], "pool_kernel": (2, 2, 1)}
VOLUME_SPEC = {"kernels": [(3, 2, 2)], "strides": [(2, 1, 1)]}


def _blocks(spec: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"blocks": {"na_spec": spec, "channels": 3, **changes}}


def _synthesizer(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "synthesizer",
        "eeg_shape": EEG,
        "volume_shape": VOLUME,
        "latent_shape": LATENT,
        "encoder": {**_blocks(EEG_SPEC), "attention": {}},
        "volume_encoder": _blocks(VOLUME_SPEC),
        "projection": {"kind": "random_fourier"},
        "style": "attention",
        "seed": 3,
        **changes,
    }


def _variational(**changes: Any) -> dict[str, Any]:
    up = {"kind": "variational_dct", "coefficients": (2, 1, 1), "distribution": "von_mises", "heads": 2, **changes}
    head = {"low_resolution": {"grid": (3, 4, 2)}, "transform": "dct", "up": up}
    return _synthesizer(head=head, projection={"kind": "dense"}, style="prior", scale="exponential")


@dataclass(frozen=True)
class Case:
    """One model of the table.

    Attributes
    ----------
    name : str
    values : dict
        Its config, with `kind`.
    inputs : tuple of shape
        Without the batch axis, in the order of `forward`.
    """

    name: str
    values: dict[str, Any]
    inputs: tuple[tuple[int, ...], ...]
    batch: int = field(default=BATCH)

    @property
    def config(self) -> Config:
        return config_class(self.values["kind"]).make(self.values)

    def model(self) -> nn.Module:
        return build(self.config).eval()

    def tensors(self, dtype: torch.dtype = torch.float32) -> list[Tensor]:
        source = torch.Generator().manual_seed(11)
        return [torch.randn(self.batch, *shape, generator=source).to(dtype) for shape in self.inputs]


RECOMMENDED = {
    "kind": "recommended",
    "eeg_shape": (5, 3, 4),
    "volume_shape": VOLUME,
    "components": 6,
    "scale": "laplace",
    "seed": 3,
}

RAW = (5, 1, 48)


def _rival(
    kind: str, eeg: tuple[int, int, int] = EEG, volume: tuple[int, int, int] = VOLUME, **sizes: Any
) -> tuple[dict[str, Any], tuple[tuple[int, ...], ...]]:
    return {"kind": kind, "eeg_shape": eeg, "volume_shape": volume, "seed": 3, **sizes}, (eeg, volume)


#: Published models with small sizes.
RIVALS = [
    _rival("e2fnet", widths=(8, 8, 8, 16)),
    _rival("e2fgan", widths=(8, 8, 8, 16), critic_widths=(2, 3, 4, 3)),
    _rival("nt_vit", RAW, sfreq=64.0, width=8, heads=2, depth=1, hidden=12),
    # more than one pixel in its last stage
    _rival("spec2vol", EEG, (9, 10, 5), width=8, branch=3, heads=2, unet_width=8, depths=(1, 2)),
    _rival("eeg2bold", RAW, sfreq=16.0, width=12, heads=3, depth=1),
    _rival("neurobolt", RAW, patch=12, depth=2, heads=2, scales=(6, 16), spectral_depth=1, spectral_heads=4),
    _rival(
        "boldflow",
        RAW,
        **{"patch": 12, "stride": 9, "width": 12, "depth": 2, "heads": 3, "hidden": 7, "scales": (6, 16)},
        **{"spectral_tokens": 3, "spectral_depth": 1, "spectral_heads": 2, "source_widths": (9, 8)},
        **{"flow_width": 10, "flow_depth": 2, "steps": 3, "ensemble": 4},
    ),
]

_FLOW = {
    **{"kind": "boldflow", "eeg_shape": RAW, "volume_shape": (4, 1, 1), "block": 3, "patch": 12, "stride": 9},
    **{"width": 12, "depth": 1, "heads": 3, "hidden": 7, "scales": (6, 16), "spectral_tokens": 3, "spectral_depth": 1},
    **{"spectral_heads": 2, "source_widths": (9, 8), "flow_width": 10, "flow_depth": 1, "steps": 3, "ensemble": 4},
}
_REGIONS = {"kind": "eeg2bold", "eeg_shape": RAW, "volume_shape": (4, 1, 1), "sfreq": 16.0, "width": 6, "heads": 3}

TABLE = [
    Case(
        "regions around voxels",
        {"kind": "parcelled", "eeg_shape": RAW, "volume_shape": VOLUME, "regions": 4, "inner": _REGIONS, "seed": 3},
        (RAW, VOLUME),
    ),
    Case(
        "blocks of regions around voxels",
        {"kind": "parcelled", "eeg_shape": RAW, "volume_shape": VOLUME, "regions": 4, "inner": _FLOW, "seed": 3},
        (RAW, (3 * VOLUME[0], *VOLUME[1:])),
    ),
    Case("recommended", RECOMMENDED, ((5, 3, 4), VOLUME)),
    Case(
        "recommended, of row features",
        {**RECOMMENDED, "columns": (("log_power", 2), ("background", 1)), "responses": "rows"},
        ((5, 3, 4), VOLUME),
    ),
    Case("documented", _synthesizer(dropout=0.5), (EEG, VOLUME)),
    Case(
        "local kernels, sparsemax, organised, flipout, local filter",
        _synthesizer(
            encoder={
                **_blocks(EEG_SPEC, kernels="local", batch_norm=False, weight_decay=0.1, dropout=0.2),
                "attention": {"scores": "sparsemax", "organisation": 0.5},
            },
            volume_encoder={**_blocks(VOLUME_SPEC, skip_connections=False), "self_attention": True, "dropout": 0.0},
            projection={"kind": "random_fourier", "normalization": "tanh"},
            head={"up": {"kind": "dense", "layer": "dense_flipout"}},
            output_filter="local",
            scale="exponential",
        ),
        (EEG, VOLUME),
    ),
    Case(
        "Fourier features, padded transform, dense variational",
        _synthesizer(
            encoder=_blocks(EEG_SPEC),
            projection={"kind": "fourier"},
            style="none",
            head={
                "low_resolution": {"grid": (3, 2, 4), "layer": "dense_variational"},
                "transform": "dct",
                "up": {"kind": "padded_dct"},
            },
            output_filter="none",
        ),
        (EEG, VOLUME),
    ),
    Case("variational transform, von Mises", _variational(), (EEG, VOLUME)),
    Case(
        "variational transform, normal, independent, random places",
        _variational(distribution="normal", heads=None, positions="random"),
        (EEG, VOLUME),
    ),
    Case("linear view of a recommended synthesiser", {"kind": "linear_view", "synthesizer": RECOMMENDED}, ((5, 3, 4),)),
    Case("linear view of a documented synthesiser", {"kind": "linear_view", "synthesizer": _synthesizer()}, (EEG,)),
    Case(
        "autoencoder",
        {
            "kind": "fmri_autoencoder",
            "volume_shape": VOLUME,
            "latent_shape": LATENT,
            "encoder": {**_blocks(VOLUME_SPEC), "self_attention": True},
            "seed": 4,
        },
        (VOLUME,),
    ),
    Case(
        "linear classifier",
        {"kind": "linear_classifier", "input_shape": (4, 3, 2), "n_classes": 3, "penalty": "l2", "scale": "softplus"},
        ((4, 3, 2),),
    ),
    Case(
        "linear classifier, variational",
        {"kind": "linear_classifier", "input_shape": (4, 3), "layer": "dense_variational", "scale": "exponential"},
        ((4, 3),),
    ),
    Case(
        "polynomial classifier",
        {"kind": "polynomial_classifier", "input_shape": (4, 3), "n_classes": 2, "degree": 3, "penalty": "l1"},
        ((4, 3),),
    ),
    Case(
        "view classifier",
        {
            "kind": "view_classifier",
            "synthesizer": _synthesizer(),
            "eeg_shape": EEG,
            "activation": "tanh",
            "degree": 2,
            "n_classes": 2,
            "seed": 5,
        },
        (EEG,),
    ),
    Case(
        "view classifier, other electrodes",
        {
            "kind": "view_classifier",
            "synthesizer": _synthesizer(),
            "eeg_shape": (4, *EEG[1:]),
            "electrodes": {"trained": ("Fz", "Cz", "Pz", "Oz", "C3"), "recorded": ("Oz", "T7", "Cz", "T8")},
            "layer": "dense_variational",
            "scale": "softplus",
            "seed": 6,
        },
        ((4, *EEG[1:]),),
    ),
    *(Case(f"published: {values['kind']}", values, inputs) for values, inputs in RIVALS),
]


def flat(output: Any) -> list[Tensor]:
    """Tensors of an output, whatever its form."""
    if isinstance(output, Tensor):
        return [output]
    return [tensor for part in output if part is not None for tensor in flat(part)]


@pytest.fixture(params=TABLE, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


@pytest.fixture
def table() -> Sequence[Case]:
    return TABLE


@pytest.fixture
def tensors_of() -> Callable[[Any], list[Tensor]]:
    return flat
