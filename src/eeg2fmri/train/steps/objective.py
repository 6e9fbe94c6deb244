"""The loss that a training makes small: parts of a batch, their weights, penalties on the weights of the model."""

from __future__ import annotations

from typing import Any, cast

from torch import Tensor, nn

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.models.capabilities import HasLoss
from eeg2fmri.models.output import Synthesis
from eeg2fmri.train.config import LossConfig
from eeg2fmri.train.steps.losses import Voxels, synthesis_loss
from eeg2fmri.train.steps.penalties import Penalties


class Objective:
    """The loss of one model.

    Parameters
    ----------
    model : nn.Module
        Offers ``regularization()`` and ``kl()``.
    config : LossConfig
    n_pairs : int
        Training pairs: the divergence of the weights is shared among them.
    voxels : Voxels, optional
        How much each voxel counts; all alike by default.

    Raises
    ------
    ConfigError
        If a penalty names no part of the model, or the model has no loss of its own where that is asked for.
    """

    def __init__(self, model: nn.Module, config: LossConfig, n_pairs: int, voxels: Voxels | None = None) -> None:
        self._model, self._config, self._n_pairs = cast(Any, model), config, n_pairs
        self._voxels = voxels
        self._own = config.reconstruction == "own"
        if self._own and not isinstance(model, HasLoss):
            raise ConfigError(
                "this model has no loss of its own",
                where="loss.reconstruction",
                got=f"own, {type(model).__name__}",
                expected="absolute or squared",
            )
        self._named = Penalties(model, config.penalties)

    def parts(self, out: Synthesis, target: Tensor) -> dict[str, Tensor]:
        """Parts of the loss of a batch: the model's own, or those of `eeg2fmri.train.steps.losses.synthesis_loss`."""
        if self._own:
            return cast(HasLoss, self._model).loss(out, target)
        return synthesis_loss(out, target, self._config, self._voxels)

    def weighed(self, parts: dict[str, Tensor]) -> Tensor:
        """Sum of the parts with their weights, a scalar: what validation compares epochs by."""
        if self._own:
            return cast(Tensor, sum(parts.values()))
        loss = parts["reconstruction"]
        if "latent" in parts:
            loss = loss + self._config.latent * parts["latent"]
        return loss

    def penalty(self, epoch: int) -> Tensor:
        """Penalties on the weights in epoch `epoch` (from 0), a scalar: the same for every batch.

        The weight of the divergence is k / (w + 1) of the whole in the k-th of w epochs of warm-up.
        """
        penalty = self._model.regularization() + self._named()
        if self._config.kl:
            rise = min(1.0, (epoch + 1) / (self._config.kl_warmup_epochs + 1))
            penalty = penalty + self._config.kl * rise * self._model.kl() / self._n_pairs
        return cast(Tensor, penalty)
