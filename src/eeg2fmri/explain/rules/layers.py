"""Rules of layers without random numbers or attention."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn

from eeg2fmri.explain.rules.affine import Affine
from eeg2fmri.explain.rules.choice import EpsilonRule
from eeg2fmri.explain.rules.registry import rule_for
from eeg2fmri.explain.rules.tracer import Tracer
from eeg2fmri.models.documented.output_filter import OutputFilter, ScaleHead
from eeg2fmri.nn.convolution.block import ResidualBlock
from eeg2fmri.nn.convolution.conv import Conv3d, LocallyConnected3d
from eeg2fmri.nn.dct import DCT3d, InverseDCT3d
from eeg2fmri.nn.dense import Dense, Dropout
from eeg2fmri.nn.fourier import EPSILON, FourierFeatures, RandomFourierFeatures
from eeg2fmri.nn.norm import EPSILON as NORM_EPSILON
from eeg2fmri.nn.norm import BatchNorm
from eeg2fmri.nn.style import AttentionStyle, PriorStyle

PLAIN = EpsilonRule()


def conv_affine(layer: nn.Module) -> Affine:
    """See a convolution with shared or unshared kernels as a linear map and a bias."""
    if isinstance(layer, LocallyConnected3d):
        local = layer

        def apply_local(x: Tensor, weight: Tensor) -> Tensor:
            pad = [p for pair in reversed(local.padding) for p in pair]
            x = nn.functional.pad(x, pad)
            for axis, (kernel, stride) in enumerate(zip(local.kernel, local.stride, strict=True), start=2):
                x = x.unfold(axis, kernel, stride)
            return torch.einsum("bidhwxyz,dhwoixyz->bodhw", x, weight)

        return Affine(apply_local, layer.weight, layer.bias)
    conv = cast(nn.Conv3d, layer)

    def apply(x: Tensor, weight: Tensor) -> Tensor:
        return nn.functional.conv3d(x, weight, None, conv.stride, conv.padding, conv.dilation, conv.groups)

    bias = None if conv.bias is None else conv.bias.reshape(-1, 1, 1, 1)
    return Affine(apply, conv.weight, bias)


def norm_gain(layer: BatchNorm) -> tuple[Tensor, Tensor]:
    """Give batch normalisation in evaluation as a gain and an offset of each channel."""
    gain = layer.weight / torch.sqrt(layer.running_var + NORM_EPSILON)
    return gain, layer.bias - layer.running_mean * gain


@rule_for(Conv3d, LocallyConnected3d)
def convolution(layer: nn.Module, tracer: Tracer, x: Tensor) -> Tensor:
    """Apply the composite's rule of convolutions."""
    return tracer.affine(tracer.name(layer), tracer.composite.convolution, conv_affine(layer), x)


@rule_for(BatchNorm)
def batch_norm(layer: BatchNorm, tracer: Tracer, x: Tensor) -> Tensor:
    """Each channel is one product with its gain; the offset is a bias."""
    gain, offset = (part.reshape(-1, *[1] * (x.ndim - 2)) for part in norm_gain(layer))
    return tracer.affine(tracer.name(layer), PLAIN, Affine(lambda v, w: v * w, gain, offset), x)


@rule_for(ResidualBlock)
def residual_block(layer: ResidualBlock, tracer: Tracer, x: Tensor) -> Tensor:
    """Both paths and their sum, with each normalisation merged into the convolution in front of it.

    Pooling stands between the two: the winners are found first, and a convolution at the winners alone is still linear.
    """

    def path(conv: nn.Module, norm: nn.Module, x: Tensor, pool: bool) -> Tensor:
        return tracer.affine(tracer.name(conv), tracer.composite.convolution, merged(conv, norm, x, pool), x)

    def merged(conv: nn.Module, norm: nn.Module, x: Tensor, pool: bool) -> Affine:
        plain = conv_affine(conv)
        weight, bias, winners = plain.weight, cast(Tensor, plain.bias), None
        if pool and layer.pool:
            with torch.no_grad():
                raw = plain.linear(x) + bias
                _, winners = nn.functional.max_pool3d(raw, *layer.pool, return_indices=True)
            bias = select(bias.expand_as(raw), winners)
        if isinstance(norm, BatchNorm):
            gain, offset = norm_gain(norm)
            axis = 3 if isinstance(conv, LocallyConnected3d) else 0
            weight = weight * gain.reshape([-1 if k == axis else 1 for k in range(weight.ndim)])
            bias = bias * gain.reshape(-1, 1, 1, 1) + offset.reshape(-1, 1, 1, 1)
        if winners is None:
            return Affine(plain.apply, weight, bias)
        return Affine(lambda v, w: select(plain.apply(v, w), winners), weight, bias)

    main = torch.relu(path(layer.conv1, layer.norm1, x, True))
    main = torch.relu(path(layer.conv2, layer.norm2, main, False))
    if layer.skip_conv is None:
        return main
    return torch.relu(main + path(layer.skip_conv, layer.skip_norm, x, True))


def select(x: Tensor, winners: Tensor) -> Tensor:
    """Take the elements that won a max pooling: x (batch, channel, d, h, w), indices (batch, channel, d', h', w')."""
    return x.flatten(2).gather(2, winners.flatten(2)).view_as(winners)


@rule_for(Dense, nn.Linear)
def dense(layer: nn.Linear, tracer: Tracer, x: Tensor) -> Tensor:
    """Apply the composite's rule of dense layers."""
    plain = Affine(nn.functional.linear, layer.weight, layer.bias)
    return tracer.affine(tracer.name(layer), tracer.composite.dense, plain, x)


@rule_for(DCT3d, InverseDCT3d, PriorStyle)
def exactly_linear(layer: nn.Module, tracer: Tracer, x: Tensor) -> Tensor:
    """Linear without bias: its own gradient is the epsilon rule."""
    return cast(Tensor, type(layer).forward(layer, x))


@rule_for(Dropout)
def dropout(layer: Dropout, tracer: Tracer, x: Tensor, draws: object) -> Tensor:
    """Nothing: models are explained as they are evaluated."""
    return x


@rule_for(AttentionStyle)
def attention_style(layer: AttentionStyle, tracer: Tracer, z: Tensor, scores: Tensor) -> Tensor:
    """Latent times style: the style of even scores is a gain, the rest is shared half and half."""
    deviation, even = tracer.split(scores)
    style = nn.functional.linear(scores.detach().flatten(1), layer.weight)
    changing = nn.functional.linear(deviation.flatten(1), layer.weight)
    value = z.detach() * style
    if tracer.composite.gates == "values":
        return tracer.output(tracer.name(layer), value, z * style, z)
    at_rest = nn.functional.linear(even.flatten(1), layer.weight)
    surrogate = z * (at_rest + style) / 2 + z.detach() * changing / 2
    return tracer.output(tracer.name(layer), value, surrogate, z)


@rule_for(FourierFeatures)
def fourier_features(layer: FourierFeatures, tracer: Tracer, x: Tensor) -> Tensor:
    """cos(a) with a linear in x; cos(0) is a constant. A second cosine behind it is shared out from a, too."""
    name, a = tracer.name(layer), x @ layer.kernel
    out = tracer.elementwise(name, a, torch.cos)
    tracer.remember(name, out, a, torch.cos)
    return out


@rule_for(RandomFourierFeatures)
def random_fourier_features(layer: RandomFourierFeatures, tracer: Tracer, x: Tensor) -> Tensor:
    """Angles, as functions of a deviation that is linear in x; the spread over the features is taken as given.

    The fixed shift is a bias. A cosine behind the layer is shared out from the angle without any input: at the initial
    offset of pi / 2 and without the shift it is -sin(deviation), which is 0 if the deviation is.
    """
    name = tracer.name(layer)
    kernel, shift = layer.kernel / layer.scale.abs(), layer.shift
    if layer.normalization == "tanh":
        u = x @ kernel

        def bent(v: Tensor) -> Tensor:
            return torch.tanh(v) * (math.pi / 2) + math.pi / 2

        value = bent(u.detach() + shift)
        start = bent(shift)
        near = u.detach().abs() < 1e-5
        slope = torch.where(near, (math.pi / 2) * (1 - torch.tanh(shift) ** 2), (value - start) / u.detach())
        out = tracer.output(name, value, u * slope, u, bias=start.expand_as(u))
        tracer.remember(name, out, u, lambda d: bent(d + shift), bent)
        return out
    total = (x @ kernel + shift).detach()
    gain = layer.gain / torch.sqrt(total.var(-1, correction=0, keepdim=True) + EPSILON)
    deviation = (x @ (kernel - kernel.mean(1, keepdim=True))) * gain
    offset = layer.offset
    rest = offset + (shift - shift.mean()) * gain
    out = tracer.output(name, deviation + rest, deviation, deviation, bias=rest)
    tracer.remember(name, out, deviation, lambda d: d + rest, lambda d: d + offset)
    return out


@rule_for(OutputFilter)
def output_filter(layer: OutputFilter, tracer: Tracer, volume: Tensor) -> Tensor:
    """Each voxel is one product with its gain; the offset is a bias."""
    if layer.gain is None or layer.offset is None:
        return volume
    return tracer.affine(tracer.name(layer), PLAIN, Affine(lambda v, w: v * w, layer.gain, layer.offset), volume)


@rule_for(ScaleHead)
def scale_head(layer: ScaleHead, tracer: Tracer, volume: Tensor) -> Tensor:
    """exp(u) with u linear in the volume; exp(0) is a constant."""
    name = tracer.name(layer)
    u = tracer.affine(name, PLAIN, Affine(lambda v, w: v * w, layer.weight, layer.bias), volume)
    return tracer.elementwise(name, u, torch.exp)
