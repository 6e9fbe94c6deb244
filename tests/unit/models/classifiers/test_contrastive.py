from __future__ import annotations

import math

import torch
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from eeg2fmri.models.classifiers.contrastive import contrastive, pair_loss
from eeg2fmri.models.classifiers.latent import Classification
from eeg2fmri.models.classifiers.view import Pair

DISTANCE = torch.tensor([[0.0, 1.0], [0.5, 4.0]])


def test_same_labels_pull_and_other_labels_push_to_the_margin():
    loss = contrastive(DISTANCE, torch.tensor([True, False]))
    assert torch.allclose(loss, torch.tensor([0.5, (math.pi - 0.5 + 4 - math.pi) / 2]))
    assert torch.allclose(contrastive(DISTANCE, torch.zeros(2), margin=1.0), torch.tensor([0.5, 1.75]))


def test_pair_loss_adds_both_cross_entropies():
    logits, labels = torch.tensor([[0.3], [-2.0]]), torch.tensor([1, 0])
    other = torch.tensor([1, 1])
    plain = Classification(logits, None)
    expected = contrastive(DISTANCE, labels == other).mean()
    expected = expected + cross_entropy(logits[:, 0], labels.float()) + cross_entropy(logits[:, 0], other.float())
    assert torch.allclose(pair_loss(Pair(plain, plain, DISTANCE), labels, other), expected)


def test_a_scale_divides_its_cross_entropy():
    logits, labels, scale = torch.tensor([[0.3], [-2.0]]), torch.tensor([1, 0]), torch.tensor([[2.0], [0.5]])
    out, plain = Classification(logits, scale), Classification(logits, None)
    entropy = cross_entropy(logits[:, 0], labels.float(), reduction="none")
    expected = (entropy / scale[:, 0] + torch.log(scale[:, 0]) + entropy).mean() + contrastive(
        DISTANCE, torch.ones(2)
    ).mean()
    assert torch.allclose(pair_loss(Pair(out, plain, DISTANCE), labels, labels), expected)
