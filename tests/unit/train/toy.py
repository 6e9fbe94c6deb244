"""A toy synthesiser and toy pairs: small enough to train in milliseconds, with all that a step can meet."""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils.data import Dataset

from eeg2fmri.models.output import Synthesis
from eeg2fmri.nn.norm import BatchNorm
from eeg2fmri.train.config import TrainConfig
from eeg2fmri.train.steps.engine import make_fabric
from eeg2fmri.train.steps.loop import Training


class Pair(NamedTuple):
    x: torch.Tensor
    y: torch.Tensor
    recording: int
    volume: int


class ToyPairs(Dataset):
    """Volumes that are a fixed linear map of the windows."""

    def __init__(self, n, seed):
        generator = torch.Generator().manual_seed(seed)
        self.x = torch.randn(n, 3, 4, 2, generator=generator)
        self.y = (self.x.flatten(1) @ torch.linspace(-1, 1, 24 * 30).reshape(24, 30)).reshape(n, 5, 3, 2)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, k):
        return Pair(self.x[k], self.y[k], 0, k)


class ToySynthesizer(nn.Module):
    """Batch norm, dropout and a draw from the generator: everything whose state a resumed training needs."""

    def __init__(self, seed=0, norm=True, noise=True):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.norm = BatchNorm(24) if norm else nn.Identity()
        self.drop = nn.Dropout(0.5 if noise else 0.0)
        self.noise = 0.01 if noise else 0.0
        self.encode, self.decode, self.fmri = (nn.Linear(a, b) for a, b in ((24, 6), (6, 30), (30, 6)))
        for parameter in self.parameters():
            if parameter.ndim > 1:
                parameter.data = torch.randn(parameter.shape, generator=generator) / 5
            else:
                parameter.data = torch.full(parameter.shape, 0.5)

    def forward(self, x, y=None, *, generator=None):
        z = self.encode(self.norm(x.flatten(1)))
        draw = torch.randn(z.shape, generator=generator, device=z.device) * self.noise
        volume = self.decode(self.drop(z) + draw).reshape(-1, 5, 3, 2)
        z_fmri = None if y is None else self.fmri(y.flatten(1)).reshape(-1, 1, 2, 3)
        return Synthesis(volume, None, z.reshape(-1, 1, 2, 3), z_fmri, None)

    def regularization(self):
        return 0.001 * self.decode.weight.square().sum()

    def kl(self):
        return torch.zeros(())


def make_training(folder, n=22, norm=True, noise=True, **settings):
    """A training of the toy synthesiser; `settings` are those of the training."""
    values = {"model": {"kind": "toy"}, "epochs": 3, "batch_size": 4, "accelerator": "cpu"} | settings
    config = TrainConfig.make(values)
    model = ToySynthesizer(norm=norm, noise=noise)
    return Training(model, ToyPairs(n, 1), ToyPairs(7, 2), config, folder, make_fabric(config))
