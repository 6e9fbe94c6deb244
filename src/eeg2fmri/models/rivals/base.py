"""Share what every published network has here: shapes, a seed for its weights, no penalty unless it says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from eeg2fmri.core.config import Config
from eeg2fmri.core.random import child_seed
from eeg2fmri.models.documented.drawing import Drawing
from eeg2fmri.models.saving.pretrained import Pretrained

#: Length of an axis, and a shape of three.
Length = Annotated[int, Field(ge=1)]
Shape3 = tuple[Length, Length, Length]
#: Probability of a dropout.
Share = Annotated[float, Field(ge=0, lt=1)]


class RivalConfig(Config):
    """What the settings of every published network have.

    Attributes
    ----------
    eeg_shape : (channel, freq, time)
        Of a window; (channel, 1, sample) of raw EEG.
    volume_shape : (x, y, z)
        Of a volume; (region, 1, 1) of regions.
    seed : int
        Every initial weight follows from it.
    """

    eeg_shape: Shape3
    volume_shape: Shape3
    seed: int = 0


def check_names(electrodes: Sequence[str], channels: int) -> None:
    """Refuse names of electrodes that are not as many as the channels; none are fine.

    Raises
    ------
    ValueError
    """
    if electrodes and len(electrodes) != channels:
        raise ValueError(f"{len(electrodes)} names of electrodes for {channels} channels")


class RivalNetwork(Pretrained, Drawing):
    """Base of the published networks: their weights start from the seed of the config, nothing is penalised.

    Parameters
    ----------
    config : RivalConfig
        With its ``kind``.
    """

    why_not_explained: ClassVar[str] = "layers of published networks have no relevance rule"

    def __init__(self, config: Any) -> None:
        super().__init__(config.seed)
        self.config = config
        with seeded(child_seed(config.seed, config.kind)):
            self.make(config)

    def make(self, config: Any) -> None:
        """Make the layers; torch's own random initial weights follow from the seed."""
        raise NotImplementedError

    def regularization(self) -> Tensor:
        """0: decay of the weights is the optimiser's."""
        return next(self.parameters()).new_zeros(())

    def kl(self) -> Tensor:
        """0: no weight is variational."""
        return next(self.parameters()).new_zeros(())


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let torch draw from a seed on the CPU for a while; its global random state is as before afterwards."""
    kept = torch.get_rng_state()
    try:
        torch.default_generator.manual_seed(seed)
        yield
    finally:
        torch.set_rng_state(kept)
