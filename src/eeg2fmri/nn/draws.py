"""Draw the random numbers of one pass through a model.

Every layer with something random in it takes a `Draws`: no layer touches the global random state, a pass
can be repeated from its generator, and a pass can be replayed from samples that were recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from eeg2fmri.core.errors import InputError
from eeg2fmri.nn.von_mises import attach_gradient, mean_resultant, sample_von_mises


class Draws:
    """Nothing is drawn: every distribution gives its mean, dropout keeps everything.

    Attributes
    ----------
    random : bool
        Whether something is drawn.
    """

    random = False

    def normal(self, loc: Tensor, scale: Tensor) -> Tensor:
        """Give a value of Normal(loc, scale) with gradients to both, shape as `loc`."""
        return loc

    def von_mises_cosine(self, loc: Tensor, concentration: Tensor) -> Tensor:
        """Give the cosine of an angle of von Mises(loc, concentration), with gradients to both, shape as `loc`."""
        return mean_resultant(concentration) * torch.cos(loc)

    def signs(self, like: Tensor) -> Tensor:
        """Give +1 or -1 with probability 1/2 each, shape as `like`."""
        return torch.ones_like(like)

    def keep(self, like: Tensor, probability: float) -> Tensor:
        """Give 1 with `probability`, else 0, shape as `like`."""
        return torch.ones_like(like)


class Generated(Draws):
    """Draws from a generator.

    Parameters
    ----------
    source : torch.Generator, or a function that gives it when the first number is drawn
    """

    random = True

    def __init__(self, source: torch.Generator | Callable[[], torch.Generator]) -> None:
        self._source = source

    @property
    def source(self) -> torch.Generator:
        """The generator."""
        if not isinstance(self._source, torch.Generator):
            self._source = self._source()
        return self._source

    def _like(self, like: Tensor) -> Tensor:
        return torch.empty(like.shape, dtype=like.dtype, device=self.source.device)

    def normal(self, loc: Tensor, scale: Tensor) -> Tensor:
        """See `Draws.normal`."""
        noise = self._like(loc).normal_(generator=self.source).to(loc.device)
        return loc + scale * noise

    def von_mises_cosine(self, loc: Tensor, concentration: Tensor) -> Tensor:
        """See `Draws.von_mises_cosine`."""
        angle = sample_von_mises(concentration.detach().to(self.source.device), self.source).to(loc.device)
        return torch.cos(attach_gradient(loc.detach() + angle, loc, concentration))

    def signs(self, like: Tensor) -> Tensor:
        """See `Draws.signs`."""
        return self.keep(like, 0.5) * 2 - 1

    def keep(self, like: Tensor, probability: float) -> Tensor:
        """See `Draws.keep`."""
        return self._like(like).bernoulli_(probability, generator=self.source).to(like.device)


class Replayed(Draws):
    """Draws that were recorded, given back in the order in which they were made.

    Parameters
    ----------
    samples : iterable of array or Tensor
        What each draw gave. A sample may have fewer elements than asked for, if it broadcasts.
    """

    random = True

    def __init__(self, samples: Iterable[Any]) -> None:
        self._samples = list(samples)
        self._next = 0

    def _take(self, what: str, like: Tensor) -> Tensor:
        if self._next == len(self._samples):
            raise InputError(
                "there are fewer samples than the model draws",
                got=f"{len(self._samples)} samples",
                expected=f"one more, for {what} of shape {tuple(like.shape)}",
            )
        value = torch.as_tensor(self._samples[self._next], dtype=like.dtype, device=like.device)
        self._next += 1
        try:
            return value.broadcast_to(like.shape)
        except RuntimeError:
            raise InputError(
                "a sample does not fit what the model draws",
                where=f"sample {self._next - 1}",
                got=f"shape {tuple(value.shape)}",
                expected=f"{what} of shape {tuple(like.shape)}",
            ) from None

    def normal(self, loc: Tensor, scale: Tensor) -> Tensor:
        """See `Draws.normal`; the noise is recovered from the sample, so that gradients flow."""
        value = self._take("Normal", loc)
        noise = ((value - loc) / scale).detach()
        return loc + scale * noise

    def von_mises_cosine(self, loc: Tensor, concentration: Tensor) -> Tensor:
        """See `Draws.von_mises_cosine`; the sample is the angle (rad)."""
        return torch.cos(attach_gradient(self._take("von Mises", loc), loc, concentration))

    def signs(self, like: Tensor) -> Tensor:
        """See `Draws.signs`."""
        return self._take("signs", like)

    def keep(self, like: Tensor, probability: float) -> Tensor:
        """See `Draws.keep`."""
        return self._take("kept elements", like)

    def finish(self) -> None:
        """Check that every sample was used.

        Raises
        ------
        InputError
            If samples are left over.
        """
        if self._next < len(self._samples):
            raise InputError(
                "there are more samples than the model draws",
                got=f"{len(self._samples)} samples",
                expected=f"{self._next} samples",
            )
