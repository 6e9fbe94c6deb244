"""Models that draw random numbers: where a pass takes them from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from eeg2fmri.core.random import child_seed
from eeg2fmri.nn.draws import Draws, Generated, Replayed


class Drawing(nn.Module):
    """Base of modules with dropout or variational parts.

    A pass draws from the generator it is given, or repeats the samples it is given. With neither, evaluation draws
    nothing (means are used), and training draws from a generator of the model's own that starts from its seed. The
    global random state is never used.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed
        self._own: torch.Generator | None = None

    def draws(self, generator: torch.Generator | None = None, samples: Iterable[Any] | None = None) -> Draws:
        """Make the source of the random numbers of one pass.

        Parameters
        ----------
        generator : torch.Generator, optional
        samples : iterable of array or Tensor, optional
            What each draw gave in an earlier pass, in order.
        """
        if samples is not None:
            return Replayed(samples)
        if generator is not None:
            return Generated(generator)
        return Generated(self._own_generator) if self.training else Draws()

    def _own_generator(self) -> torch.Generator:
        if self._own is None:
            self._own = torch.Generator().manual_seed(child_seed(self.seed, "draws"))
        return self._own
