"""Rule of the recommended synthesiser: three linear maps, one behind the other."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eeg2fmri.explain.rules.affine import Affine
from eeg2fmri.explain.rules.registry import rule_for
from eeg2fmri.explain.rules.tracer import Tracer
from eeg2fmri.models.output import Synthesis
from eeg2fmri.models.recommended.model import Recommended


def _through_responses(x: Tensor, weight: Tensor) -> Tensor:
    return torch.einsum("ncbt,mt->nmbc", x, weight)


@rule_for(Recommended)
def recommended(
    layer: Recommended,
    tracer: Tracer,
    x: Tensor,
    y: Tensor | None = None,
    *,
    generator: torch.Generator | None = None,
) -> Synthesis:
    """Apply the composite's rule of dense layers to the responses, the filters and the maps; the offset is a bias.

    Under the epsilon rule this is the gradient times the input, which integrated gradients are as well.
    """
    name, rule = tracer.name(layer), tracer.composite.dense
    seen = tracer.affine(f"{name}.responses", rule, Affine(_through_responses, layer.responses), x)
    filters = Affine(nn.functional.linear, layer.filters.flatten(1))
    courses = tracer.affine(f"{name}.filters", rule, filters, seen.flatten(1))
    maps = Affine(nn.functional.linear, layer.maps.flatten(1).T, layer.offset.flatten())
    volume = tracer.affine(f"{name}.maps", rule, maps, courses).unflatten(-1, layer.config.volume_shape)
    scale = layer.error_scale.expand_as(volume) if layer.config.scale == "laplace" else None
    return Synthesis(volume, scale, courses[..., None, None], None, None)
