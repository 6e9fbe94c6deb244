"""A small synthesiser, its card and the statistics of a training group."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from eeg2fmri.data.pairs.scaling import GroupStatistics
from eeg2fmri.models.documented.synthesizer import SynthesizerConfig, SynthesizerNetwork
from eeg2fmri.models.saving.card import ModelCard

EEG, VOLUME = (5, 7, 4), (6, 4, 3)


@pytest.fixture
def synthesizer_config() -> SynthesizerConfig:
    return SynthesizerConfig.documented(EEG, VOLUME, latent_shape=(2, 3, 2), scale="exponential", dropout=0.5, seed=8)


@pytest.fixture
def synthesizer(synthesizer_config) -> SynthesizerNetwork:
    """With running statistics that are not the initial ones."""
    model = SynthesizerNetwork(synthesizer_config).train()
    source = torch.Generator().manual_seed(1)
    model(
        torch.randn(3, *EEG, generator=source),
        torch.randn(3, *VOLUME, generator=source),
        generator=source,
    )
    return model.eval()


@pytest.fixture
def synthesizer_card(synthesizer_config) -> ModelCard:
    return ModelCard.of_model(
        synthesizer_config,
        electrodes=("Fz", "Cz", "Pz", "Oz", "T7"),
        frequencies=[(n + 1) / 2.16 for n in range(7)],
        tr=2.16,
        affine=[[3.0, 0, 0, -9], [0, 3.0, 0, -6], [0, 0, 4.5, 1 / 3], [0, 0, 0, 1]],
        space="MNI152NLin2009cAsym",
    )


@pytest.fixture
def group() -> GroupStatistics:
    rng = np.random.default_rng(4)
    mean = rng.uniform(100, 900, VOLUME).astype(np.float32)
    std = rng.uniform(1, 9, VOLUME).astype(np.float32)
    return GroupStatistics(1 / 3, 2 / 7, mean, std, rng.random(VOLUME) > 0.5)


@pytest.fixture
def windows() -> np.ndarray:
    return np.random.default_rng(6).standard_normal((7, *EEG)).astype(np.float32)
