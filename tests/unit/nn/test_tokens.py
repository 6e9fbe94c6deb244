import math

import pytest
import torch

from eeg2fmri.nn.convolution.unet import UNet
from eeg2fmri.nn.draws import Draws, Generated
from eeg2fmri.nn.tokens.attention import Attention, CrossAttention, LinearAttention, sinusoid
from eeg2fmri.nn.tokens.blocks import FeedForward, drop_path


def _heads(x, layer, heads):
    return [part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in layer(x).chunk(3, dim=-1)]


def _joined(mixed, layer):
    return layer(mixed.transpose(1, 2).flatten(2))


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("normed", [False, True])
def test_attention_is_the_plain_formula(causal, normed):
    torch.manual_seed(0)
    layer, x = Attention(12, 3, normed=normed, causal=causal), torch.randn(2, 5, 12)
    query, key, value = _heads(x, layer.qkv, 3)
    scores = layer.q_norm(query) @ layer.k_norm(key).mT / math.sqrt(4)
    if causal:
        scores = scores.masked_fill(torch.ones(5, 5).triu(1).bool(), -torch.inf)
    torch.testing.assert_close(layer(x), _joined(scores.softmax(-1) @ value, layer.proj))


def test_cross_attention_is_the_plain_formula():
    torch.manual_seed(0)
    layer, queries, x = CrossAttention(12, 3), torch.randn(2, 4, 12), torch.randn(2, 5, 12)
    query = layer.query(queries).unflatten(-1, (3, -1)).transpose(1, 2)
    key, value = (part.unflatten(-1, (3, -1)).transpose(1, 2) for part in layer.key_value(x).chunk(2, dim=-1))
    torch.testing.assert_close(
        layer(queries, x), _joined((query @ key.mT / math.sqrt(4)).softmax(-1) @ value, layer.proj)
    )


def test_linear_attention_is_the_plain_formula_token_by_token():
    torch.manual_seed(0)
    layer, x = LinearAttention(12, 3), torch.randn(2, 5, 12)
    query, key, value = _heads(x, layer.qkv, 3)
    # every pair of tokens, whose weight is the product of a softmax over features and one over tokens
    weights = torch.einsum("bhqf,bhkf->bhqk", query.softmax(-1), key.softmax(-2)) / math.sqrt(4)
    torch.testing.assert_close(layer(x), _joined(weights @ value, layer.proj))


def test_heads_have_to_share_the_features_alike():
    for kind in (Attention, LinearAttention):
        with pytest.raises(ValueError, match="5 heads cannot share 12 features"):
            kind(12, 5)


def test_positions_are_told_apart_by_sines():
    codes = sinusoid(torch.arange(6.0), 8)
    assert codes.shape == (6, 8)
    torch.testing.assert_close(codes[3, :4], torch.sin(3 * 10_000.0 ** (-torch.arange(4) / 4)))
    assert sinusoid(torch.arange(3.0), 5).shape == (3, 5)
    assert torch.cdist(codes, codes).fill_diagonal_(1).min() > 0.1


def test_whole_samples_are_dropped_and_the_mean_stays():
    x = torch.ones(4000, 2, 3)
    kept = drop_path(x, 0.25, Generated(torch.Generator().manual_seed(0)), training=True)
    assert sorted(set(kept.flatten(1).sum(1).tolist())) == pytest.approx([0, 8])
    assert kept.mean() == pytest.approx(1, abs=0.05)
    assert drop_path(x, 0.25, Draws(), training=True) is x
    assert drop_path(x, 0.25, Generated(torch.Generator()), training=False) is x


def test_a_feed_forward_part_drops_in_training_alone():
    torch.manual_seed(0)
    layer, x = FeedForward(4, 8, dropout=0.5), torch.randn(3, 4)
    expected = layer.fc2(torch.nn.functional.gelu(layer.fc1(x)))
    torch.testing.assert_close(layer.eval()(x, Draws()), expected)
    assert not torch.equal(layer.train()(x, Generated(torch.Generator().manual_seed(1))), expected)


@pytest.mark.parametrize("size", [(8, 8), (7, 5), (1, 3)])
def test_a_unet_keeps_any_size_and_sees_both_of_its_levels(size):
    torch.manual_seed(0)
    net, x = UNet(16).eval(), torch.randn(2, 16, *size, requires_grad=True)
    out = net(x)
    assert out.shape == x.shape
    out.sum().backward()
    assert all(parameter.grad is not None for parameter in net.parameters())
    assert x.grad.abs().min() > 0
