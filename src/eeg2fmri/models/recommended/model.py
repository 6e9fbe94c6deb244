"""The recommended synthesiser: many simple families of EEG features, stacked, in low-rank volumes; closed form."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from eeg2fmri.core.errors import InputError, Problem, ShapeError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.models.output import Synthesis
from eeg2fmri.models.recommended.acquisition import Acquisition
from eeg2fmri.models.recommended.config import RecommendedConfig
from eeg2fmri.models.recommended.fit import FitReport, fit
from eeg2fmri.models.recommended.haemodynamic import row_responses
from eeg2fmri.models.saving.pretrained import Pretrained
from eeg2fmri.nn.init import generator, normal_


class Recommended(Pretrained, nn.Module):
    """Row features of the EEG, haemodynamic responses, spatial filters, components, volume.

    volume = offset + sum_k map_k sum_{m, b, c} w_{k, m, b, c} sum_t response_{m, t} x_{c, b, t}

    `fit_closed_form` sets all of it from the training group; gradient steps may follow. Where no BOLD of a subject
    is known, the model adapts to it by its EEG alone, in the recentring of `x`.

    Parameters
    ----------
    config : RecommendedConfig

    Attributes
    ----------
    responses : Parameter, shape (response, time)
    filters : Parameter, shape (component, response, band, channel)
    maps : Parameter, shape (component, x, y, z)
    offset : Tensor, shape (x, y, z)
        Mean training volume.
    error_scale : Tensor, shape (x, y, z)
        Scale of the Laplace distribution around each voxel; of use with ``scale="laplace"``.
    left_out_r : Tensor, shape (x, y, z)
        Temporal r of each voxel in training subjects who were left out of a fit to the others; 0 before the fit, and in
        checkpoints of versions that did not compute it. It says where the model responds without any test recording.
    fitted : Tensor, bool
        Whether `fit_closed_form` has set the weights.
    """

    #: Tensors that checkpoints of earlier versions do not have; they are 0 then.
    LATER_TENSORS = ("left_out_r",)

    responses: Tensor
    filters: Tensor
    maps: Tensor
    offset: Tensor
    error_scale: Tensor
    left_out_r: Tensor
    fitted: Tensor

    def __init__(self, config: RecommendedConfig) -> None:
        super().__init__()
        self.config = config
        n_channels, n_bands, n_rows = config.eeg_shape
        n_responses = config.n_responses
        over_time = torch.eye(n_rows) if config.responses == "rows" else torch.full((n_responses, n_rows), 1 / n_rows)
        self.responses = nn.Parameter(over_time)
        self.filters = nn.Parameter(torch.empty(config.components, n_responses, n_bands, n_channels))
        self.maps = nn.Parameter(torch.empty(config.components, *config.volume_shape))
        self.register_buffer("offset", torch.zeros(config.volume_shape))
        self.register_buffer("error_scale", torch.ones(config.volume_shape))
        self.register_buffer("left_out_r", torch.zeros(config.volume_shape))
        self.register_buffer("fitted", torch.zeros((), dtype=torch.bool))
        normal_(self.filters.data, 0.0, self.filters[0].numel() ** -0.5, generator(config.seed, "filters"))
        normal_(self.maps.data, 0.0, config.components**-0.5, generator(config.seed, "maps"))

    def forward(self, x: Tensor, y: Tensor | None = None, *, generator: torch.Generator | None = None) -> Synthesis:
        """Synthesise volumes.

        Parameters
        ----------
        x : Tensor, shape (batch, channel, band, time)
            Recentred amplitudes.
        y : Tensor, shape (batch, x, y, z), optional
            Volumes, whose courses are `z_fmri`.
        generator : torch.Generator, optional
            Not used: nothing is drawn.

        Returns
        -------
        Synthesis
            Latents are the courses of the components, shape (batch, component, 1, 1). No attention: the weights of
            the electrodes do not depend on the window, see `electrode_weights`.
        """
        courses = self.courses(x)
        flat = self.maps.flatten(1)
        volume = self.offset + (courses @ flat).reshape(x.shape[0], *self.config.volume_shape)
        z_fmri = None
        if y is not None:
            z_fmri = self.volume_courses(y)[..., None, None]
        scale = self.error_scale.expand_as(volume) if self.config.scale == "laplace" else None
        return Synthesis(volume, scale, courses[..., None, None], z_fmri, None)

    def features(self, x: Tensor) -> Tensor:
        """Amplitudes seen through each response, shape (batch, response, band, channel)."""
        return torch.einsum("ncbt,mt->nmbc", x, self.responses)

    def courses(self, x: Tensor) -> Tensor:
        """Value of each component, shape (batch, component)."""
        return self.features(x).flatten(1) @ self.filters.flatten(1).T

    def volume_courses(self, y: Tensor) -> Tensor:
        """Value of each component in volumes (batch, x, y, z) by least squares, shape (batch, component)."""
        flat = self.maps.flatten(1)
        # the ridge keeps maps that are zero, or alike, from a division by 0
        gram = flat @ flat.T
        ridge = (1e-6 * gram.diagonal().mean() + 1e-12) * torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
        target = (y - self.offset).flatten(1) @ flat.T
        # solvers know no half precision
        wide = gram.dtype if gram.dtype == torch.float64 else torch.float32
        return torch.linalg.solve((gram + ridge).to(wide), target.T.to(wide)).T.to(gram.dtype)

    def electrode_weights(self) -> Tensor:
        """How much each electrode weighs in each band, shape (band, channel), sum 1.

        Root mean square over voxels and responses of the weights from electrode to voxel. Since electrodes are
        whitened, a weight is of what an electrode shows beyond the others; it is not a topography.
        """
        with torch.no_grad():
            flat = self.maps.flatten(1)
            squared = torch.einsum("kmbc,kl,lmbc->bc", self.filters, flat @ flat.T, self.filters)
            weights = squared.clamp_min(0).sqrt()
            return weights / weights.sum().clamp_min(torch.finfo(weights.dtype).tiny)

    @property
    def has_encoder(self) -> bool:
        """No: there is no encoder to train; see `eeg2fmri.models.capabilities.LendsView`."""
        return False

    @property
    def row_kinds(self) -> tuple[str, ...]:
        """Kinds of row features that its windows hold; () if they are whitened amplitudes alone."""
        return tuple(kind for kind, _ in self.config.columns)

    def untrained(self, seed: int) -> Recommended:
        """Make a model with fresh filters and maps; responses stay: they are a design, not fitted to a recording."""
        made = Recommended(self.config.model_copy(update={"seed": seed})).eval()
        with torch.no_grad():
            made.responses.copy_(self.responses)
            # where there is no brain there is nothing to look at
            made.maps.mul_((self.maps != 0).any(dim=0))
        return made

    def regularization(self) -> Tensor:
        """Penalty of the weights in gradient training: none."""
        return self.maps.new_zeros(())

    def kl(self) -> Tensor:
        """Divergence of variational weights: there are none."""
        return self.maps.new_zeros(())

    @torch.no_grad()
    def fit_closed_form(
        self,
        train: Dataset[Any],
        validation: Dataset[Any] | None,
        acquisition: Acquisition,
        progress: Progress = silent,
    ) -> FitReport:
        """Set filters, maps, offset and scale from all that is not tested.

        What is chosen is chosen by what it predicts for subjects left out in turn; see
        `eeg2fmri.models.recommended.fit`.

        Parameters
        ----------
        train : Dataset of Pair
            Pairs of a recording follow each other in the order of time.
        validation : Dataset of Pair, or None
            Counts like the training pairs; None where it is to stay unseen, because gradient steps follow.
        acquisition : Acquisition
        progress : Progress

        Returns
        -------
        FitReport

        Raises
        ------
        ShapeError
            If the acquisition does not fit the shapes of the model.
        InputError
            If the training group is empty or the EEG features are constant.
        """
        self._check(acquisition)
        if not len(cast(Sized, train)):
            raise InputError("there is no recording to fit")
        config = self.config
        datasets = [train] if validation is None else [train, validation]
        solution = fit(datasets, config, config.places(), acquisition, progress)
        over_time = np.eye(config.n_responses)
        if config.responses == "shifts":
            over_time = row_responses(config.eeg_shape[2], acquisition.tr, acquisition.lag, config.shifts_s)
        self.responses.copy_(torch.from_numpy(over_time))
        for value in (self.filters, self.maps, self.offset, self.left_out_r, self.error_scale):
            value.zero_()
        for columns, filters in solution.filters:
            seen = np.einsum("atkc,tm->amkc", filters, np.linalg.pinv(over_time))
            self.filters[: len(filters), :, columns] += torch.from_numpy(seen).float()
        inside = torch.from_numpy(acquisition.mask)
        self.maps[: len(solution.maps), inside] = torch.from_numpy(solution.maps).float()
        self.offset[inside] = torch.from_numpy(solution.offset).float()
        self.left_out_r[inside] = torch.from_numpy(solution.r).float()
        self.error_scale.fill_(1.0)
        self.error_scale[inside] = torch.from_numpy(solution.error).float().clamp_min(1e-3)
        self.fitted.fill_(True)
        return solution.report

    def _check(self, acquisition: Acquisition) -> None:
        problems = []
        if acquisition.mask.shape != self.config.volume_shape or not acquisition.mask.any():
            problems.append(
                Problem(
                    "the brain mask does not fit the model, or is empty",
                    got=f"{acquisition.mask.shape}, {int(acquisition.mask.sum())} voxels",
                    expected=str(self.config.volume_shape),
                )
            )
        places = acquisition.electrodes
        if places is not None and places.shape != (self.config.eeg_shape[0], 3):
            problems.append(
                Problem(
                    "the electrode positions do not fit the model",
                    got=str(places.shape),
                    expected=f"({self.config.eeg_shape[0]}, 3)",
                )
            )
        if problems:
            raise ShapeError.of(problems)
